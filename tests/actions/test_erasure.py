"""What ideas know about people, how it is told to them, and how it goes."""

import datetime
import json

from django.urls import reverse

from accounts import services as accounts
from actions.models import Idea, IdeaSupport
from actions.services import erasure, ideas
from core import jobs
from organisations.services import merging
from tests.factories import make_idea, make_meeting, make_organisation


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
