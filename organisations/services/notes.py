"""The office's diary: notes about an organisation that only staff read."""

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import history
from organisations.models import Organisation, OrganisationNote


def readable_by(user: User) -> QuerySet[OrganisationNote]:
    """Return the notes somebody may read: all of them, or none."""
    if user.is_staff and user.has_perm("organisations.view_organisationnote"):
        return OrganisationNote.objects.select_related("by")
    return OrganisationNote.objects.none()


def editable_by(user: User) -> QuerySet[OrganisationNote]:
    """Return the notes somebody may change and delete: their own."""
    if user.has_perm("organisations.change_organisationnote"):
        return readable_by(user).filter(by=user)
    return OrganisationNote.objects.none()


def may_write(user: User) -> bool:
    """Whether somebody may write notes."""
    return user.is_staff and user.has_perm("organisations.add_organisationnote")


@transaction.atomic
def write(
    *, organisation: Organisation, text: str, creation_key: uuid.UUID, by: User
) -> OrganisationNote:
    """Write a note; the same form sent twice is one note.

    :param creation_key: made with the empty form.
    :raises PermissionDenied: for anybody but staff with the right to.
    """
    if not may_write(by):
        raise PermissionDenied
    # Two clicks come one after the other.
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    known = OrganisationNote.objects.filter(creation_key=creation_key).first()
    if known is not None:
        return known
    note = OrganisationNote(organisation=row, text=text, by=by, creation_key=creation_key)
    history.note(note, by=by, reason=gettext_lazy("Notiz geschrieben"))
    note.save()
    return note


@transaction.atomic
def change(*, note: OrganisationNote, text: str, by: User) -> bool:
    """Change one's own note.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody else's.
    """
    row = _own(note, by)
    if row.text == text:
        return False
    row.text, row.edited_at = text, timezone.now()
    history.note(row, by=by, reason=gettext_lazy("Notiz geändert"))
    row.save()
    return True


@transaction.atomic
def delete(*, note: OrganisationNote, by: User) -> None:
    """Delete one's own note; that there was one stays in the history, what it said does not.

    :raises PermissionDenied: for anybody else's.
    """
    row = _own(note, by)
    key = row.pk
    history.note(row, by=by, reason=gettext_lazy("Notiz gelöscht"))
    row.delete()
    OrganisationNote.history.filter(id=key).update(text="")


def forget_author(user: User) -> None:
    """Take a person's account off the notes they wrote; part of an erasure."""
    OrganisationNote.objects.filter(by=user).update(by=None)
    OrganisationNote.history.filter(by_id=user.pk).update(by=None)


def _own(note: OrganisationNote, by: User) -> OrganisationNote:
    row = editable_by(by).select_related(None).select_for_update().filter(pk=note.pk).first()
    if row is None:
        raise PermissionDenied
    return row
