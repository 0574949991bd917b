"""What is said of an organisation as plain values: read in words, and ready to be written again.

The same for any other row that is edited field by field. Values are those of `editing.current`:
rows by their keys, several rows as a set of keys. History and proposed edits keep such values; the
rows they name may be gone since.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from phonenumber_field.phonenumber import PhoneNumber, to_python

from core import history, phones
from core.translations import TRANSLATION, translated_field, translation_field
from organisations.models import Organisation
from organisations.questions import FIELDS, MANY

State = Organisation.State
# Without these an organisation can be nothing but a draft.
NEEDED = frozenset({"kind", "municipality"})


def names() -> list[str]:
    """Return the names of everything there is to say, texts in further languages beside theirs."""
    further = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    found: list[str] = []
    for name in FIELDS:
        found.append(name)
        if name in Organisation.translated_fields:
            found += [translation_field(language, name) for language in further]
    return found


def names_of(values: Iterable[str]) -> list[str]:
    """Return the names of some fields in the order of the questions, unknown ones left out."""
    wanted = set(values)
    return [name for name in names() if name in wanted]


def label(name: str, model: type[Model] = Organisation) -> str:
    """Return what a field is called, with the language of a text that is not German."""
    if name.startswith(TRANSLATION):
        language, text = translated_field(name)
        return f"{label(text, model)} ({history.language_name(language)})"
    return str(capfirst(str(getattr(model._meta.get_field(name), "verbose_name", name))))


def in_words(name: str, value: Any, model: type[Model] = Organisation) -> str:
    """Return a value as a person reads it; "leer" for nothing."""
    if value in ("", None, [], frozenset()):
        return _("leer")
    if name.startswith(TRANSLATION):
        return str(value)
    field: Any = model._meta.get_field(name)
    if field.is_relation:
        keys = value if field.many_to_many else {value}
        known = field.remote_field.model.objects.in_bulk(keys)
        told = sorted(str(row) for row in known.values())
        return ", ".join(told + [_("gelöscht")] * (len(keys) - len(known)))
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    if isinstance(value, list):
        return "\n".join(str(entry) for entry in value)
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if name == "phone":
        number = to_python(value)
        return phones.spoken(number) if isinstance(number, PhoneNumber) else str(value)
    return str(value)


@dataclass(frozen=True)
class Usable:
    """What of a former value can be written today.

    :ivar value: as `editing.save` takes it.
    :ivar refused: why it cannot be written at all, or "".
    :ivar missing: what of it is not there any more, or "".
    """

    value: Any = None
    refused: str = ""
    missing: str = ""


def usable(row: Model, name: str, value: Any) -> Usable:
    """Return what of a former or proposed value can be written to a row today."""
    if name.startswith(TRANSLATION):
        return Usable(value)
    field: Any = row._meta.get_field(name)
    if field.many_to_many:
        rows = list(field.remote_field.model.objects.filter(pk__in=value).order_by("pk"))
        gone = len(value) - len(rows)
        text = ngettext(
            "%(number)s Eintrag davon gibt es nicht mehr.",
            "%(number)s Einträge davon gibt es nicht mehr.",
            gone,
        )
        if gone and not rows:
            return Usable(refused=_("Das gibt es nicht mehr."))
        return Usable(rows, missing=text % {"number": gone} if gone else "")
    if field.is_relation and value is not None:
        found = field.remote_field.model.objects.filter(pk=value).first()
        return Usable(found) if found else Usable(refused=_("Das gibt es nicht mehr."))
    is_sent_in = isinstance(row, Organisation) and row.state != State.DRAFT
    if is_sent_in and name in NEEDED and not value:
        return Usable(refused=_("Diese Angabe braucht jede eingereichte Organisation."))
    if not field.is_relation:
        try:
            value = field.clean(value, row)
        except ValidationError as error:
            return Usable(refused=" ".join(error.messages))
    return Usable(value)


def as_json(value: Any) -> Any:
    """Return a value as a JSON column can hold it."""
    return sorted(value) if isinstance(value, frozenset) else value


def from_json(name: str, value: Any) -> Any:
    """Return a value that was kept by `as_json`."""
    return frozenset(value) if name in MANY else value
