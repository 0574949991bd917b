"""Where organisations propose what a meeting should talk about."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import Refused
from core.resume import recall, require_login
from meetings.forms.agenda import ProposalForm
from meetings.models import AgendaItem, Meeting, is_member
from meetings.services import agenda as services


@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Propose a topic, and see what became of the ones before."""
    meeting = _meeting(request, slug)
    accepts = services.accepts_proposals(meeting)
    data = request.POST if request.method == "POST" else recall(request)
    initial = {"creation_key": uuid.uuid4(), "speaker": request.user.get_full_name()}
    form = ProposalForm(data, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.propose(meeting=meeting, by=request.user, **form.cleaned_data)
        except Refused as refused:
            # Too late, or too many: what was typed stays on the page.
            form.add_error(None, str(refused))
        except PermissionDenied as error:
            raise Http404 from error
        else:
            messages.success(
                request, _("Danke! Das Team liest Ihren Vorschlag und schreibt Ihnen eine E-Mail.")
            )
            return redirect("meetings:propose", slug=meeting.slug)
    return render(
        request,
        "meetings/proposal_form.html",
        {
            "meeting": meeting,
            "form": form if accepts or form.is_bound else None,
            "accepts": accepts,
            "agenda": services.shown(meeting, request.user),
            "proposals": list(services.own_proposals(meeting, request.user)),
        },
    )


@require_login
@require_POST
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take back what one's organisation has proposed."""
    meeting = _meeting(request, slug)
    own = services.own_proposals(meeting, request.user)
    item: AgendaItem = get_object_or_404(own.select_related("meeting"), pk=pk)
    try:
        if services.withdraw(item=item, by=request.user):
            messages.success(request, _("Ihr Vorschlag ist zurückgezogen."))
    except Refused as refused:
        messages.error(request, str(refused))
    except PermissionDenied as error:
        raise Http404 from error
    return redirect("meetings:propose", slug=meeting.slug)


def _meeting(request: HttpRequest, slug: str) -> Meeting:
    """Return a meeting whose agenda the person may add to: for members of the network only."""
    if not is_member(request.user):
        raise Http404
    return get_object_or_404(Meeting.objects.open_to(request.user), slug=slug)
