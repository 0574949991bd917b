"""Tampered choices are answered with a message."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model


def is_key(model: type[Model], value: Any) -> bool:
    """Tell whether a column of primary keys could hold a value somebody has sent.

    The field's validators know how large a number the database holds; PostgreSQL stores no NUL.
    """
    key = model._meta.pk
    try:
        key.run_validators(key.to_python(value))  # type: ignore[union-attr]
    except (ValidationError, ValueError, OverflowError):
        return False
    return "\x00" not in str(value)


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows to choose from.

    Django asks the database for whatever key it is sent; a number that no column holds is an error
    there (OverflowError on SQLite, DataError on PostgreSQL) instead of a wrong choice.
    """

    def _check_values(self, value: Any) -> Any:
        for entry in value:
            if not is_key(self.queryset.model, entry):  # type: ignore[union-attr]
                raise ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": str(entry)[:40]},
                )
        return super()._check_values(value)  # type: ignore[misc]


class RowField(forms.ModelChoiceField):
    """One row to choose from; see `RowsField`."""

    def to_python(self, value: Any) -> Any:
        is_row = isinstance(value, self.queryset.model)  # type: ignore[union-attr]
        if value in self.empty_values or is_row or is_key(self.queryset.model, value):  # type: ignore[union-attr]
            return super().to_python(value)
        raise ValidationError(
            self.error_messages["invalid_choice"],
            code="invalid_choice",
            params={"value": str(value)[:40]},
        )
