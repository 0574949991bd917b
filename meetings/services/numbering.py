"""Numbers of decisions: through each year as they are published; none missing, none twice."""

import datetime
from collections.abc import Sequence

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import history
from meetings.models import AgendaItem, Decision, Meeting


def lock(meeting: Meeting) -> Meeting:
    """Lock a meeting and all others of its year, so that numbers are given one after the other.

    Always in the same order: two who lock never wait for each other.

    :return: the meeting as it is now.
    """
    zone, year = timezone.get_default_timezone(), meeting.begins.year
    # A meeting may have a time zone of its own: a day more on both sides.
    begin = datetime.datetime(year, 1, 1, tzinfo=zone) - datetime.timedelta(days=1)
    end = datetime.datetime(year + 1, 1, 1, tzinfo=zone) + datetime.timedelta(days=1)
    rows = Meeting.objects.filter(starts_at__range=(begin, end)) | Meeting.objects.filter(
        pk=meeting.pk
    )
    found = {row.pk: row for row in rows.order_by("pk").select_for_update()}
    return found[meeting.pk]


def number(meeting: Meeting, items: Sequence[AgendaItem], *, by: User) -> None:
    """Number those of a meeting's decisions that have no number yet, along its agenda.

    Only behind `lock`, in the same transaction.
    """
    order = {item.pk: place for place, item in enumerate(items)}
    new = list(Decision.objects.filter(meeting=meeting, number=None))
    # What belongs to no item comes last.
    new.sort(key=lambda one: (order.get(one.agenda_item_id or 0, len(order)), one.pk))
    year = meeting.begins.year
    last = Decision.objects.filter(year=year).aggregate(last=Max("number"))["last"] or 0
    for place, decision in enumerate(new, last + 1):
        decision.year, decision.number = year, place
        history.note(decision, by=by, reason=gettext_lazy("Mit dem Protokoll veröffentlicht"))
        decision.save()
