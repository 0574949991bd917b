"""What pages show of minutes."""

from typing import Any, NamedTuple

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from core import history, markdown
from meetings.models import Correction, Meeting, Minutes

register = template.Library()


@register.filter
def minutes_text(text: str, level: int = 3) -> SafeString:
    """Show a section's text: `{{ point.text|minutes_text }}`.

    :param level: of its headings; a section has one of the second level.
    """
    return markdown.render(text or "", level=level, line_breaks=True)


class Sides(NamedTuple):
    """A text before and after, in parts: what both have, and what only one has."""

    before: list[history.Piece]
    after: list[history.Piece]


@register.filter
def sides(correction: Correction) -> Sides:
    """Return what a correction has changed, for `admin/includes/changed_text.html`."""
    return Sides(*history.compared(correction.before, correction.after))


@register.simple_tag(takes_context=True)
def minutes_for(context: Context, meeting: Meeting) -> dict[str, Any] | None:
    """Return what a page may say of a meeting's published minutes: at most three queries.

    `summary` is for everybody who sees the meeting; `is_open` says whether the reader may read all.
    None: there is nothing to say.
    """
    if meeting.state != Meeting.State.DOCUMENTED:
        return None
    found = Minutes.objects.filter(meeting=meeting, state=Minutes.State.PUBLISHED).first()
    if found is None:
        return None
    user = context["request"].user
    is_open = Minutes.objects.visible_to(user).filter(pk=found.pk).exists()
    if not found.public_summary and not is_open:
        return None
    return {"minutes": found, "summary": found.public_summary, "is_open": is_open}
