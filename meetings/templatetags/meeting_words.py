"""When a meeting is, in words; see `meetings.words`."""

from django import template

from meetings import words
from meetings.models import Meeting

register = template.Library()


@register.filter
def when(meeting: Meeting) -> str:
    """A meeting's day and hours in the reader's language and the meeting's own time zone."""
    return words.when(meeting)
