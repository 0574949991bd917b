"""allauth in the portal's words, with the portal's outbox, address and network address."""

import base64
import hashlib
import uuid
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import emails, second_factor
from accounts.models import User
from core.limits import client_ip

TOO_MANY_TRIES = _("Das waren zu viele Versuche. Bitte warten Sie einige Minuten.")
WRONG_CODE = _("Dieser Code ist nicht richtig. Bitte prüfen Sie die Ziffern.")


class AccountAdapter(DefaultAccountAdapter):
    """Words, mails and redirects of log-in, log-out and proofs."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("Dieses Konto ist gesperrt."),
        "email_password_mismatch": _("E-Mail-Adresse oder Passwort sind nicht richtig."),
        "incorrect_code": WRONG_CODE,
        "incorrect_password": _("Das Passwort ist nicht richtig."),
        "invalid_login": _("E-Mail-Adresse oder Passwort sind nicht richtig."),
        "too_many_login_attempts": TOO_MANY_TRIES,
        "rate_limited": TOO_MANY_TRIES,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Close allauth's own sign-up: `accounts:enter` is the one way in."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        if user.is_authenticated and second_factor.is_required_of(user):
            return reverse("admin:index")
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or "0.0.0.0"  # noqa: S104 – "unknown", nothing listens here

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not second_factor.is_fresh(self.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """Return the ways to prove once more who one is, the one to begin with first.

        Who has a second factor shows that one; everybody else a password or a code by mail.
        """
        if not user.is_authenticated:
            return []
        types = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
        methods = []
        if Authenticator.Type.TOTP in types:
            methods.append(("mfa_reauthenticate", gettext("Code aus der App oder Ersatzcode")))
        if Authenticator.Type.WEBAUTHN in types:
            methods.append(("mfa_reauthenticate_webauthn", gettext("Passkey")))
            if Authenticator.Type.TOTP not in types:
                methods.append(("mfa_reauthenticate", gettext("Ersatzcode")))
        if not methods:
            if user.has_usable_password():
                methods.append(("account_reauthenticate", gettext("Passwort")))
            methods.append(("accounts:confirm", gettext("Code per E-Mail")))
        return [
            {"id": name, "description": description, "url": reverse(name)}
            for name, description in methods
        ]

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        emails.security(
            user=user,
            what=template_prefix.rpartition("/")[2],
            cause=uuid.uuid4().hex,
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse: whatever allauth wants to send beyond notices has its own, limited way here.

        :raises RuntimeError: always; a route that leads here must not be open.
        """
        raise RuntimeError(f"allauth wants to send {template_prefix}, which the portal does not.")


class SecondFactorAdapter(DefaultMFAAdapter):
    """Words, encryption and pictures of second factors."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _("Den zweiten Faktor brauchen Sie für Ihre Arbeit."),
        "cannot_generate_recovery_codes": _(
            "Ersatzcodes gibt es erst, wenn ein zweiter Faktor eingerichtet ist."
        ),
        "incorrect_code": WRONG_CODE,
        "unverified_email": _("Bitte bestätigen Sie zuerst Ihre E-Mail-Adresse."),
    }

    @cached_property
    def _fernet(self) -> MultiFernet:
        """Encryption by SECRET_KEY, readable with SECRET_KEY_FALLBACKS after a change of it."""
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        digests = [
            hashlib.sha256(f"accounts.second_factor:{key}".encode()).digest() for key in keys
        ]
        return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return self._fernet.decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return self._get_site_name()

    def _get_site_name(self) -> str:
        """Return the host of SITE_URL; what a request says about its host counts nothing."""
        return urlsplit(settings.SITE_URL).hostname or "localhost"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        name = self._get_site_name()
        return {"id": name, "name": name}

    def build_totp_svg(self, url: str) -> str:
        """Return a QR code as SVG that can stand as an image of its own, in a data: address."""
        target = BytesIO()
        segno.make(url, error="m", micro=False).save(
            target, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True
        )
        return target.getvalue().decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the last second factor of staff: without it they would stand before the door."""
        if not second_factor.is_required_of(authenticator.user):
            return True
        others = Authenticator.objects.filter(
            user_id=authenticator.user_id, type__in=second_factor.FACTORS
        ).exclude(pk=authenticator.pk)
        return others.exists()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey %(number)d") % {"number": number}
