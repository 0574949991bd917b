"""Personal links to an invitation: whoever has one answers without a log-in."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import normalise_email
from core import limits, tokens
from meetings.emails import answers as emails
from meetings.models import Invitation, InvitationLink, Meeting

# After the meeting one may still want to read where it was, or that one had excused oneself.
VALID_AFTER = datetime.timedelta(days=30)


def new_link(invitation: Invitation) -> str:
    """Make a new link, for one mail or letter; those there are keep working.

    :return: the token; the database has only its hash.
    """
    return new_links([invitation])[invitation.pk]


def new_links(invitations: Iterable[Invitation]) -> dict[int, str]:
    """Make a new link for each of several invitations in one go.

    :param invitations: with their meetings loaded.
    :return: the tokens by the invitations' keys.
    """
    now = timezone.now()
    made, rows = {}, []
    for invitation in invitations:
        token, token_hash = tokens.new_token()
        expires_at = max(invitation.meeting.ends_at, now) + VALID_AFTER
        rows.append(
            InvitationLink(
                invitation=invitation,
                token_hash=token_hash,
                created_at=now,
                expires_at=expires_at,
            )
        )
        made[invitation.pk] = token
    InvitationLink.objects.bulk_create(rows, batch_size=500)
    return made


# --- A lost link ----------------------------------------------------------------------------------
# More meetings at a time nobody is invited to; the mail stays short.
MOST_RENEWED = 5


def renew(*, email: str, language: str) -> bool:
    """Send an address new links to the invitations it can still answer.

    An address nobody has invited gets a mail too, so that neither what is done nor how long it
    takes tells who is invited.

    :param email: in any case, with blanks around it.
    :param language: of the page.
    :return: False when the address had enough mails lately, which must not be told.
    """
    email = normalise_email(email)
    if not limits.allow(email, action="mail_to_address"):
        return False
    now = timezone.now()
    with transaction.atomic():
        found = list(
            Invitation.objects.invited()
            .filter(email=email, meeting__starts_at__gt=now)
            .exclude(meeting__state=Meeting.State.CANCELLED)
            .select_related("meeting")
            .order_by("meeting__starts_at", "pk")[:MOST_RENEWED]
        )
        made = new_links(found)
        emails.new_links(
            email, {one: made[one.pk] for one in found}, language=language, asked_at=now
        )
    return True
