"""The office's form for a meeting: what it asks, shows before saving, refuses and keeps."""

import datetime
import uuid
import zoneinfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings.models import Meeting
from meetings.services import details, planning
from tests.factories import (
    make_meeting,
    make_meeting_invitation,
    make_network,
    make_organisation,
)

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def moment(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(moment(2027, 1, 15, 12), tick=False):
        yield


@pytest.fixture
def office(client_for, officer):
    make_network(federal_state="BW")
    return client_for(officer)


@pytest.fixture
def form():
    """What somebody types; nothing else is on this day."""
    return {
        "title": "Frühlingstreffen",
        "kind": "network",
        "visibility": "members",
        "description": "",
        "day": "2027-04-20",
        "begin": "18:00",
        "end": "20:00",
        "end_day": "",
        "time_zone": "Europe/Berlin",
        "reminders": "14, 3",
        "place": "Landratsamt",
        "address": "",
        "directions": "",
        "accessibility": "unknown",
        "accessibility_note": "",
        "online_url": "",
        "online_note": "",
        "capacity": "",
        "seen_version": "",
        "creation_key": str(uuid.uuid4()),
    }


def add(office, form, **more):
    return office.post(reverse("admin:meetings_meeting_add"), form | more)


def change(office, meeting, form, **more):
    url = reverse("admin:meetings_meeting_change", args=[meeting.pk])
    return office.post(url, form | more)


def shown(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def errors(response) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def key(response) -> str:
    return response.context["adminform"].form.confirm_key


# --- A new meeting --------------------------------------------------------------------------------
def test_a_meeting_is_planned(office, officer, form):
    host = make_organisation()
    response = add(office, form, hosts=[host.pk], translation_en_title="Spring meeting")
    meeting = Meeting.objects.get()
    assert response.url == reverse("admin:meetings_meeting_overview", args=[meeting.pk])
    assert (meeting.starts_at, meeting.ends_at) == (
        moment(2027, 4, 20, 18),
        moment(2027, 4, 20, 20),
    )
    assert (list(meeting.hosts.all()), details.reminder_days(meeting)) == ([host], (14, 3))
    assert meeting.translated("title", "en") == "Spring meeting"
    assert meeting.history.get().history_user == officer


def test_the_same_form_sent_twice_is_one_meeting(office, form):
    assert add(office, form).status_code == add(office, form).status_code == 302
    assert Meeting.objects.count() == 1


def test_the_form_begins_with_the_last_meeting_and_the_chosen_day(office):
    host = make_organisation(name="Gastgeberin")
    last = make_meeting(
        title="Wintertreffen", starts_at=moment(2027, 1, 10, 18), hosts=[host], reminders=(7,)
    )
    url = reverse("admin:meetings_meeting_add")
    response = office.get(url, {"vorlage": last.pk, "tag": "2027-04-20"})
    values = response.context["adminform"].form.initial
    assert (values["title"], values["day"]) == ("Wintertreffen", datetime.date(2027, 4, 20))
    assert (values["begin"], values["end"]) == (datetime.time(18), datetime.time(20))
    assert (values["hosts"], values["reminders"]) == ([host], (7,))
    assert key(response) == ""


@pytest.mark.parametrize(
    "query",
    [
        {"vorlage": "999999", "tag": "2027-99-99"},
        {"vorlage": "9" * 25, "tag": "x"},
        {"vorlage": "x", "tag": "0001-01-01"},
        {"title": "Von woanders"},
    ],
)
def test_an_address_with_nonsense_opens_an_empty_form(office, query):
    page = shown(office.get(reverse("admin:meetings_meeting_add"), query))
    assert "Von woanders" not in page


# --- What the date collides with ------------------------------------------------------------------
def test_collisions_are_shown_and_confirmed_before_anything_is_saved(office, form):
    response = add(office, form, day="2027-03-10", capacity="30")
    page = shown(response)
    assert "Fest des Fastenbrechens" in page
    assert set(errors(response)) == {"confirmed"}
    assert 'value="30"' in page
    assert not Meeting.objects.exists()
    assert add(office, form, day="2027-03-10", confirmed=key(response)).status_code == 302
    assert Meeting.objects.get().starts_at == moment(2027, 3, 10, 18)


def test_a_confirmation_holds_for_this_date_only(office, form):
    confirmed = key(add(office, form, day="2027-03-10"))
    response = add(office, form, day="2027-03-26", confirmed=confirmed)
    assert "Karfreitag" in shown(response)
    assert not Meeting.objects.exists()


def test_a_date_can_be_checked_without_saving(office, form):
    response = add(office, form, _check="")
    assert "Der Termin ist frei" in shown(response)
    assert errors(response) == {}
    response = add(office, form, day="2027-03-26", _check="")
    assert "Karfreitag" in shown(response)
    assert errors(response) == {}
    assert not Meeting.objects.exists()


def test_the_date_of_a_saved_meeting_can_be_checked_too(office, form):
    meeting = make_meeting(starts_at=moment(2027, 3, 26, 18))
    response = change(
        office, meeting, form, day="2027-03-26", seen_version=meeting.version, _check=""
    )
    assert "Karfreitag" in shown(response)
    meeting.refresh_from_db()
    assert meeting.title != "Frühlingstreffen"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"day": "2027-01-14"}, "Vergangenheit"),
        ({"day": "2072-04-20"}, "Stimmt das Jahr?"),
        ({"end_day": "2027-04-21"}, "länger als 12 Stunden"),
    ],
)
def test_typing_errors_are_asked_about(office, form, wrong, text):
    response = add(office, form, **wrong)
    assert text in shown(response)
    assert add(office, form, **wrong, confirmed=key(response)).status_code == 302


# --- What is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "🎉🎉"}, "title"),
        ({"day": ""}, "day"),
        ({"day": "20.04.20277"}, "day"),
        ({"day": "0001-01-01", "begin": "00:00"}, "day"),
        ({"begin": "25:00"}, "begin"),
        ({"end": "17:59"}, "end"),
        ({"end": "18:00"}, "end"),
        ({"end_day": "2027-04-19"}, "end"),
        ({"day": "2027-03-28", "begin": "02:30", "end": "04:00"}, "begin"),  # summer time begins
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"reminders": "14, bald"}, "reminders"),
        ({"reminders": "0"}, "reminders"),
        ({"reminders": "121"}, "reminders"),
        ({"reminders": "1 2 3 4 5 6"}, "reminders"),
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "-3"}, "capacity"),
        ({"capacity": "10000"}, "capacity"),
        ({"capacity": "9" * 25}, "capacity"),
        ({"online_url": "javascript:alert(1)"}, "online_url"),
        ({"answer_until": "2027-04-20T19:00"}, "answer_until"),
        ({"proposals_until": "2028-04-20T19:00"}, "proposals_until"),
        ({"hosts": ["999999"]}, "hosts"),
        ({"hosts": ["9" * 25]}, "hosts"),
        ({"kind": "party"}, "kind"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(office, form, wrong, field):
    response = add(office, form, **wrong)
    assert field in errors(response)
    assert not Meeting.objects.exists()


@pytest.mark.parametrize(
    ("begin", "starts_at"),
    [
        ("01:59", datetime.datetime(2027, 10, 30, 23, 59, tzinfo=datetime.UTC)),
        ("02:30", datetime.datetime(2027, 10, 31, 0, 30, tzinfo=datetime.UTC)),
        ("03:00", datetime.datetime(2027, 10, 31, 2, 0, tzinfo=datetime.UTC)),
    ],
)
def test_the_hour_that_comes_twice_is_its_first(office, form, begin, starts_at):
    values = {"day": "2027-10-31", "begin": begin, "end": "05:00"}
    assert add(office, form, **values).status_code == 302
    assert Meeting.objects.get().starts_at == starts_at


def test_another_time_zone(office, form):
    assert add(office, form, time_zone="Asia/Kathmandu").status_code == 302
    meeting = Meeting.objects.get()
    assert meeting.starts_at == datetime.datetime(2027, 4, 20, 12, 15, tzinfo=datetime.UTC)
    page = shown(office.get(reverse("admin:meetings_meeting_change", args=[meeting.pk])))
    assert 'value="18:00"' in page


# --- Changing -------------------------------------------------------------------------------------
def test_what_sends_mails_is_confirmed(office, form):
    meeting = make_meeting(state="invited", starts_at=moment(2027, 4, 20, 18))
    make_meeting_invitation(meeting=meeting)
    make_meeting_invitation(meeting=meeting)
    values = form | {"seen_version": meeting.version, "place": "Rathaus"}
    response = change(office, meeting, values)
    assert "2 Personen bekommen eine E-Mail" in shown(response)
    assert change(office, meeting, values, confirmed=key(response)).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.place, meeting.sequence) == ("Rathaus", 1)


def test_what_sends_no_mail_needs_no_confirmation(office, form):
    meeting = make_meeting(state="invited", starts_at=moment(2027, 4, 20, 18), place="Landratsamt")
    make_meeting_invitation(meeting=meeting)
    response = change(office, meeting, form, seen_version=1, directions="Bus 231")
    assert response.status_code == 302
    meeting.refresh_from_db()
    assert meeting.directions == "Bus 231"


def test_two_people_who_edit_at_once_lose_nothing(office, officer, form):
    meeting = make_meeting(starts_at=moment(2027, 4, 20, 18), title="Frühlingstreffen")
    planning.change(meeting=meeting, values={"place": "Rathaus"}, seen_version=1, by=officer)
    response = change(
        office, meeting, form, seen_version=1, place="Turnhalle", directions="Bus 231"
    )
    page = shown(response)
    assert "Jetzt steht dort: Rathaus" in page
    assert "Turnhalle" in page
    assert "Bus 231" in page
    meeting.refresh_from_db()
    assert (meeting.place, meeting.directions) == ("Rathaus", "")
    # Sent once more, it is meant.
    version = response.context["adminform"].form["seen_version"].value()
    response = change(
        office, meeting, form, seen_version=version, place="Turnhalle", directions="Bus 231"
    )
    assert response.status_code == 302
    meeting.refresh_from_db()
    assert (meeting.place, meeting.directions) == ("Turnhalle", "Bus 231")


def test_fewer_seats_than_people_coming_are_refused(office, form):
    meeting = make_meeting(state="invited", starts_at=moment(2027, 4, 20, 18), place="Landratsamt")
    make_meeting_invitation(meeting=meeting, reply="yes", people=5)
    response = change(office, meeting, form, seen_version=1, capacity="4")
    assert "5 Personen" in errors(response)["capacity"][0]


def test_a_cancelled_meeting_is_only_read(office, form):
    meeting = make_meeting(state="cancelled", cancel_reason="Sturm")
    assert "Sturm" in shown(office.get(reverse("admin:meetings_meeting_change", args=[meeting.pk])))
    assert change(office, meeting, form, seen_version=1).status_code == 404
    meeting.refresh_from_db()
    assert meeting.title != "Frühlingstreffen"


@pytest.mark.parametrize(("state", "status"), [("planned", 200), ("invited", 404), ("held", 404)])
def test_only_what_nobody_was_invited_to_is_deleted(office, state, status):
    meeting = make_meeting(state=state)
    url = reverse("admin:meetings_meeting_delete", args=[meeting.pk])
    assert office.get(url).status_code == status
    if status == 200:
        assert office.post(url, {"post": "yes"}).status_code == 302
    assert Meeting.objects.filter(pk=meeting.pk).exists() is (status == 404)


def test_the_list_leads_to_the_overview_with_as_many_queries_for_many(
    office, django_assert_num_queries
):
    url = reverse("admin:meetings_meeting_changelist")
    meeting = make_meeting(title="Eines")
    page = shown(office.get(url))
    assert reverse("admin:meetings_meeting_overview", args=[meeting.pk]) in page
    assert reverse("admin:meetings_meeting_year", args=[2027]) in page
    with CaptureQueriesContext(connection) as one:
        office.get(url)
    queries = len(one)
    for _number in range(29):
        make_meeting()
    office.get(url)
    with django_assert_num_queries(queries):
        assert len(office.get(url).context["cl"].result_list) == 30
