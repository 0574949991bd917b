"""What was answered is on the disk, in the database and beside it."""

import errno
import os
import threading
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections


def settled() -> tuple[str, ...]:
    """Return what the live connection itself says about writing to disk."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            (synchronous,) = cursor.fetchone()
            cursor.execute("PRAGMA journal_mode")
            return str(synchronous), cursor.fetchone()[0]
        # Whether a server for tests syncs is its own matter; the portal must not tell it not to.
        cursor.execute("SELECT source FROM pg_settings WHERE name = 'synchronous_commit'")
        is_own = cursor.fetchone()[0] in {"client", "session", "user", "database"}
        return ("lessened",) if is_own else ("as the server has it",)


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_on_the_disk_before_it_is_given():
    """On every connection, also one that another thread of the server opens."""
    is_sqlite = connection.vendor == "sqlite"
    expected = ("2", "wal") if is_sqlite else ("as the server has it",)  # 2 is FULL
    seen = [settled()]

    def elsewhere() -> None:
        try:
            seen.append(settled())
        finally:
            connections.close_all()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [expected, expected]


def test_a_file_is_on_the_disk_before_it_is_answered_for(monkeypatch):
    """A row that outlives a power cut must not name a picture that did not."""
    synced = set()

    def fsync(number: int) -> None:
        synced.add(os.stat(number).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    name = default_storage.save("organisations/bild.webp", ContentFile(b"Bild"))
    path = Path(default_storage.path(name))
    folders = [path.parent, Path(default_storage.location)]
    assert {one.stat().st_ino for one in (path, *folders)} <= synced
    with default_storage.open(name) as file:
        assert file.read() == b"Bild"


def test_a_file_the_disk_does_not_take_is_not_left_behind(monkeypatch, settings):
    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        default_storage.save("organisations/bild.webp", ContentFile(b"Bild"))
    assert not [one for one in settings.MEDIA_ROOT.rglob("*") if one.is_file()]
