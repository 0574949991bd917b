"""Who has registered for which date of an action, and who still can."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from actions.models import ActionDate, JointAction, Registration

State = Registration.State
# They count; so many people come, or would.
HOLDING = (State.CONFIRMED, State.WAITING)


class Standing(Enum):
    """What can still be said about a date."""

    OPEN = auto()
    # The deadline is over: one can still cancel, or come with fewer.
    CLOSED = auto()
    BEGUN = auto()
    CANCELLED = auto()
    # Taken back by the officer: perhaps it comes again.
    HIDDEN = auto()


@dataclass(frozen=True)
class Counts:
    """How many people have registered for a date, and how many registrations nobody confirmed."""

    people: int = 0
    waiting: int = 0
    unconfirmed: int = 0
    registrations: int = 0


def standing(
    action: JointAction, date: ActionDate, *, now: datetime.datetime | None = None
) -> Standing:
    """Return whether one can register for a date, or still change that."""
    now = now or timezone.now()
    if action.is_cancelled:
        return Standing.CANCELLED
    if not action.is_public:
        return Standing.HIDDEN
    if date.starts_at <= now:
        return Standing.BEGUN
    is_late = action.registration_until is not None and action.registration_until <= now
    return Standing.CLOSED if is_late or not action.takes_registrations else Standing.OPEN


def open_dates(action: JointAction) -> list[ActionDate]:
    """Return the dates one can register for at the moment; no query if they are prefetched."""
    now = timezone.now()
    return [one for one in action.dates.all() if standing(action, one, now=now) == Standing.OPEN]


def is_open(action: JointAction) -> bool:
    """Return whether one can register for an action at the moment; see `open_dates`."""
    return bool(open_dates(action))


def counts(action: JointAction) -> dict[int, Counts]:
    """Return by the dates' keys how many people have registered, where anybody has."""
    rows = _sums(Registration.objects.filter(date__action=action), "date")
    return {
        row["date"]: Counts(row["seats"], row["line"], row["unconfirmed"], row["number"])
        for row in rows
    }


def numbers(actions: Iterable[JointAction]) -> dict[int, tuple[int, int]]:
    """Return by the actions' keys how many people come and how many wait; one query."""
    rows = Registration.objects.filter(date__action__in=[one.pk for one in actions])
    return {row["date__action"]: (row["seats"], row["line"]) for row in _sums(rows, "date__action")}


def _sums(rows: QuerySet[Registration], by: str) -> Iterable[Any]:
    return (
        rows.order_by()
        .values(by)
        .annotate(
            seats=Coalesce(Sum("people", filter=Q(state=State.CONFIRMED)), 0),
            line=Coalesce(Sum("people", filter=Q(state=State.WAITING)), 0),
            unconfirmed=Count("pk", filter=Q(state=State.NEW)),
            number=Count("pk", filter=Q(state__in=HOLDING)),
        )
    )


def people(action: JointAction) -> int:
    """Return how many people have registered, also when their names are deleted already."""
    kept = action.dates.aggregate(number=Coalesce(Sum("people_registered"), 0))["number"]
    now = sum(one.people for one in counts(action).values())
    return int(kept) + now


def seats_taken(date: ActionDate) -> int:
    """Return how many people have a seat."""
    confirmed = Registration.objects.filter(date=date, state=State.CONFIRMED)
    return int(confirmed.aggregate(seats=Coalesce(Sum("people"), 0))["seats"])


def seats_left(action: JointAction, date: ActionDate) -> int | None:
    """Return how many seats are free, None where there is room for all."""
    return None if action.capacity is None else max(0, action.capacity - seats_taken(date))


def place_in_line(row: Registration) -> int:
    """Return somebody's place on the waiting list, 1 for the first; 0 for who does not wait."""
    if row.waiting_since is None:
        return 0
    earlier = Q(waiting_since__lt=row.waiting_since) | Q(
        waiting_since=row.waiting_since, pk__lt=row.pk
    )
    waiting = Registration.objects.filter(date=row.date_id, state=State.WAITING)
    return waiting.filter(earlier).count() + 1


def listed(action: JointAction) -> QuerySet[Registration]:
    """Return those who come and those who wait, as the list of the organisers shows them."""
    return Registration.objects.filter(date__action=action, state__in=HOLDING).order_by(
        F("waiting_since").asc(nulls_first=True), "name", "pk"
    )
