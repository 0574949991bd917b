"""What is said of an action, one topic at a time, so that each page is short on a phone."""

import uuid
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from actions.models import Campaign, JointAction
from actions.services import details
from core import phones
from core.fields import RowField, RowsField
from core.text import CleanCharField, HttpUrlField, validate_has_words
from organisations.forms.fields import EmailField, LongTextField, PhoneField
from organisations.forms.languages import FurtherLanguages
from organisations.forms.registration import shown_choices
from organisations.models import Language, Municipality, Organisation, TargetGroup

MOMENT = "%Y-%m-%dT%H:%M"
YEARS = (2000, 2200)


def title_field() -> CleanCharField:
    return CleanCharField(
        label=_("Wie heißt die Aktion?"),
        max_length=120,
        validators=[validate_has_words],
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": _("Bitte geben Sie der Aktion einen Titel.")},
    )


def summary_field() -> CleanCharField:
    return CleanCharField(
        label=_("Kurz gesagt: Was ist das?"),
        max_length=JointAction.SUMMARY_LENGTH,
        required=False,
        multiline=True,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Ein oder zwei Sätze. Sie stehen im Programm."),
    )


class BeginForm(forms.Form):
    """A new action: what it is, and who leads it. All else comes afterwards."""

    title = title_field()
    summary = summary_field()
    organisation = RowField(
        label=_("Wer leitet die Aktion?"),
        queryset=Organisation.objects.none(),
        widget=forms.RadioSelect,
        help_text=_("Die Leitung entscheidet, wer mitmacht, und gibt die Aktion zum Prüfen."),
        error_messages={"required": _("Bitte wählen Sie die Organisation aus.")},
    )
    campaign = RowField(
        label=_("Gehört die Aktion zu einem Programm?"),
        queryset=Campaign.objects.none(),
        required=False,
        blank=True,
        empty_label=_("Nein"),
        widget=forms.RadioSelect,
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        organisations: Any,
        campaigns: Any,
        may_have_no_lead: bool = False,
        **options: Any,
    ) -> None:
        """Build the form.

        :param organisations: those that may lead it.
        :param campaigns: those it may belong to.
        :param may_have_no_lead: for the officer, who then looks for one.
        """
        super().__init__(*args, **options)
        lead: Any = self.fields["organisation"]
        lead.queryset = organisations
        if may_have_no_lead:
            lead.required = False
            lead.empty_label = _("Noch niemand. Wir suchen eine Leitung.")
            lead.widget = forms.Select(attrs=lead.widget.attrs)
            lead.widget.choices = lead.choices
        else:
            lead.empty_label = None
            own = list(organisations[:2])
            if len(own) == 1:
                # Nothing to choose.
                lead.widget, lead.initial = forms.HiddenInput(), own[0].pk
        self.fields["campaign"].queryset = campaigns  # type: ignore[attr-defined]

    def clean_creation_key(self) -> uuid.UUID:
        return self.cleaned_data["creation_key"] or uuid.uuid4()

    @property
    def values(self) -> dict[str, Any]:
        """Return what `joint_actions.create` is to write."""
        return {name: self.cleaned_data[name] for name in ("title", "summary", "campaign")}


class SectionForm(forms.Form):
    """A part of an action: knows its own fields, and the version it was filled from."""

    # The fields that are the action's; `initial` and `values` follow them.
    columns: ClassVar[tuple[str, ...]] = ()
    # Shown again as typed, without judging or saving it yet.
    unchecked = False

    # A request without it has not come from the form, whose empty fields it would seem to bring.
    seen_version = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        max_value=2**31 - 1,
        error_messages={
            "required": _("Bitte sehen Sie sich die Angaben an und senden Sie sie noch einmal.")
        },
    )

    @classmethod
    def options(cls, data: QueryDict) -> dict[str, Any]:
        """Return what of a request decides how the form is built."""
        return {}

    def __init__(self, *args: Any, action: JointAction, user: Any, **options: Any) -> None:
        self.action, self.user = action, user
        options["initial"] = {name: self.present(name) for name in self.columns}
        options["initial"]["seen_version"] = action.version
        super().__init__(*args, **options)

    def present(self, name: str) -> Any:
        """Return what a field shows before anybody types."""
        if name in details.MANY:
            return list(getattr(self.action, name).values_list("pk", flat=True))
        return getattr(self.action, name)

    @property
    def values(self) -> dict[str, Any]:
        """Return what `joint_actions.change` is to write, of a valid form."""
        return {name: self.cleaned_data[name] for name in self.columns}

    def clean(self) -> dict[str, Any]:
        if "seen_version" in self.errors:
            self.see(self.action.version)
        return self.cleaned_data

    @property
    def seen(self) -> int:
        """The version the form was filled from."""
        return self.cleaned_data["seen_version"]

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields in their order, for the template."""
        return [field for field in self if not field.is_hidden]

    def see(self, version: int) -> None:
        """Let the form, shown again, be one that has seen this version."""
        data: Any = self.data
        self.data = data.copy()
        self.data["seen_version"] = str(version)

    def shown(self, name: str, value: Any) -> str:
        """Return a value of a field in words, for the page that compares two people's entries."""
        field: Any = self.fields[name]
        if isinstance(field, RowsField):
            return shown_choices([(row.pk, row) for row in field.queryset], value)
        if isinstance(field, forms.ChoiceField):
            return shown_choices(field.choices, [value])
        if isinstance(value, bool):
            return str(_("Ja")) if value else str(_("Nein"))
        if name == "registration_until" and value:
            return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        return str(value) if value not in (None, "") else ""


class WhatForm(SectionForm):
    """What it is, for whom, and in which languages."""

    columns = (
        "title", "summary", "description", "category", "target_groups", "languages", "campaign",
    )  # fmt: skip

    title = title_field()
    summary = summary_field()
    description = LongTextField(
        label=_("Was erwartet die Menschen?"),
        max_length=JointAction.TEXT_LENGTH,
        rows=6,
        required=False,
        help_text=_("Schreiben Sie einfach, so wie Sie sprechen."),
    )
    category = forms.ChoiceField(
        label=_("Was für eine Aktion ist das?"),
        choices=[("", _("Bitte wählen")), *JointAction.Category.choices],
        required=False,
    )
    target_groups = RowsField(
        label=_("Für wen ist die Aktion?"),
        queryset=TargetGroup.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Für alle? Dann lassen Sie es leer."),
    )
    languages = RowsField(
        label=_("Welche Sprachen werden dort gesprochen?"),
        queryset=Language.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    campaign = RowField(
        label=_("Gehört die Aktion zu einem Programm?"),
        queryset=Campaign.objects.none(),
        required=False,
        blank=True,
        empty_label=_("Nein"),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["campaign"].queryset = campaigns_for(self.user, self.action)  # type: ignore[attr-defined]

    def shown(self, name: str, value: Any) -> str:
        if name == "campaign":
            return str(Campaign.objects.filter(pk=value).first() or "")
        return super().shown(name, value)


class PlaceForm(SectionForm):
    """Where it is, and whether everybody gets in."""

    columns = ("place", "address", "municipality", "accessibility", "accessibility_note")

    place = CleanCharField(
        label=_("Haus und Raum"),
        max_length=160,
        required=False,
        help_text=_("Zum Beispiel: Gemeindehaus, großer Saal"),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    address = CleanCharField(
        label=_("Adresse"),
        max_length=200,
        required=False,
        help_text=_("Straße und Hausnummer, Postleitzahl und Ort"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    municipality = RowField(
        label=_("Stadt oder Gemeinde"),
        queryset=Municipality.objects.none(),
        required=False,
        empty_label=_("Bitte wählen"),
        help_text=_("So finden Menschen, was in ihrer Nähe ist."),
    )
    accessibility = forms.ChoiceField(
        label=_("Kommt man mit dem Rollstuhl hinein?"),
        choices=(
            (JointAction.Accessibility.YES, _("Ja, ohne Stufen, mit passender Toilette")),
            (JointAction.Accessibility.PARTLY, _("Teilweise, oder mit Hilfe")),
            (JointAction.Accessibility.NO, _("Nein")),
            (JointAction.Accessibility.UNKNOWN, _("Das weiß ich nicht")),
        ),
        widget=forms.RadioSelect,
        required=False,
    )
    accessibility_note = CleanCharField(
        label=_("Hinweis zur Barrierefreiheit"),
        max_length=300,
        required=False,
        help_text=_("Zum Beispiel: Der Aufzug ist hinten im Hof."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["municipality"].queryset = Municipality.objects.defer("outline")  # type: ignore[attr-defined]

    def clean_accessibility(self) -> str:
        return self.cleaned_data["accessibility"] or JointAction.Accessibility.UNKNOWN

    def shown(self, name: str, value: Any) -> str:
        if name == "municipality":
            return str(Municipality.objects.defer("outline").filter(pk=value).first() or "")
        return super().shown(name, value)


class MomentField(forms.DateTimeField):
    """A day and an hour, of a year that the database and its time zones know."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"})
        )
        super().__init__(**options)

    def to_python(self, value: Any) -> Any:
        try:
            moment = super().to_python(value)
        except OverflowError as error:
            raise ValidationError(_("Dieses Jahr kennt der Kalender nicht.")) from error
        if moment is not None and not YEARS[0] <= moment.year <= YEARS[1]:
            raise ValidationError(_("Dieses Jahr kennt der Kalender nicht."))
        return moment


class EntryForm(SectionForm):
    """What it costs, how one comes in, and what else one should know."""

    columns = (
        "entry", "link", "additional", "takes_registrations", "capacity", "registration_until",
    )  # fmt: skip

    entry = CleanCharField(
        label=_("Eintritt"),
        max_length=160,
        required=False,
        help_text=_("Zum Beispiel: frei. Oder: 3 Euro, Kinder frei"),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    additional = CleanCharField(
        label=_("Gut zu wissen"),
        max_length=500,
        required=False,
        multiline=True,
        help_text=_("Zum Beispiel: Bei Regen im Gemeindehaus."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    link = HttpUrlField(
        label=_("Internetseite"),
        max_length=500,
        required=False,
        help_text=_("Wenn es mehr zu lesen gibt, zum Beispiel: www.example.org"),
    )
    takes_registrations = forms.BooleanField(
        label=_("Besucherinnen und Besucher sollen sich hier anmelden"),
        required=False,
        help_text=_("Sie sehen dann, wer kommt. 30 Tage danach löscht das Portal die Namen."),
    )
    capacity = forms.IntegerField(
        label=_("Wie viele Plätze gibt es bei jedem Termin?"),
        required=False,
        min_value=1,
        max_value=JointAction.MOST_PEOPLE,
        help_text=_("Sind alle vergeben, gibt es eine Warteliste. Ohne Grenze lassen Sie es leer."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    registration_until = MomentField(
        label=_("Bis wann kann man sich anmelden?"),
        required=False,
        help_text=_("Ohne Angabe: bis zum Beginn."),
    )

    @property
    def values(self) -> dict[str, Any]:
        values = super().values
        until, present = values["registration_until"], self.action.registration_until
        if until and present and until == present.replace(second=0, microsecond=0):
            values["registration_until"] = present  # the form knows minutes only
        return values


class ContactForm(SectionForm):
    """Whom one can ask."""

    columns = ("contact_name", "contact_phone", "contact_email")

    contact_name = CleanCharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("Wird öffentlich. Bitte nur, wenn die Person einverstanden ist."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    contact_phone = PhoneField(
        label=_("Telefon"),
        required=False,
        help_text=_("Wird öffentlich. Eine private Nummer tragen Sie bitte nicht hier ein."),
    )
    contact_email = EmailField(
        label=_("E-Mail-Adresse"), required=False, help_text=_("Wird öffentlich.")
    )

    def clean_contact_phone(self) -> str:
        number = self.cleaned_data["contact_phone"]
        return phones.spoken(number) if number else ""


class LanguagesForm(FurtherLanguages, SectionForm):
    """The texts in further languages; the German ones stay."""

    texts = JointAction.translated_fields
    ROWS: ClassVar[dict[str, int]] = {"description": 6, "summary": 3, "additional": 3}

    def __init__(
        self, *args: Any, adding: str = "", unchecked: bool = False, **options: Any
    ) -> None:
        """Build the form; see `FurtherLanguages`."""
        super().__init__(*args, **options)
        self.unchecked = unchecked
        self.add_languages(self.action.translations, adding)

    def text_field(self, text: str, language: Language) -> forms.Field:
        column: Any = JointAction._meta.get_field(text)
        attributes = {"dir": language.direction, "lang": language.code}
        rows = self.ROWS.get(text)
        return CleanCharField(
            label=_("%(question)s – auf %(language)s")
            % {"question": column.verbose_name, "language": language},
            max_length=column.max_length or JointAction.TEXT_LENGTH,
            required=False,
            multiline=bool(rows),
            widget=forms.Textarea(attrs={"rows": rows, **attributes})
            if rows
            else forms.TextInput(attrs=attributes),
        )

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.further_names}

    @property
    def translations(self) -> list[dict[str, Any]]:
        """Return the further languages with their fields and the German texts."""
        german = [getattr(self.action, text) for text in self.texts]
        found = []
        for language in self.further:
            fields = [self[name] for name in self.names_in(language)]
            pairs = list(zip(fields, german, strict=True))
            found.append({"language": language, "pairs": pairs})
        return found


def campaigns_for(user: Any, action: JointAction | None = None) -> Any:
    """Return the campaigns an action may belong to: those that are not over, and its own."""
    found = Campaign.objects.visible_to(user)
    ahead = found.filter(ends_on__gte=timezone.localdate())
    if action is not None and action.campaign_id:
        ahead = ahead | Campaign.objects.filter(pk=action.campaign_id)
    return ahead.order_by("starts_on", "pk")
