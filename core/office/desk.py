"""What waits for the officer, on the first page of the back office."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils import timezone


@dataclass(frozen=True)
class Item:
    """One thing to decide.

    :ivar since: since when it waits; `days` counts from there.
    :ivar hint: a few words more.
    """

    label: str
    url: str
    since: datetime.datetime | None = None
    hint: str = ""

    @property
    def days(self) -> int | None:
        if self.since is None:
            return None
        return (timezone.localdate() - timezone.localdate(self.since)).days


@dataclass(frozen=True)
class Waiting:
    """One part of the start page: the first things that wait, how many there are, and where."""

    title: str
    total: int
    items: Sequence[Item] = field(default_factory=tuple)
    url: str = ""
    note: str = ""


Provider = Callable[[HttpRequest], Waiting | None]
SHOWN = 10

_providers: list[tuple[int, Provider]] = []


def waits(order: int) -> Callable[[Provider], Provider]:
    """Let a function say what waits; it returns None for somebody who may not decide it.

    :param order: where it stands on the start page, the smallest number first.
    """

    def register(provider: Provider) -> Provider:
        _providers.append((order, provider))
        return provider

    return register


def waiting(request: HttpRequest) -> list[Waiting]:
    """Return everything that waits for the person who asks, in order."""
    found = (provider(request) for _order, provider in sorted(_providers, key=lambda one: one[0]))
    return [part for part in found if part is not None]
