"""Calendar files, read back by a parser that is not the one they were written with."""

import datetime
import re
import zoneinfo
from io import StringIO

import pytest
import vobject
from dateutil import tz
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core.ical import one_line, time_zone
from meetings import ical
from meetings.models import Invitation, Meeting
from tests.factories import make_language, make_meeting

pytestmark = pytest.mark.django_db

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NASTY = "Titel\r\nATTENDEE:mailto:boese@example.org\nBEGIN:VALARM, ; : \\ \"'"


def at(*parts: int, zone: datetime.tzinfo = BERLIN) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=zone)


def request(meeting: Meeting, **changed: str) -> str:
    words = {"to": "mina@example.org", "name": "Mina Öz", "language": "de"} | changed
    return ical.request_text(meeting, **words)


def event_of(text: str | bytes):
    text = text.decode() if isinstance(text, bytes) else text
    return vobject.readOne(text).vevent


def check_lines(text: str) -> None:
    """What RFC 5545, 3.1 asks of every line."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75, line
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line)


# --- An invitation --------------------------------------------------------------------------------
def test_an_invitation_property_by_property(settings) -> None:
    settings.SITE_URL = "https://netz.example.org"
    settings.DEFAULT_FROM_EMAIL = "Netzwerk Musterkreis <netzwerk@example.org>"
    meeting = make_meeting(
        title="Netzwerktreffen im Frühling",
        description="Wir planen das Jahr.",
        slug="fruehling",
        starts_at=at(2027, 3, 20, 9, 30),
        ends_at=at(2027, 3, 20, 13, 30),
        place="Rathaus, Saal 1",
        address="Marktplatz 1, 76437 Musterstadt",
        directions="Bus 231 bis Markt",
        accessibility="yes",
        online_url="https://meet.example.org/x?a=1;b=2,3",
        sequence=3,
        state="invited",
    )
    meeting.interpreters.add(make_language(name="Arabisch"), make_language(name="Türkisch"))
    text = request(meeting, answer_url="https://netz.example.org/de/treffen/antwort/abc/")
    check_lines(text)
    whole = vobject.readOne(text)
    assert (whole.version.value, whole.method.value) == ("2.0", "REQUEST")
    event = whole.vevent
    assert event.uid.value == f"{meeting.uid}@netz.example.org"
    assert event.sequence.value == "3"
    assert event.status.value == "CONFIRMED"
    assert event.summary.value == "Netzwerktreffen im Frühling"
    assert event.location.value == "Rathaus, Saal 1, Marktplatz 1, 76437 Musterstadt"
    assert event.url.value == "https://netz.example.org/de/treffen/fruehling/"
    assert event.organizer.value == "mailto:netzwerk@example.org"
    assert event.organizer.params["CN"] == ["Netzwerk Musterkreis"]
    [attendee] = event.attendee_list
    assert attendee.value == "mailto:mina@example.org"
    assert attendee.params["CN"] == ["Mina Öz"]
    assert attendee.params["RSVP"] == ["FALSE"]
    assert attendee.params["PARTSTAT"] == ["NEEDS-ACTION"]
    assert event.dtstart.value == meeting.starts_at
    assert event.dtend.value == meeting.ends_at
    assert event.dtstart.params["X-VOBJ-ORIGINAL-TZID"] == ["Europe/Berlin"]
    assert event.dtstamp.value.utcoffset() == datetime.timedelta(0)
    assert event.valarm.trigger.value == -datetime.timedelta(days=1)
    assert event.valarm.action.value == "DISPLAY"
    for words in (
        "https://netz.example.org/de/treffen/antwort/abc/",
        "Wir planen das Jahr.",
        "Dolmetschen: Arabisch, Türkisch",
        "Bus 231 bis Markt",
        "Der Ort ist barrierefrei.",
        "https://meet.example.org/x?a=1;b=2,3",
    ):
        assert words in event.description.value


def test_a_cancellation_takes_the_entry_away() -> None:
    meeting = make_meeting(
        title="Treffen", state="cancelled", sequence=4, cancel_reason="Der Saal ist gesperrt."
    )
    text = ical.cancel_text(meeting, to="mina@example.org", name="", language="de")
    check_lines(text)
    whole = vobject.readOne(text)
    assert whole.method.value == "CANCEL"
    event = whole.vevent
    assert (event.status.value, event.sequence.value) == ("CANCELLED", "4")
    assert event.summary.value == "Abgesagt: Treffen"
    assert "Der Saal ist gesperrt." in event.description.value
    assert event.uid.value == ical.uid(meeting)
    assert "CN" not in event.attendee.params
    assert not hasattr(event, "valarm")


def test_one_invitation_for_many_is_each_ones_own(django_assert_num_queries) -> None:
    meeting = make_meeting(place="Rathaus")
    message = ical.Message(meeting, ical.REQUEST, language="de")
    with django_assert_num_queries(0):
        texts = [message.text(to=f"p{n}@example.org", name=f"P {n}") for n in range(3)]
    assert [event_of(text).attendee.value for text in texts] == [
        f"mailto:p{n}@example.org" for n in range(3)
    ]
    assert len({text.count("\r\n") for text in texts}) == 1


@pytest.mark.parametrize("language", ["en", "ar"])
def test_in_the_readers_language(language: str) -> None:
    meeting = make_meeting(title="Deutsch", translations={language: {"title": "Übersetzt"}})
    event = event_of(request(meeting, language=language))
    assert event.summary.value == "Übersetzt"
    assert f"/{language}/" in event.url.value


def test_only_who_is_invited_sees_the_way_in_online() -> None:
    meeting = make_meeting(place="", online_url="https://meet.example.org/geheim")
    assert "geheim" in request(meeting).replace("\r\n ", "")
    text = ical.feed([meeting], name="Treffen", language="de").decode().replace("\r\n ", "")
    assert "geheim" not in text
    assert event_of(text).location.value == "Online"


@pytest.mark.parametrize(
    "address", ["", "a@b@c", "a@example.org\r\nX:1", "a@example.org,b@x.example"]
)
def test_what_is_no_address_gets_no_invitation(address: str) -> None:
    with pytest.raises(ValidationError):
        request(make_meeting(), to=address)


# --- Hostile text ---------------------------------------------------------------------------------
def test_no_text_begins_a_line_of_its_own(settings) -> None:
    settings.DEFAULT_FROM_EMAIL = '"Netz; \\"Werk\\", e.V." <netzwerk@example.org>'
    meeting = make_meeting(
        title=NASTY[:150], description=NASTY, place=NASTY[:150], address=NASTY, directions=NASTY
    )
    for text in (
        request(meeting, name=NASTY),
        ical.feed([meeting], name=NASTY, language="de").decode(),
    ):
        check_lines(text)
        event = event_of(text)
        assert event.organizer.value == "mailto:netzwerk@example.org"
        assert [one.value for one in getattr(event, "attendee_list", [])] in (
            [],
            ["mailto:mina@example.org"],
        )
        assert len(event.valarm_list) == 1
        assert event.summary.value.startswith("Titel ATTENDEE:mailto:boese@example.org BEGIN")


class AnyText(TestCase):
    @settings(deadline=None)
    @given(
        title=st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
        ),
        place=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    )
    def test_is_read_back_as_it_was_written(self, title: str, place: str, name: str) -> None:
        meeting = Meeting(
            pk=1,
            title=title,
            slug="x",
            place=place,
            starts_at=at(2027, 3, 20, 9, 30),
            ends_at=at(2027, 3, 20, 13, 30),
            modified_at=at(2027, 1, 1),
        )
        text = request(meeting, name=name)
        check_lines(text)
        event = event_of(text)
        # The parser strips blanks; `clean_text` has made them single before.
        assert event.summary.value == one_line(title)
        assert getattr(event, "location", None) is None or event.location.value == one_line(place)
        assert event.attendee.value == "mailto:mina@example.org"


# --- A feed ---------------------------------------------------------------------------------------
def test_a_feed_holds_them_all_with_their_zones() -> None:
    make_meeting(title="Hier", starts_at=at(2027, 3, 20, 9, 30), ends_at=at(2027, 3, 20, 13, 30))
    make_meeting(
        title="Dort",
        time_zone="America/New_York",
        starts_at=at(2027, 7, 1, 15, 0),
        ends_at=at(2027, 7, 1, 17, 0),
    )
    make_meeting(
        title="Abgesagt",
        state="cancelled",
        starts_at=at(2027, 8, 1, 15, 0),
        ends_at=at(2027, 8, 1, 17, 0),
    )
    meetings = Meeting.objects.order_by("starts_at").prefetch_related("interpreters")
    text = ical.feed(meetings, name="Treffen – Netz", language="de").decode()
    check_lines(text)
    whole = vobject.readOne(text)
    assert whole.method.value == "PUBLISH"
    assert whole.x_wr_calname.value == "Treffen – Netz"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H" in text
    assert re.findall(r"^TZID:(.*)\r$", text, re.MULTILINE) == ["Europe/Berlin", "America/New_York"]
    here, there, gone = whole.vevent_list
    assert here.dtstart.value == at(2027, 3, 20, 9, 30)
    assert there.dtstart.value.replace(tzinfo=None) == datetime.datetime(2027, 7, 1, 9, 0)
    assert there.dtstart.value == at(2027, 7, 1, 15, 0)
    assert (gone.status.value, gone.summary.value) == ("CANCELLED", "Abgesagt: Abgesagt")
    # RFC 5546, 3.2.1: what is published has no attendees.
    assert "ATTENDEE" not in text


def test_an_empty_feed_is_a_calendar_too() -> None:
    text = ical.feed([], name="Treffen", language="de").decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    check_lines(text)


@pytest.mark.parametrize(
    ("reply", "words", "status"),
    [
        ("yes", "Sie haben zugesagt.", "CONFIRMED"),
        ("later", "Sie haben noch nicht zugesagt.", "TENTATIVE"),
        ("", "Sie haben noch nicht zugesagt.", "TENTATIVE"),
    ],
)
def test_ones_own_calendar_knows_the_answer(reply: str, words: str, status: str) -> None:
    meeting = make_meeting(online_url="https://meet.example.org/drin")
    own = Invitation(meeting=meeting, email="mina@example.org", reply=reply)
    text = ical.feed([meeting], name="Meine", language="de", invitations={meeting.pk: own})
    event = event_of(text)
    assert event.status.value == status
    assert event.description.value.startswith(words)
    assert "https://meet.example.org/drin" in event.description.value


def test_the_same_content_is_the_same_file() -> None:
    make_meeting()
    first, again = (
        ical.feed(Meeting.objects.all(), name="Treffen", language="de") for _twice in range(2)
    )
    assert first == again


# --- Clocks ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "moment",
    [
        (2027, 3, 27, 23, 30),  # the night of the shorter day
        (2027, 3, 28, 1, 59),
        (2027, 3, 28, 3, 0),
        (2027, 10, 31, 1, 30),
        (2027, 10, 31, 3, 0),
        (2027, 12, 31, 23, 0),
        (2028, 2, 29, 0, 0),
        (2026, 1, 1, 0, 0),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_what_the_clock_shows_is_what_the_file_says(moment: tuple[int, ...], zone: str) -> None:
    """Read back through the rules in the file alone, not through the parser's own tables."""
    starts_at = at(*moment, zone=zoneinfo.ZoneInfo(zone)).astimezone(datetime.UTC)
    ends_at = starts_at + datetime.timedelta(hours=4)
    text = request(make_meeting(starts_at=starts_at, ends_at=ends_at, time_zone=zone))
    lines = text.replace("\r\n ", "").split("\r\n")
    rules = tz.tzical(_zone_only(text)).get(zone)
    for name, expected in (("DTSTART", starts_at), ("DTEND", ends_at)):
        [written] = [line for line in lines if line.startswith(f"{name};TZID={zone}:")]
        local = datetime.datetime.strptime(written.rpartition(":")[2], "%Y%m%dT%H%M%S")
        assert local.replace(tzinfo=rules).astimezone(datetime.UTC) == expected, name


def test_the_worlds_own_time_needs_no_rules() -> None:
    text = request(make_meeting(starts_at=at(2027, 5, 1, 9, 0), time_zone="UTC"))
    assert "DTSTART:20270501T070000Z" in text
    assert "VTIMEZONE" not in text


def _zone_only(text: str) -> StringIO:
    start, end = text.index("BEGIN:VTIMEZONE"), text.index("END:VTIMEZONE")
    return StringIO(text[start:end] + "END:VTIMEZONE\r\n")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Africa/Casablanca"])
def test_a_zone_is_right_on_every_day(zone: str) -> None:
    known = zoneinfo.ZoneInfo(zone)
    rules = tz.tzical(StringIO(time_zone(zone, 2026, 2028).to_ical().decode())).get(zone)
    for day in range(3 * 365):
        moment = datetime.datetime(2026, 1, 1, 12) + datetime.timedelta(days=day)
        assert rules.utcoffset(moment) == moment.replace(tzinfo=known).utcoffset(), moment


def test_europes_rule_is_the_one_programs_know() -> None:
    text = time_zone("Europe/Berlin", 2027, 2027).to_ical().decode()
    assert re.findall(r"RRULE:(.*)\r", text) == [
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    ]
    assert "RDATE" not in text


@pytest.mark.parametrize("year", [26, 1950, 2150])
def test_a_year_typed_wrong_breaks_no_calendar(year: int) -> None:
    meeting = make_meeting(
        starts_at=at(year, 5, 1, 9, 0), ends_at=at(year, 5, 1, 12, 0), time_zone="Europe/Berlin"
    )
    assert f"{year:04}0501T" in request(meeting)
