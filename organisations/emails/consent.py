"""Mails about a person's consent: the question to them, and their answer to who asked."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.mail import queue_mail
from organisations.models import Consent


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
