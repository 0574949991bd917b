"""Mails about who takes part in an action, and who leads it."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from actions.emails.words import ACTION, AN_ACTION, MESSAGE
from actions.models import JointAction, Participation
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import AN_ORGANISATION, ORGANISATION

# What becomes of an organisation's wish, or of its place: decided by the lead …
ADMITTED, DECLINED, REMOVED = "admitted", "declined", "removed"
# … and what an organisation itself has said.
ACCEPTED, REFUSED, LEFT, WITHDRAWN = "accepted", "refused", "left", "withdrawn"
LEAD_REFUSED = "lead_refused"

declare(
    "actions/partner_invited",
    title=_("Einladung, bei einer Aktion mitzumachen"),
    purpose=_("An die Vertretungen einer Organisation, die mitmachen soll."),
    placeholders=[
        ORGANISATION,
        ACTION,
        Placeholder("Einladende", "inviting", _("wer einlädt, ein Satz")),
        MESSAGE,
    ],
    example={
        "organisation": AN_ORGANISATION,
        "action": AN_ACTION,
        "lead": _("Club Beispiel"),
        "message": _("Wir freuen uns auf Sie."),
    },
)


def invited(row: Participation, *, lead: str, readers: Iterable[User]) -> None:
    """Ask an organisation whether it takes part.

    :param lead: the name of the organisation that leads; empty if none does yet.
    """
    context = {"organisation": row.organisation.name, "lead": lead, "message": row.message}
    _queue("partner_invited", row, readers, context, _join(row.action))


declare(
    "actions/partner_asks",
    title=_("Eine Organisation möchte bei einer Aktion mitmachen"),
    purpose=_("An die Vertretungen der Organisation, die eine Aktion leitet."),
    placeholders=[ORGANISATION, ACTION, MESSAGE],
    example={
        "organisation": AN_ORGANISATION,
        "action": AN_ACTION,
        "message": _("Wir bringen Musik mit."),
    },
)


def asks(row: Participation, *, readers: Iterable[User]) -> None:
    """Tell those who decide that an organisation wants to take part."""
    context = {"organisation": row.organisation.name, "message": row.message}
    action = (_("Ansehen und antworten"), _partners(row.action))
    _queue("partner_asks", row, readers, context, action)


declare(
    "actions/partner_decided",
    title=_("Mitmachen: Antwort der Leitung"),
    purpose=_("An eine Organisation, wenn die Leitung zusagt, absagt oder sie herausnimmt."),
    placeholders=[
        ORGANISATION,
        ACTION,
        Placeholder("Anlass", "head", _("ob die Organisation dabei ist, für den Betreff")),
        Placeholder("Antwort", "result", _("ob die Organisation dabei ist, ganze Sätze")),
        MESSAGE,
    ],
    example={
        "organisation": AN_ORGANISATION,
        "action": AN_ACTION,
        "what": ADMITTED,
        "message": _("Schön, dass Sie dabei sind."),
    },
)


def decided(row: Participation, *, what: str, message: str, readers: Iterable[User]) -> None:
    """Tell an organisation what the lead has decided: `ADMITTED`, `DECLINED` or `REMOVED`."""
    context = {"organisation": row.organisation.name, "what": what, "message": message}
    _queue("partner_decided", row, readers, context, _join(row.action))


declare(
    "actions/partner_news",
    title=_("Mitmachen: Antwort einer Organisation"),
    purpose=_("An die Leitung einer Aktion, wenn eine Organisation zusagt, absagt oder geht."),
    placeholders=[
        ORGANISATION,
        ACTION,
        Placeholder("Anlass", "head", _("was die Organisation sagt, für den Betreff")),
        Placeholder("Antwort", "result", _("was die Organisation sagt, ein Satz")),
        MESSAGE,
    ],
    example={
        "organisation": AN_ORGANISATION,
        "action": AN_ACTION,
        "what": ACCEPTED,
        "message": _("Wir bringen Musik mit."),
    },
)


def news(row: Participation, *, what: str, message: str, readers: Iterable[User]) -> None:
    """Tell the lead what an organisation says: one of `ACCEPTED` … `LEAD_REFUSED`."""
    context = {"organisation": row.organisation.name, "what": what, "message": message}
    action = (_("Wer macht mit?"), _partners(row.action))
    _queue("partner_news", row, readers, context, action)


declare(
    "actions/lead_offered",
    title=_("Leitung einer Aktion angeboten"),
    purpose=_("An die Organisation, die eine Aktion leiten soll."),
    placeholders=[
        ORGANISATION,
        ACTION,
        Placeholder("Leitung", "lead", _("welche Organisation die Aktion bisher leitet")),
    ],
    example={
        "organisation": AN_ORGANISATION,
        "action": AN_ACTION,
        "lead": _("Club Beispiel"),
    },
)


def lead_offered(row: Participation, *, lead: str, readers: Iterable[User]) -> None:
    """Ask a partner whether it takes the lead."""
    context = {"organisation": row.organisation.name, "lead": lead}
    _queue("lead_offered", row, readers, context, _join(row.action))


declare(
    "actions/lead_changed",
    title=_("Neue Leitung einer Aktion"),
    purpose=_("An die bisherige und die neue Leitung einer Aktion."),
    placeholders=[ORGANISATION, ACTION],
    example={"organisation": AN_ORGANISATION, "action": AN_ACTION},
)


def lead_changed(row: Participation, *, readers: Iterable[User]) -> None:
    """Say who leads from now on."""
    action = (_("Aktion ansehen"), reverse("actions:manage", args=[row.action.slug]))
    _queue("lead_changed", row, readers, {"organisation": row.organisation.name}, action)


def _queue(
    name: str,
    row: Participation,
    readers: Iterable[User],
    context: dict[str, Any],
    action: tuple[str | Promise, str],
) -> None:
    # Whoever leaves and is asked again gets the same mail again.
    cause = timezone.now().timestamp()
    for reader in readers:
        queue_mail(
            key=f"actions/{name}:{row.pk}:{cause}:{reader.pk}",
            to=reader.email,
            mail=f"actions/{name}",
            language=reader.language,
            context=context | {"action": row.action.translated("title", reader.language)},
            action=action,
        )


def _join(action: JointAction) -> tuple[Promise, str]:
    return _("Aktion ansehen und antworten"), reverse("actions:join", args=[action.slug])


def _partners(action: JointAction) -> str:
    return reverse("actions:partners", args=[action.slug])
