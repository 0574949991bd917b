"""Who leads an action: offered and taken, or handed over by the officer; never two, never nobody.

Like `partners`, every function locks the action's row first.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from actions.emails import partners as mails
from actions.models import JointAction, Participation, may_confirm
from actions.models.joint_actions import ParticipationQuerySet
from actions.services import joint_actions, partners, people
from core.errors import Refused
from organisations.models import Organisation

Role, State = Participation.Role, Participation.State


def offers_for(user: Any) -> ParticipationQuerySet:
    """Return where the lead is offered to a person's organisations."""
    return partners.open_for(user).exclude(lead_offered_at=None)


@transaction.atomic
def offer_lead(*, action: JointAction, organisation: Organisation, by: User) -> bool:
    """Ask a partner to take the lead; until it says yes, nothing changes. An earlier offer ends.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: if the organisation takes no part.
    """
    row = joint_actions.lock(action)
    partners.require_decider(row, by)
    part = partners.part_of(row, organisation)
    if part.lead_offered_at is not None:
        return False
    if part.state != State.CONFIRMED or part.role == Role.LEAD:
        raise Refused(_("Leiten kann nur eine Organisation, die als Partner dabei ist."))
    _end_offers(row, by=by)
    part.lead_offered_at = timezone.now()
    partners.save(part, by=by, reason=gettext_lazy("Leitung angeboten"))
    lead = partners.lead_of(row)
    readers = people.of_organisation(organisation, but=by)
    mails.lead_offered(part, lead=lead.organisation.name if lead else "", readers=readers)
    return True


@transaction.atomic
def withdraw_offer(*, action: JointAction, by: User) -> bool:
    """Take back that a partner was asked to lead.

    :return: whether there was an offer.
    :raises PermissionDenied: for anybody but the lead and the officer.
    """
    row = joint_actions.lock(action)
    partners.require_decider(row, by)
    return _end_offers(row, by=by)


@transaction.atomic
def hand_over(*, action: JointAction, organisation: Organisation, by: User) -> bool:
    """Make a partner the lead at once, such as when the lead has gone; the officer alone does so.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody else.
    :raises Refused: if the organisation takes no part.
    """
    if not may_confirm(by):
        raise PermissionDenied
    row = joint_actions.lock(action)
    part = partners.part_of(row, organisation)
    if part.role == Role.LEAD:
        return False
    if part.state != State.CONFIRMED:
        raise Refused(_("Leiten kann nur eine Organisation, die als Partner dabei ist."))
    _make_lead(row, part, by=by, reason=gettext_lazy("Leitung vom Team übergeben"))
    return True


@transaction.atomic
def take_lead(*, action: JointAction, organisation: Organisation, by: User) -> bool:
    """Take the lead that was offered, or that of an action nobody leads: `idea → planning`.

    :return: whether anything changed.
    :raises PermissionDenied: unless the person speaks for the organisation and sees the action.
    :raises Refused: if it is not offered (any more), or the organisation is not active.
    """
    partners.require_voice(organisation, by)
    row = joint_actions.lock(action)
    part = partners.part_of(row, organisation)
    if part.role == Role.LEAD:
        return False
    if not JointAction.objects.visible_to(by).filter(pk=row.pk).exists():
        raise PermissionDenied
    partners.require_active(organisation)
    if part.lead_offered_at is None and partners.lead_of(row) is not None:
        raise Refused(_("Die Leitung wird Ihnen nicht mehr angeboten."))
    _make_lead(row, part, by=by, reason=gettext_lazy("Leitung übernommen"))
    return True


@transaction.atomic
def refuse_lead(*, action: JointAction, organisation: Organisation, by: User) -> bool:
    """Say no to the lead; the organisation stays a partner.

    :return: whether anything changed.
    :raises PermissionDenied: unless the person speaks for the organisation.
    """
    partners.require_voice(organisation, by)
    row = joint_actions.lock(action)
    part = partners.part_of(row, organisation)
    if part.lead_offered_at is None:
        return False
    part.lead_offered_at = None
    partners.save(part, by=by, reason=gettext_lazy("Leitung nicht übernommen"))
    mails.news(part, what=mails.LEAD_REFUSED, message="", readers=people.of_lead(row, but=by))
    return True


def _make_lead(row: JointAction, part: Participation, *, by: User, reason: Promise) -> None:
    """Change places; no moment knows two leads, the database would not have it."""
    readers = people.of_lead(row, but=by)
    _end_offers(row, by=by)
    former = partners.lead_of(row)
    if former is not None:
        former.role = Role.PARTNER
        partners.save(former, by=by, reason=gettext_lazy("Leitung abgegeben"))
    part.role, part.lead_offered_at = Role.LEAD, None
    if part.state == State.CONFIRMED:
        partners.save(part, by=by, reason=reason)
    else:
        partners.change(part, State.CONFIRMED, by=by, reason=reason)
    if row.state == JointAction.State.IDEA:
        joint_actions.move(row, JointAction.State.PLANNING, by, reason)
    known = {reader.pk for reader in readers}
    new = people.of_organisation(part.organisation, but=by)
    readers += [reader for reader in new if reader.pk not in known]
    mails.lead_changed(part, readers=readers)


def _end_offers(row: JointAction, *, by: User) -> bool:
    offered = list(row.participations.exclude(lead_offered_at=None))
    for part in offered:
        part.lead_offered_at = None
        partners.save(part, by=by, reason=gettext_lazy("Angebot der Leitung beendet"))
    return bool(offered)
