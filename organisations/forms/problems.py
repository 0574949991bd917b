from django import forms
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField, validate_has_words
from organisations.models import ProblemReport


class ProblemForm(forms.ModelForm):
    """What is wrong on an organisation's page.

    Against programs that fill in every form it has a field people leave empty; that and the limits
    ask nothing of a person.
    """

    text = CleanCharField(
        multiline=True,
        label=_("Was stimmt nicht?"),
        help_text=_("Zum Beispiel: Die Telefonnummer ist nicht mehr richtig."),
        max_length=2000,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Bitte schreiben Sie, was nicht stimmt.")},
    )
    email = forms.EmailField(
        label=_("Ihre E-Mail-Adresse"),
        help_text=_("Nur das Team liest sie, um Ihnen zu antworten."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    homepage = forms.CharField(
        label=_("Bitte leer lassen"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = ProblemReport
        fields = ["text", "email"]

    def clean_homepage(self) -> str:
        if self.cleaned_data["homepage"]:
            raise forms.ValidationError(_("Bitte lassen Sie dieses Feld leer."))
        return ""
