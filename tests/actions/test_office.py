"""Ideas at the officer's desk: collected, sorted, put together, hidden, all of it taken back."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from actions.models import Idea, IdeaBoard, IdeaGroup
from actions.services import boards, ideas
from core.errors import Conflict
from meetings.admin import desk
from tests.factories import make_idea, make_idea_board, make_meeting

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def meeting(db, network):
    return make_meeting(title="Ideenabend")


@pytest.fixture
def url(meeting) -> str:
    return desk.address("ideas", meeting)


@pytest.fixture
def office(client_for, officer):
    return client_for(officer)


def test_a_board_is_made_once_and_shown_to_the_room(meeting, url, office, settings):
    settings.SITE_URL = "https://netzwerk.example.org"
    for _time in range(2):
        office.post(url, {"make": "1"})
    board = IdeaBoard.objects.get()
    address = f"https://netzwerk.example.org/ideen/{board.shown_code}/"
    assert address in office.get(url).content.decode()
    wall = office.get(desk.address("ideas_wall", meeting)).content.decode()
    assert "netzwerk.example.org" in wall
    assert board.shown_code in wall
    picture = office.get(desk.address("ideas_code", meeting))
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in picture.content


def test_question_and_times_are_changed(meeting, url, office):
    make_idea_board(meeting=meeting)
    sent = {"question": "Was  fehlt?", "opens_at": "2027-05-01T10:00", "closes_at": ""}
    office.post(url, sent | {"board": "1"})
    board = IdeaBoard.objects.get()
    assert (board.question, board.opens_at.isoformat(), board.closes_at) == (
        "Was fehlt?", "2027-05-01T08:00:00+00:00", None,
    )  # fmt: skip
    wrong = sent | {"board": "1", "closes_at": "2027-05-01T09:00", "question": "Anders"}
    html = office.post(url, wrong).content.decode()
    assert "Das Ende muss nach dem Anfang liegen." in html
    assert 'value="Anders"' in html
    board.refresh_from_db()
    assert board.question == "Was fehlt?"


def test_cards_from_the_wall_are_typed_in(meeting, url, office, officer):
    sent = {"write": "1", "text": "Tanzen", "author_name": "Gruppe 1"}
    key = {"creation_key": str(uuid.uuid4())}
    answer = office.post(url, sent | key, follow=True)
    office.post(url, sent | key, headers=FETCH)
    idea = Idea.objects.get()
    assert (idea.text, idea.author_name, idea.way, idea.user) == (
        "Tanzen", "Gruppe 1", "office", officer,
    )  # fmt: skip
    assert 'value="Gruppe 1"' in answer.content.decode()
    refused = sent | {"text": " ", "creation_key": str(uuid.uuid4())}
    assert office.post(url, refused, headers=FETCH).status_code == 422
    assert "Bitte schreiben Sie Ihre Idee." in office.post(url, refused).content.decode()


def test_ticked_ideas_are_sorted_into_a_new_group(meeting, url, office):
    first, second, third = (make_idea(meeting=meeting) for _time in range(3))
    office.post(url, {"move": "1", "ideas": [first.pk, second.pk], "new_group": "Feste"})
    group = IdeaGroup.objects.get()
    assert set(group.ideas.all()) == {first, second}
    office.post(url, {"move": "1", "ideas": [third.pk], "group": group.pk})
    office.post(url, {"move": "1", "ideas": [first.pk], "group": "-"})
    assert set(group.ideas.all()) == {second, third}
    assert first.history.first().history_change_reason == "Idee einsortiert"
    # The same name again is the same group, however it is written.
    office.post(url, {"move": "1", "ideas": [first.pk], "new_group": "FESTE"})
    assert IdeaGroup.objects.get().ideas.count() == 3


def test_nothing_ticked_changes_nothing_and_keeps_the_name(meeting, url, office):
    make_idea(meeting=meeting)
    html = office.post(url, {"move": "1", "new_group": "Feste"}).content.decode()
    assert "Bitte haken Sie zuerst Ideen an." in html
    assert 'value="Feste"' in html
    assert not IdeaGroup.objects.exists()


def test_ideas_and_groups_of_other_meetings_are_left_alone(meeting, url, office, officer):
    elsewhere = make_idea()
    group = ideas.add_group(meeting=elsewhere.meeting, title="Dort", by=officer)
    mine = make_idea(meeting=meeting)
    for values in (
        {"move": "1", "ideas": [elsewhere.pk], "new_group": "Feste"},
        {"move": "1", "ideas": [mine.pk], "group": group.pk},
        {"hide": "1", "ideas": [elsewhere.pk]},
    ):
        office.post(url, values)
    assert office.post(url, {"show": elsewhere.pk}).status_code == 404
    assert office.post(url, {"remove_group": group.pk}).status_code == 404
    assert ideas.move(ideas=[mine], group=group, by=officer) == 0
    elsewhere.refresh_from_db()
    mine.refresh_from_db()
    assert (elsewhere.state, elsewhere.group, mine.group) == ("open", None, None)


def test_hidden_ideas_are_seen_by_the_office_alone_and_come_back(meeting, url, office, manager):
    idea = make_idea(meeting=meeting, text="Unsinn")
    office.post(url, {"hide": "1", "ideas": [idea.pk]})
    assert not Idea.objects.visible_to(manager).exists()
    html = office.get(url).content.decode()
    assert "1 ausgeblendete Idee" in html
    assert "Unsinn" in html
    assert (
        "Unsinn" not in office.get(reverse("actions:ideas", args=[meeting.slug])).content.decode()
    )
    board = make_idea_board(meeting=meeting)
    assert "Unsinn" not in office.get(board.get_absolute_url()).content.decode()
    office.post(url, {"show": idea.pk})
    assert Idea.objects.visible_to(manager).exists()


def test_what_says_the_same_becomes_one_and_two_again(meeting, url, office, organisation):
    first = make_idea(meeting=meeting, text="Fest")
    best = make_idea(meeting=meeting, text="Sommerfest", supporters=[organisation])
    last = make_idea(meeting=meeting, text="Ein Fest im Sommer")
    office.post(url, {"merge": "1", "ideas": [first.pk, last.pk]})
    office.post(url, {"merge": "1", "ideas": [first.pk, best.pk]})
    assert list(Idea.objects.listed()) == [best]
    assert set(best.doubles.all()) == {first, last}  # never a chain
    assert "Trennen" in office.get(url).content.decode()
    office.post(url, {"show": last.pk})
    assert set(Idea.objects.listed()) == {best, last}


@pytest.mark.parametrize("number", [0, 1])
def test_one_idea_alone_is_not_put_together(meeting, url, office, number):
    keys = [make_idea(meeting=meeting).pk for _time in range(number)]
    answer = office.post(url, {"merge": "1", "ideas": keys}, follow=True)
    wanted = "mindestens zwei" if number else "Bitte haken Sie zuerst Ideen an."
    assert wanted in answer.content.decode()


def test_hiding_the_whole_hides_its_parts(meeting, officer):
    kept, part = make_idea(meeting=meeting), make_idea(meeting=meeting)
    ideas.merge(ideas=[kept, part], by=officer)
    assert ideas.hide(ideas=[kept], by=officer) == 2
    assert ideas.hide(ideas=[kept], by=officer) == 0
    assert ideas.show(ideas=[part, kept], by=officer) == 2


def test_groups_are_named_ordered_and_removed(meeting, url, office, officer):
    feste = ideas.add_group(meeting=meeting, title="Feste", by=officer)
    reden = ideas.add_group(meeting=meeting, title="Reden", by=officer)
    idea = make_idea(meeting=meeting, group=feste)

    def titles() -> list[str]:
        return list(meeting.idea_groups.values_list("title", flat=True))

    assert titles() == ["Feste", "Reden"]
    office.post(url, {"group_up": reden.pk})
    office.post(url, {"group_up": reden.pk})
    assert titles() == ["Reden", "Feste"]
    office.post(url, {"group_down": reden.pk})
    assert titles() == ["Feste", "Reden"]
    office.post(url, {"rename_group": feste.pk, "title": "Große Feste"})
    assert titles() == ["Große Feste", "Reden"]
    answer = office.post(url, {"rename_group": feste.pk, "title": "reden"}, follow=True)
    assert "Diese Gruppe gibt es schon." in answer.content.decode()
    office.post(url, {"rename_group": feste.pk, "title": ""})
    office.post(url, {"remove_group": feste.pk})
    assert titles() == ["Reden"]
    idea.refresh_from_db()
    assert idea.group is None
    assert idea.history.count() == 2
    assert "Bitte geben Sie der Gruppe" in office.post(url, {"add_group": "1"}).content.decode()
    office.post(url, {"add_group": "1", "title": "Sport"})
    assert titles() == ["Reden", "Sport"]


def test_an_idea_is_mended_and_nobodys_text_is_lost(meeting, office, officer):
    idea = make_idea(meeting=meeting, text="Somerfest")
    url = desk.address("ideas_edit", meeting, idea=idea.pk)
    assert "Somerfest" in office.get(url).content.decode()
    sent = {"text": "Sommerfest", "author_name": "", "seen": "Somerfest"}
    assert office.post(url, sent).status_code == 302
    late = {"text": "Fest im Juli", "author_name": "", "seen": "Somerfest"}
    answer = office.post(url, late)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "Sommerfest" in html
    assert 'value="Fest im Juli"' in html
    assert 'name="seen" value="Sommerfest"' in html
    with pytest.raises(Conflict):
        ideas.change(idea=idea, by=officer, text="Neu", author_name="", seen="Somerfest")
    assert office.post(url, late | {"seen": "Sommerfest"}).status_code == 302
    idea.refresh_from_db()
    assert idea.text == "Fest im Juli"


def test_the_services_ask_who_it_is(meeting, manager):
    idea = make_idea(meeting=meeting)
    board = make_idea_board(meeting=meeting)
    for call in (
        lambda: ideas.hide(ideas=[idea], by=manager),
        lambda: ideas.show(ideas=[idea], by=manager),
        lambda: ideas.merge(ideas=[idea], by=manager),
        lambda: ideas.move(ideas=[idea], group=None, by=manager),
        lambda: ideas.add_group(meeting=meeting, title="Feste", by=manager),
        lambda: boards.make(meeting=meeting, by=manager),
        lambda: boards.open_now(board=board, by=manager),
        lambda: boards.close_now(board=board, by=manager),
        lambda: boards.renew(board=board, by=manager),
    ):
        with pytest.raises(PermissionDenied):
            call()


def test_all_ideas_are_listed_and_taken_away(meeting, office, organisation):
    make_idea(meeting=meeting, text="=1+1 Fest", supporters=[organisation])
    html = office.get(reverse("admin:actions_idea_changelist")).content.decode()
    assert "=1+1 Fest" in html
    address = reverse("admin:actions_idea_export", kwargs={"what": "angezeigt", "ending": "csv"})
    table = b"".join(office.get(address).streaming_content).decode("utf-8-sig")
    assert "'=1+1 Fest" in table


@pytest.mark.parametrize("number", [1, 30])
def test_the_number_of_queries_is_fixed(
    meeting, url, office, officer, organisation, django_assert_num_queries, number
):
    make_idea_board(meeting=meeting)
    for _time in range(number):
        group = ideas.add_group(meeting=meeting, title=f"Gruppe {_time}", by=officer)
        kept = make_idea(meeting=meeting, group=group, supporters=[organisation])
        part = make_idea(meeting=meeting)
        ideas.merge(ideas=[kept, part], by=officer, kept=kept)
        make_idea(meeting=meeting, state=Idea.State.HIDDEN)
    office.get(url)
    with django_assert_num_queries(OFFICE_QUERIES):
        office.get(url)


OFFICE_QUERIES = 16
