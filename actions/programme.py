"""The programme of a campaign: everything public of it, by day and by place.

Read with four queries whatever its size, and kept by each process until `core.revision` is another;
so one that is taken back is gone from all that is made of it with the next request. Page, print,
brochure and tables all come from here.
"""

import datetime
import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from django.db.models import CharField, Value

from actions import words
from actions.models import ActionDate, Campaign, JointAction, Participation
from core import revision
from organisations.models import Language, Municipality, Organisation, TargetGroup

ONE_DAY = datetime.timedelta(days=1)
# So many programmes are kept; each of 500 actions weighs some 2 MB.
MOST_KEPT = 4

_lock = threading.Lock()
_kept: "dict[int, Programme]" = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """An action with all the programme says of it.

    :ivar organisers: the organisations that may be named, the lead first.
    """

    action: JointAction
    dates: tuple[ActionDate, ...]
    organisers: tuple[Organisation, ...]
    languages: tuple[Language, ...]
    target_groups: tuple[TargetGroup, ...]

    @property
    def municipality(self) -> Municipality | None:
        return self.action.municipality


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the days on which an action can be visited.

    :ivar first: the first day of this date that the programme shows, :ivar last: its last one.
    """

    entry: Entry
    date: ActionDate
    day: datetime.date
    first: datetime.date
    last: datetime.date

    @property
    def action(self) -> JointAction:
        return self.entry.action

    @property
    def is_running(self) -> bool:
        """Whether it has begun on a day before, so that this day only reminds of it."""
        return self.day > self.first

    @property
    def lasts(self) -> bool:
        """Whether it goes over several days."""
        return self.last > self.first

    @property
    def order(self) -> tuple[datetime.date, bool, datetime.datetime, int]:
        """What begins on a day in the order of the clock, then what still runs."""
        return (self.day, self.is_running, self.date.starts_at, self.entry.action.pk)


class Programme:
    """What is public of a campaign, as it was when it was read."""

    def __init__(self, campaign: Campaign, number: int, entries: Iterable[Entry]) -> None:
        self.campaign = campaign
        self.revision = number
        self.entries = list(entries)
        # What others have made of it; it goes with it.
        self.remembered: dict[object, str] = {}

    @cached_property
    def slots(self) -> list[Slot]:
        """Every date on each of its days, in the order of the programme."""
        found = [
            Slot(entry, date, day, days[0], days[-1])
            for entry in self.entries
            for date in entry.dates
            for days in [days_of(date, self.campaign)]
            for day in days
        ]
        return sorted(found, key=lambda slot: slot.order)

    @cached_property
    def days(self) -> list[tuple[datetime.date, list[Slot]]]:
        """The days on which there is something, each with what there is."""
        return by_day(self.slots)

    @cached_property
    def _days(self) -> dict[int, set[datetime.date]]:
        found: dict[int, set[datetime.date]] = {}
        for slot in self.slots:
            found.setdefault(slot.action.pk, set()).add(slot.day)
        return found

    def days_of(self, entry: Entry) -> set[datetime.date]:
        """Return the days on which the programme shows an action."""
        return self._days.get(entry.action.pk, set())

    @cached_property
    def undated(self) -> list[Entry]:
        """Actions that do not say yet when they are."""
        return [entry for entry in self.entries if not entry.dates]

    @cached_property
    def organisers(self) -> list[tuple[Organisation, list[Entry]]]:
        """All organisations that take part, by name, each with what it takes part in."""
        found: dict[int, tuple[Organisation, list[Entry]]] = {}
        for entry in self.in_order:
            for organisation in entry.organisers:
                found.setdefault(organisation.pk, (organisation, []))[1].append(entry)
        return sorted(found.values(), key=lambda pair: (pair[0].name.casefold(), pair[0].pk))

    @cached_property
    def in_order(self) -> list[Entry]:
        """Each action once, by its first date; those without one at the end."""
        seen = {slot.entry.action.pk: slot.entry for slot in self.slots}
        return [*seen.values(), *self.undated]

    def fingerprint(self, language: str) -> str:
        """Return what stands for all that the programme says in a language.

        :param language: code of a language; the texts of others do not count.
        """
        campaign = self.campaign
        texts = [campaign.translated(name, language) for name in Campaign.translated_fields]
        facts = (campaign.year, campaign.slug, campaign.starts_on, campaign.ends_on)
        digest = hashlib.sha256(repr((texts, facts)).encode(errors="replace"))
        for entry in self.entries:
            digest.update(repr(tuple(_said(entry, language))).encode(errors="replace"))
        return digest.hexdigest()


def of(campaign: Campaign) -> Programme:
    """Return a campaign's programme as it is now."""
    number = revision.recent()
    found = _kept.get(campaign.pk)
    if found is not None and found.revision == number:
        return found
    found = Programme(campaign, number, _read(campaign))
    with _lock:
        _kept.pop(campaign.pk, None)
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[campaign.pk] = found
    return found


def days_of(date: ActionDate, campaign: Campaign) -> list[datetime.date]:
    """Return the days on which the programme shows a date.

    One over several days is shown on each that lies in the campaign; one that lies outside of it
    on its first day. What ends in the night belongs to the evening on which it began.
    """
    first = words.begins(date).date()
    last = max(first, words.last_day(date))
    begin, end = max(first, campaign.starts_on), min(last, campaign.ends_on)
    if begin > end:
        return [first]
    return [begin + number * ONE_DAY for number in range((end - begin).days + 1)]


def by_day(slots: Iterable[Slot]) -> list[tuple[datetime.date, list[Slot]]]:
    """Return slots below their days.

    :param slots: in the order of the programme.
    """
    return [(day, list(found)) for day, found in groupby(slots, key=lambda slot: slot.day)]


# --- Reading --------------------------------------------------------------------------------------
def _read(campaign: Campaign) -> Iterator[Entry]:
    """Yield what is public, in a lasting order; four queries."""
    actions = (
        JointAction.objects.public()
        .filter(campaign=campaign)
        .select_related("municipality")
        .defer("search_text", "municipality__outline")
        .order_by("pk")
    )
    mine = {"action__campaign": campaign, "action__published_at__isnull": False}
    dates: dict[int, list[ActionDate]] = {}
    for date in ActionDate.objects.filter(**mine).order_by("starts_at", "pk"):
        dates.setdefault(date.action_id, []).append(date)
    parts: dict[int, list[Organisation]] = {}
    rows = Participation.objects.public().filter(**mine).select_related("organisation")
    for part in rows.only(
        "action_id", "organisation__name", "organisation__short_name", "organisation__slug"
    ).order_by("role", "state_since", "pk"):
        parts.setdefault(part.action_id, []).append(part.organisation)
    terms = _terms(campaign)
    for action in actions:
        action.campaign = campaign
        yield Entry(
            action=action,
            dates=tuple(dates.get(action.pk, ())),
            organisers=tuple(parts.get(action.pk, ())),
            languages=tuple(terms.get((LANGUAGE, action.pk), ())),
            target_groups=tuple(terms.get((TARGET_GROUP, action.pk), ())),
        )


LANGUAGE, TARGET_GROUP = "language", "target_group"


def _terms(campaign: Campaign) -> Mapping[tuple[str, int], list]:
    """Return languages and target groups by kind and action; one query for both."""
    columns = ("position", "name", "slug", "translations")
    # A target group has none.
    codes: dict[str, str | Value] = {
        LANGUAGE: "language__code",
        TARGET_GROUP: Value("", output_field=CharField()),
    }
    queries = [
        through._default_manager.filter(
            jointaction__campaign=campaign, jointaction__published_at__isnull=False
        )
        .order_by()
        .values_list(
            Value(kind, output_field=CharField()),
            "jointaction_id",
            f"{column}_id",
            *(f"{column}__{name}" for name in columns),
            codes[kind],
        )
        for kind, through, column in (
            (LANGUAGE, JointAction.languages.through, "language"),
            (TARGET_GROUP, JointAction.target_groups.through, "targetgroup"),
        )
    ]
    models = {LANGUAGE: Language, TARGET_GROUP: TargetGroup}
    known: dict[tuple[str, int], Language | TargetGroup] = {}
    found: dict[tuple[str, int], list] = {}
    rows = sorted(queries[0].union(queries[1], all=True), key=lambda row: (row[0], row[3], row[4]))
    for kind, action, pk, position, name, slug, translations, code in rows:
        word = known.get((kind, pk))
        if word is None:
            word = known[(kind, pk)] = models[kind](
                pk=pk, position=position, name=name, slug=slug, translations=translations
            )
            if isinstance(word, Language):
                word.code = code
        found.setdefault((kind, action), []).append(word)
    return found


def _said(entry: Entry, language: str) -> Iterator[object]:
    """Yield all the programme says of an action, as plain values that stay the same."""
    action = entry.action
    yield action.slug
    for name in JointAction.translated_fields:
        yield action.translated(name, language)
    yield action.is_cancelled
    for name in (
        "category", "place", "address", "accessibility", "accessibility_note", "link",
        "takes_registrations", "contact_name", "contact_phone", "contact_email",
    ):  # fmt: skip
        yield getattr(action, name)
    yield entry.municipality.translated("name", language) if entry.municipality else ""
    for date in entry.dates:
        yield (date.starts_at.isoformat(), date.ends_at.isoformat(), date.note)
    for organisation in entry.organisers:
        yield (organisation.name, organisation.slug)
    for word in (*entry.languages, *entry.target_groups):
        yield word.translated("name", language)
