"""Mails about a decision: each goes to every representative of the organisation.

The officer reads and may change the text of the first three before they go. What she leaves as it
is reaches everybody in their own language; what she changed reaches everybody as she wrote it.
"""

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import AN_ORGANISATION, OFFICER, ORGANISATION, REASON
from organisations.models import Organisation

ADMITTED = "organisations/admitted"
ASKED_BACK = "organisations/asked_back"
REJECTED = "organisations/rejected"

# Stands on a line of its own where a question or a reason has to be written.
GAP = "…"

Action = tuple[Promise, str]

for _name, _title, _purpose, _more in (
    (ADMITTED, _("Aufgenommen"), _("An alle Vertretungen, wenn Sie eine Anmeldung annehmen."), []),
    (
        ASKED_BACK,
        _("Rückfrage"),
        _("An alle Vertretungen, wenn Sie zu einer Anmeldung eine Frage haben."),
        [
            Placeholder(
                "Frage",
                "gap",
                _("drei Punkte: Dort schreiben Sie Ihre Frage, bevor die E-Mail hinausgeht"),
                required=True,
                alone=True,
            )
        ],
    ),
    (
        REJECTED,
        _("Abgelehnt"),
        _("An alle Vertretungen, wenn Sie eine Anmeldung ablehnen."),
        [
            Placeholder(
                "Begründung",
                "gap",
                _("drei Punkte: Dort schreiben Sie den Grund, bevor die E-Mail hinausgeht"),
                required=True,
                alone=True,
            )
        ],
    ),
    (
        "organisations/paused",
        _("Pausiert"),
        _("An alle Vertretungen, wenn Sie eine Organisation pausieren."),
        [REASON],
    ),
    (
        "organisations/resumed",
        _("Wieder aktiv"),
        _("An alle Vertretungen, wenn Sie eine Organisation wieder öffentlich machen."),
        [REASON],
    ),
    (
        "organisations/archived",
        _("Archiviert"),
        _("An alle Vertretungen, wenn Sie eine Organisation archivieren."),
        [REASON],
    ),
):
    declare(
        _name,
        title=_title,
        purpose=_purpose,
        placeholders=[ORGANISATION, *_more, OFFICER],
        example={
            "organisation": AN_ORGANISATION,
            "officer": _("Ihr Name"),
            "reason": _("Wir haben lange nichts von Ihnen gehört."),
        },
    )


def reading_language(organisation: Organisation) -> str:
    """Return the language of the first manager: the one the officer's text is offered in."""
    readers = organisation.representatives.order_by("-role", "pk")
    return readers.values_list("user__language", flat=True).first() or settings.LANGUAGE_CODE


def draft(name: str, organisation: Organisation, *, by: User, language: str) -> tuple[str, str]:
    """Return subject and text of a mail as it would go out, for the officer to read and change.

    :param name: one of the mails above, such as `ADMITTED`.
    :param language: a code of `settings.LANGUAGES`.
    """
    return mail.render(name, language, _context(organisation, by))


def says_something(body: str) -> bool:
    """Whether the officer put words of her own in the place of the dots in the standard text."""
    return bool(body.strip()) and GAP not in (line.strip() for line in body.splitlines())


def admitted(organisation: Organisation, *, by: User, subject: str, body: str) -> None:
    """Say that the organisation is public now."""
    action = (_("Seite Ihrer Organisation ansehen"), organisation.get_absolute_url())
    _to_everybody(ADMITTED, organisation, by, action, edited=(subject, body))


def asked_back(organisation: Organisation, *, by: User, subject: str, body: str) -> None:
    """Carry the officer's question; it also stands on "my organisation"."""
    action = (_("Angaben ergänzen"), _own_page(organisation))
    _to_everybody(ASKED_BACK, organisation, by, action, edited=(subject, body))


def rejected(organisation: Organisation, *, by: User, subject: str, body: str) -> None:
    """Carry the reason why the registration was declined."""
    action = (_("Ihre Anmeldung ansehen"), _own_page(organisation))
    _to_everybody(REJECTED, organisation, by, action, edited=(subject, body))


def paused(organisation: Organisation, *, by: User, reason: str) -> None:
    """Say that the organisation is not public for a while; the reason may be empty."""
    action = (_("Ihre Organisation ansehen"), _own_page(organisation))
    _to_everybody("organisations/paused", organisation, by, action, reason=reason)


def resumed(organisation: Organisation, *, by: User) -> None:
    """Say that the organisation is public again."""
    action = (_("Seite Ihrer Organisation ansehen"), organisation.get_absolute_url())
    _to_everybody("organisations/resumed", organisation, by, action)


def archived(organisation: Organisation, *, by: User, reason: str) -> None:
    """Say that the organisation is not listed any more; the reason may be empty."""
    action = (_("Meine Organisationen ansehen"), reverse("organisations:mine"))
    _to_everybody("organisations/archived", organisation, by, action, reason=reason)


def _own_page(organisation: Organisation) -> str:
    return reverse("organisations:tasks", kwargs={"pk": organisation.pk})


def _context(organisation: Organisation, by: User, reason: str = "") -> dict[str, str]:
    return {"organisation": organisation.name, "officer": by.name, "reason": reason}


def _to_everybody(
    name: str,
    organisation: Organisation,
    by: User,
    action: Action,
    *,
    edited: tuple[str, str] | None = None,
    reason: str = "",
) -> None:
    """Queue one mail per representative; the moment of the decision makes the key unique."""
    text = _changed(name, organisation, by, edited) if edited else None
    representatives = organisation.representatives.filter(user__is_active=True)
    for representative in representatives.select_related("user"):
        reader = representative.user
        mail.queue_mail(
            key=f"{name}:{organisation.pk}:{organisation.state_since.timestamp()}:{reader.pk}",
            to=reader.email,
            mail=name,
            language=reader.language,
            context=_context(organisation, by, reason),
            action=action,
            subject_body=text,
        )


def _changed(
    name: str, organisation: Organisation, by: User, edited: tuple[str, str]
) -> tuple[str, str] | None:
    """Return what the officer wrote, or None if it is the standard text of some language."""
    subject, body = edited
    if not body.strip():
        return None
    for language, _name in settings.LANGUAGES:
        standard = draft(name, organisation, by=by, language=language)
        if _words(body) == _words(standard[1]) and _words(subject) in {"", _words(standard[0])}:
            return None
    if not subject.strip():
        subject = draft(name, organisation, by=by, language=settings.LANGUAGE_CODE)[0]
    return subject.strip(), body.strip()


def _words(text: str) -> str:
    """Browsers send CRLF, templates end in LF: compare words, not line ends."""
    return " ".join(text.split())
