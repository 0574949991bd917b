"""The number of the public content: it changes with every change a visitor could see.

What is kept in memory (pages, the directory's index) remembers the number it was made from and is
made anew as soon as the number is another; so a withdrawn consent takes effect with the next
request of every process, without a message between them.

The number is drawn, not counted: a database that goes back to an earlier state (a restored backup,
a rolled-back test) must never arrive a second time at a number that stood for something else.
"""

import os
import secrets
import time
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from core.models import Revision

# How old, in seconds, an answer of `recent` may be on a machine where nobody has changed anything.
UNASKED = 1.0


class _Seen(NamedTuple):
    number: int
    rung_at: int
    at: float


_seen: _Seen | None = None


def current() -> int:
    """Return the number of the content as the database has it now; one query by primary key.

    It is asked with every page, also the remembered ones, where building this query from objects
    was a third of all the work; so it is written out.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number FROM {Revision._meta.db_table} WHERE id = 1")  # noqa: S608
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def recent() -> int:
    """Return the number without asking the database, unless there may be another.

    For finished pages of visitors, where one query is most of the work. A change that is committed
    on this machine rings a bell all its processes look at (the time of a file), so they ask with
    their next request; a change from another machine is noticed after `UNASKED` seconds.
    """
    global _seen
    now, rung_at, seen = time.monotonic(), _rung_at(), _seen
    if seen is None or seen.rung_at != rung_at or now - seen.at >= UNASKED:
        _seen = seen = _Seen(current(), rung_at, now)
    return seen.number


def forget() -> None:
    """Have `recent` ask the database the next time, in this process."""
    global _seen
    _seen = None


def bump() -> None:
    """Mark a change of public content, inside the transaction that makes it."""
    forget()
    transaction.on_commit(_ring)
    number = secrets.randbits(62)
    if not Revision.objects.filter(pk=1).update(number=number):
        Revision.objects.update_or_create(pk=1, defaults={"number": number})


def _bell() -> Path:
    return Path(settings.MEDIA_ROOT) / ".revision"


def _rung_at() -> int:
    """Return when the bell was rung last, in nanoseconds; 0 if it never was."""
    try:
        return _bell().stat().st_mtime_ns
    except OSError:
        return 0


def _ring() -> None:
    """Let every process of this machine know; without a bell they notice in a second."""
    forget()
    now = time.time_ns()
    try:
        _bell().parent.mkdir(parents=True, exist_ok=True)
        _bell().touch()
        os.utime(_bell(), ns=(now, now))
    except OSError:
        return
