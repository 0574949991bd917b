"""A meeting's first page: what is to be done next, and holding or cancelling it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from core.resume import recall
from meetings import collisions
from meetings.admin import desk
from meetings.forms.planning import CancelForm
from meetings.models import Invitation, Meeting, Minutes
from meetings.services import inviting, planning, reminding

State = Meeting.State
DONE, NOW, LATER = "done", "now", "later"


@dataclass(frozen=True)
class Step:
    """One step of a meeting's life on its checklist.

    :ivar state: DONE, NOW or LATER.
    """

    label: str
    state: str
    note: str = ""
    url: str = ""


@desk.page("overview", gettext_lazy("Überblick"), path="ueberblick/", order=10)
@require_safe
def overview(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show what is done and what is to be done next."""
    steps = list(_steps(meeting))
    return desk.render(
        request,
        meeting,
        "admin/meetings/meeting/overview.html",
        {
            "steps": steps,
            "may_hold": meeting.has_begun and meeting.state in {State.PLANNED, State.INVITED},
            "may_take_back": meeting.state == State.HELD,
            "may_cancel": not meeting.is_over and meeting.state in {State.PLANNED, State.INVITED},
            "may_delete": request.user.has_perm("meetings.delete_meeting")
            and planning.may_be_deleted(meeting),
            "hosts": meeting.hosts.all(),
            "reminders": [
                {"at": reminding.due_at(one), "is_done": one.done_at is not None}
                for one in meeting.reminders.select_related("meeting")
            ],
            "page_url": _address("detail", meeting),
            "copy_url": f"{reverse('admin:meetings_meeting_day')}?vorlage={meeting.pk}",
        },
        page="overview",
    )


@overview.part("stattgefunden/", "hold")
@require_POST
def hold(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Note that it has taken place."""
    return _do(
        request,
        meeting,
        lambda: planning.hold(meeting=meeting, by=request.user),
        _("Gespeichert: Das Treffen hat stattgefunden."),
    )


@overview.part("doch-nicht/", "take_back_hold")
@require_POST
def take_back_hold(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Undo `hold`."""
    return _do(
        request,
        meeting,
        lambda: planning.take_back_hold(meeting=meeting, by=request.user),
        _("Zurückgenommen."),
    )


@overview.part("absagen/", "cancel")
def cancel(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show who is told, ask for the reason, and cancel."""
    form = CancelForm(request.POST if request.method == "POST" else recall(request))
    if request.method == "POST" and form.is_valid():
        return _do(
            request,
            meeting,
            lambda: planning.cancel(
                meeting=meeting, reason=form.cleaned_data["reason"], by=request.user
            ),
            _("Das Treffen ist abgesagt."),
        )
    if meeting.state not in {State.PLANNED, State.INVITED} or meeting.is_over:
        return redirect(desk.address("overview", meeting))
    return desk.render(
        request,
        meeting,
        "admin/meetings/meeting/cancel.html",
        {"form": form, "reach": inviting.reach(meeting)},
        page="overview",
    )


def _do(request: HttpRequest, meeting: Meeting, verb: Any, done: str) -> HttpResponse:
    try:
        if verb():
            messages.success(request, done)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(desk.address("overview", meeting))


def _address(name: str, meeting: Meeting) -> str:
    try:
        return reverse(f"meetings:{name}", kwargs={"slug": meeting.slug})
    except NoReverseMatch:
        return ""


# --- The checklist --------------------------------------------------------------------------------
def _steps(meeting: Meeting) -> Iterator[Step]:
    """Return the steps in order; the first that is not done is for now, the rest for later."""
    is_first = True
    for label, is_done, note, tab in _all_steps(meeting):
        state = DONE if is_done else NOW if is_first else LATER
        is_first = is_first and is_done
        url = collisions.office_url(meeting.pk) if tab == "change" else desk.address(tab, meeting)
        yield Step(label, state, note, url)


def _all_steps(meeting: Meeting) -> Iterator[tuple[str, bool, str, str]]:
    numbers = meeting.invitations.listed().aggregate(
        listed=Count("pk"),
        invited=Count("pk", filter=~Q(invited_at=None)),
        answered=Count("pk", filter=~Q(invited_at=None) & ~Q(reply="")),
        coming=Sum("people", filter=Q(reply=Invitation.Reply.YES, waiting_since=None), default=0),
    )
    items = meeting.agenda.accepted().count()
    is_ready = not planning.not_ready(meeting) or meeting.state != State.PLANNED
    yield (
        _("Termin, Ort und wer es sieht"),
        is_ready,
        "" if is_ready else planning.not_ready(meeting),
        "change",
    )
    yield (
        _("Tagesordnung"),
        bool(items),
        ngettext("%(number)s Punkt", "%(number)s Punkte", items) % {"number": items}
        if items
        else "",
        "agenda",
    )
    yield (
        _("Einladungen verschicken"),
        meeting.state != State.PLANNED,
        _("%(invited)s von %(listed)s auf der Liste sind eingeladen.") % numbers
        if numbers["listed"]
        else "",
        "invitations",
    )
    wanted = numbers["answered"] if not meeting.has_begun else numbers["invited"]
    coming = ngettext(
        "%(number)s Person kommt.", "%(number)s Personen kommen.", numbers["coming"]
    ) % {"number": numbers["coming"]}
    answered = _("%(answered)s von %(invited)s haben geantwortet.") % numbers
    yield (
        _("Rückmeldungen"),
        0 < numbers["invited"] <= wanted,
        f"{answered} {coming}" if numbers["invited"] else "",
        "answers",
    )
    attendance = meeting.attendance.filter(is_present=True).aggregate(
        people=Sum("people", default=0)
    )["people"]
    yield (
        _("Anwesenheit vor Ort"),
        bool(attendance) and meeting.is_over,
        ngettext("%(number)s Person war da.", "%(number)s Personen waren da.", attendance)
        % {"number": attendance}
        if attendance
        else "",
        "door",
    )
    minutes = Minutes.objects.filter(meeting=meeting).first()
    yield (
        _("Protokoll schreiben und veröffentlichen"),
        meeting.state == State.DOCUMENTED,
        minutes.get_state_display() if minutes else "",
        "minutes",
    )
