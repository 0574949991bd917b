"""What ideas and actions know about people, how it is told to them, and how it goes."""

import datetime
import json
import uuid

import pytest
from django.urls import reverse

from accounts import services as accounts
from actions.models import Idea, IdeaSupport, JointAction, Pledge
from actions.services import contributions, erasure, ideas, messages
from core import jobs
from organisations.services import merging, unmerging
from tests.factories import (
    make_contribution,
    make_idea,
    make_joint_action,
    make_meeting,
    make_organisation,
)


def test_people_read_what_is_known_about_them(client_for, editor, organisation):
    idea = make_idea(user=editor, organisation=organisation, way="member", text="Kochbuch")
    ideas.support(idea=idea, organisation=organisation, by=editor)
    address = reverse("accounts:export")
    found = json.loads(client_for(editor).get(f"{address}?format=json").content)
    assert found["ideas"][0]["text"] == "Kochbuch"
    assert found["idea_supports"][0]["organisation"] == organisation.name


def test_erased_people_leave_the_idea_behind(editor, organisation):
    idea = make_idea(user=editor, organisation=organisation, author_name=editor.name)
    ideas.support(idea=idea, organisation=organisation, by=editor)
    accounts.erase(editor)
    idea.refresh_from_db()
    assert (idea.user, idea.author_name, idea.organisation) == (None, "", organisation)
    assert not Idea.history.exclude(user_id=None).exists()
    assert not Idea.history.exclude(author_name="").exists()
    assert IdeaSupport.objects.get().user is None


def test_names_go_after_a_year(db, time_machine):
    idea = make_idea(author_name="Fatma aus Gruppe 2")
    assert erasure.forget_old() == {"names removed": 0}
    assert "actions.retention" in jobs.tasks
    time_machine.move_to(idea.created_at + datetime.timedelta(days=366))
    assert erasure.forget_old() == {"names removed": 1}
    idea.refresh_from_db()
    assert idea.author_name == ""
    assert not Idea.history.exclude(author_name="").exists()
    assert erasure.forget_old() == {"names removed": 0}


def test_people_read_what_they_said_and_did_for_actions(client_for, editor, organisation):
    action = make_joint_action(lead=organisation, title="Fest", contact_email=editor.email)
    need = make_contribution(action=action, what="Kuchen", amount=3)
    contributions.pledge(
        contribution=need, organisation=organisation, amount=2, person=editor.name, by=editor
    )
    messages.send(action=action, text="Wir treffen uns!", by=editor, creation_key=uuid.uuid4())
    address = reverse("accounts:export")
    found = json.loads(client_for(editor).get(f"{address}?format=json").content)
    assert found["pledges"][0]["contribution"] == "Kuchen"
    assert found["action_messages"][0]["text"] == "Wir treffen uns!"
    assert found["action_contacts"][0]["action"] == "Fest"
    assert found["action_changes"]


def test_erased_people_leave_the_plan_behind(client_for, editor, organisation):
    action = make_joint_action(
        lead=organisation,
        state="confirmed",
        contact_name=editor.name,
        contact_email=editor.email,
        created_by=editor,
    )
    need = make_contribution(action=action, amount=3)
    contributions.pledge(
        contribution=need,
        organisation=organisation,
        amount=2,
        person=f"Ali, {editor.name}",
        by=editor,
    )
    messages.send(action=action, text="Wir treffen uns!", by=editor, creation_key=uuid.uuid4())
    address = reverse("actions:detail", args=[action.slug])
    assert editor.email in client_for(None).get(address).content.decode()
    name = editor.name

    accounts.erase(editor)

    action.refresh_from_db()
    assert (action.contact_name, action.contact_phone, action.contact_email) == ("", "", "")
    assert action.created_by is None
    pledge = need.pledges.get()
    assert (pledge.amount, pledge.person, pledge.by) == (2, "Ali", None)
    assert action.messages.get().text == "Wir treffen uns!"
    for model in (JointAction, Pledge):
        for entry in model.history.values():
            assert name not in str(entry)
            assert editor.email not in str(entry)
            assert entry.get("by_id") is None
    assert name not in client_for(None).get(address).content.decode()


@pytest.mark.parametrize("leads", ["kept", "gone", "neither"])
def test_two_partners_that_become_one_are_in_it_once(officer, leads):
    kept, gone = make_organisation(name="Chor"), make_organisation(name="Chor e. V.")
    lead = {"kept": kept, "gone": gone}.get(leads) or make_organisation()
    action = make_joint_action(lead=lead, partners=[one for one in (kept, gone) if one != lead])
    need = make_contribution(action=action, amount=10, pledges=[(kept, 2), (gone, 3)])
    versions = {one.pk: one.version for one in (kept, gone)}
    done = merging.merge(kept=kept, gone=gone, choices={}, seen_versions=versions, by=officer)
    parts = {part.organisation: part for part in action.participations.all()}
    assert (parts[kept].state, parts[gone].state) == ("confirmed", "left")
    assert (parts[kept].role == "lead") == (leads != "neither")
    assert need.pledges.get(organisation=kept).amount == 5
    assert action.contributions.with_pledged().get().pledged == 5
    assert unmerging.undo(merge=done, by=officer) == []
    assert action.participations.get(role="lead").organisation == lead
    assert action.contributions.with_pledged().get().pledged == 5
    assert need.pledges.get(organisation=kept).amount == 2


def test_organisations_that_become_one_keep_their_ideas_and_support(officer):
    kept, gone = make_organisation(name="Chor"), make_organisation(name="Chor e. V.")
    meeting = make_meeting()
    both = make_idea(meeting=meeting, supporters=[kept, gone])
    own = make_idea(meeting=meeting, supporters=[gone], organisation=gone)
    versions = {one.pk: one.version for one in (kept, gone)}
    merging.merge(kept=kept, gone=gone, choices={}, seen_versions=versions, by=officer)
    own.refresh_from_db()
    assert own.organisation == kept
    supported = Idea.objects.with_support().in_bulk([both.pk, own.pk])
    assert {idea.supporters for idea in supported.values()} == {1}
