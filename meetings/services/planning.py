"""A meeting's life: planned, changed, invited, held, documented, or cancelled.

Every verb locks the meeting's row first, says in the history who did what and why, and tells
`changed_handlers` in the same transaction. Called twice, it changes nothing the second time.
"""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from accounts.models import User
from core import history
from core.errors import Refused
from meetings.models import Meeting, Minutes, may_plan
from meetings.services import details
from organisations.services import slugs
from organisations.services.editing import merge

State = Meeting.State

MOST_REMINDERS = 5
# What the handlers are told of a change.
WHAT = {
    "starts_at": "date",
    "ends_at": "date",
    "time_zone": "date",
    "place": "place",
    "address": "place",
    "online_url": "place",
    "title": "title",
    "capacity": "capacity",
}
# Whoever has it in their calendar has to be told (RFC 5546, 2.1.4).
IN_CALENDARS = frozenset({"date", "place", "title", "cancelled"})
FAR_AWAY = datetime.timedelta(days=548)  # 18 months: further away it may be a typing error
LONG = datetime.timedelta(hours=12)


class Changed(Protocol):
    def __call__(self, meeting: Meeting, *, what: set[str], by: User) -> None: ...


class Created(Protocol):
    def __call__(self, meeting: Meeting, *, by: User) -> None: ...


# Called in the same transaction, with the locked row as it is afterwards, after every change that
# matters beyond the row: `what` holds some of "date", "place", "title", "capacity", "cancelled".
# Whatever state the meeting is in: each handler looks at it itself.
changed_handlers: list[Changed] = []
# Called once for every new meeting, in the transaction that makes it.
created_handlers: list[Created] = []


# --- Planning -------------------------------------------------------------------------------------
@transaction.atomic
def create(
    *,
    values: Mapping[str, Any],
    by: User,
    creation_key: uuid.UUID | None = None,
    copied_from: Meeting | None = None,
) -> Meeting:
    """Plan a meeting.

    :param values: by name of the field: those of `details.FIELDS`, translations by
        `core.translations.translation_field`, and `reminders` (days before it; 14 and 3 if not
        given).
    :param creation_key: made with the empty form: the same form sent twice is one meeting.
    :param copied_from: the meeting it was copied from.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if what is said of it cannot be; see `problems`.
    """
    if not may_plan(by):
        raise PermissionDenied
    details.check_names(values)
    if creation_key and (found := Meeting.objects.filter(creation_key=creation_key).first()):
        return found
    _refuse(problems(values))
    row = Meeting(creation_key=creation_key, copied_from=copied_from)
    row.slug = unique_slug(values["title"], values["starts_at"])
    details.assign(row, values, values)
    # One entry in the history, with the relations in it.
    row.skip_history_when_saving = True  # type: ignore[attr-defined]
    row.save()
    details.relate(row, values, values)
    del row.skip_history_when_saving  # type: ignore[attr-defined]
    history.note(row, by=by, reason=gettext_lazy("Treffen geplant"))
    row.save()
    row.history.update(history_type="+")
    details.set_reminders(row, values.get(details.REMINDERS, details.DEFAULT_REMINDERS))
    for handler in created_handlers:
        handler(row, by=by)
    return row


def change(
    *,
    meeting: Meeting,
    values: Mapping[str, Any],
    seen_version: int,
    by: User,
    reason: str | Promise = "",
) -> Meeting:
    """Change what is known about a meeting; who is invited is told by `changed_handlers`.

    :param values: as for `create`; what is not named stays.
    :param seen_version: `Meeting.version` when the person began to edit.
    :param reason: stands in the history before the names of the fields; "Geändert" without one.
    :return: the saved meeting; unchanged if nothing differs.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if it is cancelled, or what is said of it cannot be.
    :raises Conflict: if somebody else has changed the same fields to something else; nothing is
        saved then.
    """
    if not may_plan(by):
        raise PermissionDenied
    with transaction.atomic():
        row = _lock(meeting)
        found = changes(meeting=row, values=values, seen_version=seen_version)
        if found:
            _refuse(
                problems(details.values_of(row) | {name: values[name] for name in found}, of=row)
            )
            _write(row, found, values, by, reason)
    return row


def changes(*, meeting: Meeting, values: Mapping[str, Any], seen_version: int) -> dict[str, Any]:
    """Return what `change` would write, by name of the field.

    :param meeting: as the database has it.
    :raises Refused: if it is cancelled.
    :raises Conflict: if somebody else has changed the same fields to something else.
    """
    details.check_names(values)
    if meeting.state == State.CANCELLED:
        raise Refused(_("Das Treffen ist abgesagt. Es kann nicht mehr geändert werden."))
    present = {name: details.current(meeting, name) for name in values}
    is_fresh = meeting.version == seen_version
    return merge(
        mine={name: details.comparable_value(name, value) for name, value in values.items()},
        theirs=present,
        seen=present if is_fresh else details.as_of(meeting, seen_version, values),
        version=meeting.version,
    )


def problems(values: Mapping[str, Any], *, of: Meeting | None = None) -> dict[str, str]:
    """Return what cannot be, as sentences by name of the field; the form says the same.

    :param values: a whole meeting, see `create`.
    :param of: the meeting they are to be written to; None for a new one.
    """
    found: dict[str, str] = {}
    if not values.get("title"):
        found["title"] = _("Bitte geben Sie dem Treffen einen Titel.")
    begin, end = values.get("starts_at"), values.get("ends_at")
    if begin and end and end <= begin:
        found["ends_at"] = _("Das Ende muss nach dem Beginn liegen.")
    for name in ("answer_until", "proposals_until"):
        if begin and (until := values.get(name)) and until > begin:
            found[name] = _("Dieser Zeitpunkt liegt nach dem Beginn des Treffens.")
    if of is not None and of.state not in {State.PLANNED, State.CANCELLED}:
        if not values.get("place") and not values.get("online_url"):
            found["place"] = _(
                "Es ist schon eingeladen. Es braucht einen Ort oder einen Online-Link."
            )
        if values.get("visibility") == Meeting.Visibility.OFFICE:
            found["visibility"] = _("Wer eingeladen ist, muss das Treffen sehen können.")
    capacity = values.get("capacity")
    if of is not None and capacity and (coming := seats_taken(of)) > capacity:
        found["capacity"] = ngettext(
            "Es kommt schon %(number)s Person. Weniger Plätze geht nicht.",
            "Es kommen schon %(number)s Personen. Weniger Plätze geht nicht.",
            coming,
        ) % {"number": coming}
    if len(values.get(details.REMINDERS, ())) > MOST_REMINDERS:
        found[details.REMINDERS] = _("Höchstens %(number)s Erinnerungen.") % {
            "number": MOST_REMINDERS
        }
    return found


def doubts(
    begin: datetime.datetime, end: datetime.datetime, *, now: datetime.datetime | None = None
) -> list[str]:
    """Return what looks like a typing error in a date, as sentences; it may still be meant."""
    now = now or timezone.now()
    found = []
    if begin < now:
        found.append(_("Der Beginn liegt in der Vergangenheit."))
    if begin > now + FAR_AWAY:
        found.append(_("Das Treffen ist mehr als 18 Monate entfernt. Stimmt das Jahr?"))
    if end - begin > LONG:
        found.append(_("Das Treffen dauert länger als 12 Stunden. Stimmt das Ende?"))
    return found


def seats_taken(meeting: Meeting) -> int:
    """Return how many people have a seat."""
    return meeting.invitations.coming().aggregate(total=Sum("people"))["total"] or 0


def last_meeting() -> Meeting | None:
    """Return the meeting the next one is most likely copied from: the latest network meeting."""
    rows = Meeting.objects.exclude(state=State.CANCELLED)
    network = rows.filter(kind__in=[Meeting.Kind.NETWORK, Meeting.Kind.KICKOFF])
    return network.order_by("-starts_at", "-pk").first() or rows.order_by("-starts_at").first()


# --- Its states -----------------------------------------------------------------------------------
@transaction.atomic
def mark_invited(*, meeting: Meeting, by: User) -> bool:
    """Note that the invitations go out.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if it is over or cancelled, has no place, or members could not see it.
    """
    row = _lock_for(meeting, by)
    if row.state == State.INVITED:
        return False
    if row.state != State.PLANNED:
        raise Refused(
            _("Zu diesem Treffen kann man nicht einladen. Der Stand ist „%(state)s“.")
            % {"state": row.get_state_display()}
        )
    if problem := not_ready(row):
        raise Refused(problem)
    _move(row, State.INVITED, by, gettext_lazy("Eingeladen"))
    _follow(meeting, row)
    return True


def not_ready(meeting: Meeting) -> str:
    """Return what is missing before anybody can be invited, or ""."""
    if meeting.has_begun:
        return _("Das Treffen hat schon begonnen.")
    if not meeting.place and not meeting.online_url:
        return _("Es fehlt noch der Ort oder der Online-Link.")
    if meeting.visibility == Meeting.Visibility.OFFICE:
        return _("Noch sieht nur das Team dieses Treffen. Bitte ändern Sie das bei den Angaben.")
    return ""


@transaction.atomic
def hold(*, meeting: Meeting, by: User) -> bool:
    """Note that a meeting has taken place.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if it has not begun, or is cancelled.
    """
    row = _lock_for(meeting, by)
    if row.state in {State.HELD, State.DOCUMENTED}:
        return False
    if row.state == State.CANCELLED:
        raise Refused(_("Das Treffen ist abgesagt."))
    if not row.has_begun:
        raise Refused(_("Das Treffen hat noch nicht begonnen."))
    if not row.place and not row.online_url:
        raise Refused(_("Es fehlt noch der Ort oder der Online-Link."))
    if row.visibility == Meeting.Visibility.OFFICE:
        raise Refused(
            _("Noch sieht nur das Team dieses Treffen. Bitte ändern Sie das bei den Angaben.")
        )
    _move(row, State.HELD, by, gettext_lazy("Hat stattgefunden"))
    _follow(meeting, row)
    return True


@transaction.atomic
def take_back_hold(*, meeting: Meeting, by: User) -> bool:
    """Undo `hold`, which was pressed by mistake.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if its minutes are published.
    """
    row = _lock_for(meeting, by)
    if row.state == State.DOCUMENTED:
        raise Refused(_("Das Protokoll ist schon veröffentlicht."))
    if row.state != State.HELD:
        return False
    was_invited = row.invitations.invited().exists()
    state = State.INVITED if was_invited else State.PLANNED
    _move(row, state, by, gettext_lazy("„Hat stattgefunden“ zurückgenommen"))
    _follow(meeting, row)
    return True


@transaction.atomic
def mark_documented(*, meeting: Meeting, by: User) -> bool:
    """Note that the minutes are published; a meeting nobody marked as held was held.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if it has not begun, or is cancelled.
    """
    hold(meeting=meeting, by=by)
    row = _lock(meeting)
    if row.state == State.DOCUMENTED:
        return False
    _move(row, State.DOCUMENTED, by, gettext_lazy("Protokoll veröffentlicht"))
    _follow(meeting, row)
    return True


@transaction.atomic
def cancel(*, meeting: Meeting, reason: str, by: User) -> bool:
    """Cancel a meeting; whoever is invited gets a mail and their calendar an update.

    :param reason: what those who were invited read.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if it has taken place.
    """
    row = _lock_for(meeting, by)
    if row.state == State.CANCELLED:
        return False
    if row.state in {State.HELD, State.DOCUMENTED} or row.is_over:
        raise Refused(_("Das Treffen ist vorbei. Es kann nicht mehr abgesagt werden."))
    row.cancel_reason = reason.strip()
    row.sequence += 1
    _move(row, State.CANCELLED, by, gettext_lazy("Abgesagt"))
    _follow(meeting, row)
    _tell(row, {"cancelled"}, by)
    return True


def may_be_deleted(meeting: Meeting) -> bool:
    """Whether nobody was ever invited, so that deleting it hides nothing from anybody."""
    return (
        meeting.state in {State.PLANNED, State.CANCELLED}
        and not meeting.invitations.exclude(invited_at=None).exists()
        and not meeting.attendance.exists()
        and not meeting.decisions.exists()
        and not meeting.tasks.exists()
        and not Minutes.objects.filter(meeting=meeting).exists()
    )


# --- Helpers --------------------------------------------------------------------------------------
def unique_slug(title: str, begin: datetime.datetime) -> str:
    """Return an address no other meeting has, with the year in it.

    It stays when title or date change: it stands in mails and calendars.
    """
    base = f"{slugs.readable(title, fallback='treffen')}-{timezone.localtime(begin).year}"
    taken = set(Meeting.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _lock(meeting: Meeting) -> Meeting:
    return Meeting.objects.select_for_update().get(pk=meeting.pk)


def _lock_for(meeting: Meeting, by: User) -> Meeting:
    if not may_plan(by):
        raise PermissionDenied
    return _lock(meeting)


def _move(row: Meeting, state: str, by: User, reason: str | Promise) -> None:
    row.state = state
    row.state_since = timezone.now()
    row.version += 1
    history.note(row, by=by, reason=reason)
    row.save()


def _follow(meeting: Meeting, row: Meeting) -> None:
    """Let the caller's object say what the row says now."""
    for name in ("state", "state_since", "version", "sequence", "cancel_reason"):
        setattr(meeting, name, getattr(row, name))


def _tell(row: Meeting, what: set[str], by: User) -> None:
    for handler in changed_handlers:
        handler(row, what=what, by=by)


def _refuse(found: Mapping[str, str]) -> None:
    if found:
        raise Refused(" ".join(found.values()))


def _write(
    row: Meeting,
    changes: Mapping[str, Any],
    values: Mapping[str, Any],
    by: User,
    reason: str | Promise,
) -> None:
    what = {WHAT[name] for name in changes if name in WHAT}
    details.assign(row, changes, values)
    row.skip_history_when_saving = True  # type: ignore[attr-defined]
    details.relate(row, changes, values)
    del row.skip_history_when_saving  # type: ignore[attr-defined]
    if details.REMINDERS in changes or "date" in what:
        details.set_reminders(row, values.get(details.REMINDERS, details.reminder_days(row)))
    if what & IN_CALENDARS:
        row.sequence += 1
    row.version += 1
    with override(settings.LANGUAGE_CODE):  # the office reads it
        told = _("%(reason)s: %(fields)s") % {
            "reason": reason or _("Geändert"),
            "fields": ", ".join(map(details.label, changes)),
        }
    history.note(row, by=by, reason=told)
    row.save()
    if what:
        _tell(row, what, by)
