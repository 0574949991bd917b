"""A person's own invitation, on pages about something else."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone

from meetings.models import Invitation, Meeting

register = template.Library()
SHOWN = 5


@register.inclusion_tag("meetings/answers/own_invitation.html", takes_context=True)
def own_invitation(context: Context) -> dict[str, Any]:
    """The reader's invitation to `meeting`, with the way to answer; nothing for all others."""
    user = context["request"].user
    found = None
    if user.is_authenticated:
        own = Invitation.objects.of(user).filter(meeting=context["meeting"])
        found = own.order_by("pk").first()
    return {"invitation": found, "meeting": context["meeting"]}


@register.inclusion_tag("meetings/answers/open_invitations.html", takes_context=True)
def open_invitations(context: Context) -> dict[str, Any]:
    """The reader's invitations to meetings that are still to come; nothing without one."""
    user = context["request"].user
    if not user.is_authenticated:
        return {"invitations": []}
    own = (
        Invitation.objects.of(user)
        .filter(meeting__ends_at__gt=timezone.now())
        .exclude(meeting__state=Meeting.State.CANCELLED)
    )
    return {
        "invitations": own.select_related("meeting", "organisation").order_by(
            "meeting__starts_at", "pk"
        )[:SHOWN]
    }
