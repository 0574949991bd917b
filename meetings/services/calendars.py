"""A person's own calendar: given an address, a new one, or none any more."""

import secrets

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from meetings.models import CalendarFeed


@transaction.atomic
def open_feed(*, user: User) -> CalendarFeed:
    """Give a person's calendar an address; who has one keeps it."""
    feed, _created = CalendarFeed.objects.get_or_create(user=user, defaults={"salt": _salt()})
    return feed


@transaction.atomic
def reset(*, user: User) -> CalendarFeed:
    """Give a person's calendar a new address; the old one leads nowhere from then on."""
    feed, created = CalendarFeed.objects.select_for_update().get_or_create(
        user=user, defaults={"salt": _salt()}
    )
    if not created:
        feed.salt, feed.reset_at = _salt(), timezone.now()
        feed.save()
    return feed


@transaction.atomic
def close(*, user: User) -> bool:
    """Take the address away; whatever program has subscribed to it gets nothing any more.

    :return: whether there was one.
    """
    deleted, _rows = CalendarFeed.objects.filter(user=user).delete()
    return bool(deleted)


def _salt() -> str:
    return secrets.token_urlsafe(32)
