"""What pages, also those of other apps, show of joint actions; dates and texts in words."""

import datetime
from collections.abc import Iterable
from typing import Any

from django import template
from django.db.models import F
from django.utils import timezone

from actions import profile, words
from actions.models import ActionDate, Campaign, JointAction
from organisations.models import Organisation

register = template.Library()

SHOWN_AT_HOME = 3
SHOWN_OF_ORGANISATION = 12
# A programme is worth a line on the home page so long before it begins.
AHEAD = datetime.timedelta(days=120)


@register.inclusion_tag("actions/_next_actions.html")
def next_actions() -> dict[str, Any]:
    """The next public actions and the next programme, for the home page; nothing without one."""
    now, today = timezone.now(), timezone.localdate()
    public = profile.coming(JointAction.objects.public(), now)
    public = public.exclude(state=JointAction.State.CANCELLED).exclude(next_at=None)
    campaign = (
        Campaign.objects.filter(is_public=True)
        .overlapping(today, today + AHEAD)
        .order_by("starts_on", "pk")
        .first()
    )
    return {"actions": profile.for_cards(public)[:SHOWN_AT_HOME], "campaign": campaign}


@register.inclusion_tag("actions/_of_organisation.html")
def actions_of(organisation: Organisation) -> dict[str, Any]:
    """The public actions an organisation takes part in, for its page; nothing without one."""
    if not organisation.is_public:
        return {}
    own = profile.with_organisation(JointAction.objects.public(), organisation)
    # In one query, for most organisations' pages find nothing.
    in_order = profile.by_date(own, timezone.now()).order_by(
        F("next_at").asc(nulls_last=True), F("last_at").desc(nulls_last=True), "pk"
    )
    ahead, past = [], []
    for action in profile.for_cards(in_order)[:SHOWN_OF_ORGANISATION]:
        if action.next_at or not action.last_at:
            ahead.append(action)
        elif not action.is_cancelled:
            past.append(action)
    return {"actions": ahead, "past": past}


@register.simple_tag
def card_of(action: JointAction) -> dict[str, Any]:
    """What a card shows of an action.

    :param action: of `profile.for_cards`.
    """
    dates = list(action.dates.all())
    date = words.next_date(dates)
    return {
        "date": date,
        "begins": words.begins(date).replace(tzinfo=None) if date else None,
        "when": words.in_short(dates),
        "title": profile.text(action, "title"),
        "summary": profile.text(action, "summary"),
        "where": ", ".join(dict.fromkeys(_where(action))),
        "organisers": profile.organisers(action),
        "image": profile.main_image(action),
        "is_over": date is not None and date.is_over,
    }


def _where(action: JointAction) -> Iterable[str]:
    """The house and the town: what one wants to know before one opens the page."""
    if action.place:
        yield action.place
    if action.municipality:
        yield action.municipality.name


@register.filter
def when(date: ActionDate) -> str:
    """A date's day and hours: "Samstag, 25. September 2027, 15:00–18:00 Uhr"."""
    return words.when(date)


@register.filter
def time_of_day(date: ActionDate) -> str:
    """A date's hours, below the heading of its day."""
    return words.time_of_day(date)


@register.filter
def running(date: ActionDate) -> str:
    """Until when something is on that has begun; nothing for the rest."""
    return words.running(date)


@register.filter
def in_short(dates: Iterable[ActionDate]) -> str:
    """When an action takes place, in one line: `{{ action.dates.all|in_short }}`."""
    return words.in_short(dates)


@register.filter
def moment(date: ActionDate) -> str:
    """A date's beginning for machines, as `<time datetime>` has it."""
    return words.begins(date).isoformat(timespec="minutes")


@register.filter
def in_words(row: Any, field: str) -> profile.Text | None:
    """A text and the language it is in: `{% with title=action|in_words:"title" %}`."""
    return profile.text(row, field)


@register.filter
def days(campaign: Campaign) -> str:
    """A campaign's first and last day: "25. September bis 3. Oktober 2027"."""
    return words.days(campaign.starts_on, campaign.ends_on)
