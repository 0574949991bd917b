"""The office's page of a meeting's answers: at a glance, one by one, and as a table."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import exports, spreadsheets
from core.errors import Conflict, Refused
from core.resume import recall
from meetings import replies
from meetings.admin import desk
from meetings.forms.answers import OfficeAnswerForm
from meetings.models import Invitation, Meeting
from meetings.services import answers as services

PER_PAGE = 40
SEARCH_LENGTH = 100
TEMPLATES = "admin/meetings/answers"


@desk.page(
    "answers",
    gettext_lazy("Rückmeldungen"),
    path="rueckmeldungen/",
    order=40,
    permission="meetings.change_invitation",
)
def answers(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show who comes, what they need, and each organisation with its answer."""
    found = replies.overview(meeting)
    wanted = request.GET.get("zeigen", "")
    search = request.GET.get("q", "")[:SEARCH_LENGTH]
    groups = found.shown(wanted, search)
    page = Paginator(groups, PER_PAGE).get_page(request.GET.get("seite"))
    context = {
        "overview": found,
        "page_obj": page,
        "groups": page.object_list,
        "wanted": wanted if wanted in replies.FILTERS else "",
        "filters": [
            (word, label, sum(map(fits, found.groups)))
            for word, (label, fits) in replies.FILTERS.items()
        ],
        "search": search,
        "left": None if meeting.capacity is None else max(0, meeting.capacity - found.people),
        "endings": list(spreadsheets.FORMATS),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/list.html", context, page="answers")


@answers.part("<int:invitation>/", "answer")
def answer(request: HttpRequest, meeting: Meeting, invitation: int) -> HttpResponse:
    """Note for somebody what they have said on the telephone."""
    row = get_object_or_404(
        meeting.invitations.listed().select_related("organisation"), pk=invitation
    )
    if "excuse" in request.POST:
        return _excuse(request, row)
    data = request.POST if request.method == "POST" else recall(request)
    form = OfficeAnswerForm(data, invitation=row, meeting=meeting)
    context: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.answer(
                invitation=row,
                values=form.values,
                seen_version=form.version_seen,
                way=Invitation.Way.OFFICE,
                by=request.user,
            )
        except services.NoSeats as refused:
            form.add_error("people", str(refused))
        except Refused as refused:
            form.add_error(None, str(refused))
        except Conflict as conflict:
            row.refresh_from_db()
            typed = request.POST.copy()
            typed["seen_version"] = str(conflict.version)
            form = OfficeAnswerForm(typed, invitation=row, meeting=meeting)
            form.is_valid()
            context["is_conflict"] = True
        else:
            if saved.waiting_since:
                text = _(
                    "Gespeichert. Die Plätze reichen nicht: %(name)s steht auf der Warteliste."
                )
                messages.warning(request, text % {"name": row})
            else:
                messages.success(
                    request, _("Die Antwort von %(name)s ist gespeichert.") % {"name": row}
                )
            return redirect(_back(meeting, row))
    context |= {"form": form, "invitation": row, "back": _back(meeting, row)}
    return desk.render(request, meeting, f"{TEMPLATES}/answer.html", context, page="answers")


def _excuse(request: HttpRequest, row: Invitation) -> HttpResponse:
    is_excused = request.POST["excuse"] == "yes"
    try:
        services.excuse(invitation=row, is_excused=is_excused, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        text = (
            _("%(name)s ist entschuldigt.")
            if is_excused
            else _("%(name)s ist nicht mehr entschuldigt.")
        )
        messages.success(request, text % {"name": row})
    return redirect(_back(row.meeting, row))


def _back(meeting: Meeting, row: Invitation) -> str:
    """Return the list where the organisation stands, so that one goes on from there."""
    word = row.organisation.name if row.organisation else str(row)
    return f"{desk.address('answers', meeting)}?{urlencode({'q': word})}"


@answers.part("tabelle/<str:ending>/", "answers_export")
def export(request: HttpRequest, meeting: Meeting, ending: str) -> HttpResponse:
    """Give out all answers as a table."""
    if ending not in spreadsheets.FORMATS:
        raise Http404
    headings, rows = replies.table(replies.overview(meeting))
    name = _("Rückmeldungen %(meeting)s") % {"meeting": meeting}
    response = spreadsheets.response(ending, name, headings, rows)
    exports.note(
        by=request.user,
        model=Invitation,
        number=response.rows_written,
        ending=ending,
        what=str(meeting),
    )
    return response
