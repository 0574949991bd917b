"""School holidays: the office's list, and taking over those of the Land."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import office
from core.office import OfficeModelAdmin
from meetings import collisions
from meetings.models import SchoolHoliday
from meetings.services import school_holidays


@office.list_link(SchoolHoliday, 10)
def take_over_link(request: HttpRequest) -> office.Link | None:
    if not request.user.has_perm("meetings.add_schoolholiday"):
        return None
    url = reverse("admin:meetings_schoolholiday_take_over")
    return office.Link(_("Ferien des Bundeslands übernehmen"), url, icon="download")


@admin.register(SchoolHoliday)
class SchoolHolidayAdmin(OfficeModelAdmin):
    """School holidays as the planning knows them."""

    list_display = ("name", "starts_on", "ends_on")
    search_fields = ("name",)
    explanations = {
        "name": gettext_lazy("Zum Beispiel: Sommerferien. Steht nur in der Jahresplanung."),
    }

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "uebernehmen/",
                self.admin_site.admin_view(self.take_over),
                name="meetings_schoolholiday_take_over",
            ),
            *super().get_urls(),
        ]

    def take_over(self, request: HttpRequest) -> HttpResponse:
        """Show what the list of the Länder knows that is not here yet, and add it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        state, today = collisions.federal_state(), timezone.localdate()
        if request.method == "POST" and state:
            number = school_holidays.take_over(state=state, today=today, by=request.user)
            text = ngettext(
                "%(number)s Eintrag ist neu.", "%(number)s Einträge sind neu.", number
            ) % {"number": number}
            messages.success(request, text)
            return redirect("admin:meetings_schoolholiday_changelist")
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Ferien des Bundeslands übernehmen"),
            "opts": self.opts,
            "state": state,
            "new": school_holidays.missing(state, today) if state else [],
        }
        return TemplateResponse(request, "admin/meetings/schoolholiday/take_over.html", context)
