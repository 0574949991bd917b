"""The list of actions and each one's page: what is on them, for whom, in how many queries."""

import datetime
import json
import re

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from actions.models import ActionDate, Campaign, JointAction, Participation
from tests.factories import (
    make_campaign,
    make_joint_action,
    make_language,
    make_municipality,
    make_organisation,
    make_target_group,
)

pytestmark = pytest.mark.django_db

LIST = "/de/aktionen/"


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def at(*parts: int) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime(*parts))


def shown(html: str) -> list[str]:
    """The titles of the cards, from top to bottom."""
    return re.findall(
        r'<h3><a class="card__link" href="/../aktionen/[^"]*"><bdi lang="..">(.*?)</bdi>', html
    )


# --- The list -------------------------------------------------------------------------------------
@pytest.fixture
def year(db) -> None:
    """An autumn with actions of every kind, as seen from the 27th of September 2027."""
    autumn = make_campaign(slug="woche-2027")
    with time_machine.travel("2027-09-27T12:00:00+02:00"):
        for title, *dates in (
            ("Ausstellung", (at(2027, 9, 25, 10), at(2027, 10, 3, 18))),
            ("Morgen", (at(2027, 9, 28, 18), at(2027, 9, 28, 20))),
            (
                "Kurs",
                (at(2027, 9, 20, 18), at(2027, 9, 20, 20)),
                (at(2027, 10, 4, 18), at(2027, 10, 4, 20)),
            ),
            ("Gestern", (at(2027, 9, 26, 18), at(2027, 9, 26, 20))),
        ):
            make_joint_action(title=title, state="confirmed", dates=dates, campaign=autumn)
        make_joint_action(title="Ohne Termin", state="confirmed", dates=[])
        make_joint_action(
            title="Letztes Jahr", state="done", dates=[(at(2026, 9, 1, 9), at(2026, 9, 1, 10))]
        )
        make_joint_action(title="Geheim", dates=[(at(2027, 9, 29, 9), at(2027, 9, 29, 10))])


@time_machine.travel("2027-09-27T12:00:00+02:00", tick=False)
def test_what_comes_next_stands_first(client: Client, year) -> None:
    html = page(client, LIST)
    assert shown(html) == ["Ausstellung", "Morgen", "Kurs", "Ohne Termin"]
    for said in (
        "läuft bis Sonntag, 3. Oktober 2027",
        "Dienstag, 28. September 2027, 18:00–20:00 Uhr",
        "Montag, 4. Oktober 2027, 18:00–20:00 Uhr",
        "Der Termin steht noch nicht fest.",
    ):
        assert said in html, said
    assert shown(page(client, f"{LIST}?zeit=vergangen")) == ["Gestern", "Letztes Jahr"]
    assert "Interkulturelle Woche</bdi> 2027" in html


@time_machine.travel("2027-09-27T12:00:00+02:00", tick=False)
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zeitraum=woche-2027", ["Ausstellung", "Morgen", "Kurs"]),
        ("q=ausstelung", []),
        ("q=AUSSTELLUNG", ["Ausstellung"]),
        ("q=kurs+kochen", ["Kurs"]),
        ("q=%25", ["Ausstellung", "Morgen", "Kurs", "Ohne Termin"]),
        ("q=Geheim", []),
    ],
)
def test_a_search_finds_what_is_public(client: Client, year, query: str, found) -> None:
    assert shown(page(client, f"{LIST}?{query}")) == found


@time_machine.travel("2027-09-27T12:00:00+02:00", tick=False)
def test_a_search_says_what_else_there_is(client: Client, year) -> None:
    html = page(client, f"{LIST}?q=gestern")
    assert "1 vergangene Aktion passt dazu." in html
    assert f"{LIST}?q=gestern&amp;zeit=vergangen" in html


def test_a_search_knows_the_organisations(client: Client, organisation) -> None:
    make_joint_action(title="Unseres", lead=organisation, state="confirmed")
    make_joint_action(title="Ihres", state="confirmed")
    assert shown(page(client, f"{LIST}?q=haus+musik")) == ["Unseres"]


@pytest.mark.parametrize("query", ["q=", "zeit=morgen", "zeitraum=keiner", "zeit=planung", "zeit="])
def test_an_address_that_means_nothing_becomes_a_tidy_one(client: Client, query: str) -> None:
    response = client.get(f"{LIST}?{query}")
    assert (response.status_code, response["Location"]) == (302, LIST)


@pytest.mark.parametrize("query", ["seite=abc", "seite=" + "9" * 30, "q=" + "x" * 5000])
def test_nonsense_is_no_error(client: Client, query: str) -> None:
    assert client.get(f"{LIST}?{query}").status_code in {200, 302}


@pytest.mark.parametrize(
    ("who", "seen"), [(None, False), ("outsider", False), ("editor", True), ("officer", True)]
)
def test_members_see_what_is_being_planned(request, client_for, who, seen: bool) -> None:
    make_joint_action(title="Noch ein Plan")
    make_joint_action(title="Leitung gesucht", state="idea")
    make_joint_action(title="Aufgegeben", state="cancelled")
    client = client_for(who and request.getfixturevalue(who))
    response = client.get(f"{LIST}?zeit=planung")
    if not seen:
        assert response.status_code == 302
        assert "In Planung" not in page(client, LIST)
        return
    assert shown(response.content.decode()) == ["Leitung gesucht", "Noch ein Plan"]


@pytest.mark.parametrize("who", [None, "editor", "officer"])
def test_the_number_of_queries_does_not_grow(request, client_for, network, who) -> None:
    client = client_for(who and request.getfixturevalue(who))

    def make(number: int) -> None:
        for _count in range(number):
            campaign = make_campaign(name=f"Woche {Campaign.objects.count()}")
            action = make_joint_action(
                state="confirmed", partners=[make_organisation()], campaign=campaign
            )
            for _again in range(3):
                action.languages.add(make_language())
                action.target_groups.add(make_target_group())

    def queries(url: str) -> int:
        client.get(url)
        JointAction.objects.first().save()  # another revision: nothing comes from memory
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len([query for query in captured if "SAVEPOINT" not in query["sql"]])

    make(1)
    first = JointAction.objects.order_by("pk").first()
    lead = Participation.objects.get(action=first, role="lead")
    urls = [LIST, first.get_absolute_url(), "/de/", lead.organisation.get_absolute_url()]
    one = [queries(url) for url in urls]
    make(29)
    for day in range(50):
        begins = timezone.now() + datetime.timedelta(days=day, hours=1)
        ActionDate.objects.create(
            action=first, starts_at=begins, ends_at=begins + datetime.timedelta(hours=1)
        )
    assert [queries(url) for url in urls] == one
    assert one[0] <= 16
    assert one[1] <= 24


# --- One action -----------------------------------------------------------------------------------
@pytest.fixture
def action(organisation) -> JointAction:
    found = make_joint_action(
        title="Fest der Nachbarschaft",
        slug="fest",
        lead=organisation,
        partners=[
            make_organisation(name="Club der Nachbarn"),
            make_organisation(name="Pausiert", state="paused"),
        ],
        state="confirmed",
        description="Wir <b>feiern</b>.",
        entry="frei, ohne Anmeldung",
        additional="Bei Regen im Saal.",
        link="https://www.example.org/fest",
        municipality=make_municipality(name="Musterstadt"),
        accessibility="partly",
        accessibility_note="Der Lift ist klein.",
        contact_phone="+497222381000",
        campaign=make_campaign(slug="woche"),
        dates=[
            (at(2027, 9, 25, 15), at(2027, 9, 25, 18)),
            (at(2027, 9, 25, 20), at(2027, 9, 26, 1)),
            (at(2027, 9, 30, 10), at(2027, 10, 2, 18)),
        ],
    )
    found.languages.add(make_language(name="Arabisch", endonym="العربية", code="ar", rtl=True))
    found.target_groups.add(make_target_group(name="Familien"))
    return found


@pytest.fixture
def url(action: JointAction) -> str:
    return action.get_absolute_url()


@time_machine.travel("2027-09-01T12:00:00+02:00", tick=False)
def test_everybody_reads_all_there_is_to_know(client: Client, url: str) -> None:
    html = page(client, url)
    for words in (
        "<strong>Samstag, 25. September 2027</strong>",
        "15:00–18:00 Uhr",
        "20:00–1:00 Uhr",
        'datetime="2027-09-25T20:00+02:00"',
        "ab 10:00 Uhr, bis Samstag, 2. Oktober 2027, 18:00 Uhr",
        "Gemeindehaus",
        "https://www.openstreetmap.org/search?query=Marktplatz+1%2C+Musterstadt",
        "Der Ort ist teilweise barrierefrei.",
        "Der Lift ist klein.",
        "frei, ohne Anmeldung",
        "Bei Regen im Saal.",
        "example.org/fest</bdi>",
        "Mina Leitung",
        "07222 381000",
        "العربية",
        "Familien",
        "Haus der Musik e. V.",
        "Club der Nachbarn",
        "Wir &lt;b&gt;feiern&lt;/b&gt;.",
        f"{url}termin.ics",
        "/de/programm/woche/",
    ):
        assert words in html, words
    assert html.count("Samstag, 25. September 2027</strong>") == 1
    for hidden in ("Pausiert", "In der Geschäftsstelle öffnen", "mitmachen</a>"):
        assert hidden not in html, hidden


def test_many_dates_are_folded_away(client: Client, action, url) -> None:
    for day in range(1, 29):
        ActionDate.objects.create(
            action=action, starts_at=at(2027, 8, day, 18), ends_at=at(2027, 8, day, 20)
        )
    with time_machine.travel("2027-08-10T12:00:00+02:00", tick=False):
        html = page(client, url)
    assert "14 weitere Termine" in html
    assert "9 Termine sind vorbei" in html


def test_in_the_readers_language_or_marked_as_german(client: Client, action, url) -> None:
    action.translations = {"en": {"title": "Street party"}}
    action.save()
    html = page(client, url.replace("/de/", "/en/"))
    assert '<h1><bdi lang="en">Street party</bdi></h1>' in html
    assert '<div dir="auto" lang="de"><p>Wir' in html
    assert '<bdi lang="en">Street party</bdi>' in page(client, LIST.replace("/de/", "/en/"))
    arabic = page(client, url.replace("/de/", "/ar/"))
    assert '<h1><bdi lang="de">Fest der Nachbarschaft</bdi></h1>' in arabic


@time_machine.travel("2027-09-01T12:00:00+02:00", tick=False)
def test_what_search_engines_learn(client: Client, action, url) -> None:
    html = page(client, url)
    [text] = re.findall(r"ld\+json\">(.*?)</script>", html, re.DOTALL)
    events = json.loads(text)["@graph"]
    assert [event["startDate"] for event in events] == [
        "2027-09-25T15:00+02:00",
        "2027-09-25T20:00+02:00",
        "2027-09-30T10:00+02:00",
    ]
    assert {event["@type"] for event in events} == {"Event"}
    assert events[0]["location"]["address"]["addressLocality"] == "Musterstadt"
    assert [one["name"] for one in events[0]["organizer"]] == [
        "Haus der Musik e. V.",
        "Club der Nachbarn",
    ]
    [image] = re.findall(r'og:image" content="http://localhost:8000(.*?)"', html)
    response = client.get(image)
    assert response["Content-Type"] == "image/png"
    again = client.get(image, headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304


def test_a_cancelled_one_says_so_and_why(client: Client, action, url) -> None:
    action.state, action.cancel_reason = "cancelled", "Es regnet."
    action.save()
    html = page(client, url)
    assert "Diese Aktion ist abgesagt." in html
    assert "Es regnet." in html
    assert "termin.ics" not in html
    assert "EventCancelled" in html


def test_names_are_hostile_text(client: Client, network) -> None:
    evil = '</script><script>alert("x")</script>'
    organisation = make_organisation(name=evil)
    campaign = make_campaign(name=evil, motto=evil)
    action = make_joint_action(
        title=evil, slug="boese", state="confirmed", summary=evil, place=evil, address=evil,
        lead=organisation, campaign=campaign, entry=evil, contact_phone=evil[:40],
    )  # fmt: skip
    ActionDate.objects.update(note=evil)
    for url in (LIST, action.get_absolute_url(), organisation.get_absolute_url(), "/de/"):
        assert "<script>alert" not in page(client, url)


def test_the_menu_leads_here(client: Client) -> None:
    assert f'<a href="{LIST}">Aktionen</a>' in page(client, "/de/organisationen/")


@time_machine.travel("2027-09-01T12:00:00+02:00", tick=False)
def test_other_pages_tell_of_it(client: Client, network, action, organisation) -> None:
    make_joint_action(title="Plan", lead=organisation)
    past = make_joint_action(
        title="War schön", lead=organisation, state="done",
        dates=[(at(2027, 5, 1, 15), at(2027, 5, 1, 18))],
    )  # fmt: skip
    home = page(client, "/de/")
    assert shown(home)[0] == "Fest der Nachbarschaft"
    assert "25. September 2027 bis 3. Oktober 2027" in home
    own = page(client, organisation.get_absolute_url())
    assert shown(own) == ["Fest der Nachbarschaft"]
    assert past.get_absolute_url() in own
    assert "Plan<" not in home + own
    assert "Gemeinsame Aktionen</h2>" not in page(client, make_organisation().get_absolute_url())
