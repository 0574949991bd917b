"""What is deleted by itself when its time is over; `docs/privacy.md` lists all periods."""

import datetime

from django.db.models import Q
from django.utils import timezone

from organisations.models import (
    AccessRequest,
    Confirmation,
    Consent,
    ProblemReport,
    RepresentativeInvitation,
    Succession,
)
from organisations.services import places, proposals

KEEP_SETTLED_REPORTS = datetime.timedelta(days=365)
# Invitations hold addresses of people who may never have come here.
KEEP_INVITATIONS = datetime.timedelta(days=90)
KEEP_ACCESS_REQUESTS = datetime.timedelta(days=365)
# With the addresses that were asked; that an organisation was confirmed stands in its history.
KEEP_QUESTIONS = datetime.timedelta(days=365)
# Until the end of the third year after the one in which it ended, as long as somebody may ask who
# allowed what was public (§§ 195, 199(1) BGB; GDPR art. 17(3)(e)).
KEEP_CONSENTS_YEARS = 3


def forget_old() -> dict[str, int]:
    """Delete what nobody needs any more.

    :return: how many rows of each kind are gone.
    """
    now = timezone.now()
    reports = ProblemReport.objects.filter(settled_at__lte=now - KEEP_SETTLED_REPORTS)
    over = now - KEEP_INVITATIONS
    invitations = RepresentativeInvitation.objects.filter(
        Q(accepted_at__lte=over) | Q(withdrawn_at__lte=over) | Q(expires_at__lte=over)
    )
    requests = AccessRequest.objects.filter(decided_at__lte=now - KEEP_ACCESS_REQUESTS)
    year = timezone.localtime(now).year - KEEP_CONSENTS_YEARS
    ended = timezone.make_aware(datetime.datetime(year, 1, 1))
    consents = Consent.objects.filter(withdrawn_at__lt=ended)
    answered = now - KEEP_QUESTIONS
    confirmations = Confirmation.objects.filter(ended_at__lte=answered)
    successions = Succession.objects.filter(ended_at__lte=answered)
    return {
        "files with places deleted": places.forget_old(),
        "proposals deleted": proposals.forget_old(),
        "reports deleted": reports.delete()[0],
        "invitations deleted": invitations.delete()[0],
        "requests deleted": requests.delete()[0],
        "consents deleted": consents.delete()[0],
        "questions deleted": confirmations.delete()[0] + successions.delete()[0],
    }
