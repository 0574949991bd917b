"""An action as everybody may see it: the one place that decides what its page says.

Page, lists, calendars and the data for search engines all start here, so that what is not public
is left out of all of them. Who may see an action at all is decided before, by
`JointAction.objects.visible_to`.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from phonenumber_field.phonenumber import PhoneNumber, to_python

from actions import words
from actions.models import ActionDate, ActionImage, JointAction, Participation
from actions.models.joint_actions import JointActionQuerySet
from actions.services import images
from core.addresses import own_url
from meetings.words import full_day
from organisations.models import Organisation
from organisations.profile import Text, beginning, text, website_label

__all__ = ["Text", "text"]

DESCRIPTION_LENGTH = 160  # what search engines show
LARGE = "gross"  # what machines get of the picture
DATES_SHOWN = 8  # before the others are folded away


# --- Fetching -------------------------------------------------------------------------------------
def for_cards(actions: JointActionQuerySet) -> JointActionQuerySet:
    """Fetch what a card or an event in a calendar shows, in a fixed number of queries."""
    return actions.select_related("municipality", "campaign").prefetch_related(
        "dates",
        Prefetch(
            "participations",
            Participation.objects.public().select_related("organisation"),
            to_attr="shown_parts",
        ),
        Prefetch(
            "images",
            ActionImage.objects.filter(kind=ActionImage.Kind.MAIN, pending=False),
            to_attr="shown_images",
        ),
    )


def with_parts(actions: JointActionQuerySet) -> JointActionQuerySet:
    """Fetch what an action's own page shows, in a fixed number of queries."""
    return for_cards(actions).prefetch_related("languages", "target_groups")


def by_date(actions: JointActionQuerySet, now: datetime.datetime) -> JointActionQuerySet:
    """Add `next_at`, when the date begins that is on or comes next, and `last_at`, its last end."""
    dates = ActionDate.objects.filter(action=OuterRef("pk"))
    ahead = dates.filter(ends_at__gt=now).order_by("starts_at", "pk")
    return actions.annotate(
        next_at=Subquery(ahead.values("starts_at")[:1]),
        last_at=Subquery(dates.order_by("-ends_at").values("ends_at")[:1]),
    )


def coming(actions: JointActionQuerySet, now: datetime.datetime) -> JointActionQuerySet:
    """Those that are on or to come, the next first; at the end those without a date yet."""
    return (
        by_date(actions, now)
        .filter(Q(next_at__isnull=False) | Q(last_at=None))
        .exclude(state=JointAction.State.DONE)
        .order_by(F("next_at").asc(nulls_last=True), "pk")
    )


def past(actions: JointActionQuerySet, now: datetime.datetime) -> JointActionQuerySet:
    """Those whose dates are all over, the last first."""
    return (
        by_date(actions, now)
        .filter(Q(next_at=None, last_at__isnull=False) | Q(state=JointAction.State.DONE))
        .order_by(F("last_at").desc(nulls_last=True), "-pk")
    )


def with_organisation(
    actions: JointActionQuerySet, organisation: Organisation
) -> JointActionQuerySet:
    """Those an organisation takes part in."""
    own = Participation.objects.confirmed().filter(organisation=organisation)
    return actions.filter(Exists(own.filter(action=OuterRef("pk"))))


# --- Parts ----------------------------------------------------------------------------------------
def organisers(action: JointAction) -> list[Organisation]:
    """Return who may be named, the lead first: those that agreed and are active."""
    parts: Iterable[Participation] | None = getattr(action, "shown_parts", None)
    if parts is None:
        parts = action.participations.public().select_related("organisation")
    return [part.organisation for part in parts]


def main_image(action: JointAction) -> ActionImage | None:
    """Return the picture of an action that may be shown."""
    found: list[ActionImage] | None = getattr(action, "shown_images", None)
    if found is None:
        found = list(action.images.filter(kind=ActionImage.Kind.MAIN, pending=False))
    return found[0] if found else None


def place(action: JointAction) -> list[str]:
    """Return the lines of the place: house, address, town; what is not said is left out."""
    town = action.municipality.name if action.municipality else ""
    if town and town.casefold() in action.address.casefold():
        town = ""
    return [line for line in (action.place, action.address, town) if line.strip()]


def map_link(action: JointAction) -> str:
    """Return where OpenStreetMap shows the address; a link only, nothing is loaded."""
    if not action.address.strip():
        return ""
    lines = place(action)[1:] if action.place.strip() else place(action)
    query = urlencode({"query": ", ".join(line.strip() for line in lines)})
    return f"https://www.openstreetmap.org/search?{query}"


@dataclass(frozen=True)
class Day:
    """A day with all that begins on it."""

    heading: str
    dates: list[ActionDate]


@dataclass(frozen=True)
class Dates:
    """When an action takes place, as its page says it.

    :ivar ahead: what is on or to come, :ivar more: of it what is folded away, :ivar over: the rest.
    """

    ahead: list[Day]
    more: list[Day]
    over: list[Day]

    @property
    def number_of_more(self) -> int:
        return sum(len(day.dates) for day in self.more)

    @property
    def number_over(self) -> int:
        return sum(len(day.dates) for day in self.over)


def dates(action: JointAction, now: datetime.datetime | None = None) -> Dates:
    """Return an action's dates by day."""
    now = now or timezone.now()
    rows = sorted(action.dates.all(), key=lambda date: (date.starts_at, date.ends_at))
    ahead = [date for date in rows if date.ends_at > now]
    over = [date for date in rows if date.ends_at <= now]
    if len(ahead) <= DATES_SHOWN + 2:  # two lines less are not worth a tap
        return Dates(_days(ahead), [], _days(over))
    return Dates(_days(ahead[:DATES_SHOWN]), _days(ahead[DATES_SHOWN:]), _days(over))


def _days(rows: Iterable[ActionDate]) -> list[Day]:
    by_day = groupby(rows, key=lambda date: words.begins(date).date())
    return [Day(full_day(day), list(found)) for day, found in by_day]


@dataclass(frozen=True)
class Contact:
    """Whom one can ask, as published."""

    name: str
    email: str
    phone: str
    number: PhoneNumber | None


def contact(action: JointAction) -> Contact | None:
    if not (action.contact_name or action.contact_email or action.contact_phone):
        return None
    number = to_python(action.contact_phone)
    return Contact(
        name=action.contact_name,
        email=action.contact_email,
        phone=action.contact_phone,
        number=number if number and number.is_valid() else None,
    )


# --- The page -------------------------------------------------------------------------------------
def page(action: JointAction) -> dict[str, Any]:
    """Return everything an action's page shows.

    :param action: of `with_parts`.
    """
    texts = {field: text(action, field) for field in JointAction.translated_fields}
    title = texts["title"]
    url = own_url(action.get_absolute_url())
    image = main_image(action)
    where = place(action)
    parts = [words.in_short(action.dates.all()), *where[:1], *where[-1:]]
    named = organisers(action)
    context: dict[str, Any] = {
        "action": action,
        "texts": texts,
        "title": title,
        # Said once for all texts that are not in the reader's language.
        "foreign_text": any(found and not found.is_translated for found in texts.values()),
        "summary": beginning(", ".join(dict.fromkeys(parts)), DESCRIPTION_LENGTH),
        "dates": dates(action),
        "organisers": named,
        "place": where,
        "map_link": map_link(action),
        "contact": contact(action),
        "link_label": website_label(action.link) if action.link else "",
        "image": image,
        "languages": list(action.languages.all()),
        "target_groups": list(action.target_groups.all()),
        "url": url,
        "mail_link": "mailto:?"
        + urlencode({"subject": title.text if title else "", "body": url}, quote_via=quote),
        "share_image": own_url(reverse("actions:share_image", args=[action.slug])),
    }
    if action.is_public:
        context["linked_data"] = linked_data(action, context)
    return context


def linked_data(action: JointAction, shown: dict[str, Any]) -> dict[str, Any]:
    """Return the page for machines (schema.org/Event): each date is an event of its own."""
    common: dict[str, Any] = {
        "@type": "Event",
        "name": shown["title"].text,
        "url": shown["url"],
        "eventStatus": "https://schema.org/"
        + ("EventCancelled" if action.is_cancelled else "EventScheduled"),
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "image": [shown["share_image"]],
        "inLanguage": [language.code for language in shown["languages"] if language.code],
        "organizer": [
            {
                "@type": "Organization",
                "name": organisation.name,
                "url": own_url(organisation.get_absolute_url()),
            }
            for organisation in shown["organisers"]
        ],
    }
    if image := shown["image"]:
        common["image"].insert(0, f"{settings.SITE_URL}{images.address(image, LARGE)}")
    if described := shown["texts"]["summary"] or shown["texts"]["description"]:
        common["description"] = beginning(described.text, 500)
    if shown["place"]:
        common["location"] = _location(action, shown["place"])
    events = [
        common
        | {
            "startDate": words.begins(date).isoformat(timespec="minutes"),
            "endDate": words.ends(date).isoformat(timespec="minutes"),
        }
        for date in action.dates.all()
    ]
    return {"@context": "https://schema.org", "@graph": events}


def _location(action: JointAction, lines: list[str]) -> dict[str, Any]:
    address: dict[str, Any] = {"@type": "PostalAddress", "addressCountry": "DE"}
    if action.address:
        address["streetAddress"] = action.address
    if action.municipality:
        address["addressLocality"] = action.municipality.name
    return {"@type": "Place", "name": action.place or lines[0], "address": address}
