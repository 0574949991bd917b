"""The base of every page of the back office."""

from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import history
from core.office import parts
from core.office.explained import Explained
from core.office.guard import Guarded
from core.office.lists import ListAdmin
from core.templatetags.ui import collect_errors


class OfficeModelAdmin(Guarded, Explained, ListAdmin):
    """The base of the back office's pages."""

    list_per_page = 30
    history_per_page = 30
    # The browser's own fields for days and times: they need no script and speak to everybody.
    formfield_overrides = {
        models.DateField: {"widget": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})},
        models.TimeField: {"widget": forms.TimeInput(format="%H:%M", attrs={"type": "time"})},
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(
                format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}
            ),
        },
    }
    # Said in the history of whatever is saved here.
    change_reason = gettext_lazy("In der Geschäftsstelle bearbeitet")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Add what has to be mended, and what other modules hang on the page of a row."""
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        filled = [context["adminform"].form, *formsets]
        context["to_mend"] = [error for form in filled for error in collect_errors(form)]
        if (row := options.get("obj")) is not None:
            context |= {
                "change_links": parts.change_links(request, row),
                "change_boxes": parts.change_boxes(request, row),
            }
        return super().render_change_form(request, context, *args, **options)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Offer no pop-up windows beside a choice: words and places have pages of their own."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **options)
        self.explain(form)
        return form

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
