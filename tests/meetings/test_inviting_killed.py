"""Exactly once, with real workers that are killed, two at once, and a real mail server.

`benchmarks/meetings.py` does the same with 5,000 people.
"""

import signal
import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from core import background, outbox
from core.models import BackgroundTask, OutboxMessage
from meetings.models import Invitation, InvitationLink, Meeting
from meetings.services import inviting
from tests.factories import make_meeting, make_network

State = OutboxMessage.State
PEOPLE = 250

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting(officer) -> Meeting:
    make_network()
    meeting = make_meeting(title="Frühlingstreffen")
    Invitation.objects.bulk_create(
        Invitation(meeting=meeting, email=f"gast{number}@example.org", name=f"Gast {number}")
        for number in range(PEOPLE)
    )
    return meeting


def wait_until(is_so: Callable[[], bool], workers=(), *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, [worker.poll() for worker in workers]
        time.sleep(0.02)


def kill(worker) -> None:
    """End a worker as a power cut would; by and by the others know that it is gone."""
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=10)
    BackgroundTask.objects.filter(state="running").update(
        heartbeat_at=timezone.now() - 2 * background.DEAD_AFTER
    )
    OutboxMessage.objects.filter(state=State.SENDING).update(
        sending_since=timezone.now() - 2 * outbox.ABANDONED_AFTER
    )


def is_written(number: int) -> bool:
    return Invitation.objects.exclude(invited_at=None).count() >= number


def is_sent(number: int) -> bool:
    return OutboxMessage.objects.filter(state=State.SENT).count() >= number


def is_done() -> bool:
    left = OutboxMessage.objects.filter(state__in=[State.QUEUED, State.SENDING])
    return is_written(PEOPLE) and not left.exists()


def test_everybody_gets_one_mail_however_often_workers_are_killed(
    meeting, officer, mail_server, start_worker
):
    inviting.start(meeting=meeting, by=officer)
    # While the mails are written, twice; then while they are sent.
    for is_time in (
        lambda: is_written(1),
        lambda: is_written(inviting.CHUNK + 1),
        lambda: is_sent(PEOPLE // 4),
    ):
        worker = start_worker()
        wait_until(is_time, [worker])
        kill(worker)
    workers = [start_worker(), start_worker()]
    wait_until(is_done, workers)
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0

    unclear = set(OutboxMessage.objects.filter(state=State.UNCLEAR).values_list("to", flat=True))
    assert len(unclear) <= 3  # one mail in hand for each that was killed
    arrived = mail_server()
    assert all(arrived[address] <= 1 for address in unclear)
    everybody = {f"gast{number}@example.org" for number in range(PEOPLE)}
    assert {to: arrived[to] for to in everybody - unclear} == dict.fromkeys(everybody - unclear, 1)
    # The ones that nobody can be sure of are named to the officer, nobody else is.
    assert set(inviting.undelivered().values_list("email", flat=True)) == unclear
    ids = dict(OutboxMessage.objects.values_list("to", "message_id"))
    assert {to: message_id for to, message_id, _content in mail_server.received}.items() <= (
        ids.items()
    )
    assert OutboxMessage.objects.count() == PEOPLE
    assert InvitationLink.objects.count() == PEOPLE
    meeting.refresh_from_db()
    assert meeting.state == Meeting.State.INVITED
    assert meeting.history.filter(state="invited").count() == 1


def test_two_runs_at_once_write_no_mail_twice(meeting, officer, mail_server, start_worker):
    """A worker that was only slow goes on while another has taken over its task."""
    task = inviting.start(meeting=meeting, by=officer)
    workers = [start_worker(), start_worker()]
    while not is_written(PEOPLE):
        # Whoever has it seems dead at once, and the other begins the task anew.
        BackgroundTask.objects.filter(pk=task.pk, state="running").update(
            heartbeat_at=timezone.now() - 2 * background.DEAD_AFTER, tries=1
        )
        time.sleep(0.01)
    wait_until(is_done, workers)
    assert OutboxMessage.objects.count() == PEOPLE
    assert InvitationLink.objects.count() == PEOPLE
    assert set(mail_server().values()) == {1}
    assert len(mail_server()) == PEOPLE
