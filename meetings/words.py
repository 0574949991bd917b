"""How a meeting's day and hours are said, in the active language."""

import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meetings.models import Meeting

# What ends until then belongs to the evening before.
NIGHT_ENDS = datetime.time(6)


def day(meeting: Meeting) -> str:
    """Return the day it begins: "Samstag, 20. September 2025"."""
    return _day(meeting.begins)


def when(meeting: Meeting) -> str:
    """Return day and hours in the meeting's own time zone: "Samstag, …, 9:30–13:30 Uhr".

    The zone is named where it is not the portal's own.
    """
    text = span(meeting.begins, meeting.ends)
    if meeting.zone != timezone.get_default_timezone():
        text = f"{text} ({meeting.time_zone})"
    return text


def span(begins: datetime.datetime, ends: datetime.datetime) -> str:
    """Return day and hours of what lasts from one moment to another, as their clocks show it."""
    values = {"day": _day(begins), "begins": _hour(begins), "ends": _hour(ends)}
    if is_one_evening(begins, ends):
        return _("%(day)s, %(begins)s–%(ends)s Uhr") % values
    return _("%(day)s, %(begins)s Uhr, bis %(last_day)s, %(ends)s Uhr") % {
        **values,
        "last_day": _day(ends),
    }


def hours(begins: datetime.datetime, ends: datetime.datetime) -> str:
    """Return the hours of what lasts for an evening at most: "20:00–1:00 Uhr"."""
    return _("%(begins)s–%(ends)s Uhr") % {"begins": _hour(begins), "ends": _hour(ends)}


def is_one_evening(begins: datetime.datetime, ends: datetime.datetime) -> bool:
    """Whether the end belongs to the day of the beginning, as people say it, also after midnight.

    :param begins: and `ends` in the zone they are said in.
    """
    days = (ends.date() - begins.date()).days
    return days == 0 or (days == 1 and ends.time() <= NIGHT_ENDS and ends.time() < begins.time())


def moment(at: datetime.datetime, meeting: Meeting) -> str:
    """Return a day and an hour in the meeting's time zone: "10. März 2027, 18:00 Uhr"."""
    local = at.astimezone(meeting.zone)
    return _("%(date)s, %(hour)s Uhr") % {
        "date": date_format(local.date(), "DATE_FORMAT"),
        "hour": _hour(local),
    }


def _day(moment: datetime.datetime) -> str:
    # Formatted as it stands: nothing here is turned into the portal's own time zone.
    return full_day(moment.date())


def full_day(date: datetime.date) -> str:
    """Return a day with its weekday: "Samstag, 20. September 2025"."""
    return _("%(weekday)s, %(date)s") % {
        "weekday": date_format(date, "l"),
        "date": date_format(date, "DATE_FORMAT"),
    }


def _hour(moment: datetime.datetime) -> str:
    return date_format(moment.time(), "G:i")
