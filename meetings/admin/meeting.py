"""The list of meetings and what is known about each."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from core.office import OfficeModelAdmin
from meetings.admin import desk
from meetings.models import Meeting


@admin.register(Meeting)
class MeetingAdmin(OfficeModelAdmin):
    """The meetings; everything that happens with one is a tab of its own, see `desk`."""

    list_display = ("title", "starts_at", "kind", "state")
    list_filter = ("state", "kind", "visibility")
    search_fields = ("title", "place")
    date_hierarchy = None

    def get_urls(self) -> list[URLPattern]:
        return [*desk.urls(), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        if (meeting := options.get("obj")) is not None:
            context |= {"meeting": meeting, "tabs": desk.tabs(request, meeting, "change")}
        return super().render_change_form(request, context, *args, **options)
