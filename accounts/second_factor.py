"""What a session has shown of the person who uses it: mailbox, password, second factor.

allauth notes in the session how somebody proved who they are. Two questions are asked of these
notes: has this very session seen the second factor, which staff need everywhere; and was the proof
given just now, which everybody needs to change how one logs in.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from core.resume import keep, require_login

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_enrolled(user: User) -> bool:
    """Tell whether the account has a second factor; recovery codes alone are none."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def is_required_of(user: User) -> bool:
    """Tell whether an account must have a second factor: everybody who works for the network."""
    return user.is_staff or user.is_superuser


def is_proved(request: HttpRequest) -> bool:
    """Tell whether this session has seen the second factor.

    That the account has one is not enough: it may have been added in another browser while this
    one was already logged in by a code alone.
    """
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the person has proved who they are within ACCOUNT_REAUTHENTICATION_TIMEOUT.

    Who has a second factor proves it with that: a code to the mailbox must not be able to remove
    what protects against a stolen mailbox.
    """
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    if not request.user.is_authenticated:
        return False
    needs_factor = is_enrolled(request.user)
    return any(
        record["at"] > since and (record.get("method") == "mfa" or not needs_factor)
        for record in get_authentication_records(request, request.user)
    )


def fresh_proof_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view change how one logs in only after a fresh proof who one is.

    What was sent too late waits as after the end of a session, without secrets; allauth's own way
    would keep a new password in the session until it is resumed.
    """

    @require_login
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        if request.method == "POST":
            keep(request)
        return ask_for_proof(request, request.get_full_path())

    return guarded


def ask_for_proof(request: HttpRequest, next_path: str) -> HttpResponse:
    """Send somebody to the first of their ways to prove who they are, and back afterwards."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    return redirect_to_login(next_path, methods[0]["url"])
