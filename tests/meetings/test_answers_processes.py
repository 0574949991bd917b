"""The last seats, taken by two processes at once."""

import pytest

from meetings.models import Invitation
from meetings.services import answers
from tests import together
from tests.factories import make_meeting, make_meeting_invitation

BEFORE = """
from meetings.models import Invitation
from meetings.services import answers
rows = list(Invitation.objects.order_by("pk"))[{first}::2]
"""
# Each says yes for every second guest.
THEN = """
for row in rows:
    answers.answer(invitation=row, values={"reply": "yes"}, seen_version=1, way="link")
"""


@pytest.mark.django_db(transaction=True)
def test_two_processes_overbook_nothing(tmp_path):
    meeting = make_meeting(state="invited", capacity=15)
    for _number in range(40):
        make_meeting_invitation(meeting=meeting)
    together.processes(*((BEFORE.format(first=first), THEN) for first in (0, 1)), folder=tmp_path)
    assert answers.seats_taken(meeting) == 15
    waiting = list(Invitation.objects.waiting())
    assert len(waiting) == 25
    # Nobody who came later sits while somebody who came before waits.
    last = max(row.replied_at for row in Invitation.objects.coming())
    assert all(row.replied_at >= last for row in waiting)
