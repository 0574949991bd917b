"""The officer's decision about a proposed edit; what it returns goes to `services.proposals`."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField


class ProposalForm(forms.Form):
    """Why something is not taken; which fields are taken stands in ticks beside them."""

    reason = CleanCharField(
        label=_("Begründung"),
        multiline=True,
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Nur wenn Sie etwas nicht übernehmen. Sie steht in der E-Mail."),
    )
    seen_version = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1
    )
    seen_at = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def clean_seen_at(self) -> datetime.datetime | None:
        """Return when what she saw was changed last; nonsense counts as long ago."""
        try:
            seen = datetime.datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            return None
        return seen if timezone.is_aware(seen) else None

    @property
    def decision(self) -> dict[str, Any]:
        """Return the arguments of the service that stand in the form itself."""
        return {
            "reason": self.cleaned_data["reason"],
            "seen_version": self.cleaned_data["seen_version"] or 0,
            "seen_at": self.cleaned_data["seen_at"],
        }
