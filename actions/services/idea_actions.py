"""From an idea to an action: one click, and who stood behind the idea is asked to take part."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from actions.models import Idea, IdeaSupport, JointAction
from actions.services import joint_actions, partners
from core.errors import Refused
from organisations.models import Organisation


def voices(idea: Idea) -> list[Organisation]:
    """Return the organisations behind an idea, by name: they wrote it or support it, or a part."""
    whole = Idea.objects.filter(Q(pk=idea.pk) | Q(merged_into=idea)).order_by()
    supports = IdeaSupport.objects.filter(idea__in=whole).order_by()
    behind = Q(pk__in=supports.values("organisation")) | Q(pk__in=whole.values("organisation"))
    return list(Organisation.objects.public().filter(behind).order_by("name", "pk"))


@transaction.atomic
def begin(*, idea: Idea, by: User, lead: Organisation | None = None) -> JointAction:
    """Make an action of an idea; whoever is behind the idea gets a mail and accepts for itself.

    The idea stays with its history and supporters, and says what it has become.

    :param lead: one of `voices`. The officer may leave it open: then somebody is looked for.
    :return: the action; the one there is, if somebody was faster.
    :raises PermissionDenied: unless the person may see the idea, and speaks for `lead` or is the
        officer.
    :raises Refused: for an idea that was hidden or has become part of another one, and for a lead
        that does not stand behind it.
    """
    locked = Idea.objects.visible_to(by).select_for_update().filter(pk=idea.pk).first()
    if locked is None:
        raise PermissionDenied
    is_new = locked.action_id is None
    behind = voices(locked)
    if is_new and lead is not None and lead not in behind:
        raise Refused(
            _("Die Leitung übernimmt, wer die Idee unterstützt. Bitte unterstützen Sie sie zuerst.")
        )
    if is_new and lead is not None:  # who wrote it may not have said yet that it supports it
        IdeaSupport.objects.get_or_create(
            idea=locked, organisation=lead, defaults={"user": by, "would_join": True}
        )
    action = joint_actions.from_idea(idea=locked, by=by, organisation=lead)
    if is_new:
        others = [organisation for organisation in behind if organisation != lead]
        partners.invite_all(action=action, organisations=others, by=by, message=_why(locked))
    idea.action = action
    return action


def _why(idea: Idea) -> str:
    with override(settings.LANGUAGE_CODE):
        return _("Sie unterstützen die Idee „%(idea)s“. Daraus wird jetzt eine Aktion.") % {
            "idea": idea.text
        }
