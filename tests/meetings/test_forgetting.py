"""What is kept of people who come to meetings, for how long, and how they see and erase it."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from accounts import own_data
from accounts.services import erase
from core import jobs
from meetings.models import AgendaItem, Attendance, InvitationLink, Task
from meetings.services import attendance, erasure, retention
from organisations.models import Organisation
from organisations.services import merging, unmerging
from tests.factories import (
    make_language,
    make_meeting,
    make_meeting_invitation,
    make_organisation,
    make_user,
)

MARCH = datetime.datetime(2026, 3, 12, 17, 0, tzinfo=datetime.UTC)
ANSWER = {
    "reply": "yes",
    "people": 2,
    "names": "Amina Y., Boris",
    "children": 1,
    "access_needs": "Rollstuhl",
    "food": "vegetarisch",
    "message": "Bis dann!",
}


@pytest.fixture
def past(db):
    return make_meeting(state="held", starts_at=MARCH)


@pytest.fixture
def answered(past, organisation):
    """An answer with everything in it, and somebody at the door."""
    invitation = make_meeting_invitation(
        meeting=past,
        organisation=organisation,
        name="Amina Y.",
        email="amina@example.org",
        interpreting=[make_language()],
        token="x" * 43,
        **ANSWER,
    )
    Attendance.objects.create(
        meeting=past, organisation=organisation, invitation=invitation, name="Amina Y."
    )
    return invitation


def forget(moment: datetime.datetime) -> dict[str, int]:
    with time_machine.travel(moment, tick=False):
        return retention.forget_old()


# --- By itself ------------------------------------------------------------------------------------
def test_needs_go_a_month_after_the_meeting(answered, past):
    assert set(forget(past.ends_at + datetime.timedelta(days=30, seconds=-1)).values()) == {0}
    counts = forget(past.ends_at + datetime.timedelta(days=30))
    assert counts["needs forgotten"] == 1
    answered.refresh_from_db()
    assert (answered.access_needs, answered.food, answered.message) == ("", "", "")
    assert answered.children == 0
    assert not answered.interpreting.exists()
    assert (answered.names, answered.people) == ("Amina Y., Boris", 2)


def test_names_go_at_the_end_of_the_next_year(answered, organisation, past):
    make_meeting_invitation(meeting=past, reply="no", email="boris@example.org")
    zone = timezone.get_default_timezone()
    new_year = datetime.datetime(2028, 1, 1, tzinfo=zone)
    forget(new_year - datetime.timedelta(seconds=1))
    assert Attendance.objects.get().name == "Amina Y."
    counts = forget(new_year)
    assert counts["invitations made nameless"] == 2
    assert counts["names of those who came forgotten"] == 1
    answered.refresh_from_db()
    assert (answered.email, answered.name, answered.names) == ("", "gelöscht", "")
    assert (answered.organisation, answered.reply, answered.people) == (organisation, "yes", 2)
    assert not InvitationLink.objects.exists()
    row = Attendance.objects.get()
    assert (row.name, row.organisation, row.people) == ("", organisation, 1)
    assert set(forget(new_year).values()) == {0}


def test_what_is_to_come_stays(answered, past):
    ahead = make_meeting_invitation(meeting=make_meeting(), **ANSWER)
    forget(past.ends_at + datetime.timedelta(days=100))
    ahead.refresh_from_db()
    assert ahead.food == "vegetarisch"


def test_it_runs_by_itself():
    assert jobs.tasks["meetings.retention"].every == datetime.timedelta(days=1)


# --- On request -----------------------------------------------------------------------------------
@pytest.fixture
def person(organisation):
    """Somebody whose name stands in every corner of this app."""
    user = make_user(email="Amina@example.org", name="Amina Y.")
    item = AgendaItem.objects.create(
        meeting=make_meeting(), title="Fest", proposed_by=user, speaker="Amina Y."
    )
    Task.objects.create(
        meeting=item.meeting,
        text="Raum suchen",
        person="Amina Y.",
        user=user,
        search_text="amina y",
    )
    return user


def test_a_person_sees_everything(answered, person):
    sections = {section.key: section for section in own_data.collect(person)}
    text = " ".join(
        value.text for section in sections.values() for entry in section.entries for value in entry
    )
    for words in ("Rollstuhl", "vegetarisch", "Bis dann!", "Boris", "Fest", "Raum suchen"):
        assert words in text
    assert {"meeting_invitations", "attendance", "agenda_proposals", "tasks"} <= set(sections)
    stranger = {section.key for section in erasure.collect(make_user()) if section.entries}
    assert stranger == set()


def test_nobody_finds_an_erased_person(answered, person, past, organisation):
    Attendance.objects.create(meeting=past, name="amina y.", is_walk_in=True)
    other = make_meeting_invitation(
        meeting=past, reply="yes", people=2, names="Amina Y., Fatma Amina Y.s"
    )
    erase(person)
    answered.refresh_from_db()
    assert (answered.email, answered.name, answered.food) == ("", "gelöscht", "")
    assert (answered.organisation, answered.people) == (organisation, 2)
    assert list(Attendance.objects.values_list("name", flat=True)) == ["", ""]
    other.refresh_from_db()
    assert other.names == "gelöscht, Fatma Amina Y.s"
    assert AgendaItem.objects.get().speaker == ""
    task = Task.objects.get()
    assert (task.person, task.user) == ("", None)
    assert "amina" not in task.search_text
    for model in (AgendaItem, Task):
        text = " ".join(str(values) for values in model.history.values_list())
        assert "Amina" not in text
    for column, model in (("proposed_by_id", AgendaItem), ("user_id", Task)):
        assert set(model.history.values_list(column, flat=True)) == {None}


def test_who_leaves_gives_the_seat_free(person, django_capture_on_commit_callbacks):
    meeting = make_meeting(state="invited", capacity=2)
    make_meeting_invitation(meeting=meeting, email=person.email.lower(), reply="yes", people=2)
    waiting = make_meeting_invitation(
        meeting=meeting, reply="yes", people=2, waiting_since=timezone.now()
    )
    erase(person)
    waiting.refresh_from_db()
    assert waiting.waiting_since is None
    assert list(meeting.invitations.all()) == [waiting]


# --- Two organisations become one -----------------------------------------------------------------
def test_a_merge_keeps_what_both_did_at_meetings(answered, officer, organisation, past):
    """And takes nothing along for good: undone, each has its own again."""
    kept = make_organisation(name="Haus der Klänge e. V.")
    past.hosts.set([organisation])
    both = make_meeting(hosts=[organisation, kept])
    make_meeting_invitation(meeting=past, organisation=kept)
    AgendaItem.objects.create(meeting=past, title="Fest", organisation=organisation)
    Task.objects.create(meeting=past, text="Raum suchen", organisation=organisation)
    merge = merging.merge(
        kept=kept,
        gone=organisation,
        choices={},
        seen_versions={kept.pk: kept.version, organisation.pk: organisation.version},
        by=officer,
    )

    def counts(one: Organisation) -> list[int]:
        return [
            one.meeting_invitations.count(),
            one.attendances.count(),
            one.agenda_items.count(),
            one.tasks.count(),
            one.hosted_meetings.count(),
        ]

    assert counts(kept) == [2, 1, 1, 1, 2]
    assert list(both.hosts.filter(pk=kept.pk)) == [kept]
    assert attendance.overview(past).organisations == 1
    unmerging.undo(merge=merge, by=officer)
    assert counts(organisation) == [1, 1, 1, 1, 2]
    assert counts(kept) == [1, 0, 0, 0, 1]
