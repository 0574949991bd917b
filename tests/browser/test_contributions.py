"""Planning together on a phone: who takes part, who brings what, and a word to all."""

import pytest
from playwright.sync_api import expect

from actions.models import Contribution, JointAction
from core.models import OutboxMessage

pytestmark = pytest.mark.browser


def the_table() -> JointAction:
    """The action of the demonstration in which most is going on."""
    action = JointAction.objects.filter(participations__state="asked", state="confirmed").first()
    assert action is not None
    return action


def test_the_lead_sees_who_takes_part_and_writes_to_all(sit):
    action = the_table()
    lead = sit("vertretung@example.org")
    lead.open(f"/aktionen/{action.slug}/partner/")
    for summary in lead.page.locator("main details > summary").all():
        summary.click()
    lead.look()
    lead.fill(query="gibt es nicht")
    lead.press("Suchen")
    expect(lead.page.get_by_role("status")).to_contain_text("Keine Organisation")
    lead.follow("button[name=verb][value=admit]")
    assert not action.participations.filter(state="asked").exists()
    lead.open(f"/aktionen/{action.slug}/nachrichten/")
    lead.fill(text="Wir bauen am Freitag um 16 Uhr auf.")
    lead.press("Nachricht senden")
    expect(lead.page.get_by_text("Wir bauen am Freitag um 16 Uhr auf.")).to_be_visible()
    assert OutboxMessage.objects.filter(mail="actions/message").exists()
    lead.open("/aktionen/beitraege/")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_partner_promises_changes_and_is_done(sit, scripts):
    action = the_table()
    partner = sit("mosaik@example.org", scripts=scripts)
    need = Contribution.objects.filter(action=action, unit="Plakate").get()
    partner.open(f"/aktionen/{action.slug}/beitraege/")
    row = partner.page.locator(f"#beitrag-{need.pk}")
    row.get_by_text("Das übernehmen wir").click()
    partner.look()
    if scripts:
        row.locator(".stepper__button").first.click()
        expect(row.locator("[name=amount]")).to_have_value("29")
    row.locator("[name=amount]").fill("0")
    partner.follow(row.locator("button[name=pledge]"))
    # What was typed is there, beside what is wrong with it.
    expect(row.locator("[name=amount]")).to_have_value("0")
    row.locator("[name=amount]").fill("12")
    row.locator("[name=person]").fill("Amal")
    partner.follow(row.locator("button[name=pledge]"))
    expect(row).to_contain_text("fehlen noch 18 von 30 Plakate")
    partner.follow(row.locator("button[name=done]"))
    pledge = need.pledges.get()
    assert (pledge.amount, pledge.person) == (12, "Amal")
    assert pledge.done_at is not None
