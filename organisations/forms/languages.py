"""The texts of a form in further languages, added one by one without a script."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.forms.utils import ErrorDict
from django.http import QueryDict

from core.translations import translation_field
from organisations.models import Language


class FurtherLanguages(forms.Form):
    """A form, or a part of one, that asks for the same texts in languages one chooses."""

    texts: ClassVar[tuple[str, ...]] = ()
    # Shown again as typed, without judging or saving it yet.
    unchecked = False

    @classmethod
    def options(cls, data: QueryDict) -> dict[str, Any]:
        """Return what of a request decides how the form is built."""
        # Adding a language shows more fields; it checks and saves nothing yet.
        return {"adding": data.get("add_language", ""), "unchecked": "add" in data}

    def text_field(self, text: str, language: Language) -> forms.Field:
        """Return the field that asks for one of the `texts` in a language."""
        raise NotImplementedError

    def add_languages(self, translations: Mapping[str, Mapping[str, str]], adding: str) -> None:
        """Add the fields, for every language that has a text, was sent, or is to be added.

        :param translations: what there is; see `core.translations`.
        :param adding: the code of a further language somebody wants to write in.
        """
        # German stands in the columns; an interface language works even if it is no spoken one.
        known = Language.objects.exclude(code=settings.LANGUAGE_CODE)
        self.further: list[Language] = []
        self.addable: list[Language] = []
        for language in known:
            names = self.names_in(language)
            is_given = language.code in {*translations, adding}
            if not is_given and not any(name in self.data for name in names):
                self.addable.append(language)
                continue
            self.further.append(language)
            present = translations.get(language.code, {})
            for text, name in zip(self.texts, names, strict=True):
                self.fields[name] = self.text_field(text, language)
                self.initial[name] = present.get(text, "")

    def names_in(self, language: Language) -> list[str]:
        """Return the names of the fields of a language, in the order of `texts`."""
        return [translation_field(language.code, text) for text in self.texts]

    @property
    def further_names(self) -> list[str]:
        """The names of all fields in further languages."""
        return [name for language in self.further for name in self.names_in(language)]

    def full_clean(self) -> None:
        if self.unchecked:
            self._errors, self.cleaned_data = ErrorDict(), {}
        else:
            super().full_clean()
