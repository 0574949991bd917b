from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import Refused
from portal import scale


class Command(BaseCommand):
    help = "Fill the demonstration with a large invented network, for measuring."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--organisations", type=int, required=True, help="how many there are in the end"
        )
        parser.add_argument("--seed", type=int, default=1, help="another one, another network")
        parser.add_argument(
            "--yes-demonstration",
            action="store_true",
            help="Load it although DEBUG is off: no mail to a real address will leave this portal.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or options["yes_demonstration"]):
            raise CommandError("DEBUG is off. Say --yes-demonstration if you mean it.")
        if options["organisations"] < 0 or not 0 <= options["seed"] < 2**44:
            raise CommandError("Give a number of organisations and a seed that are not negative.")
        try:
            for count in scale.load(organisations=options["organisations"], seed=options["seed"]):
                if options["verbosity"] > 1 or count % 10_000 == 0:
                    self.stdout.write(f"{count} organisations")
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write("done")
