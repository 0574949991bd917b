"""The network's joint actions in the office: all of them, to find, to check and to give out."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions import words
from actions.admin import listing
from actions.admin.deciding import ReviewPages, review_url, standing
from actions.admin.trail import HistoryPages
from actions.models import JointAction, may_confirm
from core import office


@admin.register(JointAction)
class JointActionAdmin(HistoryPages, ReviewPages):
    """All actions; what is said of one is written on the pages of those who take part."""

    list_display = ("title", "stand", "when", "lead", "campaign")
    list_filter = (
        listing.WaitingFilter,
        "state",
        "campaign",
        listing.TimeFilter,
        "category",
        listing.LeadFilter,
    )
    list_select_related = ("campaign",)
    list_defer = ("search_text", "description", "additional", "cancel_reason", "returned_note")
    search_fields = ("title", "search_text", "participations__organisation__name")
    search_help_text = gettext_lazy("Titel, Text, Ort oder Organisation")
    bulk_actions = (listing.ConfirmMany(),)

    # --- Rights: everything is decided or written on pages of its own
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing with a history is deleted; what does not take place is cancelled."""
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the page on which an action is decided about."""
        action = self.get_object(request, object_id)
        if action is None:
            raise Http404
        if not self.has_view_permission(request, action):
            raise PermissionDenied
        return redirect(review_url(action))

    # --- The list
    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        # What waits for her first, longest of all on top.
        return (F("submitted_at").asc(nulls_last=True), "-created_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return listing.with_columns(super().get_queryset(request))

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return listing.ActionChangeList

    @admin.display(description=gettext_lazy("Stand"), ordering="state")
    def stand(self, action: JointAction) -> SafeString:
        found = standing(action)
        return format_html('<span class="badge badge--{}">{}</span>', found.tone, found.label)

    @admin.display(description=gettext_lazy("Wann?"), ordering="begins_at")
    def when(self, action: Any) -> str:
        """The next date, or the last one, as short as a table needs it."""
        dates = action.dates.all()
        date = words.next_date(dates)
        if date is None:
            return "–"
        text = date_format(words.begins(date), "SHORT_DATETIME_FORMAT")
        return f"{text} (+{len(dates) - 1})" if len(dates) > 1 else text

    @admin.display(description=gettext_lazy("Leitung"), ordering="lead_name")
    def lead(self, action: Any) -> str:
        return action.lead_name or "–"

    def full_export(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> tuple[list[str], Iterator[list[str]]]:
        return listing.export(queryset)


@office.list_link(JointAction, 10)
def create_link(request: HttpRequest) -> office.Link | None:
    """Plan an action, with or without an organisation that leads it."""
    if not may_confirm(request.user):
        return None
    return office.Link(_("Aktion anlegen"), reverse("actions:create"), icon="plus")
