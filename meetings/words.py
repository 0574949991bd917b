"""How a meeting's day and hours are said, in the active language."""

import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meetings.models import Meeting


def day(meeting: Meeting) -> str:
    """Return the day it begins: "Samstag, 20. September 2025"."""
    return _day(meeting.begins)


def when(meeting: Meeting) -> str:
    """Return day and hours in the meeting's own time zone: "Samstag, …, 9:30–13:30 Uhr".

    The zone is named where it is not the portal's own.
    """
    begins, ends = meeting.begins, meeting.ends
    values = {"day": _day(begins), "begins": _hour(begins), "ends": _hour(ends)}
    if begins.date() == ends.date():
        text = _("%(day)s, %(begins)s–%(ends)s Uhr") % values
    else:
        text = _("%(day)s, %(begins)s Uhr, bis %(last_day)s, %(ends)s Uhr") % {
            **values,
            "last_day": _day(ends),
        }
    if meeting.zone != timezone.get_default_timezone():
        text = f"{text} ({meeting.time_zone})"
    return text


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
