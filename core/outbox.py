"""Sending what waits in the outbox: every mail once, or a person is told that it is unclear.

A worker makes a row its own by a conditional UPDATE and commits that before it talks to the mail
server; so of several workers one gets it, and a worker that is killed leaves a row behind that says
"being sent" and is never sent again by itself. Only a definite refusal leads to another try.
"""

import logging
import re
import smtplib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core import bounces, refusals
from core.mail import delivery_checks
from core.models import OutboxMessage

logger = logging.getLogger(__name__)

State = OutboxMessage.State

# How long to wait after the first, second, … refusal; after the last the mail has failed.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
)
# Longer than any try can last, given EMAIL_TIMEOUT for each answer of the mail server.
ABANDONED_AFTER = timedelta(minutes=10)

# RFC 5545, 3.7.2
METHOD = re.compile(r"^METHOD:([A-Z-]+)\r?$", re.MULTILINE)
CALENDAR_FILE = "termin.ics"

KEEP_BODIES = timedelta(days=30)
KEEP_ROWS = timedelta(days=365)


class Refusal(Exception):
    """The mail server definitely has not taken the mail.

    :ivar permanent: it never will.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Unreachable(Refusal):
    """There is no mail server to talk to at the moment."""


class Unclear(Exception):
    """The connection ended while the mail was handed over: it may have arrived or not."""


class Postbox:
    """One connection to the mail server for a round of mails, opened when the first needs it."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._handing_over = False

    def __enter__(self) -> "Postbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception as error:  # what was sent is sent
                logger.info("Closing the connection to the mail server: %s", type(error).__name__)

    def send(self, email: EmailMultiAlternatives) -> None:
        """Hand one mail to the mail server.

        :raises Refusal: when it definitely was not taken.
        :raises Unclear: when nobody can know.
        """
        try:
            # A mail that cannot be written down (a line end in a header) must not look unclear.
            email.message().as_bytes()
        except Exception as error:
            raise Refusal(_reason(error), permanent=True) from error
        if self._connection is None:
            self._open()
        self._handing_over = False
        try:
            taken = self._connection.send_messages([email])
        except Exception as error:
            # Some servers answer once and then hang up: the next mail gets a new connection.
            smtp = self._smtp
            self.close()
            raise self._judged(error, by_smtp=smtp is not None) from error
        if not taken:
            raise Refusal("The mail server has taken nothing.", permanent=True)

    def _open(self) -> None:
        connection = get_connection()
        try:
            connection.open()
        except Exception as error:
            raise Unreachable(_reason(error)) from error
        self._connection = connection
        smtp = self._smtp
        if smtp is not None:
            take_data = smtp.data

            def data(msg: Any) -> tuple[int, bytes]:
                self._handing_over = True
                return take_data(msg)

            smtp.data = data  # type: ignore[method-assign,assignment]

    @property
    def _smtp(self) -> smtplib.SMTP | None:
        smtp = getattr(self._connection, "connection", None)
        return smtp if isinstance(smtp, smtplib.SMTP) else None

    def _judged(self, error: Exception, *, by_smtp: bool) -> Refusal | Unclear:
        code = None
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code = max(code for code, _text in error.recipients.values())
        elif isinstance(error, smtplib.SMTPResponseException):
            code = error.smtp_code
        if code is not None and code >= 400:
            return Refusal(_reason(error), permanent=code >= 500)
        if isinstance(error, ConnectionRefusedError) or (by_smtp and not self._handing_over):
            return Refusal(_reason(error))
        return Unclear(_reason(error))


def send_due(*, at_most: int = 200, stopping: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Send what is due, the oldest first, outside any transaction.

    :param at_most: how many mails a round may have.
    :param stopping: asked before each mail, so that a worker can end in between.
    :return: how many mails went to which state.
    """
    counts: Counter[str] = Counter()
    counts[State.UNCLEAR] += report_abandoned()
    due = list(OutboxMessage.objects.due().values_list("pk", flat=True)[:at_most])
    with Postbox() as postbox:
        for pk in due:
            if stopping():
                break
            message = claim(pk)
            if message is None:
                continue
            try:
                state = deliver(message, postbox)
            except Unreachable as refusal:
                counts[_put_back(message, refusal)] += 1
                break  # nor will it be there for the others
            counts[state] += 1
    return +counts


def claim(pk: int) -> OutboxMessage | None:
    """Make a due mail this worker's own.

    :return: the mail, or None when another worker has it or somebody gave it up.
    """
    now = timezone.now()
    claimed = OutboxMessage.objects.filter(pk=pk, state=State.QUEUED, next_try_at__lte=now).update(
        state=State.SENDING, sending_since=now, tries=F("tries") + 1, error=""
    )
    return OutboxMessage.objects.get(pk=pk) if claimed else None


def deliver(message: OutboxMessage, postbox: Postbox) -> str:
    """Send a claimed mail and write down what became of it.

    :return: the state it has now.
    :raises Unreachable: when there is no mail server; the mail still is claimed.
    """
    with translation.override(settings.LANGUAGE_CODE):  # for the officer, who reads the reason
        try:
            reasons = [str(check(message)) for check in (_check_expiry, *delivery_checks)]
        except Exception as error:  # nothing has left yet: the mail waits for a mended check
            return _put_back(message, Refusal(_reason(error)))
    if any(reasons):
        return _finish(message, State.CANCELLED, error=next(filter(None, reasons)))
    try:
        postbox.send(_email(message))
    except Unreachable:
        raise
    except Refusal as refusal:
        return _put_back(message, refusal)
    except Unclear as unclear:
        logger.warning("Mail %s: unclear whether it was taken.", message.pk)
        return _finish(message, State.UNCLEAR, error=str(unclear))
    return _finish(message, State.SENT, sent_at=timezone.now())


def _check_expiry(message: OutboxMessage) -> str:
    if message.expires_at and message.expires_at <= timezone.now():
        return _("Abgelaufen, bevor die E-Mail gesendet werden konnte.")
    return ""


def _email(message: OutboxMessage) -> EmailMultiAlternatives:
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text_body,
        # The envelope's sender (RFC 5321, "Return-Path"): where the mail goes if it comes back.
        from_email=settings.BOUNCE_ADDRESS or settings.DEFAULT_FROM_EMAIL,
        to=[message.to],
        headers={
            "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": message.message_id,
            "Date": format_datetime(timezone.localtime(message.created_at)),
            "Content-Language": message.language,
            # RFC 3834: no out-of-office notes, please.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    if message.html_body:
        email.attach_alternative(message.html_body, "text/html")
    if message.calendar:
        # RFC 6047, 2.4: as an alternative, with the method; some programs only look for a file.
        method = METHOD.search(message.calendar)
        kind = f"text/calendar; method={method[1]}" if method else "text/calendar"
        email.attach_alternative(message.calendar, kind)
        email.attach(CALENDAR_FILE, message.calendar.encode(), "application/ics")
    return email


def _put_back(message: OutboxMessage, refusal: Refusal) -> str:
    logger.warning("Mail %s: refused at try %s.", message.pk, message.tries)
    if refusal.permanent or message.tries > len(PAUSES):
        state = _finish(message, State.FAILED, error=str(refusal))
        if refusal.permanent and refusals.is_about_the_address(str(refusal)):
            _tell_of_return(message.pk, str(refusal))
        return state
    pause = PAUSES[message.tries - 1]
    return _finish(message, State.QUEUED, error=str(refusal), next_try_at=timezone.now() + pause)


def _tell_of_return(pk: int, line: str) -> None:
    """Do as if the mail had come back: this mail server only says at once what others say later."""
    try:
        with transaction.atomic():
            message = OutboxMessage.objects.select_for_update().get(pk=pk)
            if message.state == State.FAILED and message.returned_at is None:
                bounces.note_return(message, line)
    except Exception:  # that the mail has failed is noted; the other mails must go
        logger.exception("Mail %s: what follows from its failure was not done.", pk)


def _finish(message: OutboxMessage, state: str, **values: Any) -> str:
    """End the try this worker has claimed; a try that was declared unclear may still end well."""
    values["error"] = values.get("error", "")[:500]
    if message.confidential and state in {State.SENT, State.CANCELLED} and not settings.DEBUG:
        values |= {"text_body": "", "html_body": "", "calendar": ""}
    OutboxMessage.objects.filter(
        pk=message.pk,
        state__in=[State.SENDING, State.UNCLEAR],
        sending_since=message.sending_since,
    ).update(state=state, **values)
    return state


def report_abandoned() -> int:
    """Name as unclear what a worker had in hand when it died.

    :return: how many mails.
    """
    abandoned = OutboxMessage.objects.filter(
        state=State.SENDING, sending_since__lt=timezone.now() - ABANDONED_AFTER
    )
    if not abandoned.exists():  # asked every second: do not take SQLite's lock for nothing
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        return abandoned.update(
            state=State.UNCLEAR,
            error=_("Der Versand wurde unterbrochen. Vielleicht ist die E-Mail angekommen."),
        )


SENDABLE = (State.FAILED, State.UNCLEAR, State.RETURNED, State.CANCELLED)
OPEN = (State.QUEUED, State.FAILED, State.UNCLEAR, State.RETURNED)


def may_send_again(message: OutboxMessage) -> bool:
    """Whether a mail can be queued once more: it is not on its way, and its text is there."""
    return message.state in SENDABLE and bool(message.text_body)


def may_give_up(message: OutboxMessage) -> bool:
    """Whether there is something to give up."""
    return message.state in OPEN


def send_again(message: OutboxMessage) -> bool:
    """Queue a mail once more, because a person says so.

    :return: False when that is not possible: it is queued or sent, or its text is gone.
    """
    return bool(
        OutboxMessage.objects.filter(pk=message.pk, state__in=SENDABLE)
        .exclude(text_body="")
        .update(
            state=State.QUEUED,
            tries=0,
            next_try_at=timezone.now(),
            error="",
            returned_at=None,
            delayed_at=None,
        )
    )


def give_up(message: OutboxMessage) -> bool:
    """Let a mail go that waits, failed, came back or is unclear, because a person says so.

    :return: False when there is nothing to give up.
    """
    with translation.override(settings.LANGUAGE_CODE):
        by_hand = Value(_("Von Hand aufgegeben."))
    # What the mail server said stays.
    error = Case(When(error="", then=by_hand), default=F("error"))
    return bool(
        OutboxMessage.objects.filter(pk=message.pk, state__in=OPEN).update(
            state=State.CANCELLED, error=error
        )
    )


def forget_old() -> dict[str, int]:
    """Wipe the texts of old mails, then drop the rows: they hold names and addresses.

    What failed or is unclear waits for a person as long as any row is kept.
    """
    now = timezone.now()
    done = Q(state__in=[State.SENT, State.CANCELLED])
    wiped = (
        OutboxMessage.objects.filter(
            done | Q(confidential=True) & ~Q(state=State.QUEUED), created_at__lt=now - KEEP_BODIES
        )
        .exclude(text_body="")
        .update(text_body="", html_body="", calendar="")
    )
    dropped, _per_model = (
        OutboxMessage.objects.filter(created_at__lt=now - KEEP_ROWS)
        .exclude(state__in=[State.QUEUED, State.SENDING])
        .delete()
    )
    return {"wiped": wiped, "dropped": dropped}


def _reason(error: Exception) -> str:
    """Return in one line what the mail server said, for the officer to read or to send on."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        words = f"{code} {_decoded(text)}"
    elif isinstance(error, smtplib.SMTPResponseException):
        words = f"{error.smtp_code} {_decoded(error.smtp_error)}"
    else:
        words = f"{type(error).__name__}: {error}"
    return " ".join(words.split())


def _decoded(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text
