"""Those pages of allauth that the portal uses, under the names by which allauth finds them.

Not here, on purpose: sign-up, confirmation by link, password reset and allauth's own log-in by
code. `accounts:enter` does all of that in one way.
"""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.urls import path
from django.views.decorators.cache import never_cache

from accounts.second_factor import fresh_proof_required

urlpatterns = [
    path("anmelden/passwort/", account.login, name="account_login"),
    path("anmelden/passkey/", never_cache(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("anmelden/zweiter-faktor/", factors.authenticate, name="mfa_authenticate"),
    path("anmelden/gesperrt/", account.account_inactive, name="account_inactive"),
    path("abmelden/", never_cache(account.logout), name="account_logout"),
    path(
        "konto/bestaetigen/passwort/",
        never_cache(account.reauthenticate),
        name="account_reauthenticate",
    ),
    path(
        "konto/bestaetigen/zweiter-faktor/",
        never_cache(factors.reauthenticate),
        name="mfa_reauthenticate",
    ),
    path(
        "konto/bestaetigen/passkey/",
        never_cache(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("konto/zweiter-faktor/", never_cache(factors.index), name="mfa_index"),
    path(
        "konto/zweiter-faktor/app/",
        never_cache(fresh_proof_required(totp.activate_totp)),
        name="mfa_activate_totp",
    ),
    path(
        "konto/zweiter-faktor/app/entfernen/",
        never_cache(fresh_proof_required(totp.deactivate_totp)),
        name="mfa_deactivate_totp",
    ),
    path(
        "konto/ersatzcodes/",
        never_cache(fresh_proof_required(recovery.view_recovery_codes)),
        name="mfa_view_recovery_codes",
    ),
    path(
        "konto/ersatzcodes/neu/",
        never_cache(fresh_proof_required(recovery.generate_recovery_codes)),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "konto/ersatzcodes/datei/",
        never_cache(fresh_proof_required(recovery.download_recovery_codes)),
        name="mfa_download_recovery_codes",
    ),
    path("konto/passkeys/", never_cache(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path(
        "konto/passkeys/neu/",
        never_cache(fresh_proof_required(webauthn.add_webauthn)),
        name="mfa_add_webauthn",
    ),
    path(
        "konto/passkeys/<int:pk>/entfernen/",
        never_cache(fresh_proof_required(webauthn.remove_webauthn)),
        name="mfa_remove_webauthn",
    ),
    path("konto/sitzungen/", never_cache(sessions.list_usersessions), name="usersessions_list"),
]
