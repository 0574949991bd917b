"""Registering for an action on a phone, and the organisers' list, in every state."""

import datetime

import pytest
from playwright.sync_api import expect

from actions.models import ActionDate, JointAction, Registration
from actions.registration_links import address
from tests.factories import make_joint_action, make_registration

pytestmark = pytest.mark.browser


@pytest.fixture
def action(site) -> JointAction:
    action = make_joint_action(
        title="Kochabend", slug="kochabend", state="confirmed", takes_registrations=True, capacity=4
    )
    date = action.dates.get()
    day = datetime.timedelta(days=1)
    ActionDate.objects.create(
        action=action, starts_at=date.starts_at + day, ends_at=date.ends_at + day
    )
    return action


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_state_of_the_pages(visit, desk, action, language):
    date = action.dates.first()
    row = make_registration(date=date, people=4, language=language)
    guest = visit(language)
    guest.open("/aktionen/kochabend/anmelden/")
    guest.fill(name="Ana", email="ana@")
    guest.follow("main form .button--primary")
    expect(guest.page.locator("[name=name]")).to_have_value("Ana")
    guest.choose("date", str(date.pk))
    guest.fill(email="ana@example.org")
    guest.follow("main form .button--primary")
    new = Registration.objects.get(email="ana@example.org")
    for one in (row, new, make_registration(date=date, state="waiting")):
        guest.open(address(one).removeprefix("/de"))
    guest.follow("[name=cancel]")
    Registration.objects.filter(pk=new.pk).update(email="", email_key="", state="confirmed")
    office = desk(language)
    office.open("/aktionen/kochabend/anmeldungen/")
    for summary in office.page.locator("main details > summary").all():
        summary.click()
    office.look()
    office.follow("[name=remove]")
    JointAction.objects.filter(pk=action.pk).update(state="cancelled", cancel_reason="Glatteis")
    guest.open(address(row).removeprefix("/de"))
    guest.open("/aktionen/kochabend/anmelden/")
