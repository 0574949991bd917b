"""The year's plan, finding a date, what waits, and a meeting's overview in the office."""

import datetime
import zoneinfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings.models import Meeting, SchoolHoliday
from meetings.services import year
from tests.factories import (
    make_meeting,
    make_meeting_invitation,
    make_network,
    make_organisation,
    make_school_holiday,
)

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
State = Meeting.State


def moment(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(moment(2027, 3, 1, 12), tick=False):
        yield


@pytest.fixture
def network(db):
    return make_network(federal_state="BW", meetings_per_year=3)


@pytest.fixture
def office(client_for, officer, network):
    return client_for(officer)


def plan_url(number: int) -> str:
    return reverse("admin:meetings_meeting_year", args=[number])


def read(client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


# --- The year -------------------------------------------------------------------------------------
def test_a_year_shows_its_meetings_what_is_missing_and_what_it_is_full_of(office):
    make_meeting(title="Frühling", starts_at=moment(2027, 3, 17, 18))
    make_meeting(title="Nur Arbeitsgruppe", kind="group", starts_at=moment(2027, 5, 5, 18))
    make_meeting(title="Ausgefallen", state="cancelled", starts_at=moment(2027, 6, 9, 18))
    make_meeting(title="Anderes Jahr", starts_at=moment(2028, 1, 1, 0))
    make_school_holiday(
        name="Sommerferien",
        starts_on=datetime.date(2027, 7, 29),
        ends_on=datetime.date(2027, 9, 11),
    )
    page = read(office, plan_url(2027))
    assert "1 von 3 Treffen ist geplant" in page
    assert "Es fehlen noch 2" in page
    for word in ("Frühling", "Nur Arbeitsgruppe", "Ausgefallen", "Ramadan", "Fronleichnam"):
        assert word in page
    assert page.count("Sommerferien") == 3  # in each month they touch
    assert "Anderes Jahr" not in page


def test_a_year_ends_at_midnight_here(office):
    make_meeting(title="Silvester", starts_at=moment(2027, 12, 31, 23, 30))
    assert len(year.of(2027).counting) == 1
    assert year.of(2027).months[11].meetings[0].title == "Silvester"
    assert year.of(2028).counting == []


def test_enough_is_enough(office):
    for month in (3, 6, 10):
        make_meeting(starts_at=moment(2027, month, 17, 18))
    page = read(office, plan_url(2027))
    assert "3 von 3 Treffen sind geplant" in page
    assert "Ziel erreicht" in page


def test_it_says_when_nobody_has_named_the_land(office, network):
    assert "kein Bundesland" not in read(office, plan_url(2027))
    make_network(federal_state="")
    assert "kein Bundesland" in read(office, plan_url(2027))


def test_the_years_end_where_no_calendar_reaches(office):
    assert office.get(plan_url(2075)).status_code == 200
    for number in (1999, 2076, 10**20):
        assert office.get(plan_url(number)).status_code == 404
    assert office.get(reverse("admin:meetings_meeting_this_year")).url == plan_url(2027)


def test_a_full_year_needs_no_more_queries(office, django_assert_num_queries):
    make_meeting(starts_at=moment(2027, 1, 1, 18))
    read(office, plan_url(2027))
    with CaptureQueriesContext(connection) as one:
        read(office, plan_url(2027))
    queries = len(one)
    for number in range(30):
        make_meeting(starts_at=moment(2027, 1 + number % 12, 2, 18))
        day = datetime.date(2027, 1, 1) + datetime.timedelta(days=number)
        make_school_holiday(name=f"Ferien {number}", starts_on=day)
    read(office, plan_url(2027))
    with django_assert_num_queries(queries):
        read(office, plan_url(2027))


# --- A date ---------------------------------------------------------------------------------------
def test_a_day_shows_what_it_collides_with_and_leads_on(office):
    last = make_meeting(title="Wintertreffen", starts_at=moment(2027, 1, 20, 18))
    url = reverse("admin:meetings_meeting_day")
    page = read(office, url, monat="2027-03", tag="2027-03-09")
    assert "Dienstag, 9. März 2027" in page
    assert "Fest des Fastenbrechens" in page
    add = reverse("admin:meetings_meeting_add")
    assert f"{add}?tag=2027-03-09&amp;vorlage={last.pk}" in page
    page = read(office, url, monat="2027-03", tag="2027-03-18")
    assert "An diesem Tag ist nichts anderes." in page


def test_a_copy_keeps_its_source_through_the_months(office):
    source = make_meeting(title="Vorbild", kind="training", starts_at=moment(2027, 1, 20, 18))
    make_meeting(title="Neuestes", starts_at=moment(2027, 2, 20, 18))
    page = read(
        office, reverse("admin:meetings_meeting_day"), tag="2027-03-18", vorlage=str(source.pk)
    )
    assert "Wie „Vorbild“ planen" in page
    assert f"?monat=2027-04&amp;vorlage={source.pk}" in page


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"monat": "2027-13", "tag": "2027-02-30"},
        {"monat": "9999-12", "tag": "0001-01-01"},
        {"monat": "x", "tag": "9" * 40, "vorlage": "9" * 25},
        {"monat": "2000-01"},
        {"monat": "2075-12"},
    ],
)
def test_an_address_with_nonsense_shows_a_month(office, query):
    assert "<caption>" in read(office, reverse("admin:meetings_meeting_day"), **query)


# --- What waits -----------------------------------------------------------------------------------
def waiting(client) -> list[str]:
    parts = client.get(reverse("admin:index")).context["waiting"]
    part = next(one for one in parts if one.title == "Treffen")
    return [item.label for item in part.items][: part.total]


def test_the_start_page_says_what_is_to_be_done(office):
    make_meeting(title="Vorbei", state="invited", starts_at=moment(2027, 2, 1, 18))
    make_meeting(title="Bald", starts_at=moment(2027, 4, 1, 18))
    make_meeting(title="Später", starts_at=moment(2027, 6, 1, 18))
    make_meeting(
        title="Eingeladen", state="invited", starts_at=moment(2027, 4, 2, 18), kind="group"
    )
    assert waiting(office) == ["Hat „Vorbei“ stattgefunden?", "Zu „Bald“ einladen"]


def test_it_asks_for_next_year_from_october_on(office):
    assert waiting(office) == ["2027: 0 von 3 Treffen sind geplant."]
    for month in (3, 6, 11):
        make_meeting(starts_at=moment(2027, month, 17, 18), state="documented")
    assert waiting(office) == []
    with time_machine.travel(moment(2027, 10, 1, 0), tick=False):
        assert [step.label for step in year.next_steps()] == ["2028: 0 von 3 Treffen sind geplant."]


# --- The overview ---------------------------------------------------------------------------------
def overview(meeting: Meeting) -> str:
    return reverse("admin:meetings_meeting_overview", args=[meeting.pk])


def states(client, meeting: Meeting) -> list[str]:
    return [step.state for step in client.get(overview(meeting)).context["steps"]]


def test_the_overview_says_what_comes_next(office):
    meeting = make_meeting(place="")
    assert states(office, meeting)[0] == "now"
    assert "Es fehlt noch der Ort" in read(office, overview(meeting))
    Meeting.objects.filter(pk=meeting.pk).update(place="Rathaus")
    assert states(office, meeting)[:3] == ["done", "now", "later"]
    meeting.agenda.create(title="Begrüßung")
    Meeting.objects.filter(pk=meeting.pk).update(state="invited")
    make_meeting_invitation(meeting=meeting, reply="yes", people=3)
    make_meeting_invitation(meeting=meeting)
    assert states(office, meeting)[:4] == ["done", "done", "done", "now"]
    assert "1 von 2 haben geantwortet. 3 Personen kommen." in read(office, overview(meeting))


def test_a_meeting_is_held_and_that_taken_back(office):
    meeting = make_meeting(starts_at=moment(2027, 3, 1, 11))
    assert "Ja, es hat stattgefunden" in read(office, overview(meeting))
    url = reverse("admin:meetings_meeting_hold", args=[meeting.pk])
    for _time in range(2):
        assert office.post(url).url == overview(meeting)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.version) == (State.HELD, 2)
    assert "Ja, es hat stattgefunden" not in read(office, overview(meeting))
    office.post(reverse("admin:meetings_meeting_take_back_hold", args=[meeting.pk]))
    meeting.refresh_from_db()
    assert meeting.state == State.PLANNED


def test_a_meeting_that_has_not_begun_is_not_held(office):
    meeting = make_meeting()
    page = office.post(reverse("admin:meetings_meeting_hold", args=[meeting.pk]), follow=True)
    assert "noch nicht begonnen" in page.content.decode()
    meeting.refresh_from_db()
    assert meeting.state == State.PLANNED


def test_cancelling_shows_who_is_told_and_needs_a_reason(office):
    meeting = make_meeting(state="invited")
    for _number in range(2):
        make_meeting_invitation(meeting=meeting)
    url = reverse("admin:meetings_meeting_cancel", args=[meeting.pk])
    assert "2 Personen bekommen eine E-Mail" in read(office, url)
    response = office.post(url, {"reason": "  "})
    assert "Bitte schreiben Sie einen Satz zum Grund." in response.content.decode()
    meeting.refresh_from_db()
    assert meeting.state == State.INVITED
    for _time in range(2):
        assert office.post(url, {"reason": "Sturm"}).url == overview(meeting)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.cancel_reason, meeting.sequence) == ("cancelled", "Sturm", 1)
    page = read(office, overview(meeting))
    assert "Sturm" in page
    assert "Treffen absagen" not in page


def test_what_is_over_is_not_cancelled(office):
    meeting = make_meeting(state="held")
    url = reverse("admin:meetings_meeting_cancel", args=[meeting.pk])
    assert office.get(url).url == overview(meeting)
    page = office.post(url, {"reason": "Sturm"}, follow=True).content.decode()
    assert "Das Treffen ist vorbei" in page


def test_titles_and_reasons_stay_text(office):
    meeting = make_meeting(
        title="<script>alert(1)</script>", state="cancelled", cancel_reason="<b>Sturm</b>",
        starts_at=moment(2027, 3, 17, 18), hosts=[make_organisation(name="<i>Haus</i>")],
    )  # fmt: skip
    for url in (overview(meeting), plan_url(2027)):
        page = read(office, url)
        assert "<script>alert" not in page
        assert "<b>Sturm" not in page
        assert "<i>Haus" not in page


# --- School holidays ------------------------------------------------------------------------------
def test_the_holidays_of_the_land_are_shown_and_taken_over(office):
    url = reverse("admin:meetings_schoolholiday_take_over")
    assert "Sommerferien" in read(office, url)
    assert not SchoolHoliday.objects.exists()
    assert office.post(url).status_code == 302
    assert SchoolHoliday.objects.filter(starts_on="2027-07-29", ends_on="2027-09-11").exists()
    assert "Alles da" in read(office, url)


def test_holidays_that_end_before_they_begin_are_refused(office):
    url = reverse("admin:meetings_schoolholiday_add")
    values = {"name": "Ferien", "starts_on": "2029-08-01", "ends_on": "2029-07-01"}
    assert "Das Ende darf nicht vor dem Anfang liegen." in office.post(url, values).content.decode()
    assert not SchoolHoliday.objects.exists()
    assert office.post(url, values | {"ends_on": "2029-08-02"}).status_code == 302
    assert SchoolHoliday.objects.count() == 1
