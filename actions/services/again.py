"""Doing an action again: a copy for the next year, which those who took part are asked to join."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from actions.models import Campaign, JointAction, Participation, may_confirm
from actions.models.joint_actions import ParticipationQuerySet
from actions.services import contributions, details, joint_actions, partners
from core.errors import Refused
from organisations.models import Organisation

State = JointAction.State

# An action that is only a plan is edited, not copied.
FROM = frozenset({State.CONFIRMED, State.DONE, State.CANCELLED})
DAYS_OF_A_YEAR = 365.2425
# Belongs to the one time; the new action gets its own.
NOT_COPIED = frozenset({"registration_until", "campaign", details.DATES})


def may_copy(user: User, action: JointAction) -> bool:
    """Whether a person may do an action again: who took part in it, and the officer."""
    editable = JointAction.objects.editable_by(user)
    return editable.filter(pk=action.pk, state__in=FROM).exists()


def leads(user: User, action: JointAction) -> list[Organisation]:
    """Return the organisations that may lead the new action on a person's word.

    Their own among those that took part, the former lead first; for the officer all of these.
    """
    parts = _took_part(action)
    return _organisations(parts if may_confirm(user) else parts.of(user))


def to_ask(action: JointAction) -> list[Organisation]:
    """Return who took part and can be asked again, the lead first."""
    return _organisations(_took_part(action))


def shifted(action: JointAction, *, now: datetime.datetime | None = None) -> list[details.Date]:
    """Return an action's dates as they would be next time: on the same weekdays, the same hours.

    All move by the same number of weeks: to the next campaign of the same name, or to the same time
    of the first year in which they lie ahead.
    """
    dates = details.dates_of(action)
    if not dates:
        return []
    now = now or timezone.now()
    first = min(date.starts_at for date in dates)
    days = None
    if (campaign := next_campaign(action)) and action.campaign:
        days = _weeks((campaign.starts_on - action.campaign.starts_on).days)
    years = 0
    while days is None or first + days <= now:
        years += 1
        days = _weeks(DAYS_OF_A_YEAR * years)
    return [
        details.Date(None, _moved(date.starts_at, days), _moved(date.ends_at, days), date.note)
        for date in dates
    ]


def values_of(action: JointAction, *, keep_dates: bool) -> dict[str, Any]:
    """Return what a copy begins with; see `joint_actions.create`.

    :param keep_dates: whether it has the dates of `shifted`; otherwise none yet.
    """
    values = {
        name: value for name, value in details.values_of(action).items() if name not in NOT_COPIED
    }
    return values | {
        "campaign": next_campaign(action),
        details.DATES: shifted(action) if keep_dates else [],
    }


def next_campaign(action: JointAction) -> Campaign | None:
    """Return the next campaign of the name of the action's own that is not over."""
    if action.campaign is None:
        return None
    later = Campaign.objects.filter(
        name=action.campaign.name,
        starts_on__gt=action.campaign.ends_on,
        ends_on__gte=timezone.localdate(),
    )
    return later.order_by("starts_on").first()


@transaction.atomic
def copy(
    *,
    action: JointAction,
    by: User,
    organisation: Organisation,
    creation_key: uuid.UUID,
    keep_dates: bool,
    ask: Iterable[Organisation] = (),
) -> JointAction:
    """Plan an action anew; what was needed is needed again, and nobody has promised anything yet.

    :param organisation: leads the new one; see `leads`.
    :param creation_key: made with the empty form: the same form sent twice is one action.
    :param keep_dates: see `values_of`.
    :param ask: who is invited to take part, of `to_ask`; the lead is left out.
    :return: the new action, in planning.
    :raises PermissionDenied: for somebody who did not take part, or for an organisation that is not
        theirs.
    :raises Refused: for an action that is still being planned, or with somebody who took no part.
    """
    joint_actions.lock(action)
    if not may_copy(by, action) or organisation not in leads(by, action):
        raise PermissionDenied
    made = JointAction.objects.filter(creation_key=creation_key, copied_from=action, created_by=by)
    if found := made.first():
        return found
    invited = [one for one in dict.fromkeys(ask) if one != organisation]
    if not set(invited) <= set(to_ask(action)):
        raise Refused(
            _("Eine der Organisationen ist nicht mehr dabei. Bitte laden Sie die Seite neu.")
        )
    new = joint_actions.create(
        values=values_of(action, keep_dates=keep_dates),
        by=by,
        organisation=organisation,
        creation_key=creation_key,
        copied_from=action,
    )
    contributions.copy(source=action, target=new, by=by)
    partners.invite_all(action=new, organisations=invited, by=by)
    return new


def _took_part(action: JointAction) -> ParticipationQuerySet:
    parts = Participation.objects.public().filter(action=action)
    return parts.order_by("role", "state_since", "pk")


def _organisations(parts: ParticipationQuerySet) -> list[Organisation]:
    return [one.organisation for one in parts.select_related("organisation")]


def _weeks(days: float) -> datetime.timedelta:
    """Return the whole weeks that are nearest to a number of days."""
    return datetime.timedelta(weeks=round(days / 7))


def _moved(moment: datetime.datetime, days: datetime.timedelta) -> datetime.datetime:
    """Return a moment so many days later, at the same time of day, summer time or not."""
    return timezone.make_aware(timezone.make_naive(moment) + days)
