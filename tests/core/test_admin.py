"""The outbox in the back office: everything is seen except secrets, little can be done."""

import datetime
import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import bounces, mail
from core.models import OutboxMessage, ReturnMailbox

LIST = "admin:core_outboxmessage_changelist"
State = OutboxMessage.State


def queue(key: str, *, state: str = State.QUEUED, **values) -> OutboxMessage:
    given = {
        "to": f"{key}@example.org",
        "mail": "test",
        "language": "de",
        "context": {},
        "subject_body": (f"Betreff {key}", f"Text <b>{key}</b>"),
    }
    with transaction.atomic():
        message = mail.queue_mail(key=key, **given | values)
    now = timezone.now()
    OutboxMessage.objects.filter(pk=message.pk).update(
        state=state,
        sent_at=now,
        sending_since=now,
        returned_at=now if state == State.RETURNED else None,
    )
    message.refresh_from_db()
    return message


@pytest.fixture
def desk(officer, client_for):
    officer.user_permissions.set(
        Permission.objects.filter(codename__in=["view_outboxmessage", "change_outboxmessage"])
    )
    return client_for(officer)


def page(client, message: OutboxMessage) -> str:
    address = reverse("admin:core_outboxmessage_change", args=[message.pk])
    return client.get(address).content.decode()


def test_every_mail_is_listed_with_its_state_and_error(desk):
    message = queue("anna", state=State.UNCLEAR)
    OutboxMessage.objects.filter(pk=message.pk).update(error="450 4.2.2 Quota exceeded")
    listed = desk.get(reverse(LIST)).content.decode()
    for text in ("Betreff anna", "anna@example.org", "unklar", "Das Postfach ist voll."):
        assert text in listed


def test_the_list_costs_the_same_with_1_and_30(desk, django_assert_num_queries):
    queue("anna")
    desk.get(reverse(LIST))
    with CaptureQueriesContext(connection) as one:
        desk.get(reverse(LIST))
    for number in range(30):
        queue(f"person{number}")
    with django_assert_num_queries(len(one)):
        assert "person29" in desk.get(reverse(LIST)).content.decode()


def test_the_text_can_be_read_unless_it_is_confidential(desk):
    assert "Text &lt;b&gt;anna&lt;/b&gt;" in page(desk, queue("anna"))
    secret = queue("berta", confidential=True)
    shown = page(desk, secret)
    assert "Vertraulich" in shown
    assert "&lt;b&gt;berta" not in shown
    assert "<b>berta" not in shown


def test_a_person_sends_again_or_gives_up(desk, officer):
    failed, unclear, sent = (
        queue("anna", state=State.FAILED),
        queue("berta", state=State.UNCLEAR),
        queue("carla", state=State.SENT),
    )

    def do(action: str, *messages: OutboxMessage, confirmed: bool = True) -> str:
        chosen = {"action": action, "_selected_action": [message.pk for message in messages]}
        if confirmed:
            chosen["_confirmed"] = "1"
        return desk.post(reverse(LIST), chosen, follow=True).content.decode()

    shown = do("send_again", failed, sent, confirmed=False)
    assert "wird noch einmal gesendet" in shown
    assert "Sie ist gesendet und nicht zurückgekommen." in shown
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {
        State.FAILED, State.UNCLEAR, State.SENT,
    }  # fmt: skip
    assert "1 E-Mail wird noch einmal gesendet." in do("send_again", failed, sent)
    assert "1 E-Mail ist aufgegeben." in do("give_up", unclear)
    states = dict(OutboxMessage.objects.values_list("key", "state"))
    assert states == {"anna": State.QUEUED, "berta": State.CANCELLED, "carla": State.SENT}
    log = [entry.get_change_message() for entry in officer.logentry_set.all()]
    assert sorted(log) == ["Aufgeben: nicht mehr senden", "Noch einmal senden"]


@pytest.mark.parametrize(
    ("state", "text", "may"),
    [
        (State.QUEUED, "sendet sie in der nächsten Minute", {"give_up"}),
        (State.SENDING, "wird gerade gesendet", set()),
        (State.SENT, "Zurückgekommen ist sie nicht", set()),
        (State.FAILED, "Prüfen Sie die Adresse", {"send_again", "give_up"}),
        (State.UNCLEAR, "Niemand weiß", {"send_again", "give_up"}),
        (State.RETURNED, "nach einer neuen Adresse", {"send_again", "give_up"}),
        (State.CANCELLED, "nicht mehr gesendet", {"send_again"}),
    ],
)
def test_a_mails_page_says_where_it_stands_and_offers_what_is_possible(desk, state, text, may):
    message = queue("anna", state=state)
    shown = page(desk, message)
    assert text in shown
    for name in ("send_again", "give_up"):
        address = reverse(f"admin:core_outboxmessage_{name}", args=[message.pk])
        assert (f'action="{address}"' in shown) is (name in may)
        assert desk.get(address).status_code == 405
    for name in sorted(may):
        OutboxMessage.objects.filter(pk=message.pk).update(state=state)
        address = reverse(f"admin:core_outboxmessage_{name}", args=[message.pk])
        answer = desk.post(address, follow=True).content.decode()
        assert "1 E-Mail" in answer
        # A second click changes nothing and says so.
        if name == "send_again":
            assert "Das geht gerade nicht" in desk.post(address, follow=True).content.decode()
    left = OutboxMessage.objects.get()
    assert left.state == (State.QUEUED if "send_again" in may else left.state)


def test_a_mail_that_waits_says_when_it_is_tried_next(desk, time_machine):
    time_machine.move_to("2026-11-22 12:00:00+01:00", tick=False)
    message = queue("anna")
    OutboxMessage.objects.filter(pk=message.pk).update(
        tries=2,
        next_try_at=timezone.now() + datetime.timedelta(minutes=5),
        error="450 4.2.0 Greylisted, come back later",
    )
    shown = page(desk, message)
    assert "versucht es wieder am 22.11.2026 12:05, von selbst" in shown
    assert "Das Postfach nimmt im Moment keine E-Mails an." in shown
    assert "450 4.2.0 Greylisted, come back later" in shown
    assert "nächster Versuch 22.11.2026 12:05" in desk.get(reverse(LIST)).content.decode()


def test_what_came_back_keeps_its_reason_when_it_is_given_up(desk):
    message = queue("anna", state=State.SENT)
    bounces.note_return(message, "550 5.1.1 No such mailbox")
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.RETURNED)
    assert "Diese Adresse gibt es nicht." in page(desk, message)
    desk.post(reverse("admin:core_outboxmessage_give_up", args=[message.pk]))
    message.refresh_from_db()
    assert (message.state, message.error) == (State.CANCELLED, "550 5.1.1 No such mailbox")
    assert message.returned_at is not None


def test_the_list_counts_each_state_and_finds_by_address(desk):
    queue("anna", state=State.FAILED)
    queue("berta", state=State.SENT)
    queue("carla", state=State.SENT)
    shown = " ".join(desk.get(reverse(LIST)).content.decode().split())
    for label, value, number in (("gesendet", "sent", 2), ("nicht zustellbar", "failed", 1)):
        assert re.search(rf'href="\?state__exact={value}"> {label} <span[^>]*>{number}<', shown)
    listed = desk.get(f"{reverse(LIST)}?q=berta%40example.org").content.decode()
    assert "Betreff berta" in listed
    assert "Betreff carla" not in listed
    address = f"{reverse(LIST)}?q=anna%40example.org"
    assert address in page(desk, OutboxMessage.objects.get(key="anna"))


def test_a_mailbox_that_cannot_be_reached_waits_on_the_start_page(desk, settings):
    box = {"HOST": "mail.example.org", "PORT": 993, "USER": "box", "PASSWORD": "x", "FOLDER": "IN"}
    assert "hat kein Postfach" in desk.get(reverse(LIST)).content.decode()
    settings.BOUNCE_MAILBOX = box
    row = ReturnMailbox.objects.create(
        name="box@mail.example.org:993/IN", read_at=timezone.now(), error="", failing_since=None
    )
    assert "Zuletzt nachgesehen" in desk.get(reverse(LIST)).content.decode()
    assert "nicht zu erreichen" not in desk.get(reverse("admin:index")).content.decode()
    row.failing_since, row.error = timezone.now(), "gaierror: unknown"
    row.save()
    for address in (reverse(LIST), reverse("admin:index")):
        shown = desk.get(address).content.decode()
        assert "Postfach für zurückgekommene E-Mails ist nicht zu erreichen" in shown
        assert "gaierror: unknown" in shown


def test_mails_that_did_not_arrive_wait_on_the_start_page(desk):
    stuck = [
        queue("anna", state=State.UNCLEAR),
        queue("berta", state=State.FAILED),
        queue("emil", state=State.RETURNED),
    ]
    queue("carla", state=State.SENT)
    code = queue("dora", state=State.FAILED)
    OutboxMessage.objects.filter(pk=code.pk).update(expires_at=timezone.now())
    start = desk.get(reverse("admin:index")).content.decode()
    for message in stuck:
        assert f"{message.subject} → {message.to}" in start
    for name in ("carla", "dora"):
        assert name not in start
    listed = desk.get(f"{reverse(LIST)}?state__in=failed,unclear").content.decode()
    assert "berta@example.org" in listed
    assert "carla@example.org" not in listed


def test_nobody_writes_changes_or_deletes_a_mail(desk, client_for, administrator):
    message = queue("anna")
    for client in (desk, client_for(administrator)):
        for name, arguments in (("add", []), ("delete", [message.pk])):
            address = reverse(f"admin:core_outboxmessage_{name}", args=arguments)
            assert client.post(address, {"post": "yes"}).status_code in {403, 404}
        client.post(
            reverse("admin:core_outboxmessage_change", args=[message.pk]),
            {"subject": "Anders", "to": "eve@example.org"},
        )
        client.post(
            reverse(LIST),
            {"action": "delete_selected", "_selected_action": [message.pk], "post": "yes"},
        )
    message.refresh_from_db()
    assert (message.subject, message.to) == ("Betreff anna", "anna@example.org")


def test_who_may_only_look_cannot_send_again(officer, client_for):
    officer.user_permissions.set(Permission.objects.filter(codename="view_outboxmessage"))
    officer.groups.clear()
    message = queue("anna", state=State.FAILED)
    client = client_for(officer)
    assert "Noch einmal senden" not in client.get(reverse(LIST)).content.decode()
    chosen = {"action": "send_again", "_selected_action": [message.pk], "_confirmed": "1"}
    client.post(reverse(LIST), chosen)
    assert "Noch einmal senden" not in page(client, message)
    address = reverse("admin:core_outboxmessage_send_again", args=[message.pk])
    assert client.post(address).status_code == 404
    message.refresh_from_db()
    assert message.state == State.FAILED


def test_without_the_right_there_is_nothing(client_for, officer, outsider):
    officer.groups.clear()
    message = queue("anna")
    address = reverse("admin:core_outboxmessage_change", args=[message.pk])
    for user in (officer, outsider, None):
        for url in (reverse(LIST), address):
            response = client_for(user).get(url)
            assert response.status_code in {302, 403, 404}
            assert "anna@example.org" not in response.content.decode()
