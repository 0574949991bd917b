"""What pages say of the result of an action."""

from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import ngettext

from actions.models import ActionImage, ActionResult, JointAction
from actions.services import images

register = template.Library()


@register.simple_tag
def visitors(number: int) -> str:
    """How many people were there, in words."""
    text = ngettext("%(number)s Mensch war da", "%(number)s Menschen waren da", number)
    return text % {"number": number_format(number, use_l10n=True, force_grouping=True)}


@register.inclusion_tag("actions/_result.html")
def action_result(action: JointAction) -> dict[str, Any]:
    """What everybody may know of what came of an action; nothing if there is nothing.

    Two queries, none before it is over.
    """
    if action.state not in {JointAction.State.CONFIRMED, JointAction.State.DONE}:
        return {}
    return {
        "result": ActionResult.objects.filter(action=action).first(),
        "photos": images.shown(action).filter(kind=ActionImage.Kind.RESULT),
    }


@register.filter
def picture_address(image: ActionImage, size: str) -> str:
    """Where a picture lies: `{{ photo|picture_address:"mittel" }}`, one of `images.SIZES`."""
    return images.address(image, size)
