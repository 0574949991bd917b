"""Mails that come back: what a mail server reports about a mail of ours.

Mail servers report in a form of their own (RFC 3464, "delivery status notification"); some still
write free text. Which mail a report is about is told by its Message-ID alone: it is unguessable,
so nobody can make up a report about a mail they have not seen. What is no report (an answer, an
out-of-office note) is left alone.
"""

import datetime
import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from itertools import islice

from django.db import transaction
from django.db.models import F, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from core import mail, refusals
from core.models import OutboxMessage
from core.text import clean_text

State = OutboxMessage.State

# A report is short; what is cut off of a long one is at most the end of our own mail.
MOST_BYTES = 256 * 1024
MOST_PARTS = 50
MOST_REPORTED = 20
# Only this much of free text is read for a reason: behind it mostly stands our own mail.
FREE_TEXT = 10_000
# Mail servers try for four to five days (RFC 5321, 4.5.4.1); what has not come back by then has
# arrived.
ARRIVED_AFTER = datetime.timedelta(days=6)

CLOCKS_DIFFER = datetime.timedelta(minutes=10)

OUR_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{40}@[A-Za-z0-9.-]{1,253}")
REPORTERS = re.compile(r"(?i)\b(mailer-?daemon|postmaster|mail[- ]?delivery|mmdf)\b")
DELAYED = re.compile(r"(?i)delay|still trying|will be retried|not yet been delivered|verzögert")
FAILED = re.compile(
    r"(?i)undeliver|unzustellbar|non remis|not delivered|could not be delivered"
    r"|nicht (zugestellt|zustellbar)|returned (mail|to sender)|delivery.{0,20}fail|failure"
    r"|fail.{0,20}deliver"
)
COPY_BEGINS = re.compile(r"(?im)^-{2,}.{0,40}(copy|original|below this line|headers).*$")


@dataclass(frozen=True)
class Report:
    """What a mail server says about a mail.

    :ivar message_ids: what may be the mail's Message-ID, the surest first.
    :ivar final: the mail will not arrive; otherwise it is only late.
    :ivar line: the code and what the server said.
    """

    message_ids: tuple[str, ...]
    final: bool
    line: str


class Outcome(enum.Enum):
    """What became of a report."""

    RETURNED = "returned"
    DELAYED = "delayed"
    KNOWN = "known"
    NOT_OURS = "not ours"
    TOO_EARLY = "too early"


def read(raw: bytes) -> Report | None:
    """Read a mail as a report.

    :return: None for anything else, whatever bytes it is made of.
    """
    try:
        message = message_from_bytes(raw[:MOST_BYTES])
        parts = list(islice(message.walk(), MOST_PARTS))
    except RecursionError:  # parts within parts within parts
        return None
    recipients = _recipients(parts)
    said = _from_status(recipients) if recipients else _from_free_text(message, parts)
    if said is None:
        return None
    ids = tuple(dict.fromkeys(_message_ids(message, parts)))
    return Report(ids[:MOST_REPORTED], *said) if ids else None


def note(report: Report, *, received_at: datetime.datetime | None = None) -> Outcome:
    """Write down at our mail what was reported, and tell `mail.bounce_handlers` if it is final.

    Called again with the same report, it changes nothing.

    :param received_at: when the report came; one about an earlier try says nothing of the last.
    """
    with transaction.atomic():
        message = _reported_on(report)
        if message is None:
            return Outcome.NOT_OURS
        if message.state == State.SENDING:
            return Outcome.TOO_EARLY  # the worker has not yet noted that it was taken
        tried_at = message.sending_since
        earlier = received_at and tried_at and received_at < tried_at - CLOCKS_DIFFER
        if message.returned_at or message.state == State.QUEUED or earlier:
            return Outcome.KNOWN
        if report.final:
            message.state = State.RETURNED
            note_return(message, report.line)
            return Outcome.RETURNED
        if message.delayed_at:
            return Outcome.KNOWN
        message.delayed_at = timezone.now()
        message.error = report.line
        message.save(update_fields=["delayed_at", "error"])
        return Outcome.DELAYED


def note_return(message: OutboxMessage, line: str) -> None:
    """Write down that a mail does not arrive at its address, and tell those who want to know.

    :param message: with its new state already set.
    """
    with transaction.atomic():
        message.returned_at = timezone.now()
        message.error = line[:500]
        message.save(update_fields=["state", "returned_at", "error"])
        for handler in mail.bounce_handlers:
            handler(message)


def returning_since(addresses: Iterable[str]) -> dict[str, datetime.datetime]:
    """Return which addresses send our mails back, and since when; one query.

    An address is in order again as soon as a later mail has not come back for `ARRIVED_AFTER`.

    :return: keys in lower case.
    """
    wanted = {address.lower() for address in addresses if address}
    if not wanted:
        return {}
    mails = OutboxMessage.objects.annotate(address=Lower("to"))
    arrived = (
        mails.filter(
            address=OuterRef("address"),
            state=State.SENT,
            returned_at=None,
            sending_since__lt=timezone.now() - ARRIVED_AFTER,
        )
        .order_by()
        .values("address")
        .annotate(last=Max("sending_since"))
        .values("last")
    )
    returned = (
        mails.filter(address__in=wanted, returned_at__isnull=False)
        .annotate(arrived=Subquery(arrived))
        .filter(Q(arrived=None) | Q(sending_since__gt=F("arrived")))
    )
    return dict(
        returned.order_by()
        .values("address")
        .annotate(since=Min("returned_at"))
        .values_list("address", "since")
    )


def _reported_on(report: Report) -> OutboxMessage | None:
    """Return the mail a report is about, locked."""
    for message_id in report.message_ids:
        found = OutboxMessage.objects.select_for_update().filter(message_id=message_id).first()
        if found is not None:
            return found
    return None


# --- Reading --------------------------------------------------------------------------------------
def _recipients(parts: list[Message]) -> list[Message]:
    """Return the blocks, one per recipient, of the part that is made for machines (RFC 3464)."""
    for part in parts:
        blocks = part.get_payload() if _kind(part) == "message/delivery-status" else None
        if isinstance(blocks, list):
            told = (
                one
                for one in blocks
                if isinstance(one, Message) and (_header(one, "Action") or _header(one, "Status"))
            )
            return list(islice(told, MOST_REPORTED))
    return []


def _from_status(recipients: list[Message]) -> tuple[bool, str] | None:
    late = None
    for one in recipients:
        code = refusals.code(_header(one, "Status"))
        words = re.sub(r"(?i)^\s*[\w-]+\s*;", "", _header(one, "Diagnostic-Code"))
        finer = refusals.code(words)
        if code.endswith(".0") and finer.count(".") == 2 and finer[0] == code[0]:
            code = finer
        line = _line(words if code and code in words else f"{code} {words}")
        action = (_header(one, "Action").split() or [""])[0].lower()
        if action == "failed" or (not action and code.startswith("5")):
            return True, line
        if action == "delayed" or (not action and code.startswith("4")):
            late = late or (False, line)
    return late


def _from_free_text(message: Message, parts: list[Message]) -> tuple[bool, str] | None:
    """Read what a mail server wrote for people, if it is a mail server that writes."""
    failed = _header(message, "X-Failed-Recipients")
    if not failed and not REPORTERS.search(_header(message, "From")):
        return None
    subject = _decoded(_header(message, "Subject"))
    text = next((_text(part) for part in parts if _kind(part) == "text/plain"), "")
    text = COPY_BEGINS.split(text[:FREE_TEXT], maxsplit=1)[0]
    lines = [line for line in text.splitlines() if refusals.code(line)]
    if DELAYED.search(subject):
        return False, _line(lines[0] if lines else subject)
    final = [line for line in lines if refusals.code(line).startswith("5")]
    if final:
        return True, _line(final[0])
    if failed or FAILED.search(subject):
        return True, _line(lines[0] if lines else subject)
    return (False, _line(lines[0])) if lines else None


def _message_ids(message: Message, parts: list[Message]) -> Iterator[str]:
    """Yield what may be the mail's Message-ID: of the mail that hangs on, then of anything else."""
    for part in parts:
        if _kind(part) == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                yield from _ids(_header(inner[0], "Message-ID"))
    for name in ("X-Original-Message-ID", "In-Reply-To", "References"):
        yield from _ids(_header(message, name))
    for part in parts:
        if not part.is_multipart():
            yield from _ids(_text(part))


def _ids(text: str) -> Iterator[str]:
    for found in islice(OUR_ID.finditer(text), MOST_REPORTED):
        yield f"<{found[0]}>"


def _kind(part: Message) -> str:
    return part.get_content_type()


def _header(message: Message, name: str) -> str:
    return str(message.get(name, ""))[:2000]


def _decoded(header: str) -> str:
    try:
        return str(make_header(decode_header(header)))
    except (HeaderParseError, LookupError, ValueError):
        return header


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _line(text: str) -> str:
    return clean_text(text, multiline=False)[:500]
