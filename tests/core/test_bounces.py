"""Mails that come back: which reports count, what they change, and a mailbox that misbehaves."""

import datetime
import ipaddress
import logging
import ssl
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import transaction
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from core import bounces, jobs, mail, outbox, refusals, return_mailbox
from core.bounces import Outcome
from core.models import OutboxMessage, ReturnMailbox
from tests.core.imap_server import PASSWORD, USER, ImapServer

State = OutboxMessage.State


def sent(to: str = "anna@example.org", *, days: float = 0, **values) -> OutboxMessage:
    with transaction.atomic():
        message = mail.queue_mail(
            key=f"test:{OutboxMessage.objects.count()}", to=to, mail="test", language="de",
            context={}, subject_body=("Grüße", "Schöne Grüße"),
        )  # fmt: skip
    at = timezone.now() - datetime.timedelta(days=days)
    given = {"state": State.SENT, "sent_at": at, "sending_since": at} | values
    OutboxMessage.objects.filter(pk=message.pk).update(**given)
    message.refresh_from_db()
    return message


def report(
    message_id: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <anna@example.org>: Recipient address rejected",
) -> bytes:
    """Return a report in the form of RFC 3464, as Postfix writes it."""
    whole = MIMEMultipart("report", **{"report-type": "delivery-status"})
    whole["From"] = "MAILER-DAEMON@mx.example.com (Mail Delivery System)"
    whole["To"] = "netzwerk@example.org"
    whole["Subject"] = "Undelivered Mail Returned to Sender"
    whole["Auto-Submitted"] = "auto-replied"
    whole.attach(MIMEText("I'm sorry to have to inform you that your message could not …"))
    status_part = MIMEMultipart("delivery-status")
    status_part.set_type("message/delivery-status")
    per_message, per_recipient = EmailMessage(), EmailMessage()
    per_message["Reporting-MTA"] = "dns; mx.example.com"
    per_recipient["Final-Recipient"] = "rfc822; anna@example.org"
    for name, value in (("Action", action), ("Status", status), ("Diagnostic-Code", diagnostic)):
        if value:
            per_recipient[name] = value
    block = "\n\n".join(
        "\n".join(f"{name}: {value}" for name, value in one.items())
        for one in (per_message, per_recipient)
    )
    raw_status = f"Content-Type: message/delivery-status\n\n{block}\n"
    original = EmailMessage()
    original["Message-ID"] = message_id
    original["Subject"] = "Hello"
    original.set_content("Text")
    whole.attach(MIMEMessage(original))
    raw = whole.as_bytes()
    boundary = whole.get_boundary().encode()
    first_end = raw.index(b"--" + boundary, raw.index(b"--" + boundary) + 1)
    return raw[:first_end] + b"--" + boundary + b"\n" + raw_status.encode() + raw[first_end:]


def plain(text: str, **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def qmail(message_id: str) -> bytes:
    return plain(
        "Hi. This is the qmail-send program at mx.example.com.\n"
        "I'm afraid I wasn't able to deliver your message.\n\n<anna@example.org>:\n"
        "192.0.2.1 does not like recipient.\n"
        "Remote host said: 550 5.2.1 Mailbox disabled\nGiving up on 192.0.2.1.\n\n"
        f"--- Below this line is a copy of the message.\n\nMessage-ID: {message_id}\n\nPLZ 76437",
        From="MAILER-DAEMON@mx.example.com",
        Subject="failure notice",
    )


def exim(message_id: str) -> bytes:
    return plain(
        "A message that you sent could not be delivered to one or more of its recipients.\n\n"
        "  anna@example.org\n    host mx.example.com [192.0.2.1]\n"
        "    SMTP error from remote mail server after RCPT TO:<anna@example.org>:\n"
        "    550 no such user\n\n------ This is a copy of your message, including all headers.\n"
        f"Message-id: {message_id}\n",
        From="Mail Delivery System <Mailer-Daemon@mx.example.com>",
        Subject="Mail delivery failed: returning message to sender",
        X_Failed_Recipients="anna@example.org",
    )


def exchange(message_id: str) -> bytes:
    return plain(
        "Ihre Nachricht konnte nicht zugestellt werden.",
        From="postmaster@example.com",
        Subject="Unzustellbar: Grüße",
        In_Reply_To=message_id,
    )


# --- Reading a report -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("write", "line", "words"),
    [
        (report, "550 5.1.1 <anna@example.org>: Recipient", "Diese Adresse gibt es nicht."),
        (qmail, "Remote host said: 550 5.2.1 Mailbox disabled", "Das Postfach ist abgeschaltet."),
        (exim, "550 no such user", "Diese Adresse gibt es nicht."),
        (exchange, "Unzustellbar: Grüße", "Unzustellbar: Grüße"),
    ],
)
def test_a_failure_is_noted_and_told_once(db, monkeypatch, write, line, words):
    told = []
    monkeypatch.setattr(mail, "bounce_handlers", [lambda message: told.append(message.returned_at)])
    message, other = sent(), sent("berta@example.org")
    found = bounces.read(write(message.message_id))
    assert bounces.note(found) is Outcome.RETURNED
    assert bounces.note(found) is Outcome.KNOWN
    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.state, other.state) == (State.RETURNED, State.SENT)
    assert message.error.startswith(line)
    assert message.return_reason.startswith(words)
    assert told == [message.returned_at]


def test_a_finer_code_in_the_words_counts(db):
    raw = report("<x>", status="5.0.0", diagnostic="smtp; 552 5.2.2 over quota")
    assert bounces.read(raw) is None  # no Message-ID of ours
    message = sent()
    raw = report(message.message_id, status="5.0.0", diagnostic="smtp; 552 5.2.2 over quota")
    assert bounces.read(raw).line == "552 5.2.2 over quota"
    raw = report(message.message_id, status="5.4.4", diagnostic="")
    assert bounces.read(raw).line == "5.4.4"
    bounces.note(bounces.read(raw))
    message.refresh_from_db()
    with translation.override("de"):
        assert "Tippfehler. (5.4.4)" in message.return_reason


@pytest.mark.parametrize(
    ("action", "status", "final"),
    [
        ("failed", "4.4.7", True),  # given up after days of trying
        ("FAILED (gave up)", "5.0.0", True),
        ("delayed", "4.4.1", False),
        ("", "5.1.1", True),
        ("", "4.2.2", False),
        ("delivered", "2.0.0", None),
        ("relayed", "2.0.0", None),
        ("expanded", "2.0.0", None),
        ("", "", True),  # by what it says to people
    ],
)
def test_what_a_report_says(action, status, final):
    found = bounces.read(report(f"<{'a' * 40}@x.org>", action=action, status=status))
    assert (found and found.final) is final


def test_a_delay_is_noted_without_telling_anybody(db, monkeypatch):
    monkeypatch.setattr(mail, "bounce_handlers", [pytest.fail])
    message = sent()
    late = report(message.message_id, action="delayed", status="4.4.1", diagnostic="")
    warning = plain(
        f"451 4.4.1 try later\n\n{message.message_id}",
        From="mailer-daemon@example.com",
        Subject="Warning: message delayed 24 hours",
    )
    assert not bounces.read(warning).final
    assert bounces.note(bounces.read(late)) is Outcome.DELAYED
    assert bounces.note(bounces.read(late)) is Outcome.KNOWN
    message.refresh_from_db()
    assert (message.state, message.returned_at) == (State.SENT, None)
    assert message.delayed_at is not None
    assert message.error_in_words == "Der Mailserver der Adresse war nicht zu erreichen."
    # Given up in the end.
    monkeypatch.setattr(mail, "bounce_handlers", [])
    final = report(message.message_id, action="failed", status="4.4.7")
    assert bounces.note(bounces.read(final)) is Outcome.RETURNED


def test_an_answer_or_absence_note_is_no_report(db):
    message = sent()
    for raw in (
        plain("Danke! 550 5.1.1", From="anna@example.org", In_Reply_To=message.message_id),
        plain(
            "Ich bin bis 5.5.2027 nicht da.",
            From="anna@example.org",
            Subject="Nicht da",
            Auto_Submitted="auto-replied",
            References=message.message_id,
        ),
        plain("Hello", From="postmaster@example.com", In_Reply_To=message.message_id),
        b"",
        b"\0\xff\n\n\xfe",
    ):
        assert bounces.read(raw) is None


def test_a_report_needs_the_message_id(db):
    """Knowing to whom a mail went, what it says and when does not help."""
    message = sent()
    for forged in (
        report("<made-up@example.org>"),
        report(f"<{message.message_id[2:-1]}>"),
        report(f"<{'0' * 40}@localhost>"),
        plain("550 5.1.1 anna@example.org", From="mailer-daemon@example.org"),
    ):
        found = bounces.read(forged)
        assert found is None or bounces.note(found) is Outcome.NOT_OURS
    message.refresh_from_db()
    assert message.state == State.SENT


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (State.SENDING, Outcome.TOO_EARLY),
        (State.QUEUED, Outcome.KNOWN),
        (State.UNCLEAR, Outcome.RETURNED),
        (State.CANCELLED, Outcome.RETURNED),
    ],
)
def test_a_report_about_a_mail_in_another_state(db, state, outcome):
    message = sent(state=state)
    assert bounces.note(bounces.read(report(message.message_id))) is outcome


def test_a_report_about_an_earlier_try_says_nothing_of_the_last(db):
    message = sent()
    found = bounces.read(report(message.message_id))
    earlier = timezone.now() - datetime.timedelta(hours=1)
    assert bounces.note(found, received_at=earlier) is Outcome.KNOWN
    assert bounces.note(found, received_at=timezone.now()) is Outcome.RETURNED
    assert outbox.send_again(message)
    message.refresh_from_db()
    assert (message.returned_at, message.error) == (None, "")


def test_what_follows_is_done_with_the_note_or_not_at_all(db, monkeypatch):
    def broken(message):
        raise ValueError

    message = sent()
    found = bounces.read(report(message.message_id))
    monkeypatch.setattr(mail, "bounce_handlers", [broken])
    with pytest.raises(ValueError):
        bounces.note(found)
    message.refresh_from_db()
    assert (message.state, message.returned_at) == (State.SENT, None)


def test_parts_within_parts_within_parts():
    raw = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5000)
    )
    assert bounces.read(raw) is None


PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=x\n", b"\n", b"--x\n", b"--x--\n", b"\r\n",
        b"Content-Type: message/delivery-status\n\n", b"Content-Type: message/rfc822\n\n",
        b"Content-Transfer-Encoding: base64\n", b"Content-Type: text/plain; charset=\xff\n",
        b"Action: failed\n", b"Status: 5.1.1\n", b"Status:\n", b"From: mailer-daemon@x\n",
        b"Message-ID: <" + b"a" * 40 + b"@x.org>\n", b"Subject: =?utf-8?q?=ff?=\n", b"550 5.1.1 \n",
        b"Content-Type: text/plain; charset*0*=utf-8''%ff; boundary*=x\n",
        b"Content-Transfer-Encoding: x-uuencode\n", b"begin 644 x\nxxx\nend\n",
    ]
)  # fmt: skip


@given(st.one_of(st.binary(), st.lists(PIECES | st.binary(max_size=8)).map(b"".join)))
def test_no_bytes_upset_the_reader(raw):
    found = bounces.read(raw)
    assert found is None or (found.message_ids and len(found.line) <= 500)


@given(st.text())
def test_no_words_upset_the_explanation(line):
    assert isinstance(refusals.in_words(line), str)
    refusals.is_about_the_address(line)


# --- What is refused at once ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("550 5.1.1 No such mailbox", True),
        ("550 5.1.10 null MX", True),
        ("550 5.2.1 disabled", True),
        ("552 5.2.2 full", False),
        ("550 relaying denied", False),
        ("554 5.7.1 spam", False),
        ("553 5.1.8 sender rejected", False),
        ("450 4.1.1 unknown yet", False),
    ],
)
def test_a_refusal_is_about_the_address_or_not(line, about):
    assert refusals.is_about_the_address(line) is about


def test_an_address_refused_at_once_counts_as_returned(db, monkeypatch):
    told = []
    monkeypatch.setattr(mail, "bounce_handlers", [told.append])
    for line, times in (("550 5.1.1 No such mailbox", 1), ("554 5.7.1 spam", 1)):
        message = sent(state=State.SENDING)
        outbox._put_back(message, outbox.Refusal(line, permanent=True))
        message.refresh_from_db()
        assert message.state == State.FAILED
        assert len(told) == times
    assert list(bounces.returning_since(["ANNA@example.org"])) == ["anna@example.org"]


def test_a_broken_handler_does_not_keep_a_refused_mail_in_hand(db, monkeypatch, caplog):
    monkeypatch.setattr(mail, "bounce_handlers", [lambda message: 1 / 0])
    message = sent(state=State.SENDING)
    outbox._put_back(message, outbox.Refusal("550 5.1.1 No such mailbox", permanent=True))
    message.refresh_from_db()
    assert (message.state, message.returned_at) == (State.FAILED, None)
    assert "ZeroDivisionError" in caplog.text


# --- Since when an address sends back -------------------------------------------------------------
def test_since_when_mails_to_an_address_come_back(db, django_assert_num_queries):
    now = timezone.now()
    days = datetime.timedelta(days=1)

    def returned(to: str, days_ago: int) -> OutboxMessage:
        at = now - days_ago * days
        return sent(to, days=days_ago, state=State.RETURNED, returned_at=at)

    returned("Old@example.org", 90)
    sent("old@example.org", days=30)  # has arrived since
    returned("bad@example.org", 20)
    sent("bad@example.org", days=60)
    returned("bad@example.org", 10)
    sent("bad@example.org", days=2)  # may still come back
    returned("Again@example.org", 40)
    sent("again@example.org", days=30)
    again = returned("again@example.org", 5)
    with django_assert_num_queries(1):
        since = bounces.returning_since(
            ["OLD@example.org", "bad@example.org", "again@example.org", "none@example.org", ""]
        )
    assert since == {
        "bad@example.org": now - 20 * days,
        "again@example.org": again.returned_at,
    }
    with django_assert_num_queries(0):
        assert bounces.returning_since(["", ""]) == {}


# --- The mailbox ----------------------------------------------------------------------------------
@pytest.fixture
def mailbox(db, settings, monkeypatch):
    server = ImapServer()
    settings.BOUNCE_MAILBOX = {
        "HOST": "127.0.0.1", "PORT": server.port, "ENCRYPTED": False,
        "USER": USER, "PASSWORD": PASSWORD, "FOLDER": "INBOX",
    }  # fmt: skip
    monkeypatch.setattr(return_mailbox, "TIMEOUT", 1.0)
    yield server
    server.close()


def received() -> str:
    return timezone.now().strftime("%d-%b-%Y %H:%M:%S +0000")


def test_what_came_back_is_noted_and_marked_and_the_rest_left_alone(mailbox):
    message = sent()
    letter = mailbox.add(plain("Guten Tag!", From="anna@example.org"))
    back = mailbox.add(report(message.message_id), received=received())
    strange = mailbox.add(report("<1@elsewhere.example.org>"))
    assert return_mailbox.look() == {"not ours": 2, "returned": 1}
    message.refresh_from_db()
    assert message.state == State.RETURNED
    flags = {uid: mailbox.mails[uid].flags for uid in (letter, back, strange)}
    assert flags == {letter: set(), back: {"\\Seen"}, strange: set()}
    assert return_mailbox.look() == {}
    mailbox.add(plain("Noch einer", From="anna@example.org"))
    assert return_mailbox.look() == {"not ours": 1}
    assert not [one for one in mailbox.asked if "DELETED" in one.upper() or "EXPUNGE" in one]
    row = ReturnMailbox.objects.get()
    assert (row.last_uid, row.error, row.failing_since) == (4, "", None)


def test_without_a_mailbox_nobody_looks(db, settings):
    settings.BOUNCE_MAILBOX = None
    assert jobs.tasks["core.bounces"].run() == {}
    assert jobs.tasks["core.bounces"].every == datetime.timedelta(minutes=5)


def test_a_killed_look_is_done_again_and_doubles_nothing(mailbox, monkeypatch):
    told = []
    monkeypatch.setattr(mail, "bounce_handlers", [told.append])
    first, second = sent(), sent("berta@example.org")
    mailbox.add(report(first.message_id), received=received())
    mailbox.add(report(second.message_id), received=received())

    def killed(row, uid, *, again):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(return_mailbox, "_go_on", killed)
        return_mailbox.look()
    assert return_mailbox.look() == {"known": 1, "returned": 1}
    assert len(told) == 2
    # The mailbox was restored, and the server counts anew: all is read again.
    mailbox.validity += 1
    assert return_mailbox.look() == {"known": 2}
    assert len(told) == 2


def test_a_bad_mail_does_not_stop_the_rest(mailbox, monkeypatch, caplog):
    first, second = sent(), sent("berta@example.org")

    def handler(message):
        if message.pk == first.pk and not healed:
            raise ValueError("broken")

    healed = []
    monkeypatch.setattr(mail, "bounce_handlers", [handler])
    mailbox.add(report(first.message_id), received=received())
    mailbox.add(b"\xff" * 3_000_000)
    mailbox.add(report(second.message_id), received=received())
    assert return_mailbox.look() == {"failed": 1, "not ours": 1, "returned": 1}
    assert return_mailbox.look() == {"failed": 1}
    healed.append(True)
    assert return_mailbox.look() == {"returned": 1}
    assert return_mailbox.look() == {}
    assert ReturnMailbox.objects.get().again == []


def test_a_mail_the_server_breaks_off_at_does_not_stand_in_the_way(mailbox):
    message = sent()
    bad = mailbox.add(b"x")
    mailbox.add(report(message.message_id), received=received())
    mailbox.trouble[f"uid {bad}"] = "huge"
    assert return_mailbox.look() == {"failed": 1, "unreachable": 1}
    assert return_mailbox.look() == {"returned": 1, "failed": 1, "unreachable": 1}
    message.refresh_from_db()
    assert message.state == State.RETURNED


def test_a_round_is_bounded(mailbox, monkeypatch):
    monkeypatch.setattr(return_mailbox, "MOST_MAILS", 2)
    for _number in range(3):
        mailbox.add(plain("Hallo", From="anna@example.org"))
    assert return_mailbox.look() == {"not ours": 2}
    assert return_mailbox.look() == {"not ours": 1}
    monkeypatch.setattr(return_mailbox, "MOST_SECONDS", -1.0)
    mailbox.add(plain("Hallo", From="anna@example.org"))
    assert return_mailbox.look() == {}


@pytest.mark.parametrize(
    ("command", "trouble"),
    [
        ("AUTHENTICATE", "no"),
        ("SELECT", "no"),
        ("SEARCH", "no"),
        ("FETCH", "no"),
        ("SELECT", "drop"),
        ("SEARCH", "hang"),
    ],
)
def test_a_mailbox_in_trouble_is_noted_and_tried_again(mailbox, caplog, command, trouble):
    caplog.set_level(logging.DEBUG)
    message = sent()
    mailbox.add(report(message.message_id), received=received())
    mailbox.trouble[command] = trouble
    assert return_mailbox.look()["unreachable"] == 1
    row = ReturnMailbox.objects.get()
    assert row.failing_since is not None
    assert row.error
    assert PASSWORD not in caplog.text + row.error + row.name
    mailbox.trouble.clear()
    assert return_mailbox.look() == {"returned": 1}
    row.refresh_from_db()
    assert (row.failing_since, row.error) == (None, "")


def test_a_server_that_repeats_the_password_does_not_get_it_into_the_log(mailbox, settings, caplog):
    mailbox.capabilities = "IMAP4rev1"
    assert return_mailbox.look() == {"unreachable": 1}  # LOGIN takes plain letters only
    assert ReturnMailbox.objects.get().error.startswith("UnicodeEncodeError")
    mailbox.trouble["LOGIN"] = "no"
    settings.BOUNCE_MAILBOX |= {"PASSWORD": "geheim-99"}
    return_mailbox.look()
    error = ReturnMailbox.objects.get().error
    assert "geheim" not in caplog.text + error
    assert "…" in error


@pytest.fixture
def certificate(tmp_path):
    """Return the file of a certificate nobody has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(tz=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_the_servers_certificate_is_checked(mailbox, settings, certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ImapServer(context)
    settings.BOUNCE_MAILBOX |= {"PORT": server.port, "ENCRYPTED": True}
    try:
        assert return_mailbox.look() == {"unreachable": 1}
        assert "SSLCertVerificationError" in ReturnMailbox.objects.get().error
        assert server.asked == []  # it never saw the password
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        assert return_mailbox.look() == {}
    finally:
        server.close()
