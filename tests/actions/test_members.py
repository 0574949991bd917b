"""Ideas for members: read in groups, supported for an organisation, taken back."""

import uuid

import pytest
from django.template import Context, Template
from django.urls import reverse

from actions.models import Idea, IdeaGroup, IdeaSupport
from actions.services import ideas
from tests.factories import (
    make_idea,
    make_idea_board,
    make_meeting,
    make_organisation,
    make_representative,
    make_user,
)

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def meeting(db, network):
    return make_meeting(title="Ideenabend", slug="ideenabend")


@pytest.fixture
def url(meeting) -> str:
    return reverse("actions:ideas", kwargs={"slug": meeting.slug})


def support_of(idea, organisation) -> bool | None:
    """Return whether an organisation would join; None if it does not support the idea."""
    found = IdeaSupport.objects.filter(idea=idea, organisation=organisation).first()
    return found.would_join if found else None


def test_ideas_stand_in_their_groups_the_most_supported_first(meeting, url, client_for, manager):
    fest = IdeaGroup.objects.create(meeting=meeting, title="Feste", position=2)
    talk = IdeaGroup.objects.create(meeting=meeting, title="Reden", position=1)
    other = make_organisation(name="Chor am Fluss")
    make_idea(meeting=meeting, text="Ohne Gruppe")
    make_idea(meeting=meeting, text="Erzählcafé", group=talk)
    make_idea(meeting=meeting, text="Sommerfest", group=fest)
    make_idea(meeting=meeting, text="Winterfest", group=fest, supporters=[other])
    make_idea(meeting=meeting, text="Ausgeblendet", state=Idea.State.HIDDEN)
    make_idea(text="Aus einem anderen Treffen")
    html = client_for(manager).get(url).content.decode()
    order = ["Reden", "Erzählcafé", "Feste", "Winterfest", "Sommerfest", "Ohne Gruppe"]
    places = [html.index(f">{word}<") for word in order]
    assert places == sorted(places)
    assert "Unterstützen es:" in html
    assert "Chor am Fluss" in html
    assert "Ausgeblendet" not in html
    assert "Aus einem anderen Treffen" not in html


def test_support_is_given_and_withdrawn(meeting, url, client_for, editor, organisation):
    idea = make_idea(meeting=meeting)
    client = client_for(editor)
    for _time in range(2):
        client.post(url, {"support": idea.pk})
    assert support_of(idea, organisation) is False
    html = client.get(url).content.decode()
    assert 'name="withdraw"' in html
    assert 'name="support"' not in html
    client.post(url, {"join": idea.pk})
    assert support_of(idea, organisation) is True
    assert IdeaSupport.objects.get().user == editor
    assert "Würden mitmachen:" in client.get(url).content.decode()
    for _time in range(2):
        client.post(url, {"withdraw": idea.pk})
    assert support_of(idea, organisation) is None


def test_who_speaks_for_several_says_for_which(meeting, url, client_for, manager, organisation):
    second = make_organisation(name="Zweiter Verein", manager=manager)
    idea = make_idea(meeting=meeting)
    client = client_for(manager)
    assert client.post(url, {"support": idea.pk}).status_code == 404
    client.post(url, {"support": idea.pk, "organisation": second.pk})
    assert support_of(idea, second) is False
    assert support_of(idea, organisation) is None
    assert 'name="organisation"' in client.get(url).content.decode()


@pytest.mark.parametrize("state", ["paused", "archived", "submitted"])
def test_only_organisations_of_the_network_speak(meeting, url, client_for, state):
    user = make_user()
    organisation = make_organisation(state=state, manager=user)
    idea = make_idea(meeting=meeting)
    assert client_for(user).get(url).status_code == 404
    assert client_for(user).post(url, {"support": idea.pk}).status_code == 404
    assert support_of(idea, organisation) is None


def test_nobody_speaks_for_another_organisation(meeting, url, client_for, manager):
    foreign = make_organisation()
    idea = make_idea(meeting=meeting)
    client_for(manager).post(url, {"support": idea.pk, "organisation": foreign.pk})
    assert support_of(idea, foreign) is None


def test_support_of_paused_organisations_does_not_count(meeting, organisation):
    make_idea(meeting=meeting, supporters=[organisation, make_organisation(state="paused")])
    assert [idea.supporters for idea in Idea.objects.with_support()] == [1]


def test_ideas_of_other_meetings_cannot_be_supported_here(url, client_for, manager):
    hidden = make_idea(meeting=make_meeting(visibility="office"))
    assert client_for(manager).post(url, {"support": hidden.pk}).status_code == 404
    assert client_for(manager).post(url, {"support": "9" * 25}).status_code == 404
    assert not IdeaSupport.objects.exists()


def test_a_member_writes_in_the_name_of_the_organisation(
    meeting, url, client_for, editor, organisation
):
    sent = {"text": "Ein Kochbuch", "creation_key": str(uuid.uuid4())}
    client = client_for(editor)
    for _time in range(2):
        assert client.post(url, sent).status_code == 302
    idea = Idea.objects.get()
    assert (idea.text, idea.way, idea.user, idea.organisation) == (
        "Ein Kochbuch", "member", editor, organisation,
    )  # fmt: skip
    assert "Haus der Musik" in client.get(url).content.decode()
    client.post(url, {"take_back": idea.pk})
    assert not Idea.objects.exists()


def test_only_who_wrote_it_takes_it_back(meeting, url, client_for, editor, manager, organisation):
    idea = make_idea(meeting=meeting, user=editor, organisation=organisation, way=Idea.Way.MEMBER)
    assert client_for(manager).post(url, {"take_back": idea.pk}).status_code == 404
    assert Idea.objects.exists()


def test_errors_keep_what_was_typed(url, client_for, editor):
    client = client_for(editor)
    sent = {"text": "!" * 20, "creation_key": str(uuid.uuid4())}
    assert "!" * 20 in client.post(url, sent).content.decode()
    assert "Wörter" in client.post(url, sent, headers=FETCH).json()["message"]


def test_what_was_typed_survives_the_end_of_the_session(url, client_for, editor, client):
    sent = {"text": "Gemeinsam gärtnern", "creation_key": str(uuid.uuid4())}
    assert client.post(url, sent).status_code == 302
    client.force_login(editor, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Gemeinsam gärtnern" in client.get(url).content.decode()


# --- Put together ---------------------------------------------------------------------------------
def test_who_supports_a_part_supports_the_whole(meeting, url, client_for, officer, manager):
    one, both, other = (make_organisation(name=f"Verein {letter}") for letter in "ABC")
    make_representative(user=manager, organisation=other)
    kept = make_idea(meeting=meeting, text="Sommerfest", supporters=[one, both])
    part = make_idea(meeting=meeting, text="Fest im Sommer", supporters=[both, other])
    assert ideas.merge(ideas=[kept, part], by=officer) == kept
    assert Idea.objects.with_support().get(pk=kept.pk).supporters == 3
    html = client_for(manager).get(url).content.decode()
    assert all(f"Verein {letter}" in html for letter in "ABC")
    assert "Fest im Sommer" in html
    # Withdrawn from the whole, wherever it was given.
    ideas.withdraw_support(idea=kept, organisation=other, by=manager)
    assert Idea.objects.with_support().get(pk=kept.pk).supporters == 2
    # Taken apart, each has its own again.
    ideas.show(ideas=[part], by=officer)
    assert sorted(Idea.objects.with_support().values_list("text", "supporters")) == [
        ("Fest im Sommer", 1),
        ("Sommerfest", 2),
    ]


def test_a_part_cannot_be_supported_itself(meeting, url, client_for, officer, manager):
    kept, part = make_idea(meeting=meeting), make_idea(meeting=meeting)
    ideas.merge(ideas=[kept, part], by=officer, kept=kept)
    answer = client_for(manager).post(url, {"support": part.pk}, follow=True)
    assert "Teil einer anderen" in answer.content.decode()
    assert not IdeaSupport.objects.exists()


# --- Elsewhere ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "shown"), [("manager", True), ("officer", True), ("outsider", False), (None, False)]
)
def test_the_meetings_page_leads_there(request, rf, meeting, who, shown):
    make_idea_board(meeting=meeting)
    asked = rf.get("/")
    asked.user = request.getfixturevalue(who) if who else make_anonymous()
    template = Template("{% load ideas %}{% meeting_ideas meeting %}")
    html = template.render(Context({"request": asked, "meeting": meeting}))
    assert ("/treffen/ideenabend/ideen/" in html) is shown


def make_anonymous():
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()


@pytest.mark.parametrize("number", [1, 30])
def test_the_number_of_queries_is_fixed(
    meeting, url, client_for, manager, officer, organisation, django_assert_num_queries, number
):
    for _time in range(number):
        group = ideas.add_group(meeting=meeting, title=f"Gruppe {_time}", by=officer)
        kept = make_idea(meeting=meeting, group=group, supporters=[make_organisation()])
        part = make_idea(meeting=meeting, supporters=[organisation])
        ideas.merge(ideas=[kept, part], by=officer, kept=kept)
    client = client_for(manager)
    client.get(url)
    with django_assert_num_queries(MEMBER_QUERIES):
        client.get(url)


MEMBER_QUERIES = 14
