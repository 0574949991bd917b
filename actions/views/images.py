"""The pictures of actions: taken in by their forms, and shown to whoever may have them."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from actions.forms.images import ImageForm
from actions.models import ActionImage
from actions.services import images
from core.errors import Refused


@require_safe
def image(request: HttpRequest, pk: uuid.UUID, size: str) -> HttpResponse:
    """Show a picture in one of its sizes.

    Browsers keep a public one but ask every time whether it is still there: what is taken back
    vanishes at once.
    """
    row = get_object_or_404(ActionImage, pk=pk)
    is_public = images.is_public(row)
    if size not in images.SIZES or not (is_public or images.may_see(row, request.user)):  # type: ignore[arg-type]
        raise Http404
    etag = f'"{row.pk}-{size}"'
    if is_public and etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        try:
            response = HttpResponse(images.data(row, size), content_type="image/webp")
        except FileNotFoundError as error:
            raise Http404 from error
    if is_public:
        response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache" if is_public else "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Cookie"])
    return response


def save(request: HttpRequest, form: ImageForm) -> bool:
    """Keep the picture a bound form has brought, and publish it when nothing is missing.

    :return: whether it is published; if not, the form says why and remembers the picture.
    """
    is_valid = form.is_valid()
    content = form.cleaned_data.get("file")
    try:
        sent = form.kept
        if content:
            sent = images.keep(
                action=form.action,
                kind=form.kind,
                content=content,
                by=request.user,  # type: ignore[arg-type]
            )
        if not is_valid:
            if sent:
                form.remember(sent)
            return False
        images.publish(
            image=sent or form.image,  # type: ignore[arg-type]
            alt_text=form.cleaned_data["alt_text"],
            credit=form.cleaned_data["credit"],
            by=request.user,  # type: ignore[arg-type]
            replacing=form.image,
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    except PermissionDenied as error:
        raise Http404 from error
    return True
