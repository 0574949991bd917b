"""Where those in a room write ideas without an account: made, opened, closed, moved."""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from actions.models import IdeaBoard, new_code
from actions.services.ideas import may_curate
from core.errors import Refused
from meetings.models import Meeting

# What "open now" gives at least.
AN_HOUR = datetime.timedelta(hours=1)


def by_code(code: str) -> IdeaBoard | None:
    """Return the board at an address, however somebody has typed its code."""
    plain = code.casefold().replace("-", "").replace(" ", "")
    # What Crockford's alphabet leaves out is typed for what it looks like.
    plain = plain.translate(str.maketrans("ilo", "110"))
    return IdeaBoard.objects.select_related("meeting").filter(code=plain).first()


def of(meeting: Meeting) -> IdeaBoard | None:
    """Return a meeting's board, with the meeting at hand."""
    board = IdeaBoard.objects.filter(meeting=meeting).first()
    if board is not None:
        board.meeting = meeting
    return board


@transaction.atomic
def make(*, meeting: Meeting, by: User) -> IdeaBoard:
    """Return a meeting's board, made if there is none.

    :raises PermissionDenied: for people who may not sort ideas.
    :raises Refused: for a meeting that was cancelled.
    """
    _require_curator(by)
    if meeting.is_cancelled:
        raise Refused(_("Dieses Treffen ist abgesagt."))
    return IdeaBoard.objects.get_or_create(meeting=meeting)[0]


@transaction.atomic
def open_now(*, board: IdeaBoard, by: User) -> bool:
    """Let the room write from now on: until the usual end, and for an hour at least.

    :return: whether it was closed before.
    :raises PermissionDenied: for people who may not sort ideas.
    :raises Refused: for a meeting that was cancelled.
    """
    _require_curator(by)
    if board.meeting.is_cancelled:
        raise Refused(_("Dieses Treffen ist abgesagt."))
    if board.is_open:
        return False
    now = timezone.now()
    usual = board.meeting.ends_at + board.AFTER
    board.opens_at = now
    board.closes_at = None if usual >= now + AN_HOUR else now + AN_HOUR
    board.save(update_fields=["opens_at", "closes_at"])
    return True


@transaction.atomic
def close_now(*, board: IdeaBoard, by: User) -> bool:
    """Let nobody write without an account any more.

    :return: whether it was open before.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    if not board.is_open:
        return False
    now = timezone.now()
    board.closes_at = now
    if board.opens_at and board.opens_at >= now:
        board.opens_at = now - datetime.timedelta(seconds=1)
    board.save(update_fields=["opens_at", "closes_at"])
    return True


@transaction.atomic
def renew(*, board: IdeaBoard, by: User) -> IdeaBoard:
    """Give a board a new address; the old one leads nowhere from now on.

    :raises PermissionDenied: for people who may not sort ideas.
    """
    _require_curator(by)
    board.code = new_code()
    board.save(update_fields=["code"])
    return board


def _require_curator(by: User) -> None:
    if not may_curate(by):
        raise PermissionDenied
