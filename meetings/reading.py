"""Minutes as members read them: on the page, in the PDF and on the officer's desk."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from meetings.models import AgendaItem, Attendance, Correction, Decision, Meeting, Minutes, Task
from meetings.services import minutes as services
from organisations.models import Organisation


@dataclass(frozen=True)
class Point:
    """What the minutes say of an agenda item; of none for what belongs to no item."""

    item: AgendaItem | None
    number: int
    text: str
    decisions: Sequence[Decision] = field(default_factory=tuple)
    tasks: Sequence[Task] = field(default_factory=tuple)


@dataclass(frozen=True)
class Reading:
    """Everything a page shows of minutes.

    :ivar rest: decisions and tasks of no agenda item, None if there are none.
    :ivar organisations: those that were there.
    :ivar people: how many people were there.
    """

    minutes: Minutes
    meeting: Meeting
    points: Sequence[Point]
    rest: Point | None
    organisations: Sequence[Organisation]
    people: int
    corrections: Sequence[Correction]


def read(minutes: Minutes) -> Reading:
    """Return minutes with all that belongs to them; the number of queries is fixed.

    :param minutes: fetched through a right; with `select_related("meeting")`.
    """
    meeting = minutes.meeting
    items = services.items_of(meeting)
    texts = services.parts(minutes, items)
    decisions = by_item(decisions_of(meeting))
    tasks = by_item(meeting.tasks.select_related("organisation", "user").order_by("pk"))
    points = [
        Point(
            item,
            number,
            texts[services.name_of(item)].text,
            decisions.get(item.pk, ()),
            tasks.get(item.pk, ()),
        )
        for number, item in enumerate(items, 1)
    ]
    rest = None
    if None in decisions or None in tasks:
        rest = Point(None, 0, "", decisions.get(None, ()), tasks.get(None, ()))
    present = Attendance.objects.filter(meeting=meeting, is_present=True)
    rows = list(present.select_related("organisation"))
    there = {row.organisation.pk: row.organisation for row in rows if row.organisation}
    return Reading(
        minutes=minutes,
        meeting=meeting,
        points=points,
        rest=rest,
        organisations=sorted(there.values(), key=lambda one: one.name.casefold()),
        people=sum(row.people for row in rows),
        corrections=list(minutes.corrections.all()) if minutes.pk else [],
    )


def decisions_of(meeting: Meeting) -> Iterable[Decision]:
    """Return a meeting's decisions in the order of their numbers, new ones last."""
    rows = Decision.objects.filter(meeting=meeting)
    return sorted(rows, key=lambda one: (one.number is None, one.number or 0, one.pk))


def by_item(rows: Iterable[Any]) -> dict[int | None, list[Any]]:
    """Sort decisions or tasks under the keys of their agenda items."""
    found: dict[int | None, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.agenda_item_id].append(row)
    return dict(found)
