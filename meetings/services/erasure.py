"""What this app knows about a person, and how it forgets it; see `accounts.own_data`.

The published minutes stay as they are: they are the network's record of what was agreed (GDPR
art. 17(3)), and speak of people where they have spoken.
"""

import re
from collections.abc import Iterable, Iterator

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.own_data import Section, Value, describe
from meetings.models import (
    AgendaItem,
    Attendance,
    CalendarFeed,
    Decision,
    Invitation,
    Meeting,
    Minutes,
    Task,
)
from meetings.services import answers, retention, tasks

WITH_HISTORY = (Meeting, AgendaItem, Minutes, Decision, Task)
CHANGES_SHOWN = 1000
PROPOSED = ("title", "description", "speaker", "state", "created_at", "answer")
ANSWERED = (
    "organisation", "source", "invited_at", "reply", "replied_at", "names", "access_needs", "food",
    "message", "is_excused",
)  # fmt: skip


def _invitations(user: User) -> QuerySet[Invitation]:
    """The invitations to this person: to their account, their address, their entry as contact."""
    return Invitation.objects.filter(
        Q(user=user)
        | Q(email__iexact=user.email)
        | Q(contact__user=user)
        | Q(contact__email__iexact=user.email)
    )


def _attendance(user: User) -> QuerySet[Attendance]:
    """Their lines at the door; whoever has the same name is forgotten too, which harms nobody."""
    mine = Q(invitation__in=_invitations(user).values("pk"))
    return Attendance.objects.filter(mine | Q(name__iexact=user.name) & ~Q(name=""))


# --- What is known --------------------------------------------------------------------------------
def collect(user: User) -> Iterator[Section]:
    """Return everything this app knows about a person."""
    invitations = _invitations(user).select_related("meeting", "organisation")
    yield Section(
        "meeting_invitations",
        _("Einladungen zu Treffen"),
        [
            [*_of(row.meeting), *describe(row, ANSWERED), *_needs(row)]
            for row in invitations.prefetch_related("interpreting")
        ],
    )
    yield Section(
        "attendance",
        _("Wo Sie waren"),
        [
            [*_of(row.meeting), *describe(row, ["organisation", "name", "people", "is_present"])]
            for row in _attendance(user).select_related("meeting", "organisation")
        ],
    )
    proposals = AgendaItem.objects.filter(proposed_by=user).select_related("meeting")
    yield Section(
        "agenda_proposals",
        _("Ihre Vorschläge zur Tagesordnung"),
        [
            [
                *_of(row.meeting),
                *describe(
                    row, ["title", "description", "speaker", "state", "created_at", "answer"]
                ),
            ]
            for row in proposals
        ],
    )
    own = Task.objects.filter(Q(user=user) | Q(done_by=user)).select_related("organisation")
    yield Section(
        "tasks",
        _("Ihre Aufgaben"),
        [
            describe(row, ["text", "organisation", "due_on", "state", "done_at", "done_note"])
            for row in own
        ],
    )
    yield Section(
        "calendar",
        _("Eigener Kalender"),
        [describe(row, ["reset_at"]) for row in CalendarFeed.objects.filter(user=user)],
    )
    yield Section("meeting_changes", _("Änderungen von Ihnen an Treffen"), list(_changes(user)))


def _of(meeting: Meeting) -> list[Value]:
    return [
        Value("meeting", _("Treffen"), meeting.title),
        Value("starts_at", _("Beginn"), meeting.starts_at),
    ]


def _needs(row: Invitation) -> list[Value]:
    languages = [str(language) for language in row.interpreting.all()]
    return [
        *describe(row, ["people"] if row.people else []),
        *describe(row, ["children"] if row.children else []),
        *([Value("interpreting", _("Dolmetschen"), languages)] if languages else []),
    ]


def _changes(user: User) -> Iterable[list[Value]]:
    for model in WITH_HISTORY:
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
    """Take a person out of invitations, attendance, agenda and tasks.

    Part of `accounts.services.erase`. Who was to come gives the seat free; who was invited to what
    is over is counted on, without a name.
    """
    keys = list(_invitations(user).values_list("pk", flat=True))
    # First the meetings, as everywhere, so that nobody waits for one another.
    meetings = Meeting.objects.filter(invitations__in=keys).distinct().values("pk")
    locked = list(Meeting.objects.select_for_update().filter(pk__in=meetings).order_by("pk"))
    _attendance(user).update(name="")
    ahead = [meeting for meeting in locked if not meeting.has_begun]
    Invitation.objects.filter(pk__in=keys, meeting__in=ahead).delete()
    retention.make_nameless(Invitation.objects.filter(pk__in=keys))
    for meeting in ahead:
        answers.move_up(meeting=meeting)
    if user.name:
        _forget_name(user.name)
    for model, column in ((Task, "user_id"), (Task, "done_by_id"), (AgendaItem, "proposed_by_id")):
        model.history.filter(**{column: user.pk}).update(**{column: None})


def _forget_name(name: str) -> None:
    """Take a name out of what others have written about who comes, speaks or has a task."""
    # Whole words: the name may be a part of others.
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    for row in Invitation.objects.filter(names__icontains=name):
        row.names = pattern.sub(retention.gone(), row.names)[:500]
        row.save(update_fields=["names"])
    for task in Task.objects.filter(person__iexact=name):
        task.person = ""
        Task.objects.filter(pk=task.pk).update(person="", search_text=tasks.searchable(task))
    Task.history.filter(person__iexact=name).update(person="")
    AgendaItem.objects.filter(speaker__iexact=name).update(speaker="")
    AgendaItem.history.filter(speaker__iexact=name).update(speaker="")
