"""Messages to all who take part in an action."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions import workbench
from actions.forms.contributions import MessageForm
from actions.services import messages as services
from actions.services import people
from core import limits
from core.errors import Refused
from core.resume import recall, require_login

PER_PAGE = 20


@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def messages_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what those who take part have written to all, and send another message."""
    action = workbench.fetch(request, slug)
    parts = action.participations.of(request.user).confirmed()  # type: ignore[attr-defined]
    own = [part.organisation for part in parts.select_related("organisation")]
    form = MessageForm(
        request.POST if request.method == "POST" else recall(request),
        own=own,
        initial={"creation_key": uuid.uuid4()},
    )
    if request.method == "POST" and form.is_valid():
        # By person and by action: neither one nor many together flood the others.
        keys = [f"user:{request.user.pk}", f"action:{action.pk}"]
        allowed = [limits.allow(key, action="action_message") for key in keys]
        if not all(allowed):
            form.add_error(
                None,
                _(
                    "Zu dieser Aktion gab es gerade viele Nachrichten. Ihr Text ist noch da. Bitte "
                    "senden Sie ihn später."
                ),
            )
        else:
            try:
                services.send(
                    action=action,
                    text=form.cleaned_data["text"],
                    by=request.user,  # type: ignore[arg-type]
                    creation_key=form.cleaned_data["creation_key"],
                    organisation=form.sender,
                )
            except PermissionDenied as error:
                raise Http404 from error
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Ihre Nachricht ist unterwegs."))
                return redirect("actions:messages", slug=action.slug)
    rows = action.messages.select_related("user", "organisation")
    context = {
        "form": form,
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("seite")),
        "readers": len(people.of_action(action, but=request.user)),  # type: ignore[arg-type]
    }
    return render(
        request,
        "actions/messages.html",
        workbench.context(request, action, "messages") | context,
    )
