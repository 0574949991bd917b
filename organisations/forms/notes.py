"""The form of the office's diary."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField
from organisations.models import OrganisationNote


class NoteForm(forms.Form):
    text = CleanCharField(
        label=OrganisationNote._meta.get_field("text").verbose_name,
        multiline=True,
        max_length=OrganisationNote.TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=OrganisationNote._meta.get_field("text").help_text,
        error_messages={"required": _("Bitte schreiben Sie etwas.")},
    )
    # Made with the empty form; a nonsense key is as good as a new one.
    creation_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, object]:
        cleaned = dict(self.cleaned_data)
        cleaned["creation_key"] = cleaned.get("creation_key") or uuid.uuid4()
        self.errors.pop("creation_key", None)
        return cleaned
