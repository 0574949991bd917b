"""The pages on which another county's municipalities and their outlines come in."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from core import office
from core.errors import Conflict
from core.fields import is_key
from organisations import geojson
from organisations.forms.places import MeaningForm, PlacesFileForm
from organisations.map import draw
from organisations.models import Municipality, Organisation, PlacesFile
from organisations.services import places

LIST = "admin:organisations_municipality_changelist"
UPLOAD = "admin:organisations_municipality_upload"
MEANING = "admin:organisations_municipality_meaning"
PREVIEW = "admin:organisations_municipality_preview"
# So many organisations are named for each place that is missing in a file.
SHOWN = 10


@office.list_link(Municipality, 10)
def upload_link(request: HttpRequest) -> office.Link | None:
    """Lead from the list of places to the file with all of them."""
    if not places.may_load(request.user):
        return None
    return office.Link(_("Gemeinden und Karte einlesen"), reverse(UPLOAD), icon="map")


class PlacesPages(admin.ModelAdmin):
    """The part of the municipalities' admin that reads a file: upload, meaning, preview."""

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                address, self.admin_site.admin_view(view), name=f"organisations_municipality_{name}"
            )
            for address, view, name in (
                ("einlesen/", self.upload, "upload"),
                ("einlesen/<int:pk>/zuordnung/", self.meaning, "meaning"),
                ("einlesen/<int:pk>/", self.preview, "preview"),
            )
        ]
        return [*pages, *super().get_urls()]

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take a file, and say whom it is from."""
        self._check(request)
        form = PlacesFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            mapping = geojson.recognise(form.collection.names)
            file = places.keep(
                form.collection,
                file_name=form.cleaned_data["file"].name,
                source=form.cleaned_data["source"],
                mapping=mapping,
                by=request.user,
            )
            is_clear = all(fact in mapping for fact in geojson.NEEDED)
            return redirect(PREVIEW if is_clear else MEANING, file.pk)
        if request.method == "POST" and not form.is_bound:
            form = PlacesFileForm(request.POST, request.FILES)
        return self._page(request, "upload", _("Gemeinden und Karte einlesen"), {"form": form})

    def meaning(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask which property of the file is what."""
        file = self._file(request, pk)
        collection = places.collection_of(file)
        data = request.POST if request.method == "POST" else None
        form = MeaningForm(collection, file.mapping, data)
        if data is not None and form.is_valid():
            chosen = {fact: name for fact, name in form.cleaned_data.items() if name}
            kept = {fact: name for fact, name in file.mapping.items() if fact not in geojson.FIELDS}
            file.mapping = kept | chosen
            file.save(update_fields=["mapping"])
            return redirect(PREVIEW, file.pk)
        return self._page(
            request, "meaning", _("Was steht wo in der Datei?"), {"form": form, "file": file}
        )

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what the file changes, with its map, and do it once confirmed."""
        file = self._file(request, pk)
        if request.method == "POST" and "_discard" in request.POST:
            file.delete()
            text = _("Die Datei ist verworfen. Es ist nichts geändert.")
            self.message_user(request, text, messages.SUCCESS)
            return redirect(LIST)
        try:
            found, notes = geojson.understand(places.collection_of(file), file.mapping)
        except ValidationError as error:
            context = {"file": file, "faults": error.messages}
            return self._page(request, "preview", _("Das passt noch nicht"), context)
        if request.method == "POST":
            try:
                seen = request.POST.get("seen", "")
                places.load(found, source=file.source, by=request.user, seen=seen)
            except Conflict:
                text = _("Inzwischen hat sich etwas geändert. Bitte sehen Sie noch einmal hin.")
                self.message_user(request, text, messages.WARNING)
                return redirect(PREVIEW, file.pk)
            file.delete()
            text = _("Die Gemeinden sind eingelesen. Die Karte ist ab sofort zu sehen.")
            self.message_user(request, text, messages.SUCCESS)
            return redirect(LIST)
        plan = places.plan(found, source=file.source)
        context = {
            "file": file,
            "plan": plan,
            "notes": notes,
            "drawing": draw(_as_rows(found)),
            "missing": [
                (missing, list(_organisations(missing.municipality)[:SHOWN]))
                for missing in plan.kept
            ],
        }
        return self._page(request, "preview", _("Stimmt das so?"), context)

    def _check(self, request: HttpRequest) -> None:
        if not places.may_load(request.user):
            raise PermissionDenied

    def _file(self, request: HttpRequest, pk: int) -> PlacesFile:
        self._check(request)
        if not is_key(PlacesFile, str(pk)):
            raise Http404
        return get_object_or_404(PlacesFile, pk=pk)

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(
            request, f"admin/organisations/places/{template}.html", frame | context
        )


def _as_rows(found: list[geojson.Place]) -> list[Municipality]:
    """Return the places of a file as the map draws them; they are in no table yet."""
    return [
        Municipality(
            pk=-number,
            name=place.name,
            kind=place.kind or "",
            in_county=not place.neighbour,
            outline=place.outline,
        )
        for number, place in enumerate(found, 1)
    ]


def _organisations(row: Municipality) -> Any:
    there = Organisation.objects.filter(municipality=row) | Organisation.objects.filter(
        active_in=row
    )
    return there.distinct().only("name")
