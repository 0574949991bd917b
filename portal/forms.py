from django import forms
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField, validate_has_words
from organisations.forms.fields import ImageFileField
from portal.models import Feedback


class FeedbackForm(forms.ModelForm):
    """What did not work for somebody; everything but the message is optional."""

    text = CleanCharField(
        multiline=True,
        label=_("Ihre Nachricht"),
        help_text=_(
            "Was hat nicht funktioniert? Schreiben Sie so, wie Sie möchten. "
            "Ihre Sprache ist uns recht."
        ),
        error_messages={"required": _("Bitte schreiben Sie, was nicht funktioniert hat.")},
        max_length=4000,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    page = CleanCharField(
        label=_("Seite"),
        help_text=_("Auf welcher Seite war das? Wenn Sie es wissen."),
        max_length=300,
        required=False,
    )
    name = CleanCharField(
        label=_("Ihr Name"),
        help_text=_("Nur das Team liest ihn."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Ihre E-Mail-Adresse"),
        help_text=_("Nur das Team liest sie, um Ihnen zu antworten."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = Feedback
        fields = ["text", "page", "name", "email"]


class LogoForm(forms.Form):
    """The network's logo."""

    file = ImageFileField(
        label=_("Logo"),
        error_messages={"required": _("Bitte wählen Sie ein Bild aus.")},
        help_text=_(
            "JPEG, PNG, WebP oder GIF, höchstens 10 MB. Es steht klein oben auf jeder Seite, auf "
            "Weiß."
        ),
    )
