"""Files that stay: written to disk before anybody is told that they are kept."""

import os
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class SyncedStorage(FileSystemStorage):
    """Keeps files in a folder and waits until the disk has them.

    The database syncs each commit; without the same care here, a power cut would leave rows that
    name pictures which never arrived.
    """

    def _save(self, name: str, content: File) -> str:
        name = super()._save(name, content)  # type: ignore[misc]  # unknown to the stubs
        path = Path(self.path(name))
        try:
            # The folder's own entry counts as well, and that of a folder that is new.
            for one in (path, path.parent, Path(self.location)):
                _sync(one)
        except OSError:
            self.delete(name)
            raise
        return name


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
