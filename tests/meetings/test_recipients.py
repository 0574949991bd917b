"""Who is invited: the rules, what the officer changes by hand, and who drops out again."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from core.errors import Refused
from meetings.models import Invitation, InvitationLink, Meeting
from meetings.services import recipients
from meetings.services.guests import Guest
from organisations.models import Organisation
from tests.factories import (
    make_contact,
    make_meeting,
    make_meeting_invitation,
    make_organisation,
    make_representative,
    make_user,
)

Source = Invitation.Source
pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting() -> Meeting:
    return make_meeting(title="Frühlingstreffen")


@pytest.fixture
def network_people(organisation, manager, editor) -> dict[str, Organisation]:
    """People in every position a rule could find or must not find."""
    silent = make_organisation(name="Nur ein Postfach", email="Post@Verein.example.org")
    partner = make_organisation(name="Stadt", kind="partner", email="stadt@example.org")
    paused = make_organisation(
        name="Pause", state="paused", manager=make_user(email="p@example.org")
    )
    make_contact(organisation=organisation, email="Willig@Example.org", name="Willi Willig")
    make_contact(organisation=organisation, email="nein@example.org", wants_invitations=False)
    # The same person twice: by an account, and as a contact person elsewhere.
    make_contact(organisation=silent, email="LEITUNG@example.org")
    make_contact(organisation=paused, email="pausiert@example.org")
    gone = make_user(email="gesperrt@example.org", is_active=False)
    make_representative(user=gone, organisation=organisation)
    return {"silent": silent, "partner": partner, "paused": paused}


def addresses(meeting: Meeting, **only) -> dict[str, str]:
    listed = meeting.invitations.listed().filter(**only)
    return dict(listed.values_list("email", "source"))


def test_the_rules_find_everybody_once(network_people, meeting, officer):
    added = recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer)
    assert addresses(meeting) == {
        "leitung@example.org": Source.REPRESENTATIVE,
        "redaktion@example.org": Source.REPRESENTATIVE,
        "willig@example.org": Source.CONTACT,
        "stadt@example.org": Source.PARTNER,
    }
    assert (added.new, added.wrong) == (4, [])
    again = recipients.fill(meeting=meeting, sources=recipients.RULES, by=officer)
    assert (again.new, again.present) == (1, 4)
    assert addresses(meeting, source=Source.MAILBOX) == {"post@verein.example.org": Source.MAILBOX}
    manager = meeting.invitations.get(email="leitung@example.org")
    assert (manager.user.email, manager.name) == ("leitung@example.org", "Mina Leitung")


def test_the_page_knows_before_what_a_rule_would_do(
    network_people, meeting, officer, django_assert_num_queries
):
    recipients.fill(meeting=meeting, sources=[Source.CONTACT], by=officer)
    with django_assert_num_queries(4):
        found = {one.source: (one.total, one.new) for one in recipients.rules(meeting)}
    assert found == {
        Source.REPRESENTATIVE: (2, 2),
        Source.CONTACT: (1, 0),
        Source.PARTNER: (1, 1),
        Source.MAILBOX: (1, 1),
    }


def test_an_imported_address_that_is_none_is_named(meeting, officer):
    make_organisation(email="keine Adresse")
    added = recipients.fill(meeting=meeting, sources=recipients.RULES, by=officer)
    assert (added.new, added.wrong) == (0, ["keine adresse"])


def test_who_was_taken_off_stays_off_until_put_back(network_people, meeting, officer):
    recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer)
    pk = meeting.invitations.get(email="stadt@example.org").pk
    assert recipients.remove(meeting=meeting, pks=[pk], by=officer) == 1
    assert recipients.remove(meeting=meeting, pks=[pk], by=officer) == 0
    assert recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer).new == 0
    assert "stadt@example.org" not in addresses(meeting)
    assert recipients.restore(meeting=meeting, pks=[pk], by=officer) == 1
    assert "stadt@example.org" in addresses(meeting)


def test_a_seat_that_was_taken_off_is_free_and_coming_back_waits(officer):
    meeting = make_meeting(capacity=1, state="invited")
    first = make_meeting_invitation(meeting=meeting, reply="yes")
    second = make_meeting_invitation(meeting=meeting, reply="yes", waiting_since=timezone.now())
    recipients.remove(meeting=meeting, pks=[first.pk], by=officer)
    second.refresh_from_db()
    assert second.waiting_since is None
    recipients.restore(meeting=meeting, pks=[first.pk], by=officer)
    first.refresh_from_db()
    assert first.waiting_since is not None


def test_guests_are_added_and_those_taken_off_put_back(network_people, meeting, officer):
    recipients.fill(meeting=meeting, sources=[Source.REPRESENTATIVE], by=officer)
    off = meeting.invitations.get(email="redaktion@example.org")
    recipients.remove(meeting=meeting, pks=[off.pk], by=officer)
    guests = [
        Guest("gast@example.org", "Gül Gast"),
        Guest("redaktion@example.org"),
        Guest("leitung@example.org"),
        Guest("willig@example.org"),
    ]
    added = recipients.add_guests(meeting=meeting, guests=guests, language="ar", by=officer)
    assert (added.new, added.restored, added.present) == (2, 1, 1)
    guest = meeting.invitations.get(email="gast@example.org")
    assert (guest.name, guest.language, guest.source) == ("Gül Gast", "ar", Source.GUEST)
    # Whom a rule knows stands there as what they are.
    assert meeting.invitations.get(email="willig@example.org").source == Source.CONTACT


def test_a_letter_needs_name_and_address_and_is_one_row(meeting, officer, organisation):
    values = {"name": "Hans Brief", "postal_address": "Weg 1\n76437 Stadt", "language": "de"}
    first = recipients.add_letter(meeting=meeting, organisation=organisation, by=officer, **values)
    assert (first.is_letter, first.email, first.organisation) == (True, "", organisation)
    assert recipients.add_letter(meeting=meeting, by=officer, **values) == first
    recipients.remove(meeting=meeting, pks=[first.pk], by=officer)
    assert recipients.add_letter(meeting=meeting, by=officer, **values).removed_at is None
    with pytest.raises(Refused):
        recipients.add_letter(meeting=meeting, by=officer, **values | {"postal_address": " "})


def lose(organisation: Organisation, what: str) -> None:
    """Something changes between the list and the mail."""
    if what == "paused":
        Organisation.objects.filter(pk=organisation.pk).update(state="paused")
    elif what == "left":
        organisation.representatives.all().delete()
    elif what == "unwilling":
        organisation.contacts.update(wants_invitations=False)
    else:
        organisation.contacts.update(email="neu@example.org")


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("paused", {"leitung@example.org", "willig@example.org"}),
        ("left", {"leitung@example.org"}),
        ("unwilling", {"willig@example.org"}),
        ("moved", {"willig@example.org"}),
    ],
)
def test_who_would_not_be_found_any_more_drops_out(
    organisation, manager, meeting, officer, what, expected
):
    make_contact(organisation=organisation, email="willig@example.org")
    recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer)
    recipients.add_guests(
        meeting=meeting, guests=[Guest("gast@example.org")], language="de", by=officer
    )
    rows = list(meeting.invitations.all())
    assert recipients.lapsed(rows) == {}
    lose(organisation, what)
    found = recipients.lapsed(rows)
    assert {one.email for one in rows if one.pk in found} == expected
    assert all(found.values())


def test_organisations_that_nobody_is_invited_from_are_named(
    network_people, organisation, manager, meeting, officer
):
    second = make_organisation(name="Zweiter Verein", manager=manager)
    recipients.fill(meeting=meeting, sources=[Source.REPRESENTATIVE], by=officer)
    names = {one.name for one in recipients.unreached(meeting)}
    # Who speaks for two organisations stands for both.
    assert names == {"Nur ein Postfach", "Stadt"}
    assert second.name not in names


def test_a_new_address_ends_the_old_links_and_stays(meeting, officer, organisation, manager):
    recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer)
    row = meeting.invitations.get(email=manager.email)
    InvitationLink.objects.create(
        invitation=row, token_hash="0" * 64, expires_at=timezone.now() + datetime.timedelta(1)
    )
    values = {"name": "Mina", "email": "Neu@Example.org", "postal_address": "", "language": "en"}
    assert recipients.mend(invitation=row, values=values, by=officer)
    assert not recipients.mend(invitation=row, values=values, by=officer)
    row.refresh_from_db()
    assert (row.email, row.language, row.organisation) == ("neu@example.org", "en", organisation)
    assert not row.links.exists()
    assert recipients.lapsed([row]) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "redaktion@example.org"},
        {"email": "keine Adresse"},
        {"email": ""},
        {"email": "", "name": "Mina"},
    ],
)
def test_an_address_that_cannot_be_is_refused(meeting, officer, manager, editor, wrong):
    recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer)
    row = meeting.invitations.get(email=manager.email)
    values = {"name": "", "email": manager.email, "postal_address": "", "language": "de"}
    with pytest.raises(Refused):
        recipients.mend(invitation=row, values=values | wrong, by=officer)
    row.refresh_from_db()
    assert row.email == manager.email


@pytest.mark.parametrize("state", ["cancelled", "over"])
def test_nobody_is_put_on_the_list_when_it_is_too_late(officer, manager, state):
    past = timezone.now() - datetime.timedelta(days=1)
    fields = {"state": "cancelled"} if state == "cancelled" else {"starts_at": past}
    meeting = make_meeting(**fields)
    guests = [Guest("gast@example.org")]
    with pytest.raises(Refused):
        recipients.fill(meeting=meeting, sources=recipients.USUAL, by=officer)
    with pytest.raises(Refused):
        recipients.add_guests(meeting=meeting, guests=guests, language="de", by=officer)
    assert not meeting.invitations.exists()


def test_only_the_officer_changes_the_list(meeting, manager, outsider):
    row = make_meeting_invitation(meeting=meeting)
    for by in (manager, outsider):
        with pytest.raises(PermissionDenied):
            recipients.fill(meeting=meeting, sources=recipients.USUAL, by=by)
        with pytest.raises(PermissionDenied):
            recipients.remove(meeting=meeting, pks=[row.pk], by=by)
    assert meeting.invitations.listed().get() == row
