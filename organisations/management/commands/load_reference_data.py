from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from organisations import reference_data


class Command(BaseCommand):
    help = (
        "Load topics, target groups, languages and municipalities. "
        "Adds what is missing and leaves alone what has been edited."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--municipalities",
            type=Path,
            default=reference_data.MUNICIPALITIES,
            help="CSV with ags, name, kind, postcodes and name_<language> of your county",
        )
        parser.add_argument(
            "--outlines",
            type=Path,
            default=reference_data.OUTLINES,
            help="GeoJSON with the outlines of its municipalities (WGS 84, property ags)",
        )
        parser.add_argument(
            "--update",
            action="store_true",
            help="set existing rows back to what the files say",
        )

    def handle(self, **options: Any) -> None:
        try:
            done = reference_data.load(
                municipalities=options["municipalities"],
                outlines=options["outlines"],
                update=options["update"],
            )
        except (OSError, reference_data.Unreadable) as error:
            raise CommandError(str(error)) from error
        found = ", ".join(f"{name}: {count}" for name, count in sorted(done.items()))
        self.stdout.write(found or "Everything is there already.")
