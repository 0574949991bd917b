"""Fields that several forms share: they tidy what was typed and say what is wrong with it."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber, to_python

from accounts.models import normalise_email
from core import phones
from core.images import read_image
from core.text import CleanCharField, validate_has_words
from organisations.models import Organisation

YES_NO = (("", _("Das weiß ich nicht")), ("yes", _("Ja")), ("no", _("Nein")))
LETTERS = re.compile(r"[^\W\d_]")
PHONE_LABEL = re.compile(r"^\s*(tel(efon)?|mobil|handy|phone|tel\.?:)\s*[.:]?\s*", re.IGNORECASE)


class PhoneField(CleanCharField):
    """A telephone number in any spelling: `07222/381-4325`, `+49 (0) 7222 3814325`, `0049…`.

    Letters are refused: libraries would dial them as on an old keypad, and "Büro 3" would become a
    number nobody has.
    """

    widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "dir": "ltr"})

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 60)
        super().__init__(**options)

    def to_python(self, value: object) -> PhoneNumber | str:  # type: ignore[override]
        text = PHONE_LABEL.sub("", super().to_python(value))
        if not text:
            return ""
        if LETTERS.search(text):
            raise ValidationError(
                _(
                    "Bitte schreiben Sie nur Ziffern und keine Buchstaben, "
                    "zum Beispiel 07222 381-4325."
                ),
                code="letters",
            )
        number = to_python(text, region=settings.PHONENUMBER_DEFAULT_REGION)
        if not number or not number.is_valid():
            raise ValidationError(
                _(
                    "Diese Telefonnummer gibt es so nicht. Bitte schreiben Sie sie mit Vorwahl, "
                    "zum Beispiel 07222 381-4325. Nummern aus anderen Ländern beginnen mit +."
                ),
                code="invalid",
            )
        return number

    def prepare_value(self, value: object) -> object:
        return phones.spoken(value) if isinstance(value, PhoneNumber) else value

    def run_validators(self, value: object) -> None:
        # The length was that of the text; a number has none.
        if isinstance(value, str):
            super().run_validators(value)


class LongTextField(CleanCharField):
    """A text of several lines, at most as long as the column."""

    def __init__(self, *, rows: int = 5, **options: Any) -> None:
        options.setdefault("max_length", Organisation.TEXT_LENGTH)
        options.setdefault("validators", [validate_has_words])
        options.setdefault("widget", forms.Textarea(attrs={"rows": rows, "dir": "auto"}))
        super().__init__(multiline=True, **options)


class EmailField(forms.EmailField):
    """An e-mail address as it is stored: without blanks, in small letters."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 254)
        options.setdefault(
            "error_messages",
            {
                "invalid": _(
                    "Bitte prüfen Sie die E-Mail-Adresse. Sie sieht so aus: name@example.org"
                )
            },
        )
        super().__init__(**options)
        self.widget.attrs |= {"dir": "ltr", "autocapitalize": "none", "spellcheck": "false"}

    def clean(self, value: Any) -> str:
        return normalise_email(super().clean(value))


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not known; as radio buttons, which a phone shows at once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=YES_NO,
            coerce=lambda value: value == "yes",
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no", None: ""}.get(value, value)


class ImageFileField(forms.FileField):
    """A picture; its clean value is the new WebP file made of it."""

    # Phones offer camera and gallery for these.
    widget = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"})

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        return read_image(upload) if isinstance(upload, UploadedFile) else upload


def shown_phone(value: PhoneNumber | str) -> str:
    """Return a telephone number, or its E.164, as people write it."""
    number = to_python(value, region=settings.PHONENUMBER_DEFAULT_REGION)
    return phones.spoken(number) if number else ""
