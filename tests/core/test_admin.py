"""The outbox in the back office: everything is seen except secrets, little can be done."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import mail
from core.models import OutboxMessage

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
    OutboxMessage.objects.filter(pk=message.pk).update(state=state, sent_at=now, sending_since=now)
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
    OutboxMessage.objects.filter(pk=message.pk).update(error="Connection lost")
    listed = desk.get(reverse(LIST)).content.decode()
    for text in ("Betreff anna", "anna@example.org", "unklar", "Connection lost"):
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

    def do(action: str, *messages: OutboxMessage) -> str:
        chosen = {"action": action, "_selected_action": [message.pk for message in messages]}
        return desk.post(reverse(LIST), chosen, follow=True).content.decode()

    shown = do("send_again", failed, sent)
    assert "1 E-Mail wird noch einmal gesendet." in shown
    assert "1 E-Mail kann nicht noch einmal gesendet werden" in shown
    assert "1 E-Mail ist aufgegeben." in do("give_up", unclear)
    states = dict(OutboxMessage.objects.values_list("key", "state"))
    assert states == {"anna": State.QUEUED, "berta": State.CANCELLED, "carla": State.SENT}
    log = [entry.get_change_message() for entry in officer.logentry_set.all()]
    assert sorted(log) == ["Aufgeben", "Noch einmal senden"]


def test_mails_that_did_not_arrive_wait_on_the_start_page(desk):
    stuck = [queue("anna", state=State.UNCLEAR), queue("berta", state=State.FAILED)]
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
    client.post(reverse(LIST), {"action": "send_again", "_selected_action": [message.pk]})
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
