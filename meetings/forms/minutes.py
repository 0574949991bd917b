"""Forms about minutes: their sections and their decisions."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.seen import fingerprint
from core.text import CleanCharField
from meetings.services.minutes import Part, Typed


class SectionField(forms.Field):
    """A section's text, as it was typed; `services.minutes.save` cleans and judges it.

    No `maxlength`: browsers cut what is pasted without a word.
    """

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return str(value or "")


class MinutesForm(forms.Form):
    """One field per section.

    What stood in a section when the form was opened comes back as `seen-<name>`, and what the
    page's script has sent without an answer as `unconfirmed-<name>`.
    """

    def __init__(self, *args: Any, parts: Mapping[str, Part], **options: Any) -> None:
        super().__init__(*args, **options)
        self.parts = parts
        for name, part in parts.items():
            attributes = {"rows": 5, "dir": "auto", "aria-describedby": f"stand-{name}"}
            self.fields[name] = SectionField(
                label=part.label,
                required=False,
                initial=part.text,
                widget=forms.Textarea(attrs=attributes),
            )

    def typed(self) -> dict[str, Typed]:
        """Return the sections that were sent, after `is_valid`."""
        return {
            name: Typed(
                text=text,
                seen=self.data.get(f"seen-{name}", ""),
                unconfirmed=self.data.get(f"unconfirmed-{name}"),
            )
            for name, text in self.cleaned_data.items()
            if name in self.data
        }

    def seen(self, name: str) -> str:
        """Return what the form was filled with, as it is sent along."""
        if self.is_bound and f"seen-{name}" in self.data:
            return str(self.data[f"seen-{name}"])
        return fingerprint(self.parts[name].text)


class ReasonForm(forms.Form):
    """Why published minutes are changed."""

    reason = CleanCharField(
        label=_("Grund der Berichtigung"),
        max_length=300,
        required=False,
        help_text=_("Alle Mitglieder lesen das unter dem Protokoll."),
    )


class DecisionForm(ReasonForm):
    """What was decided.

    :param is_published: whether the change will be a correction.
    """

    text = CleanCharField(
        label=_("Was ist beschlossen?"),
        multiline=True,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_(
            "Ein ganzer Satz, den auch versteht, wer nicht dabei war. Alle Mitglieder lesen das."
        ),
        error_messages={"required": _("Bitte schreiben Sie, was beschlossen wurde.")},
    )
    # Made with the empty form; a nonsense key is as good as a new one.
    creation_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)
    field_order = ("text", "reason", "creation_key", "seen")

    def __init__(self, *args: Any, is_published: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_published:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = dict(self.cleaned_data)
        cleaned["creation_key"] = cleaned.get("creation_key") or uuid.uuid4()
        for name in ("creation_key", "seen"):
            self.errors.pop(name, None)
        return cleaned
