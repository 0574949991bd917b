"""Mails about what becomes of an action: to the officer who checks it, to all who take part."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from actions.emails.words import ACTION, AN_ACTION
from actions.models import JointAction, Participation
from core import mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import A_PERSON, AN_ORGANISATION, OFFICER, PERSON

SUBMITTED = "actions/submitted"
CONFIRMED = "actions/confirmed"
RETURNED = "actions/returned"
TAKEN_BACK = "actions/taken_back"
CANCELLED = "actions/cancelled"

WHY = Placeholder("Grund", "why", _("der Grund, wenn jemand einen genannt hat, ein ganzer Satz"))

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
        "action": AN_ACTION,
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
    example={"action": AN_ACTION, "officer": _("Ihr Name")},
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
        "action": AN_ACTION,
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
        "action": AN_ACTION,
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
        "action": AN_ACTION,
        "reason": _("Der Saal ist nicht mehr frei."),
        "person": A_PERSON,
    },
)


def draft(
    name: str, action: JointAction, *, by: User, language: str, reason: str = ""
) -> tuple[str, str]:
    """Return subject and text of a mail as it would go out, for the officer to read before it does.

    :param name: `CONFIRMED`, `RETURNED`, `TAKEN_BACK` or `CANCELLED`.
    :param reason: the officer's question, or her reason.
    """
    return mail.render(name, language, _context(name, action, by, language, reason))


def submitted(action: JointAction, *, by: User, readers: Iterable[User]) -> None:
    """Tell those who confirm actions that one waits for them."""
    lead = action.participations.filter(role=Participation.Role.LEAD).first()
    for reader in readers:
        context = {
            "action": action.title,
            "person": str(by),
            "organisation": str(lead.organisation) if lead else "",
            "campaign": str(action.campaign or ""),
        }
        _queue(SUBMITTED, action, reader, context)


def confirmed(action: JointAction, *, by: User, readers: Iterable[User]) -> None:
    """Say that an action is public now."""
    _tell(CONFIRMED, action, by, readers)


def returned(action: JointAction, *, by: User, readers: Iterable[User]) -> None:
    """Ask those who lead an action what the officer wants to know (`returned_note`)."""
    _tell(RETURNED, action, by, readers, action.returned_note)


def taken_back(action: JointAction, *, reason: str, by: User, readers: Iterable[User]) -> None:
    """Say that an action is not public any more."""
    _tell(TAKEN_BACK, action, by, readers, reason)


def cancelled(action: JointAction, *, by: User, readers: Iterable[User]) -> None:
    """Say that an action does not take place, why, and who has cancelled it."""
    _tell(CANCELLED, action, by, readers, action.cancel_reason)


def _tell(
    name: str, action: JointAction, by: User, readers: Iterable[User], reason: str = ""
) -> None:
    for reader in readers:
        _queue(name, action, reader, _context(name, action, by, reader.language, reason))


def _context(
    name: str, action: JointAction, by: User, language: str, reason: str
) -> dict[str, str]:
    context = {"action": action.translated("title", language)}
    if name == RETURNED:
        return context | {"note": reason, "officer": by.name}
    if name == CANCELLED:
        return context | {"reason": reason, "person": str(by)}
    if name == TAKEN_BACK:
        context["reason"] = reason
    return context | {"officer": by.name}


def _queue(name: str, action: JointAction, reader: User, context: dict[str, str]) -> None:
    page = reverse("actions:manage", kwargs={"slug": action.slug})
    if name == SUBMITTED:
        page = reverse("admin:actions_jointaction_review", args=[action.pk])
    mail.queue_mail(
        # Each decision is a version of its own.
        key=f"{name}:{action.pk}:{action.version}:{reader.pk}",
        to=reader.email,
        mail=name,
        language=reader.language,
        context=context,
        action=(_("Aktion ansehen"), page),
    )
