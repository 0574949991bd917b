"""A meeting's agenda: what the office puts on it, what organisations propose, what comes by itself.

Every verb locks the meeting's row, so that places and numbers are given one after the other. What
is taken off keeps its row and can be put back. Once the minutes are published the agenda is what
the meeting had, and stays.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from core import history
from core import seen as seen_fields
from core.errors import Conflict, Refused
from meetings.emails import agenda as emails
from meetings.models import AgendaItem, Meeting, Minutes, MinutesEntry, Task, is_member, may_plan
from meetings.services import tasks
from organisations.models import Organisation

State, Origin = AgendaItem.State, AgendaItem.Origin

# What can be changed about an item.
FIELDS = ("title", "description", "minutes", "speaker")
MOST_ITEMS = 60
# So many undecided ones an organisation may have for one meeting.
MOST_PROPOSALS = 5
# The meetings that approve each other's minutes and go through the open tasks.
IN_A_ROW = (Meeting.Kind.NETWORK, Meeting.Kind.KICKOFF)
MINUTES_BY_ITSELF = {Origin.LAST_MINUTES: 5, Origin.OPEN_TASKS: 10}


# --- Reading --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Slot:
    """An item with its number and its time, as far as the items before it say how long they take.

    :ivar starts: in the meeting's time zone.
    """

    item: AgendaItem
    number: int
    starts: datetime.datetime | None = None
    ends: datetime.datetime | None = None


@dataclass(frozen=True)
class Agenda:
    """What a page shows of a meeting's agenda.

    :ivar minutes: how long all items take that say so.
    :ivar over: by how many minutes they go past the meeting's end.
    :ivar own: what the reader's organisations have proposed and is not on the agenda.
    :ivar open_tasks: for the item that goes through them, else empty.
    :ivar last_minutes: those to be approved, if an item is about them.
    """

    meeting: Meeting
    slots: Sequence[Slot]
    minutes: int
    over: int
    accepts_proposals: bool
    can_propose: bool
    own: Sequence[AgendaItem] = field(default_factory=tuple)
    open_tasks: Sequence[Task] = field(default_factory=tuple)
    last_minutes: Minutes | None = None

    @property
    def proposals_end(self) -> datetime.datetime | None:
        """Until when one may propose, in the meeting's time zone."""
        until = self.meeting.proposals_until
        return _local(min(until, self.meeting.starts_at), self.meeting) if until else None


def slots(meeting: Meeting, items: Sequence[AgendaItem] | None = None) -> list[Slot]:
    """Return the accepted items with their numbers and times.

    :param items: the accepted items in order, where they have been fetched already.
    """
    if items is None:
        items = list(meeting.agenda.accepted().select_related("organisation"))
    found: list[Slot] = []
    at: datetime.datetime | None = meeting.starts_at
    for number, item in enumerate(items, 1):
        # Reckoned in UTC: a meeting may go on while the clocks change.
        end = at + datetime.timedelta(minutes=item.minutes) if at and item.minutes else None
        found.append(Slot(item, number, _local(at, meeting), _local(end, meeting)))
        at = end
    return found


def shown(meeting: Meeting, user: User) -> Agenda | None:
    """Return what the page of a meeting shows of its agenda to a person; None: nothing."""
    if not Meeting.objects.open_to(user).filter(pk=meeting.pk).exists():
        return None
    found = slots(meeting)
    origins = {slot.item.origin for slot in found}
    total = sum(slot.item.minutes or 0 for slot in found)
    length = int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
    accepts = accepts_proposals(meeting)
    open_tasks: list[Task] = []
    if Origin.OPEN_TASKS in origins:
        known = tasks.known().open().select_related("organisation", "user")
        open_tasks = list(known.by_day()[:50])
    last = last_minutes(meeting) if Origin.LAST_MINUTES in origins else None
    return Agenda(
        meeting=meeting,
        slots=found,
        minutes=total,
        over=max(0, total - length),
        accepts_proposals=accepts,
        can_propose=accepts and is_member(user),
        own=list(own_proposals(meeting, user).exclude(state=State.ACCEPTED)),
        open_tasks=open_tasks,
        last_minutes=last,
    )


def own_proposals(meeting: Meeting, user: User) -> QuerySet[AgendaItem]:
    """Return what the organisations a person speaks for have proposed for a meeting."""
    own = Organisation.objects.of(user).values("pk")
    return (
        meeting.agenda.filter(origin=Origin.PROPOSAL, organisation__in=own)
        .select_related("organisation")
        .order_by("created_at", "pk")
    )


def accepts_proposals(meeting: Meeting, now: datetime.datetime | None = None) -> bool:
    """Whether organisations can propose items now."""
    return (
        meeting.state in {Meeting.State.PLANNED, Meeting.State.INVITED}
        and meeting.proposals_until is not None
        and (now or timezone.now()) < min(meeting.proposals_until, meeting.starts_at)
    )


def is_closed(meeting: Meeting) -> str:
    """Return why the agenda cannot be changed any more, or ""."""
    if meeting.is_cancelled:
        return _("Das Treffen ist abgesagt. Die Tagesordnung bleibt, wie sie ist.")
    published = Minutes.objects.filter(meeting=meeting, state=Minutes.State.PUBLISHED)
    if published.exists():
        return _("Das Protokoll ist veröffentlicht. Die Tagesordnung bleibt, wie sie war.")
    return ""


def last_minutes(meeting: Meeting) -> Minutes | None:
    """Return the minutes a meeting approves: those of the network meeting before it, published."""
    before = (
        Meeting.objects.filter(kind__in=IN_A_ROW, starts_at__lt=meeting.starts_at)
        .exclude(state=Meeting.State.CANCELLED)
        .exclude(pk=meeting.pk)
        .order_by("-starts_at", "-pk")
        .first()
    )
    published = Minutes.objects.filter(meeting=before, state=Minutes.State.PUBLISHED)
    return published.select_related("meeting").first() if before else None


def fingerprint(item: AgendaItem) -> str:
    """Return what `change` compares; see `core.seen`."""
    return seen_fields.fingerprint(item, FIELDS)


# --- The office -----------------------------------------------------------------------------------
@transaction.atomic
def add(
    *,
    meeting: Meeting,
    title: str,
    by: User,
    description: str = "",
    minutes: int | None = None,
    speaker: str = "",
    creation_key: uuid.UUID | None = None,
) -> AgendaItem:
    """Put an item at the end of the agenda; the same form sent twice is one item.

    :param minutes: how long it takes.
    :param creation_key: made with the empty form.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: without a title, with too many items, or once the agenda stays as it is.
    """
    row = _changeable(meeting, by)
    if creation_key is not None:
        existing = AgendaItem.objects.filter(creation_key=creation_key).first()
        if existing is not None:
            return existing
    if not title.strip():
        raise Refused(_("Bitte schreiben Sie, um welches Thema es geht."))
    _check_room(row)
    item = AgendaItem(
        meeting=row,
        title=title.strip(),
        description=description.strip(),
        minutes=minutes,
        speaker=speaker.strip(),
        creation_key=creation_key,
        position=_last_position(row),
    )
    _save(item, by=by, reason=gettext_lazy("Auf die Tagesordnung gesetzt"))
    return item


@transaction.atomic
def change(
    *,
    item: AgendaItem,
    by: User,
    title: str,
    description: str = "",
    minutes: int | None = None,
    speaker: str = "",
    seen: str = "",
) -> bool:
    """Change what an item says.

    :param seen: `fingerprint` of the item when the form was opened.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the office.
    :raises Conflict: if somebody else has changed it since the form was opened.
    :raises Refused: without a title, or once the agenda stays as it is.
    """
    _changeable(item.meeting, by)
    row = AgendaItem.objects.select_for_update().get(pk=item.pk)
    if not title.strip():
        raise Refused(_("Bitte schreiben Sie, um welches Thema es geht."))
    values = {
        "title": title.strip(),
        "description": description.strip(),
        "minutes": minutes,
        "speaker": speaker.strip(),
    }
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed and seen and seen != fingerprint(row):
        raise Conflict({name: getattr(row, name) for name in changed})
    if not changed:
        return False
    for name in changed:
        setattr(row, name, values[name])
    _save(row, by=by, reason=gettext_lazy("Tagesordnungspunkt geändert"))
    return True


@transaction.atomic
def remove(*, item: AgendaItem, by: User) -> bool:
    """Take an item off the agenda; it can be put back, and does not come back by itself.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: for a proposal, which is declined with a word; for an item the minutes speak
        of; once the agenda stays as it is.
    """
    meeting = _changeable(item.meeting, by)
    row = AgendaItem.objects.select_for_update().get(pk=item.pk)
    if row.state != State.ACCEPTED:
        return False
    if row.origin == Origin.PROPOSAL:
        raise Refused(_("Das ist ein Vorschlag. Bitte lehnen Sie ihn mit ein paar Worten ab."))
    _check_unused(row)
    row.state = State.WITHDRAWN
    _save(row, by=by, reason=gettext_lazy("Von der Tagesordnung genommen"))
    _close_ranks(meeting)
    return True


@transaction.atomic
def restore(*, item: AgendaItem, by: User) -> bool:
    """Put an item back that the office has taken off; it stands last.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: for a proposal, or once the agenda stays as it is.
    """
    meeting = _changeable(item.meeting, by)
    row = AgendaItem.objects.select_for_update().get(pk=item.pk)
    if row.state == State.ACCEPTED:
        return False
    if row.origin == Origin.PROPOSAL:
        raise Refused(_("Das ist ein Vorschlag. Bitte nehmen Sie ihn an."))
    _check_room(meeting)
    row.state, row.position = State.ACCEPTED, _last_position(meeting)
    _save(row, by=by, reason=gettext_lazy("Wieder auf die Tagesordnung gesetzt"))
    return True


# --- Order ----------------------------------------------------------------------------------------
@transaction.atomic
def put_in_order(*, meeting: Meeting, keys: Sequence[int], by: User) -> int:
    """Bring the agenda into an order; called again, it changes nothing.

    :param keys: of the items, in the order wanted. Who is not named (somebody has just added it)
        comes behind, in the order there was; keys that are not there any more are passed over.
    :return: how many items have another place now.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: once the agenda stays as it is.
    """
    row = _changeable(meeting, by)
    items = list(row.agenda.accepted())
    wanted = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    items.sort(key=lambda item: wanted.get(item.pk, len(wanted)))
    return _number(items)


@transaction.atomic
def move(*, item: AgendaItem, up: bool, by: User) -> bool:
    """Let an item change places with its neighbour. False where there is none.

    :raises PermissionDenied: for anybody but the office.
    :raises Refused: once the agenda stays as it is.
    """
    meeting = _changeable(item.meeting, by)
    items = list(meeting.agenda.accepted())
    place = next((place for place, one in enumerate(items) if one.pk == item.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(items):
        return False
    items[place], items[other] = items[other], items[place]
    _number(items)
    return True


# --- Proposals ------------------------------------------------------------------------------------
@transaction.atomic
def propose(
    *,
    meeting: Meeting,
    organisation: Organisation,
    title: str,
    by: User,
    description: str = "",
    minutes: int | None = None,
    speaker: str = "",
    creation_key: uuid.UUID | None = None,
) -> AgendaItem:
    """Propose an item for an organisation; the same form sent twice is one proposal.

    :raises PermissionDenied: for somebody who does not speak for the organisation, or if the
        meeting is not shown to members.
    :raises Refused: without a title, after the date, or with too many undecided proposals.
    """
    row = Meeting.objects.select_for_update().get(pk=meeting.pk)
    speaks = Organisation.objects.of(by).public().filter(pk=organisation.pk).exists()
    if not speaks or not Meeting.objects.open_to(by).filter(pk=row.pk).exists():
        raise PermissionDenied
    if creation_key is not None:
        existing = AgendaItem.objects.filter(creation_key=creation_key).first()
        if existing is not None and existing.proposed_by_id == by.pk:
            return existing
        creation_key = None if existing else creation_key
    if not accepts_proposals(row):
        raise Refused(_("Für dieses Treffen können keine Themen mehr vorgeschlagen werden."))
    if not title.strip():
        raise Refused(_("Bitte schreiben Sie, um welches Thema es geht."))
    waiting = row.agenda.proposed().filter(organisation=organisation)
    if waiting.count() >= MOST_PROPOSALS:
        raise Refused(
            _("Ihre Organisation hat schon %(number)s Themen vorgeschlagen. Das Team liest sie.")
            % {"number": MOST_PROPOSALS}
        )
    item = AgendaItem(
        meeting=row,
        title=title.strip(),
        description=description.strip(),
        minutes=minutes,
        speaker=speaker.strip(),
        state=State.PROPOSED,
        origin=Origin.PROPOSAL,
        organisation=organisation,
        proposed_by=by,
        creation_key=creation_key,
    )
    _save(item, by=by, reason=gettext_lazy("Vorgeschlagen"))
    return item


@transaction.atomic
def withdraw(*, item: AgendaItem, by: User) -> bool:
    """Take one's organisation's proposal back. False if it is withdrawn already.

    :raises PermissionDenied: for somebody who does not speak for the organisation.
    :raises Refused: if the office has decided about it.
    """
    Meeting.objects.select_for_update().get(pk=item.meeting_id)
    row = AgendaItem.objects.select_for_update().get(pk=item.pk)
    if row.organisation is None or not (
        Organisation.objects.of(by).filter(pk=row.organisation.pk).exists()
    ):
        raise PermissionDenied
    if row.state == State.WITHDRAWN:
        return False
    if row.state != State.PROPOSED:
        raise Refused(_("Das Team hat über diesen Vorschlag schon entschieden."))
    row.state = State.WITHDRAWN
    _save(row, by=by, reason=gettext_lazy("Vorschlag zurückgezogen"))
    return True


@transaction.atomic
def accept(*, item: AgendaItem, by: User, word: str = "") -> bool:
    """Put a proposal at the end of the agenda and tell those who made it.

    :param word: what the mail says beside that.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: if it has been withdrawn, or once the agenda stays as it is.
    """
    meeting, row = _proposal(item, by)
    if row.state == State.ACCEPTED:
        return False
    _check_room(meeting)
    row.position = _last_position(meeting)
    _decide(row, State.ACCEPTED, word=word, by=by, reason=gettext_lazy("Vorschlag angenommen"))
    return True


@transaction.atomic
def decline(*, item: AgendaItem, by: User, word: str) -> bool:
    """Decline a proposal, also one that is on the agenda, and say why.

    :param word: the reason; those who proposed it read it.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: without a word, if it has been withdrawn, if the minutes speak of it, or once
        the agenda stays as it is.
    """
    meeting, row = _proposal(item, by)
    if row.state == State.DECLINED:
        return False
    if not word.strip():
        raise Refused(_("Bitte schreiben Sie der Organisation mit ein paar Worten, warum."))
    _check_unused(row)
    _decide(row, State.DECLINED, word=word, by=by, reason=gettext_lazy("Vorschlag abgelehnt"))
    _close_ranks(meeting)
    return True


def _proposal(item: AgendaItem, by: User) -> tuple[Meeting, AgendaItem]:
    meeting = _changeable(item.meeting, by)
    row = AgendaItem.objects.select_for_update().get(pk=item.pk)
    if row.origin != Origin.PROPOSAL:
        raise Refused(_("Das ist kein Vorschlag einer Organisation."))
    if row.state == State.WITHDRAWN:
        raise Refused(_("Die Organisation hat diesen Vorschlag zurückgezogen."))
    return meeting, row


def _decide(row: AgendaItem, state: str, *, word: str, by: User, reason: Promise) -> None:
    row.state, row.answer, row.decided_at = state, word.strip(), timezone.now()
    _save(row, by=by, reason=reason)
    emails.decided(row, by=by)


# --- What comes by itself -------------------------------------------------------------------------
@transaction.atomic
def fill_next(*, by: User | None = None) -> list[AgendaItem]:
    """Put on the next network meeting's agenda what follows from the last one.

    That is the approval of its minutes, once these are published, and the tasks that are open.
    Called whenever one of these changes, and once a day; what the office has taken off stays off.

    :param by: who caused it; None for the portal itself.
    :return: the new items.
    """
    coming = Meeting.objects.filter(
        kind__in=IN_A_ROW,
        state__in=[Meeting.State.PLANNED, Meeting.State.INVITED],
        starts_at__gt=timezone.now(),
    )
    following = coming.order_by("starts_at", "pk").first()
    if following is None:
        return []
    meeting = Meeting.objects.select_for_update().get(pk=following.pk)
    wanted = []
    if last_minutes(meeting):
        wanted.append(Origin.LAST_MINUTES)
    if tasks.known().open().exists():
        wanted.append(Origin.OPEN_TASKS)
    there = set(
        meeting.agenda.filter(origin__in=AgendaItem.BY_ITSELF).values_list("origin", flat=True)
    )
    return [_insert(meeting, origin, by=by) for origin in wanted if origin not in there]


def _insert(meeting: Meeting, origin: str, *, by: User | None) -> AgendaItem:
    """Put an item of its own behind the welcome, the approval of the minutes before the tasks."""
    with override(settings.LANGUAGE_CODE):
        title = str(Origin(origin).label)
    item = AgendaItem(
        meeting=meeting, title=title, origin=origin, minutes=MINUTES_BY_ITSELF[Origin(origin)]
    )
    _save(item, by=by, reason=gettext_lazy("Von selbst auf die Tagesordnung gekommen"))
    others = [one for one in meeting.agenda.accepted() if one.pk != item.pk]
    place = next(
        (n for n, one in enumerate(others, 1) if one.origin == Origin.LAST_MINUTES),
        min(1, len(others)),
    )
    _number([*others[:place], item, *others[place:]])
    return item


@transaction.atomic
def copy_items(*, source: Meeting, target: Meeting, by: User) -> int:
    """Take the office's own items over to a copy of a meeting, unless it has some already.

    :return: how many there were.
    :raises PermissionDenied: for anybody but the office.
    :raises Refused: once the target's agenda stays as it is.
    """
    row = _changeable(target, by)
    if row.agenda.filter(origin=Origin.OFFICE).exists():
        return 0
    items = list(source.agenda.accepted().filter(origin=Origin.OFFICE))
    first = _last_position(row)
    for place, item in enumerate(items):
        copied = AgendaItem(
            meeting=row,
            title=item.title,
            description=item.description,
            minutes=item.minutes,
            position=first + place,
        )
        _save(copied, by=by, reason=gettext_lazy("Vom letzten Treffen übernommen"))
    return len(items)


# --- When something happens to a meeting ----------------------------------------------------------
def meeting_created(meeting: Meeting, *, by: User) -> None:
    """Give a new meeting its agenda; see `planning.created_handlers`."""
    if meeting.copied_from is not None:
        copy_items(source=meeting.copied_from, target=meeting, by=by)
    fill_next(by=by)


def meeting_changed(meeting: Meeting, *, what: set[str], by: User) -> None:
    """See whether another meeting is the next one now; see `planning.changed_handlers`."""
    if what & {"date", "cancelled"}:
        fill_next(by=by)


def fill_daily() -> dict[str, int]:
    """Do what nothing else has caused, such as a meeting that has passed meanwhile."""
    return {"added": len(fill_next())}


# --- What they share ------------------------------------------------------------------------------
def _changeable(meeting: Meeting, by: User) -> Meeting:
    """Return the locked meeting.

    :raises PermissionDenied: for anybody but the office.
    :raises Refused: if the agenda stays as it is.
    """
    if not may_plan(by):
        raise PermissionDenied
    row = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if reason := is_closed(row):
        raise Refused(reason)
    return row


def _check_room(meeting: Meeting) -> None:
    if meeting.agenda.accepted().count() >= MOST_ITEMS:
        text = _("Eine Tagesordnung hat höchstens %(number)s Punkte.")
        raise Refused(text % {"number": MOST_ITEMS})


def _check_unused(item: AgendaItem) -> None:
    """Keep an item that the minutes, a decision or a task hang on."""
    written = MinutesEntry.objects.filter(agenda_item=item).exclude(text="").exists()
    if written or item.decisions.exists() or item.tasks.exists():
        raise Refused(
            _("Im Protokoll steht schon etwas zu diesem Punkt. Er bleibt auf der Tagesordnung.")
        )


def _last_position(meeting: Meeting) -> int:
    last = meeting.agenda.accepted().last()
    return last.position + 1 if last else 1


def _close_ranks(meeting: Meeting) -> None:
    _number(list(meeting.agenda.accepted()))


def _number(items: Sequence[AgendaItem]) -> int:
    """Give places from one on; the history is about what an item says, not about its place."""
    moved = []
    for place, item in enumerate(items, 1):
        if item.position != place:
            item.position = place
            moved.append(item)
    AgendaItem.objects.bulk_update(moved, ["position"])
    return len(moved)


def _save(item: AgendaItem, *, by: User | None, reason: Promise) -> None:
    history.note(item, by=by, reason=reason)
    item.save()


def _local(moment: datetime.datetime | None, meeting: Meeting) -> datetime.datetime | None:
    return moment.astimezone(meeting.zone) if moment else None
