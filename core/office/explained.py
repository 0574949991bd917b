"""What a field's effect is, in one plain sentence below its name."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.http import HttpRequest
from django.utils.functional import Promise


class Explained(BaseModelAdmin):
    """An admin or inline that explains its fields to the office.

    These sentences speak to the officer ("only staff see this"), so they do not stand in the
    models, whose help texts speak to organisations in their own forms.

    :cvar explanations: by name of the field; a help text of the field itself makes way.
    """

    explanations: Mapping[str, str | Promise] = {}

    def explain(self, form: type[Any]) -> None:
        """Write the explanations into the fields of a form class made for one request."""
        for name, text in self.explanations.items():
            if name in form.base_fields:
                field = form.base_fields[name] = copy(form.base_fields[name])
                field.help_text = text


class ExplainedInline(Explained):
    """Mixed into an inline."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        formset = super().get_formset(request, obj, **options)  # type: ignore[misc]
        self.explain(formset.form)
        return formset
