"""What this app knows about a person, and how it forgets it; see `accounts.own_data`.

What organisations plan together stays, as does what they wrote to one another; who it was goes.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.own_data import Section, Value, describe
from actions.models import (
    ActionDate,
    ActionImage,
    ActionMessage,
    ActionResult,
    Contribution,
    Idea,
    IdeaComment,
    IdeaSupport,
    JointAction,
    Participation,
    Pledge,
)
from actions.services import registrations
from core import revision

# So long the office may ask back whose idea it was.
KEEP_NAMES = datetime.timedelta(days=365)
CHANGES_SHOWN = 1000
WITH_HISTORY = (JointAction, ActionDate, Participation, Contribution, Pledge, ActionResult, Idea)
# Columns of histories that point to an account.
REMEMBERED = (
    (Idea, "user_id"),
    (JointAction, "created_by_id"),
    (Participation, "by_id"),
    (Contribution, "created_by_id"),
    (Pledge, "by_id"),
    (ActionResult, "by_id"),
)
CONTACT = ("contact_name", "contact_phone", "contact_email")


# --- What is known --------------------------------------------------------------------------------
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
    comments = IdeaComment.objects.filter(user=user).select_related("idea", "organisation")
    yield Section(
        "idea_comments",
        _("Ihre Kommentare zu Ideen"),
        [describe(row, ["idea", "organisation", "text", "created_at"]) for row in comments],
    )
    yield from _planned(user)
    yield Section(
        "registrations",
        _("Ihre Anmeldungen zu Aktionen"),
        [
            [
                *_of(row.date.action),
                *describe(row, ["date", "name", "email", "people", "message", "state"]),
            ]
            for row in registrations.of_address(user.email)
        ],
    )
    yield Section("action_changes", _("Änderungen von Ihnen an Aktionen"), list(_changes(user)))


def _planned(user: User) -> Iterator[Section]:
    """What somebody has said and done for actions of their organisations."""
    contacts = JointAction.objects.filter(_is_contact(user))
    yield Section(
        "action_contacts",
        _("Aktionen, bei denen Sie Ansprechperson sind"),
        [[*_of(row), *describe(row, CONTACT)] for row in contacts],
    )
    parts = Participation.objects.filter(by=user).select_related("action", "organisation")
    yield Section(
        "participations",
        _("Was Sie zum Mitmachen gesagt haben"),
        [
            [*_of(row.action), *describe(row, ["organisation", "state", "state_since", "message"])]
            for row in parts
        ],
    )
    pledges = Pledge.objects.filter(Q(by=user) | _named(user, "person"))
    yield Section(
        "pledges",
        _("Was Sie zugesagt haben"),
        [
            [
                *_of(row.contribution.action),
                *describe(row, ["contribution", "organisation", "amount", "person", "done_at"]),
            ]
            for row in pledges.select_related("contribution__action", "organisation")
        ],
    )
    sent = ActionMessage.objects.filter(user=user).select_related("action", "organisation")
    yield Section(
        "action_messages",
        _("Ihre Nachrichten an alle, die mitmachen"),
        [[*_of(row.action), *describe(row, ["organisation", "text", "sent_at"])] for row in sent],
    )
    images = ActionImage.objects.filter(Q(consent_by=user) | _named(user, "credit"))
    yield Section(
        "action_images",
        _("Bilder von Aktionen"),
        [
            [*_of(row.action), *describe(row, ["alt_text", "credit", "consent_at", "uploaded_at"])]
            for row in images.select_related("action")
        ],
    )


def _of(action: JointAction) -> list[Value]:
    return [Value("action", _("Aktion"), action.title)]


def _is_contact(user: User) -> Q:
    return Q(contact_email__iexact=user.email) | _named(user, "contact_name")


def _named(user: User, field: str) -> Q:
    """Whether a name somebody has typed by hand is the account's own."""
    return Q(**{f"{field}__iexact": user.name}) if user.name else Q(pk__in=[])


def _changes(user: User) -> Iterable[list[Value]]:
    models: Iterable[Any] = WITH_HISTORY
    for model in models:
        rows = model.history.filter(history_user=user).order_by("-history_date")[:CHANGES_SHOWN]
        for row in rows:
            reason = row.history_change_reason
            yield [
                Value("at", _("Am"), row.history_date),
                Value("kind", _("Was"), str(model._meta.verbose_name)),
                *([Value("reason", _("Anlass"), reason)] if reason else []),
            ]


# --- Forgetting -----------------------------------------------------------------------------------
def erase(user: User) -> None:
    """Take a person out of ideas and actions; what organisations do together stays.

    A name somebody has typed by hand goes when it is the account's own. Where they were the contact
    person of an action, none is named any more: those who take part name another one.
    """
    registrations.forget(email=user.email)
    Idea.objects.filter(user=user).update(user=None)
    IdeaSupport.objects.filter(user=user).update(user=None)
    models: Iterable[Any] = REMEMBERED
    for model, column in models:
        model.history.filter(**{column: user.pk}).update(**{column: None})
    for name in {user.name, user.email} - {""}:
        Idea.objects.filter(author_name__iexact=name).update(author_name="")
        Idea.history.filter(author_name__iexact=name).update(author_name="")
    _forget_contact(user)
    if user.name:
        _forget_name(user.name)


def _forget_contact(user: User) -> None:
    """Take the person's name, telephone and address from actions; an office's address stays."""
    managers: Iterable[Any] = (JointAction.objects, JointAction.history)
    for rows in managers:
        by_address = rows.filter(contact_email__iexact=user.email)
        by_address.update(contact_name="", contact_phone="", contact_email="")
        rows.filter(_named(user, "contact_name")).update(contact_name="", contact_phone="")
    revision.bump()  # public pages named them


def _forget_name(name: str) -> None:
    """Take a name out of what has been written about who brings something."""
    # Whole words: the name may be a part of others.
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    managers: Iterable[Any] = (Pledge.objects, Pledge.history)
    for rows in managers:
        for row in rows.filter(person__icontains=name):
            left = pattern.sub("", row.person).strip(" ,;")
            rows.filter(pk=row.pk).update(person=left)


def forget_old() -> dict[str, int]:
    """Remove the names that stand at ideas, a year after they were written, from history as well.

    :return: how many ideas had one.
    """
    before = timezone.now() - KEEP_NAMES
    old = Idea.objects.filter(created_at__lte=before).exclude(author_name="")
    Idea.history.filter(created_at__lte=before).exclude(author_name="").update(author_name="")
    return {"names removed": old.update(author_name="")}
