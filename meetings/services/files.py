"""Documents and photos of a meeting: kept once checked, shown to whom they concern."""

from functools import partial

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core import images, limits
from core.errors import Refused
from meetings.documents import Checked
from meetings.models import Meeting, MeetingDocument, MeetingPhoto, may_plan

MOST_DOCUMENTS = 50
MOST_PHOTOS = 60
# The names stand in addresses; the longer side in pixels. "gross" is the stored picture itself.
SIZES: dict[str, int | None] = {"mittel": 640, "gross": None}

Row = MeetingDocument | MeetingPhoto


# --- Who sees what --------------------------------------------------------------------------------
def documents(meeting: Meeting, *, everything: bool) -> QuerySet[MeetingDocument]:
    """Return a meeting's documents.

    :param everything: for members and the officer; others get the public ones of a public meeting.
    """
    return _shown(MeetingDocument.objects.filter(meeting=meeting), everything)


def photos(meeting: Meeting, *, everything: bool) -> QuerySet[MeetingPhoto]:
    """Return a meeting's photos; see `documents`."""
    return _shown(MeetingPhoto.objects.filter(meeting=meeting), everything)


def is_public(row: Row) -> bool:
    """Whether everybody may see a file: it is marked so, and so is its meeting."""
    return row.is_public and row.meeting.visibility == Meeting.Visibility.PUBLIC


def may_see(row: Row, user: User) -> bool:
    """Whether a person may have a file."""
    return is_public(row) or Meeting.objects.open_to(user).filter(pk=row.meeting_id).exists()


def _shown(rows: QuerySet, everything: bool) -> QuerySet:
    if everything:
        return rows
    return rows.filter(is_public=True, meeting__visibility=Meeting.Visibility.PUBLIC)


# --- What the officer does ------------------------------------------------------------------------
def add_document(
    *, meeting: Meeting, document: Checked, title: str, is_public: bool, by: User
) -> MeetingDocument:
    """Keep a document with a meeting.

    :param document: what `meetings.documents.read_document` returned.
    :raises PermissionDenied: unless the person runs the meetings.
    :raises Refused: when there are too many, or the disk is full.
    """
    _check(by)
    row = MeetingDocument(
        meeting=meeting,
        title=title,
        file_name=document.name,
        content_type=document.content_type,
        size=document.content.size,
        is_public=is_public,
        uploaded_by=by,
    )
    try:
        # Before the transaction, which would keep everybody else from writing (SQLite) meanwhile.
        # Nothing of the name people gave it is on the disk.
        row.file.save(f"{row.pk}", document.content, save=False)
        with transaction.atomic():
            _take_place(row, MOST_DOCUMENTS)
    except OSError as error:  # a full disk
        _delete_files(row)
        raise _not_kept() from error
    except Exception:
        _delete_files(row)
        raise
    return row


def add_photo(
    *,
    meeting: Meeting,
    content: ContentFile,
    alt_text: str,
    credit: str,
    caption: str,
    is_public: bool,
    by: User,
) -> MeetingPhoto:
    """Keep a photo with a meeting, described and agreed to (§ 22 KUG: the form asks).

    :param content: what `core.images.read_image` returned.
    :raises PermissionDenied: unless the person runs the meetings.
    :raises Refused: when there are too many, or the disk is full.
    """
    _check(by)
    if not limits.allow(str(by.pk), action="image"):
        raise Refused(_("Das waren sehr viele Bilder. Bitte versuchen Sie es in einer Stunde."))
    row = MeetingPhoto(
        meeting=meeting,
        alt_text=alt_text,
        credit=credit,
        caption=caption,
        has_consent=True,
        is_public=is_public,
        uploaded_by=by,
    )
    try:
        row.width, row.height = images.store(
            content, {photo_name(row, size): edge for size, edge in SIZES.items()}
        )
        with transaction.atomic():
            _take_place(row, MOST_PHOTOS)
    except OSError as error:
        _delete_files(row)
        raise _not_kept() from error
    except Exception:
        _delete_files(row)
        raise
    return row


@transaction.atomic
def describe(*, row: Row, by: User, **said: str | bool) -> Row:
    """Change what is said about a document or photo, and who sees it.

    :param said: fields of the row and their values.
    :raises PermissionDenied: unless the person runs the meetings.
    """
    _check(by)
    row = type(row).objects.select_for_update().get(pk=row.pk)
    changed = [name for name, value in said.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, said[name])
    if changed:
        row.save(update_fields=changed)
    return row


@transaction.atomic
def move(*, row: Row, up: bool, by: User) -> None:
    """Put a document or photo one place further up or down.

    :raises PermissionDenied: unless the person runs the meetings.
    """
    _check(by)
    Meeting.objects.select_for_update().get(pk=row.meeting_id)
    rows: list[Row] = list(type(row).objects.filter(meeting=row.meeting_id))
    at = next((index for index, one in enumerate(rows) if one.pk == row.pk), None)
    to = None if at is None else at + (-1 if up else 1)
    if at is None or to is None or not 0 <= to < len(rows):
        return
    rows[at], rows[to] = rows[to], rows[at]
    for position, one in enumerate(rows):
        if one.position != position:
            one.position = position
            one.save(update_fields=["position"])


@transaction.atomic
def remove(*, row: Row, by: User) -> bool:
    """Delete a document or photo with its files; it is gone at once.

    :return: False if it was gone already.
    :raises PermissionDenied: unless the person runs the meetings.
    """
    _check(by)
    transaction.on_commit(partial(_delete_files, row))
    pk = row.pk
    count, _rows = row.delete()
    row.pk = pk  # the files are named after it
    return bool(count)


def photo_name(photo: MeetingPhoto, size: str) -> str:
    """Return the storage name of a photo in one of the `SIZES`."""
    return f"meetings/photos/{photo.pk}-{size}.webp"


def _check(by: User) -> None:
    if not may_plan(by):
        raise PermissionDenied


def _take_place(row: Row, most: int) -> None:
    """Save a new row at the end of its list."""
    Meeting.objects.select_for_update().get(pk=row.meeting_id)
    rows = type(row).objects.filter(meeting=row.meeting_id)
    if rows.count() >= most:
        raise Refused(
            _("Es sind schon %(number)d. Bitte löschen Sie zuerst etwas.") % {"number": most}
        )
    last = rows.aggregate(last=Max("position"))["last"]
    row.position = 0 if last is None else last + 1
    row.save(force_insert=True)


def _delete_files(row: Row) -> None:
    if isinstance(row, MeetingPhoto):
        for size in SIZES:
            default_storage.delete(photo_name(row, size))
    elif row.file.name:
        default_storage.delete(row.file.name)


def _not_kept() -> Refused:
    return Refused(_("Die Datei konnte nicht gespeichert werden. Bitte versuchen Sie es später."))
