"""The way to register, on an action's page."""

from typing import Any

from django import template

from actions.models import JointAction
from actions.services import registrations

register = template.Library()


@register.inclusion_tag("actions/registrations/_box.html")
def registration_box(action: JointAction) -> dict[str, Any]:
    """A button to register, or the word that it is too late; the same for everybody.

    The page may be some minutes old, so it says nothing about free seats.

    :param action: with its dates prefetched.
    """
    is_coming = not action.is_cancelled and any(not date.is_over for date in action.dates.all())
    return {
        "action": action,
        "is_wanted": action.is_public and action.takes_registrations and is_coming,
        "is_open": registrations.is_open(action),
    }
