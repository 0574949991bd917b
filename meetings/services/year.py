"""A year's meetings against what the network has agreed on, and what each month is full of."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings import collisions, words
from meetings.collisions import Collision
from meetings.models import Meeting

# How often the network meets in a year; a higher app knows it.
targets: list[Callable[[], int | None]] = []
DEFAULT_TARGET = 3
# A first and last year the planning shows; further off no calendar is known.
FIRST_YEAR, LAST_YEAR = 2000, 2075
# When the invitations should be out, and from which month on next year is thought of.
INVITE_BEFORE = datetime.timedelta(weeks=6)
NEXT_YEAR_FROM = 10


@dataclass(frozen=True)
class Month:
    """One month of the planning.

    :ivar first: its first day.
    """

    first: datetime.date
    meetings: Sequence[Meeting]
    collisions: Sequence[Collision]

    @property
    def is_over(self) -> bool:
        return following(self.first) <= timezone.localdate()


@dataclass(frozen=True)
class Year:
    """A year's plan.

    :ivar counting: the meetings that count towards the target, by date.
    """

    number: int
    target: int
    counting: Sequence[Meeting]
    months: Sequence[Month]

    @property
    def missing(self) -> int:
        return max(0, self.target - len(self.counting))


def target() -> int:
    """Return how often the network wants to meet in a year."""
    return next((number for ask in targets if (number := ask()) is not None), DEFAULT_TARGET)


def of(number: int) -> Year:
    """Return a year's plan; the number of queries does not depend on what is in it."""
    first, last = datetime.date(number, 1, 1), datetime.date(number, 12, 31)
    begins = [datetime.date(number, month, 1) for month in range(1, 13)]
    zone = timezone.get_default_timezone()
    rows = Meeting.objects.filter(
        starts_at__gte=datetime.datetime.combine(first, datetime.time(), zone),
        starts_at__lt=datetime.datetime.combine(last, datetime.time(), zone)
        + datetime.timedelta(days=1),
    ).order_by("starts_at", "pk")
    meetings = list(rows)
    others = [one for one in collisions.between(first, last) if one.kind != collisions.MEETING]
    months = [
        Month(
            begin,
            [one for one in meetings if timezone.localdate(one.starts_at).month == begin.month],
            [
                one
                for one in others
                if one.touches(begin, end - datetime.timedelta(days=1)) and one.ends_on >= begin
            ],
        )
        for begin, end in pairwise([*begins, datetime.date(number + 1, 1, 1)])
    ]
    kinds = {Meeting.Kind.NETWORK, Meeting.Kind.KICKOFF}
    counting = [one for one in meetings if not one.is_cancelled and one.kind in kinds]
    return Year(number, target(), counting, months)


def following(first: datetime.date) -> datetime.date:
    """Return the first day of the month after the one that begins on a day."""
    return (first + datetime.timedelta(days=32)).replace(day=1)


# --- What is to be done ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """Something the office should do.

    :ivar meeting: with which meeting; None if one is missing in `year`.
    """

    label: str
    hint: str = ""
    since: datetime.datetime | None = None
    meeting: Meeting | None = None
    year: int = 0


def next_steps() -> list[Step]:
    """Return what waits: meetings to be held, to be invited to, or to be planned."""
    now = timezone.now()
    today = timezone.localdate(now)
    State = Meeting.State
    rows = Meeting.objects.filter(
        Q(state__in=[State.PLANNED, State.INVITED], ends_at__lte=now)
        | Q(state=State.PLANNED, starts_at__lte=now + INVITE_BEFORE)
    ).order_by("starts_at", "pk")
    found = [
        Step(
            _("Hat „%(title)s“ stattgefunden?") % {"title": one.title},
            words.when(one),
            since=one.ends_at,
            meeting=one,
        )
        if one.ends_at <= now
        else Step(
            _("Zu „%(title)s“ einladen") % {"title": one.title},
            words.when(one),
            since=max(one.created_at, one.starts_at - INVITE_BEFORE),
            meeting=one,
        )
        for one in rows
    ]
    years = [today.year, today.year + 1] if today.month >= NEXT_YEAR_FROM else [today.year]
    return found + [
        Step(in_words(number), year=number)
        for number in years
        if Meeting.objects.counting(number).count() < target()
    ]


def in_words(number: int) -> str:
    """Return how many of a year's meetings are planned, as a sentence."""
    planned, wanted = Meeting.objects.counting(number).count(), target()
    return ngettext(
        "%(year)s: %(planned)s von %(wanted)s Treffen ist geplant.",
        "%(year)s: %(planned)s von %(wanted)s Treffen sind geplant.",
        planned,
    ) % {"year": number, "planned": planned, "wanted": wanted}
