"""A campaign's first page in the office: what was entered, what is missing, what comes of it."""

import datetime
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from actions import words
from actions.admin.deciding import review_url
from actions.models import ActionDate, Campaign, JointAction, Participation
from actions.services import brochures, joint_actions
from core import office
from meetings.words import full_day

State = JointAction.State
ONE = datetime.timedelta(days=1)
# So many of those that are not confirmed are named, and of those that may belong to it.
MOST_OPEN = 30
MOST_OUTSIDE = 10
# Of a campaign that lasts for a season not every day is drawn.
MOST_DAYS = 62


@dataclass(frozen=True)
class Number:
    """How many actions of the campaign are in a state, with the way to them."""

    label: str
    number: int
    url: str
    tone: str = "neutral"


@dataclass(frozen=True)
class Day:
    """A day of the campaign: how many actions can be visited, how many are only planned."""

    day: datetime.date
    confirmed: int
    planned: int
    url: str

    @property
    def label(self) -> str:
        return full_day(self.day)


@dataclass(frozen=True)
class Open:
    """An action that is not confirmed, and why."""

    action: JointAction
    url: str
    lead: str
    missing: list[str]


def overview_url(campaign: Campaign) -> str:
    """Return the path of a campaign's overview."""
    return reverse("admin:actions_campaign_overview", args=[campaign.pk])


def urls() -> list[URLPattern]:
    """Return the addresses of these pages, for `CampaignAdmin.get_urls`."""
    view = site.admin_view(overview)
    return [path("<int:pk>/ueberblick/", view, name="actions_campaign_overview")]


@office.change_link(Campaign, 5)
def overview_link(request: HttpRequest, campaign: Any) -> office.Link | None:
    return office.Link(_("Überblick"), overview_url(campaign), icon="calendar")


@require_safe
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was entered for a campaign, and lead to what comes of it."""
    if not request.user.has_perm("actions.view_campaign"):
        raise PermissionDenied
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    entered = JointAction.objects.visible_to(request.user).filter(campaign=campaign)
    counted = _counted(entered)
    not_confirmed = _open(entered)
    today = timezone.localdate()
    context = {
        **site.each_context(request),
        "title": str(campaign),
        "opts": Campaign._meta,
        "campaign": campaign,
        "is_open_for_entries": campaign.entries_until is None or campaign.entries_until >= today,
        "total": sum(counted.values()),
        "numbers": _numbers(campaign, counted),
        "open": not_confirmed[:MOST_OPEN],
        "open_url": _list_url(campaign) if len(not_confirmed) > MOST_OPEN else "",
        "days": _days(campaign, entered),
        "places": _places(entered),
        "outside": _outside(campaign, request.user),
        "brochures": brochures.states(campaign),
        "may_change": request.user.has_perm("actions.change_campaign"),
    }
    return TemplateResponse(request, "admin/actions/campaign/overview.html", context)


def _list_url(campaign: Campaign, **filters: str) -> str:
    query = urlencode({"campaign__id__exact": campaign.pk} | filters)
    return f"{reverse('admin:actions_jointaction_changelist')}?{query}"


def _counted(entered: Any) -> Counter[str]:
    """Count the actions by state; `waiting` are those in planning that wait for the officer."""
    rows = (
        entered.order_by()
        .values_list("state")
        .annotate(number=Count("pk"), waiting=Count("pk", filter=Q(submitted_at__isnull=False)))
    )
    found: Counter[str] = Counter()
    for state, number, waiting in rows:
        if state == State.PLANNING:
            found["waiting"] += waiting
            number -= waiting
        found[state] += number
    return found


def _numbers(campaign: Campaign, counted: Counter[str]) -> list[Number]:
    planning = counted[State.PLANNING]
    return [
        Number(
            _("zu prüfen"),
            counted["waiting"],
            _list_url(campaign, wartet="team"),
            "warn" if counted["waiting"] else "neutral",
        ),
        Number(_("in Planung"), planning, _list_url(campaign, wartet="arbeit")),
        Number(
            _("ohne Leitung"),
            counted[State.IDEA],
            _list_url(campaign, state__exact=State.IDEA),
        ),
        Number(
            _("bestätigt"),
            counted[State.CONFIRMED],
            _list_url(campaign, state__exact=State.CONFIRMED),
            "good" if counted[State.CONFIRMED] else "neutral",
        ),
        Number(
            _("stattgefunden"),
            counted[State.DONE],
            _list_url(campaign, state__exact=State.DONE),
        ),
        Number(
            _("abgesagt"),
            counted[State.CANCELLED],
            _list_url(campaign, state__exact=State.CANCELLED),
        ),
    ]


def _open(entered: Any) -> list[Open]:
    """Return what is not confirmed, what waits longest first, each with what it lacks."""
    rows = (
        entered.filter(state__in=[State.IDEA, State.PLANNING])
        .select_related("campaign", "municipality")
        .prefetch_related(
            "dates",
            "languages",
            "target_groups",
            Prefetch("participations", Participation.objects.select_related("organisation")),
        )
        .order_by("submitted_at", "created_at", "pk")
    )
    return [
        Open(
            action=row,
            url=review_url(row),
            lead=next((str(one) for one in row.participations.all() if one.role == "lead"), ""),
            missing=[one.text for one in joint_actions.missing(row)],
        )
        for row in rows[: MOST_OPEN + 1]
    ]


def _days(campaign: Campaign, entered: Any) -> list[Day]:
    """Return the campaign's days; what lasts for days counts on each."""
    number = min((campaign.ends_on - campaign.starts_on).days + 1, MOST_DAYS)
    dates = ActionDate.objects.filter(action__in=entered.values("pk")).exclude(
        action__state=State.CANCELLED
    )
    on_day: dict[bool, Counter[datetime.date]] = {True: Counter(), False: Counter()}
    seen: set[tuple[int, datetime.date]] = set()
    for date in dates.select_related("action"):
        day, last = words.begins(date).date(), words.last_day(date)
        day = max(day, campaign.starts_on)
        while day <= min(last, campaign.ends_on):
            # Twice on one day is one action to visit.
            if (date.action_id, day) not in seen:
                seen.add((date.action_id, day))
                on_day[date.action.is_public][day] += 1
            day += ONE
    programme = reverse("actions:programme", args=[campaign.slug])
    days = (campaign.starts_on + place * ONE for place in range(number))
    return [
        Day(day, on_day[True][day], on_day[False][day], f"{programme}?tag={day.isoformat()}")
        for day in days
    ]


def _places(entered: Any) -> list[dict[str, Any]]:
    """Return where the campaign takes place, most actions first."""
    rows = (
        entered.exclude(state=State.CANCELLED)
        .exclude(municipality=None)
        .order_by()
        .values("municipality__name")
        .annotate(number=Count("pk"))
        .order_by("-number", "municipality__name")
    )
    return [{"name": row["municipality__name"], "number": row["number"]} for row in rows]


def _outside(campaign: Campaign, user: Any) -> list[dict[str, Any]]:
    """Return actions that lie in its days and were not entered for it: perhaps by oversight."""
    zone = timezone.get_default_timezone()
    begin = datetime.datetime.combine(campaign.starts_on, datetime.time(), zone)
    end = datetime.datetime.combine(campaign.ends_on + ONE, datetime.time(), zone)
    inside = ActionDate.objects.filter(starts_at__lt=end, ends_at__gt=begin)
    rows = (
        JointAction.objects.visible_to(user)
        .filter(campaign=None, pk__in=inside.values("action"))
        .exclude(state=State.CANCELLED)
    )
    return [{"action": row, "url": review_url(row)} for row in rows.order_by("pk")[:MOST_OUTSIDE]]
