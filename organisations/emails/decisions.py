"""Mails about a decision: each goes to every representative of the organisation.

The officer reads and may change the text of the first three before they go. What she leaves as it
is reaches everybody in their own language; what she changed reaches everybody as she wrote it.
"""

from collections.abc import Callable

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from core import mail
from organisations.models import Organisation, Representative

ADMITTED = "organisations/admitted"
ASKED_BACK = "organisations/asked_back"
REJECTED = "organisations/rejected"


def reading_language(organisation: Organisation) -> str:
    """Return the language of the first manager: the one the officer's text is offered in."""
    first = (
        Representative.objects.filter(organisation=organisation)
        .order_by("-role", "pk")
        .values_list("user__language", flat=True)
        .first()
    )
    return first or settings.LANGUAGE_CODE


def draft(name: str, organisation: Organisation, *, by, language: str) -> tuple[str, str]:
    """Return subject and text of a mail as it would go out, for the officer to read and change.

    :param name: one of the mails above, such as `ADMITTED`.
    :param language: a code of `settings.LANGUAGES`.
    """
    return mail.render(name, _context(organisation, by), language)


def says_something(name: str, organisation: Organisation, *, by, body: str) -> bool:
    """Whether the officer added words of her own to a text that is nothing without them."""
    text = _plain(body)
    return bool(text) and all(
        text != _plain(draft(name, organisation, by=by, language=code)[1])
        for code, _label in settings.LANGUAGES
    )


def admitted(organisation: Organisation, *, by, subject: str, body: str) -> None:
    def action() -> tuple[str, str]:
        return _("Seite Ihrer Organisation ansehen"), organisation.get_absolute_url()

    _to_everybody(ADMITTED, organisation, by, action, edited=(subject, body))


def asked_back(organisation: Organisation, *, by, subject: str, body: str) -> None:
    def action() -> tuple[str, str]:
        return _("Angaben ergänzen"), _own_page(organisation)

    _to_everybody(ASKED_BACK, organisation, by, action, edited=(subject, body))


def rejected(organisation: Organisation, *, by, subject: str, body: str) -> None:
    def action() -> tuple[str, str]:
        return _("Ihre Anmeldung ansehen"), _own_page(organisation)

    _to_everybody(REJECTED, organisation, by, action, edited=(subject, body))


def paused(organisation: Organisation, *, by, reason: str) -> None:
    def action() -> tuple[str, str]:
        return _("Ihre Organisation ansehen"), _own_page(organisation)

    _to_everybody("organisations/paused", organisation, by, action, reason=reason)


def resumed(organisation: Organisation, *, by, reason: str) -> None:
    def action() -> tuple[str, str]:
        return _("Seite Ihrer Organisation ansehen"), organisation.get_absolute_url()

    _to_everybody("organisations/resumed", organisation, by, action, reason=reason)


def archived(organisation: Organisation, *, by, reason: str) -> None:
    def action() -> tuple[str, str]:
        return _("Meine Organisationen ansehen"), reverse("organisations:mine")

    _to_everybody("organisations/archived", organisation, by, action, reason=reason)


def _own_page(organisation: Organisation) -> str:
    return reverse("organisations:tasks", kwargs={"pk": organisation.pk})


def _context(organisation: Organisation, by, reason: str = "") -> dict[str, str]:
    return {"organisation": organisation.name, "officer": by.name, "reason": reason}


def _to_everybody(
    name: str,
    organisation: Organisation,
    by,
    action: Callable[[], tuple[str, str]],
    *,
    edited: tuple[str, str] | None = None,
    reason: str = "",
) -> None:
    """Queue one mail per representative; the moment of the decision makes the key unique."""
    text = _changed(name, organisation, by, edited) if edited else None
    representatives = organisation.representatives.filter(user__is_active=True)
    for representative in representatives.select_related("user"):
        reader = representative.user
        with override(reader.language):
            label, path = action()
        mail.queue_mail(
            key=f"{name}:{organisation.pk}:{organisation.state_since.timestamp()}:{reader.pk}",
            to=reader.email,
            mail=name,
            language=reader.language,
            context=_context(organisation, by, reason),
            action=(label, path),
            subject_body=text,
        )


def _changed(
    name: str, organisation: Organisation, by, edited: tuple[str, str]
) -> tuple[str, str] | None:
    """Return what the officer wrote, or None if it is the standard text of some language."""
    subject, body = edited
    if not body.strip():
        return None
    for code, _label in settings.LANGUAGES:
        standard_subject, standard_body = draft(name, organisation, by=by, language=code)
        if _plain(body) == _plain(standard_body) and subject.strip() in {"", standard_subject}:
            return None
    if not subject.strip():
        subject = draft(name, organisation, by=by, language=settings.LANGUAGE_CODE)[0]
    return subject.strip(), body.strip()


def _plain(text: str) -> str:
    """Browsers send CRLF, templates end in LF: compare words, not line ends."""
    return " ".join(text.split())
