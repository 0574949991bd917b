"""Ideas from people in the room: no account, only while the meeting runs, each kept once."""

import datetime
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from actions.models import Idea, IdeaBoard
from actions.services import boards, ideas
from core import limits
from core.errors import Refused
from tests.factories import make_idea, make_idea_board, make_meeting

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def board(db) -> IdeaBoard:
    return make_idea_board(meeting=make_meeting(title="Ideenabend"), question="Was tun wir?")


def typed(text: str = "Gemeinsames Sommerfest", **values: str) -> dict[str, str]:
    return {"text": text, "author_name": "", "creation_key": str(uuid.uuid4())} | values


def test_one_line_is_enough(board, client):
    page = client.get(board.get_absolute_url())
    assert "Was tun wir?" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    answer = client.post(board.get_absolute_url(), typed(author_name="Gruppe 2"), follow=True)
    idea = Idea.objects.get()
    assert (idea.text, idea.author_name, idea.way) == ("Gemeinsames Sommerfest", "Gruppe 2", "room")
    assert (idea.meeting, idea.user, idea.organisation) == (board.meeting, None, None)
    html = answer.content.decode()
    assert "Ihre Idee ist da" in html
    # On with the next one: the name of the group stands there, and the cursor in the line.
    assert 'value="Gruppe 2"' in html
    assert "autofocus" in html


def test_what_is_sent_twice_is_kept_once(board, client):
    sent = typed()
    for _time in range(2):
        answer = client.post(board.get_absolute_url(), sent, headers=FETCH)
        assert answer.status_code == 204
    assert Idea.objects.count() == 1


def test_an_idea_that_arrived_is_not_refused_when_the_board_has_closed(board, client):
    """The answer was lost on the way; the phone asks again after the meeting."""
    sent = typed()
    client.post(board.get_absolute_url(), sent, headers=FETCH)
    IdeaBoard.objects.update(closes_at=timezone.now())
    assert client.post(board.get_absolute_url(), sent, headers=FETCH).status_code == 204


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Bitte schreiben Sie Ihre Idee."),
        ("x" * 281, "280"),
        ("🎉🎉", "Wörter"),
    ],
)
def test_a_refused_idea_is_still_there(board, client, text, said):
    answer = client.post(board.get_absolute_url(), typed(text))
    assert said in answer.content.decode()
    assert text in answer.content.decode()
    told = client.post(board.get_absolute_url(), typed(text), headers=FETCH)
    assert told.status_code == 422
    assert said in told.json()["message"]
    assert not Idea.objects.exists()


def test_hostile_text_comes_to_one_plain_line(board, client):
    client.post(board.get_absolute_url(), typed("<b>Fest</b>\n\u202egro.elpmaxe\x00"))
    assert Idea.objects.get().text == "<b>Fest</b> gro.elpmaxe"
    assert "<b>Fest</b>" not in client.get(board.get_absolute_url()).content.decode()


def test_whoever_wrote_it_can_take_it_back(board, client):
    client.post(board.get_absolute_url(), sent := typed())
    stranger = {"take_back": str(uuid.uuid4())}
    client.post(board.get_absolute_url(), stranger)
    client.post(board.get_absolute_url(), {"take_back": "kein Schlüssel"})
    assert Idea.objects.exists()
    client.post(board.get_absolute_url(), {"take_back": sent["creation_key"]})
    assert not Idea.objects.exists()
    assert not Idea.history.exists()


def test_what_others_support_is_not_taken_back(board, client, organisation):
    idea = make_idea(meeting=board.meeting, supporters=[organisation])
    sent = {"take_back": str(idea.creation_key)}
    answer = client.post(board.get_absolute_url(), sent, headers=FETCH)
    assert answer.status_code == 409
    assert "Bitte sagen Sie dem Team Bescheid" in answer.json()["message"]
    assert Idea.objects.exists()


def test_what_was_written_elsewhere_is_nobodys_here(board, client):
    idea = make_idea(meeting=board.meeting, way=Idea.Way.MEMBER)
    client.post(board.get_absolute_url(), {"take_back": str(idea.creation_key)})
    assert Idea.objects.exists()


# --- When -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("minutes", "is_open"), [(-31, False), (-30, True), (0, True), (149, True), (150, False)]
)
def test_the_board_is_open_while_the_meeting_runs(db, client, time_machine, minutes, is_open):
    board = make_idea_board(opens_at=None, closes_at=None)
    starts = board.meeting.starts_at
    assert board.meeting.ends_at - starts == datetime.timedelta(hours=2)
    time_machine.move_to(starts + datetime.timedelta(minutes=minutes), tick=False)
    answer = client.post(board.get_absolute_url(), typed(), headers=FETCH)
    assert answer.status_code == (204 if is_open else 409)
    assert Idea.objects.exists() is is_open


def test_a_closed_board_shows_no_ideas_and_keeps_what_was_typed(board, client):
    make_idea(meeting=board.meeting, text="Kochbuch")
    IdeaBoard.objects.update(closes_at=timezone.now())
    assert "Kochbuch" not in client.get(board.get_absolute_url()).content.decode()
    answer = client.post(board.get_absolute_url(), typed("Theater im Park"))
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "Theater im Park" in html
    assert "Im Moment kann man hier keine Ideen schreiben." in html


def test_a_cancelled_meeting_collects_nothing(board, client):
    board.meeting.state = "cancelled"
    board.meeting.save()
    answer = client.post(board.get_absolute_url(), typed(), headers=FETCH)
    assert answer.json()["message"] == "Dieses Treffen ist abgesagt."


def test_opening_and_closing_by_hand(board, officer):
    assert not boards.open_now(board=board, by=officer)
    assert boards.close_now(board=board, by=officer)
    assert not boards.close_now(board=board, by=officer)
    assert boards.open_now(board=board, by=officer)
    board.refresh_from_db()
    board.full_clean()
    assert board.is_open


# --- Who ------------------------------------------------------------------------------------------
def test_the_code_is_read_as_people_type_it(db):
    board = make_idea_board(code="abc1def0gh23")
    for spelling in ("abc1-def0-gh23", "ABC1DEF0GH23", "abcI-defO-gh23", "abcl defo gh23"):
        assert boards.by_code(spelling) == board
    assert boards.by_code("abc1-def0-gh24") is None
    assert boards.by_code("") is None


def test_a_new_address_ends_the_old_one(board, client, officer):
    old = board.get_absolute_url()
    boards.renew(board=board, by=officer)
    answer = client.get(old)
    assert answer.status_code == 404
    assert "Diese Adresse kennen wir nicht" in answer.content.decode()
    assert client.get(board.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(("accepted", "language"), [("ar", "ar"), ("tr", "de"), ("en-GB", "en")])
def test_the_address_on_the_wall_leads_to_ones_language(board, client, accepted, language):
    path = board.get_absolute_url().removeprefix("/de")
    answer = client.get(path, headers={"Accept-Language": accepted})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/{language}{path}"


def test_no_script_fills_the_board(board, client, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "idea", (limits.Limit(2, 60),))
    for _time in range(2):
        client.post(board.get_absolute_url(), typed(), headers=FETCH)
    answer = client.post(board.get_absolute_url(), typed("Die dritte"))
    assert answer.status_code == 429
    assert "Die dritte" in answer.content.decode()
    assert Idea.objects.count() == 2
    cache.clear()
    monkeypatch.setattr(IdeaBoard, "MOST_IDEAS", 2)
    with pytest.raises(Refused):
        ideas.write_in_room(board=board, text="Die vierte", creation_key=uuid.uuid4())


def test_a_form_of_another_site_is_refused_but_shown(board):
    client = Client(enforce_csrf_checks=True)
    client.get(board.get_absolute_url())
    assert client.post(board.get_absolute_url(), typed()).status_code == 403
    assert not Idea.objects.exists()


@pytest.mark.parametrize("number", [1, 30])
def test_the_number_of_queries_is_fixed(board, client, django_assert_num_queries, network, number):
    for _time in range(number):
        make_idea(meeting=board.meeting)
    client.get(board.get_absolute_url())
    with django_assert_num_queries(QUERIES):
        client.get(board.get_absolute_url())


QUERIES = 4
