"""Answering an invitation: by its link, by an account, or by the officer for somebody on the phone.

Every answer locks the meeting's row before it counts the seats, so that two at once come one after
the other. Who answers "yes" where no seat is left waits; the list moves up by itself, in the order
in which people came to it. Whoever is too many for the seats that are left does not hold up those
who fit.
"""

import datetime
import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import services as accounts
from accounts.models import User
from core import tokens
from core.errors import Conflict, Refused
from meetings.emails import answers as emails
from meetings.models import Invitation, InvitationLink, Meeting
from meetings.services.links import new_link
from meetings.services.planning import seats_taken

__all__ = ["answer", "excuse", "move_up", "names_of", "seats_left", "seats_taken", "standing"]

Reply = Invitation.Reply
Way = Invitation.Way

# What only those who come have; it is forgotten when they do not.
NEEDS: Mapping[str, Any] = {
    "names": "",
    "interpreting": frozenset(),
    "children": 0,
    "access_needs": "",
    "food": "",
}
FIELDS = ("reply", "people", *NEEDS, "message")


class Standing(Enum):
    """What can still be said to an invitation."""

    OPEN = auto()
    # The registration is over: who has not said yes by now cannot any more; all else can be said.
    LATE = auto()
    BEGUN = auto()
    CANCELLED = auto()
    GONE = auto()


class NoSeats(Refused):
    """There are not as many seats as somebody wants; it is about the number of people."""


# --- What can be said -----------------------------------------------------------------------------
def find(token: str) -> InvitationLink | None:
    """Return the link of a token, also one that has expired; None for one that never was."""
    return (
        InvitationLink.objects.select_related("invitation__meeting", "invitation__organisation")
        .filter(token_hash=tokens.hash_token(token))
        .first()
    )


def standing(
    invitation: Invitation, meeting: Meeting, *, now: datetime.datetime | None = None
) -> Standing:
    """Return whether an invitation can still be answered.

    :param meeting: the invitation's, as it is now.
    """
    now = now or timezone.now()
    if invitation.removed_at is not None:
        return Standing.GONE
    if meeting.is_cancelled:
        return Standing.CANCELLED
    if meeting.starts_at <= now:
        return Standing.BEGUN
    return Standing.LATE if meeting.answers_end <= now else Standing.OPEN


def seats_left(meeting: Meeting) -> int | None:
    """Return how many seats are free, None where there is room for all."""
    if meeting.capacity is None:
        return None
    return max(0, meeting.capacity - seats_taken(meeting))


def place_in_line(invitation: Invitation) -> int:
    """Return somebody's place on the waiting list, 1 for the first; 0 for who does not wait."""
    if invitation.waiting_since is None:
        return 0
    earlier = Q(waiting_since__lt=invitation.waiting_since) | Q(
        waiting_since=invitation.waiting_since, pk__lt=invitation.pk
    )
    waiting = Invitation.objects.waiting().filter(meeting_id=invitation.meeting_id)
    return waiting.filter(earlier).count() + 1


def names_of(invitation: Invitation) -> list[str]:
    """Return the names of those who come, as far as somebody has written them down."""
    return [name for part in re.split(r"[,;\n]", invitation.names) if (name := part.strip())]


def current(invitation: Invitation) -> dict[str, Any]:
    """Return an answer as two people's entries are compared, languages by their keys."""
    found = {field: getattr(invitation, field) for field in FIELDS if field != "interpreting"}
    found["interpreting"] = frozenset(invitation.interpreting.values_list("pk", flat=True))
    return found


# --- Answering ------------------------------------------------------------------------------------
@transaction.atomic
def answer(
    *,
    invitation: Invitation,
    values: Mapping[str, Any],
    seen_version: int,
    way: str,
    by: User | None = None,
) -> Invitation:
    """Answer an invitation, or change the answer.

    :param values: new values by name of the field (`FIELDS`), `interpreting` as rows; what is not
        named stays. A "yes" without a number is one person.
    :param seen_version: `Invitation.version` when the person began to answer.
    :param way: how the answer comes, one of `Invitation.Way`.
    :param by: who is logged in; needed for all ways but the link.
    :return: the answered invitation; unchanged if that was the answer before.
    :raises PermissionDenied: if the person may not answer for this invitation.
    :raises Refused: when it is too late; `NoSeats` when the seats do not suffice.
    :raises Conflict: if another answer has come in since; nothing is saved then.
    """
    unknown = values.keys() - set(FIELDS)
    if unknown:
        raise ValueError(f"Not part of an answer: {', '.join(sorted(unknown))}")
    _check_person(invitation, way, by)
    meeting, row = _lock(invitation)
    present = current(row)
    wanted = _wanted(present, values)
    changes = {field for field in FIELDS if wanted[field] != present[field]}
    if row.is_excused and wanted["reply"] == Reply.YES:
        changes.add("is_excused")
    if not changes:
        return row
    _check_time(row, meeting, wanted["reply"], is_office=way == Way.OFFICE)
    if row.version != seen_version:
        raise Conflict({field: present[field] for field in changes & set(FIELDS)}, row.version)
    _take_seats(row, meeting, wanted)
    for field in changes & set(FIELDS) - {"interpreting"}:
        setattr(row, field, wanted[field])
    if "interpreting" in changes:
        row.interpreting.set(wanted["interpreting"])
    row.is_excused = row.is_excused and wanted["reply"] != Reply.YES
    row.replied_at = timezone.now()
    row.replied_by_way = way
    row.version += 1
    row.save()
    _move_up(meeting)
    if way == Way.LINK and row.user:
        accounts.seen(row.user)
    return row


@transaction.atomic
def excuse(*, invitation: Invitation, is_excused: bool, by: User) -> bool:
    """Note that somebody has excused themselves, or take the note back.

    Who had said yes does not come, and the seats are free again.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: for a meeting that was cancelled, or an invitation that was withdrawn.
    """
    _check_person(invitation, Way.OFFICE, by)
    meeting, row = _lock(invitation)
    if row.is_excused == is_excused:
        return False
    if is_excused:
        _check_time(row, meeting, Reply.NO, is_office=True)
    row.is_excused = is_excused
    if is_excused and row.reply == Reply.YES:
        row.reply, row.people, row.waiting_since = Reply.NO, 0, None
        row.replied_at, row.replied_by_way = timezone.now(), Way.OFFICE
        for field in NEEDS.keys() - {"interpreting"}:
            setattr(row, field, NEEDS[field])
        row.interpreting.clear()
        row.version += 1
    row.save()
    _move_up(meeting)
    return True


@transaction.atomic
def move_up(*, meeting: Meeting) -> list[Invitation]:
    """Give the seats that have become free to those who wait, and tell them by mail.

    To be called when there are more seats, or when somebody was taken off the list; answers do it
    themselves.

    :return: who has got a seat.
    """
    return _move_up(Meeting.objects.select_for_update().get(pk=meeting.pk))


def meeting_changed(meeting: Meeting, *, what: set[str], by: User) -> None:
    """Do so when the officer has changed the number of seats; see `planning.changed_handlers`."""
    if "capacity" in what:
        _move_up(meeting)


def _move_up(meeting: Meeting) -> list[Invitation]:
    """Do it for a meeting whose row is locked."""
    if meeting.is_cancelled or meeting.has_begun:
        return []
    waiting = list(meeting.invitations.waiting().select_for_update())
    if not waiting:
        return []
    left, now = seats_left(meeting), timezone.now()
    moved = []
    for row in waiting:
        if left is not None and row.people > left:
            continue
        left = None if left is None else left - row.people
        since, row.waiting_since = row.waiting_since or now, None
        row.save(update_fields=["waiting_since"])
        row.meeting = meeting
        if row.email:
            emails.moved_up(row, token=new_link(row), waited_since=since)
        moved.append(row)
    return moved


def _lock(invitation: Invitation) -> tuple[Meeting, Invitation]:
    meeting = Meeting.objects.select_for_update().get(pk=invitation.meeting_id)
    row = Invitation.objects.select_for_update().get(pk=invitation.pk)
    row.meeting = meeting
    return meeting, row


def _check_person(invitation: Invitation, way: str, by: User | None) -> None:
    if way == Way.LINK:
        return  # who has the link reads the mailbox it went to
    if by is None:
        raise PermissionDenied
    if way == Way.OFFICE and not by.has_perm("meetings.change_invitation"):
        raise PermissionDenied
    if way == Way.ACCOUNT and not Invitation.objects.of(by).filter(pk=invitation.pk).exists():
        raise PermissionDenied


def _check_time(row: Invitation, meeting: Meeting, reply: str, *, is_office: bool) -> None:
    """Refuse what comes too late; the officer may note what she was told in time, also later."""
    now = standing(row, meeting)
    if now == Standing.GONE:
        raise Refused(_("Diese Einladung gilt nicht mehr."))
    if now == Standing.CANCELLED:
        raise Refused(_("Das Treffen ist abgesagt."))
    if is_office:
        return
    if now == Standing.BEGUN:
        raise Refused(_("Das Treffen hat schon begonnen. Antworten geht jetzt nicht mehr."))
    if now == Standing.LATE and reply == Reply.YES and row.reply != Reply.YES:
        raise Refused(
            _(
                "Die Anmeldung ist schon geschlossen. Möchten Sie trotzdem kommen? Dann rufen Sie "
                "uns bitte an oder schreiben Sie uns."
            )
        )


def _wanted(present: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole answer as it is to be, with what belongs together."""
    wanted = {**present, **values}
    wanted["interpreting"] = frozenset(getattr(one, "pk", one) for one in wanted["interpreting"])
    if wanted["reply"] == Reply.YES:
        wanted["people"] = wanted["people"] or 1
    else:
        wanted["people"] = 0
    if wanted["reply"] == Reply.NO:
        wanted |= NEEDS
    return wanted


def _take_seats(row: Invitation, meeting: Meeting, wanted: Mapping[str, Any]) -> None:
    """Give the seats an answer asks for, or a place on the waiting list.

    :raises NoSeats: if somebody who has seats asks for more than there are, and would lose them;
        or if so many could never come.
    """
    had_seats = row.reply == Reply.YES and row.waiting_since is None
    people = wanted["people"]
    if wanted["reply"] != Reply.YES or meeting.capacity is None:
        row.waiting_since = None
        return
    if had_seats and people <= row.people:
        return
    if people > meeting.capacity:
        raise NoSeats(
            ngettext(
                "Es gibt nur %(number)d Platz. Bitte tragen Sie weniger Personen ein.",
                "Es gibt nur %(number)d Plätze. Bitte tragen Sie weniger Personen ein.",
                meeting.capacity,
            )
            % {"number": meeting.capacity}
        )
    left = meeting.capacity - seats_taken(meeting) + (row.people if had_seats else 0)
    if people <= left:
        row.waiting_since = None
    elif had_seats:
        raise NoSeats(
            ngettext(
                "So viele Plätze sind nicht mehr frei. Sie können höchstens mit %(number)d Person "
                "kommen. Ihre Anmeldung von vorher gilt weiter.",
                "So viele Plätze sind nicht mehr frei. Sie können höchstens mit %(number)d "
                "Personen kommen. Ihre Anmeldung von vorher gilt weiter.",
                left,
            )
            % {"number": left}
        )
    else:
        row.waiting_since = row.waiting_since or timezone.now()


# --- What others of the same organisation have said -----------------------------------------------
MOST_OTHERS = 20


def others(invitation: Invitation) -> list[Invitation]:
    """Return the answers of others who were invited for the same organisation, names only."""
    if invitation.organisation_id is None:
        return []
    return list(
        Invitation.objects.invited()
        .filter(meeting_id=invitation.meeting_id, organisation_id=invitation.organisation_id)
        .exclude(pk=invitation.pk)
        .exclude(reply=Reply.NONE)
        .only("name", "reply", "people", "waiting_since")
        .order_by("name", "pk")[:MOST_OTHERS]
    )
