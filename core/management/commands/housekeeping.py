from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core import jobs


class Command(BaseCommand):
    help = "Does the housekeeping once, as `worker` does it by and by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="also what is not due yet")

    def handle(self, *, all: bool, **options: Any) -> None:
        for name, counts in jobs.run_due(everything=all).items():
            numbers = ", ".join(f"{count} {word}" for word, count in counts.items())
            self.stdout.write(f"{name}: {numbers or 'done'}")
