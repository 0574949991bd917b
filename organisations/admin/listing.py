"""The list of all organisations: its search, the numbers at its filters, what is done to many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import ChoicesFieldListFilter, SimpleListFilter
from django.contrib.admin.utils import build_q_object_from_lookup_parameters
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import revision
from core.office import BulkAction, OfficeChangeList, Outcome
from organisations import finding
from organisations.admin.review_page import SERVICES
from organisations.forms.decisions import ReasonForm
from organisations.models import Municipality, Organisation, Representative, Topic
from organisations.services import decisions
from organisations.services.decisions import Decision

State = Organisation.State

# Above so many organisations the numbers at the topics cost more than they are worth.
MANY = 20_000


# --- What is filtered by --------------------------------------------------------------------------
@dataclass(frozen=True)
class Terms:
    """Places and topics as they were at one state of the content: a few dozen rows."""

    revision: int
    places: Sequence[Municipality]
    topics: Sequence[Topic]


_terms: Terms | None = None


def terms(request: HttpRequest) -> Terms:
    """Return places and topics from memory, read anew whenever one of them has changed."""
    global _terms
    found: Terms | None = request.__dict__.get("_terms")
    if found is None:
        number = revision.current()
        if _terms is None or _terms.revision != number:
            places = Municipality.objects.filter(in_county=True)
            _terms = Terms(
                number, list(places.only("slug", "name", "translations")), list(Topic.objects.all())
            )
        found = request.__dict__["_terms"] = _terms
    return found


# --- Filters --------------------------------------------------------------------------------------
class Counted:
    """A filter whose numbers come from `OrganisationChangeList.groups`, all in one query.

    :cvar column: of `Organisation`; the filter chooses among its values.
    """

    column: str

    def chosen(self) -> set[Any] | None:
        """Return the values of the column that were chosen; None if none was."""
        raise NotImplementedError

    def keys(self) -> list[Any]:
        """Return the values of the column in the order they are offered."""
        raise NotImplementedError

    def get_facet_queryset(self, changelist: "OrganisationChangeList") -> dict[str, int]:
        counts = changelist.counts(self)
        return {f"{place}__c": counts.get(key, 0) for place, key in enumerate(self.keys())}


class CountedChoices(Counted, ChoicesFieldListFilter):
    @property
    def column(self) -> str:  # type: ignore[override]
        return self.field.name

    def chosen(self) -> set[Any] | None:
        return set(self.lookup_val) if self.lookup_val else None

    def keys(self) -> list[Any]:
        return [value for value, _label in self.field.flatchoices]


class MunicipalityFilter(Counted, SimpleListFilter):
    """The towns of the county, in one query."""

    title = gettext_lazy("Stadt oder Gemeinde")
    parameter_name = "ort"
    column = "municipality"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.places = {row.slug: row.pk for row in terms(request).places}
        return [(row.slug, str(row)) for row in terms(request).places]

    def chosen(self) -> set[Any] | None:
        return {self.places.get(self.value())} if self.value() else None

    def keys(self) -> list[Any]:
        return list(self.places.values())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(municipality__slug=self.value()) if self.value() else queryset


class TopicFilter(SimpleListFilter):
    title = gettext_lazy("Thema")
    parameter_name = "thema"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.topics = [row.pk for row in terms(request).topics]
        return [(row.slug, str(row)) for row in terms(request).topics]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(topics__slug=self.value()) if self.value() else queryset

    def get_facet_queryset(self, changelist: "OrganisationChangeList") -> dict[str, int]:
        """Return the numbers; none where many are left of very many, which takes too long."""
        pairs = Organisation.topics.through.objects.order_by()
        found = changelist.filtered(lambda spec: spec is not self)
        if found.query.where:
            if changelist.total() > MANY:
                return {}
            pairs = pairs.filter(organisation__in=found.values("pk"))
        counts = dict(pairs.values_list("topic").annotate(number=Count("*")))
        return {f"{place}__c": counts.get(pk, 0) for place, pk in enumerate(self.topics)}


class OrganisationChangeList(OfficeChangeList):
    """Counts the organisations once, by all that is filtered on, for the list and its filters."""

    def get_filters(self, request: HttpRequest) -> Any:
        found = super().get_filters(request)
        self.request = request
        self.others = found[2]  # what no filter has taken
        return found

    def filtered(self, wanted: Callable[[Any], bool]) -> QuerySet[Organisation]:
        """Return what the search and some of the filters find, in no order.

        :param wanted: whether a filter counts.
        """
        found = self.root_queryset.order_by()
        for spec in filter(wanted, self.filter_specs):
            filtered = spec.queryset(self.request, found)
            found = found if filtered is None else filtered
        found = found.filter(build_q_object_from_lookup_parameters(self.others))
        searched = searched_for(self.request, self.query)
        return searched.among(found) if searched else found

    @cached_property
    def groups(self) -> list[tuple[dict[str, Any], int]]:
        """Return how many organisations there are of every combination of the counted columns."""
        columns = [spec.column for spec in self.counted]
        found = self.filtered(lambda spec: not isinstance(spec, Counted))
        rows = found.values_list(*columns).annotate(number=Count("*"))
        return [(dict(zip(columns, row[:-1], strict=True)), row[-1]) for row in rows]

    @property
    def counted(self) -> list[Counted]:
        return [spec for spec in self.filter_specs if isinstance(spec, Counted)]

    def counts(self, spec: Counted) -> dict[Any, int]:
        """Return how many there are of each value of a filter, the others as they are chosen."""
        others = [one for one in self.counted if one is not spec]
        counts: dict[Any, int] = {}
        for values, number in self._fitting(others):
            value = values[spec.column]
            counts[value] = counts.get(value, 0) + number
        return counts

    def total(self) -> int:
        return sum(number for _values, number in self._fitting(self.counted))

    def _fitting(self, specs: Sequence[Counted]) -> list[tuple[dict[str, Any], int]]:
        chosen = {spec.column: values for spec in specs if (values := spec.chosen()) is not None}
        return [
            (values, number)
            for values, number in self.groups
            if all(values[column] in wanted for column, wanted in chosen.items())
        ]


# --- Searching ------------------------------------------------------------------------------------
def searched_for(request: HttpRequest, term: str) -> finding.Search | None:
    """Return what a term means, found out once in a request.

    The list asks several times: for its rows, and for the numbers at its filters.
    """
    known = request.__dict__.setdefault("_organisation_searches", {})
    if term not in known:
        known[term] = finding.look_for(term)
    return known[term]


def search(
    request: HttpRequest, queryset: QuerySet[Organisation], term: str
) -> tuple[QuerySet[Organisation], bool]:
    """Find organisations, with how well each matches."""
    found = searched_for(request, term)
    return (found.ranked(queryset) if found else queryset), False


# --- Doing the same to many -----------------------------------------------------------------------
class DecideMany(BulkAction):
    """A decision that needs no text of its own, about many organisations."""

    def __init__(
        self,
        decision: Decision,
        *,
        explanation: Any,
        form_class: type[forms.Form] | None = ReasonForm,
        danger: bool = False,
    ) -> None:
        self.decision = decision
        self.form_class = form_class  # type: ignore[misc]
        self.name = decision.value
        self.label = decision.label
        self.explanation = explanation
        self.danger = danger  # type: ignore[misc]

    def is_allowed(self, request: HttpRequest) -> bool:
        return decisions.may_decide(request.user)

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        active = Representative.objects.filter(user__is_active=True).select_related("user")
        return queryset.prefetch_related(
            Prefetch("representatives", queryset=active, to_attr="readers")
        )

    def outcomes(self, request: HttpRequest, rows: Sequence[Any]) -> list[Outcome]:
        return [self._outcome(row) for row in rows]

    def _outcome(self, row: Any) -> Outcome:
        state = row.get_state_display()
        if self.decision not in decisions.possible(row):
            return Outcome(refused=_("hat den Stand „%(state)s“") % {"state": state})
        target = State(decisions.STEPS[self.decision].target).label
        return Outcome(
            text=_("%(old)s → %(new)s") % {"old": state, "new": target},
            mails=[one.user.email for one in row.readers],
        )

    def apply(self, request: HttpRequest, row: Any, **answers: Any) -> bool:
        return SERVICES[self.decision](organisation=row, by=request.user, **answers)


DECISIONS = (
    DecideMany(
        Decision.ADMIT,
        explanation=gettext_lazy(
            "Aufgenommene Organisationen sind sofort öffentlich. Ihre Vertretungen bekommen die "
            "übliche E-Mail in ihrer Sprache."
        ),
        form_class=None,
    ),
    DecideMany(
        Decision.PAUSE,
        explanation=gettext_lazy("Pausierte Organisationen sieht die Öffentlichkeit nicht mehr."),
    ),
    DecideMany(
        Decision.RESUME,
        explanation=gettext_lazy("Wieder aktivierte Organisationen sind sofort öffentlich."),
    ),
    DecideMany(
        Decision.ARCHIVE,
        explanation=gettext_lazy(
            "Archivierte Organisationen sieht die Öffentlichkeit nicht mehr. Gelöscht wird nichts."
        ),
        danger=True,
    ),
)
