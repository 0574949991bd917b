"""Dates of actions in calendars and in words, read back by an independent parser."""

import datetime
import zoneinfo

import pytest
import vobject
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from actions import ical, profile, words
from actions.models import ActionDate, JointAction
from core.ical import CANCEL
from meetings.services import calendars
from tests.factories import make_joint_action, make_organisation
from tests.meetings.test_calendars import path, titles
from tests.meetings.test_ical import NASTY, check_lines

pytestmark = pytest.mark.django_db

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
FEED = "/kalender/aktionen.ics"


def at(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=BERLIN)


def events(content: bytes | str) -> list:
    text = content.decode() if isinstance(content, bytes) else content
    check_lines(text)
    return getattr(vobject.readOne(text), "vevent_list", [])


# --- Times ----------------------------------------------------------------------------------------
TIMES = [
    # over midnight
    (at(2027, 9, 25, 20), at(2027, 9, 26, 1), "Samstag, 25. September 2027, 20:00–1:00 Uhr"),
    (at(2027, 9, 25, 20), at(2027, 9, 26), "Samstag, 25. September 2027, 20:00–0:00 Uhr"),
    # the same day twice
    (at(2027, 9, 25, 10), at(2027, 9, 25, 12), "Samstag, 25. September 2027, 10:00–12:00 Uhr"),
    # several days
    (
        at(2027, 9, 25, 10),
        at(2027, 10, 3, 18),
        "Samstag, 25. September 2027, 10:00 Uhr, bis Sonntag, 3. Oktober 2027, 18:00 Uhr",
    ),
    (
        at(2027, 9, 25),
        at(2027, 10, 3, 23, 59),
        "Samstag, 25. September 2027 bis Sonntag, 3. Oktober 2027",
    ),
    (at(2027, 9, 25), at(2027, 9, 26), "Samstag, 25. September 2027"),
    # the nights in which the clocks change
    (at(2027, 3, 27, 22), at(2027, 3, 28, 4), "Samstag, 27. März 2027, 22:00–4:00 Uhr"),
    (at(2027, 10, 30, 22), at(2027, 10, 31, 4), "Samstag, 30. Oktober 2027, 22:00–4:00 Uhr"),
]


@pytest.mark.parametrize(("starts_at", "ends_at", "said"), TIMES)
def test_every_kind_of_time(starts_at, ends_at, said: str) -> None:
    action = make_joint_action(state="confirmed", dates=[(starts_at, ends_at)])
    [event] = events(ical.single(action, language="de"))
    assert (event.dtstart.value, event.dtend.value) == (starts_at, ends_at)
    # The parser's own table of zones would hide a wrong hour.
    assert event.dtstart.value.replace(tzinfo=None) == starts_at.replace(tzinfo=None)
    assert event.dtend.value.replace(tzinfo=None) == ends_at.replace(tzinfo=None)
    assert words.when(action.dates.get()) == said


def test_what_lasts_for_days_says_until_when() -> None:
    action = make_joint_action(dates=[(at(2027, 9, 25, 10), at(2027, 10, 3, 18))])
    date = action.dates.get()
    assert words.time_of_day(date) == "ab 10:00 Uhr, bis Sonntag, 3. Oktober 2027, 18:00 Uhr"
    during = at(2027, 9, 27, 12)
    assert words.running(date, during) == "läuft bis Sonntag, 3. Oktober 2027"
    assert words.in_short([date], during) == "läuft bis Sonntag, 3. Oktober 2027"
    assert words.running(date, at(2027, 9, 25, 9)) == ""
    assert words.running(date, at(2027, 10, 3, 18)) == ""


def test_several_dates_are_several_events() -> None:
    days = [
        (at(2027, 9, day, hour), at(2027, 9, day, hour + 2))
        for day in (25, 26)
        for hour in (10, 15)
    ]
    action = make_joint_action(state="confirmed", dates=days, sequence=4)
    ActionDate.objects.filter(pk=action.dates.first().pk).update(note="nur für Frauen")
    found = events(ical.single(action, language="de"))
    assert [event.dtstart.value for event in found] == [start for start, _end in days]
    assert len({event.uid.value for event in found}) == 4
    assert {event.sequence.value for event in found} == {"4"}
    assert "nur für Frauen" in found[0].description.value
    dates = list(action.dates.all())
    assert words.in_short(dates, at(2027, 9, 25, 13)) == (
        "Samstag, 25. September 2027, 15:00–17:00 Uhr, und 2 weitere Termine"
    )


# --- Words ----------------------------------------------------------------------------------------
def test_an_event_property_by_property(settings, organisation) -> None:
    settings.SITE_URL = "https://netz.example.org"
    action = make_joint_action(
        title="Fest",
        slug="fest",
        lead=organisation,
        partners=[make_organisation(name="Pausiert", state="paused")],
        state="confirmed",
        place="Gemeindehaus",
        address="Marktplatz 1",
        entry="frei",
        additional="Bei Regen im Saal.",
        accessibility="yes",
        translations={"en": {"title": "Festival"}},
    )
    [event] = events(ical.single(action, language="de"))
    assert event.uid.value == f"{action.dates.get().uid}@netz.example.org"
    assert event.summary.value == "Fest"
    assert event.location.value == "Gemeindehaus, Marktplatz 1"
    assert event.url.value == "https://netz.example.org/de/aktionen/fest/"
    assert event.status.value == "CONFIRMED"
    assert event.valarm.trigger.value == -datetime.timedelta(days=1)
    text = event.description.value
    for said in ("Wir kochen", "Es laden ein: Haus der Musik e. V.", "Eintritt: frei", "Bei Regen"):
        assert said in text, said
    assert "Pausiert" not in text
    [event] = events(ical.single(action, language="en"))
    assert event.summary.value == "Festival"


def test_no_text_begins_a_line_of_its_own() -> None:
    action = make_joint_action(
        title=NASTY[:110], summary=NASTY, place=NASTY[:150], address=NASTY, state="confirmed"
    )
    [event] = events(ical.single(action, language="de"))
    assert event.summary.value.startswith("Titel ATTENDEE:mailto:boese@example.org BEGIN")
    assert not hasattr(event, "attendee")


def test_who_registers_gets_a_date_and_its_end() -> None:
    action = make_joint_action(state="confirmed", title="Fest", sequence=2)
    date = action.dates.get()
    address = "https://netz.example.org/de/anmeldung/abc/"
    to = {"to": "mina@example.org", "name": "Mina", "language": "de"}
    whole = vobject.readOne(ical.request_text(date, **to, answer_url=address))
    assert whole.method.value == "REQUEST"
    assert address in whole.vevent.description.value
    assert whole.vevent.attendee.value == "mailto:mina@example.org"
    JointAction.objects.filter(pk=action.pk).update(state="cancelled", sequence=3)
    date = ActionDate.objects.get(pk=date.pk)
    ended = vobject.readOne(ical.cancel_text(date, **to))
    assert ended.method.value == CANCEL
    assert (ended.vevent.uid.value, ended.vevent.sequence.value) == (whole.vevent.uid.value, "3")
    assert ended.vevent.status.value == "CANCELLED"


# --- Calendars to subscribe to --------------------------------------------------------------------
def test_the_public_calendar(client: Client, django_assert_max_num_queries) -> None:
    make_joint_action(title="Für alle", state="confirmed")
    make_joint_action(title="Fällt aus", state="cancelled", published_at=timezone.now())
    make_joint_action(title="Geheim")
    long_ago = timezone.now() - datetime.timedelta(days=500)
    make_joint_action(
        title="Früher", state="done", dates=[(long_ago, long_ago + datetime.timedelta(hours=1))]
    )
    response = client.get(FEED)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert sorted(titles(response.content)) == ["Abgesagt: Fällt aus", "Für alle"]
    # A whole programme shall not ring before each of its dates.
    assert b"VALARM" not in response.content
    with django_assert_max_num_queries(1):
        again = client.get(FEED, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("query", "expected"), [("", "Fest"), ("?sprache=en", "Festival"), ("?sprache=xx", "Fest")]
)
def test_it_speaks_the_language_it_was_asked_in(client: Client, query, expected) -> None:
    make_joint_action(title="Fest", state="confirmed", translations={"en": {"title": "Festival"}})
    assert titles(client.get(FEED + query).content) == [expected]


@pytest.mark.parametrize("number", [1, 30])
def test_the_number_of_queries_does_not_grow(number: int, django_assert_num_queries) -> None:
    for _one in range(number):
        make_joint_action(state="confirmed", partners=[make_organisation()])
    with django_assert_num_queries(4):
        ical.feed(profile.for_cards(JointAction.objects.public()), name="Aktionen", language="de")


def test_ones_own_calendar_has_the_actions_one_takes_part_in(
    client: Client, editor, organisation
) -> None:
    calendars.open_feed(user=editor)
    make_joint_action(title="Unseres", lead=organisation)
    make_joint_action(title="Auch unseres", partners=[organisation], state="confirmed")
    make_joint_action(title="Aufgegeben", lead=organisation, state="cancelled")
    make_joint_action(title="Fremdes")
    found = {
        event.summary.value: event.status.value
        for event in events(client.get(path(editor)).content)
    }
    assert found == {"Unseres": "TENTATIVE", "Auch unseres": "CONFIRMED"}
    editor.representations.all().delete()
    assert titles(client.get(path(editor)).content) == []


def test_words_of_days_in_other_languages() -> None:
    with override("en"):
        assert words.days(datetime.date(2027, 9, 25), datetime.date(2027, 9, 25)) == (
            "25 September 2027"
        )
