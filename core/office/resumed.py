"""What was typed into a page of the back office is there again after a session that ended."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import resume


class Resumed(admin.ModelAdmin):
    """Opens a form with what was sent to it before the log-in, inlines included."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        request.resumed = resume.recall(request)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **options)
        typed = getattr(request, "resumed", None)
        if typed is None:
            return form

        class FilledIn(form):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(typed, *args, **options)

        return FilledIn

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        options = super().get_formset_kwargs(request, obj, inline, prefix)
        if (typed := getattr(request, "resumed", None)) is not None:
            options["data"] = typed
        return options

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if resume.waiting(request):
            # An action for some rows: nothing typed, and not to be done without looking again.
            resume.forget(request)
            text = _("Es ist nichts geschehen. Bitte wählen Sie Aktion und Zeilen noch einmal aus.")
            self.message_user(request, text, messages.WARNING)
        return super().changelist_view(request, extra_context)
