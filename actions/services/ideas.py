"""Ideas: written quickly, sorted afterwards, supported by organisations.

Whoever is in the room writes without an account while the meeting runs; members and the office
always may. Everything can be taken back: what is hidden is shown again, what was put together is
taken apart, and a support is withdrawn.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from actions.models import Idea, IdeaBoard, IdeaGroup, IdeaSupport
from core import history
from core.errors import Conflict, Refused
from meetings.models import Meeting, is_member
from organisations.models import Organisation

State = Idea.State
# What one step of the office may touch.
MOST_AT_ONCE = 200
MOST_GROUPS = 60


def may_curate(user: Any) -> bool:
    """Whether a person sorts ideas: the officer."""
    return user.is_authenticated and user.has_perm("actions.change_idea")


def _require_curator(by: User) -> None:
    if not may_curate(by):
        raise PermissionDenied


# --- Writing --------------------------------------------------------------------------------------
def write_in_room(
    *, board: IdeaBoard, text: str, author_name: str = "", creation_key: uuid.UUID
) -> Idea:
    """Keep an idea of somebody in the room, who has no account.

    :param creation_key: made where it was typed: the same idea sent again over a bad connection
        is one row, also when the board has closed in between.
    :raises Refused: when the board is not open, or holds as many as it can.
    """
    if (known := _known(creation_key)) is not None:
        return known
    if not board.is_open:
        raise Refused(closed(board))
    if Idea.objects.filter(meeting=board.meeting_id).count() >= IdeaBoard.MOST_IDEAS:
        raise Refused(_("Hier stehen schon so viele Ideen, wie das Portal aufnehmen kann."))
    return _write(
        meeting=board.meeting,
        text=text,
        author_name=author_name,
        creation_key=creation_key,
        way=Idea.Way.ROOM,
    )


def write_as_member(
    *,
    meeting: Meeting | None,
    text: str,
    by: User,
    organisation: Organisation | None = None,
    creation_key: uuid.UUID,
) -> Idea:
    """Keep an idea of somebody who speaks for an organisation of the network.

    :param organisation: one of the person's; their only one if not given.
    :raises PermissionDenied: for people who speak for none, or not for this one, or who may not
        read about the meeting.
    """
    if (known := _known(creation_key)) is not None and known.user_id == by.pk:
        return known
    own = list(speaking_for(by))
    if organisation is None and len(own) == 1:
        organisation = own[0]
    allowed = (
        is_member(by)
        and (organisation is None or organisation in own)
        and (meeting is None or Meeting.objects.open_to(by).filter(pk=meeting.pk).exists())
    )
    if not allowed:
        raise PermissionDenied
    return _write(
        meeting=meeting,
        text=text,
        user=by,
        organisation=organisation,
        creation_key=creation_key,
        way=Idea.Way.MEMBER,
    )


def write_in_office(
    *,
    meeting: Meeting | None,
    text: str,
    by: User,
    group: IdeaGroup | None = None,
    author_name: str = "",
    creation_key: uuid.UUID,
) -> Idea:
    """Keep an idea the office types in, such as from cards on the wall.

    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    return _known(creation_key) or _write(
        meeting=meeting,
        text=text,
        group=group,
        author_name=author_name,
        user=by,
        creation_key=creation_key,
        way=Idea.Way.OFFICE,
    )


def closed(board: IdeaBoard) -> str:
    """Say why nobody can write without an account now."""
    if board.meeting.is_cancelled:
        return _("Dieses Treffen ist abgesagt.")
    return _("Im Moment kann man hier keine Ideen schreiben.")


def _known(creation_key: uuid.UUID) -> Idea | None:
    return Idea.objects.filter(creation_key=creation_key).first()


def _write(*, creation_key: uuid.UUID, **values: Any) -> Idea:
    found, _is_new = Idea.objects.get_or_create(creation_key=creation_key, defaults=values)
    return found


@transaction.atomic
def take_back(*, idea: Idea) -> bool:
    """Delete an idea that nobody has done anything with yet; who wrote it may.

    :return: whether it was still there.
    :raises Refused: when others have worked with it: then the office hides it.
    """
    locked = Idea.objects.select_for_update().filter(pk=idea.pk).first()
    if locked is None:
        return False
    if locked.group_id or locked.state != State.OPEN or _is_used(locked):
        raise Refused(
            _("Mit dieser Idee wird schon gearbeitet. Bitte sagen Sie dem Team Bescheid.")
        )
    pk = locked.pk
    locked.delete()
    Idea.history.filter(id=pk).delete()
    return True


def _is_used(idea: Idea) -> bool:
    related = (idea.supports, idea.doubles, idea.comments)
    return idea.action_id is not None or any(rows.exists() for rows in related)


# --- Supporting -----------------------------------------------------------------------------------
def speaking_for(user: Any) -> Any:
    """Return the organisations of the network a person can support an idea for, by name."""
    return Organisation.objects.of(user).public().order_by("name", "pk")


@transaction.atomic
def support(*, idea: Idea, organisation: Organisation, by: User, would_join: bool = False) -> bool:
    """Say that an organisation supports an idea, and whether it would join.

    :return: whether that was new.
    :raises PermissionDenied: unless the person speaks for the organisation and may see the idea.
    :raises Refused: if the idea was hidden, or has become part of another one or an action.
    """
    current = _require_voice(idea, organisation, by)
    if current.action_id:
        raise Refused(_("Aus dieser Idee ist schon eine Aktion geworden. Machen Sie dort mit."))
    found, is_new = IdeaSupport.objects.get_or_create(
        idea=idea, organisation=organisation, defaults={"user": by, "would_join": would_join}
    )
    if is_new or found.would_join == would_join:
        return is_new
    found.would_join = would_join
    found.user = by
    found.save(update_fields=["would_join", "user"])
    return True


@transaction.atomic
def withdraw_support(*, idea: Idea, organisation: Organisation, by: User) -> bool:
    """Take an organisation's support back, also where it was given to a part of the idea.

    :return: whether there was one.
    :raises PermissionDenied: unless the person speaks for the organisation and may see the idea.
    """
    _require_voice(idea, organisation, by)
    whole = [idea.pk, *idea.doubles.values_list("pk", flat=True)]
    gone, _models = IdeaSupport.objects.filter(idea__in=whole, organisation=organisation).delete()
    return bool(gone)


def _require_voice(idea: Idea, organisation: Organisation, by: User) -> Idea:
    if not speaking_for(by).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    current = Idea.objects.visible_to(by).select_for_update().filter(pk=idea.pk)
    if (found := current.first()) is None:
        raise PermissionDenied
    if found.state != State.OPEN:
        raise Refused(_("Diese Idee ist jetzt Teil einer anderen. Bitte sehen Sie dort nach."))
    return found


# --- Sorting --------------------------------------------------------------------------------------
@transaction.atomic
def change(*, idea: Idea, by: User, text: str, author_name: str, seen: str) -> bool:
    """Mend what an idea says.

    :param seen: the text that stood there when the form was opened.
    :return: whether anything changed.
    :raises Conflict: when somebody else has changed the text meanwhile.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    locked = Idea.objects.select_for_update().get(pk=idea.pk)
    if (locked.text, locked.author_name) == (text, author_name):
        return False
    if locked.text not in (seen, text):
        raise Conflict({"text": locked.text})
    locked.text, locked.author_name = text, author_name
    _save(locked, by, gettext_lazy("Idee geändert"), "text", "author_name")
    return True


@transaction.atomic
def move(*, ideas: Iterable[Idea], group: IdeaGroup | None, by: User) -> int:
    """Put ideas under a heading of their meeting, or under none.

    :return: how many stand elsewhere now.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    reason = gettext_lazy("Idee einsortiert")
    return sum(
        _set(idea, by, reason, group=group)
        for idea in _locked(ideas, by)
        if group is None or idea.meeting_id == group.meeting_id
    )


@transaction.atomic
def hide(*, ideas: Iterable[Idea], by: User) -> int:
    """Let nobody but the office see ideas; what is part of one goes with it.

    :return: how many are hidden now that were not.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    reason = gettext_lazy("Idee ausgeblendet")
    number = 0
    for idea in _locked(ideas, by):
        for one in [idea, *idea.doubles.select_for_update()]:
            number += _set(one, by, reason, state=State.HIDDEN, merged_into=None)
    return number


@transaction.atomic
def show(*, ideas: Iterable[Idea], by: User) -> int:
    """Show hidden ideas again, and take apart what had become part of others.

    :return: how many stand for themselves now that did not.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    reason = gettext_lazy("Idee wieder gezeigt")
    return sum(
        _set(idea, by, reason, state=State.OPEN, merged_into=None) for idea in _locked(ideas, by)
    )


@transaction.atomic
def merge(*, ideas: Iterable[Idea], by: User, kept: Idea | None = None) -> Idea:
    """Make ideas that say the same parts of one; who supports a part supports the whole.

    :param kept: the one that stays; otherwise the one that has become an action, or that most
        organisations support, of these the oldest.
    :return: the one that stays.
    :raises Refused: for fewer than two ideas that stand for themselves, for those of a meeting that
        members know nothing of with others, and for one that has become an action of its own.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    keys = {idea.pk for idea in ideas} | ({kept.pk} if kept else set())
    locked = [
        idea for idea in _locked(Idea.objects.filter(pk__in=keys), by) if idea.state == State.OPEN
    ]
    if len(locked) < 2:
        raise Refused(_("Bitte wählen Sie mindestens zwei Ideen, die zu sehen sind."))
    meetings = {idea.meeting_id for idea in locked}
    hidden = Meeting.objects.filter(
        pk__in=[key for key in meetings if key], visibility=Meeting.Visibility.OFFICE
    )
    if len(meetings) > 1 and hidden.exists():
        raise Refused(
            _("Ein Treffen dieser Ideen sieht nur das Team. Führen Sie nur dessen Ideen zusammen.")
        )
    target = next(idea for idea in locked if idea.pk == (kept or _best(locked)).pk)
    if any(idea.action_id not in (None, target.action_id) for idea in locked):
        raise Refused(
            _("Aus einer dieser Ideen ist eine Aktion geworden. Wählen Sie, dass diese bleibt.")
        )
    reason = gettext_lazy("Ideen zusammengeführt")
    for idea in locked:
        if idea != target:
            # Never a chain: what was part of this one is part of the whole.
            for part in [idea, *idea.doubles.select_for_update()]:
                _set(part, by, reason, state=State.MERGED, merged_into=target)
    return target


def _best(ideas: Iterable[Idea]) -> Idea:
    counted: Any = Idea.objects.filter(pk__in=[idea.pk for idea in ideas]).with_support()
    return min(
        counted,
        key=lambda idea: (idea.action_id is None, -idea.supporters, idea.created_at, idea.pk),
    )


def _locked(ideas: Iterable[Idea], by: User) -> list[Idea]:
    _require_curator(by)
    keys = [idea.pk for idea in ideas][:MOST_AT_ONCE]
    return list(Idea.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _set(idea: Idea, by: User, reason: str | Promise, **values: Any) -> bool:
    if all(getattr(idea, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(idea, name, value)
    _save(idea, by, reason, *values)
    return True


def _save(idea: Idea, by: User, reason: str | Promise, *fields: str) -> None:
    history.note(idea, by=by, reason=reason)
    idea.save(update_fields=fields)


# --- Groups ---------------------------------------------------------------------------------------
@transaction.atomic
def add_group(*, meeting: Meeting, title: str, by: User) -> IdeaGroup:
    """Return a meeting's group of this name, made if it is not there.

    :raises Refused: when there are as many as a page can show.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    groups = list(IdeaGroup.objects.select_for_update().filter(meeting=meeting))
    for group in groups:
        if group.title.casefold() == title.casefold():
            return group
    if len(groups) >= MOST_GROUPS:
        raise Refused(_("Mehr Gruppen passen nicht auf eine Seite."))
    place = max((group.position for group in groups), default=0) + 1
    return IdeaGroup.objects.create(meeting=meeting, title=title, position=place)


@transaction.atomic
def rename_group(*, group: IdeaGroup, title: str, by: User) -> bool:
    """Give a group another name.

    :return: whether anything changed.
    :raises Refused: when another group of the meeting has the name.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    others = list(IdeaGroup.objects.select_for_update().filter(meeting=group.meeting_id))
    if any(one.pk != group.pk and one.title.casefold() == title.casefold() for one in others):
        raise Refused(_("Diese Gruppe gibt es schon."))
    return bool(IdeaGroup.objects.filter(pk=group.pk).exclude(title=title).update(title=title))


@transaction.atomic
def step_group(*, group: IdeaGroup, up: bool, by: User) -> bool:
    """Move a group one place up or down.

    :return: whether there was somewhere to go.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    groups = list(IdeaGroup.objects.select_for_update().filter(meeting=group.meeting_id))
    place = next((at for at, one in enumerate(groups) if one.pk == group.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(groups):
        return False
    groups[place], groups[other] = groups[other], groups[place]
    for position, one in enumerate(groups, 1):
        IdeaGroup.objects.filter(pk=one.pk).exclude(position=position).update(position=position)
    return True


@transaction.atomic
def remove_group(*, group: IdeaGroup, by: User) -> bool:
    """Remove a heading; the ideas below it stay, without one.

    :return: whether it was still there.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    move(ideas=group.ideas.all(), group=None, by=by)
    gone, _models = IdeaGroup.objects.filter(pk=group.pk, ideas=None).delete()
    return bool(gone)
