"""The ideas of a meeting, for members: read, support, write another one."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions.forms.ideas import IdeaForm
from actions.models import Idea
from actions.services import ideas
from actions.shown import cards, groups, with_parts
from core import limits, resume
from core.errors import Refused
from core.fields import is_key
from meetings.models import Meeting, is_member
from organisations.models import Organisation

PER_PAGE = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@resume.require_login
def meeting_ideas(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a meeting's ideas in their groups, and take what members say about them."""
    meeting = get_object_or_404(Meeting.objects.open_to(request.user), slug=slug)
    own = list(ideas.speaking_for(request.user))
    if request.method != "POST":
        form = IdeaForm(resume.recall(request), initial={"creation_key": uuid.uuid4()})
        return _page(request, meeting, own, form)
    verb = next((name for name in VERBS if name in request.POST), "")
    try:
        return VERBS[verb](request, meeting, own) if verb else _write(request, meeting, own)
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(_here(request))


def _page(
    request: HttpRequest, meeting: Meeting, own: list[Organisation], form: IdeaForm
) -> HttpResponse:
    found = with_parts(Idea.objects.visible_to(request.user).filter(meeting=meeting).listed())
    page_obj = Paginator(found, PER_PAGE).get_page(request.GET.get("seite"))
    context = {
        "meeting": meeting,
        "groups": groups(cards(page_obj.object_list, own=own)),
        "page_obj": page_obj,
        "form": form,
        "own": own,
        "may_write": bool(own),
        "may_curate": ideas.may_curate(request.user),
    }
    return render(request, "actions/meeting_ideas.html", context)


def _here(request: HttpRequest, idea: Idea | None = None) -> str:
    return request.get_full_path() + (f"#idee-{idea.pk}" if idea else "")


def _write(request: HttpRequest, meeting: Meeting, own: list[Organisation]) -> HttpResponse:
    if not is_member(request.user):
        raise PermissionDenied
    form = IdeaForm(request.POST)
    by_fetch = request.headers.get("X-Requested-With") == "fetch"
    allowed = form.is_valid() and limits.allow(str(request.user.pk), action="idea")
    if form.is_valid() and not allowed:
        form.add_error(None, _("Das waren gerade sehr viele Ideen. Bitte warten Sie etwas."))
    if not allowed:
        if by_fetch:
            found = [str(text) for texts in form.errors.values() for text in texts]
            return JsonResponse({"message": " ".join(found)}, status=422)
        return _page(request, meeting, own, form)
    idea = ideas.write_as_member(meeting=meeting, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
    if by_fetch:
        return HttpResponse(status=204)
    messages.success(request, _("Ihre Idee ist gespeichert."))
    return redirect(_here(request, idea))


def _named(request: HttpRequest, verb: str, meeting: Meeting) -> Idea:
    """Return the idea a button is about, if the person may see it."""
    key = request.POST[verb]
    if not is_key(Idea, key):
        raise Http404
    return get_object_or_404(Idea.objects.visible_to(request.user), meeting=meeting, pk=key)


def _voice(request: HttpRequest, own: list[Organisation]) -> Organisation:
    """Return the organisation that speaks: the one that was chosen, or the only one."""
    chosen = request.POST.get("organisation", "")
    for organisation in own:
        if len(own) == 1 or str(organisation.pk) == chosen:
            return organisation
    raise Http404


def _support(request: HttpRequest, meeting: Meeting, own: list[Organisation]) -> HttpResponse:
    joins = "join" in request.POST
    idea = _named(request, "join" if joins else "support", meeting)
    organisation = _voice(request, own)
    ideas.support(idea=idea, organisation=organisation, by=request.user, would_join=joins)  # type: ignore[arg-type]
    return redirect(_here(request, idea))


def _withdraw(request: HttpRequest, meeting: Meeting, own: list[Organisation]) -> HttpResponse:
    idea = _named(request, "withdraw", meeting)
    ideas.withdraw_support(idea=idea, organisation=_voice(request, own), by=request.user)  # type: ignore[arg-type]
    return redirect(_here(request, idea))


def _take_back(request: HttpRequest, meeting: Meeting, own: list[Organisation]) -> HttpResponse:
    idea = _named(request, "take_back", meeting)
    if idea.user_id != request.user.pk or idea.way != Idea.Way.MEMBER:
        raise PermissionDenied
    ideas.take_back(idea=idea)
    messages.success(request, _("Ihre Idee ist gelöscht."))
    return redirect(_here(request))


VERBS: dict[str, Any] = {
    "support": _support,
    "join": _support,
    "withdraw": _withdraw,
    "take_back": _take_back,
}
