"""What came of an action: written by its lead, with photos of all who took part."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions import workbench
from actions.forms.images import ImageForm
from actions.forms.results import ResultForm
from actions.models import ActionImage, ActionResult, JointAction
from actions.services import again, images, results
from actions.views.images import save as save_image
from core.errors import Conflict, Refused
from core.resume import recall, require_login
from organisations.services.editing import last_editor

METHODS = ["GET", "HEAD", "POST"]
TAB = "result"


@require_login
@never_cache
@require_http_methods(METHODS)
def result(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what came of an action, and let its lead write it."""
    action = workbench.fetch(request, slug)
    may_write = results.may_write(request.user, action)
    if "remove" in request.POST:
        return _remove_photo(request, action)
    if request.method == "POST" and not may_write:
        raise Http404
    found = results.of(action)
    data = request.POST if request.method == "POST" else recall(request)
    form = ResultForm(data, initial={name: getattr(found, name) for name in results.FIELDS})
    outcome: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        seen = _seen_version(request.POST, found)
        saved, outcome = _save(request, action, form, seen)
        if saved:
            messages.success(request, _("Danke! Das Ergebnis ist gespeichert."))
            return redirect("actions:result", slug=action.slug)
    photos = list(images.shown(action).filter(kind=ActionImage.Kind.RESULT))
    context = {
        "form": form,
        "result": found,
        "seen_version": _seen_version(data, found) if data is not None else found.version,
        "not_yet": results.not_yet(action),
        "may_write": may_write,
        "photos": photos,
        "may_add": len(photos) < images.MOST_PHOTOS,
        "may_copy": again.may_copy(request.user, action),
    }
    page = workbench.context(request, action, TAB) | context | outcome
    return render(request, "actions/result.html", page)


@require_login
@never_cache
@require_http_methods(METHODS)
def photo(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a photo; a good one is kept while something is missing beside it."""
    action = workbench.fetch(request, slug)
    if results.not_yet(action):
        raise Http404
    options: dict[str, Any] = {"action": action, "kind": ActionImage.Kind.RESULT}
    if request.method == "POST":
        form = ImageForm(request.POST, request.FILES, **options)
        if save_image(request, form):
            messages.success(request, _("Das Foto ist gespeichert."))
            return redirect("actions:result", slug=action.slug)
    else:
        form = ImageForm(recall(request), **options)
    page = workbench.context(request, action, TAB) | {"form": form}
    return render(request, "actions/result_photo.html", page)


def _save(
    request: HttpRequest, action: JointAction, form: ResultForm, seen: int
) -> tuple[bool, dict[str, Any]]:
    """Save a valid form.

    :return: whether it is saved; if not, what the page says of two people's entries.
    """
    values = {
        field: value
        for field, value in form.cleaned_data.items()
        if request.POST.get(f"take-{field}") != "theirs"
    }
    try:
        results.save(action=action, values=values, seen_version=seen, by=request.user)  # type: ignore[arg-type]
    except Refused as refused:
        form.add_error(None, str(refused))
        return False, {}
    except PermissionDenied as error:
        raise Http404 from error
    except Conflict as conflict:
        present = results.of(action)
        return False, {
            # Sent again, the form has seen what the page shows now.
            "seen_version": conflict.version,
            "changed_by": last_editor(present, since_version=seen, not_by=request.user),  # type: ignore[arg-type]
            "conflicts": [
                {
                    "field": field,
                    "label": form.fields[field].label,
                    "theirs": form.shown(field, theirs),
                    "mine": form.shown(field, values[field]),
                }
                for field, theirs in conflict.theirs.items()
            ],
        }
    return True, {}


def _seen_version(data: QueryDict, result: ActionResult) -> int:
    """Return the version the form was filled from; nonsense counts as the present one."""
    text = data.get("seen_version", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else result.version


def _remove_photo(request: HttpRequest, action: JointAction) -> HttpResponse:
    photos = images.shown(action).filter(kind=ActionImage.Kind.RESULT)
    key = request.POST["remove"]
    image = next((one for one in photos if str(one.pk) == key), None)
    if image is not None:  # removed a moment ago it is gone, as wanted
        try:
            images.remove(image=image, by=request.user)  # type: ignore[arg-type]
        except PermissionDenied as error:
            raise Http404 from error
    messages.success(request, _("Das Foto ist entfernt."))
    return redirect("actions:result", slug=action.slug)
