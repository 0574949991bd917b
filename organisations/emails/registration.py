"""Mails about a registration: one to who sent it, one to each of those who decide."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import A_PERSON, AN_ORGANISATION, ORGANISATION
from organisations.models import Organisation

declare(
    "organisations/submitted",
    title=gettext_lazy("Anmeldung angekommen"),
    purpose=gettext_lazy("An die Person, die eine Anmeldung gesendet hat."),
    placeholders=[
        Placeholder(
            "Anrede", "greeting", gettext_lazy("Guten Tag, mit dem Namen, wenn wir ihn kennen")
        ),
        Placeholder(
            "Dank",
            "thanks",
            gettext_lazy("der Dank für die Anmeldung oder für die Antwort auf Ihre Rückfrage"),
        ),
        ORGANISATION,
    ],
    example={"name": A_PERSON, "organisation": AN_ORGANISATION, "again": False},
)


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


declare(
    "organisations/registration_received",
    title=gettext_lazy("Neue Anmeldung"),
    purpose=gettext_lazy("An das Team, wenn eine Anmeldung auf eine Entscheidung wartet."),
    placeholders=[
        Placeholder("Überschrift", "heading", gettext_lazy("„Neue Anmeldung“ und der Name")),
        Placeholder("Anlass", "occasion", gettext_lazy("was geschehen ist, ein ganzer Satz")),
        ORGANISATION,
        Placeholder("Art", "kind", gettext_lazy("die Art der Organisation")),
        Placeholder("Ort", "municipality", gettext_lazy("die Stadt oder Gemeinde")),
        Placeholder(
            "Antwort", "reply", gettext_lazy("die Antwort auf Ihre Rückfrage, wenn es eine gibt")
        ),
        Placeholder("Absender", "sender", gettext_lazy("wer die Anmeldung gesendet hat")),
    ],
    example={
        "organisation": AN_ORGANISATION,
        "kind": gettext_lazy("Verein"),
        "municipality": gettext_lazy("Musterstadt"),
        "sender": A_PERSON,
        "again": True,
        "answer": gettext_lazy("Ja, unsere Treffen sind für alle offen."),
    },
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
