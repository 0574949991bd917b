"""A meeting's agenda and the tasks in a browser: for everybody, and by keyboard alone."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from meetings.models import Meeting, Task
from organisations.models import Representative
from tests import factories
from tests.browser.conftest import NARROW, WIDE

pytestmark = pytest.mark.browser


@pytest.fixture
def speaker(site) -> Representative:
    """Somebody who speaks for an organisation of the demonstration."""
    speaking = Representative.objects.filter(organisation__state="active", user__is_staff=False)
    return speaking.order_by("pk")[0]


@pytest.fixture
def meeting(speaker) -> Meeting:
    meeting = factories.make_meeting(
        title="Frühlingstreffen", proposals_until=timezone.now() + datetime.timedelta(days=5)
    )
    for number, title in enumerate(("Begrüßung", "Sommerfest", "Ausblick"), 1):
        factories.make_agenda_item(meeting=meeting, title=title, minutes=20, position=number)
    factories.make_proposed_item(
        meeting=meeting, organisation=speaker.organisation, by=speaker.user, title="Proberäume"
    )
    return meeting


def path(meeting: Meeting) -> str:
    return f"/verwaltung/meetings/meeting/{meeting.pk}/tagesordnung/"


def titles(meeting: Meeting) -> list[str]:
    return [item.title for item in meeting.agenda.accepted()]


@pytest.mark.parametrize("scripts", [True, False])
def test_the_agenda_is_put_in_order_by_keyboard(desk, meeting, scripts):
    visitor = desk(size=WIDE, scripts=scripts)
    visitor.looks_once = True
    visitor.open(path(meeting))
    page = visitor.page
    down = page.get_by_role("button", name=re.compile("nach unten ?: Begrüßung"))
    down.focus()
    for expected in (["Sommerfest", "Begrüßung"], ["Sommerfest", "Ausblick"]):
        with page.expect_navigation():
            page.keyboard.press("Enter")
        visitor.look()
        assert titles(meeting)[:2] == expected
        # At the same button, or at the other one where there is no further.
        other = page.get_by_role("button", name=re.compile("nach oben ?: Begrüßung"))
        expect(down if expected[1] == "Begrüßung" else other).to_be_focused()
    number = page.get_by_label("Platz von „Begrüßung“")
    number.fill("1")
    with page.expect_navigation():
        number.press("Enter")
    assert titles(meeting) == ["Begrüßung", "Sommerfest", "Ausblick"]


@pytest.mark.parametrize(("language", "size"), [("de", NARROW), ("ar", WIDE)])
def test_the_offices_pages_are_for_everybody(desk, meeting, speaker, language, size):
    visitor = desk(language, size)
    item = meeting.agenda.accepted()[1]
    task = factories.make_task(text="Räume anfragen", organisation=speaker.organisation)
    visitor.open(path(meeting))
    visitor.press("Auf die Tagesordnung setzen")
    visitor.follow("button[name=decline]")
    visitor.open(f"{path(meeting)}{item.pk}/")
    for page in ("", "add/", f"{task.pk}/stand/"):
        visitor.open(f"/verwaltung/meetings/task/{page}")


@pytest.mark.parametrize("language", ["de", "ar"])
def test_a_member_proposes_and_closes_on_a_phone(
    visit, site, client_for, meeting, speaker, language
):
    visitor = visit(language)
    session = client_for(speaker.user).cookies["sessionid"].value
    visitor.page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    task = factories.make_task(text="Räume anfragen", organisation=speaker.organisation)
    visitor.open(f"/treffen/{meeting.slug}/vorschlag/")
    visitor.press("Thema vorschlagen")
    visitor.fill(title="Ein Chor für alle")
    if visitor.page.locator("main [name=organisation]").count():
        visitor.choose("organisation", str(speaker.organisation_id))
    visitor.press("Thema vorschlagen")
    assert meeting.agenda.proposed().filter(title="Ein Chor für alle").count() == 1
    visitor.open("/aufgaben/")
    visitor.open(f"/aufgaben/{task.pk}/")
    visitor.fill(note="Zwei Räume sind frei.")
    visitor.press("Die Aufgabe ist erledigt")
    task.refresh_from_db()
    assert (task.state, task.done_note) == (Task.State.DONE, "Zwei Räume sind frei.")
    visitor.open("/aufgaben/?stand=erledigt")
