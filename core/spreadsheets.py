"""Spreadsheets in and out: XLSX, ODS and CSV become rows of texts, and rows of texts XLSX and CSV.

What comes in is looked at with suspicion. An XLSX or ODS is a ZIP of XML files: each is unpacked
within limits, read once by a strict parser that counts rows, columns and characters (`_Gate`), and
only copies of what passed are given to the library that understands the format. Nothing is
calculated, fetched or run.

What goes out holds texts only. A text that a spreadsheet program would run as a formula is marked
as text, and reading it here takes the mark away again: what was written is what is read.
"""

import csv
import datetime
import io
import itertools
import lzma
import re
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.http import FileResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_CELL = 10_000
# Above the rows themselves: headings and what else stands before them.
HEAD = 10
# Of an XLSX or ODS, unpacked. 20,000 rows of 40 columns take about 40 MB.
MAX_UNPACKED = 100 * 1024 * 1024
MAX_MEMBERS = 1000
# Tables shrink to a tenth or thirtieth; what shrinks to a 200th is made to.
MAX_RATIO = 200
RATIO_COUNTS_FROM = 5 * 1024 * 1024
# All texts of a table together; one text can stand in many cells and take little in the file.
MAX_TEXT = 40_000_000
# Filled ones: to read so many takes some seconds.
MAX_CELLS = 1_000_000

YES, NO = "ja", "nein"


@dataclass(frozen=True)
class Sheet:
    """The rows of a file.

    :ivar rows: all as wide as the widest. Row 1 of the file is `rows[0]`; in a CSV file a row may
        have several lines. Empty rows are kept, so that the numbers are those a person sees; those
        at the end are not.
    :ivar problems: what is wrong with single cells, by row and column, both counted from 0.
    :ivar notes: what was decided about the file as a whole.
    """

    rows: list[tuple[str, ...]]
    problems: dict[tuple[int, int], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read(upload: File) -> Sheet:
    """Read an uploaded table, whatever its name pretends it to be.

    Numbers, dates and truth come as text in one spelling: `7643`, `0.5`, `2026-11-22`,
    `2026-11-22 18:30`, `ja`, `nein`. Leading zeros stay where the file has a text.

    :param upload: XLSX, ODS, or CSV in UTF-8, UTF-16 or Windows-1252, divided by commas, semicolons
        or tabs.
    :return: the first visible sheet with something in it.
    :raises ValidationError: with words for the person who sent it.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise _refused("too_large")
    upload.seek(0)
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _refused("too_large")
    if not content.strip(b"\0 \r\n\t"):
        raise _refused("empty")
    if content.startswith(b"PK\x03\x04"):
        sheet = _read_package(content)
    else:
        _refuse_what_is_no_table(content)
        sheet = _read_csv(content)
    if not sheet.rows:
        raise _refused("empty")
    return sheet


# --- What is said ---------------------------------------------------------------------------------
REASONS = {
    "too_large": gettext_lazy(
        "Die Datei ist größer als 10 MB. Bitte teilen Sie die Tabelle auf mehrere Dateien auf."
    ),
    "empty": gettext_lazy("Die Datei ist leer."),
    "not_a_table": gettext_lazy(
        "Das ist keine Tabelle. Bitte speichern Sie die Liste als Excel-Datei (.xlsx), als "
        "LibreOffice-Tabelle (.ods) oder als CSV-Datei."
    ),
    "picture": gettext_lazy(
        "Das ist ein Bild und keine Tabelle. Bitte wählen Sie eine Datei mit der Endung .xlsx, "
        ".ods oder .csv."
    ),
    "pdf": gettext_lazy(
        "Das ist eine PDF-Datei und keine Tabelle. Bitte wählen Sie die Tabelle, aus der die "
        "PDF-Datei entstanden ist."
    ),
    "markup": gettext_lazy(
        "Das ist eine Internetseite und keine Tabelle. Bitte öffnen Sie die Datei in einem "
        "Tabellenprogramm und speichern Sie sie als .xlsx, .ods oder .csv."
    ),
    "old_excel": gettext_lazy(
        "Das ist eine Datei aus einem alten Excel (.xls). Bitte öffnen Sie sie und speichern Sie "
        "sie als „Excel-Arbeitsmappe (.xlsx)“."
    ),
    "binary_excel": gettext_lazy(
        "Das ist eine Excel-Binärdatei (.xlsb). Bitte öffnen Sie sie und speichern Sie sie als "
        "„Excel-Arbeitsmappe (.xlsx)“."
    ),
    "encrypted": gettext_lazy(
        "Die Datei ist mit einem Kennwort geschützt. Bitte speichern Sie sie ohne Kennwort."
    ),
    "macros": gettext_lazy(
        "Die Datei enthält Makros, also kleine Programme. Bitte speichern Sie sie als "
        "„Excel-Arbeitsmappe (.xlsx)“ oder als CSV-Datei, ohne Makros."
    ),
    "external_links": gettext_lazy(
        "Die Tabelle holt Werte aus anderen Dateien. Bitte kopieren Sie die Liste in eine neue "
        "Datei, mit „Inhalte einfügen: nur Werte“."
    ),
    "bomb": gettext_lazy(
        "Die Datei wird beim Entpacken viel zu groß. Bitte kopieren Sie die Liste in eine neue "
        "Datei und speichern Sie diese."
    ),
    "broken": gettext_lazy(
        "Die Datei ist beschädigt. Bitte öffnen Sie sie in einem Tabellenprogramm und speichern "
        "Sie sie neu."
    ),
    "columns": gettext_lazy(
        "Die Tabelle hat mehr als 100 Spalten. Bitte löschen Sie die Spalten, die Sie nicht "
        "brauchen."
    ),
    "rows": gettext_lazy(
        "Die Tabelle hat mehr als 20.000 Zeilen. Bitte teilen Sie sie auf mehrere Dateien auf."
    ),
    "text": gettext_lazy(
        "In der Tabelle steht zu viel. Bitte teilen Sie sie auf mehrere Dateien auf."
    ),
    "encoding": gettext_lazy(
        "Die Schriftzeichen der Datei sind nicht lesbar. Bitte speichern Sie sie als „CSV UTF-8“ "
        "oder als Excel-Datei (.xlsx)."
    ),
    "control": gettext_lazy(
        "In der Datei stehen Zeichen, die in keine Tabelle gehören. Bitte öffnen Sie sie in einem "
        "Tabellenprogramm und speichern Sie sie neu."
    ),
}


def _refused(code: str) -> ValidationError:
    return ValidationError(REASONS[code], code=code)


def _cell_too_long(row: int, column: int) -> ValidationError:
    return ValidationError(
        _(
            "Zeile %(row)s, Spalte %(column)s: Hier stehen mehr als 10.000 Zeichen. Bitte kürzen "
            "Sie den Text. In einer CSV-Datei fehlt vielleicht ein Anführungszeichen."
        ),
        code="cell",
        params={"row": row + 1, "column": column_name(column)},
    )


@lru_cache(maxsize=256)
def column_name(index: int) -> str:
    """Return what spreadsheet programs call a column: A for 0, Z for 25, AA for 26."""
    name = ""
    while index >= 0:
        name = chr(ord("A") + index % 26) + name
        index = index // 26 - 1
    return name


# --- Headings -------------------------------------------------------------------------------------
def looks_like_header(row: Sequence[str]) -> bool:
    """Tell whether a row may be headings: different short words, no numbers, no addresses."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return (
        len(cells) >= 2
        and len(cells) * 2 >= len(row)
        and len({cell.casefold() for cell in cells}) == len(cells)
        and all(
            len(cell) <= 60
            and "@" not in cell
            and "://" not in cell
            and any(character.isalpha() for character in cell)
            and sum(character.isdigit() for character in cell) * 3 <= len(cell)
            for cell in cells
        )
    )


def header_row(rows: Sequence[Sequence[str]], known: Iterable[str] = ()) -> int | None:
    """Return which row holds the headings; above it may stand a title or a date.

    :param known: headings one hopes for; a row with two of them is taken at once.
    :return: its index, or None when the table begins with data.
    """
    hoped = {heading.strip().casefold() for heading in known}
    top = [[cell.strip() for cell in row] for row in rows[:HEAD]]
    for index, row in enumerate(top):
        if sum(cell.casefold() in hoped for cell in row) >= min(2, len(row)):
            return index
    for index, row in enumerate(top):
        if looks_like_header(row):
            return index
        if sum(map(bool, row)) * 2 > len(row) > 1:
            return None  # a full row that is none: data
    return None


# --- What is no table -----------------------------------------------------------------------------
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _refuse_what_is_no_table(content: bytes) -> None:
    start = content[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if content.startswith(OLE):
        # An encrypted XLSX is wrapped into the same kind of file an old Excel writes.
        name = "EncryptedPackage".encode("utf-16-le")
        raise _refused("encrypted" if name in content else "old_excel")
    if start.startswith(b"%pdf"):
        raise _refused("pdf")
    if content.startswith(PICTURES) and b"\0" in content:
        raise _refused("picture")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")) or b"<html" in start:
        raise _refused("markup")
    if start.startswith((b"{\\rtf", b"\x1f\x8b", b"7z\xbc\xaf", b"rar!")):
        raise _refused("not_a_table")


# --- CSV ------------------------------------------------------------------------------------------
DELIMITERS = (";", "\t", ",")
# A quoted field, with its quotes doubled inside; the last one may be cut off by the sample.
QUOTED = re.compile(r'(?:^|(?<=[;,\t\r\n]))"[^"]*(?:""[^"]*)*(?:"|\Z)')
SEPARATOR_LINE = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)
SAMPLE = 200_000
# Programs take a cell for a formula that begins with one of these, full-width ones included.
FORMULA = "=+\\-@\t\r\n＝＋－＠"
RUNS = re.compile(f"[{FORMULA}]")
MARKED = re.compile(f"'+[{FORMULA}]")
TO_MARK = re.compile(f"'*[{FORMULA}]")


def _read_csv(content: bytes) -> Sheet:
    text = _decode(content)
    if "\0" in text:  # no text file; other control characters are for whoever stores a text
        raise _refused("control")
    delimiter = ""
    if named := SEPARATOR_LINE.match(text):  # a line Excel understands
        delimiter, text = named[1], text[named.end() :]
    delimiter = delimiter or _delimiter(text)
    rows: list[tuple[str, ...]] = []
    last = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for index, cells in enumerate(reader):
            if index >= MAX_ROWS + HEAD:
                raise _refused("rows")
            row = _without_empty_end([cell[1:] if MARKED.match(cell) else cell for cell in cells])
            if len(row) > MAX_COLUMNS:
                raise _refused("columns")
            for column, cell in enumerate(row):
                if len(cell) > MAX_CELL:
                    raise _cell_too_long(index, column)
            rows.append(row)
            if row:
                last = len(rows)
    except csv.Error as error:  # a field beyond all bounds: its quote never ends
        raise _cell_too_long(len(rows), 0) from error
    return Sheet(_rectangle(rows[:last]))


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused("control" if b"\0" in content else "encoding")


def _delimiter(text: str) -> str:
    """Return what divides the columns: what occurs in most lines, and equally often in each."""
    lines = [line for line in QUOTED.sub("", text[:SAMPLE]).splitlines() if line][:200]
    best, found = (0, 0), ""
    for delimiter in DELIMITERS:
        counts = Counter(number for line in lines if (number := line.count(delimiter)))
        if sum(counts.values()) * 2 < len(lines) or not counts:
            continue
        number, times = counts.most_common(1)[0]
        if (times, number) > best:
            best, found = (times, number), delimiter
    return found or DELIMITERS[0]


# --- XLSX and ODS ---------------------------------------------------------------------------------
def _read_package(content: bytes) -> Sheet:
    """Read a ZIP of XML files by way of the gate."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    copy, problems = _checked_copy(content)
    try:
        book = CalamineWorkbook.from_filelike(copy)
        shown = [
            (index, about)
            for index, about in enumerate(book.sheets_metadata)
            if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible
        ]
        for index, about in shown:
            sheet = book.get_sheet_by_index(index)
            found = problems(about.name, index)
            cells = sheet.to_python(skip_empty_area=False) if sheet.height else []
            rows = _as_texts(cells, found)
            if not rows:
                continue
            notes = []
            if len(shown) > 1:
                note = _("Die Datei hat %(number)s Blätter. Gelesen wird nur „%(name)s“.")
                notes.append(note % {"number": len(shown), "name": about.name})
            return Sheet(rows, found, notes)
    except ValidationError:
        raise
    # The library panics where a file leads it astray; that is no Exception in Python.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise _refused("broken") from error
    return Sheet([])


# Damaged, or packed in a way no program uses for tables.
UNREADABLE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, NotImplementedError, RuntimeError, UnicodeDecodeError, struct.error),
)


def _checked_copy(content: bytes) -> tuple[IO[bytes], "_Problems"]:
    """Return a new package of those parts that tell the cells, each looked at by the gate.

    The copy is what is read afterwards: a ZIP can say one thing in its directory and another in
    its members, and two libraries then see two files.
    """
    problems = _Problems()
    copy = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(io.BytesIO(content)) as package,
            zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as checked,
        ):
            gate = _Gate(problems)
            for info in _parts(package, len(content)):
                data = gate.unpack(package, info)
                if info.filename == "mimetype":
                    checked.writestr("META-INF/manifest.xml", "<manifest/>")  # an ODS has one
                else:
                    gate.look_at(data, part=info.filename)
                    problems.learn(info.filename, data)
                checked.writestr(info.filename, data)
    except UNREADABLE as error:
        raise _refused("broken") from error
    copy.seek(0)
    return copy, problems


def _parts(package: zipfile.ZipFile, size: int) -> list[zipfile.ZipInfo]:
    """Return the parts of a package that are needed, after a look at its table of contents."""
    infos = package.infolist()
    names = {info.filename.lower().lstrip("/"): info for info in infos}
    if len(infos) > MAX_MEMBERS or len(names) != len(infos):
        raise _refused("bomb" if len(infos) > MAX_MEMBERS else "broken")
    if any(info.flag_bits & 1 for info in infos):
        raise _refused("encrypted")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise _refused("macros")
    if any(name.startswith("xl/externallinks/") for name in names):
        raise _refused("external_links")
    if "xl/workbook.bin" in names:
        raise _refused("binary_excel")
    if "xl/workbook.xml" in names:
        types = names.get("[content_types].xml")
        if types and b"macroEnabled" in _small(package, types):
            raise _refused("macros")
        wanted = [
            info
            for name, info in names.items()
            if name.endswith((".xml", ".rels")) and not name.startswith("docprops/")
        ]
        # The texts first: then a cell that names one is known to be long or short.
        wanted.sort(key=lambda info: "sharedstrings" not in info.filename.lower())
    elif "content.xml" in names and "mimetype" in names:
        if any(name.startswith(("basic/", "scripts/")) for name in names):
            raise _refused("macros")
        manifest = names.get("meta-inf/manifest.xml")
        if manifest and b"encryption-data" in _small(package, manifest):
            raise _refused("encrypted")
        wanted = [names["mimetype"], names["content.xml"]]
        if b"spreadsheet" not in _small(package, wanted[0]):
            raise _refused("not_a_table")
    else:
        raise _refused("not_a_table")
    declared = sum(info.file_size for info in wanted)
    if declared > MAX_UNPACKED or (declared > RATIO_COUNTS_FROM and declared > size * MAX_RATIO):
        raise _refused("bomb")
    return wanted


def _small(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return the beginning of a part, enough for what says what the package is."""
    with package.open(info) as stream:
        return stream.read(1024 * 1024)


class _Problems:
    """What the gate finds in single cells, and on which sheet."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, int], dict[tuple[int, int], str]] = {}
        self._ids: dict[str, str] = {}  # sheet name -> relation
        self._targets: dict[str, str] = {}  # relation -> part

    def add(self, part: str, table: int, row: int, column: int, words: str) -> None:
        self.found.setdefault((part.lower(), table), {})[row, column] = words

    def learn(self, part: str, data: bytes) -> None:
        """Note in which part of an XLSX a sheet lies."""
        name = part.lower().lstrip("/")
        if name == "xl/workbook.xml":
            for element in ElementTree.fromstring(data).iter():  # noqa: S314 - passed the gate
                if element.tag.endswith("}sheet"):
                    relation = next(
                        (value for key, value in element.items() if key.endswith("}id")), ""
                    )
                    self._ids[element.get("name", "")] = relation
        elif name == "xl/_rels/workbook.xml.rels":
            for element in ElementTree.fromstring(data):  # noqa: S314 - passed the gate
                target = element.get("Target", "")
                full = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                self._targets[element.get("Id", "")] = full.lower()

    def __call__(self, sheet: str, index: int) -> dict[tuple[int, int], str]:
        part = self._targets.get(self._ids.get(sheet, ""), "content.xml")
        return self.found.get((part, index if part == "content.xml" else 0), {})


REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
# A formula of LibreOffice that reaches into another file: ='file:///home/list.ods'#$Sheet.A1
ELSEWHERE = re.compile(r"'[a-z]+:[^']*'#", re.IGNORECASE)


class _Gate:
    """Reads the XML of a package strictly, to know how much it holds before a library does.

    Both formats are counted by one set of rules, by the elements' names without their prefixes:
    `row`, `c`, `f`, `v`, `is`, `si` are those of an XLSX, `table-row` and `table-cell` those of an
    ODS, where a cell and a row may stand for many.
    """

    def __init__(self, problems: _Problems) -> None:
        self.problems = problems
        self.unpacked = 0
        self.text = self.cells = 0
        self.shared: list[int] = []  # how long each of the texts is that cells refer to

    def unpack(self, package: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        """Return a part's content, as long as all of them together stay within the limit."""
        with package.open(info) as stream:
            data = stream.read(MAX_UNPACKED - self.unpacked + 1)
        self.unpacked += len(data)
        if self.unpacked > MAX_UNPACKED:
            raise _refused("bomb")
        return data

    def look_at(self, data: bytes, *, part: str) -> None:
        """Read one part.

        :raises ValidationError: when it is no plain UTF-8 XML, or holds too much.
        """
        self.part, self.table = part, -1
        self.row = self.column = self.next_row = -1
        self.rows = self.columns = 1
        self.depth = 0  # within a cell or shared text whose characters count
        self.characters: list[str] = []
        self.length = 0
        if b"\0" in data:  # UTF-16, which the library would read as something else
            raise _refused("broken")
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._character_data
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError) as error:
            raise _refused("broken") from error

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in {"utf-8", "us-ascii"}:
            raise _refused("broken")

    def _doctype(self, *_about: Any) -> None:
        raise _refused("bomb")  # no program writes one; it is there to define entities

    def _character_data(self, data: str) -> None:
        if self.depth:
            self.length += len(data)
            if self.length <= MAX_CELL:
                self.characters.append(data)

    # --- Elements
    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c":
                self._begin_cell(attributes)
            case "v" | "is" | "si":
                self.depth += 1
            case "f":
                self.formula = True
            case "row":
                self.next_row = int(attributes.get("r") or self.next_row + 2) - 1
                self.row, self.column = self.next_row, -1
            case "table-cell" | "covered-table-cell":
                self._begin_ods_cell(attributes)
            case "table-row":
                self.row = self.next_row + 1
                self.rows = _repeated(attributes, "number-rows-repeated")
                self.next_row += self.rows
                self.column, self.columns = -1, 1
            case "s" if self.depth:  # so many blanks
                self.length += _repeated(attributes, "c")
            case "table":
                self.table += 1
                self.next_row = -1
            case "table-source" | "dde-link" | "dde-source":
                raise _refused("external_links")

    def _end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "v" | "is":
                self.depth -= 1
            case "c":
                self._end_cell()
            case "si":
                self.depth -= 1
                self.shared.append(self.length)
                self.length, self.characters = 0, []
            case "table-cell" | "covered-table-cell":
                self.depth -= 1
                self._end_ods_cell()

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self.column += 1
        if reference := attributes.get("r"):
            found = REFERENCE.fullmatch(reference)
            if found is None:
                raise _refused("broken")
            self.row = int(found[2]) - 1
            self.column = -1
            for letter in found[1]:
                self.column = (self.column + 1) * 26 + ord(letter) - ord("A")
        self.type = attributes.get("t", "")
        self.formula = False
        self.length, self.characters = 0, []

    def _end_cell(self) -> None:
        length = self.length
        if self.type == "s" and length:
            try:
                length = self.shared[int("".join(self.characters))]
            except (ValueError, IndexError) as error:
                raise _refused("broken") from error
        if self.length or self.formula:
            self._count(length)
        if self.type == "e" and self.length:
            self._problem(_error_in_cell("".join(self.characters)))
        elif self.formula and not self.length and self.type != "str":
            self._problem(_formula_without_value())

    def _begin_ods_cell(self, attributes: dict[str, str]) -> None:
        self.column += self.columns
        self.columns = _repeated(attributes, "number-columns-repeated")
        self.formula, self.type = False, ""
        self.length, self.characters = 0, []
        for name, value in attributes.items():
            match name.rpartition(":")[2]:
                case "value-type":
                    self.type = "e" if value == "error" else self.type or value
                case "formula":
                    self.formula = True
                    if ELSEWHERE.search(value):
                        raise _refused("external_links")
                case "string-value" | "date-value" | "time-value" | "value" | "boolean-value":
                    self.length = max(self.length, len(value))
        self.depth += 1

    def _end_ods_cell(self) -> None:
        if self.length or self.type or self.formula:
            first = self.row, self.column
            self.row += self.rows - 1
            self.column += self.columns - 1
            self._count(self.length, times=self.rows * self.columns)
            self.row, self.column = first
        if self.type == "e":
            self._problem(_error_in_cell("".join(self.characters).strip()))
        elif self.formula and not self.type:
            self._problem(_formula_without_value())

    # --- Counting
    def _count(self, length: int, times: int = 1) -> None:
        if self.row >= MAX_ROWS + HEAD:
            raise _refused("rows")
        if self.column >= MAX_COLUMNS:
            raise _refused("columns")
        if length > MAX_CELL:
            raise _cell_too_long(self.row, self.column)
        self.text += length * times
        self.cells += times
        if self.text > MAX_TEXT or self.cells > MAX_CELLS:
            raise _refused("text")

    def _problem(self, words: str) -> None:
        self.problems.add(self.part, max(self.table, 0), self.row, self.column, words)


def _repeated(attributes: dict[str, str], name: str) -> int:
    values = [value for key, value in attributes.items() if key.rpartition(":")[2] == name]
    number = int(values[0]) if values else 1
    if number < 0:
        raise ValueError(number)
    return number


def _formula_without_value() -> str:
    return _("Hier steht eine Formel ohne Ergebnis. Bitte schreiben Sie den Wert in die Zelle.")


def _error_in_cell(error: str) -> str:
    text = _("Hier steht ein Rechenfehler (%(error)s). Bitte schreiben Sie den Wert in die Zelle.")
    return text % {"error": error[:20] or "#"}


# --- Cells as text --------------------------------------------------------------------------------
def _as_texts(cells: list[list[Any]], broken: Collection[tuple[int, int]]) -> list[tuple[str, ...]]:
    """Return the cells as texts, as far down and right as there is something.

    :param broken: row and column of cells with a problem; they are there and empty.
    """
    for index, column in broken:
        if index < len(cells) and column < len(cells[index]):
            cells[index][column] = ""
    rows: list[tuple[str, ...]] = []
    last = 0
    for index, values in enumerate(cells):
        row = _without_empty_end([_text(value) for value in values])
        for column, cell in enumerate(row):
            if len(cell) > MAX_CELL:
                raise _cell_too_long(index, column)
            if "\0" in cell:
                raise _refused("control")
        rows.append(row)
        if row:
            last = index + 1
    height = max([last, *(row + 1 for row, _column in broken)])
    width = max([0, *(column + 1 for _row, column in broken)])
    rows = rows[:last] + [()] * (height - last)
    return _rectangle(rows, width)


def _text(value: Any) -> str:
    """Return a value as text, in one spelling whatever the program showed."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, int | float):
        # 15 digits are what spreadsheet programs keep; more is noise: 0.1 + 0.2
        number = Decimal(f"{value:.15g}")
        return f"{number:f}" if number.is_finite() else ""
    if isinstance(value, datetime.datetime):
        if value.time() == datetime.time():
            return value.date().isoformat()
        return value.isoformat(" ", "seconds" if value.second else "minutes")
    if isinstance(value, datetime.time):
        return value.isoformat("seconds" if value.second else "minutes")
    return str(value)


def _without_empty_end(cells: Sequence[str]) -> tuple[str, ...]:
    length = len(cells)
    while length and not cells[length - 1]:
        length -= 1
    return tuple(cells[:length])


def _rectangle(rows: list[tuple[str, ...]], width: int = 0) -> list[tuple[str, ...]]:
    width = max([width, *map(len, rows)])
    return [row + ("",) * (width - len(row)) for row in rows]


# --- Writing --------------------------------------------------------------------------------------
Rows = Iterable[Iterable[str]]

COLUMN_WIDTH = 24
# What XML cannot hold, or would hand on changed, is written as `_x000D_`; so such a text itself
# must be (ECMA-376, part 1, 22.9.2.19).
TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)", re.ASCII)


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def write_csv(file: IO[bytes], headings: Sequence[str], rows: Rows) -> int:
    """Write a table as German Excel opens it by a double click: UTF-8 with BOM and semicolons.

    A text that would be run as a formula gets an apostrophe before it (CWE-1236); `read` takes
    exactly that one away.

    :return: how many rows there are below the headings.
    """
    text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=False)
    # All quoted: then nothing in a text can be taken for what divides the columns.
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    number = -1
    for row in itertools.chain([headings], rows):
        writer.writerow([f"'{cell}" if TO_MARK.match(cell) else cell for cell in row])
        number += 1
    text.flush()
    text.detach()
    return number


def write_xlsx(file: IO[bytes], headings: Sequence[str], rows: Rows) -> int:
    """Write a table of texts, row by row, in memory that does not grow with it.

    openpyxl makes the file with its headings and styles; the rows are put into its sheet while
    they come, seven times as fast as cell by cell.

    :return: how many rows there are below the headings.
    """
    shell, style = _xlsx_shell(headings)
    number = 0
    with (
        zipfile.ZipFile(shell) as made,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as package,
    ):
        for name in made.namelist():
            if name != SHEET:
                package.writestr(name, made.read(name))
        before, end, after = made.read(SHEET).partition(b"</sheetData>")
        with package.open(SHEET, "w") as sheet:
            sheet.write(before)
            for row in rows:
                number += 1
                sheet.write(_row_xml(row, number + 1, style).encode())
            sheet.write(end + after)
    return number


SHEET = "xl/worksheets/sheet1.xml"
# More than a cell can hold (Excel's specifications and limits).
MAX_WRITTEN = 32_767


def _xlsx_shell(headings: Sequence[str]) -> tuple[IO[bytes], int]:
    """Return an XLSX that has headings and no rows, and its style for texts that look like more."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title="Export")
    sheet.freeze_panes = "A2"
    top = []
    for column, text in enumerate(headings, 1):
        sheet.column_dimensions[get_column_letter(column)].width = COLUMN_WIDTH
        heading = WriteOnlyCell(sheet, text)
        heading.data_type = "s"  # not "f": it is no formula, whatever it begins with
        heading.font = Font(bold=True)
        top.append(heading)
    sheet.append(top)
    marked = WriteOnlyCell(sheet)
    marked.quotePrefix = True
    shell = io.BytesIO()
    style: int = marked.style_id
    book.save(shell)
    return shell, style


def _row_xml(row: Iterable[str], number: int, style: int) -> str:
    """Return a row of texts as a sheet has it.

    :param style: for texts that begin like a formula: they stay texts when somebody edits them.
    """
    cells = []
    for index, text in enumerate(row):
        if not text:
            continue
        mark = f' s="{style}"' if RUNS.match(text) else ""
        text = text[:MAX_WRITTEN]
        if TO_ESCAPE.search(text):
            text = TO_ESCAPE.sub(_escaped, text)
        if text.isspace():  # kept by no reader
            text = f"_x{ord(text[0]):04X}_{text[1:]}"
        cells.append(
            f'<c r="{column_name(index)}{number}"{mark} t="inlineStr">'
            f'<is><t xml:space="preserve">{escape(text)}</t></is></c>'
        )
    return f'<row r="{number}">{"".join(cells)}</row>'


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"xlsx": (write_xlsx, XLSX), "csv": (write_csv, "text/csv; charset=utf-8")}


def xlsx_response(filename: str, headings: Sequence[str], rows: Rows) -> FileResponse:
    """Answer with an XLSX file; see `response`."""
    return response("xlsx", filename, headings, rows)


def csv_response(filename: str, headings: Sequence[str], rows: Rows) -> FileResponse:
    """Answer with a CSV file; see `response`."""
    return response("csv", filename, headings, rows)


def response(format: str, filename: str, headings: Sequence[str], rows: Rows) -> FileResponse:
    """Answer with a table to save, which no cache keeps.

    It is written to disk before the answer begins, so a fault on the way is an error page and not
    half a table that looks whole.

    :param format: `xlsx` or `csv`.
    :param filename: in words; today's date and the ending are added.
    :return: the answer; `rows_written` on it says how many rows it has.
    """
    write, content_type = FORMATS[format]
    file = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115 - the answer does
    number = write(file, headings, rows)
    file.seek(0)
    name = slugify(filename.lower().translate(UMLAUTS)) or "export"
    answer = FileResponse(
        file,
        as_attachment=True,
        filename=f"{name}-{timezone.localdate().isoformat()}.{format}",
        content_type=content_type,
        headers={"Cache-Control": "no-store"},
    )
    answer.rows_written = number  # type: ignore[attr-defined]
    return answer


UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)
