"""Ideas as pages show them: in groups, with who supports them and what belongs to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import Prefetch

from actions.models import Idea, IdeaGroup, IdeaSupport
from actions.models.ideas import IdeaQuerySet
from organisations.models import Organisation


@dataclass
class Card:
    """One idea.

    :ivar joining: the names of the organisations that would join.
    :ivar others: of those that only support it.
    :ivar mine: which of the reader's organisations support it, and whether they would join.
    """

    idea: Idea
    doubles: list[Idea]
    joining: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    mine: dict[int, bool] = field(default_factory=dict)


@dataclass
class Group:
    """A heading with its ideas on this page; the last one has none."""

    group: IdeaGroup | None
    cards: list[Card]


def with_parts(ideas: IdeaQuerySet) -> IdeaQuerySet:
    """Fetch what `cards` needs, in a fixed number of queries, in the order of the page."""
    supports = IdeaSupport.objects.filter(
        organisation__state=Organisation.State.ACTIVE
    ).select_related("organisation")
    doubles = Idea.objects.filter(state=Idea.State.MERGED).order_by("created_at", "pk")
    return (
        ideas.in_groups()
        .select_related("group", "organisation")
        .prefetch_related(
            Prefetch("supports", supports),
            Prefetch("doubles", doubles.prefetch_related(Prefetch("supports", supports))),
        )
    )


def cards(ideas: Iterable[Idea], *, own: Iterable[Organisation] = ()) -> list[Card]:
    """Return ideas with all that is said about them.

    :param ideas: of `with_parts`.
    :param own: the organisations the reader speaks for.
    """
    mine = {organisation.pk for organisation in own}
    return [_card(idea, mine) for idea in ideas]


def _card(idea: Idea, mine: set[int]) -> Card:
    card = Card(idea, list(idea.doubles.all()))
    given: dict[int, tuple[str, bool]] = {}
    for one in [idea, *card.doubles]:
        for support in one.supports.all():
            joins = support.would_join or given.get(support.organisation_id, ("", False))[1]
            given[support.organisation_id] = (support.organisation.name, joins)
    for key, (name, joins) in sorted(given.items(), key=lambda entry: entry[1][0].casefold()):
        (card.joining if joins else card.others).append(name)
        if key in mine:
            card.mine[key] = joins
    return card


def groups(shown: Iterable[Card]) -> list[Group]:
    """Return cards below their headings; they come in the order of `IdeaQuerySet.in_groups`."""
    return [
        Group(found[0].idea.group, found)
        for _key, entries in groupby(shown, key=lambda card: card.idea.group_id)
        if (found := list(entries))
    ]
