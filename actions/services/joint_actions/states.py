"""An action's states: given to the officer, confirmed, taken back, cancelled, done."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from actions.emails import joint_actions as emails
from actions.models import JointAction, Participation, may_confirm
from actions.services import people
from core import limits
from core.errors import Refused
from organisations.models import Organisation

from .checks import missing
from .rows import (
    follow,
    is_over,
    lock,
    lock_for_office,
    make_lead,
    move,
    officers,
    refuse,
    refuse_cancelled,
    require_lead,
    require_manager,
    save,
    tell,
    to_be_told,
)

State = JointAction.State
NOTE_LENGTH = 1000


def submit(*, action: JointAction, by: User) -> bool:
    """Give an action to the officer, who checks and confirms it; she gets a mail.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: if something is missing, or it is not in planning.
    """
    # Whoever gives it to her again and again fills the officer's desk at most, not her mailbox.
    tells_the_office = (
        not may_confirm(by)
        and not action.is_waiting
        and not missing(action)
        and limits.allow("", action="mails_to_the_office")
    )
    with transaction.atomic():
        row = lock(action)
        require_manager(row, by)
        if row.is_waiting or row.state in {State.CONFIRMED, State.DONE}:
            follow(action, row)
            return False
        refuse_cancelled(row)
        refuse({one.name: one.text for one in missing(row)})
        row.submitted_at = timezone.now()
        row.returned_note = ""
        save(row, by, gettext_lazy("Zum Prüfen gegeben"))
        follow(action, row)
        if tells_the_office:
            emails.submitted(row, by=by, readers=officers())
    return True


@transaction.atomic
def withdraw(*, action: JointAction, by: User) -> bool:
    """Take an action back from the officer before she has decided.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the lead and the officer.
    """
    row = lock(action)
    require_manager(row, by)
    if not row.is_waiting:
        follow(action, row)
        return False
    row.submitted_at = None
    save(row, by, gettext_lazy("Nicht mehr zum Prüfen"))
    follow(action, row)
    return True


@transaction.atomic
def confirm(*, action: JointAction, by: User) -> bool:
    """Make an action public; all who take part get a mail.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if something is missing, or it is cancelled.
    """
    row = lock_for_office(action, by)
    if row.state in {State.CONFIRMED, State.DONE}:
        follow(action, row)
        return False
    refuse_cancelled(row)
    refuse({one.name: one.text for one in missing(row)})
    row.submitted_at, row.returned_note = None, ""
    row.published_at = timezone.now()
    row.sequence += 1
    move(row, State.CONFIRMED, by, gettext_lazy("Bestätigt"))
    follow(action, row)
    emails.confirmed(row, by=by, readers=to_be_told(row, but=by))
    tell(row, {"confirmed"}, by)
    return True


@transaction.atomic
def return_to_lead(*, action: JointAction, note: str, by: User) -> bool:
    """Ask the lead back; it reads the question in a mail and on the action's page.

    :param note: the question, at most `NOTE_LENGTH` characters.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: without a question, or if it is not in planning.
    """
    row = lock_for_office(action, by)
    note = note.strip()[:NOTE_LENGTH]
    if not note:
        raise Refused(_("Bitte schreiben Sie, was Sie wissen möchten."))
    if row.state != State.PLANNING:
        raise Refused(
            _("Zu dieser Aktion kann man nicht mehr zurückfragen. Der Stand ist „%(state)s“.")
            % {"state": row.get_state_display()}
        )
    if row.submitted_at is None and row.returned_note == note:
        follow(action, row)
        return False
    row.submitted_at, row.returned_note = None, note
    save(row, by, gettext_lazy("Rückfrage"))
    follow(action, row)
    emails.returned(row, by=by, readers=people.of_lead(row, but=by))
    return True


@transaction.atomic
def take_back(*, action: JointAction, by: User, reason: str = "") -> bool:
    """Let an action vanish from all public pages at once; it is in planning again.

    A cancelled one stays cancelled, but nobody outside sees it any more.

    :param reason: what those who take part read.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    """
    row = lock_for_office(action, by)
    if not row.is_public:
        follow(action, row)
        return False
    row.published_at, row.returned_note = None, reason.strip()[:NOTE_LENGTH]
    row.sequence += 1
    state = State.CANCELLED if row.is_cancelled else State.PLANNING
    move(row, state, by, gettext_lazy("Zurückgenommen"))
    follow(action, row)
    emails.taken_back(row, reason=reason, by=by, readers=to_be_told(row, but=by))
    tell(row, {"taken_back"}, by)
    return True


@transaction.atomic
def cancel(*, action: JointAction, reason: str, by: User) -> bool:
    """Cancel an action; all who take part get a mail, and a public one stays as cancelled.

    :param reason: what those who take part read, and on a public action everybody.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: if it has taken place.
    """
    row = lock(action)
    require_manager(row, by)
    if row.is_cancelled:
        follow(action, row)
        return False
    if row.state == State.DONE or (row.is_public and is_over(row)):
        raise Refused(_("Die Aktion ist vorbei. Sie kann nicht mehr abgesagt werden."))
    row.cancel_reason = reason.strip()[:NOTE_LENGTH]
    row.submitted_at = None
    row.sequence += 1
    move(row, State.CANCELLED, by, gettext_lazy("Abgesagt"))
    follow(action, row)
    emails.cancelled(row, by=by, readers=to_be_told(row, but=by))
    tell(row, {"cancelled"}, by)
    return True


@transaction.atomic
def reopen(*, action: JointAction, by: User) -> bool:
    """Plan a cancelled action after all; it is not public until it is confirmed again.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    """
    row = lock_for_office(action, by)
    if not row.is_cancelled:
        follow(action, row)
        return False
    was_public = row.is_public
    row.published_at, row.cancel_reason = None, ""
    row.sequence += 1
    has_lead = row.participations.filter(role=Participation.Role.LEAD).exists()
    state = State.PLANNING if has_lead else State.IDEA
    move(row, state, by, gettext_lazy("Absage aufgehoben"))
    follow(action, row)
    if was_public:
        tell(row, {"taken_back"}, by)
    return True


@transaction.atomic
def finish(*, action: JointAction, by: User | None = None) -> bool:
    """Note that an action has taken place.

    :param by: None for the portal itself, when all dates are over.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: if it is not confirmed, or a date is still to come.
    """
    row = lock(action)
    if by is not None:
        require_manager(row, by)
    if row.state == State.DONE:
        follow(action, row)
        return False
    if row.state != State.CONFIRMED:
        raise Refused(_("Nur eine bestätigte Aktion kann stattgefunden haben."))
    if not is_over(row):
        raise Refused(_("Ein Termin ist noch nicht vorbei."))
    move(row, State.DONE, by, gettext_lazy("Hat stattgefunden"))
    follow(action, row)
    return True


def finish_due() -> dict[str, int]:
    """Note of all actions whose last date is over that they have taken place; a daily job."""
    confirmed = JointAction.objects.filter(state=State.CONFIRMED)
    over = confirmed.exclude(pk__in=JointAction.objects.coming().values("pk"))
    number = 0
    for action in over.filter(dates__isnull=False).distinct().order_by("pk"):
        try:
            number += finish(action=action)
        except Refused:
            continue  # moved or taken back this very moment
    return {"done": number}


@transaction.atomic
def take_up(*, action: JointAction, organisation: Organisation, by: User) -> bool:
    """Let an organisation lead an action nobody leads yet.

    :return: whether anything changed.
    :raises PermissionDenied: unless the person speaks for the organisation, or is the officer.
    :raises Refused: if somebody else leads it by now, or it is cancelled.
    """
    row = lock(action)
    require_lead(organisation, by)
    lead = row.participations.filter(role=Participation.Role.LEAD).first()
    if lead is not None and lead.organisation_id == organisation.pk:
        follow(action, row)
        return False
    refuse_cancelled(row)
    if lead is not None or row.state != State.IDEA:
        raise Refused(_("Diese Aktion leitet schon eine andere Organisation."))
    reason = gettext_lazy("Leitung übernommen")
    make_lead(row, organisation, by, reason)
    move(row, State.PLANNING, by, reason)
    follow(action, row)
    return True


def draft(
    name: str, action: JointAction, *, by: User, language: str, reason: str = ""
) -> tuple[str, str]:
    """Return subject and text of the mail about a decision, to be read before it goes out.

    :param name: one of `emails.CONFIRMED`, `RETURNED`, `TAKEN_BACK` and `CANCELLED`.
    :param reason: the officer's question, or her reason.
    """
    return emails.draft(name, action, by=by, language=language, reason=reason)
