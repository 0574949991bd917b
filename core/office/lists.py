"""The lists of the back office: searched, counted, kept as views, given out, worked on in bulk.

Beyond Django's:
- the search folds accents and umlauts and puts the best match first (`search_results`);
- a page's rows are fetched by their keys, so that the last page of a long list is as quick as the
  first (`OfficeChangeList`);
- everything that is done to many rows is shown first (`core.office.bulk`);
- what is shown can be had as a table, with the same filters, search, order and columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import exports, folding, spreadsheets
from core.office import parts
from core.office.bulk import BulkAction, BulkAdmin
from core.office.views import ViewsAdmin

AS_SHOWN, EVERYTHING = "angezeigt", "alles"
ENDINGS = {"xlsx": "Excel", "csv": "CSV"}

# The order of a search, where nobody has chosen another.
RANK = "search_rank"
# Up to so many rows a list is searched with folded accents, in memory; above by the database.
FOLDED_ROWS = 2000
# What is longer is cut, not refused.
SEARCH_LENGTH = 200


@dataclass(frozen=True)
class PageNumber:
    """Which page of a list this is, as `ui.pagination` asks for it."""

    number: int
    paginator: Paginator


class QuickPages(Paginator):
    """Finds the keys of a page's rows first, mostly in an index alone, and then only these rows.

    So the last page of a long list costs what the first does, and nothing wide is sorted.
    """

    # So many rows are read at once.
    SHORT = 1000

    def __init__(self, queryset: QuerySet[Any], per_page: int, *, total: int | None = None) -> None:
        super().__init__(queryset, per_page)
        if total is not None:
            self.__dict__["count"] = total  # cached_property

    def rows(self, number: int, every_row: QuerySet[Any]) -> list[Any]:
        """Return the rows of a page in order.

        :param every_row: what the rows are taken from, without the list's filters.
        """
        if not self.count:
            return []
        begin = (number - 1) * self.per_page
        queryset: Any = self.object_list
        if self.count <= self.SHORT:
            return list(queryset[begin : begin + self.per_page])
        keys = list(queryset.values_list("pk", flat=True)[begin : begin + self.per_page])
        by_key = {row.pk: row for row in every_row.filter(pk__in=keys)}
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

    @property
    def without_search(self) -> str:
        """The address of the list with its filters and without its search."""
        return self.get_query_string({SEARCH_VAR: None})

    def get_results(self, request: HttpRequest) -> None:
        paginator = QuickPages(self.queryset, self.list_per_page, total=self.total())
        self.paginator = paginator
        self.result_count = paginator.count
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = self.result_count > 0
        self.can_show_all = False
        self.multi_page = self.result_count > self.list_per_page
        # A page that is not there any more leads to the last one, not to an error.
        self.page_num = min(max(self.page_num, 1), paginator.num_pages)
        every_row = self.apply_select_related(self.root_queryset.order_by())
        if left_out := getattr(self.model_admin, "list_defer", ()):
            every_row = every_row.defer(*left_out)
        self.result_list = paginator.rows(self.page_num, every_row)
        self.page = PageNumber(self.page_num, paginator)


class ListAdmin(BulkAdmin, ViewsAdmin):
    """The list of an admin page; `OfficeModelAdmin` has it.

    :cvar export_columns: what "wie angezeigt" gives out, as names like in `list_display`; if not
        given, what the list shows.
    """

    export_columns: Sequence[str] = ()
    # Long texts that the list does not show, and does not fetch.
    list_defer: Sequence[str] = ()
    show_facets = ShowFacets.ALWAYS

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self.export)
        return [path("ausgabe/<slug:what>.<slug:ending>", view, name=name), *super().get_urls()]

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
        context = {
            "list_links": self.list_links(request),
            "exports": self._exports(request),
            **self.views_context(request),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def _chosen_action(self, request: HttpRequest) -> BulkAction | None:
        return self.get_bulk_actions(request).get(request.POST.get("action", ""))

    # --- Giving it out
    def full_export(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> tuple[Sequence[str], Iterable[Sequence[str]]] | None:
        """Return headings and rows with everything there is; None where the list shows all."""
        return None

    def export(self, request: HttpRequest, what: str, ending: str) -> HttpResponseBase:
        """Give out the list as it is filtered, searched and ordered, on all its pages."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if what not in (AS_SHOWN, EVERYTHING) or ending not in ENDINGS:
            raise Http404
        back = f"{self._list_url()}?{request.GET.urlencode()}"
        try:
            changelist = self.get_changelist_instance(request)
        except (IncorrectLookupParameters, ValueError, OverflowError, DataError):
            return redirect(back)
        queryset = changelist.queryset
        table = self.full_export(request, queryset) if what == EVERYTHING else None
        if what == EVERYTHING and table is None:
            raise Http404
        headings, rows = table or self._as_shown(request, queryset)
        name = str(self.opts.verbose_name_plural)
        answer = spreadsheets.response(ending, name, headings, rows)
        number: int = answer.rows_written  # type: ignore[attr-defined]
        exports.note(by=request.user, model=self.model, number=number, ending=ending, what=what)
        return answer

    def _exports(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the tables that can be had, each with its addresses."""
        offered = [(AS_SHOWN, _("Wie angezeigt"))]
        if type(self).full_export is not ListAdmin.full_export:
            offered.append((EVERYTHING, _("Alle Angaben")))
        kept = request.GET.copy()
        kept.pop(PAGE_VAR, None)
        query = f"?{kept.urlencode()}" if kept else ""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        return [
            {
                "label": label,
                "files": [
                    {"name": ENDINGS[ending], "url": reverse(name, args=[what, ending]) + query}
                    for ending in ENDINGS
                ],
            }
            for what, label in offered
        ]

    def _as_shown(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> tuple[list[str], Iterator[list[str]]]:
        names = self.export_columns or self.get_list_display(request)
        headings = [
            capfirst(str(label_for_field(name, self.model, model_admin=self))) for name in names
        ]
        rows = queryset.iterator(chunk_size=500)
        return headings, ([self._cell(row, name) for name in names] for row in rows)

    def _cell(self, row: Any, name: Any) -> str:
        """Return what a column says of a row, as text."""
        try:
            column, _attribute, value = lookup_field(name, row, self)
        except ObjectDoesNotExist:
            return ""
        if column is not None and column.is_relation:
            value = getattr(row, column.name)
        elif column is not None and getattr(column, "flatchoices", None):
            value = dict(column.flatchoices).get(value, value)
        if value is None:
            return ""
        if isinstance(value, bool):
            return spreadsheets.YES if value else spreadsheets.NO
        if isinstance(value, datetime):
            return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        if isinstance(value, date):
            return date_format(value, "SHORT_DATE_FORMAT")
        if isinstance(value, SafeString):
            return unescape(strip_tags(value)).strip()
        return str(value)


def likeness(words: Sequence[str], name: str, text: str) -> int | None:
    """Return how well a row fits what is looked for, 0 best, None not at all.

    The whole phrase at the beginning of the name, in it, all words in the name, in the name and
    the rest, and at last inside of words.

    :param words: what is looked for, folded.
    :param name: folded.
    :param text: what else is searched, folded.
    """
    phrase = " " + " ".join(words)
    name, text = f" {name} ", f" {name} {text}"
    if not all(word in text for word in words):
        return None
    if name.startswith(phrase):
        return 0
    if f"{phrase} " in name:
        return 1
    if all(f" {word}" in name for word in words):
        return 2
    return 3 if all(f" {word}" in text for word in words) else 4


def ranked(queryset: QuerySet[Any], ranks: Mapping[int, Sequence[Any]]) -> QuerySet[Any]:
    """Return the rows that were found, with how well each matches (0 is best) as `RANK`.

    :param ranks: keys by rank.
    """
    tiers = [When(pk__in=keys, then=Value(rank)) for rank, keys in sorted(ranks.items())]
    found = queryset.filter(pk__in=[key for keys in ranks.values() for key in keys])
    return found.annotate(
        **{RANK: Case(*tiers, default=Value(len(ranks)), output_field=IntegerField())}
    )
