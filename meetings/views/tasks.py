"""What members have taken on, and where they say that it is done."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import Refused
from core.resume import recall, require_login
from meetings.forms.tasks import NoteForm
from meetings.models import Task, is_member
from meetings.services import tasks as services

PER_PAGE = 20


@require_login
@never_cache
@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    """List what is to do: first what is one's own, then all that is open, or what is done."""
    if not is_member(request.user) and not services.may_manage(request.user):
        raise Http404
    visible = Task.objects.visible_to(request.user).select_related("organisation", "meeting")
    shows_ended = request.GET.get("stand") == "erledigt"
    if shows_ended:
        rows = visible.exclude(state=Task.State.OPEN).order_by("-done_at", "-pk")
    else:
        rows = visible.open().by_day()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("seite"))
    own = services.open_for(request.user).select_related("organisation", "meeting")
    return render(
        request,
        "meetings/task_list.html",
        {
            "own": [] if shows_ended else list(own.by_day()),
            "tasks": page.object_list,
            "page_obj": page,
            "shows_ended": shows_ended,
            "today": timezone.localdate(),
        },
    )


@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a task; whose it is says here that it is done, or takes that back."""
    visible = Task.objects.visible_to(request.user)
    row = get_object_or_404(
        visible.select_related("organisation", "meeting", "agenda_item", "done_by"), pk=pk
    )
    may_close = services.may_close(request.user, row)
    form = NoteForm(request.POST if request.method == "POST" else recall(request))
    if request.method == "POST":
        if not may_close:
            raise Http404
        if "reopen" in request.POST or form.is_valid():
            try:
                return _answer(request, row, form)
            except Refused as refused:
                messages.error(request, str(refused))
                row.refresh_from_db()
            except PermissionDenied as error:
                raise Http404 from error
    return render(
        request,
        "meetings/task_detail.html",
        {"task": row, "form": form, "may_close": may_close, "today": timezone.localdate()},
    )


def _answer(request: HttpRequest, row: Task, form: NoteForm) -> HttpResponse:
    if "reopen" in request.POST:
        if services.reopen(task=row, by=request.user):
            messages.success(request, _("Die Aufgabe ist wieder offen."))
        return redirect("meetings:task", pk=row.pk)
    if services.close(task=row, by=request.user, note=form.cleaned_data["note"]):
        messages.success(request, _("Danke! Die Aufgabe ist erledigt."))
    return redirect("meetings:tasks")
