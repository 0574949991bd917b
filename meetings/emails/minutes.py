"""The mail that says that minutes can be read."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.mail import Draft, queue_mails
from core.mail_kinds import Placeholder, declare
from meetings.models import Minutes, Task

PUBLISHED = "meetings/minutes_published"
AT_ONCE = 500

declare(
    PUBLISHED,
    title=_("Protokoll veröffentlicht"),
    purpose=_("An alle Vertretungen, wenn Sie ein Protokoll veröffentlichen."),
    placeholders=[
        Placeholder("Treffen", "meeting", _("der Titel des Treffens")),
        Placeholder("Anlass", "occasion", _("von welchem Treffen und Tag, ein ganzer Satz")),
        Placeholder("Inhalt", "content", _("wie viele Beschlüsse und Aufgaben, ein ganzer Satz")),
    ],
    example={
        "meeting": _("Netzwerktreffen im Herbst"),
        "day": datetime.date(2026, 10, 10),
        "decisions": 2,
        "tasks": 3,
    },
)


def published(minutes: Minutes, *, readers: Sequence[User]) -> None:
    """Tell the members where the minutes are; each once, however often it is called."""
    meeting = minutes.meeting
    context = {
        "meeting": meeting.title,
        "day": meeting.begins.date(),
        "decisions": meeting.decisions.count(),
        "tasks": Task.objects.filter(meeting=meeting).count(),
    }
    action = (_("Protokoll lesen"), reverse("meetings:minutes", kwargs={"slug": meeting.slug}))
    for begin in range(0, len(readers), AT_ONCE):
        queue_mails(
            [
                Draft(
                    key=f"{PUBLISHED}:{minutes.pk}:{reader.pk}",
                    to=reader.email,
                    mail=PUBLISHED,
                    language=reader.language,
                    context=context,
                    action=action,
                )
                for reader in readers[begin : begin + AT_ONCE]
            ]
        )
