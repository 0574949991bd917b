"""Words and places: what organisations describe themselves with."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from core.office import OfficeModelAdmin, translated_form, translation_names
from organisations.models import Language, Municipality, PostalCode, TargetGroup, Topic


class UsedAdmin(OfficeModelAdmin):
    """Rows organisations refer to: shown with how many do, and deleted only while nobody does."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(used=Count("organisations"))

    @admin.display(description=gettext_lazy("Organisationen"), ordering="used")
    def used(self, row: Any) -> int:
        return row.used

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.organisations.exists())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class TermAdmin(UsedAdmin):
    """Topics, target groups and languages: in the order the officer chooses."""

    list_display = ("name", "slug", "position", "used")
    search_fields = ("name", "slug")
    ordering = ("position", "name")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Topic)
class TopicAdmin(TermAdmin):
    form = translated_form(Topic)
    fields = (
        "name",
        *translation_names(Topic, "name"),
        "examples",
        *translation_names(Topic, "examples"),
        "slug",
        "icon",
        "position",
    )


@admin.register(TargetGroup)
class TargetGroupAdmin(TermAdmin):
    form = translated_form(TargetGroup)
    fields = ("name", *translation_names(TargetGroup), "slug", "position")


@admin.register(Language)
class LanguageAdmin(TermAdmin):
    form = translated_form(Language)
    list_display = ("name", "endonym", "code", "position", "used")
    prepopulated_fields = {"slug": ("code",)}
    search_fields = ("name", "endonym", "code")
    fields = (
        "name",
        *translation_names(Language),
        "endonym",
        "code",
        "iso639_3",
        "rtl",
        "slug",
        "position",
    )


class PostalCodeInline(admin.StackedInline):
    model = PostalCode
    extra = 1
    max_num = 60


@admin.register(Municipality)
class MunicipalityAdmin(UsedAdmin):
    form = translated_form(Municipality)
    list_display = ("name", "kind", "in_county", "used")
    list_filter = ("in_county",)
    search_fields = ("name", "ags")
    inlines = (PostalCodeInline,)
    fields = ("name", *translation_names(Municipality), "kind", "ags", "slug", "in_county")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Municipality]:
        return super().get_queryset(request).defer("outline")
