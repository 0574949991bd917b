"""Registering for an action: by whoever reads the mail, or noted by those who organise it.

Nobody has a seat before the link in the mail was used, so that nobody can fill an action with other
people's addresses. Every step locks the action's row before it counts the seats, so that two at
once come one after the other. Who finds no seat left waits; the list moves up by itself, in the
order in which people came to it. Whoever is too many for the seats that are left does not hold up
those who fit.
"""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User, normalise_email
from actions import registration_links
from actions.emails import registrations as emails
from actions.models import ActionDate, JointAction, Registration
from actions.services.registration_seats import (
    HOLDING,
    Counts,
    Standing,
    counts,
    is_open,
    listed,
    numbers,
    open_dates,
    people,
    place_in_line,
    seats_left,
    seats_taken,
    standing,
)
from core import limits
from core.errors import Refused

__all__ = [
    "HOLDING",
    "Counts",
    "NoSeats",
    "Standing",
    "add",
    "cancel",
    "change_people",
    "confirm",
    "counts",
    "forget",
    "is_open",
    "listed",
    "move_up",
    "numbers",
    "of_address",
    "open_dates",
    "people",
    "place_in_line",
    "register",
    "remove",
    "seats_left",
    "seats_taken",
    "standing",
]

State = Registration.State
# Nobody needs more; a script would fill the table.
MOST_UNCONFIRMED = 5000


class NoSeats(Refused):
    """There are not as many seats as somebody wants; it is about the number of people."""


# --- Registering ----------------------------------------------------------------------------------
def register(
    *, date: ActionDate, values: Mapping[str, Any], language: str, creation_key: uuid.UUID
) -> None:
    """Note that somebody wants to come, and ask by mail whether that is so.

    The answer is the same whether the address has registered before or not: who has gets the mail
    once more that says so. One address gets three such mails a day; what is beyond that waits for
    `registration_news.ask_later`.

    :param values: `name`, `email`, `people` and `message`.
    :param language: of the page, for the mails.
    :param creation_key: made with the empty form; the same form sent again changes nothing.
    :raises Refused: if one cannot register at the moment; `NoSeats` if so many can never come.
    """
    if _is_the_same(creation_key, date, values):
        return
    # Before the transaction, see `core.limits`.
    may_write = may_ask(date.action_id, values["email"])
    _register(date, values, language, creation_key, may_write=may_write)


def may_ask(action_pk: int, email: str) -> bool:
    """Count one more mail that a stranger causes, and say whether it may go now."""
    key = normalise_email(email)
    return limits.allow(key, action="registration_mail") and limits.allow(
        str(action_pk), action="registration_mails"
    )


def _is_the_same(creation_key: uuid.UUID, date: ActionDate, values: Mapping[str, Any]) -> bool:
    """Whether a form was sent before, and not filled in anew for somebody else by the way back."""
    return Registration.objects.filter(
        creation_key=creation_key, date=date, email_key=normalise_email(values["email"])
    ).exists()


@transaction.atomic
def _register(
    date: ActionDate,
    values: Mapping[str, Any],
    language: str,
    creation_key: uuid.UUID,
    *,
    may_write: bool,
) -> None:
    action, date = _lock_date(date)
    if _is_the_same(creation_key, date, values):
        return  # sent twice at the same moment
    if Registration.objects.filter(creation_key=creation_key).exists():
        creation_key = uuid.uuid4()
    _check_open(action, date)
    _check_people(action, values["people"])
    key = normalise_email(values["email"])
    row = _of_address(date, key)
    if row is None:
        if date.registrations.filter(state=State.NEW).count() >= MOST_UNCONFIRMED:
            raise Refused(
                _("Gerade kommen zu viele Anmeldungen. Bitte versuchen Sie es morgen noch einmal.")
            )
        row = Registration(
            date=date, email=values["email"], email_key=key, salt=registration_links.new_salt()
        )
    if row.state == State.NEW:
        for field in ("name", "people", "message"):
            setattr(row, field, values[field])
        row.language, row.created_at = language, timezone.now()
    row.creation_key = creation_key
    if may_write and row.state == State.NEW:
        row.mailed_at = timezone.now()
    row.save()
    row.date = date
    if may_write:
        mail = {State.CONFIRMED: emails.CONFIRMED, State.WAITING: emails.WAITING}
        emails.send(row, mail.get(State(row.state), emails.ASK), key=str(creation_key))


@transaction.atomic
def confirm(*, registration: Registration, people: int | None = None) -> Registration:
    """Let a registration count, because the link in its mail was used; twice is once.

    Whoever has registered in time may confirm it after the deadline.

    :param people: another number than was registered.
    :return: the registration, with a seat or on the waiting list.
    :raises Refused: if it is too late; `NoSeats` if so many can never come.
    """
    action, date, row = _lock(registration)
    if row.state in HOLDING:
        return row
    if row.state == State.CANCELLED:
        raise Refused(
            _("Sie haben sich abgemeldet. Möchten Sie doch kommen? Dann melden Sie sich neu an.")
        )
    _check_open(action, date, since=row.created_at)
    row.people = people or row.people
    _check_people(action, row.people)
    _seat(row, action, date)
    return row


@transaction.atomic
def change_people(*, registration: Registration, people: int) -> Registration:
    """Come with more people or with fewer.

    :raises Refused: if it is too late; `NoSeats` if there are not so many; nothing changes then.
    """
    action, date, row = _lock(registration)
    if row.people == people:
        return row
    if row.state not in HOLDING:
        raise Refused(_("Diese Anmeldung gilt nicht."))
    now = standing(action, date)
    is_late = now != Standing.OPEN and people > row.people
    if is_late or now in {Standing.BEGUN, Standing.CANCELLED}:
        raise Refused(_closed(now))
    _check_people(action, people)
    left = seats_left(action, date)
    more = people - row.people
    if row.state == State.CONFIRMED and left is not None and more > left:
        most = row.people + left
        raise NoSeats(
            ngettext(
                "So viele Plätze sind nicht mehr frei. Sie können höchstens mit %(number)d Person "
                "kommen. Ihre Anmeldung von vorher gilt weiter.",
                "So viele Plätze sind nicht mehr frei. Sie können höchstens mit %(number)d "
                "Personen kommen. Ihre Anmeldung von vorher gilt weiter.",
                most,
            )
            % {"number": most}
        )
    row.people = people
    row.save(update_fields=["people"])
    move_up(action, date)
    row.refresh_from_db()
    return row


@transaction.atomic
def cancel(*, registration: Registration) -> bool:
    """Give a seat or a place on the waiting list back; twice is once.

    :return: whether anything changed.
    :raises Refused: when the date is over.
    """
    action, date, row = _lock(registration)
    if row.state == State.CANCELLED:
        return False
    if date.is_over:
        raise Refused(_("Dieser Termin ist vorbei."))
    _give_back(row)
    move_up(action, date)
    return True


# --- By those who organise ------------------------------------------------------------------------
def add(
    *, date: ActionDate, values: Mapping[str, Any], by: User, creation_key: uuid.UUID
) -> Registration:
    """Note somebody who has telephoned, or stands at the door.

    Counts at once, after the deadline and during the event as well. Who has given an address gets
    the mail with the link.

    :param values: `name`, `people`, `email` and `message`; `email` may be empty.
    :param creation_key: the same form sent again is the same registration.
    :return: the registration, with a seat or on the waiting list.
    :raises PermissionDenied: if the person does not take part in the action.
    :raises Refused: if it is too late, or the address has registered; `NoSeats`.
    """
    if there := Registration.objects.filter(creation_key=creation_key).first():
        return there
    if not limits.allow(str(by.pk), action="registration_by_hand"):
        raise Refused(_("Das waren sehr viele Anmeldungen. Bitte warten Sie eine Stunde."))
    may_write = bool(values["email"]) and limits.allow(
        normalise_email(values["email"]), action="registration_mail"
    )
    return _add(date, values, by, creation_key, may_write=may_write)


@transaction.atomic
def _add(
    date: ActionDate,
    values: Mapping[str, Any],
    by: User,
    creation_key: uuid.UUID,
    *,
    may_write: bool,
) -> Registration:
    action, date = _lock_date(date)
    _check_person(action, by)
    if there := Registration.objects.filter(creation_key=creation_key).first():
        return there
    if action.is_cancelled:
        raise Refused(_closed(Standing.CANCELLED))
    if date.is_over:
        raise Refused(_("Dieser Termin ist vorbei."))
    _check_people(action, values["people"])
    key = normalise_email(values["email"])
    row = _of_address(date, key) if key else None
    if row is not None and row.state in HOLDING:
        text = _("Mit dieser E-Mail-Adresse ist schon jemand angemeldet: %(name)s.")
        raise Refused(text % {"name": row.name})
    if row is None:
        row = Registration(
            date=date,
            email=values["email"],
            email_key=key,
            salt=registration_links.new_salt(),
            language=by.language,
        )
    for field in ("name", "people", "message"):
        setattr(row, field, values[field])
    row.creation_key = creation_key
    _seat(row, action, date, tells=may_write)
    return row


@transaction.atomic
def remove(*, registration: Registration, by: User) -> bool:
    """Take somebody off the list, who is told by mail.

    :return: whether anything changed.
    :raises PermissionDenied: if the person does not take part in the action.
    :raises Refused: when the date is over.
    """
    action, date, row = _lock(registration)
    _check_person(action, by)
    if row.state == State.CANCELLED:
        return False
    if date.is_over:
        raise Refused(_("Dieser Termin ist vorbei."))
    had_word = row.state in HOLDING
    _give_back(row)
    if had_word and not action.is_cancelled:
        emails.send(row, emails.REMOVED)
    move_up(action, date)
    return True


def move_up(action: JointAction, date: ActionDate) -> list[Registration]:
    """Give the seats that are free to those who wait, and tell them by mail.

    :param action: with its row locked.
    :return: who has got a seat.
    """
    if standing(action, date) not in {Standing.OPEN, Standing.CLOSED}:
        return []
    waiting = list(
        date.registrations.filter(state=State.WAITING)
        .order_by("waiting_since", "pk")
        .select_for_update()
    )
    if not waiting:
        return []
    date.action = action
    left, moved = seats_left(action, date), []
    for row in waiting:
        if left is not None and row.people > left:
            continue
        left = None if left is None else left - row.people
        since = row.waiting_since
        row.state, row.state_since, row.waiting_since = State.CONFIRMED, timezone.now(), None
        row.save(update_fields=["state", "state_since", "waiting_since"])
        row.date = date
        emails.send(row, emails.MOVED_UP, key=str(since and since.timestamp()))
        moved.append(row)
    return moved


# --- What an address has registered ---------------------------------------------------------------
def of_address(email: str) -> QuerySet[Registration]:
    """Return what somebody has registered for, whatever became of it."""
    key = normalise_email(email)
    rows = Registration.objects.filter(email_key=key) if key else Registration.objects.none()
    return rows.select_related("date__action").order_by("date__starts_at", "pk")


def forget(*, email: str) -> int:
    """Delete what an address has registered, because its owner wants to be forgotten.

    Of dates that have begun the number of people stays; on the others the waiting list moves up.

    :return: how many registrations there were.
    """
    number = 0
    for found in of_address(email):
        with transaction.atomic():
            action, date, row = _lock(found)
            if date.starts_at <= timezone.now():
                keep_number(date, row.people if row.state == State.CONFIRMED else 0)
            row.delete()
            move_up(action, date)
            number += 1
    return number


def keep_number(date: ActionDate, people: int) -> None:
    """Add people whose registrations are about to be deleted to the number the date keeps."""
    ActionDate.objects.filter(pk=date.pk).update(
        people_registered=Coalesce(F("people_registered"), 0) + people
    )


# --- What they have in common ---------------------------------------------------------------------
def _lock_date(date: ActionDate) -> tuple[JointAction, ActionDate]:
    action = JointAction.objects.select_for_update().get(pk=date.action_id)
    row = ActionDate.objects.filter(pk=date.pk).select_for_update().first()
    if row is None:
        raise Refused(_("Diesen Termin gibt es nicht mehr."))
    row.action = action
    return action, row


def _lock(registration: Registration) -> tuple[JointAction, ActionDate, Registration]:
    action, date = _lock_date(registration.date)
    row = date.registrations.filter(pk=registration.pk).select_for_update().first()
    if row is None:
        raise Refused(_("Diese Anmeldung gibt es nicht mehr."))
    row.date = date
    return action, date, row


def _of_address(date: ActionDate, key: str) -> Registration | None:
    rows = date.registrations.exclude(state=State.CANCELLED).filter(email_key=key)
    row = rows.select_for_update().first()
    if row is not None:
        row.date = date
    return row


def _check_person(action: JointAction, by: User) -> None:
    if not JointAction.objects.editable_by(by).filter(pk=action.pk).exists():
        raise PermissionDenied


def _check_open(
    action: JointAction, date: ActionDate, *, since: datetime.datetime | None = None
) -> None:
    """Refuse what comes too late; what came at `since` was in time if one could register then."""
    now = standing(action, date)
    if now == Standing.CLOSED and since is not None and action.takes_registrations:
        now = standing(action, date, now=since)
    if now != Standing.OPEN:
        raise Refused(_closed(now))


def _closed(now: Standing) -> str:
    if now == Standing.CANCELLED:
        return _("Die Aktion ist abgesagt.")
    if now == Standing.HIDDEN:
        return _("Die Aktion steht zurzeit nicht im Programm. Anmelden geht gerade nicht.")
    if now == Standing.BEGUN:
        return _("Dieser Termin hat schon begonnen. Anmelden geht jetzt nicht mehr.")
    return _("Die Anmeldung ist schon geschlossen.")


def _check_people(action: JointAction, people: int) -> None:
    if action.capacity is not None and people > action.capacity:
        raise NoSeats(
            ngettext(
                "Es gibt nur %(number)d Platz. Bitte tragen Sie weniger Personen ein.",
                "Es gibt nur %(number)d Plätze. Bitte tragen Sie weniger Personen ein.",
                action.capacity,
            )
            % {"number": action.capacity}
        )


def _seat(row: Registration, action: JointAction, date: ActionDate, *, tells: bool = True) -> None:
    """Let a registration count, with seats if there are enough, and tell the person."""
    left, now = seats_left(action, date), timezone.now()
    has_seats = left is None or row.people <= left
    row.state = State.CONFIRMED if has_seats else State.WAITING
    row.state_since, row.waiting_since = now, None if has_seats else now
    row.save()
    row.date = date
    if tells:
        emails.send(row, emails.CONFIRMED if has_seats else emails.WAITING)


def _give_back(row: Registration) -> None:
    row.state, row.state_since, row.waiting_since = State.CANCELLED, timezone.now(), None
    row.save(update_fields=["state", "state_since", "waiting_since"])
