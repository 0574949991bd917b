"""The contribution table as a page shows it: what is needed, who brings it, what the reader can."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Prefetch

from actions.forms.contributions import PledgeForm
from actions.models import Contribution, Pledge
from organisations.models import Organisation


@dataclass
class Line:
    """One thing that is needed.

    :ivar pledges: who brings how much of it, the first first.
    :ivar others: those of them that are not the reader's.
    :ivar forms: one for each of the reader's organisations, to promise or change.
    """

    need: Any
    pledges: list[Pledge]
    others: list[Pledge]
    forms: list[PledgeForm] = field(default_factory=list)

    @property
    def pledged(self) -> int:
        return sum(pledge.amount for pledge in self.pledges)

    @property
    def missing(self) -> int:
        return max(self.need.amount - self.pledged, 0)

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing and all have brought it."""
        return not self.missing and all(pledge.done_at for pledge in self.pledges)


def with_parts(needs: Any) -> Any:
    """Fetch what `lines` needs, in a fixed number of queries: by kind, shifts by their hours."""
    pledges = Pledge.objects.filter(organisation__merged_into=None).select_related("organisation")
    order = ("kind", F("starts_at").asc(nulls_first=True), "position", "pk")
    return needs.with_pledged().order_by(*order).prefetch_related(Prefetch("pledges", pledges))


def lines(
    needs: Iterable[Contribution],
    *,
    own: Iterable[Organisation] = (),
    is_open: bool = True,
    name: str = "",
    bound: PledgeForm | None = None,
) -> list[Line]:
    """Return rows of the table.

    :param needs: of `with_parts`.
    :param own: the organisations the reader speaks for.
    :param is_open: whether they can promise something.
    :param name: who the reader is, as a new promise begins.
    :param bound: a form that has come back with errors; it stands in its place.
    """
    own = list(own)
    return [_line(need, own, name, bound, is_open=is_open) for need in needs]


def _line(
    need: Any, own: list[Organisation], name: str, bound: PledgeForm | None, *, is_open: bool
) -> Line:
    pledges = list(need.pledges.all())
    mine = {pledge.organisation_id: pledge for pledge in pledges}
    forms = []
    for organisation in own if is_open else []:
        is_this = bound is not None and (bound.need.pk, bound.organisation.pk) == (
            need.pk,
            organisation.pk,
        )
        forms.append(
            bound
            if bound is not None and is_this
            else PledgeForm(
                need=need, organisation=organisation, pledge=mine.get(organisation.pk), name=name
            )
        )
    others = [pledge for pledge in pledges if pledge.organisation not in own]
    return Line(need, pledges, others, forms)
