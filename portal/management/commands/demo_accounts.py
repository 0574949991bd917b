import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import totp_secret
from portal import demonstration
from portal.models import NetworkProfile

PERIOD = 30  # seconds, RFC 6238


class Command(BaseCommand):
    help = "Say who can log into the demonstration, and how."

    def handle(self, *args: Any, **options: Any) -> None:
        if not NetworkProfile.objects.filter(is_demonstration=True).exists():
            raise CommandError("There is no demonstration in this database.")
        self.stdout.write("  Log in with one of these addresses; the code comes by e-mail:\n")
        for values in demonstration.read("invented")["accounts"]:
            user = User.objects.filter(email=values["email"]).first()
            if user:
                self.stdout.write(f"    {user.email:<26}{user.name}{self.second_code(user)}")
        self.stdout.write(
            "  The second code lives 30 seconds; `manage.py demo_accounts` says the next one."
        )

    def second_code(self, user: User) -> str:
        app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
        if app is None:
            return ""
        code = hotp_value(totp_secret(app), int(time.time()) // PERIOD)
        return f", then the code {format_hotp_value(code)}"
