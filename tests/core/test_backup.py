import sqlite3
from contextlib import closing
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import revision


def backup(folder, **options) -> str:
    out = StringIO()
    call_command("backup", str(folder), stdout=out, **options)
    return out.getvalue().strip()


@pytest.mark.django_db(transaction=True)
def test_a_copy_holds_what_was_written_last(tmp_path):
    if connection.vendor != "sqlite":
        with pytest.raises(CommandError, match="pg_dump"):
            backup(tmp_path)
        return
    revision.bump()
    with closing(sqlite3.connect(backup(tmp_path / "new"))) as copy:
        assert copy.execute("SELECT number FROM core_revision").fetchone() == (revision.current(),)


@pytest.mark.django_db(transaction=True)
def test_only_the_newest_copies_stay(tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has pg_dump")
    for day in (1, 2, 3):
        (tmp_path / f"portal-2020-01-0{day}-030000.sqlite3").touch()
    newest = backup(tmp_path, keep=2)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["portal-2020-01-03-030000.sqlite3", newest.rpartition("/")[2]]
    with pytest.raises(CommandError):
        backup(tmp_path, keep=0)
