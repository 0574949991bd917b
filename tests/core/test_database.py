"""What was answered is on the disk, in the database and beside it."""

import errno
import os
import threading
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections


def settled() -> dict[str, str]:
    """Return what the live connection itself says about writing to disk."""
    names = ("synchronous", "journal_mode") if connection.vendor == "sqlite" else ("fsync",)
    say = "PRAGMA {}" if connection.vendor == "sqlite" else "SHOW {}"
    with connection.cursor() as cursor:
        found = {}
        for name in names:
            cursor.execute(say.format(name))
            found[name] = str(cursor.fetchone()[0])
        if connection.vendor == "postgresql":
            cursor.execute("SHOW synchronous_commit")
            found["waits"] = str(cursor.fetchone()[0] != "off")
    return found


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_on_the_disk_before_it_is_given():
    """On every connection, also one that another thread of the server opens."""
    expected = (
        {"synchronous": "2", "journal_mode": "wal"}  # 2 is FULL
        if connection.vendor == "sqlite"
        else {"fsync": settled()["fsync"], "waits": "True"}
    )
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
