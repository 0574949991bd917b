"""Registering for an action without an account, and the page of the link in the mails.

Mail programs and virus scanners open links by themselves, so that only a button confirms or
cancels, never the link. Whoever has the link reads the mailbox it went to.
"""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions import profile, registration_links
from actions.forms.registrations import PeopleForm, RegistrationForm, seats
from actions.models import JointAction, Registration
from actions.services import registrations
from actions.services.registrations import Counts, NoSeats, Standing
from core import limits
from core.errors import Refused

METHODS = ["GET", "HEAD", "POST"]
State = Registration.State


# --- Registering ----------------------------------------------------------------------------------
@never_cache
@require_http_methods(METHODS)
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Take somebody's wish to come; the page says the same to every address."""
    public = JointAction.objects.public()
    action = get_object_or_404(profile.for_cards(public), slug=slug)
    dates = registrations.open_dates(action)
    if not dates:
        return _closed(request, action)
    counts = registrations.counts(action)
    initial = {"creation_key": uuid.uuid4(), "date": dates[0].pk if len(dates) == 1 else None}
    form = RegistrationForm(
        request.POST if request.method == "POST" else None,
        action=action,
        dates=dates,
        counts=counts,
        initial=initial,
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        status, is_done = _register(request, form)
        if is_done:
            return _sent(request, action, form)
    only = form.only_date
    context = {
        "action": action,
        "title": profile.text(action, "title"),
        "place": profile.place(action),
        "form": form,
        "only_date": only,
        "seats": seats(action, counts.get(only.pk, Counts())) if only else "",
    }
    return render(request, "actions/registrations/form.html", context, status=status)


def _register(request: HttpRequest, form: RegistrationForm) -> tuple[int, bool]:
    """Save a valid form.

    :return: the status of the answer, and whether it is saved.
    """
    if not limits.allow(limits.client_ip(request), action="registration"):
        form.add_error(
            None,
            _(
                "Von hier kamen gerade viele Anmeldungen. Bitte versuchen Sie es in einer Stunde "
                "noch einmal."
            ),
        )
        return 429, False
    try:
        registrations.register(
            date=form.cleaned_data["date"],
            values=form.values,
            language=get_language() or settings.LANGUAGE_CODE,
            creation_key=form.cleaned_data["creation_key"],
        )
    except NoSeats as refused:
        form.add_error("people", str(refused))
    except Refused as refused:
        form.add_error(None, str(refused))
    else:
        return 200, True
    return 200, False


def _sent(request: HttpRequest, action: JointAction, form: RegistrationForm) -> HttpResponse:
    context = {
        "action": action,
        "title": profile.text(action, "title"),
        "email": form.cleaned_data["email"],
        "contact": profile.contact(action),
    }
    return render(request, "actions/registrations/sent.html", context)


def _closed(request: HttpRequest, action: JointAction) -> HttpResponse:
    """Say why one cannot register; what was typed is shown, to copy it."""
    context = {
        "action": action,
        "title": profile.text(action, "title"),
        "contact": profile.contact(action),
        "was_wanted": action.takes_registrations,
        "is_over": all(date.is_over for date in action.dates.all()),
        "typed": _typed(request.POST),
    }
    status = 410 if request.method == "POST" else 200
    return render(request, "actions/registrations/closed.html", context, status=status)


def _typed(data: QueryDict) -> list[str]:
    return [text[:1000] for name in ("name", "message") if (text := data.get(name, "").strip())]


# --- By the link ----------------------------------------------------------------------------------
@never_cache
@require_http_methods(METHODS)
def registration(request: HttpRequest, token: str) -> HttpResponse:
    """Show somebody's own registration; confirm, change or cancel it by a button."""
    row = registration_links.find(token)
    if row is None:
        return render(request, "actions/registrations/unknown.html", status=404)
    form = PeopleForm(
        request.POST if "people" in request.POST else None, initial={"people": row.people}
    )
    status = 200
    if request.method == "POST":
        try:
            if limits.allow(f"registration:{row.pk}", action="answer"):
                said = _do(request, row, form)
            else:
                raise Refused(_("Das waren sehr viele Änderungen. Bitte warten Sie eine Stunde."))
        except NoSeats as refused:
            form.add_error("people", str(refused))
        except Refused as refused:
            messages.warning(request, str(refused))
            status = 409
        else:
            if said:
                messages.success(request, said)
                return redirect(reverse("actions:registration", kwargs={"token": token}))
    return _page(request, token, form, status)


def _do(request: HttpRequest, row: Registration, form: PeopleForm) -> str:
    """Do what the button says.

    :return: what to tell the person; nothing if the form has errors.
    """
    if "cancel" in request.POST:
        registrations.cancel(registration=row)
        return _("Sie sind abgemeldet.")
    if not form.is_valid():
        return ""
    people = form.cleaned_data["people"]
    if "confirm" in request.POST:
        state = registrations.confirm(registration=row, people=people).state
        if state == State.WAITING:
            return _("Danke! Sie stehen jetzt auf der Warteliste.")
        return _("Danke! Sie sind angemeldet.")
    registrations.change_people(registration=row, people=people)
    return _("Gespeichert.")


def _page(request: HttpRequest, token: str, form: PeopleForm, status: int) -> HttpResponse:
    row = registration_links.find(token)
    if row is None:  # deleted a moment ago
        return render(request, "actions/registrations/unknown.html", status=404)
    date, action = row.date, row.date.action
    standing = registrations.standing(action, date)
    context: dict[str, Any] = {
        "registration": row,
        "date": date,
        "action": action,
        "title": profile.text(action, "title"),
        "place": profile.place(action),
        "contact": profile.contact(action),
        "form": form,
        "is_shown": JointAction.objects.public().filter(pk=action.pk).exists(),
        "is_cancelled": standing == Standing.CANCELLED,
        "is_hidden": standing == Standing.HIDDEN,
        "can_confirm": row.state == State.NEW and standing in {Standing.OPEN, Standing.CLOSED},
        "can_change": row.state in registrations.HOLDING
        and standing in {Standing.OPEN, Standing.CLOSED},
        "can_cancel": row.state != State.CANCELLED
        and not date.is_over
        and standing != Standing.CANCELLED,
        "can_register": row.state == State.CANCELLED and standing == Standing.OPEN,
        "place_in_line": registrations.place_in_line(row),
        "seats_left": registrations.seats_left(action, date) if row.state == State.NEW else None,
    }
    return render(request, "actions/registrations/registration.html", context, status=status)
