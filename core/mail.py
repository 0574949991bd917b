"""Writing mails into the outbox; `core.outbox` sends them.

A mail's templates get plain values only and every text among them is treated as hostile: it comes
to one line unless it had several, and what looks like a link in it is broken up, so that a name
cannot carry one into somebody's mailbox (pretalx 2026.1.0). The only links are addresses of this
portal: the action, and a value that is nothing but such an address.
"""

import datetime
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DEFAULT_DB_ALIAS, transaction
from django.template import Context, engines
from django.template.base import NodeList, Template, TextNode
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext, BlockNode
from django.utils import timezone, translation
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from core.addresses import site_url
from core.mail_kinds import Kind, kinds
from core.models import MailText, OutboxMessage
from core.text import clean_text

# Asked right before a mail leaves: each gets the message and answers why it must not, or "".
# A higher app adds its own in AppConfig.ready; see `core.outbox.deliver`.
delivery_checks: list[Callable[[OutboxMessage], str]] = []

# Called once for every mail that came back for good, in the transaction that notes it: what follows
# from it is done with it or not at all. A higher app adds its own in AppConfig.ready; see
# `core.bounces.note`.
bounce_handlers: list[Callable[[OutboxMessage], None]] = []

# Lines that stand under every mail (who writes, where to find them), asked per mail in the active
# language. A higher app adds its own in AppConfig.ready.
signatures: list[Callable[[], Sequence[str]]] = []

SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}):(?=//)|\bwww\.(?=\w)")
ADDRESS = re.compile(r"\W{0,3}[\w.+'-]+@[\w.-]+\W{0,3}")
DOT_OF_A_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
WORD_JOINER = "\u2060"


def render(mail: str, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Render a mail's subject and text, for the outbox or for somebody to change them first.

    :param mail: name of the templates, for example `organisations/submitted` for
        `emails/organisations/submitted_subject.txt` and `…_message.txt`.
    :param context: texts, numbers, dates, and lists or dictionaries of them; no objects.
    :return: the subject in one line, and the text; in the officer's words if she has any for this
        mail and language.
    :raises TypeError: for a model instance or other object among the values, or others than
        declared.
    """
    return _render(mail, language, context, own_words(mail, language))


def own_words(mail: str, language: str) -> tuple[str, str] | None:
    """Return subject and text of a mail in the officer's words, with placeholders, if she has any.

    One that has a placeholder a later version does not know any more is left out: rather our words
    than hers.
    """
    kind = kinds.get(mail)
    own = MailText.objects.filter(mail=mail, language=language).first() if kind else None
    if kind is None or own is None or not kind.fits(own.subject, own.body):
        return None
    return own.subject, own.body


def _render(
    mail: str, language: str, context: Mapping[str, Any], words: tuple[str, str] | None
) -> tuple[str, str]:
    kind = kinds.get(mail)
    if kind is not None:
        kind.check_values(context)
        if words is not None:
            return render_words(kind, *words, language, context)
    with translation.override(language):
        plain = _plain_context(context)
        return _tidy(*(template.render(plain) for template in _templates(mail)))


def render_words(
    kind: Kind, subject: str, body: str, language: str, context: Mapping[str, Any]
) -> tuple[str, str]:
    """Render subject and text from the officer's words, which `Kind.check_words` has accepted."""
    values = placeholder_values(kind, language, context)
    return _tidy(*(kind.fill(defuse(text), values) for text in (subject, body)))


def placeholder_values(kind: Kind, language: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands for each placeholder, by its source: a value, or a finished sentence."""
    with translation.override(language):
        plain = _plain_context(context)
        values = {
            str(name): "" if value is None else str(localize(value))
            for name, value in plain.flatten().items()
        }
        for template in _templates(kind.name):
            with plain.render_context.push_state(template), plain.bind_template(template):
                blocks: list[Any] = template.nodelist.get_nodes_by_type(BlockNode)
                for block in blocks:
                    values[block.name] = block.nodelist.render(plain).strip()
    return values


def standard_words(kind: Kind, language: str) -> tuple[str, str]:
    """Return the standard text as the officer would write it, with its placeholders."""
    words = {one.source: f"{{{one.word}}}" for one in kind.placeholders}
    context = Context(kind.example | words, autoescape=False)  # type: ignore[operator]
    blocks = BlockContext()
    blocks.add_blocks(
        {name: BlockNode(name, NodeList([TextNode(word)])) for name, word in words.items()}
    )
    texts = []
    with translation.override(language):
        for template in _templates(kind.name):
            with context.render_context.push_state(template), context.bind_template(template):
                context.render_context[BLOCK_CONTEXT_KEY] = blocks
                texts.append(template.nodelist.render(context))
    return _tidy(*texts)


def _templates(mail: str) -> list[Template]:
    engine = engines["django"].engine  # type: ignore[attr-defined]
    return [engine.get_template(f"emails/{mail}_{part}.txt") for part in ("subject", "message")]


def _plain_context(context: Mapping[str, Any]) -> Context:
    # Plain text has nothing to escape; what the values carry is made plain here.
    return Context({name: _plain(value) for name, value in context.items()}, autoescape=False)


def _tidy(subject: str, text: str) -> tuple[str, str]:
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return " ".join(subject.split()), re.sub(r"\n{3,}", "\n\n", text).strip()


def queue_mail(
    *,
    key: str,
    to: str,
    mail: str,
    language: str,
    context: Mapping[str, Any],
    action: tuple[str | Promise, str] | None = None,
    confidential: bool = False,
    subject_body: tuple[str, str] | None = None,
    expires_at: datetime.datetime | None = None,
    calendar: str = "",
) -> OutboxMessage:
    """Write a mail into the outbox, in the transaction of the change that causes it.

    :param key: unique per cause and recipient; the same key again returns the row there is.
    :param to: one e-mail address.
    :param mail: name of the templates under `templates/emails/`, see `render`.
    :param language: the reader's language.
    :param context: plain values for the templates; see `render`.
    :param action: what the reader can do: a label and an address of this portal, full or from
        `reverse`; a line in the text, a button in the HTML.
    :param confidential: the mail carries a code or a personal link: nobody gets to read it in the
        back office, and it is wiped as soon as it is sent.
    :param subject_body: subject and text as somebody has edited them, instead of the templates.
    :param expires_at: when the mail is of no more use, as a code's end; then it is not sent.
    :param calendar: an iCalendar object (RFC 5545) with a METHOD, which calendar programs offer to
        take over.
    :raises TransactionManagementError: outside a transaction.
    :raises ValidationError: when `to` is not an address.
    """
    _require_transaction()
    existing = OutboxMessage.objects.filter(key=key).first()
    if existing:
        return existing
    draft = Draft(
        key=key,
        to=to,
        mail=mail,
        language=language,
        context=context,
        action=action,
        confidential=confidential,
        subject_body=subject_body,
        expires_at=expires_at,
        calendar=calendar,
    )
    message, _created = OutboxMessage.objects.get_or_create(
        key=key, defaults=_values(draft, _Shared())
    )
    return message


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One of many mails; the fields are those of `queue_mail`.

    :ivar words: subject and text with placeholders, instead of the mail's own words; see
        `render_words`.
    """

    key: str
    to: str
    mail: str
    language: str
    context: Mapping[str, Any]
    action: tuple[str | Promise, str] | None = None
    confidential: bool = False
    subject_body: tuple[str, str] | None = None
    words: tuple[str, str] | None = None
    expires_at: datetime.datetime | None = None
    calendar: str = ""


def queue_mails(drafts: Sequence[Draft]) -> dict[str, OutboxMessage]:
    """Write many mails into the outbox in a handful of queries; otherwise like `queue_mail`.

    :param drafts: a few hundred at most; more in several transactions, so that others get a turn.
    :return: the rows by key, without their texts; those of keys that were there already, too.
    :raises TransactionManagementError: outside a transaction.
    :raises ValidationError: when a `to` is not an address; then none is written.
    """
    _require_transaction()
    keys = [draft.key for draft in drafts]
    rows = OutboxMessage.objects.defer("text_body", "html_body", "calendar")
    there = set(rows.filter(key__in=keys).values_list("key", flat=True))
    shared = _Shared()
    new = {draft.key: draft for draft in drafts if draft.key not in there}
    OutboxMessage.objects.bulk_create(
        [OutboxMessage(key=key, **_values(draft, shared)) for key, draft in new.items()],
        ignore_conflicts=True,
    )
    return {row.key: row for row in rows.filter(key__in=keys)}


@dataclass
class _Shared:
    """What many mails have in common, by language: asked once."""

    signatures: dict[str, list[str]] = field(default_factory=dict)
    words: dict[tuple[str, str], tuple[str, str] | None] = field(default_factory=dict)

    def signature(self, language: str) -> list[str]:
        """Return the lines under a mail; its language is the active one."""
        if language not in self.signatures:
            self.signatures[language] = [str(line) for lines in signatures for line in lines()]
        return self.signatures[language]

    def own_words(self, mail: str, language: str) -> tuple[str, str] | None:
        if (mail, language) not in self.words:
            self.words[mail, language] = own_words(mail, language)
        return self.words[mail, language]


def _require_transaction() -> None:
    if not transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block:
        raise transaction.TransactionManagementError(
            "A mail is queued in the transaction of the change that causes it."
        )


def _values(draft: Draft, shared: _Shared) -> dict[str, Any]:
    """Return all fields of a mail's row but its key."""
    validate_recipient(draft.to)
    codes = [code for code, _name in settings.LANGUAGES]
    language = draft.language if draft.language in codes else settings.LANGUAGE_CODE
    if draft.mail in kinds:
        kinds[draft.mail].check_values(draft.context)
    if draft.subject_body is None:
        words = draft.words or shared.own_words(draft.mail, language)
        subject, text = _render(draft.mail, language, draft.context, words)
    else:
        subject = clean_text(str(draft.subject_body[0]), multiline=False)
        text = clean_text(str(draft.subject_body[1]), multiline=True)
    with translation.override(language):
        link = None
        if draft.action:
            link = str(draft.action[0]), site_url(draft.action[1], language)
        signature = shared.signature(language)
        if translation.get_language_bidi():
            subject, text = _numbers_together(subject), _numbers_together(text)
            signature = [_numbers_together(line) for line in signature]
        plain = text
        if link:
            plain = f"{text}\n\n{link[0]}:\n{link[1]}"
        plain += "\n\n-- \n" + "\n".join([*signature, settings.SITE_URL])
        html = _html(subject, text, link, signature, language)
    return {
        "mail": draft.mail,
        "to": draft.to,
        "subject": subject[:300],
        "text_body": plain,
        "html_body": html,
        "language": language,
        "message_id": _message_id(draft.key),
        "confidential": draft.confidential,
        "calendar": draft.calendar,
        "next_try_at": timezone.now(),
        "expires_at": draft.expires_at,
    }


def validate_recipient(address: str) -> None:
    """Refuse everything that is not one plain e-mail address.

    :raises ValidationError: for line ends, NUL, blanks, several addresses, none or a too long one.
    """
    longest = OutboxMessage._meta.get_field("to").max_length or 0
    plain = clean_text(address, multiline=False)
    if address != plain or not address.isprintable() or len(address) > longest:
        raise ValidationError(_("Bitte geben Sie eine gültige E-Mail-Adresse ein."), code="invalid")
    validate_email(address)


def defuse(text: str) -> str:
    """Break up what a mail program would turn into a link, so that it is only read.

    >>> defuse("Verein https://evil.example/x")
    'Verein https: //evil\u2060.example/x'
    """
    text = SCHEME.sub(lambda found: f"{found[1]}: " if found[1] else "www. ", text)
    return "".join(
        word if ADDRESS.fullmatch(word) else DOT_OF_A_DOMAIN.sub(f"{WORD_JOINER}.", word)
        for word in re.split(r"(\s+)", text)
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(
        value, bool | int | float | Decimal | datetime.date | datetime.time | datetime.timedelta
    ):
        return value
    if isinstance(value, str | Promise):
        return _plain_text(str(value), settings.SITE_URL)
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, Sequence):
        return [_plain(entry) for entry in value]
    raise TypeError(
        f"A mail gets texts, numbers and dates, not {type(value).__name__}: "
        "name in the context what the template needs."
    )


@lru_cache(maxsize=256)  # in mails to many most values are the same
def _plain_text(text: str, site_url: str) -> str:
    text = clean_text(text, multiline=True)
    return text if _is_own_address(text) else defuse(text)


def _numbers_together(text: str) -> str:
    """Keep "123 456" in its order among Arabic words, where groups of digits change places.

    Between digits a no-break space counts as part of the number, a plain one does not (Unicode
    Bidirectional Algorithm, rule W4); a plus sign or hyphen needs a left-to-right mark before the
    number (W2, W7).
    """
    text = re.sub(r"(?<=\d) (?=\d)", "\u00a0", text)
    return re.sub(r"(?<![\w\u00a0+-])(?=\+\d|\d[\d\u00a0]*-\d)", "\u200e", text)


def _is_own_address(text: str) -> bool:
    return text.startswith(f"{settings.SITE_URL}/") and not re.search(r"\s", text)


def _message_id(key: str) -> str:
    """Return the same for the same key: whoever gets a mail twice can tell."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<{hashlib.sha256(f'{settings.SECRET_KEY}:{key}'.encode()).hexdigest()[:40]}@{host}>"


def _html(
    subject: str,
    text: str,
    action: tuple[str, str] | None,
    signature: Sequence[str],
    language: str,
) -> str:
    """Return the HTML part: the text in paragraphs, own addresses as links, the action's button."""
    return render_to_string(
        "emails/base.html",
        {
            "subject": subject,
            "paragraphs": [_paragraph(part) for part in re.split(r"\n{2,}", text) if part.strip()],
            "action": action,
            "signature": signature,
            "site_url": settings.SITE_URL,
            "language": language,
            "direction": "rtl" if translation.get_language_info(language)["bidi"] else "ltr",
        },
    )


def _paragraph(text: str) -> SafeString:
    return format_html_join(
        mark_safe("<br>\n"), "{}", ((_with_links(line),) for line in text.split("\n"))
    )


def _with_links(line: str) -> SafeString:
    if f"{settings.SITE_URL}/" not in line:
        return escape(line)
    return mark_safe(  # every piece is escaped
        "".join(
            format_html('<a href="{0}">{0}</a>', piece) if _is_own_address(piece) else escape(piece)
            for piece in re.split(r"(\s+)", line)
        )
    )
