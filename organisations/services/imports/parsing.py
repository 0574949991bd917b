"""From the cells of a row to what they say about an organisation.

The one place that talks to `organisations.columns` (what the portal writes and reads) and to
`cleaning` (what other people's lists look like).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.folding import fold
from core.spreadsheets import column_name
from core.translations import TRANSLATION, translation_field
from organisations import columns, questions
from organisations.models import ImportRun, Municipality, Organisation, PostalCode
from organisations.services.imports import cleaning
from organisations.services.imports.plain import is_empty, plain, split

# Columns that say something about the row and nothing about the organisation.
SOURCE_ID, CURRENT = "source_id", "current"
ABOUT_THE_ROW = {
    "number": gettext_lazy("Nummer in diesem Portal"),
    "slug": gettext_lazy("Adresse in diesem Portal"),
    SOURCE_ID: gettext_lazy("Nummer in der Datei (zum Wiedererkennen)"),
    CURRENT: gettext_lazy("Gilt die Zeile noch? (1 oder 0, ja oder nein)"),
}
PERSON = gettext_lazy("Ansprechperson")
PERSON_FIELDS = {
    "name": gettext_lazy("Name"),
    "function": gettext_lazy("Aufgabe"),
    "phone": gettext_lazy("Telefon"),
    "email": gettext_lazy("E-Mail-Adresse"),
    "wants_invitations": gettext_lazy("Einladungen"),
}
NO_LONGER = frozenset({"0", "nein", "no", "false", "falsch", "n"})
# Nothing empties these: an organisation that was ever sent has them.
NEVER_EMPTY = frozenset({"name", "kind", "municipality"})
KEY_LENGTH = 300


@dataclass(slots=True)
class Parsed:
    """What a row says.

    :ivar values: plain values by field, only what the row says something about.
    :ivar own: key and address of the organisation as the portal's own export writes them.
    :ivar key: how the file names this organisation, the same every time; see `ImportKey`.
    :ivar fullness: how much it says, to choose among several rows of one organisation.
    """

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    own_number: int | None = None
    own_slug: str = ""
    key: str = ""
    is_current: bool = True
    fullness: int = 0
    # The cells of a file the portal itself has written, to know them again.
    texts: dict[str, str] = field(default_factory=dict)


class Parser:
    """Reads the rows of one run; what it needs of the database is read once."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.column_of = {key: int(index) for index, key in run.mapping.items()}
        self.reader = columns.Reader()
        self.cleaner = (
            None if run.preset == ImportRun.Preset.EXPORT else cleaning.Cleaner(self.reader)
        )
        self.town_of_code, self.town_of_name = _towns()
        self.towns = dict(Municipality.objects.values_list("pk", "name"))

    def parse(self, number: int, cells: Sequence[str], unreadable: dict[str, str]) -> Parsed:
        """Return what a row says; nothing is raised, what is wrong stands in it."""
        parsed = Parsed(number)
        texts = {key: cells[index] for key, index in self.column_of.items() if index < len(cells)}
        for key, index in self.column_of.items():
            if reason := unreadable.get(str(index)):
                self._problem(parsed, key, reason)
        source_id = " ".join(texts.pop(SOURCE_ID, "").split())
        parsed.is_current = texts.pop(CURRENT, "").strip().casefold() not in NO_LONGER
        if self.cleaner is not None:
            understood = self.cleaner.understand(texts)
            texts = dict(understood.texts)
            for key, words in understood.notes:
                self._remark(parsed, key, str(words))
            for key, words in understood.left.items():
                text = _("Nicht übernommen: %(text)s") % {"text": words}
                self._remark(parsed, key, text)
        self._values(parsed, texts)
        name = str(parsed.values.get("name", ""))
        place = str(parsed.values.get("place") or "")
        parsed.key = (f"id:{source_id}" if source_id else f"name:{fold(name)}|{fold(place)}")[
            :KEY_LENGTH
        ]
        said = [value for value in parsed.values.values() if not is_empty(value)]
        parsed.fullness = len(said) + len(parsed.contacts)
        return parsed

    def town(self, parsed: Parsed) -> int | None:
        """Return the municipality a new organisation belongs to."""
        if chosen := parsed.values.get("municipality"):
            return int(chosen)
        by_code = self.town_of_code.get(str(parsed.values.get("postal_code", "")))
        by_name = self.town_of_name.get(fold(str(parsed.values.get("place", ""))))
        return by_name or by_code or self.run.default_municipality_id

    def _values(self, parsed: Parsed, texts: dict[str, str]) -> None:
        said = {key: text for key, text in texts.items() if text.strip()}
        empty = [key for key, text in texts.items() if not text.strip() and key != "name"]
        if self.run.clears_empty:
            said |= dict.fromkeys(empty, "")
        if "name" in texts:
            said.setdefault("name", "")
        row = self.reader.read(said)
        parsed.own_number, parsed.own_slug = row.number, row.slug
        parsed.contacts = [
            {name: plain(name, value) for name, value in contact.items()}
            for contact in row.contacts
            if contact.get("name")
        ]
        for name, value in row.values.items():
            kept = plain(name, value)
            if not (is_empty(kept) and name in NEVER_EMPTY):
                parsed.values[name] = kept
        if self.run.preset == ImportRun.Preset.EXPORT:
            parsed.texts = said
        for key, reason in row.errors:
            if key == "municipality" and self.run.default_municipality_id:
                town = self.towns[self.run.default_municipality_id]
                text = _("%(reason)s Eingetragen wird: %(town)s.")
                self._remark(parsed, key, text % {"reason": reason, "town": town})
            else:
                self._problem(parsed, key, str(reason))

    def _problem(self, parsed: Parsed, key: str, text: str) -> None:
        parsed.problems.append({"column": self.column_of.get(key), "key": key, "text": text})

    def _remark(self, parsed: Parsed, key: str, text: str) -> None:
        parsed.remarks.append({"column": self.column_of.get(key), "key": key, "text": text})


def choices(also: Iterable[str] = ()) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Return what a column can be, in groups, as a select has it.

    :param also: keys of texts in languages the interface does not have.
    """
    fields: Any = Organisation._meta
    codes = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    texts = [
        translation_field(code, name) for name in Organisation.translated_fields for code in codes
    ]
    texts += [key for key in also if key.startswith(TRANSLATION) and key not in texts]
    people = [
        (f"contact_{number}_{name}", format_lazy("{} {}: {}", PERSON, str(number), label))
        for number in range(1, columns.CONTACTS + 1)
        for name, label in PERSON_FIELDS.items()
    ]
    return [
        (gettext_lazy("Mehreres in einer Spalte"), list(cleaning.COMBINED.items())),
        *(
            (
                section.title,
                [(name, fields.get_field(name).verbose_name) for name in section.fields],
            )
            for section in questions.SECTIONS
        ),
        (gettext_lazy("Texte in weiteren Sprachen"), [(key, translated(key)) for key in texts]),
        (gettext_lazy("Ansprechpersonen"), people),
        (gettext_lazy("Zum Wiedererkennen"), list(ABOUT_THE_ROW.items())),
    ]


def labels(also: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a column can be, by key."""
    return {key: label for _group, entries in choices(also) for key, label in entries}


def translated(key: str) -> Any:
    """Return what a text in a further language is called."""
    language, name = split(key)
    field: Any = Organisation._meta.get_field(name)
    return format_lazy("{} ({})", field.verbose_name, language)


def heading(run: ImportRun, index: int | None) -> Any:
    """Return what a column is called, also where the file has no headings."""
    if index is None or index >= len(run.headings):
        return ""
    return run.headings[index] or format_lazy("{} {}", gettext_lazy("Spalte"), column_name(index))


def kind(run: ImportRun, parsed: Parsed) -> str:
    """Return the kind of a new organisation."""
    return str(parsed.values.get("kind") or run.default_kind)


def _towns() -> tuple[dict[str, int], dict[str, int]]:
    """Return the county's municipalities by postcode, where it has only one, and by name."""
    by_code: dict[str, set[int]] = {}
    codes = PostalCode.objects.filter(municipality__in_county=True)
    for code, town in codes.values_list("code", "municipality_id"):
        by_code.setdefault(code, set()).add(town)
    names = Municipality.objects.filter(in_county=True).values_list("pk", "name")
    return (
        {code: next(iter(towns)) for code, towns in by_code.items() if len(towns) == 1},
        {fold(name): pk for pk, name in names},
    )


def is_editable(state: str) -> bool:
    """Whether an import may change an organisation in this state."""
    return state not in {Organisation.State.ARCHIVED, Organisation.State.REJECTED}
