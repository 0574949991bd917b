"""The history of a row, as a person reads it: who, when, what from what to what, and why.

simple-history keeps a full copy per change; here neighbours are compared. The number of queries
does not grow with the number of entries.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Field, ForeignKey, JSONField, Model, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

# Book-keeping that says nothing to a person.
UNTOLD = frozenset(
    {"id", "version", "modified_at", "created_at", "state_since", "creation_key", "submitted_at"}
)


@dataclass(frozen=True)
class Change:
    """One field: its label, and both values as text."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One change of a row by one person."""

    when: datetime.datetime
    who: str
    what: str
    reason: str
    changes: list[Change] = field(default_factory=list)


def note(row: Any, *, by: Any, reason: str | Promise) -> None:
    """Say who changes a row and why, right before it is saved or deleted.

    :param row: of a model with a history.
    :param by: the account; the history shows its name.
    :param reason: a lazy translation is kept in the office's language, whoever made the change.
    """
    row._history_user = by
    with override(settings.LANGUAGE_CODE):
        row._change_reason = str(reason)


def records(model: type[Model], pk: Any) -> QuerySet[Any]:
    """Return the history rows of one object, the newest first, also after its deletion.

    :param pk: the primary key as the model has it.
    """
    history = model.history.filter(**{model._meta.pk.attname: pk})  # type: ignore[attr-defined]
    return history.select_related("history_user").order_by("-history_date", "-history_id")


def entries(page: Sequence[Any], *, older: Any | None = None) -> list[Entry]:
    """Return what a person reads of history rows.

    :param page: rows of `records`, the newest first.
    :param older: the row before the oldest of them, if there is one.
    """
    rows = [*page, *([older] if older else [])]
    if not rows:
        return []
    told = _Teller(rows)
    kinds = {"+": _("Angelegt"), "~": _("Geändert"), "-": _("Gelöscht")}
    result = []
    for index, row in enumerate(page):
        before = rows[index + 1] if index + 1 < len(rows) else None
        result.append(
            Entry(
                when=row.history_date,
                who=str(row.history_user) if row.history_user else _("Das Portal"),
                what=kinds[row.history_type],
                reason=row.history_change_reason or "",
                changes=told.changes(before, row) if before and row.history_type == "~" else [],
            )
        )
    return result


class _Teller:
    """Compares rows of one history and names what differs."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.model = rows[0].instance_type
        self.fields = [one for one in rows[0].tracked_fields if one.name not in UNTOLD]
        many = {one.name for one in rows[0]._history_m2m_fields}
        self.single = [one for one in self.fields if one.name not in many]
        self.chosen = {name: self._chosen(rows, name) for name in sorted(many)}
        self.names = self._names(rows)

    def changes(self, old: Any, new: Any) -> list[Change]:
        found = []
        for one in self.single:
            before, after = (one.value_from_object(row) for row in (old, new))
            if before == after:
                continue
            if one.name == "translations":
                found += self._translations(before, after)
            else:
                label = capfirst(str(one.verbose_name))
                found.append(Change(label, self._text(one, before), self._text(one, after)))
        for name, by_row in self.chosen.items():
            before, after = by_row[old.history_id], by_row[new.history_id]
            if before != after:
                label = capfirst(str(self.model._meta.get_field(name).verbose_name))
                found.append(Change(label, self._list(name, before), self._list(name, after)))
        return found

    def _chosen(self, rows: Sequence[Any], name: str) -> dict[int, frozenset[Any]]:
        """Return the keys a many-to-many field had, by history row."""
        target = self.model._meta.get_field(name).m2m_reverse_field_name()
        by_row: dict[int, set[Any]] = defaultdict(set)
        kept = getattr(rows[0], name).model.objects.filter(
            history__in=[row.history_id for row in rows]
        )
        for history_id, pk in kept.values_list("history_id", f"{target}_id"):
            by_row[history_id].add(pk)
        return defaultdict(frozenset, {key: frozenset(keys) for key, keys in by_row.items()})

    def _names(self, rows: Sequence[Any]) -> dict[str, dict[Any, str]]:
        """Return what related rows are called, by field and key; one query per field."""
        wanted: dict[str, tuple[type[Model], set[Any]]] = {}
        for one in self.single:
            if isinstance(one, ForeignKey):
                keys = {one.value_from_object(row) for row in rows} - {None}
                wanted[one.name] = (one.remote_field.model, keys)
        for name, by_row in self.chosen.items():
            keys = set().union(*by_row.values()) if by_row else set()
            wanted[name] = (self.model._meta.get_field(name).remote_field.model, keys)
        return {
            name: {pk: str(related) for pk, related in model._default_manager.in_bulk(keys).items()}
            if keys
            else {}
            for name, (model, keys) in wanted.items()
        }

    def _text(self, one: Field, value: Any) -> str:
        if value is None or value == "" or value == []:
            return _("leer")
        if isinstance(one, ForeignKey):
            return self.names[one.name].get(value, _("gelöscht"))
        if one.choices:
            return str(dict(one.flatchoices).get(value, value))
        if isinstance(value, bool):
            return _("ja") if value else _("nein")
        if isinstance(value, datetime.datetime):
            return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        if isinstance(value, datetime.date):
            return date_format(value, "SHORT_DATE_FORMAT")
        if isinstance(one, JSONField) and isinstance(value, list):
            return ", ".join(str(entry) for entry in value)
        return str(value)

    def _list(self, name: str, keys: Iterable[Any]) -> str:
        names = self.names[name]
        return ", ".join(sorted(names.get(key, _("gelöscht")) for key in keys)) or _("leer")

    def _translations(self, before: Any, after: Any) -> list[Change]:
        found = []
        for language in sorted({*before, *after}):
            old, new = before.get(language, {}), after.get(language, {})
            for name in sorted({*old, *new}):
                if old.get(name, "") != new.get(name, ""):
                    label = capfirst(str(self.model._meta.get_field(name).verbose_name))
                    found.append(
                        Change(
                            f"{label} ({language})",
                            old.get(name) or _("leer"),
                            new.get(name) or _("leer"),
                        )
                    )
        return found
