"""What is deleted of registrations by itself; `docs/privacy.md` lists all periods."""

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from actions.emails.registrations import TO_CONFIRM
from actions.models import ActionDate, Registration
from actions.services.registration_seats import seats_taken
from actions.services.registrations import keep_number

State = Registration.State
# Whoever organises may still have to ask somebody; then only the number is needed.
KEEP_AFTER_THE_DATE = datetime.timedelta(days=30)
# Whose mail had to wait, because an address gets only so many a day, is asked first.
KEEP_UNASKED = datetime.timedelta(days=7)
# The link in the mail still says that one has cancelled; nobody needs the name any more.
KEEP_CANCELLED = datetime.timedelta(days=7)


def forget_old() -> dict[str, int]:
    """Delete registrations nobody has confirmed, that were cancelled, and of dates long over.

    A date keeps how many people had a seat.

    :return: how many were deleted of which.
    """
    now = timezone.now()
    new = Registration.objects.filter(state=State.NEW).filter(
        Q(mailed_at__lte=now - TO_CONFIRM) | Q(mailed_at=None, created_at__lte=now - KEEP_UNASKED)
    )
    cancelled = Registration.objects.filter(
        state=State.CANCELLED, state_since__lte=now - KEEP_CANCELLED
    )
    return {
        "registrations nobody confirmed deleted": new.delete()[0],
        "cancelled registrations deleted": cancelled.delete()[0],
        "registrations of past dates deleted": _forget_past(now - KEEP_AFTER_THE_DATE),
    }


def _forget_past(before: datetime.datetime) -> int:
    number = 0
    past = ActionDate.objects.filter(ends_at__lte=before, registrations__isnull=False).distinct()
    for found in past.order_by("pk"):
        with transaction.atomic():
            rows = ActionDate.objects.select_for_update().filter(pk=found.pk, ends_at__lte=before)
            if (date := rows.first()) is None:
                continue  # moved this very moment
            keep_number(date, seats_taken(date))
            number += date.registrations.all().delete()[0]
    return number
