"""At the door in a browser: two tablets, a network that comes and goes, and no script at all."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from meetings.models import Meeting
from organisations.models import Organisation
from tests.factories import make_meeting, make_meeting_invitation

pytestmark = [pytest.mark.browser, pytest.mark.journey]

TABLET = {"width": 820, "height": 1180}
# The page looks for what others have tapped every five seconds.
SOON = 20_000


@pytest.fixture
def meeting(site) -> Meeting:
    now = timezone.now()
    evening = make_meeting(
        title="Frühlingstreffen",
        state="invited",
        starts_at=now - datetime.timedelta(minutes=5),
        ends_at=now + datetime.timedelta(hours=2),
    )
    organisation = Organisation.objects.public().first()
    make_meeting_invitation(
        meeting=evening, organisation=organisation, reply="yes", people=3, names="Amina, Boris"
    )
    make_meeting_invitation(meeting=evening, name="Carlos")
    return evening


def path(meeting: Meeting) -> str:
    return f"/verwaltung/meetings/meeting/{meeting.pk}/vor-ort/"


def present(meeting: Meeting) -> dict[str, int]:
    return dict(meeting.attendance.filter(is_present=True).values_list("name", "people"))


def no_posts(route: Route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


class Tablet:
    """What somebody sees and taps at the door."""

    def __init__(self, visitor, meeting) -> None:
        visitor.open(path(meeting))
        self.visitor, self.page = visitor, visitor.page
        self.count = self.page.locator(".door-count__number")
        self.status = self.page.locator("[data-status]")

    def switch(self, name: str):
        return self.page.get_by_role("switch", name=re.compile(f"^{name}"))

    def add(self, name: str) -> None:
        form = self.page.locator("details:has([data-walk-in])")
        if not form.evaluate("details => details.open"):
            form.locator("summary").click()
        self.visitor.fill(name=name)
        form.get_by_role("button", name="Ist da").click()

    def is_safe(self) -> None:
        expect(self.status).to_have_text("Alles ist gesichert.", timeout=SOON)


def test_nothing_tapped_is_lost(desk, meeting):
    tablet = Tablet(desk(size=TABLET), meeting)
    context = tablet.page.context
    tablet.switch("Amina").click()
    expect(tablet.count).to_have_text("1")
    tablet.is_safe()
    assert present(meeting) == {"Amina": 1}

    context.set_offline(True)
    tablet.switch("Boris").click()
    tablet.switch("Amina").click()
    tablet.add("Zoë")
    more = tablet.page.get_by_role("button", name="eine Person mehr").first
    tablet.switch("Weitere Personen").click()
    more.click()
    expect(tablet.count).to_have_text("4")
    expect(tablet.status).to_contain_text("Noch nicht gesichert: 4.")
    expect(tablet.status).to_contain_text("Kein Netz.")
    assert present(meeting) == {"Amina": 1}

    # The network is back, but not the portal; and somebody loads the page again.
    posts = "**/vor-ort/"
    tablet.page.route(posts, no_posts)
    context.set_offline(False)
    tablet.page.reload()
    expect(tablet.count).to_have_text("4")
    expect(tablet.switch("Boris")).to_be_checked()
    expect(tablet.switch("Amina")).not_to_be_checked()
    expect(tablet.status).to_contain_text("Noch nicht gesichert: 4.")

    tablet.page.unroute(posts)
    tablet.page.evaluate("dispatchEvent(new Event('online'))")
    tablet.is_safe()
    assert present(meeting) == {"Boris": 1, "Zoë": 1, "": 2}
    assert tablet.page.evaluate("localStorage.length") == 0
    tablet.visitor.problems.clear()  # that the network was gone
    tablet.visitor.look()


def test_what_others_tap_appears(desk, meeting):
    one, other = Tablet(desk(size=TABLET), meeting), Tablet(desk(size=TABLET), meeting)
    one.switch("Carlos").click()
    one.add("Zoë")
    expect(other.switch("Carlos")).to_be_checked(timeout=SOON)
    expect(other.switch("Zoë")).to_be_checked(timeout=SOON)
    expect(other.count).to_have_text("2")
    # Whoever was typed in is a line as any other.
    expect(one.page.locator("[data-new-lines] li")).to_have_count(0, timeout=SOON)
    other.switch("Zoë").click()
    expect(one.switch("Zoë")).not_to_be_checked(timeout=SOON)
    expect(one.count).to_have_text("1")
    other.page.get_by_role("button", name="Alle da").click()
    expect(other.count).to_have_text("4")
    other.is_safe()
    assert present(meeting) == {"Carlos": 1, "Amina": 1, "Boris": 1, "": 1}
    for tablet in (one, other):
        tablet.visitor.look()


def test_a_log_in_in_between_loses_nothing(desk, meeting):
    tablet = Tablet(desk(size=TABLET), meeting)
    context = tablet.page.context
    cookies = context.cookies()
    context.clear_cookies()
    tablet.switch("Carlos").click()
    expect(tablet.status).to_contain_text("nicht mehr angemeldet")
    # In another window: a session as before, and another key for forms.
    context.add_cookies([one for one in cookies if one["name"] == "sessionid"])
    tablet.page.evaluate("dispatchEvent(new Event('online'))")
    tablet.is_safe()
    assert present(meeting) == {"Carlos": 1}


def test_without_a_script_every_switch_is_a_form(desk, meeting):
    tablet = Tablet(desk(size=TABLET, scripts=False), meeting)
    tablet.visitor.follow(tablet.switch("Amina"))
    expect(tablet.switch("Amina")).to_be_checked()
    expect(tablet.count).to_have_text("1")
    tablet.page.locator("summary").first.click()
    tablet.visitor.fill(name="Zoë", people="3")
    tablet.visitor.press("Ist da")
    expect(tablet.count).to_have_text("4")
    tablet.visitor.fill(q="zoe")
    tablet.visitor.press("Suchen")
    assert present(meeting) == {"Amina": 1, "Zoë": 3}


def test_one_finds_a_name_while_typing(desk, meeting):
    tablet = Tablet(desk("ar", size={"width": 320, "height": 740}), meeting)
    tablet.page.locator("[data-filter]").fill("carl")
    expect(tablet.switch("Carlos")).to_be_visible()
    expect(tablet.switch("Amina")).to_be_hidden()
    tablet.page.locator("[data-filter]").fill("")
    expect(tablet.switch("Amina")).to_be_visible()
