"""Pages behind the links in mails that ask something: only a button answers, never the link.

Mail programs and virus scanners open links by themselves. Whoever has the link reads the mailbox it
went to, so no log-in is asked.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import limits
from core.errors import Refused
from core.resume import require_login
from organisations import profile
from organisations.forms.confirmation import CorrectionForm
from organisations.models import ConfirmationAsk
from organisations.services import confirmation as services
from organisations.services import succession as succession_services
from organisations.views.steps import own_organisation

METHODS = ["GET", "HEAD", "POST"]


# --- Does everything still hold? ------------------------------------------------------------------
@never_cache
@require_http_methods(METHODS)
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what everybody reads about an organisation, with one big button."""
    ask = services.find(token)
    if ask is None or not services.can_answer(ask):
        return _over(request, ask)
    if request.method == "POST":
        try:
            services.answer(ask=ask)
        except Refused:
            return _over(request, ask)
        return redirect("organisations:confirmation", token=token)
    return render(request, "organisations/confirmation/confirmation.html", _about(ask, token))


@never_cache
@require_http_methods(METHODS)
def correction(request: HttpRequest, token: str) -> HttpResponse:
    """Take what is not right, for the officer."""
    ask = services.find(token)
    if ask is None or not services.can_answer(ask):
        return _over(request, ask)
    template = "organisations/confirmation/correction.html"
    form = CorrectionForm(
        request.POST if request.method == "POST" else None, initial={"creation_key": uuid.uuid4()}
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        if limits.allow(limits.client_ip(request), action="problem"):
            try:
                services.report(ask=ask, **form.cleaned_data)
            except Refused:
                return _over(request, ask)
            return render(
                request, template, _about(ask, token) | {"sent": form.cleaned_data["text"]}
            )
        form.add_error(
            None,
            _(
                "Von hier kamen gerade viele Nachrichten. Bitte versuchen Sie es in einer Stunde "
                "noch einmal."
            ),
        )
        status = 429
    return render(request, template, _about(ask, token) | {"form": form}, status=status)


def _about(ask: ConfirmationAsk, token: str) -> dict[str, Any]:
    organisation = ask.confirmation.organisation
    own_page = reverse("organisations:tasks", kwargs={"pk": organisation.pk})
    return {
        "case": "done" if services.is_confirmed_since(ask) else "open",
        "token": token,
        "organisation": organisation,
        "facts": profile.facts(organisation),
        # Whoever has an account changes it themselves, after logging in.
        "edit_url": f"{reverse('accounts:enter')}?{urlencode({'next': own_page})}"
        if ask.user
        else "",
    }


def _over(request: HttpRequest, ask: ConfirmationAsk | None) -> HttpResponse:
    """Say kindly what has become of a link, without telling strangers about the organisation."""
    return render(
        request,
        "organisations/confirmation/over.html",
        {"unknown": ask is None},
        status=404 if ask is None else 410,
    )


@require_login
@never_cache
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm one's organisation from its own page."""
    organisation = own_organisation(request, pk)
    try:
        services.confirm(organisation=organisation, by=request.user)
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Danke! Ihre Angaben sind bestätigt."))
    return redirect("organisations:tasks", pk=organisation.pk)


# --- Who manages it? ------------------------------------------------------------------------------
@never_cache
@require_http_methods(METHODS)
def succession(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether somebody still is there, or takes over: yes or no."""
    ask = succession_services.find(token)
    if ask is None:
        return _over(request, None)
    answered = ask.answered_at is not None
    if not answered and not succession_services.can_answer(ask):
        return render(request, "organisations/confirmation/over.html", status=410)
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        if answer in {"yes", "no"}:
            try:
                succession_services.answer(ask=ask, agreed=answer == "yes")
            except Refused as refused:
                messages.error(request, str(refused))
        return redirect("organisations:succession", token=token)
    return render(
        request,
        "organisations/confirmation/succession.html",
        {
            "ask": ask,
            "takes_over": ask.question == ask.Question.TAKE_OVER,
            "organisation": ask.succession.organisation,
            "can_change": succession_services.can_answer(ask),
            "enter_url": reverse("accounts:enter"),
        },
    )
