"""The file with a county's municipalities, and what its properties mean."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import CleanCharField, validate_has_words
from organisations import geojson

LABELS = {
    "ags": gettext_lazy("Gemeindeschlüssel (AGS)"),
    "name": gettext_lazy("Name"),
    "kind": gettext_lazy("Art (Stadt, Gemeinde …)"),
    "postcodes": gettext_lazy("Postleitzahlen"),
}
# So many values of a property are shown to recognise it.
SAMPLES = 3


class PlacesFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Datei"),
        max_length=255,
        help_text=gettext_lazy(
            "Eine GeoJSON-Datei (.geojson oder .json) in WGS 84 mit den Gemeinden Ihres "
            "Landkreises, höchstens 10 MB."
        ),
        widget=forms.FileInput(
            attrs={
                "accept": ".geojson,.json,application/geo+json",
                "class": "form-control",
                "data-max-bytes": geojson.MAX_BYTES,
                "data-too-large": gettext_lazy("Die Datei ist größer als 10 MB."),
            }
        ),
        error_messages={
            "required": gettext_lazy("Bitte wählen Sie eine Datei."),
            "empty": gettext_lazy("Die Datei ist leer."),
            "max_length": gettext_lazy("Der Name der Datei ist zu lang."),
        },
    )
    source = CleanCharField(
        label=gettext_lazy("Quelle und Lizenz"),
        max_length=120,
        validators=[validate_has_words],
        help_text=gettext_lazy(
            "Steht unter jeder Karte, wie es die Lizenz verlangt. Zum Beispiel: "
            "© GeoBasis-DE / BKG 2026 (dl-de/by-2-0)"
        ),
        error_messages={"required": gettext_lazy("Bitte geben Sie an, von wem die Karte ist.")},
    )

    collection: geojson.Collection

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > geojson.MAX_BYTES:
            raise ValidationError(
                _("Die Datei ist größer als 10 MB. Bitte vereinfachen Sie die Umrisse.")
            )
        self.collection = geojson.read(upload.read())
        return upload


class MeaningForm(forms.Form):
    """Which property of the file is what."""

    def __init__(
        self, collection: geojson.Collection, mapping: dict[str, str], *args: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        choices = [(name, _with_samples(name, collection)) for name in collection.names]
        for fact in geojson.FIELDS:
            needed = fact in geojson.NEEDED
            first = [("", _("Bitte wählen")) if needed else ("", _("steht nicht in der Datei"))]
            self.fields[fact] = forms.ChoiceField(
                label=LABELS[fact],
                choices=[*first, *choices],
                initial=mapping.get(fact, ""),
                required=needed,
                error_messages={
                    "required": _("Bitte wählen Sie, wo das in der Datei steht."),
                    "invalid_choice": _("Das steht nicht in der Datei."),
                },
            )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        chosen: dict[str, str] = {}
        for fact, name in list(cleaned.items()):
            if name and name in chosen:
                text = _("Das haben Sie schon für „%(other)s“ gewählt.")
                self.add_error(fact, text % {"other": LABELS[chosen[name]]})
            chosen.setdefault(name, fact)
        return cleaned


def _with_samples(name: str, collection: geojson.Collection) -> str:
    values = dict.fromkeys(
        feature.properties[name] for feature in collection.features if name in feature.properties
    )
    shown = [value[:30] for value in list(values)[:SAMPLES]]
    return f"{name}: {', '.join(shown)}{' …' if len(values) > SAMPLES else ''}"
