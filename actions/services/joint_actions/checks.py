"""What cannot be said of an action, what looks like a mistake, and what is still missing."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from actions.models import JointAction, Participation, Registration
from actions.services import details
from organisations.models import Organisation

FAR_AWAY = datetime.timedelta(days=548)  # 18 months: further away it may be a typing error
LONG = datetime.timedelta(hours=24)


@dataclass(frozen=True)
class Missing:
    """Something that has to be there before the public may see an action.

    :ivar name: of the field, or what it is about: `lead`, `place`, `contact`.
    """

    name: str
    text: str


def problems(values: Mapping[str, Any], *, of: JointAction | None = None) -> dict[str, str]:
    """Return what cannot be, as sentences by name of the field; the form says the same.

    :param values: a whole action, see `create`.
    :param of: the action they are to be written to; None for a new one.
    """
    found: dict[str, str] = {}
    if not values.get("title"):
        found["title"] = _("Bitte geben Sie der Aktion einen Titel.")
    dates = dates_in(values)
    if len(dates) > JointAction.MOST_DATES:
        found[details.DATES] = _("Das sind %(number)s Termine. Höchstens %(most)s gehen.") % {
            "number": len(dates),
            "most": JointAction.MOST_DATES,
        }
    elif any(date.ends_at <= date.starts_at for date in dates):
        found[details.DATES] = _("Das Ende muss nach dem Beginn liegen.")
    elif len({(date.starts_at, date.ends_at) for date in dates}) < len(dates):
        found[details.DATES] = _("Zwei Termine haben dieselbe Zeit.")
    if of is None:
        return found
    booked = of.dates.filter(registrations__state__in=details.KEEPS_ITS_PLACE)
    if booked.exclude(pk__in=[date.pk for date in dates if date.pk]).exists():
        found[details.DATES] = _(
            "Für einen Termin gibt es schon Anmeldungen. Er kann nicht gelöscht werden. "
            "Sie können ihn verschieben."
        )
    capacity = values.get("capacity")
    if capacity and (taken := most_seats_taken(of)) > capacity:
        found["capacity"] = ngettext(
            "Es ist schon %(number)s Person angemeldet. Weniger Plätze geht nicht.",
            "Es sind schon %(number)s Personen angemeldet. Weniger Plätze geht nicht.",
            taken,
        ) % {"number": taken}
    return found


def most_seats_taken(action: JointAction) -> int:
    """Return how many people have a seat on the date that most have registered for."""
    taken = Registration.objects.filter(date__action=action, state=Registration.State.CONFIRMED)
    sums = taken.order_by().values("date").annotate(people_in_all=Sum("people"))
    return sums.aggregate(most=Max("people_in_all"))["most"] or 0


def doubts(values: Mapping[str, Any], *, now: datetime.datetime | None = None) -> list[str]:
    """Return what looks like a typing error, as sentences; it may still be meant.

    :param values: a whole action, see `create`.
    """
    now = now or timezone.now()
    dates = dates_in(values)
    found = []
    if any(date.starts_at < now for date in dates):
        found.append(_("Ein Termin beginnt in der Vergangenheit."))
    if any(date.starts_at > now + FAR_AWAY for date in dates):
        found.append(_("Ein Termin ist mehr als 18 Monate entfernt. Stimmt das Jahr?"))
    if any(date.ends_at - date.starts_at > LONG for date in dates):
        found.append(_("Ein Termin dauert länger als 24 Stunden. Stimmt das Ende?"))
    return found + doubts_about_campaign(values, now=now)


def doubts_about_campaign(
    values: Mapping[str, Any], *, now: datetime.datetime | None = None
) -> list[str]:
    """Return what does not fit between an action's dates and its campaign; see `doubts`."""
    campaign, found = values.get("campaign"), []
    if not campaign:
        return []
    for date in dates_in(values):
        first, last = timezone.localdate(date.starts_at), timezone.localdate(date.ends_at)
        if last < campaign.starts_on or first > campaign.ends_on:
            text = _("Ein Termin liegt nicht in den Tagen von „%(campaign)s“.")
            found.append(text % {"campaign": str(campaign)})
            break
    if campaign.entries_until and timezone.localdate(now) > campaign.entries_until:
        text = _("Die Frist für Einträge bei „%(campaign)s“ ist vorbei.")
        found.append(text % {"campaign": str(campaign)})
    return found


# --- What it needs before the public sees it ------------------------------------------------------
def missing(action: JointAction) -> list[Missing]:
    """Return what has to be there before an action can be given to the officer, or confirmed.

    :param action: no query more for one with `dates` and `participations__organisation` prefetched.
    """
    found = []
    confirmed = [
        part for part in action.participations.all() if part.state == Participation.State.CONFIRMED
    ]
    if not any(part.role == Participation.Role.LEAD for part in confirmed):
        found.append(Missing("lead", _("Keine Organisation leitet die Aktion.")))
    elif not any(part.organisation.state == Organisation.State.ACTIVE for part in confirmed):
        found.append(Missing("lead", _("Keine Organisation, die mitmacht, ist aktiv.")))
    asked = ("summary", "place", "address", "contact_phone", "contact_email")
    values = {name: getattr(action, name) for name in asked}
    return found + lacking(values | {details.DATES: details.dates_of(action)})


def lacking(values: Mapping[str, Any]) -> list[Missing]:
    """Return which texts are missing before the public may see an action.

    :param values: a whole action, see `create`.
    """
    found = []
    if not values.get("summary"):
        found.append(Missing("summary", _("Ein oder zwei Sätze fehlen („Kurz gesagt“).")))
    if not dates_in(values):
        found.append(Missing(details.DATES, _("Ein Termin fehlt.")))
    if not any(values.get(name) for name in ("place", "address")):
        found.append(Missing("place", _("Der Ort fehlt.")))
    if not any(values.get(name) for name in ("contact_phone", "contact_email")):
        found.append(Missing("contact", _("Eine Telefonnummer oder E-Mail-Adresse fehlt.")))
    return found


def dates_in(values: Mapping[str, Any]) -> list[details.Date]:
    return [details.Date(*date) for date in values.get(details.DATES, ())]
