"""All ideas of the network in the office: searched, put together, hidden and shown again."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions.forms.ideas import KeptForm
from actions.models import Idea
from actions.services import ideas
from core import office
from core.errors import Refused
from core.office.bulk import CONFIRMED


@office.list_link(Idea, 10)
def page_link(request: HttpRequest) -> office.Link:
    """The way to where members read and write ideas."""
    return office.Link(_("So sehen es die Mitglieder"), reverse("actions:ideas_all"), icon="eye")


@office.change_link(Idea, 10)
def idea_link(request: HttpRequest, idea: Idea) -> office.Link:
    """The way to an idea's own page, with what is said about it and the button to an action."""
    return office.Link(
        _("Kommentare, Zur Aktion machen"), idea.get_absolute_url(), icon="eye", style="primary"
    )


class _Curating(office.BulkAction):
    """What is done to one idea after the other."""

    def is_allowed(self, request: HttpRequest) -> bool:
        return ideas.may_curate(request.user)


class Merge(_Curating):
    """Leads to a page that asks which of the chosen ideas stays."""

    name = "merge_ideas"
    label = gettext_lazy("Zusammenführen")
    most = 30

    def answer(self, request: HttpRequest, rows: Sequence[Idea]) -> HttpResponse:
        """Ask which one stays, and put the others into it."""
        back = request.get_full_path()
        open_rows = [row for row in rows if row.state == Idea.State.OPEN]
        if len(open_rows) < 2:
            text = _("Bitte wählen Sie mindestens zwei Ideen, die zu sehen sind.")
            messages.warning(request, text)
            return redirect(back)
        form = KeptForm(open_rows, request.POST if CONFIRMED in request.POST else None)
        if form.is_valid():
            kept = next(row for row in open_rows if str(row.pk) == form.cleaned_data["kept"])
            try:
                ideas.merge(ideas=open_rows, kept=kept, by=request.user)  # type: ignore[arg-type]
            except Refused as refused:
                messages.warning(request, str(refused))
            else:
                messages.success(request, _("Die Ideen sind zusammengeführt."))
            return redirect(back)
        context = {
            **admin.site.each_context(request),
            "title": self.label,
            "opts": Idea._meta,
            "form": form,
            "rows": open_rows,
            "action": self,
            "checkbox": ACTION_CHECKBOX_NAME,
            "confirmed": CONFIRMED,
            "back": back,
        }
        return TemplateResponse(request, "admin/actions/ideas/merge.html", context)


class Hide(_Curating):
    name = "hide_ideas"
    label = gettext_lazy("Ausblenden")
    explanation = gettext_lazy("Nur das Team sieht diese Ideen dann noch.")

    def outcomes(self, request: HttpRequest, rows: Sequence[Idea]) -> list[office.Outcome]:
        hidden = _("ist schon ausgeblendet")
        return [
            office.Outcome(refused=hidden)
            if row.state == Idea.State.HIDDEN
            else office.Outcome(_("wird ausgeblendet"))
            for row in rows
        ]

    def apply(self, request: HttpRequest, row: Idea, **answers: Any) -> bool:
        return bool(ideas.hide(ideas=[row], by=request.user))  # type: ignore[arg-type]


class Show(_Curating):
    name = "show_ideas"
    label = gettext_lazy("Wieder zeigen oder trennen")
    explanation = gettext_lazy("Diese Ideen stehen dann wieder für sich in der Liste.")

    def outcomes(self, request: HttpRequest, rows: Sequence[Idea]) -> list[office.Outcome]:
        visible = _("steht schon für sich")
        return [
            office.Outcome(refused=visible)
            if row.state == Idea.State.OPEN
            else office.Outcome(_("wird wieder gezeigt"))
            for row in rows
        ]

    def apply(self, request: HttpRequest, row: Idea, **answers: Any) -> bool:
        return bool(ideas.show(ideas=[row], by=request.user))  # type: ignore[arg-type]


class BecameFilter(admin.SimpleListFilter):
    """Ideas that have become an action, and those that have not."""

    title = gettext_lazy("Aktion")
    parameter_name = "aktion"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ja", _("ist eine Aktion geworden")), ("nein", _("noch keine Aktion"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Idea]) -> QuerySet[Idea]:
        match self.value():
            case "ja":
                return queryset.exclude(action=None)
            case "nein":
                return queryset.filter(action=None)
        return queryset


@admin.register(Idea)
class IdeaAdmin(office.OfficeModelAdmin):
    """All ideas of all meetings and members; those of one meeting are sorted at its desk."""

    list_display = ("text", "supporters", "state", "action", "meeting")
    list_filter = ("state", BecameFilter, "way")
    list_select_related = ("meeting", "action")
    search_fields = ("text", "author_name", "organisation__name")
    fields = (
        "text",
        "meeting",
        "group",
        "author_name",
        "organisation",
        "way",
        "state",
        "merged_into",
        "action",
    )
    bulk_actions = (Merge(), Hide(), Show())
    view_on_site = False  # it is for members, not public

    def get_queryset(self, request: HttpRequest) -> QuerySet[Idea]:
        return super().get_queryset(request).with_support()  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("Unterstützt von"), ordering="supporters")
    def supporters(self, idea: Any) -> int:
        return idea.supporters

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
