"""Bringing in a list: upload, mapping, preview with decisions, taking over, undoing."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import office, spreadsheets
from core.errors import Refused
from core.fields import is_key
from core.office import Item, OfficeModelAdmin, Waiting
from core.resume import forget, recall
from organisations import columns
from organisations.forms.imports import MappingForm, UploadForm
from organisations.models import ImportResult, ImportRow, ImportRun, Organisation
from organisations.services.imports import (
    applying,
    checking,
    deciding,
    ending,
    mapping,
    telling,
    undoing,
)

State, Outcome, Decision = ImportRun.State, ImportRow.Outcome, ImportRow.Decision
PER_PAGE = 25
ROW = "zeile-"


def run_url(run: ImportRun) -> str:
    """Return the path of a run's page, which shows what is to be done about it now."""
    return reverse("admin:organisations_importrun_change", args=[run.pk])


@office.waits(55)
def waiting_imports(request: HttpRequest) -> Waiting | None:
    """Files that were begun and neither taken over nor thrown away."""
    if not request.user.has_perm("organisations.change_importrun"):
        return None
    waiting = ImportRun.objects.filter(state__in=[State.NEW, State.CHECKED])
    return Waiting(
        title=_("Importe, die nicht fertig sind"),
        total=waiting.count(),
        items=[
            Item(one.file_name, run_url(one), one.created_at, one.get_state_display())
            for one in waiting.order_by("created_at")[: office.SHOWN]
        ],
        url=reverse("admin:organisations_importrun_changelist"),
    )


@office.list_link(Organisation, 20)
def import_link(request: HttpRequest) -> office.Link | None:
    if not request.user.has_perm("organisations.add_importrun"):
        return None
    url = reverse("admin:organisations_importrun_add")
    return office.Link(_("Liste importieren"), url)


@admin.register(ImportRun)
class ImportRunAdmin(OfficeModelAdmin):
    """One page for each state of a run; what is done there is said by the button's `action`."""

    list_display = ("file_name", "state", "rows_told", "created_at", "by")
    list_filter = ("state",)
    list_select_related = ("by",)
    search_fields = ("file_name",)

    # --- Rights
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was not taken over can be thrown away; what was stays, with its numbers."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRun]:
        return super().get_queryset(request).select_related("task", "default_municipality")

    @admin.display(description=gettext_lazy("Zeilen"))
    def rows_told(self, run: ImportRun) -> int:
        return run.counts.get("rows", 0)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "organisations_importrun"
        return [
            path("vorlage.xlsx", view(self.template_file), name=f"{name}_template"),
            path("<int:pk>/fehler.xlsx", view(self.faulty_file), name=f"{name}_faulty"),
            *super().get_urls(),
        ]

    # --- Files
    def template_file(self, request: HttpRequest) -> HttpResponseBase:
        """Give out an empty table with the portal's own columns."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        headings, _rows = columns.export(Organisation.objects.none(), people=True)
        return spreadsheets.xlsx_response(_("Vorlage"), headings, [])

    def faulty_file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Give out the rows that could not come in, with the reasons, to be mended."""
        run = self._run(request, str(pk))
        headings, rows = ending.faulty(run)
        return spreadsheets.xlsx_response(_("Fehlerhafte Zeilen"), headings, rows)

    # --- Upload
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        # After a log-in in between only the file is missing, and `recall` says so.
        recall(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST":
            form = UploadForm(request.POST, request.FILES)
            forget(request)
            if form.is_valid():
                try:
                    run = mapping.begin(
                        sheet=form.sheet,
                        file_name=form.cleaned_data["file"].name,
                        by=request.user,
                        creation_key=form.cleaned_data["creation_key"],
                    )
                except Refused as refused:
                    form.add_error("file", str(refused))
                else:
                    self.log_addition(request, run, [{"added": {}}])
                    return redirect(run_url(run))
        context = {"title": _("Liste importieren"), "form": form}
        return self._page(request, "upload", context)

    # --- One run
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        run = self._run(request, object_id)
        if request.method == "POST":
            if not self.has_change_permission(request, run):
                raise PermissionDenied
            return self._act(request, run)
        if run.is_busy:
            return self._page(request, "progress", {"title": run.file_name, "run": run})
        if run.state == State.NEW or (run.is_open and "zuordnung" in request.GET):
            return self._mapping_page(request, run, recall(request))
        if run.state == State.CHECKED:
            return self._preview_page(request, run)
        return self._result_page(request, run)

    def _run(self, request: HttpRequest, key: str) -> ImportRun:
        run = self.get_object(request, key) if is_key(ImportRun, key) else None
        if run is None or not self.has_view_or_change_permission(request, run):
            raise Http404
        return run

    def _act(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        actions: dict[str, Callable[[HttpRequest, ImportRun], HttpResponse]] = {
            "map": self._map,
            "no_headings": self._no_headings,
            "decide": self._decide,
            "decide_all": self._decide_all,
            "apply": self._apply,
            "undo": self._undo,
            "discard": self._discard,
            "stop": self._stop,
        }
        name = request.POST.get("action", "")
        if name not in actions:
            text = _("Diese Auswahl gibt es nicht. Es ist nichts gespeichert.")
            self.message_user(request, text, messages.ERROR)
            return redirect(run_url(run))
        try:
            return actions[name](request, run)
        except Refused as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return redirect(self._here(request, run))

    @staticmethod
    def _here(request: HttpRequest, run: ImportRun) -> str:
        """Return the part of the preview somebody was at."""
        query = request.GET.copy()
        query.pop("zuordnung", None)
        return f"{run_url(run)}?{query.urlencode()}" if query else run_url(run)

    # --- Mapping
    def _map(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        forget(request)
        if run.is_busy or not run.is_open:
            raise Refused(_("Dieser Import lässt sich nicht mehr ändern."))
        form = MappingForm(request.POST, run=run, guess=self._guess(request, run))
        if form.is_valid():
            try:
                form.save()
                checking.start_check(run=run, by=request.user)
            except mapping.WrongMapping:
                pass  # said at the columns
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                self.log_change(request, run, _("Spalten zugeordnet"))
                return redirect(run_url(run))
        return self._mapping_page(request, run, form=form)

    def _no_headings(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        if mapping.without_headings(run=run):
            text = _("Die erste Zeile zählt jetzt als Organisation.")
            self.message_user(request, text, messages.SUCCESS)
        return redirect(run_url(run))

    def _guess(self, request: HttpRequest, run: ImportRun) -> mapping.Guess:
        asked = request.GET.get("vorlage", "")
        if asked in ImportRun.Preset.values:
            return mapping.guess(run, asked)
        if run.mapping:
            kept = {int(index): key for index, key in run.mapping.items()}
            return mapping.Guess(run.preset, kept)
        return mapping.guess(run)

    def _mapping_page(
        self,
        request: HttpRequest,
        run: ImportRun,
        data: Any = None,
        form: MappingForm | None = None,
    ) -> HttpResponse:
        guess = self._guess(request, run)
        context = {
            "title": _("Spalten zuordnen: %(file)s") % {"file": run.file_name},
            "run": run,
            "guess": guess,
            "preset": ImportRun.Preset(guess.preset).label,
            "presets": [(value, label) for value, label in ImportRun.Preset.choices],
            "form": form or MappingForm(data, run=run, guess=guess),
        }
        return self._page(request, "mapping", context)

    # --- Preview
    def _preview_page(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        wanted = request.GET.get("ergebnis", "")
        rows = run.rows.order_by("number")
        if wanted in Outcome.values:
            rows = rows.filter(outcome=wanted)
        elif wanted == "offen":
            rows = rows.filter(decision=Decision.OPEN)
        else:
            wanted = ""
        paginator = Paginator(rows, PER_PAGE)
        page = paginator.get_page(request.GET.get("seite"))
        plan = deciding.plan(run)
        context = {
            "title": _("Prüfen und entscheiden: %(file)s") % {"file": run.file_name},
            "run": run,
            "page_obj": page,
            "rows": telling.rows(run, page.object_list),
            "tabs": self._tabs(run, wanted, plan),
            "wanted": wanted,
            "for_all": self._for_all(wanted) if page.object_list else [],
            "plan": plan,
            "takes_something": plan["create"] or plan["update"],
            "not_taken": telling.not_taken(run),
            "row_prefix": ROW,
        }
        return self._page(request, "preview", context)

    @staticmethod
    def _tabs(run: ImportRun, wanted: str, plan: dict[str, int]) -> list[dict[str, Any]]:
        tabs = [("", _("alle"), run.counts.get("rows", 0))]
        tabs += [(one.value, str(one.label), run.counts.get(one.value, 0)) for one in Outcome]
        tabs.append(("offen", _("noch offen"), plan["open"]))
        return [
            {
                "url": f"?ergebnis={value}" if value else "?",
                "label": label,
                "number": number,
                "current": value == wanted,
            }
            for value, label, number in tabs
            if number or value in {"", wanted}
        ]

    @staticmethod
    def _for_all(outcome: str) -> list[tuple[str, str]]:
        words = {
            Decision.CREATE: _("Alle neu anlegen"),
            Decision.UPDATE: _("Bei allen die ähnlichste ändern")
            if outcome == Outcome.DUPLICATE
            else _("Alle ändern"),
            Decision.SKIP: _("Alle auslassen"),
        }
        return [
            (decision, words[Decision(decision)])
            for decision in deciding.POSSIBLE_FOR_ALL.get(outcome, ())
        ]

    def _decide(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        choices = {
            int(name.removeprefix(ROW)): value
            for name, value in request.POST.items()
            if name.startswith(ROW) and is_key(ImportRow, name.removeprefix(ROW))
        }
        deciding.decide(run=run, choices=choices)
        if request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse(status=204)
        self.message_user(request, _("Ihre Entscheidungen sind gespeichert."), messages.SUCCESS)
        query = request.GET.copy()
        following = request.POST.get("seite", "")
        if following.isdecimal() and len(following) < 6:
            query["seite"] = following
        return redirect(f"{run_url(run)}?{query.urlencode()}")

    def _decide_all(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        outcome = request.GET.get("ergebnis", "")
        number = deciding.decide_all(
            run=run, outcome=outcome, decision=request.POST.get("decision", "")
        )
        text = ngettext(
            "Über %(number)s Zeile ist entschieden.", "Über %(number)s Zeilen ist entschieden.",
            number,
        )  # fmt: skip
        self.message_user(request, text % {"number": number}, messages.SUCCESS)
        return redirect(self._here(request, run))

    # --- The whole
    def _apply(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        applying.start_apply(run=run, by=request.user)
        self.log_change(request, run, _("Import übernommen"))
        return redirect(run_url(run))

    def _undo(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        undoing.start_undo(run=run, by=request.user)
        self.log_change(request, run, _("Import zurückgenommen"))
        return redirect(run_url(run))

    def _discard(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        if ending.discard(run=run, by=request.user):
            self.log_change(request, run, _("Import verworfen"))
            text = _("„%(file)s“ ist verworfen. An den Organisationen hat sich nichts geändert.")
            self.message_user(request, text % {"file": run.file_name}, messages.SUCCESS)
        return redirect("admin:organisations_importrun_changelist")

    def _stop(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        if checking.stop(run=run):
            self.message_user(request, _("Angehalten. Es hat sich nichts geändert."))
        return redirect(run_url(run))

    def _result_page(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        results = ImportResult.objects.filter(run=run).select_related("organisation")
        if run.state == State.UNDONE:
            results = results.exclude(kept=[])
        page = Paginator(results.order_by("row"), PER_PAGE).get_page(request.GET.get("seite"))
        context = {
            "title": run.file_name,
            "run": run,
            "page_obj": page,
            "results": telling.results(run, page.object_list),
            "skipped": max(
                run.counts.get("rows", 0)
                - run.counts.get("created", 0)
                - run.counts.get("updated", 0),
                0,
            ),
            "may_undo": run.state == State.APPLIED and not run.rows_deleted_at,
            "has_faulty": run.counts.get(Outcome.FAULTY, 0) and not run.rows_deleted_at,
        }
        return self._page(request, "result", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/organisations/importrun/{name}.html",
            {**self.admin_site.each_context(request), "opts": self.opts, **context},
        )
