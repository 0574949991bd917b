"""The office's page at the door: who is there, on a tablet; and the lists on paper."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from core import exports, pdf
from core.errors import Refused
from core.resume import recall
from meetings.admin import desk
from meetings.forms.door import WalkInForm, taps_of_buttons, taps_of_script
from meetings.models import Attendance, Meeting
from meetings.services import attendance
from meetings.services.attendance import Tap

TEMPLATES = "admin/meetings/door"
PERMISSION = "meetings.change_attendance"
GROUPS_PER_PAGE = 100
BADGES_PER_PAGE = 10
NOT_YET_HELD = {Meeting.State.PLANNED, Meeting.State.INVITED}
BLANK_LINES = 12


@desk.page("door", gettext_lazy("Vor Ort"), path="vor-ort/", order=50, permission=PERMISSION)
def door(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show everybody with a switch; a form for each works without the script."""
    if request.method != "POST":
        kept = recall(request)
        return _page(request, meeting, WalkInForm(kept if kept and "name" in kept else None))
    if "taps" in request.POST:
        return _from_script(request, meeting)
    if "name" in request.POST:
        form = WalkInForm(request.POST)
        if not form.is_valid():
            return _page(request, meeting, form)
        return _noted(request, meeting, [form.tap], form)
    try:
        taps = taps_of_buttons(request.POST)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect(request.get_full_path())
    return _noted(request, meeting, taps, WalkInForm())


def _noted(
    request: HttpRequest, meeting: Meeting, taps: list[Tap], form: WalkInForm
) -> HttpResponse:
    """Note what a form without the script has sent, and go back to where it stood."""
    try:
        noted = attendance.note(meeting=meeting, taps=taps, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return _page(request, meeting, form)
    for reason in noted.refused.values():
        messages.error(request, reason)
    if noted.refused:
        return _page(request, meeting, form)
    return redirect(f"{request.get_full_path()}#{taps[0].key}" if taps else request.get_full_path())


def _from_script(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Answer the script which taps are safe and which will never be."""
    try:
        taps = taps_of_script(request.POST["taps"])
        noted = attendance.note(meeting=meeting, taps=taps, by=request.user)
    except ValidationError as error:
        return JsonResponse({"error": error.messages[0]}, status=400)
    except Refused as refused:
        return JsonResponse({"error": str(refused)}, status=409)
    return JsonResponse(
        {
            "saved": [str(key) for key in noted.saved],
            "refused": {str(key): reason for key, reason in noted.refused.items()},
        }
    )


def _page(request: HttpRequest, meeting: Meeting, form: WalkInForm) -> HttpResponse:
    overview = attendance.overview(meeting)
    if request.GET.get("stand") == overview.stand:
        return HttpResponse(status=204)
    words = request.GET.get("q", "").strip()[:100]
    groups = attendance.found(overview.groups, words) if words else overview.groups
    page = Paginator(groups, GROUPS_PER_PAGE).get_page(request.GET.get("seite"))
    context: dict[str, Any] = {
        "overview": overview,
        "is_open": not meeting.is_cancelled and timezone.now() >= attendance.opens_at(meeting),
        "may_be_held": meeting.has_begun and meeting.state in NOT_YET_HELD,
        "expected": [group for group in page if group.is_expected],
        "others": [group for group in page if not group.is_expected],
        "page_obj": page,
        "words": words,
        "form": form,
        "most": attendance.MOST_PEOPLE,
    }
    return desk.render(request, meeting, f"{TEMPLATES}/page.html", context, page="door")


# --- On paper -------------------------------------------------------------------------------------
@door.part("liste.pdf", "door_list")
@require_GET
def list_file(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Give out a list with a column to sign in."""
    groups = attendance.expected_by_organisation(meeting)
    rows = [
        row
        for group in groups
        for line in group.lines
        # Who comes with others has a row for each of them.
        for row in [(line.name, group.organisation)]
        + [("", group.organisation)] * (line.people - 1)
    ]
    context = {"meeting": meeting, "rows": rows + [("", None)] * BLANK_LINES}
    title = _("Anwesenheit %(meeting)s") % {"meeting": meeting}
    return _file(request, "list", context, title, groups)


@door.part("schilder.pdf", "door_badges")
@require_GET
def badges_file(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Give out name badges, ten to a page, the last page filled with empty ones."""
    groups = attendance.expected_by_organisation(meeting)
    badges = [
        (line.name, group.organisation) for group in groups for line in group.lines if line.name
    ]
    empty = BADGES_PER_PAGE - len(badges) % BADGES_PER_PAGE
    badges += [("", None)] * empty
    pages = [
        badges[start : start + BADGES_PER_PAGE] for start in range(0, len(badges), BADGES_PER_PAGE)
    ]
    title = _("Namensschilder %(meeting)s") % {"meeting": meeting}
    return _file(request, "badges", {"meeting": meeting, "pages": pages}, title, groups)


def _file(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    title: str,
    groups: list[attendance.Group],
) -> HttpResponse:
    context |= {"title": title}
    answer = pdf.response(request, f"pdf/meetings/{template}.html", context, title)
    if answer.status_code == 200:
        number = sum(len(group.lines) for group in groups)
        exports.note(by=request.user, model=Attendance, number=number, ending="pdf", what=title)
    return answer
