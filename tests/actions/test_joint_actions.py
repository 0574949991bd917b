"""An action's life: begun, given to the officer, confirmed, taken back, cancelled, done."""

import datetime
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from actions.models import JointAction, Participation
from actions.services import details, joint_actions
from core.errors import Refused
from core.models import OutboxMessage
from tests import factories as make

State = JointAction.State
DAY = datetime.timedelta(days=1)


@pytest.fixture
def action(organisation):
    return make.make_joint_action(lead=organisation, title="Fest am Fluss", slug="fest-am-fluss")


@pytest.fixture
def partner(action):
    """Speaks for an organisation that takes part."""
    other = make.make_organisation(name="Club Italia")
    make.make_participation(action=action, organisation=other)
    user = make.make_user(email="club@example.org", name="Carla Club")
    return make.make_representative(organisation=other, user=user).user


@pytest.fixture
def told(monkeypatch):
    """Collect what the handlers are told."""
    calls = []

    def handler(action, *, what, by, dates):
        calls.append((action.state, what, len(dates), action.sequence))

    monkeypatch.setattr(joint_actions.rows, "changed_handlers", [handler])
    return calls


def mails(name: str) -> list[str]:
    found = OutboxMessage.objects.filter(mail=f"actions/{name}")
    return sorted(found.values_list("to", flat=True))


def page(action, name: str = "manage") -> str:
    return reverse(f"actions:{name}", args=[action.slug])


def press(client, action, verb: str, **more) -> str:
    return client.post(page(action), {verb: "1", **more}, follow=True).content.decode()


# --- Beginning ------------------------------------------------------------------------------------
def test_a_title_is_enough_and_the_same_form_sent_twice_is_one_action(
    client_for, editor, organisation
):
    client, address = client_for(editor), reverse("actions:create")
    key = client.get(address).context["form"]["creation_key"].value()
    data = {"title": "Neu", "organisation": organisation.pk, "creation_key": str(key)}
    first, second = client.post(address, data), client.post(address, data)
    action = JointAction.objects.get()
    assert first.url == second.url == page(action)
    # The word itself is an address of its own.
    assert (action.slug, action.state, action.created_by) == ("neu-2", State.PLANNING, editor)
    lead = action.participations.get()
    assert (lead.role, lead.state, lead.organisation) == ("lead", "confirmed", organisation)
    entry = action.history.get()
    assert (entry.history_type, entry.history_change_reason) == ("+", "Aktion angelegt")


def test_nobody_begins_for_an_organisation_of_others(client_for, editor, outsider):
    other = make.make_organisation()
    data = {"title": "Fest", "organisation": other.pk, "creation_key": str(uuid.uuid4())}
    answer = client_for(editor).post(reverse("actions:create"), data)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert client_for(outsider).post(reverse("actions:create"), data).status_code == 404
    with pytest.raises(PermissionDenied):
        joint_actions.create(values={"title": "Fest"}, by=editor, organisation=other)
    assert not JointAction.objects.exists()


def test_the_officer_begins_one_that_looks_for_a_lead(client_for, officer, manager, organisation):
    client_for(officer).post(reverse("actions:create"), {"title": "Stadtlauf"})
    action = JointAction.objects.get()
    assert (action.state, action.participations.count()) == (State.IDEA, 0)
    assert joint_actions.missing(action)[0].name == "lead"
    assert joint_actions.take_up(action=action, organisation=organisation, by=manager)
    assert action.state == State.PLANNING
    assert not joint_actions.take_up(action=action, organisation=organisation, by=manager)


def test_an_idea_becomes_one_action_and_says_so(manager, organisation, outsider, officer):
    text = "Ein Fest, bei dem alle Vereine zusammen kochen und Musik machen. " * 3
    idea = make.make_idea(text=text.strip(), supporters=[organisation])
    with pytest.raises(PermissionDenied):
        joint_actions.from_idea(idea=idea, by=outsider, organisation=organisation)
    action = joint_actions.from_idea(idea=idea, by=manager, organisation=organisation)
    assert action.description == idea.text
    assert len(action.title) <= 120
    assert action.title.endswith("…")
    idea.refresh_from_db()
    assert idea.action == action
    assert idea.history.latest().history_change_reason == "Zur Aktion gemacht"
    assert joint_actions.from_idea(idea=idea, by=officer) == action


# --- From the plan to the public page -------------------------------------------------------------
def test_the_lead_gives_it_to_the_officer_who_asks_back_and_confirms(
    action, manager, partner, officer, client_for, told
):
    lead = client_for(manager)
    assert "Zum Prüfen geben" in lead.get(page(action)).content.decode()
    assert "Das Team prüft die Aktion" in press(lead, action, "submit")
    press(lead, action, "submit")
    assert mails("submitted") == [officer.email]
    assert "Rückfrage" not in press(lead, action, "withdraw")
    action.refresh_from_db()
    assert not action.is_waiting
    press(lead, action, "submit")
    assert joint_actions.return_to_lead(action=action, note="Wo genau?", by=officer)
    assert mails("returned") == [manager.email]
    assert "Wo genau?" in lead.get(page(action)).content.decode()
    press(lead, action, "submit")
    assert joint_actions.confirm(action=action, by=officer)
    assert not joint_actions.confirm(action=action, by=officer)
    assert mails("confirmed") == sorted([manager.email, partner.email])
    assert told == [(State.CONFIRMED, {"confirmed"}, 0, 1)]
    assert JointAction.objects.public().get() == action
    assert (action.submitted_at, action.returned_note) == (None, "")


def test_taking_back_and_cancelling_tell_all_who_take_part(
    action, manager, partner, officer, client_for, told
):
    joint_actions.confirm(action=action, by=officer)
    assert joint_actions.take_back(action=action, reason="Der Saal ist unsicher.", by=officer)
    assert not joint_actions.take_back(action=action, by=officer)
    assert not JointAction.objects.public().exists()
    assert mails("taken_back") == sorted([manager.email, partner.email])
    joint_actions.confirm(action=action, by=officer)
    text = press(client_for(manager), action, "cancel", reason="")
    assert "Bitte schreiben Sie einen Satz zum Grund." in text
    text = press(client_for(manager), action, "cancel", reason="Es regnet zu viel.")
    assert "Es regnet zu viel." in text
    assert not joint_actions.cancel(action=action, reason="noch einmal", by=manager)
    assert mails("cancelled") == [partner.email]  # who has done it knows
    assert JointAction.objects.public().get().is_cancelled
    with pytest.raises(Refused):
        joint_actions.change(
            action=action, values={"title": "Neu"}, seen_version=action.version, by=manager
        )
    # A cancelled one that is taken back stays cancelled, for nobody outside to see.
    joint_actions.take_back(action=action, by=officer)
    assert (action.state, action.is_public) == (State.CANCELLED, False)
    assert joint_actions.reopen(action=action, by=officer)
    assert action.state == State.PLANNING
    assert [what for _state, what, _dates, _sequence in told] == [
        {"confirmed"},
        {"taken_back"},
        {"confirmed"},
        {"cancelled"},
        {"taken_back"},
    ]
    assert [sequence for *_rest, sequence in told] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("verb", ["submit", "withdraw", "cancel", "finish"])
def test_a_partner_does_not_decide(action, partner, client_for, verb):
    answer = client_for(partner).post(page(action), {verb: "1", "reason": "Weil ich will"})
    assert answer.status_code == 404
    action.refresh_from_db()
    assert (action.state, action.submitted_at) == (State.PLANNING, None)


@pytest.mark.parametrize("verb", ["confirm", "take_back", "reopen", "return_to_lead"])
def test_only_the_officer_confirms(action, manager, verb):
    more = {"note": "Frage"} if verb == "return_to_lead" else {}
    with pytest.raises(PermissionDenied):
        getattr(joint_actions, verb)(action=action, by=manager, **more)


def test_what_is_missing_is_said_and_stands_in_the_way(organisation, manager, officer, client_for):
    action = make.make_joint_action(
        lead=organisation, summary="", place="", address="", contact_email="", dates=[]
    )
    text = client_for(manager).get(page(action)).content.decode()
    names = ["summary", "dates", "place", "contact"]
    assert [one.name for one in joint_actions.missing(action)] == names
    assert "Ein Termin fehlt." in text
    assert 'name="submit"' not in text
    for verb, by in ((joint_actions.submit, manager), (joint_actions.confirm, officer)):
        with pytest.raises(Refused, match="Der Ort fehlt"):
            verb(action=action, by=by)
    organisation.state = organisation.State.PAUSED
    organisation.save()
    assert joint_actions.missing(JointAction.objects.get())[0].name == "lead"


def test_who_leaves_loses_access_at_once(action, partner, client_for):
    club = client_for(partner)
    assert club.get(page(action)).status_code == 200
    Participation.objects.filter(action=action, role="partner").update(state="left")
    for name in ("manage", "edit", "dates", "picture"):
        assert club.get(page(action, name)).status_code == 404
        assert club.post(page(action, name), {"title": "Meins"}).status_code == 404
    with pytest.raises(PermissionDenied):
        joint_actions.change(action=action, values={"title": "x"}, seen_version=1, by=partner)


# --- Afterwards -----------------------------------------------------------------------------------
def test_what_is_over_is_done_by_itself_and_moved_ahead_it_is_not(organisation, manager):
    now = timezone.now()
    over = make.make_joint_action(
        lead=organisation, state=State.CONFIRMED, dates=[(now - 2 * DAY, now - DAY)]
    )
    ahead = make.make_joint_action(
        state=State.CONFIRMED, dates=[(now - 2 * DAY, now - DAY), (now + DAY, now + 2 * DAY)]
    )
    assert joint_actions.finish_due() == {"done": 1}
    assert joint_actions.finish_due() == {"done": 0}
    assert JointAction.objects.get(state=State.DONE) == over
    with pytest.raises(Refused):
        joint_actions.finish(action=ahead)
    over.refresh_from_db()
    [date] = details.dates_of(over)
    moved = date._replace(starts_at=now + DAY, ends_at=now + 2 * DAY)
    row = joint_actions.change(
        action=over, values={"dates": [moved]}, seen_version=over.version, by=manager
    )
    assert row.state == State.CONFIRMED


# --- All of mine ----------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 30])
def test_my_actions_and_what_waits_cost_the_same(
    client_for, manager, organisation, number, django_assert_max_num_queries
):
    for _number in range(number):
        own = make.make_joint_action(lead=organisation)
        make.make_participation(
            action=own, organisation=make.make_organisation(), state=Participation.State.ASKED
        )
        other = make.make_joint_action()
        make.make_participation(
            action=other, organisation=organisation, state=Participation.State.INVITED
        )
    client = client_for(manager)
    client.get(reverse("actions:mine"))
    with django_assert_max_num_queries(19):
        text = client.get(reverse("actions:mine")).content.decode()
    assert f"/aktionen/{own.slug}/planung/" in text
    assert "ist eingeladen" in text
    assert "möchte mitmachen" in text
