"""Mails for an organisation whose managers seem to be gone: one function per mail."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import declare
from core.models import OutboxMessage
from organisations.emails.words import A_PERSON, AN_ORGANISATION, GREETING, ORGANISATION, PERSON
from organisations.models import Succession, SuccessionAsk

declare(
    "organisations/still_there",
    title=gettext_lazy("Sind Sie noch da?"),
    purpose=gettext_lazy("An eine Verwaltung, von der wir 18 Monate nichts gehört haben."),
    placeholders=[GREETING, ORGANISATION],
    example={"organisation": AN_ORGANISATION, "name": A_PERSON},
)
declare(
    "organisations/take_over",
    title=gettext_lazy("Bitte, die Verwaltung zu übernehmen"),
    purpose=gettext_lazy("An die nächste Vertretung, wenn niemand von der Verwaltung antwortet."),
    placeholders=[GREETING, ORGANISATION],
    example={"organisation": AN_ORGANISATION, "name": A_PERSON},
)
declare(
    "organisations/taken_over",
    title=gettext_lazy("Jemand hat die Verwaltung übernommen"),
    purpose=gettext_lazy("An die bisherige Verwaltung, die nicht geantwortet hat."),
    placeholders=[ORGANISATION, PERSON],
    example={"organisation": AN_ORGANISATION, "person": A_PERSON},
)


def still_there(ask: SuccessionAsk, *, token: str) -> OutboxMessage:
    """Ask somebody who manages an organisation whether they still are there."""
    return _ask("organisations/still_there", ask, token)


def take_over(ask: SuccessionAsk, *, token: str) -> OutboxMessage:
    """Ask somebody who speaks for an organisation whether they will manage it."""
    return _ask("organisations/take_over", ask, token)


def taken_over(succession: Succession, *, by: User, readers: Iterable[User]) -> None:
    """Tell the managers who did not answer who manages the organisation with them now."""
    organisation = succession.organisation
    for reader in readers:
        with override(reader.language):
            action = (
                _("Vertretungen ansehen"),
                reverse("organisations:people", kwargs={"pk": organisation.pk}),
            )
        queue_mail(
            key=f"organisations/taken_over:{succession.pk}:{reader.pk}",
            to=reader.email,
            mail="organisations/taken_over",
            language=reader.language,
            context={"organisation": organisation.name, "person": str(by)},
            action=action,
        )


def _ask(mail: str, ask: SuccessionAsk, token: str) -> OutboxMessage:
    with override(ask.language):
        action = (
            _("Link öffnen und antworten"),
            reverse("organisations:succession", kwargs={"token": token}),
        )
    return queue_mail(
        key=f"{mail}:{ask.pk}",
        to=ask.email,
        mail=mail,
        language=ask.language,
        context={
            "organisation": ask.succession.organisation.name,
            "name": ask.user.name if ask.user else "",
        },
        action=action,
        confidential=True,
    )
