"""What is deleted by itself when its time is over; `docs/privacy.md` lists all periods."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from meetings.models import Attendance, Invitation, InvitationLink

# What people need to take part may speak of their health or belief (GDPR art. 9): it has served its
# purpose when the meeting is over and its bills are paid.
KEEP_NEEDS = datetime.timedelta(days=30)
# Who was there is needed until the minutes are approved at the next meeting and the money is
# accounted for, which is due six months after the end of the grant, most often the calendar year
# (ANBest-P no. 6.1). So names go at the end of the year after the meeting.
NAMES_STAY_YEARS = 1


def forget_old() -> dict[str, int]:
    """Take out of the invitations and the attendance what nobody needs any more.

    Organisations, answers and numbers stay for the yearly report.

    :return: how many rows were emptied.
    """
    now = timezone.now()
    year = timezone.localtime(now).year - NAMES_STAY_YEARS
    over = timezone.make_aware(datetime.datetime(year, 1, 1))
    with_needs = Invitation.objects.filter(
        ~Q(access_needs="") | ~Q(food="") | ~Q(message="") | Q(children__gt=0)
        | Q(interpreting__isnull=False),
        meeting__ends_at__lte=now - KEEP_NEEDS,
    )  # fmt: skip
    named = Invitation.objects.filter(~Q(email="") | ~Q(name=gone()), meeting__ends_at__lt=over)
    noted = Attendance.objects.filter(~Q(name=""), meeting__ends_at__lt=over)
    return {
        "needs forgotten": forget_needs(with_needs),
        "invitations made nameless": make_nameless(named),
        "names of those who came forgotten": noted.update(name=""),
    }


def forget_needs(invitations: QuerySet[Invitation]) -> int:
    """Take out of answers what somebody needs, and their words to the team.

    :return: how many answers there were.
    """
    keys = list(invitations.values_list("pk", flat=True).distinct())
    rows = Invitation.objects.filter(pk__in=keys)
    with transaction.atomic():
        Invitation.interpreting.through.objects.filter(invitation__in=rows).delete()
        return rows.update(access_needs="", food="", message="", children=0)


@transaction.atomic
def make_nameless(invitations: QuerySet[Invitation]) -> int:
    """Leave of invitations what the report counts: organisation, kind and answer.

    :return: how many there were.
    """
    rows = Invitation.objects.filter(pk__in=list(invitations.values_list("pk", flat=True)))
    forget_needs(rows)
    InvitationLink.objects.filter(invitation__in=rows).delete()
    return rows.update(
        email="", name=gone(), postal_address="", names="", user=None, contact=None, mail=None
    )


def gone() -> str:
    """Return what stands in place of a name."""
    with override(settings.LANGUAGE_CODE):  # the office reads it
        return _("gelöscht")
