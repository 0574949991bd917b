"""What a date collides with: holidays, days on which many cannot come, and what is planned already.

Public holidays and the days of most religions come from python-holidays, Easter from dateutil. What
was checked there, and what is our own:

- Islamic days: by the Umm al-Qura calendar. Communities decide by the moon or by another reckoning,
  so each carries `MOON`.
- Jewish days: right, but only their first day is listed; how long they last is said here.
- Diwali: `diwali_date` follows another reckoning than India (19 November for 2025), so
  `diwali_india_date` is asked.
- Vesak: two dates in years with two full moons in May (2026); both are named.
- Newroz is on the 21st of March for Kurds, Nouruz on the 20th or 21st in Iran.
- Its German holidays leave out Easter Sunday, Whit Sunday, Christmas Eve and New Year's Eve.
- Not in it: the fast of Muharram (Alevis, twelve days from the Islamic new year) and Çarşema Sor
  (Yazidis, the first Wednesday of April in the Julian calendar: from the 14th on).

No one is asked or stored who keeps which day.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from dateutil.easter import EASTER_ORTHODOX, easter
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meetings.models import Meeting, SchoolHoliday

Day = datetime.date
ONE = datetime.timedelta(days=1)
EVENING = datetime.time(16)  # a meeting that ends later reaches into the evening

PUBLIC, SCHOOL, RELIGIOUS, MEETING, CAMPAIGN, ACTION = (
    "public", "school", "religious", "meeting", "campaign", "action",
)  # fmt: skip
KINDS: dict[str, str | Promise] = {
    PUBLIC: _("Feiertag"),
    SCHOOL: _("Schulferien"),
    RELIGIOUS: _("Religiöser Tag"),
    MEETING: _("Anderes Treffen"),
    CAMPAIGN: _("Aktionszeitraum"),
    ACTION: _("Gemeinsame Aktion"),
}
MOON = _("Der Tag hängt vom Mond ab und kann sich um einen Tag verschieben.")
EVENING_BEFORE = _("Beginnt schon am Abend davor.")


@dataclass(frozen=True)
class Collision:
    """Something that happens on one day or several.

    :ivar kind: one of KINDS.
    :ivar from_evening: it begins on the evening before `starts_on`.
    :ivar is_heavy: many people cannot come then.
    :ivar url: where one reads more about it.
    """

    kind: str
    label: str | Promise
    starts_on: Day
    ends_on: Day
    note: str | Promise = ""
    from_evening: bool = False
    is_heavy: bool = True
    url: str = ""

    @property
    def kind_in_words(self) -> str:
        return str(KINDS[self.kind])

    @property
    def days(self) -> str:
        """When it is: "Mi, 10. März", or from one day to another."""
        both = dict.fromkeys((self.starts_on, self.ends_on))
        return " – ".join(
            _("%(weekday)s, %(date)s")
            % {"weekday": date_format(day, "D"), "date": date_format(day, "MONTH_DAY_FORMAT")}
            for day in both
        )

    def touches(self, first: Day, last: Day) -> bool:
        """Whether it lies in these days, the evening before included."""
        begin = self.starts_on - ONE if self.from_evening else self.starts_on
        return begin <= last and first <= self.ends_on


Source = Callable[[Day, Day], Iterable[Collision]]
# Each is asked for what lies between two days, both included. A higher app adds its own.
sources: list[Source] = []
# Say which Land the network lies in ("BW"); a higher app knows it.
federal_states: list[Callable[[], str]] = []

# As python-holidays calls them, so that they are said in the reader's language.
GERMAN_HOLIDAYS: dict[str, str | Promise] = {
    "Neujahr": _("Neujahr"),
    "Heilige Drei Könige": _("Heilige Drei Könige"),
    "Frauentag": _("Internationaler Frauentag"),
    "Karfreitag": _("Karfreitag"),
    "Ostersonntag": _("Ostersonntag"),
    "Ostermontag": _("Ostermontag"),
    "Erster Mai": _("Tag der Arbeit (1. Mai)"),
    "Christi Himmelfahrt": _("Christi Himmelfahrt"),
    "Pfingstsonntag": _("Pfingstsonntag"),
    "Pfingstmontag": _("Pfingstmontag"),
    "Fronleichnam": _("Fronleichnam"),
    "Mariä Himmelfahrt": _("Mariä Himmelfahrt"),
    "Weltkindertag": _("Weltkindertag"),
    "Tag der Deutschen Einheit": _("Tag der Deutschen Einheit"),
    "Reformationstag": _("Reformationstag"),
    "Allerheiligen": _("Allerheiligen"),
    "Buß- und Bettag": _("Buß- und Bettag"),
    "Erster Weihnachtstag": _("Erster Weihnachtstag"),
    "Zweiter Weihnachtstag": _("Zweiter Weihnachtstag"),
}


def federal_state() -> str:
    """Return the code of the Land whose holidays count, "" for those of all Germany."""
    return next((state for ask in federal_states if (state := ask())), "")


def between(first: Day, last: Day) -> list[Collision]:
    """Return everything that lies in these days, both included, the first first."""
    found = [one for source in sources for one in source(first, last)]
    return sorted(found, key=lambda one: (one.starts_on, one.ends_on, one.kind, str(one.label)))


def of(
    begin: datetime.datetime, end: datetime.datetime, *, besides: Meeting | None = None
) -> list[Collision]:
    """Return what a meeting at this time collides with, what keeps many people away first.

    What begins on the evening of the last day counts for a meeting that reaches into the evening.

    :param begin: aware, in the meeting's time zone, as is `end`.
    :param besides: the meeting itself, if it is planned already.
    """
    end = max(begin, end - datetime.timedelta(microseconds=1))  # what ends at midnight ends then
    last = end.date()
    found = [
        one for one in between(begin.date(), last) if one.starts_on <= last or end.time() > EVENING
    ]
    if besides is not None and besides.pk:
        own = office_url(besides.pk)
        found = [one for one in found if one.url != own]
    return sorted(found, key=lambda one: not one.is_heavy)


# --- Public holidays and school holidays ----------------------------------------------------------
def public_holidays(first: Day, last: Day) -> Iterator[Collision]:
    """Public holidays of the Land, and the days on which nobody meets although they are none."""
    state = federal_state()
    for year in range(first.year, last.year + 1):
        yield from (one for one in _public(year, state) if one.touches(first, last))


@lru_cache(maxsize=64)
def _public(year: int, state: str) -> tuple[Collision, ...]:
    import holidays  # some megabytes, and asked for by the officer alone

    known = holidays.country_holidays("DE", subdiv=state or None, years=year, language="de")
    named: dict[Day, str | Promise] = {
        day: GERMAN_HOLIDAYS.get(name, name) for day, name in known.items()
    }
    sunday = easter(year)
    for day, name in (
        (sunday, _("Ostersonntag")),
        (sunday + 49 * ONE, _("Pfingstsonntag")),
        (Day(year, 12, 24), _("Heiligabend")),
        (Day(year, 12, 31), _("Silvester")),
    ):
        named.setdefault(day, name)
    return tuple(Collision(PUBLIC, name, day, day) for day, name in sorted(named.items()))


def school_holidays(first: Day, last: Day) -> Iterator[Collision]:
    """School holidays as the office has them."""
    for one in SchoolHoliday.objects.filter(starts_on__lte=last, ends_on__gte=first):
        yield Collision(SCHOOL, one.name, one.starts_on, one.ends_on)


# --- Religious days -------------------------------------------------------------------------------
def religious_days(first: Day, last: Day) -> Iterator[Collision]:
    """Days on which many members of one community or another cannot come."""
    # One year more on both sides: Ramadan or Hanukkah may reach over New Year.
    for year in range(first.year - 1, last.year + 2):
        yield from (one for one in _religious(year) if one.touches(first, last))


@lru_cache(maxsize=64)
def _religious(year: int) -> tuple[Collision, ...]:
    return (*_islamic(year), *_jewish(year), *_christian(year), *_further(year))


def _days(
    label: str | Promise,
    day: Day | None,
    number: int = 1,
    *,
    note: str | Promise = "",
    from_evening: bool = False,
    is_heavy: bool = True,
) -> Iterator[Collision]:
    """A feast of so many days; none where the library does not know the year."""
    if day is not None:
        last = day + (number - 1) * ONE
        yield Collision(
            RELIGIOUS, label, day, last, note, from_evening=from_evening, is_heavy=is_heavy
        )


def _islamic(year: int) -> Iterator[Collision]:
    from holidays.calendars import _IslamicLunar

    calendar = _IslamicLunar()

    def of_year(found: Iterable[tuple[Day, bool]]) -> list[Day]:
        return [day for day, _is_estimated in found if day.year == year]

    # The library may give a neighbouring year's feast as well.
    feasts = sorted(
        day for near in (year, year + 1) for day, _is_estimated in calendar.eid_al_fitr_dates(near)
    )
    for day in of_year(calendar.ramadan_beginning_dates(year)):
        end = next((feast for feast in feasts if feast > day), day + 30 * ONE) - ONE
        note = _(
            "Fastenmonat: Am Abend ist Fastenbrechen (Iftar). Beginn und Ende hängen vom Mond ab "
            "und können sich um einen Tag verschieben."
        )
        yield Collision(RELIGIOUS, _("Ramadan"), day, end, note, from_evening=True)
    for day in of_year(calendar.eid_al_fitr_dates(year)):
        yield from _days(_("Fest des Fastenbrechens (Eid al-Fitr)"), day, 3, note=MOON)
    for day in of_year(calendar.eid_al_adha_dates(year)):
        yield from _days(_("Opferfest (Eid al-Adha)"), day, 4, note=MOON)
    for day in of_year(calendar.ashura_dates(year)):
        yield from _days(_("Aschura"), day, note=MOON, from_evening=True)
    for day in of_year(calendar.mawlid_dates(year)):
        yield from _days(_("Geburtstag des Propheten (Maulid)"), day, note=MOON, is_heavy=False)
    for day in of_year(calendar.hijri_new_year_dates(year)):
        yield from _days(_("Muharrem-Fasten der Aleviten"), day, 12, note=MOON, is_heavy=False)


def _jewish(year: int) -> Iterator[Collision]:
    from holidays.calendars import _HebrewLunisolar

    calendar = _HebrewLunisolar()
    for label, day, number, is_heavy in (
        (_("Pessach"), calendar.passover_date(year), 8, True),
        (_("Schawuot"), calendar.shavuot_date(year), 2, True),
        (_("Rosch ha-Schana (jüdisches Neujahr)"), calendar.rosh_hashanah_date(year), 2, True),
        (_("Jom Kippur"), calendar.yom_kippur_date(year), 1, True),
        (_("Sukkot"), calendar.sukkot_date(year), 9, True),
    ):
        yield from _days(
            label, day, number, note=EVENING_BEFORE, from_evening=True, is_heavy=is_heavy
        )
    # The library gives the one of the year before as well, which may reach over New Year.
    for day in sorted(calendar.hanukkah_date(year)):
        if day.year == year:
            yield from _days(
                _("Chanukka"), day, 8, note=EVENING_BEFORE, from_evening=True, is_heavy=False
            )


def _christian(year: int) -> Iterator[Collision]:
    sunday = easter(year, EASTER_ORTHODOX)
    yield from _days(_("Orthodoxer Karfreitag"), sunday - 2 * ONE)
    yield from _days(_("Orthodoxes Osterfest"), sunday, 2, from_evening=True, note=EVENING_BEFORE)
    yield from _days(_("Orthodoxes Pfingsten"), sunday + 49 * ONE, is_heavy=False)
    yield from _days(
        _("Orthodoxes Weihnachten (auch koptisch, äthiopisch, eritreisch)"),
        Day(year, 1, 7),
        from_evening=True,
        note=EVENING_BEFORE,
    )


def _further(year: int) -> Iterator[Collision]:
    from holidays.calendars import (
        _BuddhistLunisolar,
        _ChineseLunisolar,
        _HinduLunisolar,
        _Persian,
    )

    hindu, buddhist = _HinduLunisolar(), _BuddhistLunisolar()
    nouruz = _Persian().new_year_date(year) or Day(year, 3, 21)
    yield Collision(
        RELIGIOUS,
        _("Newroz / Nouruz"),
        min(nouruz, Day(year, 3, 21)),
        Day(year, 3, 21),
        EVENING_BEFORE,
        from_evening=True,
    )
    red_wednesday = Day(year, 4, 14)
    red_wednesday += (2 - red_wednesday.weekday()) % 7 * ONE
    yield from _days(_("Çarşema Sor (jesidisches Neujahr)"), red_wednesday, from_evening=True)
    yield from _days(_("Diwali"), hindu.diwali_india_date(year)[0], note=MOON)
    yield from _days(_("Holi"), hindu.holi_date(year)[0], note=MOON, is_heavy=False)
    yield from _days(_("Vaisakhi"), hindu.vaisakhi_date(year)[0], is_heavy=False)
    yield from _days(
        _("Geburtstag von Guru Nanak"),
        hindu.guru_nanak_jayanti_date(year)[0],
        note=MOON,
        is_heavy=False,
    )
    vesak = {buddhist.vesak_date(year)[0], buddhist.vesak_may_date(year)[0]} - {None}
    note = _("Je nach Land an einem anderen Vollmond.") if len(vesak) > 1 else MOON
    for day in vesak:
        yield from _days(_("Vesak"), day, note=note)
    new_year = _ChineseLunisolar().lunar_new_year_date(year)[0]
    yield from _days(
        _("Mondneujahr (chinesisch, vietnamesisch, koreanisch)"), new_year, 3, from_evening=True
    )


# --- What is planned ------------------------------------------------------------------------------
def meetings(first: Day, last: Day) -> Iterator[Collision]:
    """Other meetings of the network."""
    zone = timezone.get_default_timezone()
    begin = datetime.datetime.combine(first, datetime.time(), zone)
    end = datetime.datetime.combine(last + ONE, datetime.time(), zone)
    rows = Meeting.objects.exclude(state=Meeting.State.CANCELLED).filter(
        Q(starts_at__lt=end) & Q(ends_at__gt=begin)
    )
    for one in rows.order_by("starts_at", "pk"):
        yield Collision(
            MEETING,
            one.title,
            one.begins.date(),
            one.ends.date(),
            url=office_url(one.pk),
        )


def office_url(pk: int) -> str:
    """Return where the office reads about a meeting."""
    return reverse("admin:meetings_meeting_change", args=[pk])


sources += [public_holidays, school_holidays, religious_days, meetings]
