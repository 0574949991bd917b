"""Words and places: what organisations describe themselves with."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from core import office
from core.errors import Refused
from core.fields import is_key
from core.office import ExplainedInline, OfficeModelAdmin, translated_form, translation_names
from organisations.admin.places import PlacesPages
from organisations.forms.taxonomy import (
    KeptForm,
    LanguageForm,
    MunicipalityForm,
    OrderForm,
    TermForm,
)
from organisations.models import Language, Municipality, PostalCode, TargetGroup, Topic
from organisations.services import taxonomy

TEMPLATES = "admin/organisations/taxonomy"


def _in_words(codes: Sequence[str]) -> str:
    return ", ".join(str(get_language_info(code)["name_translated"]) for code in codes)


# --- In the lists ---------------------------------------------------------------------------------
class MissingFilter(admin.SimpleListFilter):
    """Whether a translation is missing; there are a few dozen words of a kind, or a hundred."""

    title = gettext_lazy("Übersetzung")
    parameter_name = "uebersetzung"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("fehlt", gettext_lazy("fehlt")), ("da", gettext_lazy("vollständig"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"fehlt", "da"}:
            return queryset
        missing = Q(pk__in=self.missing(queryset.model))
        return queryset.filter(missing if self.value() == "fehlt" else ~missing)

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Any]:
        missing = Q(pk__in=self.missing(filtered_qs.model))
        return {
            "0__c": Count(pk_attname, filter=missing),
            "1__c": Count(pk_attname, filter=~missing),
        }

    def missing(self, model: type[Any]) -> list[int]:
        if not hasattr(self, "_missing"):
            rows = model._default_manager.order_by()
            rows = rows.defer("outline") if model is Municipality else rows
            self._missing = [row.pk for row in rows if taxonomy.missing_translations(row)]
        return self._missing


class MergeWords(office.BulkAction):
    """Leads several rows of a list to the page that makes one of them."""

    name = "merge_words"
    label = gettext_lazy("Zusammenführen")
    most = taxonomy.MOST_MERGED

    def __init__(self, model: type[Any]) -> None:
        self.model = model

    def is_allowed(self, request: HttpRequest) -> bool:
        return taxonomy.may_merge(request.user, self.model)

    def answer(self, request: HttpRequest, rows: Sequence[Any]) -> HttpResponse | None:
        if len(rows) < 2:
            messages.warning(request, _("Bitte wählen Sie mindestens zwei Einträge aus."))
            return redirect(request.get_full_path())
        query = urlencode({"eintrag": [row.pk for row in rows]}, doseq=True)
        address = reverse(f"admin:{self.model._meta.label_lower.replace('.', '_')}_merge")
        return redirect(f"{address}?{query}")


class UsedAdmin(OfficeModelAdmin):
    """Rows organisations refer to: shown with how many do, and deleted only while nobody does."""

    def __init__(self, model: type[Any], site: Any) -> None:
        super().__init__(model, site)
        self.bulk_actions = (MergeWords(model),)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.merge)
        name = f"{self.opts.app_label}_{self.opts.model_name}_merge"
        return [path("zusammenfuehren/", view, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(used=Count("organisations"))

    @admin.display(description=gettext_lazy("Organisationen"), ordering="used")
    def used(self, row: Any) -> SafeString | str:
        """The number of organisations, as a link to them."""
        if not row.used:
            return "0"
        number = ngettext("%(number)s Organisation", "%(number)s Organisationen", row.used)
        address = reverse("admin:organisations_organisation_changelist")
        return format_html(
            '<a href="{}{}">{}</a>',
            address,
            taxonomy.organisations_address(row),
            number % {"number": row.used},
        )

    @admin.display(description=gettext_lazy("Übersetzung"))
    def translated(self, row: Any) -> SafeString | str:
        missing = taxonomy.missing_translations(row)
        if not missing:
            return _("vollständig")
        text = _("fehlt: %(languages)s") % {"languages": _in_words(missing)}
        return format_html('<span class="badge badge--warn">{}</span>', text)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if missing := taxonomy.missing_translations(obj):
            text = _("Noch nicht übersetzt: %(languages)s. Bis dahin steht dort der deutsche Name.")
            self.message_user(request, text % {"languages": _in_words(missing)}, messages.WARNING)

    # --- Deleting
    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not taxonomy.uses(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say where a word is used instead of deleting it."""
        row = self.get_object(request, unquote(object_id))
        may_delete = super().has_delete_permission(request, row)
        if row is not None and may_delete and (uses := taxonomy.uses(row)):
            text = _("„%(name)s“ lässt sich nicht löschen. Es wird noch benutzt: %(uses)s.")
            self.message_user(
                request, text % {"name": row, "uses": ", ".join(uses)}, messages.WARNING
            )
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)
        return super().delete_view(request, object_id, extra_context)

    # --- One of several
    def merge(self, request: HttpRequest) -> HttpResponse:
        """Ask which of the chosen words stays, show what will happen, and do it once confirmed."""
        if not taxonomy.may_merge(request.user, self.model):
            raise PermissionDenied
        asked = request.POST if request.method == "POST" else request.GET
        keys = [key for key in asked.getlist("eintrag") if is_key(self.model, key)]
        rows = self.model._default_manager.filter(pk__in=keys[: taxonomy.MOST_MERGED])
        words = list(rows.defer("outline") if self.model is Municipality else rows)
        back = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        if len(words) < 2:
            text = _("Bitte wählen Sie mindestens zwei Einträge aus, die es noch gibt.")
            self.message_user(request, text, messages.WARNING)
            return redirect(back)
        form = KeptForm(words, request.POST if "kept" in request.POST else None)
        if request.method == "POST" and not form.is_bound:
            form = KeptForm(words, request.POST)
        context: dict[str, Any] = {"form": form, "words": words}
        if request.method == "POST" and form.is_valid() and "_back" not in request.POST:
            kept = next(word for word in words if word.pk == form.cleaned_data["kept"])
            gone = [word for word in words if word is not kept]
            if "_confirmed" in request.POST:
                try:
                    number = taxonomy.merge(kept=kept, gone=gone, by=request.user)
                except Refused as refused:
                    self.message_user(request, str(refused), messages.ERROR)
                    return redirect(back)
                text = ngettext(
                    "%(number)s Eintrag ist jetzt Teil von „%(name)s“.",
                    "%(number)s Einträge sind jetzt Teil von „%(name)s“.",
                    number,
                )
                self.message_user(
                    request, text % {"number": number, "name": kept}, messages.SUCCESS
                )
                return redirect(back)
            context |= {"kept": kept, "going": taxonomy.preview(kept=kept, gone=gone)}
        return self.own_page(request, "merge", _("Zusammenführen"), context)

    def own_page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, f"{TEMPLATES}/{template}.html", frame | context)


class TermAdmin(UsedAdmin):
    """Topics, target groups and languages: in the order the officer chooses."""

    list_display: Any = ("name", "used", "translated")
    list_filter = (MissingFilter,)
    search_fields: Any = ("name", "slug", "translations")
    ordering = ("position", "name")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.order)
        name = f"{self.opts.app_label}_{self.opts.model_name}_order"
        return [path("reihenfolge/", view, name=name), *super().get_urls()]

    def list_links(self, request: HttpRequest) -> list[office.Link]:
        links = super().list_links(request)
        if self.has_change_permission(request):
            address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_order")
            links.append(office.Link(_("Reihenfolge ändern"), address))
        return links

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.position = taxonomy.last_position(self.model)
        super().save_model(request, obj, form, change)

    def order(self, request: HttpRequest) -> HttpResponse:
        """Bring all words of the kind into an order, by buttons or by numbers."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        rows = self.model._default_manager.order_by("position", "name", "pk")
        form = OrderForm(rows)
        if request.method == "POST":
            form = OrderForm(rows, request.POST)
            step = next((name for name in ("up", "down") if name in request.POST), "")
            if form.is_valid():
                if form.has_changed():
                    taxonomy.put_in_order(model=self.model, keys=form.keys(), by=request.user)
                if not step:
                    text = _("Die Reihenfolge ist gespeichert.")
                    self.message_user(request, text, messages.SUCCESS)
                    return redirect(request.path)
                key = request.POST[step]
                word = rows.filter(pk=key).first() if is_key(self.model, key) else None
                if word is None:
                    raise Http404
                taxonomy.move(word=word, up=step == "up", by=request.user)
                # No fragment: with one the browser would not go to the button.
                return redirect(f"{request.path}?{urlencode({step: word.pk})}")
        context = {
            "form": form,
            "entries": form.entries(),
            # Where the keyboard goes on after a step: at the same button, or at the other one
            # where there is no further.
            "moved_up": request.GET.get("up", ""),
            "moved_down": request.GET.get("down", ""),
        }
        return self.own_page(request, "order", _("Reihenfolge ändern"), context)


@admin.register(Topic)
class TopicAdmin(TermAdmin):
    form = translated_form(Topic, TermForm)
    explanations = {
        "examples": gettext_lazy("Steht bei der Anmeldung unter dem Namen und hilft beim Wählen."),
        "icon": gettext_lazy(
            "Name eines Bildes, das mit dem Portal kommt. Es steht vor dem Namen. Leer: keines."
        ),
    }
    fields = (
        "name",
        *translation_names(Topic, "name"),
        "examples",
        *translation_names(Topic, "examples"),
        "icon",
        "slug",
    )


@admin.register(TargetGroup)
class TargetGroupAdmin(TermAdmin):
    form = translated_form(TargetGroup, TermForm)
    fields = ("name", *translation_names(TargetGroup), "slug")


@admin.register(Language)
class LanguageAdmin(TermAdmin):
    form = translated_form(Language, LanguageForm)
    explanations = {
        "code": gettext_lazy(
            "Das internationale Zeichen der Sprache, zum Beispiel tr oder fa-AF. Danach wählt der "
            "Browser die Aussprache beim Vorlesen."
        ),
        "iso639_3": gettext_lazy("Das Zeichen mit drei Buchstaben. Nur für Ausgaben, kann fehlen."),
        "rtl": gettext_lazy("Dann steht der Eigenname richtig herum, zum Beispiel auf Arabisch."),
    }
    list_display = ("name", "endonym", "used", "translated", "code")
    search_fields = ("name", "endonym", "code", "translations")
    fields = (
        "name",
        *translation_names(Language),
        "endonym",
        "code",
        "iso639_3",
        "rtl",
        "slug",
    )


class PostalCodeInline(ExplainedInline, admin.StackedInline):
    model = PostalCode
    explanations = {
        "code": gettext_lazy("Die Suche findet die Organisationen des Ortes auch unter ihr.")
    }
    extra = 1
    max_num = 60


@admin.register(Municipality)
class MunicipalityAdmin(PlacesPages, UsedAdmin):
    form = translated_form(Municipality, MunicipalityForm)
    explanations = {
        "kind": gettext_lazy("Zum Beispiel: Stadt. Auf der Karte haben Städte ihren Namen."),
    }
    list_display = ("name", "kind", "used", "in_county", "has_outline", "translated")
    list_filter = ("in_county", MissingFilter)
    list_defer = ("outline",)
    search_fields = ("name", "ags", "translations")
    inlines = (PostalCodeInline,)
    fields = ("name", *translation_names(Municipality), "kind", "ags", "in_county", "slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Municipality]:
        on_map = ExpressionWrapper(Q(outline__isnull=False), BooleanField())
        return super().get_queryset(request).annotate(on_map=on_map).defer("outline")

    @admin.display(description=gettext_lazy("auf der Karte"), boolean=True)
    def has_outline(self, row: Any) -> bool:
        return row.on_map


@office.change_box(Topic, 10)
@office.change_box(TargetGroup, 10)
@office.change_box(Language, 10)
@office.change_box(Municipality, 10)
def used_box(request: HttpRequest, row: Any) -> office.Box | None:
    """Show what uses a word."""
    uses = taxonomy.uses(row)
    address = reverse("admin:organisations_organisation_changelist")
    return office.Box(
        _("Wo es benutzt wird"),
        f"{TEMPLATES}/used_box.html",
        {
            "uses": uses,
            "url": f"{address}{taxonomy.organisations_address(row)}",
            "has_organisations": row.organisations.exists(),
            "former": row.former_slugs,
        },
        anchor="benutzt",
    )
