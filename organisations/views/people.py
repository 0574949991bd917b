"""Who speaks for an organisation, its invitations, and requests for access."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import normalise_email
from core import bounces
from core.errors import Refused
from core.resume import recall, require_login
from organisations.forms.people import (
    AccessRequestForm,
    InviteForm,
    OneAccessRequest,
    OneInvitation,
    OneRepresentative,
    RoleForm,
)
from organisations.models import AccessRequest, Organisation, Representative
from organisations.services import decisions
from organisations.services import people as services


# --- The list of representatives ------------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who speaks for an organisation; managers and the officer change it here."""
    organisation = get_object_or_404(Organisation.objects.editable_by(request.user), pk=pk)
    kept = recall(request)
    form = InviteForm(kept if kept and "addresses" in kept else None, organisation=organisation)
    if request.method == "POST":
        action = ACTIONS.get(request.POST.get("action", ""))
        if action is None:
            raise Http404
        try:
            answer = action(request, organisation)
        except PermissionDenied as error:
            raise Http404 from error
        except Refused as refused:
            messages.error(request, str(refused))
            answer = redirect("organisations:people", pk=organisation.pk)
        if isinstance(answer, HttpResponse):
            return answer
        form = answer
    return render(
        request,
        "organisations/people/people.html",
        _people_context(request, organisation) | {"form": form},
    )


def _people_context(request: HttpRequest, organisation: Organisation) -> dict[str, object]:
    manages = Organisation.objects.managed_by(request.user).filter(pk=organisation.pk).exists()
    representatives = list(organisation.representatives.select_related("user"))
    managers = [one for one in representatives if one.role == Representative.Role.MANAGER]
    context: dict[str, object] = {
        "organisation": organisation,
        "manages": manages,
        "representatives": representatives,
        "mine": next((one for one in representatives if one.user_id == request.user.pk), None),
        "only_manager": managers[0] if len(managers) == 1 else None,
        # She may take the last manager away too: an account in the wrong hands.
        "is_officer": decisions.may_decide(request.user),
    }
    if manages:
        now = timezone.now()
        waiting = organisation.invitations.filter(accepted_at=None, withdrawn_at=None)
        invitations = list(waiting.select_related("invited_by"))
        returning = bounces.returning_since(one.email for one in invitations)
        context["invitations"] = [
            {
                "row": one,
                "expired": not one.is_open(now),
                "returning_since": returning.get(one.email.lower()),
            }
            for one in invitations
        ]
        context["access_requests"] = organisation.access_requests.filter(
            state=AccessRequest.State.OPEN
        ).select_related("user")
    return context


def _invite(request: HttpRequest, organisation: Organisation) -> HttpResponse | InviteForm:
    if not Organisation.objects.managed_by(request.user).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    form = InviteForm(request.POST, organisation=organisation)
    if not form.is_valid():
        return form
    try:
        sent = services.invite(
            organisation=organisation,
            emails=form.cleaned_data["addresses"],
            role=form.cleaned_data["role"],
            by=request.user,
            language=form.cleaned_data["language"],
        )
    except Refused as refused:
        form.add_error("addresses", str(refused))
        return form
    if sent:
        text = ngettext(
            "Die Einladung ist unterwegs. "
            "Kommt keine E-Mail an, senden Sie sie bitte morgen noch einmal.",
            "%(number)s Einladungen sind unterwegs. "
            "Kommt eine E-Mail nicht an, senden Sie sie bitte morgen noch einmal.",
            len(sent),
        )
        messages.success(request, text % {"number": len(sent)})
    else:
        messages.info(request, _("Diese Personen sind schon eingeladen."))
    return redirect("organisations:people", pk=organisation.pk)


def _chosen(form) -> dict:
    """Return what a button's small form says; a forged or outdated one means nothing here."""
    if not form.is_valid():
        raise Refused(_("Das hat sich inzwischen geändert. Bitte sehen Sie noch einmal nach."))
    return form.cleaned_data


def _resend(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    invitation = _chosen(OneInvitation(request.POST, organisation=organisation))["invitation"]
    if services.resend(invitation=invitation, by=request.user, language=get_language()):
        messages.success(request, _("Die Einladung ist noch einmal unterwegs."))
    return redirect("organisations:people", pk=organisation.pk)


def _withdraw(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    invitation = _chosen(OneInvitation(request.POST, organisation=organisation))["invitation"]
    if services.withdraw(invitation=invitation, by=request.user):
        messages.success(request, _("Die Einladung ist zurückgezogen."))
    return redirect("organisations:people", pk=organisation.pk)


def _role(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    chosen = _chosen(RoleForm(request.POST, organisation=organisation))
    if services.change_role(
        representative=chosen["representative"], role=chosen["role"], by=request.user
    ):
        messages.success(request, _("Die Rolle ist geändert."))
    return redirect("organisations:people", pk=organisation.pk)


def _remove(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    chosen = _chosen(OneRepresentative(request.POST, organisation=organisation))
    person = str(chosen["representative"].user)
    if services.remove(representative=chosen["representative"], by=request.user):
        text = _("%(person)s vertritt die Organisation nicht mehr.")
        messages.success(request, text % {"person": person})
    return redirect("organisations:people", pk=organisation.pk)


def _hand_over(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    chosen = _chosen(OneRepresentative(request.POST, organisation=organisation))
    if services.hand_over(organisation=organisation, to=chosen["representative"], by=request.user):
        text = _("%(person)s verwaltet jetzt die Organisation.")
        messages.success(request, text % {"person": chosen["representative"].user})
    return redirect("organisations:people", pk=organisation.pk)


def _leave(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    if services.leave(organisation=organisation, user=request.user):
        text = _("Sie vertreten „%(name)s“ nicht mehr.")
        messages.success(request, text % {"name": organisation.name})
    return redirect("organisations:mine")


def _decide_access(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    chosen = _chosen(OneAccessRequest(request.POST, organisation=organisation))
    if services.decide_access(request=chosen["request"], by=request.user, grant=chosen["grant"]):
        text = (
            _("%(person)s vertritt jetzt die Organisation.")
            if chosen["grant"]
            else _("Die Anfrage von %(person)s ist abgelehnt.")
        )
        messages.success(request, text % {"person": chosen["request"].user})
    return redirect("organisations:people", pk=organisation.pk)


ACTIONS: dict[str, Callable[[HttpRequest, Organisation], HttpResponse | InviteForm]] = {
    "invite": _invite,
    "resend": _resend,
    "withdraw": _withdraw,
    "role": _role,
    "remove": _remove,
    "hand_over": _hand_over,
    "leave": _leave,
    "access": _decide_access,
}


# --- An invitation's link -------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation; only the button accepts it. An unknown link says so and leads on."""
    found = services.invitation_for(token)
    if found is None:
        return render(
            request, "organisations/people/invitation.html", {"case": "unknown"}, status=404
        )
    mine = request.user.is_authenticated and (normalise_email(request.user.email) == found.email)
    if found.accepted_at:
        case = "accepted" if mine else "used"
    elif not found.is_open(timezone.now()) or found.organisation.state == "archived":
        case = "over"
    elif mine:
        case = "mine"
    else:
        case = "other_account" if request.user.is_authenticated else "anonymous"
    if request.method == "POST" and case in {"mine", "accepted"}:
        try:
            services.accept_invitation(invitation=found, user=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("organisations:mine")
        text = _("Willkommen! Sie vertreten jetzt „%(name)s“.")
        messages.success(request, text % {"name": found.organisation.name})
        return redirect("organisations:tasks", pk=found.organisation_id)
    here = reverse("organisations:invitation", kwargs={"token": token})
    return render(
        request,
        "organisations/people/invitation.html",
        {
            "case": case,
            "invitation": found,
            "organisation": found.organisation,
            "enter_url": f"{reverse('accounts:enter')}?{urlencode({'next': here})}",
            "logout_url": f"{reverse('account_logout')}?{urlencode({'next': here})}",
        },
        status=410 if case in {"used", "over"} else 200,
    )


# --- Asking for access ----------------------------------------------------------------------------
@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def access_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to speak for an organisation that is public already."""
    organisation = get_object_or_404(Organisation.objects.public(), pk=pk)
    if organisation.representatives.filter(user=request.user).exists():
        messages.info(request, _("Sie gehören schon zu dieser Organisation."))
        return redirect("organisations:tasks", pk=organisation.pk)
    waiting = organisation.access_requests.filter(
        user=request.user, state=AccessRequest.State.OPEN
    ).first()
    form = AccessRequestForm(request.POST if request.method == "POST" else recall(request))
    if request.method == "POST" and waiting is None and form.is_valid():
        try:
            services.request_access(
                organisation=organisation,
                user=request.user,
                message=form.cleaned_data["message"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Ihre Anfrage ist gesendet."))
            return redirect("organisations:access_request", pk=organisation.pk)
    return render(
        request,
        "organisations/people/access_request.html",
        {"organisation": organisation, "form": form, "waiting": waiting},
    )
