"""Requests for access and what visitors say is wrong."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.office import BulkAction, OfficeModelAdmin, Outcome
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


class DecideRequests(BulkAction):
    """Let several people speak for their organisations, or decline."""

    def __init__(self, *, grant: bool) -> None:
        self.grant = grant
        self.name = "grant" if grant else "decline"
        self.label = gettext_lazy("Zustimmen") if grant else gettext_lazy("Ablehnen")

    def is_allowed(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organisations.change_accessrequest")

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[Outcome]:
        to = _("zugestimmt") if self.grant else _("abgelehnt")
        return [
            Outcome(text=to, mails=[row.user.email])
            if row.state == AccessRequest.State.OPEN
            else Outcome(refused=_("ist schon entschieden"))
            for row in rows
        ]

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        return people.decide_access(request=row, by=request.user, grant=self.grant)

    def result(self, number: int) -> str:
        text = ngettext(
            "%(number)s Anfrage ist entschieden.", "%(number)s Anfragen sind entschieden.", number
        )
        return text % {"number": number}


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "user", "state", "created_at", "decided_at")
    list_filter = ("state",)
    list_select_related = ("organisation", "user")
    search_fields = ("organisation__name", "user__email", "user__name")
    bulk_actions = (DecideRequests(grant=True), DecideRequests(grant=False))
    fields = ("organisation", "user", "message", "state", "created_at", "decided_at", "decided_by")
    change_form_template = "admin/organisations/accessrequest/change_form.html"

    def response_change(self, request: HttpRequest, obj: AccessRequest) -> HttpResponse:
        for name, grant in (("_grant", True), ("_decline", False)):
            if name in request.POST and IS_POPUP_VAR not in request.POST:
                self.carry_out(request, DecideRequests(grant=grant), [obj])
                return redirect("admin:index")
        return super().response_change(request, obj)


class SettledFilter(admin.SimpleListFilter):
    title = gettext_lazy("erledigt")
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("offen")), ("yes", gettext_lazy("erledigt"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"yes", "no"}:
            return queryset.filter(settled_at__isnull=self.value() == "no")
        return queryset


class Settle(BulkAction):
    name = "settle"
    label = gettext_lazy("Als erledigt markieren")

    def is_allowed(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organisations.change_problemreport")

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[Outcome]:
        return [
            Outcome(refused=_("ist schon erledigt"))
            if row.settled_at
            else Outcome(_("Offen → Erledigt"))
            for row in rows
        ]

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        return problems.settle(report=row, by=request.user)

    def result(self, number: int) -> str:
        text = ngettext(
            "%(number)s Hinweis ist erledigt.", "%(number)s Hinweise sind erledigt.", number
        )
        return text % {"number": number}


@admin.register(ProblemReport)
class ProblemReportAdmin(ReadOnlyAdmin):
    list_display = ("organisation", "text_begin", "created_at", "settled_at")
    list_filter = (SettledFilter,)
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "text")
    bulk_actions = (Settle(),)
    fields = ("organisation", "text", "email", "created_at", "settled_at", "settled_by")
    change_form_template = "admin/organisations/problemreport/change_form.html"

    @admin.display(description=gettext_lazy("Hinweis"))
    def text_begin(self, report: ProblemReport) -> str:
        return report.text[:100]

    def response_change(self, request: HttpRequest, obj: ProblemReport) -> HttpResponse:
        if "_settle" in request.POST and IS_POPUP_VAR not in request.POST:
            problems.settle(report=obj, by=request.user)
            self.message_user(request, _("Der Hinweis ist erledigt."), messages.SUCCESS)
            return redirect("admin:index")
        return super().response_change(request, obj)
