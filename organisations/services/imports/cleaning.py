"""Other people's lists: what they mean by their cells, and what was done to understand it.

Real lists hold line ends within names, `&quot;`, three telephone numbers in one cell, a postcode
where the street should be, "keine öffentliche Anschrift". `Cleaner.understand` turns such cells
into those that `organisations.columns` reads. It says in words what it changed, and returns what
found no place: nothing is dropped in silence. What is already as the portal writes it stays.
"""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumbers import PhoneNumberMatcher
from rapidfuzz import fuzz, process

from core.folding import fold
from core.phones import spoken
from core.spreadsheets import NO
from core.text import clean_text, clean_url
from organisations import columns
from organisations.forms.fields import PhoneField
from organisations.models import Organisation, PostalCode
from organisations.profile import SERVICES

Kind = Organisation.Kind

# Columns that hold several facts; only lists of others have them.
COMBINED = {
    "address": gettext_lazy("Adresse in einer Spalte (Straße, Postleitzahl, Ort)"),
    "contact": gettext_lazy("Kontakt in einer Spalte (Person, Telefon, E-Mail)"),
    "links": gettext_lazy("Mehrere Internetadressen in einer Spalte"),
    "district": gettext_lazy("Stadtteile oder Orte, wo die Organisation aktiv ist"),
    "coordinates": gettext_lazy("Koordinaten (werden nicht gespeichert)"),
    "logo": gettext_lazy("Logo (wird nicht gespeichert)"),
}
# The ten columns of Forum der Kulturen's list of associations, in their order.
PRESET_FDK = {
    "Name": "name",
    "Adressat": "address_extra",
    "Adresse": "address",
    "Stadtteil": "district",
    "Koordinaten": "coordinates",
    "Kontakt": "contact",
    "Logo": "logo",
    "Webseite": "links",
    "Ziele": "aims",
    "Aktivitäten": "activities",
}
LONG = frozenset({*Organisation.translated_fields, "opening_times"})
# How alike (0–100) a place must be to be taken for a slip of the pen.
SLIP = 85
NAME_PARTS = 4


@dataclass
class Understood:
    """What a row means.

    :ivar texts: cells by the keys of `organisations.columns`.
    :ivar notes: key and what was changed or understood, in words.
    :ivar left: what could not be put anywhere, by the key of its column.
    """

    texts: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def note(self, key: str, words: str) -> None:
        if (key, words) not in self.notes:
            self.notes.append((key, words))

    def leave(self, key: str, text: str) -> None:
        if text := text.strip(" ,;|/\n"):
            self.left[key] = f"{self.left[key]}; {text}" if key in self.left else text

    def fill(self, key: str, text: str) -> bool:
        """Put a text where none stands yet."""
        if not text or self.texts.get(key):
            return False
        self.texts[key] = text
        return True


class Cleaner:
    """Understands rows; made once for a file.

    :param reader: whose taxonomies it knows topics and places by.
    """

    def __init__(self, reader: columns.Reader) -> None:
        self.vocabulary = reader.vocabulary
        self.topics = _Topics(self.vocabulary.of["topics"])
        self.places = self.vocabulary.of["municipality"]
        self.by_code: dict[str, list[Any]] = {}
        for code, pk in PostalCode.objects.values_list("code", "municipality_id"):
            self.by_code.setdefault(code, []).append(self.places.rows[pk])

    def understand(self, texts: Mapping[str, str]) -> Understood:
        """Return what the cells of a row mean.

        :param texts: cells by key, those of `COMBINED` included.
        """
        row = Understood()
        for key, text in texts.items():
            row.texts[key] = self._tidy(row, key, text)
        combined = {key: row.texts.pop(key, "") for key in COMBINED}
        self._name(row)
        self._address(row, combined["address"])
        self._reach(row)
        self._links(row, combined["links"])
        self._contact(row, combined["contact"])
        self._district(row, combined["district"])
        self._municipality(row)
        self._activities(row)
        self._coordinates(row, combined["coordinates"])
        if combined["logo"]:
            row.leave("logo", combined["logo"])
        return row

    # --- Signs
    def _tidy(self, row: Understood, key: str, text: str) -> str:
        plain = text
        for _time in range(2):  # &amp;quot; was encoded twice
            plain = html.unescape(plain)
        plain = TAG.sub(lambda found: "\n" if found[1].lower() in {"br", "p"} else "", plain)
        if plain != text:
            row.note(key, _("Zeichen aus dem Internet (wie &quot;) sind aufgelöst."))
        multiline = key in LONG or key in COMBINED
        if not multiline and LINE_END.search(plain.strip()):
            row.note(key, _("Der Zeilenumbruch ist weg."))
        return clean_text(plain, multiline=multiline)

    # --- Who it is
    def _name(self, row: Understood) -> None:
        name = row.texts.get("name")
        if not name:
            return
        unified = clean_text(REGISTERED.sub(" e. V. ", name), multiline=False)
        unified = re.sub(r"e\. V\. (?=[),])", "e. V.", unified)
        if unified != name:
            row.note("name", _("„e. V.“ ist einheitlich geschrieben."))
            row.texts["name"] = unified
        for pattern, form, kind in LEGAL_FORMS:
            if not pattern.search(unified):
                continue
            if row.fill("legal_form", form):
                text = _("Die Rechtsform „%(form)s“ steht im Namen.")
                row.note("legal_form", text % {"form": form})
            if kind and row.fill("kind", str(columns.german_label("kind", kind))):
                text = _("Die Art „%(kind)s“ folgt aus dem Namen.")
                row.note("kind", text % {"kind": row.texts["kind"]})
            break

    # --- Where it is
    def _address(self, row: Understood, combined: str) -> None:
        hidden = [
            key
            for key in ("street", "address_extra", "place")
            if NO_ADDRESS.search(row.texts.get(key, ""))
        ]
        if NO_ADDRESS.search(combined):
            hidden.append("address")
            combined = clean_text(NO_ADDRESS.sub("", combined), multiline=True).strip(" ,;")
        for key in hidden:
            if key in row.texts:
                row.texts[key] = NO_ADDRESS.sub("", row.texts[key]).strip(" ,;")
        if hidden:
            row.texts["address_public"] = NO
            row.note(hidden[0], _("Keine öffentliche Anschrift: Die Adresse wird nicht gezeigt."))
        if combined:
            self._divide_address(row, "address", combined)
        street = row.texts.get("street", "")
        if street and POSTAL_CODE.search(street):
            row.texts["street"] = ""
            self._divide_address(row, "street", street)
            row.note("street", _("Postleitzahl und Ort standen bei der Straße."))
        place = row.texts.get("place", "")
        if place and POSTAL_CODE.search(place):
            row.texts["place"] = ""
            self._divide_address(row, "place", place)
            row.note("place", _("Die Postleitzahl stand beim Ort."))
        code = row.texts.get("postal_code", "")
        if re.fullmatch("[0-9]{4}", code):
            row.texts["postal_code"] = f"0{code}"
            row.note("postal_code", _("Die Null am Anfang der Postleitzahl hat gefehlt."))

    def _divide_address(self, row: Understood, key: str, text: str) -> None:
        """Put the parts of `Hauptstraße 5, Hinterhaus, 76437 Rastatt` where they belong."""
        for part in (part.strip() for part in re.split(r"[\n,;|]", text)):
            before = part
            if found := POSTAL_CODE.search(part):
                before = part[: found.start()].strip(" -–")
                if not row.fill("postal_code", found[1]) and row.texts["postal_code"] != found[1]:
                    row.leave(key, found[0])
                after = part[found.end() :].strip(" -–")
                if after and not row.fill("place", after) and row.texts["place"] != after:
                    row.leave(key, after)
            if not before:
                continue
            is_street = HOUSE_NUMBER.search(before) or STREET.search(before)
            if is_street and row.fill("street", before):
                continue
            if not is_street and not row.texts.get("place") and self._place(before):
                row.texts["place"] = before
            elif not row.fill("address_extra", before) and before not in row.texts.values():
                row.leave(key, before)

    def _place(self, name: str) -> Any | None:
        """Return the municipality a place is or is part of: `Rastatt-Wintersdorf`."""
        while name:
            if found := self.places.find(name):
                return found
            name, _divider, _rest = name.rpartition("-" if "-" in name else " ")
        return None

    def _municipality(self, row: Understood) -> None:
        said = row.texts.get("municipality", "")
        place = row.texts.get("place", "")
        code = re.sub(r"\D", "", row.texts.get("postal_code", ""))
        if said and self.places.find(said):
            return
        name = said or place
        found = self._place(name) if name else None
        if found is None and name:
            found = self._misspelt(name, self.by_code.get(code, []))
            if found is not None:
                text = _("„%(typed)s“ ist als „%(meant)s“ verstanden.")
                key = "municipality" if said else "place"
                row.note(key, text % {"typed": name, "meant": found.name})
                if place and fold(place) == fold(name):
                    row.texts["place"] = found.name
        if found is None and not said and len(self.by_code.get(code, [])) == 1:
            found = self.by_code[code][0]
            text = _("Die Gemeinde „%(place)s“ folgt aus der Postleitzahl.")
            row.note("municipality", text % {"place": found.name})
        if found is not None:
            row.texts["municipality"] = self.places.labels[found.pk]

    def _misspelt(self, name: str, near: Iterable[Any]) -> Any | None:
        """Return the municipality that was meant, the strictest where no postcode says so."""
        wanted = fold(name)
        for place in near:
            if fuzz.ratio(wanted, fold(place.name)) >= columns.SIMILAR:
                return place
        names = {pk: fold(place.name) for pk, place in self.places.rows.items()}
        best = process.extract(wanted, names, scorer=fuzz.ratio, score_cutoff=SLIP, limit=2)
        alone = len(best) == 1 or (len(best) == 2 and best[0][1] > best[1][1])
        return self.places.rows[best[0][2]] if best and alone else None

    def _district(self, row: Understood, text: str) -> None:
        if not text:
            return
        found = []
        for part in re.split(r"[,;|\n]", text):
            place = self.places.find(part.strip())
            if place is None:
                row.leave("district", part)
            elif place not in found:
                found.append(place)
        if found:
            row.fill("active_in", columns.join(self.places.labels[place.pk] for place in found))

    def _coordinates(self, row: Understood, text: str) -> None:
        if not text:
            return
        row.leave("coordinates", text)
        numbers = [float(number.replace(",", ".")) for number in COORDINATE.findall(text)]
        if len(numbers) == 2:
            latitude, longitude = numbers
            if 5 < latitude < 16 and 46 < longitude < 56:  # those of Germany, the other way round
                row.note("coordinates", _("Länge und Breite sind vertauscht."))

    # --- How to reach it
    def _reach(self, row: Understood) -> None:
        if text := row.texts.get("phone", ""):
            row.texts["phone"] = ""
            # Some put a page or an address here.
            numbers, rest = find_phones(text)
            addresses, rest = find_emails(rest)
            links, rest = find_links(rest)
            self._take_phones(row, "phone", "phone", numbers)
            for address in addresses:
                if not row.fill("email", address):
                    row.leave("phone", address)
            for link in links:
                self._take_link(row, "phone", link)
            self._leave_rest(row, "phone", rest)
            if not numbers and re.search("[0-9]{3}", rest) and not re.search(r"(?i)\bfax", rest):
                text = _("„%(text)s“ ist keine gültige Telefonnummer.")
                row.note("phone", text % {"text": rest.strip()[:80]})
        if text := row.texts.get("email", ""):
            addresses, rest = find_emails(text)
            if addresses:
                row.texts["email"] = addresses[0]
                for other in addresses[1:]:
                    row.leave("email", other)
                if addresses[1:]:
                    row.note("email", _("Hier standen mehrere Adressen. Die erste gilt."))
                self._leave_rest(row, "email", rest)

    def _take_phones(self, row: Understood, key: str, target: str, numbers: list[str]) -> None:
        for number in numbers:
            if not row.fill(target, number) and row.texts[target] != number:
                row.leave(key, number)
                row.note(key, _("Hier standen mehrere Telefonnummern. Die erste gilt."))

    @staticmethod
    def _leave_rest(row: Understood, key: str, rest: str) -> None:
        if any(character.isalnum() for character in LABEL.sub(" ", rest)):
            row.leave(key, clean_text(rest, multiline=False))

    def _links(self, row: Understood, combined: str) -> None:
        for key, text in (
            ("website", row.texts.pop("website", None)),
            ("social_links", row.texts.pop("social_links", None)),
            ("links", combined or None),
        ):
            if text is None:
                continue
            if key != "links":
                row.texts.setdefault(key, "")
            links, rest = find_links(" ".join(columns.divide(text)) or text)
            for link in links:
                self._take_link(row, key, link)
            if len(links) > 1 and key != "social_links":
                row.note(key, _("Hier standen mehrere Links. Der erste ist die Internetseite."))
            self._leave_rest(row, key, rest)

    def _take_link(self, row: Understood, key: str, link: str) -> None:
        if key != "social_links" and not is_social(link) and row.fill("website", link):
            return
        known = columns.divide(row.texts.get("social_links", ""))
        if link not in known and link != row.texts.get("website"):
            row.texts["social_links"] = columns.join([*known, link])

    def _contact(self, row: Understood, text: str) -> None:
        """Divide person, telephone and e-mail; a person's own stay with the person, not public."""
        if not text:
            return
        addresses, rest = find_emails(text)
        links, rest = find_links(rest)
        numbers, rest = find_phones(rest)
        name, rest = _person(rest)
        for link in links:
            self._take_link(row, "contact", link)
        if name and row.fill("contact_1_name", name):
            phone, email = "contact_1_phone", "contact_1_email"
            note = _("„%(name)s“ ist als Ansprechperson verstanden. Öffentlich ist davon nichts.")
            row.note("contact", note % {"name": name})
        else:
            phone, email = "phone", "email"
            row.leave("contact", name)
        self._take_phones(row, "contact", phone, numbers)
        for address in addresses:
            if not row.fill(email, address) and row.texts[email] != address:
                row.leave("contact", address)
        self._leave_rest(row, "contact", rest)

    # --- What it does
    def _activities(self, row: Understood) -> None:
        """Find topics in a list of them, else at the beginnings of `Bildung (…), Sport (…)`."""
        found: list[Any] = []
        for part in _pieces(row.texts.get("topics", "")):
            if topic := self.topics.find(part):
                found.append(topic)
            else:
                row.leave("topics", part)
        if not found:
            beginnings = heads(row.texts.get("activities", ""))
            found = [topic for head in beginnings if (topic := self.topics.find(head))]
        found = list(dict.fromkeys(found))
        if not found:
            if "topics" in row.texts:
                row.texts["topics"] = ""
            return
        label = columns.join(self.topics.terms.labels[topic.pk] for topic in found)
        if label != row.texts.get("topics"):
            row.note("topics", _("Als Themen verstanden: %(topics)s") % {"topics": label})
        row.texts["topics"] = label


# --- What stands in a text ------------------------------------------------------------------------
TAG = re.compile(r"</?([a-zA-Z]{1,8})\b[^<>]{0,200}>")
LINE_END = re.compile(r"[\r\n\x0b\x0c\u2028]")
# „eingetragener Verein“ as people write it; "EV" without full stops may be a word.
REGISTERED = re.compile(r"(?<![^\W_])[ ]?(?:[eE]\s?\.\s?[vV]\.?|e\s?V\.?)(?![^\W_])[ ]?")
LEGAL_FORMS = (
    (re.compile(r"\be\. V\."), "e. V.", Kind.ASSOCIATION),
    (re.compile(r"\bgUG\b|gemeinnützige UG\b"), "gUG (haftungsbeschränkt)", Kind.NONPROFIT_COMPANY),
    (re.compile(r"\bgGmbH\b|gemeinnützige GmbH\b"), "gGmbH", Kind.NONPROFIT_COMPANY),
    (re.compile(r"\bGmbH\b"), "GmbH", ""),
    (re.compile(r"stiftung\b", re.IGNORECASE), "Stiftung", Kind.FOUNDATION),
)
NO_ADDRESS = re.compile(
    r"\b(keine?\s+(öffentliche\s+)?(anschrift|adresse)|(anschrift|adresse)\s+nicht\s+öffentlich"
    r"|nicht\s+öffentlich)\b\.?",
    re.IGNORECASE,
)
POSTAL_CODE = re.compile(r"(?<![\w-])(?:D-?\s?)?([0-9]{5})(?![\w-])", re.ASCII)
HOUSE_NUMBER = re.compile(r"\D\s?[0-9]{1,4}\s?[a-zA-Z]?(\s?[-–/]\s?[0-9]{1,4}\s?[a-zA-Z]?)?$")
STREET = re.compile(r"(str(aße|asse|\.)|weg|platz|gasse|allee|ring|postfach)\b", re.IGNORECASE)
COORDINATE = re.compile(r"-?[0-9]{1,3}[.,][0-9]{2,}")
EMAIL = re.compile(r"[^\s,;<>()\[\]:|\"']+@[^\s,;<>()\[\]:|\"']+\.[a-zA-Z]{2,}")
LINK = re.compile(
    r"https?://[^\s<>\"|]+|(?<![\w@.-])(?:www\.)?(?:[\w-]{2,}\.)+[a-z]{2,}(?:/[^\s<>\"|]*)?(?![\w@-])"
)
LABEL = re.compile(
    r"\b(telefon|tel|mobil|handy|fon|phone|fax|e-?mail|mail|kontakt|ansprechpartner(in)?|"
    r"ansprechperson|web(seite|site)?|homepage|internet|facebook|instagram|twitter|youtube|tiktok|"
    r"oder|und|bzw)\b\.?\s*:?",
    re.IGNORECASE,
)
FAX = re.compile(r"fax\W*$", re.IGNORECASE)
PERSON_TITLE = re.compile(r"^(frau|herr|dr\.|prof\.)\s+", re.IGNORECASE)


def find_phones(text: str) -> tuple[list[str], str]:
    """Return the valid telephone numbers in a text as they are spoken, and the rest of it."""
    numbers: list[str] = []
    rest, end = "", 0
    field = PhoneField()
    for match in PhoneNumberMatcher(text, settings.PHONENUMBER_DEFAULT_REGION):
        if FAX.search(text[: match.start]):
            continue
        try:
            number = spoken(field.clean(match.raw_string))
        except ValidationError:
            continue
        rest += text[end : match.start] + " "
        end = match.end
        if number not in numbers:
            numbers.append(number)
    return numbers, rest + text[end:]


def find_emails(text: str) -> tuple[list[str], str]:
    """Return the e-mail addresses in a text, and the rest of it."""
    found = []
    for address in EMAIL.findall(text):
        address = address.removeprefix("mailto:").rstrip(".").lower()
        try:
            validate_email(address)
        except ValidationError:
            continue
        found.append(address)
    rest = EMAIL.sub(lambda match: " " if match[0].rstrip(".").lower() in found else match[0], text)
    return list(dict.fromkeys(found)), rest


def find_links(text: str) -> tuple[list[str], str]:
    """Return the web addresses in a text, completed, and the rest of it."""
    found = []

    def take(match: re.Match[str]) -> str:
        try:
            found.append(clean_url(match[0].rstrip(".,;)")))
        except ValidationError:
            return match[0]
        return " "

    rest = LINK.sub(take, text)
    return list(dict.fromkeys(found)), rest


def is_social(link: str) -> bool:
    """Tell whether a web address is a profile elsewhere, and no website of one's own."""
    host = link.partition("://")[2].partition("/")[0].partition(":")[0]
    name, _dot, _end = host.rpartition(".")
    services = {service.rpartition(".")[0] for service in SERVICES if len(service) > len("vk.com")}
    return any(host == one or host.endswith(f".{one}") for one in SERVICES) or any(
        name == one or name.endswith(f".{one}") for one in services
    )


def heads(text: str) -> list[str]:
    """Return the words before the brackets, or all of a list of short pieces."""
    found, pieces, depth, start = [], [], 0, 0
    for index, character in enumerate(text):
        if character == "(":
            if depth == 0:
                found.append(_last_piece(text[start:index]))
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
            start = index + 1
        elif depth == 0 and character in ",;\n":
            pieces.append(text[start:index])
            start = index + 1
    pieces.append(text[start:])
    short = [piece.strip(" .()") for piece in pieces if len(piece) <= 40]
    return [*filter(None, found), *filter(None, short)]


def _last_piece(text: str) -> str:
    return re.split(r"[.:;,!?\n]", text)[-1].strip()


def _pieces(text: str) -> list[str]:
    return [
        piece.strip(" .")
        for part in columns.divide(text)
        for piece in re.split(r"[,|\n]", part)
        if piece.strip(" .")
    ]


def _person(text: str) -> tuple[str, str]:
    """Return what looks like somebody's name in a text, and the rest of it."""
    plain = LABEL.sub("\n", text)
    for piece in re.split(r"[,;|\n()]", plain):
        bare = PERSON_TITLE.sub("", piece.strip(" :.-–"))
        parts = bare.split()
        if 2 <= len(parts) <= NAME_PARTS and all(
            part[0].isupper() and part.replace("-", "").replace("'", "").replace("’", "").isalpha()
            for part in parts
        ):
            return bare, text.replace(piece.strip(), " ", 1)
    return "", text


class _Topics:
    """Topics by everything they may be called: name, its halves, examples, single words."""

    FILLERS = frozenset({"und", "der", "die", "das", "fur", "mit", "and", "of", "the", "im", "in"})

    def __init__(self, terms: columns.Terms) -> None:
        self.terms = terms
        self._ranks: list[dict[frozenset[str], list[Any]]] = [{}, {}, {}, {}]
        for row in terms.rows.values():
            for texts in ({"name": row.name, "examples": row.examples}, *row.translations.values()):
                name, examples = texts.get("name") or "", texts.get("examples") or ""
                self._add(0, name, row)
                for half in re.split(r"\b(?:und|and|ve|et)\b|[,/&]", name):
                    self._add(1, half, row)
                for example in examples.split(","):
                    self._add(2, example, row)
                for word in self._words(name):
                    if len(word) > 4:
                        self._add(3, word, row)

    def find(self, text: str) -> Any | None:
        """Return the topic a text names, None when none or several could be meant."""
        if exact := self.terms.find(text):
            return exact
        wanted = self._words(text)
        for rank in self._ranks[:3]:
            if found := rank.get(wanted):
                return found[0] if len(found) == 1 else None
        # "Entwicklung und Zusammenarbeit": one of two telling words is enough.
        if len(wanted) > 3:
            return None
        found = [
            row for word in sorted(wanted) for row in self._ranks[3].get(frozenset([word]), [])
        ]
        return found[0] if len(set(found)) == 1 else None

    def _add(self, rank: int, text: str, row: Any) -> None:
        if words := self._words(text):
            rows = self._ranks[rank].setdefault(words, [])
            if row not in rows:
                rows.append(row)

    def _words(self, text: str) -> frozenset[str]:
        return frozenset(fold(text).split()) - self.FILLERS
