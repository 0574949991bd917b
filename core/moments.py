"""Days and hours people type, put together in a time zone."""

import datetime
import zoneinfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def combine(day: datetime.date, hour: datetime.time, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    """Return a moment in a zone; of an hour that comes twice, the first one.

    :raises ValidationError: for an hour that summer time leaves out (code "no_hour"), and for a
        year no calendar knows (code "no_year").
    """
    moment = datetime.datetime.combine(day, hour, zone)
    try:
        back = moment.astimezone(datetime.UTC).astimezone(zone)
    except OverflowError as error:
        raise ValidationError(_("Dieses Jahr kennt der Kalender nicht."), "no_year") from error
    if back.replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise ValidationError(
            _("Diese Uhrzeit gibt es an diesem Tag nicht: Die Uhr wird umgestellt."), "no_hour"
        )
    return moment
