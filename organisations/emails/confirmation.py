"""The mail that asks once a year whether everything still is right."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from core.models import OutboxMessage
from organisations import profile
from organisations.emails.words import A_PERSON, AN_ORGANISATION, GREETING, ORGANISATION
from organisations.models import ConfirmationAsk, Organisation

declare(
    "organisations/confirm",
    title=gettext_lazy("Stimmt das noch?"),
    purpose=gettext_lazy("Einmal im Jahr an jede Organisation, und als Erinnerung."),
    placeholders=[
        GREETING,
        ORGANISATION,
        Placeholder(
            "Angaben",
            "facts",
            gettext_lazy("was öffentlich zu lesen ist, mehrere Zeilen"),
            required=True,
            alone=True,
        ),
        Placeholder(
            "Erinnerung",
            "reminder",
            gettext_lazy("ein Satz in der ersten und zweiten Erinnerung, sonst nichts"),
        ),
        Placeholder(
            "Sonst",
            "otherwise",
            gettext_lazy("was man tun kann, wenn etwas nicht stimmt, ein Satz"),
        ),
        Placeholder("Gültigkeit", "validity", gettext_lazy("wie lange der Link gilt, ein Satz")),
        Placeholder(
            "Warum",
            "why",
            gettext_lazy("für Personen ohne Konto: warum sie gefragt werden, ein Satz"),
        ),
    ],
    example={
        "organisation": AN_ORGANISATION,
        "name": A_PERSON,
        "facts": [
            {"label": gettext_lazy("Name"), "value": AN_ORGANISATION},
            {"label": gettext_lazy("Art"), "value": gettext_lazy("Verein")},
            {"label": gettext_lazy("Stadt oder Gemeinde"), "value": gettext_lazy("Musterstadt")},
        ],
        "is_reminder": False,
        "has_account": True,
        "days": 180,
    },
)


def asked(
    ask: ConfirmationAsk, *, organisation: Organisation, name: str, token: str, days: int
) -> OutboxMessage:
    """Ask somebody to look at what everybody reads, and to confirm it by the link.

    :param name: of the person, if it is known.
    :param days: how long the link is valid.
    """
    with override(ask.language):
        facts = profile.facts(organisation)
        action = (
            _("Ansehen und bestätigen"),
            reverse("organisations:confirmation", kwargs={"token": token}),
        )
    return queue_mail(
        key=f"organisations/confirm:{ask.pk}",
        to=ask.email,
        mail="organisations/confirm",
        language=ask.language,
        context={
            "organisation": organisation.name,
            "name": name,
            "facts": facts,
            "is_reminder": ask.number > 1,
            "has_account": ask.user_id is not None,
            "days": days,
        },
        action=action,
        confidential=True,
    )
