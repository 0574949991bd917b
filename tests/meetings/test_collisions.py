"""What a date collides with; religious days against published calendars of three years."""

import datetime
import zoneinfo

import pytest

from meetings import collisions
from meetings.collisions import Collision
from meetings.services import school_holidays
from tests.factories import make_meeting, make_school_holiday

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
day = datetime.date


def moment(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def land(monkeypatch):
    monkeypatch.setattr(collisions, "federal_states", [lambda: "BW"])


def named(label: str, year: int) -> list[Collision]:
    found = collisions.religious_days(day(year, 1, 1), day(year, 12, 31))
    begin = [one for one in found if one.starts_on.year == year]
    return [one for one in begin if str(one.label).startswith(label)]


# --- The calendars --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("label", "days"),
    [
        ("Ramadan", ["2026-02-18", "2027-02-08", "2028-01-28"]),
        ("Fest des Fastenbrechens", ["2026-03-20", "2027-03-09", "2028-02-26"]),
        ("Opferfest", ["2026-05-27", "2027-05-16", "2028-05-05"]),
        ("Aschura", ["2026-06-25", "2027-06-15", "2028-06-03"]),
        ("Muharrem", ["2026-06-16", "2027-06-06", "2028-05-25"]),
        ("Orthodoxes Osterfest", ["2026-04-12", "2027-05-02", "2028-04-16"]),
        ("Orthodoxes Weihnachten", ["2026-01-07", "2027-01-07", "2028-01-07"]),
        ("Pessach", ["2026-04-02", "2027-04-22", "2028-04-11"]),
        ("Rosch ha-Schana", ["2026-09-12", "2027-10-02", "2028-09-21"]),
        ("Jom Kippur", ["2026-09-21", "2027-10-11", "2028-09-30"]),
        ("Sukkot", ["2026-09-26", "2027-10-16", "2028-10-05"]),
        ("Chanukka", ["2026-12-05", "2027-12-25", "2028-12-13"]),
        ("Newroz", ["2026-03-21", "2027-03-21", "2028-03-20"]),
        ("Çarşema Sor", ["2026-04-15", "2027-04-14", "2028-04-19"]),
        ("Diwali", ["2026-11-08", "2027-10-29", "2028-10-17"]),
        ("Mondneujahr", ["2026-02-17", "2027-02-06", "2028-01-26"]),
        ("Vesak", ["2026-05-01", "2027-05-20", "2028-05-09"]),
    ],
)  # fmt: skip
def test_days_are_where_published_calendars_have_them(label, days):
    found = [named(label, int(one[:4])) for one in days]
    assert [str(min(one.starts_on for one in year)) for year in found] == days
    expected = 2 if label == "Vesak" else 1  # two full moons in May 2026
    assert len(found[0]) == expected
    assert [len(year) for year in found[1:]] == [1, 1]


@pytest.mark.parametrize("year", range(2024, 2045))
def test_ramadan_ends_on_the_day_before_its_feast(year):
    """Some years see two (2030), and one may reach over New Year."""
    months = named("Ramadan", year)
    assert months
    for month in months:
        assert (month.ends_on - month.starts_on).days in {28, 29}
        feast = month.ends_on + datetime.timedelta(days=1)
        assert [one.starts_on for one in named("Fest des Fastenb", feast.year)].count(feast) == 1


def test_the_moon_is_mentioned():
    for label in ("Opferfest", "Aschura", "Diwali"):
        assert "Mond" in str(named(label, 2027)[0].note)
    assert "Mond" in str(named("Ramadan", 2027)[0].note)
    assert not named("Çarşema Sor", 2027)[0].note


def test_a_month_sees_what_began_the_year_before():
    found = collisions.religious_days(day(2031, 1, 1), day(2031, 1, 2))
    assert [str(one.label) for one in found] == ["Ramadan"]  # since 26 December 2030


def test_holidays_are_those_of_the_land(monkeypatch):
    def labels(*span):
        return [str(one.label) for one in collisions.public_holidays(*span)]

    assert labels(day(2027, 1, 6), day(2027, 1, 6)) == ["Heilige Drei Könige"]
    assert labels(day(2027, 3, 26), day(2027, 3, 29)) == [
        "Karfreitag",
        "Ostersonntag",
        "Ostermontag",
    ]
    assert labels(day(2027, 12, 24), day(2027, 12, 24)) == ["Heiligabend"]
    monkeypatch.setattr(collisions, "federal_states", [])
    assert labels(day(2027, 1, 6), day(2027, 1, 6)) == []
    assert labels(day(2027, 10, 3), day(2027, 10, 3)) == ["Tag der Deutschen Einheit"]


@pytest.mark.parametrize("state", ["", "BB", "BE", "BY", "HH", "MV", "SN", "TH"])
def test_every_holiday_of_every_land_can_be_translated(monkeypatch, state):
    monkeypatch.setattr(collisions, "federal_states", [lambda: state])
    names = [one.label for one in collisions.public_holidays(day(2026, 1, 1), day(2032, 12, 31))]
    assert names
    untranslated = {name for name in names if isinstance(name, str)}
    assert {name for name in untranslated if "Jahrestag" not in name} == set()


# --- A meeting ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("begin", "end", "is_hit"),
    [
        ((2026, 9, 20, 10), (2026, 9, 20, 12), False),  # the morning before Yom Kippur
        ((2026, 9, 20, 18), (2026, 9, 20, 20), True),  # its evening
        ((2026, 9, 21, 10), (2026, 9, 21, 12), True),
        ((2026, 9, 19, 18), (2026, 9, 20, 0), False),  # until midnight is not the next day
        ((2026, 9, 22, 0), (2026, 9, 22, 9), False),
    ],
)
def test_days_that_begin_in_the_evening(db, begin, end, is_hit):
    found = [str(one.label) for one in collisions.of(moment(*begin), moment(*end))]
    assert ("Jom Kippur" in found) is is_hit


def test_a_meeting_collides_with_others_and_with_school_holidays_but_not_with_itself(db):
    make_school_holiday(starts_on=day(2027, 7, 29), ends_on=day(2027, 9, 11))
    meeting = make_meeting(title="Sommertreffen", starts_at=moment(2027, 8, 2, 18))
    make_meeting(starts_at=moment(2027, 8, 2, 10), state="cancelled")
    make_meeting(starts_at=moment(2027, 8, 3, 0))
    span = (moment(2027, 8, 2, 10), moment(2027, 8, 2, 12))
    assert [(one.kind, one.label) for one in collisions.of(*span)] == [
        ("school", "Sommerferien"),
        ("meeting", "Sommertreffen"),
    ]
    assert [one.kind for one in collisions.of(*span, besides=meeting)] == ["school"]


def test_the_last_minute_of_the_year(db):
    """23:30 on New Year's Eve in Berlin is the day before in UTC's calendar of nobody here."""
    make_meeting(title="Silvester", starts_at=moment(2027, 12, 31, 23, 30))
    found = collisions.between(day(2028, 1, 1), day(2028, 1, 1))
    labels = [str(one.label) for one in found]
    assert labels == ["Chanukka", "Silvester", "Neujahr"]


def test_what_other_apps_know_is_asked(db, monkeypatch):
    campaign = Collision(collisions.CAMPAIGN, "Woche", day(2027, 9, 20), day(2027, 9, 26))
    source = lambda first, last: [campaign] if campaign.touches(first, last) else []  # noqa: E731
    monkeypatch.setattr(collisions, "sources", [*collisions.sources, source])
    found = collisions.of(moment(2027, 9, 22, 18), moment(2027, 9, 22, 20))
    assert [one.kind_in_words for one in found] == ["Aktionszeitraum"]


# --- School holidays ------------------------------------------------------------------------------
def test_school_holidays_are_loaded_once(db):
    assert school_holidays.load() == {"SchoolHoliday": 17}
    assert school_holidays.load() == {}
    found = collisions.school_holidays(day(2027, 3, 25), day(2027, 4, 3))
    assert [one.label for one in found] == ["Osterferien", "Gründonnerstag (schulfrei)"]


def test_the_library_knows_the_same_holidays_and_adds_later_ones(officer):
    """Two sources, the county's own list and the KMK's, say the same of the years both know."""
    school_holidays.load()
    ours = set(school_holidays.SchoolHoliday.objects.values_list("starts_on", "ends_on"))
    theirs = {span[1:] for span in school_holidays.known("BW", 2025)}
    assert ours <= theirs
    today = day(2026, 11, 22)
    added = school_holidays.take_over(state="BW", today=today, by=officer)
    assert added > 3
    assert school_holidays.take_over(state="BW", today=today, by=officer) == 0
    assert min(theirs - ours)[0] < today  # what is over is not added
    assert not school_holidays.SchoolHoliday.objects.filter(ends_on__lt=day(2025, 10, 1)).exists()
