"""Changing what a mail says: one function per thing the officer does with its text."""

import uuid
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import history, limits, mail
from core.errors import Refused
from core.mail_kinds import Kind
from core.models import MailText, OutboxMessage
from core.text import clean_text


@transaction.atomic
def save(*, kind: Kind, language: str, subject: str, body: str, by: Any) -> bool:
    """Send a mail in the officer's own words from now on; the standard text takes them back.

    :param language: a code of `settings.LANGUAGES`.
    :return: False when that is what is sent already.
    :raises ValidationError: see `Kind.check_words`.
    """
    subject, body = clean_text(subject, multiline=False), clean_text(body, multiline=True)
    kind.check_words(subject, body)
    if (subject, body) == mail.standard_words(kind, language):
        return reset(kind=kind, language=language, by=by)
    text = _own(kind, language) or MailText(mail=kind.name, language=language)
    if (text.subject, text.body) == (subject, body):
        return False
    text.subject, text.body = subject, body
    history.note(text, by=by, reason=_("Text der E-Mail geändert"))
    text.save()
    return True


@transaction.atomic
def reset(*, kind: Kind, language: str, by: Any) -> bool:
    """Send a mail in the standard text again; the officer's words stay in the history.

    :return: False when it is so already.
    """
    text = _own(kind, language)
    if text is None:
        return False
    reason: Promise = _("Zurück zum Standardtext")
    history.note(text, by=by, reason=reason)
    text.delete()
    return True


def send_test(*, kind: Kind, language: str, subject: str, body: str, to: Any) -> OutboxMessage:
    """Send a text with example values to the person who writes it, without saving it.

    :param to: her account.
    :raises ValidationError: see `Kind.check_words`.
    :raises Refused: for too many in a short time.
    """
    subject, body = clean_text(subject, multiline=False), clean_text(body, multiline=True)
    kind.check_words(subject, body)
    if not limits.allow(to.email, action="mail_test"):
        raise Refused(_("Das waren viele Test-E-Mails. Bitte warten Sie eine Stunde."))
    with transaction.atomic():
        return mail.queue_mail(
            key=f"test:{kind.name}:{to.pk}:{uuid.uuid4().hex}",
            to=to.email,
            mail=kind.name,
            language=language,
            context=kind.example,
            action=(_("Beispiel für den Knopf"), "/"),
            subject_body=mail.render_words(kind, subject, body, language, kind.example),
        )


def _own(kind: Kind, language: str) -> MailText | None:
    texts = MailText.objects.select_for_update()
    return texts.filter(mail=kind.name, language=language).first()
