"""What the office says about topics, target groups, languages and places."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import office
from core.text import CleanCharField, validate_has_words
from organisations.services import taxonomy

SLUG_HELP = gettext_lazy(
    "Steht in der Adresse der Suche. Bleibt das Feld leer, macht das Portal es aus dem Namen. Die "
    "alte Adresse führt weiter hierher."
)


class WordForm(office.TranslatedForm):
    """A word with its name in every language; its slug may be left to the portal."""

    name = CleanCharField(
        label=gettext_lazy("Name"),
        max_length=120,
        validators=[validate_has_words],
        help_text=gettext_lazy("So steht es überall im Portal, auch öffentlich."),
        error_messages={"required": gettext_lazy("Bitte geben Sie den Namen an.")},
    )
    slug = forms.SlugField(
        label=gettext_lazy("Kürzel"),
        max_length=taxonomy.SLUG_LENGTH,
        required=False,
        help_text=SLUG_HELP,
        error_messages={
            "invalid": gettext_lazy(
                "Bitte nur Kleinbuchstaben ohne Umlaute, Ziffern und Bindestriche."
            )
        },
    )

    def clean_slug(self) -> str:
        typed: str = self.cleaned_data["slug"].lower()
        if typed:
            return typed
        name = self.cleaned_data.get("name", "")
        return taxonomy.free_slug(self._meta.model, name, but=self.instance)

    def save(self, commit: bool = True) -> Any:
        taxonomy.rename(self.instance, old=self.initial.get("slug", ""))
        return super().save(commit)


class TermForm(WordForm):
    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = self._meta.model._default_manager.exclude(pk=self.instance.pk)
        # Compared here: SQLite knows no capital umlauts.
        if name.casefold() in {other.casefold() for other in others.values_list("name", flat=True)}:
            raise ValidationError(
                _(
                    "Das gibt es schon. Zwei Einträge machen Sie in der Liste mit "
                    "„Zusammenführen“ zu einem."
                )
            )
        return name


class LanguageForm(TermForm):
    def clean_slug(self) -> str:
        if not self.cleaned_data["slug"] and (code := self.data.get(self.add_prefix("code"))):
            self.cleaned_data["slug"] = str(code).strip()[: taxonomy.SLUG_LENGTH]
        return super().clean_slug()


class MunicipalityForm(WordForm):
    def clean_ags(self) -> str:
        ags: str = self.cleaned_data["ags"].strip()
        if not (ags.isascii() and ags.isdigit() and len(ags) == 8):
            raise ValidationError(_("Ein Gemeindeschlüssel hat acht Ziffern, etwa 08216043."))
        return ags


class KeptForm(forms.Form):
    """Which of several words stays."""

    kept = forms.TypedChoiceField(
        label=gettext_lazy("Was soll bleiben?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Bitte wählen Sie, welcher Eintrag bleibt."),
            "invalid_choice": gettext_lazy("Bitte wählen Sie, welcher Eintrag bleibt."),
        },
    )

    def __init__(self, words: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kept"].choices = [  # type: ignore[attr-defined]
            (word.pk, f"{word} ({word.slug})") for word in words
        ]


class OrderForm(forms.Form):
    """A number for every word: its place in the list, counted from one."""

    def __init__(self, rows: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows = list(rows)
        for place, row in enumerate(self.rows, 1):
            self.fields[f"place_{row.pk}"] = forms.IntegerField(
                label=_("Platz von „%(name)s“") % {"name": row},
                min_value=1,
                max_value=9999,
                initial=place,
                widget=forms.NumberInput(attrs={"class": "order__number", "inputmode": "numeric"}),
                error_messages={
                    "required": _("Bitte geben Sie eine Zahl an."),
                    "invalid": _("Bitte geben Sie eine ganze Zahl an."),
                },
            )

    def entries(self) -> list[tuple[Any, Any]]:
        """Return every word with its bound field."""
        return [(row, self[f"place_{row.pk}"]) for row in self.rows]

    def keys(self) -> list[int]:
        """Return the keys in the order wanted.

        Whose number was changed gets that place; the others make room.
        """

        def wanted(entry: tuple[int, Any]) -> tuple[int, int, int]:
            place, row = entry
            number = self.cleaned_data[f"place_{row.pk}"]
            # Who goes up comes before whom it meets there, who goes down behind.
            return number, (number > place) - (number < place), place

        places = sorted(enumerate(self.rows, 1), key=wanted)
        return [row.pk for _place, row in places]
