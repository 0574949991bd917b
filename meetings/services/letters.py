"""Letters to those who have no e-mail address, with a QR code that leads to their answer page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import override

from core import qr
from meetings.emails import invitations as emails
from meetings.models import Invitation, Meeting
from meetings.services import links

# Each has a page with a picture; more at once would take too long.
MOST = 100


@dataclass(frozen=True)
class Letter:
    """A letter as the template shows it.

    :ivar values: those of the mail, in the reader's language.
    :ivar picture: the QR code, as a `data:` address.
    """

    invitation: Invitation
    values: dict[str, Any]
    picture: str
    address: str


def due(meeting: Meeting) -> QuerySet[Invitation]:
    """Return whose letter is to be printed: for the first time, or anew since the meeting moved."""
    return (
        meeting.invitations.listed()
        .filter(Q(told_sequence=None) | Q(told_sequence__lt=F("meeting__sequence")), email="")
        .order_by("name", "pk")
    )


def write(meeting: Meeting, invitations: Sequence[Invitation]) -> list[Letter]:
    """Put letters together, each with a link of its own; it is not noted that they were printed.

    :param invitations: of that meeting, with their organisations loaded.
    """
    for one in invitations:
        one.meeting = meeting
    with transaction.atomic():
        tokens = links.new_links(invitations)
    mailings = {
        language: emails.Mailing(meeting, emails.INVITATION, language=language)
        for language in {one.language for one in invitations}
    }
    letters = []
    for one in invitations:
        address = settings.SITE_URL + reverse("short_answer", kwargs={"token": tokens[one.pk]})
        name = one.organisation.name if one.organisation else ""
        with override(one.language):
            values = mailings[one.language].values(one, name)
        letters.append(Letter(one, values, qr.data_uri(address), address))
    return letters
