"""Who speaks for an organisation: invitations, roles, hand-over, leaving, requests for access.

Every function locks the organisation's row first: two managers who leave at the same moment come
one after the other, and the second is told that somebody has to stay.
"""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User, normalise_email
from core import history, limits, tokens
from core.errors import Refused
from organisations.emails import people as mails
from organisations.models import (
    AccessRequest,
    Organisation,
    Representative,
    RepresentativeInvitation,
)
from organisations.services import decisions

Role = Representative.Role

INVITATION_DAYS = 14
INVITATIONS_AT_ONCE = 20
INVITATIONS_OPEN = 40
REQUESTS_OPEN = 5


# --- Invitations ----------------------------------------------------------------------------------
def invite(
    *, organisation: Organisation, emails: list[str], role: str, by: User, language: str
) -> list[RepresentativeInvitation]:
    """Invite people by e-mail to speak for an organisation.

    Somebody who speaks for it already, or has an open invitation with this role, is left alone. To
    an address that others have flooded no mail goes; the invitation is there to be sent later, and
    nobody is told what others do.

    :param emails: up to `INVITATIONS_AT_ONCE` valid addresses.
    :param role: a value of `Representative.Role`.
    :param language: of the mail, for addresses without an account; others get theirs.
    :return: the new invitations.
    :raises PermissionDenied: if `by` does not manage the organisation.
    :raises Refused: if there are too many, in all or from this organisation to one address.
    """
    addresses = list(dict.fromkeys(normalise_email(email) for email in emails))
    if len(addresses) > INVITATIONS_AT_ONCE:
        raise Refused(
            _("Bitte laden Sie höchstens %(number)s Personen auf einmal ein.")
            % {"number": INVITATIONS_AT_ONCE}
        )
    if not _manages(organisation, by):
        raise PermissionDenied
    # Limits count outside the transaction: what it takes back would be forgotten there.
    to_invite = _still_to_invite(organisation, addresses, role)[0]
    reached = _keep_within_limits(organisation, to_invite, by)
    with transaction.atomic():
        row = _managed(organisation, by)
        wanted, waiting = _still_to_invite(row, addresses, role)
        now = timezone.now()
        number = sum(invitation.is_open(now) for invitation in waiting.values())
        if number + len(set(wanted) - set(waiting)) > INVITATIONS_OPEN:
            raise Refused(
                _(
                    "Es sind schon sehr viele Einladungen offen. "
                    "Bitte ziehen Sie einige zurück oder warten Sie auf Antworten."
                )
            )
        return [
            _send(
                waiting.get(address) or RepresentativeInvitation(organisation=row, email=address),
                role=role,
                by=by,
                language=language,
                by_mail=address in reached,
            )
            for address in wanted
        ]


def resend(*, invitation: RepresentativeInvitation, by: User, language: str) -> bool:
    """Send an open or expired invitation again, with a new link; the old link ends.

    :return: False if it has been accepted or withdrawn meanwhile.
    :raises PermissionDenied: if `by` does not manage the organisation.
    :raises Refused: if the organisation has sent enough of them for now.
    """
    if not _manages(invitation.organisation, by):
        raise PermissionDenied
    reached = _keep_within_limits(invitation.organisation, [invitation.email], by)
    with transaction.atomic():
        _managed(invitation.organisation, by)
        row = RepresentativeInvitation.objects.select_for_update().get(pk=invitation.pk)
        if row.accepted_at or row.withdrawn_at:
            return False
        _send(row, role=row.role, by=by, language=language, by_mail=row.email in reached)
        return True


@transaction.atomic
def withdraw(*, invitation: RepresentativeInvitation, by: User) -> bool:
    """Take an invitation back; its link ends. False if it is over already.

    :raises PermissionDenied: if `by` does not manage the organisation.
    """
    _managed(invitation.organisation, by)
    row = RepresentativeInvitation.objects.select_for_update().get(pk=invitation.pk)
    if row.accepted_at or row.withdrawn_at:
        return False
    row.withdrawn_at = timezone.now()
    row.save(update_fields=["withdrawn_at"])
    return True


def invitation_for(token: str) -> RepresentativeInvitation | None:
    """Return the invitation a link's token belongs to, whatever has become of it."""
    return (
        RepresentativeInvitation.objects.filter(token_hash=tokens.hash_token(token))
        .select_related("organisation", "invited_by")
        .first()
    )


@transaction.atomic
def accept_invitation(*, invitation: RepresentativeInvitation, user: User) -> Representative:
    """Make the invited person a representative; a second time returns the same row.

    :param user: logged in with the invited address.
    :raises PermissionDenied: if the invitation was sent to another address.
    :raises Refused: if it has expired, was withdrawn, or the organisation is archived.
    """
    if normalise_email(user.email) != invitation.email:
        raise PermissionDenied
    organisation = Organisation.objects.select_for_update().get(pk=invitation.organisation_id)
    row = RepresentativeInvitation.objects.select_for_update().get(pk=invitation.pk)
    existing = Representative.objects.filter(organisation=organisation, user=user).first()
    if row.accepted_at and existing:
        return existing
    if not row.is_open(timezone.now()) or organisation.state == Organisation.State.ARCHIVED:
        raise Refused(_("Diese Einladung gilt nicht mehr."))
    row.accepted_at = timezone.now()
    row.save(update_fields=["accepted_at"])
    if existing:
        # An invitation can lift a role, never lower it.
        if row.role == Role.MANAGER and existing.role != Role.MANAGER:
            _set_role(existing, Role.MANAGER, by=user, reason=gettext_lazy("Einladung angenommen"))
        return existing
    representative = _add(
        organisation, user, row.role, by=user, reason=gettext_lazy("Einladung angenommen")
    )
    mails.invitation_accepted(representative, readers=_managers(organisation, but=user))
    return representative


# --- Roles ----------------------------------------------------------------------------------------
@transaction.atomic
def change_role(*, representative: Representative, role: str, by: User) -> bool:
    """Give a representative another role and tell them.

    :return: whether anything changed.
    :raises PermissionDenied: if `by` does not manage the organisation.
    :raises Refused: if nobody would manage the organisation any more.
    """
    organisation = _managed(representative.organisation, by)
    row = Representative.objects.select_related("user").get(pk=representative.pk)
    if row.role == role:
        return False
    if role != Role.MANAGER:
        _someone_else_manages(organisation, row)
    _set_role(row, role, by=by, reason=gettext_lazy("Rolle geändert"))
    if row.user_id != by.pk:
        if role != Role.MANAGER:
            _end_invitations_of(row)
        mails.role_changed(row, by=by)
    return True


@transaction.atomic
def hand_over(*, organisation: Organisation, to: Representative, by: User) -> bool:
    """Make somebody else manager; whoever hands over keeps the right to edit.

    :param to: a representative of the organisation.
    :return: whether anything changed.
    :raises PermissionDenied: if `by` is not a manager of the organisation.
    """
    locked = _managed(organisation, by)
    mine = Representative.objects.filter(organisation=locked, user=by, role=Role.MANAGER).first()
    target = Representative.objects.select_related("user").get(pk=to.pk, organisation=locked)
    if mine is None:
        raise PermissionDenied
    if target.pk == mine.pk:
        return False
    if target.role != Role.MANAGER:
        _set_role(target, Role.MANAGER, by=by, reason=gettext_lazy("Verwaltung übergeben"))
    _set_role(mine, Role.EDITOR, by=by, reason=gettext_lazy("Verwaltung übergeben"))
    mails.handed_over(target, by=by)
    return True


@transaction.atomic
def take_over(*, organisation: Organisation, user: User) -> bool:
    """Make somebody who speaks for an organisation manage it, beside managers who seem to be gone.

    For `services.succession`, which has asked them; nobody else loses a role.

    :return: whether anything changed.
    :raises Refused: if the person does not speak for the organisation any more.
    """
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    row = Representative.objects.filter(organisation=locked, user=user).first()
    if row is None or locked.state == Organisation.State.ARCHIVED:
        raise Refused(_("Sie vertreten „%(name)s“ nicht mehr.") % {"name": locked.name})
    if row.role == Role.MANAGER:
        return False
    _set_role(row, Role.MANAGER, by=user, reason=gettext_lazy("Verwaltung übernommen"))
    return True


@transaction.atomic
def leave(*, organisation: Organisation, user: User) -> bool:
    """End one's own representation; False if there is none.

    :raises Refused: if nobody would manage the organisation any more.
    """
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    row = Representative.objects.filter(organisation=locked, user=user).first()
    if row is None:
        return False
    _someone_else_manages(locked, row)
    _end(row, by=user, reason=gettext_lazy("Selbst ausgetreten"))
    mails.left(locked, name=str(user), readers=_managers(locked, but=user))
    return True


@transaction.atomic
def remove(*, representative: Representative, by: User) -> bool:
    """End somebody's representation and tell them; False if it is over already.

    The officer may remove the last manager too (an account in the wrong hands); requests for access
    then come to her.

    :raises PermissionDenied: if `by` does not manage the organisation.
    :raises Refused: if a manager would leave the organisation without one.
    """
    organisation = _managed(representative.organisation, by)
    row = Representative.objects.select_related("user").filter(pk=representative.pk).first()
    if row is None:
        return False
    if not decisions.may_decide(by):
        _someone_else_manages(organisation, row)
    _end(row, by=by, reason=gettext_lazy("Entfernt"))
    if row.user_id != by.pk:
        _end_invitations_of(row)
        mails.removed(organisation, reader=row.user)
    return True


# --- Requests for access --------------------------------------------------------------------------
def request_access(*, organisation: Organisation, user: User, message: str) -> AccessRequest:
    """Ask to speak for an organisation that is listed already.

    :return: the open request; asking again while it is open returns the same one.
    :raises Refused: if the person speaks for it, the organisation is not public, or it is too much.
    """
    open_requests = AccessRequest.objects.filter(user=user, state=AccessRequest.State.OPEN)
    mine = open_requests.filter(organisation=organisation).first()
    if mine is not None:
        return mine
    if open_requests.count() >= REQUESTS_OPEN or not limits.allow(
        f"user:{user.pk}", action="access_request"
    ):
        raise Refused(
            _("Sie haben schon mehrere Anfragen gestellt. Bitte warten Sie auf die Antworten.")
        )
    # Many accounts together flood nobody: the request itself stands on the organisation's page and
    # on the officer's desk, mail or not.
    tells = limits.allow(f"organisation:{organisation.pk}", action="mails_about_access") and (
        bool(_managers(organisation)) or limits.allow("", action="mails_to_the_office")
    )
    with transaction.atomic():
        row = Organisation.objects.select_for_update().public().filter(pk=organisation.pk).first()
        if row is None:
            raise Refused(_("Diese Organisation ist nicht öffentlich."))
        if Representative.objects.filter(organisation=row, user=user).exists():
            raise Refused(_("Sie gehören schon zu dieser Organisation."))
        request, created = AccessRequest.objects.get_or_create(
            organisation=row,
            user=user,
            state=AccessRequest.State.OPEN,
            defaults={"message": message.strip()},
        )
        if created and tells:
            readers = _managers(row) or list(decisions.officers())
            mails.access_requested(request, readers=readers)
        return request


@transaction.atomic
def decide_access(*, request: AccessRequest, by: User, grant: bool) -> bool:
    """Grant or decline a request for access and answer by mail.

    Granted, the person may edit; where nobody manages the organisation, they manage it.

    :return: whether anything changed.
    :raises PermissionDenied: if `by` neither manages the organisation nor decides as the officer.
    :raises Refused: if it was decided the other way before.
    """
    organisation = Organisation.objects.select_for_update().get(pk=request.organisation_id)
    if not (decisions.may_decide(by) or _manages(organisation, by)):
        raise PermissionDenied
    row = AccessRequest.objects.select_for_update().get(pk=request.pk)
    answer = AccessRequest.State.GRANTED if grant else AccessRequest.State.DECLINED
    if row.state == answer:
        return False
    if row.state != AccessRequest.State.OPEN:
        raise Refused(
            _("Die Anfrage von %(person)s ist schon entschieden: %(state)s.")
            % {"person": row.user, "state": row.get_state_display()}
        )
    row.state = answer
    row.decided_at = timezone.now()
    row.decided_by = by
    row.save(update_fields=["state", "decided_at", "decided_by"])
    if not grant:
        mails.access_declined(row)
        return True
    if not Representative.objects.filter(organisation=organisation, user=row.user).exists():
        role = Role.EDITOR if _managers(organisation) else Role.MANAGER
        _add(organisation, row.user, role, by=by, reason=gettext_lazy("Zugangsanfrage angenommen"))
    mails.access_granted(row)
    return True


# --- What they share ------------------------------------------------------------------------------
def _manages(organisation: Organisation, user: User) -> bool:
    return Organisation.objects.managed_by(user).filter(pk=organisation.pk).exists()


def _managed(organisation: Organisation, by: User) -> Organisation:
    """Return the locked organisation if `by` may change who speaks for it."""
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not _manages(row, by):
        raise PermissionDenied
    return row


def _managers(organisation: Organisation, *, but: User | None = None) -> list[User]:
    managing = User.objects.filter(
        is_active=True,
        representations__organisation=organisation,
        representations__role=Role.MANAGER,
    )
    return list(managing.exclude(pk=but.pk) if but else managing)


def _someone_else_manages(organisation: Organisation, representative: Representative) -> None:
    """Refuse to take the last manager away; the organisation's row is locked by the caller."""
    if representative.role != Role.MANAGER:
        return
    others = Representative.objects.filter(organisation=organisation, role=Role.MANAGER)
    if not others.exclude(pk=representative.pk).exists():
        raise Refused(
            _(
                "Jemand muss „%(name)s“ verwalten. "
                "Bitte geben Sie zuerst einer anderen Person die Rolle „Verwaltung“."
            )
            % {"name": organisation.name}
        )


def _still_to_invite(
    organisation: Organisation, addresses: list[str], role: str
) -> tuple[list[str], dict[str, RepresentativeInvitation]]:
    """Return the addresses a mail has to go to, and all open or expired invitations by address."""
    there = set(
        Representative.objects.filter(
            organisation=organisation, user__email__in=addresses
        ).values_list("user__email", flat=True)
    )
    waiting = {
        invitation.email: invitation
        for invitation in RepresentativeInvitation.objects.filter(
            organisation=organisation, accepted_at=None, withdrawn_at=None
        )
    }
    now = timezone.now()
    done = {
        invitation.email
        for invitation in waiting.values()
        if invitation.is_open(now) and invitation.role == role
    }
    return [address for address in addresses if address not in there | done], waiting


def _keep_within_limits(organisation: Organisation, addresses: list[str], by: User) -> set[str]:
    """Refuse before anything is sent what is too much of one organisation or person.

    :return: the addresses a mail may go to. Which ones had enough, whoever wrote to them, is for
        nobody to know: it would tell what other organisations do.
    """
    for address in addresses:
        if not limits.allow(f"{organisation.pk}:{address}", action="invitation_to_address"):
            raise Refused(
                _(
                    "An %(address)s haben Sie heute schon mehrere Einladungen geschickt. "
                    "Bitte versuchen Sie es morgen wieder."
                )
                % {"address": address}
            )
        if not limits.allow(f"user:{by.pk}", action="invitation"):
            raise Refused(
                _("Das waren heute sehr viele Einladungen. Bitte versuchen Sie es morgen wieder.")
            )
    return {address for address in addresses if limits.allow(address, action="mail_to_address")}


def _send(
    invitation: RepresentativeInvitation, *, role: str, by: User, language: str, by_mail: bool
) -> RepresentativeInvitation:
    token, token_hash = tokens.new_token()
    if by_mail or not invitation.token_hash:  # a link that no mail follows stays as it is
        invitation.token_hash = token_hash
    invitation.role = role
    invitation.invited_by = by
    invitation.expires_at = timezone.now() + datetime.timedelta(days=INVITATION_DAYS)
    invitation.save()
    if not by_mail:
        return invitation
    account = User.objects.filter(email=invitation.email, is_active=True).first()
    mails.invitation(
        invitation, token=token, by=by, language=account.language if account else language
    )
    return invitation


def _add(
    organisation: Organisation, user: User, role: str, *, by: User, reason: str | Promise
) -> Representative:
    representative = Representative(organisation=organisation, user=user, role=role)
    history.note(representative, by=by, reason=reason)
    representative.save()
    return representative


def _set_role(
    representative: Representative, role: str, *, by: User, reason: str | Promise
) -> None:
    representative.role = role
    history.note(representative, by=by, reason=reason)
    representative.save()


def _end_invitations_of(representative: Representative) -> None:
    """Withdraw what somebody has sent whom others no longer let manage the organisation.

    An invitation to a second address of their own would bring them back.
    """
    RepresentativeInvitation.objects.filter(
        organisation=representative.organisation_id,
        invited_by=representative.user_id,
        accepted_at=None,
        withdrawn_at=None,
    ).update(withdrawn_at=timezone.now())


def _end(representative: Representative, *, by: User, reason: str | Promise) -> None:
    history.note(representative, by=by, reason=reason)
    representative.delete()
