"""A campaign's programme: its days, filters, paper, files; read back as others would."""

import csv
import datetime
import io
import json
import re

import pytest
from django.conf import settings
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from actions import programme as programmes
from actions.forms.programme import PER_PAGE, Section, pages
from actions.models import ActionDate, Campaign, JointAction
from actions.programme import Programme, days_of
from core import revision, spreadsheets
from core.spreadsheets import writing
from organisations.models import Organisation
from tests.factories import (
    make_campaign,
    make_joint_action,
    make_language,
    make_municipality,
    make_organisation,
    make_target_group,
)

pytestmark = pytest.mark.django_db

FILES = ("programme_ics", "programme_csv", "programme_xlsx", "programme_json")
PAGES = ("actions:programme", "actions:programme_print")


def at(text: str) -> datetime.datetime:
    """A moment on the clocks of the portal: "25.09. 15:00" in the campaign's year."""
    moment = datetime.datetime.strptime(f"2027 {text}", "%Y %d.%m. %H:%M")
    return timezone.make_aware(moment)


@pytest.fixture
def campaign(network) -> Campaign:
    return make_campaign(slug="woche", motto="Zusammen leben")


def body(answer) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.headers["Content-Type"] == writing.XLSX:
        return repr(spreadsheets.read(ContentFile(content, "programm.xlsx")))
    return content.decode("utf-8-sig")


# --- Days -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        ("25.09. 15:00", "25.09. 18:00", ["25.09."]),
        # A feast belongs to the evening on which it begins, also where it ends at night.
        ("25.09. 20:00", "26.09. 02:00", ["25.09."]),
        ("25.09. 20:00", "26.09. 00:00", ["25.09."]),
        # Several days, on each of them; only those of the campaign where it reaches beyond.
        ("26.09. 10:00", "28.09. 18:00", ["26.09.", "27.09.", "28.09."]),
        ("01.09. 10:00", "26.09. 18:00", ["25.09.", "26.09."]),
        ("02.10. 10:00", "31.12. 18:00", ["02.10.", "03.10."]),
        # Outside of it: warned of, allowed, shown where it begins.
        ("10.10. 10:00", "12.10. 18:00", ["10.10."]),
        # The night in which the clocks go back.
        ("30.10. 22:00", "31.10. 02:30", ["30.10."]),
    ],
)
def test_a_date_is_shown_on_its_days(campaign, starts, ends, days):
    date = ActionDate(starts_at=at(starts), ends_at=at(ends))
    assert [f"{day:%d.%m.}" for day in days_of(date, campaign)] == days


def test_by_day_what_runs_is_named_again_and_only_what_is_confirmed(campaign, client):
    lead = make_organisation(name="Chor der Nationen")
    paused = make_organisation(name="Ruhender Verein")
    make_joint_action(
        title="Ausstellung Heimat", campaign=campaign, state="confirmed", lead=lead,
        partners=[paused], dates=[(at("26.09. 10:00"), at("28.09. 18:00"))],
    )  # fmt: skip
    make_joint_action(
        title="Abgesagtes Fest", campaign=campaign, state="cancelled", lead=lead,
        published_at=timezone.now(), dates=[(at("27.09. 15:00"), at("27.09. 18:00"))],
    )  # fmt: skip
    make_joint_action(title="Noch ein Plan", campaign=campaign, lead=lead)
    make_joint_action(title="Anderswo", state="confirmed", lead=lead)
    Organisation.objects.filter(pk=paused.pk).update(state="paused")
    revision.bump()

    page = client.get(campaign.get_absolute_url()).content.decode()
    assert page.count("Ausstellung Heimat") == 3
    assert "ab 10:00 Uhr, bis Dienstag, 28. September 2027" in page
    assert page.count("läuft bis Dienstag, 28. September 2027") == 2
    assert "Abgesagtes Fest" in page
    assert "Abgesagt" in page
    assert "Chor der Nationen" in page
    for absent in ("Noch ein Plan", "Anderswo", "Ruhender Verein"):
        assert absent not in page
    one_day = client.get(campaign.get_absolute_url(), {"tag": "2027-09-28"}).content.decode()
    assert "Ausstellung Heimat" in one_day
    assert "Abgesagtes Fest" not in one_day


def test_what_is_taken_back_is_gone_from_everything_at_once(campaign, client, manager):
    action = make_joint_action(title="Sommerfest am Fluss", campaign=campaign, state="confirmed")
    addresses = [reverse(name, args=["woche"]) for name in (*PAGES, *FILES)]
    for address in addresses:
        assert "Sommerfest am Fluss" in body(client.get(address)), address
    action.published_at = None
    action.state = JointAction.State.PLANNING
    action.save()
    for address in addresses:
        answer = client.get(address)
        assert "Sommerfest" not in body(answer), address


def test_a_programme_for_members_does_not_exist_for_others(campaign, client_for, outsider, editor):
    campaign.is_public = False
    campaign.save()
    make_joint_action(title="Probe", campaign=campaign, state="confirmed")
    for name in (*PAGES, *FILES):
        address = reverse(name, args=["woche"])
        for person in (None, outsider):
            assert client_for(person).get(address).status_code == 404, address
        answer = client_for(editor).get(address)
        assert "Probe" in body(answer)
        assert "public" not in answer.headers["Cache-Control"]
        assert "Access-Control-Allow-Origin" not in answer.headers


# --- Filters --------------------------------------------------------------------------------------
@pytest.fixture
def varied(campaign) -> None:
    town, village = make_municipality(name="Altstadt"), make_municipality(name="Bergdorf")
    turkish, families = make_language(name="Türkisch"), make_target_group(name="Familien")
    for title, place, category in (
        ("Tanz im Hof", town, "music"),
        ("Lesung am Abend", village, "reading"),
        ("Musik ohne Ort", None, "music"),
    ):
        action = make_joint_action(
            title=title, campaign=campaign, state="confirmed", municipality=place,
            category=category, dates=[(at("26.09. 15:00"), at("26.09. 17:00"))],
        )  # fmt: skip
        if place == town:
            action.languages.add(turkish)
            action.target_groups.add(families)
    make_joint_action(title="Ohne Termin", campaign=campaign, state="confirmed", dates=[])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Tanz im Hof", "Lesung am Abend", "Musik ohne Ort", "Ohne Termin"}),
        ("ort=altstadt", {"Tanz im Hof"}),
        ("ort=altstadt&ort=bergdorf", {"Tanz im Hof", "Lesung am Abend"}),
        ("art=music", {"Tanz im Hof", "Musik ohne Ort"}),
        ("art=music&ort=altstadt", {"Tanz im Hof"}),
        ("tag=2027-09-26", {"Tanz im Hof", "Lesung am Abend", "Musik ohne Ort"}),
        ("tag=2027-09-27", set()),
        ("zielgruppe={target_group}", {"Tanz im Hof"}),
        ("sprache={language}", {"Tanz im Hof"}),
        ("nach=ort", {"Tanz im Hof", "Lesung am Abend", "Musik ohne Ort", "Ohne Termin"}),
    ],
)
def test_filters_stand_in_the_address(varied, campaign, client, query, shown):
    action = JointAction.objects.get(title="Tanz im Hof")
    municipality = {"altstadt": action.municipality.slug}
    other = JointAction.objects.get(title="Lesung am Abend").municipality.slug
    query = (
        query.format(
            language=action.languages.get().slug, target_group=action.target_groups.get().slug
        )
        .replace("altstadt", municipality["altstadt"])
        .replace("bergdorf", other)
    )
    titles = ("Tanz im Hof", "Lesung am Abend", "Musik ohne Ort", "Ohne Termin")
    for name in PAGES:
        page = client.get(f"{reverse(name, args=['woche'])}?{query}").content.decode()
        assert {title for title in titles if title in page} == shown


@pytest.mark.parametrize(
    "query", ["ort=atlantis", "tag=gestern", "sprache=%F0", "art=x&zielgruppe=9", "seite=²"]
)
def test_what_makes_no_sense_is_left_out(varied, campaign, client, query):
    answer = client.get(f"{campaign.get_absolute_url()}?{query}")
    assert answer.status_code == 200
    assert "Tanz im Hof" in answer.content.decode()


def test_empty_fields_of_the_form_leave_the_address(varied, campaign, client):
    answer = client.get(campaign.get_absolute_url(), {"tag": "", "art": "music"})
    assert answer.headers["Location"] == f"{campaign.get_absolute_url()}?art=music"


def test_whole_days_fill_a_page_and_only_a_long_one_is_divided(varied, campaign):
    slot = programmes.of(campaign).slots[0]
    days = [datetime.date(2027, 9, 25) + datetime.timedelta(days=n) for n in range(3)]
    sections = [
        Section(day, None, [slot] * number)
        for day, number in zip(days, (PER_PAGE - 5, 10, 2 * PER_PAGE + 1), strict=True)
    ]
    found = [[(one.day, len(one.slots), one.goes_on) for one in page] for page in pages(sections)]
    assert found == [
        [(days[0], PER_PAGE - 5, False)],
        [(days[1], 10, False)],
        [(days[2], PER_PAGE, False)],
        [(days[2], PER_PAGE, True)],
        [(days[2], 1, True)],
    ]


# --- Queries --------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 30])
@pytest.mark.parametrize("name", [*PAGES, "programme_json"])
def test_eight_queries_at_most(campaign, client, django_assert_max_num_queries, number, name):
    partner = make_organisation()
    for index in range(number):
        action = make_joint_action(
            campaign=campaign, state="confirmed", partners=[partner],
            municipality=make_municipality(name=f"Ort {index}"),
        )  # fmt: skip
        action.languages.add(make_language(name=f"Sprache {index}", code=f"x-{index}"))
    caches["pages"].clear()
    revision.forget()
    programmes._kept.clear()
    with django_assert_max_num_queries(8):
        assert client.get(reverse(name, args=["woche"])).status_code == 200


def test_the_second_request_asks_next_to_nothing(
    campaign, client_for, editor, django_assert_max_num_queries
):
    make_joint_action(campaign=campaign, state="confirmed")
    client = client_for(editor)
    client.get(campaign.get_absolute_url())
    # Session, account, membership, the frame of the page and the campaign itself.
    with django_assert_max_num_queries(6):
        client.get(campaign.get_absolute_url(), {"nach": "ort"})


# --- Files ----------------------------------------------------------------------------------------
@pytest.fixture
def rich(campaign) -> JointAction:
    """Twice in a campaign: an afternoon, and a night in which the clocks go back."""
    action = make_joint_action(
        title='=Fest; der "Nachbarn"',
        summary="+49 Gäste",
        translations={"en": {"title": "Neighbours’ feast"}},
        campaign=campaign,
        state="confirmed",
        lead=make_organisation(name="Chor der Nationen"),
        partners=[make_organisation(name="@Verein")],
        municipality=make_municipality(name="Altstadt"),
        dates=[
            (at("25.09. 15:00"), at("25.09. 18:00")),
            (at("30.10. 22:00"), at("31.10. 03:00")),
        ],
    )
    action.languages.add(make_language(code="ckb"))
    return action


def test_tables_have_a_row_for_each_date_and_run_no_formula(rich, client):
    written = body(client.get(reverse("programme_csv", args=["woche"])))
    head, *rows = csv.reader(io.StringIO(written), delimiter=";")
    assert len(rows) == 2
    row = dict(zip(head, rows[0], strict=True))
    # The apostrophe keeps spreadsheet programs from calculating.
    assert row["Titel"] == '\'=Fest; der "Nachbarn"'
    assert row["Kurz gesagt"] == "'+49 Gäste"
    assert (row["Datum"], row["Beginn"], row["Ende"]) == ("2027-09-25", "15:00", "18:00")
    assert row["Wer mitmacht"] == "Chor der Nationen, @Verein"
    assert row["Seite der Aktion"].endswith(f"/de/aktionen/{rich.slug}/")
    assert dict(zip(head, rows[1], strict=True))["Letzter Tag"] == "2027-10-31"
    content = b"".join(client.get(reverse("programme_xlsx", args=["woche"])).streaming_content)
    sheet = spreadsheets.read(ContentFile(content, "programm.xlsx"))
    assert [line[0] for line in sheet.rows] == ["Titel", rich.title, rich.title]
    english = body(client.get(reverse("programme_csv", args=["woche"]), {"sprache": "en"}))
    assert "Neighbours’ feast" in english
    assert "/en/aktionen/" in english


def test_json_says_what_the_page_says_and_nothing_more(rich, client):
    answer = client.get(reverse("programme_json", args=["woche"]))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    data = json.loads(answer.content)
    assert data["campaign"]["first_day"] == "2027-09-25"
    (action,) = data["actions"]
    assert action["title"] == rich.title
    # Summer time, and over the night in which it ends.
    assert [date["begins_at"] for date in action["dates"]] == [
        "2027-09-25T15:00+02:00",
        "2027-10-30T22:00+02:00",
    ]
    assert action["dates"][1]["ends_at"] == "2027-10-31T03:00+01:00"
    assert [one["name"] for one in action["organisers"]] == ["Chor der Nationen", "@Verein"]
    assert action["municipality"]["name"] == "Altstadt"
    assert [one["code"] for one in action["languages"]] == ["ckb"]
    for secret in ("search_text", "returned_note", "created_by", "creation_key", "submitted"):
        assert secret not in answer.content.decode()
    documented = set(re.findall(r"^\| `([a-z_]+)`", _documentation(), re.M))
    assert {*action, *data["campaign"], *action["dates"][0]} <= documented


def _documentation() -> str:
    return (settings.BASE_DIR / "docs/programme-files.md").read_text("utf-8")


def test_the_calendar_has_each_date_and_is_not_sent_twice(rich, client):
    address = reverse("programme_ics", args=["woche"])
    answer = client.get(address)
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [event.decoded("DTSTART") for event in events] == [
        at("25.09. 15:00"),
        at("30.10. 22:00"),
    ]
    again = client.get(address, headers={"if-none-match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_programme_kept_in_memory_is_not_kept_for_ever(network):
    campaigns = [make_campaign(year=2000 + number) for number in range(6)]
    kept = [programmes.of(one) for one in campaigns]
    assert all(isinstance(one, Programme) for one in kept)
    assert len(programmes._kept) <= programmes.MOST_KEPT
    assert programmes.of(campaigns[-1]) is kept[-1]
