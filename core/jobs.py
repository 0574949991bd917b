"""What has to be done again and again in the background, each at its own pace.

A job asks the database what is due and not yet done, and stamps it; so it does not matter how
often, how late or by how many workers it is called. The table of jobs only keeps it from running
all the time.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.db.models import Q
from django.utils import timezone

from core import background, outbox, return_mailbox, statistics
from core.models import Job

logger = logging.getLogger(__name__)

Run = Callable[[], Mapping[str, int]]

# A job that was begun and never ended (the worker was killed) or raised may be begun anew.
TRY_AGAIN_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Task:
    """A job as an app has registered it."""

    name: str
    every: timedelta
    run: Run


tasks: dict[str, Task] = {}


def register(name: str, *, every: timedelta) -> Callable[[Run], Run]:
    """Have the worker call a function; used in AppConfig.ready or as a decorator.

    :param name: unique and lasting, for example `organisations.remind`.
    :param every: how long at least between two runs.
    """

    def decorate(run: Run) -> Run:
        tasks[name] = Task(name, every, run)
        return run

    return decorate


def run_due(*, everything: bool = False) -> dict[str, Mapping[str, int]]:
    """Do what is due.

    :param everything: do not ask whether it is due.
    :return: the counts each job gave, by its name.
    """
    results: dict[str, Mapping[str, int]] = {}
    for task in tasks.values():
        if not _begin(task, everything=everything):
            continue
        try:
            results[task.name] = task.run()
        except Exception:
            # The other jobs must not wait for a broken one; it is tried again later.
            logger.exception("Job %s failed.", task.name)
            continue
        Job.objects.filter(name=task.name).update(last_done_at=timezone.now(), begun_at=None)
    return results


def _begin(task: Task, *, everything: bool) -> bool:
    """Say whether this worker has the job now: the conditional UPDATE gives it to one only."""
    now = timezone.now()
    due = Q() if everything else Q(last_done_at=None) | Q(last_done_at__lte=now - task.every)
    free = Q(begun_at=None) | Q(begun_at__lte=now - TRY_AGAIN_AFTER)
    Job.objects.get_or_create(name=task.name)
    return bool(Job.objects.filter(due, free, name=task.name).update(begun_at=now))


@register("core.outbox", every=timedelta(hours=6))
def forget_old_mails() -> Mapping[str, int]:
    """Wipe and drop what the outbox has kept long enough; see `outbox.forget_old`."""
    return outbox.forget_old()


@register("core.bounces", every=timedelta(minutes=5))
def look_for_returned_mails() -> Mapping[str, int]:
    """Note which mails came back; see `return_mailbox.look`."""
    return return_mailbox.look()


@register("core.background", every=timedelta(days=1))
def forget_old_tasks() -> Mapping[str, int]:
    """Drop background tasks that ended long ago; see `background.forget_old`."""
    return background.forget_old()


@register("core.sessions", every=timedelta(hours=6))
def forget_expired_sessions() -> Mapping[str, int]:
    """Drop log-ins that have ended; what was kept in them goes too."""
    dropped, _per_model = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return {"dropped": dropped}


@register("core.cache", every=timedelta(hours=1))
def forget_expired_counts() -> Mapping[str, int]:
    """Drop what has run out from a cache in the database; itself it waits until it is full."""
    backend = caches["default"]
    if not isinstance(backend, DatabaseCache):
        return {}
    connection = connections[router.db_for_write(backend.cache_model_class)]
    table = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE expires < %s",  # noqa: S608 - the name is a setting
            [connection.ops.adapt_datetimefield_value(timezone.now())],
        )
        return {"dropped": cursor.rowcount}


@register("core.statistics", every=timedelta(days=1))
def refresh_statistics() -> Mapping[str, int]:
    """Keep the database choosing the right index; see `core.statistics`."""
    statistics.refresh()
    return {}
