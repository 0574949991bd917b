"""An organisation as a row of a spreadsheet: one column for each fact, there and back.

The export writes these columns; the import reads them, from our own export and from any other list
whose columns somebody has assigned to them. Headings are German whatever the language of the
interface, so that a file can be read back by everybody; the English ones are understood as well.

What is read is judged by the fields of the registration's forms: the import takes what a form
would take, and refuses the rest in the same words.
"""

import copy
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from phonenumber_field.phonenumber import to_python
from rapidfuzz import fuzz, process

from core.folding import fold
from core.phones import spoken
from core.spreadsheets import NO, YES
from core.text import clean_text, clean_url
from core.translations import translation_field
from organisations import questions
from organisations.forms import contacts as contact_forms
from organisations.forms import registration
from organisations.models import (
    ContactPerson,
    Language,
    Municipality,
    Organisation,
    TargetGroup,
    Topic,
)

CONTACTS = 3
CHUNK = 500
# How alike a misspelt word must be (0–100) for us to ask whether it was meant.
SIMILAR = 70


# --- Words ----------------------------------------------------------------------------------------
class Terms:
    """The rows of a taxonomy by everything they are called."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = {row.pk: row for row in rows}
        self._exactly: dict[str, list[Any]] = {}
        self._folded: dict[str, list[Any]] = {}
        for row in self.rows.values():
            for text in dict.fromkeys(self._spellings(row)):
                self._exactly.setdefault(text, []).append(row)
                if row not in self._folded.setdefault(fold(text), []):
                    self._folded[fold(text)].append(row)
        self._folded.pop("", None)
        self.labels = {pk: self._label(row) for pk, row in self.rows.items()}

    @staticmethod
    def _spellings(row: Any) -> Iterator[str]:
        yield from (row.name, f"{row.name} [{row.slug}]", row.slug)
        yield from filter(None, (texts.get("name") for texts in row.translations.values()))
        for column in ("code", "endonym", "ags"):
            if value := getattr(row, column, ""):
                yield value

    def _label(self, row: Any) -> str:
        """Return what a row is called in a file: its name, unless another one has it too."""
        for text in (row.name, f"{row.name} [{row.slug}]"):
            if self._exactly[text] == [row]:
                return text
        return row.slug

    def find(self, text: str) -> Any | None:
        """Return the one row that is called so, in any of its languages and spellings."""
        found = self._exactly.get(text) or self._folded.get(fold(text), [])
        return found[0] if len(found) == 1 else None

    def similar(self, text: str) -> Any | None:
        """Return the row that is called most like it, None if none is."""
        found = process.extractOne(
            fold(text), list(self._folded), scorer=fuzz.ratio, score_cutoff=SIMILAR
        )
        return self._folded[found[0]][0] if found else None

    def text(self, pks: Iterable[int]) -> str:
        """Return a cell that names several rows, in the order of the taxonomy."""
        chosen = set(pks)
        return join(label for pk, label in self.labels.items() if pk in chosen)


class Vocabulary:
    """The words of all taxonomies, loaded once for a file."""

    def __init__(self) -> None:
        self.of: dict[str, Terms] = {
            "topics": Terms(Topic.objects.all()),
            "target_groups": Terms(TargetGroup.objects.all()),
            "languages": Terms(Language.objects.all()),
            "municipality": Terms(Municipality.objects.defer("outline")),
        }
        self.of["active_in"] = self.of["municipality"]
        interface = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        spoken_ones = [row.code for row in self.of["languages"].rows.values()]
        # The languages texts can be given in besides German, those of the interface first.
        self.codes = [
            code
            for code in dict.fromkeys([*interface, *spoken_ones])
            if code != settings.LANGUAGE_CODE
        ]


def join(parts: Iterable[str]) -> str:
    r"""Return one cell for several texts: `Chor; Tanz`. A semicolon within one becomes `\;`."""
    return "; ".join(part.replace("\\", "\\\\").replace(";", "\\;") for part in parts)


def divide(cell: str) -> list[str]:
    """Return the texts that `join` has put into one cell."""
    parts = re.findall(r"(?:\\.|[^;\\]|\\$)+", cell, re.DOTALL)
    texts = (re.sub(r"\\([\\;])", r"\1", part).strip() for part in parts)
    return [text for text in texts if text]


# --- Columns --------------------------------------------------------------------------------------
class Facts(NamedTuple):
    """What is written of one organisation.

    :ivar values: by column of the database; `vars(organisation)` is one.
    :ivar many: keys of the rows it has chosen, by field.
    :ivar contacts: its contact persons' values, in their order.
    """

    values: Mapping[str, Any]
    many: Mapping[str, Collection[int]] = MappingProxyType({})
    contacts: Sequence[Mapping[str, Any]] = ()


Write = Callable[[Facts, Vocabulary], str]
Read = Callable[[str, Vocabulary], Any]


@dataclass(frozen=True)
class Column:
    """One fact.

    :ivar key: the field of `Organisation`, `translation_en_aims`, `contact_1_email`, …
    :ivar heading: stable and German.
    :ivar write: returns the cell.
    :ivar read: returns the value, raises ValidationError; None for what only the portal decides.
    """

    key: str
    heading: str
    english: str
    write: Write
    read: Read | None = None

    @property
    def read_only(self) -> bool:
        return self.read is None


def columns(
    vocabulary: Vocabulary, codes: Sequence[str] = (), *, people: bool = True
) -> list[Column]:
    """Return the columns in the order of the export.

    :param codes: of the languages whose translations get columns.
    :param people: with the contact persons, whose data are for staff alone.
    """
    found = [
        Column("number", "Nummer", "Number", partial(_write, "id"), _read_number),
        Column("slug", "Adresse im Netz", "Web address", partial(_write, "slug"), _read_plain),
    ]
    for name in questions.FIELDS:
        heading, english = HEADINGS[name]
        found.append(Column(name, heading, english, partial(_write, name), _reading(name)))
        if name in Organisation.translated_fields:
            found += [translation(name, code) for code in codes]
    found += [
        Column("state", "Stand", "State", partial(_write, "state")),
        Column(
            "confirmed_on",
            "Zuletzt bestätigt am",
            "Last confirmed on",
            partial(_write, "confirmed_on"),
        ),
    ]
    if people:
        for number in range(1, CONTACTS + 1):
            found += _contact_columns(number)
        found.append(
            Column(
                "contacts_more",
                "Weitere Ansprechpersonen",
                "Further contact persons",
                lambda facts, words: str(max(0, len(facts.contacts) - CONTACTS) or ""),
            )
        )
    return found


def translation(name: str, code: str) -> Column:
    """Return the column of a text in a further language."""
    heading, english = HEADINGS[name]
    return Column(
        translation_field(code, name),
        f"{heading} ({code})",
        f"{english} ({code})",
        lambda facts, words: facts.values["translations"].get(code, {}).get(name) or "",
        _reading(name),
    )


def _contact_columns(number: int) -> Iterator[Column]:
    for name, (heading, english) in CONTACT_HEADINGS.items():
        yield Column(
            f"contact_{number}_{name}",
            f"Ansprechperson {number}: {heading}",
            f"Contact person {number}: {english}",
            partial(_write_contact, number - 1, name),
            # What is public follows from a consent; no list can give one (GDPR art. 7).
            _reading(name, CONTACT_FIELDS) if name != "public" else None,
        )


# Not for translation: a file is to be read back whatever language it was written in.
HEADINGS = {
    "name": ("Name", "Name"),
    "short_name": ("Kurzname", "Short name"),
    "kind": ("Art", "Kind"),
    "legal_form": ("Rechtsform", "Legal form"),
    "founding_year": ("Gründungsjahr", "Founded in"),
    "register_entry": ("Registereintrag", "Register entry"),
    "charitable": ("Gemeinnützig", "Charitable"),
    "municipality": ("Stadt oder Gemeinde", "Municipality"),
    "whole_county": ("Im ganzen Landkreis aktiv", "Active in the whole county"),
    "active_in": ("Auch aktiv in", "Also active in"),
    "street": ("Straße und Hausnummer", "Street"),
    "address_extra": ("Zusatz", "Address line 2"),
    "postal_code": ("Postleitzahl", "Postcode"),
    "place": ("Ort", "Town"),
    "address_public": ("Adresse öffentlich", "Address public"),
    "opening_times": ("Öffnungszeiten oder Treffen", "Opening times"),
    "accessibility": ("Barrierefrei", "Accessible"),
    "description": ("Beschreibung", "Description"),
    "aims": ("Ziele", "Aims"),
    "activities": ("Aktivitäten", "Activities"),
    "topics": ("Themen", "Topics"),
    "target_groups": ("Zielgruppen", "Target groups"),
    "languages": ("Sprachen", "Languages"),
    "regions": ("Länder oder Regionen", "Countries or regions"),
    "phone": ("Telefon", "Telephone"),
    "email": ("E-Mail-Adresse", "E-mail address"),
    "website": ("Internetseite", "Website"),
    "social_links": ("Soziale Medien", "Social media"),
}
CONTACT_HEADINGS = {
    "name": ("Name", "name"),
    "function": ("Aufgabe", "function"),
    "phone": ("Telefon", "telephone"),
    "email": ("E-Mail-Adresse", "e-mail address"),
    "wants_invitations": ("Einladungen", "invitations"),
    "public": ("öffentlich", "public"),
}
# What else people call these columns in lists of their own.
ALIASES = {
    "name": ("Organisation", "Verein", "Vereinsname", "Name der Organisation", "Bezeichnung"),
    "short_name": ("Abkürzung", "Kürzel"),
    "kind": ("Organisationsart", "Typ"),
    "municipality": ("Gemeinde", "Stadt", "Kommune"),
    "street": ("Straße", "Strasse", "Straße Nr.", "Anschrift"),
    "address_extra": ("Adresszusatz", "Adresszeile 1", "adresszeile1"),
    "postal_code": ("PLZ",),
    "place": ("Wohnort",),
    "phone": ("Tel.", "Tel", "Telefonnummer", "Phone"),
    "email": ("E-Mail", "Email", "Mail", "Mailadresse"),
    "website": ("Webseite", "Website", "Homepage", "Internet", "Web", "URL"),
    "social_links": ("Social Media", "Social"),
    "description": ("Kurzbeschreibung", "Über uns"),
    "aims": ("Ziel", "Zweck", "Vereinszweck"),
    "activities": ("Tätigkeiten", "Angebote"),
    "topics": ("Thema", "Schlagworte", "Bereiche"),
    "regions": ("Herkunftsländer", "Länder"),
    "contact_1_name": ("Ansprechperson", "Ansprechpartner", "Ansprechpartnerin", "Kontaktperson"),
    "contact_1_function": ("Funktion",),
}


def recognise(headings: Sequence[str], vocabulary: Vocabulary) -> dict[str, int]:
    """Return which column of a file holds which fact, as far as the headings tell.

    :return: index by key; a fact named twice is taken from the first column.
    """
    known: dict[str, str] = {}
    for column in columns(vocabulary, vocabulary.codes):
        for text in (column.heading, column.english):
            known.setdefault(_heading(text), column.key)
    for alias, texts in ALIASES.items():
        for text in texts:
            known.setdefault(_heading(text), alias)
    found: dict[str, int] = {}
    for index, heading in enumerate(headings):
        if key := known.get(_heading(heading)):
            found.setdefault(key, index)
    return found


def _heading(text: str) -> str:
    # The brackets tell a translation from the text itself: fold() would drop them.
    return fold(text.replace("(", " klammer ").replace("*", ""))


# --- Writing --------------------------------------------------------------------------------------
def export(
    queryset: QuerySet[Organisation], *, people: bool
) -> tuple[list[str], Iterator[list[str]]]:
    """Return headings and rows of organisations, in the queryset's order.

    Rows are made while they are asked for, with a fixed number of queries for every 500.

    :param people: with contact persons; for those who may see them.
    """
    vocabulary = Vocabulary()
    chosen = columns(vocabulary, used_codes(queryset, vocabulary), people=people)
    return [column.heading for column in chosen], rows(queryset, chosen, vocabulary)


def used_codes(queryset: QuerySet[Organisation], vocabulary: Vocabulary) -> list[str]:
    """Return the languages some organisation has a text in, and those of the interface."""
    given = queryset.values_list("translations", flat=True)
    used = {code for texts in given.iterator(chunk_size=CHUNK) for code in texts}
    interface = {code for code, _name in settings.LANGUAGES}
    known = [code for code in vocabulary.codes if code in used | interface]
    return [*known, *sorted(used - {*known, settings.LANGUAGE_CODE})]


def rows(
    queryset: QuerySet[Organisation], chosen: Sequence[Column], vocabulary: Vocabulary
) -> Iterator[list[str]]:
    """Return one row of cells for each organisation."""
    for facts in all_facts(queryset):
        yield [column.write(facts, vocabulary) for column in chosen]


def all_facts(queryset: QuerySet[Organisation]) -> Iterator[Facts]:
    """Return what is written of organisations, with six queries for every 500.

    Plain values instead of rows of the models: with 10,000 organisations that is a third of the
    time.
    """
    every = queryset.values(*VALUES).iterator(chunk_size=CHUNK)
    while part := list(itertools.islice(every, CHUNK)):
        keys = [values["id"] for values in part]
        many = {name: _chosen(name, keys) for name in questions.MANY}
        people: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        contacts = ContactPerson.objects.filter(organisation__in=keys).order_by("position", "pk")
        for person in contacts.values("organisation_id", *PERSON_VALUES):
            people[person["organisation_id"]].append(person)
        for values in part:
            key = values["id"]
            yield Facts(values, {name: of[key] for name, of in many.items()}, people[key])


def _chosen(name: str, keys: Collection[int]) -> dict[int, list[int]]:
    """Return the keys of the rows organisations have chosen, by the organisation's."""
    relation = _field(name)
    chosen: dict[int, list[int]] = defaultdict(list)
    pairs = relation.remote_field.through.objects.filter(organisation__in=keys)
    target = relation.m2m_reverse_field_name()
    for organisation, row in pairs.values_list("organisation_id", f"{target}_id"):
        chosen[organisation].append(row)
    return chosen


# Columns of the database that `all_facts` asks for.
VALUES = (
    *("id", "slug", "state", "confirmed_on", "translations", "municipality_id"),
    *(name for name in questions.FIELDS if name not in {*questions.MANY, "municipality"}),
)
PERSON_VALUES = (
    *("name", "function", "phone", "email", "wants_invitations"),
    *(f"{name}_public" for name in ContactPerson.PUBLISHABLE),
)


def _write(name: str, facts: Facts, words: Vocabulary) -> str:
    if name in questions.MANY:
        return words.of[name].text(facts.many.get(name, ()))
    if name == "municipality":
        return words.of[name].labels.get(facts.values["municipality_id"], "")
    value = facts.values[name]
    if name == "social_links":
        return join(map(str, value))
    if name in CHOICES:
        return _labels(name).get(value, value)
    if name == "phone":
        return _write_phone(value)
    return _write_value(value)


def _write_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    return str(value)


@lru_cache(maxsize=2048)  # people and their organisation often share a number
def _write_phone(value: Any) -> str:
    number = to_python(value)
    if not number:
        return ""
    return spoken(number) if number.country_code else str(number.raw_input)


def _write_contact(index: int, name: str, facts: Facts, words: Vocabulary) -> str:
    if index >= len(facts.contacts):
        return ""
    person = facts.contacts[index]
    if name == "public":
        # The database holds that a switch is on only while a consent is in force.
        public = (one for one in ContactPerson.PUBLISHABLE if person[f"{one}_public"])
        return join(_german(ContactPerson, one) for one in public)
    return _write_phone(person[name]) if name == "phone" else _write_value(person[name])


@lru_cache(maxsize=64)
def _german(model: type[Model], name: str) -> str:
    with override(settings.LANGUAGE_CODE):
        return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


CHOICES = frozenset({"kind", "accessibility", "state"})


def german_label(name: str, value: str) -> str:
    """Return what the export calls a choice of a field."""
    return _labels(name)[value]


@lru_cache(maxsize=8)
def _labels(name: str, language: str = settings.LANGUAGE_CODE) -> dict[str, str]:
    """Return the words of a field's choices in a language."""
    with override(language):
        return {value: str(label) for value, label in _field(name).choices}


def _field(name: str) -> Any:
    return Organisation._meta.get_field(name)


# --- Reading --------------------------------------------------------------------------------------
@dataclass
class Row:
    """What a row of a file says.

    :ivar number: primary key of the organisation it says it is about, from our own export.
    :ivar slug: the address in the net it says it is about.
    :ivar values: by field, as `services.editing.save` takes them; only what was in the file.
    :ivar contacts: contact persons with name, function, phone, email and wants_invitations. What
        is public of them stays as it is: that is not for a list to decide.
    :ivar errors: key of the column and what is wrong, in words.
    """

    number: int | None = None
    slug: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)


class Reader:
    """Reads rows; made once for a file, since it loads the taxonomies."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = vocabulary or Vocabulary()
        self.columns = {
            column.key: column for column in columns(self.vocabulary, self.vocabulary.codes)
        }

    def recognise(self, headings: Sequence[str]) -> dict[str, int]:
        return recognise(headings, self.vocabulary)

    def read_row(self, mapping: Mapping[str, int], cells: Sequence[str]) -> Row:
        """Read a row.

        :param mapping: index of the cell by key of the column.
        """
        return self.read({key: cells[index] for key, index in mapping.items()})

    def read(self, texts: Mapping[str, str]) -> Row:
        """Read a row whose cells are known by the keys of their columns.

        Columns that are only written are left out; so are keys that are no column's.
        """
        row = Row()
        people: dict[int, dict[str, Any]] = {}
        for key, text in texts.items():
            column = self.columns.get(key)
            if column is None or column.read is None:
                continue
            try:
                value = column.read(text, self.vocabulary)
            except ValidationError as error:
                row.errors += [(key, words) for words in error.messages]
                continue
            if key == "number":
                row.number = value
            elif key == "slug":
                row.slug = value
            elif found := CONTACT_KEY.fullmatch(key):
                people.setdefault(int(found[1]), {})[found[2]] = value
            else:
                row.values[key] = value
        self._check(row)
        for number, values in sorted(people.items()):
            if values.get("name"):
                row.contacts.append(values)
            elif any(values.get(name) for name in ("function", "phone", "email")):
                row.errors.append((f"contact_{number}_name", _("Bitte geben Sie den Namen an.")))
        return row

    def _check(self, row: Row) -> None:
        place, kind = row.values.get("municipality"), row.values.get("kind")
        if place and not place.in_county and kind and kind != Organisation.Kind.PARTNER:
            text = _(
                "„%(place)s“ gehört nicht zum Landkreis. Das geht nur bei Partnerinstitutionen."
            )
            row.errors.append(("municipality", text % {"place": place.name}))
            del row.values["municipality"]


CONTACT_KEY = re.compile(r"contact_([0-9]+)_(\w+)")
YES_WORDS = {"ja", "j", "yes", "y", "wahr", "true", "richtig", "1", "x"}
NO_WORDS = {"nein", "n", "no", "falsch", "false", "0", ""}
PRIMARY_KEYS = 2**63

FORM_FIELDS: dict[str, forms.Field] = {
    **registration.OrganisationForm.base_fields,
    **registration.PlaceForm.base_fields,
    **registration.ActivityForm.base_fields,
    **registration.ReachForm.base_fields,
}
CONTACT_FIELDS: dict[str, forms.Field] = contact_forms.ContactForm.base_fields


def _reading(name: str, fields: Mapping[str, forms.Field] | None = None) -> Read:
    """Return what reads a field's cell."""
    if fields is None and name in SPECIAL:
        return SPECIAL[name]
    if name == "wants_invitations":
        return lambda text, words: _read_yes_or_no(text, default=True)
    if name in questions.MANY and fields is None:
        return partial(_read_terms, name)
    # A list need not say what a registration must; only a name has everybody.
    form_field = copy.copy((fields or FORM_FIELDS)[name])
    form_field.required = name == "name" and fields is None
    return lambda text, words: form_field.clean(text)


def _read_plain(text: str, words: Vocabulary) -> str:
    return clean_text(text, multiline=False)


def _read_number(text: str, words: Vocabulary) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,19}", text) or int(text) >= PRIMARY_KEYS:
        raise ValidationError(_("Die Nummer stammt nicht aus dem Export dieses Portals."))
    return int(text)


def _read_choice(name: str, text: str, words: Vocabulary) -> str:
    text = clean_text(text, multiline=False)
    if not text:
        return str(_field(name).get_default())
    wanted, english = fold(text), _labels(name, "en")
    for value, german in _labels(name).items():
        if wanted in {fold(value), fold(german), fold(english[value])}:
            return value
    allowed = ", ".join(_labels(name).values())
    raise ValidationError(
        _("„%(text)s“ gibt es hier nicht. Möglich sind: %(allowed)s"),
        params={"text": text, "allowed": allowed},
    )


def _read_yes_or_no(text: str, *, default: bool | None) -> bool | None:
    wanted = clean_text(text, multiline=False).casefold()
    if not wanted:
        return default
    if wanted in YES_WORDS:
        return True
    if wanted in NO_WORDS:
        return False
    raise ValidationError(_("Bitte schreiben Sie „ja“ oder „nein“."))


def _read_year(text: str, words: Vocabulary) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch("[0-9]{4}", text) or not 1000 <= int(text) <= timezone.localdate().year:
        raise ValidationError(
            _("Bitte prüfen Sie das Jahr. Es hat vier Ziffern und liegt nicht in der Zukunft.")
        )
    return int(text)


def _read_postal_code(text: str, words: Vocabulary) -> str:
    code = re.sub(r"\s", "", text).upper().removeprefix("D-")
    if code and not re.fullmatch("[0-9]{5}", code):
        raise ValidationError(_("Eine Postleitzahl hat fünf Ziffern, zum Beispiel 76437."))
    return code


def _read_municipality(text: str, words: Vocabulary) -> Municipality | None:
    text = clean_text(text, multiline=False)
    if not text:
        return None
    found = words.of["municipality"].find(text)
    if found is None:
        raise _unknown("municipality", text, words)
    return found


def _read_terms(name: str, text: str, words: Vocabulary) -> list[Any]:
    terms = words.of[name]
    found, unknown = [], []
    for part in divide(clean_text(text, multiline=True).replace("\n", ";")):
        whole = terms.find(part)
        # Lists of others divide by commas; a name of ours may have one in it.
        for piece in [part] if whole else re.split(r"[,|]", part):
            if not piece.strip():
                continue
            if (term := whole or terms.find(piece.strip())) is None:
                unknown.append(piece.strip())
            elif term not in found:
                found.append(term)
    if unknown:
        raise ValidationError([_unknown(name, piece, words) for piece in unknown])
    return found


def _unknown(name: str, text: str, words: Vocabulary) -> ValidationError:
    text = text[:80]
    if similar := words.of[name].similar(text):
        words_for_it = _("„%(text)s“ kennen wir nicht. Ist „%(similar)s“ gemeint?")
        return ValidationError(words_for_it, params={"text": text, "similar": similar.name})
    return ValidationError(_("„%(text)s“ kennen wir nicht."), params={"text": text})


def _read_links(text: str, words: Vocabulary) -> list[str]:
    links = (
        clean_url(part) for part in divide(clean_text(text, multiline=True).replace("\n", ";"))
    )
    return list(dict.fromkeys(filter(None, links)))


SPECIAL: dict[str, Read] = {
    "kind": partial(_read_choice, "kind"),
    "accessibility": partial(_read_choice, "accessibility"),
    "charitable": lambda text, words: _read_yes_or_no(text, default=None),
    "whole_county": lambda text, words: _read_yes_or_no(text, default=False),
    "address_public": lambda text, words: _read_yes_or_no(text, default=False),
    "founding_year": _read_year,
    "postal_code": _read_postal_code,
    "municipality": _read_municipality,
    "social_links": _read_links,
}
