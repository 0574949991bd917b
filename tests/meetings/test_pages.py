"""The list of meetings and each one's page: what is on them, for whom, in how many queries."""

import datetime
import json
import re

import pytest
import time_machine
import vobject
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from meetings.models import Meeting
from tests.factories import (
    make_agenda_item,
    make_language,
    make_meeting,
    make_meeting_document,
    make_meeting_invitation,
    make_meeting_photo,
    make_organisation,
    make_task,
)

pytestmark = pytest.mark.django_db

LIST = "/de/treffen/"


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def at(*parts: int) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime(*parts))


# --- The list -------------------------------------------------------------------------------------
@pytest.fixture
def three(db) -> None:
    make_meeting(title="Für alle", visibility="public")
    make_meeting(title="Für Mitglieder")
    make_meeting(title="Noch geheim", visibility="office")


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (None, ["Für alle"]),
        ("outsider", ["Für alle"]),
        ("editor", ["Für alle", "Für Mitglieder"]),
        ("officer", ["Für alle", "Für Mitglieder", "Noch geheim"]),
    ],
)
def test_everybody_sees_what_is_for_them(request, client_for, three, who, seen) -> None:
    user = who and request.getfixturevalue(who)
    html = page(client_for(user), LIST)
    titles = [t for t in ("Für alle", "Für Mitglieder", "Noch geheim") if f"<bdi>{t}</bdi>" in html]
    assert titles == seen


@time_machine.travel("2027-01-01T00:30:00+01:00", tick=False)
def test_past_ones_stand_below_by_year(client: Client) -> None:
    for title, start in (
        ("Kommt", at(2027, 1, 1, 9)),
        ("Läuft", at(2026, 12, 31, 23)),
        ("Silvester", at(2026, 12, 31, 18)),
        ("Vorjahr", at(2025, 6, 1, 18)),
    ):
        make_meeting(title=title, starts_at=start, visibility="public")
    html = page(client, LIST)
    ahead, _heading, past = html.partition("Vergangene Treffen")
    assert ahead.index("Läuft") < ahead.index("Kommt")
    assert past.index("Silvester") < past.index("Vorjahr")
    html = page(client, f"{LIST}?jahr=2025")
    assert "Vorjahr" in html
    assert "Silvester" not in html
    for nonsense in ("2024", "abc", "", "9" * 30, "02025" + "9" * 5000, "²"):
        response = client.get(LIST, {"jahr": nonsense})
        assert (response.status_code, response["Location"]) == (302, LIST)


def test_a_cancelled_one_says_so_until_it_is_over(client: Client) -> None:
    make_meeting(title="Fällt aus", visibility="public", state="cancelled")
    html = page(client, LIST)
    assert "Fällt aus" in html
    assert "Abgesagt" in html
    with time_machine.travel(timezone.now() + datetime.timedelta(days=60)):
        assert "Fällt aus" not in page(client, f"{LIST}?neu")


def test_an_empty_list_says_what_would_be_there(client: Client) -> None:
    assert "Zurzeit ist kein öffentliches Treffen geplant." in page(client, LIST)


@pytest.mark.parametrize("who", [None, "editor", "officer"])
def test_the_number_of_queries_does_not_grow(request, client_for, network, who) -> None:
    client = client_for(who and request.getfixturevalue(who))

    def make(number: int) -> None:
        for _count in range(number):
            host = make_organisation()
            meeting = make_meeting(visibility="public", hosts=[host], description="Worum es geht.")
            make_meeting(visibility="public", state="held", hosts=[host])
            for _again in range(3):
                meeting.interpreters.add(make_language())
                make_agenda_item(meeting=meeting)
                make_meeting_document(meeting=meeting, is_public=True)
                make_meeting_photo(meeting=meeting, is_public=True)

    def queries(url: str) -> int:
        client.get(url)
        Meeting.objects.first().save()  # another revision: nothing comes from memory
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len([query for query in captured if "SAVEPOINT" not in query["sql"]])

    make(1)
    detail = Meeting.objects.order_by("pk").first().get_absolute_url()
    one = [queries(LIST), queries(detail)]
    make(29)
    first = Meeting.objects.order_by("pk").first()
    for _more in range(29):
        make_agenda_item(meeting=first)
        make_meeting_document(meeting=first)
        first.hosts.add(make_organisation())
    thirty = [queries(LIST), queries(detail)]
    assert one == thirty
    assert thirty[0] <= 14
    assert thirty[1] <= 32


# --- One meeting ----------------------------------------------------------------------------------
@pytest.fixture
def meeting(organisation) -> Meeting:
    found = make_meeting(
        title="Frühjahrstreffen",
        slug="fruehjahr",
        visibility="public",
        description="Wir planen <b>das</b> Jahr.",
        starts_at=at(2027, 3, 20, 9, 30),
        ends_at=at(2027, 3, 20, 13, 30),
        place="Rathaus, Saal 1",
        address="Marktplatz 1, 76437 Musterstadt",
        directions="Bus 231 bis Markt",
        accessibility="partly",
        accessibility_note="Der Lift ist klein.",
        online_url="https://meet.example.org/geheim",
        hosts=[organisation, make_organisation(name="Pausiert", state="paused")],
    )
    found.interpreters.add(make_language(name="Arabisch", endonym="العربية", code="ar", rtl=True))
    make_agenda_item(meeting=found, title="Wahl des Ortes")
    return found


@pytest.fixture
def url(meeting: Meeting) -> str:
    return meeting.get_absolute_url()


@time_machine.travel("2027-03-01T12:00:00+01:00", tick=False)
def test_everybody_reads_when_and_where(client: Client, url: str) -> None:
    html = page(client, url)
    for words in (
        "Samstag, 20. März 2027, 9:30–13:30 Uhr",
        'datetime="2027-03-20T09:30:00+01:00"',
        "Rathaus, Saal 1",
        "Marktplatz 1, 76437 Musterstadt",
        "https://www.openstreetmap.org/search?query=Marktplatz%201%2C%2076437%20Musterstadt",
        "Bus 231 bis Markt",
        "Der Ort ist teilweise barrierefrei.",
        "Der Lift ist klein.",
        "العربية",
        "Haus der Musik e. V.",
        "Wir planen &lt;b&gt;das&lt;/b&gt; Jahr.",
        "bekommt den Link mit der Einladung",
        f"{url}termin.ics",
    ):
        assert words in html, words
    for hidden in ("Wahl des Ortes", "geheim", "Pausiert", "In der Geschäftsstelle öffnen"):
        assert hidden not in html, hidden


def test_members_read_the_agenda(client_for, url: str, editor) -> None:
    assert "Wahl des Ortes" in page(client_for(editor), url)


def test_only_who_is_invited_sees_the_way_in(client_for, meeting, url, editor, officer) -> None:
    assert "meet.example.org/geheim" not in page(client_for(editor), url)
    make_meeting_invitation(meeting=meeting, email=editor.email)
    assert "meet.example.org/geheim" in page(client_for(editor), url)
    assert "meet.example.org/geheim" in page(client_for(officer), url)


def test_a_cancelled_one_gives_its_reason_to_members(client_for, meeting, url, editor) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(state="cancelled", cancel_reason="Wasser im Saal.")
    for user, is_told in ((None, False), (editor, True)):
        html = page(client_for(user), url)
        assert "Dieses Treffen ist abgesagt." in html
        assert ("Wasser im Saal." in html) == is_told
        assert "termin.ics" not in html


def test_in_the_readers_language_or_marked_as_german(client: Client, meeting, url) -> None:
    meeting.translations = {"en": {"title": "Spring meeting"}}
    meeting.save()
    html = page(client, url.replace("/de/", "/en/"))
    assert "Spring meeting" in html
    assert re.search(r'<div dir="auto" lang="de"><p>Wir planen', html)


def test_what_search_engines_learn(client: Client, meeting, url) -> None:
    [text] = re.findall(r"ld\+json\">(.*?)</script>", page(client, url), re.DOTALL)
    data = json.loads(text)
    assert data["@type"] == "Event"
    assert data["startDate"] == "2027-03-20T09:30+01:00"
    assert data["location"]["name"] == "Rathaus, Saal 1"
    assert data["eventAttendanceMode"].endswith("MixedEventAttendanceMode")
    assert "geheim" not in text
    assert [one["name"] for one in data["organizer"]] == ["Haus der Musik e. V."]


def test_search_engines_learn_nothing_of_members_meetings(client_for, meeting, url, editor) -> None:
    meeting.visibility = "members"
    meeting.save()
    html = page(client_for(editor), url)
    assert "ld+json" not in html
    assert "noindex" in html
    page(client_for(None), url, status=404)


def test_a_change_is_seen_at_once(client: Client, meeting, url) -> None:
    page(client, url)
    for change in ({"place": "Bürgerhaus"}, {"visibility": "members"}):
        for name, value in change.items():
            setattr(meeting, name, value)
        meeting.save()
        status = 404 if "visibility" in change else 200
        html = page(client, url, status=status)
        assert status == 404 or "Bürgerhaus" in html


def test_names_are_hostile_text(client: Client) -> None:
    evil = '</script><script>alert("x")</script>'
    meeting = make_meeting(
        title=evil, slug="boese", visibility="public", description=evil, place=evil, address=evil
    )
    for url in (LIST, meeting.get_absolute_url(), "/de/"):
        assert "<script>alert" not in page(client, url)


# --- What other pages say -------------------------------------------------------------------------
def test_the_home_page_shows_the_next_public_one(client: Client, network) -> None:
    assert "Das nächste Treffen" not in page(client, "/de/")
    make_meeting(title="Geheim")
    late = make_meeting(title="Später", visibility="public")
    late.starts_at += datetime.timedelta(days=9)
    late.ends_at += datetime.timedelta(days=9)
    late.save()
    make_meeting(title="Als Nächstes", visibility="public")
    html = page(client, "/de/")
    assert "Als Nächstes" in html
    assert "Später" not in html
    assert "Geheim" not in html


def test_my_organisations_say_what_is_next(client_for, organisation, editor, outsider) -> None:
    meeting = make_meeting(title="Für Mitglieder")
    make_task(organisation=organisation)
    client = client_for(editor)
    own = reverse("organisations:tasks", args=[organisation.pk])
    for url in (own, reverse("organisations:mine") + "?alle"):
        html = page(client, url)
        assert "<bdi>Für Mitglieder</bdi>" in html
        assert "1 Aufgabe ist noch offen." in html
        assert "Meine Einladungen" not in html
    make_meeting_invitation(meeting=meeting, email=editor.email, user=editor)
    html = page(client, own)
    assert "<bdi>Für Mitglieder</bdi>" not in html
    assert "Meine Einladungen" in html
    html = page(client_for(outsider), reverse("organisations:mine"))
    assert "Für Mitglieder" not in html
    assert "Aufgabe" not in html


def test_the_menu_leads_here(client: Client) -> None:
    assert f'<a href="{LIST}">Treffen</a>' in page(client, "/de/impressum/", 404) + page(
        client, "/de/organisationen/"
    )


def test_the_sitemap_lists_public_ones(client: Client, settings) -> None:
    settings.SITE_URL = "https://netz.example.org"
    make_meeting(slug="offen", visibility="public")
    make_meeting(slug="zu")
    text = page(client, "/sitemap-0.xml")
    assert "https://netz.example.org/ar/treffen/offen/" in text
    assert "/treffen/zu/" not in text


# --- One meeting as a file ------------------------------------------------------------------------
def test_one_meeting_for_the_calendar(client: Client, meeting, url) -> None:
    response = client.get(f"{url}termin.ics")
    assert response["Content-Type"].startswith("text/calendar")
    assert response["Content-Disposition"] == 'attachment; filename="fruehjahr.ics"'
    assert "no-store" in response["Cache-Control"]
    event = vobject.readOne(response.content.decode()).vevent
    assert event.dtstart.value == at(2027, 3, 20, 9, 30)
    assert event.location.value == "Rathaus, Saal 1, Marktplatz 1, 76437 Musterstadt"
    assert b"geheim" not in response.content.replace(b"\r\n ", b"")
