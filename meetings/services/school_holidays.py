"""School holidays of the Land: those the portal begins with, and those of later years."""

import csv
import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from meetings import collisions
from meetings.models import SchoolHoliday

# Baden-Württemberg, school years 2025/26 to 2027/28; see docs/sources.md.
FILE = Path(__file__).parent.parent / "fixtures" / "school_holidays.csv"
LAND_OF_FILE = "BW"
YEARS_AHEAD = 4
ONE = datetime.timedelta(days=1)

Span = tuple[str, datetime.date, datetime.date]


@transaction.atomic
def load() -> Counter[str]:
    """Bring the file's holidays into a portal that has none; afterwards they are the office's.

    A network in another Land begins without; the office takes its own over with a button.

    :return: how many rows are new, by the model's name.
    """
    if SchoolHoliday.objects.exists() or collisions.federal_state() not in {"", LAND_OF_FILE}:
        return Counter()
    day = datetime.date.fromisoformat
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [
            (row["name"], day(row["starts_on"]), day(row["ends_on"]))
            for row in csv.DictReader(file)
        ]
    return Counter({"SchoolHoliday": _add(rows)})


@transaction.atomic
def take_over(*, state: str, today: datetime.date, by: User) -> int:
    """Add the holidays python-holidays knows of a Land; it takes them from the KMK's lists.

    :param state: code of the Land, such as "BW".
    :return: how many are new; those whose days are there already are left alone.
    :raises PermissionDenied: for anybody who may not add them.
    """
    if not by.has_perm("meetings.add_schoolholiday"):
        raise PermissionDenied
    return _add(missing(state, today))


def missing(state: str, today: datetime.date) -> list[Span]:
    """Return the holidays `take_over` would add: those that are not over and not here yet."""
    ahead = [span for span in known(state, today.year) if span[2] >= today]
    there = _there()
    return [span for span in ahead if span[1:] not in there]


def known(state: str, year: int) -> list[Span]:
    """Return the holidays of a Land from a year on, as far as the library knows them."""
    import holidays  # some megabytes, and asked for by the officer alone

    years = range(year, year + YEARS_AHEAD + 1)
    days = holidays.country_holidays(
        "DE", subdiv=state, years=years, categories=("school",), language="de"
    )
    return list(_spans(sorted(days.items())))


def _spans(days: list[tuple[datetime.date, str]]) -> Iterator[Span]:
    """Join days that follow each other and have the same name."""
    if not days:
        return
    start = days[0]
    for one, following in pairwise([*days, (datetime.date.max, "")]):
        if following != (one[0] + ONE, start[1]):
            yield start[1], start[0], one[0]
            start = following


def _there() -> set[tuple[datetime.date, datetime.date]]:
    return set(SchoolHoliday.objects.values_list("starts_on", "ends_on"))


def _add(spans: Iterable[Span]) -> int:
    there = _there()
    new = [
        SchoolHoliday(name=name, starts_on=first, ends_on=last)
        for name, first, last in spans
        if (first, last) not in there
    ]
    SchoolHoliday.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
