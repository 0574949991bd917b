"""Mails about answers: a seat has become free, and new links for somebody who has lost theirs."""

import datetime
import hashlib
from collections.abc import Mapping

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from core.addresses import site_url
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from core.models import OutboxMessage
from meetings import words
from meetings.models import Invitation

GREETING = Placeholder(
    "Anrede", "greeting", gettext_lazy("„Guten Tag“, mit dem Namen, wenn wir ihn kennen")
)

declare(
    "meetings/moved_up",
    title=gettext_lazy("Ein Platz ist frei geworden"),
    purpose=gettext_lazy("An alle, die von der Warteliste nachrücken."),
    placeholders=[
        GREETING,
        Placeholder("Treffen", "meeting", gettext_lazy("der Titel des Treffens")),
        Placeholder("Termin", "when", gettext_lazy("Tag und Uhrzeit"), required=True),
        Placeholder("Ort", "place", gettext_lazy("Haus und Raum, wenn es einen gibt")),
        Placeholder("Personen", "seats", gettext_lazy("für wie viele Personen, ein ganzer Satz")),
    ],
    example={
        "name": gettext_lazy("Maria Muster"),
        "meeting": gettext_lazy("Netzwerktreffen im Herbst"),
        "when": gettext_lazy("Samstag, 20. September 2025, 9:30–13:30 Uhr"),
        "place": gettext_lazy("Rathaus, großer Saal"),
        "people": 2,
    },
)


def moved_up(
    invitation: Invitation, *, token: str, waited_since: datetime.datetime
) -> OutboxMessage:
    """Tell somebody from the waiting list that they have their seats.

    :param token: of a new link, to say so if they cannot come any more.
    :param waited_since: since when; each time on the list is told of once.
    """
    meeting = invitation.meeting
    with override(invitation.language):
        context = {
            "name": invitation.name,
            "meeting": meeting.translated("title"),
            "when": words.when(meeting),
            "place": meeting.place,
            "people": invitation.people,
        }
        action = (
            _("Antwort ansehen oder ändern"),
            reverse("meetings:answer", kwargs={"token": token}),
        )
    return queue_mail(
        key=f"meetings/moved_up:{waited_since.timestamp()}:{invitation.pk}",
        to=invitation.email,
        mail="meetings/moved_up",
        language=invitation.language,
        context=context,
        action=action,
        confidential=True,
        expires_at=meeting.starts_at,
    )


declare(
    "meetings/new_link",
    title=gettext_lazy("Neuer Link zur Einladung"),
    purpose=gettext_lazy("Wenn jemand den Link zu seiner Einladung nicht mehr hat."),
    placeholders=[
        Placeholder(
            "Einladungen",
            "invitations",
            gettext_lazy("jedes Treffen mit seinem Link, mehrere Zeilen"),
            required=True,
            alone=True,
        )
    ],
    example={
        "found": [
            {
                "meeting": gettext_lazy("Netzwerktreffen im Herbst"),
                "when": gettext_lazy("Samstag, 20. September 2025, 9:30–13:30 Uhr"),
                "link": gettext_lazy("(hier steht der Link)"),
            }
        ]
    },
)


def new_links(
    email: str, links: Mapping[Invitation, str], *, language: str, asked_at: datetime.datetime
) -> OutboxMessage:
    """Send somebody the links to their invitations, or the word that there are none.

    :param links: a token for each invitation, in their order.
    :param language: of the page on which they were asked for; of the invitation where there is one.
    """
    language = next((invitation.language for invitation in links), language)
    with override(language):
        found = [
            {
                "meeting": invitation.meeting.translated("title"),
                "when": words.when(invitation.meeting),
                "link": site_url(reverse("meetings:answer", kwargs={"token": token}), language),
            }
            for invitation, token in links.items()
        ]
    address = hashlib.sha256(email.encode()).hexdigest()[:20]
    return queue_mail(
        key=f"meetings/new_link:{asked_at.timestamp()}:{address}",
        to=email,
        mail="meetings/new_link",
        language=language,
        context={"found": found},
        confidential=True,
        expires_at=timezone.now() + datetime.timedelta(days=3),
    )
