"""Parts of a programme in words."""

import datetime
from collections.abc import Iterable, Mapping

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from actions import profile, words
from actions.models import JointAction
from actions.programme import Entry, Slot
from meetings.words import full_day
from organisations.models import Organisation

register = template.Library()


@register.filter
def slot_time(slot: Slot) -> str:
    """When an action is on, said below the heading of a day."""
    if slot.day != words.begins(slot.date).date():
        return _("läuft bis %(day)s") % {"day": full_day(words.last_day(slot.date))}
    return words.time_of_day(slot.date)


@register.filter
def weekday(day: datetime.date) -> str:
    """A day with its weekday: "Samstag, 25. September 2027"."""
    return full_day(day)


@register.simple_tag
def said(action: JointAction, field: str) -> SafeString | str:
    """One of an action's texts in its own direction, marked where it is in another language."""
    text = profile.text(action, field)
    return _marked(text.text, text.language) if text else ""


def _marked(text: str, language: str) -> SafeString | str:
    if not text:
        return ""
    if language == get_language():
        return format_html('<bdi dir="auto">{}</bdi>', text)
    return format_html('<bdi dir="auto" lang="{}">{}</bdi>', language, text)


@register.filter
def place(action: JointAction) -> list[str]:
    """The lines of the place, as the action's page has them."""
    return profile.place(action)


@register.filter
def names(organisations: Iterable[Organisation]) -> SafeString:
    """Organisations in one line, each name in its own direction."""
    comma = pgettext("zwischen den Teilen einer Aufzählung, mit Leerzeichen", ", ")
    return format_html_join(comma, "<bdi>{}</bdi>", ((one.name,) for one in organisations))


@register.filter
def number_of(numbers: Mapping[int, int], entry: Entry) -> int | None:
    """The number an action has in the brochure."""
    return numbers.get(entry.action.pk)


@register.simple_tag(takes_context=True)
def programme_entry(context: Context, slot: Slot) -> str:
    """An action on one of its days; drawn once for each state of the programme and language."""
    programme, section = context["programme"], context["section"]
    key = (get_language(), slot.date.pk, slot.day, section.day is None)
    if key not in programme.remembered:
        programme.remembered[key] = render_to_string(
            "actions/_programme_entry.html",
            {"slot": slot, "entry": slot.entry, "action": slot.action, "section": section},
        )
    return programme.remembered[key]
