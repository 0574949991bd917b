"""The mails about an account: one function each, called inside the service's transaction."""

import datetime
import uuid

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.codes import CHANGE_EMAIL, CONFIRM, ENTER, MINUTES
from accounts.models import User
from core.mail import queue_mail
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
        context={"name": user.name, "what": WHAT_HAPPENED[what], "at": timezone.localtime()},
        action=(_("Mein Konto ansehen"), reverse("accounts:profile")),
    )


def email_changed(*, user: User, old: str, new: str, at: datetime.datetime) -> OutboxMessage:
    """Queue a notice to the address that no longer counts."""
    return queue_mail(
        key=f"email-changed:{user.pk}:{at.isoformat()}",
        to=old,
        mail="accounts/email_changed",
        language=user.language,
        context={"name": user.name, "new": _masked(new), "at": timezone.localtime(at)},
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


def _masked(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: `a…@example.org`."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
