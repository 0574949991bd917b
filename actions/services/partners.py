"""Who takes part in an action: asked by the lead, or asking; each organisation agrees for itself.

Every function locks the action's row first, so that two people who decide at the same moment come
one after the other. Nobody but an organisation's own representatives says yes for it; the officer
can invite, decline, remove and hand the lead over, not accept.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from actions.emails import partners as mails
from actions.models import JointAction, Participation
from actions.models.joint_actions import ParticipationQuerySet
from actions.services import contributions, joint_actions, people
from core import history, limits
from core.errors import Refused
from organisations.models import Organisation

Role, State = Participation.Role, Participation.State

# More than the largest network brings together.
MOST = 200
# Who can still come in, and in which order they are shown.
ORDER = (State.CONFIRMED, State.ASKED, State.INVITED, State.DECLINED, State.LEFT)
OPEN = frozenset({JointAction.State.IDEA, JointAction.State.PLANNING, JointAction.State.CONFIRMED})


# --- Who is there ---------------------------------------------------------------------------------
def shown(action: JointAction) -> list[Participation]:
    """Return all who take part, are asked or were, with their organisations: the lead first."""
    rows = action.participations.select_related("organisation")
    return sorted(
        rows,
        key=lambda row: (
            ORDER.index(State(row.state)),
            row.role != Role.LEAD,
            row.organisation.name.casefold(),
            row.pk,
        ),
    )


def lead_of(action: JointAction) -> Participation | None:
    """Return the part of the organisation that leads, None while nobody does."""
    return action.participations.select_related("organisation").filter(role=Role.LEAD).first()


def invitations_for(user: Any) -> ParticipationQuerySet:
    """Return what a person's organisations are invited to and have not answered."""
    return open_for(user).filter(state=State.INVITED)


def askings_for(user: Any) -> ParticipationQuerySet:
    """Return who asks to take part in what a person leads."""
    return _open().filter(state=State.ASKED, action__in=JointAction.objects.led_by(user))


def invitable(action: JointAction) -> Any:
    """Return the organisations that could be invited, by name."""
    there = action.participations.filter(
        state__in=[State.INVITED, State.ASKED, State.CONFIRMED]
    ).values("organisation")
    return Organisation.objects.public().exclude(pk__in=there).order_by("name", "pk")


def is_open(action: JointAction) -> bool:
    """Whether organisations can still join."""
    return action.state in OPEN


def _open() -> ParticipationQuerySet:
    return Participation.objects.filter(action__state__in=OPEN).order_by("-state_since", "pk")


def open_for(user: Any) -> ParticipationQuerySet:
    return _open().filter(organisation__in=Organisation.objects.of(user).public())


# --- The lead and the officer ---------------------------------------------------------------------
def invite(
    *, action: JointAction, organisation: Organisation, by: User, message: str = ""
) -> Participation:
    """Invite an organisation; who has asked already is in by that.

    Who is invited or takes part already is left alone. Who has said no or left can be asked again,
    a few times a day.

    :param message: a word to them, at most 500 characters.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: if the action is over, the organisation is not active, or it is too much.
    """
    require_decider(action, by)
    found = action.participations.filter(organisation=organisation).first()
    if found is not None and found.state in {State.INVITED, State.CONFIRMED}:
        return found
    # Counted before the transaction; see `core.limits`.
    if not limits.allow(f"{action.pk}:{organisation.pk}", action="partner_mail"):
        raise Refused(
            _("„%(name)s“ hat heute schon mehrere E-Mails zu dieser Aktion bekommen.")
            % {"name": organisation.name}
        )
    with transaction.atomic():
        row = joint_actions.lock(action)
        require_decider(row, by)
        _require_open(row)
        require_active(organisation)
        part = part_of(row, organisation)
        if part.state in {State.INVITED, State.CONFIRMED}:
            return part
        if part.state == State.ASKED:
            _admit(part, by)
            return part
        if part.pk is None and row.participations.count() >= MOST:
            raise Refused(_("Mehr Organisationen kann eine Aktion nicht aufnehmen."))
        part.message = message
        change(part, State.INVITED, by=by, reason=gettext_lazy("Eingeladen"))
        lead = lead_of(row)
        readers = people.of_organisation(organisation, but=by)
        mails.invited(part, lead=lead.organisation.name if lead else "", readers=readers)
        return part


def invite_all(
    *, action: JointAction, organisations: Iterable[Organisation], by: User, message: str = ""
) -> list[Participation]:
    """Invite several organisations; those that cannot be invited are left out.

    :return: the parts of those that are invited or in now.
    :raises PermissionDenied: for anybody but the lead and the officer.
    """
    require_decider(action, by)
    found = []
    for organisation in organisations:
        try:
            found.append(invite(action=action, organisation=organisation, by=by, message=message))
        except Refused:
            continue
    return found


@transaction.atomic
def admit(*, action: JointAction, organisation: Organisation, by: User) -> bool:
    """Say yes to an organisation that has asked; it takes part from now on.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: if it has not asked, or not any more, or the action is over.
    """
    row = joint_actions.lock(action)
    require_decider(row, by)
    part = part_of(row, organisation)
    if part.state == State.CONFIRMED:
        return False
    _require_open(row)
    if part.state != State.ASKED:
        raise Refused(_("„%(name)s“ fragt nicht mehr an.") % {"name": organisation.name})
    _admit(part, by)
    return True


def _admit(part: Participation, by: User) -> None:
    change(part, State.CONFIRMED, by=by, reason=gettext_lazy("Anfrage angenommen"))
    readers = people.of_organisation(part.organisation, but=by)
    mails.decided(part, what=mails.ADMITTED, message="", readers=readers)


@transaction.atomic
def remove(*, action: JointAction, organisation: Organisation, by: User, message: str = "") -> bool:
    """Take an organisation out, or an invitation back; it loses access at once.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: for the organisation that leads.
    """
    row = joint_actions.lock(action)
    require_decider(row, by)
    part = part_of(row, organisation)
    if part.state not in {State.INVITED, State.CONFIRMED}:
        return False
    _require_no_lead(part)
    _end(part, State.LEFT, by=by, reason=gettext_lazy("Herausgenommen"))
    readers = people.of_organisation(organisation, but=by)
    mails.decided(part, what=mails.REMOVED, message=message, readers=readers)
    return True


# --- Every organisation for itself ----------------------------------------------------------------
def ask(
    *, action: JointAction, organisation: Organisation, by: User, message: str = ""
) -> Participation:
    """Ask to take part; who is invited already accepts by that.

    :param organisation: one the person speaks for.
    :param message: a word to the lead, at most 500 characters.
    :raises PermissionDenied: unless the person speaks for it and may see the action.
    :raises Refused: if the action is over, the organisation is not active, or it is too much.
    """
    require_voice(organisation, by)
    if not JointAction.objects.visible_to(by).filter(pk=action.pk).exists():
        raise PermissionDenied
    found = action.participations.filter(organisation=organisation).first()
    if found is not None and found.state in {State.ASKED, State.CONFIRMED}:
        return found
    if not limits.allow(f"{action.pk}:{organisation.pk}:asks", action="partner_mail"):
        raise Refused(_("Sie haben heute schon mehrmals gefragt. Bitte versuchen Sie es morgen."))
    with transaction.atomic():
        row = joint_actions.lock(action)
        _require_open(row)
        require_active(organisation)
        part = part_of(row, organisation)
        if part.state in {State.ASKED, State.CONFIRMED}:
            return part
        if part.state == State.INVITED:
            _accept(part, by)
            return part
        if part.pk is None and row.participations.count() >= MOST:
            raise Refused(_("Mehr Organisationen kann eine Aktion nicht aufnehmen."))
        part.message = message
        change(part, State.ASKED, by=by, reason=gettext_lazy("Möchte mitmachen"))
        # Nobody leads yet: then the team answers.
        mails.asks(part, readers=people.of_lead(row, but=by) or joint_actions.officers())
        return part


@transaction.atomic
def accept(*, action: JointAction, organisation: Organisation, by: User) -> bool:
    """Say yes to an invitation, for one's own organisation.

    :return: whether anything changed.
    :raises PermissionDenied: unless the person speaks for it.
    :raises Refused: if it is not invited (any more), not active, or the action is over.
    """
    require_voice(organisation, by)
    row = joint_actions.lock(action)
    part = part_of(row, organisation)
    if part.state == State.CONFIRMED:
        return False
    _require_open(row)
    require_active(organisation)
    if part.state != State.INVITED:
        raise Refused(_("Diese Einladung gilt nicht mehr. Sie können aber fragen."))
    _accept(part, by)
    return True


def _accept(part: Participation, by: User) -> None:
    change(part, State.CONFIRMED, by=by, reason=gettext_lazy("Zugesagt"))
    readers = people.of_lead(part.action, but=by)
    mails.news(part, what=mails.ACCEPTED, message="", readers=readers)


@transaction.atomic
def decline(
    *, action: JointAction, organisation: Organisation, by: User, message: str = ""
) -> bool:
    """Say no: an organisation to its invitation or its own wish, the lead to one that has asked.

    :param message: why, at most 500 characters; it goes to the other side.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody who speaks for neither.
    :raises Refused: if the organisation takes part already; then it leaves or is removed.
    """
    row = joint_actions.lock(action)
    part = part_of(row, organisation)
    is_own = _speaks(organisation, by)
    if not is_own and not (_decides(row, by) and part.state != State.INVITED):
        raise PermissionDenied
    if part.pk is None or part.state in {State.DECLINED, State.LEFT}:
        return False
    if part.state == State.CONFIRMED:
        raise Refused(_("„%(name)s“ macht schon mit.") % {"name": organisation.name})
    was_asked = part.state == State.ASKED
    if not is_own:
        _end(part, State.DECLINED, by=by, reason=gettext_lazy("Anfrage abgelehnt"))
        readers = people.of_organisation(organisation, but=by)
        mails.decided(part, what=mails.DECLINED, message=message, readers=readers)
        return True
    reason = gettext_lazy("Anfrage zurückgenommen") if was_asked else gettext_lazy("Abgesagt")
    _end(part, State.LEFT if was_asked else State.DECLINED, by=by, reason=reason)
    what = mails.WITHDRAWN if was_asked else mails.REFUSED
    mails.news(part, what=what, message=message, readers=people.of_lead(row, but=by))
    return True


@transaction.atomic
def leave(*, action: JointAction, organisation: Organisation, by: User, message: str = "") -> bool:
    """Stop taking part; what was promised and is not done becomes open again.

    :param message: why, at most 500 characters; the lead gets it.
    :return: whether anything changed.
    :raises PermissionDenied: unless the person speaks for the organisation.
    :raises Refused: for the organisation that leads.
    """
    require_voice(organisation, by)
    row = joint_actions.lock(action)
    part = part_of(row, organisation)
    if part.state != State.CONFIRMED:
        return False
    _require_no_lead(part)
    _end(part, State.LEFT, by=by, reason=gettext_lazy("Nicht mehr dabei"))
    readers = people.of_lead(row, but=by)
    mails.news(part, what=mails.LEFT, message=message, readers=readers)
    return True


# --- What they share ------------------------------------------------------------------------------
def part_of(row: JointAction, organisation: Organisation) -> Participation:
    """Return the organisation's part, a new one if it has none yet."""
    found = row.participations.filter(organisation=organisation).first()
    part = found or Participation(action=row, organisation=organisation, state="")
    part.action, part.organisation = row, organisation
    return part


def _speaks(organisation: Organisation, by: User) -> bool:
    return Organisation.objects.of(by).filter(pk=organisation.pk).exists()


def _decides(action: JointAction, by: User) -> bool:
    return JointAction.objects.manageable_by(by).filter(pk=action.pk).exists()


def require_voice(organisation: Organisation, by: User) -> None:
    if not _speaks(organisation, by):
        raise PermissionDenied


def require_decider(action: JointAction, by: User) -> None:
    if not _decides(action, by):
        raise PermissionDenied


def _require_open(row: JointAction) -> None:
    if row.state == JointAction.State.CANCELLED:
        raise Refused(_("Diese Aktion ist abgesagt."))
    if row.state not in OPEN:
        raise Refused(_("Diese Aktion ist vorbei."))


def require_active(organisation: Organisation) -> None:
    if not Organisation.objects.public().filter(pk=organisation.pk).exists():
        raise Refused(
            _("„%(name)s“ ist im Netzwerk zurzeit nicht aktiv.") % {"name": organisation.name}
        )


def _require_no_lead(part: Participation) -> None:
    if part.role == Role.LEAD:
        raise Refused(
            _(
                "„%(name)s“ leitet diese Aktion. Übergeben Sie zuerst die Leitung, oder sagen Sie "
                "die Aktion ab."
            )
            % {"name": part.organisation.name}
        )


def _end(part: Participation, state: str, *, by: User, reason: Promise) -> None:
    contributions.release(action=part.action, organisation=part.organisation, by=by)
    part.lead_offered_at = None
    change(part, state, by=by, reason=reason)


def change(part: Participation, state: str, *, by: User, reason: Promise) -> None:
    part.state, part.state_since, part.by = state, timezone.now(), by
    save(part, by=by, reason=reason)


def save(part: Participation, *, by: User, reason: Promise) -> None:
    history.note(part, by=by, reason=reason)
    part.save()
