"""Ideas as pages show them: in groups, with who supports them and what belongs to them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import Count, Prefetch
from django.db.models.functions import Coalesce

from actions.models import Idea, IdeaComment, IdeaGroup, IdeaSupport, JointAction, may_confirm
from actions.models.ideas import IdeaQuerySet
from organisations.models import Organisation


@dataclass
class Card:
    """One idea.

    :ivar joining: the names of the organisations that would join.
    :ivar others: of those that only support it.
    :ivar mine: which of the reader's organisations support it, and whether they would join.
    :ivar action: what it has become, if the reader may see that.
    :ivar comments: how many there are, without the hidden ones.
    :ivar may_begin: whether the reader may make an action of it with one click, for the only
        organisation they speak for or a chosen one.
    :ivar may_choose: whether the reader says who leads the action: the officer.
    :ivar may_take_back: whether the reader wrote it, and nobody has done anything with it.
    """

    idea: Idea
    doubles: list[Idea]
    joining: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    mine: dict[int, bool] = field(default_factory=dict)
    action: JointAction | None = None
    comments: int = 0
    may_begin: bool = False
    may_choose: bool = False
    may_take_back: bool = False


@dataclass
class Group:
    """A heading with its ideas on this page; the last one has none."""

    group: IdeaGroup | None
    cards: list[Card]


def with_parts(ideas: IdeaQuerySet) -> IdeaQuerySet:
    """Fetch what `cards` needs, in a fixed number of queries."""
    supports = IdeaSupport.objects.filter(
        organisation__state=Organisation.State.ACTIVE
    ).select_related("organisation")
    doubles = Idea.objects.filter(state=Idea.State.MERGED).order_by("created_at", "pk")
    return ideas.select_related("group", "organisation", "meeting").prefetch_related(
        Prefetch("supports", supports),
        Prefetch("doubles", doubles.prefetch_related(Prefetch("supports", supports))),
    )


def cards(ideas: Collection[Idea], *, reader: Any, own: Iterable[Organisation] = ()) -> list[Card]:
    """Return ideas with all that is said about them, and what the reader may do; two queries.

    :param ideas: of `with_parts`.
    :param own: the organisations the reader speaks for.
    """
    mine = {organisation.pk for organisation in own}
    keys = {idea.action_id for idea in ideas} - {None}
    actions = JointAction.objects.visible_to(reader).in_bulk(keys) if keys else {}
    said = (
        IdeaComment.objects.filter(is_hidden=False)
        .annotate(whole=Coalesce("idea__merged_into", "idea"))
        .filter(whole__in=[idea.pk for idea in ideas])
        .order_by()
    )
    numbers = dict(said.values_list("whole").annotate(number=Count("pk")))
    found = []
    for idea in ideas:
        card = _card(idea, mine)
        card.action = actions.get(idea.action_id)
        card.comments = numbers.get(idea.pk, 0)
        is_free = idea.action_id is None and idea.state == Idea.State.OPEN
        card.may_choose = is_free and may_confirm(reader)
        card.may_begin = is_free and bool(card.mine or idea.organisation_id in mine)
        is_used = card.joining or card.others or card.doubles or card.comments or idea.group_id
        is_own = idea.way == Idea.Way.MEMBER and idea.user_id == reader.pk
        card.may_take_back = is_free and is_own and not is_used
        found.append(card)
    return found


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
