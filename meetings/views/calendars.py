"""Feeds for calendar programs, and the page on which a person gets the address of their own."""

import hashlib
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from core.pagecache import cache_public
from core.resume import require_login
from meetings import calendars, ical
from meetings.models import CalendarFeed, Invitation, Meeting, is_member
from meetings.services import calendars as services

# What is longer ago nobody looks up in a calendar; the portal has it.
KEPT = timedelta(days=400)
MOST_EVENTS = 500


@require_safe
@cache_public
def public_feed(request: HttpRequest) -> HttpResponse:
    """The public meetings, for everybody to subscribe to; `?sprache=` says in which language."""
    asked = request.GET.get("sprache", "")
    known = {code for code, _name in settings.LANGUAGES}
    language = asked if asked in known else settings.LANGUAGE_CODE
    with override(language):
        name = _("Netzwerktreffen")
    meetings = Meeting.objects.public().filter(ends_at__gt=timezone.now() - KEPT)
    content = ical.feed(
        meetings.order_by("starts_at", "pk").prefetch_related("interpreters")[:MOST_EVENTS],
        name=name,
        language=language,
    )
    return HttpResponse(content, content_type=calendars.CONTENT_TYPE)


@require_safe
def own_feed(request: HttpRequest, token: str) -> HttpResponse:
    """A person's own calendar, for whoever has its address; a wrong one does not exist."""
    feed = calendars.feed_at(token)
    if feed is None:
        raise Http404
    user = feed.user
    meetings = (
        Meeting.objects.visible_to(user)
        .filter(ends_at__gt=timezone.now() - KEPT)
        .order_by("starts_at", "pk")
        .prefetch_related("interpreters")
    )
    invitations = {
        one.meeting_id: one
        for one in Invitation.objects.of(user).filter(meeting__ends_at__gt=timezone.now() - KEPT)
    }
    # Who has said no wants that evening free.
    shown = [
        one
        for one in meetings[:MOST_EVENTS]
        if one.pk not in invitations or invitations[one.pk].reply != Invitation.Reply.NO
    ]
    with override(user.language):
        name = _("Meine Netzwerktreffen")
    content = ical.feed(
        shown,
        name=name,
        language=user.language,
        invitations=invitations,
        more=[happening for source in calendars.more for happening in source(user)],
    )
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type=calendars.CONTENT_TYPE)
    response["ETag"] = etag
    # Programs keep it for themselves and ask whether it is still the same; nobody else may.
    response["Cache-Control"] = "private, no-cache"
    return cast(HttpResponse, get_conditional_response(request, etag=etag, response=response))


@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own_calendar(request: HttpRequest) -> HttpResponse:
    """Give the address of one's own calendar, a new one, or take it away."""
    user = cast(User, request.user)
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action == "open":
            services.open_feed(user=user)
            messages.success(request, _("Ihr Kalender hat jetzt eine eigene Adresse."))
        elif action == "reset":
            services.reset(user=user)
            messages.success(
                request, _("Ihr Kalender hat eine neue Adresse. Die alte gilt nicht mehr.")
            )
        elif action == "close":
            services.close(user=user)
            messages.success(request, _("Die Adresse Ihres Kalenders gilt nicht mehr."))
        return redirect("meetings:calendar")
    feed = CalendarFeed.objects.filter(user=user).first()
    address = calendars.own_address(feed) if feed else ""
    return render(
        request,
        "meetings/calendar.html",
        {
            "feed": feed,
            "address": address,
            "ways": calendars.ways(address) if feed else [],
            "is_member": is_member(user),
            "public_ways": calendars.ways(calendars.public_address(get_language() or "")),
        },
    )
