"""The office's page of a meeting's agenda: proposals, order, items, and what was taken off."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import office
from core.errors import Conflict, Refused
from core.office import Item, Waiting
from core.resume import recall
from meetings.admin import desk
from meetings.forms.agenda import ChangedItemForm, ItemForm, WordForm, item_key
from meetings.models import AgendaItem, Meeting, may_plan
from meetings.services import agenda as services
from organisations.forms.taxonomy import OrderForm

State = AgendaItem.State
TEMPLATES = "admin/meetings/agenda"


@desk.page("agenda", gettext_lazy("Tagesordnung"), path="tagesordnung/", order=20)
def agenda(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show the agenda with everything one does with it; each button says what it does."""
    typed: dict[str, Any] = {}
    if request.method == "POST":
        action = next((name for name in ACTIONS if name in request.POST), "add")
        try:
            answer = ACTIONS[action](request, meeting)
        except Refused as refused:
            messages.error(request, str(refused))
            answer = _typed(request)
        if isinstance(answer, HttpResponse):
            return answer
        typed = answer
    context = _page(request, meeting, **typed)
    return desk.render(request, meeting, f"{TEMPLATES}/list.html", context, page="agenda")


def _page(
    request: HttpRequest,
    meeting: Meeting,
    *,
    form: ItemForm | None = None,
    order: OrderForm | None = None,
    word: tuple[int, WordForm] | None = None,
) -> dict[str, Any]:
    """Return what the page shows.

    :param form: as it was filled, likewise the numbers, and the words to a proposal by its key.
    """
    items = list(meeting.agenda.select_related("organisation", "proposed_by"))
    accepted = [item for item in items if item.state == State.ACCEPTED]
    proposed = [item for item in items if item.state == State.PROPOSED]
    shown = services.shown(meeting, request.user)
    order = order or OrderForm(accepted)
    kept = recall(request)
    if form is None:
        data = kept if kept and "title" in kept else None
        form = ItemForm(data, initial={"creation_key": uuid.uuid4()})
    return {
        "agenda": shown,
        "closed": services.is_closed(meeting),
        "form": form,
        "order": order,
        "rows": list(zip(services.slots(meeting, accepted), order.entries(), strict=True)),
        "proposals": [
            (item, word[1] if word and word[0] == item.pk else _word_form(item, kept))
            for item in sorted(proposed, key=lambda item: item.created_at)
        ],
        "gone": [item for item in items if item.state in {State.DECLINED, State.WITHDRAWN}],
        # Where the keyboard goes on after a step.
        "moved_up": request.GET.get("up", ""),
        "moved_down": request.GET.get("down", ""),
    }


def _word_form(item: AgendaItem, data: Any = None) -> WordForm:
    prefix = str(item.pk)
    return WordForm(data if data and f"{prefix}-word" in data else None, prefix=prefix)


def _typed(request: HttpRequest) -> dict[str, Any]:
    """Return the forms of what was refused, as they were filled."""
    if key := item_key(request.POST.get("accept") or request.POST.get("decline")):
        return {"word": (key, WordForm(request.POST, prefix=str(key)))}
    return {"form": ItemForm(request.POST)} if "title" in request.POST else {}


def _item(meeting: Meeting, value: Any) -> AgendaItem:
    """Return an item of the meeting that a button has named."""
    key = item_key(value)
    if key is None:
        raise Http404
    return get_object_or_404(meeting.agenda.select_related("meeting", "organisation"), pk=key)


def _done(request: HttpRequest, meeting: Meeting, text: str = "") -> HttpResponse:
    if text:
        messages.success(request, text)
    return redirect(desk.address("agenda", meeting))


# --- What the buttons do; each answers, or returns what is to be mended ---------------------------
Answer = HttpResponse | dict[str, Any]


def _add(request: HttpRequest, meeting: Meeting) -> Answer:
    form = ItemForm(request.POST)
    if not form.is_valid():
        return {"form": form}
    services.add(meeting=meeting, by=request.user, **form.cleaned_data)
    return _done(request, meeting, _("Der Punkt steht auf der Tagesordnung."))


def _order(request: HttpRequest, meeting: Meeting) -> Answer:
    """Save the numbers that were typed; a button for one step up or down comes after them."""
    step = next((name for name in ("up", "down") if name in request.POST), "")
    item = _item(meeting, request.POST[step]) if step else None
    form = OrderForm(meeting.agenda.accepted(), request.POST)
    if not form.is_valid():
        return {"order": form}
    if form.has_changed():
        services.put_in_order(meeting=meeting, keys=form.keys(), by=request.user)
    if item is None:
        return _done(request, meeting, _("Die Reihenfolge ist gespeichert."))
    services.move(item=item, up=step == "up", by=request.user)
    address = desk.address("agenda", meeting)
    # No fragment: with one the browser would not go to the button the page asks it to.
    return redirect(f"{address}?{urlencode({step: item.pk})}")


def _decide(request: HttpRequest, meeting: Meeting) -> Answer:
    """Accept or decline a proposal, with the words beside the button."""
    step = "accept" if "accept" in request.POST else "decline"
    item = _item(meeting, request.POST[step])
    form = WordForm(request.POST, prefix=str(item.pk))
    if not form.is_valid():
        return _mend_words(request, meeting, item, form)
    decide = services.accept if step == "accept" else services.decline
    try:
        changed = decide(item=item, by=request.user, word=form.cleaned_data["word"])
    except Refused as refused:
        form.add_error("word", str(refused))
        return _mend_words(request, meeting, item, form)
    if changed:
        text = {
            "accept": _("„%(title)s“ steht auf der Tagesordnung. Die Organisation erfährt es."),
            "decline": _("„%(title)s“ ist nicht aufgenommen. Die Organisation erfährt es."),
        }
        messages.success(request, text[step] % {"title": item})
    return _done(request, meeting)


def _mend_words(request: HttpRequest, meeting: Meeting, item: AgendaItem, form: WordForm) -> Answer:
    """Show the words again where they were written: with the proposal, or on the item's page."""
    if item.state == State.PROPOSED:
        return {"word": (item.pk, form)}
    return _item_page(request, meeting, item, _changed_form(item), word=form)


def _remove(request: HttpRequest, meeting: Meeting) -> Answer:
    item = _item(meeting, request.POST["remove"])
    if services.remove(item=item, by=request.user):
        text = _("„%(title)s“ ist von der Tagesordnung genommen.")
        messages.success(request, text % {"title": item.heading})
    return _done(request, meeting)


def _restore(request: HttpRequest, meeting: Meeting) -> Answer:
    item = _item(meeting, request.POST["restore"])
    if services.restore(item=item, by=request.user):
        text = _("„%(title)s“ steht wieder auf der Tagesordnung, an letzter Stelle.")
        messages.success(request, text % {"title": item.heading})
    return _done(request, meeting)


ACTIONS: dict[str, Callable[[HttpRequest, Meeting], Answer]] = {
    "up": _order,
    "down": _order,
    "order": _order,
    "accept": _decide,
    "decline": _decide,
    "remove": _remove,
    "restore": _restore,
    "add": _add,
}


# --- One item -------------------------------------------------------------------------------------
@agenda.part("<int:item>/", "agenda_item")
def agenda_item(request: HttpRequest, meeting: Meeting, item: int) -> HttpResponse:
    """Change what an item says, or take it off."""
    row = _item(meeting, item)
    form = _changed_form(row, request.POST if request.method == "POST" else recall(request))
    conflicts: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            services.change(item=row, by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        except Conflict as conflict:
            conflicts = [
                {"label": form.fields[name].label, "theirs": theirs}
                for name, theirs in conflict.theirs.items()
            ]
            row.refresh_from_db()
            # Sent again, the form has seen what the page shows now.
            form.data = request.POST.copy()
            form.data["seen"] = services.fingerprint(row)
        else:
            return _done(request, meeting, _("Gespeichert."))
    return _item_page(request, meeting, row, form, conflicts=conflicts)


def _changed_form(item: AgendaItem, data: Any = None) -> ChangedItemForm:
    initial = {name: getattr(item, name) for name in services.FIELDS}
    return ChangedItemForm(data, initial=initial | {"seen": services.fingerprint(item)})


def _item_page(
    request: HttpRequest,
    meeting: Meeting,
    item: AgendaItem,
    form: ChangedItemForm,
    *,
    word: WordForm | None = None,
    conflicts: Sequence[dict[str, Any]] = (),
) -> HttpResponse:
    context = {
        "form": form,
        "item": item,
        "conflicts": conflicts,
        "closed": services.is_closed(meeting),
        "word": word or _word_form(item),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/item.html", context, page="agenda")


@office.waits(60)
def waiting_proposals(request: HttpRequest) -> Waiting | None:
    """What organisations have proposed for meetings that are still to come, the oldest first."""
    if not may_plan(request.user):
        return None
    proposed = AgendaItem.objects.proposed().filter(
        meeting__state__in=[Meeting.State.PLANNED, Meeting.State.INVITED]
    )
    rows = proposed.select_related("meeting", "organisation")
    return Waiting(
        title=_("Vorschläge zur Tagesordnung"),
        total=proposed.count(),
        items=[
            Item(
                item.title,
                f"{desk.address('agenda', item.meeting)}#vorschlag-{item.pk}",
                item.created_at,
                f"{item.organisation} – {item.meeting}",
            )
            for item in rows[: office.SHOWN]
        ],
    )
