import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection

from core import jobs, statistics

pytestmark = pytest.mark.django_db


def test_the_database_counts_its_rows(organisation) -> None:
    statistics.refresh()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT count(*) FROM sqlite_stat1")
        else:
            cursor.execute("SELECT count(*) FROM pg_class WHERE reltuples > 0")
        assert cursor.fetchone()[0] > 0


def test_it_is_a_job() -> None:
    assert "core.statistics" in jobs.run_due(everything=True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts by itself")
def test_a_migration_does_not_make_it_forget(organisation) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sqlite_stat1")
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'organisations_organisation'")
        assert cursor.fetchone()[0] > 0
