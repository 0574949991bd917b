"""At the door: who is there, tapped on several tablets, over a bad network, or without a script."""

import datetime
import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from core.errors import Refused
from meetings.admin import desk
from meetings.models import Attendance, Invitation, Meeting
from meetings.services import attendance
from meetings.services.attendance import Tap
from tests.factories import make_meeting, make_organisation

EVENING = datetime.datetime(2027, 3, 12, 17, 0, tzinfo=datetime.UTC)


@pytest.fixture
def meeting(db) -> Meeting:
    return make_meeting(title="Frühlingstreffen", starts_at=EVENING, state="invited")


@pytest.fixture
def evening():
    """The meeting begins."""
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


def invite(meeting: Meeting, name: str, **fields) -> Invitation:
    """Return an invitation; with `people` somebody has said yes."""
    if fields.get("people"):
        fields = {"reply": "yes"} | fields
    if fields.get("reply"):
        fields.setdefault("replied_at", timezone.now())
    return Invitation.objects.create(meeting=meeting, name=name, **fields)


def line(meeting: Meeting, name: str) -> attendance.Line:
    """Return the line with a name."""
    lines = [line for group in attendance.overview(meeting).groups for line in group.lines]
    return next(line for line in lines if line.name == name)


def tap(key, at=EVENING, **values) -> Tap:
    return Tap(key=key, at=at, **{"is_present": True} | values)


def present(meeting: Meeting) -> list[tuple[str, int]]:
    rows = meeting.attendance.filter(is_present=True).order_by("name", "people")
    return list(rows.values_list("name", "people"))


# --- What there is to tap -------------------------------------------------------------------------
def test_everybody_who_comes_has_a_line(meeting, organisation):
    invite(meeting, "Amina", organisation=organisation, people=4, names="Amina, Boris; Boris")
    invite(meeting, "Chana", people=2)
    invite(meeting, "Dora", organisation=organisation)
    invite(meeting, "Emil", organisation=organisation, people=1, waiting_since=EVENING)
    invite(meeting, "Fatma", reply="no", is_excused=True)
    invite(meeting, "Gone", people=1, removed_at=EVENING)
    overview = attendance.overview(meeting)
    assert [
        (
            group.name,
            [(line.name, line.people, line.is_expected, line.remark) for line in group.lines],
        )
        for group in overview.groups
    ] == [
        (
            "Haus der Musik e. V.",
            [
                ("Amina", 1, True, ""),
                ("Boris", 1, True, ""),
                ("Boris", 1, True, ""),
                ("", 1, True, ""),
                ("Dora", 1, False, "keine Antwort"),
                ("Emil", 1, False, "Warteliste"),
            ],
        ),
        (
            "Partner und Gäste",
            [("Chana", 2, True, ""), ("Fatma", 1, False, "entschuldigt")],
        ),
    ]
    keys = [line.key for group in overview.groups for line in group.lines]
    assert len(set(keys)) == len(keys)
    assert overview.expected == 6


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_asks_the_database_as_often_for_many(
    number, meeting, officer, client_for, evening, django_assert_max_num_queries
):
    for count in range(number):
        organisation = make_organisation()
        invite(meeting, f"Person {count}", organisation=organisation, people=3, names="Amina, Ben")
        Attendance.objects.create(meeting=meeting, organisation=organisation, name="Cem")
    browser = client_for(officer)
    with django_assert_max_num_queries(12):
        page = browser.get(desk.address("door", meeting))
    assert page.content.decode().count('role="switch"') == 4 * number


# --- Tapping --------------------------------------------------------------------------------------
def test_a_line_is_tapped_on_and_off(meeting, organisation, officer, evening):
    invitation = invite(meeting, "Amina", organisation=organisation, people=1, names="Amina Y.")
    key = line(meeting, "Amina Y.").key
    attendance.note(meeting=meeting, taps=[tap(key)], by=officer)
    row = Attendance.objects.get()
    assert (row.name, row.organisation, row.invitation) == ("Amina Y.", organisation, invitation)
    assert (row.people, row.is_present, row.is_walk_in, row.noted_by) == (1, True, False, officer)
    assert line(meeting, "Amina Y.").is_present
    evening.shift(60)
    now = timezone.now()
    attendance.note(meeting=meeting, taps=[tap(key, now, is_present=False)], by=officer)
    row.refresh_from_db()
    assert (row.is_present, row.tapped_at) == (False, now)
    assert attendance.overview(meeting).people == 0


def test_what_was_tapped_last_counts_in_whatever_order_it_comes(meeting, officer, evening):
    invite(meeting, "Amina", people=3)
    key = line(meeting, "Amina").key
    seconds = [EVENING - datetime.timedelta(seconds=number) for number in (30, 20, 10)]
    late = [
        tap(key, seconds[1], is_present=False),
        tap(key, seconds[2], people=2),
        tap(key, seconds[0]),
    ]
    for taps in ([late[1]], [late[0], late[2]], late):
        noted = attendance.note(meeting=meeting, taps=taps, by=officer)
        assert set(noted.saved) == {key}
        assert present(meeting) == [("Amina", 2)]


def test_a_clock_that_is_ahead_does_not_win_for_ever(meeting, officer, evening):
    invite(meeting, "Amina", people=1)
    key = line(meeting, "Amina").key
    attendance.note(
        meeting=meeting, taps=[tap(key, EVENING + datetime.timedelta(days=9))], by=officer
    )
    evening.shift(1)
    off = tap(key, timezone.now(), is_present=False)
    attendance.note(meeting=meeting, taps=[off], by=officer)
    assert present(meeting) == []


def test_who_comes_unannounced_is_counted(meeting, organisation, officer, evening):
    invite(meeting, "Dora", organisation=organisation, reply="no")
    taps = [
        tap(uuid.uuid4(), name="  Zoë\u202e ", organisation=organisation.pk, people=2),
        tap(uuid.uuid4(), people=5),
        tap(line(meeting, "Dora").key),
    ]
    for _twice in range(2):
        attendance.note(meeting=meeting, taps=taps, by=officer)
    assert present(meeting) == [("", 5), ("Dora", 1), ("Zoë", 2)]
    assert set(meeting.attendance.values_list("is_walk_in", flat=True)) == {True}
    overview = attendance.overview(meeting)
    assert (overview.people, overview.organisations, overview.expected) == (8, 1, 0)


def test_an_answer_that_changes_leaves_what_was_tapped(meeting, organisation, officer, evening):
    invitation = invite(meeting, "Amina", organisation=organisation, people=1, names="Amina")
    attendance.note(meeting=meeting, taps=[tap(line(meeting, "Amina").key)], by=officer)
    Invitation.objects.filter(pk=invitation.pk).update(names="Boris")
    assert line(meeting, "Amina").is_present
    assert not line(meeting, "Boris").is_present


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"people": 0}, "1 bis 500"),
        ({"people": 501}, "1 bis 500"),
        ({"name": "x" * 161}, "zu lang"),
        ({"organisation": 2**31 - 1}, "gibt es nicht mehr"),
    ],
)
def test_a_faulty_tap_is_named_and_the_others_are_saved(values, reason, meeting, officer, evening):
    faulty, good = tap(uuid.uuid4(), **values), tap(uuid.uuid4(), name="Amina")
    noted = attendance.note(meeting=meeting, taps=[faulty, good], by=officer)
    assert noted.saved == [good.key]
    assert reason in noted.refused[faulty.key]
    assert present(meeting) == [("Amina", 1)]


def test_a_line_of_another_meeting_stays_as_it_is(meeting, officer, evening):
    other = Attendance.objects.create(meeting=make_meeting(), name="Amina", is_present=False)
    noted = attendance.note(meeting=meeting, taps=[tap(other.key)], by=officer)
    assert "anderen Treffen" in noted.refused[other.key]
    assert Attendance.objects.get().is_present is False


def test_only_those_note_who_may_and_only_when_there_is_something(
    meeting, officer, manager, evening
):
    one = [tap(uuid.uuid4())]
    with pytest.raises(PermissionDenied):
        attendance.note(meeting=meeting, taps=one, by=manager)
    with pytest.raises(Refused, match="zu viele"):
        attendance.note(meeting=meeting, taps=one * 501, by=officer)
    evening.move_to(EVENING - datetime.timedelta(hours=18, minutes=1))
    with pytest.raises(Refused, match="am Tag des Treffens"):
        attendance.note(meeting=meeting, taps=one, by=officer)
    evening.shift(120)
    attendance.note(meeting=meeting, taps=one, by=officer)
    Meeting.objects.update(state="cancelled")
    with pytest.raises(Refused, match="abgesagt"):
        attendance.note(meeting=meeting, taps=[tap(uuid.uuid4())], by=officer)
    assert Attendance.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tablets_at_once_are_one_row_for_each_line(meeting, officer):
    """Both know the same lines, and send them again and again."""
    Meeting.objects.update(starts_at=timezone.now())
    meeting.refresh_from_db()
    invite(meeting, "Amina", people=1)
    taps = [tap(line(meeting, "Amina").key, timezone.now()), tap(uuid.uuid4(), name="Zoë")]

    def send_all(taps: list[Tap]) -> None:
        try:
            attendance.note(meeting=meeting, taps=taps, by=officer)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send_all, [taps, taps[::-1]] * 4))
    assert present(meeting) == [("Amina", 1), ("Zoë", 1)]


# --- The page without a script --------------------------------------------------------------------
@pytest.fixture
def browser(officer, client_for, evening):
    return client_for(officer)


def test_every_switch_is_a_form(meeting, organisation, browser):
    invite(meeting, "Amina", organisation=organisation, people=3, names="Amina, Boris")
    address = desk.address("door", meeting)
    text = browser.get(address).content.decode()
    assert "Haus der Musik e. V." in text
    assert "erwartet: 3" in text
    key = line(meeting, "Amina").key
    answer = browser.post(address, {"key": key, "is_present": "1"})
    assert answer.status_code == 302
    assert answer.url == f"{address}#{key}"
    page = browser.get(address).content.decode()
    assert f'id="{key}" data-line="{key}" data-present="1"' in page
    # The number of those nobody has named; to count somebody is to say that they are there.
    rest = line(meeting, "").key
    browser.post(address, {"key": rest, "people": "4"})
    assert present(meeting) == [("", 4), ("Amina", 1)]
    browser.post(address, {"key": rest, "is_present": "0"})
    assert present(meeting) == [("Amina", 1)]
    keys = [line(meeting, name).key for name in ("Boris", "")]
    browser.post(address, {"key": keys, "is_present": "1"})
    assert attendance.overview(meeting).people == 6


def test_somebody_unannounced_is_typed_in(meeting, organisation, browser):
    address = desk.address("door", meeting)
    typed = {"key": str(uuid.uuid4()), "name": "Zoë", "organisation": "", "people": "0"}
    page = browser.post(address, typed)
    assert page.status_code == 200
    assert 'value="Zoë"' in page.content.decode()
    assert "größer oder gleich 1" in page.content.decode()
    for _twice in range(2):
        browser.post(address, typed | {"people": "2", "organisation": organisation.pk})
    assert present(meeting) == [("Zoë", 2)]
    for nonsense in ("x", "9" * 30, "\x00"):
        assert browser.post(address, typed | {"organisation": nonsense}).status_code == 200
    assert Attendance.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {"key": "x"},
        {"key": str(uuid.uuid4()), "is_present": "7"},
        {"key": str(uuid.uuid4()), "people": "x"},
    ],
)
def test_what_no_button_sends_changes_nothing(data, meeting, browser):
    answer = browser.post(desk.address("door", meeting), data, follow=True)
    assert "konnte das Portal nicht lesen" in answer.content.decode()
    assert not Attendance.objects.exists()


def test_one_finds_a_name_in_a_long_list(meeting, organisation, browser):
    invite(meeting, "Özlem Yıldız", organisation=organisation, people=1)
    invite(meeting, "Boris", people=1)
    page = browser.get(desk.address("door", meeting), {"q": "ozlem yildiz"}).content.decode()
    assert "Özlem" in page
    assert "Boris" not in page
    assert (
        "Niemand gefunden"
        in browser.get(desk.address("door", meeting), {"q": "zzz"}).content.decode()
    )


def test_before_the_day_there_are_only_lists(meeting, browser, evening):
    invite(meeting, "Amina", people=3)
    evening.move_to(EVENING - datetime.timedelta(days=2))
    text = browser.get(desk.address("door", meeting)).content.decode()
    assert "Am Tag des Treffens" in text
    assert "3 Personen zugesagt" in text
    assert 'role="switch"' not in text


def test_the_way_to_the_minutes_is_offered_once_it_has_begun(meeting, browser, evening):
    hold = desk.address("hold", meeting)
    evening.move_to(EVENING - datetime.timedelta(hours=1))
    assert hold not in browser.get(desk.address("door", meeting)).content.decode()
    evening.move_to(EVENING)
    assert hold in browser.get(desk.address("door", meeting)).content.decode()
    browser.post(hold)
    meeting.refresh_from_db()
    assert meeting.state == "held"
    assert hold not in browser.get(desk.address("door", meeting)).content.decode()


# --- The page with the script ---------------------------------------------------------------------
def send(browser, meeting, taps) -> tuple[int, dict]:
    text = taps if isinstance(taps, str) else json.dumps(taps)
    answer = browser.post(desk.address("door", meeting), {"taps": text})
    return answer.status_code, answer.json()


def test_the_script_is_told_what_is_safe(meeting, organisation, browser):
    good, faulty = str(uuid.uuid4()), str(uuid.uuid4())
    taps = [
        {
            "key": good,
            "is_present": True,
            "people": 2,
            "name": "Zoë",
            "organisation": str(organisation.pk),
            "age": 4000,
        },
        {"key": faulty, "is_present": True, "people": 900, "age": 0},
    ]
    status, said = send(browser, meeting, taps)
    assert status == 200
    assert said["saved"] == [good]
    assert list(said["refused"]) == [faulty]
    row = Attendance.objects.get()
    assert row.tapped_at == EVENING - datetime.timedelta(seconds=4)
    assert (row.name, row.organisation, row.people) == ("Zoë", organisation, 2)


@pytest.mark.parametrize(
    "taps",
    [
        "{", "7", "[7]", '[{"key": "x", "is_present": true, "age": 1}]', "[" * 5000,
        [{"key": str(uuid.uuid4()), "age": 1}],
        [{"key": str(uuid.uuid4()), "is_present": True}],
        [{"key": str(uuid.uuid4()), "is_present": True, "age": 1, "people": []}],
    ],
)  # fmt: skip
def test_what_the_script_never_sends_changes_nothing(taps, meeting, browser):
    status, said = send(browser, meeting, taps)
    assert status == 400
    assert said["error"]
    assert not Attendance.objects.exists()


def test_the_script_is_told_why_nothing_is_noted(meeting, browser):
    Meeting.objects.update(state="cancelled")
    status, said = send(
        browser, meeting, [{"key": str(uuid.uuid4()), "is_present": True, "age": 1}]
    )
    assert (status, said) == (409, {"error": "Das Treffen ist abgesagt."})


def test_the_script_loads_the_page_again_only_when_something_changed(meeting, browser, officer):
    address = desk.address("door", meeting)
    stand = attendance.overview(meeting).stand
    assert browser.get(address, {"stand": stand}).status_code == 204
    attendance.note(meeting=meeting, taps=[tap(uuid.uuid4(), name="Amina")], by=officer)
    answer = browser.get(address, {"stand": stand})
    assert answer.status_code == 200
    assert "Amina" in answer.content.decode()


# --- On paper -------------------------------------------------------------------------------------
def words_of(answer) -> tuple[pypdf.PdfReader, str]:
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    return reader, "\n".join(page.extract_text() for page in reader.pages)


@pytest.mark.pdf
def test_the_list_has_room_to_sign(meeting, organisation, browser, network, officer):
    invite(meeting, "Amina", organisation=organisation, people=5, names="Amina Y., Žarko, أمينة")
    invite(meeting, "Silent", organisation=organisation)
    reader, text = words_of(browser.get(desk.address("door_list", meeting)))
    assert reader.metadata.title == "Anwesenheit Frühlingstreffen"
    assert reader.trailer["/Root"]["/Lang"] == "de"
    assert "Freitag, 12. März 2027" in text
    assert "Unterschrift" in text
    assert "Žarko" in text
    assert "Haus der Musik e. V." in text
    assert "Silent" not in text
    # A row for each who comes, and some for those who come unannounced.
    assert text.count("Haus der Musik e. V.") == 5
    entry = LogEntry.objects.get()
    assert entry.user == officer
    assert "4 Zeilen als PDF ausgegeben" in entry.change_message


@pytest.mark.pdf
@pytest.mark.parametrize(("people", "pages"), [(0, 1), (9, 1), (10, 2)])
def test_badges_come_ten_to_a_page(people, pages, meeting, organisation, browser, network):
    names = ", ".join(f"Person {number}" for number in range(people))
    if people:
        invite(meeting, "Amina", organisation=organisation, people=people, names=names)
    reader, text = words_of(browser.get(desk.address("door_badges", meeting)))
    assert len(reader.pages) == pages
    assert text.count("Haus der Musik e. V.") == people
    assert text.count("Netzwerk Musterkreis") == 10 * pages
