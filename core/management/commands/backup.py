import sqlite3
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone


class Command(BaseCommand):
    help = (
        "Copies the SQLite database while the portal is running. Copying the file itself would "
        "miss what still stands in its log; pictures are files and are copied as such."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where the copies are kept")
        parser.add_argument(
            "--keep", type=int, default=14, help="how many copies stay, the newest ones (14)"
        )

    def handle(self, *, folder: Path, keep: int, **options: Any) -> None:
        if connection.vendor != "sqlite":
            raise CommandError("This is for SQLite. PostgreSQL has pg_dump.")
        if keep < 1:
            raise CommandError("Keep at least one copy.")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"portal-{timezone.localtime():%Y-%m-%d-%H%M%S}.sqlite3"
        unfinished = target.with_suffix(".unfinished")
        connection.ensure_connection()
        with closing(sqlite3.connect(unfinished)) as copy:
            connection.connection.backup(copy)
            # Django's own function, which some constraints ask; they held when the rows were saved.
            copy.create_function("REGEXP", 2, lambda pattern, text: True)
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise CommandError(f"The copy is damaged: {verdict}")
        unfinished.replace(target)
        for old in sorted(folder.glob("portal-*.sqlite3"))[:-keep]:
            old.unlink()
        self.stdout.write(str(target))
