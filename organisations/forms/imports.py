"""The forms of an import: which file, and which column is what."""

import uuid
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy

from core import spreadsheets
from organisations.models import ImportRun, Municipality, Organisation
from organisations.services.imports import mapping, parsing

COLUMN = "column_"


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Tabelle"),
        max_length=255,
        help_text=gettext_lazy(
            "Eine Excel-Datei (.xlsx), eine LibreOffice-Tabelle (.ods) oder eine CSV-Datei mit "
            "höchstens 10 MB und 20.000 Zeilen."
        ),
        widget=forms.FileInput(
            attrs={
                "accept": ".xlsx,.ods,.csv,.txt",
                "class": "form-control",
                "data-max-bytes": spreadsheets.MAX_BYTES,
                "data-too-large": spreadsheets.REASONS["too_large"],
            }
        ),
        error_messages={
            "required": gettext_lazy("Bitte wählen Sie eine Datei."),
            "empty": gettext_lazy("Die Datei ist leer."),
            "max_length": gettext_lazy("Der Name der Datei ist zu lang."),
        },
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    sheet: spreadsheets.Sheet

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("creation_key", uuid.uuid4())

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        self.sheet = spreadsheets.read(upload)
        return upload


class MappingForm(forms.Form):
    """One choice for each column of the file, and what holds for the whole."""

    preset = forms.ChoiceField(choices=ImportRun.Preset.choices, widget=forms.HiddenInput)
    default_municipality = forms.ModelChoiceField(
        label=gettext_lazy("Stadt oder Gemeinde, wenn die Datei keine nennt"),
        queryset=Municipality.objects.none(),
        required=False,
        empty_label=gettext_lazy("keine: solche Zeilen sind dann fehlerhaft"),
        help_text=gettext_lazy(
            "Das Portal sucht zuerst nach Ort und Postleitzahl. Was es nicht findet, bekommt "
            "diese Gemeinde."
        ),
    )
    default_kind = forms.ChoiceField(
        label=gettext_lazy("Art, wenn die Datei keine nennt"), choices=Organisation.Kind.choices
    )
    new_state = forms.ChoiceField(
        label=gettext_lazy("Was geschieht mit neuen Organisationen?"),
        choices=ImportRun.NEW_STATES,
        widget=forms.RadioSelect,
    )
    clears_empty = forms.BooleanField(
        label=gettext_lazy("Leere Zellen löschen Angaben"),
        required=False,
        help_text=gettext_lazy(
            "Ohne Haken bleibt stehen, was im Portal steht. Name, Art und Gemeinde bleiben immer."
        ),
    )

    def __init__(self, *args: Any, run: ImportRun, guess: mapping.Guess, **options: Any) -> None:
        initial = {
            "default_municipality": run.default_municipality_id,
            "default_kind": run.default_kind,
            "new_state": run.new_state,
            "clears_empty": run.clears_empty,
            **guess.choices,
            "preset": guess.preset,
        }
        super().__init__(*args, initial=initial, **options)
        self.run = run
        places = Municipality.objects.filter(in_county=True).defer("outline")
        self.fields["default_municipality"].queryset = places  # type: ignore[attr-defined]
        choices = [
            ("", gettext_lazy("– wird nicht übernommen –")),
            *parsing.choices(guess.mapping.values()),
        ]
        for index in range(len(run.headings)):
            self.fields[f"{COLUMN}{index}"] = forms.ChoiceField(
                label=parsing.heading(run, index),
                choices=choices,
                required=False,
                initial=guess.mapping.get(index, ""),
                widget=forms.Select(
                    attrs={
                        "class": "form-select",
                        "aria-describedby": f"id_{COLUMN}{index}_beispiel id_{COLUMN}{index}_error",
                    }
                ),
            )

    @property
    def columns(self) -> list[tuple[forms.BoundField, list[str]]]:
        """The fields of the columns, each with some of its values."""
        samples = mapping.samples(self.run)
        return [(self[f"{COLUMN}{index}"], values) for index, values in enumerate(samples)]

    @property
    def options(self) -> list[forms.BoundField]:
        return [self[name] for name in self.base_fields if name != "preset"]

    def save(self) -> None:
        """Write the choices down.

        :raises mapping.WrongMapping: with the problems at their columns.
        """
        chosen = {
            index: self.cleaned_data.get(f"{COLUMN}{index}", "")
            for index in range(len(self.run.headings))
        }
        try:
            mapping.choose(
                run=self.run,
                mapping=chosen,
                **{name: self.cleaned_data[name] for name in self.base_fields},
            )
        except mapping.WrongMapping as wrong:
            for index, text in wrong.problems.items():
                self.add_error(None if index is None else f"{COLUMN}{index}", text)
            raise
