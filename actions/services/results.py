"""What came of an action: written down afterwards by its lead, and asked for once.

The lead and the officer write it; two of them at once lose nothing (`organisations.editing.merge`).
"""

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from actions.emails import results as emails
from actions.models import ActionResult, JointAction, Participation
from actions.services import joint_actions, people
from core import history
from core.errors import Refused
from core.models import OutboxMessage
from organisations.services import reach
from organisations.services.editing import comparable, merge

State = JointAction.State

FIELDS = ("visitors", "summary", "worked", "to_improve")
EMPTY: dict[str, Any] = {"visitors": None, "summary": "", "worked": "", "to_improve": ""}
# The day after, everybody is still putting tables away.
ASK_AFTER = datetime.timedelta(days=3)
# Of what is longer ago the office asks by itself.
ASK_UNTIL = datetime.timedelta(days=60)


def may_write(user: User, action: JointAction) -> bool:
    """Whether a person writes the result of an action: its lead, and the officer."""
    return JointAction.objects.manageable_by(user).filter(pk=action.pk).exists()


def not_yet(action: JointAction) -> str:
    """Return why nothing can be said yet of what came of an action, or ""."""
    if action.state == State.CANCELLED:
        return _("Die Aktion ist abgesagt.")
    if action.state not in {State.CONFIRMED, State.DONE}:
        return _("Die Aktion ist noch nicht bestätigt.")
    if action.state == State.CONFIRMED and action.dates.filter(ends_at__gt=timezone.now()).exists():
        return _("Die Aktion ist noch nicht vorbei.")
    return ""


def of(action: JointAction) -> ActionResult:
    """Return an action's result; an unsaved and empty one of version 0 if there is none."""
    found = ActionResult.objects.filter(action=action).first()
    return found or ActionResult(action=action, version=0)


def save(
    *, action: JointAction, values: Mapping[str, Any], seen_version: int, by: User
) -> ActionResult:
    """Write down what came of an action; one that is over is done by that.

    :param values: new values by name of the field, of `FIELDS`; what is not named stays.
    :param seen_version: `ActionResult.version` when the person began to write; 0 if there was none.
    :return: the result; unchanged if nothing differs.
    :raises PermissionDenied: for anybody but the lead and the officer.
    :raises Refused: if it is not over, or nothing at all is said.
    :raises Conflict: if somebody else has changed the same fields to something else; nothing is
        saved then.
    """
    if unknown := set(values) - set(FIELDS):
        raise ValueError(f"Not part of a result: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        row = JointAction.objects.select_for_update().get(pk=action.pk)
        if not may_write(by, row):
            raise PermissionDenied
        if problem := not_yet(row):
            raise Refused(problem)
        result = of(row)
        present = {name: comparable(getattr(result, name)) for name in values}
        changes = merge(
            mine={name: comparable(value) for name, value in values.items()},
            theirs=present,
            seen=present if result.version == seen_version else _as_of(result, seen_version),
            version=result.version,
        )
        if not changes and result.pk is None:
            raise Refused(_("Bitte schreiben Sie wenigstens, wie viele Menschen da waren."))
        if changes:
            for name in changes:
                setattr(result, name, values[name])
            result.version += 1
            result.by = by
            history.note(result, by=by, reason=gettext_lazy("Ergebnis eingetragen"))
            result.save()
        if row.state == State.CONFIRMED:
            joint_actions.finish(action=row, by=by)
    return result


def _as_of(result: ActionResult, version: int) -> dict[str, Any] | None:
    """Return what the result said in an earlier version, None if the history does not know."""
    if version == 0:
        return EMPTY
    if result.pk is None:
        return None
    entry = result.history.filter(version=version).order_by("-history_id").first()
    return entry and {name: comparable(getattr(entry, name)) for name in FIELDS}


# --- Asking for it --------------------------------------------------------------------------------
def without(now: datetime.datetime | None = None) -> QuerySet[Any]:
    """Return the actions that are over and of which nobody has said what came of them."""
    return (
        JointAction.objects.filter(state__in=[State.CONFIRMED, State.DONE], result=None)
        .annotate(last_end=Max("dates__ends_at"))
        .filter(Q(state=State.DONE) | Q(last_end__lte=now or timezone.now()))
    )


def remind_due() -> dict[str, int]:
    """Ask the leads of actions that ended three days ago; each is a transaction of its own.

    :return: how many actions came to what.
    """
    now = timezone.now()
    due = without(now).filter(last_end__range=(now - ASK_UNTIL, now - ASK_AFTER))
    return dict(reach.take(ask, due.order_by("last_end", "pk")))


@transaction.atomic
def ask(pk: int) -> str:
    """Ask the lead of one action, unless it has been asked or has answered meanwhile."""
    action = JointAction.objects.select_for_update().get(pk=pk)
    last_end = action.dates.aggregate(last=Max("ends_at"))["last"]
    if not_yet(action) or last_end is None or ActionResult.objects.filter(action=action).exists():
        return "not due"
    # Of an action that was repeated later one may ask again.
    cause = emails.cause(action, timezone.localdate(last_end))
    if OutboxMessage.objects.filter(key__startswith=f"{cause}:").exists():
        return "asked before"
    to = readers(action)
    for reader in to:
        emails.due(action, reader=reader, last_day=timezone.localdate(last_end))
    return "asked" if to else "nobody to write to"


def readers(action: JointAction) -> list[User]:
    """Return who is asked: those who speak for the lead, as long as that is active."""
    leads = Participation.objects.public().filter(action=action, role=Participation.Role.LEAD)
    return people.of_lead(action) if leads.exists() else []
