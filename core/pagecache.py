"""Public pages for people without a session: made once per change, then answered from memory."""

import gzip
import hashlib
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, NamedTuple, Self

import brotli
from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, get_language_from_path

from core import revision

PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"
# What depends on the day ("last confirmed a year ago") must not stay for ever.
SECONDS = 900

# Headers that every answer gets for itself.
ANSWERED = {"Cache-Control", "Content-Encoding", "Content-Length", "ETag", "Vary"}

View = Callable[..., HttpResponseBase]


# By name in Accept-Encoding, the best first; without a secret in a page, compressing is harmless.
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": partial(brotli.compress, quality=5),
    "gzip": partial(gzip.compress, compresslevel=6, mtime=0),
    "": bytes,
}
DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "": bytes,
}


class Page(NamedTuple):
    """A finished page in the encodings it was asked for so far: mostly only in the smallest."""

    headers: dict[str, str]
    etag: str
    bodies: dict[str, bytes]
    # Whether the headers are all there are, those of the middleware included.
    is_whole: bool = False

    @classmethod
    def of(cls, response: HttpResponse, encoding: str) -> Self:
        content = response.content
        return cls(
            headers=dict(response.headers.items()),
            etag=hashlib.sha256(content).hexdigest()[:32],
            bodies={encoding: COMPRESS[encoding](content)},
        )

    def also_in(self, encoding: str) -> Self:
        known, body = next(iter(self.bodies.items()))
        content = DECOMPRESS[known](body)
        return self._replace(bodies={**self.bodies, encoding: COMPRESS[encoding](content)})


def cache_public(view: View) -> View:
    """Let a view's page be shared by everyone who has no session.

    For GET and HEAD without one, the page is kept per process until `core.revision` is another,
    and comes with a strong ETag; with one, it is private and stored nowhere. What belongs to one
    person (a cookie, a form's token, a message) is never kept: such a page just stays private.
    """

    @wraps(view)
    def cached(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_anonymous(request):
            return _private(view(request, *args, **kwargs))
        key, encoding = getattr(request, "page_key", None) or _key(request), _encoding(request)
        page: Page | None = caches["pages"].get(key)
        if page is None:
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response = response.render()
            if not (isinstance(response, HttpResponse) and _is_for_everyone(request, response)):
                return _private(response)
            page = Page.of(response, encoding)
            caches["pages"].set(key, page, SECONDS)
        elif encoding not in page.bodies:
            page = page.also_in(encoding)
            caches["pages"].set(key, page, SECONDS)
        request.page = page  # type: ignore[attr-defined]
        if hasattr(request, "session"):
            # Asking who is there found nobody; that does not make the page vary by cookie.
            request.session.accessed = False
        return _answer(request, page, encoding)

    return cached


class PageCacheMiddleware:
    """Answer with a kept page before anything else is asked; behind it, `cache_public` makes it.

    What the middleware below adds to a page (its policy, its language) is kept with it. Only pages
    with their language in the address: elsewhere it depends on more than the address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = get_language_from_path(request.path_info)
        if language is None or not is_anonymous(request):
            return self.get_response(request)
        try:
            key = _key(request, language)
        except DatabaseError:
            return self.get_response(request)  # which has a page for that
        page: Page | None = caches["pages"].get(key)
        encoding = _encoding(request)
        if page is not None and page.is_whole and encoding in page.bodies:
            return _answer(request, page, encoding)
        request.page_key = key  # type: ignore[attr-defined]
        response = self.get_response(request)
        made: Page | None = getattr(request, "page", None)
        if made is not None and response.status_code == 200 and not response.cookies:
            headers = {k: v for k, v in response.headers.items() if k not in ANSWERED}
            caches["pages"].set(key, made._replace(headers=headers, is_whole=True), SECONDS)
        return response


def is_anonymous(request: HttpRequest) -> bool:
    """Tell whether a request asks for a page and carries nothing personal."""
    return (
        request.method in {"GET", "HEAD"}
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "messages" not in request.COOKIES
    )


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Cache-Control", PRIVATE)
    return response


def _is_for_everyone(request: HttpRequest, response: HttpResponse) -> bool:
    session = getattr(request, "session", None)
    messages = getattr(request, "_messages", None)
    return (
        response.status_code == 200
        and not response.cookies
        and not response.has_header("Cache-Control")
        and not (session is not None and session.modified)
        and not (messages is not None and messages.added_new)
        # Whoever has the cookie already gets no new one, but a token of their own in the page.
        and b"csrfmiddlewaretoken" not in response.content
        and not any(name.startswith("_csp") for name in vars(response))
    )


def _encoding(request: HttpRequest) -> str:
    """Return the best encoding the browser reads; one it ranks ("br;q=0.5") is passed over."""
    accepted = request.headers.get("Accept-Encoding", "").lower().replace(" ", "").split(",")
    return next(name for name in COMPRESS if not name or name in accepted)


def _answer(request: HttpRequest, page: Page, encoding: str) -> HttpResponseBase:
    # A strong ETag stands for the very bytes, so every encoding has its own.
    etag = f'"{page.etag}{encoding and "-" + encoding}"'
    body = page.bodies[encoding]
    response = HttpResponse(body, headers=page.headers)
    response.headers["Content-Length"] = str(len(body))
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = PUBLIC
    response.headers["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


def _key(request: HttpRequest, language: str | None = None) -> str:
    """Return what a page depends on; the same filters in another order are the same page."""
    pairs = request.META.get("QUERY_STRING", "").split("&")
    query = "&".join(sorted(pairs, key=lambda pair: pair.partition("=")[0]))
    asked = "\n".join(
        [
            request.scheme or "",
            request.get_host(),
            language or get_language() or "",
            request.path,
            query,
        ]
    )
    return f"{revision.recent()}:{hashlib.sha256(asked.encode(errors='replace')).hexdigest()}"
