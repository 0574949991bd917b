"""Who takes part in an action: every organisation says yes for itself, and the lead hands over."""

import time
from urllib.parse import urlencode

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from actions.models import JointAction, Participation, Pledge
from actions.services import leading, partners
from core.errors import Refused
from core.models import OutboxMessage
from organisations.services import decisions
from tests import factories as make

State = Participation.State


@pytest.fixture
def other(db):
    return make.make_organisation(name="Club Italia", slug="club-italia")


@pytest.fixture
def partner(other):
    """Speaks for the other organisation."""
    user = make.make_user(email="club@example.org", name="Carla Club")
    return make.make_representative(organisation=other, user=user).user


@pytest.fixture
def action(organisation):
    return make.make_joint_action(lead=organisation, title="Fest am Fluss", slug="fest-am-fluss")


def state_of(action, organisation) -> str | None:
    found = Participation.objects.filter(action=action, organisation=organisation).first()
    return found.state if found else None


def mails(name: str) -> list[str]:
    found = OutboxMessage.objects.filter(mail=f"actions/{name}")
    return sorted(found.values_list("to", flat=True))


def page(action, name: str = "partners") -> str:
    return reverse(f"actions:{name}", args=[action.slug])


def press(client, address: str, verb: str, organisation, **more):
    data = {"verb": verb, "organisation": organisation.pk} | more
    return client.post(address, data, follow=True)


# --- From the invitation to the yes ---------------------------------------------------------------
def test_the_lead_invites_and_the_organisation_itself_says_yes(
    action, manager, partner, other, client_for
):
    lead, club = client_for(manager), client_for(partner)
    found = lead.post(page(action), {"search": "1", "query": "ital", "message": "Kommt!"})
    assert [name for _pk, name in found.context["form"]["organisations"].field.choices] == [
        "Club Italia"
    ]
    assert "Kommt!" in found.content.decode()
    sent = {"invite": "1", "organisations": [other.pk], "message": "Kommt!"}
    for _twice in range(2):
        lead.post(page(action), sent)
    assert state_of(action, other) == State.INVITED
    assert mails("partner_invited") == ["club@example.org"]
    body = OutboxMessage.objects.get(mail="actions/partner_invited").text_body
    assert "Haus der Musik" in body
    assert "Kommt!" in body
    assert page(action, "join") in body
    # Nobody else says yes, least of all who has invited.
    for verb in ("accept", "join"):
        assert press(lead, page(action, "join"), verb, other).status_code in {200, 404}
    assert state_of(action, other) == State.INVITED
    assert club.get(page(action)).status_code == 404

    answer = press(club, page(action, "join"), "accept", other)

    assert "Club Italia" in answer.content.decode()
    assert state_of(action, other) == State.CONFIRMED
    assert mails("partner_news") == ["leitung@example.org"]
    assert club.get(page(action)).status_code == 200
    press(club, page(action, "join"), "accept", other)
    assert len(mails("partner_news")) == 1
    assert [
        entry.history_change_reason
        for entry in Participation.objects.get(organisation=other).history.all()
    ] == ["Zugesagt", "Eingeladen"]


@pytest.mark.parametrize("by", ["manager", "officer"])
def test_nobody_says_yes_for_another_organisation(action, other, partner, by, request):
    person = request.getfixturevalue(by)
    partners.invite(action=action, organisation=other, by=person)
    for verb in (partners.accept, partners.ask, partners.leave, leading.take_lead):
        with pytest.raises(PermissionDenied):
            verb(action=action, organisation=other, by=person)
    assert state_of(action, other) == State.INVITED


@pytest.mark.parametrize("verb", [partners.invite, partners.remove, leading.offer_lead])
def test_partners_do_not_decide_about_others(action, other, partner, outsider, verb):
    make.make_participation(action=action, organisation=other)
    third = make.make_organisation()
    for person in (partner, outsider):
        with pytest.raises(PermissionDenied):
            verb(action=action, organisation=third, by=person)
    with pytest.raises(PermissionDenied):
        leading.hand_over(action=action, organisation=other, by=partner)
    assert state_of(action, third) is None


def test_who_asks_brings_something_and_the_lead_answers(
    action, manager, partner, other, client_for
):
    need = make.make_contribution(action=action, what="Kuchen", amount=10, unit="Stück")
    lead, club = client_for(manager), client_for(partner)
    here = f"{page(action, 'join')}?beitrag={need.pk}"
    assert "Kuchen (10 Stück)" in club.get(here).content.decode()
    club.post(here, {"verb": "join", "contribution": need.pk, "amount": "4", "message": "Gerne!"})
    assert state_of(action, other) == State.ASKED
    assert Pledge.objects.get().amount == 4
    assert mails("partner_asks") == ["leitung@example.org"]
    assert "Gerne!" in lead.get(page(action)).content.decode()
    press(lead, page(action), "admit", other)
    assert state_of(action, other) == State.CONFIRMED
    assert mails("partner_decided") == ["club@example.org"]


def test_a_no_takes_the_promise_with_it_and_one_may_ask_again(
    action, manager, partner, other, client_for
):
    need = make.make_contribution(action=action)
    lead, club = client_for(manager), client_for(partner)
    club.post(page(action, "join"), {"verb": "join", "contribution": need.pk, "amount": "1"})
    press(lead, page(action), "decline", other, message="Diesmal sind wir schon viele.")
    assert state_of(action, other) == State.DECLINED
    assert not Pledge.objects.exists()
    assert "Diesmal sind wir" in OutboxMessage.objects.get(mail="actions/partner_decided").text_body
    # Who said no may invite; that is a yes waiting, and asking again says it.
    partners.invite(action=action, organisation=other, by=manager)
    partners.ask(action=action, organisation=other, by=partner)
    assert state_of(action, other) == State.CONFIRMED


def test_both_wish_it_at_the_same_time(action, manager, partner, other):
    partners.ask(action=action, organisation=other, by=partner)
    partners.invite(action=action, organisation=other, by=manager)
    assert state_of(action, other) == State.CONFIRMED


def test_nobody_is_flooded(action, manager, partner, other):
    for _round in range(3):
        partners.invite(action=action, organisation=other, by=manager)
        partners.decline(action=action, organisation=other, by=partner)
    with pytest.raises(Refused, match="heute schon"):
        partners.invite(action=action, organisation=other, by=manager)
    assert len(mails("partner_invited")) == 3


@pytest.mark.parametrize(("state", "words"), [("done", "vorbei"), ("cancelled", "abgesagt")])
def test_what_is_over_takes_nobody_in(organisation, manager, other, state, words):
    action = make.make_joint_action(lead=organisation, state=state)
    with pytest.raises(Refused, match=words):
        partners.invite(action=action, organisation=other, by=manager)


def test_only_active_organisations_come_in(action, manager, officer):
    paused = make.make_organisation(state="paused")
    with pytest.raises(Refused, match="nicht aktiv"):
        partners.invite(action=action, organisation=paused, by=manager)
    asked = partners.invite_all(
        action=action, organisations=[paused, make.make_organisation()], by=manager
    )
    assert len(asked) == 1


# --- Leaving --------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ["remove", "leave"])
def test_who_goes_loses_access_at_once_and_its_promises_are_open_again(
    action, manager, partner, other, client_for, way
):
    make.make_participation(action=action, organisation=other)
    open_one = make.make_contribution(action=action, pledges=[(other, 1)])
    done = make.make_contribution(action=action, pledges=[(other, 1)])
    Pledge.objects.filter(contribution=done).update(done_at=action.created_at)
    club = client_for(partner)
    assert club.get(page(action)).status_code == 200
    if way == "remove":
        press(client_for(manager), page(action), "remove", other, message="Wir danken.")
        assert mails("partner_decided") == ["club@example.org"]
    else:
        press(club, page(action, "join"), "leave", other, message="Wir danken.")
        assert mails("partner_news") == ["leitung@example.org"]
    assert state_of(action, other) == State.LEFT
    assert [pledge.contribution for pledge in Pledge.objects.all()] == [done]
    assert open_one.pledges.count() == 0
    for name in ("partners", "contributions", "messages"):
        assert club.get(page(action, name)).status_code == 404


def test_the_last_lead_stays_until_another_takes_over(
    action, organisation, manager, partner, other, client_for
):
    make.make_participation(action=action, organisation=other)
    lead, club = client_for(manager), client_for(partner)
    answer = press(lead, page(action, "join"), "leave", organisation)
    assert "Übergeben Sie zuerst die Leitung" in answer.content.decode()
    assert partners.lead_of(action).organisation == organisation
    # Nobody takes what was not offered.
    assert (
        "nicht mehr angeboten"
        in press(club, page(action, "join"), "take_lead", other).content.decode()
    )
    for _twice in range(2):
        press(lead, page(action), "offer", other)
    assert mails("lead_offered") == ["club@example.org"]
    press(club, page(action, "join"), "take_lead", other)
    assert partners.lead_of(action).organisation == other
    assert mails("lead_changed") == ["leitung@example.org"]
    assert state_of(action, organisation) == State.CONFIRMED
    assert JointAction.objects.led_by(partner).get() == action
    assert not JointAction.objects.led_by(manager).exists()
    press(lead, page(action, "join"), "leave", organisation)
    assert state_of(action, organisation) == State.LEFT


def test_a_partner_need_not_lead(action, manager, partner, other):
    make.make_participation(action=action, organisation=other)
    leading.offer_lead(action=action, organisation=other, by=manager)
    assert leading.offers_for(partner).get().action == action
    assert leading.refuse_lead(action=action, organisation=other, by=partner)
    assert mails("partner_news") == ["leitung@example.org"]
    leading.offer_lead(action=action, organisation=other, by=manager)
    assert leading.withdraw_offer(action=action, by=manager)
    with pytest.raises(Refused):
        leading.take_lead(action=action, organisation=other, by=partner)


def test_the_officer_hands_over_when_the_lead_is_gone(
    action, organisation, officer, partner, other, client_for
):
    make.make_participation(action=action, organisation=other)
    decisions.archive(organisation=organisation, by=officer)
    desk = client_for(officer)
    for _twice in range(2):
        press(desk, page(action), "hand_over", other)
    assert partners.lead_of(action).organisation == other
    assert mails("lead_changed") == ["club@example.org"]


def test_an_idea_without_a_lead_finds_one(partner, other, client_for):
    action = make.make_joint_action(state="idea")
    club = client_for(partner)
    assert "Noch leitet niemand" in club.get(page(action, "join")).content.decode()
    press(club, page(action, "join"), "take_lead", other)
    action.refresh_from_db()
    assert action.state == "planning"
    assert partners.lead_of(action).organisation == other
    assert action.history.first().history_change_reason == "Leitung übernommen"


def test_a_word_typed_before_the_log_in_is_there_afterwards(action, manager, other, client_for):
    client = client_for(manager)
    session = client.session
    data = urlencode({"invite": "1", "organisations": other.pk, "message": "Seid dabei!"})
    session["core_resume"] = {
        "path": page(action),
        "data": data,
        "files": False,
        "owner": str(manager.pk),
        "at": time.time(),
    }
    session.save()
    text = client.get(page(action)).content.decode()
    assert "Seid dabei!" in text
    assert f'value="{other.pk}"' in text


def test_many_partners_cost_as_many_queries_as_one(
    action, manager, client_for, django_assert_max_num_queries
):
    client = client_for(manager)
    for number in (1, 30):
        while action.participations.count() < number + 1:
            make.make_participation(action=action, organisation=make.make_organisation())
        with django_assert_max_num_queries(18):
            text = client.get(page(action)).content.decode()
        assert text.count("Leitung übergeben oder herausnehmen") == number
