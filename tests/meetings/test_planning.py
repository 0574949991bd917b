"""A meeting's life in the services: who may, what is refused, who is told, what history says."""

import datetime
import uuid
import zoneinfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from core.errors import Conflict, Refused
from meetings.models import Meeting
from meetings.services import details, planning
from tests.factories import (
    make_language,
    make_meeting,
    make_organisation,
)

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
State = Meeting.State


def moment(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(moment(2027, 1, 15, 12), tick=False):
        yield


@pytest.fixture
def values():
    return {
        "title": "Frühlingstreffen",
        "starts_at": moment(2027, 4, 14, 18),
        "ends_at": moment(2027, 4, 14, 20),
        "place": "Landratsamt",
    }


@pytest.fixture
def told(monkeypatch):
    """What handlers were told, in order."""
    heard = []
    handler = lambda meeting, *, what, by: heard.append((meeting.title, sorted(what)))  # noqa: E731
    monkeypatch.setattr(planning, "changed_handlers", [handler])
    return heard


# --- Planning -------------------------------------------------------------------------------------
def test_a_meeting_is_planned_with_its_relations_in_one_entry_of_history(officer, values):
    host, language = make_organisation(), make_language()
    meeting = planning.create(
        values=values | {"hosts": [host], "interpreters": [language]}, by=officer
    )
    meeting.refresh_from_db()
    assert (meeting.state, meeting.slug) == (State.PLANNED, "fruehlingstreffen-2027")
    assert [one.days_before for one in meeting.reminders.all()] == [14, 3]
    entry = meeting.history.get()
    assert (entry.history_type, entry.history_user) == ("+", officer)
    assert [one.organisation for one in entry.hosts.all()] == [host]


def test_the_same_form_sent_twice_is_one_meeting(officer, values):
    key = uuid.uuid4()
    first = planning.create(values=values, by=officer, creation_key=key)
    assert planning.create(values=values, by=officer, creation_key=key) == first
    assert Meeting.objects.count() == 1


def test_two_meetings_of_one_name_have_two_addresses(officer, values):
    slugs = [planning.create(values=values, by=officer).slug for _number in range(2)]
    assert slugs == ["fruehlingstreffen-2027", "fruehlingstreffen-2027-2"]


def test_a_title_without_latin_letters_has_an_address(officer, values):
    assert planning.create(values=values | {"title": "会議"}, by=officer).slug == "treffen-2027"


def test_whoever_wants_to_know_is_told_of_a_new_meeting(officer, values, monkeypatch):
    heard = []
    handler = lambda meeting, *, by: heard.append((meeting.title, by))  # noqa: E731
    monkeypatch.setattr(planning, "created_handlers", [handler])
    planning.create(values=values, by=officer)
    assert heard == [("Frühlingstreffen", officer)]


def test_only_the_officer_plans(manager, values):
    with pytest.raises(PermissionDenied):
        planning.create(values=values, by=manager)
    meeting = make_meeting()
    for verb in (planning.hold, planning.mark_invited, planning.take_back_hold):
        with pytest.raises(PermissionDenied):
            verb(meeting=meeting, by=manager)
    with pytest.raises(PermissionDenied):
        planning.cancel(meeting=meeting, reason="", by=manager)
    with pytest.raises(PermissionDenied):
        planning.change(meeting=meeting, values={"title": "X"}, seen_version=1, by=manager)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.version) == (State.PLANNED, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"ends_at": moment(2027, 4, 14, 18)}, "ends_at"),
        ({"ends_at": moment(2027, 4, 14, 17)}, "ends_at"),
        ({"answer_until": moment(2027, 4, 14, 19)}, "answer_until"),
        ({"proposals_until": moment(2027, 5, 1, 0)}, "proposals_until"),
        ({"reminders": (1, 2, 3, 4, 5, 6)}, "reminders"),
    ],
)
def test_what_cannot_be_is_refused(officer, values, wrong, field):
    assert set(planning.problems(values | wrong)) == {field}
    with pytest.raises(Refused):
        planning.create(values=values | wrong, by=officer)
    assert not Meeting.objects.exists()


def test_a_field_nobody_knows_is_a_mistake_of_ours(officer, values):
    with pytest.raises(ValueError, match="state"):
        planning.create(values=values | {"state": "held"}, by=officer)


# --- Changing -------------------------------------------------------------------------------------
def test_a_change_counts_up_and_is_told(officer, told):
    meeting = make_meeting(title="Treffen")
    changed = planning.change(
        meeting=meeting, values={"place": "Rathaus", "capacity": 20}, seen_version=1, by=officer
    )
    assert (changed.place, changed.sequence, changed.version) == ("Rathaus", 1, 2)
    assert told == [("Treffen", ["capacity", "place"])]
    assert changed.history.first().history_change_reason == "Geändert: Ort, Plätze"
    again = planning.change(
        meeting=meeting, values={"place": "Rathaus", "capacity": 20}, seen_version=2, by=officer
    )
    assert (again.sequence, again.version, len(told)) == (1, 2, 1)


def test_what_no_calendar_knows_leaves_the_sequence_alone(officer, told):
    meeting = make_meeting()
    changed = planning.change(
        meeting=meeting, values={"directions": "Bus 231"}, seen_version=1, by=officer
    )
    assert (changed.sequence, told) == (0, [])


def test_two_people_who_edit_at_once_lose_nothing(officer):
    meeting = make_meeting(place="Saal", directions="")
    host = make_organisation()
    planning.change(
        meeting=meeting, values={"place": "Rathaus", "hosts": [host]}, seen_version=1, by=officer
    )
    # The second form still says what stood there before.
    row = planning.change(
        meeting=meeting,
        values={"place": "Saal", "hosts": [], "directions": "Bus 231"},
        seen_version=1,
        by=officer,
    )
    assert (row.place, row.directions, list(row.hosts.all())) == ("Rathaus", "Bus 231", [host])
    with pytest.raises(Conflict) as caught:
        planning.change(meeting=meeting, values={"place": "Turnhalle"}, seen_version=1, by=officer)
    assert caught.value.theirs == {"place": "Rathaus"}


def test_reminders_that_are_ahead_again_count_anew(officer):
    meeting = make_meeting(starts_at=moment(2027, 1, 20, 18), reminders=(14, 3))
    meeting.reminders.update(done_at=moment(2027, 1, 6, 9))
    row = planning.change(
        meeting=meeting,
        values={"starts_at": moment(2027, 1, 25, 18), "ends_at": moment(2027, 1, 25, 20)},
        seen_version=1,
        by=officer,
    )
    done = {one.days_before: one.done_at is not None for one in row.reminders.all()}
    assert done == {14: True, 3: False}


@pytest.mark.parametrize(
    ("wrong", "field"), [({"place": ""}, "place"), ({"visibility": "office"}, "visibility")]
)
def test_what_the_invited_need_stays(officer, wrong, field):
    meeting = make_meeting(state="invited")
    with pytest.raises(Refused):
        planning.change(meeting=meeting, values=wrong, seen_version=1, by=officer)
    meeting.refresh_from_db()
    assert getattr(meeting, field) != wrong[field]


def test_there_are_never_fewer_seats_than_people_coming(officer):
    meeting = make_meeting(state="invited", capacity=10)
    for number, waiting in ((4, None), (3, None), (2, moment(2027, 1, 2))):
        meeting.invitations.create(
            email=f"{number}@example.org",
            reply="yes",
            people=number,
            replied_at=moment(2027, 1, 1),
            waiting_since=waiting,
        )
    assert planning.seats_taken(meeting) == 7
    with pytest.raises(Refused, match="7 Personen"):
        planning.change(meeting=meeting, values={"capacity": 6}, seen_version=1, by=officer)
    assert (
        planning.change(
            meeting=meeting, values={"capacity": 7}, seen_version=1, by=officer
        ).capacity
        == 7
    )


def test_a_cancelled_meeting_is_not_changed(officer):
    meeting = make_meeting(state="cancelled")
    with pytest.raises(Refused):
        planning.change(meeting=meeting, values={"title": "X"}, seen_version=1, by=officer)


@pytest.mark.parametrize(
    ("begin", "end", "doubts"),
    [
        (moment(2027, 4, 14, 18), moment(2027, 4, 14, 20), 0),
        (moment(2026, 4, 14, 18), moment(2026, 4, 14, 20), 1),
        (moment(2072, 4, 14, 18), moment(2072, 4, 14, 20), 1),
        (moment(2027, 4, 14, 8), moment(2027, 4, 14, 20, 1), 1),
        (moment(2026, 4, 14, 18), moment(2027, 4, 14, 20), 2),
    ],
)
def test_dates_that_look_like_typing_errors_are_named(begin, end, doubts):
    assert len(planning.doubts(begin, end)) == doubts


# --- Copying --------------------------------------------------------------------------------------
def test_a_copy_has_the_same_hours_also_after_summer_time_has_begun(officer):
    """18:00 in January is 17:00 in UTC, in April 16:00."""
    host = make_organisation()
    last = make_meeting(
        starts_at=moment(2027, 1, 10, 18),
        ends_at=moment(2027, 1, 10, 20, 30),
        hosts=[host],
        directions="Bus 231",
        reminders=(7,),
        translations={"en": {"title": "Network meeting"}},
    )
    copied = details.template_of(last, day=datetime.date(2027, 4, 14))
    assert copied["starts_at"] == moment(2027, 4, 14, 18)
    meeting = planning.create(values=copied, by=officer, copied_from=last)
    assert meeting.ends_at == datetime.datetime(2027, 4, 14, 18, 30, tzinfo=datetime.UTC)
    assert (meeting.directions, list(meeting.hosts.all())) == ("Bus 231", [host])
    assert details.reminder_days(meeting) == (7,)
    assert meeting.translated("title", "en") == "Network meeting"
    assert meeting.uid != last.uid


def test_copying_begins_with_the_latest_network_meeting(db):
    make_meeting(starts_at=moment(2027, 3, 1, 18), kind="group")
    latest = make_meeting(starts_at=moment(2027, 2, 1, 18))
    make_meeting(starts_at=moment(2027, 2, 2, 18), state="cancelled")
    make_meeting(starts_at=moment(2026, 2, 1, 18))
    assert planning.last_meeting() == latest


# --- Its states -----------------------------------------------------------------------------------
def test_a_whole_life(officer, told):
    meeting = make_meeting(starts_at=moment(2027, 1, 20, 18))
    assert planning.mark_invited(meeting=meeting, by=officer)
    assert not planning.mark_invited(meeting=meeting, by=officer)
    with pytest.raises(Refused):
        planning.hold(meeting=meeting, by=officer)
    with time_machine.travel(moment(2027, 1, 20, 18), tick=False):
        assert planning.hold(meeting=meeting, by=officer)
        assert not planning.hold(meeting=meeting, by=officer)
        assert planning.mark_documented(meeting=meeting, by=officer)
        assert not planning.mark_documented(meeting=meeting, by=officer)
        with pytest.raises(Refused):
            planning.take_back_hold(meeting=meeting, by=officer)
        with pytest.raises(Refused):
            planning.cancel(meeting=meeting, reason="", by=officer)
    assert meeting.state == State.DOCUMENTED
    reasons = [entry.history_change_reason for entry in meeting.history.all()[:3]]
    assert reasons == ["Protokoll veröffentlicht", "Hat stattgefunden", "Eingeladen"]
    assert told == []


def test_held_by_mistake_is_taken_back(officer):
    meeting = make_meeting(state="held")
    assert planning.take_back_hold(meeting=meeting, by=officer)
    assert not planning.take_back_hold(meeting=meeting, by=officer)
    assert meeting.state == State.PLANNED
    invited = make_meeting(state="held")
    invited.invitations.create(email="a@example.org", invited_at=moment(2027, 1, 1))
    planning.take_back_hold(meeting=invited, by=officer)
    assert invited.state == State.INVITED


def test_cancelling_counts_up_and_is_told_once(officer, told):
    meeting = make_meeting(title="Treffen", state="invited")
    assert planning.cancel(meeting=meeting, reason=" Sturm ", by=officer)
    assert not planning.cancel(meeting=meeting, reason="Anderes", by=officer)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.cancel_reason, meeting.sequence) == ("cancelled", "Sturm", 1)
    assert told == [("Treffen", ["cancelled"])]
    for verb in (planning.hold, planning.mark_invited, planning.mark_documented):
        with pytest.raises(Refused):
            verb(meeting=meeting, by=officer)


@pytest.mark.parametrize(
    "fields",
    [
        {"place": ""},
        {"visibility": "office"},
        {"starts_at": moment(2027, 1, 15, 12)},
        {"state": "held"},
    ],
)
def test_nobody_is_invited_to_what_is_not_ready(officer, fields):
    meeting = make_meeting(**fields)
    with pytest.raises(Refused):
        planning.mark_invited(meeting=meeting, by=officer)
    before = fields.get("state", State.PLANNED)
    meeting.refresh_from_db()
    assert meeting.state == before


def test_a_handler_that_fails_undoes_the_change(officer, monkeypatch):
    def fail(meeting, *, what, by):
        raise RuntimeError

    monkeypatch.setattr(planning, "changed_handlers", [fail])
    meeting = make_meeting(state="invited")
    with pytest.raises(RuntimeError):
        planning.cancel(meeting=meeting, reason="", by=officer)
    meeting.refresh_from_db()
    assert meeting.state == State.INVITED
