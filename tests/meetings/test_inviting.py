"""Inviting: each exactly once, in the right words, with a calendar entry; and what follows."""

import datetime
from email import message_from_bytes, policy

import pytest
import vobject
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core import background, bounces, outbox
from core.errors import Refused
from core.models import BackgroundTask, OutboxMessage
from core.tokens import hash_token
from meetings.models import Invitation, InvitationLink, Meeting
from meetings.services import inviting, planning, recipients, reminding
from meetings.services.guests import Guest
from organisations.models import Organisation
from tests.factories import (
    make_agenda_item,
    make_contact,
    make_meeting,
    make_meeting_invitation,
    make_network,
)

State = OutboxMessage.State
TaskState = BackgroundTask.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(network) -> Meeting:
    return make_meeting(
        title="Frühlingstreffen",
        description="Wir planen das Jahr.",
        place="Rathaus",
        address="Markt 1, 76437 Musterstadt",
        translations={"ar": {"title": "لقاء الربيع"}},
    )


@pytest.fixture
def listed(meeting, organisation, manager, editor, officer) -> Meeting:
    """Four on the list: two representatives, one of whom reads Arabic, a contact and a guest."""
    editor.language = "ar"
    editor.save()
    make_contact(organisation=organisation, email="kontakt@example.org", name="Kim Kontakt")
    recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer)
    guests = [Guest("gast@example.org", "Gül Gast")]
    recipients.add_guests(meeting=meeting, guests=guests, language="de", by=officer)
    return meeting


def invite(meeting: Meeting, officer) -> None:
    inviting.start(meeting=meeting, by=officer)
    assert background.run_due() == {TaskState.DONE: 1}
    meeting.refresh_from_db()


def mails(mail: str = "meetings/invitation") -> dict[str, OutboxMessage]:
    return {one.to: one for one in OutboxMessage.objects.filter(mail=mail)}


def calendar(message: OutboxMessage):
    return vobject.readOne(message.calendar)


# --- The invitation -------------------------------------------------------------------------------
def test_everybody_on_the_list_is_invited_once(listed, officer):
    invite(listed, officer)
    found = mails()
    assert set(found) == {
        "leitung@example.org", "redaktion@example.org", "kontakt@example.org", "gast@example.org",
    }  # fmt: skip
    assert listed.state == Meeting.State.INVITED
    assert listed.history.first().history_change_reason == "Eingeladen"
    assert listed.history.first().history_user == officer
    for row in listed.invitations.all():
        assert row.mail == found[row.email]
        assert row.invited_at is not None
        assert row.told_sequence == listed.sequence
        [link] = row.links.all()
        assert link.expires_at == listed.ends_at + datetime.timedelta(days=30)
    # Begun anew, as after a crash: nothing more happens.
    with pytest.raises(Refused):
        inviting.start(meeting=listed, by=officer)
    BackgroundTask.objects.update(state=TaskState.QUEUED)
    background.run_due()
    assert OutboxMessage.objects.count() == 4


def test_a_mail_carries_a_personal_link_that_works(listed, officer, client):
    invite(listed, officer)
    seen = set()
    for row in listed.invitations.all():
        message = row.mail
        assert message.confidential
        [address] = {line for line in message.text_body.split() if "/treffen/antwort/" in line}
        token = address.rstrip("/").rpartition("/")[2]
        assert len(token) == 43
        assert InvitationLink.objects.get(token_hash=hash_token(token)).invitation == row
        assert client.get(reverse("meetings:answer", kwargs={"token": token})).status_code == 200
        seen.add(token)
    assert len(seen) == 4


def test_what_the_mail_says(listed, officer):
    make_agenda_item(meeting=listed, title="Interkulturelle Woche")
    invite(listed, officer)
    found = mails()
    text = found["kontakt@example.org"].text_body
    for part in (
        "Guten Tag Kim Kontakt,",
        "Frühlingstreffen",
        "18:00–20:00 Uhr",
        "Wo: Rathaus, Markt 1, 76437 Musterstadt",
        "Wir planen das Jahr.",
        "– Interkulturelle Woche",
        "weil Sie als Ansprechperson von „Haus der Musik e. V.“ eingetragen sind",
    ):
        assert part in text, text
    # Somebody put on the list by hand need not be a member, and the agenda is for members.
    assert "Interkulturelle Woche" not in found["gast@example.org"].text_body
    arabic = found["redaktion@example.org"]
    assert (arabic.language, "لقاء الربيع" in arabic.subject) == ("ar", True)
    assert 'dir="rtl"' in arabic.html_body
    assert "/ar/treffen/antwort/" in arabic.text_body


def test_the_calendar_entry_is_for_that_person(listed, officer):
    invite(listed, officer)
    found = calendar(mails()["gast@example.org"])
    assert found.method.value == "REQUEST"
    event = found.vevent
    assert event.attendee.value == "mailto:gast@example.org"
    assert event.attendee.params["RSVP"] == ["FALSE"]
    assert event.sequence.value == "0"
    assert event.dtstart.value == listed.starts_at


def test_a_name_carries_no_link_and_no_line_into_mail_or_calendar(meeting, officer):
    make_meeting_invitation(
        meeting=meeting,
        email="boese@example.org",
        name="Eve https://evil.example\r\nBcc: x@example.org\r\nEND:VEVENT",
        invited_at=None,
    )
    invite(meeting, officer)
    message = mails()["boese@example.org"]
    assert "https://evil.example" not in message.text_body
    lines = message.calendar.splitlines()
    assert lines.count("END:VEVENT") == 1
    assert not any(line.startswith("Bcc") for line in [*lines, *message.text_body.splitlines()])
    calendar(message)


def test_the_officers_words_for_this_meeting_and_language(listed, officer):
    words = {"subject": "Kommt alle! {Treffen}", "body": "{Anrede}\n\nEndlich wieder.\n\n{Angaben}"}
    assert inviting.save_words(meeting=listed, language="de", by=officer, **words)
    assert not inviting.save_words(meeting=listed, language="de", by=officer, **words)
    with pytest.raises(ValidationError):
        inviting.save_words(
            meeting=listed, language="de", subject="x", body="ohne Angaben", by=officer
        )
    invite(listed, officer)
    found = mails()
    assert found["gast@example.org"].subject == "Kommt alle! Frühlingstreffen"
    assert "Endlich wieder." in found["gast@example.org"].text_body
    assert "Endlich wieder." not in found["redaktion@example.org"].text_body
    # The usual text takes them back.
    usual = inviting.usual_words("de")
    inviting.save_words(meeting=listed, language="de", subject=usual[0], body=usual[1], by=officer)
    assert not listed.invitation_texts.exists()


def test_a_sample_goes_to_the_officer_alone_and_changes_nothing(listed, officer):
    words = inviting.usual_words("en")
    inviting.send_sample(meeting=listed, language="en", words=words, to=officer)
    [message] = OutboxMessage.objects.all()
    assert (message.to, message.language) == (officer.email, "en")
    assert calendar(message).vevent.attendee.value == f"mailto:{officer.email}"
    assert not InvitationLink.objects.exists()
    listed.refresh_from_db()
    assert listed.state == Meeting.State.PLANNED
    # It leaves: it is no invitation that could be stale.
    assert inviting.refuse_stale(message) == ""


# --- Who gets none --------------------------------------------------------------------------------
def test_who_dropped_out_since_is_left_out_and_named(listed, officer, organisation):
    organisation.contacts.update(wants_invitations=False)
    invite(listed, officer)
    assert "kontakt@example.org" not in mails()
    left = inviting.waiting(listed)
    assert [one.email for one in left] == ["kontakt@example.org"]
    assert list(recipients.lapsed(left).values()) == [
        "möchte keine Einladungen mehr oder ist nicht mehr Ansprechperson"
    ]


def test_who_is_added_later_gets_their_invitation_alone(listed, officer):
    invite(listed, officer)
    before = OutboxMessage.objects.count()
    recipients.add_guests(
        meeting=listed, guests=[Guest("spaet@example.org")], language="de", by=officer
    )
    invite(listed, officer)
    assert OutboxMessage.objects.count() == before + 1
    assert "spaet@example.org" in mails()


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"state": "cancelled"}, "abgesagt"),
        ({"place": "", "online_url": ""}, "Ort"),
        ({"visibility": "office"}, "nur das Team"),
        ({"starts_at": datetime.timedelta(hours=-1)}, "begonnen"),
        ({}, "schon"),
    ],
)
def test_a_meeting_nobody_can_be_invited_to_says_why(network, officer, manager, fields, word):
    if "starts_at" in fields:
        fields = {"starts_at": timezone.now() + fields["starts_at"]}
    meeting = make_meeting(**fields)
    if fields:
        make_meeting_invitation(meeting=meeting, invited_at=None)
    with pytest.raises(Refused, match=word):
        inviting.start(meeting=meeting, by=officer)
    with pytest.raises(PermissionDenied):
        inviting.start(meeting=meeting, by=manager)
    assert not BackgroundTask.objects.exists()


def test_a_stopped_run_writes_no_more(listed, officer, monkeypatch):
    monkeypatch.setattr(inviting, "CHUNK", 1)
    write = inviting.write

    def write_and_stop(meeting, *arguments, **options):
        inviting.stop(meeting=meeting, by=officer)
        return write(meeting, *arguments, **options)

    monkeypatch.setattr(inviting, "write", write_and_stop)
    inviting.start(meeting=listed, by=officer)
    background.run_due()
    assert inviting.waiting(listed).count() == 3
    monkeypatch.setattr(inviting, "write", write)
    invite(listed, officer)
    assert len(mails()) == 4


# --- Between writing and leaving ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda row, officer: recipients.remove(
            meeting=row.meeting, pks=[row.pk], by=officer), "Liste"),
        (lambda row, officer: recipients.mend(
            invitation=row, by=officer, values={
                "name": "", "email": "neu@example.org", "postal_address": "", "language": "de"}
        ), "Adresse"),
        (lambda row, officer: Organisation.objects.update(state="paused"), "vertritt"),
        (lambda row, officer: row.delete(), "Liste"),
    ],
)  # fmt: skip
def test_a_mail_that_means_nothing_any_more_stays_here(listed, officer, change, reason):
    invite(listed, officer)
    change(listed.invitations.get(email="leitung@example.org"), officer)
    message = mails()["leitung@example.org"]
    assert reason in inviting.refuse_stale(message)


def test_a_real_mail_arrives_with_its_calendar_entry(listed, officer, mailoutbox):
    invite(listed, officer)
    assert outbox.send_due() == {State.SENT: 4}
    email = next(one for one in mailoutbox if one.to == ["gast@example.org"])
    parsed = message_from_bytes(email.message().as_bytes(), policy=policy.default)
    kinds = [part.get_content_type() for part in parsed.walk()]
    assert "text/calendar" in kinds
    assert "application/ics" in kinds
    # Nobody reads the personal link in the office.
    assert OutboxMessage.objects.get(to="gast@example.org").text_body == ""


# --- Moved and cancelled --------------------------------------------------------------------------
def change(meeting: Meeting, officer, **values) -> Meeting:
    meeting.refresh_from_db()
    return planning.change(meeting=meeting, values=values, seen_version=meeting.version, by=officer)


def test_a_moved_meeting_tells_everybody_who_was_invited(listed, officer):
    invite(listed, officer)
    row = listed.invitations.get(email="gast@example.org")
    Invitation.objects.filter(pk=row.pk).update(
        reply="yes", people=1, replied_at=timezone.now(), undelivered_at=timezone.now()
    )
    recipients.add_guests(
        meeting=listed, guests=[Guest("spaet@example.org")], language="de", by=officer
    )
    later = listed.starts_at + datetime.timedelta(days=14)
    change(listed, officer, starts_at=later, ends_at=later + datetime.timedelta(hours=2))
    background.run_due()
    listed.refresh_from_db()
    found = mails("meetings/changed")
    assert set(found) == {
        "leitung@example.org", "redaktion@example.org", "kontakt@example.org", "gast@example.org",
    }  # fmt: skip
    message = found["gast@example.org"]
    assert "Der Termin ist neu." in message.text_body
    assert "Sie haben zugesagt." in message.text_body
    event = calendar(message).vevent
    assert (event.sequence.value, event.dtstart.value) == (str(listed.sequence), later)
    assert event.uid.value == calendar(mails()["gast@example.org"]).vevent.uid.value
    # The link in the first mail works as long as the new one, and nobody is told twice.
    row.refresh_from_db()
    assert {link.expires_at for link in row.links.all()} == {
        listed.ends_at + datetime.timedelta(days=30)
    }
    assert not inviting.to_tell(listed).exists()
    assert row.undelivered_at is None


def test_two_changes_in_a_row_are_told_together(listed, officer):
    invite(listed, officer)
    change(listed, officer, place="Bürgerhaus")
    later = listed.starts_at + datetime.timedelta(hours=1)
    change(listed, officer, starts_at=later)
    background.run_due()
    found = OutboxMessage.objects.filter(mail="meetings/changed")
    assert found.count() == 4
    assert all("Termin und Ort sind neu" in one.text_body for one in found.exclude(language="ar"))
    change(listed, officer, description="Neu beschrieben")
    background.run_due()
    assert found.count() == 4


def test_a_cancelled_meeting_is_taken_out_of_the_calendars(listed, officer):
    invite(listed, officer)
    recipients.add_guests(
        meeting=listed, guests=[Guest("spaet@example.org")], language="de", by=officer
    )
    planning.cancel(meeting=listed, reason="Der Saal steht unter Wasser.", by=officer)
    listed.refresh_from_db()
    # What had not left yet does not leave any more.
    assert "abgesagt" in inviting.refuse_stale(mails()["gast@example.org"])
    background.run_due()
    found = mails("meetings/cancelled")
    assert len(found) == 4
    assert "spaet@example.org" not in found
    message = found["gast@example.org"]
    assert "Der Grund: Der Saal steht unter Wasser." in message.text_body
    assert calendar(message).method.value == "CANCEL"
    assert calendar(message).vevent.sequence.value == str(listed.sequence)
    assert "/treffen/antwort/" not in message.text_body
    assert inviting.refuse_stale(message) == ""


def test_a_meeting_nobody_was_invited_to_tells_nobody(listed, officer):
    change(listed, officer, place="Bürgerhaus")
    assert not BackgroundTask.objects.exists()
    assert inviting.reach(listed) == inviting.Reach(mails=0, letters=0)


# --- Reminders ------------------------------------------------------------------------------------
@pytest.fixture
def invited(network, time_machine) -> Meeting:
    """Invited to on 1 March, begins on 20 March at 18:00; reminders 14 and 3 days before."""
    zone = timezone.get_default_timezone()
    time_machine.move_to(datetime.datetime(2027, 3, 1, 12, tzinfo=zone), tick=False)
    meeting = make_meeting(
        state="invited",
        starts_at=datetime.datetime(2027, 3, 20, 18, tzinfo=zone),
        reminders=(14, 3),
    )
    for name, fields in {
        "still": {},
        "kommt": {"reply": "yes"},
        "kommt-nicht": {"reply": "no"},
        "entschuldigt": {"is_excused": True},
        "zurueck": {"undelivered_at": timezone.now()},
        "entfernt": {"removed_at": timezone.now()},
        "nicht-eingeladen": {"invited_at": None},
    }.items():
        make_meeting_invitation(meeting=meeting, email=f"{name}@example.org", **fields)
    make_meeting_invitation(meeting=meeting, email="", name="Hans Brief", is_letter=True)
    return meeting


def at(time_machine, day: int, hour: int = 9) -> None:
    zone = timezone.get_default_timezone()
    time_machine.move_to(datetime.datetime(2027, 3, day, hour, tzinfo=zone), tick=False)


def test_only_those_are_reminded_who_have_not_answered(invited, time_machine):
    at(time_machine, 6, hour=7)
    assert reminding.remind_due() == {"reminded": 0}
    at(time_machine, 6, hour=8)
    assert reminding.remind_due() == {"reminded": 1}
    assert reminding.remind_due() == {"reminded": 0}
    assert set(mails("meetings/reminder")) == {"still@example.org"}
    at(time_machine, 17)
    assert reminding.remind_due() == {"reminded": 1}
    assert OutboxMessage.objects.filter(mail="meetings/reminder").count() == 2
    assert not invited.reminders.filter(done_at=None).exists()


def test_who_answers_before_the_reminder_leaves_gets_none(invited, time_machine):
    at(time_machine, 6)
    reminding.remind_due()
    message = mails("meetings/reminder")["still@example.org"]
    assert inviting.refuse_stale(message) == ""
    Invitation.objects.filter(email=message.to).update(reply="later", replied_at=timezone.now())
    assert "geantwortet" in inviting.refuse_stale(message)


def test_a_worker_that_was_away_reminds_once_late(invited, time_machine):
    at(time_machine, 18)
    assert reminding.remind_due() == {"reminded": 1}
    assert not invited.reminders.filter(done_at=None).exists()


def test_a_reminder_begun_anew_goes_on_where_it_was(invited, time_machine, monkeypatch):
    for number in range(3):
        make_meeting_invitation(meeting=invited, email=f"mehr{number}@example.org")
    at(time_machine, 6)
    monkeypatch.setattr(inviting, "CHUNK", 2)
    write, calls = inviting.write, []

    def write_and_die(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return write(*arguments, **options)

    monkeypatch.setattr(inviting, "write", write_and_die)
    with pytest.raises(KeyboardInterrupt):
        reminding.remind_due()
    assert len(mails("meetings/reminder")) == 2
    assert reminding.remind_due() == {"reminded": 2}
    assert OutboxMessage.objects.count() == 4


@pytest.mark.parametrize("why", ["invited later", "registration over", "cancelled", "begun"])
def test_a_reminder_that_makes_no_sense_is_not_sent(invited, time_machine, why):
    if why == "invited later":
        at(time_machine, 6, hour=10)
        Invitation.objects.update(invited_at=timezone.now())
        at(time_machine, 9)
    else:
        at(time_machine, 21 if why == "begun" else 6)
    if why == "registration over":
        Meeting.objects.update(answer_until=timezone.now() - datetime.timedelta(hours=1))
    if why == "cancelled":
        Meeting.objects.update(state="cancelled")
    assert reminding.remind_due() == {"reminded": 0}
    assert not OutboxMessage.objects.exists()


# --- Mails that come back -------------------------------------------------------------------------
def test_a_mail_that_comes_back_is_noted_and_can_be_mended(listed, officer):
    invite(listed, officer)
    row = listed.invitations.get(email="gast@example.org")
    OutboxMessage.objects.filter(pk=row.mail_id).update(
        state=State.SENT, sent_at=timezone.now(), sending_since=timezone.now()
    )
    report = bounces.Report((row.mail.message_id,), final=True, line="550 5.1.1 No such user")
    assert bounces.note(report) == bounces.Outcome.RETURNED
    row.refresh_from_db()
    assert row.undelivered_at is not None
    assert list(inviting.undelivered()) == [row]
    recipients.mend(
        invitation=row,
        values={"name": "Gül", "email": "neu@example.org", "postal_address": "", "language": "de"},
        by=officer,
    )
    message = inviting.send_again(invitation=row, by=officer)
    assert message.to == "neu@example.org"
    assert not inviting.undelivered().exists()
    assert InvitationLink.objects.filter(invitation=row).count() == 1
    # A late report about the mail to the old address says nothing of the new one.
    first = OutboxMessage.objects.get(to="gast@example.org")
    inviting.came_back(first)
    row.refresh_from_db()
    assert row.undelivered_at is None


@pytest.mark.parametrize("state", [State.FAILED, State.UNCLEAR, State.RETURNED])
def test_what_did_not_surely_arrive_waits_for_the_officer(listed, officer, state):
    invite(listed, officer)
    now = timezone.now()
    OutboxMessage.objects.filter(to="gast@example.org").update(state=state, returned_at=now)
    inviting.note_refused_mails()
    [row] = inviting.undelivered()
    assert row.email == "gast@example.org"
    assert (row.undelivered_at is None) is (state == State.UNCLEAR)
    # Who has answered has got it.
    Invitation.objects.filter(pk=row.pk).update(reply="no", replied_at=now)
    assert not inviting.undelivered().exists()


def test_again_means_a_new_link_and_the_old_one_works_too(listed, officer, manager):
    invite(listed, officer)
    row = listed.invitations.get(email="gast@example.org")
    inviting.send_again(invitation=row, by=officer)
    inviting.send_again(invitation=row)
    assert OutboxMessage.objects.filter(to=row.email).count() == 3
    assert row.links.count() == 3
    with pytest.raises(PermissionDenied):
        inviting.send_again(invitation=row, by=manager)
    recipients.remove(meeting=listed, pks=[row.pk], by=officer)
    with pytest.raises(Refused):
        inviting.send_again(invitation=row, by=officer)


def test_old_links_are_forgotten(listed, officer, time_machine):
    invite(listed, officer)
    time_machine.move_to(listed.ends_at + datetime.timedelta(days=29))
    assert inviting.forget_links() == 0
    time_machine.move_to(listed.ends_at + datetime.timedelta(days=31))
    assert inviting.forget_links() == 4


def test_the_progress_counts_what_is_written_and_what_has_left(listed, officer):
    assert not inviting.progress(listed).is_unfinished
    inviting.start(meeting=listed, by=officer)
    assert inviting.progress(listed) == inviting.Progress(total=4, done=0, is_writing=True)
    background.run_due()
    now = timezone.now()
    sent = OutboxMessage.objects.filter(to="gast@example.org")
    sent.update(state=State.SENT, sent_at=now)
    # What waits for another try is not under way: its next try may be tomorrow.
    OutboxMessage.objects.filter(to="kontakt@example.org").update(tries=1)
    found = inviting.progress(listed)
    assert (found.total, found.done, found.percent) == (4, 2, 50)
    OutboxMessage.objects.exclude(state=State.SENT).update(state=State.SENT, sent_at=now)
    assert not inviting.progress(listed).is_unfinished


def test_mails_belong_into_the_transaction_of_their_stamps(listed, officer):
    """A chunk that fails leaves nothing behind: no mail, no link, no stamp."""
    inviting.start(meeting=listed, by=officer)
    [task] = BackgroundTask.objects.all()
    with pytest.raises(RuntimeError), transaction.atomic():
        inviting._invite_some(listed.pk, after=0, by=officer, task=task)
        raise RuntimeError
    assert not OutboxMessage.objects.exists()
    assert not InvitationLink.objects.exists()
    assert inviting.waiting(listed).count() == 4


def test_the_network_signs(listed, officer):
    make_network(short_name="Netzwerk Musterkreis")
    invite(listed, officer)
    assert "Netzwerk" in mails()["gast@example.org"].text_body.partition("-- ")[2]
