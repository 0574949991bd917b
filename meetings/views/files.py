"""Documents and photos of meetings, for whoever may have them; for others they do not exist."""

import uuid

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from meetings.models import MeetingDocument, MeetingPhoto
from meetings.services import files

# What a browser shows by itself without running anything; all else is saved to the device.
SHOWN = {"application/pdf", "image/jpeg"}


@require_safe
def document(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Give out a document under the name people know."""
    row = get_object_or_404(MeetingDocument.objects.select_related("meeting"), pk=pk)
    if not files.may_see(row, request.user):
        raise Http404
    try:
        response = FileResponse(
            row.file.open("rb"),
            as_attachment=row.content_type not in SHOWN,
            filename=row.file_name,
            content_type=row.content_type,
        )
    except FileNotFoundError as error:
        raise Http404 from error
    return _guarded(response, row)


@require_safe
def photo(request: HttpRequest, pk: uuid.UUID, size: str) -> HttpResponseBase:
    """Show a photo in one of its sizes."""
    row = get_object_or_404(MeetingPhoto.objects.select_related("meeting"), pk=pk)
    if size not in files.SIZES or not files.may_see(row, request.user):
        raise Http404
    etag = f'"{row.pk}-{size}"'
    if files.is_public(row) and etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        try:
            with default_storage.open(files.photo_name(row, size)) as file:
                response = HttpResponse(file.read(), content_type="image/webp")
        except FileNotFoundError as error:
            raise Http404 from error
    response = _guarded(response, row)
    if files.is_public(row):
        response["ETag"] = etag
    return response


def _guarded(response: HttpResponseBase, row: MeetingDocument | MeetingPhoto) -> HttpResponseBase:
    """Have nothing kept of what is for members; of the rest only what is asked for each time."""
    response["Cache-Control"] = "private, no-cache" if files.is_public(row) else "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Cookie"])
    return response
