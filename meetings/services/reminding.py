"""Reminding those who have been invited and have not answered, on the days the officer has set.

A reminder is due from eight in the morning of its day, and done once; where the worker was away, it
is late. Of several that are due at once only one goes out.
"""

import datetime
from collections import Counter

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from core.models import OutboxMessage
from meetings.emails import invitations as emails
from meetings.models import Invitation, Meeting, MeetingReminder
from meetings.services import inviting, recipients

AT = datetime.time(8)
# Who was invited yesterday needs no reminder today.
LEFT_ALONE = datetime.timedelta(days=2)


def due_at(reminder: MeetingReminder) -> datetime.datetime:
    """Return from when a reminder is due, in its meeting's time zone."""
    meeting = reminder.meeting
    day = meeting.begins.date() - datetime.timedelta(days=reminder.days_before)
    return datetime.datetime.combine(day, AT, tzinfo=meeting.zone)


def to_remind(meeting: Meeting, *, now: datetime.datetime | None = None) -> QuerySet[Invitation]:
    """Return who would be reminded now."""
    before = (now or timezone.now()) - LEFT_ALONE
    return (
        meeting.invitations.silent()
        .filter(invited_at__lte=before, undelivered_at=None)
        .exclude(email="")
        .order_by("pk")
    )


def remind_due() -> dict[str, int]:
    """Send the reminders that are due and not yet done.

    Mails are written in chunks, each in a transaction with the meeting's row locked; a mail's key
    names reminder and person, so that begun anew it goes on where it was.

    :return: how many mails were queued.
    """
    counts: Counter[str] = Counter()
    now = timezone.now()
    meetings = Meeting.objects.filter(state=Meeting.State.INVITED, starts_at__gt=now)
    pending = MeetingReminder.objects.filter(done_at=None, meeting__in=meetings)
    due: dict[int, list[MeetingReminder]] = {}
    for reminder in pending.select_related("meeting").order_by("meeting", "days_before"):
        if due_at(reminder) <= now:
            due.setdefault(reminder.meeting_id, []).append(reminder)
    for reminders in due.values():
        if _is_worth_it(reminders, now):
            counts["reminded"] += _remind(reminders[0])
        MeetingReminder.objects.filter(pk__in=[one.pk for one in reminders]).update(done_at=now)
    return {"reminded": counts["reminded"]}


def _is_worth_it(reminders: list[MeetingReminder], now: datetime.datetime) -> bool:
    """Whether people were invited before the day of the reminder, and can still say yes."""
    meeting = reminders[0].meeting
    first = meeting.invitations.invited().aggregate(first=Min("invited_at"))["first"]
    latest = max(due_at(one) for one in reminders)
    return first is not None and first < latest and meeting.answers_end > now


def _remind(reminder: MeetingReminder) -> int:
    total, after = 0, 0
    while True:
        number, last = _remind_some(reminder, after=after)
        total += number
        if last is None:
            return total
        after = last


@transaction.atomic
def _remind_some(reminder: MeetingReminder, *, after: int) -> tuple[int, int | None]:
    meeting = inviting.locked(reminder.meeting_id)
    if meeting.state != Meeting.State.INVITED:
        return 0, None
    rows = inviting.some(to_remind(meeting).filter(pk__gt=after))
    if not rows:
        return 0, None
    # A meeting that has moved is reminded of anew.
    key = f"{emails.REMINDER}:{reminder.pk}.{meeting.sequence}"
    done = set(
        OutboxMessage.objects.filter(key__in=[f"{key}:{row.pk}" for row in rows]).values_list(
            "key", flat=True
        )
    )
    gone = recipients.lapsed(rows)
    chosen = [row for row in rows if row.pk not in gone and f"{key}:{row.pk}" not in done]
    if chosen:
        inviting.write(meeting, emails.REMINDER, chosen, key=key)
    return len(chosen), rows[-1].pk
