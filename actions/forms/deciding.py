"""Forms of the officer's decisions about an action; what they give goes to `joint_actions`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from actions.models import JointAction
from actions.services.joint_actions import NOTE_LENGTH
from core.text import CleanCharField

CHANGED = _(
    "Inzwischen ist an der Aktion etwas geändert. Bitte sehen Sie sich an, was jetzt dort steht. "
    "Ihre Entscheidung ist noch nicht gespeichert."
)


class DecisionForm(forms.Form):
    """A decision that needs no words; carries which version of the action the officer has read.

    Somebody else's change in between is told once. Sent again, the decision counts.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)

    def __init__(self, *args: Any, action: JointAction, **options: Any) -> None:
        super().__init__(*args, **options)
        self.version = str(action.version)
        self.initial["seen"] = self.version

    def clean(self) -> dict[str, Any]:
        cleaned = dict(self.cleaned_data)
        if self.errors.pop("seen", None) or cleaned.get("seen") != self.version:
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["seen"] = self.version  # type: ignore[index]
            self.add_error(None, CHANGED)
        return cleaned

    @property
    def answers(self) -> dict[str, str]:
        """Return what the service is given besides."""
        return {name: text for name, text in self.cleaned_data.items() if name != "seen"}


class QuestionForm(DecisionForm):
    note = CleanCharField(
        label=_("Was möchten Sie wissen?"),
        multiline=True,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_("Die Leitung liest das in der E-Mail und auf der Seite der Aktion."),
        error_messages={"required": _("Bitte schreiben Sie, was Sie wissen möchten.")},
    )
    field_order = ("note", "seen")


class ReasonForm(DecisionForm):
    reason = CleanCharField(
        label=_("Grund"),
        multiline=True,
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_("Alle, die mitmachen, lesen das in der E-Mail."),
    )
    field_order = ("reason", "seen")


class CancelForm(ReasonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["reason"]
        field.required = True
        field.label = _("Warum findet die Aktion nicht statt?")
        field.help_text = _(
            "Das steht in den E-Mails. War die Aktion schon öffentlich, steht es auch auf ihrer "
            "Seite."
        )
        field.error_messages["required"] = _("Bitte schreiben Sie einen Satz zum Grund.")
