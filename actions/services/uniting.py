"""Two entries of one organisation become one: what they are both in, here; see `merging.CLASHES`.

A row that the one that stays has already cannot be there twice: it stays with the archived entry,
and its twin takes over what says more. Every change is noted, so that undoing takes it back.
"""

from typing import Any

from accounts.models import User
from actions.models import IdeaSupport, Participation, Pledge
from organisations.models import Organisation

Role, State = Participation.Role, Participation.State

# What counts more when both entries are in the same action.
RANK: dict[str, int] = {
    State.LEFT: 0,
    State.DECLINED: 1,
    State.INVITED: 2,
    State.ASKED: 3,
    State.CONFIRMED: 4,
}
MOST = 10_000  # of one promise; the database holds no more


def participation(
    row: Participation, kept: Organisation, notes: Any, by: User, reason: str
) -> None:
    """Whoever is in the same action twice is in it once, with the better part of both."""
    twin = Participation.objects.get(action=row.action_id, organisation=kept)
    leads = Role.LEAD in {row.role, twin.role}
    offered = row.lead_offered_at or twin.lead_offered_at
    state, since = max(
        (row.state, row.state_since),
        (twin.state, twin.state_since),
        key=lambda one: RANK[one[0]],
    )
    # First the one that goes: no moment knows two leads, the database would not have it.
    gone = {"role": Role.PARTNER, "state": State.LEFT, "lead_offered_at": None}
    notes.change(row, gone, by=by, reason=reason)
    values = {
        "role": Role.LEAD if leads else Role.PARTNER,
        "state": State.CONFIRMED if leads else state,
        "state_since": since,
        "lead_offered_at": offered if state == State.CONFIRMED and not leads else None,
    }
    notes.change(twin, values, by=by, reason=reason)


def pledge(row: Pledge, kept: Organisation, notes: Any, by: User, reason: str) -> None:
    """What both have promised is one promise over both; see `ContributionQuerySet.with_pledged`."""
    twin = Pledge.objects.get(contribution=row.contribution_id, organisation=kept)
    persons = dict.fromkeys(name for name in (twin.person, row.person) if name)
    values = {
        "amount": min(twin.amount + row.amount, MOST),
        "person": ", ".join(persons)[: Pledge._meta.get_field("person").max_length],
        "done_at": max(twin.done_at, row.done_at) if twin.done_at and row.done_at else None,
    }
    notes.change(twin, values, by=by, reason=reason)


def support(row: IdeaSupport, kept: Organisation, notes: Any, by: User, reason: str) -> None:
    """One of both would join: then the one organisation would."""
    twin = IdeaSupport.objects.get(idea=row.idea_id, organisation=kept)
    if row.would_join and not twin.would_join:
        notes.change(twin, {"would_join": True}, by=by, reason=reason)


CLASHES = {Participation: participation, Pledge: pledge, IdeaSupport: support}
