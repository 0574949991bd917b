"""The office's pages of a meeting's invitations, as the officer uses them."""

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from core import background
from core.models import BackgroundTask, OutboxMessage
from meetings.models import Invitation, Meeting
from meetings.services import inviting
from tests.factories import (
    make_contact,
    make_meeting,
    make_meeting_invitation,
    make_organisation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(network) -> Meeting:
    return make_meeting(title="Frühlingstreffen", reminders=(14,))


@pytest.fixture
def desk(client_for, officer):
    return client_for(officer)


def url(meeting: Meeting, name: str = "invitations", **kwargs) -> str:
    return reverse(f"admin:meetings_meeting_{name}", kwargs={"pk": meeting.pk} | kwargs)


def text(response) -> str:
    """Return what a person reads."""
    content = unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return " ".join(content.split())


def people(meeting: Meeting) -> set[str]:
    return set(meeting.invitations.listed().values_list("email", flat=True))


# --- The list -------------------------------------------------------------------------------------
def test_from_an_empty_list_to_sent_invitations(desk, meeting, organisation, manager):
    make_contact(organisation=organisation, email="kontakt@example.org")
    shown = text(desk.get(url(meeting)))
    assert "Wen möchten Sie einladen?" in shown
    assert "1 insgesamt, 1 davon neu auf der Liste" in shown
    answer = desk.post(
        url(meeting), {"action": "fill", "sources": ["representative", "contact"]}, follow=True
    )
    assert "2 Personen stehen neu auf der Liste." in text(answer)
    assert people(meeting) == {"leitung@example.org", "kontakt@example.org"}
    assert not OutboxMessage.objects.exists()
    preview = text(desk.get(url(meeting, "invite")))
    assert "2 Personen bekommen jetzt eine E-Mail" in preview
    assert "Einladung: Frühlingstreffen" in preview
    assert not BackgroundTask.objects.exists()
    answer = desk.post(url(meeting, "invite"), follow=True)
    assert "0 von 2 E-Mails sind gesendet." in text(answer)
    assert 'data-progress="on"' in answer.content.decode()
    background.run_due()
    assert OutboxMessage.objects.count() == 2
    OutboxMessage.objects.update(state="sent", sent_at=timezone.now())
    shown = text(desk.get(url(meeting)))
    assert "sind eingeladen" in shown
    assert "erinnert das Portal alle" in shown
    # The button pressed a second time, from a page that stood open.
    assert "haben ihre Einladung schon" in text(desk.post(url(meeting, "invite"), follow=True))
    assert OutboxMessage.objects.count() == 2


def test_who_drops_out_is_named_before_anything_is_sent(desk, meeting, organisation, manager):
    desk.post(url(meeting), {"action": "fill", "sources": ["representative"]})
    organisation.state = "paused"
    organisation.save()
    shown = text(desk.get(url(meeting, "invite")))
    assert "Diese Personen bekommen keine E-Mail" in shown
    assert "vertritt keine aktive Organisation mehr" in shown
    assert "wird nicht eingeladen" in text(desk.get(url(meeting)))


@pytest.mark.parametrize(
    "fields", [{"place": ""}, {"state": "cancelled"}, {"visibility": "office"}]
)
def test_a_meeting_nobody_can_be_invited_to_says_so(desk, network, fields):
    meeting = make_meeting(**fields)
    make_meeting_invitation(meeting=meeting, invited_at=None)
    for name in ("invitations", "invite"):
        assert "Im Moment kann niemand eingeladen werden" in text(desk.get(url(meeting, name)))
    desk.post(url(meeting, "invite"))
    assert not BackgroundTask.objects.exists()


def test_taking_off_putting_back_and_inviting_again(desk, meeting):
    Meeting.objects.update(state="invited")
    rows = [make_meeting_invitation(meeting=meeting) for _number in range(3)]
    chosen = [row.pk for row in rows[:2]]
    shown = desk.post(url(meeting), {"action": "remove", "chosen": chosen}, follow=True)
    assert "2 Personen sind von der Liste genommen." in text(shown)
    assert people(meeting) == {rows[2].email}
    removed = f"{url(meeting)}?auswahl=entfernt"
    assert rows[0].name in text(desk.get(removed))
    answer = desk.post(removed, {"action": "restore", "chosen": chosen[:1]})
    assert answer.headers["Location"] == removed
    assert people(meeting) == {rows[0].email, rows[2].email}
    answer = desk.post(url(meeting), {"action": "again", "chosen": [rows[2].pk]}, follow=True)
    assert "1 Einladung geht noch einmal hinaus" in text(answer)
    assert OutboxMessage.objects.get().to == rows[2].email


@pytest.mark.parametrize("chosen", [[], ["x"], [10**25], ["1\x002"]])
@pytest.mark.parametrize("action", ["remove", "restore", "again"])
def test_a_choice_that_is_none_changes_nothing(desk, meeting, action, chosen):
    row = make_meeting_invitation(meeting=meeting)
    answer = desk.post(url(meeting), {"action": action, "chosen": chosen}, follow=True)
    assert "Bitte wählen Sie zuerst Personen aus." in text(answer)
    assert people(meeting) == {row.email}


def test_a_person_of_another_meeting_is_not_there(desk, meeting):
    foreign = make_meeting_invitation(meeting=make_meeting())
    desk.post(url(meeting), {"action": "remove", "chosen": [foreign.pk]})
    foreign.refresh_from_db()
    assert foreign.removed_at is None
    assert desk.get(url(meeting, "invited_person", invitation=foreign.pk)).status_code == 404
    desk.post(url(meeting, "letters"), {"chosen": [foreign.pk]})
    assert not foreign.links.exists()


def test_the_list_can_be_searched_and_filtered(desk, meeting, organisation):
    make_meeting_invitation(meeting=meeting, name="Anna", organisation=organisation)
    make_meeting_invitation(
        meeting=meeting, name="Berta", undelivered_at=timezone.now(), invited_at=timezone.now()
    )
    make_meeting_invitation(meeting=meeting, name="Carl", invited_at=None)
    make_meeting_invitation(meeting=meeting, name="Dora", email="", is_letter=True)
    for query, expected in {
        "?q=anna": {"Anna"},
        "?q=haus+der+musik": {"Anna"},
        "?auswahl=unklar": {"Berta"},
        "?auswahl=offen": {"Carl"},
        "?auswahl=brief": {"Dora"},
        "?auswahl=quatsch&seite=999": {"Anna", "Berta", "Carl", "Dora"},
    }.items():
        shown = desk.get(url(meeting) + query).context["rows"]
        assert {told.invitation.name for told in shown} == expected, query


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_asks_a_fixed_number_of_questions(
    desk, meeting, organisation, number, django_assert_max_num_queries
):
    for index in range(number):
        make_meeting_invitation(
            meeting=meeting,
            organisation=make_organisation(),
            source="mailbox",
            invited_at=None if index % 2 else timezone.now(),
        )
    desk.get(url(meeting))
    with django_assert_max_num_queries(30):
        response = desk.get(url(meeting))
    assert len(response.context["rows"]) == number


def test_an_organisation_without_anybody_can_get_a_letter(desk, meeting):
    lonely = make_organisation(
        name="Ohne Adresse", street="Weg 1", postal_code="76437", place="Musterstadt"
    )
    make_meeting_invitation(meeting=meeting)
    shown = desk.get(url(meeting))
    assert "Von 1 aktiven Organisation steht niemand auf der Liste" in text(shown)
    form = desk.get(f"{url(meeting, 'letter')}?organisation={lonely.pk}").content.decode()
    assert "Weg 1\n76437 Musterstadt" in form
    values = {
        "name": "Ohne Adresse", "postal_address": "Weg 1", "language": "de",
        "organisation": lonely.pk,
    }  # fmt: skip
    desk.post(url(meeting, "letter"), values)
    row = meeting.invitations.get(organisation=lonely)
    assert (row.is_letter, row.postal_address) == (True, "Weg 1")
    assert "steht niemand auf der Liste" not in text(desk.get(url(meeting)))


@pytest.mark.parametrize("organisation", ["", "x", "9" * 30, "0"])
def test_a_letter_form_begins_empty_for_nobody(desk, meeting, organisation):
    assert desk.get(f"{url(meeting, 'letter')}?organisation={organisation}").status_code == 200


# --- Guests ---------------------------------------------------------------------------------------
def test_a_wrong_line_stays_to_be_mended_and_the_others_are_kept(desk, meeting):
    typed = "Anna <anna@example.org>\nBerta <berta@beispiel>\ncarl@example.org"
    answer = desk.post(url(meeting, "guests"), {"people": typed, "language": "ar"})
    assert people(meeting) == {"anna@example.org", "carl@example.org"}
    assert set(meeting.invitations.values_list("language", flat=True)) == {"ar"}
    shown = text(answer)
    assert "„berta@beispiel“ ist keine E-Mail-Adresse." in shown
    assert "(Zeile 2)" in shown
    assert answer.context["form"]["people"].value() == "Berta <berta@beispiel>"
    answer = desk.post(
        url(meeting, "guests"), {"people": "Berta <berta@example.org>", "language": "de"}
    )
    assert answer.status_code == 302
    assert len(people(meeting)) == 3


def test_guests_nobody_can_add_any_more_stay_in_the_form(desk, network):
    meeting = make_meeting(state="cancelled")
    answer = desk.post(url(meeting, "guests"), {"people": "anna@example.org", "language": "de"})
    assert "anna@example.org" in answer.content.decode()
    assert "abgesagt" in text(answer)
    assert not meeting.invitations.exists()


# --- One person -----------------------------------------------------------------------------------
def test_an_address_is_mended_and_invited_anew(desk, meeting):
    Meeting.objects.update(state="invited")
    row = make_meeting_invitation(
        meeting=meeting, email="falsch@example.org", undelivered_at=timezone.now()
    )
    page = desk.get(url(meeting, "invited_person", invitation=row.pk))
    assert "nicht angekommen" in text(page)
    values = page.context["form"].initial | {"email": "richtig@example.org", "_send": ""}
    answer = desk.post(url(meeting, "invited_person", invitation=row.pk), values, follow=True)
    assert "geht noch einmal hinaus" in text(answer)
    assert OutboxMessage.objects.get().to == "richtig@example.org"


def test_what_somebody_else_changed_meanwhile_is_told_once(desk, meeting):
    row = make_meeting_invitation(meeting=meeting, name="Alt")
    address = url(meeting, "invited_person", invitation=row.pk)
    values = desk.get(address).context["form"].initial | {"name": "Meins"}
    Invitation.objects.filter(pk=row.pk).update(name="Fremdes")
    answer = desk.post(address, values)
    assert "Inzwischen hat jemand diese Person geändert." in text(answer)
    assert answer.context["form"]["name"].value() == "Meins"
    values["seen"] = answer.context["form"]["seen"].value()
    desk.post(address, values)
    row.refresh_from_db()
    assert row.name == "Meins"


def test_an_address_that_is_on_the_list_already_is_refused_in_the_form(desk, meeting):
    first, second = (make_meeting_invitation(meeting=meeting) for _number in range(2))
    address = url(meeting, "invited_person", invitation=first.pk)
    values = desk.get(address).context["form"].initial | {"email": second.email.upper()}
    answer = desk.post(address, values)
    assert "Diese Adresse steht schon auf der Liste." in text(answer)
    first.refresh_from_db()
    assert first.email != second.email


# --- The text -------------------------------------------------------------------------------------
def test_the_text_is_previewed_tried_and_saved_for_this_meeting(desk, meeting, officer):
    address = url(meeting, "invitation_text", language="en")
    page = desk.get(address)
    values = page.context["form"].initial | {"subject": "Come! {Treffen}"}
    preview = desk.post(address, values | {"_preview": ""})
    assert "Come! Frühlingstreffen" in text(preview)
    tried = desk.post(address, values | {"_test": ""})
    assert officer.email in text(tried)
    assert OutboxMessage.objects.get().subject == "Come! Frühlingstreffen"
    assert inviting.own_words(meeting) == {}
    assert desk.post(address, values | {"_save": ""}).status_code == 302
    assert inviting.own_words(meeting)["en"][0] == "Come! {Treffen}"
    # The other languages keep their text, and the way back is one button.
    assert "Come!" not in desk.get(url(meeting, "invitation_text", language="de")).content.decode()
    stale = desk.post(address, values | {"subject": "Other {Treffen}", "_save": ""})
    assert "Inzwischen hat jemand diesen Text geändert." in text(stale)
    desk.post(address, values | {"_usual": ""})
    assert inviting.own_words(meeting) == {}


def test_a_text_that_cannot_be_stays_in_the_form(desk, meeting):
    address = url(meeting, "invitation_text", language="de")
    values = {"subject": "Hallo", "body": "Schaut auf www.example.com {Treffn}", "_save": ""}
    answer = desk.post(address, values)
    shown = text(answer)
    assert "„www.example.com“ sieht aus wie ein Link" in shown
    assert "Meinen Sie {Treffen}?" in shown
    assert "Es fehlt {Angaben}." in shown
    assert answer.context["form"]["body"].value() == values["body"]
    assert not meeting.invitation_texts.exists()
    assert desk.get(url(meeting, "invitation_text", language="xx")).status_code == 404


# --- Progress -------------------------------------------------------------------------------------
def test_a_run_is_stopped_and_a_failed_one_says_so(desk, meeting):
    make_meeting_invitation(meeting=meeting, invited_at=None)
    desk.post(url(meeting, "invite"))
    assert "Anhalten" in text(desk.get(url(meeting)))
    desk.post(url(meeting), {"action": "stop"})
    assert BackgroundTask.objects.get().state == "cancelled"
    BackgroundTask.objects.update(state="failed", error="Die Datenbank war voll.")
    shown = text(desk.get(url(meeting)))
    assert "Der Versand ist nicht zu Ende gekommen" in shown
    assert "Die Datenbank war voll." in shown
    assert desk.post(url(meeting), {"action": "was anderes"}).status_code == 404


def test_the_first_page_of_the_office_names_what_did_not_arrive(desk, meeting):
    row = make_meeting_invitation(meeting=meeting, undelivered_at=timezone.now(), name="Ute Weg")
    make_meeting_invitation(meeting=meeting)
    shown = desk.get(reverse("admin:index")).content.decode()
    assert "Einladungen, die nicht sicher angekommen sind" in shown
    assert url(meeting, "invited_person", invitation=row.pk) in shown


# --- Rights ---------------------------------------------------------------------------------------
PAGES = ("invitations", "guests", "letter", "invite", "letters")


@pytest.mark.parametrize("name", PAGES)
def test_nobody_but_the_officer_comes_here(client_for, meeting, manager, name):
    for user in (None, manager):
        for method in ("get", "post"):
            answer = getattr(client_for(user), method)(url(meeting, name))
            assert answer.status_code in {302, 404}, (name, user, method)
    assert not meeting.invitations.exists()
