"""A meeting's agenda: the office's items and their order, proposals, and what comes by itself."""

import datetime
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from core.errors import Conflict, Refused
from core.models import OutboxMessage
from meetings.models import AgendaItem, Meeting, Minutes, MinutesEntry
from meetings.services import agenda, planning, tasks
from tests import factories

pytestmark = pytest.mark.django_db

State, Origin = AgendaItem.State, AgendaItem.Origin


@pytest.fixture
def desk(client_for, officer, network) -> Client:
    return client_for(officer)


@pytest.fixture
def meeting(db) -> Meeting:
    soon = timezone.now() + datetime.timedelta(days=20)
    return factories.make_meeting(title="Frühjahrstreffen", proposals_until=soon)


def published(meeting: Meeting) -> Minutes:
    return Minutes.objects.create(
        meeting=meeting, state=Minutes.State.PUBLISHED, published_at=timezone.now()
    )


def page(meeting: Meeting) -> str:
    return reverse("admin:meetings_meeting_agenda", kwargs={"pk": meeting.pk})


def item_page(item: AgendaItem) -> str:
    kwargs = {"pk": item.meeting_id, "item": item.pk}
    return reverse("admin:meetings_meeting_agenda_item", kwargs=kwargs)


def titles(meeting: Meeting) -> list[str]:
    return [item.title for item in meeting.agenda.accepted()]


def propose_page(meeting: Meeting) -> str:
    return reverse("meetings:propose", kwargs={"slug": meeting.slug})


# --- The time plan --------------------------------------------------------------------------------
def test_times_follow_from_the_minutes_as_far_as_they_are_known(meeting):
    for title, minutes in (("Begrüßung", 10), ("Sommerfest", 45), ("Offen", None), ("Ende", 5)):
        factories.make_agenda_item(meeting=meeting, title=title, minutes=minutes)
    found = agenda.slots(meeting)
    assert [slot.number for slot in found] == [1, 2, 3, 4]
    assert [slot.starts and f"{slot.starts:%H:%M}" for slot in found] == [
        "18:00", "18:10", "18:55", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "expected"),
    # The hour that is skipped in spring, and the one that comes twice in autumn.
    [("2027-03-28", ["01:30", "03:15"]), ("2027-10-31", ["01:30", "02:15"])],
)
def test_a_night_on_which_the_clocks_change(meeting, day, expected):
    start = datetime.datetime.fromisoformat(f"{day}T01:30").replace(tzinfo=meeting.zone)
    meeting.starts_at, meeting.ends_at = start, start + datetime.timedelta(hours=3)
    meeting.save()
    meeting.refresh_from_db()
    factories.make_agenda_item(meeting=meeting, minutes=45)
    factories.make_agenda_item(meeting=meeting, minutes=45)
    starts = [slot.starts for slot in agenda.slots(meeting) if slot.starts]
    assert [f"{one:%H:%M}" for one in starts] == expected


# --- The office's page ----------------------------------------------------------------------------
def test_items_are_added_shown_and_counted(desk, meeting):
    key = uuid.uuid4()
    data = {"title": "Sommerfest", "minutes": "90", "speaker": "Frau Muster", "creation_key": key}
    for _twice in range(2):
        assert desk.post(page(meeting), data | {"add": ""}).url == page(meeting)
    desk.post(page(meeting), {"title": "Ausblick", "minutes": "45", "add": ""})
    assert titles(meeting) == ["Sommerfest", "Ausblick"]
    text = desk.get(page(meeting)).text
    assert "Zusammen 135 Minuten." in text
    assert "15 Minuten mehr" in text
    assert "19:30" in text
    assert AgendaItem.history.first().history_change_reason == "Auf die Tagesordnung gesetzt"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"title": " "}, "Bitte schreiben Sie, um welches Thema es geht."),
        ({"title": "!!!"}, "Zeichen und Emojis allein reichen nicht"),
        ({"title": "Gut", "minutes": "0"}, "größer"),
        ({"title": "Gut", "minutes": "9" * 30}, "kleiner"),
        ({"title": "Gut", "minutes": "viel"}, "Bitte geben Sie eine ganze Zahl an"),
        ({"title": "x" * 201}, "200"),
    ],
)
def test_what_is_wrong_is_said_and_kept(desk, meeting, data, message):
    answer = desk.post(page(meeting), data | {"description": "Viel getippt", "add": ""})
    assert answer.status_code == 200
    assert message in answer.text
    assert "Viel getippt" in answer.text
    assert not meeting.agenda.exists()


def test_buttons_and_numbers_bring_items_into_order(desk, meeting):
    one, two, three = [
        factories.make_agenda_item(meeting=meeting, title=title, position=number)
        for number, title in enumerate(("Eins", "Zwei", "Drei"), 1)
    ]
    numbers = {f"place_{item.pk}": str(n) for n, item in enumerate((one, two, three), 1)}
    answer = desk.post(page(meeting), numbers | {"down": one.pk})
    assert titles(meeting) == ["Zwei", "Eins", "Drei"]
    assert answer.url.endswith(f"?down={one.pk}")
    # The keyboard goes on at the same button.
    assert f'name="down" value="{one.pk}" autofocus' in desk.get(answer.url).text
    numbers = {f"place_{two.pk}": "3", f"place_{one.pk}": "2", f"place_{three.pk}": "3"}
    desk.post(page(meeting), numbers | {"order": ""})
    assert titles(meeting) == ["Eins", "Drei", "Zwei"]
    wrong = desk.post(page(meeting), numbers | {f"place_{one.pk}": "ganz oben", "order": ""})
    assert "ganz oben" in wrong.text
    assert "Bitte geben Sie eine ganze Zahl an." in wrong.text
    # An end is an end, and what is not there is not moved.
    desk.post(page(meeting), numbers | {"up": "9" * 30})
    assert titles(meeting) == ["Eins", "Drei", "Zwei"]


def test_order_twice_changes_nothing(meeting, officer):
    items = [factories.make_agenda_item(meeting=meeting) for _number in range(3)]
    keys = [item.pk for item in reversed(items)]
    agenda.put_in_order(meeting=meeting, keys=keys, by=officer)
    assert agenda.put_in_order(meeting=meeting, keys=keys, by=officer) == 0
    assert [item.pk for item in meeting.agenda.accepted()] == keys
    # Somebody has just added one, and one is gone.
    added = agenda.add(meeting=meeting, title="Neu", by=officer)
    agenda.put_in_order(meeting=meeting, keys=[*items_keys(items), 999_999], by=officer)
    assert [item.pk for item in meeting.agenda.accepted()] == [*items_keys(items), added.pk]


def items_keys(items: list[AgendaItem]) -> list[int]:
    return [item.pk for item in items]


def test_an_item_is_changed_on_its_page(desk, meeting):
    item = factories.make_agenda_item(meeting=meeting, title="Alt", minutes=10)
    seen = agenda.fingerprint(item)
    assert 'value="Alt"' in desk.get(item_page(item)).text
    data = {"title": "Neu", "minutes": "20", "seen": seen}
    assert desk.post(item_page(item), data).url == page(meeting)
    item.refresh_from_db()
    assert (item.title, item.minutes) == ("Neu", 20)
    assert item.history.first().history_change_reason == "Tagesordnungspunkt geändert"
    # The same again is no change, though the form is an old one.
    assert desk.post(item_page(item), data).url == page(meeting)
    assert item.history.count() == 2


def test_two_at_the_same_item_lose_nothing(desk, meeting, officer):
    item = factories.make_agenda_item(meeting=meeting, title="Alt")
    seen = agenda.fingerprint(item)
    agenda.change(item=item, title="Von der Kollegin", by=officer)
    mine = {"title": "Von mir", "speaker": "Viel getippt", "seen": seen}
    answer = desk.post(item_page(item), mine)
    assert "Jemand hat diesen Punkt inzwischen geändert" in answer.text
    assert "Von der Kollegin" in answer.text
    assert "Von mir" in answer.text
    item.refresh_from_db()
    assert item.title == "Von der Kollegin"
    with pytest.raises(Conflict):
        agenda.change(item=item, title="Anders", seen=seen, by=officer)
    again = answer.context["form"]["seen"].value()
    assert desk.post(item_page(item), mine | {"seen": again}).status_code == 302
    item.refresh_from_db()
    assert item.title == "Von mir"


def test_an_item_is_taken_off_and_put_back(desk, meeting):
    first = factories.make_agenda_item(meeting=meeting, title="Eins")
    factories.make_agenda_item(meeting=meeting, title="Zwei")
    desk.post(page(meeting), {"remove": first.pk})
    assert titles(meeting) == ["Zwei"]
    text = desk.get(page(meeting)).text
    assert "Nicht auf der Tagesordnung" in text
    assert f'name="restore" value="{first.pk}"' in text
    desk.post(page(meeting), {"restore": first.pk})
    assert titles(meeting) == ["Zwei", "Eins"]


def test_what_the_minutes_speak_of_stays(desk, meeting, officer):
    item = factories.make_agenda_item(meeting=meeting)
    minutes = Minutes.objects.create(meeting=meeting)
    entry = MinutesEntry.objects.create(minutes=minutes, agenda_item=item, text="Gesagt wurde …")
    answer = desk.post(page(meeting), {"remove": item.pk})
    assert "Im Protokoll steht schon etwas zu diesem Punkt" in answer.text
    entry.text = ""
    entry.save()
    tasks.create(text="Räume anfragen", meeting=meeting, agenda_item=item, by=officer)
    with pytest.raises(Refused):
        agenda.remove(item=item, by=officer)


@pytest.mark.parametrize("why", ["published", "cancelled"])
def test_an_agenda_that_stays(desk, meeting, officer, why):
    item = factories.make_agenda_item(meeting=meeting, title="So war es")
    if why == "published":
        published(meeting)
    else:
        Meeting.objects.filter(pk=meeting.pk).update(state="cancelled")
    text = desk.get(page(meeting)).text
    assert "Die Tagesordnung bleibt" in text
    assert "So war es" in text
    assert 'name="add"' not in text
    answer = desk.post(page(meeting), {"title": "Zu spät getippt", "add": ""})
    assert "Die Tagesordnung bleibt" in answer.text
    for refused in (
        lambda: agenda.add(meeting=meeting, title="Neu", by=officer),
        lambda: agenda.change(item=item, title="Neu", by=officer),
        lambda: agenda.remove(item=item, by=officer),
        lambda: agenda.put_in_order(meeting=meeting, keys=[item.pk], by=officer),
    ):
        with pytest.raises(Refused):
            refused()
    assert titles(meeting) == ["So war es"]


def test_items_of_other_meetings_are_not_reached(desk, meeting):
    other = factories.make_agenda_item()
    url = reverse("admin:meetings_meeting_agenda_item", kwargs={"pk": meeting.pk, "item": other.pk})
    assert desk.get(url).status_code == 404
    assert desk.post(page(meeting), {"remove": other.pk}).status_code == 404
    assert titles(other.meeting)


def test_only_the_office_arranges_the_agenda(meeting, manager):
    item = factories.make_agenda_item(meeting=meeting)
    for forbidden in (
        lambda: agenda.add(meeting=meeting, title="Neu", by=manager),
        lambda: agenda.change(item=item, title="Neu", by=manager),
        lambda: agenda.remove(item=item, by=manager),
        lambda: agenda.restore(item=item, by=manager),
        lambda: agenda.move(item=item, up=True, by=manager),
        lambda: agenda.accept(item=item, by=manager),
    ):
        with pytest.raises(PermissionDenied):
            forbidden()


def test_the_page_asks_the_same_of_1_and_of_30(desk, meeting, organisation, manager):
    def fill(number: int) -> None:
        for _number in range(number):
            factories.make_agenda_item(meeting=meeting, minutes=5)
            factories.make_proposed_item(meeting=meeting, organisation=organisation, by=manager)
            factories.make_agenda_item(meeting=meeting, state=State.WITHDRAWN)

    fill(1)
    desk.get(page(meeting))
    with CaptureQueriesContext(connection) as few:
        desk.get(page(meeting))
    fill(29)
    with CaptureQueriesContext(connection) as many:
        desk.get(page(meeting))
    assert len(many) == len(few)


# --- Proposals ------------------------------------------------------------------------------------
def test_a_representative_proposes_and_the_office_accepts(
    client_for, desk, meeting, organisation, manager
):
    client = client_for(manager)
    form = client.get(propose_page(meeting))
    assert "Für welche Organisation?" not in form.text
    assert manager.name in form.text
    key = uuid.uuid4()
    data = {"title": "Proberäume", "description": "Uns fehlen Räume.", "creation_key": key}
    for _twice in range(2):
        assert client.post(propose_page(meeting), data).url == propose_page(meeting)
    item = meeting.agenda.get()
    assert (item.state, item.organisation, item.proposed_by) == (
        State.PROPOSED, organisation, manager,
    )  # fmt: skip
    assert "wird gelesen" in client.get(propose_page(meeting)).text
    assert "Vorschläge zur Tagesordnung" in desk.get(reverse("admin:index")).text
    assert "Proberäume" in desk.get(page(meeting)).text
    words = {f"{item.pk}-word": "Wir planen 20 Minuten ein."}
    desk.post(page(meeting), words | {"accept": item.pk})
    desk.post(page(meeting), words | {"accept": item.pk})
    mail = OutboxMessage.objects.get()
    assert mail.to == manager.email
    assert "Ihr Thema steht jetzt auf der Tagesordnung" in mail.text_body
    assert "Wir planen 20 Minuten ein." in mail.text_body
    assert organisation.name.replace(".", "") in mail.text_body.replace("\u2060", "").replace(
        ".", ""
    )
    text = client.get(propose_page(meeting)).text
    assert "auf der Tagesordnung" in text
    assert "Wir planen 20 Minuten ein." in text


def test_declining_takes_a_word(desk, meeting, organisation, manager):
    item = factories.make_proposed_item(meeting=meeting, organisation=organisation, by=manager)
    answer = desk.post(page(meeting), {"decline": item.pk, f"{item.pk}-word": " "})
    assert "Bitte schreiben Sie der Organisation" in answer.text
    assert not OutboxMessage.objects.exists()
    desk.post(page(meeting), {"decline": item.pk, f"{item.pk}-word": "Das passt im Herbst besser."})
    item.refresh_from_db()
    assert (item.state, item.answer) == (State.DECLINED, "Das passt im Herbst besser.")
    assert "nicht auf die Tagesordnung" in OutboxMessage.objects.get().text_body
    # The office thinks again, and again.
    desk.post(page(meeting), {"accept": item.pk})
    assert titles(meeting) == [item.title]
    refused = desk.post(page(meeting), {"decline": item.pk, f"{item.pk}-word": "y" * 1001})
    assert "y" * 1001 in refused.text
    desk.post(page(meeting), {"decline": item.pk, f"{item.pk}-word": "Doch nicht."})
    assert titles(meeting) == []
    assert OutboxMessage.objects.count() == 3


def test_who_left_is_not_written_to(meeting, organisation, manager, editor, officer):
    item = factories.make_proposed_item(meeting=meeting, organisation=organisation, by=editor)
    organisation.representatives.filter(user=editor).delete()
    agenda.accept(item=item, by=officer)
    assert [mail.to for mail in OutboxMessage.objects.all()] == [manager.email]


def test_a_proposal_is_withdrawn_until_it_is_decided(
    client_for, meeting, organisation, manager, editor, outsider, officer
):
    item = factories.make_proposed_item(meeting=meeting, organisation=organisation, by=manager)
    url = reverse("meetings:proposal_withdraw", kwargs={"slug": meeting.slug, "pk": item.pk})
    assert client_for(outsider).post(url).status_code == 404
    # A colleague may.
    assert client_for(editor).post(url).url == propose_page(meeting)
    item.refresh_from_db()
    assert item.state == State.WITHDRAWN
    assert agenda.withdraw(item=item, by=manager) is False
    with pytest.raises(Refused, match="zurückgezogen"):
        agenda.accept(item=item, by=officer)
    other = factories.make_proposed_item(meeting=meeting, organisation=organisation, by=manager)
    agenda.accept(item=other, by=officer)
    with pytest.raises(Refused, match="schon entschieden"):
        agenda.withdraw(item=other, by=manager)


def test_after_the_date_what_was_typed_is_still_there(client_for, meeting, manager):
    client = client_for(manager)
    with time_machine.travel(meeting.proposals_until + datetime.timedelta(seconds=1), tick=False):
        client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert "keine Themen mehr vorgeschlagen" in client.get(propose_page(meeting)).text
        answer = client.post(propose_page(meeting), {"title": "Zu spät", "description": "Getippt"})
    assert answer.status_code == 200
    assert "keine Themen mehr vorgeschlagen" in answer.text
    assert "Getippt" in answer.text
    assert not meeting.agenda.exists()


def test_so_many_proposals_and_no_more(meeting, organisation, manager):
    for number in range(agenda.MOST_PROPOSALS):
        agenda.propose(
            meeting=meeting, organisation=organisation, title=f"Thema {number}", by=manager
        )
    with pytest.raises(Refused):
        agenda.propose(meeting=meeting, organisation=organisation, title="Eins zu viel", by=manager)


def test_nobody_proposes_for_others(client_for, meeting, organisation, manager, outsider):
    other = factories.make_organisation(name="Fremd")
    with pytest.raises(PermissionDenied):
        agenda.propose(meeting=meeting, organisation=other, title="Unser Thema", by=manager)
    factories.make_representative(user=manager, organisation=factories.make_organisation())
    answer = client_for(manager).post(
        propose_page(meeting), {"title": "Getippt", "organisation": other.pk}
    )
    assert "Bitte wählen Sie eine von Ihren Organisationen." in answer.text
    nonsense = client_for(manager).post(
        propose_page(meeting), {"title": "Getippt", "organisation": "9" * 30}
    )
    assert nonsense.status_code == 200
    assert client_for(outsider).get(propose_page(meeting)).status_code == 404
    Meeting.objects.filter(pk=meeting.pk).update(visibility="office")
    assert client_for(manager).get(propose_page(meeting)).status_code == 404
    # Somebody else's key makes nobody's proposal theirs.
    assert not meeting.agenda.exists()


def kept_for(client_for, user, path: str, data: dict) -> Client:
    """Send a form without a session, and go on with what was kept after a log-in."""
    stranger = client_for(None)
    answer = stranger.post(path, data)
    assert answer.status_code == 302
    kept = stranger.session["core_resume"]
    client = client_for(user)
    session = client.session
    session["core_resume"] = kept
    session.save()
    return client


def test_a_session_that_ended_loses_nothing(
    client_for, meeting, officer, manager, organisation, network
):
    path = propose_page(meeting)
    client = kept_for(client_for, manager, path, {"title": "Viel", "description": "Getippt"})
    assert "Getippt" in client.get(path).text
    item = factories.make_proposed_item(meeting=meeting, organisation=organisation, by=manager)
    for address, data in (
        (page(meeting), {"title": "Viel", "description": "Getippt", "add": ""}),
        (page(meeting), {f"{item.pk}-word": "Getippt", "decline": item.pk}),
        (item_page(item), {"title": "Viel", "description": "Getippt"}),
    ):
        client = kept_for(client_for, officer, address, data)
        assert "Getippt" in client.get(address).text
    item.refresh_from_db()
    assert item.state == State.PROPOSED
    assert meeting.agenda.count() == 1


# --- What comes by itself -------------------------------------------------------------------------
def test_the_next_agenda_gets_what_follows_from_the_last_meeting(officer, organisation):
    last = factories.make_meeting(state="documented", title="Auftakt", kind="kickoff")
    factories.make_meeting(kind="group", starts_at=timezone.now() + datetime.timedelta(days=2))
    coming = factories.make_meeting()
    later = factories.make_meeting(starts_at=timezone.now() + datetime.timedelta(days=90))
    assert agenda.fill_next() == []
    published(last)
    tasks.create(text="Räume anfragen", organisation=organisation, meeting=last, by=officer)
    factories.make_agenda_item(meeting=coming, title="Begrüßung", position=1)
    factories.make_agenda_item(meeting=coming, title="Sommerfest", position=2)
    agenda.fill_next(by=officer)
    assert agenda.fill_next() == []
    assert titles(coming) == [
        "Begrüßung", "Genehmigung des letzten Protokolls", "Offene Aufgaben", "Sommerfest",
    ]  # fmt: skip
    assert titles(later) == []
    shown = agenda.shown(coming, officer)
    assert shown is not None
    assert shown.last_minutes == last.minutes
    assert [task.text for task in shown.open_tasks] == ["Räume anfragen"]


def test_what_was_taken_off_stays_away(officer):
    published(factories.make_meeting(state="documented"))
    coming = factories.make_meeting()
    (item,) = agenda.fill_next()
    agenda.remove(item=item, by=officer)
    assert agenda.fill_next() == []
    assert titles(coming) == []
    agenda.restore(item=item, by=officer)
    assert len(titles(coming)) == 1


def test_a_draft_brings_nothing(officer):
    held = factories.make_meeting(state="held")
    Minutes.objects.create(meeting=held)
    tasks.create(text="Noch geheim", meeting=held, by=officer)
    factories.make_meeting()
    assert agenda.fill_next() == []


def test_what_comes_by_itself_speaks_the_readers_language(officer):
    published(factories.make_meeting(state="documented"))
    factories.make_meeting()
    (item,) = agenda.fill_next()
    with translation.override("en"):
        assert item.heading == str(Origin.LAST_MINUTES.label)
    agenda.change(item=item, title="Protokoll vom März", by=officer)
    item.refresh_from_db()
    with translation.override("en"):
        assert item.heading == "Protokoll vom März"


def test_a_copy_takes_the_offices_items_along(officer, organisation, manager):
    last = factories.make_meeting(state="documented", title="Herbst")
    published(last)
    factories.make_agenda_item(meeting=last, title="Begrüßung", minutes=10, speaker="Frau Muster")
    proposed = factories.make_proposed_item(
        meeting=last, organisation=organisation, by=manager, state=State.ACCEPTED
    )
    start = timezone.now() + datetime.timedelta(days=40)
    meeting = planning.create(
        values={
            "title": "Frühjahr", "starts_at": start, "ends_at": start + datetime.timedelta(hours=2),
        },
        by=officer,
        copied_from=last,
    )  # fmt: skip
    assert titles(meeting) == ["Begrüßung", "Genehmigung des letzten Protokolls"]
    first = meeting.agenda.accepted()[0]
    # Who speaks belongs to the meeting it was said of.
    assert (first.minutes, first.speaker) == (10, "")
    assert proposed.title not in titles(meeting)
    assert agenda.copy_items(source=last, target=meeting, by=officer) == 0


def test_the_meeting_after_a_cancelled_one_gets_the_items(officer):
    published(factories.make_meeting(state="documented"))
    coming = factories.make_meeting()
    later = factories.make_meeting(starts_at=timezone.now() + datetime.timedelta(days=90))
    agenda.fill_next()
    planning.cancel(meeting=coming, reason="Sturm", by=officer)
    assert titles(later) == ["Genehmigung des letzten Protokolls"]
    assert agenda.fill_daily() == {"added": 0}


# --- Really at the same time ----------------------------------------------------------------------
def at_once(call: Callable[[], object], *, times: int = 4) -> list[object]:
    """Run a call several times at the same moment, each in its own connection."""
    start = threading.Barrier(times)

    def run(_number: int) -> object:
        try:
            start.wait()
            return call()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@pytest.mark.django_db(transaction=True)
def test_the_same_at_the_same_moment_is_done_once(officer, manager, organisation):
    last = factories.make_meeting(state="documented")
    published(last)
    meeting = factories.make_meeting(proposals_until=timezone.now() + datetime.timedelta(days=5))
    one = factories.make_proposed_item(meeting=meeting, organisation=organisation, by=manager)
    results = at_once(lambda: agenda.accept(item=one, by=officer))
    assert sorted(results) == [False, False, False, True]
    assert OutboxMessage.objects.count() == 1
    at_once(lambda: agenda.fill_next())
    key = uuid.uuid4()
    at_once(lambda: agenda.add(meeting=meeting, title="Neu", creation_key=key, by=officer))
    positions = [item.position for item in meeting.agenda.accepted()]
    assert positions == [1, 2, 3]
    at_once(
        lambda: agenda.propose(meeting=meeting, organisation=organisation, title="A", by=manager),
        times=agenda.MOST_PROPOSALS + 2,
    )
    assert meeting.agenda.proposed().count() == agenda.MOST_PROPOSALS
    task = factories.make_task(organisation=organisation, due_on=timezone.localdate())
    assert sorted(at_once(lambda: tasks.remind(task.pk))) == ["not due"] * 3 + ["reminded"]
    assert OutboxMessage.objects.count() == 2
