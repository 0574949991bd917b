"""Calendars to subscribe to: their addresses, whose they are, and the ways into people's programs.

The address of a person's own calendar is the key to it. It is made of the feed's salt and
SECRET_KEY and stored nowhere; a new salt makes a new one.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts.models import User
from core.ical import Happening
from meetings.models import CalendarFeed

CONTENT_TYPE = "text/calendar; charset=utf-8"
PURPOSE = "meetings.calendars"
MOST_DIGITS = 18  # of a row's key; more is no number a database knows
# What other apps put into a person's own calendar.
more: list[Callable[[User], Iterable[Happening]]] = []


@dataclass(frozen=True)
class Way:
    """A button that brings a calendar into a program people know by its name."""

    label: str
    url: str
    hint: str
    is_foreign: bool = False


def public_address(language: str, name: str = "meetings_feed") -> str:
    """Return the full address of a calendar for everybody.

    :param name: of its route; the public meetings if not given.
    """
    query = f"?{urlencode({'sprache': language})}" if language != settings.LANGUAGE_CODE else ""
    return f"{settings.SITE_URL}{reverse(name)}{query}"


def own_address(feed: CalendarFeed) -> str:
    """Return the full secret address of a person's calendar."""
    token = f"{feed.pk}-{_key(feed.salt, settings.SECRET_KEY)}"
    return f"{settings.SITE_URL}{reverse('meetings_own_feed', kwargs={'token': token})}"


def feed_at(token: str) -> CalendarFeed | None:
    """Return the feed an address leads to, or None if there is none (any more).

    Addresses from before SECRET_KEY was changed keep working, as long as the former key is known.
    """
    number, _dash, key = token.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
        return None
    feed = CalendarFeed.objects.filter(pk=int(number), user__is_active=True).first()
    # Without a feed the same work, so that time does not tell which numbers there are.
    salt = feed.salt if feed else ""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    fits = [constant_time_compare(key, _key(salt, secret)) for secret in secrets]
    return feed if any(fits) else None


def ways(address: str) -> list[Way]:
    """Return how a calendar gets into the programs most people have.

    :param address: of the feed, in full.
    """
    webcal = f"webcal://{address.partition('://')[2]}"
    name = urlsplit(settings.SITE_URL).hostname or ""
    return [
        Way(
            "Google",
            f"https://calendar.google.com/calendar/r?cid={quote(webcal, safe='')}",
            _("Öffnet Google Kalender. Melden Sie sich dort an und wählen Sie „Hinzufügen“."),
            is_foreign=True,
        ),
        Way(
            "Apple",
            webcal,
            _("Öffnet den Kalender auf iPhone, iPad oder Mac. Tippen Sie auf „Abonnieren“."),
        ),
        Way(
            "Outlook",
            "https://outlook.live.com/calendar/0/addfromweb?"
            + urlencode({"url": address, "name": name}),
            _("Öffnet Outlook im Internet. Melden Sie sich dort an und wählen Sie „Importieren“."),
            is_foreign=True,
        ),
    ]


def _key(salt: str, secret: str) -> str:
    digest = salted_hmac(PURPOSE, salt, secret=secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
