"""The office's lists of what was agreed: tasks, which it gives and closes, and decisions."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import office
from core.errors import Refused
from core.office import BulkAction, Item, OfficeModelAdmin, Outcome, Waiting
from core.resume import recall
from meetings.admin import desk
from meetings.forms.tasks import NoteForm, TaskForm
from meetings.models import Decision, Task
from meetings.services import tasks as services

State = Task.State


class StandFilter(admin.SimpleListFilter):
    """Open, overdue, done, dropped."""

    title = gettext_lazy("Stand")
    parameter_name = "stand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("offen", gettext_lazy("offen")),
            ("ueberfaellig", gettext_lazy("überfällig")),
            ("erledigt", gettext_lazy("erledigt")),
            ("entfaellt", gettext_lazy("entfällt")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = {
            "offen": Q(state=State.OPEN),
            "ueberfaellig": Q(state=State.OPEN, due_on__lt=timezone.localdate()),
            "erledigt": Q(state=State.DONE),
            "entfaellt": Q(state=State.DROPPED),
        }.get(self.value() or "")
        return queryset.filter(found) if found is not None else queryset


class CloseTasks(BulkAction):
    """Say of several tasks that they are done, or that nobody needs to do them any more."""

    def __init__(self, *, drop: bool) -> None:
        self.drop = drop
        self.name = "drop" if drop else "close"
        self.label = gettext_lazy("Entfällt") if drop else gettext_lazy("Als erledigt markieren")

    def is_allowed(self, request: HttpRequest) -> bool:
        return services.may_manage(request.user)

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[Outcome]:
        to = _("offen → entfällt") if self.drop else _("offen → erledigt")
        return [
            Outcome(to)
            if row.state == State.OPEN
            else Outcome(refused=_("ist schon abgeschlossen"))
            for row in rows
        ]

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        step = services.drop if self.drop else services.close
        return step(task=row, by=request.user)

    def result(self, number: int) -> str:
        text = ngettext(
            "%(number)s Aufgabe ist abgeschlossen.",
            "%(number)s Aufgaben sind abgeschlossen.",
            number,
        )
        return text % {"number": number}


@admin.register(Task)
class TaskAdmin(OfficeModelAdmin):
    """What somebody has taken on; given here between two meetings, otherwise in the minutes."""

    form = TaskForm
    list_display = ("text_begin", "who", "due_on", "stand", "meeting")
    list_filter = (StandFilter,)
    list_select_related = ("organisation", "user", "meeting")
    list_defer = ("search_text",)
    search_fields = ("text", "person", "organisation__name")
    bulk_actions = (CloseTasks(drop=False), CloseTasks(drop=True))
    fields = ("text", "organisation", "account", "person", "due_on", "seen", "form_key")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.end)
        return [path("<int:pk>/stand/", view, name="meetings_task_end"), *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        # What is open first, by alphabet: "done", "dropped", "open".
        return ("-state", F("due_on").asc(nulls_last=True), "pk")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # --- In the list
    @admin.display(description=gettext_lazy("Aufgabe"), ordering="text")
    def text_begin(self, task: Task) -> str:
        return task.text[:100]

    @admin.display(description=gettext_lazy("Wer?"), ordering="organisation__name")
    def who(self, task: Task) -> str:
        parts = [task.person, str(task.organisation or "")]
        return ", ".join(part for part in parts if part) or "–"

    @admin.display(description=gettext_lazy("Stand"), ordering="state")
    def stand(self, task: Task) -> SafeString:
        is_late = task.state == State.OPEN and task.due_on and task.due_on < timezone.localdate()
        tone = {State.OPEN: "warn", State.DONE: "good"}.get(State(task.state), "neutral")
        label = _("überfällig") if is_late else task.get_state_display()
        return format_html(
            '<span class="badge badge--{}">{}</span>', "bad" if is_late else tone, label
        )

    # --- Saving
    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Task:
        """Let the service write."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = form.values()
        if change:
            services.change(task=obj, by=request.user, **values)
            return
        key = form.cleaned_data["form_key"]
        obj.pk = services.create(by=request.user, creation_key=key, **values).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing else to save."""

    # --- Closing
    def end(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what became of a task: done, not needed any more, or open again."""
        if not services.may_manage(request.user):
            raise PermissionDenied
        row = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
        form = NoteForm(request.POST if request.method == "POST" else recall(request))
        step = next((name for name in ("close", "drop", "reopen") if name in request.POST), "")
        if request.method == "POST" and step and form.is_valid():
            options = {} if step == "reopen" else {"note": form.cleaned_data["note"]}
            done = {
                "close": (services.close, _("Die Aufgabe ist erledigt.")),
                "drop": (services.drop, _("Die Aufgabe entfällt.")),
                "reopen": (services.reopen, _("Die Aufgabe ist wieder offen.")),
            }
            service, text = done[step]
            try:
                if service(task=row, by=request.user, **options):  # type: ignore[operator]
                    messages.success(request, text)
                return redirect("admin:meetings_task_changelist")
            except Refused as refused:
                form.add_error(None, str(refused))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Aufgabe abschließen"),
            "opts": self.opts,
            "task": row,
            "form": form,
            "today": timezone.localdate(),
        }
        return TemplateResponse(request, "admin/meetings/task/end.html", context)


@office.change_link(Task, 10)
def end_link(request: HttpRequest, task: Any) -> office.Link | None:
    """Lead from a task to where it is closed."""
    if not services.may_manage(request.user):
        return None
    is_open = task.state == State.OPEN
    label = _("Erledigt oder entfällt") if is_open else _("Wieder öffnen")
    return office.Link(label, reverse("admin:meetings_task_end", args=[task.pk]))


@admin.register(Decision)
class DecisionAdmin(OfficeModelAdmin):
    """All decisions to look up; they are written and corrected in the minutes."""

    list_display = ("number_of_year", "text_begin", "meeting")
    list_filter = ("year",)
    list_select_related = ("meeting",)
    list_defer = ("search_text",)
    search_fields = ("text", "meeting__title")
    fields = ("number_of_year", "text", "meeting", "agenda_item", "created_at")
    readonly_fields = fields

    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        # Those of a draft have no number yet.
        return ("-year", F("number").desc(nulls_last=True), "-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Nummer"), ordering="number")
    def number_of_year(self, decision: Decision) -> str:
        return str(decision) if decision.number else _("Entwurf")

    @admin.display(description=gettext_lazy("Beschluss"), ordering="text")
    def text_begin(self, decision: Decision) -> str:
        return decision.text[:160]


@office.change_link(Decision, 10)
def minutes_link(request: HttpRequest, decision: Any) -> office.Link | None:
    """Lead from a decision to where it is written: the minutes of its meeting."""
    if not request.user.has_perm("meetings.change_minutes"):  # type: ignore[union-attr]
        return None
    url = desk.address("decision", decision.meeting, decision=decision.pk)
    return office.Link(_("Im Protokoll ändern"), url)


@office.waits(68)
def waiting_tasks(request: HttpRequest) -> Waiting | None:
    """Tasks whose day is over, the oldest first."""
    if not services.may_manage(request.user):
        return None
    overdue = services.known().overdue(timezone.localdate())
    rows = overdue.select_related("organisation").order_by("due_on", "pk")
    return Waiting(
        title=_("Überfällige Aufgaben"),
        total=overdue.count(),
        items=[
            Item(
                task.text[:80],
                reverse("admin:meetings_task_end", args=[task.pk]),
                hint=_hint(task),
            )
            for task in rows[: office.SHOWN]
        ],
        url=reverse("admin:meetings_task_changelist") + "?stand=ueberfaellig",
    )


def _hint(task: Task) -> str:
    day = _("fällig am %(day)s") % {"day": date_format(task.due_on)}
    alone = "" if task.organisation_id or task.user_id else _("wird nicht erinnert: kein Konto")
    parts = [task.person, str(task.organisation or ""), day, alone]
    return ", ".join(part for part in parts if part)
