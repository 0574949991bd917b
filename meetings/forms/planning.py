"""Forms about a meeting's life."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField


class CancelForm(forms.Form):
    """Why a meeting does not take place."""

    reason = CleanCharField(
        label=_("Warum findet das Treffen nicht statt?"),
        help_text=_("Das steht in der E-Mail an alle, die eingeladen sind."),
        multiline=True,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Bitte schreiben Sie einen Satz zum Grund.")},
    )
