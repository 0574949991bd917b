"""The ideas of a meeting in the office: the wall of the room, sorting, and what was hidden."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from actions.forms.ideas import (
    AUTHOR_LENGTH,
    BoardForm,
    EditForm,
    GroupForm,
    SignedIdeaForm,
    SortForm,
)
from actions.models import Idea, IdeaBoard, IdeaGroup
from actions.services import boards, ideas
from actions.shown import cards, groups, with_parts
from core import qr
from core.errors import Conflict, Refused
from core.fields import is_key
from core.text import clean_text
from meetings.admin import desk
from meetings.models import Meeting

PER_PAGE = 100
ON_THE_WALL = 12
TEMPLATES = "admin/actions/ideas"


def public_address(board: IdeaBoard) -> str:
    """Return the address for the wall: without a language, so that each phone gets its own."""
    _language, path = board.get_absolute_url().lstrip("/").split("/", 1)
    return f"{settings.SITE_URL}/{path}"


@desk.page(
    "ideas",
    gettext_lazy("Ideen"),
    path="ideen/",
    order=70,
    permission="actions.change_idea",
)
def page(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show a meeting's ideas, and do what is asked with them."""
    desk_page = Desk(request, meeting)
    if request.method != "POST":
        return desk_page.show()
    verb = next((name for name in desk_page.verbs() if name in request.POST), "")
    if not verb:
        raise Http404
    try:
        return desk_page.verbs()[verb]()
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return desk_page.again()


class Desk:
    """One request to the page; `verbs` are its buttons, by the name they send."""

    def __init__(self, request: HttpRequest, meeting: Meeting) -> None:
        self.request = request
        self.by: Any = request.user
        self.meeting = meeting
        self.board: Any = boards.of(meeting)
        self.forms: dict[str, forms.BaseForm] = {}

    def verbs(self) -> dict[str, Callable[[], HttpResponse]]:
        on_board: dict[str, Callable[[], HttpResponse]] = {
            "open_now": self.open_now,
            "close_now": self.close_now,
            "renew": self.renew,
            "board": self.change_board,
        }
        return {
            "make": self.make,
            **(on_board if self.board else {}),
            "write": self.write,
            "move": self.sort,
            "hide": self.sort,
            "merge": self.sort,
            "show": self.show_again,
            "add_group": self.add_group,
            "rename_group": self.rename_group,
            "group_up": self.step_group,
            "group_down": self.step_group,
            "remove_group": self.remove_group,
        }

    # --- The page
    def show(self, status: int = 200) -> HttpResponse:
        found = Idea.objects.visible_to(self.by).filter(meeting=self.meeting)
        page_obj = Paginator(with_parts(found.listed().in_groups()), PER_PAGE).get_page(
            self.request.GET.get("seite")
        )
        every_group = list(self.meeting.idea_groups.all())  # type: ignore[attr-defined]
        sort_form = self.forms.get("sort") or SortForm(found.none(), every_group)
        board_form = self.forms.get("board") or (self.board and BoardForm(instance=self.board))
        context = {
            "board": self.board,
            "address": public_address(self.board) if self.board else "",
            "board_form": board_form,
            "form": self.forms.get("write") or self.empty_form(),
            "sort_form": sort_form,
            "ticked": [int(key) for key in self.request.POST.getlist("ideas") if is_key(Idea, key)],
            "group_form": self.forms.get("group") or GroupForm(),
            "every_group": every_group,
            "groups": groups(cards(page_obj.object_list, reader=self.by)),
            "page_obj": page_obj,
            "number": page_obj.paginator.count,
            "hidden": found.filter(state=Idea.State.HIDDEN)[:PER_PAGE],
            "bound": list(self.forms.values()),
            "meeting_ideas_url": reverse("actions:ideas", kwargs={"slug": self.meeting.slug}),
        }
        return desk.render(
            self.request,
            self.meeting,
            f"{TEMPLATES}/page.html",
            context,
            page="ideas",
            status=status,
        )

    def again(self, anchor: str = "") -> HttpResponse:
        return redirect(self.request.get_full_path() + anchor)

    def empty_form(self) -> SignedIdeaForm:
        # Whose cards are typed in stays the same for a while.
        name = clean_text(self.request.GET.get("von", ""), multiline=False)[:AUTHOR_LENGTH]
        form = SignedIdeaForm(initial={"creation_key": uuid.uuid4(), "author_name": name})
        if "neu" in self.request.GET:
            form.fields["text"].widget.attrs["autofocus"] = True
        return form

    # --- The board
    def make(self) -> HttpResponse:
        boards.make(meeting=self.meeting, by=self.by)
        return self.again()

    def open_now(self) -> HttpResponse:
        boards.open_now(board=self.board, by=self.by)
        return self.again("#raum")

    def close_now(self) -> HttpResponse:
        boards.close_now(board=self.board, by=self.by)
        return self.again("#raum")

    def renew(self) -> HttpResponse:
        boards.renew(board=self.board, by=self.by)
        messages.success(
            self.request, _("Es gibt eine neue Adresse. Die alte führt nirgends mehr hin.")
        )
        return self.again("#raum")

    def change_board(self) -> HttpResponse:
        form = BoardForm(self.request.POST, instance=self.board)
        if not form.is_valid():
            self.board = boards.of(self.meeting)  # as it is stored
            self.forms["board"] = form
            return self.show()
        form.save()
        messages.success(self.request, _("Gespeichert."))
        return self.again("#raum")

    # --- Ideas
    def write(self) -> HttpResponse:
        form = SignedIdeaForm(self.request.POST)
        by_fetch = self.request.headers.get("X-Requested-With") == "fetch"
        if not form.is_valid():
            if by_fetch:
                found = [str(text) for texts in form.errors.values() for text in texts]
                return JsonResponse({"message": " ".join(found)}, status=422)
            self.forms["write"] = form
            return self.show()
        ideas.write_in_office(meeting=self.meeting, by=self.by, **form.cleaned_data)
        if by_fetch:
            return HttpResponse(status=204)
        query = urlencode({"neu": 1, "von": form.cleaned_data["author_name"]})
        return redirect(f"{self.request.path}?{query}#schreiben")

    def sort(self) -> HttpResponse:
        own = self.meeting.idea_groups.all()  # type: ignore[attr-defined]
        form = SortForm(self.ideas().listed(), list(own), self.request.POST)
        if not form.is_valid():
            self.forms["sort"] = form
            return self.show()
        chosen = form.cleaned_data["ideas"]
        if "merge" in self.request.POST:
            kept = ideas.merge(ideas=chosen, by=self.by)
            messages.success(self.request, _("Die Ideen sind zusammengeführt."))
            return self.again(f"#idee-{kept.pk}")
        if "hide" in self.request.POST:
            number = ideas.hide(ideas=chosen, by=self.by)
            text = ngettext(
                "%(number)s Idee ist ausgeblendet.", "%(number)s Ideen sind ausgeblendet.", number
            )
        else:
            group = form.chosen_group
            if title := form.cleaned_data["new_group"]:
                group = ideas.add_group(meeting=self.meeting, title=title, by=self.by)
            number = ideas.move(ideas=chosen, group=group, by=self.by)
            text = ngettext(
                "%(number)s Idee ist einsortiert.", "%(number)s Ideen sind einsortiert.", number
            )
        messages.success(self.request, text % {"number": number})
        return self.again("#sortieren")

    def show_again(self) -> HttpResponse:
        idea = self.row(self.ideas(), "show")
        ideas.show(ideas=[idea], by=self.by)
        return self.again(f"#idee-{idea.pk}")

    def ideas(self) -> Any:
        return Idea.objects.visible_to(self.by).filter(meeting=self.meeting)

    # --- Groups
    def add_group(self) -> HttpResponse:
        form = GroupForm(self.request.POST)
        if not form.is_valid():
            self.forms["group"] = form
            return self.show()
        ideas.add_group(meeting=self.meeting, title=form.cleaned_data["title"], by=self.by)
        return self.again("#gruppen")

    def rename_group(self) -> HttpResponse:
        group = self.row(self.groups(), "rename_group")
        form = GroupForm(self.request.POST)
        if form.is_valid():
            ideas.rename_group(group=group, title=form.cleaned_data["title"], by=self.by)
            return self.again("#gruppen")
        messages.warning(self.request, form.errors["title"][0])
        return self.again("#gruppen")

    def step_group(self) -> HttpResponse:
        verb = "group_up" if "group_up" in self.request.POST else "group_down"
        group = self.row(self.groups(), verb)
        ideas.step_group(group=group, up=verb == "group_up", by=self.by)
        return self.again("#gruppen")

    def remove_group(self) -> HttpResponse:
        ideas.remove_group(group=self.row(self.groups(), "remove_group"), by=self.by)
        return self.again("#gruppen")

    def groups(self) -> QuerySet[IdeaGroup]:
        return self.meeting.idea_groups.all()  # type: ignore[attr-defined]

    def row(self, rows: QuerySet[Any], verb: str) -> Any:
        """Return the row a button is about."""
        key = self.request.POST[verb]
        if not is_key(rows.model, key):
            raise Http404
        return get_object_or_404(rows, pk=key)


@page.part("tafel/", "ideas_wall")
def wall(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Fill the wall of the room: the QR code, and the ideas as they come."""
    if request.method == "POST":
        return HttpResponseNotAllowed(("GET", "HEAD"))
    board = boards.of(meeting)
    if board is None:
        raise Http404
    listed = Idea.objects.visible_to(request.user).filter(meeting=meeting).listed()
    context = {
        "meeting": meeting,
        "board": board,
        "host": settings.SITE_URL.partition("//")[2],
        "ideas": listed.order_by("-created_at", "-pk")[:ON_THE_WALL],
        "number": listed.count(),
        "back": desk.address("ideas", meeting),
    }
    return render(request, f"{TEMPLATES}/wall.html", context)


@page.part("code.svg", "ideas_code")
def code(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """The address as a QR code."""
    if request.method == "POST":
        return HttpResponseNotAllowed(("GET", "HEAD"))
    board = boards.of(meeting)
    if board is None:
        raise Http404
    response = HttpResponse(qr.svg(public_address(board)), content_type="image/svg+xml")
    response["Cache-Control"] = "private, no-store"
    return response


@page.part("idee/<int:idea>/", "ideas_edit")
def edit(request: HttpRequest, meeting: Meeting, idea: int) -> HttpResponse:
    """Mend what an idea says."""
    if not is_key(Idea, idea):
        raise Http404
    row = get_object_or_404(Idea.objects.visible_to(request.user), meeting=meeting, pk=idea)
    form = EditForm(
        request.POST if request.method == "POST" else None,
        initial={"text": row.text, "author_name": row.author_name, "seen": row.text},
    )
    back = f"{desk.address('ideas', meeting)}#idee-{row.pk}"
    theirs = ""
    if request.method == "POST" and form.is_valid():
        try:
            ideas.change(idea=row, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except Conflict as conflict:
            theirs = conflict.theirs["text"]
            form.data = form.data.copy()  # type: ignore[assignment]
            form.data["seen"] = theirs  # type: ignore[index]
        else:
            return redirect(back)
    context = {
        "form": form,
        "idea": row,
        "theirs": theirs,
        "back": back,
        "history_url": reverse("admin:actions_idea_history", args=[row.pk]),
    }
    return desk.render(
        request,
        meeting,
        f"{TEMPLATES}/edit.html",
        context,
        page="ideas",
        status=409 if theirs else 200,
    )
