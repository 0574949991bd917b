"""Minutes: written along the agenda, published to the members, corrected where all can see it.

A draft is saved section by section while somebody types, so it has no history of its own; that
begins when it is published. From then on each change of its text is a `Correction`, and numbers
of decisions stay as they are.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from core import folding, history, markdown, revision
from core.errors import Conflict, Refused
from core.fields import is_key
from core.seen import fingerprint
from meetings.emails import minutes as emails
from meetings.models import AgendaItem, Correction, Decision, Meeting, Minutes, MinutesEntry, Task
from meetings.services import agenda, numbering, planning
from organisations.models import Organisation

INTRODUCTION, CLOSING, SUMMARY = "introduction", "closing", "summary"
# The parts that belong to no agenda item, and where their text is kept.
FIELDS = {INTRODUCTION: "introduction", CLOSING: "closing", SUMMARY: "public_summary"}
ITEM = "item-"
SUMMARY_LENGTH = 5000


@dataclass(frozen=True)
class Part:
    """One section of the minutes, as the editor shows it.

    :ivar name: what its form field is called.
    :ivar text: what is kept of it now.
    :ivar item: the agenda item it is about, None for those around the agenda.
    """

    name: str
    label: str
    text: str
    item: AgendaItem | None = None

    @property
    def length(self) -> int:
        """How many characters it may have."""
        return SUMMARY_LENGTH if self.name == SUMMARY else Minutes.TEXT_LENGTH


@dataclass(frozen=True)
class Typed:
    """What somebody has typed into one section.

    :ivar seen: `fingerprint` of the text the form was filled with.
    :ivar unconfirmed: what the same page has sent before without getting an answer; it may have
        arrived, and is no conflict then.
    """

    text: str
    seen: str = ""
    unconfirmed: str | None = None


def may_write(user: User) -> bool:
    """Whether somebody writes the network's minutes: the officer."""
    return user.is_authenticated and user.has_perm("meetings.change_minutes")


# --- Reading --------------------------------------------------------------------------------------
def of(meeting: Meeting) -> Minutes:
    """Return a meeting's minutes; unsaved and empty ones if nobody has begun to write."""
    return Minutes.objects.filter(meeting=meeting).first() or Minutes(meeting=meeting)


def items_of(meeting: Meeting, *, also: Collection[int] = ()) -> list[AgendaItem]:
    """Return the accepted agenda items, and those the minutes speak of already, in order.

    :param also: keys of items that were taken off the agenda while somebody wrote about them.
    """
    of_item = {"agenda_item": OuterRef("pk")}
    spoken_of = (
        Exists(MinutesEntry.objects.filter(**of_item).exclude(text=""))
        | Exists(Decision.objects.filter(**of_item))
        | Exists(Task.objects.filter(**of_item))
    )
    rows = meeting.agenda.filter(Q(state=AgendaItem.State.ACCEPTED) | spoken_of | Q(pk__in=also))
    return list(rows.order_by("position", "pk"))


def name_of(item: AgendaItem) -> str:
    """Return the name of an agenda item's section."""
    return f"{ITEM}{item.pk}"


def keys_in(names: Iterable[str]) -> set[int]:
    """Return the keys of the agenda items that names of sections speak of."""
    keys = (name.removeprefix(ITEM) for name in names if name.startswith(ITEM))
    return {int(key) for key in keys if is_key(AgendaItem, key)}


def parts(minutes: Minutes, items: Sequence[AgendaItem]) -> dict[str, Part]:
    """Return all sections by name, in the order they are read; one query."""
    texts: dict[int, str] = {}
    if minutes.pk:
        texts = dict(minutes.entries.order_by().values_list("agenda_item_id", "text"))
    found = [Part(INTRODUCTION, _("Einleitung"), minutes.introduction)]
    found += [Part(name_of(item), item.heading, texts.get(item.pk, ""), item) for item in items]
    found += [
        Part(CLOSING, _("Schluss"), minutes.closing),
        Part(SUMMARY, _("Zusammenfassung für alle"), minutes.public_summary),
    ]
    return {part.name: part for part in found}


# --- Writing --------------------------------------------------------------------------------------
def save(*, meeting: Meeting, texts: Mapping[str, Typed], by: User, reason: str = "") -> Minutes:
    """Write sections of the minutes; of published ones each change is kept as a correction.

    A section that was not touched in this form keeps what somebody else has written meanwhile.

    :param texts: by name of the section: "introduction", "item-<pk>", "closing", "summary".
        Sections that are not named stay.
    :param reason: of a correction, for the members to read.
    :return: the minutes; unchanged if nothing differs.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if the meeting is cancelled, or an agenda item is gone.
    :raises ValidationError: by section, for a text that is too long or would not be shown whole.
    :raises Conflict: if somebody else has changed the same sections to something else; nothing is
        saved then.
    """
    if not may_write(by):
        raise PermissionDenied
    cleaned = check(texts)
    with transaction.atomic():
        # Two people who save at the same moment come one after the other.
        row = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if row.is_cancelled:
            raise Refused(_("Das Treffen ist abgesagt. Es gibt kein Protokoll."))
        minutes = of(row)
        items = items_of(row, also=keys_in(texts))
        with override(settings.LANGUAGE_CODE):  # what corrections call them, for everybody
            present = parts(minutes, items)
        if set(texts) - set(present):
            raise Refused(
                _("Ein Tagesordnungspunkt ist nicht mehr da. Bitte laden Sie die Seite neu.")
            )
        changes = _changes(texts, cleaned, present, minutes.version)
        if changes:
            _write(minutes, changes, present, by, reason)
            refresh_search_text(minutes, row)
    return minutes


def check(texts: Mapping[str, Typed]) -> dict[str, str]:
    """Return the sections' texts as they would be stored.

    :raises ValidationError: by section; see `save`.
    """
    cleaned = {name: markdown.clean(typed.text) for name, typed in texts.items()}
    errors: dict[str, list[str]] = {}
    for name, text in cleaned.items():
        length = SUMMARY_LENGTH if name == SUMMARY else Minutes.TEXT_LENGTH
        if len(text) > length:
            told = _("Der Text hat %(number)s Zeichen. Möglich sind %(most)s.")
            errors[name] = [told % {"number": len(text), "most": length}]
        elif problems := markdown.problems(text):
            errors[name] = problems
    if errors:
        raise ValidationError(errors)
    return cleaned


def _changes(
    texts: Mapping[str, Typed],
    cleaned: Mapping[str, str],
    present: Mapping[str, Part],
    version: int,
) -> dict[str, str]:
    """Compare what was typed with what is there now and what the form was filled with."""
    changes, conflicts = {}, {}
    for name, typed in texts.items():
        mine, theirs = cleaned[name], present[name].text
        if mine == theirs or fingerprint(mine) == typed.seen:
            continue
        sent_before = typed.unconfirmed is not None and theirs == markdown.clean(typed.unconfirmed)
        if not theirs or fingerprint(theirs) == typed.seen or sent_before:
            changes[name] = mine
        else:
            conflicts[name] = theirs
    if conflicts:
        raise Conflict(conflicts, version)
    return changes


def _write(
    minutes: Minutes,
    changes: Mapping[str, str],
    present: Mapping[str, Part],
    by: User,
    reason: str,
) -> None:
    published = minutes.state == Minutes.State.PUBLISHED
    if minutes.pk:
        minutes.version += 1
    for name in FIELDS.keys() & changes.keys():
        setattr(minutes, FIELDS[name], changes[name])
    if not minutes.pk:
        history.note(minutes, by=by, reason=gettext_lazy("Protokoll begonnen"))
    elif published:
        history.note(minutes, by=by, reason=gettext_lazy("Protokoll berichtigt"))
    else:
        # While somebody types there is a change every few seconds.
        minutes.skip_history_when_saving = True  # type: ignore[attr-defined]
    minutes.save()
    for name, text in changes.items():
        part = present[name]
        if part.item is not None:
            _write_entry(minutes, part.item, text)
        # The summary is not part of what was minuted, but told of it.
        if published and name != SUMMARY:
            correct(minutes, part=part.label, before=part.text, after=text, by=by, reason=reason)
    if published:
        revision.bump()


def _write_entry(minutes: Minutes, item: AgendaItem, text: str) -> None:
    entry = MinutesEntry.objects.filter(minutes=minutes, agenda_item=item).first()
    if entry is None:
        MinutesEntry.objects.create(minutes=minutes, agenda_item=item, text=text)
        return
    entry.text = text
    entry.version += 1
    entry.save()


def correct(
    minutes: Minutes, *, part: str, before: str, after: str, by: User, reason: str = ""
) -> None:
    """Keep what was changed in published minutes, in the transaction that changes it."""
    Correction.objects.create(
        minutes=minutes,
        part=part[:200],
        before=before,
        after=after,
        reason=" ".join(reason.split())[:300],
        by=by,
    )


def refresh_search_text(minutes: Minutes, meeting: Meeting) -> None:
    """Write down anew what the minutes are found by."""
    found = parts(minutes, items_of(meeting))
    words = " ".join(f"{part.label if part.item else ''} {part.text}" for part in found.values())
    minutes.search_text = folding.fold(f"{meeting.title} {words}")
    Minutes.objects.filter(pk=minutes.pk).update(search_text=minutes.search_text)


# --- Publishing -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Readiness:
    """What is to know before minutes are published.

    :ivar obstacle: why it is not possible now, or "".
    :ivar empty: agenda items of which nothing is said.
    :ivar recipients: how many people get a mail.
    """

    obstacle: str
    empty: Sequence[AgendaItem] = field(default_factory=tuple)
    recipients: int = 0


def readiness(meeting: Meeting) -> Readiness:
    """Return what is to know before a meeting's minutes are published."""
    minutes = of(meeting)
    items = items_of(meeting)
    decided = set(meeting.decisions.values_list("agenda_item_id", flat=True))
    given = set(meeting.tasks.values_list("agenda_item_id", flat=True))
    texts = parts(minutes, items)
    empty = [
        item
        for item in items
        if not texts[name_of(item)].text and item.pk not in decided and item.pk not in given
    ]
    has_content = bool(decided or given) or any(part.text for part in texts.values())
    return Readiness(_obstacle(meeting, has_content), empty, len(recipients()))


def recipients() -> list[User]:
    """Return everybody who speaks for an active organisation, each address once."""
    active = Organisation.objects.public().values("pk")
    people = User.objects.filter(
        is_active=True, representations__organisation__in=active
    ).distinct()
    return list({user.email.casefold(): user for user in people.order_by("-pk")}.values())


@transaction.atomic
def publish(*, meeting: Meeting, by: User) -> Minutes:
    """Show the minutes to the members, number their decisions and write to everybody.

    :return: the minutes; of published ones nothing changes.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if there is nothing to publish, the meeting is cancelled, or not over yet.
    """
    if not may_write(by):
        raise PermissionDenied
    # Numbers of decisions are given to one meeting of the year after the other.
    row = numbering.lock(meeting)
    minutes = of(row)
    if minutes.state == Minutes.State.PUBLISHED:
        return minutes
    if refused := readiness(row).obstacle:
        raise Refused(refused)
    planning.mark_documented(meeting=row, by=by)
    numbering.number(row, items_of(row), by=by)
    minutes.state = Minutes.State.PUBLISHED
    minutes.published_at, minutes.published_by = timezone.now(), by
    minutes.version += 1
    history.note(minutes, by=by, reason=gettext_lazy("Protokoll veröffentlicht"))
    minutes.save()
    refresh_search_text(minutes, row)
    revision.bump()
    emails.published(minutes, readers=recipients())
    agenda.fill_next(by=by)
    return minutes


def _obstacle(meeting: Meeting, has_content: bool) -> str:
    if meeting.is_cancelled:
        return _("Das Treffen ist abgesagt. Es gibt kein Protokoll.")
    if not meeting.has_begun:
        return _("Das Treffen hat noch nicht begonnen.")
    if not has_content:
        return _("Das Protokoll ist noch leer.")
    return ""
