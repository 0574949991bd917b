"""Many organisations written at once, with all that belongs to them: prepared, then handed over.

What saving one by one does by itself is done here by hand: address, version, search words, and the
history with who and why. Signals are not sent; the caller bumps `core.revision`.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from core.translations import TRANSLATION
from organisations import finding
from organisations.models import FormerSlug, Municipality, Organisation, SearchText
from organisations.questions import MANY
from organisations.services import slugs
from organisations.services.imports import plain, writing
from organisations.services.imports.plain import CONTACTS, Snapshot

# In these states visitors can have seen an organisation's address.
SEEN = frozenset({Organisation.State.ACTIVE, Organisation.State.PAUSED})


class Again(Exception):
    """Somebody has changed what this was prepared from; prepare it anew."""


class Edition:
    """New and changed organisations; `prepare` before the transaction, `write` in it."""

    def __init__(self, *, by: User | None, reason: str, now: datetime.datetime) -> None:
        self.by, self.reason, self.now = by, reason, now
        self.created: list[Snapshot] = []
        self.changed: list[Snapshot] = []
        self.addresses = Addresses()
        # The entry of the history, by the organisation's key.
        self.entries: dict[int, int] = {}
        self.rows: list[writing.Rows] = []
        self._seen: dict[int, tuple[int, datetime.datetime, str]] = {}
        self._fields: set[str] = {"version", "modified_at"}
        self._replaced: dict[str, list[Snapshot]] = {name: [] for name in MANY}
        self._former: list[FormerSlug] = []
        self._organisations: list[Any] = []

    def create(self, snapshot: Snapshot) -> None:
        snapshot.organisation.slug = self.addresses.free(snapshot.organisation.name)
        self.created.append(snapshot)

    def change(self, snapshot: Snapshot, values: Mapping[str, Any]) -> None:
        """Write plain values into an organisation as it was read."""
        row = snapshot.organisation
        self._seen[row.pk] = (row.version, row.modified_at, row.state)
        for name, value in values.items():
            if name == CONTACTS:
                continue
            snapshot.put(name, value)
            if name in MANY:
                self._replaced[name].append(snapshot)
            else:
                self._fields.add("translations" if name.startswith(TRANSLATION) else name)
        if "name" in values and (old := self.addresses.rename(row)):
            self._fields.add("slug")
            if row.state in SEEN or row.confirmed_on:
                self._former.append(FormerSlug(slug=old, organisation=row))
        row.version += 1
        self.changed.append(snapshot)

    def prepare(self) -> None:
        """Give everything its key and turn it into what the database takes."""
        keys = writing.reserve(Organisation, len(self.created))
        for snapshot, key in zip(self.created, keys, strict=True):
            snapshot.organisation.pk = key
        for name in MANY:
            self._prepare_terms(name)
        new = [snapshot.organisation for snapshot in self.created]
        old = [snapshot.organisation for snapshot in self.changed]
        self._organisations = [
            writing.Rows(Organisation, new),
            writing.Changes(Organisation, old, self._fields),
        ]
        self.rows.append(writing.Rows(FormerSlug, self._former, keyed=False))
        for rows, sign in ((new, "+"), (old, "~")):
            self.rows.append(self.history(Organisation, rows, sign))
        for name in MANY:
            self.rows.append(self._history_of_terms(name))
        self.rows.append(self._search_texts([*new, *old]))

    def confirm(self) -> None:
        """Make sure, within the transaction, that nobody was quicker.

        :raises Again: if so.
        """
        new = {snapshot.organisation.slug for snapshot in (*self.created, *self.changed)}
        own = {snapshot.organisation.pk for snapshot in self.changed}
        for slug, pk in Organisation.objects.order_by().values_list("slug", "pk"):
            if slug in new and pk not in own:
                raise Again
        if FormerSlug.objects.order_by("-pk").values_list("pk", flat=True).first() != (
            self.addresses.newest_former
        ):
            raise Again
        for chunk in plain.chunks(self._seen):
            rows = Organisation.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
            there = {pk: (version, at, state) for pk, version, at, state in rows.values_list(
                "pk", "version", "modified_at", "state"
            )}  # fmt: skip
            if any(there.get(pk) != self._seen[pk] for pk in chunk):
                raise Again

    def write(self) -> None:
        """Hand everything over; nothing is computed here, since others are waiting."""
        now = timezone.now()
        for rows in self._organisations:
            rows.put("modified_at", now)
            rows.write()
        for name in MANY:
            for chunk in plain.chunks(one.organisation.pk for one in self._replaced[name]):
                table = plain.through(name)._default_manager
                table.filter(organisation__in=chunk)._raw_delete("default")  # type: ignore[attr-defined]
        for rows in self.rows:
            rows.write()

    def history(self, model: Any, rows: Sequence[models.Model], sign: str) -> writing.Rows:
        """Return the entries simple-history would write.

        :param sign: "+" for new rows, "~" for changed ones.
        """
        table = model.history.model
        columns = [field.attname for field in table.tracked_fields]
        keys = writing.reserve(table, len(rows))
        if model is Organisation:
            self.entries |= {row.pk: key for row, key in zip(rows, keys, strict=True)}
        return writing.Rows(
            table,
            (
                table(
                    history_id=key,
                    history_date=self.now,
                    history_user=self.by,
                    history_change_reason=self.reason,
                    history_type=sign,
                    **{column: getattr(row, column) for column in columns},
                )
                for row, key in zip(rows, keys, strict=True)
            ),
        )

    def _prepare_terms(self, name: str) -> None:
        table: Any = plain.through(name)
        wanted = [*self.created, *self._replaced[name]]
        keys = iter(writing.reserve(table, sum(len(one.many[name]) for one in wanted)))
        for snapshot in wanted:
            snapshot.links[name] = {term: next(keys) for term in snapshot.many[name]}
        rows = (
            table(pk=link, organisation_id=one.organisation.pk, **{plain.target(name): term})
            for one in wanted
            for term, link in one.links[name].items()
        )
        self.rows.append(writing.Rows(table, rows))

    def _history_of_terms(self, name: str) -> writing.Rows:
        table: Any = getattr(Organisation.history.model, name).model
        links = [
            (snapshot.organisation.pk, term, link)
            for snapshot in (*self.created, *self.changed)
            for term, link in snapshot.links.get(name, {}).items()
        ]
        keys = writing.reserve(table, len(links))
        return writing.Rows(
            table,
            (
                table(
                    pk=key,
                    id=link,
                    history_id=self.entries[pk],
                    organisation_id=pk,
                    **{plain.target(name): term},
                )
                for (pk, term, link), key in zip(links, keys, strict=True)
            ),
        )

    def _search_texts(self, rows: Iterable[Organisation]) -> writing.Rows:
        towns = {town.pk: town for town in Municipality.objects.only("name")}

        def texts() -> Iterator[SearchText]:
            for row in rows:
                if row.municipality_id:
                    row.municipality = towns.get(row.municipality_id)
                yield finding.text_of(row)

        return writing.Rows(
            SearchText, texts(), unique=["organisation_id"], update=["name", "text"]
        )


class Addresses:
    """Hands out addresses nobody has or had; `slugs.unique_slug` for thousands."""

    def __init__(self) -> None:
        former = dict(FormerSlug.objects.order_by("pk").values_list("pk", "slug"))
        self.newest_former = max(former, default=None)
        self.taken = {
            *Organisation.objects.order_by().values_list("slug", flat=True),
            *former.values(),
        }
        self._next: dict[str, int] = {}

    def free(self, name: str) -> str:
        base = slugs.readable(name)
        slug = base
        while slug in self.taken:
            number = self._next.get(base, 2)
            self._next[base] = number + 1
            slug = f"{base}-{number}"
        self.taken.add(slug)
        return slug

    def rename(self, organisation: Organisation) -> str:
        """Give a renamed organisation the address of its name.

        :return: the former address, empty if it keeps it.
        """
        old = organisation.slug
        base = slugs.readable(organisation.name)
        if old == base or old.removeprefix(f"{base}-").isdigit():
            return ""
        organisation.slug = self.free(organisation.name)
        return old
