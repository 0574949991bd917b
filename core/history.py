"""The history of a row, as a person reads it: who, when, what from what to what, and why.

simple-history keeps a full copy per change; here neighbours are compared. The number of queries
does not grow with the number of entries.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import (
    CharField,
    Field,
    ForeignKey,
    JSONField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import get_language_info, override
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import PhoneNumber

from core import phones
from core.translations import translation_field

# Book-keeping that says nothing to a person.
UNTOLD = frozenset(
    {"id", "version", "modified_at", "created_at", "state_since", "creation_key", "submitted_at"}
)


# Of longer texts only the words that differ are marked, and no text is compared that is longer.
MARKED_FROM, MARKED_TO = 40, 6_000


@dataclass(frozen=True)
class Piece:
    """A part of a text, and whether the other text has it too."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class Change:
    """One field: its label, and both values as text.

    :ivar field: its name; a text in a further language as `core.translations.translation_field`.
    """

    label: str
    old: str
    new: str
    field: str = ""

    @property
    def old_pieces(self) -> list[Piece]:
        """The old text in parts, so that a page can mark what is gone."""
        return self._pieces[0]

    @property
    def new_pieces(self) -> list[Piece]:
        """The new text in parts, so that a page can mark what has come."""
        return self._pieces[1]

    @cached_property
    def _pieces(self) -> tuple[list[Piece], list[Piece]]:
        return compared(self.old, self.new)


@dataclass(frozen=True)
class Entry:
    """One change of a row by one person.

    :ivar kind: of the row, as `Trail` names it.
    :ivar row: the history's own row; its `previous_id` is that of the one before.
    """

    when: datetime.datetime
    who: str
    what: str
    reason: str
    changes: list[Change] = field(default_factory=list)
    kind: str = ""
    row: Any = None


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
    """Return what a person reads of the history rows of one object.

    :param page: rows of `records`, the newest first.
    :param older: the row before the oldest of them, if there is one.
    """
    rows = [*page, *([older] if older else [])]
    return _told(page, [*rows[1:], None][: len(page)])


def with_previous(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Add to every history row the key of the one before it of the same object: `previous_id`."""
    model: Any = rows.model
    pk = model.instance_type._meta.pk.attname
    earlier = model.objects.filter(**{pk: OuterRef(pk)}).filter(
        Q(history_date__lt=OuterRef("history_date"))
        | Q(history_date=OuterRef("history_date"), history_id__lt=OuterRef("history_id"))
    )
    newest = earlier.order_by("-history_date", "-history_id").values("history_id")[:1]
    return rows.annotate(previous_id=Subquery(newest))


def tell(rows: Sequence[Any], *, kind: str = "") -> list[Entry]:
    """Return what a person reads of history rows of one model, in their order.

    :param rows: of `with_previous`; the objects may be different ones.
    """
    keys = {row.previous_id for row in rows if row.previous_id}
    before = rows[0].__class__.objects.in_bulk(keys) if keys else {}
    return _told(rows, [before.get(row.previous_id) for row in rows], kind=kind)


class Trail:
    """Several histories read as one, the newest first; a `Paginator` can page it.

    A page costs the same number of queries however many entries and objects there are.

    :param parts: history rows by a name of their kind, which the entries carry.
    """

    def __init__(self, parts: Mapping[str, QuerySet[Any]]) -> None:
        self.parts = parts
        keys = [
            rows.order_by()
            .annotate(trail_kind=Value(kind, output_field=CharField()))
            .values_list("trail_kind", "history_id", "history_date")
            for kind, rows in parts.items()
        ]
        first, *others = keys
        union = first.union(*others, all=True) if others else first
        self.keys = union.order_by("-history_date", "trail_kind", "-history_id")

    def count(self) -> int:
        return self.keys.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Entry]:
        order = [(kind, key) for kind, key, _date in self.keys[part]]
        found: dict[tuple[str, int], Entry] = {}
        for kind, rows in self.parts.items():
            wanted = [key for name, key in order if name == kind]
            if not wanted:
                continue
            # The keys are certain; what the part was filtered by need not be asked again.
            model: Any = rows.model
            page = with_previous(model.objects.filter(history_id__in=wanted))
            told = tell(list(page.select_related("history_user")), kind=kind)
            found |= {(kind, entry.row.history_id): entry for entry in told}
        return [found[key] for key in order if key in found]


def compared(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in parts: what both have, and the words that only one has.

    Short ones, and those that have little in common, are one part each.
    """
    whole = [Piece(old, is_changed=True)], [Piece(new, is_changed=True)]
    if min(len(old), len(new)) < MARKED_FROM or max(len(old), len(new)) > MARKED_TO:
        return whole
    words = [re.findall(r"\s+|[^\s]+", text) for text in (old, new)]
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    if matcher.quick_ratio() < 0.4:
        return whole
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for tag, *bounds in matcher.get_opcodes():
        for side, (begin, end) in enumerate((bounds[:2], bounds[2:])):
            if text := "".join(words[side][begin:end]):
                pieces[side].append(Piece(text, is_changed=tag != "equal"))
    return pieces


def _told(rows: Sequence[Any], before: Sequence[Any | None], *, kind: str = "") -> list[Entry]:
    if not rows:
        return []
    known = {row.history_id: row for row in (*rows, *before) if row is not None}
    teller = _Teller(list(known.values()))
    words = {"+": _("Angelegt"), "~": _("Geändert"), "-": _("Gelöscht")}
    return [
        Entry(
            when=row.history_date,
            who=str(row.history_user) if row.history_user else _("Das Portal"),
            what=words[row.history_type],
            reason=row.history_change_reason or "",
            changes=teller.changes(old, row) if old and row.history_type == "~" else [],
            kind=kind,
            row=row,
        )
        for row, old in zip(rows, before, strict=True)
    ]


def _called(model: type[Model], keys: set[Any]) -> dict[Any, str]:
    """Return what rows are called, by key; those that are gone as they were called at last."""
    found = {pk: str(row) for pk, row in model._default_manager.in_bulk(keys).items()}
    gone = keys - set(found)
    if gone and hasattr(model, "history"):
        key = model._meta.pk.attname
        entries = model.history.filter(**{f"{key}__in": gone}).order_by("history_id")
        newest = {getattr(entry, key): entry for entry in entries}
        found |= {pk: str(entry.instance) for pk, entry in newest.items()}
    return found


class _Teller:
    """Compares history rows of one model and names what differs."""

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
                old_text, new_text = self._text(one, before), self._text(one, after)
                found.append(Change(label, old_text, new_text, one.name))
        for name, by_row in self.chosen.items():
            before, after = by_row[old.history_id], by_row[new.history_id]
            if before != after:
                label = capfirst(str(self.model._meta.get_field(name).verbose_name))
                old_text, new_text = self._list(name, before), self._list(name, after)
                found.append(Change(label, old_text, new_text, name))
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
            name: _called(model, keys) if keys else {} for name, (model, keys) in wanted.items()
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
        if isinstance(value, PhoneNumber):
            return phones.spoken(value)
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
                            f"{label} ({language_name(language)})",
                            old.get(name) or _("leer"),
                            new.get(name) or _("leer"),
                            translation_field(language, name),
                        )
                    )
        return found


def language_name(code: str) -> str:
    """Return what a language calls itself, or its code if the portal does not know it."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code
