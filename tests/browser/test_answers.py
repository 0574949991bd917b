"""Answering an invitation on a phone, with and without scripts; the office notes a call."""

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from meetings.models import Invitation, Meeting
from organisations.models import Language, Organisation
from tests.factories import make_meeting, make_meeting_invitation

pytestmark = pytest.mark.browser
TOKEN = "b" * 43


@pytest.fixture
def meeting(site) -> Meeting:
    return make_meeting(
        title="Sommertreffen",
        state="invited",
        capacity=5,
        answer_until=timezone.now() + datetime.timedelta(days=10),
        interpreters=list(Language.objects.all()[:2]),
    )


@pytest.fixture
def invitation(meeting) -> Invitation:
    organisation = Organisation.objects.public().first()
    make_meeting_invitation(
        meeting=meeting, organisation=organisation, name="Boris", reply="yes", people=2
    )
    return make_meeting_invitation(
        meeting=meeting, organisation=organisation, name="Amina", token=TOKEN
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_one_tap_and_then_the_rest(visit, meeting, invitation, scripts):
    guest = visit(scripts=scripts)
    page = guest.page
    guest.open(f"/treffen/antwort/{TOKEN}/")
    expect(page.get_by_text("Es sind noch 3 Plätze frei.")).to_be_visible()
    expect(page.get_by_text("kommt mit 2 Personen")).to_be_visible()
    guest.press("Ja, ich komme")
    expect(page.get_by_text("1 Person ist angemeldet.")).to_be_visible()
    if scripts:
        plus = page.locator(".stepper__button").nth(1)
        plus.click()
        plus.click()
        expect(page.locator("[name=people]")).to_have_value("3")
        assert (plus.bounding_box() or {})["height"] >= 44
    else:
        guest.fill(people="3")
    page.get_by_text("Brauchen Sie etwas?").click()
    guest.choose("interpreting", str(meeting.interpreters.first().pk))
    guest.fill(names="Amina, Cem, Dana", food="vegetarisch", message="Bis bald!")
    guest.press("Speichern")
    expect(page.get_by_text("3 Personen sind angemeldet.")).to_be_visible()
    row = Invitation.objects.get(pk=invitation.pk)
    assert (row.people, row.names, row.food) == (3, "Amina, Cem, Dana", "vegetarisch")
    assert row.interpreting.count() == 1
    # Too many, and nothing typed is lost.
    guest.fill(people="4", message="Wir sind jetzt vier.")
    guest.press("Speichern")
    expect(page.locator(".invalid-feedback")).to_contain_text("höchstens mit 3 Personen")
    expect(page.locator("[name=message]")).to_have_value("Wir sind jetzt vier.")
    guest.press("Nein, ich komme nicht")
    expect(page.get_by_text("Danke, dass Sie Bescheid gesagt haben.")).to_be_visible()
    row.refresh_from_db()
    assert (row.reply, row.message) == ("no", "Wir sind jetzt vier.")


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_state_of_the_page(visit, meeting, invitation, language):
    """On a phone, in light and dark, without a broken rule of axe."""
    guest = visit(language)
    for fields in (
        {"reply": "later"},
        {"reply": "yes", "people": 1},
        {"reply": "yes", "people": 4, "waiting_since": timezone.now()},
        {"reply": "no", "is_excused": True},
    ):
        fields = {"people": 0, "waiting_since": None, "replied_at": timezone.now()} | fields
        Invitation.objects.filter(pk=invitation.pk).update(**fields)
        guest.open(f"/treffen/antwort/{TOKEN}/")
    begun = timezone.now() - datetime.timedelta(minutes=1)
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=begun)
    guest.open(f"/treffen/antwort/{TOKEN}/")
    Meeting.objects.filter(pk=meeting.pk).update(state="cancelled", cancel_reason="Glatteis")
    guest.open(f"/treffen/antwort/{TOKEN}/")
    guest.open("/treffen/antwort/neu/")
    guest.fill(email="amina@example.org")
    guest.follow("main form button")


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_office_notes_a_call(desk, meeting, invitation, language):
    officer = desk(language)
    officer.open(f"/verwaltung/meetings/meeting/{meeting.pk}/rueckmeldungen/")
    officer.fill(q="amina")
    officer.follow("main form[role=search] button")
    line = officer.page.locator(".answer-lines li").filter(has_text="Amina")
    officer.follow(line.get_by_role("link"))
    officer.choose("reply", "yes")
    officer.fill(people="2")
    officer.follow("main form button.button--primary")
    assert Invitation.objects.get(pk=invitation.pk).people == 2
