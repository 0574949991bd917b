"""Doing an action again: the texts come along, the days move, nobody has promised anything."""

import datetime
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from actions.models import Campaign, JointAction, Participation, Pledge
from actions.services import again
from core.models import OutboxMessage
from tests.factories import (
    make_campaign,
    make_contribution,
    make_joint_action,
    make_organisation,
    make_user,
)

ZONE = timezone.get_default_timezone()


def moment(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts, tzinfo=ZONE)


@pytest.fixture
def partner(db):
    return make_organisation(name="Partner e. V.", manager=make_user(email="partner@example.org"))


@pytest.fixture
def weeks(db) -> tuple[Campaign, Campaign]:
    """This year's week, and the next one, which begins 53 weeks later."""
    name = "Interkulturelle Woche"
    first = datetime.date(2025, 9, 21)
    second = datetime.date(2026, 9, 27)
    days = datetime.timedelta(days=8)
    return (
        make_campaign(name=name, year=2025, starts_on=first, ends_on=first + days),
        make_campaign(name=name, year=2026, starts_on=second, ends_on=second + days),
    )


@pytest.fixture
def done(organisation, manager, partner, weeks, time_machine) -> JointAction:
    time_machine.move_to(moment(2025, 11, 3, 12), tick=False)
    action = make_joint_action(
        lead=organisation,
        partners=[partner],
        state="done",
        campaign=weeks[0],
        title="Fest am Fluss",
        translations={"en": {"title": "Feast by the river"}},
        registration_until=moment(2025, 9, 20, 12),
        dates=[
            (moment(2025, 9, 27, 15), moment(2025, 9, 28, 1)),
            (moment(2025, 10, 25, 18), moment(2025, 10, 25, 20)),
        ],
    )
    make_contribution(
        action=action, what="Suppe", due_on=datetime.date(2025, 9, 26), pledges=[(partner, 1)]
    )
    return action


def send(client, action, **values):
    form = {"when": "shifted", "creation_key": str(uuid.uuid4())} | values
    return client.post(reverse("actions:again", args=[action.slug]), form)


def test_a_copy_begins_where_the_old_one_ended(client_for, done, manager, partner, weeks):
    client = client_for(manager)
    html = client.get(reverse("actions:again", args=[done.slug])).content.decode()
    assert "3. Oktober 2026" in html
    assert "Partner e. V." in html

    key = str(uuid.uuid4())
    for _twice in range(2):
        response = send(client, done, creation_key=key, ask=[partner.pk])
        assert response.status_code == 302
    new = JointAction.objects.get(copied_from=done)
    assert (new.state, new.title, new.campaign) == ("planning", "Fest am Fluss", weeks[1])
    assert new.translations == done.translations
    assert new.registration_until is None
    assert not new.is_public
    # 53 weeks later as the campaign is, at the same time of day, in winter time too.
    assert [(date.starts_at, date.ends_at) for date in new.dates.all()] == [
        (moment(2026, 10, 3, 15), moment(2026, 10, 4, 1)),
        (moment(2026, 10, 31, 18), moment(2026, 10, 31, 20)),
    ]
    parts = dict(new.participations.values_list("organisation", "state"))
    assert parts == {done.participations.get(role="lead").organisation_id: "confirmed"} | {
        partner.pk: Participation.State.INVITED
    }
    needed = new.contributions.get()
    assert (needed.what, needed.due_on) == ("Suppe", datetime.date(2026, 10, 2))
    assert Pledge.objects.count() == 1
    assert {mail.to for mail in OutboxMessage.objects.all()} == {"partner@example.org"}


def test_days_can_be_left_open_and_nobody_need_be_asked(client_for, done, manager):
    send(client_for(manager), done, when="none")
    new = JointAction.objects.get(copied_from=done)
    assert not new.dates.exists()
    assert new.participations.count() == 1
    assert not OutboxMessage.objects.exists()


def test_a_partner_may_do_it_again_under_its_own_lead(client_for, done, partner, organisation):
    client = client_for(partner.representatives.get().user)
    send(client, done, organisation=organisation.pk, ask=[organisation.pk])
    new = JointAction.objects.get(copied_from=done)
    assert new.participations.get(role="lead").organisation == partner
    assert new.participations.get(organisation=organisation).state == "invited"


def test_the_officer_chooses_who_leads(client_for, done, officer, partner):
    send(client_for(officer), done, organisation=partner.pk)
    new = JointAction.objects.get(copied_from=done)
    assert new.participations.get(role="lead").organisation == partner


def test_who_did_not_take_part_is_not_asked(client_for, done, manager):
    stranger = make_organisation()
    html = send(client_for(manager), done, ask=[stranger.pk]).content.decode()
    assert "nicht mehr dabei" in html
    assert not JointAction.objects.filter(copied_from=done).exists()


@pytest.mark.parametrize("state", ["idea", "planning"])
def test_a_plan_is_not_copied(client_for, organisation, manager, officer, state):
    action = make_joint_action(lead=organisation, state=state)
    for user in (manager, officer):
        assert send(client_for(user), action).status_code == 404


def test_without_a_campaign_it_is_the_same_weekday_a_year_on(organisation, time_machine):
    action = make_joint_action(
        lead=organisation,
        state="done",
        dates=[(moment(2023, 10, 28, 18), moment(2023, 10, 28, 20))],
    )
    time_machine.move_to(moment(2025, 1, 1, 12), tick=False)
    (date,) = again.shifted(action)
    assert date.starts_at == moment(2025, 10, 25, 18)  # a Saturday
    assert date.ends_at - date.starts_at == datetime.timedelta(hours=2)
