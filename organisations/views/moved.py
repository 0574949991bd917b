"""Links and forms of an organisation that has become part of another one lead on to that one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core import resume
from core.fields import is_key
from organisations.models import Organisation

View = Callable[..., HttpResponseBase]


def leads_on(view: View) -> View:
    """Let a page about an organisation, found by its key, be found after a merge as well.

    A form that somebody had open meanwhile is not lost: what was typed waits in the form of the
    organisation that stayed. It counts as typed without having seen what stands there, so whatever
    differs is shown for choosing and nothing is overwritten.
    """

    @wraps(view)
    def found(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, pk=pk, **kwargs)
        except Http404:
            if not is_key(Organisation, str(pk)):
                raise
            kept = Organisation.objects.visible_to(request.user).filter(merged_from=pk).first()
            if kept is None:
                raise
        match = request.resolver_match
        path = reverse(match.view_name, kwargs={**match.kwargs, "pk": kept.pk})
        if query := request.META.get("QUERY_STRING", ""):
            path = f"{path}?{query}"
        typed = request.POST if request.method == "POST" else _kept_from_before(request)
        words = {"name": kept.name}
        if not typed:
            text = _("Dieser Eintrag wurde mit einem anderen zusammengeführt. Das ist „%(name)s“.")
            messages.info(request, text % words)
            return redirect(path)
        data = typed.copy()
        if "seen_version" in data:
            data["seen_version"] = "0"
        text = _(
            "Während Sie geschrieben haben, wurde dieser Eintrag mit „%(name)s“ zusammengeführt. "
            "Es ist noch nichts gespeichert."
        )
        messages.warning(request, text % words)
        resume.keep_for(request, data, path=path)
        return redirect(path)

    return found


def _kept_from_before(request: HttpRequest) -> QueryDict | None:
    """Return what was typed before a log-in that led back here."""
    waiting = resume.waiting(request)
    return QueryDict(waiting["data"]) if waiting else None
