"""Requests for access and what visitors say is wrong."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.errors import Refused
from core.office import OfficeModelAdmin
from organisations.models import AccessRequest, ProblemReport
from organisations.services import people, problems


class ReadOnlyAdmin(OfficeModelAdmin):
    """Rows that others write; only actions change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(admin.utils.flatten_fieldsets(self.get_fieldsets(request, obj)))


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "user", "state", "created_at", "decided_at")
    list_filter = ("state",)
    list_select_related = ("organisation", "user")
    search_fields = ("organisation__name", "user__email", "user__name")
    actions = ("grant", "decline")
    fields = ("organisation", "user", "message", "state", "created_at", "decided_at", "decided_by")
    change_form_template = "admin/organisations/accessrequest/change_form.html"

    @admin.action(description=gettext_lazy("Zustimmen"), permissions=["change"])
    def grant(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> None:
        self._decide(request, queryset, grant=True)

    @admin.action(description=gettext_lazy("Ablehnen"), permissions=["change"])
    def decline(self, request: HttpRequest, queryset: QuerySet[AccessRequest]) -> None:
        self._decide(request, queryset, grant=False)

    def response_change(self, request: HttpRequest, obj: AccessRequest) -> HttpResponse:
        for name, grant in (("_grant", True), ("_decline", False)):
            if name in request.POST and IS_POPUP_VAR not in request.POST:
                self._decide(request, AccessRequest.objects.filter(pk=obj.pk), grant=grant)
                return redirect("admin:index")
        return super().response_change(request, obj)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[AccessRequest], *, grant: bool
    ) -> None:
        done = 0
        for one in queryset:
            try:
                done += people.decide_access(request=one, by=request.user, grant=grant)
            except Refused as refused:
                self.message_user(request, str(refused), messages.WARNING)
        if done:
            text = ngettext(
                "%(number)s Anfrage ist entschieden.", "%(number)s Anfragen sind entschieden.", done
            )
            self.message_user(request, text % {"number": done}, messages.SUCCESS)


class SettledFilter(admin.SimpleListFilter):
    title = gettext_lazy("erledigt")
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("offen")), ("yes", gettext_lazy("erledigt"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"yes", "no"}:
            return queryset.filter(settled_at__isnull=self.value() == "no")
        return queryset


@admin.register(ProblemReport)
class ProblemReportAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "text_begin", "created_at", "settled_at")
    list_filter = (SettledFilter,)
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "text")
    actions = ("settle",)
    fields = ("organisation", "text", "email", "created_at", "settled_at", "settled_by")
    change_form_template = "admin/organisations/problemreport/change_form.html"

    @admin.display(description=gettext_lazy("Hinweis"))
    def text_begin(self, report: ProblemReport) -> str:
        return report.text[:100]

    @admin.action(description=gettext_lazy("Als erledigt markieren"), permissions=["change"])
    def settle(self, request: HttpRequest, queryset: QuerySet[ProblemReport]) -> None:
        done = sum(problems.settle(report=report, by=request.user) for report in queryset)
        text = ngettext(
            "%(number)s Hinweis ist erledigt.", "%(number)s Hinweise sind erledigt.", done
        )
        self.message_user(request, text % {"number": done}, messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: ProblemReport) -> HttpResponse:
        if "_settle" in request.POST and IS_POPUP_VAR not in request.POST:
            problems.settle(report=obj, by=request.user)
            self.message_user(request, _("Der Hinweis ist erledigt."), messages.SUCCESS)
            return redirect("admin:index")
        return super().response_change(request, obj)
