import datetime

import pytest
import time_machine
from django.db.models import ProtectedError
from django.utils import timezone

from organisations.models import (
    AccessRequest,
    ConfirmationAsk,
    Consent,
    ProblemReport,
    RepresentativeInvitation,
)
from organisations.services import retention
from tests.factories import (
    make_access_request,
    make_confirmation,
    make_confirmation_ask,
    make_consent,
    make_contact,
    make_invitation,
    make_problem_report,
    make_succession,
)


def at(text: str) -> datetime.datetime:
    """Return a moment in the county's time."""
    return timezone.make_aware(datetime.datetime.fromisoformat(text))


def days_ago(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def test_what_is_over_is_deleted_and_what_waits_stays(organisation, officer):
    make_problem_report(settled_at=days_ago(366), settled_by=officer)
    make_problem_report(text="neu", settled_at=days_ago(300), settled_by=officer)
    make_problem_report(text="offen")
    make_invitation(organisation=organisation, accepted_at=days_ago(91))
    make_invitation(organisation=organisation, expires_at=days_ago(91))
    make_invitation(organisation=organisation, withdrawn_at=days_ago(91))
    make_invitation(organisation=organisation, email="offen@example.org")
    make_access_request(state=AccessRequest.State.GRANTED, decided_at=days_ago(366))
    make_access_request(message="offen")
    make_confirmation(state="confirmed", next_on=None, ended_at=days_ago(366))
    make_confirmation(state="confirmed", next_on=None, ended_at=days_ago(300))
    make_succession(state="closed", next_on=None, ended_at=days_ago(366))
    ask = make_confirmation_ask()
    expected = {
        "files with places deleted": 0,
        "proposals deleted": 0,
        "reports deleted": 1,
        "invitations deleted": 3,
        "requests deleted": 1,
        "consents deleted": 0,
        "questions deleted": 2,
    }
    assert retention.forget_old() == expected
    assert set(ProblemReport.objects.values_list("text", flat=True)) == {"neu", "offen"}
    assert RepresentativeInvitation.objects.get().email == "offen@example.org"
    assert AccessRequest.objects.get().message == "offen"
    assert ConfirmationAsk.objects.get() == ask
    assert set(retention.forget_old().values()) == {0}


def test_the_proof_of_a_consent_stays_three_years_after_the_one_in_which_it_ended(organisation):
    contact = make_contact(organisation=organisation, public=("name",))
    parted = make_consent(contact=contact, withdrawn_at=at("2026-03-01 12:00"))
    Consent.objects.filter(pk=parted.pk).update(contact=None)
    make_consent(contact=contact, given_by="Berta", withdrawn_at=at("2026-12-31 23:30"))
    make_consent(contact=contact, given_by="Cem", withdrawn_at=at("2027-01-01 00:30"))
    with time_machine.travel(at("2029-12-31 23:30"), tick=False):
        assert retention.forget_old()["consents deleted"] == 0
    with time_machine.travel(at("2030-01-01 00:30"), tick=False):
        assert retention.forget_old()["consents deleted"] == 2
    # What is in force stays as long as it is.
    in_force, ended = Consent.objects.order_by("pk")
    assert (in_force.withdrawn_at, ended.given_by) == (None, "Cem")


def test_people_and_their_organisation_are_not_deleted_in_passing(organisation, editor):
    for row in (organisation, editor):
        with pytest.raises(ProtectedError):
            row.delete()
