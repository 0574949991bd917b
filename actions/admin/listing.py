"""The list of all actions: its filters, what is done to many, and what it gives out."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions import words
from actions.admin.deciding import review_url
from actions.models import ActionDate, JointAction, Participation, may_confirm
from actions.services import joint_actions, results
from core import spreadsheets
from core.office import BulkAction, OfficeChangeList, Outcome
from organisations.models import Organisation, Representative

State, Role = JointAction.State, Participation.Role


def with_columns(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Add what the list shows of an action and is ordered by: its lead, its first date."""
    leads = Participation.objects.filter(action=OuterRef("pk"), role=Role.LEAD)
    dates = ActionDate.objects.filter(action=OuterRef("pk")).order_by("starts_at")
    return queryset.annotate(
        lead_name=Subquery(leads.values("organisation__name")[:1]),
        begins_at=Subquery(dates.values("starts_at")[:1]),
    ).prefetch_related("dates")


class ActionChangeList(OfficeChangeList):
    """Leads to the page on which an action is decided about; there is no form here."""

    def url_for_result(self, result: Any) -> str:
        return review_url(result)


# --- Filters --------------------------------------------------------------------------------------
class WaitingFilter(SimpleListFilter):
    """For whom an action waits."""

    title = gettext_lazy("Wartet auf")
    parameter_name = "wartet"
    conditions: dict[str, Q] = {
        "team": Q(state=State.PLANNING, submitted_at__isnull=False),
        "antwort": Q(state=State.PLANNING, submitted_at=None) & ~Q(returned_note=""),
        "arbeit": Q(state=State.PLANNING, submitted_at=None),
        "leitung": Q(state=State.IDEA),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("team", gettext_lazy("das Team: prüfen")),
            ("arbeit", gettext_lazy("die Leitung: noch in Arbeit")),
            ("antwort", gettext_lazy("die Leitung: Ihre Rückfrage")),
            ("leitung", gettext_lazy("eine Leitung")),
            ("ergebnis", gettext_lazy("ein Ergebnis")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "ergebnis":
            return queryset.filter(pk__in=results.without().values("pk"))
        condition = self.conditions.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class TimeFilter(SimpleListFilter):
    """Still to come, over, or nobody knows when."""

    title = gettext_lazy("Zeit")
    parameter_name = "zeit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("kommt", gettext_lazy("kommt noch")),
            ("vorbei", gettext_lazy("vorbei")),
            ("offen", gettext_lazy("noch ohne Termin")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        coming = Q(pk__in=ActionDate.objects.filter(ends_at__gt=timezone.now()).values("action"))
        dated = Q(pk__in=ActionDate.objects.values("action"))
        found = {"kommt": coming, "vorbei": dated & ~coming, "offen": ~dated}
        condition = found.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class LeadFilter(SimpleListFilter):
    """Which organisation leads it; only those are offered that lead one."""

    title = gettext_lazy("Leitung")
    parameter_name = "leitung"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        leading = Participation.objects.filter(role=Role.LEAD).values("organisation")
        rows = Organisation.objects.filter(pk__in=leading).order_by("name", "pk")
        self.keys = []
        found = []
        for pk, name in rows.values_list("pk", "name"):
            self.keys.append(pk)
            found.append((str(pk), name))
        return found

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in map(str, self.keys):
            return queryset
        leads = Participation.objects.filter(role=Role.LEAD, organisation=self.value())
        return queryset.filter(pk__in=leads.values("action"))

    def get_facet_queryset(self, changelist: Any) -> dict[str, int]:
        """Return how many actions each leads, in one query however many there are."""
        found = changelist.get_queryset(self.request, exclude_parameters=self.expected_parameters())
        leads = Participation.objects.filter(
            role=Role.LEAD, action__in=found.order_by().values("pk")
        )
        counts = dict(leads.order_by().values_list("organisation").annotate(number=Count("pk")))
        return {f"{place}__c": counts.get(pk, 0) for place, pk in enumerate(self.keys)}


# --- Doing the same to many -----------------------------------------------------------------------
class ConfirmMany(BulkAction):
    """Make many actions public at once: a campaign's, on the evening before the press is told."""

    name = "confirm"
    label = gettext_lazy("Bestätigen")
    explanation = gettext_lazy(
        "Bestätigte Aktionen sind sofort öffentlich. Alle, die mitmachen, bekommen die übliche "
        "E-Mail in ihrer Sprache."
    )

    def is_allowed(self, request: HttpRequest) -> bool:
        return may_confirm(request.user)

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        speaking = Representative.objects.select_related("user")
        parts = Participation.objects.select_related("organisation").prefetch_related(
            Prefetch("organisation__representatives", speaking)
        )
        return queryset.select_related("campaign", "municipality").prefetch_related(
            "dates", "languages", "target_groups", Prefetch("participations", parts)
        )

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[Outcome]:
        return [self._outcome(request, row) for row in rows]

    def _outcome(self, request: HttpRequest, row: JointAction) -> Outcome:
        if row.state not in {State.IDEA, State.PLANNING}:
            text = _("hat den Stand „%(state)s“") % {"state": row.get_state_display()}
            return Outcome(refused=text)
        if missing := joint_actions.missing(row):
            return Outcome(refused=" ".join(one.text for one in missing))
        return Outcome(
            text=_("%(old)s → %(new)s")
            % {"old": row.get_state_display(), "new": State.CONFIRMED.label},
            mails=_addresses(row, but=request.user),
        )

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        return joint_actions.confirm(action=row, by=request.user)


def _addresses(action: JointAction, *, but: Any) -> list[str]:
    """Return who `people.of_action` will find, from what `ConfirmMany.rows` has fetched."""
    return list(
        {
            one.user.email: None
            for part in action.participations.all()
            if part.state == Participation.State.CONFIRMED
            and part.organisation.state != Organisation.State.ARCHIVED
            for one in part.organisation.representatives.all()
            if one.user.is_active and one.user != but
        }
    )


# --- Giving it out --------------------------------------------------------------------------------
def export(queryset: QuerySet[Any]) -> tuple[list[str], Iterator[list[str]]]:
    """Return headings and rows with everything there is to say of the actions of the list."""
    single = (
        "title", "state", "campaign", "category", "summary", "description", "place", "address",
        "municipality", "accessibility", "accessibility_note", "entry", "link", "additional",
        "takes_registrations", "capacity", "contact_name", "contact_phone", "contact_email",
    )  # fmt: skip
    headings = [str(JointAction._meta.get_field(name).verbose_name) for name in single]
    headings += [
        _("Leitung"), _("Partner"), _("Termine"), _("Zielgruppen"), _("Sprachen"),
        _("Öffentlich seit"), _("Besucherinnen und Besucher"),
    ]  # fmt: skip
    rows = queryset.select_related("campaign", "municipality", "result").prefetch_related(
        "dates", "target_groups", "languages",
        Prefetch(
            "participations", Participation.objects.confirmed().select_related("organisation")
        ),
    )  # fmt: skip
    return headings, (_cells(row, single) for row in rows.iterator(chunk_size=200))


def _cells(row: Any, single: Sequence[str]) -> list[str]:
    parts = row.participations.all()
    result = getattr(row, "result", None)
    visitors = result.visitors if result else None
    return [
        *(_cell(row, name) for name in single),
        ", ".join(str(part) for part in parts if part.role == Role.LEAD),
        ", ".join(str(part) for part in parts if part.role != Role.LEAD),
        "; ".join(words.when(date) for date in row.dates.all()),
        ", ".join(map(str, row.target_groups.all())),
        ", ".join(map(str, row.languages.all())),
        timezone.localtime(row.published_at).strftime("%Y-%m-%d") if row.published_at else "",
        "" if visitors is None else str(visitors),
    ]


def _cell(row: JointAction, name: str) -> str:
    value = getattr(row, name)
    if name in {"state", "category", "accessibility"}:
        return str(getattr(row, f"get_{name}_display")())
    if isinstance(value, bool):
        return spreadsheets.YES if value else spreadsheets.NO
    return "" if value is None else str(value)
