"""What every step of a registration has in common: its frame, saving, and two people at once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import Conflict, Refused
from core.resume import recall
from organisations.forms import registration as forms
from organisations.models import Organisation
from organisations.services import confirmation, editing, proposals, registration

Handler = Callable[[HttpRequest, Organisation, str], HttpResponse]


def own_organisation(request: HttpRequest, pk: int) -> Organisation:
    """Return an organisation the person may change; for everybody else it does not exist."""
    return get_object_or_404(
        Organisation.objects.editable_by(request.user).select_related("municipality"), pk=pk
    )


def editable_organisation(request: HttpRequest, pk: int) -> Organisation:
    """Return an organisation the person may change now.

    :raises Http404: also in a state in which nobody may change it.
    """
    organisation = own_organisation(request, pk)
    if organisation.state not in editing.EDITABLE_STATES:
        raise Http404
    return organisation


def step_url(organisation: Organisation, step: str) -> str:
    """Return the path of one step; see `registration.STEPS`."""
    return reverse("organisations:step", kwargs={"pk": organisation.pk, "step": step})


def frame(organisation: Organisation, step: str) -> dict[str, Any]:
    """Return what the page of any step says around its form."""
    names = list(registration.STEPS)
    position = names.index(step)
    before = names[position - 1] if position and organisation.can_submit else ""
    return {
        "organisation": organisation,
        "step": step,
        "title": registration.STEPS[step],
        "offers_confirmation": confirmation.is_worth_confirming(organisation),
        "number": position + 1,
        "total": len(names),
        "back_url": step_url(organisation, before)
        if before
        else reverse("organisations:tasks", args=[organisation.pk]),
    }


def onwards(request: HttpRequest, organisation: Organisation, step: str) -> HttpResponse:
    """Lead on after a saved step: to the next one, or to the list of steps."""
    if "confirm" in request.POST and confirmation.is_worth_confirming(organisation):
        try:
            confirmation.confirm(organisation=organisation, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Danke! Ihre Angaben sind bestätigt."))
    if not organisation.can_submit or "later" in request.POST:
        if proposals.own(organisation, request.user) is None:
            messages.success(request, _("Gespeichert."))
        else:
            messages.success(
                request,
                _("Gespeichert. Ihre Änderung wartet auf die Prüfung. Danach ist sie öffentlich."),
            )
        return redirect("organisations:tasks", pk=organisation.pk)
    if request.GET.get("zurueck") == "senden":
        return redirect("organisations:step", pk=organisation.pk, step="senden")
    names = list(registration.STEPS)
    return redirect("organisations:step", pk=organisation.pk, step=names[names.index(step) + 1])


def seen_version(form: forms.StepForm) -> int:
    """Return the version the form was filled from; nonsense counts as the present one."""
    text = str(form.data.get("seen_version", ""))
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else form.organisation.version


def save_form(
    request: HttpRequest, organisation: Organisation, form: forms.StepForm
) -> dict[str, Any] | None:
    """Save a valid form.

    :return: None when it is saved. Otherwise what the page says about it: the fields in which
        somebody else was faster, with both entries to choose from; what was refused stands in the
        form's errors.
    """
    values = {
        field: value
        for field, value in form.values.items()
        if request.POST.get(f"take-{field}") != "theirs"
    }
    seen = seen_version(form)
    save = proposals.propose if proposals.must_wait(organisation, request.user) else editing.save
    try:
        save(organisation=organisation, values=values, seen_version=seen, by=request.user)
    except Refused as refused:
        form.add_error(None, str(refused))
        return {}
    except PermissionDenied as error:
        raise Http404 from error
    except Conflict as conflict:
        return {
            # Sent again, the form has seen what the page shows now.
            "seen_version": conflict.version,
            "changed_by": editing.last_editor(
                organisation, since_version=seen, not_by=request.user
            ),
            "conflicts": [
                {
                    "field": field,
                    "label": field_label(form, field),
                    "theirs": form.shown(field, theirs),
                    "mine": form.shown(field, editing.comparable_value(field, values[field])),
                }
                for field, theirs in conflict.theirs.items()
            ],
        }
    return None


def field_label(form: forms.StepForm, field: str) -> str:
    """Return what a field is called on its form, or else in the model."""
    if field in form.fields:
        return str(form.fields[field].label)
    return str(Organisation._meta.get_field(field).verbose_name)


def form_step(
    form_class: type[forms.StepForm],
    template: str,
    *,
    context: Callable[[HttpRequest, Organisation], dict[str, Any]] | None = None,
    following: Callable[[Organisation], HttpResponse | None] | None = None,
) -> Handler:
    """Return the handler of a step that is one form over the organisation's own columns.

    :param context: what else the page shows.
    :param following: where to go after saving, if not simply on.
    """

    def handle(request: HttpRequest, organisation: Organisation, step: str) -> HttpResponse:
        data = request.POST if request.method == "POST" else recall(request)
        # Who has a change waiting goes on from there.
        shown, several = proposals.overlaid(organisation, request.user)
        options = form_class.options(request.POST) | {"initial": several}
        form = form_class(data, organisation=shown, **options)
        outcome: dict[str, Any] | None = {}
        if request.method == "POST" and not form.unchecked and form.is_valid():
            outcome = save_form(request, organisation, form)
            if outcome is None:
                elsewhere = following(organisation) if following else None
                return elsewhere or onwards(request, organisation, step)
        page = frame(organisation, step) | {"form": form, "seen_version": seen_version(form)}
        more = context(request, organisation) if context else {}
        return render(request, template, page | more | (outcome or {}))

    return handle
