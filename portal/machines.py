"""Pages that machines read: monitoring and search engines. They know no language."""

import datetime
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from actions.models import Campaign, JointAction
from core.addresses import site_url
from core.colours import palette, stylesheet
from meetings.models import Meeting
from organisations.models import Organisation
from portal.models import NetworkProfile

# Organisations in one part of the sitemap; the protocol allows 50,000 addresses.
PART = 1000
# Actions beyond these are found through the record.
MOST_ACTIONS = 5000
PAGES = (
    "portal:home",
    "organisations:list",
    "organisations:join",
    "actions:list",
    "actions:record",
    "meetings:list",
    "portal:easy_language",
    "portal:sign_language",
    "portal:imprint",
    "portal:privacy",
    "portal:accessibility",
)
# An address that means the same content for ever.
FOR_EVER = "public, max-age=31536000, immutable"
# What is nobody's business but the person's own.
CLOSED = ("accounts:profile", "accounts:enter", "admin:index", "organisations:mine")


@require_safe
def colours(request: HttpRequest, brand: str, accent: str) -> HttpResponse:
    """Give the portal other colours; the address alone says which, so it asks the database nothing.

    :param brand: six hexadecimal digits, or nothing for the portal's own.
    """
    tones = palette(brand and f"#{brand}", accent and f"#{accent}")
    response = HttpResponse(stylesheet(tones), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = FOR_EVER
    return response


@require_safe
def logo(request: HttpRequest, name: uuid.UUID) -> HttpResponse:
    """Show the network's logo; one that has been replaced does not exist any more."""
    profile = NetworkProfile.objects.filter(pk=1).only("logo").first()
    if profile is None or Path(profile.logo.name or "").stem != str(name):
        raise Http404
    try:
        with profile.logo.open() as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError as error:
        raise Http404 from error
    response["Cache-Control"] = FOR_EVER
    return response


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say whether the portal can work: 200 with a database, 503 without. For monitoring."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return HttpResponse("database unavailable\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell search engines what to leave alone, and where the sitemap is."""
    languages = [code for code, _name in settings.LANGUAGES]
    lines = ["User-agent: *"]
    lines += [f"Disallow: {_path(name, code)}" for code in languages for name in CLOSED]
    # Searches and combined filters have no end; the pages of one filter are worth finding.
    for code in languages:
        path = _path("organisations:list", code)
        lines += [f"Disallow: {path}?q=", f"Disallow: {path}?*&"]
    # So has the search of actions.
    lines += [f"Disallow: {_path('actions:list', code)}?" for code in languages]
    # The feedback form knows the page one comes from.
    lines += [f"Disallow: {_path('portal:feedback', code)}?" for code in languages]
    lines += ["", f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the parts of the sitemap: the fixed pages, then the organisations by the thousand."""
    parts = 1 + -(-Organisation.objects.public().count() // PART)
    addresses = [
        f"{settings.SITE_URL}{reverse('sitemap_part', args=[part])}" for part in range(parts)
    ]
    return _xml(request, "portal/sitemap_index.xml", addresses=addresses)


@require_safe
def sitemap_part(request: HttpRequest, part: int) -> HttpResponse:
    """List pages in every language.

    :param part: 0 for the fixed pages, from 1 for organisations.
    :raises Http404: beyond the last organisation.
    """
    if part == 0:
        return _xml(request, "portal/sitemap.xml", entries=_fixed_pages())
    start = (part - 1) * PART
    public = Organisation.objects.public()
    # Counted first: an offset with 25 digits is an error of the database.
    if start >= public.count():
        raise Http404
    rows = public.order_by("pk").values_list("slug", "modified_at")[start : start + PART]
    entries = (
        (site_url(reverse("organisations:detail", args=[slug]), code), modified_at)
        for slug, modified_at in rows
        for code, _name in settings.LANGUAGES
    )
    return _xml(request, "portal/sitemap.xml", entries=entries)


def _fixed_pages() -> Iterator[tuple[str, datetime.datetime | None]]:
    """The pages that are always there, the public meetings, actions and their programmes."""
    rows = Meeting.objects.public().order_by("-starts_at").values_list("slug", "modified_at")
    paths: list[tuple[str, datetime.datetime | None]] = [(reverse(name), None) for name in PAGES]
    paths += [(reverse("meetings:detail", args=[slug]), at) for slug, at in rows[:PART]]
    campaigns = Campaign.objects.filter(is_public=True).values_list("slug", flat=True)
    paths += [(reverse("actions:programme", args=[slug]), None) for slug in campaigns[:PART]]
    actions = JointAction.objects.public().order_by("-pk").values_list("slug", "modified_at")
    paths += [(reverse("actions:detail", args=[slug]), at) for slug, at in actions[:MOST_ACTIONS]]
    for path, modified_at in paths:
        for code, _name in settings.LANGUAGES:
            yield site_url(path, code), modified_at


def _path(name: str, language: str) -> str:
    return site_url(reverse(name), language).removeprefix(settings.SITE_URL)


def _xml(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    return render(request, template, context, content_type="application/xml; charset=utf-8")
