"""Ideas in the room: three people with phones, a network that breaks down, one without scripts."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from accounts.models import User
from actions.models import Idea, IdeaBoard, IdeaSupport
from meetings.models import Meeting
from tests.browser.conftest import WIDE
from tests.factories import make_idea_board, make_meeting, make_organisation

pytestmark = pytest.mark.browser

TEXTS = ["Ein Chor aus allen Vereinen", "Theater im Park", "نقرأ الحكايات للأطفال"]


@pytest.fixture
def board(site) -> IdeaBoard:
    now = timezone.now()
    evening = make_meeting(
        title="Frühlingstreffen",
        starts_at=now - datetime.timedelta(minutes=5),
        ends_at=now + datetime.timedelta(hours=2),
    )
    return make_idea_board(meeting=evening, question="Was tun wir?", opens_at=None, closes_at=None)


def path(board: IdeaBoard) -> str:
    return board.get_absolute_url().removeprefix("/de")


def office(meeting: Meeting) -> str:
    return f"/verwaltung/meetings/meeting/{meeting.pk}/ideen/"


def written(board: IdeaBoard) -> list[str]:
    return list(board.meeting.ideas.order_by("pk").values_list("text", flat=True))


def write(page, text: str) -> None:
    page.get_by_role("textbox", name="Ihre Idee").fill(text)
    page.keyboard.press("Enter")


def noted(visitor, said: str):
    """Return the ideas of which the page says this."""
    return visitor.page.locator(".written__note", has_text=re.compile(f"^{said}"))


@pytest.mark.django_db(transaction=True)
def test_from_the_wall_to_the_groups(visit, desk, board, client_for, site):
    phone = visit()
    phone.open(path(board))
    for text in TEXTS:
        write(phone.page, text)
    expect(noted(phone, "Gesichert.")).to_have_count(3)
    assert written(board) == TEXTS
    phone.look()
    # Whoever has made a mistake takes it back.
    phone.page.get_by_role("listitem").filter(has_text=TEXTS[1]).get_by_role(
        "button", name="Löschen"
    ).first.click()
    expect(noted(phone, "Gesichert.")).to_have_count(2)
    assert written(board) == [TEXTS[0], TEXTS[2]]

    plain = visit("ar", scripts=False)
    plain.open(path(board))
    plain.fill(text="Fest der Chöre", author_name="Gruppe 3")
    plain.page.locator("main form.capture button[type=submit]").click()
    assert written(board)[-1] == "Fest der Chöre"
    assert plain.page.locator("[name=author_name]").input_value() == "Gruppe 3"

    officer = desk(size=WIDE)
    officer.open(office(board.meeting))
    officer.open(f"{office(board.meeting)}tafel/")
    expect(officer.page.get_by_text("Fest der Chöre")).to_be_visible()
    write(phone.page, "Ein Kochbuch")
    expect(officer.page.get_by_text("Ein Kochbuch")).to_be_visible(timeout=15_000)
    officer.open(office(board.meeting))
    for text in (TEXTS[0], "Fest der Chöre"):
        officer.page.get_by_label(text, exact=True).check()
    officer.press("Zusammenführen")
    officer.page.get_by_label(TEXTS[0], exact=True).check()
    officer.fill(new_group="Musik")
    officer.press("Einsortieren")
    expect(officer.page.get_by_role("group", name="Musik")).to_contain_text("Fest der Chöre")

    member = visit()
    garden = User.objects.get(email="vertretung@example.org")
    session = client_for(garden).cookies["sessionid"].value
    member.page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    member.open(f"/treffen/{board.meeting.slug}/ideen/")
    card = member.page.locator("li.idea", has_text=TEXTS[0])
    member.follow(card.get_by_role("button", name="Wir würden mitmachen"))
    assert IdeaSupport.objects.get(idea__text=TEXTS[0]).would_join
    write(member.page, "Ein Tag der offenen Tür")
    expect(noted(member, "Gesichert.")).to_be_visible()
    assert Idea.objects.get(text="Ein Tag der offenen Tür").user == garden

    # Outside of meetings, for the second of two organisations.
    choir = make_organisation(name="Chor am Fluss", manager=garden)
    member.open("/ideen/")
    member.page.locator("form.capture select").select_option(label=choir.name)
    write(member.page, "Ein Reparatur-Nachmittag")
    expect(noted(member, "Gesichert.")).to_be_visible()
    idea = Idea.objects.get(text="Ein Reparatur-Nachmittag")
    assert (idea.meeting, idea.organisation) == (None, choir)
    member.open(f"/ideen/idee/{idea.pk}/")


@pytest.mark.django_db(transaction=True)
def test_nothing_typed_is_lost_on_a_bad_connection(visit, board):
    phone = visit()
    phone.open(path(board))
    arrived = []

    def no_answers(route: Route) -> None:
        """The idea arrives, the answer does not."""
        if route.request.method == "POST":
            arrived.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    def no_posts(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    phone.page.route("**/*", no_answers)
    write(phone.page, TEXTS[0])
    expect(noted(phone, "Noch nicht gesichert")).to_be_visible()
    phone.page.unroute("**/*")
    phone.page.route("**/*", no_posts)
    write(phone.page, TEXTS[1])
    expect(noted(phone, "Noch nicht gesichert").first).to_be_visible()
    assert arrived == [204]
    assert written(board) == [TEXTS[0]]
    # The page is closed and opened again: both are still there.
    phone.page.reload()
    expect(noted(phone, "Noch nicht gesichert")).to_have_count(2)
    phone.page.unroute("**/*")
    expect(noted(phone, "Gesichert.")).to_have_count(2, timeout=15_000)
    assert written(board) == TEXTS[:2]
    phone.problems.clear()  # that the network was gone
    phone.page.reload()
    expect(phone.page.get_by_text("Gerade geschrieben")).to_be_hidden()


@pytest.mark.django_db(transaction=True)
def test_what_comes_too_late_is_shown_and_can_be_sent_again(visit, board, officer):
    phone = visit()
    phone.open(path(board))
    IdeaBoard.objects.update(closes_at=timezone.now() - datetime.timedelta(seconds=1))
    write(phone.page, TEXTS[0])
    refusal = noted(phone, "Im Moment kann man hier keine Ideen schreiben.")
    expect(refusal).to_be_visible()
    phone.page.reload()
    expect(refusal).to_be_visible()
    expect(phone.page.locator(".written__list").get_by_text(TEXTS[0])).to_be_visible()
    IdeaBoard.objects.update(closes_at=None)
    phone.page.reload()
    phone.page.get_by_role("button", name="Noch einmal senden").click()
    expect(noted(phone, "Gesichert.")).to_be_visible()
    assert written(board) == [TEXTS[0]]
