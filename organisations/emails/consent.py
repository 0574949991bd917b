"""Mails about a person's consent: the question to them, and their answer to who asked."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import A_PERSON, AN_ORGANISATION, ORGANISATION
from organisations.models import Consent

NAME = Placeholder("Name", "name", gettext_lazy("der Name der Ansprechperson"))

declare(
    "organisations/consent_request",
    title=gettext_lazy("Bitte um Einwilligung"),
    purpose=gettext_lazy("An eine Ansprechperson: Was von ihr darf öffentlich sein?"),
    placeholders=[
        NAME,
        ORGANISATION,
        Placeholder(
            "Eintrag", "entered", gettext_lazy("wer die Person eingetragen hat, ein ganzer Satz")
        ),
        Placeholder("Stand", "state", gettext_lazy("was schon öffentlich ist, ein ganzer Satz")),
        Placeholder("Foto", "photo", gettext_lazy("ein Satz zum Foto, wenn es eines gibt")),
        Placeholder("Gültigkeit", "validity", gettext_lazy("wie lange der Link gilt, ein Satz")),
        Placeholder(
            "Sonst",
            "otherwise",
            gettext_lazy("was geschieht, wenn die Person nichts tut, ganze Sätze"),
            required=True,
        ),
    ],
    example={
        "name": A_PERSON,
        "organisation": AN_ORGANISATION,
        "by": gettext_lazy("Max Muster"),
        "is_public": False,
        "has_photo": True,
        "days": 60,
    },
)


def requested(consent: Consent, *, token: str, language: str) -> None:
    """Ask the person what of theirs may be public. The link is theirs alone."""
    contact = consent.contact
    with override(language):
        action = (
            _("Ansehen und entscheiden"),
            reverse("organisations:consent", kwargs={"token": token}),
        )
    queue_mail(
        key=f"consent-request:{consent.pk}",
        to=contact.email,
        mail="organisations/consent_request",
        language=language,
        context={
            "name": contact.name,
            "organisation": contact.organisation.name,
            "by": consent.requested_by.name if consent.requested_by else "",
            "is_public": contact.consented_at is not None,
            "has_photo": contact.photo_id is not None,
            "days": (consent.expires_at - consent.requested_at).days,
        },
        action=action,
        confidential=True,
    )


declare(
    "organisations/consent_answered",
    title=gettext_lazy("Antwort zur Einwilligung"),
    purpose=gettext_lazy("An die Person, die eine Ansprechperson um Einwilligung gebeten hat."),
    placeholders=[
        NAME,
        ORGANISATION,
        Placeholder("Antwort", "answer", gettext_lazy("die Antwort, ganze Sätze"), required=True),
    ],
    example={"name": A_PERSON, "organisation": AN_ORGANISATION, "agreed": True},
)


def answered(consent: Consent, *, agreed: bool) -> None:
    """Tell who asked that the person has answered; what they chose stands on the page."""
    asker = consent.requested_by
    if asker is None or not asker.is_active:
        return
    contact = consent.contact
    with override(asker.language):
        action = (
            _("Ansprechpersonen ansehen"),
            reverse(
                "organisations:step", kwargs={"pk": contact.organisation_id, "step": "kontakt"}
            ),
        )
    queue_mail(
        key=f"consent-answered:{consent.pk}",
        to=asker.email,
        mail="organisations/consent_answered",
        language=asker.language,
        context={
            "name": contact.name,
            "organisation": contact.organisation.name,
            "agreed": agreed,
        },
        action=action,
    )
