"""Texts in several languages: German stands in the column, the others in one JSON column."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

TRANSLATION = "translation_"


def translation_field(language: str, field: str) -> str:
    """Return what a form field is called that asks for a text in a further language."""
    return f"{TRANSLATION}{language}_{field}"


def translated_field(name: str) -> tuple[str, str]:
    """Return language and field of what `translation_field` made: `("ar", "title")`."""
    language, _line, field = name.removeprefix(TRANSLATION).rpartition("_")
    return language, field


class TranslatedModel(models.Model):
    """A model whose `translated_fields` may be given in further languages.

    `translations` looks like `{"en": {"name": "Music and dance"}, "ar": {"name": "…"}}`; German
    (`settings.LANGUAGE_CODE`) stays in the fields themselves, where constraints and sorting see it.
    """

    translated_fields: ClassVar[tuple[str, ...]] = ()

    translations = models.JSONField(_("Übersetzungen"), default=dict, blank=True)

    class Meta:
        abstract = True

    def translated(self, field: str, language: str | None = None) -> str:
        """Return the field's text in a language.

        :param field: one of `translated_fields`.
        :param language: a language code such as `ar`; the active language if not given.
        :return: the translation, or the German text where there is none.
        """
        language = language or get_language() or settings.LANGUAGE_CODE
        texts: dict[str, Any] = self.translations.get(language, {})
        return texts.get(field) or getattr(self, field)

    def translate(self, field: str, language: str, text: str) -> None:
        """Give a field's text in a further language, on the unsaved row; an empty one goes.

        What there was before stays as it is, so that others can compare with it.
        """
        kept = {name: old for name, old in self.translations.get(language, {}).items() if old}
        kept.pop(field, None)
        if text:
            kept[field] = text
        others = {code: texts for code, texts in self.translations.items() if code != language}
        self.translations = {code: texts for code, texts in others.items() if texts}
        if kept:
            self.translations[language] = kept
