"""Log-in, profile, own data. Everything here is personal: nothing is ever kept in a cache."""

import json
import re
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse, translate_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import own_data, second_factor, services
from accounts.codes import CHANGE_EMAIL, CONFIRM, ENTER, MINUTES, TRIES, PendingCode
from accounts.forms import (
    CodeForm,
    EnterForm,
    EraseForm,
    NewEmailForm,
    PasswordForm,
    ProfileForm,
)
from accounts.models import User
from core import limits
from core.errors import Refused
from core.resume import recall, require_login

form_page = require_http_methods(["GET", "HEAD", "POST"])


def local_path(address: str) -> str:
    """Return where to go next if it is a path on this site, otherwise an empty string."""
    # Browsers read a backslash as a slash, and `//host` leads to another site.
    fine = (
        re.match("/(?!/)", address)
        and "\\" not in address
        and len(address) <= 2000
        and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    )
    return address if fine else ""


def with_next(name: str, next_path: str) -> str:
    """Return a page's path that knows where to go afterwards.

    :param name: of the route.
    :param next_path: from `local_path`; may be empty.
    """
    address = reverse(name)
    return f"{address}?{urlencode({'next': next_path})}" if next_path else address


# --- The one way in -------------------------------------------------------------------------------
@form_page
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for the address, send a code, go on to the page for the code.

    Known and unknown addresses, and those that had enough mails for now, get the same answer.
    """
    next_path = local_path(request.POST.get("next", request.GET.get("next", "")))
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_path or get_adapter().get_login_redirect_url(request))
    waiting = PendingCode.load(request, ENTER)
    status = 200
    form = EnterForm(request.POST or None, initial={"email": waiting.email if waiting else ""})
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        if not (waiting and waiting.email == email and waiting.alive):
            waiting = PendingCode(ENTER, email)
        waiting.language = get_language()
        waiting.next = next_path
        try:
            _ask_for_code(request, waiting)
        except Refused as refused:
            form.add_error(None, str(refused))
            status = 429
        else:
            waiting.store(request)
            return redirect("accounts:code")
    context = {"form": form, "next": next_path, "minutes": MINUTES}
    return render(request, "accounts/enter.html", context, status=status)


def _ask_for_code(request: HttpRequest, waiting: PendingCode) -> bool:
    """Send a code, counting it against the network the request comes from.

    :return: what `services.send_code` does.
    :raises Refused: when too many are asked for, from here or everywhere.
    """
    if not limits.allow(limits.client_ip(request), action="login_code_by_network"):
        raise Refused(
            _(
                "Aus Ihrem Netz kamen gerade sehr viele Anfragen. "
                "Bitte versuchen Sie es in einer Stunde noch einmal."
            )
        )
    return services.send_code(waiting)


@form_page
@never_cache
@sensitive_post_parameters("code")
def code(request: HttpRequest) -> HttpResponse:
    """Take the code and log in, or go on to the second factor where the account has one."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(get_adapter().get_login_redirect_url(request))
    waiting = PendingCode.load(request, ENTER)
    if waiting is None:
        messages.warning(
            request,
            _(
                "Hier wartet kein Code. Vielleicht haben Sie ihn schon benutzt, oder Sie haben ihn "
                "auf einem anderen Gerät angefordert. Fordern Sie bitte einen neuen an."
            ),
        )
        return redirect("accounts:enter")
    form, status = CodeForm(), 200
    if request.method == "POST" and request.POST.get("action") == "resend":
        return _resend(request, waiting, "accounts:code")
    if request.method == "POST":
        form, status = _check_code(request, waiting)
        if form.is_valid():
            waiting.drop(request)
            user = services.person_of(email=waiting.email, language=waiting.language)
            record_authentication(request, user, method="code", email=waiting.email)
            return perform_login(
                request, user, redirect_url=waiting.next or None, email=waiting.email
            )
    context = {"form": form, "waiting": waiting, "minutes": MINUTES, "tries": TRIES}
    return render(request, "accounts/code.html", context, status=status)


def _check_code(request: HttpRequest, waiting: PendingCode) -> tuple[CodeForm, int]:
    """Return the form with what was typed, valid only with the right code, and the status.

    What is no code at all (five digits, letters) costs no try.
    """
    form = CodeForm(request.POST)
    if not form.is_valid():
        return form, 200
    # The session counts tries per code; the shared limit also stops tries sent at the same moment.
    # It belongs to this code, so that nobody can use up the tries of somebody else.
    if not limits.allow(f"{waiting.email}:{waiting.code_hash}", action="code_attempt"):
        form.add_error("code", _("Das waren zu viele Versuche. Bitte warten Sie zehn Minuten."))
        return form, 429
    if waiting.expired and waiting.code_hash:
        form.add_error(
            "code", _("Dieser Code gilt nicht mehr. Bitte fordern Sie einen neuen Code an.")
        )
    elif not waiting.fits(form.cleaned_data["code"]):
        form.add_error("code", _wrong_code(TRIES - waiting.wrong))
        waiting.store(request)
    return form, 200


def _wrong_code(left: int) -> str:
    if left <= 0:
        return _(
            "Der Code war zu oft falsch und gilt nicht mehr. Bitte fordern Sie einen neuen Code an."
        )
    return ngettext(
        "Dieser Code ist nicht richtig. Sie können es noch einmal versuchen.",
        "Dieser Code ist nicht richtig. Sie können es noch %(left)d Mal versuchen.",
        left,
    ) % {"left": left}


def _resend(request: HttpRequest, waiting: PendingCode, page: str) -> HttpResponse:
    """Send a new code to the same address; the answer is the same for every address."""
    try:
        is_sent = _ask_for_code(request, waiting)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(page)
    if is_sent:
        waiting.store(request)
        messages.success(request, _("Ein neuer Code ist unterwegs. Nur der neueste Code gilt."))
    else:
        messages.warning(
            request,
            _(
                "An diese Adresse gingen gerade schon mehrere Codes. Der letzte gilt noch. Schauen "
                "Sie bitte auch im Spam-Ordner nach, oder warten Sie zehn Minuten."
            ),
        )
    return redirect(page)


@form_page
@never_cache
@require_login
@sensitive_post_parameters("code")
def confirm(request: HttpRequest) -> HttpResponse:
    """Prove by a code to the mailbox who one is, before something important is changed.

    Only a button sends the mail, since opening a page must not. Who has a second factor shows that
    one instead.
    """
    next_path = local_path(request.POST.get("next", request.GET.get("next", "")))
    if second_factor.is_enrolled(request.user):
        return second_factor.ask_for_proof(request, next_path or reverse("accounts:profile"))
    waiting = PendingCode.load(request, CONFIRM)
    if waiting and waiting.email != request.user.email:
        waiting = None
    form, status = CodeForm(), 200
    if request.method == "POST" and request.POST.get("action") == "resend":
        waiting = waiting or PendingCode(CONFIRM, request.user.email, request.user.language)
        return _resend(request, waiting, with_next("accounts:confirm", next_path))
    if request.method == "POST" and waiting:
        form, status = _check_code(request, waiting)
        if form.is_valid():
            waiting.drop(request)
            record_authentication(
                request, request.user, method="code", email=waiting.email, reauthenticated=True
            )
            return redirect(next_path or "accounts:profile")
    context = {"form": form, "waiting": waiting, "next": next_path, "minutes": MINUTES}
    return render(request, "accounts/confirm.html", context, status=status)


# --- The account ----------------------------------------------------------------------------------
@form_page
@never_cache
@require_login
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change name and language, and lead to everything else about the account."""
    data = request.POST if request.method == "POST" else recall(request)
    person = request.user
    # Its own copy: a form with errors has changed what it was given.
    form = ProfileForm(data, instance=User.objects.get(pk=person.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Gespeichert."))
        return redirect(translate_url(request.path, form.cleaned_data["language"]))
    factors = Authenticator.objects.filter(user=person)
    context = {
        "form": form,
        "person": person,
        "has_app": any(factor.type == Authenticator.Type.TOTP for factor in factors),
        "passkeys": [f for f in factors if f.type == Authenticator.Type.WEBAUTHN],
        "sessions": UserSession.objects.filter(user=person).count(),
    }
    return render(request, "accounts/profile.html", context)


@form_page
@never_cache
@second_factor.fresh_proof_required
@sensitive_post_parameters("code")
def email(request: HttpRequest) -> HttpResponse:
    """Change the address: the new one first, then the code that went to it."""
    waiting = PendingCode.load(request, CHANGE_EMAIL)
    action = request.POST.get("action", "")
    if request.method == "POST" and action == "cancel":
        if waiting:
            waiting.drop(request)
        return redirect("accounts:profile")
    if request.method == "POST" and action == "resend" and waiting:
        return _resend(request, waiting, "accounts:email")
    form: NewEmailForm | CodeForm
    status = 200
    if waiting is None or action == "address":
        data = request.POST if request.method == "POST" else recall(request)
        form = NewEmailForm(data, user=request.user)
        if request.method == "POST" and form.is_valid():
            waiting = PendingCode(CHANGE_EMAIL, form.cleaned_data["email"], get_language())
            try:
                _ask_for_code(request, waiting)
            except Refused as refused:
                form.add_error(None, str(refused))
                status = 429
            else:
                waiting.store(request)
                return redirect("accounts:email")
        return render(request, "accounts/email.html", {"form": form}, status=status)
    form = CodeForm()
    if request.method == "POST":
        form, status = _check_code(request, waiting)
        if form.is_valid():
            waiting.drop(request)
            try:
                services.change_email(user=request.user, email=waiting.email)
            except Refused as refusal:
                messages.error(request, str(refusal))
                return redirect("accounts:email")
            messages.success(request, _("Ihre neue E-Mail-Adresse gilt jetzt."))
            return redirect("accounts:profile")
    context = {"form": form, "waiting": waiting, "minutes": MINUTES}
    return render(request, "accounts/email.html", context, status=status)


@form_page
@never_cache
@second_factor.fresh_proof_required
@sensitive_post_parameters("password")
def password(request: HttpRequest) -> HttpResponse:
    """Set, change or remove the password. The old one is not asked: the proof was just given."""
    user = request.user
    if request.method == "POST" and request.POST.get("action") == "remove":
        services.set_password(user=user, password=None)
        update_session_auth_hash(request, user)
        messages.success(request, _("Ihr Passwort ist gelöscht. Sie melden sich mit Code an."))
        return redirect("accounts:profile")
    form = PasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        services.set_password(user=user, password=form.cleaned_data["password"])
        # Everybody else who is logged in to this account is logged out by the change.
        update_session_auth_hash(request, user)
        messages.success(request, _("Ihr neues Passwort gilt jetzt."))
        return redirect("accounts:profile")
    return render(request, "accounts/password.html", {"form": form})


# --- Own data -------------------------------------------------------------------------------------
@require_safe
@never_cache
@require_login
def export(request: HttpRequest) -> HttpResponse:
    """Show everything the portal knows about the person (GDPR art. 15), or give it as JSON (20)."""
    sections = own_data.collect(request.user)
    if request.GET.get("format") != "json":
        return render(request, "accounts/export.html", {"sections": sections})
    data: dict[str, Any] = {section.key: section.plain for section in sections}
    response = HttpResponse(
        json.dumps(data, ensure_ascii=False, indent=2),
        content_type="application/json; charset=utf-8",
    )
    # In ASCII whatever the language: a header can carry nothing else.
    name = f"meine-daten-{timezone.localdate().isoformat()}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@form_page
@never_cache
@second_factor.fresh_proof_required
def erase(request: HttpRequest) -> HttpResponse:
    """Explain what erasing means and what stands in its way; erase when the person confirms."""
    obstacles = own_data.obstacles(request.user)
    form = EraseForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid() and not obstacles:
        user = request.user
        try:
            services.erase(user)
        except Refused:
            obstacles = own_data.obstacles(user)
        else:
            logout(request)
            messages.success(request, _("Ihr Konto und Ihre Daten sind gelöscht."))
            return redirect("portal:home")
    if request.method == "POST" and obstacles:
        status = 409
    context = {"form": form, "obstacles": obstacles}
    return render(request, "accounts/erase.html", context, status=status)
