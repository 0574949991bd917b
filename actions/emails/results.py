"""Asking what came of an action."""

import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from actions.emails.words import ACTION, AN_ACTION
from actions.models import JointAction
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import GREETING

DUE = "actions/result_due"

declare(
    DUE,
    title=_("Wie war die Aktion?"),
    purpose=_("Drei Tage nach dem letzten Termin, an die Leitung einer Aktion, einmal."),
    placeholders=[
        GREETING,
        ACTION,
        Placeholder("Tag", "day", _("der letzte Tag der Aktion")),
    ],
    example={
        "name": "",
        "action": AN_ACTION,
        "last_day": datetime.date(2027, 9, 26),
    },
)


def cause(action: JointAction, last_day: datetime.date) -> str:
    """Return what the keys of these mails begin with."""
    return f"{DUE}:{action.pk}:{last_day.isoformat()}"


def due(action: JointAction, *, reader: User, last_day: datetime.date) -> None:
    """Ask how an action was."""
    queue_mail(
        key=f"{cause(action, last_day)}:{reader.pk}",
        to=reader.email,
        mail=DUE,
        language=reader.language,
        context={
            "name": reader.name,
            "action": action.translated("title", reader.language),
            "last_day": last_day,
        },
        action=(_("Ergebnis eintragen"), reverse("actions:result", args=[action.slug])),
    )
