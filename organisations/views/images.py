"""Logo and photos: uploading them, and serving the files to whoever may see them."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import Refused
from core.resume import recall, require_login
from organisations.forms.images import ImageForm
from organisations.models import ContactPerson, Organisation, OrganisationImage
from organisations.services import images as services
from organisations.services import proposals
from organisations.views import steps

Kind = OrganisationImage.Kind
METHODS = ["GET", "HEAD", "POST"]


@require_safe
def image(request: HttpRequest, pk: uuid.UUID, size: str) -> HttpResponse:
    """Serve a picture in one of the sizes to whoever may see it; for others it does not exist.

    Browsers keep it but ask every time whether it is still there: what is withdrawn vanishes at
    once.
    """
    if size not in services.SIZES:
        raise Http404
    row = get_object_or_404(OrganisationImage, pk=pk)
    if not _is_public(row):
        get_object_or_404(Organisation.objects.editable_by(request.user), pk=row.organisation_id)
    response = file_response(request, row, size)
    patch_vary_headers(response, ["Cookie"])
    return response


def file_response(request: HttpRequest, row: OrganisationImage, size: str) -> HttpResponse:
    """Return a picture's file, for a view that has checked who asks."""
    etag = f'"{row.pk}-{size}"'
    if etag in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified()
    else:
        try:
            with default_storage.open(services.sized_name(row, size)) as file:
                response = HttpResponse(file.read(), content_type="image/webp")
        except FileNotFoundError as error:
            raise Http404 from error
        response["Content-Disposition"] = "inline"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _is_public(image: OrganisationImage) -> bool:
    """Whether every visitor may see a picture: a portrait only if the person agreed to it."""
    if image.pending or not Organisation.objects.public().filter(pk=image.organisation_id).exists():
        return False
    if image.kind != Kind.PORTRAIT:
        return True
    return ContactPerson.objects.filter(photo=image, photo_public=True).exists()


def logo(request: HttpRequest, organisation: Organisation, step: str) -> HttpResponse:
    """Show and save the logo; below it, the photos."""
    present = organisation.images.filter(kind=Kind.LOGO, pending=False).first()
    if request.method == "POST" and _wants_no_logo(request, organisation):
        services.skip_logo(organisation=organisation, by=request.user)
        return steps.onwards(request, organisation, step)
    form, saved = _image_form(request, organisation, Kind.LOGO, present)
    if saved:
        return steps.onwards(request, organisation, step)
    photos = organisation.images.filter(kind=Kind.PHOTO, pending=False)
    return render(
        request,
        "organisations/registration/step_logo.html",
        steps.frame(organisation, step)
        | {
            "form": form,
            "logo": present,
            "photos": photos,
            "waiting": proposals.told_images(organisation, request.user),
            "may_add": len(photos) < services.MAX_PHOTOS,
            "max_photos": services.MAX_PHOTOS,
        },
    )


def _wants_no_logo(request: HttpRequest, organisation: Organisation) -> bool:
    """Whether somebody said so, or while registering left everything empty and went on."""
    typed = [*request.FILES, request.POST.get("pending"), request.POST.get("alt_text", "").strip()]
    return "skip" in request.POST or (organisation.can_submit and not any(typed))


@require_login
@never_cache
@require_http_methods(METHODS)
def add_photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a photo to an organisation's page."""
    return _photo(request, steps.editable_organisation(request, pk), None)


@require_login
@never_cache
@require_http_methods(METHODS)
def edit_photo(request: HttpRequest, pk: int, image: uuid.UUID) -> HttpResponse:
    """Change what is said about a photo, or the photo itself."""
    organisation = steps.editable_organisation(request, pk)
    row = get_object_or_404(organisation.images, pk=image, kind=Kind.PHOTO, pending=False)
    return _photo(request, organisation, row)


@require_login
@never_cache
@require_http_methods(["POST"])
def remove(request: HttpRequest, pk: int, image: uuid.UUID) -> HttpResponse:
    """Take a logo or photo away."""
    organisation = steps.editable_organisation(request, pk)
    row = get_object_or_404(organisation.images.exclude(kind=Kind.PORTRAIT), pk=image)
    services.remove(image=row, by=request.user)
    messages.success(request, _("Das Bild ist entfernt."))
    return redirect("organisations:step", pk=organisation.pk, step="logo")


def _photo(
    request: HttpRequest, organisation: Organisation, present: OrganisationImage | None
) -> HttpResponse:
    form, saved = _image_form(request, organisation, Kind.PHOTO, present)
    if saved:
        text = _("Das Foto ist gespeichert.")
        if proposals.own(organisation, request.user) is not None:
            text = _("Das Foto ist gespeichert. Es wartet auf die Prüfung.")
        messages.success(request, text)
        return redirect("organisations:step", pk=organisation.pk, step="logo")
    return render(
        request,
        "organisations/registration/photo.html",
        {"organisation": organisation, "form": form, "photo": present},
    )


def _image_form(
    request: HttpRequest,
    organisation: Organisation,
    kind: str,
    present: OrganisationImage | None,
) -> tuple[ImageForm, bool]:
    """Bind, check and save a picture's form; a good picture is kept when the rest is not.

    :return: the form, and whether it was saved.
    """
    options: dict[str, Any] = {"organisation": organisation, "kind": kind, "image": present}
    if request.method != "POST":
        return ImageForm(recall(request), **options), False
    form = ImageForm(request.POST, request.FILES, **options)
    is_valid = form.is_valid()
    content = form.cleaned_data.get("file")
    try:
        image = form.kept
        if content:
            image = services.keep(
                organisation=organisation, kind=kind, content=content, by=request.user
            )
        if not is_valid:
            if image:
                form.remember(image)
            return form, False
        save = services.publish
        if proposals.must_wait(organisation, request.user):
            save = proposals.propose_image
        save(
            image=image or present,
            alt_text=form.cleaned_data["alt_text"],
            credit=form.cleaned_data["credit"],
            by=request.user,
            replacing=present if kind == Kind.PHOTO else None,
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return form, False
    except PermissionDenied as error:
        raise Http404 from error
    return form, True
