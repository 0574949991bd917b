"""What all verbs about an action have in common: its locked row, who may, and who is told."""

from collections.abc import Mapping
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import staff_who_may
from actions.models import JointAction, Participation, may_confirm
from actions.services import people
from core import history
from core.errors import Refused
from organisations.models import Organisation


class Changed(Protocol):
    def __call__(
        self, action: JointAction, *, what: set[str], by: User | None, dates: set[int]
    ) -> None: ...


# Called in the same transaction, with the locked row as it is afterwards, after every change that
# matters beyond the row: `what` holds some of "date", "place", "title", "capacity", "cancelled",
# "taken_back", "confirmed"; `dates` the keys of those that now begin or end at another time.
# Whatever state the action is in: each handler looks at it itself.
changed_handlers: list[Changed] = []


def lock(action: JointAction) -> JointAction:
    """Return the action's row, locked; everything that belongs to it is locked after it."""
    return JointAction.objects.select_for_update().get(pk=action.pk)


def require_editor(action: JointAction, by: User) -> None:
    """Refuse everybody who does not take part now.

    :raises PermissionDenied: also for those who did when their page was opened.
    """
    if not JointAction.objects.editable_by(by).filter(pk=action.pk).exists():
        raise PermissionDenied


def require_manager(action: JointAction, by: User) -> None:
    """Refuse everybody but the lead and the officer; see `require_editor`."""
    if not JointAction.objects.manageable_by(by).filter(pk=action.pk).exists():
        raise PermissionDenied


def require_lead(organisation: Organisation | None, by: User) -> None:
    """Refuse an organisation that cannot lead an action for this person.

    :param organisation: None stands for "nobody yet", which only the officer may say.
    :raises PermissionDenied: unless it is active and the person's own, or she is the officer.
    """
    allowed = Organisation.objects.public()
    if not may_confirm(by):
        allowed = allowed.of(by)
        if organisation is None:
            raise PermissionDenied
    if organisation is not None and not allowed.filter(pk=organisation.pk).exists():
        raise PermissionDenied


def make_lead(
    row: JointAction, organisation: Organisation, by: User, reason: str | Promise
) -> None:
    """Let an organisation lead an action that nobody leads."""
    part = row.participations.filter(organisation=organisation).first()
    part = part or Participation(action=row, organisation=organisation)
    part.role, part.state = Participation.Role.LEAD, Participation.State.CONFIRMED
    part.state_since, part.by, part.lead_offered_at = timezone.now(), by, None
    history.note(part, by=by, reason=reason)
    part.save()


def is_over(row: JointAction) -> bool:
    """Whether it had dates, and none is still to come."""
    return row.dates.exists() and not row.dates.filter(ends_at__gt=timezone.now()).exists()


def lock_for_office(action: JointAction, by: User) -> JointAction:
    """Return the locked row for the officer.

    :raises PermissionDenied: for anybody else.
    """
    if not may_confirm(by):
        raise PermissionDenied
    return lock(action)


def to_be_told(action: JointAction, *, but: User | None = None) -> list[User]:
    """Return who gets a mail when an action is confirmed, taken back or cancelled."""
    return people.of_action(action, but=but)


def officers() -> Any:
    """Return the accounts that confirm actions."""
    return staff_who_may("actions.change_jointaction")


def refuse(found: Mapping[str, str]) -> None:
    """Refuse with all sentences at once, if there are any."""
    if found:
        raise Refused(" ".join(found.values()))


def refuse_cancelled(row: JointAction) -> None:
    if row.is_cancelled:
        raise Refused(_("Die Aktion ist abgesagt."))


def move(row: JointAction, state: str, by: User | None, reason: str | Promise) -> None:
    """Save a locked row in another state; see `save`."""
    if row.state != state:
        row.state, row.state_since = state, timezone.now()
    save(row, by, reason)


def save(row: JointAction, by: User | None, reason: str | Promise) -> None:
    """Save a locked row as a new version, with who and why in the history."""
    row.version += 1
    history.note(row, by=by, reason=reason)
    row.save()


def follow(action: JointAction, row: JointAction) -> None:
    """Let the caller's object say what the row says now."""
    for name in (
        "state",
        "state_since",
        "submitted_at",
        "returned_note",
        "published_at",
        "cancel_reason",
        "sequence",
        "version",
    ):
        setattr(action, name, getattr(row, name))


def tell(row: JointAction, what: set[str], by: User | None, moved: set[int] | None = None) -> None:
    """Call the `changed_handlers` with the saved row."""
    for handler in changed_handlers:
        handler(row, what=what, by=by, dates=moved or set())
