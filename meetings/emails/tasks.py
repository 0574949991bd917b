"""Mails to those who have taken on a task."""

import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from meetings.models import Task
from organisations.emails.words import GREETING, OFFICER

TEXT = Placeholder(
    "Aufgabe", "task", _("was zu tun ist, mehrere Zeilen"), required=True, alone=True
)
A_TASK = _("Räume für das Sommerfest anfragen")

declare(
    "meetings/task_due",
    title=_("Erinnerung an eine Aufgabe"),
    purpose=_("Eine Woche vor dem Termin einer Aufgabe, und wenn er vorbei ist."),
    placeholders=[
        GREETING,
        TEXT,
        Placeholder("Anlass", "head", _("„Erinnerung“ mit dem Tag, oder: ist noch offen")),
        Placeholder("Stand", "standing", _("bis wann sie zu tun ist oder war, ein Satz")),
        Placeholder("Herkunft", "origin", _("bei welchem Treffen sie vereinbart wurde, ein Satz")),
    ],
    example={
        "name": "",
        "task": A_TASK,
        "due_on": datetime.date(2027, 3, 13),
        "is_overdue": False,
        "meeting": _("Netzwerktreffen"),
    },
)

declare(
    "meetings/task_given",
    title=_("Neue Aufgabe"),
    purpose=_("Wenn Sie zwischen zwei Treffen jemandem eine Aufgabe geben."),
    placeholders=[
        GREETING,
        TEXT,
        Placeholder("Stand", "standing", _("bis wann sie zu tun ist, ein Satz")),
        OFFICER,
    ],
    example={
        "name": "",
        "task": A_TASK,
        "due_on": datetime.date(2027, 3, 13),
        "officer": _("Ihr Name"),
    },
)


def due(task: Task, *, reader: User, today: datetime.date) -> None:
    """Remind of a task that is due soon, or overdue."""
    if task.due_on is None:
        return
    is_overdue = task.due_on < today
    moment = "overdue" if is_overdue else "soon"
    queue_mail(
        # The day is in it: a task that was moved is asked after anew.
        key=f"meetings/task_due:{task.pk}:{task.due_on.isoformat()}:{moment}:{reader.pk}",
        to=reader.email,
        mail="meetings/task_due",
        language=reader.language,
        context={
            "name": reader.name,
            "task": task.text,
            "due_on": task.due_on,
            "is_overdue": is_overdue,
            "meeting": task.meeting.translated("title", reader.language) if task.meeting else "",
        },
        action=_action(task),
    )


def given(task: Task, *, reader: User, by: User) -> None:
    """Say that there is a new task."""
    queue_mail(
        key=f"meetings/task_given:{task.pk}:{reader.pk}",
        to=reader.email,
        mail="meetings/task_given",
        language=reader.language,
        context={
            "name": reader.name,
            "task": task.text,
            "due_on": task.due_on,
            "officer": by.name,
        },
        action=_action(task),
    )


def _action(task: Task) -> tuple:
    return _("Aufgabe ansehen"), reverse("meetings:task", args=[task.pk])
