"""What everybody may know of the meetings, and what members read besides."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core.addresses import own_url, page_addresses
from core.pagecache import cache_public
from meetings import calendars, ical, words
from meetings.models import Invitation, Meeting, is_member, may_plan
from meetings.services import agenda, files
from organisations.models import Organisation
from organisations.profile import beginning

PER_PAGE = 20
# More meetings ahead than these have nobody's attention; the calendar has them all.
MOST_AHEAD = 30
DESCRIPTION_LENGTH = 160  # what search engines show


@require_safe
@cache_public
def meeting_list(request: HttpRequest) -> HttpResponse:
    """The meetings: those ahead, and the past ones by year."""
    visible = Meeting.objects.visible_to(request.user).prefetch_related(_hosts(request))
    now = timezone.now()
    # Whoever meant to come must find that it is cancelled, until the day is over.
    ahead = visible.filter(ends_at__gt=now).order_by("starts_at", "pk")[:MOST_AHEAD]
    past = visible.past(now)
    zone = timezone.get_default_timezone()
    years = [one.year for one in past.datetimes("starts_at", "year", order="DESC", tzinfo=zone)]
    year = _year(request.GET.get("jahr", ""), years)
    if "jahr" in request.GET and year is None:
        return redirect("meetings:list")
    if year is not None:
        past = past.filter(starts_at__year=year)
    page_obj = Paginator(past, PER_PAGE).get_page(request.GET.get("seite"))
    query = f"?jahr={year}" if year else ""
    if page_obj.number > 1:
        query += f"{'&' if query else '?'}seite={page_obj.number}"
    return render(
        request,
        "meetings/meeting_list.html",
        {
            # On the further pages of the past, what lies ahead would be in the way.
            "ahead": ahead if page_obj.number == 1 and year is None else [],
            "is_first_page": page_obj.number == 1 and year is None,
            "page_obj": page_obj,
            "years": years,
            "year": year,
            "is_member": is_member(request.user) or may_plan(request.user),
            "ways": calendars.ways(calendars.public_address(get_language() or "")),
            "addresses": page_addresses(reverse("meetings:list"), query),
        },
    )


@require_safe
@cache_public
def meeting_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A meeting's page: when and where for those who see it at all, the rest for members."""
    meeting = _find(request, slug)
    is_open = Meeting.objects.open_to(request.user).filter(pk=meeting.pk).exists()
    summary = beginning(
        ", ".join(filter(None, [words.when(meeting), meeting.place])), DESCRIPTION_LENGTH
    )
    context: dict[str, Any] = {
        "meeting": meeting,
        "hosts": meeting.hosts.all(),
        "interpreters": meeting.interpreters.all(),
        "summary": summary,
        "title_text": _text(meeting, "title"),
        "description": _text(meeting, "description"),
        "is_open": is_open,
        "online_url": _online_url(request, meeting),
        "map_link": _map_link(meeting),
        "agenda": agenda.shown(meeting, request.user) if is_open else None,
        "documents": files.documents(meeting, everything=is_open),
        "photos": files.photos(meeting, everything=is_open),
        "addresses": page_addresses(meeting.get_absolute_url()),
        "linked_data": linked_data(meeting) if meeting.visibility == "public" else None,
    }
    return render(request, "meetings/meeting_detail.html", context)


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """One meeting as a calendar file, to take over with a tap."""
    meeting = _find(request, slug)
    content = ical.single(meeting, language=get_language() or settings.LANGUAGE_CODE)
    response = HttpResponse(content, content_type=calendars.CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{meeting.slug}.ics"'
    # It may be cancelled in the next minute.
    response["Cache-Control"] = "private, no-store"
    return response


def _find(request: HttpRequest, slug: str) -> Meeting:
    visible = Meeting.objects.visible_to(request.user)
    return get_object_or_404(visible.prefetch_related(_hosts(request), "interpreters"), slug=slug)


def _hosts(request: HttpRequest) -> Prefetch:
    # An organisation that has left is not named on a public page any more.
    return Prefetch("hosts", Organisation.objects.visible_to(request.user))


def _year(typed: str, years: list[int]) -> int | None:
    return next((year for year in years if str(year) == typed), None)


def _online_url(request: HttpRequest, meeting: Meeting) -> str:
    """Return the way in online for those who are invited, and for the officer."""
    if not meeting.online_url or not request.user.is_authenticated:
        return ""
    if request.user.has_perm("meetings.view_meeting"):
        return meeting.online_url
    is_invited = Invitation.objects.of(request.user).filter(meeting=meeting).exists()
    return meeting.online_url if is_invited else ""


def _map_link(meeting: Meeting) -> str:
    """Return a link to a map; nothing of it is loaded before somebody follows it."""
    if not meeting.address.strip():
        return ""
    return f"https://www.openstreetmap.org/search?query={quote(meeting.address.strip())}"


def _text(meeting: Meeting, field: str) -> dict[str, str]:
    """Return a text and the language it is in: the reader's, or German."""
    language = get_language() or settings.LANGUAGE_CODE
    own = meeting.translations.get(language, {}).get(field, "")
    return {
        "text": own or getattr(meeting, field),
        "language": language if own else settings.LANGUAGE_CODE,
    }


def linked_data(meeting: Meeting) -> dict[str, Any]:
    """Return what search engines may know of a public meeting (schema.org/Event)."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": meeting.translated("title"),
        "startDate": meeting.begins.isoformat(timespec="minutes"),
        "endDate": meeting.ends.isoformat(timespec="minutes"),
        "url": own_url(meeting.get_absolute_url()),
        "eventStatus": "https://schema.org/"
        + ("EventCancelled" if meeting.is_cancelled else "EventScheduled"),
        "eventAttendanceMode": "https://schema.org/"
        + {
            (True, True): "MixedEventAttendanceMode",
            (False, True): "OnlineEventAttendanceMode",
        }.get((bool(meeting.place), bool(meeting.online_url)), "OfflineEventAttendanceMode"),
        "isAccessibleForFree": True,
    }
    if text := meeting.translated("description"):
        data["description"] = beginning(text, 500)
    if meeting.place:
        data["location"] = {"@type": "Place", "name": meeting.place}
        if meeting.address:
            data["location"]["address"] = meeting.address
    elif meeting.online_url:
        # The way in is for those who are invited; the page says how one gets there.
        data["location"] = {"@type": "VirtualLocation", "url": data["url"]}
    if hosts := [host.name for host in meeting.hosts.all()]:
        data["organizer"] = [{"@type": "Organization", "name": name} for name in hosts]
    return data
