"""What a visitor asks of a programme: read from the address, and written back into it."""

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from actions.models import JointAction
from actions.programme import Entry, Programme, Slot, by_day
from organisations.forms.directory import MOST_VALUES, Choice, Group, Removable

DAY, PLACES, PAGE = "tag", "nach", "seite"
BY_PLACE = "ort"
# Slots on a page; a day is not divided for less.
PER_PAGE = 40


def _municipality(entry: Entry) -> Iterable[str]:
    return (entry.municipality.slug,) if entry.municipality else ()


def _slugs(name: str) -> Callable[[Entry], Iterable[str]]:
    return lambda entry: [word.slug for word in getattr(entry, name)]


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing to choose by. The words in the address are German in every language."""

    name: str
    parameter: str
    label: str | Promise
    icon: str
    values: Callable[[Entry], Iterable[str]]


FILTERS = (
    Filter("municipality", "ort", _("Ort"), "pin", _municipality),
    Filter(
        "category",
        "art",
        _("Art"),
        "square",
        lambda entry: (entry.action.category,) if entry.action.category else (),
    ),
    Filter("language", "sprache", _("Sprache"), "language", _slugs("languages")),
    Filter("target_group", "zielgruppe", _("Zielgruppe"), "people", _slugs("target_groups")),
)


@dataclass(frozen=True, slots=True)
class DayChoice:
    """A day of the programme, with how many actions it would show."""

    day: datetime.date
    count: int
    chosen: bool
    url: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it on this page.

    :ivar day: the heading is this day; else it is the `place`, or that there is none yet.
    :ivar goes_on: whether it began on the page before.
    """

    day: datetime.date | None
    place: Any
    slots: list[Slot]
    goes_on: bool = False

    @property
    def begins(self) -> list[Slot]:
        return [slot for slot in self.slots if not slot.is_running]

    @property
    def running(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.is_running]


@dataclass(frozen=True, slots=True)
class Selection:
    """A question to a programme: a day, filters, the order and the page of the answer."""

    day: datetime.date | None = None
    chosen: dict[str, frozenset[str]] = field(default_factory=dict)
    by_place: bool = False
    page: int = 1
    # Whether something stood in the address that is not known here (any more).
    has_unknown: bool = False

    @classmethod
    def read(cls, data: QueryDict, programme: Programme) -> "Selection":
        """Read an address; whatever does not make sense is left out, nothing is refused."""
        offered = _offered(programme)
        chosen: dict[str, frozenset[str]] = {}
        has_unknown = False
        for one in FILTERS:
            stated = [value for value in data.getlist(one.parameter)[:MOST_VALUES] if value]
            chosen[one.name] = frozenset(value for value in stated if value in offered[one.name])
            has_unknown |= any(value not in offered[one.name] for value in stated)
        day = None
        if stated_day := data.get(DAY, ""):
            try:
                day = datetime.date.fromisoformat(stated_day)
            except ValueError:
                has_unknown = True
        page = data.get(PAGE, "")
        return cls(
            day=day,
            chosen=chosen,
            by_place=data.get(PLACES) == BY_PLACE,
            # `isdigit` alone would let „²“ through.
            page=max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
            has_unknown=has_unknown,
        )

    @property
    def count(self) -> int:
        """How many filter values are chosen, the day not counted."""
        return sum(map(len, self.chosen.values()))

    @property
    def is_empty(self) -> bool:
        """Whether the whole programme is asked for."""
        return self.day is None and not self.count

    def parameters(self) -> Iterator[tuple[str, str]]:
        """Yield what stands in the address, always in the same order."""
        if self.day:
            yield DAY, self.day.isoformat()
        for one in FILTERS:
            for value in sorted(self.chosen.get(one.name, ())):
                yield one.parameter, value
        if self.by_place:
            yield PLACES, BY_PLACE

    def query_string(self) -> str:
        """Return the address's part from the question mark on, without the page."""
        encoded = urlencode(list(self.parameters()))
        return f"?{encoded}" if encoded else ""

    def changed(self, **values: Any) -> "Selection":
        """Return the same question with other values, from its first page."""
        return replace(self, **{"page": 1} | values)

    # --- The answer -------------------------------------------------------------------------------
    def entries(self, programme: Programme, *, but: str = "") -> list[Entry]:
        """Return the actions that fit the filters, in the order of the programme.

        :param but: a filter that is to be passed over.
        """
        asked = [
            (one, self.chosen[one.name])
            for one in FILTERS
            if one.name != but and self.chosen.get(one.name)
        ]
        return [
            entry
            for entry in programme.in_order
            if all(not wanted.isdisjoint(one.values(entry)) for one, wanted in asked)
        ]

    def slots(self, programme: Programme) -> list[Slot]:
        """Return the dates that fit, in the order of the programme."""
        fitting = {entry.action.pk for entry in self.entries(programme)}
        return [
            slot
            for slot in programme.slots
            if slot.action.pk in fitting and (self.day is None or slot.day == self.day)
        ]

    def sections(self, programme: Programme) -> list[Section]:
        """Return the whole answer by day, or by place and then by day."""
        slots = self.slots(programme)
        if not self.by_place:
            return [Section(day, None, found) for day, found in by_day(slots)]
        places: dict[int | None, list[Slot]] = {}
        for slot in slots:
            # What runs for days stands once at its place.
            if self.day is None and slot.is_running:
                continue
            places.setdefault(slot.action.municipality_id, []).append(slot)
        sections = [Section(None, found[0].entry.municipality, found) for found in places.values()]
        return sorted(sections, key=_place_order)

    def undated(self, programme: Programme) -> list[Entry]:
        """Return what fits and does not say yet when it is."""
        if self.day is not None:
            return []
        return [entry for entry in self.entries(programme) if not entry.dates]

    def groups(self, programme: Programme) -> list[Group]:
        """Return the filters with their values, each with how many actions it would show.

        Values that would show nothing are left out unless they are chosen.
        """
        groups = []
        offered = _offered(programme)
        for one in FILTERS:
            chosen = self.chosen.get(one.name, frozenset())
            counts: dict[str, int] = {}
            for entry in self.entries(programme, but=one.name):
                if self.day is not None and self.day not in programme.days_of(entry):
                    continue
                for value in one.values(entry):
                    counts[value] = counts.get(value, 0) + 1
            choices = [
                Choice(slug=value, label=label, count=counts.get(value, 0), chosen=value in chosen)
                for value, label in offered[one.name].items()
                if counts.get(value) or value in chosen
            ]
            groups.append(Group(one.name, one.parameter, one.label, one.icon, choices))
        return groups

    def days(self, programme: Programme, path: str) -> list[DayChoice]:
        """Return the days on which there is something, each with its address."""
        fitting = {entry.action.pk for entry in self.entries(programme)}
        counts: dict[datetime.date, set[int]] = {}
        for slot in programme.slots:
            found = counts.setdefault(slot.day, set())
            if slot.action.pk in fitting:
                found.add(slot.action.pk)
        return [
            DayChoice(day, len(found), day == self.day, path + self.changed(day=day).query_string())
            for day, found in sorted(counts.items())
            if found or day == self.day
        ]

    def removable(self, programme: Programme, path: str) -> list[Removable]:
        """Return the chosen values, each with the address without it."""
        offered = _offered(programme)
        return [
            Removable(
                label,
                one.label,
                path
                + self.changed(
                    chosen=self.chosen | {one.name: self.chosen[one.name] - {value}}
                ).query_string(),
            )
            for one in FILTERS
            for value, label in offered[one.name].items()
            if value in self.chosen.get(one.name, ())
        ]


def pages(sections: Iterable[Section]) -> list[list[Section]]:
    """Divide sections into pages of whole ones; only what is longer than a page is divided."""
    found: list[list[Section]] = []
    room = 0
    for section in sections:
        for start in range(0, len(section.slots), PER_PAGE):
            part = replace(
                section, slots=section.slots[start : start + PER_PAGE], goes_on=start > 0
            )
            if len(part.slots) > room:
                found.append([])
                room = PER_PAGE
            found[-1].append(part)
            room -= len(part.slots)
    return found


def _place_order(section: Section) -> tuple[bool, str]:
    place = section.place
    return (place is None, place.slug if place else "")


def _offered(programme: Programme) -> dict[str, dict[str, Any]]:
    """Return what there is to choose: labels by the value in the address, in order."""
    places = {e.municipality.slug: e.municipality for e in programme.entries if e.municipality}
    categories = {entry.action.category for entry in programme.entries}
    offered: dict[str, dict[str, Any]] = {
        "municipality": dict(sorted(places.items())),
        "category": {
            one.value: one.label for one in JointAction.Category if one.value in categories
        },
    }
    for name, attribute in (("language", "languages"), ("target_group", "target_groups")):
        words = {
            word.slug: word for entry in programme.entries for word in getattr(entry, attribute)
        }
        ordered = sorted(words.values(), key=lambda word: (word.position, word.name))
        offered[name] = {word.slug: word for word in ordered}
    return offered
