"""Who has registered for an action, for those who organise it: on the page, and to take along."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from actions import words, workbench
from actions.forms.registrations import NotedForm
from actions.models import ActionDate, JointAction, Registration
from actions.services import registrations
from actions.services.registrations import Counts, NoSeats
from core import exports, pdf, spreadsheets
from core.errors import Refused
from core.resume import recall, require_login

PER_PAGE = 50


@require_login
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def registration_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who comes on one of the dates; note somebody, or take somebody off the list."""
    action = workbench.fetch(request, slug)
    dates = list(action.dates.all())
    date = _chosen(request, dates)
    counts = registrations.counts(action)
    status, form = 200, None
    if request.method == "POST" and "remove" in request.POST:
        return _remove(request, action, date)
    if date is not None and not date.is_over and not action.is_cancelled:
        data = request.POST if request.method == "POST" else recall(request)
        form = NotedForm(
            data,
            action=action,
            dates=[date],
            counts=counts,
            initial={"creation_key": uuid.uuid4(), "date": date.pk},
        )
        if request.method == "POST" and form.is_valid():
            if done := _add(request, action, date, form):
                return done
            status = 409
    rows = registrations.listed(action).filter(date=date)
    context = workbench.context(request, action, "registrations") | {
        "dates": [(one, counts.get(one.pk, Counts())) for one in dates],
        "date": date,
        "counts": counts.get(date.pk, Counts()) if date else Counts(),
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("seite")),
        "form": form,
    }
    return render(request, "actions/registrations/list.html", context, status=status)


def _chosen(request: HttpRequest, dates: list[ActionDate]) -> ActionDate | None:
    """Return the date the address names, else the next one, else the last; None without any.

    :raises Http404: if the address names one this action does not have.
    """
    asked = request.GET.get("termin", "")
    if asked:
        for one in dates:
            if str(one.pk) == asked:
                return one
        raise Http404
    return words.next_date(dates)


def _address(action: JointAction, date: ActionDate | None) -> str:
    path = reverse("actions:registrations", kwargs={"slug": action.slug})
    return f"{path}?termin={date.pk}" if date else path


def _add(
    request: HttpRequest, action: JointAction, date: ActionDate, form: NotedForm
) -> HttpResponse | None:
    """Note somebody; None if that was refused, which the form then says."""
    try:
        row = registrations.add(
            date=date,
            values=form.values,
            by=request.user,  # type: ignore[arg-type]
            creation_key=form.cleaned_data["creation_key"],
        )
    except PermissionDenied as error:
        raise Http404 from error
    except NoSeats as refused:
        form.add_error("people", str(refused))
        return None
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    if row.state == Registration.State.WAITING:
        text = _("%(name)s steht auf der Warteliste: Es sind nicht genug Plätze frei.")
        messages.warning(request, text % {"name": row.name})
    else:
        messages.success(request, _("%(name)s ist angemeldet.") % {"name": row.name})
    return redirect(_address(action, date))


def _remove(request: HttpRequest, action: JointAction, date: ActionDate | None) -> HttpResponse:
    key = request.POST["remove"]
    rows = Registration.objects.filter(date__action=action).select_related("date")
    row = rows.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
    if row is None:
        raise Http404
    try:
        if registrations.remove(registration=row, by=request.user):  # type: ignore[arg-type]
            messages.success(
                request, _("%(name)s steht nicht mehr auf der Liste.") % {"name": row.name}
            )
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refused:
        messages.warning(request, str(refused))
    return redirect(_address(action, date))


@require_login
@never_cache
@require_safe
def registration_file(request: HttpRequest, slug: str, ending: str) -> HttpResponseBase:
    """Give the list to take along: a table of all dates, or a page of one date to tick off."""
    action = workbench.fetch(request, slug)
    rows = registrations.listed(action).select_related("date")
    title = action.translated("title")
    filename = _("Anmeldungen %(title)s") % {"title": title}
    if ending == "pdf":
        date = _chosen(request, list(action.dates.all()))
        if date is None:
            raise Http404
        found = list(rows.filter(date=date))
        context = {"title": filename, "action": action, "date": date, "rows": found}
        answer: HttpResponseBase = pdf.response(
            request, "pdf/actions/registrations.html", context, filename
        )
        number = len(found)
    elif ending in spreadsheets.FORMATS:
        table = spreadsheets.response(ending, filename, _headings(), map(_cells, rows.iterator()))
        answer, number = table, table.rows_written  # type: ignore[attr-defined]
    else:
        raise Http404
    if answer.status_code == 200:
        exports.note(by=request.user, model=Registration, number=number, ending=ending, what=title)
    return answer


def _headings() -> list[str]:
    return [
        _("Termin"), _("Name"), _("Personen"), _("Stand"), _("E-Mail-Adresse"), _("Nachricht"),
        _("Eingegangen am"),
    ]  # fmt: skip


def _cells(row: Registration) -> list[str]:
    return [
        words.when(row.date),
        row.name,
        str(row.people),
        row.get_state_display(),
        row.email,
        row.message,
        date_format(localtime(row.created_at), "SHORT_DATETIME_FORMAT"),
    ]
