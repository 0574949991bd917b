"""Calendars to subscribe to: what is in them, for whom, and that they can be taken away."""

import datetime
import re

import pytest
import time_machine
import vobject
from django.test import Client
from django.utils import timezone

from meetings import calendars
from meetings.models import CalendarFeed, Meeting
from meetings.services import calendars as services
from tests.factories import make_meeting, make_meeting_invitation, make_user

pytestmark = pytest.mark.django_db

FEED = "/kalender/treffen.ics"
PAGE = "/de/konto/kalender/"


def titles(content: bytes) -> list[str]:
    whole = vobject.readOne(content.decode())
    return [event.summary.value for event in getattr(whole, "vevent_list", [])]


def path(user) -> str:
    address = calendars.own_address(CalendarFeed.objects.get(user=user))
    return re.sub(r"^https?://[^/]+", "", address)


# --- For everybody --------------------------------------------------------------------------------
def test_the_public_calendar(client: Client) -> None:
    make_meeting(title="Für alle", visibility="public", online_url="https://meet.example.org/x")
    make_meeting(title="Abgesagt", visibility="public", state="cancelled")
    make_meeting(title="Für Mitglieder")
    long_ago = timezone.now() - datetime.timedelta(days=500)
    make_meeting(title="Früher", visibility="public", starts_at=long_ago)
    response = client.get(FEED)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert titles(response.content) == ["Für alle", "Abgesagt: Abgesagt"]
    assert b"meet.example.org" not in response.content


def test_it_is_sent_again_only_when_it_has_changed(
    client: Client, django_assert_max_num_queries
) -> None:
    meeting = make_meeting(title="Für alle", visibility="public")
    first = client.get(FEED)
    with django_assert_max_num_queries(1):
        again = client.get(FEED, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    meeting.place = "Anderswo"
    meeting.sequence += 1
    meeting.save()
    changed = client.get(FEED, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert b"Anderswo" in changed.content
    assert b"SEQUENCE:1" in changed.content


@pytest.mark.parametrize(
    ("query", "expected"), [("", "Treffen"), ("?sprache=en", "Meeting"), ("?sprache=xx", "Treffen")]
)
def test_it_speaks_the_language_it_was_asked_in(client: Client, query, expected) -> None:
    make_meeting(title="Treffen", visibility="public", translations={"en": {"title": "Meeting"}})
    assert titles(client.get(FEED + query).content) == [expected]


# --- One's own ------------------------------------------------------------------------------------
def test_ones_own_calendar(client: Client, editor, settings) -> None:
    services.open_feed(user=editor)
    meeting = make_meeting(title="Für Mitglieder", online_url="https://meet.example.org/drin")
    refused = make_meeting(title="Da kann ich nicht")
    make_meeting(title="Noch geheim", visibility="office")
    make_meeting_invitation(meeting=meeting, email=editor.email, reply="yes", people=1)
    make_meeting_invitation(meeting=refused, email=editor.email, reply="no")
    response = client.get(path(editor))
    assert titles(response.content) == ["Für Mitglieder"]
    text = response.content.decode().replace("\r\n ", "")
    assert "Sie haben zugesagt." in text
    assert "https://meet.example.org/drin" in text
    assert response["Cache-Control"] == "private, no-cache"
    again = client.get(path(editor), headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_who_speaks_for_nobody_sees_the_public_ones(client: Client, outsider) -> None:
    services.open_feed(user=outsider)
    make_meeting(title="Für Mitglieder")
    make_meeting(title="Für alle", visibility="public")
    assert titles(client.get(path(outsider)).content) == ["Für alle"]


def test_a_new_address_ends_the_old_one(client: Client, editor) -> None:
    services.open_feed(user=editor)
    services.open_feed(user=editor)
    old = path(editor)
    services.reset(user=editor)
    assert path(editor) != old
    assert client.get(old).status_code == 404
    assert client.get(path(editor)).status_code == 200
    now = path(editor)
    assert services.close(user=editor)
    assert not services.close(user=editor)
    assert client.get(now).status_code == 404


def test_who_is_locked_out_has_no_calendar(client: Client, editor) -> None:
    services.open_feed(user=editor)
    editor.is_active = False
    editor.save()
    assert client.get(path(editor)).status_code == 404


@pytest.mark.parametrize(
    "token", ["1", "1-", "x-y", "-", "1-" + "A" * 43, "9" * 40 + "-x", "²-x", "1-ü"]
)
def test_made_up_addresses_lead_nowhere(client: Client, editor, token: str) -> None:
    services.open_feed(user=editor)
    assert client.get(f"/kalender/{token}.ics").status_code == 404


def test_no_address_fits_another_persons_calendar(client: Client, editor, outsider) -> None:
    mine, theirs = (services.open_feed(user=user) for user in (editor, outsider))
    mixed = path(editor).replace(f"/{mine.pk}-", f"/{theirs.pk}-")
    assert client.get(mixed).status_code == 404


def test_a_changed_key_leaves_addresses_as_they_are(client: Client, editor, settings) -> None:
    services.open_feed(user=editor)
    old = path(editor)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 8
    assert client.get(old).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(old).status_code == 404


def test_the_database_holds_no_address(editor) -> None:
    feed = services.open_feed(user=editor)
    assert feed.salt not in path(editor)


def test_the_number_of_queries_does_not_grow(
    client: Client, editor, django_assert_max_num_queries
) -> None:
    services.open_feed(user=editor)
    make_meeting()
    client.get(path(editor))
    for _more in range(30):
        make_meeting_invitation(meeting=make_meeting(), email=editor.email)
    with django_assert_max_num_queries(8):
        assert len(titles(client.get(path(editor)).content)) == 31


# --- The page about it ----------------------------------------------------------------------------
def test_the_page_gives_and_takes_the_address(client_for, editor) -> None:
    client = client_for(editor)
    html = client.get(PAGE).content.decode()
    assert "Eigene Adresse bekommen" in html
    assert not CalendarFeed.objects.exists()
    client.post(PAGE, {"action": "open"})
    response = client.get(PAGE)
    html = response.content.decode()
    address = calendars.own_address(CalendarFeed.objects.get())
    assert address in html
    assert f'href="webcal://{address.partition("://")[2]}"' in html
    for name in ("Google", "Apple", "Outlook"):
        assert f"</svg>{name}</a>" in html
    assert "no-store" in response["Cache-Control"]
    client.post(PAGE, {"action": "reset"})
    assert address not in client.get(PAGE).content.decode()
    client.post(PAGE, {"action": "unsinn"})
    client.post(PAGE, {"action": "close"})
    assert not CalendarFeed.objects.exists()
    assert PAGE in client.get("/de/konto/").content.decode()


@pytest.mark.parametrize("name", ["Google", "Apple", "Outlook"])
def test_the_ways_into_programs(name: str) -> None:
    address = "https://netz.example.org/kalender/treffen.ics"
    [way] = [way for way in calendars.ways(address) if way.label == name]
    assert way.url.startswith(
        {
            "Google": "https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2Fnetz.example.org",
            "Apple": "webcal://netz.example.org/kalender/treffen.ics",
            "Outlook": "https://outlook.live.com/calendar/0/addfromweb?url=https%3A%2F%2Fnetz",
        }[name]
    )
    assert way.hint


@pytest.mark.parametrize(
    ("now", "count"),
    [("2027-03-28T01:59:59+01:00", 1), ("2028-05-01T12:00:00+02:00", 0)],
)
def test_old_meetings_leave_the_calendar(client: Client, now: str, count: int) -> None:
    starts_at = datetime.datetime(2027, 1, 1, 0, 0, tzinfo=datetime.UTC)
    make_meeting(visibility="public", starts_at=starts_at)
    with time_machine.travel(now, tick=False):
        assert len(titles(client.get(FEED).content)) == count


def test_accounts_without_a_feed_are_no_trouble(client: Client) -> None:
    make_user()
    assert Meeting.objects.count() == 0
    assert titles(client.get(FEED).content) == []
