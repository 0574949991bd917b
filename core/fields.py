"""Form fields that answer a tampered request with a message."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows to choose from.

    Django asks the database for whatever key it is sent; a number that no column holds is an error
    there (OverflowError on SQLite, DataError on PostgreSQL) instead of a wrong choice.
    """

    def _check_values(self, value: Any) -> Any:
        key = self.queryset.model._meta.pk  # type: ignore[union-attr]
        for entry in value:
            try:
                # The validators know how large a number the database holds.
                key.run_validators(key.to_python(entry))
            except (ValidationError, ValueError, OverflowError) as error:
                raise ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": str(entry)[:40]},
                ) from error
        return super()._check_values(value)  # type: ignore[misc]
