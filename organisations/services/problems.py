"""What visitors report about an organisation's page, for the officer to look at."""

import uuid

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from organisations.models import Organisation, ProblemReport


@transaction.atomic
def report(
    *, organisation: Organisation, text: str, email: str = "", creation_key: uuid.UUID
) -> ProblemReport:
    """Keep what a visitor says is wrong.

    The same form sent twice, or the same words about the same organisation while nobody has looked
    at them, is one report.

    :param email: where to answer, if the visitor wants an answer.
    :param creation_key: made with the empty form.
    """
    waiting = ProblemReport.objects.filter(
        organisation=organisation, text=text, email=email, settled_at=None
    ).first()
    if waiting is not None:
        return waiting
    found, _is_new = ProblemReport.objects.get_or_create(
        creation_key=creation_key,
        defaults={"organisation": organisation, "text": text, "email": email},
    )
    return found


def settle(*, report: ProblemReport, by: User) -> bool:
    """Note that a report needs nobody any more; the first who says so counts.

    :return: whether anything changed.
    """
    waiting = ProblemReport.objects.filter(pk=report.pk, settled_at=None)
    return bool(waiting.update(settled_at=timezone.now(), settled_by=by))
