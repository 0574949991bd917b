from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from organisations import reference_data
from portal import services
from portal.models import NetworkProfile


class Command(BaseCommand):
    help = (
        "Set up the portal of a real network: its profile with starting texts, and the lists of "
        "topics, languages and places. What is there already stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", help="of the network, in German")
        parser.add_argument("--short-name", help="for the head of each page, up to 40 characters")
        parser.add_argument("--county", help="as it is written in the imprint")
        parser.add_argument(
            "--federal-state",
            default="",
            choices=NetworkProfile.FederalState.values,
            help="two letters, such as BW; public holidays follow it",
        )
        parser.add_argument(
            "--municipalities",
            type=Path,
            default=reference_data.MUNICIPALITIES,
            help="CSV of the county's municipalities, see docs/sources.md",
        )
        parser.add_argument(
            "--outlines",
            type=Path,
            default=reference_data.OUTLINES,
            help="GeoJSON of their outlines, see docs/sources.md",
        )
        parser.add_argument("--contact-role", default="", help="of whom visitors can ask")
        parser.add_argument("--contact-name", default="")
        parser.add_argument("--contact-phone", default="")
        parser.add_argument("--contact-email", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        names = {
            "name": options["name"] or self.ask("Name of the network: "),
            "county": options["county"] or self.ask("County: "),
        }
        names["short_name"] = options["short_name"] or names["name"][:40]
        contact = {name: value for name, value in options.items() if name.startswith("contact_")}
        try:
            with transaction.atomic():
                profile, is_new = services.ensure_profile(
                    **names, **contact, federal_state=options["federal_state"]
                )
                if is_new:
                    reference_data.load(
                        municipalities=options["municipalities"], outlines=options["outlines"]
                    )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except (OSError, reference_data.Unreadable) as error:
            raise CommandError(str(error)) from error
        if not is_new:
            self.stdout.write(f"There is a profile already: {profile.name}. Nothing was changed.")
            return
        self.stdout.write(
            f"The portal of “{profile.name}” is set up. An administrator can complete its texts "
            "in the back office: imprint, privacy notice and accessibility declaration are "
            "proposals and are marked as such until somebody has checked them."
        )

    def ask(self, question: str) -> str:
        """Return what somebody types at the terminal.

        :raises CommandError: when nobody is there to ask.
        """
        try:
            answer = input(question).strip()
        except EOFError:
            answer = ""
        if not answer:
            raise CommandError("Give --name and --county.")
        return answer
