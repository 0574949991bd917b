"""Planning a meeting in a browser: for everybody, and without scripts."""

import datetime

import pytest
from dateutil.easter import easter
from django.urls import reverse
from django.utils import timezone

from meetings.models import Meeting
from tests.browser.conftest import NARROW, PHONE, WIDE
from tests.factories import make_meeting, make_meeting_invitation, make_organisation

pytestmark = pytest.mark.browser

OFFICE = "/verwaltung/meetings/meeting/"


def good_friday() -> datetime.date:
    """Next year's holiday on which nobody meets."""
    return easter(timezone.localdate().year + 1) - datetime.timedelta(days=2)


@pytest.mark.parametrize(("language", "size"), [("de", NARROW), ("ar", WIDE)])
def test_the_pages_of_planning_are_for_everybody(desk, language, size):
    visitor = desk(language, size)
    day = good_friday()
    meeting = make_meeting(
        title="Frühling im Netzwerk",
        state="invited",
        hosts=[make_organisation(name="Haus der Begegnung")],
        reminders=(14, 3),
    )
    make_meeting_invitation(meeting=meeting)
    make_meeting(title="Abgesagt", state="cancelled", cancel_reason="Sturm")
    for path in (
        f"jahr/{day.year}/",
        f"termin/?monat={day:%Y-%m}&tag={day}",
        f"add/?vorlage={meeting.pk}&tag={day}",
        f"{meeting.pk}/ueberblick/",
        f"{meeting.pk}/ueberblick/absagen/",
        f"{meeting.pk}/change/",
    ):
        visitor.open(f"{OFFICE}{path}")
        visitor.look()


def test_a_meeting_is_planned_without_scripts_from_the_year_to_its_overview(desk):
    day = good_friday()
    # The latest there is, whatever the demonstration has planned.
    evening = timezone.make_aware(datetime.datetime(day.year, 12, 30, 18))
    make_meeting(title="Letztes Treffen", place="Rathaus", starts_at=evening)
    visitor = desk(size=PHONE, scripts=False)
    visitor.open(f"{OFFICE}jahr/{day.year}/")
    page, main = visitor.page, visitor.page.locator("main")
    page.get_by_role("link", name="Tag suchen").nth(day.month - 1).click()
    page.locator(".month-days__day:not(.month-days__day--other) a").nth(day.day - 1).click()
    assert "Karfreitag" in main.inner_text()
    page.get_by_role("link", name="Wie „Letztes Treffen“ planen").click()
    page.get_by_label("Titel").first.fill("Frühlingstreffen")
    visitor.press("Sichern")
    assert "Noch nicht gespeichert" in main.inner_text()
    assert not Meeting.objects.filter(title="Frühlingstreffen").exists()
    page.get_by_label("Ich habe das gelesen.").check()
    visitor.press("Sichern")
    assert "Schritt für Schritt" in main.inner_text()
    meeting = Meeting.objects.get(title="Frühlingstreffen")
    assert (meeting.place, timezone.localdate(meeting.starts_at)) == ("Rathaus", day)
    assert reverse("admin:meetings_meeting_overview", args=[meeting.pk]) in page.url
