"""Personal links to an invitation: whoever has one answers without a log-in."""

import datetime
from collections.abc import Iterable

from django.utils import timezone

from core import tokens
from meetings.models import Invitation, InvitationLink

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
