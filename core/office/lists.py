"""The lists of the back office: searched, counted, kept as views, given out, worked on in bulk.

Beyond Django's:
- the search folds accents and umlauts and puts the best match first (`search_results`);
- a page's rows are fetched by their keys, so that the last page of a long list is as quick as the
  first (`OfficeChangeList`);
- everything that is done to many rows is shown first (`core.office.bulk`);
- what is shown can be had as a table, with the same filters, search, order and columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import EmptyPage, Paginator
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core import folding
from core.office import parts
from core.office.bulk import BulkAction, BulkAdmin

# The order of a search, where nobody has chosen another.
RANK = "search_rank"
# Up to so many rows a list is searched with folded accents, in memory; above by the database.
FOLDED_ROWS = 2000
# What is longer is cut, not refused.
SEARCH_LENGTH = 200


@dataclass(frozen=True)
class Export:
    """A table that can be taken from a list.

    :ivar name: stands in the address.
    :ivar label: what is in it, such as "wie angezeigt".
    """

    name: str
    label: str


@dataclass(frozen=True)
class PageNumber:
    """Which page of a list this is, as `ui.pagination` asks for it."""

    number: int
    paginator: Paginator


class KeysFirst(Paginator):
    """Finds the keys of a page's rows first, mostly in an index alone, and then only these rows."""

    def __init__(self, queryset: QuerySet[Any], per_page: int, *, total: int | None = None) -> None:
        super().__init__(queryset, per_page)
        if total is not None:
            self.__dict__["count"] = total  # cached_property

    def rows(self, number: int) -> list[Any]:
        """Return the rows of a page in order; the last page's if there are fewer pages."""
        try:
            number = self.validate_number(number)
        except EmptyPage:
            number = 1 if number < 1 else self.num_pages
        begin = (number - 1) * self.per_page
        queryset: Any = self.object_list
        keys = list(queryset.values_list("pk", flat=True)[begin : begin + self.per_page])
        found = queryset.model._default_manager.none()
        found = queryset.filter(pk__in=keys).order_by()
        by_key = {row.pk: row for row in found}
        return [by_key[key] for key in keys if key in by_key]


class OfficeChangeList(ChangeList):
    """Django's list with the best match first and quick last pages."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        queryset = super().get_queryset(request, exclude_parameters)
        if RANK in queryset.query.annotations and not self.params.get(ORDER_VAR):
            return queryset.order_by(RANK, *queryset.query.order_by)
        return queryset

    def total(self) -> int | None:
        """Return the number of rows if it is known already."""
        return None

    def get_results(self, request: HttpRequest) -> None:
        paginator = KeysFirst(self.queryset, self.list_per_page, total=self.total())
        self.paginator = paginator
        self.result_count = paginator.count
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = self.result_count > 0
        self.can_show_all = False
        self.multi_page = self.result_count > self.list_per_page
        # A page that is not there any more leads to the last one, not to an error.
        self.page_num = min(max(self.page_num, 1), paginator.num_pages)
        self.result_list = paginator.rows(self.page_num)
        self.page = PageNumber(self.page_num, paginator)


class ListAdmin(BulkAdmin):
    """The list of an admin page; `OfficeModelAdmin` has it.

    :cvar export_columns: what "wie angezeigt" gives out, as names like in `list_display`; if not
        given, what the list shows.
    """

    export_columns: Sequence[str] = ()

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return OfficeChangeList

    # --- Searching
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find every word however its accents and umlauts were typed, the best match first."""
        fields = self.get_search_fields(request)
        words = folding.words(search_term[:SEARCH_LENGTH])
        if not fields or not words:
            return queryset, False
        rows = self.model._default_manager.order_by().values_list("pk", *fields)[: FOLDED_ROWS + 1]
        texts = list(rows)
        if len(texts) > FOLDED_ROWS:
            return super().get_search_results(request, queryset, search_term)
        ranks: dict[int, list[Any]] = {}
        for pk, *values in texts:
            name, *others = (folding.fold(str(value or "")) for value in values)
            rank = likeness(words, name, " ".join(others))
            if rank is not None:
                ranks.setdefault(rank, []).append(pk)
        return ranked(queryset, ranks), False

    # --- What stands above the list
    def list_links(self, request: HttpRequest) -> list[parts.Link]:
        """Return the buttons above the list: the admin's own and those of other apps."""
        return parts.list_links(self.model, request)

    # --- The page
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and (action := self._chosen_action(request)):
            if not self.has_view_or_change_permission(request):
                raise PermissionDenied
            try:
                changelist = self.get_changelist_instance(request)
            except IncorrectLookupParameters:
                return redirect(request.path)
            return self.bulk_view(request, action, changelist.queryset)
        context = {"list_links": self.list_links(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    def _chosen_action(self, request: HttpRequest) -> BulkAction | None:
        return self.get_bulk_actions(request).get(request.POST.get("action", ""))


def likeness(words: Sequence[str], name: str, text: str) -> int | None:
    """Return how well a row fits what is looked for, 0 best, None not at all.

    The whole phrase at the beginning of the name, in it, all words in the name, in the name and
    the rest, and at last inside of words.

    :param words: what is looked for, folded.
    :param name: folded.
    :param text: what else is searched, folded.
    """
    phrase = " " + " ".join(words)
    name, text = f" {name}", f" {name} {text}"
    if not all(word in text for word in words):
        return None
    if phrase in name:
        return 0 if name.startswith(phrase) else 1
    if all(f" {word}" in name for word in words):
        return 2
    return 3 if all(f" {word}" in text for word in words) else 4


def ranked(queryset: QuerySet[Any], ranks: dict[int, list[Any]]) -> QuerySet[Any]:
    """Return the rows that were found, with how well each matches (0 is best) as `RANK`.

    :param ranks: keys by rank.
    """
    tiers = [When(pk__in=keys, then=Value(rank)) for rank, keys in sorted(ranks.items())]
    found = queryset.filter(pk__in=[key for keys in ranks.values() for key in keys])
    return found.annotate(
        **{RANK: Case(*tiers, default=Value(len(ranks)), output_field=IntegerField())}
    )
