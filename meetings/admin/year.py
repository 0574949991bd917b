"""The year's plan: what is planned, what is missing, and finding a date."""

import calendar
import datetime
from typing import Any

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import office
from core.fields import is_key
from meetings import collisions, words
from meetings.collisions import Collision
from meetings.models import Meeting
from meetings.services import planning, year

FIRST_DAY_OF_WEEK = calendar.MONDAY
DayCell = dict[str, Any]


def year_url(number: int | None = None) -> str:
    """Return the path of a year's plan, this year's if none is named."""
    number = number or timezone.localdate().year
    return reverse("admin:meetings_meeting_year", kwargs={"year": number})


@office.list_link(Meeting, 10)
def year_link(request: HttpRequest) -> office.Link | None:
    if not request.user.has_perm("meetings.view_meeting"):
        return None
    return office.Link(_("Jahresplanung"), year_url(), icon="calendar")


@office.list_link(Meeting, 20)
def find_day_link(request: HttpRequest) -> office.Link | None:
    if not request.user.has_perm("meetings.add_meeting"):
        return None
    return office.Link(_("Termin suchen"), reverse("admin:meetings_meeting_day"), icon="search")


def urls() -> list[URLPattern]:
    """Return the addresses of these pages, for `MeetingAdmin.get_urls`."""
    return [
        path("jahr/", site.admin_view(this_year), name="meetings_meeting_this_year"),
        path("jahr/<int:year>/", site.admin_view(plan), name="meetings_meeting_year"),
        path("termin/", site.admin_view(find_day), name="meetings_meeting_day"),
    ]


@require_safe
def this_year(request: HttpRequest) -> HttpResponse:
    """Lead to the plan of the year it is."""
    if not request.user.has_perm("meetings.view_meeting"):
        raise PermissionDenied
    return redirect(year_url())


@require_safe
def plan(request: HttpRequest, year: int) -> HttpResponse:
    """Show a year: its meetings against the target, and month by month what they share it with."""
    if not request.user.has_perm("meetings.view_meeting"):
        raise PermissionDenied
    if not _is_known(year):
        raise Http404
    found = _year(year)
    day_url = reverse("admin:meetings_meeting_day")
    return _page(
        request,
        "admin/meetings/year/plan.html",
        _("Jahresplanung %(year)s") % {"year": year},
        {
            "plan": found,
            "previous": year - 1 if _is_known(year - 1) else None,
            "following": year + 1 if _is_known(year + 1) else None,
            "months": [
                {"month": month, "day_url": f"{day_url}?monat={month.first:%Y-%m}"}
                for month in found.months
            ],
            "last": planning.last_meeting(),
            "may_add": request.user.has_perm("meetings.add_meeting"),
            "has_land": bool(collisions.federal_state()),
            "is_current": year == timezone.localdate().year,
        },
    )


@require_safe
def find_day(request: HttpRequest) -> HttpResponse:
    """Show a month day by day, and what the chosen day collides with."""
    if not request.user.has_perm("meetings.add_meeting"):
        raise PermissionDenied
    chosen = day_of(request.GET.get("tag", ""))
    first = day_of(f"{request.GET.get('monat', '')}-01") or chosen or timezone.localdate()
    first = first.replace(day=1)
    weeks = calendar.Calendar(FIRST_DAY_OF_WEEK).monthdatescalendar(first.year, first.month)
    found = collisions.between(weeks[0][0], weeks[-1][-1])
    source = copied_from(request)
    kept = f"&vorlage={source.pk}" if source else ""
    return _page(
        request,
        "admin/meetings/year/day.html",
        _("Termin suchen"),
        {
            "first": first,
            "weeks": [[_cell(day, first, chosen, found, kept) for day in week] for week in weeks],
            "weekdays": [
                {"full": date_format(day, "l"), "short": date_format(day, "D")} for day in weeks[0]
            ],
            "in_month": [
                one
                for one in found
                if one.touches(first, _last_day(first)) and one.ends_on >= first
            ],
            "chosen": chosen,
            "chosen_in_words": words.full_day(chosen) if chosen else "",
            "of_chosen": _touching(chosen, found) if chosen else [],
            "previous": _month(first - datetime.timedelta(days=1), kept),
            "following": _month(year.following(first), kept),
            "ways": _ways(source or planning.last_meeting(), chosen),
            "plan": _year(first.year),
            "year_url": year_url(first.year),
        },
    )


def copied_from(request: HttpRequest) -> Meeting | None:
    """Return the meeting the new one is to be copied from, if the address names one."""
    key = request.GET.get("vorlage", "")
    if not key or not is_key(Meeting, key):
        return None
    return Meeting.objects.visible_to(request.user).filter(pk=key).first()


def _ways(source: Meeting | None, chosen: datetime.date | None) -> list[dict[str, str]]:
    """Return the ways on to the form of a new meeting on the chosen day."""
    if chosen is None:
        return []
    add = f"{reverse('admin:meetings_meeting_add')}?tag={chosen.isoformat()}"
    found = [{"url": add, "label": _("Ganz neu planen"), "style": "secondary"}]
    if source is not None:
        label = _("Wie „%(title)s“ planen") % {"title": source.title}
        found.insert(0, {"url": f"{add}&vorlage={source.pk}", "label": label, "style": "primary"})
    return found


def _cell(
    day: datetime.date,
    first: datetime.date,
    chosen: datetime.date | None,
    found: list[Collision],
    kept: str,
) -> DayCell:
    touching = _touching(day, found)
    return {
        "day": day,
        "is_in_month": day.month == first.month,
        "is_chosen": day == chosen,
        "is_today": day == timezone.localdate(),
        "is_planned": any(one.kind == collisions.MEETING for one in touching),
        "is_heavy": any(one.is_heavy and one.kind != collisions.SCHOOL for one in touching),
        "collisions": touching,
        "url": f"?monat={first:%Y-%m}&tag={day.isoformat()}{kept}#tag",
    }


def _touching(day: datetime.date, found: list[Collision]) -> list[Collision]:
    return [one for one in found if one.touches(day, day)]


def _month(day: datetime.date, kept: str) -> dict[str, Any]:
    first = day.replace(day=1)
    url = f"?monat={first:%Y-%m}{kept}" if _is_known(first.year) else ""
    return {"first": first, "url": url}


def _last_day(first: datetime.date) -> datetime.date:
    return year.following(first) - datetime.timedelta(days=1)


def day_of(text: str) -> datetime.date | None:
    """Return a day somebody asks for, None if it is none or no calendar knows it."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and _is_known(day.year) else None


def _is_known(number: int) -> bool:
    return year.FIRST_YEAR <= number <= year.LAST_YEAR


def _year(number: int) -> year.Year:
    return year.of(number)


def _page(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    frame = {**site.each_context(request), "title": title, "opts": Meeting._meta}
    return TemplateResponse(request, template, frame | context)


# --- What waits -----------------------------------------------------------------------------------
@office.waits(62)
def waiting_meetings(request: HttpRequest) -> office.Waiting | None:
    """Meetings that are missing this year, that are to be invited to, or that are over."""
    if not request.user.has_perm("meetings.change_meeting"):
        return None
    steps = year.next_steps()
    number = timezone.localdate().year
    is_named = any(step.year == number for step in steps)
    items = [
        office.Item(step.label, _step_url(step), step.since, step.hint)
        for step in steps[: office.SHOWN]
    ]
    return office.Waiting(
        title=_("Treffen"),
        total=len(steps),
        items=items or [office.Item(_("Jahresplanung %(year)s") % {"year": number}, year_url())],
        url=year_url(),
        note="" if is_named else year.in_words(number),
    )


def _step_url(step: year.Step) -> str:
    if step.meeting is None:
        return year_url(step.year)
    return reverse("admin:meetings_meeting_overview", args=[step.meeting.pk])
