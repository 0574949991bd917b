"""The mail about what became of a proposed edit."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import AN_ORGANISATION, OFFICER, ORGANISATION, REASON
from organisations.models import ProposedEdit

declare(
    "organisations/edit_decided",
    title=_("Vorschlag entschieden"),
    purpose=_("An die Vertretung, wenn Sie ihre Änderung übernehmen oder ablehnen."),
    placeholders=[
        ORGANISATION,
        Placeholder("Entscheidung", "result", _("was übernommen ist und was nicht, ganze Sätze")),
        REASON,
        OFFICER,
    ],
    example={
        "organisation": AN_ORGANISATION,
        "taken": _("Ziele"),
        "declined": _("Öffnungszeiten oder Treffen"),
        "reason": _("Bitte schreiben Sie die Uhrzeit dazu."),
        "officer": _("Ihr Name"),
    },
)


def decided(
    proposal: ProposedEdit, *, taken: Sequence[str], declined: Sequence[str], by: User
) -> None:
    """Say what of a proposal is public now, what is not, and why."""
    reader = proposal.by
    if reader is None or not reader.is_active:
        return
    queue_mail(
        key=f"organisations/edit_decided:{proposal.pk}",
        to=reader.email,
        mail="organisations/edit_decided",
        language=reader.language,
        context={
            "organisation": proposal.organisation.name,
            "taken": ", ".join(taken),
            "declined": ", ".join(declined),
            "reason": proposal.reason if declined else "",
            "officer": by.name,
        },
        action=(
            _("Ihre Organisation ansehen"),
            reverse("organisations:tasks", kwargs={"pk": proposal.organisation_id}),
        ),
    )
