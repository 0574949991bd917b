"""The back office: Django's admin, made the integration officer's own.

`OfficeSite` is the site with its start page "Was wartet"; `OfficeModelAdmin` is the base of every
page on it: it answers a tampered request with a message instead of an error, and shows the history
in words. Apps say what waits for a decision by `waits`; this module knows none of them.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.core.validators import MaxLengthValidator
from django.db import DataError, models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst, format_lazy
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from core import history
from core.fields import is_key
from core.text import CleanCharField
from core.translations import TranslatedModel, translation_field


# --- What waits -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Item:
    """One thing to decide.

    :ivar since: since when it waits; `days` counts from there.
    :ivar hint: a few words more.
    """

    label: str
    url: str
    since: datetime.datetime | None = None
    hint: str = ""

    @property
    def days(self) -> int | None:
        if self.since is None:
            return None
        return (timezone.localdate() - timezone.localdate(self.since)).days


@dataclass(frozen=True)
class Waiting:
    """One part of the start page: the first things that wait, how many there are, and where."""

    title: str
    total: int
    items: Sequence[Item] = field(default_factory=tuple)
    url: str = ""
    note: str = ""


Provider = Callable[[HttpRequest], Waiting | None]
SHOWN = 10

_providers: list[tuple[int, Provider]] = []


def waits(order: int) -> Callable[[Provider], Provider]:
    """Let a function say what waits; it returns None for somebody who may not decide it.

    :param order: where it stands on the start page, the smallest number first.
    """

    def register(provider: Provider) -> Provider:
        _providers.append((order, provider))
        return provider

    return register


def waiting(request: HttpRequest) -> list[Waiting]:
    """Return everything that waits for the person who asks, in order."""
    found = (provider(request) for _order, provider in sorted(_providers, key=lambda one: one[0]))
    return [part for part in found if part is not None]


# --- Tampered requests ----------------------------------------------------------------------------
class Guarded(admin.ModelAdmin):
    """Answers a tampered request with a message; stands before every page the site registers."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().changelist_view(request, extra_context)
        except (ValueError, OverflowError, DataError):
            # A filter or page that no link here leads to: a number with 25 digits, letters for a
            # number. Django meets it only when it asks the database.
            if not request.GET:
                raise
            self.message_user(
                request, _("Diese Auswahl gibt es nicht. Hier ist die ganze Liste."), messages.ERROR
            )
            return redirect(request.path)

    def response_action(  # type: ignore[override]  # Django's stubs are a release ahead
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        known = [value for value in selected if is_key(self.model, value)]
        if len(known) != len(selected):
            self.message_user(
                request,
                _("Die Auswahl war nicht gültig. Bitte wählen Sie noch einmal aus."),
                messages.ERROR,
            )
            return redirect(request.get_full_path())
        return super().response_action(request, queryset)


# --- The site -------------------------------------------------------------------------------------
METHODS = ("GET", "HEAD", "POST")


class OfficeSite(AdminSite):
    site_header = gettext_lazy("Geschäftsstelle")
    site_title = gettext_lazy("Geschäftsstelle")
    index_title = gettext_lazy("Was wartet")
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Guard the pages of other packages too."""
        admin_class = admin_class or OfficeModelAdmin
        if not issubclass(admin_class, Guarded):
            admin_class = type(admin_class.__name__, (Guarded, admin_class), {})
        super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            try:
                return inner(request, *args, **kwargs)
            except PermissionDenied as error:
                # What somebody may not see does not exist for them, in the back office as well.
                raise Http404 from error

        guarded.csrf_exempt = getattr(inner, "csrf_exempt", False)  # type: ignore[attr-defined]
        return guarded

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        parts = waiting(request)
        total = sum(part.total for part in parts)
        context = {"waiting": parts, "waiting_total": total}
        return super().index(request, context | (extra_context or {}))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Log in where everybody logs in, second factor included."""
        return redirect_to_login(reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return LogoutView.as_view(next_page=settings.LOGOUT_REDIRECT_URL)(request)


# --- Its pages ------------------------------------------------------------------------------------
class OfficeModelAdmin(Guarded):
    """The base of the back office's pages."""

    list_per_page = 30
    show_full_result_count = False
    history_per_page = 30
    # Said in the history of whatever is saved here.
    change_reason = gettext_lazy("In der Geschäftsstelle bearbeitet")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Offer no pop-up windows beside a choice: words and places have pages of their own."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj._change_reason = str(self.change_reason)
        super().save_model(request, obj, form, change)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed what and why; for models without a history, what was done here."""
        if not hasattr(self.model, "history"):
            return super().history_view(request, object_id, extra_context)
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        paginator = Paginator(history.records(self.model, obj.pk), self.history_per_page)
        page = paginator.get_page(request.GET.get("seite"))
        rows = list(page.object_list)
        older = paginator.object_list[page.end_index() : page.end_index() + 1] if rows else []
        context = {
            **self.admin_site.each_context(request),
            "title": _("Verlauf: %(name)s") % {"name": obj},
            "opts": self.opts,
            "object": obj,
            "module_name": str(self.opts.verbose_name_plural),
            "entries": history.entries(rows, older=next(iter(older), None)),
            "page_obj": page,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/history.html", context)


class TranslatedForm(forms.ModelForm):
    """A form that asks for every text in every language of the portal, instead of for JSON.

    `translated_form` makes one for a model. Languages and texts it does not ask for stay.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for language, name in self.translated():
            field_name = translation_field(language, name)
            text = self.instance.translations.get(language, {}).get(name, "")
            self.initial.setdefault(field_name, text)

    @classmethod
    def translated(cls) -> list[tuple[str, str]]:
        """Return language and field of every translation that is asked for."""
        return [
            (language, name)
            for name in cls._meta.model.translated_fields
            for language, _name in settings.LANGUAGES
            if language != settings.LANGUAGE_CODE
        ]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        translations = {code: dict(texts) for code, texts in self.instance.translations.items()}
        for language, name in self.translated():
            field_name = translation_field(language, name)
            if field_name in self.cleaned_data:
                translations.setdefault(language, {})[name] = self.cleaned_data[field_name]
        self.instance.translations = {
            code: kept
            for code, texts in translations.items()
            if (kept := {name: text for name, text in texts.items() if text})
        }
        return cleaned


def translated_form(
    model: type[TranslatedModel], base: type[TranslatedForm] = TranslatedForm
) -> type[TranslatedForm]:
    """Return a form class for a model, with one field per text and further language."""

    class Meta:
        pass

    Meta.model = model  # type: ignore[attr-defined]
    Meta.exclude = ("translations",)  # type: ignore[attr-defined]
    declared: dict[str, Any] = {"Meta": Meta, "__module__": model.__module__}
    for name in model.translated_fields:
        source: Any = model._meta.get_field(name)
        multiline = isinstance(source, models.TextField)
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            info = get_language_info(language)
            attributes = {"lang": language, "dir": "rtl" if info["bidi"] else "ltr"}
            widget = forms.Textarea if multiline else forms.TextInput
            declared[translation_field(language, name)] = CleanCharField(
                multiline=multiline,
                required=False,
                max_length=_longest(source),
                label=format_lazy("{} ({})", source.verbose_name, info["name_local"]),
                widget=widget(attrs=attributes | ({"rows": 4} if multiline else {})),
            )
    return type(f"{model.__name__}Form", (base,), declared)


def translation_names(model: type[TranslatedModel], *names: str) -> tuple[str, ...]:
    """Return the form fields for the further languages of some texts, for a fieldset."""
    return tuple(
        translation_field(language, name)
        for name in names or model.translated_fields
        for language, _name in settings.LANGUAGES
        if language != settings.LANGUAGE_CODE
    )


def _longest(source: Any) -> int | None:
    """Return the longest text a model's field takes."""
    if source.max_length:
        return int(source.max_length)
    limits = [one.limit_value for one in source.validators if isinstance(one, MaxLengthValidator)]
    return min(limits, default=None)
