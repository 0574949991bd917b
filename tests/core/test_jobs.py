"""Housekeeping: each job when it is due, by one worker, whatever happens to the others."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from core import jobs, mail
from core.models import Job, OutboxMessage

DONE = {"done": 1}


@pytest.fixture
def registry(db, monkeypatch):
    """An empty list of jobs that the test fills."""
    monkeypatch.setattr(jobs, "tasks", {})
    return jobs.tasks


@pytest.fixture
def watering(registry):
    runs: list[int] = []

    @jobs.register("test.watering", every=timedelta(hours=6))
    def water():
        runs.append(1)
        return DONE

    return runs


def test_a_job_runs_when_it_is_due_and_not_before(watering, time_machine):
    time_machine.move_to("2026-11-22 08:00Z", tick=False)
    assert jobs.run_due() == {"test.watering": DONE}
    time_machine.shift(timedelta(hours=5, minutes=59))
    assert jobs.run_due() == {}
    time_machine.shift(timedelta(minutes=1))
    assert jobs.run_due() == {"test.watering": DONE}
    time_machine.shift(timedelta(days=40))
    assert jobs.run_due() == {"test.watering": DONE}  # once, however long nobody came
    assert len(watering) == 3


def test_a_job_another_worker_has_is_left_to_it(watering):
    Job.objects.create(name="test.watering", begun_at=timezone.now())
    assert jobs.run_due() == {}
    assert jobs.run_due(everything=True) == {}


def test_a_job_whose_worker_died_is_begun_anew(watering):
    long_ago = timezone.now() - jobs.TRY_AGAIN_AFTER
    Job.objects.create(name="test.watering", begun_at=long_ago)
    assert jobs.run_due() == {"test.watering": DONE}
    assert Job.objects.get().begun_at is None


def test_a_broken_job_holds_up_no_other_and_is_tried_later(registry, caplog, time_machine):
    time_machine.move_to("2026-11-22 08:00Z", tick=False)

    @jobs.register("test.broken", every=timedelta(minutes=1))
    def break_down():
        raise RuntimeError("the water is off")

    @jobs.register("test.fine", every=timedelta(minutes=1))
    def run_fine():
        return DONE

    assert jobs.run_due() == {"test.fine": DONE}
    assert "test.broken" in caplog.text
    time_machine.shift(timedelta(minutes=2))
    assert jobs.run_due() == {"test.fine": DONE}
    assert caplog.text.count("Traceback") == 1
    time_machine.shift(jobs.TRY_AGAIN_AFTER)
    jobs.run_due()
    assert caplog.text.count("Traceback") == 2
    assert Job.objects.get(name="test.broken").last_done_at is None


def test_expired_sessions_and_counts_are_forgotten(db):
    for name, seconds in (("old", -60), ("new", 3600)):
        session = SessionStore()
        session["name"] = name
        session.set_expiry(seconds)
        session.save()
        cache.set(name, 1, timeout=3600)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_cache SET expires = %s WHERE cache_key LIKE %s",
            [
                connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(minutes=1)),
                "%old",
            ],
        )
    results = jobs.run_due(everything=True)
    assert [row.get_decoded()["name"] for row in Session.objects.all()] == ["new"]
    assert results["core.sessions"] == {"dropped": 1}
    assert results["core.cache"] == {"dropped": 1}
    assert cache.get("new") == 1


def test_housekeeping_says_what_it_did(watering):
    output = StringIO()
    call_command("housekeeping", stdout=output)
    call_command("housekeeping", stdout=output)
    call_command("housekeeping", all=True, stdout=output)
    assert output.getvalue() == "test.watering: 1 done\n" * 2


def test_the_worker_can_do_one_round(watering, settings):
    with transaction.atomic():
        mail.queue_mail(
            key="a",
            to="anna@example.org",
            mail="test",
            language="de",
            context={},
            subject_body=("Hallo", "Welt"),
        )
    output = StringIO()
    call_command("worker", once=True, stdout=output)
    call_command("worker", once=True, stdout=output)
    assert output.getvalue() == "mails: 1 sent\ntest.watering: 1 done\n"
    assert OutboxMessage.objects.get().state == "sent"
