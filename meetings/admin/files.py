"""The office's page of a meeting's documents and photos."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Refused
from core.resume import recall
from meetings.admin import desk
from meetings.forms.files import DocumentForm, DocumentWordsForm, PhotoForm, PhotoWordsForm
from meetings.models import Meeting, MeetingDocument, MeetingPhoto
from meetings.services import files as services

TEMPLATES = "admin/meetings/files"


@desk.page("files", gettext_lazy("Unterlagen und Fotos"), path="unterlagen/", order=25)
def files(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show what belongs to a meeting, and take another document or photo."""
    document, photo = DocumentForm(auto_id="unterlage-%s"), PhotoForm(auto_id="foto-%s")
    if request.method == "POST":
        if "add_photo" in request.POST:
            photo = PhotoForm(request.POST, request.FILES, auto_id="foto-%s")
            done = _add_photo(request, meeting, photo)
        else:
            document = DocumentForm(request.POST, request.FILES, auto_id="unterlage-%s")
            done = _add_document(request, meeting, document)
        if done:
            return redirect(desk.address("files", meeting))
    elif (kept := recall(request)) is not None:
        # Bound, so that what was typed stands there; the file has to be chosen again.
        if "add_photo" in kept:
            photo = PhotoForm(kept, auto_id="foto-%s")
        else:
            document = DocumentForm(kept, auto_id="unterlage-%s")
    return desk.render(
        request,
        meeting,
        f"{TEMPLATES}/list.html",
        {
            "documents": services.documents(meeting, everything=True),
            "photos": services.photos(meeting, everything=True),
            "document_form": document,
            "photo_form": photo,
            "is_public": meeting.visibility == Meeting.Visibility.PUBLIC,
        },
        page="files",
    )


@files.part("dokument/<uuid:row>/", "document")
def document(request: HttpRequest, meeting: Meeting, row: uuid.UUID) -> HttpResponse:
    """Change what is said about a document, its place, or delete it."""
    found = get_object_or_404(MeetingDocument.objects.filter(meeting=meeting), pk=row)
    said = _("Die Unterlage ist gelöscht.")
    return _change(request, meeting, found, DocumentWordsForm, gone=said)


@files.part("foto/<uuid:row>/", "photo")
def photo(request: HttpRequest, meeting: Meeting, row: uuid.UUID) -> HttpResponse:
    """Change what is said about a photo, its place, or delete it."""
    found = get_object_or_404(MeetingPhoto.objects.filter(meeting=meeting), pk=row)
    return _change(request, meeting, found, PhotoWordsForm, gone=_("Das Foto ist gelöscht."))


def _add_document(request: HttpRequest, meeting: Meeting, form: DocumentForm) -> bool:
    if not form.is_valid():
        return False
    try:
        services.add_document(meeting=meeting, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Die Unterlage ist gespeichert."))
    return True


def _add_photo(request: HttpRequest, meeting: Meeting, form: PhotoForm) -> bool:
    if not form.is_valid():
        return False
    said = {name: form.cleaned_data[name] for name in PhotoWordsForm.base_fields}
    try:
        services.add_photo(
            meeting=meeting, content=form.cleaned_data["photo"], by=request.user, **said
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Das Foto ist gespeichert."))
    return True


def _change(
    request: HttpRequest,
    meeting: Meeting,
    row: services.Row,
    form_class: type[forms.Form],
    *,
    gone: str,
) -> HttpResponse:
    back = redirect(desk.address("files", meeting))
    if "remove" in request.POST:
        services.remove(row=row, by=request.user)
        messages.success(request, gone)
        return back
    if "up" in request.POST or "down" in request.POST:
        services.move(row=row, up="up" in request.POST, by=request.user)
        return back
    data: Any = request.POST if request.method == "POST" else recall(request)
    form = form_class(data, initial={name: getattr(row, name) for name in form_class.base_fields})
    if request.method == "POST" and form.is_valid():
        services.describe(row=row, by=request.user, **form.cleaned_data)
        messages.success(request, _("Gespeichert."))
        return back
    context = {
        "form": form,
        "row": row,
        "photo": row if isinstance(row, MeetingPhoto) else None,
        "back_url": desk.address("files", meeting),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/change.html", context, page="files")
