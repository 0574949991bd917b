"""Letters for people without e-mail: read back from the PDF."""

from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from core.errors import Refused
from core.tokens import hash_token
from meetings.models import InvitationLink, Meeting
from meetings.services import letters, planning, recipients
from tests.factories import make_agenda_item, make_meeting, make_meeting_invitation

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]


@pytest.fixture
def meeting(network, officer, organisation) -> Meeting:
    """Two letters, in German and in Arabic, to people without an e-mail address."""
    meeting = make_meeting(title="Frühlingstreffen", description="Wir planen.")
    make_agenda_item(meeting=meeting, title="Interkulturelle Woche")
    for name, language, one in (("Hans Brief", "de", organisation), ("سامي رسالة", "ar", None)):
        recipients.add_letter(
            meeting=meeting,
            name=name,
            postal_address="Weg 1\n76437 Musterstadt",
            language=language,
            organisation=one,
            by=officer,
        )
    make_meeting_invitation(meeting=meeting)
    return meeting


def url(meeting: Meeting) -> str:
    return reverse("admin:meetings_meeting_letters", kwargs={"pk": meeting.pk})


def test_each_letter_has_a_link_of_its_own_that_leads_to_the_answer(meeting, client):
    written = letters.write(meeting, list(letters.due(meeting)))
    assert len({one.address for one in written}) == 2
    for one in written:
        token = one.address.rstrip("/").rpartition("/")[2]
        link = InvitationLink.objects.get(token_hash=hash_token(token))
        assert link.invitation == one.invitation
        answer = client.get(reverse("short_answer", kwargs={"token": token}), follow=True)
        assert answer.status_code == 200
        assert f"/{one.invitation.language}/treffen/antwort/" in answer.redirect_chain[-1][0]
    # Written is not printed.
    assert letters.due(meeting).count() == 2


@pytest.mark.pdf
def test_the_file_says_all_there_is_to_say(meeting, client_for, officer):
    answer = client_for(officer).post(url(meeting))
    assert answer.headers["Content-Type"] == "application/pdf"
    file = PdfReader(BytesIO(answer.content))
    assert len(file.pages) == 2
    assert file.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert file.trailer["/Root"]["/Lang"] == "de"
    assert "Frühlingstreffen" in file.metadata.title
    german = file.pages[0].extract_text()
    for part in ("Hans Brief", "76437 Musterstadt", "18:00", "Interkulturelle Woche", "07222"):
        assert part in german, german
    # Not a member: no agenda.
    assert "Interkulturelle Woche" not in file.pages[1].extract_text()
    assert not letters.due(meeting).exists()
    row = meeting.invitations.get(name="Hans Brief")
    assert row.invited_at is not None
    meeting.refresh_from_db()
    assert meeting.state == Meeting.State.INVITED


@pytest.mark.pdf
def test_a_letter_is_due_again_when_the_meeting_moves(meeting, client_for, officer):
    desk = client_for(officer)
    desk.post(url(meeting))
    first = meeting.invitations.get(name="Hans Brief").invited_at
    assert desk.post(url(meeting)).status_code == 302  # there is none to print
    meeting.refresh_from_db()
    planning.change(
        meeting=meeting, values={"place": "Bürgerhaus"}, seen_version=meeting.version, by=officer
    )
    assert letters.due(meeting).count() == 2
    answer = desk.post(url(meeting))
    assert "Bürgerhaus" in PdfReader(BytesIO(answer.content)).pages[0].extract_text()
    row = meeting.invitations.get(name="Hans Brief")
    assert (row.invited_at, row.links.count()) == (first, 2)


def test_a_file_that_cannot_be_made_notes_nothing(meeting, client_for, officer, monkeypatch):
    def refuse(html, **options):
        raise Refused("Auf dem Server fehlt ein Programm.")

    monkeypatch.setattr("core.pdf.render", refuse)
    answer = client_for(officer).post(url(meeting))
    assert answer.status_code == 503
    assert letters.due(meeting).count() == 2
    assert not meeting.invitations.filter(email="").exclude(invited_at=None).exists()


def test_printing_is_no_link(meeting, client_for, officer, manager):
    assert client_for(officer).get(url(meeting)).status_code == 405
    assert client_for(manager).post(url(meeting)).status_code in {302, 404}
    assert not InvitationLink.objects.exists()
