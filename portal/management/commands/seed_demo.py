from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Refused
from portal import demonstration


class Command(BaseCommand):
    help = "Load the demonstration network; what is there already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--yes-demonstration",
            action="store_true",
            help="Load it although DEBUG is off: no mail to a real address will leave this portal.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or options["yes_demonstration"]):
            raise CommandError("DEBUG is off. Say --yes-demonstration if you mean it.")
        try:
            counts = demonstration.load()
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(", ".join(f"{name}: {count} new" for name, count in counts.items()))
