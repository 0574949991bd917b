"""Calendars as programs read them: feeds, single events, invitations and their ends.

RFC 5545 says what the lines look like, RFC 5546 what an invitation has to carry. The library folds
and escapes; what people typed is made plain before, so that no title begins a line of its own.
What takes place says what it is in a `Happening`; the rest is the same for all of them.
"""

import calendar
import datetime
import functools
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from icalendar import Alarm, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vText
from icalendar.parser import Contentline, Parameters
from icalendar.prop import vCalAddress, vDatetime, vDuration, vRecur, vUTCOffset

from core.mail import validate_recipient
from core.text import clean_text

PRODUCT = "-//Netzwerk migrantischer Organisationen//Portal//DE"
ALARM_BEFORE = datetime.timedelta(days=1)
# How often programs are asked to look again; Google does as it likes.
REFRESH = datetime.timedelta(hours=6)
UTC = "UTC"
REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
# Nobody puts a whole page into a calendar, and phones cut it.
LONGEST_TEXT = 2000
# Beyond these years no rule for the clocks is known, or ever will be.
FIRST_YEAR, LAST_YEAR = 1971, 2099


@dataclass(frozen=True, slots=True)
class Happening:
    """What calendars say of something that takes place, in one language.

    :ivar uid: of `uid`.
    :ivar sequence: counts what calendars have to be told (RFC 5545, 3.8.7.4).
    :ivar begins: in the zone it is said in; so is `ends`.
    :ivar zone: the name of that zone in the IANA database, for example `Europe/Berlin`.
    :ivar url: the full address of its page.
    :ivar modified_at: when what is said here was written.
    :ivar is_tentative: whether the person whose calendar this is may not come.
    :ivar has_alarm: whether calendars remind of it the day before.
    """

    uid: str
    sequence: int
    title: str
    begins: datetime.datetime
    ends: datetime.datetime
    zone: str
    place: str
    url: str
    category: str
    modified_at: datetime.datetime
    description: str = ""
    is_cancelled: bool = False
    is_tentative: bool = False
    has_alarm: bool = True


def uid(own: UUID) -> str:
    """Return what all calendars know something by, for ever (RFC 5545, 3.8.4.7; RFC 7986, 5.3)."""
    return f"{own}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}"


def joined(parts: Iterable[str]) -> str:
    """Return the parts of a description as one text that a calendar can show."""
    text = "\n\n".join(clean_text(part, multiline=True) for part in parts if part.strip())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 2].rstrip() + " …"


def one_line(text: str) -> str:
    """Return a text as it may stand in a title or a place."""
    return clean_text(text, multiline=False)


# --- What goes out by mail ------------------------------------------------------------------------
class Message:
    """An invitation to something, or the end of one, for as many people as there are.

    All but the attendee and the link is the same for everybody and made once.

    :param method: REQUEST, which also tells of changes, or CANCEL (RFC 5546, 3.2.2 and 3.2.5).
    :param ask: the sentence with a person's own link, with `%(address)s` in it.
    """

    def __init__(self, happening: Happening, method: str, *, ask: str) -> None:
        self._ask = ask
        event = _event(happening, stamp=timezone.now())
        if method == REQUEST:
            event.add_component(_alarm(event))
        whole = _calendar([happening], method=method)
        whole.add_component(event)
        text = whole.to_ical().decode()
        # A line may be folded anywhere, so what all descriptions share is folded once, as the end
        # of a line that each begins differently.
        description = happening.description
        plain = vText(f"\n\n{description}").to_ical().decode()
        self._description = [Contentline(f" {plain}").to_ical().decode()] if description else []
        self._title = str(event["SUMMARY"])
        # Properties may stand in any order, so those of one person go to the event's end. It is
        # looked for as a line of its own: a title may contain the same words.
        end = "\r\nBEGIN:VALARM\r\n" if method == REQUEST else "\r\nEND:VEVENT\r\n"
        before, _found, after = text.partition(end)
        self._before, self._after = f"{before}\r\n", end.removeprefix("\r\n") + after

    def text(self, *, to: str, name: str, answer_url: str = "") -> str:
        """Return the calendar object for one person.

        :param to: their e-mail address.
        :param name: may be empty.
        :param answer_url: the full address of their page for answering.
        :raises ValidationError: when `to` is not an address.
        """
        validate_recipient(to)
        # Answers come through the portal's page: no program shall send one by mail.
        parameters = Parameters(
            {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"}
        )
        if plain := _parameter(name):
            parameters["CN"] = plain
        lines = [Contentline.from_parts("ATTENDEE", parameters, vCalAddress(f"mailto:{to}"))]
        words = self._ask % {"address": answer_url} if answer_url else self._title
        lines.append(Contentline.from_parts("DESCRIPTION", Parameters(), vText(words)))
        own = "\r\n".join([*(line.to_ical().decode() for line in lines), *self._description])
        return f"{self._before}{own}\r\n{self._after}"


# --- What is fetched ------------------------------------------------------------------------------
def feed(happenings: Iterable[Happening], *, name: str) -> bytes:
    """Return a calendar to subscribe to; what is cancelled says so.

    :param name: of the calendar, in the reader's language.
    """
    happenings = list(happenings)
    whole = _calendar(happenings, method=PUBLISH)
    name = one_line(name)
    whole.add("name", name)
    whole.add("x-wr-calname", name)
    whole.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    whole.add("x-published-ttl", vDuration(REFRESH))
    return _with_events(whole, happenings)


def file(happenings: Iterable[Happening]) -> bytes:
    """Return a file to take over once; see `feed`."""
    happenings = list(happenings)
    return _with_events(_calendar(happenings, method=PUBLISH), happenings)


def _with_events(whole: Calendar, happenings: Iterable[Happening]) -> bytes:
    end = b"END:VCALENDAR\r\n"
    events = [_published(happening) for happening in happenings]
    return b"".join([whole.to_ical().removesuffix(end), *events, end])


@functools.lru_cache(maxsize=2048)
def _published(happening: Happening) -> bytes:
    """Return an event as it stands in a feed, from memory if nothing about it has changed.

    Everybody's programs ask for the same events several times a day, and writing one takes a
    millisecond.
    """
    event = _event(happening, stamp=happening.modified_at)
    if happening.is_tentative:
        event["STATUS"] = vText("TENTATIVE")
    if happening.description:
        event.add("description", happening.description)
    if happening.has_alarm and not happening.is_cancelled:
        event.add_component(_alarm(event))
    return event.to_ical()


# --- Their parts ----------------------------------------------------------------------------------
def _calendar(happenings: list[Happening], *, method: str) -> Calendar:
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", method)
    years: dict[str, list[int]] = {}
    for happening in happenings:
        used = years.setdefault(happening.zone, [])
        used += [
            min(max(moment.year, FIRST_YEAR), LAST_YEAR)
            for moment in (happening.begins, happening.ends)
        ]
    for name, used in years.items():
        if name != UTC:
            found.add_component(time_zone(name, min(used), max(used)))
    return found


def _event(happening: Happening, *, stamp: datetime.datetime) -> Event:
    event = Event()
    event.add("uid", happening.uid)
    event.add("sequence", happening.sequence)
    for name, moment in (("dtstamp", stamp), ("last-modified", happening.modified_at)):
        event.add(name, moment.astimezone(datetime.UTC).replace(microsecond=0))
    for name, moment in (("DTSTART", happening.begins), ("DTEND", happening.ends)):
        event[name] = _moment(moment.replace(microsecond=0), happening.zone)
    event.add("summary", one_line(happening.title))
    if happening.place:
        event.add("location", happening.place)
    event.add("url", happening.url)
    event.add("status", "CANCELLED" if happening.is_cancelled else "CONFIRMED")
    event.add("categories", [one_line(happening.category)])
    event["ORGANIZER"] = _organiser()
    return event


def _moment(moment: datetime.datetime, zone: str) -> vDatetime:
    if zone == UTC:  # which needs no VTIMEZONE: it is written with a Z
        return vDatetime(moment.astimezone(datetime.UTC))
    # The name as it stands in the VTIMEZONE, whatever the library calls that zone.
    written = vDatetime(moment.replace(tzinfo=None))
    written.params = Parameters({"TZID": zone})
    return written


def _organiser() -> vCalAddress:
    # The address the invitation comes from: programs trust no other.
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    organiser = vCalAddress(f"mailto:{address}")
    if plain := _parameter(name):
        organiser.params["CN"] = plain
    return organiser


def _alarm(event: Event) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", str(event["SUMMARY"]))
    alarm.add("trigger", -ALARM_BEFORE)
    return alarm


def _parameter(text: str) -> str:
    """Return a text that may stand in a parameter, which knows no way to write a quote."""
    return one_line(text).replace('"', "'")


# --- Time zones -----------------------------------------------------------------------------------
class _Change(NamedTuple):
    """When the clocks change: at `moment` in UTC, from one offset to another."""

    moment: datetime.datetime
    before: datetime.timedelta
    after: datetime.timedelta
    is_summer: bool
    name: str

    @property
    def local(self) -> datetime.datetime:
        """What the clocks show when they are put forward or back."""
        return (self.moment + self.before).replace(tzinfo=None)

    @property
    def rule(self) -> dict[str, Any]:
        """The day as it returns every year: the last or nth of a weekday in a month."""
        local = self.local
        last = calendar.monthrange(local.year, local.month)[1]
        nth = -1 if local.day > last - 7 else (local.day - 1) // 7 + 1
        day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[local.weekday()]
        return {"FREQ": "YEARLY", "BYMONTH": local.month, "BYDAY": f"{nth}{day}"}


@functools.lru_cache(maxsize=64)
def time_zone(name: str, first_year: int, last_year: int) -> Timezone:
    """Return a VTIMEZONE that is right in the years given (RFC 5545, 3.6.5).

    Where the clocks change by the same rule every year it is that rule, as Outlook wants it; a list
    of days otherwise.

    :param name: of the IANA database, for example `Europe/Berlin`.
    """
    zone = zoneinfo.ZoneInfo(name)
    # A year before the first, so that one of the changes lies before every event.
    by_year = [_changes(zone, year) for year in range(first_year - 1, last_year + 2)]
    found = Timezone()
    found.add("tzid", name)
    rules = [[(change.rule, change.local.time()) for change in changes] for changes in by_year]
    if all(one == rules[0] for one in rules):
        for change in by_year[0] or [_always(zone, first_year - 1)]:
            part = _part(change)
            if by_year[0]:
                part.add("rrule", vRecur(change.rule))
            found.add_component(part)
        return found
    first = _always(zone, first_year - 1)
    for change in [first, *(one for changes in by_year for one in changes)]:
        found.add_component(_part(change))
    return found


def _part(change: _Change) -> TimezoneStandard | TimezoneDaylight:
    part = TimezoneDaylight() if change.is_summer else TimezoneStandard()
    part.add("dtstart", change.local)
    part.add("tzoffsetfrom", vUTCOffset(change.before))
    part.add("tzoffsetto", vUTCOffset(change.after))
    part.add("tzname", change.name)
    return part


def _always(zone: zoneinfo.ZoneInfo, year: int) -> _Change:
    """What holds from the beginning of a year."""
    moment = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)
    local = moment.astimezone(zone)
    offset = local.utcoffset() or datetime.timedelta(0)
    return _Change(
        moment=moment - offset,
        before=offset,
        after=offset,
        is_summer=bool(local.dst()),
        name=local.tzname() or str(zone),
    )


def _changes(zone: zoneinfo.ZoneInfo, year: int) -> list[_Change]:
    """Return when the clocks change in a year, to the minute."""
    hour = datetime.timedelta(hours=1)
    found = []
    start = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)
    for day in range(366 if calendar.isleap(year) else 365):
        early = start + datetime.timedelta(days=day)
        late = early + 24 * hour
        before, after = (moment.astimezone(zone).utcoffset() for moment in (early, late))
        if before is None or after is None or before == after:
            continue
        low, high = early, late
        while high - low > datetime.timedelta(minutes=1):
            middle = low + (high - low) // 2
            middle = middle.replace(second=0, microsecond=0)
            if middle.astimezone(zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        local = high.astimezone(zone)
        found.append(_Change(high, before, after, bool(local.dst()), local.tzname() or str(zone)))
    return found
