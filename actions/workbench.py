"""The pages of those who plan an action together: who gets in, and what all of them show.

Each page extends `actions/workbench.html` and is one of the `TABS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from actions.models import JointAction, may_confirm

State = JointAction.State

STATE_TONES = {
    State.IDEA: "neutral",
    State.PLANNING: "warn",
    State.CONFIRMED: "good",
    State.DONE: "neutral",
    State.CANCELLED: "bad",
}


def always(action: JointAction) -> bool:
    return True


@dataclass(frozen=True)
class Tab:
    """One of the pages.

    :ivar url_name: takes the action's slug.
    :ivar is_shown: whether the action has come so far.
    """

    name: str
    label: str | Promise
    url_name: str
    is_shown: Callable[[JointAction], bool] = always


TABS = (
    Tab("manage", _("Überblick"), "actions:manage"),
    Tab("partners", _("Wer macht mit?"), "actions:partners"),
    Tab("contributions", _("Wer bringt was?"), "actions:contributions"),
    Tab("messages", _("Nachrichten"), "actions:messages"),
    Tab(
        "registrations",
        _("Anmeldungen"),
        "actions:registrations",
        lambda action: action.state != State.IDEA,
    ),
    Tab(
        "result",
        _("Ergebnis"),
        "actions:result",
        lambda action: action.state in {State.CONFIRMED, State.DONE},
    ),
)


def fetch(request: HttpRequest, slug: str, *, manage: bool = False) -> JointAction:
    """Return an action somebody takes part in; for everybody else its pages do not exist.

    :param manage: only for those who decide about it: the lead and the officer.
    :raises Http404: for everybody else.
    """
    rows = JointAction.objects.editable_by(request.user)
    if manage:
        rows = JointAction.objects.manageable_by(request.user)
    return get_object_or_404(rows.select_related("campaign", "municipality"), slug=slug)


def context(request: HttpRequest, action: JointAction, tab: str) -> dict[str, Any]:
    """Return what every page of the workbench shows; one query.

    :param tab: the name of the page in `TABS`.
    """
    decides = JointAction.objects.manageable_by(request.user).filter(pk=action.pk)
    return {
        "action": action,
        "tab": tab,
        "tabs": [one for one in TABS if one.is_shown(action)],
        "is_officer": may_confirm(request.user),
        "is_manager": decides.exists(),
    }
