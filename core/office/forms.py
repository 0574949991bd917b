"""Forms that ask for every text in every language of the portal, instead of for JSON."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import get_language_info

from core.text import CleanCharField
from core.translations import TranslatedModel, translation_field


class TranslatedForm(forms.ModelForm):
    """A form that asks for every text in every language of the portal, instead of for JSON.

    `translated_form` makes one for a model. Languages and texts it does not ask for stay.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for language, name in self.translated():
            field_name = translation_field(language, name)
            text = self.instance.translations.get(language, {}).get(name, "")
            self.initial.setdefault(field_name, text)

    @classmethod
    def translated(cls) -> list[tuple[str, str]]:
        """Return language and field of every translation that is asked for."""
        return [
            (language, name)
            for name in cls._meta.model.translated_fields
            for language, _name in settings.LANGUAGES
            if language != settings.LANGUAGE_CODE
        ]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        translations = {code: dict(texts) for code, texts in self.instance.translations.items()}
        for language, name in self.translated():
            field_name = translation_field(language, name)
            if field_name in self.cleaned_data:
                translations.setdefault(language, {})[name] = self.cleaned_data[field_name]
        self.instance.translations = {
            code: kept
            for code, texts in translations.items()
            if (kept := {name: text for name, text in texts.items() if text})
        }
        return cleaned


def translated_form(
    model: type[TranslatedModel], base: type[TranslatedForm] = TranslatedForm
) -> type[TranslatedForm]:
    """Return a form class for a model, with one field per text and further language."""

    class Meta:
        pass

    Meta.model = model  # type: ignore[attr-defined]
    Meta.exclude = ("translations",)  # type: ignore[attr-defined]
    declared: dict[str, Any] = {"Meta": Meta, "__module__": model.__module__}
    for name in model.translated_fields:
        source: Any = model._meta.get_field(name)
        multiline = isinstance(source, models.TextField)
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            info = get_language_info(language)
            attributes = {"lang": language, "dir": "rtl" if info["bidi"] else "ltr"}
            widget = forms.Textarea if multiline else forms.TextInput
            declared[translation_field(language, name)] = CleanCharField(
                multiline=multiline,
                required=False,
                max_length=_longest(source),
                label=format_lazy("{} ({})", source.verbose_name, info["name_local"]),
                widget=widget(attrs=attributes | ({"rows": 4} if multiline else {})),
            )
    return type(f"{model.__name__}Form", (base,), declared)


def translation_names(model: type[TranslatedModel], *names: str) -> tuple[str, ...]:
    """Return the form fields for the further languages of some texts, for a fieldset."""
    return tuple(
        translation_field(language, name)
        for name in names or model.translated_fields
        for language, _name in settings.LANGUAGES
        if language != settings.LANGUAGE_CODE
    )


def _longest(source: Any) -> int | None:
    """Return the longest text a model's field takes."""
    if source.max_length:
        return int(source.max_length)
    limits = [one.limit_value for one in source.validators if isinstance(one, MaxLengthValidator)]
    return min(limits, default=None)
