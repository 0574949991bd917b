"""A tampered request is answered with a message instead of an error."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from core.fields import is_key
from core.office.resumed import Resumed


class Guarded(Resumed):
    """Answers a tampered request with a message; stands before every page the site registers."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().changelist_view(request, extra_context)
        except (ValueError, OverflowError, DataError):
            # A filter or page that no link here leads to: a number with 25 digits, letters for a
            # number. Django meets it only when it asks the database.
            if not request.GET:
                raise
            self.message_user(
                request, _("Diese Auswahl gibt es nicht. Hier ist die ganze Liste."), messages.ERROR
            )
            return redirect(request.path)

    def response_action(  # type: ignore[override]  # Django's stubs are a release ahead
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        known = [value for value in selected if is_key(self.model, value)]
        if len(known) != len(selected):
            self.message_user(
                request,
                _("Die Auswahl war nicht gültig. Bitte wählen Sie noch einmal aus."),
                messages.ERROR,
            )
            return redirect(request.get_full_path())
        return super().response_action(request, queryset)
