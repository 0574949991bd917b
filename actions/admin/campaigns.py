"""Times in which the network appears together, set by the office each year."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions.admin import brochures, campaign_overview
from actions.models import Campaign
from actions.services import campaigns
from core.office import (
    OfficeChangeList,
    OfficeModelAdmin,
    TranslatedForm,
    translated_form,
    translation_names,
)
from core.text import CleanCharField, validate_has_words


class CampaignForm(TranslatedForm):
    name = CleanCharField(
        label=gettext_lazy("Name"),
        max_length=120,
        validators=[validate_has_words],
        help_text=gettext_lazy("Ohne das Jahr, zum Beispiel: Interkulturelle Woche."),
        error_messages={"required": gettext_lazy("Bitte geben Sie einen Namen an.")},
    )
    motto = CleanCharField(label=gettext_lazy("Motto"), max_length=200, required=False)
    introduction = CleanCharField(
        multiline=True,
        label=gettext_lazy("Einleitung"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        values = self.cleaned_data
        first, last, year = (values.get(name) for name in ("starts_on", "ends_on", "year"))
        if first and last and year and year not in (first.year, last.year):
            text = _("Die Tage liegen nicht im Jahr %(year)s. Stimmt das Datum?")
            self.add_error("starts_on", text % {"year": year})
        if first and last and (last - first).days > 366:
            self.add_error("ends_on", _("Das ist länger als ein Jahr. Stimmt das Datum?"))
        return cleaned


class CampaignChangeList(OfficeChangeList):
    """Leads to a campaign's overview, not to its form."""

    def url_for_result(self, result: Any) -> str:
        return campaign_overview.overview_url(result)


@admin.register(Campaign)
class CampaignAdmin(OfficeModelAdmin):
    """The campaigns; the days of one are shown where a date for a meeting is chosen."""

    form = translated_form(Campaign, CampaignForm)
    explanations = {
        "year": gettext_lazy("Steht hinter dem Namen."),
        "starts_on": gettext_lazy("Die Tage legen Sie jedes Jahr neu fest."),
        "motto": gettext_lazy("Steht im Programm unter dem Namen."),
        "introduction": gettext_lazy("Steht am Anfang des Programms."),
    }
    list_display = ("name", "year", "starts_on", "ends_on", "entries_until", "number")
    list_filter = ("year", "is_public")
    search_fields = ("name", "motto", "translations")
    fields = (
        "name",
        *translation_names(Campaign, "name"),
        "year",
        "starts_on",
        "ends_on",
        "entries_until",
        "motto",
        *translation_names(Campaign, "motto"),
        "introduction",
        *translation_names(Campaign, "introduction"),
        "is_public",
    )

    def get_urls(self) -> list[URLPattern]:
        return [*campaign_overview.urls(), *brochures.urls(), *super().get_urls()]

    # --- The list
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(number=Count("actions"))

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return CampaignChangeList

    @admin.display(description=gettext_lazy("Aktionen"), ordering="number")
    def number(self, campaign: Any) -> int:
        return campaign.number

    # --- The form
    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """One that actions were entered for stays: it is part of the record."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.actions.exists())

    def response_post_save_add(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return redirect(campaign_overview.overview_url(obj))

    def response_post_save_change(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return redirect(campaign_overview.overview_url(obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            # It stays when the name is mended: the programme's address is printed.
            obj.slug = campaigns.free_slug(obj)
        super().save_model(request, obj, form, change)
