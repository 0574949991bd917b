"""What stands around every view: odd input, a database that is gone, and who may keep an answer."""

import errno
import logging
import sys
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import translation
from django.views import defaults

from core.pagecache import PRIVATE

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Six photos of 10 MB, and what a form holds besides; more is refused before it is read.
MAX_REQUEST_BYTES = 64 * 1024 * 1024
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
SECONDS_TO_WAIT = "60"
TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


class InputMiddleware:
    """Refuse what no browser sends by itself, before it reaches a view or the disk.

    A NUL byte is an error in PostgreSQL and none in SQLite; forms refuse it in what people type,
    here it ends in addresses, queries and cookies.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _content_length(request) > MAX_REQUEST_BYTES:
            return _page(request, "413.html", 413)
        query = str(request.META.get("QUERY_STRING", ""))
        texts = (request.path, query.replace("%00", "\0"), *request.COOKIES.values())
        if any("\0" in text for text in texts):
            return _page(request, "400.html", 400)
        return self.get_response(request)


class UnavailableMiddleware:
    """Answer with a plain page when the database is gone or the disk is full.

    The page brings back what was typed, so that it can be sent again in a minute.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if is_unavailable(error):
            return unavailable(request, error)
        if isinstance(error, TOO_MUCH):
            return bad_request(request, error)
        if isinstance(error, DataError):
            # PostgreSQL alone minds a NUL, an over-long text or a huge number; whoever gets past
            # the forms with one has tampered with the request.
            logger.warning("Impossible value at %s.", _where(request))
            return _page(request, "400.html", 400)
        return None


class CacheControlMiddleware:
    """Mark every answer as private whose view does not say otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", PRIVATE)
        return response


def is_unavailable(error: BaseException | None) -> bool:
    """Tell whether an error means: try again later, nothing is wrong with the request."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if isinstance(error, OperationalError):
        # SQLite also reports a missing table this way, which is a fault of ours.
        return not str(error).startswith("no such")
    return isinstance(error, InterfaceError)


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer 503 with a page that asks no database and brings back what was typed."""
    logger.error("Unavailable: %s at %s.", type(error).__name__, _where(request))
    fields = _typed(request)
    if fields:
        fields.append(("csrfmiddlewaretoken", get_token(request)))
    response = _page(
        request, "503.html", 503, {"fields": fields, "action": request.get_full_path()}
    )
    response.headers["Retry-After"] = SECONDS_TO_WAIT
    return response


def bad_request(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Answer what Django finds suspicious; a request that is too large has words of its own."""
    if isinstance(exception, TOO_MUCH):
        return _page(request, "413.html", 413)
    return _page(request, "400.html", 400)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer what went wrong outside a view, where `UnavailableMiddleware` is not asked."""
    error = sys.exc_info()[1]
    if error and is_unavailable(error):
        return unavailable(request, error)
    return defaults.server_error(request)


def _page(
    request: HttpRequest, template: str, status: int, context: dict[str, object] | None = None
) -> HttpResponse:
    """Render a page without the request, so that nothing asks for the session or the database."""
    language = translation.get_language_from_path(request.path) or translation.get_language()
    with translation.override(language):
        content = render_to_string(template, context)
    return HttpResponse(content, status=status, headers={"Cache-Control": PRIVATE})


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of a form that was sent, without passwords and files."""
    if request.method != "POST":
        return []
    try:
        sent = request.POST.lists()
    except Exception:  # it could not be read, perhaps because the disk is full
        return []
    return [
        (name, str(value))
        for name, values in sent
        if name != "csrfmiddlewaretoken" and "password" not in name.lower()
        for value in values
    ]


def _content_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _where(request: HttpRequest) -> str:
    """Name the view, not the address: that may hold a token or a name."""
    return request.resolver_match.view_name if request.resolver_match else "no view"
