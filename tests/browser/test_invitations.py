"""A meeting's invitations in the office's browser: every page for everybody, and the progress."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from core import background
from core.models import OutboxMessage
from meetings.models import Meeting
from meetings.services import inviting
from tests import factories
from tests.browser.conftest import NARROW, WIDE

pytestmark = pytest.mark.browser


@pytest.fixture
def meeting(site) -> Meeting:
    """Somebody of every kind on the list: invited, not yet, bounced, by letter, taken off."""
    meeting = factories.make_meeting(title="Frühlingstreffen", reminders=(14,))
    make = factories.make_meeting_invitation
    now = timezone.now()
    make(meeting=meeting, name="سارة حداد", language="ar", reply="yes")
    make(meeting=meeting, name="Ute Weg", undelivered_at=now)
    make(meeting=meeting, name="Nora Neu", invited_at=None)
    make(meeting=meeting, name="Hans Brief", email="", invited_at=None, postal_address="Weg 1")
    make(meeting=meeting, name="Rolf Raus", removed_at=now)
    return meeting


def path(meeting: Meeting, page: str = "") -> str:
    return f"/verwaltung/meetings/meeting/{meeting.pk}/einladungen/{page}"


@pytest.mark.parametrize(("language", "size"), [("de", NARROW), ("ar", WIDE)])
def test_every_page_is_for_everybody(desk, meeting, language, size):
    visitor = desk(language, size)
    bounced = meeting.invitations.get(name="Ute Weg")
    empty = factories.make_meeting()
    for page in (
        path(empty),
        path(meeting),
        path(meeting, "?auswahl=entfernt"),
        path(meeting, "gaeste/"),
        path(meeting, "brief/"),
        path(meeting, f"person/{bounced.pk}/"),
        path(meeting, "text/de/"),
        path(meeting, "text/ar/"),
        path(meeting, "senden/"),
    ):
        visitor.open(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_progress_ends_by_itself_or_by_a_link(desk, meeting, scripts):
    visitor = desk(size=WIDE, scripts=scripts)
    visitor.looks_once = True
    visitor.open(path(meeting, "senden/"))
    visitor.press("Jetzt an 1 Person senden")
    page = visitor.page
    expect(page.get_by_text("Die E-Mails werden gesendet")).to_be_visible()
    assert inviting.running(meeting)
    background.run_due()
    OutboxMessage.objects.update(state="sent", sent_at=timezone.now())
    if not scripts:
        page.get_by_role("link", name="Aktualisieren").click()
    expect(page.get_by_text("Die E-Mails werden gesendet")).to_have_count(0, timeout=15_000)
    expect(page.get_by_role("heading", name="Nächster Schritt")).to_be_visible()
