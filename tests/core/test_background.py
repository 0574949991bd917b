"""What a person starts and the worker does: once, to its end, and told about."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import background
from core.errors import Refused
from core.models import BackgroundTask

State = BackgroundTask.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def done(monkeypatch) -> list[dict]:
    """Kinds of tasks: one that works, one that refuses, one that breaks, one that is stopped."""
    seen: list[dict] = []
    monkeypatch.setattr(background, "kinds", {})

    @background.kind("count")
    def count(task: background.Running) -> None:
        seen.append(dict(task.argument))

    @background.kind("refuse")
    def refuse(task: background.Running) -> None:
        raise Refused("Die Datei ist leer.")

    @background.kind("break")
    def break_down(task: background.Running) -> None:
        raise ZeroDivisionError("secret 0722 123")

    @background.kind("stopped")
    def stopped(task: background.Running) -> None:
        background.cancel(task.task)
        task._told_at -= timedelta(minutes=1)
        task.progress(1, 2)
        seen.append({"never": "here"})

    return seen


def start(name: str, key: str = "x") -> BackgroundTask:
    return background.start(name, key=key, argument={"run": 17})


def test_a_task_is_done_once_however_often_it_is_asked_for(done):
    first, second = start("count"), start("count")
    assert first == second
    assert background.run_due() == {State.DONE: 1}
    assert background.run_due() == {}
    assert done == [{"run": 17}]
    first.refresh_from_db()
    assert (first.state, first.tries) == (State.DONE, 1)
    assert first.ended_at is not None
    assert start("count") != first  # ended, it may be wanted again


@pytest.mark.parametrize(
    ("name", "state", "error"),
    [
        ("refuse", State.FAILED, "Die Datei ist leer."),
        ("break", State.FAILED, "Ein Fehler im Portal. Nichts ist geändert."),
        ("stopped", State.CANCELLED, ""),
    ],
)
def test_what_fails_is_said_and_stops_nobody(done, caplog, name, state, error):
    task = start(name)
    start("count", key="y")
    background.run_due()
    task.refresh_from_db()
    assert (task.state, task.error) == (state, error)
    assert done == [{"run": 17}]


def test_a_task_whose_worker_died_is_begun_anew_but_not_for_ever(done):
    task = start("count")
    for _try in range(background.MOST_TRIES):
        taken = background._claim()
        assert taken == task
        assert background._claim() is None  # while there is a heartbeat, it is its worker's own
        BackgroundTask.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=3))
    assert background.run_due() == {}
    task.refresh_from_db()
    assert (task.state, task.error) == (
        State.FAILED,
        "Mehrmals begonnen und nie zu Ende gekommen.",
    )
    assert done == []


def test_a_worker_that_was_taken_for_dead_writes_nothing_more(done):
    start("count")
    slow = background.Running(background._claim(), stopping=lambda: False)
    BackgroundTask.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=3))
    background._claim()
    slow._told_at -= timedelta(minutes=1)
    with pytest.raises(background.Cancelled):
        slow.progress(5, 10)
    assert background._end(slow, State.DONE) == State.CANCELLED
    assert BackgroundTask.objects.get().state == State.RUNNING


def test_progress_is_seen_and_a_worker_that_ends_puts_the_task_back(monkeypatch):
    monkeypatch.setattr(background, "kinds", {})
    seen = []

    @background.kind("long")
    def long(task: background.Running) -> None:
        task._told_at -= timedelta(minutes=1)
        task.progress(3, 12)
        row = BackgroundTask.objects.get()
        seen.append((row.percent, row.is_unfinished))
        task.progress(4, 12)

    start("long")
    assert background.run_due(stopping=iter([False, False, True, True]).__next__) == {
        State.QUEUED: 1
    }
    row = BackgroundTask.objects.get()
    assert (row.state, row.tries) == (State.QUEUED, 0)
    assert seen == [(25, True)]


def test_an_unknown_kind_is_refused_at_once(done):
    with pytest.raises(KeyError):
        start("nonsense")
    assert not BackgroundTask.objects.exists()


def test_ended_tasks_are_forgotten_after_three_months(done):
    start("count")
    background.run_due()
    assert background.forget_old() == {"tasks deleted": 0}
    BackgroundTask.objects.update(ended_at=timezone.now() - timedelta(days=91))
    assert background.forget_old() == {"tasks deleted": 1}
