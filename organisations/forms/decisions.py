"""Forms of the officer's decisions; what they return goes to `services.decisions`."""

import datetime

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField

NO_DAY = _("Bitte wählen Sie einen Tag, der noch kommt.")


class MailForm(forms.Form):
    """The mail that goes with a decision, to read and change."""

    subject = CleanCharField(
        label=_("Betreff"),
        max_length=200,
        error_messages={"required": _("Bitte schreiben Sie einen Betreff.")},
    )
    body = CleanCharField(
        label=_("Text der E-Mail"),
        multiline=True,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 14, "dir": "auto"}),
        help_text=_("Unter dem Text steht ein Knopf, der zur Organisation im Portal führt."),
        error_messages={"required": _("Bitte schreiben Sie einen Text.")},
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def clean_seen(self) -> datetime.datetime | None:
        """Return the state's age as the officer had it before her; nonsense counts as unknown."""
        try:
            seen = datetime.datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            return None
        return seen if timezone.is_aware(seen) else None

    @property
    def decision(self) -> dict[str, object]:
        """Return the arguments of the service."""
        return {
            "subject": self.cleaned_data["subject"],
            "body": self.cleaned_data["body"],
            "seen_since": self.cleaned_data["seen"],
        }


class PostponeForm(forms.Form):
    until = forms.DateField(
        label=_("Wann soll die Anmeldung wieder hier stehen?"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": NO_DAY, "invalid": NO_DAY},
    )
    note = CleanCharField(
        label=_("Vermerk für das Team"),
        multiline=True,
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Steht im Verlauf. Es geht keine E-Mail hinaus."),
    )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        tomorrow = timezone.localdate() + datetime.timedelta(days=1)
        self.fields["until"].initial = tomorrow + datetime.timedelta(days=13)
        self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()

    def clean_until(self) -> datetime.date:
        until = self.cleaned_data["until"]
        if until <= timezone.localdate():
            raise forms.ValidationError(NO_DAY)
        return until

    @property
    def decision(self) -> dict[str, object]:
        return {"until": self.cleaned_data["until"], "note": self.cleaned_data["note"]}


class ReasonForm(forms.Form):
    reason = CleanCharField(
        label=_("Grund"),
        multiline=True,
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_("Der Grund steht in der E-Mail an die Vertretungen und im Verlauf."),
    )

    @property
    def decision(self) -> dict[str, object]:
        return {"reason": self.cleaned_data["reason"]}
