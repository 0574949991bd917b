"""Meetings as calendar programs read them: feeds, single events, invitations and their ends.

RFC 5545 says what the lines look like, RFC 5546 what an invitation has to carry. The library folds
and escapes; what people typed is made plain before, so that no title begins a line of its own.
"""

import calendar
import datetime
import functools
import zoneinfo
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vText
from icalendar.parser import Contentline, Parameters
from icalendar.prop import vCalAddress, vDatetime, vDuration, vRecur, vUTCOffset

from core import revision
from core.addresses import site_url
from core.mail import validate_recipient
from core.text import clean_text
from meetings.models import Invitation, Meeting

PRODUCT = "-//Netzwerk migrantischer Organisationen//Treffen//DE"
ALARM_BEFORE = datetime.timedelta(days=1)
# How often programs are asked to look again; Google does as it likes.
REFRESH = datetime.timedelta(hours=6)
UTC = "UTC"
REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
# Nobody puts a whole page into a calendar, and phones cut it.
LONGEST_TEXT = 2000
# Beyond these years no rule for the clocks is known, or ever will be.
FIRST_YEAR, LAST_YEAR = 1971, 2099


# --- What goes out by mail ------------------------------------------------------------------------
class Message:
    """An invitation to a meeting, or the end of one, for as many people as there are.

    All but the attendee and the link is the same for everybody and made once; nothing is asked of
    the database afterwards.

    :param method: REQUEST, which also tells of changes, or CANCEL (RFC 5546, 3.2.2 and 3.2.5).
    """

    def __init__(self, meeting: Meeting, method: str, *, language: str) -> None:
        with translation.override(language):
            description = describe(meeting, with_link=True)
            self._ask = _("Antworten Sie hier: %(address)s")
            event = _event(meeting, language, stamp=timezone.now(), with_link=True)
            if method == REQUEST:
                event.add_component(_alarm(event))
        whole = _calendar([meeting], method=method)
        whole.add_component(event)
        text = whole.to_ical().decode()
        # A line may be folded anywhere, so what all descriptions share is folded once, as the end
        # of a line that each begins differently.
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


def request_text(
    meeting: Meeting, *, to: str, name: str, language: str, answer_url: str = ""
) -> str:
    """Return an invitation to a meeting, or what is new about it; see `Message`."""
    return Message(meeting, REQUEST, language=language).text(
        to=to, name=name, answer_url=answer_url
    )


def cancel_text(meeting: Meeting, *, to: str, name: str, language: str) -> str:
    """Return what takes a meeting out of somebody's calendar; see `Message`."""
    return Message(meeting, CANCEL, language=language).text(to=to, name=name)


# --- What is fetched ------------------------------------------------------------------------------
def feed(
    meetings: Iterable[Meeting],
    *,
    name: str,
    language: str,
    invitations: Mapping[int, Invitation] | None = None,
) -> bytes:
    """Return meetings as a calendar to subscribe to; those that are cancelled say so.

    :param meetings: with `interpreters` prefetched.
    :param name: of the calendar, in that language.
    :param invitations: those of the person whose calendar this is, by the meeting's key; they see
        the online link and their answer.
    """
    meetings = list(meetings)
    whole = _calendar(meetings, method=PUBLISH)
    name = _line(name)
    whole.add("name", name)
    whole.add("x-wr-calname", name)
    whole.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    whole.add("x-published-ttl", vDuration(REFRESH))
    return _with_events(whole, meetings, language, invitations or {})


def single(meeting: Meeting, *, language: str, invitation: Invitation | None = None) -> bytes:
    """Return one meeting as a file to take over; see `feed`."""
    whole = _calendar([meeting], method=PUBLISH)
    return _with_events(whole, [meeting], language, {meeting.pk: invitation} if invitation else {})


def _with_events(
    whole: Calendar,
    meetings: Iterable[Meeting],
    language: str,
    invitations: Mapping[int, Invitation],
) -> bytes:
    end = b"END:VCALENDAR\r\n"
    number = revision.current()
    events = [
        _published(
            meeting,
            language,
            _answer(invitations.get(meeting.pk)),
            # What a kept event was made from; one of these changes with everything it says.
            (number, meeting.modified_at, meeting.sequence, meeting.state),
        )
        for meeting in meetings
    ]
    return b"".join([whole.to_ical().removesuffix(end), *events, end])


def _answer(invitation: Invitation | None) -> str | None:
    if invitation is None:
        return None
    return "waiting" if invitation.waiting_since else invitation.reply


@functools.lru_cache(maxsize=512)
def _published(meeting: Meeting, language: str, answer: str | None, made_from: object) -> bytes:
    """Return an event as it stands in a feed, from memory if nothing about it has changed.

    Everybody's programs ask for the same events several times a day, and writing one takes a
    millisecond.

    :param answer: of the person whose calendar this is, or None for who is not invited.
    """
    is_invited = answer is not None
    with translation.override(language):
        event = _event(meeting, language, stamp=meeting.modified_at, with_link=is_invited)
        words = describe(meeting, with_link=is_invited)
        if answer is not None and not meeting.is_cancelled:
            words = f"{_own_answer(answer)}\n\n{words}".strip()
            if answer != Invitation.Reply.YES:
                event["STATUS"] = vText("TENTATIVE")
        if words:
            event.add("description", words)
        if not meeting.is_cancelled:
            event.add_component(_alarm(event))
        return event.to_ical()


def describe(meeting: Meeting, *, with_link: bool) -> str:
    """Return what a calendar says about a meeting besides time and place, in the active language.

    :param with_link: also the way in online, which only those see who are invited.
    """
    parts = [meeting.translated("description")]
    if interpreters := [str(language) for language in meeting.interpreters.all()]:
        parts.append(_("Dolmetschen: %(languages)s") % {"languages": ", ".join(interpreters)})
    if meeting.place and meeting.accessibility != Meeting.Accessibility.UNKNOWN:
        parts.append(
            _("Der Ort ist %(how)s.") % {"how": meeting.get_accessibility_display()}
            + (f" {meeting.accessibility_note}" if meeting.accessibility_note else "")
        )
    if meeting.place and meeting.directions:
        parts.append(_("So kommen Sie hin: %(words)s") % {"words": meeting.directions})
    if meeting.online_url:
        if with_link:
            parts.append(_("Online: %(address)s") % {"address": meeting.online_url})
        parts.append(meeting.online_note)
    if meeting.is_cancelled:
        parts = [_("Das Treffen ist abgesagt."), meeting.cancel_reason if with_link else ""]
    text = "\n\n".join(clean_text(part, multiline=True) for part in parts if part.strip())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 2].rstrip() + " …"


def page_address(meeting: Meeting, language: str) -> str:
    """Return the full address of a meeting's page."""
    return site_url(meeting.get_absolute_url(), language)


# --- Its parts ------------------------------------------------------------------------------------
def _calendar(meetings: list[Meeting], *, method: str) -> Calendar:
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", method)
    years: dict[str, list[int]] = {}
    for meeting in meetings:
        used = years.setdefault(str(meeting.zone), [])
        used += [
            min(max(moment.year, FIRST_YEAR), LAST_YEAR)
            for moment in (meeting.begins, meeting.ends)
        ]
    for name, used in years.items():
        if name != UTC:
            found.add_component(time_zone(name, min(used), max(used)))
    return found


def _event(meeting: Meeting, language: str, *, stamp: datetime.datetime, with_link: bool) -> Event:
    title = meeting.translated("title")
    if meeting.is_cancelled:
        title = _("Abgesagt: %(title)s") % {"title": title}
    event = Event()
    event.add("uid", uid(meeting))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", stamp.astimezone(datetime.UTC).replace(microsecond=0))
    event.add("last-modified", meeting.modified_at.astimezone(datetime.UTC).replace(microsecond=0))
    for name, moment in (("DTSTART", meeting.begins), ("DTEND", meeting.ends)):
        event[name] = _moment(moment.replace(microsecond=0), str(meeting.zone))
    event.add("summary", _line(title))
    if place := _place(meeting, with_link=with_link):
        event.add("location", place)
    event.add("url", page_address(meeting, language))
    event.add("status", "CANCELLED" if meeting.is_cancelled else "CONFIRMED")
    event.add("categories", [_line(meeting.get_kind_display())])
    event["ORGANIZER"] = _organiser()
    return event


def _moment(moment: datetime.datetime, zone: str) -> vDatetime:
    if zone == UTC:  # which needs no VTIMEZONE: it is written with a Z
        return vDatetime(moment.astimezone(datetime.UTC))
    # The name as it stands in the VTIMEZONE, whatever the library calls that zone.
    written = vDatetime(moment.replace(tzinfo=None))
    written.params = Parameters({"TZID": zone})
    return written


def _place(meeting: Meeting, *, with_link: bool) -> str:
    parts = [meeting.place, meeting.address if meeting.place else ""]
    if meeting.online_url and not meeting.place:
        parts = [meeting.online_url if with_link else _("Online")]
    return ", ".join(_line(part) for part in parts if part.strip())


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


def _own_answer(answer: str) -> str:
    if answer == "waiting":
        return _("Sie stehen auf der Warteliste.")
    if answer == Invitation.Reply.YES:
        return _("Sie haben zugesagt.")
    return _("Sie haben noch nicht zugesagt.")


def uid(meeting: Meeting) -> str:
    """Return what all calendars know a meeting by, for ever (RFC 5545, 3.8.4.7; RFC 7986, 5.3)."""
    return f"{meeting.uid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}"


def _line(text: str) -> str:
    return clean_text(text, multiline=False)


def _parameter(text: str) -> str:
    """Return a text that may stand in a parameter, which knows no way to write a quote."""
    return _line(text).replace('"', "'")


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
