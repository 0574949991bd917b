"""Saved views: filters, search and order of a list, kept under a name.

They stand above their list. Everybody has their own; one that is shared is there for all who may
see the list, and only its owner changes it.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from core.models import SavedView
from core.text import CleanCharField, clean_text

# What a view does not keep: where in the list one is, and how the page was opened.
UNKEPT = (PAGE_VAR, ERROR_FLAG, ALL_VAR, "_facets", IS_POPUP_VAR, TO_FIELD_VAR)


class SavedViewForm(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ("name", "shared")
        field_classes = {"name": CleanCharField}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        view = self.instance
        name = self.cleaned_data.get("name", "")
        taken = SavedView.objects.filter(owner_id=view.owner_id, page=view.page, name=name)
        if taken.exclude(pk=view.pk).exists():
            self.add_error("name", _("Diesen Namen haben Sie hier schon vergeben."))
        return cleaned


def query_of(parameters: QueryDict) -> str:
    """Return what a view keeps of a list's address, in a fixed order."""
    kept = QueryDict(mutable=True)
    for name, values in sorted(parameters.lists()):
        if name not in UNKEPT and any(values):
            kept.setlist(name, [value for value in values if value])
    return kept.urlencode()


class ViewsAdmin(admin.ModelAdmin):
    """The part of an admin page that keeps views of its list."""

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("ansicht/", self.admin_site.admin_view(self.view_add), name=f"{name}_view_add"),
            path(
                "ansicht/<int:pk>/",
                self.admin_site.admin_view(self.view_change),
                name=f"{name}_view",
            ),
            *super().get_urls(),
        ]

    def saved_views(self, request: HttpRequest) -> QuerySet[SavedView]:
        """Return the views somebody finds above this list: their own and the team's."""
        views = SavedView.objects.filter(page=self.opts.label_lower)
        return views.filter(Q(owner_id=request.user.pk) | Q(shared=True)).select_related("owner")

    def views_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the list shows of its views."""
        query = query_of(request.GET)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        views = [
            {
                "name": view.name,
                "url": f"?{view.query}",
                "owner": "" if view.owner_id == request.user.pk else view.owner.get_short_name(),
                "is_current": view.query == query,
                "change_url": reverse(f"{name}_view", args=[view.pk])
                if view.owner_id == request.user.pk
                else "",
            }
            for view in self.saved_views(request)[:50]
        ]
        is_saved = any(view["is_current"] for view in views)
        return {
            "views": views,
            "view_is_all": not query,
            "view_add_url": f"{reverse(f'{name}_view_add')}?{query}"
            if query and not is_saved
            else "",
        }

    def view_add(self, request: HttpRequest) -> HttpResponse:
        """Ask for a name, and keep filters, search and order that stand in the address."""
        self._check(request)
        query = query_of(request.GET)
        if not query or len(query) > SavedView.QUERY_LENGTH:
            text = _("Bitte wählen Sie zuerst einen Filter, eine Suche oder eine Reihenfolge.")
            messages.warning(request, text)
            return redirect(self._list_url())
        view = SavedView(page=self.opts.label_lower, query=query)
        view.owner_id = request.user.pk  # type: ignore[assignment]  # everybody here is logged in
        if name := request.POST.get("name"):  # the same form sent twice
            sent = self._own_views(request).filter(
                query=query, name=clean_text(name, multiline=False)
            )
            view = sent.first() or view
        return self._edit(request, view, title=_("Ansicht speichern"))

    def view_change(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Rename, share or delete a view of one's own."""
        self._check(request)
        view = get_object_or_404(self._own_views(request), pk=pk)
        if request.method == "POST" and "_delete" in request.POST:
            view.delete()
            messages.success(request, _("Die Ansicht ist gelöscht."))
            return redirect(self._list_url())
        return self._edit(request, view, title=_("Ansicht ändern"))

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied

    def _own_views(self, request: HttpRequest) -> QuerySet[SavedView]:
        return SavedView.objects.filter(owner_id=request.user.pk, page=self.opts.label_lower)

    def _edit(self, request: HttpRequest, view: SavedView, *, title: str) -> HttpResponse:
        form = SavedViewForm(request.POST or None, instance=view)
        if request.method == "POST" and form.is_valid():
            form.save()
            messages.success(request, _("Die Ansicht ist gespeichert."))
            return redirect(f"{self._list_url()}?{view.query}")
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "view": view,
            "back": f"{self._list_url()}?{view.query}",
        }
        return TemplateResponse(request, "admin/saved_view.html", context)

    def _list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
