"""Those pages of allauth that the portal uses, under the names by which allauth finds them.

Not here, on purpose: sign-up, confirmation by link, password reset and allauth's own log-in by
code. `accounts:enter` does all of that in one way.
"""

from collections.abc import Callable

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.http import HttpResponse
from django.urls import URLPattern
from django.urls import path as django_path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.second_factor import fresh_proof_required

# Django's form views take PUT for POST; nobody needs that here.
only_forms = require_http_methods(["GET", "HEAD", "POST"])


def path(
    address: str, view: Callable[..., HttpResponse], name: str, *, fresh: bool = False
) -> URLPattern:
    """Return the pattern of a page that is personal and never kept.

    :param fresh: whether it changes how one logs in and so needs a fresh proof who one is.
    """
    if fresh:
        view = fresh_proof_required(view)
    return django_path(address, never_cache(only_forms(view)), name=name)


urlpatterns = [
    path("anmelden/passwort/", account.login, "account_login"),
    path("anmelden/passkey/", webauthn.login_webauthn, "mfa_login_webauthn"),
    path("anmelden/zweiter-faktor/", factors.authenticate, "mfa_authenticate"),
    path("anmelden/gesperrt/", account.account_inactive, "account_inactive"),
    path("abmelden/", account.logout, "account_logout"),
    path("konto/bestaetigen/passwort/", account.reauthenticate, "account_reauthenticate"),
    path("konto/bestaetigen/zweiter-faktor/", factors.reauthenticate, "mfa_reauthenticate"),
    path(
        "konto/bestaetigen/passkey/",
        webauthn.reauthenticate_webauthn,
        "mfa_reauthenticate_webauthn",
    ),
    path("konto/zweiter-faktor/", factors.index, "mfa_index"),
    path("konto/zweiter-faktor/app/", totp.activate_totp, "mfa_activate_totp", fresh=True),
    path(
        "konto/zweiter-faktor/app/entfernen/",
        totp.deactivate_totp,
        "mfa_deactivate_totp",
        fresh=True,
    ),
    path("konto/ersatzcodes/", recovery.view_recovery_codes, "mfa_view_recovery_codes", fresh=True),
    path(
        "konto/ersatzcodes/neu/",
        recovery.generate_recovery_codes,
        "mfa_generate_recovery_codes",
        fresh=True,
    ),
    path(
        "konto/ersatzcodes/datei/",
        recovery.download_recovery_codes,
        "mfa_download_recovery_codes",
        fresh=True,
    ),
    path("konto/passkeys/", webauthn.list_webauthn, "mfa_list_webauthn"),
    path("konto/passkeys/neu/", webauthn.add_webauthn, "mfa_add_webauthn", fresh=True),
    path(
        "konto/passkeys/<int:pk>/entfernen/",
        webauthn.remove_webauthn,
        "mfa_remove_webauthn",
        fresh=True,
    ),
    path("konto/sitzungen/", sessions.list_usersessions, "usersessions_list"),
]
