"""Minutes in a real browser: saved while somebody types, and nothing typed is lost on the way."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from core.seen import fingerprint
from meetings.models import Decision, Meeting, Minutes
from meetings.services import minutes
from meetings.services.minutes import Typed
from tests import factories
from tests.browser.conftest import WIDE, Visitor

pytestmark = pytest.mark.browser

SAVED = "Alles ist gesichert."


@pytest.fixture
def meeting(site) -> Meeting:
    meeting = factories.make_meeting(state="held", title="Herbsttreffen", slug="herbst-im-test")
    for place, title in enumerate(("Begrüßung", "Interkulturelle Woche"), 1):
        factories.make_agenda_item(meeting=meeting, title=title, position=place)
    return meeting


def path(meeting: Meeting, name: str = "minutes") -> str:
    """Return an office address without its language."""
    return reverse(f"admin:meetings_meeting_{name}", args=[meeting.pk]).removeprefix("/de")


def type_into(page: Page, name: str, text: str) -> None:
    page.locator(f"textarea[name={name}]").fill(text)


def write(meeting: Meeting, text: str, seen: str) -> None:
    """Somebody else changes the introduction."""
    typed = Typed(text, fingerprint(seen))
    officer = User.objects.get(email="officer@example.org")
    minutes.save(meeting=meeting, texts={"introduction": typed}, by=officer)


def reload(visitor: Visitor, meeting: Meeting) -> None:
    """Close the page, whatever it says to that, and open it again."""
    visitor.page.once("dialog", lambda dialog: dialog.accept())
    visitor.page.goto(f"{visitor.site}/de{path(meeting)}")


def test_nothing_typed_is_lost(desk, meeting):
    visitor = desk(size=WIDE)
    page = visitor.page
    status = page.locator("[data-status]")
    visitor.open(path(meeting))

    # It saves and shows by itself.
    type_into(page, "introduction", "**Guten** Abend")
    expect(page.locator("#stand-introduction strong")).to_have_text("Guten")
    expect(status).to_have_text(SAVED)
    assert Minutes.objects.get(meeting=meeting).introduction == "**Guten** Abend"

    # The line is down; the page is closed and opened again.
    part = f"**{path(meeting, 'minutes_part')}"
    page.route(part, lambda route: route.abort())
    type_into(page, "introduction", "Guten Abend, alle")
    expect(status).to_contain_text("Die Verbindung fehlt")
    visitor.problems.clear()  # the browser remarks on the line
    reload(visitor, meeting)
    expect(page.locator("textarea[name=introduction]")).to_have_value("Guten Abend, alle")
    expect(status).to_contain_text("Die Verbindung fehlt")
    page.unroute(part)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(status).to_have_text(SAVED)
    assert Minutes.objects.get(meeting=meeting).introduction == "Guten Abend, alle"
    visitor.problems.clear()

    # The text arrives, its answer does not: the page does not meet itself.
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(part, lose_the_answer, times=1)
    type_into(page, "introduction", "Guten Abend, alle zu")
    expect(status).to_contain_text("Die Verbindung fehlt")
    assert Minutes.objects.get(meeting=meeting).introduction == "Guten Abend, alle zu"
    type_into(page, "introduction", "Guten Abend, alle zusammen")
    expect(status).to_have_text(SAVED)
    assert Minutes.objects.get(meeting=meeting).introduction == "Guten Abend, alle zusammen"
    visitor.problems.clear()

    # Somebody else was quicker: both texts are there, and a button decides.
    write(meeting, "Hallo", seen="Guten Abend, alle zusammen")
    type_into(page, "introduction", "Guten Tag")
    expect(page.locator("#stand-introduction blockquote")).to_have_text("Hallo")
    visitor.look()
    type_into(page, "closing", "Bis bald")
    expect(page.locator("#stand-closing .minutes-preview")).to_contain_text("Bis bald")
    visitor.press("Den anderen Text nehmen")
    row = Minutes.objects.get(meeting=meeting)
    assert (row.introduction, row.closing) == ("Hallo", "Bis bald")

    # What is wrong is said, and stays in the field.
    type_into(page, "closing", "![Foto](https://example.org/x.png)")
    expect(page.locator("#stand-closing")).to_contain_text("Bilder können hier nicht stehen")
    expect(status).to_contain_text("Bitte sehen Sie bei dem markierten Abschnitt nach")
    type_into(page, "closing", "Bis bald!")
    expect(status).to_have_text(SAVED)

    # The log-in has ended.
    page.context.clear_cookies()
    type_into(page, "closing", "Bis sehr bald!")
    expect(status).to_contain_text("nicht mehr angemeldet")
    expect(page.locator("textarea[name=closing]")).to_have_value("Bis sehr bald!")


@pytest.mark.parametrize("scripts", [True, False])
def test_written_published_corrected_and_read(desk, meeting, scripts):
    visitor = desk(scripts=scripts)
    page = visitor.page
    visitor.open(path(meeting))
    item = meeting.agenda.get(title="Interkulturelle Woche")
    type_into(page, f"item-{item.pk}", "- Fest\n- Umzug")
    visitor.follow(page.locator(f"[name=_go][value='decision_add:{item.pk}']"))
    visitor.fill(text="Wir feiern ein Fest.")
    visitor.press("Beschluss speichern")
    visitor.follow(page.locator(f"[name=_go][value='task_add:{item.pk}']"))
    visitor.fill(text="Saal mieten", person="Mina")
    visitor.press("Aufgabe speichern")
    visitor.press("Weiter zum Veröffentlichen")
    visitor.press("Jetzt veröffentlichen")
    decision = Decision.objects.get(meeting=meeting)
    assert decision.number
    visitor.press("Berichtigen")
    type_into(page, f"item-{item.pk}", "- Fest\n- Umzug\n- Markt")
    visitor.fill(reason="Vergessen")
    visitor.press("Berichtigung speichern")
    assert "Vergessen" in page.locator("#berichtigungen ~ ol").inner_text()
    visitor.press("Seite der Mitglieder")
    expect(page.locator(f"#beschluss-{decision}")).to_contain_text("Wir feiern ein Fest.")
    expect(page.locator(f"#punkt-{item.pk} li").first).to_have_text("Fest")
    visitor.press("In Protokollen suchen")
    visitor.fill(q="umzug")
    visitor.press("Suchen")
    expect(page.locator("mark")).to_have_text("Umzug")
    visitor.open("/beschluesse/")
