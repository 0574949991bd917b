"""Sending mails: to a real mail server on the loopback, with refusals and killed workers."""

import signal
import smtplib
import socket
import time
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import mail, outbox
from core.models import OutboxMessage

State = OutboxMessage.State


def queue(to: str = "anna@example.org", **values) -> OutboxMessage:
    given = {
        "key": f"test:{to}",
        "mail": "test",
        "language": "de",
        "context": {},
        "subject_body": ("Grüße", "Schöne Grüße\naus dem Netz"),
    }
    with transaction.atomic():
        return mail.queue_mail(to=to, **given | values)


def test_a_mail_leaves_once_with_all_it_needs(db, mail_server):
    message = queue()
    assert outbox.send_due() == {State.SENT: 1}
    assert outbox.send_due() == {}
    [(to, message_id, content)] = mail_server.received
    assert (to, message_id) == ("anna@example.org", message.message_id)
    text = content.decode()
    for line in (
        "Auto-Submitted: auto-generated",
        "To: anna@example.org",
        "Content-Language: de",
        "multipart/alternative",
        "text/html",
    ):
        assert line in text
    message.refresh_from_db()
    assert message.state == State.SENT
    assert message.tries == 1
    assert message.sent_at is not None


def test_a_calendar_entry_goes_along_as_programs_look_for_it(db, mail_server):
    """RFC 6047, 2.4: an alternative to the text, with the method; some look only for a file."""
    entry = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Größe\r\nEND:VCALENDAR\r\n"
    queue(calendar=entry)
    outbox.send_due()
    [(_sender, _to, content)] = mail_server.received
    email = message_from_bytes(content, policy=policy.default)
    assert email.get_content_type() == "multipart/mixed"
    alternative, file = email.iter_parts()
    kinds = [part.get_content_type() for part in alternative.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    invitation = list(alternative.iter_parts())[-1]
    assert invitation.get_param("method") == "REQUEST"
    assert invitation.get_content_charset() == "utf-8"
    assert invitation.get_content().splitlines() == entry.splitlines()
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "termin.ics")
    assert file.get_content().decode().splitlines() == entry.splitlines()


@pytest.mark.parametrize("bounce_address", ["", "back@example.org"])
def test_a_mail_that_cannot_be_delivered_knows_where_to_go(
    db, mail_server, settings, bounce_address
):
    settings.DEFAULT_FROM_EMAIL = "Das Netzwerk <netzwerk@example.org>"
    settings.BOUNCE_ADDRESS = bounce_address
    queue()
    outbox.send_due()
    assert mail_server.senders == [bounce_address or "netzwerk@example.org"]
    [(_to, _id, content)] = mail_server.received
    assert b"From: Das Netzwerk <netzwerk@example.org>" in content


@pytest.mark.parametrize(
    ("to", "state", "reason"),
    [
        ("refused@example.org", State.FAILED, "550 5.1.1 No such mailbox"),
        ("greylisted@example.org", State.QUEUED, "450 4.2.0 Greylisted, come back later"),
        ("full@example.org", State.QUEUED, "452 4.3.1 Insufficient system storage"),
        ("spam@example.org", State.FAILED, "554 5.7.1 Looks like spam"),
        ("hangup@example.org", State.UNCLEAR, "SMTPServerDisconnected"),
    ],
)
def test_a_refusal_stops_only_its_own_mail(db, mail_server, to, state, reason):
    first, other = queue(to), queue("berta@example.org")
    assert outbox.send_due() == {state: 1, State.SENT: 1}
    first.refresh_from_db()
    assert first.state == state
    assert first.error.startswith(reason)
    other.refresh_from_db()
    assert other.state == State.SENT
    # Nothing is tried again before its time, and what is unclear never.
    assert outbox.send_due() == {}


def test_an_unreachable_server_costs_one_mail_a_pause_and_ends_the_round(db, mail_server, settings):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = closed.getsockname()[1]
    first, second = queue(), queue("berta@example.org")
    assert outbox.send_due() == {State.QUEUED: 1}
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.tries, second.tries) == (1, 0)
    assert "refused" in first.error
    assert first.next_try_at > timezone.now() + timedelta(seconds=50)


def test_the_pauses_grow_until_the_mail_has_failed(db, mail_server, time_machine):
    message = queue("greylisted@example.org")
    pauses = []
    while message.state == State.QUEUED:
        time_machine.move_to(message.next_try_at, tick=False)
        outbox.send_due()
        message.refresh_from_db()
        pauses.append(message.next_try_at - timezone.now())
    assert pauses[:-1] == list(outbox.PAUSES)
    assert (message.state, message.tries) == (State.FAILED, len(outbox.PAUSES) + 1)


def test_a_login_the_server_refuses_is_not_the_mails_fault(db, mail_server, settings, monkeypatch):
    def refuse(self):
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 Bad credentials")

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.open", refuse)
    message = queue()
    assert outbox.send_due() == {State.QUEUED: 1}
    message.refresh_from_db()
    assert message.error == "535 5.7.8 Bad credentials"


def test_a_mail_that_cannot_be_written_down_fails(db, mail_server):
    message = queue()
    OutboxMessage.objects.update(subject="Hallo\nBcc: berta@example.org")
    assert outbox.send_due() == {State.FAILED: 1}
    message.refresh_from_db()
    assert message.error.startswith("BadHeaderError")
    assert mail_server() == {}


def test_a_check_can_keep_a_mail_here(db, mail_server, monkeypatch):
    monkeypatch.setattr(
        outbox, "delivery_checks", [lambda message: "Vorführung" if "real" in message.to else ""]
    )
    blocked = queue("real@example.org")
    queue("anna@example.org")
    assert outbox.send_due() == {State.CANCELLED: 1, State.SENT: 1}
    blocked.refresh_from_db()
    assert (blocked.state, blocked.error) == (State.CANCELLED, "Vorführung")
    assert mail_server() == {"anna@example.org": 1}


def test_a_broken_check_keeps_the_mail_and_the_others_go(db, mail_server, monkeypatch):
    def check(message):
        return str(1 / ("anna" not in message.to) - 1)[3:]

    monkeypatch.setattr(outbox, "delivery_checks", [check])
    kept = queue("anna@example.org")
    queue("berta@example.org")
    assert outbox.send_due() == {State.QUEUED: 1, State.SENT: 1}
    kept.refresh_from_db()
    assert kept.error.startswith("ZeroDivisionError")
    assert mail_server() == {"berta@example.org": 1}


def test_a_mail_past_its_use_is_not_sent(db, mail_server):
    late = queue(expires_at=timezone.now() - timedelta(seconds=1))
    queue("berta@example.org", expires_at=timezone.now() + timedelta(minutes=1))
    outbox.send_due()
    late.refresh_from_db()
    assert late.state == State.CANCELLED
    assert "Abgelaufen" in late.error
    assert mail_server() == {"berta@example.org": 1}


@pytest.mark.parametrize(("debug", "text"), [(False, ""), (True, "Schöne Grüße")])
def test_a_confidential_text_is_wiped_once_it_is_sent(db, mail_server, settings, debug, text):
    settings.DEBUG = debug
    secret, plain = queue(confidential=True), queue("berta@example.org")
    outbox.send_due()
    secret.refresh_from_db()
    plain.refresh_from_db()
    assert secret.text_body[:12] == text
    assert bool(secret.html_body) is debug
    assert "Schöne Grüße" in plain.text_body


def test_what_a_dead_worker_had_in_hand_is_unclear_and_stays_so(db, mail_server):
    message = queue()
    assert outbox.claim(message.pk)
    assert outbox.claim(message.pk) is None
    assert outbox.send_due() == {}
    OutboxMessage.objects.update(sending_since=timezone.now() - timedelta(minutes=11))
    assert outbox.send_due() == {State.UNCLEAR: 1}
    assert outbox.send_due() == {}
    message.refresh_from_db()
    assert "unterbrochen" in message.error
    assert mail_server() == {}


def test_a_late_worker_still_tells_how_it_ended(db, mail_server):
    claimed = outbox.claim(queue().pk)
    OutboxMessage.objects.update(state=State.UNCLEAR)
    with outbox.Postbox() as postbox:
        outbox.deliver(claimed, postbox)
    claimed.refresh_from_db()
    assert claimed.state == State.SENT


def test_a_late_worker_does_not_end_the_try_of_another(db, mail_server):
    claimed = outbox.claim(queue().pk)
    OutboxMessage.objects.update(state=State.UNCLEAR)
    assert outbox.send_again(claimed)
    again = outbox.claim(claimed.pk)
    assert again is not None
    with outbox.Postbox() as postbox:
        outbox.deliver(claimed, postbox)
    again.refresh_from_db()
    assert again.state == State.SENDING


@pytest.mark.parametrize(
    ("state", "may_send_again", "may_give_up"),
    [
        (State.QUEUED, False, True),
        (State.SENDING, False, False),
        (State.SENT, False, False),
        (State.FAILED, True, True),
        (State.UNCLEAR, True, True),
        (State.CANCELLED, True, False),
    ],
)
def test_a_person_decides_about_what_did_not_leave(db, state, may_send_again, may_give_up):
    for number, (decide, may) in enumerate(
        [(outbox.send_again, may_send_again), (outbox.give_up, may_give_up)]
    ):
        message = queue(key=f"test:{number}")
        now = timezone.now()
        OutboxMessage.objects.filter(pk=message.pk).update(
            state=state, tries=3, sending_since=now, sent_at=now
        )
        assert decide(message) is may
    kept = OutboxMessage.objects.get(key="test:0")
    assert (kept.state, kept.tries) == ((State.QUEUED, 0) if may_send_again else (state, 3))


def test_a_wiped_mail_cannot_be_sent_again(db):
    message = queue()
    OutboxMessage.objects.update(state=State.FAILED, text_body="", html_body="")
    assert not outbox.send_again(message)


def test_old_texts_are_wiped_and_old_rows_dropped(db):
    ages = {"new": 1, "old": 31, "ancient": 366}
    for name, days in ages.items():
        for state in (State.SENT, State.FAILED, State.QUEUED):
            message = queue(key=f"{name}-{state}")
            OutboxMessage.objects.filter(pk=message.pk).update(
                state=state,
                created_at=timezone.now() - timedelta(days=days),
                sent_at=timezone.now(),
            )
    assert outbox.forget_old() == {"wiped": 2, "dropped": 2}
    assert outbox.forget_old() == {"wiped": 0, "dropped": 0}
    left = dict(OutboxMessage.objects.values_list("key", "text_body"))
    assert set(left) == {
        "new-sent", "new-failed", "new-queued", "old-sent", "old-failed", "old-queued",
        "ancient-queued",
    }  # fmt: skip
    assert [key for key, text in left.items() if not text] == ["old-sent"]


@pytest.mark.parametrize(
    "wrong",
    [{"state": "lost"}, {"state": "sent"}, {"state": "sending"}, {"to": ""}, {"key": ""}],
)
def test_the_database_refuses_impossible_rows(db, wrong):
    queue()
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMessage.objects.update(**wrong)


# --- Real processes -------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_killed_and_several_workers_lose_none_and_double_none(mail_server, start_worker):
    """A worker is killed with a mail in hand, then two share the rest, then one ends politely."""
    early = [f"early{number}@example.org" for number in range(3)]
    for address in early:
        queue(address)
    slow = queue("slow@example.org")
    killed = start_worker()
    assert mail_server.in_hand.wait(timeout=20)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=5)
    slow.refresh_from_db()
    assert slow.state == State.SENDING
    # Time passes: nobody can have that mail in hand any more.
    OutboxMessage.objects.filter(pk=slow.pk).update(
        sending_since=timezone.now() - 2 * outbox.ABANDONED_AFTER
    )
    mail_server.go_on.set()
    late = [f"late{number}@example.org" for number in range(40)]
    for address in late:
        queue(address)
    workers = [start_worker("--once"), start_worker()]
    deadline = time.monotonic() + 20
    while OutboxMessage.objects.filter(state__in=[State.QUEUED, State.SENDING]).exists():
        assert time.monotonic() < deadline, [worker.stdout for worker in workers]
        time.sleep(0.05)
    assert workers[0].wait(timeout=10) == 0
    workers[1].send_signal(signal.SIGTERM)
    output, _ = workers[1].communicate(timeout=10)
    assert workers[1].returncode == 0, output
    assert "Worker: ended." in output

    arrived = mail_server()
    assert arrived.pop("slow@example.org", 0) <= 1
    assert arrived == dict.fromkeys(
        [*(f"early{number}@example.org" for number in range(3)), *late], 1
    )
    slow.refresh_from_db()
    assert slow.state == State.UNCLEAR
    assert not OutboxMessage.objects.exclude(pk=slow.pk).exclude(state=State.SENT).exists()
