"""The network's profile and what visitors say about barriers, on the officer's desk."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import office
from core.office import Item, OfficeModelAdmin, Waiting, translated_form, translation_names
from portal import services
from portal.forms import LogoForm
from portal.models import Feedback, NetworkProfile


@office.waits(50)
def waiting_feedback(request: HttpRequest) -> Waiting | None:
    """Barriers nobody has answered yet, each with the last day for it."""
    if not request.user.has_perm("portal.change_feedback"):
        return None
    waiting = Feedback.objects.open().order_by("created_at")
    return Waiting(
        title=_("Gemeldete Barrieren"),
        total=waiting.count(),
        items=[
            Item(
                str(one),
                reverse("admin:portal_feedback_change", args=[one.pk]),
                one.created_at,
                _("Antworten bis %(day)s") % {"day": date_format(one.due_on)},
            )
            for one in waiting[: office.SHOWN]
        ],
        url=reverse("admin:portal_feedback_changelist") + "?answered=no",
    )


@office.change_link(NetworkProfile, 10)
def logo_link(request: HttpRequest, profile: NetworkProfile) -> office.Link | None:
    """The way to the logo: a picture has a page of its own, so no other error can lose it."""
    if not request.user.has_perm("portal.change_networkprofile"):
        return None
    url = reverse("admin:portal_networkprofile_logo", args=[profile.pk])
    return office.Link(_("Logo ändern"), url, icon="image")


@office.change_box(NetworkProfile, 10)
def colours_box(request: HttpRequest, profile: NetworkProfile) -> office.Box | None:
    """What the portal makes of the chosen colours, with the contrast of each."""
    if not profile.tones:
        return None
    return office.Box(
        _("So sehen Ihre Farben aus"),
        "admin/portal/networkprofile/colours.html",
        {"samples": services.colour_samples(profile)},
        anchor="farben",
    )


def _with_translations(*names: str) -> tuple[str, ...]:
    return tuple(
        field for name in names for field in (name, *translation_names(NetworkProfile, name))
    )


@admin.register(NetworkProfile)
class NetworkProfileAdmin(OfficeModelAdmin):
    """The one row that says whose portal this is; its list leads straight to it."""

    form = translated_form(NetworkProfile)
    explanations = {
        "name": gettext_lazy("Steht auf der Startseite und unter jeder E-Mail."),
        "short_name": gettext_lazy("Steht oben links und im Titel im Browser."),
        "county": gettext_lazy("So heißt Ihr Landkreis in den Texten des Portals."),
        "meetings_per_year": gettext_lazy(
            "So viele Treffen nennt die Startseite. Die Jahresplanung zählt danach, was noch fehlt."
        ),
        "accompanied_by": gettext_lazy("Steht auf der Startseite. Leer: niemand wird genannt."),
        "contact_role": gettext_lazy("Öffentlich unten auf jeder Seite, unter dem Namen."),
        "contact_name": gettext_lazy("Öffentlich unten auf jeder Seite. Leer: kein Name."),
        "contact_phone": gettext_lazy("Öffentlich unten auf jeder Seite und in E-Mails."),
        "contact_email": gettext_lazy("Öffentlich unten auf jeder Seite und in E-Mails."),
    }
    fieldsets = (
        (
            gettext_lazy("Das Netzwerk"),
            {
                "fields": (
                    *_with_translations("name", "short_name", "county"),
                    "federal_state",
                    "meetings_per_year",
                    "accompanied_by",
                )
            },
        ),
        (gettext_lazy("Aussehen"), {"fields": ("brand_colour", "accent_colour")}),
        (gettext_lazy("Arbeitsweise"), {"fields": ("edits_checked_first",)}),
        (
            gettext_lazy("Startseite und „Mitmachen“"),
            {"fields": _with_translations("claim", "introduction", "who_may_join")},
        ),
        (
            gettext_lazy("Kontakt"),
            {
                "fields": (
                    *_with_translations("contact_role"),
                    "contact_name",
                    "contact_phone",
                    "contact_email",
                )
            },
        ),
        (
            gettext_lazy("Impressum"),
            {
                "classes": ("collapse",),
                "fields": ("imprint_checked", *_with_translations("imprint")),
            },
        ),
        (
            gettext_lazy("Datenschutz"),
            {
                "classes": ("collapse",),
                "fields": ("privacy_checked", *_with_translations("privacy")),
            },
        ),
        (
            gettext_lazy("Barrierefreiheit"),
            {
                "classes": ("collapse",),
                "fields": ("accessibility_checked", *_with_translations("accessibility")),
            },
        ),
        (
            gettext_lazy("Leichte Sprache und Gebärdensprache"),
            {
                "classes": ("collapse",),
                "fields": _with_translations("easy_language", "sign_language"),
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not NetworkProfile.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/logo/",
                self.admin_site.admin_view(self.logo),
                name="portal_networkprofile_logo",
            ),
            *super().get_urls(),
        ]

    def logo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a logo instead of the portal's own sign, or give that back."""
        profile = get_object_or_404(NetworkProfile, pk=pk)
        if not self.has_change_permission(request, profile):
            raise PermissionDenied
        is_removal = "_remove" in request.POST
        sent = request.method == "POST" and not is_removal
        form = LogoForm(request.POST, request.FILES) if sent else LogoForm()
        if is_removal or form.is_valid():
            services.set_logo(
                profile=profile,
                file=None if is_removal else form.cleaned_data["file"],
                by=request.user,
            )
            self.message_user(request, _("Das Logo ist gespeichert."), messages.SUCCESS)
            return redirect("admin:portal_networkprofile_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Logo des Netzwerks"),
            "opts": self.opts,
            "profile": profile,
            "form": form,
        }
        return TemplateResponse(request, "admin/portal/networkprofile/logo.html", context)

    def save_model(
        self, request: HttpRequest, obj: NetworkProfile, form: forms.ModelForm, change: bool
    ) -> None:
        obj.pk = 1  # there is only one, see the constraint
        super().save_model(request, obj, form, change)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "GET" and NetworkProfile.objects.filter(pk=1).exists():
            return redirect("admin:portal_networkprofile_change", 1)
        return super().changelist_view(request, extra_context)


class AnsweredFilter(admin.SimpleListFilter):
    title = gettext_lazy("beantwortet")
    parameter_name = "answered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("offen")), ("yes", gettext_lazy("beantwortet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"yes", "no"}:
            return queryset.filter(answered_at__isnull=self.value() == "no")
        return queryset


class MarkAnswered(office.BulkAction):
    name = "mark_answered"
    label = gettext_lazy("Als beantwortet markieren")

    def is_allowed(self, request: HttpRequest) -> bool:
        return request.user.has_perm("portal.change_feedback")

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[office.Outcome]:
        return [
            office.Outcome(refused=_("ist schon beantwortet"))
            if row.answered_at
            else office.Outcome(_("offen → beantwortet"))
            for row in rows
        ]

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        return services.mark_answered(row)

    def result(self, number: int) -> str:
        text = ngettext(
            "%(number)s Rückmeldung ist beantwortet.",
            "%(number)s Rückmeldungen sind beantwortet.",
            number,
        )
        return text % {"number": number}


@admin.register(Feedback)
class FeedbackAdmin(OfficeModelAdmin):
    """Barriers that were reported; the officer notes the answer and when it was given."""

    list_display = ("__str__", "created_at", "due_on", "answered_at")
    list_filter = (AnsweredFilter,)
    search_fields = ("text", "email", "name")
    bulk_actions = (MarkAnswered(),)
    fields = ("text", "page", "name", "email", "created_at", "due_on", "note", "answered_at")
    readonly_fields = ("text", "page", "name", "email", "created_at", "due_on", "answered_at")
    change_form_template = "admin/portal/feedback/change_form.html"
    explanations = {"note": gettext_lazy("Nur für das Team: was Sie geantwortet haben.")}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A year after its answer it is deleted by itself, as the privacy notice says."""
        return False

    @admin.display(description=gettext_lazy("Antworten bis"), ordering="created_at")
    def due_on(self, feedback: Feedback) -> str:
        return date_format(feedback.due_on)

    def response_change(self, request: HttpRequest, obj: Feedback) -> HttpResponse:
        if "_answered" in request.POST:
            services.mark_answered(obj)
            self.message_user(request, _("Die Rückmeldung ist beantwortet."), messages.SUCCESS)
            return redirect("admin:index")
        return super().response_change(request, obj)
