"""Writing down what an action is, one topic after the other, by several people at once."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions import workbench
from actions.forms import sections
from actions.forms.dates import DateForms
from actions.forms.images import ImageForm
from actions.models import ActionImage, JointAction
from actions.services import details, images, joint_actions
from actions.views.images import save as save_image
from core.errors import Conflict, Refused
from core.resume import recall, require_login
from organisations.services.editing import last_editor

METHODS = ["GET", "HEAD", "POST"]
FIRST = "was"

# The topics by their word in the address: heading, and the form of its fields.
SECTIONS: dict[str, tuple[Promise, type[sections.SectionForm] | None]] = {
    FIRST: (gettext_lazy("Was es ist"), sections.WhatForm),
    "termine": (gettext_lazy("Wann es ist"), None),
    "ort": (gettext_lazy("Wo es ist"), sections.PlaceForm),
    "eintritt": (gettext_lazy("Eintritt und Anmeldung"), sections.EntryForm),
    "kontakt": (gettext_lazy("Wen man fragen kann"), sections.ContactForm),
    "bild": (gettext_lazy("Bild"), None),
    "sprachen": (gettext_lazy("Weitere Sprachen"), sections.LanguagesForm),
}


def address(action: JointAction, section: str) -> str:
    """Return the path of the page of a topic; see `SECTIONS`."""
    if section == FIRST:
        return reverse("actions:edit", kwargs={"slug": action.slug})
    return reverse("actions:section", kwargs={"slug": action.slug, "section": section})


@require_login
@never_cache
@require_http_methods(METHODS)
def edit(request: HttpRequest, slug: str, section: str = FIRST) -> HttpResponse:
    """Show and save what is said about one topic."""
    found = SECTIONS.get(section)
    if found is None or found[1] is None:
        raise Http404
    action = _editable(request, slug)
    data = request.POST if request.method == "POST" else recall(request)
    form = found[1](data, action=action, user=request.user, **found[1].options(request.POST))
    outcome: dict[str, Any] | None = {}
    if request.method == "POST" and not form.unchecked and form.is_valid():
        outcome = _save(request, form)
        if outcome is None:
            return _onwards(request, action, section)
    context = _frame(request, action, section) | {"form": form} | (outcome or {})
    is_languages = isinstance(form, sections.LanguagesForm)
    name = "languages" if is_languages else "fields"
    return render(request, f"actions/edit/{name}.html", context)


@require_login
@never_cache
@require_http_methods(METHODS)
def edit_dates(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and save when an action takes place."""
    action = _editable(request, slug)
    data = request.POST if request.method == "POST" else recall(request)
    seen = _seen_version(data, action)
    form = DateForms(data, action=action, seen_version=seen)
    outcome: dict[str, Any] | None = {}
    if request.method == "POST" and not form.unchecked and form.is_valid():
        outcome = _save_dates(request, action, form)
        if outcome is None:
            return _onwards(request, action, "termine")
    context = _frame(request, action, "termine") | {"form": form} | (outcome or {})
    return render(request, "actions/edit/dates.html", context)


@require_login
@never_cache
@require_http_methods(METHODS)
def edit_picture(request: HttpRequest, slug: str) -> HttpResponse:
    """Show, change and remove the picture of an action."""
    action = _editable(request, slug)
    present = images.shown(action).filter(kind=ActionImage.Kind.MAIN).first()
    seen = request.POST.get("seen_image", "")
    is_other = request.method == "POST" and seen != (str(present.pk) if present else "")
    if request.method == "POST" and "remove" in request.POST:
        if is_other:
            messages.warning(request, _("Inzwischen hat jemand das Bild geändert. Hier ist es."))
        elif present is not None:
            try:
                images.remove(image=present, by=request.user)  # type: ignore[arg-type]
            except PermissionDenied as error:
                raise Http404 from error
            messages.success(request, _("Das Bild ist entfernt."))
        return redirect(address(action, "bild"))
    options: dict[str, Any] = {"action": action, "image": present, "is_other": is_other}
    if request.method == "POST":
        form = ImageForm(request.POST, request.FILES, **options)
        if save_image(request, form):
            return _onwards(request, action, "bild")
    else:
        form = ImageForm(recall(request), **options)
    context = _frame(request, action, "bild") | {"form": form, "picture": present}
    return render(request, "actions/edit/picture.html", context)


# --- What they share ------------------------------------------------------------------------------
def _editable(request: HttpRequest, slug: str) -> JointAction:
    action = workbench.fetch(request, slug)
    if action.is_cancelled:
        raise Http404
    return action


def _frame(request: HttpRequest, action: JointAction, section: str) -> dict[str, Any]:
    names = list(SECTIONS)
    following = names[(names.index(section) + 1) % len(names)]
    return workbench.context(request, action, "manage") | {
        "section": section,
        "heading": SECTIONS[section][0],
        "following": SECTIONS[following][0] if following != FIRST else "",
    }


def _onwards(request: HttpRequest, action: JointAction, section: str) -> HttpResponse:
    """Lead on after a saved topic: to the next one, or to the overview."""
    messages.success(request, _("Gespeichert."))
    names = list(SECTIONS)
    position = names.index(section) + 1
    if "next" in request.POST and position < len(names):
        return redirect(address(action, names[position]))
    return redirect("actions:manage", slug=action.slug)


def _save(request: HttpRequest, form: sections.SectionForm) -> dict[str, Any] | None:
    """Save a valid form.

    :return: None when it is saved. Otherwise what the page says of two people's entries; what was
        refused stands in the form's errors.
    """
    values = {
        name: value
        for name, value in form.values.items()
        if request.POST.get(f"take-{name}") != "theirs"
    }
    try:
        action = joint_actions.change(
            action=form.action,
            values=values,
            seen_version=form.seen,
            by=request.user,  # type: ignore[arg-type]
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return {}
    except PermissionDenied as error:
        raise Http404 from error
    except Conflict as conflict:
        form.see(conflict.version)
        return {
            "changed_by": last_editor(form.action, since_version=form.seen, not_by=request.user),  # type: ignore[arg-type]
            "conflicts": [
                {
                    "field": name,
                    "label": form.fields[name].label,
                    "theirs": form.shown(name, theirs),
                    "mine": form.shown(name, details.comparable_value(name, values[name])),
                }
                for name, theirs in conflict.theirs.items()
            ],
        }
    if action.campaign_id != form.action.campaign_id:
        for doubt in joint_actions.doubts_about_campaign(details.values_of(action)):
            messages.warning(request, doubt)
    return None


def _save_dates(request: HttpRequest, action: JointAction, form: Any) -> dict[str, Any] | None:
    """Save valid dates; see `_save`."""
    if request.POST.get("take-dates") == "theirs":
        return None
    try:
        joint_actions.change(
            action=action,
            values={details.DATES: form.dates},
            seen_version=form.seen,
            by=request.user,  # type: ignore[arg-type]
        )
    except Refused as refused:
        form.non_form_errors().append(str(refused))
        return {}
    except PermissionDenied as error:
        raise Http404 from error
    except Conflict as conflict:
        seen, form.seen = form.seen, conflict.version
        return {
            "changed_by": last_editor(action, since_version=seen, not_by=request.user),  # type: ignore[arg-type]
            "conflicts": [
                {
                    "field": details.DATES,
                    "label": details.label(details.DATES),
                    "theirs": details.dates_in_words(conflict.theirs[details.DATES]),
                    "mine": details.dates_in_words(form.dates),
                }
            ],
        }
    return None


def _seen_version(data: Any, action: JointAction) -> int:
    """Return the version the form was filled from; nonsense counts as the present one."""
    text = str(data.get("seen_version", "")) if data is not None else ""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else action.version
