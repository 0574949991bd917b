"""Who takes part in an action: for those who plan it, and for an organisation about itself."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions import workbench
from actions.forms.partners import InviteForm, JoinForm, PartForm
from actions.models import Contribution, JointAction, Participation
from actions.services import contributions, leading, partners
from core import limits
from core.errors import Refused
from core.fields import is_key
from core.resume import recall, require_login
from organisations.models import Organisation

METHODS = ["GET", "HEAD", "POST"]
State = Participation.State
# As many as fit into a list one chooses from.
MOST_NEEDS = 100


# --- Those who plan it ----------------------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(METHODS)
def partners_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who takes part; the lead and the officer invite, answer, remove, hand over."""
    action = workbench.fetch(request, slug)
    kept = recall(request)
    form = InviteForm(kept if kept and "message" in kept else None, action=action)
    if request.method == "POST":
        if "search" in request.POST or "invite" in request.POST:
            form = InviteForm(request.POST, action=action)
            answer = _invite(request, action, form) if "invite" in request.POST else None
        else:
            answer = _decide(request, action)
        if answer is not None:
            return answer
    return _partners_page(request, action, form)


def _partners_page(request: HttpRequest, action: JointAction, form: InviteForm) -> HttpResponse:
    parts = partners.shown(action)
    context = {
        "is_open": partners.is_open(action),
        "asking": [part for part in parts if part.state == State.ASKED],
        "confirmed": [part for part in parts if part.state == State.CONFIRMED],
        "invited": [part for part in parts if part.state == State.INVITED],
        "others": [
            part
            for part in parts
            if part.state in {State.DECLINED, State.LEFT} and not part.organisation.merged_into_id
        ],
        "own": set(Organisation.objects.of(request.user).values_list("pk", flat=True)),
        "form": form,
    }
    return render(
        request,
        "actions/partners.html",
        workbench.context(request, action, "partners") | context,
    )


def _invite(request: HttpRequest, action: JointAction, form: InviteForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    number = 0
    for organisation in form.cleaned_data["organisations"]:
        if not limits.allow(str(request.user.pk), action="partner_invitation"):
            form.add_error(None, _("Das waren heute sehr viele Einladungen. Bitte warten Sie."))
            return None
        try:
            partners.invite(
                action=action,
                organisation=organisation,
                by=request.user,  # type: ignore[arg-type]
                message=form.cleaned_data["message"],
            )
        except PermissionDenied as error:
            raise Http404 from error
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            number += 1
            _warn_of_silence(request, organisation)
    if number:
        text = ngettext(
            "Die Einladung ist unterwegs.", "%(number)s Einladungen sind unterwegs.", number
        )
        messages.success(request, text % {"number": number})
    return redirect("actions:partners", slug=action.slug)


def _warn_of_silence(request: HttpRequest, organisation: Organisation) -> None:
    """Say if nobody can read the invitation."""
    if not organisation.representatives.filter(user__is_active=True).exists():
        text = _("„%(name)s“ hat noch keine Vertretung im Portal. Bitte rufen Sie dort an.")
        messages.warning(request, text % {"name": organisation.name})


def _decide(request: HttpRequest, action: JointAction) -> HttpResponse:
    verb = VERBS.get(request.POST.get("verb", ""))
    if verb is None:
        raise Http404
    call, takes_message, text = verb
    form = PartForm(request.POST, action=action)
    if not form.is_valid():
        for found in form.errors.values():
            messages.error(request, " ".join(map(str, found)))
        return redirect("actions:partners", slug=action.slug)
    organisation = form.cleaned_data["organisation"]
    message = {"message": form.cleaned_data["message"]} if takes_message else {}
    try:
        if call(action=action, organisation=organisation, by=request.user, **message):
            messages.success(request, text() % {"name": organisation.name})
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("actions:partners", slug=action.slug)


def _withdraw_offer(*, action: JointAction, organisation: Organisation, by: Any) -> bool:
    return leading.withdraw_offer(action=action, by=by)


# A service, whether it takes a word to the other side, and what is said when it is done.
VERBS: dict[str, tuple[Callable[..., bool], bool, Callable[[], str]]] = {
    "admit": (partners.admit, False, lambda: _("„%(name)s“ macht jetzt mit.")),
    "decline": (partners.decline, True, lambda: _("„%(name)s“ bekommt Ihre Absage.")),
    "remove": (partners.remove, True, lambda: _("„%(name)s“ ist nicht mehr dabei.")),
    "offer": (
        leading.offer_lead,
        False,
        lambda: _("„%(name)s“ ist gefragt. Bis zur Antwort bleibt alles, wie es ist."),
    ),
    "withdraw_offer": (_withdraw_offer, False, lambda: _("Die Anfrage ist zurückgenommen.")),
    "hand_over": (leading.hand_over, False, lambda: _("„%(name)s“ leitet jetzt die Aktion.")),
}


# --- An organisation about itself -----------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(METHODS)
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Let somebody say for their own organisations whether they take part, and how."""
    action = get_object_or_404(JointAction.objects.visible_to(request.user), slug=slug)
    own = list(Organisation.objects.of(request.user).order_by("name", "pk"))
    parts = {part.organisation_id: part for part in _parts(action, own)}
    # Who is in stays able to leave; to come in, an organisation must be active.
    joining = [
        one
        for one in own
        if one.is_public
        and (one.pk not in parts or parts[one.pk].state not in {State.CONFIRMED, State.ASKED})
    ]
    if not parts and not joining:
        raise Http404
    needs = list(_needs(action))
    form = _join_form(request, recall(request), joining, needs)
    if request.method == "POST":
        verb = request.POST.get("verb", "")
        if verb == "join":
            form = _join_form(request, request.POST, joining, needs)
            answer = _join(request, action, form) if form else None
        else:
            answer = _answer(request, action, own, verb)
        if answer is not None:
            return answer
    context = {
        "action": action,
        "dates": list(action.dates.all()),
        "taking_part": [part for part in partners.shown(action) if part.state == State.CONFIRMED],
        "parts": list(parts.values()),
        "form": form if partners.is_open(action) else None,
        "joining": joining,
        "is_invited": any(part.state == State.INVITED for part in parts.values()),
        "is_open": partners.is_open(action),
        "has_lead": partners.lead_of(action) is not None,
        "needs": needs,
        "may_open": JointAction.objects.of(request.user).filter(pk=action.pk).exists(),
    }
    return render(request, "actions/join.html", context)


def _parts(action: JointAction, own: list[Organisation]) -> Any:
    return (
        action.participations.filter(organisation__in=own)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    )


def _needs(action: JointAction) -> Any:
    return Contribution.objects.filter(action=action).open()[:MOST_NEEDS]  # type: ignore[attr-defined]


def _join_form(
    request: HttpRequest,
    data: QueryDict | None,
    joining: list[Organisation],
    needs: list[Contribution],
) -> JoinForm | None:
    if not joining:
        return None
    chosen = request.GET.get("beitrag", "")
    need = next((one for one in needs if str(one.pk) == chosen), None)
    initial = {"contribution": need, "amount": 1} if need else {}
    return JoinForm(data, own=joining, needs=needs, initial=initial)


def _join(request: HttpRequest, action: JointAction, form: JoinForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    organisation = form.cleaned_data["organisation"]
    try:
        part = partners.ask(
            action=action,
            organisation=organisation,
            by=request.user,  # type: ignore[arg-type]
            message=form.cleaned_data["message"],
        )
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    if part.state == State.CONFIRMED:
        text = _("Schön! „%(name)s“ macht mit. Sie können jetzt mitplanen.")
    else:
        text = _("Danke! Die Leitung der Aktion antwortet „%(name)s“ per E-Mail.")
    messages.success(request, text % {"name": organisation.name})
    if need := form.cleaned_data.get("contribution"):
        _promise(request, need, organisation, form.cleaned_data["amount"] or 1)
    return redirect("actions:join", slug=action.slug)


def _promise(
    request: HttpRequest, need: Contribution, organisation: Organisation, amount: int
) -> None:
    try:
        contributions.pledge(
            contribution=need,
            organisation=organisation,
            amount=amount,
            by=request.user,  # type: ignore[arg-type]
            person=request.user.name,  # type: ignore[union-attr]
        )
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("Ihr Beitrag ist eingetragen: %(what)s") % {"what": need.what})


def _answer(
    request: HttpRequest, action: JointAction, own: list[Organisation], verb: str
) -> HttpResponse:
    found = ANSWERS.get(verb)
    key = request.POST.get("organisation", "")
    organisation = next((one for one in own if str(one.pk) == key), None)
    if found is None or organisation is None or not is_key(Organisation, key):
        raise Http404
    call, takes_message, text = found
    form = PartForm(request.POST, action=action)
    form.is_valid()
    word = form.cleaned_data.get("message", "")
    if takes_message and "message" in form.errors:
        messages.error(request, " ".join(map(str, form.errors["message"])))
        return redirect("actions:join", slug=action.slug)
    try:
        message = {"message": word} if takes_message else {}
        if call(action=action, organisation=organisation, by=request.user, **message):
            messages.success(request, text() % {"name": organisation.name})
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("actions:join", slug=action.slug)


ANSWERS: dict[str, tuple[Callable[..., bool], bool, Callable[[], str]]] = {
    "accept": (partners.accept, False, lambda: _("Schön! „%(name)s“ macht mit.")),
    "decline": (partners.decline, True, lambda: _("„%(name)s“ macht nicht mit.")),
    "leave": (partners.leave, True, lambda: _("„%(name)s“ ist nicht mehr dabei.")),
    "take_lead": (leading.take_lead, False, lambda: _("„%(name)s“ leitet jetzt die Aktion.")),
    "refuse_lead": (leading.refuse_lead, False, lambda: _("Die Leitung bleibt, wo sie ist.")),
}
