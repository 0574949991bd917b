"""Logos and photos: kept while their form has errors, shown once described and agreed to."""

import datetime
import io
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from PIL import Image

from accounts.models import User
from core import history, limits
from core.errors import Refused
from organisations.models import Organisation, OrganisationImage

Kind = OrganisationImage.Kind

MAX_PHOTOS = 10
MAX_PENDING = 20
# The names stand in addresses; the longer side in pixels. "gross" is the stored picture itself.
SIZES: dict[str, int | None] = {"klein": 240, "mittel": 640, "gross": None}
KEEP_PENDING = datetime.timedelta(days=2)
# What the organisation's history says of its pictures. Their descriptions name people, and so do
# not outlive them.
LOGO_CHANGED = gettext_lazy("Logo geändert")
PHOTO_CHANGED = gettext_lazy("Foto geändert")
PICTURE_REMOVED = gettext_lazy("Bild entfernt")
WITHOUT_LOGO = gettext_lazy("Ohne Logo weiter")


def reasons() -> list[str]:
    """Return what entries of an organisation's history say that are about its pictures."""
    with override(settings.LANGUAGE_CODE):
        return [str(one) for one in (LOGO_CHANGED, PHOTO_CHANGED, PICTURE_REMOVED, WITHOUT_LOGO)]


def sized_name(image: OrganisationImage, size: str) -> str:
    """Return the storage name of an image in one of the `SIZES`."""
    if SIZES[size] is None:
        return str(image.file.name)
    return f"organisations/{image.pk}-{size}.webp"


def keep(
    *, organisation: Organisation, kind: str, content: ContentFile, by: User
) -> OrganisationImage:
    """Store a picture that nobody but its organisation and staff can see yet.

    :param content: what `core.images.read_image` returned.
    :raises PermissionDenied: if the person may not change the organisation.
    :raises Refused: if too many pictures were sent in a short time.
    """
    _check(organisation, by)
    if not limits.allow(str(by.pk), action="image"):
        raise Refused(_("Das waren sehr viele Bilder. Bitte versuchen Sie es in einer Stunde."))
    image = OrganisationImage(organisation=organisation, kind=kind, pending=True, consent_by=by)
    try:
        # Drawing and syncing take seconds: done before the transaction, which would keep everybody
        # else from writing (SQLite) meanwhile.
        image.file.save("image.webp", content, save=False)
        _write_smaller_sizes(image)
        with transaction.atomic():
            pending = organisation.images.filter(pending=True, proposed=None)
            pending = pending.order_by("-created_at")
            for stale in pending[MAX_PENDING - 1 :]:
                erase(stale)
            image.save()
    except OSError as error:  # a full disk
        _delete_files(image)
        raise Refused(
            _("Das Bild konnte nicht gespeichert werden. Bitte versuchen Sie es später.")
        ) from error
    except Exception:
        _delete_files(image)
        raise
    return image


@transaction.atomic
def publish(
    *,
    image: OrganisationImage,
    alt_text: str,
    credit: str,
    by: User,
    replacing: OrganisationImage | None = None,
    agreed: tuple[User | None, datetime.datetime] | None = None,
) -> OrganisationImage:
    """Make a picture part of the organisation's page; a new logo takes the old one's place.

    Somebody has agreed that it may be shown; who and when is written to the row.

    :param alt_text: what is to be seen, for people who do not see it.
    :param credit: who made it; may be empty.
    :param replacing: the photo whose place it takes.
    :param agreed: who has agreed and when; by default whoever publishes it does, now.
    :return: the saved image.
    :raises PermissionDenied: if the person may not change the organisation.
    :raises Refused: when there are ten photos already.
    """
    organisation = Organisation.objects.select_for_update().get(pk=image.organisation_id)
    _check(organisation, by)
    shown = organisation.images.filter(kind=image.kind, pending=False).exclude(pk=image.pk)
    if replacing is not None and replacing.pk != image.pk:
        image.position = replacing.position
        erase(organisation.images.get(pk=replacing.pk))
    if image.kind == Kind.LOGO:
        for former in shown:
            erase(former)
    elif image.kind == Kind.PHOTO and shown.count() >= MAX_PHOTOS:
        raise Refused(
            _("Es sind schon %(number)d Fotos. Bitte entfernen Sie zuerst eines.")
            % {"number": MAX_PHOTOS}
        )
    if image.pending and replacing is None:
        image.position = shown.count()
    image.alt_text, image.credit, image.pending = alt_text, credit, False
    image.consent_by, image.consent_at = agreed or (by, timezone.now())
    image.consent = True
    image.save()
    if image.kind == Kind.LOGO:
        _note(organisation, by, LOGO_CHANGED, skipped_logo=False)
    else:
        _note(organisation, by, PHOTO_CHANGED)
    return image


@transaction.atomic
def remove(*, image: OrganisationImage, by: User) -> None:
    """Take a picture away, with its files; it is gone at once.

    :raises PermissionDenied: if the person may not change the organisation.
    """
    organisation = Organisation.objects.select_for_update().get(pk=image.organisation_id)
    _check(organisation, by)
    was_shown = not image.pending
    erase(image)
    if was_shown:
        _note(organisation, by, PICTURE_REMOVED)


@transaction.atomic
def skip_logo(*, organisation: Organisation, by: User) -> None:
    """Remember that the organisation does not want a logo (now), so that the step counts as done.

    :raises PermissionDenied: if the person may not change the organisation.
    """
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    _check(row, by)
    if not row.skipped_logo:
        _note(row, by, WITHOUT_LOGO, skipped_logo=True)


def erase(image: OrganisationImage) -> None:
    """Delete an image's row, and its files once that is certain; part of a transaction."""
    transaction.on_commit(partial(_delete_files, image))
    pk = image.pk
    image.delete()
    image.pk = pk  # the files are named after it


def erase_stale(now: datetime.datetime | None = None) -> int:
    """Delete pictures whose form was never finished; for housekeeping.

    :param now: aware; the present if not given.
    :return: how many there were.
    """
    before = (now or timezone.now()) - KEEP_PENDING
    count = 0
    stale = OrganisationImage.objects.filter(pending=True, proposed=None, created_at__lt=before)
    for image in stale:
        with transaction.atomic():
            erase(image)
        count += 1
    return count


def _check(organisation: Organisation, by: User) -> None:
    if not Organisation.objects.editable_by(by).filter(pk=organisation.pk).exists():
        raise PermissionDenied


def _note(organisation: Organisation, by: User, reason: str | Promise, **changes: Any) -> None:
    """Write to the organisation's history that its pictures changed."""
    for field, value in changes.items():
        setattr(organisation, field, value)
    history.note(organisation, by=by, reason=reason)
    organisation.save()


def _write_smaller_sizes(image: OrganisationImage) -> None:
    """Store the smaller copies next to the picture; small ones are copied, never enlarged."""
    for size, edge in SIZES.items():
        if edge is None:
            continue
        with image.file.open("rb") as source, Image.open(source, formats=("WEBP",)) as picture:
            picture.thumbnail((edge, edge), Image.Resampling.LANCZOS)
            target = io.BytesIO()
            picture.save(target, "WEBP", quality=80, method=4)
        default_storage.save(sized_name(image, size), ContentFile(target.getvalue()))


def _delete_files(image: OrganisationImage) -> None:
    for size in SIZES:
        if image.file:
            default_storage.delete(sized_name(image, size))
