from django import forms
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField, validate_has_words


class CorrectionForm(forms.Form):
    """What is not right, from somebody whose address is known: they came by the link in a mail."""

    text = CleanCharField(
        multiline=True,
        label=_("Was stimmt nicht?"),
        help_text=_("Zum Beispiel: Die Telefonnummer ist nicht mehr richtig."),
        max_length=2000,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Bitte schreiben Sie, was nicht stimmt.")},
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)


class OfficerConfirmationForm(forms.Form):
    """How the officer knows that everything still is right."""

    note = CleanCharField(
        label=_("Vermerk"),
        help_text=_("Zum Beispiel: Anruf beim Verein. Nur das Team sieht es, ein Jahr lang."),
        required=False,
        max_length=500,
    )
