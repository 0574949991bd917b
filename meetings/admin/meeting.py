"""The list of meetings and what is known about each."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Conflict, Refused
from core.office import OfficeChangeList, OfficeModelAdmin, translated_form, translation_names
from meetings import words
from meetings.admin import desk, year
from meetings.forms.meeting import MeetingForm
from meetings.models import Meeting
from meetings.services import details, planning

State = Meeting.State


class MeetingChangeList(OfficeChangeList):
    """Leads to a meeting's overview, not to its form."""

    def url_for_result(self, result: Any) -> str:
        return desk.address("overview", result)


@admin.register(Meeting)
class MeetingAdmin(OfficeModelAdmin):
    """The meetings; everything that happens with one is a tab of its own, see `desk`."""

    form = translated_form(Meeting, MeetingForm)
    change_form_template = "admin/meetings/meeting/change_form.html"
    list_display = ("title", "when", "kind", "state", "visibility")
    list_filter = ("state", "kind", "visibility")
    search_fields = ("title", "place")
    explanations = {
        "title": gettext_lazy(
            "Steht in der Einladung, im Kalender und auf der Seite des Treffens."
        ),
        "answer_until": gettext_lazy(
            "Danach kann niemand mehr neu zusagen. Ändern und absagen geht immer. "
            "Leer: bis zum Beginn."
        ),
        "proposals_until": gettext_lazy(
            "So lange schlagen Organisationen Themen vor. Leer: keine Vorschläge."
        ),
        "capacity": gettext_lazy(
            "Sind alle Plätze vergeben, kommt man auf die Warteliste. Leer: keine Grenze."
        ),
    }
    fieldsets = (
        (None, {"fields": ("title", "kind", "visibility", "description")}),
        (
            gettext_lazy("Wann?"),
            {
                "fields": (
                    ("day", "begin", "end"),
                    "end_day",
                    "answer_until",
                    "proposals_until",
                    "reminders",
                )
            },
        ),
        (
            gettext_lazy("Wo?"),
            {
                "fields": (
                    "place",
                    "address",
                    "directions",
                    "accessibility",
                    "accessibility_note",
                    "online_url",
                    "online_note",
                    "capacity",
                )
            },
        ),
        (gettext_lazy("Wer lädt ein?"), {"fields": ("hosts",), "classes": ("collapse",)}),
        (gettext_lazy("Dolmetschen"), {"fields": ("interpreters",), "classes": ("collapse",)}),
        (
            gettext_lazy("Texte in weiteren Sprachen"),
            {"fields": translation_names(Meeting), "classes": ("collapse",)},
        ),
        (gettext_lazy("Zeitzone"), {"fields": ("time_zone",), "classes": ("collapse",)}),
    )

    # --- Rights
    def has_change_permission(self, request: HttpRequest, obj: Meeting | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.state != State.CANCELLED)

    def has_delete_permission(self, request: HttpRequest, obj: Meeting | None = None) -> bool:
        """A meeting anybody was invited to is cancelled, not deleted."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and obj is not None and planning.may_be_deleted(obj)

    # --- The list
    @admin.display(description=gettext_lazy("Wann?"), ordering="starts_at")
    def when(self, meeting: Meeting) -> str:
        return words.when(meeting)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return MeetingChangeList

    def get_urls(self) -> list[URLPattern]:
        return [*year.urls(), *desk.urls(), *super().get_urls()]

    # --- The form
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with another meeting's values and with a day, if the address says so."""
        day = year.day_of(request.GET.get("tag", ""))
        source = year.copied_from(request)
        if source is None:
            return {"day": day} if day else {}
        return details.template_of(source, day=day) | {"copied_from": source.pk}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any):
        form = super().get_form(request, obj, change=change, **options)
        form.officer = request.user
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say of a cancelled meeting what can be read of it."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        names = ("title", "kind", "visibility", "description", "starts_at", "ends_at", "place",
                 "address", "directions", "accessibility", "online_url", "capacity",
                 "cancel_reason")  # fmt: skip
        return [(None, {"fields": names})]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Conflict, Refused):
            # Between looking and saving somebody was faster; the second look says so at the fields.
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Meeting:
        """Let the service write: history, version and whom to tell are its matter."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        row = form.save_by_service()
        obj.pk, obj.version = row.pk, row.version

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The relations are saved with the meeting."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        if (meeting := options.get("obj")) is not None:
            # The form has written what was typed to its row; the tabs speak of the saved one.
            meeting = Meeting.objects.get(pk=meeting.pk)
            context |= {"meeting": meeting, "tabs": desk.tabs(request, meeting, "change")}
        return super().render_change_form(request, context, *args, **options)

    def response_add(
        self, request: HttpRequest, obj: Meeting, post_url_continue: str | None = None
    ) -> HttpResponse:
        text = _("„%(title)s“ ist geplant. Hier sehen Sie, was als Nächstes zu tun ist.")
        return self._to_overview(request, obj, text)

    def response_change(self, request: HttpRequest, obj: Meeting) -> HttpResponse:
        return self._to_overview(request, obj, _("Die Angaben zu „%(title)s“ sind gespeichert."))

    def _to_overview(self, request: HttpRequest, obj: Meeting, text: str) -> HttpResponse:
        self.message_user(request, text % {"title": obj.title}, messages.SUCCESS)
        return redirect(desk.address("overview", obj))
