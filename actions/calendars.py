"""What stands of actions in a person's own calendar; see `meetings.calendars.more`."""

import datetime

from django.utils import timezone

from accounts.models import User
from actions import ical, profile
from actions.models import JointAction
from core.ical import Happening

# What is longer ago nobody looks up in a calendar; the portal has it.
KEPT = datetime.timedelta(days=400)
MOST_ACTIONS = 500


def own(user: User) -> list[Happening]:
    """Return the dates of the actions a person takes part in; what is not confirmed says so."""
    since = timezone.now() - KEPT
    found = (
        JointAction.objects.of(user)
        .coming(since)
        # What was given up before anybody knew of it is in nobody's way.
        .exclude(state=JointAction.State.CANCELLED, published_at=None)
        .order_by("-pk")
    )
    return ical.happenings(
        profile.for_cards(found)[:MOST_ACTIONS],
        language=user.language,
        since=since,
        has_alarm=True,
    )
