"""The mails about an account: one function each, called inside the service's transaction."""

import datetime
import uuid

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.codes import CHANGE_EMAIL, CONFIRM, ENTER, MINUTES
from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from core.models import OutboxMessage

WHAT_FOR = {
    ENTER: _("Mit diesem Code melden Sie sich an."),
    CHANGE_EMAIL: _("Mit diesem Code bestätigen Sie Ihre neue E-Mail-Adresse."),
    CONFIRM: _("Mit diesem Code bestätigen Sie, dass Sie es sind."),
}
CODE_PAGES = {
    ENTER: "accounts:code",
    CHANGE_EMAIL: "accounts:email",
    CONFIRM: "accounts:confirm",
}
WHAT_HAPPENED = {
    "totp_activated": _("Eine App für Anmelde-Codes wurde eingerichtet."),
    "totp_deactivated": _("Die App für Anmelde-Codes wurde entfernt."),
    "webauthn_added": _("Ein Passkey wurde hinzugefügt."),
    "webauthn_removed": _("Ein Passkey wurde entfernt."),
    "recovery_codes_generated": _("Es gibt neue Ersatzcodes. Die alten gelten nicht mehr."),
    "password_set": _("Ein Passwort wurde eingerichtet."),
    "password_changed": _("Das Passwort wurde geändert."),
    "password_removed": _("Das Passwort wurde entfernt."),
    "second_factor_reset": _("Der zweite Faktor wurde vom Team zurückgesetzt."),
}


GREETING = Placeholder("Anrede", "greeting", _("Guten Tag, mit dem Namen, wenn wir ihn kennen"))
NAME = _("Maria Muster")

declare(
    "accounts/code",
    title=_("Code"),
    purpose=_("An alle, die sich anmelden, ihre Adresse ändern oder sich noch einmal ausweisen."),
    placeholders=[
        Placeholder("Zweck", "what_for", _("wozu der Code gut ist, ein ganzer Satz")),
        Placeholder("Code", "code", _("der Code"), required=True, alone=True),
        Placeholder("Minuten", "minutes", _("wie viele Minuten der Code gilt")),
    ],
    example={"what_for": WHAT_FOR[ENTER], "code": "123 456", "minutes": MINUTES},
)


def code(*, purpose: str, to: str, language: str, code: str) -> OutboxMessage:
    """Queue the mail with a code; the same text whether the address has an account or not."""
    return queue_mail(
        key=f"code:{purpose}:{uuid.uuid4().hex}",
        to=to,
        mail="accounts/code",
        language=language,
        context={"what_for": WHAT_FOR[purpose], "code": code, "minutes": MINUTES},
        action=(_("Zur Seite für den Code"), reverse(CODE_PAGES[purpose])),
        confidential=True,
        expires_at=timezone.now() + datetime.timedelta(minutes=MINUTES),
    )


declare(
    "accounts/security",
    title=_("Anmeldung geändert"),
    purpose=_("An eine Person, wenn sich etwas daran geändert hat, wie sie sich anmeldet."),
    placeholders=[
        GREETING,
        Placeholder("Änderung", "what", _("was sich geändert hat, ein ganzer Satz"), required=True),
        Placeholder("Zeitpunkt", "at", _("wann das war")),
    ],
    example={"name": NAME, "what": WHAT_HAPPENED["webauthn_added"], "at": "22. 11. 2026 12:00"},
)


@transaction.atomic
def security(*, user: User, what: str, cause: str) -> OutboxMessage:
    """Queue a notice that something about the log-in has changed.

    :param what: a key of WHAT_HAPPENED.
    :param cause: makes the mail's key unique to this change.
    """
    return queue_mail(
        key=f"security:{what}:{user.pk}:{cause}",
        to=user.email,
        mail="accounts/security",
        language=user.language,
        context={
            "name": user.name,
            "what": WHAT_HAPPENED[what],
            "at": _spoken(timezone.now(), user.language),
        },
        action=(_("Mein Konto ansehen"), reverse("accounts:profile")),
    )


declare(
    "accounts/email_changed",
    title=_("E-Mail-Adresse geändert"),
    purpose=_("An die alte Adresse, wenn ein Konto eine neue bekommen hat."),
    placeholders=[
        GREETING,
        Placeholder("Zeitpunkt", "at", _("wann das war")),
        Placeholder("Neue Adresse", "new", _("die neue Adresse, zum Teil verdeckt")),
    ],
    example={"name": NAME, "new": "m…@example.org", "at": "22. 11. 2026 12:00"},
)


def email_changed(*, user: User, old: str, new: str, at: datetime.datetime) -> OutboxMessage:
    """Queue a notice to the address that no longer counts."""
    return queue_mail(
        key=f"email-changed:{user.pk}:{at.isoformat()}",
        to=old,
        mail="accounts/email_changed",
        language=user.language,
        context={
            "name": user.name,
            "new": _masked(new),
            "at": _spoken(at, user.language),
        },
    )


declare(
    "accounts/erased",
    title=_("Konto gelöscht"),
    purpose=_("Die letzte E-Mail an eine Person, deren Konto gelöscht ist."),
    placeholders=[GREETING],
    example={"name": NAME},
)


def erased(*, pk: int, to: str, name: str, language: str) -> OutboxMessage:
    """Queue the last mail to somebody whose account is gone."""
    return queue_mail(
        key=f"erased:{pk}",
        to=to,
        mail="accounts/erased",
        language=language,
        context={"name": name},
        confidential=True,
    )


def _spoken(moment: datetime.datetime, language: str) -> str:
    with override(language):
        return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _masked(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: `a…@example.org`."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
