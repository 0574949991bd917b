"""Doing an action again: who leads, when, and who is asked to join."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions import workbench
from actions.forms.results import AgainForm
from actions.services import again as services
from core.errors import Refused
from core.resume import recall, require_login


@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what is copied and ask the little that is not known; then lead to the new action."""
    action = workbench.fetch(request, slug)
    if not services.may_copy(request.user, action):
        raise Http404
    data = request.POST if request.method == "POST" else recall(request)
    form = AgainForm(data, action=action, user=request.user, initial={"creation_key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            new = services.copy(
                action=action,
                by=request.user,  # type: ignore[arg-type]
                organisation=form.cleaned_data["organisation"],
                creation_key=form.cleaned_data["creation_key"],
                keep_dates=form.cleaned_data["when"] == "shifted",
                ask=form.asked,
            )
        except PermissionDenied as error:
            raise Http404 from error
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request,
                _("Die neue Aktion ist angelegt. Bitte sehen Sie nach, ob noch alles stimmt."),
            )
            return redirect("actions:manage", slug=new.slug)
    context = workbench.context(request, action, "result") | {
        "form": form,
        "dates": services.shifted(action),
        "campaign": services.next_campaign(action),
        "needs": action.contributions.count(),
    }
    return render(request, "actions/again.html", context)
