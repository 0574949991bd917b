"""What pages show of contributions, in words."""

from django import template

from actions import words
from actions.models import Contribution

register = template.Library()


@register.filter
def shift(need: Contribution) -> str:
    """When somebody is to be there: "Samstag, 25. September 2027, 9:00–12:00 Uhr", or nothing."""
    return words.shift(need)
