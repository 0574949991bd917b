"""Forms around a meeting's list of invitations, for the office."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.fields import RowField, RowsField
from core.seen import fingerprint
from core.text import CleanCharField
from meetings.models import Invitation, Meeting
from meetings.services import recipients
from organisations.models import Organisation

# So many addresses with their names are 2,000 and more.
LONGEST_PASTED = 100_000
REACHED_BY = ("name", "email", "postal_address", "language")


def language_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Sprache der Einladung"),
        choices=settings.LANGUAGES,
        initial=settings.LANGUAGE_CODE,
    )


class RulesForm(forms.Form):
    """Which rules put people on the list; each box says how many it would add.

    :param rules: see `recipients.rules`.
    """

    sources = forms.MultipleChoiceField(
        label=_("Wen möchten Sie einladen?"),
        choices=[(rule.value, rule.label) for rule in recipients.RULES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Bitte wählen Sie aus, wen Sie einladen möchten.")},
    )


class GuestsForm(forms.Form):
    """Pasted addresses."""

    people = CleanCharField(
        label=_("E-Mail-Adressen"),
        multiline=True,
        max_length=LONGEST_PASTED,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto", "spellcheck": "false"}),
        help_text=_(
            "Eine Person je Zeile, gern mit Namen: Anna Muster <anna@example.org>. Sie können auch "
            "eine Liste aus Ihrem E-Mail-Programm einfügen."
        ),
        error_messages={"required": _("Bitte tragen Sie mindestens eine E-Mail-Adresse ein.")},
    )
    language = language_field()


class LetterForm(forms.Form):
    """Somebody who gets a letter."""

    name = CleanCharField(label=_("Name"), max_length=recipients.NAME_LENGTH)
    postal_address = CleanCharField(
        label=_("Postadresse"),
        multiline=True,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_("Straße und Hausnummer, Postleitzahl und Ort. Der Name steht schon darüber."),
    )
    language = language_field()
    organisation = RowField(
        label=_("Organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = Organisation.objects.public()  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    """How somebody on the list is reached; somebody else's change in between is told once."""

    name = CleanCharField(label=_("Name"), max_length=recipients.NAME_LENGTH, required=False)
    email = forms.EmailField(
        label=_("E-Mail-Adresse"),
        required=False,
        help_text=_("Leer, wenn die Person einen Brief bekommt."),
    )
    postal_address = CleanCharField(
        label=_("Postadresse"),
        multiline=True,
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_("Nur für einen Brief: Straße und Hausnummer, Postleitzahl und Ort."),
    )
    language = language_field()
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        self.standing = fingerprint(invitation, REACHED_BY)
        values = {name: getattr(invitation, name) for name in REACHED_BY}
        super().__init__(*args, initial=values | {"seen": self.standing}, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("seen") != self.standing:
            self.data = self.data.copy()
            self.data["seen"] = self.standing
            self.add_error(
                None,
                _(
                    "Inzwischen hat jemand diese Person geändert. Ihre Eingaben stehen noch hier. "
                    "Wenn Sie noch einmal speichern, gelten Ihre."
                ),
            )
        return cleaned


class ChosenForm(forms.Form):
    """The people whose boxes were ticked."""

    chosen = RowsField(queryset=Invitation.objects.none())

    def __init__(self, data: Any, *, meeting: Meeting) -> None:
        super().__init__(data)
        self.fields["chosen"].queryset = meeting.invitations.all()  # type: ignore[attr-defined]
