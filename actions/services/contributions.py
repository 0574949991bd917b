"""Who brings what to an action: what is needed, what organisations have promised, what is done.

All who take part write the table together. Two people at the same row are told; an organisation has
one promise per row, and more than is needed is welcome.
"""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from actions.emails import contributions as mails
from actions.models import ActionDate, Contribution, JointAction, Participation, Pledge
from actions.models.contributions import ContributionQuerySet
from actions.services import joint_actions, people
from core import history
from core import seen as seen_fields
from core.errors import Conflict, Refused
from organisations.models import Organisation
from organisations.services import editing, reach

FIELDS = ("kind", "what", "amount", "unit", "starts_at", "ends_at", "due_on", "note")
# What those who have promised something should know.
TELLING = frozenset({"what", "unit", "starts_at", "ends_at", "due_on"})
PLEDGED = ("amount", "person")
# What a form carries that was opened when there was no promise yet.
NOTHING = "-"
REMIND_BEFORE = datetime.timedelta(days=7)
# What has been due for longer is for those who take part to talk about.
REMIND_UNTIL = datetime.timedelta(days=30)
# Contributions make sense as long as something can still take place.
OPEN = (JointAction.State.IDEA, JointAction.State.PLANNING, JointAction.State.CONFIRMED)
# Who may promise something: who takes part, and who has asked to.
PROMISING = (Participation.State.CONFIRMED, Participation.State.ASKED)


# --- What is there --------------------------------------------------------------------------------
def open_for(user: Any) -> ContributionQuerySet:
    """Return what is still missing in actions ahead that a person may see, the most urgent first.

    Each has `pledged`.
    """
    ahead = ActionDate.objects.filter(action=OuterRef("action"), ends_at__gt=timezone.now())
    undated = ~Exists(ActionDate.objects.filter(action=OuterRef("action")))
    visible = JointAction.objects.visible_to(user).filter(state__in=OPEN)
    return (
        Contribution.objects.open()
        .filter(Exists(ahead) | undated, action__in=visible.values("pk"))
        .select_related("action")
    )


def due_for(user: Any) -> models.QuerySet[Pledge]:
    """Return what a person's organisations have promised and not done, the most urgent first."""
    return (
        _undone()
        .filter(organisation__in=Organisation.objects.of(user))
        .select_related("contribution__action", "organisation")
        .order_by(F("contribution__due_on").asc(nulls_last=True), "pk")
    )


def _undone() -> models.QuerySet[Pledge]:
    return Pledge.objects.filter(
        done_at=None, contribution__action__state__in=OPEN, organisation__merged_into=None
    )


def fingerprint(pledge: Pledge | None) -> str:
    """Return what `pledge` compares: what stood there when a form was opened."""
    return seen_fields.fingerprint(pledge, PLEDGED) if pledge else NOTHING


# --- What is needed -------------------------------------------------------------------------------
@transaction.atomic
def add(
    *, action: JointAction, values: Mapping[str, Any], by: User, creation_key: uuid.UUID
) -> Contribution:
    """Say that an action needs something; the same form sent twice is one row.

    :param values: by name, of `FIELDS`.
    :raises PermissionDenied: for people who take no part.
    :raises Refused: if the action is over, or has as many rows as a page can show.
    """
    row = joint_actions.lock(action)
    joint_actions.require_editor(row, by)
    if known := Contribution.objects.filter(creation_key=creation_key).first():
        return known
    _require_open(row)
    if row.contributions.count() >= Contribution.MOST:
        raise Refused(
            _("Die Liste ist voll. Mehr als %(number)s Einträge passen nicht hinein.")
            % {"number": Contribution.MOST}
        )
    given = {name: values[name] for name in FIELDS if name in values}
    need = Contribution(action=row, created_by=by, creation_key=creation_key, **given)
    last = row.contributions.aggregate(last=models.Max("position"))["last"] or 0
    need.position = last + 1
    history.note(need, by=by, reason=gettext_lazy("Eingetragen"))
    need.save()
    return need


@transaction.atomic
def change(
    *, contribution: Contribution, values: Mapping[str, Any], seen_version: int, by: User
) -> bool:
    """Change what is needed; who has promised it is told what concerns them.

    :param values: by name, of `FIELDS`; what is not named stays.
    :param seen_version: `Contribution.version` when the form was opened.
    :return: whether anything changed.
    :raises PermissionDenied: for people who take no part.
    :raises Refused: if it has been removed, or the action is over.
    :raises Conflict: if somebody else has changed the same fields to something else meanwhile.
    """
    row = _locked(contribution)
    joint_actions.require_editor(row.action, by)
    _require_open(row.action)
    given = {name: values[name] for name in FIELDS if name in values}
    present = {name: getattr(row, name) for name in given}
    changes = editing.merge(
        mine=given,
        theirs=present,
        seen=present if row.version == seen_version else _as_of(row, seen_version, given),
        version=row.version,
    )
    if not changes:
        return False
    for name, value in changes.items():
        setattr(row, name, value)
    row.version += 1
    history.note(row, by=by, reason=gettext_lazy("Geändert"))
    row.save()
    if TELLING & changes.keys():
        _tell(row, change=mails.CHANGED, by=by)
    return True


@transaction.atomic
def remove(*, contribution: Contribution, by: User) -> bool:
    """Say that something is not needed any more; who has promised it is told.

    What others have promised only those remove who lead, or look after all actions.

    :return: whether it was still there.
    :raises PermissionDenied: for people who take no part.
    :raises Refused: if others have promised it and the person does not decide about the action.
    """
    action = joint_actions.lock(contribution.action)
    joint_actions.require_editor(action, by)
    row = action.contributions.filter(pk=contribution.pk).first()
    if row is None:
        return False
    own = Organisation.objects.of(by)
    others = row.pledges.exclude(organisation__in=own)
    if others.exists() and not may_decide(action, by):
        raise Refused(
            _("Andere haben das schon zugesagt. Nur die Leitung der Aktion kann es streichen.")
        )
    row.action = action
    _tell(row, change=mails.REMOVED, by=by)
    for pledge in row.pledges.all():
        history.note(pledge, by=by, reason=gettext_lazy("Wird nicht mehr gebraucht"))
        pledge.delete()
    history.note(row, by=by, reason=gettext_lazy("Wird nicht mehr gebraucht"))
    row.delete()
    return True


@transaction.atomic
def copy(*, source: JointAction, target: JointAction, by: User) -> int:
    """Give an action what another one needed, without what was promised.

    Days and shifts move with the first date; they are left out where one of the two has none.

    :return: how many rows came along; none if the target has some already.
    """
    row = joint_actions.lock(target)
    if row.contributions.exists():
        return 0
    move = _distance(source, target)
    rows = list(source.contributions.all())
    for need in rows:
        moved = {
            name: _moved(getattr(need, name), move) for name in ("starts_at", "ends_at", "due_on")
        }
        same = {name: getattr(need, name) for name in FIELDS if name not in moved}
        new = Contribution(action=row, position=need.position, created_by=by, **(same | moved))
        history.note(new, by=by, reason=gettext_lazy("Vom letzten Mal übernommen"))
        new.save()
    return len(rows)


def _distance(source: JointAction, target: JointAction) -> datetime.timedelta | None:
    begins = [action.dates.order_by("starts_at").first() for action in (source, target)]
    if begins[0] is None or begins[1] is None:
        return None
    old, new = (timezone.localdate(date.starts_at) for date in begins if date)
    return new - old


def _moved(value: Any, move: datetime.timedelta | None) -> Any:
    """Return a day, or a moment at the same time of day, so much later."""
    if value is None or move is None:
        return None
    if not isinstance(value, datetime.datetime):
        return value + move
    local = timezone.localtime(value)
    return timezone.make_aware(local.replace(tzinfo=None) + move)


def _as_of(row: Contribution, version: int, names: Any) -> dict[str, Any] | None:
    """Return what stood in the fields in an earlier version, None if nobody knows."""
    entry = row.history.filter(version=version).order_by("-history_id").first()  # type: ignore[attr-defined]
    return {name: getattr(entry, name) for name in names} if entry else None


# --- What is promised -----------------------------------------------------------------------------
@transaction.atomic
def pledge(
    *,
    contribution: Contribution,
    organisation: Organisation,
    amount: int,
    by: User,
    person: str = "",
    seen: str = "",
) -> Pledge:
    """Promise so much of something for one's own organisation, or change what was promised.

    :param amount: in all, not on top; more than is needed is fine.
    :param seen: `fingerprint` of the promise when the form was opened; without it whatever was
        promised meanwhile is overwritten.
    :raises PermissionDenied: unless the person speaks for the organisation.
    :raises Refused: if it neither takes part nor has asked to, the row is gone, the action is over.
    :raises Conflict: if somebody else has promised otherwise for the organisation meanwhile.
    """
    if not Organisation.objects.of(by).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    row = _locked(contribution)
    _require_open(row.action)
    if not row.action.participations.filter(
        organisation=organisation, state__in=PROMISING
    ).exists():
        raise Refused(_("„%(name)s“ macht hier nicht mit.") % {"name": organisation.name})
    if amount < 1:
        raise Refused(_("Es muss mindestens eins sein."))
    found = row.pledges.filter(organisation=organisation).first()
    if found and (found.amount, found.person) == (amount, person):
        return found
    if seen and seen != fingerprint(found):
        raise Conflict(
            {"amount": found.amount if found else 0, "person": found.person if found else ""}
        )
    mine = found or Pledge(contribution=row, organisation=organisation)
    mine.amount, mine.person, mine.by = amount, person, by
    reason = gettext_lazy("Zusage geändert") if found else gettext_lazy("Zugesagt")
    history.note(mine, by=by, reason=reason)
    mine.save()
    return mine


@transaction.atomic
def withdraw(*, contribution: Contribution, organisation: Organisation, by: User) -> bool:
    """Take back what an organisation has promised; the lead may do it for others, who are told.

    :return: whether there was a promise.
    :raises PermissionDenied: unless the person speaks for the organisation or decides.
    """
    row = _locked(contribution)
    is_own = _require_own(row, organisation, by)
    found = row.pledges.filter(organisation=organisation).first()
    if found is None:
        return False
    found.contribution, found.organisation = row, organisation
    if not is_own:
        readers = people.of_organisation(organisation, but=by)
        mails.changed(found, change=mails.WITHDRAWN, readers=readers)
    history.note(found, by=by, reason=gettext_lazy("Zusage zurückgezogen"))
    found.delete()
    return True


@transaction.atomic
def set_done(
    *, contribution: Contribution, organisation: Organisation, is_done: bool, by: User
) -> bool:
    """Say that an organisation has done what it promised, or take that back.

    :return: whether anything changed.
    :raises PermissionDenied: unless the person speaks for the organisation or decides.
    """
    row = _locked(contribution)
    _require_own(row, organisation, by)
    found = row.pledges.filter(organisation=organisation).first()
    if found is None or (found.done_at is not None) == is_done:
        return False
    found.done_at = timezone.now() if is_done else None
    reason = gettext_lazy("Erledigt") if is_done else gettext_lazy("Doch noch offen")
    history.note(found, by=by, reason=reason)
    found.save()
    return True


def release(*, action: JointAction, organisation: Organisation, by: User) -> int:
    """Make open again what an organisation that goes has promised and not done.

    Part of `partners`, in its transaction.

    :return: how many promises ended.
    """
    rows = Pledge.objects.filter(
        contribution__action=action, organisation=organisation, done_at=None
    )
    ended = list(rows)
    for row in ended:
        history.note(row, by=by, reason=gettext_lazy("Nicht mehr dabei"))
        row.delete()
    return len(ended)


# --- Asking after it ------------------------------------------------------------------------------
def due_on(contribution: Contribution) -> datetime.date | None:
    """Return the day by which it has to be there: the one that was said, or that of the shift."""
    if contribution.due_on is None and contribution.starts_at is not None:
        return timezone.localdate(contribution.starts_at)
    return contribution.due_on


def is_reminder_due(pledge: Pledge, today: datetime.date) -> bool:
    """Whether a reminder is to go out: once in the week before the day, and once when it is over.

    A shift that is over cannot be worked any more. One stamp is enough: which of the two it was
    follows from the day; what is moved to a later day is asked after anew.
    """
    day = due_on(pledge.contribution)
    if day is None or pledge.done_at is not None:
        return False
    last = timezone.localdate(pledge.reminded_at) if pledge.reminded_at else datetime.date.min
    if today > day:
        is_shift = pledge.contribution.due_on is None
        return not is_shift and today <= day + REMIND_UNTIL and last <= day
    begin = day - REMIND_BEFORE
    # Who promises on the last days has it in mind.
    fresh = timezone.localdate(pledge.created_at) >= begin
    return begin <= today and last < begin and not fresh


def remind_due() -> dict[str, int]:
    """Remind of every promise that is due soon or overdue; each is a transaction of its own.

    :return: how many promises came to what.
    """
    today = timezone.localdate()
    first, last = today - REMIND_UNTIL, today + REMIND_BEFORE
    day = Q(contribution__due_on__range=(first, last))
    shift = Q(
        contribution__due_on=None,
        contribution__starts_at__range=(
            timezone.now(),
            timezone.now() + REMIND_BEFORE + datetime.timedelta(days=1),
        ),
    )
    return dict(reach.take(remind, _undone().filter(day | shift).order_by("pk")))


@transaction.atomic
def remind(pledge_pk: int) -> str:
    """Write to those who have promised something, unless another worker was quicker."""
    row = (
        Pledge.objects.select_for_update(of=("self",))
        .select_related("contribution__action", "organisation")
        .filter(pk=pledge_pk)
        .first()
    )
    today = timezone.localdate()
    if row is None or not is_reminder_due(row, today):
        return "not due"
    day = due_on(row.contribution)
    readers = people.of_organisation(row.organisation)
    if not readers or day is None:
        # Not stamped: somebody may still come to speak for the organisation.
        return "nobody to write to"
    for reader in readers:
        mails.due(row, reader=reader, due_on=day, is_overdue=day < today)
    # No entry in the history: nobody has changed the promise.
    Pledge.objects.filter(pk=row.pk).update(reminded_at=timezone.now())
    return "reminded"


# --- What they share ------------------------------------------------------------------------------
def may_decide(action: JointAction, by: User) -> bool:
    """Whether a person decides about the whole action: for the lead, or as the officer."""
    return JointAction.objects.manageable_by(by).filter(pk=action.pk).exists()


def _locked(contribution: Contribution) -> Contribution:
    """Return the row as it is now, behind the lock on its action."""
    action = joint_actions.lock(contribution.action)
    row = action.contributions.filter(pk=contribution.pk).first()
    if row is None:
        raise Refused(_("Dieser Eintrag wurde inzwischen gestrichen."))
    row.action = action
    return row


def _require_own(row: Contribution, organisation: Organisation, by: User) -> bool:
    """Return whether the person speaks for the organisation; else they must decide."""
    is_own = Organisation.objects.of(by).filter(pk=organisation.pk).exists()
    if not is_own and not may_decide(row.action, by):
        raise PermissionDenied
    return is_own


def _require_open(action: JointAction) -> None:
    if action.state == JointAction.State.CANCELLED:
        raise Refused(_("Diese Aktion ist abgesagt."))
    if action.state not in OPEN:
        raise Refused(_("Diese Aktion ist vorbei."))


def _tell(row: Contribution, *, change: str, by: User) -> None:
    """Write to all who have promised something of it."""
    for one in row.pledges.select_related("organisation"):
        one.contribution = row
        readers = people.of_organisation(one.organisation, but=by)
        mails.changed(one, change=change, readers=readers)
