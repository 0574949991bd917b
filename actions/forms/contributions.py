"""What an action needs, what organisations promise of it, and what they write to one another."""

import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions.models import ActionMessage, Contribution, Pledge
from actions.services.contributions import FIELDS, NOTHING, fingerprint
from core.fields import RowField
from core.text import CleanCharField, validate_has_words
from organisations.models import Organisation

# Years a typing error is not in, and every database can hold.
FIRST, LAST = datetime.date(2000, 1, 1), datetime.date(2100, 12, 31)


def _moment(**options: Any) -> forms.DateTimeField:
    zone = datetime.UTC
    return forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        validators=[
            MinValueValidator(datetime.datetime.combine(FIRST, datetime.time(), zone), _year),
            MaxValueValidator(datetime.datetime.combine(LAST, datetime.time(), zone), _year),
        ],
        error_messages={"invalid": gettext_lazy("Bitte geben Sie Tag und Uhrzeit an.")},
        **options,
    )


_year = gettext_lazy("Bitte prüfen Sie die Jahreszahl.")


class ContributionForm(forms.Form):
    """Something that is needed; a shift is a need with hours."""

    what = CleanCharField(
        label=gettext_lazy("Was wird gebraucht?"),
        help_text=gettext_lazy("Zum Beispiel: Kuchen, Bühne, Aufbau"),
        max_length=Contribution._meta.get_field("what").max_length,
        validators=[validate_has_words],
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": gettext_lazy("Bitte schreiben Sie, was gebraucht wird.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Art"),
        choices=Contribution.Kind.choices,
        initial=Contribution.Kind.OTHER,
    )
    amount = forms.IntegerField(
        label=gettext_lazy("Wie viel?"),
        min_value=1,
        max_value=10_000,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "data-stepper": ""}),
        error_messages={
            "invalid": gettext_lazy("Bitte geben Sie eine ganze Zahl an, zum Beispiel 2.")
        },
    )
    unit = CleanCharField(
        label=gettext_lazy("Einheit"),
        help_text=gettext_lazy("Zum Beispiel: Stück, Personen"),
        required=False,
        max_length=Contribution._meta.get_field("unit").max_length,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    due_on = forms.DateField(
        label=gettext_lazy("Bis wann?"),
        help_text=gettext_lazy("Eine Woche vorher und danach erinnert das Portal."),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MinValueValidator(FIRST, _year), MaxValueValidator(LAST, _year)],
        error_messages={"invalid": gettext_lazy("Bitte geben Sie ein Datum an.")},
    )
    starts_at = _moment(
        label=gettext_lazy("Schicht ab"),
        help_text=gettext_lazy("Nur wenn jemand zu einer festen Zeit da sein soll."),
    )
    ends_at = _moment(label=gettext_lazy("Schicht bis"))
    note = CleanCharField(
        label=gettext_lazy("Hinweis"),
        required=False,
        multiline=True,
        max_length=Contribution._meta.get_field("note").max_length,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    seen_version = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        begin, end = cleaned["starts_at"], cleaned["ends_at"]
        if begin and not end:
            self.add_error("ends_at", _("Bitte sagen Sie auch, wann die Schicht endet."))
        elif end and not begin:
            self.add_error("starts_at", _("Bitte sagen Sie auch, wann die Schicht beginnt."))
        elif begin and end and end <= begin:
            self.add_error("ends_at", _("Die Schicht muss nach ihrem Beginn enden."))
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """What the services take."""
        return {name: self.cleaned_data[name] for name in FIELDS}


def initial_of(need: Contribution) -> dict[str, Any]:
    """Return what a form shows of a row that is there."""
    return {name: getattr(need, name) for name in FIELDS}


def next_shift(need: Contribution) -> dict[str, Any]:
    """Return what a form begins with after a row: the same, for shifts the hours that follow."""
    values = initial_of(need)
    if need.starts_at and need.ends_at:
        values["starts_at"] = need.ends_at
        values["ends_at"] = need.ends_at + (need.ends_at - need.starts_at)
    else:
        values |= {"what": "", "note": ""}
    return values


class PledgeForm(forms.Form):
    """What one of the reader's organisations brings of one row."""

    amount = forms.IntegerField(
        label=gettext_lazy("Wie viel?"),
        min_value=1,
        max_value=10_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "data-stepper": ""}),
        error_messages={
            "required": gettext_lazy("Bitte sagen Sie, wie viel."),
            "invalid": gettext_lazy("Bitte geben Sie eine ganze Zahl an, zum Beispiel 2."),
        },
    )
    person = CleanCharField(
        label=gettext_lazy("Wer?"),
        help_text=gettext_lazy("Das sehen alle, die mitmachen."),
        required=False,
        max_length=Pledge._meta.get_field("person").max_length,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "name"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)

    def __init__(
        self,
        data: Any = None,
        *,
        need: Any,
        organisation: Organisation,
        pledge: Pledge | None,
        name: str = "",
    ) -> None:
        self.need, self.organisation, self.pledge = need, organisation, pledge
        left = max(need.amount - need.pledged, 1)
        is_shift = need.kind == Contribution.Kind.PEOPLE
        super().__init__(
            data,
            auto_id=f"id_{need.pk}_{organisation.pk}_%s",
            initial={
                "amount": pledge.amount if pledge else 1 if is_shift else left,
                "person": pledge.person if pledge else name,
                "seen": fingerprint(pledge),
            },
        )

    @property
    def is_new(self) -> bool:
        return self.initial["seen"] == NOTHING


class MessageForm(forms.Form):
    """A message to all who take part."""

    organisation = RowField(
        Organisation.objects.none(),
        label=gettext_lazy("Für welche Organisation?"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": gettext_lazy("Bitte wählen Sie die Organisation."),
            "invalid_choice": gettext_lazy("Bitte wählen Sie eine von Ihren Organisationen."),
        },
    )
    text = CleanCharField(
        label=gettext_lazy("Ihre Nachricht"),
        multiline=True,
        max_length=ActionMessage._meta.get_field("text").max_length,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        error_messages={"required": gettext_lazy("Bitte schreiben Sie etwas.")},
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, own: list[Organisation], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(pk__in=[one.pk for one in own])
        if len(own) < 2:
            del self.fields["organisation"]
        self.own = own

    @property
    def sender(self) -> Organisation | None:
        """The organisation it is written for; none for the officer."""
        return self.cleaned_data.get("organisation") or (self.own[0] if self.own else None)
