"""Full addresses of pages, in a reader's language and in all of them."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import get_language


def site_url(path: str, language: str) -> str:
    """Return the full address of a page, in the reader's language.

    :param path: as `reverse` gives it, in whatever language is active now, or without a language;
        a full address is returned as it is.
    :param language: code of the reader's language, for example `ar`.
    :return: an address under SITE_URL, never under the Host of a request (CVE-2021-30185).
    """
    if urlsplit(path).scheme:
        return path
    codes = [code for code, _name in settings.LANGUAGES]
    first, _slash, rest = path.lstrip("/").partition("/")
    if first not in codes:
        rest = path.lstrip("/")
    return f"{settings.SITE_URL}/{language if language in codes else codes[0]}/{rest}"


def own_url(path: str) -> str:
    """Return the full address of a page in the active language; see `site_url`."""
    return site_url(path, get_language() or settings.LANGUAGE_CODE)


def page_addresses(path: str, query: str = "") -> dict[str, Any]:
    """Return what `core/page_addresses.html` tells search engines of a page.

    :param path: as `reverse` gives it.
    :param query: with its question mark, if it belongs to the address.
    """
    return {
        "canonical": own_url(path) + query,
        "alternates": [(code, site_url(path, code) + query) for code, _name in settings.LANGUAGES],
        "default": site_url(path, settings.LANGUAGE_CODE) + query,
    }
