"""When the network appears together, and what that means for other dates."""

import datetime
from collections import defaultdict
from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from actions import words
from actions.models import ActionDate, Campaign, JointAction
from meetings.collisions import ACTION, CAMPAIGN, Collision
from organisations.services.slugs import readable

State = JointAction.State
ONE = datetime.timedelta(days=1)
# In a campaign there are dozens a day; more than these are said as a number.
NAMED_A_DAY = 3


def free_slug(campaign: Campaign) -> str:
    """Return an address for a campaign's name and year that no other one has."""
    base = f"{readable(campaign.name)}-{campaign.year}"
    others = Campaign.objects.filter(slug__startswith=base).exclude(pk=campaign.pk)
    taken = set(others.values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken:
        slug = f"{base}-{number}"
        number += 1
    return slug


def collisions(first: datetime.date, last: datetime.date) -> Iterator[Collision]:
    """Say which campaigns a time meets; see `meetings.collisions.sources`.

    Many organisations are busy then, though a meeting in such a week may also be meant.
    """
    for campaign in Campaign.objects.overlapping(first, last):
        yield Collision(
            CAMPAIGN,
            str(campaign),
            campaign.starts_on,
            campaign.ends_on,
            is_heavy=False,
            url=reverse("admin:actions_campaign_change", args=[campaign.pk]),
        )


def collisions_of_actions(first: datetime.date, last: datetime.date) -> Iterator[Collision]:
    """Say which actions take place between two days; see `meetings.collisions.sources`.

    What is still planned is said too: whoever plans it is busy then. One that lasts for days, such
    as an exhibition, keeps nobody away.
    """
    zone = timezone.get_default_timezone()
    begin = datetime.datetime.combine(first, datetime.time(), zone)
    end = datetime.datetime.combine(last + ONE, datetime.time(), zone)
    rows = ActionDate.objects.filter(
        starts_at__lt=end,
        ends_at__gt=begin,
        action__state__in=[State.PLANNING, State.CONFIRMED, State.DONE],
    )
    by_day: dict[datetime.date, list[Collision]] = defaultdict(list)
    for one in rows.select_related("action").order_by("starts_at", "pk"):
        found = _collision(one)
        if not found.touches(first, last):
            continue  # it ended in the night before
        if found.starts_on == found.ends_on:
            by_day[found.starts_on].append(found)
        else:
            yield found
    for day, those in by_day.items():
        if len(those) <= NAMED_A_DAY:
            yield from those
            continue
        text = ngettext(
            "%(number)s gemeinsame Aktion", "%(number)s gemeinsame Aktionen", len(those)
        )
        url = reverse("admin:actions_jointaction_changelist")
        yield Collision(ACTION, text % {"number": len(those)}, day, day, url=url)


def _collision(one: ActionDate) -> Collision:
    first, last = words.begins(one).date(), words.last_day(one)
    return Collision(
        ACTION,
        one.action.translated("title"),
        first,
        last,
        note=_("Noch in Planung.") if one.action.state == State.PLANNING else "",
        is_heavy=first == last,
        url=reverse("admin:actions_jointaction_review", args=[one.action_id]),
    )
