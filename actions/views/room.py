"""Writing ideas in the room: by a QR code, without an account, while the meeting runs."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions.forms.ideas import AUTHOR_LENGTH, SignedIdeaForm
from actions.models import Idea, IdeaBoard
from actions.services import boards, ideas
from core import limits
from core.errors import Refused
from core.text import clean_text

SHOWN = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, code: str) -> HttpResponse:
    """Take an idea; the script of the page sends them one by one, others send the form."""
    board = boards.by_code(code)
    if board is None:
        return render(request, "actions/room_unknown.html", status=404)
    if request.method != "POST":
        name = clean_text(request.GET.get("von", ""), multiline=False)[:AUTHOR_LENGTH]
        form = SignedIdeaForm(initial={"creation_key": uuid.uuid4(), "author_name": name})
        if "neu" in request.GET:  # on with the next one
            form.fields["text"].widget.attrs["autofocus"] = True
        return _page(request, board, form)
    if "take_back" in request.POST:
        return _take_back(request, board)
    form = SignedIdeaForm(request.POST)
    if not form.is_valid():
        return _refused(request, board, form, 422)
    if not limits.allow(limits.client_ip(request), action="idea"):
        text = _("Von hier kamen gerade sehr viele Ideen. Bitte warten Sie ein paar Minuten.")
        form.add_error(None, text)
        return _refused(request, board, form, 429)
    try:
        idea = ideas.write_in_room(board=board, **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _refused(request, board, form, 409)
    if _is_fetch(request):
        return HttpResponse(status=204)
    query = urlencode({"neu": idea.creation_key, "von": form.cleaned_data["author_name"]})
    return redirect(f"{board.get_absolute_url()}?{query}")


def _is_fetch(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _page(
    request: HttpRequest, board: IdeaBoard, form: SignedIdeaForm, status: int = 200
) -> HttpResponse:
    listed = Idea.objects.filter(meeting=board.meeting_id).listed()
    latest = listed.order_by("-created_at", "-pk") if board.is_open else listed.none()
    context = {
        "board": board,
        "meeting": board.meeting,
        "form": form,
        "ideas": latest[:SHOWN],
        "number": latest.count(),
        "mine": _own(request, board, request.GET.get("neu", "")),
        "closed": "" if board.is_open else ideas.closed(board),
    }
    return render(request, "actions/room.html", context, status=status)


def _refused(
    request: HttpRequest, board: IdeaBoard, form: SignedIdeaForm, status: int
) -> HttpResponse:
    if _is_fetch(request):
        found = [str(text) for texts in form.errors.values() for text in texts]
        return JsonResponse({"message": " ".join(found)}, status=status)
    return _page(request, board, form, 200 if status == 422 else status)


def _own(request: HttpRequest, board: IdeaBoard, key: str) -> Idea | None:
    """Return the idea somebody has just written; only they know its key."""
    try:
        creation_key = uuid.UUID(key)
    except ValueError:
        return None
    return Idea.objects.filter(
        meeting=board.meeting_id, creation_key=creation_key, way=Idea.Way.ROOM
    ).first()


def _take_back(request: HttpRequest, board: IdeaBoard) -> HttpResponse:
    idea = _own(request, board, request.POST["take_back"])
    try:
        if idea is not None:
            ideas.take_back(idea=idea)
    except Refused as refusal:
        if _is_fetch(request):
            return JsonResponse({"message": str(refusal)}, status=409)
        messages.warning(request, str(refusal))
    else:
        if _is_fetch(request):
            return HttpResponse(status=204)
        messages.success(request, _("Ihre Idee ist gelöscht."))
    return redirect(board.get_absolute_url())
