"""Tasks: given, seen by whom, closed by those who have them, and asked after in time."""

import datetime
import uuid

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import jobs
from core.errors import Conflict, Refused
from core.models import OutboxMessage
from meetings.models import Decision, Minutes, Task
from meetings.services import tasks
from tests import factories

pytestmark = pytest.mark.django_db

State = Task.State
LIST = "admin:meetings_task_changelist"
NOON = datetime.datetime(2027, 3, 6, 12, tzinfo=datetime.UTC)
DUE = datetime.date(2027, 3, 13)


@pytest.fixture
def desk(client_for, officer, network) -> Client:
    return client_for(officer)


@pytest.fixture
def task(organisation) -> Task:
    return factories.make_task(text="Räume anfragen", organisation=organisation)


@pytest.fixture
def draft_task(organisation) -> Task:
    """Of minutes that only the office knows."""
    meeting = factories.make_meeting(state="held")
    Minutes.objects.create(meeting=meeting)
    return factories.make_task(text="Noch geheim", organisation=organisation, meeting=meeting)


def publish(task: Task) -> None:
    minutes = task.meeting.minutes
    minutes.state, minutes.published_at = "published", timezone.now()
    minutes.save()


def address(task: Task) -> str:
    return reverse("meetings:task", kwargs={"pk": task.pk})


def end_address(task: Task) -> str:
    return reverse("admin:meetings_task_end", kwargs={"pk": task.pk})


def days_ahead(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


# --- What members see -----------------------------------------------------------------------------
def test_members_see_all_and_their_own_first(client_for, manager, outsider, task):
    other = factories.make_task(text="Flyer drucken", organisation=factories.make_organisation())
    person = factories.make_task(text="Kuchen backen", person="Frau Muster", due_on=days_ahead(-1))
    answer = client_for(manager).get(reverse("meetings:tasks"))
    assert [one.pk for one in answer.context["own"]] == [task.pk]
    assert {one.pk for one in answer.context["tasks"]} == {task.pk, other.pk, person.pk}
    assert "überfällig" in answer.text
    assert "Frau Muster" in answer.text
    assert answer["Cache-Control"].startswith("max-age=0")
    assert client_for(outsider).get(reverse("meetings:tasks")).status_code == 404
    assert client_for(None).get(reverse("meetings:tasks")).status_code == 302


def test_a_draft_is_nobodys_business(client_for, manager, officer, draft_task):
    client = client_for(manager)
    assert draft_task.text not in client.get(reverse("meetings:tasks")).text
    assert client.get(address(draft_task)).status_code == 404
    assert client.post(address(draft_task), {"note": ""}).status_code == 404
    assert not tasks.open_for(manager).exists()
    assert client_for(officer).get(address(draft_task)).status_code == 200
    publish(draft_task)
    assert draft_task.text in client.get(reverse("meetings:tasks")).text


def test_the_list_asks_the_same_of_1_and_of_30(client_for, manager, organisation):
    client = client_for(manager)

    def fill(number: int) -> None:
        for _number in range(number):
            meeting = factories.make_meeting(state="documented")
            Minutes.objects.create(meeting=meeting, state="published", published_at=timezone.now())
            factories.make_task(organisation=organisation, meeting=meeting)
            factories.make_task(organisation=factories.make_organisation())

    fill(1)
    client.get(reverse("meetings:tasks"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("meetings:tasks"))
    fill(29)
    with CaptureQueriesContext(connection) as many:
        answer = client.get(reverse("meetings:tasks"))
    assert len(many) == len(few)
    assert "?seite=2" in answer.text


# --- Closing --------------------------------------------------------------------------------------
def test_whose_it_is_closes_it_and_takes_that_back(client_for, editor, task):
    client = client_for(editor)
    assert "Die Aufgabe ist erledigt" in client.get(address(task)).text
    for _twice in range(2):
        answer = client.post(address(task), {"note": "Zwei Räume sind frei."})
        assert answer.url == reverse("meetings:tasks")
    task.refresh_from_db()
    assert (task.state, task.done_by, task.done_note) == (
        State.DONE, editor, "Zwei Räume sind frei.",
    )  # fmt: skip
    assert task.search_text == tasks.searchable(task)
    entry = task.history.first()
    assert (entry.history_change_reason, entry.history_user) == ("Aufgabe erledigt", editor)
    ended = client.get(reverse("meetings:tasks") + "?stand=erledigt")
    assert "Zwei Räume sind frei." in ended.text
    client.post(address(task), {"reopen": "1"})
    task.refresh_from_db()
    assert (task.state, task.done_at, task.done_note) == (State.OPEN, None, "")


def test_a_note_that_is_too_long_is_kept(client_for, manager, task):
    answer = client_for(manager).post(address(task), {"note": "x" * 301})
    assert answer.status_code == 200
    assert "x" * 301 in answer.text
    task.refresh_from_db()
    assert task.state == State.OPEN


def test_others_read_it_only(client_for, manager, outsider, task):
    other = factories.make_task(organisation=factories.make_organisation())
    page = client_for(manager).get(address(other))
    assert page.status_code == 200
    assert "Die Aufgabe ist erledigt" not in page.text
    assert client_for(manager).post(address(other), {"note": ""}).status_code == 404
    assert client_for(outsider).post(address(task), {"note": ""}).status_code == 404
    with pytest.raises(PermissionDenied):
        tasks.close(task=other, by=manager)
    assert not Task.objects.exclude(state=State.OPEN).exists()


def test_a_person_closes_what_is_theirs(client_for, manager, officer):
    task = tasks.create(text="Anrufen", user=manager, by=officer)
    assert task.person == manager.name
    client_for(manager).post(address(task), {"note": ""})
    task.refresh_from_db()
    assert task.state == State.DONE


def test_what_is_dropped_stays_dropped_for_members(client_for, manager, officer, task):
    assert tasks.drop(task=task, note="Das Fest fällt aus.", by=officer) is True
    assert tasks.drop(task=task, by=officer) is False
    client = client_for(manager)
    assert "Das Fest fällt aus." in client.get(address(task)).text
    answer = client.post(address(task), {"note": ""})
    assert "Diese Aufgabe entfällt." in answer.text
    assert "Das Team hat gesagt" in client.post(address(task), {"reopen": "1"}).text
    with pytest.raises(PermissionDenied):
        tasks.drop(task=task, by=manager)
    assert tasks.reopen(task=task, by=officer) is True


# --- The office -----------------------------------------------------------------------------------
def test_the_office_gives_a_task_in_between(desk, organisation, manager, editor):
    key = str(uuid.uuid4())
    data = {
        "text": "Räume anfragen", "organisation": organisation.pk, "due_on": "2027-03-13",
        "form_key": key,
    }  # fmt: skip
    for _twice in range(2):
        assert desk.post(reverse("admin:meetings_task_add"), data).status_code == 302
    task = Task.objects.get()
    assert (task.organisation, task.due_on) == (organisation, DUE)
    assert task.history.get().history_change_reason == "Aufgabe angelegt"
    mails = OutboxMessage.objects.all()
    assert {mail.to for mail in mails} == {manager.email, editor.email}
    assert "13. März 2027" in mails[0].text_body
    assert "Räume anfragen" in desk.get(reverse(LIST)).text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"text": ""}, "Bitte schreiben Sie, was zu tun ist."),
        ({"person": ""}, "Bitte sagen Sie, wer die Aufgabe übernimmt."),
        ({"account": "niemand@example.org"}, "Mit dieser Adresse gibt es kein Konto."),
        ({"account": "keine Adresse"}, "Bitte geben Sie eine E-Mail-Adresse an."),
        ({"organisation": "9" * 30}, "Bitte wählen Sie"),
        ({"due_on": "bald"}, "Bitte geben Sie ein Datum an."),
    ],
)
def test_what_is_wrong_is_said_and_kept(desk, data, message):
    typed = {"text": "Viel getippt", "person": "Frau Muster"} | data
    answer = desk.post(reverse("admin:meetings_task_add"), typed)
    assert answer.status_code == 200
    assert message in answer.text or "gültige" in answer.text
    assert "Viel getippt" in answer.text or "text" in data
    assert not Task.objects.exists()


def test_two_at_the_same_task_lose_nothing(desk, officer, task):
    url = reverse("admin:meetings_task_change", args=[task.pk])
    seen = tasks.fingerprint(task)
    tasks.change(task=task, text="Von der Kollegin", by=officer)
    data = {"text": "Von mir", "organisation": task.organisation_id, "seen": seen}
    answer = desk.post(url, data)
    assert "Jemand hat diese Aufgabe inzwischen geändert" in answer.text
    assert "Von der Kollegin" in answer.text
    assert "Von mir" in answer.text
    with pytest.raises(Conflict):
        tasks.change(task=task, text="Anders", seen=seen, by=officer)
    again = answer.context["adminform"].form["seen"].value()
    assert desk.post(url, data | {"seen": again}).status_code == 302
    task.refresh_from_db()
    assert task.text == "Von mir"
    assert (
        "Aufgabe geändert" in desk.get(reverse("admin:meetings_task_history", args=[task.pk])).text
    )


def test_another_person_takes_the_name_along(manager, editor, officer):
    task = tasks.create(text="Anrufen", user=manager, by=officer)
    tasks.change(task=task, user=editor, by=officer)
    task.refresh_from_db()
    assert task.person == editor.name
    tasks.change(task=task, person="Die Neue", user=manager, by=officer)
    task.refresh_from_db()
    assert task.person == "Die Neue"


def test_the_office_closes_drops_and_opens_again(desk, task):
    assert (
        "Erledigt oder entfällt"
        in desk.get(reverse("admin:meetings_task_change", args=[task.pk])).text
    )
    for step, state in (("close", State.DONE), ("reopen", State.OPEN), ("drop", State.DROPPED)):
        assert desk.post(end_address(task), {step: "1", "note": "So ist es."}).status_code == 302
        task.refresh_from_db()
        assert task.state == state
    assert "So ist es." in desk.get(end_address(task)).text
    refused = desk.post(end_address(task), {"close": "1", "note": "Getippt"})
    assert "Diese Aufgabe entfällt." in refused.text


def test_many_are_closed_at_once(desk, task):
    other, closed = factories.make_task(), factories.make_task(state="dropped")
    rows = {"_selected_action": [task.pk, other.pk, closed.pk], "action": "close"}
    preview = desk.post(reverse(LIST), rows)
    assert "ist schon abgeschlossen" in preview.text
    assert Task.objects.open().count() == 2
    desk.post(reverse(LIST), rows | {"_confirmed": "1"})
    assert Task.objects.filter(state=State.DONE).count() == 2


def test_the_list_filters_and_searches(desk, task):
    factories.make_task(text="Überfällig", due_on=days_ahead(-3))
    factories.make_task(text="Fertig", state="done", done_at=timezone.now())
    for value, number in (("offen", 2), ("ueberfaellig", 1), ("erledigt", 1), ("entfaellt", 0)):
        found = desk.get(reverse(LIST) + f"?stand={value}")
        assert found.context["cl"].result_count == number
    found = desk.get(reverse(LIST) + "?q=raeume")
    assert [one.pk for one in found.context["cl"].result_list] == [task.pk]


def test_what_is_overdue_stands_on_the_first_page(desk, task, draft_task):
    Task.objects.update(due_on=days_ahead(-3))
    factories.make_task(text="Kuchen backen", person="Frau Muster", due_on=days_ahead(-2))
    text = desk.get(reverse("admin:index")).text
    assert "Überfällige Aufgaben" in text
    assert "Räume anfragen" in text
    assert "wird nicht erinnert: kein Konto" in text
    assert "Noch geheim" not in text


def test_only_drafts_are_deleted(officer, manager, task, draft_task):
    with pytest.raises(Refused):
        tasks.remove(task=task, by=officer)
    with pytest.raises(PermissionDenied):
        tasks.remove(task=draft_task, by=manager)
    assert tasks.remove(task=draft_task, by=officer) is True
    assert tasks.remove(task=draft_task, by=officer) is False
    assert list(Task.objects.all()) == [task]


def test_a_task_belongs_to_its_meetings_agenda(officer):
    item = factories.make_agenda_item()
    with pytest.raises(Refused):
        tasks.create(text="Etwas", meeting=factories.make_meeting(), agenda_item=item, by=officer)
    with pytest.raises(Refused):
        tasks.create(text=" ", by=officer)


def test_decisions_are_looked_up(desk):
    meeting = factories.make_meeting(title="Herbst")
    row = Decision.objects.create(meeting=meeting, year=2027, number=3, text="Wir feiern im Mai.")
    listed = desk.get(reverse("admin:meetings_decision_changelist")).text
    assert "2027-3" in listed
    assert "Wir feiern im Mai." in listed
    page = desk.get(reverse("admin:meetings_decision_change", args=[row.pk])).text
    assert "Wir feiern im Mai." in page
    assert 'name="_save"' not in page


# --- Reminders ------------------------------------------------------------------------------------
def sent() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("subject", flat=True))


def test_reminders_go_out_once_a_week_before_and_once_after(organisation, manager):
    task = factories.make_task(text="Räume anfragen", organisation=organisation, due_on=DUE)
    counts = []
    for days in range(-1, 12):
        with time_machine.travel(NOON + datetime.timedelta(days=days), tick=False):
            counts += [tasks.remind_due().get("reminded", 0), tasks.remind_due().get("reminded", 0)]
    assert [index // 2 - 1 for index, number in enumerate(counts) if number] == [0, 8]
    assert sent() == [
        "Erinnerung: eine Aufgabe bis 13. März 2027",
        "Eine Aufgabe ist noch offen",
    ]
    mail = OutboxMessage.objects.first()
    assert mail.to == manager.email
    assert "Räume anfragen" in mail.text_body
    assert address(task) in mail.text_body
    assert task.history.count() == 1


def test_a_task_that_was_moved_is_asked_after_anew(organisation, manager, officer):
    task = factories.make_task(organisation=organisation, due_on=DUE)
    with time_machine.travel(NOON, tick=False):
        tasks.remind_due()
        tasks.change(task=task, due_on=DUE + datetime.timedelta(days=30), by=officer)
        tasks.remind_due()
    with time_machine.travel(NOON + datetime.timedelta(days=30), tick=False):
        tasks.remind_due()
    assert sent() == [
        "Erinnerung: eine Aufgabe bis 13. März 2027",
        "Erinnerung: eine Aufgabe bis 12. April 2027",
    ]


def test_the_day_changes_at_midnight_here(organisation, manager):
    """In winter midnight here is 23 o'clock of the day before in UTC, in summer 22."""
    factories.make_task(organisation=organisation, due_on=datetime.date(2027, 1, 7))
    with time_machine.travel(datetime.datetime(2026, 12, 30, 22, 59, tzinfo=datetime.UTC)):
        assert tasks.remind_due() == {}
    with time_machine.travel(datetime.datetime(2026, 12, 30, 23, 1, tzinfo=datetime.UTC)):
        assert tasks.remind_due() == {"reminded": 1}


def test_nobody_is_reminded_of_what_is_none_of_theirs(organisation, manager, draft_task, officer):
    Task.objects.update(due_on=days_ahead(2))
    factories.make_task(person="Frau Muster", due_on=days_ahead(2))
    factories.make_task(organisation=organisation, due_on=days_ahead(2), state="dropped")
    factories.make_task(organisation=organisation, due_on=days_ahead(-90))
    assert tasks.remind_due() == {"nobody to write to": 1}
    assert sent() == []
    publish(draft_task)
    assert tasks.remind_due() == {"reminded": 1, "nobody to write to": 1}


def test_one_person_or_else_the_organisation(organisation, manager, editor):
    task = factories.make_task(organisation=organisation, user=editor)
    assert tasks.readers(task) == [editor]
    editor.is_active = False
    editor.save()
    task.refresh_from_db()
    assert tasks.readers(task) == [manager]
    # Whose organisation is paused could not open the page.
    organisation.state = "paused"
    organisation.save()
    assert tasks.readers(Task.objects.get(pk=task.pk)) == []


def test_who_sees_no_tasks_is_given_none(desk, outsider, manager):
    url = reverse("admin:meetings_task_add")
    answer = desk.post(url, {"text": "Anrufen", "account": outsider.email})
    assert "vertritt keine Organisation im Netzwerk" in answer.text
    assert desk.post(url, {"text": "Anrufen", "account": f" {manager.email.upper()} "}).url
    assert Task.objects.get().user == manager


def test_the_worker_knows_the_jobs():
    assert jobs.tasks["meetings.tasks"].run is tasks.remind_due
    assert "meetings.agenda" in jobs.tasks
