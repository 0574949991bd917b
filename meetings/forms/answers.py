"""What people say to an invitation."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Value, When
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.fields import RowsField
from core.text import CleanCharField
from meetings.models import Invitation, Meeting
from meetings.services.answers import FIELDS, NEEDS
from organisations.forms.fields import EmailField
from organisations.models import Language

MOST = Invitation.MOST_PEOPLE
WRONG_NUMBER = _(
    "Bitte geben Sie eine Zahl von 1 bis 50 an. Kommt niemand? Dann wählen Sie „Nein“."
)
WRONG_CHILDREN = _("Bitte geben Sie eine Zahl von 0 bis 50 an.")
# The numbers that no column holds are long before this.
LONGEST_NUMBER = 12


class WholeNumberField(forms.IntegerField):
    """A small number; whatever is none gets the same plain message."""

    def __init__(self, *, wrong: Any, most: int, **options: Any) -> None:
        self.wrong = wrong
        attrs = {
            "inputmode": "numeric",
            "autocomplete": "off",
            "placeholder": "0",
            "data-stepper": "",
        }
        super().__init__(
            max_value=most,
            widget=forms.NumberInput(attrs=attrs),
            error_messages=dict.fromkeys(("required", "invalid", "max_value", "min_value"), wrong),
            **options,
        )
        for validator in self.validators:
            validator.message = wrong

    def to_python(self, value: Any) -> int | None:
        if len(str(value or "")) > LONGEST_NUMBER:
            raise ValidationError(self.wrong, code="invalid")
        return super().to_python(value)


class AnswerForm(forms.Form):
    """An answer; which of its fields stood on the page depends on what was answered before.

    A "yes" comes with one tap and nothing else; the rest can be said afterwards. A page that shows
    the details sends `details` along, since boxes without a tick send nothing at all.
    """

    reply = forms.ChoiceField(
        label=_("Kommen Sie?"),
        choices=[
            (Invitation.Reply.YES, _("Ja, ich komme")),
            (Invitation.Reply.NO, _("Nein, ich komme nicht")),
            (Invitation.Reply.LATER, _("Ich weiß es noch nicht")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Bitte wählen Sie eine Antwort."),
            "invalid_choice": _("Bitte wählen Sie eine Antwort."),
        },
    )
    people = WholeNumberField(
        label=_("Wie viele Personen kommen?"),
        help_text=_("Zählen Sie sich selbst mit."),
        wrong=WRONG_NUMBER,
        min_value=1,
        most=MOST,
        required=False,
    )
    names = CleanCharField(
        label=_("Namen"),
        help_text=_(
            "Wer kommt? Bitte mit Komma trennen. So können wir Namensschilder vorbereiten. Zum "
            "Beispiel: Ana Petrova, Yusuf Kaya"
        ),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    interpreting = RowsField(
        label=_("In welche Sprache sollen wir dolmetschen?"),
        queryset=Language.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    children = WholeNumberField(
        label=_("Kinderbetreuung: für wie viele Kinder?"),
        wrong=WRONG_CHILDREN,
        min_value=0,
        most=50,
        required=False,
    )
    access_needs = CleanCharField(
        label=_("Was brauchen Sie, um teilnehmen zu können?"),
        help_text=_("Zum Beispiel: Rollstuhl, Aufzug, Hilfe beim Hören"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    food = CleanCharField(
        label=_("Wünsche zum Essen"),
        help_text=_("Zum Beispiel: vegetarisch, keine Nüsse"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    message = CleanCharField(
        label=_("Nachricht an das Team"),
        multiline=True,
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    details = forms.BooleanField(required=False, widget=forms.HiddenInput)
    # Next to nothing has to be filled in, and the page says so once.
    mark_optional = False
    seen_version = forms.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput
    )

    def __init__(
        self, data: Any = None, *, invitation: Invitation, meeting: Meeting, **options: Any
    ) -> None:
        self.invitation = invitation
        if data is None:
            options["initial"] = self._present() | options.get("initial", {})
        super().__init__(data, **options)
        # What is planned stands first, and what was chosen before.
        planned = set(meeting.interpreters.values_list("pk", flat=True))
        chosen = set(self.initial.get("interpreting", ()))
        self.first_languages = len(planned | chosen)
        self.fields["interpreting"].queryset = Language.objects.annotate(
            is_other=Case(
                When(pk__in=planned | chosen, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        ).order_by("is_other", "position", "name", "pk")

    def _present(self) -> dict[str, Any]:
        row = self.invitation
        return {
            "reply": row.reply,
            "people": row.people or 1,
            "names": row.names,
            "interpreting": list(row.interpreting.values_list("pk", flat=True)),
            "children": row.children or "",
            "access_needs": row.access_needs,
            "food": row.food,
            "message": row.message,
            "details": True,
            "seen_version": row.version,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self._said_yes():
            if self._sent("people") and cleaned.get("people") is None and "people" in cleaned:
                self.add_error("people", ValidationError(WRONG_NUMBER, code="required"))
            return cleaned
        # Who does not come need not mend how many would have.
        for field in ("people", *NEEDS):
            if field in self.errors:
                del self.errors[field]
                cleaned[field] = NEEDS.get(field, 0)
        return cleaned

    def _said_yes(self) -> bool:
        return self.cleaned_data.get("reply") == Invitation.Reply.YES

    def _sent(self, field: str) -> bool:
        return self.add_prefix(field) in self.data

    @property
    def version_seen(self) -> int:
        """The version the page was made from; nonsense counts as one that never was."""
        seen = getattr(self, "cleaned_data", {}).get("seen_version")
        return -1 if seen is None else seen

    @property
    def values(self) -> dict[str, Any]:
        """What was said, for `services.answers.answer`; what did not stand on the page is left."""
        values = {}
        for field in FIELDS:
            stood = self._sent(field) or (field == "interpreting" and self.cleaned_data["details"])
            if stood:
                value = self.cleaned_data[field]
                values[field] = 0 if value is None else value
        return values

    @cached_property
    def languages(self) -> tuple[list[Any], list[Any]]:
        """The boxes of the languages: those that show at once, and all others."""
        boxes = list(self["interpreting"])
        return boxes[: self.first_languages], boxes[self.first_languages :]

    @property
    def has_needs(self) -> bool:
        """Whether something stands in the part of the page that is folded away."""
        fields = ("interpreting", "children", "access_needs", "food")
        return any(self[field].value() or self[field].errors for field in fields)


class OfficeAnswerForm(AnswerForm):
    """The same, as the officer notes it for somebody on the telephone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        reply = self.fields["reply"]
        reply.label = _("Was ist die Antwort?")
        reply.choices = Invitation.Reply.choices
        reply.required = False
        self.fields["people"].help_text = _("Nur bei „kommt“.")
        self.fields["message"].label = _("Nachricht oder Vermerk")
        self.fields["message"].help_text = _(
            "Die eingeladene Person sieht den Text auf ihrer Seite."
        )


class RenewForm(forms.Form):
    """The address somebody was invited at."""

    email = EmailField(
        label=_("Ihre E-Mail-Adresse"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
