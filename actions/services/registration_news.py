"""What those who have registered are told without having asked: changes, and the day before.

Many mails are written by the worker, some rows at a time, each lot in a transaction with the
action's row locked. A mail's key names cause and registration: begun anew, it goes on where it was.
"""

import datetime
from collections.abc import Collection, Sequence
from itertools import count

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from actions.emails import registrations as emails
from actions.models import ActionDate, JointAction, Registration
from actions.services import registrations
from actions.services.registration_seats import HOLDING
from core import background
from core.models import BackgroundTask, OutboxMessage

State = Registration.State
TELL = "actions.tell_registered"
# Changes of which those who have registered are told; see `joint_actions.changed_handlers`. That an
# action is confirmed is news to them: it was cancelled or taken back before.
CONCERNS_ALL = frozenset({"place", "cancelled", "taken_back", "confirmed"})
TOLD = CONCERNS_ALL | {"date"}
# So long that few transactions are needed, so short that others wait for a part of a second.
CHUNK = 200
# People are reminded from this hour on, on the day before; who registered just then needs none.
REMIND_AT = datetime.time(9)
LEFT_ALONE = datetime.timedelta(hours=12)
# Looked at in one go: mails that had to wait.
MOST_ASKED = 1000


# --- Changes --------------------------------------------------------------------------------------
def action_changed(
    action: JointAction, *, what: set[str], by: User | None, dates: Collection[int] = ()
) -> None:
    """Let the waiting list move up, and have those told who have registered.

    :param action: with its row locked.
    :param dates: keys of the dates that were moved; the others need no mail about it.
    """
    # Nobody moves up while an action is taken back; so they do when it is confirmed again.
    if what & {"capacity", "confirmed", "date"}:
        for date in action.dates.filter(registrations__state=State.WAITING).distinct():
            registrations.move_up(action, date)
    if action.is_cancelled and "cancelled" not in what:
        return  # they know that it does not take place
    if not action.is_public and not what & {"cancelled", "taken_back"}:
        return  # what is planned anew they are told when it is confirmed again
    if not what & TOLD or not to_tell(action, what=what, dates=dates).exists():
        return
    moved = set(dates)
    key = f"{TELL}:{action.pk}"
    # Who has not been told of the change before yet is told of both.
    for task in BackgroundTask.objects.unfinished().filter(key=key):
        what = what | set(task.argument["what"])
        moved |= set(task.argument["dates"])
        background.cancel(task)
    argument = {"action": action.pk, "what": sorted(what & TOLD), "dates": sorted(moved)}
    background.start(TELL, key=key, by=by, argument=argument)


def to_tell(
    action: JointAction, *, what: Collection[str], dates: Collection[int]
) -> QuerySet[Registration]:
    """Return whom a change concerns: who has registered for a date that is not over.

    :param what: if there is none of `CONCERNS_ALL`, only those who come on one of `dates`.
    """
    rows = Registration.objects.filter(
        date__action=action, date__ends_at__gt=timezone.now(), state__in=HOLDING
    ).exclude(email="")
    if not CONCERNS_ALL & set(what):
        rows = rows.filter(date__in=dates)
    return rows.select_related("date").order_by("pk")


@background.kind(TELL)
def tell_all(task: background.Running) -> None:
    """Tell everybody a change concerns what is new, chunk by chunk."""
    what, dates = task.argument["what"], task.argument["dates"]
    action = JointAction.objects.get(pk=task.argument["action"])
    total, after = to_tell(action, what=what, dates=dates).count(), 0
    for done in count(0, CHUNK):
        task.progress(min(done, total), total)
        last = _tell_some(action.pk, after=after, what=what, dates=dates, task=task.task)
        if last is None:
            return
        after = last


@transaction.atomic
def _tell_some(
    action_pk: int, *, after: int, what: Sequence[str], dates: Sequence[int], task: BackgroundTask
) -> int | None:
    """Tell the next ones behind a key.

    :return: the last key; None if there are no more.
    """
    action = _locked(action_pk)
    # Whoever has changed it once more tells of both.
    if not BackgroundTask.objects.unfinished().filter(pk=task.pk).exists():
        return None
    rows = _some(to_tell(action, what=what, dates=dates).filter(pk__gt=after), action)
    mail = emails.CANCELLED if action.is_cancelled else emails.CHANGED
    emails.send_all(rows, mail, key=str(action.sequence), what=what, moved=dates)
    return rows[-1].pk if rows else None


# --- The day before -------------------------------------------------------------------------------
def remind_due() -> dict[str, int]:
    """Remind those who have a seat, on the day before, once for each time a date has.

    :return: how many mails were queued.
    """
    now = timezone.now()
    soon = ActionDate.objects.filter(
        starts_at__gt=now,
        starts_at__lt=now + datetime.timedelta(days=2),
        action__state=JointAction.State.CONFIRMED,
    )
    number = 0
    for date in soon:
        due = _due_at(date)
        if due <= now:
            number += _remind(date, due)
    return {"reminded": number}


def _due_at(date: ActionDate) -> datetime.datetime:
    day = timezone.localtime(date.starts_at).date() - datetime.timedelta(days=1)
    return timezone.make_aware(datetime.datetime.combine(day, REMIND_AT))


def _remind(date: ActionDate, due: datetime.datetime) -> int:
    # A date that is moved is reminded of anew.
    key = f"{date.starts_at:%Y%m%dT%H%M}"
    of_row = Concat(Value(f"{emails.REMINDER}:{key}:"), Cast(OuterRef("pk"), CharField()))
    pending = (
        Registration.objects.filter(
            ~Exists(OutboxMessage.objects.filter(key=of_row)),
            date=date,
            state=State.CONFIRMED,
            state_since__lte=due - LEFT_ALONE,
        )
        .exclude(email="")
        .select_related("date")
        .order_by("pk")
    )
    number = 0
    while pending.exists():
        with transaction.atomic():
            action = _locked(date.action_id)
            if action.state != JointAction.State.CONFIRMED:
                break
            number += emails.send_all(_some(pending, action), emails.REMINDER, key=key)
    return number


# --- Mails that had to wait -----------------------------------------------------------------------
def ask_later() -> dict[str, int]:
    """Ask those for whom there was no mail left when they registered.

    :return: how many mails were queued.
    """
    waiting = Registration.objects.filter(
        state=State.NEW, mailed_at=None, date__starts_at__gt=timezone.now()
    ).select_related("date")
    number = 0
    for row in waiting.order_by("created_at", "pk")[:MOST_ASKED]:
        if registrations.may_ask(row.date.action_id, row.email):
            number += _ask(row)
    return {"asked": number}


@transaction.atomic
def _ask(found: Registration) -> int:
    action = _locked(found.date.action_id)
    rows = Registration.objects.filter(pk=found.pk, state=State.NEW, mailed_at=None)
    for row in _some(rows.select_related("date"), action):
        row.mailed_at = timezone.now()
        row.save(update_fields=["mailed_at"])
        emails.send(row, emails.ASK, key=str(row.creation_key))
        return 1
    return 0


def _locked(pk: int) -> JointAction:
    return JointAction.objects.select_for_update().get(pk=pk)


def _some(rows: QuerySet[Registration], action: JointAction) -> list[Registration]:
    found = list(rows.select_for_update(of=("self",))[:CHUNK])
    for row in found:
        row.date.action = action
    return found


# --- When a mail leaves ---------------------------------------------------------------------------
def refuse_stale(message: OutboxMessage) -> str:
    """Say why a mail must not leave any more, see `core.mail.delivery_checks`.

    Between writing and sending somebody may have cancelled, or the action may have been.
    """
    if message.mail not in emails.ALL:
        return ""
    pk = message.key.rpartition(":")[2]
    row = Registration.objects.filter(pk=pk).select_related("date__action").first()
    if row is None:
        return _("Die Anmeldung gibt es nicht mehr.")
    if message.mail == emails.REMOVED:
        return ""
    if row.state == State.CANCELLED:
        return _("Hat sich inzwischen abgemeldet.")
    is_cancelled = row.date.action.is_cancelled
    if message.mail != emails.CANCELLED and is_cancelled:
        return _("Die Aktion ist inzwischen abgesagt.")
    if message.mail == emails.CANCELLED and not is_cancelled:
        return _("Die Aktion ist inzwischen nicht mehr abgesagt.")
    if message.mail == emails.REMINDER and not row.date.action.is_public:
        return _("Die Aktion steht inzwischen nicht mehr im Programm.")
    return ""
