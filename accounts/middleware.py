"""Staff are staff only with a second factor; to everybody else the back office does not exist.

Whoever opens a page logged in is noted as seen on that day.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import second_factor, services
from core.resume import keep, require_login

# What staff may open before the second factor: the way to it, the way out, and what the law wants
# to be open to everybody.
OPEN = {
    "account_logout",
    "account_reauthenticate",
    "accounts:confirm",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "portal:accessibility",
    "portal:feedback",
    "portal:imprint",
    "portal:privacy",
}


class SecondFactorMiddleware:
    """Hold staff at the second factor on every page, since their rights reach beyond the admin.

    A log-in with password or code of somebody who has a second factor is not finished before it,
    and nobody is logged in until then: that is allauth's stage. Here come those who have none yet,
    and sessions that began before there was one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        office = match is not None and "admin" in match.app_names
        # Looking at the user makes an answer vary by cookie; visitors without a session have none.
        if not office and settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        user = request.user
        if not user.is_authenticated:
            # What was typed there waits as well until the person is back.
            return require_login(view)(request) if office else None
        if not second_factor.is_required_of(user):
            if office:
                raise Http404
            return None
        if (
            match is None
            or match.view_name in OPEN
            or (settings.DEBUG and "core" in match.app_names)
        ):
            return None
        if not second_factor.is_enrolled(user):
            return redirect("mfa_index")
        if not second_factor.is_proved(request):
            if request.method == "POST":
                keep(request)
            return second_factor.ask_for_proof(request, request.get_full_path())
        if match.view_name == "admin:login":
            return redirect("admin:index")
        if match.view_name == "admin:password_change":
            return redirect("accounts:password")
        return None


class LastSeenMiddleware:
    """Note the day on which somebody was here last, so that an organisation is not left alone.

    A page is shown also while nothing can be written; tomorrow is early enough.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any
    ) -> None:
        # Looking at the user makes an answer vary by cookie; visitors without a session have none.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            with suppress(OperationalError):
                services.seen(request.user)
