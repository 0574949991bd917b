"""What waits for the officer about actions, on her start page."""

import datetime

from django.db.models import Prefetch
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _

from actions.admin.deciding import review_url
from actions.models import JointAction, Participation, may_confirm
from actions.services import brochures, results
from core import office
from core.office import Item, Waiting

State = JointAction.State
# The lead is asked three days after; what is silent for so long she asks herself.
WITHOUT_RESULT = datetime.timedelta(days=14)
LEADS = Prefetch(
    "participations",
    Participation.objects.filter(role=Participation.Role.LEAD).select_related("organisation"),
)


@office.waits(66)
def waiting_actions(request: HttpRequest) -> Waiting | None:
    """Actions to check and confirm, the oldest first."""
    if not may_confirm(request.user):
        return None
    rows = JointAction.objects.filter(state=State.PLANNING).exclude(submitted_at=None)
    rows = rows.select_related("campaign").prefetch_related(LEADS)
    looking = JointAction.objects.filter(state=State.IDEA).count()
    note = ngettext(
        "%(number)s Aktion sucht eine Leitung.", "%(number)s Aktionen suchen eine Leitung.", looking
    )
    return Waiting(
        title=_("Aktionen bestätigen"),
        total=rows.count(),
        items=[
            Item(str(row), review_url(row), row.submitted_at, _hint(row))
            for row in rows.order_by("submitted_at", "pk")[: office.SHOWN]
        ],
        url=reverse("admin:actions_jointaction_changelist") + "?wartet=team",
        note=note % {"number": looking} if looking else "",
    )


@office.waits(67)
def waiting_brochures(request: HttpRequest) -> Waiting | None:
    """Programmes in print that could not be made."""
    if not request.user.has_perm("actions.change_campaign"):
        return None
    failed = brochures.failed()
    return Waiting(
        title=_("Programmhefte, die nicht fertig wurden"),
        total=len(failed),
        items=[
            Item(
                f"{one.campaign} ({get_language_info(one.language)['name_local']})",
                reverse("admin:actions_campaign_brochure", args=[one.campaign.pk]),
                one.since,
                one.error,
            )
            for one in failed[: office.SHOWN]
        ],
        url=reverse("admin:actions_campaign_changelist"),
    )


@office.waits(69)
def waiting_results(request: HttpRequest) -> Waiting | None:
    """Actions of which nobody has said what came of them, the oldest first."""
    if not may_confirm(request.user):
        return None
    silent = results.without().filter(last_end__lte=timezone.now() - WITHOUT_RESULT)
    rows = silent.select_related("campaign").prefetch_related(LEADS)
    return Waiting(
        title=_("Aktionen ohne Ergebnis"),
        total=rows.count(),
        items=[
            Item(str(row), reverse("actions:result", args=[row.slug]), row.last_end, _hint(row))
            for row in rows.order_by("last_end", "pk")[: office.SHOWN]
        ],
        url=reverse("admin:actions_jointaction_changelist") + "?wartet=ergebnis",
    )


def _hint(action: JointAction) -> str:
    parts = [*map(str, action.participations.all()), str(action.campaign or "")]
    return ", ".join(part for part in parts if part)
