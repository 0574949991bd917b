"""The mail about what became of a proposal for the agenda."""

import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from meetings.models import AgendaItem
from organisations.emails.words import AN_ORGANISATION, GREETING, OFFICER, ORGANISATION
from organisations.models import Representative

declare(
    "meetings/proposal_decided",
    title=_("Vorschlag zur Tagesordnung entschieden"),
    purpose=_("An die Vertretung, wenn Sie ihr Thema annehmen oder nicht aufnehmen."),
    placeholders=[
        GREETING,
        ORGANISATION,
        Placeholder("Anlass", "head", _("das Thema und ob es auf die Tagesordnung kommt")),
        Placeholder("Entscheidung", "result", _("ob das Thema auf die Tagesordnung kommt")),
        Placeholder("Thema", "topic", _("das vorgeschlagene Thema")),
        Placeholder("Treffen", "occasion", _("Titel und Tag des Treffens, ein Satz")),
        Placeholder("Worte", "words", _("was Sie dazu geschrieben haben")),
        OFFICER,
    ],
    example={
        "organisation": AN_ORGANISATION,
        "name": "",
        "topic": _("Räume für Proben"),
        "meeting": _("Netzwerktreffen"),
        "day": datetime.date(2027, 3, 13),
        "is_accepted": True,
        "word": _("Wir planen 20 Minuten dafür ein."),
        "officer": _("Ihr Name"),
    },
)


def decided(item: AgendaItem, *, by: User) -> None:
    """Tell whoever proposed an item what became of it; after they left, those who manage."""
    if item.organisation is None or item.decided_at is None:
        return
    meeting = item.meeting
    for reader in _readers(item):
        queue_mail(
            # The office may think again: then that is another mail.
            key=f"meetings/proposal_decided:{item.pk}:{item.decided_at.isoformat()}:{reader.pk}",
            to=reader.email,
            mail="meetings/proposal_decided",
            language=reader.language,
            context={
                "organisation": item.organisation.name,
                "name": reader.name,
                "topic": item.title,
                "meeting": meeting.translated("title", reader.language),
                "day": timezone.localdate(meeting.starts_at, meeting.zone),
                "is_accepted": item.state == AgendaItem.State.ACCEPTED,
                "word": item.answer,
                "officer": by.name,
            },
            action=(_("Tagesordnung ansehen"), reverse("meetings:propose", args=[meeting.slug])),
        )


def _readers(item: AgendaItem) -> list[User]:
    speaking = Representative.objects.filter(
        organisation=item.organisation_id, user__is_active=True
    ).select_related("user")
    people = list(speaking)
    proposer = [one.user for one in people if one.user_id == item.proposed_by_id]
    return proposer or [one.user for one in people if one.role == Representative.Role.MANAGER]
