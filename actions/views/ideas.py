"""Ideas for members: those of a meeting, all of them, and one with what is said about it."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions.forms.ideas import CommentForm, IdeaFilter, LeadForm, MemberIdeaForm
from actions.idea_buttons import Asked, answer, lead_on
from actions.models import Idea, IdeaComment
from actions.services import comments, idea_actions, ideas
from actions.shown import cards, groups, with_parts
from core import limits, resume
from core.errors import Refused
from core.fields import is_key
from meetings.models import Meeting

PER_PAGE = 50
MOST_MEETINGS = 100


def _asked(request: HttpRequest, **only: Any) -> Asked:
    visible = Idea.objects.visible_to(request.user).filter(**only)
    return Asked(request, visible, list(ideas.speaking_for(request.user)))


def _new_form(form: type[Any], asked: Asked) -> Any:
    """Return an empty form, or one with what was typed before the session ended."""
    typed = resume.recall(asked.request)
    data = typed if typed is not None and "text" in typed else None
    return form(data, own=asked.own, initial={"creation_key": uuid.uuid4()})


# --- A meeting's, and all -------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@resume.require_login
def meeting_ideas(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a meeting's ideas in their groups, and take what members say about them."""
    meeting = get_object_or_404(Meeting.objects.open_to(request.user), slug=slug)
    asked = _asked(request, meeting=meeting)
    if request.method != "POST":
        return _meeting_page(asked, meeting, _new_form(MemberIdeaForm, asked))
    if (done := answer(asked)) is not None:
        return done
    if not asked.own:
        raise Http404
    form = MemberIdeaForm(request.POST, own=asked.own)
    return _write(asked, form, meeting) or _meeting_page(asked, meeting, form)


def _meeting_page(asked: Asked, meeting: Meeting, form: MemberIdeaForm) -> HttpResponse:
    found = with_parts(asked.ideas.listed().in_groups())
    page_obj = Paginator(found, PER_PAGE).get_page(asked.request.GET.get("seite"))
    context = {
        "meeting": meeting,
        "groups": groups(cards(page_obj.object_list, reader=asked.by, own=asked.own)),
        "page_obj": page_obj,
        "form": form,
        "own": asked.own,
        "may_write": bool(asked.own),
        "may_curate": ideas.may_curate(asked.by),
    }
    return render(asked.request, "actions/meeting_ideas.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@resume.require_login
def ideas_all(request: HttpRequest) -> HttpResponse:
    """Show all ideas of the network a member may read, and take another one."""
    asked = _asked(request)
    if not asked.own and not ideas.may_curate(request.user):
        raise Http404
    if request.method != "POST":
        return _list(asked, _new_form(MemberIdeaForm, asked))
    if (done := answer(asked)) is not None:
        return done
    form = MemberIdeaForm(request.POST, own=asked.own)
    return _write(asked, form, None) or _list(asked, form)


def _list(asked: Asked, form: MemberIdeaForm) -> HttpResponse:
    listed = asked.ideas.listed()
    meetings = Meeting.objects.filter(pk__in=listed.values("meeting")).order_by("-starts_at")
    wanted = IdeaFilter(
        asked.request.GET, meetings=meetings[:MOST_MEETINGS], own=asked.own, user=asked.by
    )
    found = with_parts(wanted.filter(listed))
    page_obj = Paginator(found, PER_PAGE).get_page(asked.request.GET.get("seite"))
    context = {
        "filter": wanted,
        "cards": cards(page_obj.object_list, reader=asked.by, own=asked.own),
        "page_obj": page_obj,
        "number": page_obj.paginator.count,
        "form": form,
        "own": asked.own,
    }
    return render(asked.request, "actions/idea_list.html", context)


def _write(asked: Asked, form: MemberIdeaForm, meeting: Meeting | None) -> HttpResponse | None:
    """Keep an idea; None if the page has to say what is wrong with it."""
    by_fetch = asked.request.headers.get("X-Requested-With") == "fetch"
    allowed = form.is_valid() and limits.allow(str(asked.by.pk), action="idea")
    if form.is_valid() and not allowed:
        form.add_error(None, _("Das waren gerade sehr viele Ideen. Bitte warten Sie etwas."))
    if not allowed:
        if by_fetch:
            found = [str(text) for texts in form.errors.values() for text in texts]
            return JsonResponse({"message": " ".join(found)}, status=422)
        return None
    values = {name: form.cleaned_data[name] for name in ("text", "creation_key")}
    if asked.own:
        idea = ideas.write_as_member(
            meeting=meeting, by=asked.by, organisation=form.voice, **values
        )
    else:
        idea = ideas.write_in_office(meeting=meeting, by=asked.by, **values)
    if by_fetch:
        return HttpResponse(status=204)
    messages.success(asked.request, _("Ihre Idee ist gespeichert."))
    return asked.again(idea)


# --- One ------------------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@resume.require_login
def idea(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an idea with who supports it and what is said about it."""
    if not is_key(Idea, pk):
        raise Http404
    asked = _asked(request)
    row = get_object_or_404(with_parts(asked.ideas), pk=pk)
    if row.merged_into is not None:
        return redirect(row.merged_into)
    if request.method != "POST":
        return _idea_page(asked, row, _new_form(CommentForm, asked))
    asked.ideas = asked.ideas.filter(Q(pk=row.pk) | Q(merged_into=row.pk))
    if (done := answer(asked, VERBS_OF_ONE)) is not None:
        return done
    form = CommentForm(request.POST, own=asked.own)
    return _comment(asked, row, form) or _idea_page(asked, row, form)


def _idea_page(asked: Asked, row: Idea, form: CommentForm) -> HttpResponse:
    card = cards([row], reader=asked.by, own=asked.own)[0]
    said = _said(asked, row).select_related("user", "organisation")
    page_obj = Paginator(said, PER_PAGE).get_page(asked.request.GET.get("seite"))
    voices = idea_actions.voices(row) if card.may_begin or card.may_choose else []
    context = {
        "card": card,
        "idea": row,
        "own": asked.own,
        "voices": voices,
        "invited": [one for one in voices if card.may_choose or one not in asked.own],
        "lead_form": LeadForm(voices),
        "page_obj": page_obj,
        "form": form,
        "may_curate": ideas.may_curate(asked.by),
    }
    return render(asked.request, "actions/idea_detail.html", context)


def _said(asked: Asked, row: Idea) -> QuerySet[IdeaComment]:
    return IdeaComment.objects.about(row).visible_to(asked.by)


def _comment(asked: Asked, row: Idea, form: CommentForm) -> HttpResponse | None:
    """Keep a comment; None if the page has to say what is wrong with it."""
    if not form.is_valid():
        return None
    if not limits.allow(str(asked.by.pk), action="idea_comment"):
        form.add_error(None, _("Das waren gerade sehr viele Kommentare. Bitte warten Sie etwas."))
        return None
    made = comments.write(
        idea=row,
        text=form.cleaned_data["text"],
        by=asked.by,
        organisation=form.voice,
        creation_key=form.cleaned_data["creation_key"],
    )
    messages.success(asked.request, _("Ihr Kommentar ist gespeichert."))
    last = Paginator(_said(asked, row), PER_PAGE).num_pages
    return redirect(f"{row.get_absolute_url()}?seite={last}#kommentar-{made.pk}")


def _of_comment(verb: str, act: Any) -> Any:
    """Return what a button of a comment does."""

    def do(asked: Asked) -> HttpResponse:
        key = asked.request.POST[verb]
        if not is_key(IdeaComment, key):
            raise Http404
        visible = IdeaComment.objects.visible_to(asked.by).filter(idea__in=asked.ideas)
        act(comment=get_object_or_404(visible, pk=key), by=asked.by)
        return redirect(f"{asked.request.get_full_path()}#kommentare")

    return do


def _separate(asked: Asked) -> HttpResponse:
    part = asked.idea("separate")
    ideas.show(ideas=[part], by=asked.by)
    messages.success(asked.request, _("Die Ideen sind wieder getrennt."))
    return asked.again()


def _choose(asked: Asked) -> HttpResponse:
    """Make an action of the idea, led by whom the officer has chosen, or by nobody yet."""
    row = asked.idea("choose")
    form = LeadForm(idea_actions.voices(row), asked.request.POST)
    if not form.is_valid():
        raise Refused(_("Diese Organisation unterstützt die Idee nicht mehr."))
    return lead_on(asked, idea_actions.begin(idea=row, by=asked.by, lead=form.chosen))


VERBS_OF_ONE = {
    "separate": _separate,
    "choose": _choose,
    "take_back_comment": _of_comment("take_back_comment", comments.take_back),
    "hide_comment": _of_comment("hide_comment", comments.hide),
    "show_comment": _of_comment("show_comment", comments.show),
}
