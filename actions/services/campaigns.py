"""Times in which the network appears together, and what they mean for other dates."""

import datetime
from collections.abc import Iterator

from django.urls import reverse

from actions.models import Campaign
from meetings.collisions import CAMPAIGN, Collision
from organisations.services.slugs import readable


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
