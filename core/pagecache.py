"""Public pages for people without a session: made once per change, then answered from memory."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from core import revision

SECONDS = 3600
PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"

View = Callable[..., HttpResponseBase]


def cache_public(view: View) -> View:
    """Let a view's page be shared by everyone who is not logged in.

    Its result is kept per process until `core.revision` moves on, for GET and HEAD without a
    session; with one, the page is private and not stored anywhere. What sets a cookie is not kept.
    """

    @wraps(view)
    def cached(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_anonymous(request):
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", PRIVATE)
            return response
        key = _key(request)
        pages = caches["pages"]
        kept: tuple[bytes, str, str] | None = pages.get(key)
        if kept is None:
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and not response.is_rendered:
                response = response.render()
            if not _may_be_kept(request, response):
                response.headers.setdefault("Cache-Control", PRIVATE)
                return response
            content = response.content
            kept = (
                content,
                response.headers["Content-Type"],
                f'"{hashlib.sha256(content).hexdigest()[:32]}"',
            )
            pages.set(key, kept, SECONDS)
        content, content_type, etag = kept
        fresh = HttpResponse(content, content_type=content_type)
        fresh.headers["Cache-Control"] = PUBLIC
        fresh.headers["ETag"] = etag
        return get_conditional_response(request, etag=etag, response=fresh) or fresh

    return cached


def is_anonymous(request: HttpRequest) -> bool:
    """Tell whether a request asks for a page and carries nothing personal."""
    return (
        request.method in {"GET", "HEAD"}
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "messages" not in request.COOKIES
    )


def _may_be_kept(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        response.status_code == 200
        and isinstance(response, HttpResponse)
        and not response.cookies
        and not response.headers.get("Cache-Control")
        # A form's token is personal: the page made from it cannot be shared.
        and not request.META.get("CSRF_COOKIE_NEEDS_UPDATE")
    )


def _key(request: HttpRequest) -> str:
    query = "&".join(sorted(request.META.get("QUERY_STRING", "").split("&")))
    asked = f"{request.get_host()}\n{get_language()}\n{request.path}\n{query}"
    return f"{revision.current()}:{hashlib.sha256(asked.encode(errors='replace')).hexdigest()}"
