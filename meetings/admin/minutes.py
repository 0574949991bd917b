"""The page on which the officer writes, publishes and corrects a meeting's minutes."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import office
from core.errors import Conflict, Refused
from core.fields import is_key
from core.office import Item, Waiting
from core.resume import recall
from core.seen import fingerprint
from meetings import reading
from meetings.admin import desk
from meetings.forms.minutes import MinutesForm, ReasonForm
from meetings.models import AgendaItem, Decision, Meeting, Minutes, Task
from meetings.services import minutes as services

TEMPLATES = "admin/meetings/minutes"
PERMISSION = "meetings.change_minutes"
# After so long somebody should have written the minutes.
OVERDUE = datetime.timedelta(days=14)


@dataclass(frozen=True)
class Section:
    """A section of the minutes in the editor.

    :ivar seen: `fingerprint` of the text the field was filled with.
    :ivar theirs: what somebody else has written meanwhile; None without a conflict.
    :ivar saved: whether it has just been saved.
    :ivar number: of the agenda item; 0 for what belongs to none.
    """

    part: services.Part
    field: BoundField
    seen: str
    theirs: str | None = None
    saved: bool = False
    number: int = 0
    decisions: Sequence[Decision] = field(default_factory=tuple)
    tasks: Sequence[Task] = field(default_factory=tuple)

    @property
    def text(self) -> str:
        """What stands in the field, for the preview."""
        return str(self.field.value() or "")


@desk.page("minutes", gettext_lazy("Protokoll"), path="protokoll/", order=60, permission=PERMISSION)
def minutes(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show the editor of a draft; of published minutes, what members read."""
    is_published = services.of(meeting).state == Minutes.State.PUBLISHED
    if request.method == "POST" and is_published:
        # Somebody has published what was still open here: what was typed becomes a correction.
        messages.warning(
            request,
            _(
                "Das Protokoll ist inzwischen veröffentlicht. Was Sie geschrieben haben, steht "
                "noch hier. Sie können es als Berichtigung speichern."
            ),
        )
        return _editor(request, meeting, request.POST, is_published=True)
    if is_published:
        return _overview(request, meeting)
    if meeting.is_cancelled:
        return desk.render(request, meeting, f"{TEMPLATES}/none.html", {}, page="minutes")
    if request.method == "POST":
        return _save(request, meeting, is_published=False)
    return _editor(request, meeting, recall(request), is_published=False)


@minutes.part("berichtigen/", "minutes_correct")
def correct(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Change published minutes; the members see what was changed."""
    if services.of(meeting).state != Minutes.State.PUBLISHED:
        return redirect(desk.address("minutes", meeting))
    if request.method == "POST":
        return _save(request, meeting, is_published=True)
    return _editor(request, meeting, recall(request), is_published=True)


@minutes.part("abschnitt/", "minutes_part")
def part(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Save one section while somebody types; the answer is what stands below its field."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name = request.POST.get("part", "")
    form, items = _form(meeting, request.POST, also=services.keys_in([name]))
    if name not in form.parts or not form.is_valid():
        raise Http404
    typed = {key: text for key, text in form.typed().items() if key == name}
    theirs, status = None, 200
    try:
        if services.of(meeting).state == Minutes.State.PUBLISHED:
            raise Refused(
                _(
                    "Das Protokoll ist inzwischen veröffentlicht. Bitte drücken Sie auf "
                    "„Speichern“: Dann können Sie den Text als Berichtigung speichern."
                )
            )
        services.save(meeting=meeting, texts=typed, by=request.user)
    except ValidationError as error:
        _tell(form, error)
        status = 422
    except Refused as refused:
        form.add_error(name, str(refused))
        status = 422
    except Conflict as conflict:
        theirs, status = conflict.theirs[name], 409
    current = services.parts(services.of(meeting), items)[name]
    section = Section(
        current,
        form[name],
        # Of what is kept now: what is saved next is compared with it.
        seen=form.seen(name) if status == 422 else fingerprint(current.text),
        theirs=theirs,
        saved=status == 200,
    )
    return render(request, f"{TEMPLATES}/_state.html", {"section": section}, status=status)


# --- The editor -----------------------------------------------------------------------------------
def _form(
    meeting: Meeting, data: QueryDict | None, *, also: Collection[int] = ()
) -> tuple[MinutesForm, list[AgendaItem]]:
    items = services.items_of(meeting, also=also)
    return MinutesForm(data, parts=services.parts(services.of(meeting), items)), items


def _save(request: HttpRequest, meeting: Meeting, *, is_published: bool) -> HttpResponse:
    """Save what was sent and go on to where the pressed button leads."""
    data = request.POST.copy()
    form, _items = _form(meeting, data, also=services.keys_in(data))
    taken = data.get("_take", "")
    if taken in form.parts:
        # Of this section the other text is to stay.
        data[taken] = form.parts[taken].text
        data[f"seen-{taken}"] = fingerprint(form.parts[taken].text)
    reason = ReasonForm(data)
    if "_preview" in data or not (form.is_valid() and reason.is_valid()):
        return _editor(request, meeting, data, is_published=is_published)
    try:
        before = services.of(meeting).version
        saved = services.save(
            meeting=meeting,
            texts=form.typed(),
            by=request.user,
            reason=reason.cleaned_data["reason"],
        )
    except ValidationError as error:
        return _editor(request, meeting, data, is_published=is_published, error=error)
    except Conflict as conflict:
        theirs = conflict.theirs
        for name, text in theirs.items():
            # Sent again, the typed text replaces the other one, which now has been seen.
            data[f"seen-{name}"] = fingerprint(text)
        return _editor(request, meeting, data, is_published=is_published, theirs=theirs)
    except Refused as refused:
        messages.error(request, str(refused))
        return _editor(request, meeting, data, is_published=is_published)
    if is_published:
        text = _("Die Berichtigung steht unter dem Protokoll.")
        messages.success(
            request, text if saved.version > before else _("So steht das Protokoll schon da.")
        )
    elif "_save" in data:
        messages.success(request, _("Der Entwurf ist gesichert."))
    return redirect(_destination(meeting, data.get("_go", "")))


def _destination(meeting: Meeting, target: str) -> str:
    """Return where a button of the editor leads after saving."""
    name, _colon, key = target.partition(":")
    if name in {"decision_add", "task_add"}:
        return desk.address(name, meeting, item=_number(AgendaItem, key))
    if name == "decision":
        return desk.address(name, meeting, decision=_number(Decision, key))
    if name == "task":
        return desk.address("minutes_task", meeting, task=_number(Task, key))
    if name in {"agenda", "minutes_publish"}:
        return desk.address(name, meeting)
    return desk.address("minutes", meeting)


def _number(model: type[Model], key: str) -> int:
    """Return a key that a button has sent; 0, which no row has, for nonsense."""
    return max(0, int(key)) if is_key(model, key) else 0


def _editor(
    request: HttpRequest,
    meeting: Meeting,
    data: QueryDict | None,
    *,
    is_published: bool,
    theirs: Mapping[str, str] | None = None,
    error: ValidationError | None = None,
) -> HttpResponse:
    form, items = _form(meeting, data, also=services.keys_in(data or ()))
    if error is not None and form.is_valid():
        _tell(form, error)
    decided = reading.by_item(reading.decisions_of(meeting))
    given = reading.by_item(meeting.tasks.select_related("organisation", "user").order_by("pk"))
    sections = []
    numbers = {item.pk: number for number, item in enumerate(items, 1)}
    for name, one in form.parts.items():
        key = one.item.pk if one.item else -1
        sections.append(
            Section(
                one,
                form[name],
                seen=form.seen(name),
                theirs=(theirs or {}).get(name),
                number=numbers.get(key, 0),
                decisions=decided.get(key, ()),
                tasks=given.get(key, ()),
            )
        )
    context = {
        "form": form,
        "sections": sections,
        "items": items,
        "has_conflict": bool(theirs),
        "is_published": is_published,
        "reason": ReasonForm(data if is_published else None),
        "rest": {"decisions": decided.get(None, ()), "tasks": given.get(None, ())},
        "minutes": services.of(meeting),
        "action": desk.address("minutes_correct" if is_published else "minutes", meeting),
        "part_url": "" if is_published else desk.address("minutes_part", meeting),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/editor.html", context, page="minutes")


def _tell(form: MinutesForm, error: ValidationError) -> None:
    """Put the service's words at the fields they are about."""
    for name, told in error.message_dict.items():
        form.add_error(name if name in form.fields else None, told)


# --- Published ------------------------------------------------------------------------------------
def _overview(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    rows = Minutes.objects.visible_to(request.user).select_related("meeting", "published_by")
    found = get_object_or_404(rows, meeting=meeting)
    context = {"reading": reading.read(found), "minutes": found}
    return desk.render(request, meeting, f"{TEMPLATES}/published.html", context, page="minutes")


@minutes.part("veroeffentlichen/", "minutes_publish")
def publish(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """Show what publishing does, and do it."""
    if services.of(meeting).state == Minutes.State.PUBLISHED:
        return redirect(desk.address("minutes", meeting))
    if request.method == "POST":
        try:
            services.publish(meeting=meeting, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request, _("Das Protokoll ist veröffentlicht. Die E-Mails sind unterwegs.")
            )
            return redirect(desk.address("minutes", meeting))
    context = {
        "readiness": services.readiness(meeting),
        "reading": reading.read(services.of(meeting)),
    }
    return desk.render(request, meeting, f"{TEMPLATES}/publish.html", context, page="minutes")


# --- What waits -----------------------------------------------------------------------------------
@office.waits(66)
def waiting_minutes(request: HttpRequest) -> Waiting | None:
    """Network meetings whose minutes are not published two weeks later, the oldest first."""
    if not request.user.has_perm(PERMISSION):
        return None
    rows = (
        Meeting.objects.past(timezone.now() - OVERDUE)
        .filter(kind__in=[Meeting.Kind.NETWORK, Meeting.Kind.KICKOFF])
        .exclude(minutes__state=Minutes.State.PUBLISHED)
        .order_by("ends_at", "pk")
    )
    return Waiting(
        title=_("Protokolle schreiben"),
        total=rows.count(),
        items=[
            Item(str(row), desk.address("minutes", row), row.ends_at)
            for row in rows[: office.SHOWN]
        ],
    )
