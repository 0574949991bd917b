"""What has happened to an organisation, in one place, and the way back; the office's diary."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from core import history
from core.errors import Conflict, Refused
from core.translations import TRANSLATION
from organisations import questions
from organisations.admin.recent import RecentPages, history_url
from organisations.models import ContactPerson, Organisation, Representative
from organisations.services import consent, contacts, editing, facts, images, restoring

ANSWERS, PERSON, SPEAKER = "angaben", "ansprechperson", "vertretung"
STATE_FIELDS = frozenset({"state", "review_after", "merged_into", "confirmed_on"})
# A filter by field reads what changed from one entry to the next; so many entries it reads.
MOST_COMPARED = 1000


@dataclass(frozen=True)
class ShownChange:
    """A change with the way back to what stood there before."""

    change: history.Change
    url: str = ""


@dataclass(frozen=True)
class ShownEntry:
    """An entry as the page shows it.

    :ivar about: whom it is about, where that is not the organisation itself.
    :ivar url: the way back to the whole of it.
    """

    entry: history.Entry
    about: str
    changes: list[ShownChange] = field(default_factory=list)
    url: str = ""
    is_removed: bool = False


class HistoryPages(RecentPages):
    """The part of an organisation's pages that tells its history and puts things back."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/verlauf/<slug:kind>/<int:entry>/",
                self.admin_site.admin_view(self.put_back),
                name="organisations_organisation_put_back",
            ),
            *super().get_urls(),
        ]

    # --- Reading ----------------------------------------------------------------------------------
    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed what of an organisation, its people and pictures, the newest first."""
        organisation = self.get_object(request, unquote(object_id))
        if organisation is None:
            raise Http404
        if not self.has_view_or_change_permission(request, organisation):
            raise PermissionDenied
        parts = _parts(request, organisation)
        people = _people(parts)
        person = request.GET.get("person", "")
        if person in {str(pk) for pk, _name in people}:
            parts = {kind: rows.filter(history_user=int(person)) for kind, rows in parts.items()}
        about = request.GET.get("angabe", "")
        paginator = Paginator(_filtered(parts, about), self.history_per_page)  # type: ignore[arg-type]
        page = paginator.get_page(request.GET.get("seite"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Verlauf: %(name)s") % {"name": organisation},
            "opts": self.opts,
            "object": organisation,
            "organisation": organisation,
            "module_name": str(self.opts.verbose_name_plural),
            "shown": self._shown(request, organisation, list(page.object_list)),
            "page_obj": page,
            "people": people,
            "person": person,
            "fields": list(_choices(parts)),
            "about": about,
            "is_filtered": bool(person or about),
            "most_compared": MOST_COMPARED,
            "unseen_until": self.unseen_until(request, organisation),
            "is_cut": paginator.count >= MOST_COMPARED and about in facts.names(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/organisations/organisation/history.html", context)

    def _shown(
        self, request: HttpRequest, organisation: Organisation, entries: list[history.Entry]
    ) -> list[ShownEntry]:
        """Add to entries whom they are about, and the ways back the person who asks may go."""
        allowed = restoring.may_put_back(request.user) and self.has_change_permission(
            request, organisation
        )
        speakers = User.objects.in_bulk(
            {entry.row.user_id for entry in entries if entry.kind == SPEAKER}
        )
        present = set(organisation.contacts.values_list("pk", flat=True))
        names = set(facts.names())
        present_state = _newest(organisation) if allowed else set()
        shown = []
        for entry in entries:
            row = entry.row
            about, url = "", ""
            usable: set[str] = set()
            is_removed = False
            if entry.kind == ANSWERS:
                usable = names
                url = _url(organisation, entry.kind, row.history_id)
            elif entry.kind == PERSON:
                about = _("Ansprechperson: %(name)s") % {"name": row.name}
                is_removed = entry.row.history_type == "-" and row.id not in present
                if row.id in present:
                    usable = set(contacts.FIELDS)
                if row.id in present or is_removed:
                    url = _url(organisation, entry.kind, row.history_id)
            else:
                name = speakers.get(row.user_id) or _("gelöschtes Konto")
                about = _("Vertretung: %(name)s") % {"name": name}
            if (entry.kind, row.history_id) in present_state and not is_removed:
                url = ""
            changes = [
                ShownChange(
                    change,
                    _url(organisation, entry.kind, row.previous_id, change.field)
                    if allowed and change.field in usable and row.previous_id
                    else "",
                )
                for change in entry.changes
            ]
            shown.append(ShownEntry(entry, about, changes, url if allowed else "", is_removed))
        return shown

    # --- Putting back -----------------------------------------------------------------------------
    def put_back(self, request: HttpRequest, pk: int, kind: str, entry: int) -> HttpResponse:
        """Say exactly what putting back would change, and do it once that is confirmed."""
        organisation = get_object_or_404(Organisation.objects.editable_by(request.user), pk=pk)
        if not restoring.may_put_back(request.user) or not self.has_change_permission(
            request, organisation
        ):
            raise PermissionDenied
        if kind not in (ANSWERS, PERSON):
            raise Http404
        rows = _parts(request, organisation).get(kind)
        if rows is None or entry > 2**31 - 1:
            raise Http404
        row = get_object_or_404(rows, history_id=entry)
        name = request.GET.get("feld", "")
        names = [name] if name else None
        if name and name not in (facts.names() if kind == ANSWERS else contacts.FIELDS):
            raise Http404
        changed_by = ""
        if request.method == "POST":
            seen = request.POST.get("seen", "")
            seen_number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
            chosen = request.POST.getlist("feld")
            allowed = names or (facts.names() if kind == ANSWERS else contacts.FIELDS)
            try:
                return self._put_back(
                    request,
                    organisation,
                    kind,
                    row,
                    [one for one in chosen if one in allowed],
                    seen_number,
                )
            except Refused as refused:
                self.message_user(request, str(refused), messages.ERROR)
            except Conflict:
                changed_by = (
                    editing.last_editor(
                        organisation, since_version=seen_number, not_by=request.user
                    )
                    if kind == ANSWERS
                    else _("jemand anderem")
                )
        if kind == ANSWERS:
            plan = restoring.plan(organisation=organisation, entry=row, names=names)
        else:
            plan = restoring.plan_contact(
                organisation=organisation, entry=row, by=request.user, names=names
            )
        is_removed = kind == PERSON and not plan.seen
        context = {
            **self.admin_site.each_context(request),
            "title": _("Wieder hinzufügen") if is_removed else _("Zurücksetzen"),
            "opts": self.opts,
            "organisation": organisation,
            "module_name": str(self.opts.verbose_name_plural),
            "row": row,
            "person": row.name if kind == PERSON else "",
            "is_removed": is_removed,
            "plan": plan,
            "changed_by": changed_by,
        }
        return TemplateResponse(request, "admin/organisations/organisation/put_back.html", context)

    def _put_back(
        self,
        request: HttpRequest,
        organisation: Organisation,
        kind: str,
        row: Any,
        names: list[str],
        seen: int,
    ) -> HttpResponse:
        if not names:
            self.message_user(
                request, _("Sie haben nichts ausgewählt. Es ist nichts geändert."), messages.WARNING
            )
            return redirect(request.get_full_path())
        if kind == ANSWERS:
            labels = restoring.put_back(
                organisation=organisation,
                entry=row,
                names=names,
                seen_version=seen,
                by=request.user,
            )
        else:
            before = ContactPerson.objects.filter(pk=row.id).first()
            public = consent.public_fields(before) if before else []
            person, labels = restoring.put_back_contact(
                organisation=organisation,
                entry=row,
                names=names,
                seen_entry=seen,
                by=request.user,
            )
            self.ask_anew(request, person, public)
        if labels:
            text = ngettext(
                "%(number)s Angabe ist zurückgesetzt: %(labels)s.",
                "%(number)s Angaben sind zurückgesetzt: %(labels)s.",
                len(labels),
            )
            values = {"number": len(labels), "labels": ", ".join(labels)}
            self.message_user(request, text % values, messages.SUCCESS)
        else:
            self.message_user(request, _("Das stand schon so da."), messages.INFO)
        return redirect(history_url(organisation))

    def ask_anew(self, request: HttpRequest, contact: ContactPerson, public: list[str]) -> None:
        """Ask a person by mail about what was public before their entry was changed."""
        raise NotImplementedError


def _parts(request: HttpRequest, organisation: Organisation) -> dict[str, QuerySet[Any]]:
    """Return the histories the person who asks may read."""
    parts: dict[str, QuerySet[Any]] = {ANSWERS: Organisation.history.filter(id=organisation.pk)}
    if request.user.has_perm("organisations.view_contactperson"):
        parts[PERSON] = ContactPerson.history.filter(organisation_id=organisation.pk)
    if request.user.has_perm("organisations.view_representative"):
        parts[SPEAKER] = Representative.history.filter(organisation_id=organisation.pk)
    return parts


def _newest(organisation: Organisation) -> set[tuple[str, int]]:
    """Return the entries that say what stands there now: there is nothing to go back to."""
    rows = ContactPerson.history.filter(organisation_id=organisation.pk).order_by()
    people = rows.values_list("id").annotate(newest=Max("history_id"))
    own = Organisation.history.filter(id=organisation.pk).order_by()
    return {(PERSON, newest) for _pk, newest in people} | {
        (ANSWERS, newest) for newest in own.aggregate(newest=Max("history_id")).values()
    }


def _people(parts: dict[str, QuerySet[Any]]) -> list[tuple[int, str]]:
    """Return who has changed anything, for the filter."""
    first, *others = (
        rows.order_by().exclude(history_user=None).values_list("history_user_id", flat=True)
        for rows in parts.values()
    )
    keys = set(first.union(*others) if others else first)
    people = [(pk, str(user)) for pk, user in User.objects.in_bulk(keys).items()]
    return sorted(people, key=lambda one: one[1].casefold())


def _choices(
    parts: dict[str, QuerySet[Any]],
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Return what the history can be filtered by, in groups."""
    whole = [("stand", _("Stand")), ("bilder", _("Bilder"))]
    if PERSON in parts:
        whole.append(("ansprechpersonen", _("Ansprechpersonen")))
    if SPEAKER in parts:
        whole.append(("vertretungen", _("Vertretungen")))
    yield _("Bereich"), whole
    for section in questions.SECTIONS:
        yield str(section.title), [(name, facts.label(name)) for name in section.fields]


def _filtered(parts: dict[str, QuerySet[Any]], about: str) -> history.Trail | list[history.Entry]:
    """Return the entries about one thing; about everything if it is none of `_choices`."""
    if about == "ansprechpersonen" and PERSON in parts:
        return history.Trail({PERSON: parts[PERSON]})
    if about == "vertretungen" and SPEAKER in parts:
        return history.Trail({SPEAKER: parts[SPEAKER]})
    if about == "bilder":
        rows = parts[ANSWERS].filter(history_change_reason__in=images.reasons())
        return history.Trail({ANSWERS: rows})
    wanted = STATE_FIELDS if about == "stand" else {about} & set(questions.FIELDS)
    if not wanted:
        return history.Trail(parts)
    rows = history.with_previous(parts[ANSWERS]).select_related("history_user")
    newest = list(rows.order_by("-history_date", "-history_id")[:MOST_COMPARED])
    return [
        entry
        for entry in history.tell(newest, kind=ANSWERS)
        if any(_field(change.field) in wanted for change in entry.changes)
    ]


def _field(name: str) -> str:
    """Return the field a change is about, for a text in whatever language."""
    return name.rpartition("_")[2] if name.startswith(TRANSLATION) else name


def _url(organisation: Organisation, kind: str, entry: int, name: str = "") -> str:
    url = reverse("admin:organisations_organisation_put_back", args=[organisation.pk, kind, entry])
    return f"{url}?feld={name}" if name else url
