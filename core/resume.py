"""Nothing typed is lost when a session has ended in between.

Who sends a form without being logged in (any more) is led through the log-in and back to the form,
which then shows everything that was typed. What was typed waits in the anonymous session, which
the log-in continues (Django gives it a new key and keeps its content).
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.models import Session
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.http.request import RawPostDataException
from django.shortcuts import render
from django.utils.translation import gettext as _

from core import limits

KEPT = "core_resume"
MAX_BYTES = 100_000
MAX_AGE = 60 * 60
# Secrets are typed again: no password, code or token waits in a session.
# A "code" is one by its whole name only: a postal code is no secret.
SECRET = ("csrf", "passw", "token", "credential")


def _without_secrets(data: QueryDict) -> QueryDict:
    kept = QueryDict(mutable=True)
    for name, values in data.lists():
        if name.lower() != "code" and not any(word in name.lower() for word in SECRET):
            kept.setlist(name, values)
    return kept


def _owner(request: HttpRequest) -> str:
    """Return the id of the user whose session has ended in this browser, as far as it is known.

    The ended session's row, or allauth's note of it, is there until housekeeping removes them.
    """
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")[:40]
    if not key or "\x00" in key:
        return ""
    ended = Session.objects.filter(session_key=key).first()
    owner = ended.get_decoded().get(SESSION_KEY) if ended else None
    if not owner:
        owner = (
            UserSession.objects.filter(session_key=key).values_list("user_id", flat=True).first()
        )
    return str(owner or "")


def keep(request: HttpRequest) -> bool:
    """Keep what an anonymous request has sent, for the same address after the log-in.

    Not kept: files, which only the browser can send again, and secrets.

    :return: False when it was too much (MAX_BYTES), or too often from one network.
    """
    data = _without_secrets(request.POST).urlencode()
    if len(data) > MAX_BYTES or not limits.allow(limits.client_ip(request), action="resume"):
        return False
    request.session[KEPT] = {
        "path": request.get_full_path(),
        "data": data,
        "files": bool(request.FILES),
        "owner": _owner(request),
        "at": time.time(),
    }
    return True


def keep_for(request: HttpRequest, data: QueryDict, *, path: str) -> bool:
    """Keep what somebody who is logged in has typed, for the form at another address.

    :param path: of the form, with its query.
    :return: False when it was too much (MAX_BYTES).
    """
    encoded = _without_secrets(data).urlencode()
    if len(encoded) > MAX_BYTES:
        return False
    request.session[KEPT] = {
        "path": path,
        "data": encoded,
        "files": bool(request.FILES),
        "owner": str(request.user.pk),
        "at": time.time(),
    }
    return True


def waiting(request: HttpRequest) -> dict[str, Any] | None:
    """Return what was kept for this address and this person.

    It is given to nobody but the person whose session had ended, where that is known, and forgotten
    after an hour and as soon as the form is sent.
    """
    kept = request.session.get(KEPT)
    if not kept or not request.user.is_authenticated or request.method != "GET":
        return None
    if kept["owner"] not in ("", str(request.user.pk)) or time.time() - kept["at"] > MAX_AGE:
        forget(request)
        return None
    return kept if kept["path"] == request.get_full_path() else None


def recall(request: HttpRequest) -> QueryDict | None:
    """Return what was sent to this address before the log-in, and tell the person about it.

    For GET: bind the form to it.
    """
    kept = waiting(request)
    if kept is None:
        return None
    messages.info(request, _("Ihre Eingaben sind noch da. Bitte senden Sie sie noch einmal ab."))
    if kept["files"]:
        messages.warning(request, _("Bilder und Dateien müssen Sie bitte noch einmal auswählen."))
    return QueryDict(kept["data"])


def forget(request: HttpRequest) -> None:
    """Throw away what was kept."""
    request.session.pop(KEPT, None)


def arrived(request: HttpRequest) -> None:
    """Throw away what was kept for this address if the form is sent again."""
    kept = request.session.get(KEPT)
    if kept and request.method == "POST" and kept["path"] == request.get_full_path():
        forget(request)


def require_login(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Let a view be seen by people who are logged in; keep what others have sent to it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            arrived(request)
            return view(request, *args, **kwargs)
        if request.method == "POST":
            if keep(request):
                messages.info(
                    request,
                    _(
                        "Sie waren nicht mehr angemeldet. Melden Sie sich bitte an, dann geht es "
                        "mit Ihren Eingaben weiter."
                    ),
                )
            else:
                messages.warning(request, _("Sie waren nicht mehr angemeldet."))
        return redirect_to_login(request.get_full_path())

    return guarded


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in plain words that the page was open too long, and show what was typed, to copy it.

    Nothing is sent again by itself, since the request may have come from another site; what
    such a request carries is not even shown (it would speak with our voice).
    """
    origin = request.headers.get("Origin", "")
    own = origin == f"{request.scheme}://{request.get_host()}" or origin in (
        settings.CSRF_TRUSTED_ORIGINS
    )
    own = own and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    typed: list[str] = []
    if own:
        try:
            data = _without_secrets(request.POST)
        except (RequestDataTooBig, TooManyFieldsSent, RawPostDataException, OSError):
            data = QueryDict()
        # Ticks, keys and choices are quickly made again; what took time to write is shown.
        typed = [
            value[:MAX_BYTES]
            for name, values in data.lists()
            for value in values
            if len(value.strip()) > 3 and name not in ("next", "action", "creation_key")
        ][:100]
    back = request.get_full_path()
    context = {"typed": typed, "back": back if own else urlsplit(back).path}
    return render(request, "core/csrf_failure.html", context, status=403)
