"""How the dates of an action are said, in the active language and the portal's time zone."""

import datetime
from collections.abc import Iterable

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from actions.models import ActionDate, Contribution
from meetings.words import full_day, hours, is_one_evening, span

MIDNIGHT = datetime.time(0)
LAST_MINUTE = datetime.time(23, 59)


def begins(date: ActionDate) -> datetime.datetime:
    return timezone.localtime(date.starts_at, timezone.get_default_timezone())


def ends(date: ActionDate) -> datetime.datetime:
    return timezone.localtime(date.ends_at, timezone.get_default_timezone())


def is_short(date: ActionDate) -> bool:
    """Whether it belongs to one day, also where it ends after midnight."""
    return is_one_evening(begins(date), ends(date)) or (
        are_whole_days(date) and last_day(date) == begins(date).date()
    )


def are_whole_days(date: ActionDate) -> bool:
    """Whether it lasts from midnight to midnight, so that no hours need to be said."""
    return begins(date).time() == MIDNIGHT and ends(date).time() in {MIDNIGHT, LAST_MINUTE}


def last_day(date: ActionDate) -> datetime.date:
    """Return the last day people speak of: what ends at night ends on the day before."""
    first, last = begins(date), ends(date)
    ends_at_night = last.time() == MIDNIGHT or is_one_evening(first, last)
    if ends_at_night and last.date() > first.date():
        return last.date() - datetime.timedelta(days=1)
    return last.date()


def when(date: ActionDate) -> str:
    """Return day and hours: "Samstag, 25. September 2027, 15:00–18:00 Uhr"."""
    if not are_whole_days(date):
        return span(begins(date), ends(date))
    first, last = begins(date).date(), last_day(date)
    if first == last:
        return full_day(first)
    return _("%(day)s bis %(last_day)s") % {"day": full_day(first), "last_day": full_day(last)}


def day(date: ActionDate) -> str:
    """Return the day it begins: "Samstag, 25. September 2027"."""
    return full_day(begins(date).date())


def short_day(date: ActionDate) -> str:
    """Return the day it begins in figures: "25.09.2027"."""
    return date_format(begins(date).date(), "SHORT_DATE_FORMAT")


def time_of_day(date: ActionDate) -> str:
    """Return what is said below the heading of the day it begins: "15:00–18:00 Uhr"."""
    if are_whole_days(date):
        if is_short(date):
            return _("den ganzen Tag")
        return _("bis %(day)s") % {"day": full_day(last_day(date))}
    if is_short(date):
        return hours(begins(date), ends(date))
    return _("ab %(hour)s Uhr, bis %(last_day)s, %(ends)s Uhr") % {
        "hour": date_format(begins(date).time(), "G:i"),
        "last_day": full_day(last_day(date)),
        "ends": date_format(ends(date).time(), "G:i"),
    }


def running(date: ActionDate, now: datetime.datetime | None = None) -> str:
    """Return until when something is on that lasts for days and has begun; nothing for the rest."""
    now = now or timezone.now()
    if is_short(date) or not date.starts_at <= now < date.ends_at:
        return ""
    return _("läuft bis %(day)s") % {"day": full_day(last_day(date))}


def next_date(
    dates: Iterable[ActionDate], now: datetime.datetime | None = None
) -> ActionDate | None:
    """Return the one that is on or comes next, else the last one; None if there are none."""
    now = now or timezone.now()
    ordered = sorted(dates, key=lambda date: (date.starts_at, date.ends_at))
    ahead = (date for date in ordered if date.ends_at > now)
    return next(ahead, ordered[-1] if ordered else None)


def in_short(dates: Iterable[ActionDate], now: datetime.datetime | None = None) -> str:
    """Return when an action takes place in one line: its next date and how many there are more."""
    now = now or timezone.now()
    dates = list(dates)
    date = next_date(dates, now)
    if date is None:
        return _("Der Termin steht noch nicht fest.")
    text = running(date, now) or when(date)
    others = sum(1 for other in dates if other is not date and (other.ends_at > now))
    if date.ends_at <= now:
        others = len(dates) - 1
    if not others:
        return text
    more = ngettext("und %(number)d weiterer Termin", "und %(number)d weitere Termine", others)
    return _("%(when)s, %(more)s") % {"when": text, "more": more % {"number": others}}


def days(first: datetime.date, last: datetime.date) -> str:
    """Return a span of days: "25. September 2027 bis 3. Oktober 2027"."""
    if first == last:
        return date_format(first, "DATE_FORMAT")
    return _("%(day)s bis %(last_day)s") % {
        "day": date_format(first, "DATE_FORMAT"),
        "last_day": date_format(last, "DATE_FORMAT"),
    }


def shift(need: Contribution) -> str:
    """Return when somebody is to be there for a contribution; empty if it has no hours."""
    if need.starts_at is None or need.ends_at is None:
        return ""
    zone = timezone.get_default_timezone()
    return span(timezone.localtime(need.starts_at, zone), timezone.localtime(need.ends_at, zone))
