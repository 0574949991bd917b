"""What meetings' pages show of ideas."""

from typing import Any

from django import template
from django.template.context import Context

from actions.models import Idea
from actions.services import boards
from meetings.models import Meeting, is_member, may_plan

register = template.Library()


@register.inclusion_tag("actions/_meeting_ideas.html", takes_context=True)
def meeting_ideas(context: Context, meeting: Meeting) -> dict[str, Any]:
    """The way to a meeting's ideas, for those who may read them; else nothing."""
    user = context["request"].user
    if not (may_plan(user) or is_member(user)) or meeting.is_cancelled:
        return {"meeting": None}
    board = boards.of(meeting)
    number = Idea.objects.filter(meeting=meeting).listed().count()
    if board is None and not number:
        return {"meeting": None}
    return {"meeting": meeting, "board": board, "number": number}
