"""What somebody has taken on: given, changed, closed, and asked after before it is due.

Tasks come from minutes; as long as these are a draft, nobody but the office knows of them. One
without a meeting was given by the office in between.
"""

import datetime
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import history
from core import seen as seen_fields
from core.errors import Conflict, Refused
from core.folding import fold
from meetings.emails import tasks as emails
from meetings.models import AgendaItem, Meeting, Minutes, Task, is_member
from meetings.models.minutes import TaskQuerySet
from organisations.models import Organisation
from organisations.services import reach

State = Task.State

# What can be changed about a task.
FIELDS = ("text", "organisation", "user", "person", "due_on")
REMIND_BEFORE = datetime.timedelta(days=7)
# What has been due for longer is the office's to talk about.
REMIND_UNTIL = datetime.timedelta(days=60)


# --- Who may ------------------------------------------------------------------------------------
def may_manage(user: User) -> bool:
    """Whether somebody gives tasks, changes and drops them: the office."""
    return user.has_perm("meetings.change_task")


def may_close(user: User, task: Task) -> bool:
    """Whether somebody may say that a task is done: whose it is, and the office."""
    return may_manage(user) or Task.objects.of(user).filter(pk=task.pk).exists()


def may_have(user: User) -> bool:
    """Whether somebody can be given a task: they must be able to open its page."""
    return user.is_active and (is_member(user) or may_manage(user))


def known() -> TaskQuerySet:
    """Return the tasks members know of: those of published minutes, and those of no meeting."""
    published = Q(meeting__minutes__state=Minutes.State.PUBLISHED)
    return Task.objects.filter(Q(meeting=None) | published)


def open_for(user: User) -> TaskQuerySet:
    """Return what a person still has to do, for themselves or their organisations."""
    return Task.objects.of(user).open()


# --- Giving and changing --------------------------------------------------------------------------
@transaction.atomic
def create(
    *,
    text: str,
    by: User,
    meeting: Meeting | None = None,
    agenda_item: AgendaItem | None = None,
    organisation: Organisation | None = None,
    user: User | None = None,
    person: str = "",
    due_on: datetime.date | None = None,
    creation_key: uuid.UUID | None = None,
) -> Task:
    """Give somebody a task; the same form sent twice is one task.

    Of a task without a meeting those who have it are told at once; of others by the minutes.

    :param organisation: whose representatives may close it.
    :param user: the account of the one person who has it.
    :param person: who it is in words, for people without an account; from `user` if not given.
    :param creation_key: made with the empty form.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: without a text, or for an agenda item of another meeting.
    """
    if not by.has_perm("meetings.add_task"):
        raise PermissionDenied
    if not text.strip():
        raise Refused(_("Bitte schreiben Sie, was zu tun ist."))
    if agenda_item is not None and (meeting is None or agenda_item.meeting_id != meeting.pk):
        raise Refused(_("Dieser Tagesordnungspunkt gehört zu einem anderen Treffen."))
    if meeting is not None:
        # Two clicks come one after the other.
        Meeting.objects.select_for_update().get(pk=meeting.pk)
    if creation_key is not None:
        existing = Task.objects.filter(creation_key=creation_key).first()
        if existing is not None:
            return existing
    task = Task(
        text=text.strip(),
        meeting=meeting,
        agenda_item=agenda_item,
        organisation=organisation,
        user=user,
        person=person.strip() or (user.name if user else ""),
        due_on=due_on,
        creation_key=creation_key,
    )
    _save(task, by=by, reason=gettext_lazy("Aufgabe angelegt"))
    if meeting is None:
        for reader in readers(task):
            emails.given(task, reader=reader, by=by)
    return task


@transaction.atomic
def change(*, task: Task, by: User, seen: str = "", **values: Any) -> bool:
    """Change what a task says, whose it is and until when.

    :param seen: `fingerprint` of the task when the form was opened; without it whatever was changed
        meanwhile is overwritten.
    :param values: by name, of `FIELDS`.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the office.
    :raises Conflict: if somebody else has changed it since the form was opened.
    :raises Refused: without a text.
    """
    if not may_manage(by):
        raise PermissionDenied
    row = _lock(task)
    wanted = {name: values[name] for name in FIELDS if name in values}
    if "text" in wanted and not wanted["text"].strip():
        raise Refused(_("Bitte schreiben Sie, was zu tun ist."))
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if changed and seen and seen != fingerprint(row):
        raise Conflict({name: getattr(row, name) for name in changed})
    if not changed:
        return False
    name_before = row.user.name if row.user else ""
    for name, value in changed.items():
        setattr(row, name, value)
    if row.user and row.person in {"", name_before}:
        row.person = row.user.name
    _save(row, by=by, reason=gettext_lazy("Aufgabe geändert"))
    return True


@transaction.atomic
def remove(*, task: Task, by: User) -> bool:
    """Take a task out of minutes that are still a draft. False if it is gone already.

    :raises PermissionDenied: for anybody but the office.
    :raises Refused: if members know of it: then it is dropped, with a reason.
    """
    if not by.has_perm("meetings.delete_task"):
        raise PermissionDenied
    row = Task.objects.select_for_update().filter(pk=task.pk).first()
    if row is None:
        return False
    if known().filter(pk=row.pk).exists():
        raise Refused(_("Die Mitglieder kennen diese Aufgabe schon. Sie kann nur entfallen."))
    history.note(row, by=by, reason=gettext_lazy("Aufgabe aus dem Entwurf genommen"))
    row.delete()
    return True


# --- Closing --------------------------------------------------------------------------------------
@transaction.atomic
def close(*, task: Task, by: User, note: str = "") -> bool:
    """Say that a task is done.

    :param note: what has come of it, at most 300 characters.
    :return: whether anything changed; a second time does no harm.
    :raises PermissionDenied: for somebody whose task it is not.
    :raises Refused: if the task was dropped.
    """
    row = _own(task, by)
    if row.state == State.DONE:
        return False
    if row.state == State.DROPPED:
        raise Refused(_("Diese Aufgabe entfällt. Es ist nichts mehr zu tun."))
    _end(row, State.DONE, by=by, note=note, reason=gettext_lazy("Aufgabe erledigt"))
    return True


@transaction.atomic
def reopen(*, task: Task, by: User) -> bool:
    """Take back that a task is done; the office also that it was dropped.

    :return: whether anything changed.
    :raises PermissionDenied: for somebody whose task it is not.
    :raises Refused: if the office has dropped it and somebody else wants it back.
    """
    row = _own(task, by)
    if row.state == State.OPEN:
        return False
    if row.state == State.DROPPED and not may_manage(by):
        raise Refused(_("Das Team hat gesagt, dass diese Aufgabe entfällt."))
    row.state, row.done_at, row.done_by, row.done_note = State.OPEN, None, None, ""
    _save(row, by=by, reason=gettext_lazy("Aufgabe wieder offen"))
    return True


@transaction.atomic
def drop(*, task: Task, by: User, note: str = "") -> bool:
    """Say that nobody needs to do it any more.

    :param note: why, at most 300 characters; members read it.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: if it is done.
    """
    if not may_manage(by):
        raise PermissionDenied
    row = _lock(task)
    if row.state == State.DROPPED:
        return False
    if row.state == State.DONE:
        raise Refused(_("Diese Aufgabe ist schon erledigt."))
    _end(row, State.DROPPED, by=by, note=note, reason=gettext_lazy("Aufgabe entfällt"))
    return True


# --- Asking after them ----------------------------------------------------------------------------
def readers(task: Task) -> list[User]:
    """Return who is written to about a task: the person, or else those who speak for it.

    A person without an account has nobody here, nor an organisation that is not active; the office
    sees them on its list.
    """
    if task.user is not None and may_have(task.user):
        return [task.user]
    if task.organisation is None or not task.organisation.is_public:
        return []
    speaking = task.organisation.representatives.filter(user__is_active=True)
    return [one.user for one in speaking.select_related("user")]


def is_reminder_due(task: Task, today: datetime.date) -> bool:
    """Whether a reminder is to go out: once in the week before the day, and once when it is over.

    One stamp is enough: which of the two it was follows from the day; moved to a later day, a task
    is asked after anew.
    """
    if task.state != State.OPEN or task.due_on is None:
        return False
    last = timezone.localdate(task.reminded_at) if task.reminded_at else datetime.date.min
    if today > task.due_on:
        return today <= task.due_on + REMIND_UNTIL and last <= task.due_on
    begin = task.due_on - REMIND_BEFORE
    return begin <= today and last < begin


def remind_due() -> dict[str, int]:
    """Remind of every task that is due soon or overdue; each is a transaction of its own.

    :return: how many tasks came to what.
    """
    today = timezone.localdate()
    due = known().open().filter(due_on__range=(today - REMIND_UNTIL, today + REMIND_BEFORE))
    return dict(reach.take(remind, due.order_by("due_on", "pk")))


@transaction.atomic
def remind(task_pk: int) -> str:
    """Write to those who have a task, unless another worker was quicker."""
    task = Task.objects.select_for_update().get(pk=task_pk)
    today = timezone.localdate()
    if not is_reminder_due(task, today):
        return "not due"
    to = readers(task)
    if not to:
        # Not stamped: somebody may still come to speak for the organisation.
        return "nobody to write to"
    for reader in to:
        emails.due(task, reader=reader, today=today)
    task.reminded_at = timezone.now()
    # No entry in the history: nobody has changed the task.
    Task.objects.filter(pk=task.pk).update(reminded_at=task.reminded_at)
    return "reminded"


# --- What they share ------------------------------------------------------------------------------
def searchable(task: Task) -> str:
    """Return what the search looks through."""
    return fold(f"{task.text} {task.person} {task.done_note}")


def fingerprint(task: Task) -> str:
    """Return what `change` compares; see `core.seen`."""
    return seen_fields.fingerprint(task, FIELDS)


def _lock(task: Task) -> Task:
    return Task.objects.select_for_update().get(pk=task.pk)


def _own(task: Task, by: User) -> Task:
    row = _lock(task)
    if not may_close(by, row):
        raise PermissionDenied
    return row


def _end(row: Task, state: str, *, by: User, note: str, reason: Promise) -> None:
    row.state, row.done_at, row.done_by = state, timezone.now(), by
    row.done_note = note.strip()
    _save(row, by=by, reason=reason)


def _save(row: Task, *, by: User, reason: Promise) -> None:
    row.search_text = searchable(row)
    history.note(row, by=by, reason=reason)
    row.save()
