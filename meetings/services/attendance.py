"""Who is there: noted at the door, by several people at once, over a bad connection.

Each line of the page has a key that is known before there is a row: for those expected it is made
of the invitation and the name, so that two tablets mean the same line; for those who come without
one the tablet makes it. What is sent is what the line is to say, with the time it was tapped:
whatever arrives twice, late or in another order, what was tapped last counts.
"""

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from core.folding import fold
from core.text import clean_text
from meetings.models import Attendance, Invitation, Meeting
from meetings.services.answers import names_of
from organisations.models import Organisation

NAME_LENGTH = 160
MOST_PEOPLE = Attendance.MOST_PEOPLE
# More at once is no tablet that was without a network for an evening.
MOST_TAPS = 500


@dataclass(frozen=True)
class Tap:
    """What a line is to say, and since when.

    :ivar is_present: None leaves it as it is; a new line, or a new number, is there.
    :ivar people: None leaves it as it is.
    :ivar name: for lines nobody expected; so is `organisation`, its key.
    """

    key: uuid.UUID
    at: datetime.datetime
    is_present: bool | None = None
    people: int | None = None
    name: str = ""
    organisation: int | None = None


@dataclass(frozen=True)
class Line:
    """One switch: a person, or several who are not named.

    :ivar people: how many are or would be there.
    :ivar is_expected: whether somebody has said that they come.
    :ivar remark: what was answered where it was not yes.
    """

    key: uuid.UUID
    name: str
    people: int
    organisation: Organisation | None = None
    invitation: Invitation | None = None
    is_expected: bool = False
    is_counted: bool = False
    is_present: bool = False
    is_walk_in: bool = False
    remark: str = ""


@dataclass
class Group:
    """The lines of one organisation; without one, of the partners and guests."""

    organisation: Organisation | None
    lines: list[Line] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.organisation.name if self.organisation else _("Partner und Gäste")

    @property
    def key(self) -> str:
        return str(self.organisation.pk) if self.organisation else "-"

    @property
    def is_expected(self) -> bool:
        """Whether somebody comes, or has come."""
        return any(line.is_expected or line.is_present for line in self.lines)

    @property
    def expected(self) -> list[Line]:
        return [line for line in self.lines if line.is_expected]

    @property
    def absent(self) -> list[Line]:
        """Those one tap on "all are here" is about."""
        return [line for line in self.lines if line.is_expected and not line.is_present]

    @property
    def people(self) -> int:
        return sum(line.people for line in self.lines if line.is_present)


@dataclass(frozen=True)
class Overview:
    """The whole list: those expected first, both halves by name.

    :ivar stand: says in a few letters what the list says; another one means that it has changed.
    """

    groups: list[Group]
    people: int
    organisations: int
    expected: int
    stand: str


@dataclass(frozen=True)
class Noted:
    """:ivar refused: why not, by key, in words."""

    saved: list[uuid.UUID]
    refused: dict[uuid.UUID, str]


# --- What there is to tap -------------------------------------------------------------------------
def overview(meeting: Meeting) -> Overview:
    """Return everybody who is on the list of invitations or was noted; asks two questions."""
    rows = list(meeting.attendance.select_related("organisation").order_by("pk"))
    groups: dict[int | None, Group] = {}
    for line in _lines(meeting, rows):
        key = line.organisation.pk if line.organisation else None
        groups.setdefault(key, Group(line.organisation)).lines.append(line)
    for group in groups.values():
        group.lines.sort(key=lambda line: (not line.is_expected, not line.name, fold(line.name)))
    present = [row for row in rows if row.is_present]
    return Overview(
        groups=sorted(
            groups.values(),
            key=lambda group: (not group.is_expected, not group.organisation, fold(group.name)),
        ),
        people=sum(row.people for row in present),
        organisations=len({row.organisation_id for row in present} - {None}),
        expected=sum(line.people for group in groups.values() for line in group.expected),
        stand=_stand(groups.values()),
    )


def found(groups: Iterable[Group], words: str) -> list[Group]:
    """Return the groups with all these words in the organisation's name or in one of theirs."""
    wanted = fold(words).split()
    return [
        group
        for group in groups
        if all(
            word in fold(" ".join([group.name, *(line.name for line in group.lines)]))
            for word in wanted
        )
    ]


def expected_by_organisation(meeting: Meeting) -> list[Group]:
    """Return those who have said that they come, for lists and badges."""
    return [
        Group(group.organisation, group.expected)
        for group in overview(meeting).groups
        if group.expected
    ]


def _lines(meeting: Meeting, rows: Sequence[Attendance]) -> list[Line]:
    noted = {row.key: row for row in rows}
    lines = []
    for invitation in meeting.invitations.listed().select_related("organisation"):
        for line in _lines_of(meeting, invitation):
            row = noted.pop(line.key, None)
            lines.append(_as_noted(line, row) if row else line)
    # Without an invitation, or with an answer that has changed since.
    lines += [
        Line(
            key=row.key,
            name=row.name,
            people=row.people,
            organisation=row.organisation,
            is_counted=not row.name or row.people > 1,
            is_present=row.is_present,
            is_walk_in=row.is_walk_in,
        )
        for row in noted.values()
    ]
    return lines


def _lines_of(meeting: Meeting, invitation: Invitation) -> list[Line]:
    """Return a line for each person who comes on an invitation, and one for those not named."""

    def line(what: str, name: str, people: int = 1, *, counted: bool, remark: str = "") -> Line:
        return Line(
            key=uuid.uuid5(meeting.uid, f"{invitation.pk}:{what}"),
            name=name,
            people=people,
            organisation=invitation.organisation,
            invitation=invitation,
            is_expected=not remark,
            is_counted=counted,
            remark=remark,
        )

    called = invitation.name or invitation.email
    if invitation.waiting_since:
        return [line("", called, invitation.people, counted=True, remark=_("Warteliste"))]
    if invitation.reply != Invitation.Reply.YES:
        words = _("entschuldigt") if invitation.is_excused else invitation.get_reply_display()
        return [line("", called, counted=True, remark=words)]
    names = names_of(invitation)[: invitation.people]
    if not names:
        return [line("", called, invitation.people, counted=invitation.people > 1)]
    seen: dict[str, int] = {}
    lines = []
    for name in names:
        folded = fold(name)
        seen[folded] = seen.get(folded, 0) + 1
        lines.append(line(f"{folded}:{seen[folded]}", name[:NAME_LENGTH], counted=False))
    if rest := invitation.people - len(names):
        lines.append(line("rest", "", rest, counted=True))
    return lines


def _as_noted(line: Line, row: Attendance) -> Line:
    return Line(
        key=line.key,
        name=line.name,
        people=row.people,
        organisation=line.organisation,
        invitation=line.invitation,
        is_expected=line.is_expected,
        is_counted=line.is_counted or row.people > 1,
        is_present=row.is_present,
        remark=line.remark,
    )


def _stand(groups: Iterable[Group]) -> str:
    lines = sorted(
        (str(line.key), line.name, line.people, line.is_present, line.remark)
        for group in groups
        for line in group.lines
    )
    return hashlib.blake2s(repr(lines).encode(), digest_size=12).hexdigest()


# --- Noting ---------------------------------------------------------------------------------------
def opens_at(meeting: Meeting) -> datetime.datetime:
    """Return from when on one can be there: from the morning of the day."""
    return meeting.begins.replace(hour=0, minute=0, second=0, microsecond=0)


@transaction.atomic
def note(*, meeting: Meeting, taps: Sequence[Tap], by: User) -> Noted:
    """Note who is there.

    One faulty tap does not keep the others from being saved. A tap older than what is noted is
    saved by being nothing any more.

    :raises PermissionDenied: for those who may not.
    :raises Refused: before the day of the meeting, when it is cancelled, and for far too many.
    """
    if not by.has_perm("meetings.change_attendance"):
        raise PermissionDenied
    # One after the other: two tablets may make the same new line at the same moment.
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if meeting.is_cancelled:
        raise Refused(_("Das Treffen ist abgesagt."))
    if timezone.now() < opens_at(meeting):
        raise Refused(_("Wer da ist, kann man am Tag des Treffens eintragen."))
    if len(taps) > MOST_TAPS:
        raise Refused(_("Das sind zu viele Eingaben auf einmal."))
    rows = {row.key: row for row in Attendance.objects.filter(key__in={tap.key for tap in taps})}
    lines = {line.key: line for line in _lines(meeting, list(rows.values()))}
    organisations = Organisation.objects.visible_to(by).in_bulk(
        {tap.organisation for tap in taps if tap.organisation is not None}
    )
    noted = Noted([], {})
    for tap in sorted(taps, key=lambda tap: tap.at):
        if reason := _refusal(tap, meeting, rows, organisations):
            noted.refused[tap.key] = reason
            continue
        row = rows.get(tap.key) or _new_row(tap, meeting, lines, organisations)
        rows[tap.key] = row
        _apply(tap, row, by)
        noted.saved.append(tap.key)
    return noted


def _refusal(
    tap: Tap,
    meeting: Meeting,
    rows: Mapping[uuid.UUID, Attendance],
    organisations: Mapping[int, Organisation],
) -> str:
    row = rows.get(tap.key)
    if row is not None and row.meeting_id != meeting.pk:
        return _("Diese Zeile gehört zu einem anderen Treffen.")
    if tap.people is not None and not 1 <= tap.people <= MOST_PEOPLE:
        return _("Bitte geben Sie eine Zahl von 1 bis %(most)s an.") % {"most": MOST_PEOPLE}
    if len(clean_text(tap.name, multiline=False)) > NAME_LENGTH:
        return _("Der Name ist zu lang. Erlaubt sind %(most)s Zeichen.") % {"most": NAME_LENGTH}
    if row is None and tap.organisation is not None and tap.organisation not in organisations:
        return _("Diese Organisation gibt es nicht mehr.")
    return ""


def _new_row(
    tap: Tap,
    meeting: Meeting,
    lines: Mapping[uuid.UUID, Line],
    organisations: Mapping[int, Organisation],
) -> Attendance:
    line = lines.get(tap.key)
    if line is not None:
        return Attendance(
            key=tap.key,
            meeting=meeting,
            organisation=line.organisation,
            invitation=line.invitation,
            name=line.name[:NAME_LENGTH],
            people=line.people,
            is_walk_in=not line.is_expected,
            tapped_at=tap.at,
        )
    return Attendance(
        key=tap.key,
        meeting=meeting,
        organisation=organisations.get(tap.organisation) if tap.organisation is not None else None,
        name=clean_text(tap.name, multiline=False),
        is_walk_in=True,
        tapped_at=tap.at,
    )


def _apply(tap: Tap, row: Attendance, by: User) -> None:
    # Nobody taps in the future; a tablet's clock may think so.
    at = min(tap.at, timezone.now())
    if row.pk is not None and at < row.tapped_at:
        return
    row.tapped_at = at
    row.is_present = True if tap.is_present is None else tap.is_present
    if tap.people is not None:
        row.people = tap.people
    row.noted_by = by
    row.save()
