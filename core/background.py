"""Work that takes longer than an answer may: started by a person, done by the worker.

A task is a row. A worker makes it its own by a conditional UPDATE and shows by a heartbeat that it
is still at it; where the heartbeat stays away (the worker was killed), the next worker begins the
task anew. So what a task does must be safe to begin twice: all in one transaction, or row by row
with a note of what is done.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core.errors import Refused
from core.models import BackgroundTask

logger = logging.getLogger(__name__)

State = BackgroundTask.State
Run = Callable[["Running"], None]

# A worker that has not been heard of for so long is dead.
DEAD_AFTER = timedelta(minutes=2)
# Begun so often without an end, a task is not begun again: it may be what kills the worker.
MOST_TRIES = 3
BETWEEN_HEARTBEATS = timedelta(seconds=1)
KEEP = timedelta(days=90)

kinds: dict[str, Run] = {}


class Cancelled(Exception):
    """Somebody has stopped the task, or another worker has it."""


class Interrupted(Exception):
    """The worker is to end; the task waits for the next one."""


class Running:
    """A task in the hands of this worker."""

    def __init__(self, task: BackgroundTask, stopping: Callable[[], bool]) -> None:
        self.task = task
        self.argument: Mapping[str, Any] = task.argument
        self._stopping = stopping
        self._told_at = timezone.now()

    def progress(self, done: int, total: int) -> None:
        """Tell how far the task is, at most once a second; call it often, outside transactions.

        :param done: how many of `total` pieces are done.
        :raises Cancelled, Interrupted: when the task must not go on; let them pass.
        """
        if self._stopping():
            raise Interrupted
        now = timezone.now()
        if now - self._told_at < BETWEEN_HEARTBEATS:
            return
        self._told_at = now
        self._update(done=done, total=total, heartbeat_at=now)

    def _update(self, **values: Any) -> None:
        mine = BackgroundTask.objects.filter(
            pk=self.task.pk, state=State.RUNNING, tries=self.task.tries
        )
        if not mine.update(**values):
            raise Cancelled


def kind(name: str) -> Callable[[Run], Run]:
    """Let a function do the tasks of a kind; the module must be loaded in AppConfig.ready.

    :param name: unique and lasting, for example `organisations.check_import`.
    """

    def register(run: Run) -> Run:
        kinds[name] = run
        return run

    return register


def start(name: str, *, key: str, by: Any = None, argument: Mapping[str, Any]) -> BackgroundTask:
    """Have the worker do something; called again while it waits or runs, it is the same task.

    :param name: of a registered kind.
    :param key: what it is about, for example `import:17`; at most one task at a time has it.
    :param by: the account that wants it.
    :param argument: plain values for the function.
    :raises KeyError: for a kind nobody has registered.
    """
    kinds[name]
    unfinished = BackgroundTask.objects.unfinished().filter(key=key)
    if task := unfinished.first():
        return task
    try:
        with transaction.atomic():
            return BackgroundTask.objects.create(kind=name, key=key, by=by, argument=dict(argument))
    except IntegrityError:  # somebody else was quicker
        return unfinished.get()


def cancel(task: BackgroundTask) -> bool:
    """Stop a task that waits or runs.

    :return: False when there was nothing to stop.
    """
    return bool(
        BackgroundTask.objects.unfinished()
        .filter(pk=task.pk)
        .update(state=State.CANCELLED, ended_at=timezone.now())
    )


def run_due(*, stopping: Callable[[], bool] = lambda: False) -> dict[str, int]:
    """Do the tasks that wait, the oldest first, outside any transaction.

    :param stopping: asked before each task and within it.
    :return: how many tasks went to which state.
    """
    counts: dict[str, int] = {}
    with translation.override(settings.LANGUAGE_CODE):  # for the officer, who reads the reason
        while not stopping() and (task := _claim()):
            state = _run(task, stopping)
            counts[state] = counts.get(state, 0) + 1
    return counts


def forget_old() -> dict[str, int]:
    """Delete what ended long ago."""
    deleted, _rows = BackgroundTask.objects.filter(ended_at__lt=timezone.now() - KEEP).delete()
    return {"tasks deleted": deleted}


def _claim() -> BackgroundTask | None:
    now = timezone.now()
    due = Q(state=State.QUEUED) | Q(state=State.RUNNING, heartbeat_at__lt=now - DEAD_AFTER)
    for task in BackgroundTask.objects.filter(due).order_by("pk")[:10]:
        claimed = BackgroundTask.objects.filter(due, pk=task.pk, tries=task.tries)
        if task.tries >= MOST_TRIES:
            error = _("Mehrmals begonnen und nie zu Ende gekommen.")
            claimed.update(state=State.FAILED, ended_at=now, error=error)
            continue
        if claimed.update(
            state=State.RUNNING, begun_at=now, heartbeat_at=now, tries=F("tries") + 1, done=0
        ):
            return BackgroundTask.objects.get(pk=task.pk)
    return None


def _run(task: BackgroundTask, stopping: Callable[[], bool]) -> str:
    running = Running(task, stopping)
    try:
        kinds[task.kind](running)
    except Cancelled:
        return State.CANCELLED
    except Interrupted:
        running._update(state=State.QUEUED, tries=F("tries") - 1)
        return State.QUEUED
    except Refused as refused:
        return _end(running, State.FAILED, error=str(refused))
    except Exception:
        # The others must not wait for a broken one; whoever started it sees that it failed.
        logger.exception("Background task %s (%s) failed.", task.pk, task.kind)
        return _end(running, State.FAILED, error=_("Ein Fehler im Portal. Nichts ist geändert."))
    return _end(running, State.DONE)


def _end(running: Running, state: str, *, error: str = "") -> str:
    try:
        running._update(state=state, ended_at=timezone.now(), error=error[:500])
    except Cancelled:
        return State.CANCELLED
    return state
