"""What has happened to an action, in one place, and the way back to what was said of it."""

from dataclasses import replace
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from actions.models import (
    ActionDate,
    ActionResult,
    Contribution,
    JointAction,
    Participation,
    may_confirm,
)
from actions.services import restoring
from actions.words import when
from core import history
from core.errors import Conflict, Refused
from core.fields import is_key
from core.office import OfficeModelAdmin
from organisations.admin.history import ShownChange, ShownEntry
from organisations.models import Organisation

ACTION, DATE, PART, NEED, RESULT = "angaben", "termin", "beteiligung", "beitrag", "ergebnis"
# Of no meaning to a person.
UNTOLD = frozenset({"sequence", "lead_offered_at"})


class ActionTrail(history.Trail):
    """Leaves out what only calendars and pages ask for."""

    def __getitem__(self, part: slice) -> list[history.Entry]:
        return [
            replace(entry, changes=[one for one in entry.changes if one.field not in UNTOLD])
            for entry in super().__getitem__(part)
        ]


def of(action: JointAction) -> ActionTrail:
    """Return all that is kept of an action's life, the newest first."""
    return ActionTrail(
        {
            ACTION: JointAction.history.filter(id=action.pk),
            DATE: ActionDate.history.filter(action_id=action.pk),
            PART: Participation.history.filter(action_id=action.pk),
            NEED: Contribution.history.filter(action_id=action.pk),
            RESULT: ActionResult.history.filter(action_id=action.pk),
        }
    )


def history_url(action: JointAction) -> str:
    """Return the path of an action's history."""
    return reverse("admin:actions_jointaction_history", args=[action.pk])


class HistoryPages(OfficeModelAdmin):
    """The part of an action's pages that tells its history and puts things back."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/verlauf/<int:entry>/",
                self.admin_site.admin_view(self.put_back),
                name="actions_jointaction_put_back",
            ),
            *super().get_urls(),
        ]

    # --- Reading ----------------------------------------------------------------------------------
    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed what of an action, its dates and partners, the newest first."""
        action = self.get_object(request, unquote(object_id))
        if action is None:
            raise Http404
        if not self.has_view_or_change_permission(request, action):
            raise PermissionDenied
        paginator = Paginator(of(action), self.history_per_page)  # type: ignore[arg-type]
        page = paginator.get_page(request.GET.get("seite"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Verlauf: %(name)s") % {"name": action},
            "opts": self.opts,
            "action": action,
            "shown": shown(request, action, list(page.object_list)),
            "page_obj": page,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/actions/jointaction/history.html", context)

    # --- Putting back -----------------------------------------------------------------------------
    def put_back(self, request: HttpRequest, pk: int, entry: int) -> HttpResponse:
        """Say exactly what putting back would change, and do it once that is confirmed."""
        if not may_confirm(request.user):
            raise PermissionDenied
        action = get_object_or_404(JointAction.objects.editable_by(request.user), pk=pk)
        if not is_key(JointAction.history.model, entry):
            raise Http404
        row = get_object_or_404(JointAction.history.filter(id=action.pk), history_id=entry)
        name = request.GET.get("feld", "")
        if name and name not in restoring.names():
            raise Http404
        only = [name] if name else restoring.names()
        changed_by = ""
        if request.method == "POST":
            try:
                return self._put_back(request, action, row, only)
            except Refused as refused:
                self.message_user(request, str(refused), "error")
            except Conflict:
                changed_by = _("jemand anderem")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Zurücksetzen"),
            "opts": self.opts,
            "action": action,
            "row": row,
            "plan": restoring.plan(action=action, entry=row, only=only),
            "changed_by": changed_by,
            "back": history_url(action),
        }
        return TemplateResponse(request, "admin/actions/jointaction/put_back.html", context)

    def _put_back(
        self, request: HttpRequest, action: JointAction, row: Any, only: list[str]
    ) -> HttpResponse:
        chosen = [one for one in request.POST.getlist("feld") if one in only]
        if not chosen:
            text = _("Sie haben nichts ausgewählt. Es ist nichts geändert.")
            self.message_user(request, text, "warning")
            return redirect(request.get_full_path())
        seen = request.POST.get("seen", "")
        labels = restoring.put_back(
            action=action,
            entry=row,
            only=chosen,
            seen_version=int(seen) if is_key(JointAction, seen) else 0,
            by=request.user,
        )
        if labels:
            text = ngettext(
                "%(number)s Angabe ist zurückgesetzt: %(labels)s.",
                "%(number)s Angaben sind zurückgesetzt: %(labels)s.",
                len(labels),
            )
            values = {"number": len(labels), "labels": ", ".join(labels)}
            self.message_user(request, text % values)
        else:
            self.message_user(request, _("Das stand schon so da."))
        return redirect(history_url(action))


def shown(
    request: HttpRequest, action: JointAction, entries: list[history.Entry]
) -> list[ShownEntry]:
    """Add to entries what they are about, and the ways back the person who asks may go."""
    allowed = may_confirm(request.user) and not action.is_cancelled
    keys = {entry.row.organisation_id for entry in entries if entry.kind == PART}
    organisations = Organisation.objects.in_bulk(keys)
    newest = JointAction.history.filter(id=action.pk).first()
    known = set(restoring.names())
    found = []
    for entry in entries:
        row, is_back = entry.row, allowed and entry.kind == ACTION
        changes = [
            ShownChange(
                change,
                _url(action, row.previous_id, change.field)
                if is_back and change.field in known and row.previous_id
                else "",
            )
            for change in entry.changes
        ]
        is_newest = newest is not None and row.history_id == newest.history_id
        url = _url(action, row.history_id) if is_back and not is_newest else ""
        found.append(ShownEntry(entry, _about(entry, organisations), changes, url))
    return found


def _about(entry: history.Entry, organisations: dict[int, Organisation]) -> str:
    """Return what an entry is about, where that is not the action itself."""
    row = entry.row
    if entry.kind == DATE:
        return _("Termin: %(when)s") % {"when": when(row)}
    if entry.kind == PART:
        name = organisations.get(row.organisation_id) or _("gelöscht")
        return _("Beteiligung: %(name)s") % {"name": name}
    if entry.kind == NEED:
        return _("Beitrag: %(name)s") % {"name": row.what}
    return _("Ergebnis") if entry.kind == RESULT else ""


def _url(action: JointAction, entry: int, name: str = "") -> str:
    url = reverse("admin:actions_jointaction_put_back", args=[action.pk, entry])
    return f"{url}?feld={name}" if name else url
