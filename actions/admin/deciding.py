"""The page on which the officer decides about an action: all of it at a glance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from actions.admin import trail
from actions.forms.deciding import CancelForm, DecisionForm, QuestionForm, ReasonForm
from actions.models import Contribution, JointAction, Participation, may_confirm
from actions.services import details, images, joint_actions, people, registrations
from actions.words import when
from actions.workbench import STATE_TONES
from core.errors import Refused
from core.office import Link, OfficeModelAdmin, change_boxes
from core.resume import recall
from organisations.services import facts

State = JointAction.State
Row = dict[str, Any]
EMPTY = ("", None, frozenset())
# Nobody misses these where they are empty.
LEFT_OUT = ("accessibility_note", "link", "additional", "capacity", "registration_until")
# So many entries of the history are on the page.
NEWEST = 8

SECTIONS: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Was?"),
        ("title", "summary", "description", "category", "target_groups", "languages", "campaign"),
    ),
    (
        gettext_lazy("Wo?"),
        ("place", "address", "municipality", "accessibility", "accessibility_note"),
    ),
    (
        gettext_lazy("Eintritt und Anmeldung"),
        (
            "entry",
            "link",
            "additional",
            "takes_registrations",
            "capacity",
            "registration_until",
        ),
    ),
    (gettext_lazy("Ansprechperson"), ("contact_name", "contact_phone", "contact_email")),
)


@dataclass(frozen=True)
class Standing:
    """An action's state as the office reads it, with a tone of `ui.badge`."""

    label: str
    tone: str


def standing(action: JointAction) -> Standing:
    """Return how it stands with an action."""
    if action.is_waiting:
        return Standing(_("wartet auf Sie"), "warn")
    return Standing(str(action.get_state_display()), STATE_TONES[State(action.state)])


class Decision(models.TextChoices):
    """What the officer can decide about an action."""

    CONFIRM = "bestaetigen", gettext_lazy("Bestätigen")
    ASK_BACK = "rueckfrage", gettext_lazy("Rückfrage stellen")
    FINISH = "stattgefunden", gettext_lazy("Hat stattgefunden")
    REOPEN = "wieder-planen", gettext_lazy("Doch wieder planen")
    TAKE_BACK = "zuruecknehmen", gettext_lazy("Zurücknehmen")
    CANCEL = "absagen", gettext_lazy("Absagen")


@dataclass(frozen=True)
class Step:
    """How a decision is taken.

    :ivar mail: what those who take part get; "" for nothing.
    :ivar only_lead: whether nobody but the lead gets it.
    :ivar reaches_visitors: whether people who have registered are told as well.
    """

    service: Callable[..., bool]
    explanation: str | Promise
    form: type[DecisionForm] = DecisionForm
    mail: str = ""
    only_lead: bool = False
    reaches_visitors: bool = False
    is_danger: bool = False


STEPS = {
    Decision.CONFIRM: Step(
        joint_actions.confirm,
        gettext_lazy("Die Aktion ist dann sofort für alle zu sehen, auch im Programm."),
        mail="actions/confirmed",
    ),
    Decision.ASK_BACK: Step(
        joint_actions.return_to_lead,
        gettext_lazy("Die Leitung ergänzt etwas und gibt Ihnen die Aktion noch einmal."),
        form=QuestionForm,
        mail="actions/returned",
        only_lead=True,
    ),
    Decision.FINISH: Step(
        joint_actions.finish,
        gettext_lazy("Danach kann die Leitung eintragen, wie es war."),
    ),
    Decision.REOPEN: Step(
        joint_actions.reopen,
        gettext_lazy(
            "Die Aktion ist dann wieder in Planung. Öffentlich ist sie erst, wenn Sie sie "
            "bestätigen."
        ),
    ),
    Decision.TAKE_BACK: Step(
        joint_actions.take_back,
        gettext_lazy(
            "Die Aktion verschwindet sofort von allen öffentlichen Seiten, aus dem Programm und "
            "aus den Kalendern. Sie ist dann wieder in Planung."
        ),
        form=ReasonForm,
        mail="actions/taken_back",
        reaches_visitors=True,
        is_danger=True,
    ),
    Decision.CANCEL: Step(
        joint_actions.cancel,
        gettext_lazy("War die Aktion schon öffentlich, bleibt sie stehen und heißt „abgesagt“."),
        form=CancelForm,
        mail="actions/cancelled",
        reaches_visitors=True,
        is_danger=True,
    ),
}


def possible(action: JointAction, missing: Sequence[Any]) -> list[Decision]:
    """Return what can be decided about an action now, in reading order.

    :param missing: what `joint_actions.missing` says of it.
    """
    is_over = _is_over(action)
    if action.state in {State.IDEA, State.PLANNING}:
        found = [] if missing else [Decision.CONFIRM]
        if action.state == State.PLANNING:
            found.append(Decision.ASK_BACK)
        return [*found, Decision.CANCEL]
    if action.state == State.CONFIRMED:
        return [*([Decision.FINISH] if is_over else []), Decision.TAKE_BACK] + (
            [] if is_over else [Decision.CANCEL]
        )
    if action.state == State.CANCELLED:
        return [Decision.REOPEN, *([Decision.TAKE_BACK] if action.is_public else [])]
    return [Decision.TAKE_BACK]


def _is_over(action: JointAction) -> bool:
    dates = action.dates.all()
    return bool(dates) and all(date.is_over for date in dates)


def review_url(action: JointAction) -> str:
    """Return the path of the page on which an action is decided about."""
    return reverse("admin:actions_jointaction_review", args=[action.pk])


class ReviewPages(OfficeModelAdmin):
    """The part of an action's pages on which the officer decides."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/pruefen/",
                self.admin_site.admin_view(self.review),
                name="actions_jointaction_review",
            ),
            *super().get_urls(),
        ]

    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show all there is to say of an action, and take a decision about it in two steps."""
        if not may_confirm(request.user):
            raise PermissionDenied
        rows = JointAction.objects.visible_to(request.user).prefetch_related(
            "dates",
            "target_groups",
            "languages",
            Prefetch("participations", Participation.objects.select_related("organisation")),
        )
        action = get_object_or_404(rows.select_related("campaign", "municipality"), pk=pk)
        # After a session that ended in between, what was typed comes back.
        data = request.POST if request.method == "POST" else recall(request)
        chosen = (data or {}).get("decision") or request.GET.get("entscheidung", "")
        if chosen not in Decision.values and (chosen or request.method == "POST"):
            raise Http404
        decision = Decision(chosen) if chosen else None
        missing = joint_actions.missing(action)
        form = None
        if decision is not None and decision in possible(action, missing):
            form = STEPS[decision].form(data, action=action)
            if request.method == "POST" and form.is_valid():
                if self._decide(request, action, decision, form):
                    return redirect("admin:index")
                missing = joint_actions.missing(action)
        elif decision is not None:
            text = _("Das geht nicht: „%(name)s“ hat den Stand „%(state)s“.")
            self._say(request, _told(text, action), "warning")
            if request.method == "POST":
                return redirect(review_url(action))
        return self._page(request, action, missing, decision if form else None, form)

    def _decide(
        self, request: HttpRequest, action: JointAction, decision: Decision, form: DecisionForm
    ) -> bool:
        """Take a decision; False where it was refused, with the reason in the form."""
        try:
            done = STEPS[decision].service(action=action, by=request.user, **form.answers)
        except Refused as refused:
            form.add_error(None, str(refused))
            return False
        if done:
            self._say(
                request, _told(_("Gespeichert: „%(name)s“ hat den Stand „%(state)s“."), action)
            )
        else:
            text = _("Das war schon entschieden: „%(name)s“ hat den Stand „%(state)s“.")
            self._say(request, _told(text, action), "warning")
        return True

    def _say(self, request: HttpRequest, text: str, level: str = "success") -> None:
        self.message_user(request, text, level)

    def _page(
        self,
        request: HttpRequest,
        action: JointAction,
        missing: Sequence[Any],
        decision: Decision | None,
        form: DecisionForm | None,
    ) -> HttpResponse:
        needs = Contribution.objects.filter(action=action)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Prüfen: %(name)s") % {"name": action},
            "opts": self.opts,
            "action": action,
            "state": standing(action),
            "links": _links(action),
            "dates": [_shown_date(one, counts) for one, counts in _with_counts(action)],
            "is_planned": action.state in {State.IDEA, State.PLANNING},
            "missing": missing,
            "doubts": joint_actions.doubts(details.values_of(action)),
            "possible": [
                {"decision": one, "is_danger": STEPS[one].is_danger}
                for one in possible(action, missing)
            ],
            "decision": decision,
            "step": STEPS[decision] if decision else None,
            "form": form,
            "mail": _mail(request, action, decision) if decision else None,
            "sections": [
                {"title": title, "rows": [row for name in names for row in _rows(action, name)]}
                for title, names in SECTIONS
            ],
            "parts": action.participations.all(),
            "images": images.shown(action),
            "ideas": action.ideas.all()[:20],
            "needs": needs.count(),
            "open_needs": needs.open().count(),
            "result": getattr(action, "result", None),
            "shown": trail.shown(request, action, trail.of(action)[:NEWEST]),
            "change_boxes": change_boxes(request, action),
        }
        return TemplateResponse(request, "admin/actions/jointaction/review.html", context)


def _told(text: str, action: JointAction) -> str:
    return text % {"name": action, "state": action.get_state_display()}


# --- What is shown --------------------------------------------------------------------------------
def _links(action: JointAction) -> list[Link]:
    """Return the ways to the pages of those who take part; the officer may do all there."""

    def of(name: str) -> str:
        return reverse(f"actions:{name}", args=[action.slug])

    found = [
        Link(
            _("Öffentliche Seite ansehen") if action.is_public else _("Vorschau der Seite"),
            action.get_absolute_url(),
            "eye",
        ),
        Link(_("Bearbeiten"), of("edit"), "edit"),
        Link(_("Partner"), of("partners"), "people"),
        Link(_("Beiträge"), of("contributions"), "square"),
        Link(_("Nachrichten"), of("messages"), "mail"),
    ]
    if action.takes_registrations:
        found.append(Link(_("Anmeldungen"), of("registrations"), "person"))
    if action.state == State.DONE or (action.state == State.CONFIRMED and _is_over(action)):
        found.append(Link(_("Ergebnis"), of("result"), "document"))
    return found


def _rows(action: JointAction, name: str) -> list[Row]:
    """Return what stands in a field, and in its translations, in words."""
    value = details.current(action, name)
    if value in EMPTY and name in LEFT_OUT:
        return []
    rows: list[Row] = [
        {
            "label": facts.label(name, JointAction),
            "value": "" if value in EMPTY else facts.in_words(name, value, JointAction),
            "direction": "auto" if name in JointAction.translated_fields else "",
        }
    ]
    for language, texts in action.translations.items():
        if texts.get(name) and language != settings.LANGUAGE_CODE:
            field = details.translation_field(language, name)
            rows.append(
                {
                    "label": facts.label(field, JointAction),
                    "value": texts[name],
                    "language": language,
                    "direction": "auto",
                }
            )
    return rows


def _with_counts(action: JointAction) -> list[tuple[Any, Any]]:
    counts = registrations.counts(action)
    return [(date, counts.get(date.pk)) for date in action.dates.all()]


def _shown_date(date: Any, counts: Any) -> Row:
    return {"when": when(date), "note": date.note, "is_over": date.is_over, "counts": counts}


def _mail(request: HttpRequest, action: JointAction, decision: Decision) -> Row | None:
    """Return the mail that goes out with a decision, and who gets it."""
    step = STEPS[decision]
    if not step.mail:
        return None
    told = people.of_lead if step.only_lead else joint_actions.to_be_told
    subject, body = joint_actions.draft(
        step.mail, action, by=request.user, language=request.LANGUAGE_CODE, reason="…"
    )
    visitors = 0
    if step.reaches_visitors and action.is_public:
        ahead = [date.pk for date in action.dates.all() if date.ends_at > timezone.now()]
        counts = registrations.counts(action)
        visitors = sum(one.registrations for pk, one in counts.items() if pk in ahead)
    return {
        "subject": subject,
        "body": body,
        "readers": told(action, but=request.user),
        "visitors": ngettext(
            "Außerdem bekommt %(number)s angemeldete Person eine E-Mail.",
            "Außerdem bekommen %(number)s angemeldete Personen eine E-Mail.",
            visitors,
        )
        % {"number": visitors}
        if visitors
        else "",
    }
