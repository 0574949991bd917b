"""Answering an invitation, by the link in a mail or logged in.

Mail programs and virus scanners open links by themselves, so that only a button answers, never the
link. Whoever has the link reads the mailbox it went to, so no log-in is asked.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from core import limits
from core.errors import Conflict, Refused
from core.resume import recall, require_login
from meetings import calendars, ical
from meetings.forms.answers import AnswerForm, RenewForm
from meetings.models import Invitation
from meetings.services import answers, links
from meetings.services.answers import Standing

METHODS = ["GET", "HEAD", "POST"]
PER_PAGE = 20


@dataclass(frozen=True)
class Visit:
    """By which way somebody has come to an invitation, and under which address they see it."""

    invitation: Invitation
    way: str
    url: str
    calendar_url: str
    by: Any = None


# --- By the link ----------------------------------------------------------------------------------
@never_cache
@require_http_methods(METHODS)
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation and what was answered; take an answer."""
    link = answers.find(token)
    if link is None:
        return render(request, "meetings/answers/over.html", {"case": "unknown"}, status=404)
    if link.expires_at <= timezone.now():
        return _expired(request)
    url = reverse("meetings:answer", kwargs={"token": token})
    calendar_url = reverse("meetings:answer_calendar", kwargs={"token": token})
    return _page(request, Visit(link.invitation, Invitation.Way.LINK, url, calendar_url))


@never_cache
@require_GET
def answer_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Give the meeting as a calendar file to somebody who has no account."""
    link = answers.find(token)
    if link is None or link.expires_at <= timezone.now() or link.invitation.removed_at:
        raise Http404
    meeting = link.invitation.meeting
    language = get_language() or settings.LANGUAGE_CODE
    content = ical.single(meeting, language=language, invitation=link.invitation)
    return HttpResponse(
        content,
        content_type=calendars.CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{meeting.slug}.ics"'},
    )


@never_cache
@require_GET
def short(request: HttpRequest, token: str) -> HttpResponse:
    """Lead from the short address on paper to the page in the reader's language."""
    link = answers.find(token)
    with override(link.invitation.language if link else get_language()):
        return redirect("meetings:answer", token=token)


@never_cache
@require_http_methods(METHODS)
def renew(request: HttpRequest) -> HttpResponse:
    """Send new links to whoever has lost theirs; the page says the same to everybody."""
    status, sent_to = 200, ""
    form = RenewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if limits.allow(limits.client_ip(request), action="new_link"):
            sent_to = form.cleaned_data["email"]
            links.renew(email=sent_to, language=get_language() or "")
        else:
            form.add_error(
                None,
                _(
                    "Von hier kamen gerade viele Anfragen. Bitte versuchen Sie es in einer Stunde "
                    "noch einmal."
                ),
            )
            status = 429
    context = {"form": form, "sent_to": sent_to}
    return render(request, "meetings/answers/renew.html", context, status=status)


def _expired(request: HttpRequest, case: str = "expired") -> HttpResponse:
    """Say kindly what has become of a link; what was typed is shown, to copy it."""
    context = {"case": case, "typed": _typed(request.POST)}
    return render(request, "meetings/answers/over.html", context, status=410)


# --- Logged in ------------------------------------------------------------------------------------
@require_login
@never_cache
@require_GET
def invitations(request: HttpRequest) -> HttpResponse:
    """List a person's own invitations, the next meeting first, then those that are over."""
    own = Invitation.objects.of(request.user).select_related("meeting", "organisation")
    coming = own.filter(meeting__ends_at__gt=timezone.now()).order_by("meeting__starts_at", "pk")
    past = own.filter(meeting__ends_at__lte=timezone.now()).order_by("-meeting__starts_at", "-pk")
    page = Paginator(past, PER_PAGE).get_page(request.GET.get("seite"))
    context = {"coming": coming[:PER_PAGE], "page_obj": page}
    return render(request, "meetings/answers/list.html", context)


@require_login
@never_cache
@require_http_methods(METHODS)
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one's own invitation, and take an answer."""
    own = Invitation.objects.of(request.user).select_related("meeting", "organisation")
    found = get_object_or_404(own, pk=pk)
    url = reverse("meetings:invitation", kwargs={"pk": pk})
    calendar_url = reverse("meetings:event", kwargs={"slug": found.meeting.slug})
    return _page(request, Visit(found, Invitation.Way.ACCOUNT, url, calendar_url, request.user))


# --- What both show -------------------------------------------------------------------------------
def _page(request: HttpRequest, visit: Visit) -> HttpResponse:
    data: QueryDict | None = None
    status = 200
    outcome: dict[str, Any] = {}
    if request.method == "POST":
        data = request.POST
    elif visit.by is not None:
        data = recall(request)
    form = _form(visit, data)
    if request.method == "POST" and form.is_valid():
        if not limits.allow(str(visit.invitation.pk), action="answer"):
            form.add_error(
                None,
                _(
                    "Sie haben sehr oft hintereinander geantwortet. Bitte versuchen Sie es in "
                    "einer Stunde noch einmal."
                ),
            )
            status = 429
        else:
            form, outcome, saved = _save(visit, form)
            if saved is not None:
                messages.success(request, saved)
                return redirect(visit.url)
    return _show(request, visit, form, outcome, status)


def _form(visit: Visit, data: QueryDict | None) -> AnswerForm:
    return AnswerForm(data, invitation=visit.invitation, meeting=visit.invitation.meeting)


def _save(visit: Visit, form: AnswerForm) -> tuple[AnswerForm, dict[str, Any], str | None]:
    """Save a valid form.

    :return: the form to show, what the page says besides, and what to say when it is saved.
    """
    before = visit.invitation.reply
    try:
        row = answers.answer(
            invitation=visit.invitation,
            values=form.values,
            seen_version=form.version_seen,
            way=visit.way,
            by=visit.by,
        )
    except PermissionDenied as error:
        raise Http404 from error
    except answers.NoSeats as refused:
        form.add_error("people", str(refused))
    except Refused as refused:
        form.add_error(None, str(refused))
    except Conflict as conflict:
        # Sent again, the form has seen what the page shows now.
        data = form.data.copy()
        data["seen_version"] = str(conflict.version)
        form = _form(visit, data)
        form.is_valid()
        return form, {"is_conflict": True}, None
    else:
        new = _("Danke! Ihre Antwort ist angekommen.")
        return form, {}, new if row.reply != before else _("Gespeichert.")
    return form, {}, None


def _show(
    request: HttpRequest, visit: Visit, form: AnswerForm, outcome: dict[str, Any], status: int
) -> HttpResponse:
    # What stands there now, whoever has written it.
    row = Invitation.objects.select_related("meeting", "organisation").get(pk=visit.invitation.pk)
    meeting = row.meeting
    standing = answers.standing(row, meeting)
    if standing == Standing.GONE:
        return _expired(request, "gone")
    # Somebody who has just said "yes" with errors in it sees the details again.
    wanted = form["reply"].value() if form.is_bound else row.reply
    can_answer = standing in (Standing.OPEN, Standing.LATE)
    context = {
        "invitation": row,
        "meeting": meeting,
        "form": form,
        "wanted": wanted,
        "calendar_url": visit.calendar_url,
        "by_link": visit.way == Invitation.Way.LINK,
        "can_answer": can_answer,
        "can_say_yes": standing == Standing.OPEN or row.reply == Invitation.Reply.YES,
        "is_cancelled": standing == Standing.CANCELLED,
        "place_in_line": answers.place_in_line(row),
        "seats_left": answers.seats_left(meeting) if can_answer else None,
        "interpreters": meeting.interpreters.all(),
        "others": answers.others(row),
        "typed": [] if can_answer else _typed(request.POST),
        **outcome,
    }
    if standing == Standing.CANCELLED and request.method == "POST":
        status = 410
    return render(request, "meetings/answers/answer.html", context, status=status)


def _typed(data: QueryDict) -> list[str]:
    """Return what took time to write, to show it where it cannot be saved."""
    fields = ("names", "access_needs", "food", "message")
    return [text[:1000] for field in fields if (text := data.get(field, "").strip())]
