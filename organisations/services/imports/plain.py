"""Organisations as JSON has them: what a check writes down and an import or its undoing compares.

Rows of other tables stand by their keys, telephones as E.164, several rows as a sorted list.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Model

from core.folding import fold
from core.translations import TRANSLATION
from organisations.models import ContactPerson, Organisation
from organisations.questions import MANY
from organisations.services import editing
from organisations.services.contacts import MAX_CONTACTS

# Beside the fields of an organisation: people of whom it does not know the names yet.
CONTACTS = "contacts"
CHUNK = 500  # well under the number of values SQLite takes in one query
Entry = TypeVar("Entry")


@dataclasses.dataclass(slots=True)
class Snapshot:
    """An organisation with the keys of what it has chosen, read without a query per row."""

    organisation: Organisation
    many: dict[str, list[int]]
    contacts: list[str]
    # The keys of the rows between, by field and the other row's key.
    links: dict[str, dict[int, int]] = dataclasses.field(default_factory=dict)

    def value(self, field: str) -> Any:
        """Return what stands in a field now."""
        if field in MANY:
            return self.many[field]
        if field == CONTACTS:
            return self.contacts
        if field.startswith(TRANSLATION):
            language, name = split(field)
            return self.organisation.translations.get(language, {}).get(name, "")
        if field == "municipality":
            return self.organisation.municipality_id
        return plain(field, getattr(self.organisation, field))

    def put(self, field: str, value: Any) -> None:
        """Write a plain value; saving is the caller's matter."""
        row = self.organisation
        if field in MANY:
            self.many[field] = list(value)
        elif field.startswith(TRANSLATION):
            language, name = split(field)
            texts = {**row.translations.get(language, {}), name: value}
            translations = {**row.translations, language: {k: v for k, v in texts.items() if v}}
            row.translations = {code: kept for code, kept in translations.items() if kept}
        elif field == "municipality":
            row.municipality_id = value
        else:
            setattr(row, field, value)


def plain(field: str, value: Any) -> Any:
    """Return a value as `services.editing` takes it in the form JSON and comparisons need."""
    value = editing.comparable_value(field, value)
    return sorted(value) if isinstance(value, frozenset) else value


def snapshots(keys: Iterable[int], *, lock: bool = False) -> Iterator[tuple[int, Snapshot]]:
    """Yield organisations by key; six queries per `CHUNK`, keys that are gone are left out.

    :param lock: keep others from changing them until the transaction ends.
    """
    for chunk in chunks(keys):
        rows = Organisation.objects.filter(pk__in=chunk).order_by("pk")
        if lock:
            rows = rows.select_for_update()
        found = {row.pk: Snapshot(row, {field: [] for field in MANY}, []) for row in rows}
        for field in MANY:
            pairs = through(field)._default_manager.filter(organisation__in=chunk).order_by()
            for link, pk, term in pairs.values_list("pk", "organisation_id", target(field)):
                if pk in found:
                    found[pk].many[field].append(term)
                    found[pk].links.setdefault(field, {})[term] = link
        people = ContactPerson.objects.filter(organisation__in=chunk).order_by("position", "pk")
        for pk, name in people.values_list("organisation_id", "name"):
            if pk in found:
                found[pk].contacts.append(name)
        for pk, snapshot in found.items():
            for terms in snapshot.many.values():
                terms.sort()
            yield pk, snapshot


def through(field: str) -> type[Model]:
    """Return the table between an organisation and the rows of one of its fields."""
    table: type[Model] = getattr(Organisation, field).through
    return table


def target(field: str) -> str:
    """Return the column of `through` that holds the other row's key."""
    name: str = getattr(Organisation, field).field.m2m_reverse_field_name()
    return f"{name}_id"


def split(field: str) -> tuple[str, str]:
    """Return language and field of a translation's field."""
    language, _underscore, name = field.removeprefix(TRANSLATION).rpartition("_")
    return language, name


def chunks(entries: Iterable[Entry], size: int = CHUNK) -> Iterator[list[Entry]]:
    """Yield lists of at most `size` entries."""
    iterator = iter(entries)
    while chunk := list(islice(iterator, size)):
        yield chunk


def is_empty(value: Any) -> bool:
    """Whether a value says nothing; False and 0 do say something."""
    return value is None or value == "" or value == []


def changes(
    snapshot: Snapshot, values: Mapping[str, Any], said_before: Mapping[str, str] | None = None
) -> dict[str, list[Any]]:
    """Return what would change, as {field: [old, new]}.

    :param values: plain values by field.
    :param said_before: digests of what the same row said when it was imported before; what it
        only repeats changes nothing, since what stands in the portal is newer.
    """
    found = {}
    for field, value in values.items():
        old = snapshot.value(field)
        if field == CONTACTS:
            # People the organisation has already are theirs to change.
            value = new_people(old, value)
            if value:
                found[field] = [old, value]
            continue
        if old == value or (said_before and said_before.get(field) == digest(value)):
            continue
        found[field] = [old, value]
    return found


def new_people(known: Iterable[str], people: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the contact persons an organisation does not have, at most as many as it may."""
    names = {fold(name) for name in known}
    room = max(MAX_CONTACTS - len(list(known)), 0)
    return [one for one in people if fold(one["name"]) not in names][:room]


def digest(value: Any) -> str:
    """Return a short mark of a plain value, to compare and not to read."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2s(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()
