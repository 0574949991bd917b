"""Looking into the mailbox that returned mails come back to, over IMAP.

The mailbox may be one that people read: every mail is looked at once without marking it as read;
only what was noted is marked. How far it was read stands in a row (IMAP's UIDs only grow, RFC 3501
2.3.1.1), so that a person who opens a report first does not hide it. Nothing is moved or deleted.
"""

import datetime
import imaplib
import logging
import ssl
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import bounces
from core.models import ReturnMailbox

logger = logging.getLogger(__name__)

# Per round; the next one goes on where this one ends.
MOST_MAILS = 200
MOST_SECONDS = 10.0
TIMEOUT = 10.0
# How far back the first look goes.
FIRST_LOOK = datetime.timedelta(days=14)
MOST_AGAIN = 100
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class _Bounded:
    """Refuses an answer that would fill the memory, whatever the server says."""

    def read(self, size: int) -> bytes:
        if size > 2 * bounces.MOST_BYTES:
            raise imaplib.IMAP4.abort("The server sends more than was asked for.")
        return super().read(size)  # type: ignore[misc]


class _Plain(_Bounded, imaplib.IMAP4):
    pass


class _Encrypted(_Bounded, imaplib.IMAP4_SSL):
    pass


def look() -> Mapping[str, int]:
    """Read what is new in the mailbox and note what came back.

    :return: how many mails had which outcome; nothing where no mailbox is set up.
    """
    box: Mapping[str, Any] | None = settings.BOUNCE_MAILBOX
    if box is None:
        return {}
    row, _created = ReturnMailbox.objects.get_or_create(name=_name(box))
    counts: Counter[str] = Counter()
    try:
        client = _open(box)
        try:
            _read_new(client, box, row, counts)
        finally:
            _close(client)
    except (OSError, UnicodeError, imaplib.IMAP4.error) as error:
        # The password never gets into a row or a log, even if a server were to repeat it.
        words = f"{type(error).__name__}: {error}".replace(box["PASSWORD"], "…")
        row.error = " ".join(words.split())[:500]
        row.failing_since = row.failing_since or timezone.now()
        logger.warning("The mailbox for returned mails: %s", row.error)
        counts["unreachable"] += 1
    else:
        row.error, row.failing_since, row.read_at = "", None, timezone.now()
    row.save()
    return dict(counts)


def is_set_up() -> bool:
    """Whether there is a mailbox to look into."""
    return settings.BOUNCE_MAILBOX is not None


def current() -> ReturnMailbox | None:
    """Return what is known of the mailbox; nothing where none is set up or none was looked into."""
    box: Mapping[str, Any] | None = settings.BOUNCE_MAILBOX
    return ReturnMailbox.objects.filter(name=_name(box)).first() if box else None


def _name(box: Mapping[str, Any]) -> str:
    return f"{box['USER']}@{box['HOST']}:{box['PORT']}/{box['FOLDER']}"[:300]


def _open(box: Mapping[str, Any]) -> imaplib.IMAP4:
    client: imaplib.IMAP4
    if box["ENCRYPTED"]:
        context = ssl.create_default_context()  # certificate and name are checked
        client = _Encrypted(box["HOST"], box["PORT"], ssl_context=context, timeout=TIMEOUT)
    else:
        client = _Plain(box["HOST"], box["PORT"], timeout=TIMEOUT)
    try:
        if "AUTH=PLAIN" in client.capabilities:
            login = f"\0{box['USER']}\0{box['PASSWORD']}".encode()
            client.authenticate("PLAIN", lambda _challenge: login)
        else:
            client.login(_quoted(box["USER"]), box["PASSWORD"])
        answer, said = client.select(_quoted(box["FOLDER"]))
        if answer != "OK":
            raise imaplib.IMAP4.error(f"SELECT: {said!r}")
    except Exception:
        _close(client)
        raise
    return client


def _close(client: imaplib.IMAP4) -> None:
    try:
        client.logout()
    except (OSError, imaplib.IMAP4.error):
        client.shutdown()


def _read_new(
    client: imaplib.IMAP4, box: Mapping[str, Any], row: ReturnMailbox, counts: Counter[str]
) -> None:
    until = time.monotonic() + MOST_SECONDS
    _kind, validity = client.response("UIDVALIDITY")
    number = int(validity[0]) if validity and validity[0] else 0
    if number != row.uid_validity:  # the server counts anew
        row.uid_validity, row.last_uid, row.again = number, 0, []
    # What failed comes last: the others must not wait for a broken one.
    for uid in [*_new(client, row.last_uid)[:MOST_MAILS], *row.again]:
        if time.monotonic() > until:
            break
        outcome = "failed"
        try:
            outcome = _read_one(client, uid)
        except (OSError, imaplib.IMAP4.error):
            raise
        except Exception:
            logger.exception("A returned mail could not be noted.")
        finally:
            counts[outcome] += 1
            _go_on(row, uid, again=outcome in {"failed", bounces.Outcome.TOO_EARLY.value})


def _go_on(row: ReturnMailbox, uid: int, *, again: bool) -> None:
    row.again = [*(one for one in row.again if one != uid), *([uid] if again else [])][-MOST_AGAIN:]
    row.last_uid = max(row.last_uid, uid)
    row.save(update_fields=["uid_validity", "last_uid", "again"])


def _new(client: imaplib.IMAP4, last: int) -> list[int]:
    """Return the UIDs after the last, the lowest first."""
    begin = timezone.now() - FIRST_LOOK
    since = f"{begin.day}-{MONTHS[begin.month - 1]}-{begin.year}"
    _answer, found = _checked(client.uid("SEARCH", f"UID {last + 1}:*", "SINCE", since))
    uids = {int(word) for word in (found[0] or b"").split() if word.isdigit()}
    # "7:*" means the last mail even if its number is 5 (RFC 3501, 6.4.8).
    return sorted(uid for uid in uids if uid > last)


def _read_one(client: imaplib.IMAP4, uid: int) -> str:
    query = f"(INTERNALDATE BODY.PEEK[]<0.{bounces.MOST_BYTES}>)"
    _answer, data = _checked(client.uid("FETCH", str(uid), query))
    found = next((one for one in data if isinstance(one, tuple) and len(one) == 2), None)
    if found is None:
        return "gone"
    head, raw = found
    report = bounces.read(raw)
    if report is None:
        return bounces.Outcome.NOT_OURS.value
    outcome = bounces.note(report, received_at=_received(head))
    if outcome not in {bounces.Outcome.NOT_OURS, bounces.Outcome.TOO_EARLY}:
        client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")
    return outcome.value


def _received(head: bytes) -> datetime.datetime | None:
    parsed = imaplib.Internaldate2tuple(head)
    if parsed is None:
        return None
    return datetime.datetime.fromtimestamp(time.mktime(parsed), tz=datetime.UTC)


def _checked(answer: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(f"{answer[0]}: {answer[1]!r}")
    return answer


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
