"""What developers need to get in beyond the mails: codes of the demonstration's staff."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.services import totp_secret
from core.mailbox import Box


def current_code(secret: str) -> str:
    """Return what an app with this secret shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))


def staff_codes(request: HttpRequest) -> Box | None:
    """Return the codes of accounts that nobody owns (example.org), for the development mailbox."""
    if not (settings.DEBUG or settings.TESTING):
        return None
    apps = Authenticator.objects.filter(
        type=Authenticator.Type.TOTP, user__is_staff=True, user__email__endswith="@example.org"
    ).select_related("user")
    rows = [
        (app.user.email, current_code(totp_secret(app))) for app in apps.order_by("user__email")
    ]
    return Box(_("Zweiter Faktor: Codes, die jetzt gelten"), rows) if rows else None
