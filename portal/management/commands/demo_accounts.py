from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal import demonstration


class Command(BaseCommand):
    help = "Say who can log into the demonstration, and how."

    def handle(self, *args: Any, **options: Any) -> None:
        log_ins = demonstration.log_ins()
        if not log_ins:
            raise CommandError("There is no demonstration in this database.")
        self.stdout.write("  Log in with one of these addresses; the code comes by e-mail:")
        for email, name, code in log_ins:
            second = f", then the code {code}" if code else ""
            self.stdout.write(f"    {email:<26}{name}{second}")
        self.stdout.write(
            "  The second code lives 30 seconds; the page with the e-mails shows the next one."
        )
