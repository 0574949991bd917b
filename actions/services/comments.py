"""What members say about ideas: written once, taken back by who wrote it, hidden by the officer."""

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from actions.models import Idea, IdeaComment
from actions.services.ideas import may_curate, speaking_for
from organisations.models import Organisation


@transaction.atomic
def write(
    *,
    idea: Idea,
    text: str,
    by: User,
    organisation: Organisation | None = None,
    creation_key: uuid.UUID,
) -> IdeaComment:
    """Keep what somebody says about an idea.

    :param organisation: the one the person speaks for; their only one if not given.
    :param creation_key: made with the form: sent twice it is one comment.
    :raises PermissionDenied: for people who may not see the idea, or speak for none of the network
        (but for the officer), or not for this organisation.
    """
    known = IdeaComment.objects.filter(creation_key=creation_key, user=by).first()
    if known is not None:
        return known
    own = list(speaking_for(by))
    if organisation is None and len(own) == 1:
        organisation = own[0]
    allowed = own or may_curate(by)
    if not allowed or (organisation is not None and organisation not in own):
        raise PermissionDenied
    if not Idea.objects.visible_to(by).filter(pk=idea.pk).exists():
        raise PermissionDenied
    found, _is_new = IdeaComment.objects.get_or_create(
        creation_key=creation_key,
        defaults={"idea": idea, "text": text, "user": by, "organisation": organisation},
    )
    return found


@transaction.atomic
def take_back(*, comment: IdeaComment, by: User) -> bool:
    """Delete what one has said oneself.

    :return: whether it was still there.
    :raises PermissionDenied: for what others have said.
    """
    if comment.user_id != by.pk:
        raise PermissionDenied
    gone, _models = IdeaComment.objects.filter(pk=comment.pk, user=by).delete()
    return bool(gone)


def hide(*, comment: IdeaComment, by: User) -> bool:
    """Let nobody but the officer see a comment.

    :return: whether that was new.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    return _set_hidden(comment, by, True)


def show(*, comment: IdeaComment, by: User) -> bool:
    """Show a hidden comment again.

    :return: whether it was hidden.
    :raises PermissionDenied: for people who may not sort ideas.
    """
    return _set_hidden(comment, by, False)


def _set_hidden(comment: IdeaComment, by: User, is_hidden: bool) -> bool:
    if not may_curate(by):
        raise PermissionDenied
    rows = IdeaComment.objects.filter(pk=comment.pk).exclude(is_hidden=is_hidden)
    return bool(rows.update(is_hidden=is_hidden))
