"""The last seats, taken by two processes at once."""

import os
import subprocess
import sys

import pytest

from meetings.models import Invitation
from meetings.services import answers
from tests.database import database_url
from tests.factories import make_meeting, make_meeting_invitation
from tests.source import ROOT

# Both begin when the file is there, and say yes for every second guest each.
SCRIPT = """
import pathlib, sys, time
from meetings.models import Invitation
from meetings.services import answers
rows = list(Invitation.objects.order_by("pk"))[{first}::2]
print("ready", flush=True)
while not pathlib.Path({start!r}).exists():
    time.sleep(0.001)
for row in rows:
    answers.answer(invitation=row, values={{"reply": "yes"}}, seen_version=1, way="link")
"""


@pytest.mark.django_db(transaction=True)
def test_two_processes_overbook_nothing(tmp_path):
    meeting = make_meeting(state="invited", capacity=15)
    for _number in range(40):
        make_meeting_invitation(meeting=meeting)
    start = tmp_path / "start"
    processes = [
        subprocess.Popen(
            [
                sys.executable, "manage.py", "shell", "--verbosity=0",
                "--command", SCRIPT.format(first=first, start=str(start)),
            ],
            cwd=ROOT,
            env={**os.environ, "DEBUG": "on", "DATABASE_URL": database_url()},
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (0, 1)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    start.touch()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert answers.seats_taken(meeting) == 15
    waiting = list(Invitation.objects.waiting())
    assert len(waiting) == 25
    # Nobody who came later sits while somebody who came before waits.
    last = max(row.replied_at for row in Invitation.objects.coming())
    assert all(row.replied_at >= last for row in waiting)
