"""Putting back what stood in an entry before: one field, or all that a former state said.

The history says what stood there; it is written by the same services as any other edit, with the
version the preview was made of, so that nobody's work is overwritten unseen. What became public
only by somebody's wish or consent never becomes public again by this.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from core import history, phones
from core.errors import Refused
from organisations.models import ContactPerson, Organisation
from organisations.services import consent, contacts, editing, facts


@dataclass(frozen=True)
class Put:
    """One field that would change: what stands there now, and what would.

    :ivar missing: what of the former value is not there any more, or "".
    """

    name: str
    label: str
    now: str
    then: str
    value: Any
    missing: str = ""

    @cached_property
    def _pieces(self) -> tuple[list[history.Piece], list[history.Piece]]:
        return history.compared(self.now, self.then)

    @property
    def now_pieces(self) -> list[history.Piece]:
        return self._pieces[0]

    @property
    def then_pieces(self) -> list[history.Piece]:
        return self._pieces[1]


@dataclass(frozen=True)
class Plan:
    """What putting back would do.

    :ivar changes: one by one.
    :ivar impossible: label and reason of what cannot be put back.
    :ivar hidden: what of a person would not be public any more.
    :ivar seen: the version (of a contact person: the history entry) this was compared with.
    """

    changes: list[Put]
    impossible: list[tuple[str, str]]
    seen: int
    hidden: list[str] = field(default_factory=list)


def may_put_back(user: User) -> bool:
    """Whether somebody may put back what others have changed."""
    return user.is_staff and user.has_perm("organisations.change_organisation")


# --- What the organisation says -------------------------------------------------------------------
def plan(*, organisation: Organisation, entry: Any, names: Sequence[str] | None = None) -> Plan:
    """Return what would change if an organisation's answers were put back.

    :param entry: the row of its history to go back to.
    :param names: only these fields of `facts.names`; None: all.
    """
    # Whoever compares must not meet a row that changes meanwhile.
    row = Organisation.objects.get(pk=organisation.pk)
    wanted = [name for name in facts.names() if names is None or name in names]
    changes, impossible = [], []
    then = editing.as_of(entry, wanted)
    for name in wanted:
        now = editing.current(row, name)
        if now == then[name]:
            continue
        label = facts.label(name)
        found = facts.usable(row, name, then[name])
        refused = found.refused
        if name == "address_public" and then[name]:
            refused = _("Ob ihre Adresse öffentlich ist, entscheidet die Organisation.")
        if refused:
            impossible.append((label, refused))
        elif editing.comparable_value(name, found.value) == now:
            impossible.append((label, found.missing))
        else:
            texts = facts.in_words(name, now), facts.in_words(name, then[name])
            changes.append(Put(name, label, *texts, found.value, found.missing))
    return Plan(changes, impossible, row.version)


def put_back(
    *, organisation: Organisation, entry: Any, names: Sequence[str], seen_version: int, by: User
) -> list[str]:
    """Put an organisation's answers back to what stood there before; one entry in its history.

    :param entry: the row of its history to go back to.
    :param names: the fields, as the preview showed them.
    :param seen_version: of the organisation, as the preview showed it.
    :return: the labels of what changed; empty if everything stood there already.
    :raises PermissionDenied: if `by` may not do this.
    :raises Refused: if the state of the organisation does not allow it.
    :raises Conflict: if somebody has changed one of the fields since the preview.
    """
    if not may_put_back(by) or entry.id != organisation.pk:
        raise PermissionDenied
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        changes = plan(organisation=organisation, entry=entry, names=names).changes
        editing.save(
            organisation=organisation,
            values={one.name: one.value for one in changes},
            seen_version=seen_version,
            by=by,
            reason=reason_of(entry),
        )
    return [one.label for one in changes]


# --- Contact persons ------------------------------------------------------------------------------
def plan_contact(
    *,
    organisation: Organisation,
    entry: Any,
    by: User,
    names: Sequence[str] | None = None,
) -> Plan:
    """Return what would change if a contact person's entry were put back, or added again.

    :param entry: a row of the history of the organisation's contact persons.
    :param names: only these of `contacts.FIELDS`; None: all.
    """
    person = _person(organisation, entry)
    wanted = [name for name in contacts.FIELDS if names is None or name in names]
    changes = []
    for name in wanted:
        now, then = getattr(person, name, ""), getattr(entry, name)
        if editing.comparable(now) != editing.comparable(then):
            texts = _in_words(name, now), _in_words(name, then)
            changes.append(Put(name, _label(name), *texts, then))
    impossible = []
    if names is None:
        if entry.photo_id and entry.photo_id != getattr(person, "photo_id", None):
            impossible.append((_label("photo"), _("Entfernte Fotos sind gelöscht.")))
        public = [one for one in ContactPerson.PUBLISHABLE if getattr(entry, f"{one}_public")]
        again = [one for one in public if not getattr(person, f"{one}_public", False)]
        if again:
            text = _("War öffentlich. Dazu muss die Person noch einmal einwilligen.")
            impossible.append((", ".join(map(_label, again)), text))
    if person is None:
        return Plan(changes, impossible, 0)
    return Plan(
        changes, impossible, contacts.latest_entry(person), _hidden_by(person, changes, entry, by)
    )


def put_back_contact(
    *, organisation: Organisation, entry: Any, names: Iterable[str], seen_entry: int, by: User
) -> tuple[ContactPerson, list[str]]:
    """Put a contact person's entry back, or add them again if they were removed.

    Nothing becomes public by this. What they agreed to no longer counts where the data say
    something else now; see `contacts.change`.

    :param seen_entry: key of the history entry the preview was made of, 0 for somebody removed.
    :return: the contact person, and the labels of what changed.
    :raises PermissionDenied: if `by` may not do this.
    :raises Refused: if the state of the organisation does not allow it, or there are too many.
    :raises Conflict: if somebody has changed one of the fields since the preview.
    """
    if not may_put_back(by):
        raise PermissionDenied
    person = _person(organisation, entry)
    if person is None and seen_entry:
        raise Refused(_("Diese Ansprechperson wurde inzwischen entfernt."))
    chosen = set(names)
    if person is None:
        values = {name: getattr(entry, name) for name in contacts.FIELDS}
        added = contacts.add(organisation=organisation, values=values, is_self=False, by=by)
        return added, [_label("name")]
    values = {name: getattr(entry if name in chosen else person, name) for name in contacts.FIELDS}
    changed = contacts.change(
        contact=person, values=values, seen_entry=seen_entry, by=by, reason=reason_of(entry)
    )
    return person, [_label(name) for name in changed]


def _person(organisation: Organisation, entry: Any) -> ContactPerson | None:
    """Return who the entry is about; None if they were removed.

    :raises PermissionDenied: for another organisation's entry.
    """
    if entry.organisation_id != organisation.pk:
        raise PermissionDenied
    person = ContactPerson.objects.filter(pk=entry.id).first()
    if person is not None and person.organisation_id != organisation.pk:
        raise PermissionDenied  # moved with a merge: put back where they are now
    return person


def _hidden_by(person: ContactPerson, changes: Sequence[Put], entry: Any, by: User) -> list[str]:
    """Return what would not be public any more: done and taken back, so it cannot be wrong."""
    before = consent.public_fields(person)
    if not before or not changes:
        return []
    with transaction.atomic():
        try:
            put_back_contact(
                organisation=person.organisation,
                entry=entry,
                names=[one.name for one in changes],
                seen_entry=contacts.latest_entry(person),
                by=by,
            )
            after = consent.public_fields(ContactPerson.objects.get(pk=person.pk))
        except (PermissionDenied, Refused):
            after = before  # said when it is done
        transaction.set_rollback(True)
    return [_label(name) for name in before if name not in after]


def _label(name: str) -> str:
    return str(capfirst(str(getattr(ContactPerson._meta.get_field(name), "verbose_name", name))))


def _in_words(name: str, value: Any) -> str:
    if not value:
        return _("leer")
    return phones.spoken(value) if name == "phone" else str(value)


def reason_of(entry: Any) -> str:
    """Return what the history says of putting back what an entry of it says."""
    with override(settings.LANGUAGE_CODE):
        when = date_format(timezone.localtime(entry.history_date), "SHORT_DATETIME_FORMAT")
        return _("Zurückgesetzt auf den Stand vom %(when)s") % {"when": when}
