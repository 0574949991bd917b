"""The people who can be reached: added, changed, removed by an organisation's representatives."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User, normalise_email
from core import history
from core.errors import Refused
from core.folding import fold
from organisations.models import ContactPerson, Organisation, OrganisationImage
from organisations.services import consent, editing, images

FIELDS = ("name", "function", "phone", "email")
MAX_CONTACTS = 10
CHANGED = gettext_lazy("Ansprechperson geändert")


@transaction.atomic
def add(
    *, organisation: Organisation, values: Mapping[str, Any], is_self: bool, by: User
) -> ContactPerson:
    """Name a contact person; nothing of theirs is public by this.

    The same person sent twice is added once.

    :param values: `FIELDS` by name.
    :param is_self: whether `by` is the person.
    :return: the contact person.
    :raises PermissionDenied: if `by` may not change the organisation.
    :raises Refused: when there are ten already.
    """
    row = _organisation(organisation.pk, by)
    for known in row.contacts.all():
        own = is_self and known.user_id == by.pk
        if own or (
            fold(known.name) == fold(values["name"])
            and known.email.lower() == values.get("email", "").lower()
        ):
            return known
    number = row.contacts.count()
    if number >= MAX_CONTACTS:
        raise Refused(
            _("Es sind schon %(number)d Ansprechpersonen. Bitte entfernen Sie zuerst eine.")
            % {"number": number}
        )
    contact = ContactPerson(
        organisation=row,
        user=by if is_self else None,
        position=number,
        **{field: values.get(field, "") for field in FIELDS},
    )
    history.note(contact, by=by, reason=gettext_lazy("Ansprechperson hinzugefügt"))
    contact.save()
    return contact


@transaction.atomic
def change(
    *,
    contact: ContactPerson,
    values: Mapping[str, Any],
    seen_entry: int,
    by: User,
    reason: str | Promise = CHANGED,
) -> list[str]:
    """Change a contact person's data, without publishing what nobody agreed to.

    A new name or e-mail address is a new person: nothing of theirs is public any more. Another
    function or telephone number, typed by somebody else, is hidden until the person agrees to it:
    what they agreed to was the value. Case, accents and blanks make no other value. Whoever
    changes their own data decides in the same form, by `consent.give`; only their own new e-mail
    address is hidden until then.

    :param values: `FIELDS` by name.
    :param seen_entry: key of the history entry the form was filled from.
    :param reason: for the history.
    :return: the names of the fields that changed.
    :raises PermissionDenied: if `by` may not change the organisation.
    :raises Conflict: if somebody else has changed the same fields to something else.
    """
    _organisation(contact.organisation_id, by)
    row = ContactPerson.objects.select_for_update().get(pk=contact.pk)
    seen = row.history.filter(history_id=seen_entry).first()
    changes = editing.merge(
        mine={field: editing.comparable(values[field]) for field in FIELDS},
        theirs={field: editing.comparable(getattr(row, field)) for field in FIELDS},
        seen={field: editing.comparable(getattr(seen, field)) for field in FIELDS}
        if seen
        else None,
        version=latest_entry(row),
    )
    if not changes:
        return []
    other = {field for field in changes if _says_other(field, getattr(row, field), values[field])}
    if row.user_id == by.pk:
        if "email" in other:
            _leave_mailbox(row, by)
    elif other & {"name", "email"}:
        consent.person_changed(row, by=by)
        row.user = None
    elif outdated := [field for field in other if getattr(row, f"{field}_public")]:
        consent.person_changed(row, by=by, fields=outdated)
    for field in changes:
        setattr(row, field, values[field])
    # What is empty cannot be public.
    emptied = [f for f in FIELDS if not getattr(row, f) and getattr(row, f"{f}_public")]
    if emptied:
        consent.person_changed(row, by=by, fields=emptied)
    history.note(row, by=by, reason=reason)
    row.save()
    return list(changes)


@transaction.atomic
def set_photo(*, contact: ContactPerson, image: OrganisationImage | None, by: User) -> bool:
    """Give a contact person another photo, or none; the former one is erased with its files.

    A photo that somebody else has chosen is hidden until the person agrees to it.

    :param image: a portrait that waits for its form (`images.keep`).
    :return: whether anything changed; a portrait that has its person already changes nothing.
    :raises PermissionDenied: if `by` may not change the organisation.
    """
    organisation = _organisation(contact.organisation_id, by)
    row = ContactPerson.objects.select_for_update().get(pk=contact.pk)
    former, wanted = row.photo, None
    if image is not None:
        wanted = organisation.images.filter(
            pk=image.pk, kind=images.Kind.PORTRAIT, pending=True
        ).first()
    if wanted is None and (former is None or image is not None):
        return False
    if row.photo_public and (wanted is None or row.user_id != by.pk):
        consent.person_changed(row, by=by, fields=["photo"])
    if wanted is not None:
        # Nobody has agreed to anything by sending it.
        wanted.pending, wanted.consent_by = False, None
        wanted.save()
    row.photo = wanted
    history.note(row, by=by, reason=gettext_lazy("Foto der Ansprechperson geändert"))
    row.save()
    if former is not None:
        images.erase(former)
    return True


@transaction.atomic
def remove(*, contact: ContactPerson, by: User) -> None:
    """Remove a contact person with their photo; what was public of them disappears at once.

    That they agreed to it stays provable for a while; see `retention`.

    :raises PermissionDenied: if `by` may not change the organisation.
    """
    _organisation(contact.organisation_id, by)
    history.note(contact, by=by, reason=gettext_lazy("Ansprechperson entfernt"))
    photo = contact.photo
    consent.keep_proof(contact)
    contact.delete()
    if photo is not None:
        images.erase(photo)


def latest_entry(contact: ContactPerson) -> int:
    """Return the key of the newest history entry, which forms carry; 0 without one."""
    return contact.history.values_list("history_id", flat=True).first() or 0


def _says_other(field: str, before: Any, after: Any) -> bool:
    """Whether a changed value says something else, or the same in another spelling."""
    if field == "email":
        return normalise_email(before) != normalise_email(after)
    if field == "phone":
        return True
    return (fold(before) or before) != (fold(after) or after)


def _leave_mailbox(row: ContactPerson, by: User) -> None:
    """Hide one's own address before it becomes another, whose mailbox is asked anew."""
    if row.email_public:
        consent.person_changed(row, by=by, fields=["email"])
    consent.end_links(row)


def _organisation(pk: int, by: User) -> Organisation:
    """Return the locked row of an organisation that `by` may change, so that two take turns."""
    row = Organisation.objects.editable_by(by).filter(pk=pk).values("pk").first()
    if row is None:
        raise PermissionDenied
    locked = Organisation.objects.select_for_update().get(pk=pk)
    if locked.state not in editing.EDITABLE_STATES:
        raise Refused(_("Diese Organisation kann jetzt nicht geändert werden."))
    return locked
