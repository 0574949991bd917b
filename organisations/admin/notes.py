"""The office's diary about an organisation: a box on its pages, and pages of its own."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from core import office
from core.office import OfficeModelAdmin
from core.resume import recall
from organisations.forms.notes import NoteForm
from organisations.models import Organisation, OrganisationNote
from organisations.services import notes

SHOWN = 5
PER_PAGE = 30
ANCHOR = "notizen"


@office.change_box(Organisation, 10)
def notes_box(request: HttpRequest, organisation: Organisation) -> office.Box | None:
    """The newest notes, with the form for another."""
    readable = notes.readable_by(request.user).filter(organisation=organisation)
    if not request.user.has_perm("organisations.view_organisationnote"):
        return None
    rows = list(readable[: SHOWN + 1])
    url = _url(organisation)
    return office.Box(
        _("Notizen des Teams"),
        "admin/organisations/note/box.html",
        {
            "notes": rows[:SHOWN],
            "own": request.user.pk,
            "has_more": len(rows) > SHOWN,
            "url": url,
            "form": NoteForm(initial={"creation_key": uuid.uuid4()}, auto_id="notiz-%s")
            if notes.may_write(request.user)
            else None,
            # The page on which an organisation is decided about has the box as well.
            "action": url + "?" + urlencode({"von": "pruefen"})
            if request.path.endswith("/pruefen/")
            else url,
        },
        anchor=ANCHOR,
    )


@office.change_link(Organisation, 15)
def notes_link(request: HttpRequest, organisation: Organisation) -> office.Link | None:
    """The way down to the notes, which stand below a long form."""
    if not request.user.has_perm("organisations.view_organisationnote"):
        return None
    return office.Link(_("Notizen"), f"#{ANCHOR}")


class NotePages(OfficeModelAdmin):
    """The part of an organisation's pages on which staff read and write notes."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "organisations_organisation_note"
        return [
            path("<int:pk>/notizen/", view(self.notes), name=f"{name}s"),
            path("<int:pk>/notizen/<int:note>/", view(self.note), name=name),
            path(
                "<int:pk>/notizen/<int:note>/loeschen/",
                view(self.note_delete),
                name=f"{name}_delete",
            ),
            *super().get_urls(),
        ]

    def notes(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show all notes about an organisation, and take another."""
        organisation = self._organisation(request, pk)
        data = request.POST if request.method == "POST" else recall(request)
        form = NoteForm(data, initial={"creation_key": uuid.uuid4()})
        if request.method == "POST":
            if not notes.may_write(request.user):
                raise PermissionDenied
            if form.is_valid():
                notes.write(organisation=organisation, by=request.user, **form.cleaned_data)
                self.message_user(request, _("Die Notiz ist gespeichert."), messages.SUCCESS)
                return redirect(self._back(request, organisation))
        rows = notes.readable_by(request.user).filter(organisation=organisation)
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("seite"))
        return self._page(
            request,
            organisation,
            "list.html",
            title=_("Notizen"),
            form=form if notes.may_write(request.user) else None,
            notes=page.object_list,
            page_obj=page,
            own=request.user.pk,
        )

    def note(self, request: HttpRequest, pk: int, note: int) -> HttpResponse:
        """Let somebody change their own note."""
        organisation = self._organisation(request, pk)
        row = self._own(request, organisation, note)
        data = request.POST if request.method == "POST" else recall(request)
        form = NoteForm(data, initial={"text": row.text})
        if request.method == "POST" and form.is_valid():
            if notes.change(note=row, text=form.cleaned_data["text"], by=request.user):
                self.message_user(request, _("Die Notiz ist geändert."), messages.SUCCESS)
            return redirect(_url(organisation))
        return self._page(
            request, organisation, "edit.html", title=_("Notiz ändern"), form=form, note=row
        )

    def note_delete(self, request: HttpRequest, pk: int, note: int) -> HttpResponse:
        """Delete somebody's own note."""
        organisation = self._organisation(request, pk)
        row = self._own(request, organisation, note)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        notes.delete(note=row, by=request.user)
        self.message_user(request, _("Die Notiz ist gelöscht."), messages.SUCCESS)
        return redirect(_url(organisation))

    def _organisation(self, request: HttpRequest, pk: int) -> Organisation:
        if not request.user.has_perm("organisations.view_organisationnote"):
            raise PermissionDenied
        return get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)

    @staticmethod
    def _own(request: HttpRequest, organisation: Organisation, key: int) -> OrganisationNote:
        return get_object_or_404(notes.editable_by(request.user), organisation=organisation, pk=key)

    @staticmethod
    def _back(request: HttpRequest, organisation: Organisation) -> str:
        """Return the page the form stood on."""
        if request.GET.get("von") == "pruefen":
            url = reverse("admin:organisations_organisation_review", args=[organisation.pk])
        else:
            url = reverse("admin:organisations_organisation_change", args=[organisation.pk])
        return f"{url}#{ANCHOR}"

    def _page(
        self, request: HttpRequest, organisation: Organisation, template: str, **context: Any
    ) -> HttpResponse:
        common = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "organisation": organisation,
            "module_name": str(self.opts.verbose_name_plural),
        }
        return TemplateResponse(request, f"admin/organisations/note/{template}", common | context)


def _url(organisation: Organisation) -> str:
    return reverse("admin:organisations_organisation_notes", args=[organisation.pk])
