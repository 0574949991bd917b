"""What members read of past meetings: minutes, decisions, and the search in them."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import pdf
from core.resume import require_login
from meetings import reading, searching, words
from meetings.models import Decision, Minutes, is_member, may_plan

PER_PAGE = 20
FIRST = 5


def _read(request: HttpRequest, slug: str) -> dict[str, Any]:
    rows = Minutes.objects.visible_to(request.user).select_related("meeting")
    minutes = get_object_or_404(rows, meeting__slug=slug)
    return {
        "minutes": minutes,
        "meeting": minutes.meeting,
        "when": words.when(minutes.meeting),
        "reading": reading.read(minutes),
        "today": timezone.localdate(),
    }


@require_login
@never_cache
@require_safe
def minutes(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the minutes of a meeting."""
    return render(request, "meetings/minutes/minutes.html", _read(request, slug))


@require_login
@require_safe
def minutes_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the minutes of a meeting as a file."""
    context = _read(request, slug)
    name = _("Protokoll %(meeting)s") % {"meeting": context["meeting"].title}
    day = context["meeting"].begins.date().isoformat()
    return pdf.response(request, "meetings/minutes/pdf.html", context, f"{name} {day}")


@require_login
@never_cache
@require_safe
def decision_list(request: HttpRequest) -> HttpResponse:
    """List what the network has decided, year by year, the newest first."""
    _members_only(request)
    rows = Decision.objects.visible_to(request.user).exclude(number=None)
    years = list(rows.order_by("-year").values_list("year", flat=True).distinct())
    query = request.GET.get("q", "")
    asked = searching.words_of(query)
    found = searching.found_in(rows, asked) if asked else rows
    year = request.GET.get("jahr", "")
    if year in map(str, years):
        found = found.filter(year=year)
    found = found.select_related("meeting").order_by("-year", "-number")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("seite"))
    context = {
        "page_obj": page,
        "decisions": page.object_list,
        "years": years,
        "year": year,
        "query": query[: searching.QUERY_LENGTH],
        "is_filtered": bool(asked) or bool(year),
    }
    return render(request, "meetings/minutes/decisions.html", context)


@require_login
@never_cache
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find words in minutes, decisions and open tasks; one of the three in full with `art`."""
    _members_only(request)
    query = request.GET.get("q", "")[: searching.QUERY_LENGTH]
    asked = searching.words_of(query)
    kinds = {
        "protokolle": (_("Protokolle"), searching.minutes(request.user, asked)),
        "beschluesse": (_("Beschlüsse"), searching.decisions(request.user, asked)),
        "aufgaben": (_("Offene Aufgaben"), searching.tasks(request.user, asked)),
    }
    chosen = request.GET.get("art", "")
    page = None
    sections = []
    for name, (title, rows) in kinds.items():
        if chosen in kinds and name != chosen:
            continue
        if name == "protokolle":
            rows = rows.prefetch_related("entries__agenda_item")
        page = Paginator(rows, PER_PAGE if chosen in kinds else FIRST).get_page(
            request.GET.get("seite") if chosen in kinds else 1
        )
        found = list(page.object_list)
        sections.append(
            {
                "name": name,
                "title": title,
                "total": page.paginator.count,
                "rows": searching.passages(found, asked)
                if name == "protokolle"
                else [(row, searching.excerpt(row.text, asked)) for row in found],
                "has_more": page.has_next() and chosen not in kinds,
            }
        )
    context = {
        "query": query,
        "is_asked": bool(asked),
        "sections": sections,
        "total": sum(section["total"] for section in sections),
        "chosen": chosen if chosen in kinds else "",
        "page_obj": page if chosen in kinds else None,
    }
    return render(request, "meetings/minutes/search.html", context)


def _members_only(request: HttpRequest) -> None:
    """Have the pages of the members' area exist for nobody else."""
    if not (may_plan(request.user) or is_member(request.user)):
        raise Http404
