"""What pages of other apps, and the public page, say to those who plan actions."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils.translation import gettext as _

from actions.models import JointAction
from actions.services import partners
from actions.workbench import STATE_TONES
from core.templatetags.ui import badge
from meetings.models import is_member

register = template.Library()


@register.inclusion_tag("actions/_workbench_link.html", takes_context=True)
def workbench_link(context: Context, action: JointAction) -> dict[str, Any]:
    """The way from an action's page to its planning, for those who take part; one query.

    Nothing for visitors.
    """
    user = context["request"].user
    takes_part = (
        user.is_authenticated
        and JointAction.objects.editable_by(user).filter(pk=action.pk).exists()
    )
    return {"action": action, "takes_part": takes_part}


@register.inclusion_tag("actions/_my_actions.html", takes_context=True)
def my_actions(context: Context) -> dict[str, Any]:
    """What waits for the reader and the ways to all actions, for "Meine Organisationen"."""
    user = context["request"].user
    if not is_member(user):
        return {"is_member": False}
    ahead = JointAction.objects.of(user).exclude(
        state__in=[JointAction.State.DONE, JointAction.State.CANCELLED]
    )
    return {
        "is_member": True,
        "invitations": partners.invitations_for(user).count(),
        "number": ahead.count(),
    }


@register.simple_tag
def action_badge(action: JointAction) -> str:
    """The state of an action in a word."""
    if action.is_waiting:
        return badge(_("wird geprüft"), "warn")
    return badge(action.get_state_display(), STATE_TONES[JointAction.State(action.state)])
