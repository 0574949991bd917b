"""What this app knows about a person, and how it forgets it; see `accounts.own_data`."""

import datetime
from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.own_data import Section, describe
from actions.models import Idea, IdeaSupport

# So long the office may ask back whose idea it was.
KEEP_NAMES = datetime.timedelta(days=365)


def collect(user: User) -> Iterator[Section]:
    """Return everything this app knows about a person."""
    written = Idea.objects.filter(user=user).select_related("meeting", "organisation")
    fields = ["text", "author_name", "organisation", "meeting", "way", "created_at"]
    yield Section("ideas", _("Ideen von Ihnen"), [describe(idea, fields) for idea in written])
    supports = IdeaSupport.objects.filter(user=user).select_related("idea", "organisation")
    yield Section(
        "idea_supports",
        _("Ideen, die Sie unterstützt haben"),
        [describe(row, ["idea", "organisation", "would_join", "created_at"]) for row in supports],
    )


def erase(user: User) -> None:
    """Take a person out of ideas; the ideas, and what organisations support, stay.

    A name somebody has typed by hand goes when it is the account's own.
    """
    Idea.objects.filter(user=user).update(user=None)
    Idea.history.filter(user_id=user.pk).update(user_id=None)
    IdeaSupport.objects.filter(user=user).update(user=None)
    for name in {user.name, user.email} - {""}:
        Idea.objects.filter(author_name__iexact=name).update(author_name="")
        Idea.history.filter(author_name__iexact=name).update(author_name="")


def forget_old() -> dict[str, int]:
    """Remove the names that stand at ideas, a year after they were written, from history as well.

    :return: how many ideas had one.
    """
    before = timezone.now() - KEEP_NAMES
    old = Idea.objects.filter(created_at__lte=before).exclude(author_name="")
    Idea.history.filter(created_at__lte=before).exclude(author_name="").update(author_name="")
    return {"names removed": old.update(author_name="")}
