"""What pages of other apps say about meetings, and parts of a meeting in words."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils.formats import date_format

from meetings.models import Invitation, Meeting, Task, is_member

register = template.Library()


@register.inclusion_tag("meetings/_next_public.html")
def next_public_meeting() -> dict[str, Any]:
    """The next meeting everybody may know of, for the home page; nothing without one."""
    return {"meeting": Meeting.objects.public().upcoming().first()}


@register.inclusion_tag("meetings/_mine.html", takes_context=True)
def my_meetings(context: Context) -> dict[str, Any]:
    """The next meeting, and how many tasks the reader has taken on; nothing for those without.

    Meetings to which the reader is invited are told by `open_invitations`.
    """
    user = context["request"].user
    invited = Invitation.objects.of(user).values("meeting")
    upcoming = Meeting.objects.visible_to(user).upcoming().exclude(pk__in=invited)
    own = Task.objects.of(user).open()
    return {"meeting": upcoming.first(), "tasks": own.count(), "is_member": is_member(user)}


@register.filter
def begins(meeting: Meeting, form: str) -> str:
    """A part of the day a meeting begins, in its own time zone: `{{ meeting|begins:"j" }}`."""
    return date_format(meeting.begins.replace(tzinfo=None), form)


@register.filter
def spoken(meeting: Meeting, field: str) -> str:
    """One of a meeting's translated texts in the reader's language."""
    return meeting.translated(field)


@register.filter
def extension(name: str) -> str:
    """How a file's name ends, as people say it: "PDF"."""
    return name.rpartition(".")[2].upper()
