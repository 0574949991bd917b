"""Forms about an action's life."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField, validate_has_words


class CancelForm(forms.Form):
    """Why an action does not take place."""

    reason = CleanCharField(
        label=_("Warum findet die Aktion nicht statt?"),
        help_text=_("Das lesen alle, die mitmachen, und bei einer öffentlichen Aktion jeder."),
        multiline=True,
        max_length=1000,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        error_messages={"required": _("Bitte schreiben Sie einen Satz zum Grund.")},
    )
