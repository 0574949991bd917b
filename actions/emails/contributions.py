"""Mails about who brings what, and what those who take part write to one another."""

import datetime
from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import User
from actions import words
from actions.emails.words import ACTION, AN_ACTION
from actions.models import ActionMessage, Contribution, JointAction, Pledge
from core.mail import Draft, queue_mail, queue_mails
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import A_PERSON, AN_ORGANISATION, GREETING, ORGANISATION

# What has become of a contribution somebody has promised.
CHANGED, REMOVED, WITHDRAWN = "changed", "removed", "withdrawn"

WHAT = Placeholder("Beitrag", "what", _("was die Organisation zugesagt hat"), required=True)

declare(
    "actions/contribution_due",
    title=_("Erinnerung an einen Beitrag"),
    purpose=_("Eine Woche vor dem Termin eines zugesagten Beitrags, und wenn er vorbei ist."),
    placeholders=[
        GREETING,
        ORGANISATION,
        ACTION,
        WHAT,
        Placeholder("Anlass", "head", _("„Erinnerung“ mit dem Tag, oder: ist noch offen")),
        Placeholder("Stand", "standing", _("bis wann er fertig sein soll, ein Satz")),
    ],
    example={
        "name": "",
        "organisation": AN_ORGANISATION,
        "action": AN_ACTION,
        "what": _("Kuchen (3 Stück)"),
        "due_on": datetime.date(2027, 9, 18),
        "shift": "",
        "is_overdue": False,
    },
)


def due(pledge: Pledge, *, reader: User, due_on: datetime.date, is_overdue: bool) -> None:
    """Remind of what an organisation brings; by the day, so that a later day counts anew."""
    contribution = pledge.contribution
    action = contribution.action
    moment = "overdue" if is_overdue else "soon"
    with override(reader.language):
        shift = words.shift(contribution)
    queue_mail(
        key=f"actions/contribution_due:{pledge.pk}:{due_on.isoformat()}:{moment}:{reader.pk}",
        to=reader.email,
        mail="actions/contribution_due",
        language=reader.language,
        context={
            "name": reader.name,
            "organisation": pledge.organisation.name,
            "action": action.translated("title", reader.language),
            "what": told(contribution, pledge.amount),
            "due_on": due_on,
            "shift": shift,
            "is_overdue": is_overdue,
        },
        action=(_("Ansehen und als erledigt melden"), table(action, contribution)),
    )


declare(
    "actions/contribution_changed",
    title=_("Ein zugesagter Beitrag hat sich geändert"),
    purpose=_("An Organisationen, die etwas zugesagt haben, wenn es sich ändert oder wegfällt."),
    placeholders=[
        ORGANISATION,
        ACTION,
        WHAT,
        Placeholder("Änderung", "head", _("was sich geändert hat, ein Satz")),
        Placeholder("Stand", "standing", _("wann und bis wann, wenn das feststeht")),
    ],
    example={
        "organisation": AN_ORGANISATION,
        "action": AN_ACTION,
        "what": _("Kuchen (3 Stück)"),
        "change": CHANGED,
        "due_on": datetime.date(2027, 9, 18),
        "shift": "",
    },
)


def changed(pledge: Pledge, *, change: str, readers: Iterable[User]) -> None:
    """Tell an organisation what has become of what it promised.

    :param change: `CHANGED`, `REMOVED` or `WITHDRAWN`.
    """
    contribution = pledge.contribution
    action = contribution.action
    cause = timezone.now().timestamp()
    for reader in readers:
        with override(reader.language):
            shift = words.shift(contribution)
        queue_mail(
            key=f"actions/contribution_changed:{pledge.pk}:{cause}:{reader.pk}",
            to=reader.email,
            mail="actions/contribution_changed",
            language=reader.language,
            context={
                "organisation": pledge.organisation.name,
                "action": action.translated("title", reader.language),
                "what": told(contribution, pledge.amount),
                "change": change,
                "due_on": contribution.due_on,
                "shift": shift,
            },
            action=(_("Wer bringt was?"), table(action, contribution)),
        )


declare(
    "actions/message",
    title=_("Nachricht an alle, die bei einer Aktion mitmachen"),
    purpose=_("Wenn jemand, der mitmacht, allen anderen schreibt."),
    placeholders=[
        GREETING,
        ACTION,
        Placeholder("Absender", "sender", _("wer schreibt, ein Satz")),
        Placeholder("Nachricht", "text", _("die Nachricht"), required=True, alone=True),
    ],
    example={
        "name": "",
        "action": AN_ACTION,
        "person": A_PERSON,
        "organisation": AN_ORGANISATION,
        "text": _("Wir treffen uns am Montag um 18 Uhr zum Aufbauen."),
    },
)


def message(row: ActionMessage, *, readers: Iterable[User]) -> None:
    """Send what somebody wrote to all who take part."""
    address = reverse("actions:messages", args=[row.action.slug])
    queue_mails(
        [
            Draft(
                key=f"actions/message:{row.pk}:{reader.pk}",
                to=reader.email,
                mail="actions/message",
                language=reader.language,
                context={
                    "name": reader.name,
                    "action": row.action.translated("title", reader.language),
                    "person": row.user.name if row.user else "",
                    "organisation": row.organisation.name if row.organisation else "",
                    "text": row.text,
                },
                action=(_("Alle Nachrichten ansehen"), address),
            )
            for reader in readers
        ]
    )


def told(contribution: Contribution, amount: int) -> str:
    """Return what somebody brings in words: "Kuchen (3 Stück)"."""
    how_many = f"{amount} {contribution.unit}".strip()
    if amount == 1 and not contribution.unit:
        return contribution.what
    return f"{contribution.what} ({how_many})"


def table(action: JointAction, contribution: Contribution) -> str:
    """Return the address of a row of the contribution table."""
    return f"{reverse('actions:contributions', args=[action.slug])}#beitrag-{contribution.pk}"
