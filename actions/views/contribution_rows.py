"""One row of the contribution table: what is needed, how much of it, until when."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actions import workbench
from actions.forms import contributions as forms
from actions.models import Contribution, JointAction
from actions.services import contributions
from core.errors import Conflict, Refused
from core.fields import is_key
from core.resume import recall, require_login

METHODS = ["GET", "HEAD", "POST"]


@require_login
@never_cache
@require_http_methods(METHODS)
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that something is needed; shifts can follow one another."""
    action = workbench.fetch(request, slug)
    data = request.POST if request.method == "POST" else recall(request)
    form = forms.ContributionForm(data, initial=_begin(request, action))
    if request.method == "POST" and form.is_valid():
        try:
            need = contributions.add(
                action=action,
                values=form.values,
                by=request.user,  # type: ignore[arg-type]
                creation_key=form.cleaned_data["creation_key"] or uuid.uuid4(),
            )
        except PermissionDenied as error:
            raise Http404 from error
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Eingetragen: %(what)s") % {"what": need.what})
            if "again" in request.POST:
                address = reverse("actions:contribution_add", args=[action.slug])
                return redirect(f"{address}?wie={need.pk}")
            address = reverse("actions:contributions", args=[action.slug])
            return redirect(f"{address}#beitrag-{need.pk}")
    return _need_page(request, action, form)


def _begin(request: HttpRequest, action: JointAction) -> dict[str, Any]:
    """Return what the form begins with: nothing, or what follows the row before."""
    begin: dict[str, Any] = {"creation_key": uuid.uuid4()}
    key = request.GET.get("wie", "")
    if key and is_key(Contribution, key):
        before = action.contributions.filter(pk=key).first()
        begin |= forms.next_shift(before) if before else {}
    return begin


@require_login
@never_cache
@require_http_methods(METHODS)
def change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change what is needed, or say that it is not needed any more."""
    action = workbench.fetch(request, slug)
    need = action.contributions.filter(pk=pk).first()
    if need is None:
        return _gone(request, action, pk)
    if "remove" in request.POST:
        return _remove(request, action, need)
    data = request.POST if request.method == "POST" else recall(request)
    initial = forms.initial_of(need) | {"seen_version": need.version}
    form = forms.ContributionForm(data, initial=initial)
    conflicts: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            contributions.change(
                contribution=need,
                values=form.values,
                seen_version=form.cleaned_data["seen_version"] or 0,
                by=request.user,  # type: ignore[arg-type]
            )
        except PermissionDenied as error:
            raise Http404 from error
        except Refused as refused:
            form.add_error(None, str(refused))
        except Conflict as conflict:
            conflicts = [
                {"label": form.fields[name].label, "theirs": _in_words(name, theirs)}
                for name, theirs in conflict.theirs.items()
            ]
            # Sent again, the form wins: it has seen the other entry now.
            form.data = form.data.copy()
            form.data["seen_version"] = conflict.version  # type: ignore[index]
        else:
            messages.success(request, _("Gespeichert."))
            address = reverse("actions:contributions", args=[action.slug])
            return redirect(f"{address}#beitrag-{need.pk}")
    return _need_page(request, action, form, need=need, conflicts=conflicts)


def _gone(request: HttpRequest, action: JointAction, pk: int) -> HttpResponse:
    """Keep what was typed about a row that somebody has taken out meanwhile."""
    if not Contribution.history.filter(id=pk, action_id=action.pk).exists():
        raise Http404
    if request.method != "POST" or "remove" in request.POST:
        messages.info(request, _("Dieser Eintrag wurde inzwischen gestrichen."))
        return redirect("actions:contributions", slug=action.slug)
    data = request.POST.copy()
    data["creation_key"] = str(uuid.uuid4())
    form = forms.ContributionForm(data)
    form.add_error(
        None,
        _(
            "Dieser Eintrag wurde inzwischen gestrichen. Ihre Angaben stehen noch hier. Speichern "
            "Sie, dann wird daraus ein neuer."
        ),
    )
    return _need_page(request, action, form)


def _in_words(name: str, value: Any) -> Any:
    if name == "kind":
        return Contribution.Kind(value).label
    return timezone.localtime(value) if name in {"starts_at", "ends_at"} and value else value


def _remove(request: HttpRequest, action: JointAction, need: Contribution) -> HttpResponse:
    try:
        contributions.remove(contribution=need, by=request.user)  # type: ignore[arg-type]
    except PermissionDenied as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("actions:contribution_change", slug=action.slug, pk=need.pk)
    messages.success(request, _("Gestrichen: %(what)s") % {"what": need.what})
    return redirect("actions:contributions", slug=action.slug)


def _need_page(
    request: HttpRequest,
    action: JointAction,
    form: forms.ContributionForm,
    *,
    need: Contribution | None = None,
    conflicts: list[dict[str, Any]] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "form_url": ""
        if need
        else reverse("actions:contribution_add", kwargs={"slug": action.slug}),
        "need": need,
        "conflicts": conflicts or [],
        "pledges": list(need.pledges.select_related("organisation")) if need else [],
    }
    return render(
        request,
        "actions/contribution_form.html",
        workbench.context(request, action, "contributions") | context,
    )
