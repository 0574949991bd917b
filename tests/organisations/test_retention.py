import datetime

import pytest
from django.db.models import ProtectedError
from django.utils import timezone

from organisations.models import AccessRequest, ProblemReport, RepresentativeInvitation
from organisations.services import retention
from tests.factories import make_access_request, make_invitation, make_problem_report


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
    expected = {"reports deleted": 1, "invitations deleted": 3, "requests deleted": 1}
    assert retention.forget_old() == expected
    assert set(ProblemReport.objects.values_list("text", flat=True)) == {"neu", "offen"}
    assert RepresentativeInvitation.objects.get().email == "offen@example.org"
    assert AccessRequest.objects.get().message == "offen"
    assert set(retention.forget_old().values()) == {0}


def test_people_and_their_organisation_are_not_deleted_in_passing(organisation, editor):
    for row in (organisation, editor):
        with pytest.raises(ProtectedError):
            row.delete()
