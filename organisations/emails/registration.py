"""Mails about a registration: one to who sent it, one to each of those who decide."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from core.mail import queue_mail
from organisations.models import Organisation


def submitted(organisation: Organisation, *, by: User, again: bool) -> None:
    """Tell the person who sent a registration what happens next and how long it takes."""
    with override(by.language):
        action = (_("Ihre Organisation ansehen"), _own_page(organisation))
    queue_mail(
        key=f"submitted:{organisation.pk}:{_moment(organisation)}:{by.pk}",
        to=by.email,
        mail="organisations/submitted",
        language=by.language,
        context={"name": by.name, "organisation": organisation.name, "again": again},
        action=action,
    )


def to_the_office(
    organisation: Organisation, *, by: User, again: bool, readers: Iterable[User]
) -> None:
    """Tell those who decide that a registration waits for them."""
    for officer in readers:
        with override(officer.language):
            action = (
                _("Anmeldung prüfen"),
                reverse("admin:organisations_organisation_review", args=[organisation.pk]),
            )
            context = {
                "organisation": organisation.name,
                "kind": organisation.get_kind_display(),
                "municipality": str(organisation.municipality or ""),
                "sender": str(by),
                "again": again,
                "answer": organisation.answer_to_office,
            }
        queue_mail(
            key=f"registration-received:{organisation.pk}:{_moment(organisation)}:{officer.pk}",
            to=officer.email,
            mail="organisations/registration_received",
            language=officer.language,
            context=context,
            action=action,
        )


def _own_page(organisation: Organisation) -> str:
    return reverse("organisations:tasks", args=[organisation.pk])


def _moment(organisation: Organisation) -> str:
    return organisation.submitted_at.isoformat() if organisation.submitted_at else ""
