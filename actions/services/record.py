"""What the network has done together: one place for the public record and the yearly report."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import ExtractYear
from django.utils import timezone

from actions.models import ActionDate, JointAction, Participation, may_confirm
from actions.models.joint_actions import ParticipationQuerySet

State = JointAction.State


@dataclass(frozen=True)
class Sums:
    """What came of actions, in numbers.

    :ivar organisations: that took part, each once, also those that have left the network since.
    :ivar visitors: as the leads have counted or guessed; of `uncounted` actions nobody knows.
    """

    actions: int = 0
    organisations: int = 0
    visitors: int = 0
    uncounted: int = 0


def of(user: Any) -> QuerySet[Any]:
    """Return the actions that took place and that a person may see, the latest first.

    Each has `began_at`, and `year`, in which it began. Everybody sees the public ones; who took
    part sees its own, though all organisations in it are paused now, and the officer sees all.
    """
    rows = JointAction.objects.all()
    if not may_confirm(user):
        mine = Q(pk__in=JointAction.objects.public().values("pk"))
        if user.is_authenticated:
            mine |= Q(pk__in=JointAction.objects.of(user).values("pk"))
        rows = rows.filter(mine)
    over = ~Q(pk__in=JointAction.objects.coming().values("pk"))
    return (
        rows.filter(Q(state=State.DONE) | Q(state=State.CONFIRMED) & over)
        .annotate(began_at=_first("pk"))
        .exclude(began_at=None)
        .annotate(year=_year())
        .order_by("-began_at", "-pk")
    )


def by_year(rows: QuerySet[Any]) -> dict[int, Sums]:
    """Return the sums of each year, the latest first; two queries.

    :param rows: of `of`.
    """
    counted = (
        rows.order_by()
        .values("year")
        .annotate(
            actions=Count("pk"),
            visitors=Sum("result__visitors", default=0),
            counted=Count("result__visitors"),
        )
    )
    taken_part = (
        _taken_part(rows)
        .annotate(began_at=_first("action"))
        .annotate(year=_year())
        .values("year")
        .annotate(organisations=Count("organisation", distinct=True))
    )
    organisations = dict(taken_part.values_list("year", "organisations"))
    found = {
        row["year"]: Sums(
            actions=row["actions"],
            organisations=organisations.get(row["year"], 0),
            visitors=row["visitors"],
            uncounted=row["actions"] - row["counted"],
        )
        for row in counted
    }
    return dict(sorted(found.items(), reverse=True))


def total(years: Iterable[Sums], rows: QuerySet[Any]) -> Sums:
    """Return the sums over all years; an organisation that took part in several counts once.

    :param years: the values of `by_year`.
    """
    years = list(years)
    return Sums(
        actions=sum(one.actions for one in years),
        organisations=_taken_part(rows).values("organisation").distinct().count(),
        visitors=sum(one.visitors for one in years),
        uncounted=sum(one.uncounted for one in years),
    )


def _taken_part(rows: QuerySet[Any]) -> ParticipationQuerySet:
    confirmed = Participation.objects.confirmed().order_by()
    return confirmed.filter(action__in=rows.order_by().values("pk"))


def _first(action: str) -> Subquery:
    """Return when an action begins, its key being in that column."""
    dates = ActionDate.objects.filter(action=OuterRef(action)).order_by("starts_at")
    return Subquery(dates.values("starts_at")[:1])


def _year() -> ExtractYear:
    return ExtractYear("began_at", tzinfo=timezone.get_default_timezone())
