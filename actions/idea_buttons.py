"""What members' buttons do with ideas, the same on every page that shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from actions.models import Idea, JointAction
from actions.models.ideas import IdeaQuerySet
from actions.services import idea_actions, ideas
from core.errors import Refused
from core.fields import is_key
from organisations.models import Organisation


@dataclass
class Asked:
    """One request to a page with ideas.

    :ivar ideas: those of the page that the person may see; a button is about one of them.
    :ivar own: the organisations the person speaks for.
    """

    request: HttpRequest
    ideas: IdeaQuerySet
    own: list[Organisation]

    @property
    def by(self) -> Any:
        return self.request.user

    def idea(self, verb: str) -> Idea:
        """Return the idea a button is about."""
        key = self.request.POST[verb]
        if not is_key(Idea, key):
            raise Http404
        return get_object_or_404(self.ideas, pk=key)

    def voice(self) -> Organisation:
        """Return the organisation that speaks: the one that was chosen, or the only one."""
        chosen = self.request.POST.get("organisation", "")
        for organisation in self.own:
            if len(self.own) == 1 or str(organisation.pk) == chosen:
                return organisation
        raise Http404

    def again(self, idea: Idea | None = None) -> HttpResponse:
        """Lead back to the page, to where the idea stands."""
        anchor = f"#idee-{idea.pk}" if idea else ""
        return redirect(self.request.get_full_path() + anchor)


Verb = Callable[[Asked], HttpResponse]


def answer(asked: Asked, verbs: Mapping[str, Verb] | None = None) -> HttpResponse | None:
    """Do what the pressed button says; None if none of them was.

    :param verbs: further buttons of the page, by the name they send.
    """
    every = VERBS | dict(verbs or {})
    verb = next((name for name in every if name in asked.request.POST), "")
    if not verb:
        return None
    try:
        return every[verb](asked)
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refusal:
        messages.warning(asked.request, str(refusal))
        return asked.again()


def lead_on(asked: Asked, action: JointAction) -> HttpResponse:
    """Lead to the action an idea has become: to its plan, for those who work on it."""
    messages.success(
        asked.request,
        _("Aus der Idee ist eine Aktion geworden. Wer sie unterstützt, ist zum Mitmachen gefragt."),
    )
    works = JointAction.objects.editable_by(asked.by).filter(pk=action.pk).exists()
    name = "actions:manage" if works else "actions:detail"
    return redirect(reverse(name, kwargs={"slug": action.slug}))


def _support(asked: Asked) -> HttpResponse:
    joins = "join" in asked.request.POST
    idea = asked.idea("join" if joins else "support")
    ideas.support(idea=idea, organisation=asked.voice(), by=asked.by, would_join=joins)
    return asked.again(idea)


def _withdraw(asked: Asked) -> HttpResponse:
    idea = asked.idea("withdraw")
    ideas.withdraw_support(idea=idea, organisation=asked.voice(), by=asked.by)
    return asked.again(idea)


def _take_back(asked: Asked) -> HttpResponse:
    idea = asked.idea("take_back")
    if idea.user_id != asked.by.pk or idea.way != Idea.Way.MEMBER:
        raise PermissionDenied
    ideas.take_back(idea=idea)
    messages.success(asked.request, _("Ihre Idee ist gelöscht."))
    is_its_page = asked.request.path == idea.get_absolute_url()
    return redirect("actions:ideas_all") if is_its_page else asked.again()


def _begin(asked: Asked) -> HttpResponse:
    idea = asked.idea("begin")
    return lead_on(asked, idea_actions.begin(idea=idea, by=asked.by, lead=asked.voice()))


VERBS: Mapping[str, Verb] = {
    "support": _support,
    "join": _support,
    "withdraw": _withdraw,
    "take_back": _take_back,
    "begin": _begin,
}
