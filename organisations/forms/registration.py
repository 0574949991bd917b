"""The forms of a registration: one topic each, no field more than it needs.

They check and tidy; what they return goes to the services, which write it.
"""

import re
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import RowsField
from core.text import CleanCharField, HttpUrlField, validate_has_words
from organisations import questions
from organisations.forms.fields import (
    EmailField,
    LongTextField,
    PhoneField,
    YesNoField,
    shown_phone,
)
from organisations.forms.languages import FurtherLanguages
from organisations.models import Language, Municipality, Organisation, PostalCode

SOCIAL_LINKS = 4


# --- Begin ----------------------------------------------------------------------------------------
class RegisterForm(forms.Form):
    """Name and kind: enough to begin."""

    name = CleanCharField(
        label=_("Wie heißt Ihre Organisation?"),
        max_length=160,
        validators=[validate_has_words],
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
        help_text=_("Der ganze Name, so wie er auf Briefen steht. Er wird öffentlich."),
        error_messages={"required": _("Bitte geben Sie den Namen der Organisation an.")},
    )
    kind = forms.ChoiceField(
        label=_("Was ist Ihre Organisation?"),
        choices=Organisation.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte wählen Sie aus, was Ihre Organisation ist.")},
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def clean_creation_key(self) -> uuid.UUID:
        return self.cleaned_data["creation_key"] or uuid.uuid4()


# --- Steps ----------------------------------------------------------------------------------------
class StepForm(forms.Form):
    """One step: knows the organisation, the version it was filled from, and its own values."""

    # The fields that are columns of the organisation; `initial` and `values` follow them.
    columns: ClassVar[tuple[str, ...]] = ()
    # Shown again as typed, without judging or saving it yet.
    unchecked = False

    @classmethod
    def options(cls, data: QueryDict) -> dict[str, Any]:
        """Return what of a request decides how the form is built."""
        return {}

    def __init__(self, *args: Any, organisation: Organisation, **options: Any) -> None:
        self.organisation = organisation
        options["initial"] = self.present(organisation) | options.get("initial", {})
        super().__init__(*args, **options)

    def present(self, organisation: Organisation) -> dict[str, Any]:
        """Return what the fields show before anybody types."""
        return {field: self.column(organisation, field) for field in self.columns}

    @staticmethod
    def column(organisation: Organisation, field: str) -> Any:
        if organisation._meta.get_field(field).many_to_many:
            return list(getattr(organisation, field).values_list("pk", flat=True))
        return getattr(organisation, field)

    @property
    def values(self) -> dict[str, Any]:
        """Return what `editing.save` is to write, of a valid form."""
        return {field: self.cleaned_data[field] for field in self.columns}

    def shown(self, field: str, value: Any) -> str:
        """Return a value of a field in words, for the page that compares two people's entries."""
        return str(value or "")


def shown_choices(choices: Iterable[tuple[Any, Any]], keys: Iterable[Any]) -> str:
    """Return the labels of the chosen keys, in the choices' order."""
    wanted = {str(key) for key in keys}
    return ", ".join(str(label) for key, label in choices if str(key) in wanted)


class OrganisationForm(StepForm):
    """Who you are."""

    columns = questions.of_step("organisation")

    name = CleanCharField(
        label=_("Name"),
        max_length=160,
        validators=[validate_has_words],
        help_text=_("Der ganze Name, so wie er auf Briefen steht."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
        error_messages={"required": _("Bitte geben Sie den Namen der Organisation an.")},
    )
    short_name = CleanCharField(
        label=_("Kurzname"),
        max_length=40,
        required=False,
        help_text=_("Wenn Sie eine Abkürzung benutzen, zum Beispiel: KV Musterstadt"),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    kind = forms.ChoiceField(
        label=_("Was ist Ihre Organisation?"),
        choices=Organisation.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Bitte wählen Sie aus, was Ihre Organisation ist.")},
    )
    legal_form = CleanCharField(
        label=_("Rechtsform"),
        max_length=80,
        required=False,
        help_text=_("Zum Beispiel: e. V. Eine Initiative hat meistens keine."),
    )
    founding_year = forms.IntegerField(
        label=_("Gründungsjahr"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 4}),
        help_text=_("Vier Ziffern, zum Beispiel 1998"),
        error_messages={"invalid": _("Bitte geben Sie das Gründungsjahr mit vier Ziffern an.")},
    )
    register_entry = CleanCharField(
        label=_("Registereintrag"),
        max_length=120,
        required=False,
        help_text=_("Zum Beispiel: VR 123456, Amtsgericht Mannheim"),
    )
    charitable = YesNoField(
        label=_("Ist Ihre Organisation gemeinnützig?"),
        help_text=_("Das heißt: Das Finanzamt hat es bestätigt."),
    )

    def clean_founding_year(self) -> int | None:
        year = self.cleaned_data["founding_year"]
        if year is not None and not 1000 <= year <= timezone.localdate().year:
            raise ValidationError(
                _("Bitte prüfen Sie das Jahr. Es hat vier Ziffern und liegt nicht in der Zukunft.")
            )
        return year

    def shown(self, field: str, value: Any) -> str:
        if field == "kind":
            return shown_choices(Organisation.Kind.choices, [value])
        if field == "charitable":
            return {True: str(_("Ja")), False: str(_("Nein"))}.get(value, "")
        return super().shown(field, value)


class PlaceForm(StepForm):
    """Where you are and where you work."""

    columns = questions.of_step("ort")

    municipality = forms.ModelChoiceField(
        label=_("In welcher Stadt oder Gemeinde sind Sie zu Hause?"),
        queryset=Municipality.objects.none(),
        empty_label=_("Bitte wählen"),
        help_text=_("Das wird öffentlich. So finden andere Sie auf der Karte."),
        error_messages={"required": _("Bitte wählen Sie eine Stadt oder Gemeinde aus.")},
    )
    whole_county = forms.BooleanField(label=_("Wir sind im ganzen Landkreis aktiv"), required=False)
    active_in = RowsField(
        label=_("Wo sind Sie auch aktiv?"),
        queryset=Municipality.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    street = CleanCharField(
        label=_("Straße und Hausnummer"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    address_extra = CleanCharField(
        label=_("Zusatz"),
        max_length=120,
        required=False,
        help_text=_("Zum Beispiel: Hinterhaus, 2. Stock, bei Familie Muster"),
    )
    postal_code = CleanCharField(
        label=_("Postleitzahl"),
        max_length=12,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "postal-code", "dir": "ltr"}
        ),
    )
    confirm_postal_code = forms.BooleanField(
        label=_("Ja, die Postleitzahl stimmt so"), required=False
    )
    place = CleanCharField(
        label=_("Ort"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    address_public = forms.BooleanField(
        label=_("Adresse öffentlich zeigen"),
        required=False,
        help_text=_(
            "Mit Haken: Alle können die Adresse im Internet sehen. Ohne Haken: Nur Sie und das "
            "Team des Netzwerks sehen sie. Bei einer privaten Wohnung raten wir: ohne Haken."
        ),
    )
    opening_times = LongTextField(
        label=_("Wann sind Sie da? Wann treffen Sie sich?"),
        max_length=500,
        rows=3,
        required=False,
        help_text=_("Zum Beispiel: jeden Freitag, 18 Uhr. Das wird öffentlich."),
    )
    accessibility = forms.ChoiceField(
        label=_("Kommt man mit dem Rollstuhl hinein?"),
        choices=(
            (Organisation.Accessibility.YES, _("Ja, ohne Stufen, mit passender Toilette")),
            (Organisation.Accessibility.PARTLY, _("Teilweise, oder mit Hilfe")),
            (Organisation.Accessibility.NO, _("Nein")),
            (Organisation.Accessibility.UNKNOWN, _("Das weiß ich nicht")),
        ),
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_partner = self.organisation.kind == Organisation.Kind.PARTNER
        in_county = Municipality.objects.filter(in_county=True).defer("outline")
        everywhere = Municipality.objects.defer("outline")
        self.fields["municipality"].queryset = everywhere if self.is_partner else in_county
        self.fields["active_in"].queryset = in_county
        # Asked only where something does not fit.
        self.asks_to_confirm = False

    @property
    def values(self) -> dict[str, Any]:
        return super().values | {
            "accessibility": self.cleaned_data["accessibility"]
            or Organisation.Accessibility.UNKNOWN
        }

    def clean_postal_code(self) -> str:
        code = self.cleaned_data["postal_code"].replace(" ", "").upper().removeprefix("D-")
        if code and not re.fullmatch(r"\d{5}", code):
            raise ValidationError(
                _("Eine Postleitzahl hat fünf Ziffern, zum Beispiel 76437."), code="digits"
            )
        return "".join(str(int(digit)) for digit in code)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        code, municipality = cleaned.get("postal_code"), cleaned.get("municipality")
        if code:
            self._check_postal_code(code, municipality)
        if code and not self.errors and not cleaned.get("place") and municipality:
            cleaned["place"] = municipality.name
        return cleaned

    def _check_postal_code(self, code: str, municipality: Municipality | None) -> None:
        known = list(
            PostalCode.objects.filter(code=code)
            .select_related("municipality")
            .defer("municipality__outline")
        )
        in_county = [entry for entry in known if entry.municipality.in_county]
        if municipality and any(entry.municipality_id == municipality.pk for entry in known):
            return
        if not PostalCode.objects.filter(municipality__in_county=True).exists():
            return  # no postcodes were loaded: there is nothing to compare with
        confirmed = self.cleaned_data.get("confirm_postal_code")
        if not in_county and not self.is_partner:
            self.add_error(
                "postal_code",
                ValidationError(
                    _(
                        "Die Postleitzahl %(code)s liegt nicht im Landkreis. Bitte prüfen Sie die "
                        "Ziffern. Haben Sie keine Adresse im Landkreis, aber sind hier aktiv? Dann "
                        "lassen Sie Straße, Postleitzahl und Ort leer."
                    ),
                    code="outside",
                    params={"code": code},
                ),
            )
        elif not confirmed and municipality:
            self.asks_to_confirm = True
            if in_county:
                places = ", ".join(str(entry.municipality) for entry in in_county)
                text = _(
                    "Die Postleitzahl %(code)s gehört zu %(places)s. Sie haben aber %(chosen)s "
                    "ausgewählt. Was ist richtig? Wenn beides stimmt, bestätigen Sie es unten."
                )
            else:
                places = ""
                text = _(
                    "Die Postleitzahl %(code)s liegt nicht im Landkreis. Für eine "
                    "Partnerinstitution geht das: Bitte bestätigen Sie es unten."
                )
            self.add_error(
                "postal_code",
                ValidationError(
                    text,
                    code="mismatch",
                    params={"code": code, "places": places, "chosen": str(municipality)},
                ),
            )

    def shown(self, field: str, value: Any) -> str:
        if field in {"municipality", "active_in"}:
            keys = value if field == "active_in" else [value]
            return shown_choices([(place.pk, place) for place in self.fields[field].queryset], keys)
        if field == "accessibility":
            return shown_choices(self.fields[field].choices, [value])
        if isinstance(value, bool):
            return str(_("Ja")) if value else str(_("Nein"))
        return super().shown(field, value)


class ActivityForm(FurtherLanguages, StepForm):
    """What you do, for whom, in which languages; the texts in further languages as well."""

    texts = Organisation.translated_fields
    columns = questions.of_step("taetigkeit")

    description = LongTextField(
        label=_("Wer sind Sie, und was machen Sie?"),
        help_text=_("Ein paar einfache Sätze genügen. Das ist der wichtigste Text Ihrer Seite."),
        error_messages={"required": _("Bitte schreiben Sie ein paar Sätze über sich.")},
    )
    aims = LongTextField(label=_("Was möchten Sie erreichen?"), required=False, rows=3)
    activities = LongTextField(
        label=_("Was kann man bei Ihnen machen?"),
        required=False,
        rows=3,
        help_text=_("Zum Beispiel: Chor, Nachhilfe, Frauenfrühstück, Feste"),
    )
    topics = RowsField(
        label=_("Ihre Themen"),
        queryset=Organisation.topics.field.related_model.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Wählen Sie alles aus, was passt."),
        error_messages={"required": _("Bitte wählen Sie mindestens ein Thema aus.")},
    )
    target_groups = RowsField(
        label=_("Für wen ist Ihr Angebot?"),
        queryset=Organisation.target_groups.field.related_model.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    languages = RowsField(
        label=_("Welche Sprachen sprechen Sie?"),
        queryset=Language.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    regions = CleanCharField(
        label=_("Mit welchen Ländern oder Regionen sind Sie verbunden?"),
        max_length=200,
        required=False,
        help_text=_("Nur wenn Sie es sagen möchten."),
    )

    def __init__(
        self, *args: Any, adding: str = "", unchecked: bool = False, **options: Any
    ) -> None:
        """Build the form; see `FurtherLanguages`."""
        super().__init__(*args, **options)
        self.unchecked = unchecked
        self.fields["languages"].label_from_instance = _language_label
        self.add_languages(self.organisation.translations, adding)

    def text_field(self, text: str, language: Language) -> forms.Field:
        return LongTextField(
            # The summary of errors has to tell the same question in two languages apart.
            label=_("%(question)s – auf %(language)s")
            % {"question": self.fields[text].label, "language": language},
            required=False,
            widget=forms.Textarea(
                attrs={"rows": 4, "dir": language.direction, "lang": language.code}
            ),
        )

    @property
    def values(self) -> dict[str, Any]:
        return super().values | {name: self.cleaned_data[name] for name in self.further_names}

    @property
    def german(self) -> list[forms.BoundField]:
        """Return the fields before the further languages, for the template."""
        return [self[name] for name in self.columns]

    @property
    def translations(self) -> list[dict[str, Any]]:
        """Return the further languages with their fields, for the template."""
        return [
            {"language": language, "fields": [self[name] for name in self.names_in(language)]}
            for language in self.further
        ]

    def shown(self, field: str, value: Any) -> str:
        if field in {"topics", "target_groups", "languages"}:
            return shown_choices(
                [(entry.pk, entry) for entry in self.fields[field].queryset], value
            )
        return super().shown(field, value)


def _language_label(language: Language) -> str:
    name = str(language)
    return name if name == language.endonym else f"{name} – {language.endonym}"


class ReachForm(StepForm):
    """How the organisation itself can be reached: all of it public."""

    # The links are asked for one by one; see `social`.
    columns = tuple(name for name in questions.of_step("kontakt") if name != "social_links")

    phone = PhoneField(
        label=_("Telefon der Organisation"),
        required=False,
        help_text=_("Wird öffentlich. Eine private Nummer tragen Sie bitte nicht hier ein."),
    )
    email = EmailField(
        label=_("E-Mail-Adresse der Organisation"),
        required=False,
        help_text=_("Wird öffentlich."),
    )
    website = HttpUrlField(
        label=_("Internetseite"),
        required=False,
        help_text=_("Wird öffentlich. Zum Beispiel: www.example.org"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        links = list(self.organisation.social_links)
        for number in range(max(SOCIAL_LINKS, len(links))):
            name = f"social_{number + 1}"
            self.fields[name] = HttpUrlField(
                label=_("Soziale Medien: Link %(number)d") % {"number": number + 1},
                required=False,
            )
            self.initial[name] = links[number] if number < len(links) else ""

    @property
    def social(self) -> list[str]:
        return [name for name in self.fields if name.startswith("social_")]

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.columns]

    @property
    def social_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.social]

    @property
    def values(self) -> dict[str, Any]:
        links = [self.cleaned_data[name] for name in self.social]
        return super().values | {"social_links": list(dict.fromkeys(filter(None, links)))}

    def shown(self, field: str, value: Any) -> str:
        if field == "social_links":
            return "\n".join(value)
        if field == "phone":
            return shown_phone(value)
        return super().shown(field, value)


# --- Sending --------------------------------------------------------------------------------------
class SubmitForm(forms.Form):
    """The last word before the officer reads it; with an answer, if she has asked something."""

    answer = LongTextField(
        label=_("Ihre Antwort an das Team"),
        required=False,
        validators=[],
        help_text=_(
            "Nur das Team des Netzwerks liest sie. Sie wird nicht öffentlich. Schreiben Sie sie "
            "zum Schluss, wenn Ihre Angaben stimmen."
        ),
    )
    privacy = forms.BooleanField(
        label=_("Ich habe die Datenschutzhinweise gelesen."),
        error_messages={
            "required": _("Bitte bestätigen Sie, dass Sie die Datenschutzhinweise gelesen haben.")
        },
    )

    def __init__(self, *args: Any, organisation: Organisation, **options: Any) -> None:
        super().__init__(*args, **options)
        if organisation.state != Organisation.State.RETURNED:
            del self.fields["answer"]
