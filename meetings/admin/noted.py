"""What is noted below the items of the minutes: decisions, and tasks somebody has taken on."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from core.errors import Conflict, Refused
from core.resume import recall
from core.seen import fingerprint
from meetings.admin import desk
from meetings.admin.minutes import TEMPLATES, minutes
from meetings.forms.minutes import DecisionForm
from meetings.forms.tasks import TaskForm
from meetings.models import AgendaItem, Decision, Meeting, Minutes, Task
from meetings.services import decisions, tasks
from meetings.services import minutes as services


# --- Decisions ------------------------------------------------------------------------------------
@minutes.part("beschluss/neu/<int:item>/", "decision_add")
def decision_add(request: HttpRequest, meeting: Meeting, item: int) -> HttpResponse:
    """Write a decision down, below an agenda item or (0) below none."""
    agenda_item = _item(meeting, item)
    form = DecisionForm(
        request.POST if request.method == "POST" else recall(request),
        initial={"creation_key": uuid.uuid4()},
        is_published=_is_published(meeting),
    )

    def write() -> object:
        return decisions.record(
            meeting=meeting,
            agenda_item=agenda_item,
            text=form.cleaned_data["text"],
            creation_key=form.cleaned_data["creation_key"],
            reason=form.cleaned_data.get("reason", ""),
            by=request.user,
        )

    done = _("Der Beschluss ist festgehalten.")
    return _form_page(request, meeting, agenda_item, form, write, done, name="decision")


@minutes.part("beschluss/<int:decision>/", "decision")
def decision(request: HttpRequest, meeting: Meeting, decision: int) -> HttpResponse:
    """Change what a decision says."""
    row = _decision(request, meeting, decision)
    data = request.POST.copy() if request.method == "POST" else recall(request)
    initial = {"text": row.text, "seen": fingerprint(row.text)}
    form = DecisionForm(data, initial=initial, is_published=_is_published(meeting))

    def write() -> object:
        try:
            return decisions.change(
                decision=row,
                text=form.cleaned_data["text"],
                seen=form.cleaned_data.get("seen", ""),
                reason=form.cleaned_data.get("reason", ""),
                by=request.user,
            )
        except Conflict as conflict:
            data["seen"] = fingerprint(conflict.theirs["text"])
            told = _(
                "Inzwischen hat jemand diesen Beschluss geändert: „%(text)s“. Ihr Text steht noch "
                "hier. Wenn Sie noch einmal speichern, ersetzt er den anderen."
            )
            raise Refused(told % {"text": conflict.theirs["text"]}) from conflict

    done = _("Der Beschluss ist geändert.")
    return _form_page(
        request, meeting, row.agenda_item, form, write, done, name="decision", row=row
    )


@minutes.part("beschluss/<int:decision>/entfernen/", "decision_remove")
def decision_remove(request: HttpRequest, meeting: Meeting, decision: int) -> HttpResponse:
    """Take a decision out of a draft."""
    row = _decision(request, meeting, decision)
    done = _("Der Beschluss ist aus dem Entwurf genommen.")
    return _remove(
        request, meeting, row, lambda: decisions.remove(decision=row, by=request.user), done
    )


def _decision(request: HttpRequest, meeting: Meeting, key: int) -> Decision:
    rows = Decision.objects.visible_to(request.user).select_related("agenda_item", "meeting")
    return get_object_or_404(rows, meeting=meeting, pk=key)


# --- Tasks ----------------------------------------------------------------------------------------
@minutes.part("aufgabe/neu/<int:item>/", "task_add")
def task_add(request: HttpRequest, meeting: Meeting, item: int) -> HttpResponse:
    """Write down who has taken something on, below an agenda item or (0) below none."""
    agenda_item = _item(meeting, item)
    form = TaskForm(request.POST if request.method == "POST" else recall(request))

    def write() -> object:
        return tasks.create(
            meeting=meeting,
            agenda_item=agenda_item,
            creation_key=form.cleaned_data["form_key"],
            by=request.user,
            **form.values(),
        )

    done = _("Die Aufgabe ist festgehalten.")
    return _form_page(request, meeting, agenda_item, form, write, done, name="task")


@minutes.part("aufgabe/<int:task>/", "minutes_task")
def task(request: HttpRequest, meeting: Meeting, task: int) -> HttpResponse:
    """Change a task of this meeting."""
    row = _task(request, meeting, task)
    form = TaskForm(request.POST if request.method == "POST" else recall(request), instance=row)

    def write() -> object:
        return tasks.change(task=row, by=request.user, **form.values())

    done = _("Die Aufgabe ist geändert.")
    return _form_page(request, meeting, row.agenda_item, form, write, done, name="task", row=row)


@minutes.part("aufgabe/<int:task>/entfernen/", "minutes_task_remove")
def task_remove(request: HttpRequest, meeting: Meeting, task: int) -> HttpResponse:
    """Take a task out of a draft."""
    row = _task(request, meeting, task)
    done = _("Die Aufgabe ist aus dem Entwurf genommen.")
    return _remove(request, meeting, row, lambda: tasks.remove(task=row, by=request.user), done)


def _task(request: HttpRequest, meeting: Meeting, key: int) -> Task:
    rows = Task.objects.visible_to(request.user).select_related("agenda_item", "user")
    return get_object_or_404(rows, meeting=meeting, pk=key)


# --- What both have in common ---------------------------------------------------------------------
def _form_page(
    request: HttpRequest,
    meeting: Meeting,
    item: AgendaItem | None,
    form: BaseForm,
    write: Callable[[], object],
    done: str,
    *,
    name: str,
    row: Decision | Task | None = None,
) -> HttpResponse:
    """Show a form, or write what was sent and go back to where it stands in the minutes.

    :param item: the agenda item it belongs to.
    :param write: called with a valid form; gives nothing true where nothing has changed. What it
        refuses stands above the form, with all that was typed.
    :param done: said afterwards.
    :param name: of the template and of `row` in it.
    """
    if request.method == "POST" and form.is_valid():
        try:
            if write():
                messages.success(request, done)
            return redirect(_back(meeting, item))
        except Refused as refused:
            form.add_error(None, str(refused))
    context: dict[str, Any] = {
        "form": form,
        "item": item,
        name: row,
        "is_published": _is_published(meeting),
        "back": _back(meeting, item),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/{name}.html", context, page="minutes")


def _remove(
    request: HttpRequest,
    meeting: Meeting,
    row: Decision | Task,
    remove: Callable[[], object],
    done: str,
) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        remove()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect(_back(meeting, row.agenda_item))


def _is_published(meeting: Meeting) -> bool:
    return services.of(meeting).state == Minutes.State.PUBLISHED


def _item(meeting: Meeting, key: int) -> AgendaItem | None:
    return get_object_or_404(meeting.agenda, pk=key) if key else None


def _back(meeting: Meeting, item: AgendaItem | None) -> str:
    anchor = services.name_of(item) if item else "weiteres"
    return f"{desk.address('minutes', meeting)}#{anchor}"
