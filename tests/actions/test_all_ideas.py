"""All ideas of the network: listed, searched, supported, commented, and made an action of."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from actions.models import Idea, IdeaComment, IdeaSupport, JointAction, Participation
from actions.services import comments, idea_actions, ideas
from core.errors import Refused
from core.models import OutboxMessage
from tests.factories import (
    make_idea,
    make_joint_action,
    make_meeting,
    make_organisation,
    make_user,
)

URL = "/de/ideen/"


@pytest.fixture(autouse=True)
def _network(db, network):
    pass


@pytest.fixture
def member(client_for, manager, organisation):
    return client_for(manager)


@pytest.fixture
def choir():
    return make_organisation(name="Chor am Fluss", manager=make_user(email="chor@example.org"))


def written(text: str, organisation=None, **fields) -> Idea:
    """Return an idea of a member that comes from no meeting."""
    fields = {"way": Idea.Way.MEMBER, "creation_key": uuid.uuid4()} | fields
    idea = Idea.objects.create(text=text, organisation=organisation, **fields)
    idea.save()
    return idea


def page(client, query: str = "") -> str:
    return client.get(URL + query).content.decode()


def comment(idea: Idea, by, text: str = "Gute Sache") -> IdeaComment:
    return comments.write(idea=idea, text=text, by=by, creation_key=uuid.uuid4())


# --- The list -------------------------------------------------------------------------------------
def test_members_write_and_read_ideas_of_everywhere(member, manager, organisation):
    evening = make_meeting(title="Ideenabend", slug="ideenabend")
    make_idea(meeting=evening, text="Erzählcafé")
    make_idea(meeting=make_meeting(visibility="office"), text="Nur für das Team")
    make_idea(meeting=evening, text="Ausgeblendet", state=Idea.State.HIDDEN)
    sent = {"text": "Ein Kochbuch", "creation_key": str(uuid.uuid4())}
    for _time in range(5):
        assert member.post(URL, sent).status_code == 302
    idea = Idea.objects.get(text="Ein Kochbuch")
    assert (idea.meeting, idea.way, idea.user, idea.organisation) == (
        None, "member", manager, organisation,
    )  # fmt: skip
    html = page(member)
    assert "2 Ideen" in html
    assert html.index("Ein Kochbuch") < html.index("Erzählcafé")
    assert "/treffen/ideenabend/ideen/" in html
    assert "Nur für das Team" not in html
    assert "Ausgeblendet" not in html


def test_members_find_the_way_there(member, client_for, outsider):
    address = reverse("organisations:mine")
    assert URL in member.get(address, follow=True).content.decode()
    assert URL not in client_for(outsider).get(address, follow=True).content.decode()


def test_who_speaks_for_several_says_for_which_one_writes(member, manager):
    second = make_organisation(name="Zweiter Verein", manager=manager)
    sent = {"text": "Ein Kochbuch", "creation_key": str(uuid.uuid4())}
    html = member.post(URL, sent).content.decode()
    assert 'value="Ein Kochbuch"' in html
    assert not Idea.objects.exists()
    foreign = make_organisation()
    member.post(URL, sent | {"organisation": foreign.pk})
    assert not Idea.objects.exists()
    member.post(URL, sent | {"organisation": second.pk})
    assert Idea.objects.get().organisation == second


def test_the_officer_writes_for_others(client_for, officer):
    sent = {"text": "Vom Telefon", "creation_key": str(uuid.uuid4())}
    assert client_for(officer).post(URL, sent).status_code == 302
    assert Idea.objects.get().way == "office"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "Sommerfest Trommeln Müllsammeln"),
        ("?q=MUELL", "Müllsammeln"),
        # What has become part of it is searched as well.
        ("?q=fest+juli", "Sommerfest"),
        ("?q=gibt+es+nicht", ""),
        ("?treffen=ideenabend", "Sommerfest"),
        ("?treffen=ohne", "Trommeln Müllsammeln"),
        ("?treffen=unbekannt", "Sommerfest Trommeln Müllsammeln"),
        ("?stand=offen", "Sommerfest Müllsammeln"),
        ("?stand=aktion", "Trommeln"),
        ("?stand=eigene", "Müllsammeln"),
        ("?ordnung=beliebt", "Trommeln Sommerfest Müllsammeln"),
        ("?seite=x&stand=y", "Sommerfest Trommeln Müllsammeln"),
    ],
)
def test_ideas_are_found(member, officer, organisation, choir, query, found):
    written("Müllsammeln", organisation=organisation)
    drums = written("Trommeln", action=make_joint_action(title="Trommeltag"))
    evening = make_meeting(title="Ideenabend", slug="ideenabend")
    fest = make_idea(meeting=evening, text="Sommerfest")
    part = make_idea(meeting=evening, text="Ein Fest im Juli")
    for idea in (drums, part):
        IdeaSupport.objects.create(idea=idea, organisation=choir)
    IdeaSupport.objects.create(idea=drums, organisation=make_organisation())
    ideas.merge(ideas=[fest, part], kept=fest, by=officer)
    html = page(member, query)
    wanted = found.split()
    places = [html.index(f"<bdi>{text}</bdi>") for text in wanted]
    assert places == sorted(places)
    others = {"Sommerfest", "Trommeln", "Müllsammeln"} - {*wanted}
    assert not [text for text in others if f"<bdi>{text}</bdi>" in html]


def test_buttons_lead_back_to_the_same_list(member, organisation):
    idea = written("Trommeln")
    answer = member.post(f"{URL}?q=trommeln", {"join": idea.pk})
    assert answer.url == f"{URL}?q=trommeln#idee-{idea.pk}"
    assert IdeaSupport.objects.get().would_join
    member.post(URL, {"withdraw": idea.pk})
    assert not IdeaSupport.objects.exists()


def test_who_wrote_an_idea_takes_it_back_until_others_work_with_it(member, manager, organisation):
    idea = written("Trommeln", organisation=organisation, user=manager)
    said = comment(idea, manager)
    member.post(idea.get_absolute_url(), {"take_back": idea.pk})
    assert Idea.objects.exists()
    comments.take_back(comment=said, by=manager)
    assert 'name="take_back"' in page(member)
    answer = member.post(idea.get_absolute_url(), {"take_back": idea.pk})
    assert answer.url == URL
    assert not Idea.objects.exists()
    assert not Idea.history.exists()


# --- One idea, and what is said about it ----------------------------------------------------------
def test_comments_are_kept_once_hidden_and_taken_back(
    member, client_for, manager, officer, organisation, choir
):
    idea = written("Trommeln", organisation=choir)
    url = idea.get_absolute_url()
    sent = {"text": "Wir haben  Trommeln.\n<b>Sechs</b>", "creation_key": str(uuid.uuid4())}
    for _time in range(2):
        assert member.post(url, sent).status_code == 302
    said = IdeaComment.objects.get()
    assert (said.user, said.organisation) == (manager, organisation)
    assert "&lt;b&gt;Sechs&lt;/b&gt;" in member.get(url).content.decode()
    assert "1 Kommentar" in page(member)
    # Hidden by the officer, it is gone for members, and comes back.
    assert member.post(url, {"hide_comment": said.pk}).status_code == 404
    office = client_for(officer)
    office.post(url, {"hide_comment": said.pk})
    assert "Sechs" not in member.get(url).content.decode()
    assert "1 Kommentar" not in page(member)
    assert "Sechs" in office.get(url).content.decode()
    office.post(url, {"show_comment": said.pk})
    assert "Sechs" in member.get(url).content.decode()
    # Only who wrote it deletes it; what belongs to another idea is not here.
    other = client_for(choir.representatives.get().user)
    assert other.post(url, {"take_back_comment": said.pk}).status_code == 404
    elsewhere = written("Tanzen")
    assert member.post(
        elsewhere.get_absolute_url(), {"take_back_comment": said.pk}
    ).status_code == 404  # fmt: skip
    member.post(url, {"take_back_comment": said.pk})
    assert not IdeaComment.objects.exists()


def test_nothing_typed_in_a_comment_is_lost(member, client, manager, organisation):
    url = written("Trommeln").get_absolute_url()
    long = {"text": "Wort " * 20_000, "creation_key": str(uuid.uuid4())}
    html = member.post(url, long).content.decode()
    assert "höchstens 500" in html
    assert "Wort Wort" in html
    assert not IdeaComment.objects.exists()
    # The session has ended.
    assert client.post(url, long | {"text": "Wir kommen."}).status_code == 302
    client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Wir kommen." in client.get(url).content.decode()


def test_strangers_say_nothing(client_for, outsider):
    idea = written("Trommeln")
    with pytest.raises(PermissionDenied):
        comment(idea, outsider)
    assert client_for(outsider).post(URL, {"support": idea.pk}).status_code == 404


def test_a_part_leads_to_the_whole_and_is_taken_apart(member, client_for, officer, manager):
    kept = written("Sommerfest")
    part = make_idea(text="Fest im Sommer")  # of a meeting, the other of none
    comment(part, manager, "Mit Musik")
    ideas.merge(ideas=[kept, part], kept=kept, by=officer)
    assert member.get(part.get_absolute_url()).url == kept.get_absolute_url()
    html = member.get(kept.get_absolute_url()).content.decode()
    assert "Fest im Sommer" in html
    assert "Mit Musik" in html
    assert 'name="separate"' not in html
    assert member.post(kept.get_absolute_url(), {"separate": part.pk}).status_code == 404
    client_for(officer).post(kept.get_absolute_url(), {"separate": part.pk})
    assert Idea.objects.listed().count() == 2


def test_what_members_may_not_see_is_not_put_together_with_the_rest(officer):
    hidden = make_idea(meeting=make_meeting(visibility="office"))
    with pytest.raises(Refused, match="nur das Team"):
        ideas.merge(ideas=[written("Fest"), hidden], by=officer)


# --- To an action ---------------------------------------------------------------------------------
def test_one_click_makes_an_action_and_asks_who_supports_it(
    member, manager, organisation, choir, officer
):
    paused = make_organisation(state="paused", manager=make_user())
    part = make_idea(text="Fest im Sommer", supporters=[choir])
    idea = make_idea(text="Sommerfest", supporters=[organisation, paused])
    ideas.merge(ideas=[idea, part], kept=idea, by=officer)
    for _time in range(2):
        answer = member.post(URL, {"begin": idea.pk})
    action = JointAction.objects.get()
    assert answer.url == reverse("actions:manage", args=[action.slug])
    assert (action.title, action.state) == ("Sommerfest", "planning")
    assert set(action.participations.values_list("organisation__name", "role", "state")) == {
        (organisation.name, "lead", "confirmed"),
        (choir.name, "partner", "invited"),
    }
    mail = OutboxMessage.objects.get()
    assert mail.to == "chor@example.org"
    assert "Sommerfest" in mail.text_body
    # The idea stays, with its history and those who support it, and says what it has become.
    idea.refresh_from_db()
    assert (idea.action, idea.state, idea.supports.count()) == (action, "open", 2)
    assert idea.history.first().history_user == manager
    for html in (page(member), member.get(idea.get_absolute_url()).content.decode()):
        assert "Daraus ist eine Aktion geworden:" in html
        assert action.get_absolute_url() in html
        assert 'name="begin"' not in html
        assert 'name="support"' not in html
    with pytest.raises(Refused, match="schon eine Aktion"):
        ideas.support(idea=idea, organisation=organisation, by=manager)


@pytest.mark.parametrize("leads", [True, False])
def test_the_officer_chooses_who_leads_or_leaves_it_open(client_for, officer, choir, leads):
    other = make_organisation(name="Verein", manager=make_user(email="verein@example.org"))
    idea = make_idea(supporters=[choir, other])
    office = client_for(officer)
    url = idea.get_absolute_url()
    assert "Noch niemand. Wir suchen eine Leitung." in office.get(url).content.decode()
    foreign = make_organisation()
    office.post(url, {"choose": idea.pk, "lead": foreign.pk})
    assert not JointAction.objects.exists()
    office.post(url, {"choose": idea.pk, "lead": choir.pk if leads else ""})
    action = JointAction.objects.get()
    assert action.state == ("planning" if leads else "idea")
    asked = {"verein@example.org"} if leads else {"verein@example.org", "chor@example.org"}
    assert set(OutboxMessage.objects.values_list("to", flat=True)) == asked
    leading = Participation.objects.filter(role="lead").values_list("organisation", flat=True)
    assert list(leading) == ([choir.pk] if leads else [])


def test_who_wrote_an_idea_leads_it_and_others_support_it_first(
    member, client_for, manager, organisation, choir
):
    idea = written("Trommeln", organisation=choir)
    assert 'name="begin"' not in page(member)
    answer = member.post(URL, {"begin": idea.pk}, follow=True)
    assert "Bitte unterstützen Sie sie zuerst" in answer.content.decode()
    assert not JointAction.objects.exists()
    with pytest.raises(PermissionDenied):
        idea_actions.begin(idea=idea, by=manager, lead=choir)
    writer = client_for(choir.representatives.get().user)
    assert 'name="begin"' in page(writer)
    writer.post(URL, {"begin": idea.pk})
    assert JointAction.objects.get().participations.get().organisation == choir


def test_ideas_of_a_meeting_have_the_same_button(member, organisation):
    idea = make_idea(supporters=[organisation])
    url = reverse("actions:ideas", args=[idea.meeting.slug])
    assert 'name="begin"' in member.get(url).content.decode()
    member.post(url, {"begin": idea.pk})
    action = JointAction.objects.get()
    assert action.get_absolute_url() in member.get(url).content.decode()


def test_a_cancelled_action_is_not_linked_for_others(member, choir):
    cancelled = make_joint_action(state="cancelled", title="Geheimer Titel", lead=choir)
    written("Trommeln", action=cancelled)
    html = page(member)
    assert "Sie ist abgesagt." in html
    assert "Geheimer Titel" not in html


# --- The office -----------------------------------------------------------------------------------
def test_the_office_puts_together_and_hides_ideas_of_the_whole_network(
    client_for, officer, organisation
):
    url = reverse("admin:actions_idea_changelist")
    office = client_for(officer)
    kept, part = written("Sommerfest"), make_idea(text="Fest im Sommer")
    chosen = {"action": "merge_ideas", "_selected_action": [kept.pk, part.pk]}
    html = office.post(url, chosen).content.decode()
    assert "Welche Idee bleibt?" in html
    wrong = office.post(url, chosen | {"_confirmed": "1"}).content.decode()
    assert "Bitte wählen Sie, welche Idee bleibt." in wrong
    office.post(url, chosen | {"_confirmed": "1", "kept": kept.pk})
    assert list(Idea.objects.listed()) == [kept]
    hide = {"action": "hide_ideas", "_selected_action": [kept.pk], "_confirmed": "1"}
    office.post(url, hide)
    assert not Idea.objects.listed().exists()
    office.post(url, {**hide, "action": "show_ideas"})
    assert list(Idea.objects.listed()) == [kept]


def test_what_has_become_an_action_stays_when_ideas_are_put_together(officer):
    idea, action = written("Fest"), make_joint_action()
    begun = written("Sommerfest", action=action)
    with pytest.raises(Refused, match="dass diese bleibt"):
        ideas.merge(ideas=[idea, begun], kept=idea, by=officer)
    assert ideas.merge(ideas=[idea, begun], by=officer) == begun


# --- How much it costs ----------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 30])
@pytest.mark.parametrize("where", ["list", "idea"])
def test_the_number_of_queries_is_fixed(
    member, manager, organisation, officer, django_assert_num_queries, number, where
):
    for _time in range(number):
        kept = written(f"Idee {_time}", action=make_joint_action())
        part = make_idea(supporters=[make_organisation()])
        ideas.merge(ideas=[kept, part], kept=kept, by=officer)
    idea = written("Viel besprochen", organisation=organisation)
    for _time in range(number):
        comment(idea, manager, f"Satz {_time}")
        IdeaSupport.objects.create(idea=idea, organisation=make_organisation())
    url = f"{URL}?ordnung=beliebt&q=e" if where == "list" else idea.get_absolute_url()
    member.get(url)
    with django_assert_num_queries(QUERIES[where]):
        member.get(url)


QUERIES = {"list": 16, "idea": 15}
