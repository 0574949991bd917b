"""Organisations that are listed twice: the pairs to look at, merging two, and undoing it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import history, office
from core.errors import Conflict, Refused
from core.fields import is_key
from core.office import OfficeModelAdmin
from core.resume import forget, recall
from organisations import review
from organisations.comparison import Comparison
from organisations.models import DuplicatePair, Merge, Organisation
from organisations.services import merging, pairs, unmerging

State = Organisation.State
CHANGES_SHOWN = 10
FOUND_SHOWN = 10
# From which per cent on a pair is called so, the first that fits.
LIKELIHOODS = (
    (95, gettext_lazy("fast sicher"), "warn"),
    (85, gettext_lazy("sehr wahrscheinlich"), "neutral"),
    (0, gettext_lazy("möglich"), "neutral"),
)


def compare_url(one: Organisation, other: Organisation) -> str:
    """Return the path of the page on which two organisations are merged."""
    return reverse("admin:organisations_merge_compare", args=[one.pk, other.pk])


def shown(pair: DuplicatePair) -> dict[str, Any]:
    """Return a pair as the pages show it."""
    label, tone = next((label, tone) for least, label, tone in LIKELIHOODS if pair.score >= least)
    return {
        "pair": pair,
        "entries": [pair.first, pair.second],
        "likelihood": label,
        "tone": tone,
        "reasons": review.reasons_in_words(pair.reasons),
        "url": compare_url(pair.first, pair.second),
    }


class OwnPages(OfficeModelAdmin):
    """Rows that no form adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, f"admin/organisations/{template}.html", frame | context)


@admin.register(DuplicatePair)
class DuplicatePairAdmin(OwnPages):
    """The likely pairs, the likeliest first."""

    list_display = ("first", "second", "score", "in_common", "parted_at", "parted_by")
    list_select_related = ("first", "second", "parted_by")
    search_fields = ("first__name", "second__name")

    @admin.display(description=gettext_lazy("Gründe"))
    def in_common(self, pair: DuplicatePair) -> str:
        return review.reasons_in_words(pair.reasons)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._decide(request)
        parted = "verschieden" in request.GET
        rows = self._rows(parted=parted)
        paginator = Paginator(rows, self.list_per_page)
        page = paginator.get_page(request.GET.get("seite"))
        waiting = DuplicatePair.objects.waiting().count() if parted else paginator.count
        return self.page(
            request,
            "duplicatepair/change_list",
            _("Vielleicht doppelt"),
            {
                "page_obj": page,
                "rows": [shown(pair) for pair in page.object_list],
                "parted": parted,
                "waiting_number": waiting,
                "parted_number": paginator.count if parted else self._rows(parted=True).count(),
                "search": pairs.last_search(),
                "may_merge": pairs.may_merge(request.user),
            },
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A pair is looked at where it is merged."""
        pair = self.get_object(request, unquote(object_id))
        if pair is None:
            raise Http404
        if not self.has_view_or_change_permission(request, pair):
            raise PermissionDenied
        return redirect(compare_url(pair.first, pair.second))

    @staticmethod
    def _rows(*, parted: bool) -> QuerySet[DuplicatePair]:
        if parted:
            rows = DuplicatePair.objects.present().exclude(parted_at=None)
            rows = rows.order_by("-parted_at", "pk").select_related("parted_by")
        else:
            rows = DuplicatePair.objects.waiting()
        return rows.select_related("first__municipality", "second__municipality").defer(
            "first__municipality__outline", "second__municipality__outline"
        )

    def _decide(self, request: HttpRequest) -> HttpResponse:
        if not pairs.may_merge(request.user):
            raise PermissionDenied
        action = request.POST.get("action")
        if action == "search":
            pairs.search(by=request.user)
            messages.info(request, _("Die Suche läuft. Sie dauert meist weniger als eine Minute."))
            return redirect("admin:organisations_duplicatepair_changelist")
        key = request.POST.get("pair", "")
        if action not in {"part", "unpart"} or not is_key(DuplicatePair, key):
            raise Http404
        pair = get_object_or_404(DuplicatePair.objects.select_related("first", "second"), pk=key)
        words = {"one": pair.first.name, "other": pair.second.name}
        if action == "part":
            pairs.part(first=pair.first, second=pair.second, by=request.user)
            text = _("Gemerkt: „%(one)s“ und „%(other)s“ sind nicht dieselbe Organisation.")
        else:
            pairs.unpart(pair=pair, by=request.user)
            text = _("„%(one)s“ und „%(other)s“ stehen wieder in der Liste.")
        messages.success(request, text % words)
        # To the same page of the same list.
        return redirect(request.get_full_path())


@admin.register(Merge)
class MergeAdmin(OwnPages):
    """What was merged in the last 30 days, and the pages on which it is done and undone."""

    list_display = ("gone", "kept", "merged_at", "merged_by", "undone_at", "undone_by")
    list_select_related = ("gone", "kept", "merged_by", "undone_by")
    search_fields = ("gone__name", "kept__name")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "auswaehlen/<int:pk>/",
                self.admin_site.admin_view(self.choose),
                name="organisations_merge_choose",
            ),
            path(
                "zusammenfuehren/<int:one>/<int:other>/",
                self.admin_site.admin_view(self.compare),
                name="organisations_merge_compare",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        rows = Merge.objects.select_related("kept", "gone", "merged_by", "undone_by").defer("steps")
        page = Paginator(rows, self.list_per_page).get_page(request.GET.get("seite"))
        return self.page(
            request,
            "merge/change_list",
            _("Zusammenführungen"),
            {"page_obj": page, "may_merge": pairs.may_merge(request.user)},
        )

    # --- Choosing
    def choose(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Find the other entry: among the likely ones, or by its name."""
        organisation = self._organisations(request, pk)[0]
        query = request.GET.get("q", "")[:200]
        found: list[Organisation] = []
        if query.strip():
            searched = self.admin_site.get_model_admin(Organisation)
            others = Organisation.objects.visible_to(request.user)
            others = others.exclude(state=State.ARCHIVED).exclude(pk=pk)
            rows, _may_repeat = searched.get_search_results(request, others, query)
            found = list(rows.select_related("municipality")[:FOUND_SHOWN])
        return self.page(
            request,
            "merge/choose",
            _("Zusammenführen: %(name)s") % {"name": organisation.name},
            {
                "organisation": organisation,
                "query": query,
                "searched": bool(query.strip()),
                "found": [(one, compare_url(organisation, one)) for one in found],
                "likely": review.likely_duplicates(organisation),
            },
        )

    # --- Merging
    def compare(self, request: HttpRequest, one: int, other: int) -> HttpResponse:
        """Show two entries side by side, then what merging them does; do it once confirmed."""
        rows = self._organisations(request, one, other)
        if reason := self._impossible(*rows):
            messages.error(request, reason)
            return redirect("admin:organisations_duplicatepair_changelist")
        data: Any = request.POST if request.method == "POST" else recall(request)
        comparison = Comparison.of(*rows, data)
        if request.method != "POST":
            return self._comparison(request, comparison)
        forget(request)
        action = request.POST.get("action")
        if action == "part":
            return self._part(request, comparison)
        if action not in {"preview", "merge"}:
            return self._comparison(request, comparison)
        arguments: dict[str, Any] = {
            "kept": comparison.kept,
            "gone": comparison.gone,
            "choices": comparison.choices(),
            "seen_versions": comparison.seen_versions(),
            "by": request.user,
        }
        try:
            if action == "preview":
                return self._preview(request, comparison, merging.preview(**arguments))
            done = merging.merge(**arguments)
        except Refused as refused:
            return self._comparison(request, comparison, error=str(refused))
        except Conflict:
            changes = self._changes(comparison)
            comparison = Comparison.of(*self._organisations(request, one, other), data)
            return self._comparison(request, comparison, changes=changes)
        text = _("Zusammengeführt. 30 Tage lang können Sie es rückgängig machen.")
        messages.success(request, text)
        return redirect("admin:organisations_merge_change", done.pk)

    def _organisations(self, request: HttpRequest, *keys: int) -> list[Organisation]:
        """Return organisations by key, for somebody who may merge them; for others they are not.

        :raises Http404: if one is not there.
        """
        if not pairs.may_merge(request.user):
            raise PermissionDenied
        visible = Organisation.objects.visible_to(request.user)
        visible = visible.select_related("municipality", "merged_into")
        known = [key for key in keys if is_key(Organisation, str(key))]
        rows = visible.defer("municipality__outline").in_bulk(known)
        if set(rows) != set(keys):
            raise Http404
        return [rows[key] for key in keys]

    @staticmethod
    def _impossible(one: Organisation, other: Organisation) -> str:
        """Return why two entries cannot be merged whichever stays, "" if they can."""
        reasons = [merging.refusal(one, other), merging.refusal(other, one)]
        return reasons[0] if all(reasons) else ""

    def _part(self, request: HttpRequest, comparison: Comparison) -> HttpResponse:
        one, other = comparison.entries
        pairs.part(first=one, second=other, by=request.user)
        text = _("Gemerkt: „%(one)s“ und „%(other)s“ sind nicht dieselbe Organisation.")
        messages.success(request, text % {"one": one.name, "other": other.name})
        return redirect("admin:organisations_duplicatepair_changelist")

    def _comparison(
        self,
        request: HttpRequest,
        comparison: Comparison,
        *,
        error: str = "",
        changes: list[dict[str, Any]] | None = None,
    ) -> HttpResponse:
        one, other = comparison.entries
        entries = [
            {
                "number": number,
                "row": row,
                "address": review.address_in_words(row),
                "contacts": row.contacts.count(),
                "representatives": row.representatives.count(),
                "is_kept": row is comparison.kept,
                "refused": merging.refusal(row, twin),
            }
            for number, (row, twin) in enumerate([(one, other), (other, one)], 1)
        ]
        return self.page(
            request,
            "merge/compare",
            _("Zwei Einträge zusammenführen"),
            {
                "comparison": comparison,
                "entries": entries,
                "error": error,
                "changes": changes or [],
            },
        )

    @staticmethod
    def _changes(comparison: Comparison) -> list[dict[str, Any]]:
        """Return what has happened to the entries since they were shown, from their history."""
        found = []
        for number, row in enumerate(comparison.entries, 1):
            seen = comparison.seen_versions()[row.pk]
            records = history.records(Organisation, row.pk)
            newer = list(records.filter(version__gt=seen)[:CHANGES_SHOWN])
            if newer:
                older = records.filter(history_id__lt=newer[-1].history_id).first()
                entries = history.entries(newer, older=older)
                found.append({"number": number, "row": row, "entries": entries})
        return found

    def _preview(
        self, request: HttpRequest, comparison: Comparison, preview: merging.Preview
    ) -> HttpResponse:
        return self.page(
            request,
            "merge/preview",
            _("Stimmt das so?"),
            {"comparison": comparison, "preview": preview, "changes": comparison.changes()},
        )

    # --- Undoing
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what a merge did, and take it back once confirmed."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        if request.method == "POST":
            try:
                accepted = request.POST.getlist("accepted")
                unmerging.undo(merge=row, by=request.user, accepted=accepted)
            except Refused as refused:
                messages.error(request, str(refused))
            except Conflict:
                text = _("Inzwischen hat sich etwas geändert. Bitte lesen Sie noch einmal.")
                messages.warning(request, text)
            else:
                text = _("Rückgängig gemacht: „%(gone)s“ und „%(kept)s“ sind wieder zwei Einträge.")
                words = {"gone": row.gone.name, "kept": row.kept.name}
                messages.success(request, text % words)
            return redirect("admin:organisations_merge_change", row.pk)
        problems: list[unmerging.Problem] = []
        refused_because = ""
        may_undo = pairs.may_merge(request.user) and row.can_be_undone()
        if may_undo:
            try:
                problems = unmerging.problems_of_undoing(row, by=request.user)
            except Refused as refused:
                may_undo, refused_because = False, str(refused)
        return self.page(
            request,
            "merge/change_form",
            _("Zusammengeführt: %(name)s") % {"name": row.kept.name},
            {
                "merge": row,
                "moved": merging.moved(row),
                "may_undo": may_undo,
                "refused": refused_because,
                "problems": problems,
            },
        )


# --- Elsewhere ------------------------------------------------------------------------------------
class MergeTwo(office.BulkAction):
    """Leads two rows of the list of organisations to the page that compares them."""

    name = "merge_two"
    label = gettext_lazy("Zwei Einträge zusammenführen")

    def is_allowed(self, request: HttpRequest) -> bool:
        return pairs.may_merge(request.user)

    def answer(self, request: HttpRequest, rows: Any) -> HttpResponse | None:
        if len(rows) != 2:
            messages.warning(request, _("Bitte wählen Sie genau zwei Einträge aus."))
            return redirect(request.get_full_path())
        return redirect(compare_url(*rows))


office.add_bulk_action(Organisation, MergeTwo(), order=60)


@office.list_link(Organisation, 40)
def duplicates_link(request: HttpRequest) -> office.Link | None:
    """Lead from the list of organisations to the pairs."""
    if not request.user.has_perm("organisations.view_duplicatepair"):
        return None
    return office.Link(
        _("Vielleicht doppelt"), reverse("admin:organisations_duplicatepair_changelist")
    )


@office.change_link(Organisation, 60)
def merge_link(request: HttpRequest, row: Organisation) -> office.Link | None:
    """Lead from an organisation to the search for its double."""
    if not pairs.may_merge(request.user) or row.state == State.ARCHIVED:
        return None
    return office.Link(
        _("Mit einem anderen Eintrag zusammenführen"),
        reverse("admin:organisations_merge_choose", args=[row.pk]),
    )


@office.change_box(Organisation, 60)
def duplicates_box(request: HttpRequest, row: Organisation) -> office.Box | None:
    """Show what an organisation may be the double of, and what it was merged with."""
    if not pairs.may_merge(request.user):
        return None
    match = request.resolver_match
    # The page on which she decides shows the likely duplicates on top.
    on_top = match is not None and match.url_name == "organisations_organisation_review"
    alive = row.state != State.ARCHIVED and not on_top
    likely = review.likely_duplicates(row) if alive else []
    merges = Merge.objects.filter(undone_at=None).defer("steps")
    merges = (merges.filter(kept=row) | merges.filter(gone=row)).select_related("kept", "gone")
    merged_from = list(Organisation.objects.filter(merged_into=row).order_by("pk"))
    context = {
        "organisation": row,
        "likely": likely,
        "merges": list(merges),
        "merged_from": merged_from,
        "merged_into": row.merged_into,
    }
    if not (likely or merged_from or row.merged_into_id):
        return None
    return office.Box(
        _("Doppelte Einträge"),
        "admin/organisations/organisation/duplicates_box.html",
        context,
        anchor="doppelt",
    )


@office.waits(56)
def waiting_duplicates(request: HttpRequest) -> office.Waiting | None:
    """Pairs that look like one organisation."""
    if not pairs.may_merge(request.user):
        return None
    waiting = DuplicatePair.objects.waiting()
    rows = waiting.select_related("first", "second")[: office.SHOWN]
    return office.Waiting(
        title=_("Vielleicht doppelt"),
        total=waiting.count(),
        items=[
            office.Item(
                f"{pair.first.name} – {pair.second.name}",
                compare_url(pair.first, pair.second),
                hint=review.reasons_in_words(pair.reasons),
            )
            for pair in rows
        ],
        url=reverse("admin:organisations_duplicatepair_changelist"),
    )
