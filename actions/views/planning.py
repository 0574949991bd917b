"""Planning an action: beginning it, its overview with the next step, and all those of a person."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from actions import words, workbench
from actions.forms.planning import CancelForm
from actions.forms.sections import BeginForm, campaigns_for
from actions.models import ActionImage, JointAction, Participation, may_confirm
from actions.services import contributions, images, joint_actions, leading, partners
from actions.views.editing import SECTIONS, address
from core.errors import Refused
from core.resume import recall, require_login
from meetings.models import is_member
from organisations.models import Language, Organisation

METHODS = ["GET", "HEAD", "POST"]
PER_PAGE = 20
# What waits for somebody is shown in full up to here; more is said as a number.
MOST_WAITING = 10
State = JointAction.State


# --- Beginning ------------------------------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(METHODS)
def create(request: HttpRequest) -> HttpResponse:
    """Begin to plan an action with a title; everything else comes afterwards."""
    is_officer = may_confirm(request.user)
    if not is_officer and not is_member(request.user):
        raise Http404
    own = Organisation.objects.public()
    if not is_officer:
        own = own.of(request.user)
    options: dict[str, Any] = {
        "organisations": own.order_by("name", "pk"),
        "campaigns": campaigns_for(request.user),
        "may_have_no_lead": is_officer,
    }
    if request.method == "POST":
        form = BeginForm(request.POST, **options)
        if form.is_valid() and (action := _begin(request, form)) is not None:
            messages.success(
                request,
                _("Die Aktion ist angelegt. Jetzt tragen Sie Schritt für Schritt mehr ein."),
            )
            return redirect("actions:manage", slug=action.slug)
    else:
        initial = {"creation_key": uuid.uuid4(), "campaign": request.GET.get("zeitraum")}
        form = BeginForm(recall(request), initial=initial, **options)
    return render(request, "actions/begin.html", {"form": form})


def _begin(request: HttpRequest, form: BeginForm) -> JointAction | None:
    try:
        action = joint_actions.create(
            values=form.values,
            by=request.user,  # type: ignore[arg-type]
            organisation=form.cleaned_data["organisation"],
            creation_key=form.cleaned_data["creation_key"],
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    except PermissionDenied as error:
        raise Http404 from error
    for doubt in joint_actions.doubts_about_campaign({"campaign": action.campaign}):
        messages.warning(request, doubt)
    return action


# --- Overview -------------------------------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(METHODS)
def manage(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how far an action is and what comes next; the lead gives it on, or cancels it."""
    action = workbench.fetch(request, slug)
    form = CancelForm(recall(request))
    if request.method == "POST":
        if "cancel" in request.POST:
            form = CancelForm(request.POST)
        verb = next((name for name in VERBS if name in request.POST), "")
        if verb and (verb != "cancel" or form.is_valid()):
            return _do(request, action, verb, form)
    missing = joint_actions.missing(action)
    context = {
        "missing": [
            (one.text, address(action, WRITTEN_IN[one.name]) if one.name in WRITTEN_IN else "")
            for one in missing
        ],
        "sections": [] if action.is_cancelled else steps(action, {one.name for one in missing}),
        "parts": [part for part in partners.shown(action) if part.state == CONFIRMED],
        "invited": action.participations.filter(state=Participation.State.INVITED).count(),
        "asking": action.participations.filter(state=Participation.State.ASKED).count(),
        "open_needs": len(action.contributions.open()),
        "origin": list(action.ideas.all()[:5]),
        "form": form,
        "may_cancel": action.state in {State.IDEA, State.PLANNING, State.CONFIRMED},
    }
    return render(
        request, "actions/manage.html", workbench.context(request, action, "manage") | context
    )


CONFIRMED = Participation.State.CONFIRMED
VERBS = {
    "submit": gettext_lazy("Vielen Dank! Das Team sieht sich die Aktion an und schreibt Ihnen."),
    "withdraw": gettext_lazy("Die Aktion ist wieder bei Ihnen."),
    "finish": gettext_lazy("Die Aktion hat stattgefunden. Wie war es?"),
    "cancel": gettext_lazy("Die Aktion ist abgesagt. Alle, die mitmachen, bekommen eine E-Mail."),
}


def _do(request: HttpRequest, action: JointAction, verb: str, form: CancelForm) -> HttpResponse:
    more = {"reason": form.cleaned_data["reason"]} if verb == "cancel" else {}
    try:
        changed = getattr(joint_actions, verb)(action=action, by=request.user, **more)
    except Refused as refused:
        messages.warning(request, str(refused))
    except PermissionDenied as error:
        raise Http404 from error
    else:
        if changed:
            messages.success(request, str(VERBS[verb]))
    return redirect("actions:manage", slug=action.slug)


@dataclass(frozen=True)
class Step:
    """One topic of an action: where it is written, and what stands there."""

    title: str | Promise
    url: str
    hint: str
    status: str | Promise
    tone: str


# Where what `joint_actions.missing` names is written.
WRITTEN_IN = {"summary": "was", "dates": "termine", "place": "ort", "contact": "kontakt"}


def steps(action: JointAction, missing: set[str]) -> list[Step]:
    """Return the topics of an action, and which of them are still empty.

    :param missing: names of what has to be there, see `joint_actions.missing`.
    """
    lacking = {WRITTEN_IN[name] for name in missing if name in WRITTEN_IN}
    said = _said(action)
    found = []
    for section, (title, _form) in SECTIONS.items():
        if section in lacking:
            status, tone = _("fehlt noch"), "warn"
        elif said[section]:
            status, tone = _("fertig"), "good"
        else:
            status, tone = _("freiwillig"), "neutral"
        found.append(Step(title, address(action, section), said[section], status, tone))
    return found


def _said(action: JointAction) -> dict[str, str]:
    """Return in one line what is said about each topic; nothing where nothing is."""
    picture = images.shown(action).filter(kind=ActionImage.Kind.MAIN).first()
    codes = list(action.translations)
    names = Language.objects.filter(code__in=codes) if codes else []
    dates = list(action.dates.all())
    place = [action.place, action.address, action.municipality]
    contact = [action.contact_name, action.contact_phone, action.contact_email]
    entry = [action.entry, action.additional, action.link]
    if action.takes_registrations:
        entry.insert(0, _("mit Anmeldung hier im Portal"))
    return {
        "was": action.summary,
        "termine": words.in_short(dates) if dates else "",
        "ort": ", ".join(str(one) for one in place if one),
        "eintritt": ", ".join(one for one in entry if one),
        "kontakt": ", ".join(one for one in contact if one),
        "bild": picture.alt_text if picture else "",
        "sprachen": ", ".join(language.endonym for language in names),
    }


# --- All of mine ----------------------------------------------------------------------------------
@require_login
@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List what a person's organisations do together with others, and what waits for an answer."""
    user = request.user
    if not may_confirm(user) and not Organisation.objects.of(user).exists():
        raise Http404
    over = {State.DONE, State.CANCELLED}
    own = JointAction.objects.of(user)
    past = "frueher" in request.GET
    shown = own.filter(state__in=over) if past else own.exclude(state__in=over)
    rows = shown.select_related("campaign", "municipality").prefetch_related("dates")
    page_obj = Paginator(rows.order_by("-state_since", "-pk"), PER_PAGE).get_page(
        request.GET.get("seite")
    )
    waiting = {
        "invitations": partners.invitations_for(user),
        "askings": partners.askings_for(user),
        "offers": leading.offers_for(user),
    }
    context: dict[str, Any] = {
        name: list(rows.select_related("action", "organisation")[:MOST_WAITING])
        for name, rows in waiting.items()
    }
    context |= {
        "pledges": list(contributions.due_for(user)[:MOST_WAITING]),
        "page_obj": page_obj,
        "past": past,
        "is_member": is_member(user) or may_confirm(user),
        "is_officer": may_confirm(user),
    }
    return render(request, "actions/mine.html", context)
