from django import template

from core import phones

register = template.Library()


@register.filter
def phone(number: object) -> str:
    """A telephone number as people write it; nothing for none. Put it into a `<bdi>`."""
    return phones.spoken(number) if number else ""
