"""Mails about what becomes of an action: to the officer who checks it, to all who take part."""

import datetime
from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from actions.models import JointAction, Participation
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import A_PERSON, AN_ORGANISATION, OFFICER, PERSON

SUBMITTED = "actions/submitted"
CONFIRMED = "actions/confirmed"
RETURNED = "actions/returned"
TAKEN_BACK = "actions/taken_back"
CANCELLED = "actions/cancelled"

ACTION = Placeholder("Aktion", "title", _("der Titel der Aktion"))
WHY = Placeholder("Grund", "why", _("der Grund, wenn jemand einen genannt hat, ein ganzer Satz"))
AN_ACTION = _("Fest der Kulturen")

declare(
    SUBMITTED,
    title=_("Aktion zum Prüfen"),
    purpose=_("An das Team, wenn eine gemeinsame Aktion auf die Bestätigung wartet."),
    placeholders=[
        ACTION,
        PERSON,
        Placeholder("Leitung", "lead", _("welche Organisation die Aktion leitet, ein Satz")),
        Placeholder("Zeitraum", "period", _("zu welchem Aktionszeitraum sie gehört, ein Satz")),
    ],
    example={
        "title": AN_ACTION,
        "person": A_PERSON,
        "organisation": AN_ORGANISATION,
        "campaign": _("Interkulturelle Woche 2027"),
    },
)
declare(
    CONFIRMED,
    title=_("Aktion bestätigt"),
    purpose=_("An alle, die bei einer Aktion mitmachen, wenn Sie sie bestätigen."),
    placeholders=[ACTION, OFFICER],
    example={"title": AN_ACTION, "officer": _("Ihr Name")},
)
declare(
    RETURNED,
    title=_("Rückfrage zu einer Aktion"),
    purpose=_("An die Organisation, die eine Aktion leitet, wenn Sie eine Frage haben."),
    placeholders=[
        ACTION,
        Placeholder("Frage", "note", _("Ihre Frage"), required=True, alone=True),
        OFFICER,
    ],
    example={
        "title": AN_ACTION,
        "note": _("Ist der Saal schon gebucht?"),
        "officer": _("Ihr Name"),
    },
)
declare(
    TAKEN_BACK,
    title=_("Aktion zurückgenommen"),
    purpose=_("An alle, die bei einer Aktion mitmachen, wenn Sie sie zurücknehmen."),
    placeholders=[ACTION, WHY, OFFICER],
    example={
        "title": AN_ACTION,
        "reason": _("Der Ort ist noch nicht sicher."),
        "officer": _("Ihr Name"),
    },
)
declare(
    CANCELLED,
    title=_("Aktion abgesagt"),
    purpose=_("An alle, die bei einer Aktion mitmachen, wenn sie abgesagt wird."),
    placeholders=[ACTION, WHY, PERSON],
    example={
        "title": AN_ACTION,
        "reason": _("Der Saal ist nicht mehr frei."),
        "person": A_PERSON,
    },
)


def submitted(action: JointAction, *, by: User, readers: Iterable[User]) -> None:
    """Tell those who confirm actions that one waits for them."""
    lead = action.participations.filter(role=Participation.Role.LEAD).first()
    for reader in readers:
        _queue(
            SUBMITTED,
            action,
            reader,
            cause=action.submitted_at,
            context={
                "title": action.title,
                "person": str(by),
                "organisation": str(lead.organisation) if lead else "",
                "campaign": str(action.campaign or ""),
            },
        )


def confirmed(action: JointAction, *, by: User, readers: Iterable[User]) -> None:
    """Say that an action is public now."""
    for reader in readers:
        _queue(
            CONFIRMED,
            action,
            reader,
            cause=action.published_at,
            context={"title": _title(action, reader), "officer": by.name},
        )


def returned(action: JointAction, *, note: str, by: User, readers: Iterable[User]) -> None:
    """Ask those who lead an action what the officer wants to know."""
    for reader in readers:
        _queue(
            RETURNED,
            action,
            reader,
            cause=action.version,
            context={"title": _title(action, reader), "note": note, "officer": by.name},
        )


def taken_back(action: JointAction, *, reason: str, by: User, readers: Iterable[User]) -> None:
    """Say that an action is not public any more."""
    for reader in readers:
        _queue(
            TAKEN_BACK,
            action,
            reader,
            cause=action.version,
            context={"title": _title(action, reader), "reason": reason, "officer": by.name},
        )


def cancelled(action: JointAction, *, by: User, readers: Iterable[User]) -> None:
    """Say that an action does not take place, and who has cancelled it."""
    for reader in readers:
        _queue(
            CANCELLED,
            action,
            reader,
            cause=action.version,
            context={
                "title": _title(action, reader),
                "reason": action.cancel_reason,
                "person": str(by),
            },
        )


def _title(action: JointAction, reader: User) -> str:
    return action.translated("title", reader.language)


def _queue(
    mail: str,
    action: JointAction,
    reader: User,
    *,
    cause: datetime.datetime | int | None,
    context: dict[str, str],
) -> None:
    moment = cause.isoformat() if isinstance(cause, datetime.datetime) else cause
    queue_mail(
        key=f"{mail}:{action.pk}:{moment}:{reader.pk}",
        to=reader.email,
        mail=mail,
        language=reader.language,
        context=context,
        action=(_("Aktion ansehen"), reverse("actions:manage", kwargs={"slug": action.slug})),
    )
