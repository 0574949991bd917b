"""XLSX and ODS: ZIP files of XML, unpacked within limits and read by a strict parser first."""

import io
import lzma
import re
import struct
import zipfile
import zlib
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers import expat

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.spreadsheets.cells import as_texts
from core.spreadsheets.sheets import (
    HEAD,
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_ROWS,
    MAX_TEXT,
    MAX_UNPACKED,
    RATIO_COUNTS_FROM,
    Sheet,
    cell_too_long,
    refused,
)


def read_package(content: bytes) -> Sheet:
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
            rows = as_texts(cells, found)
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
        raise refused("broken") from error
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
        raise refused("broken") from error
    copy.seek(0)
    return copy, problems


def _parts(package: zipfile.ZipFile, size: int) -> list[zipfile.ZipInfo]:
    """Return the parts of a package that are needed, after a look at its table of contents."""
    infos = package.infolist()
    names = {info.filename.lower().lstrip("/"): info for info in infos}
    if len(infos) > MAX_MEMBERS or len(names) != len(infos):
        raise refused("bomb" if len(infos) > MAX_MEMBERS else "broken")
    if any(info.flag_bits & 1 for info in infos):
        raise refused("encrypted")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise refused("macros")
    if any(name.startswith("xl/externallinks/") for name in names):
        raise refused("external_links")
    if "xl/workbook.bin" in names:
        raise refused("binary_excel")
    if "xl/workbook.xml" in names:
        types = names.get("[content_types].xml")
        if types and b"macroEnabled" in _small(package, types):
            raise refused("macros")
        wanted = [
            info
            for name, info in names.items()
            if name.endswith((".xml", ".rels")) and not name.startswith("docprops/")
        ]
        # The texts first: then a cell that names one is known to be long or short.
        wanted.sort(key=lambda info: "sharedstrings" not in info.filename.lower())
    elif "content.xml" in names and "mimetype" in names:
        if any(name.startswith(("basic/", "scripts/")) for name in names):
            raise refused("macros")
        manifest = names.get("meta-inf/manifest.xml")
        if manifest and b"encryption-data" in _small(package, manifest):
            raise refused("encrypted")
        wanted = [names["mimetype"], names["content.xml"]]
        if b"spreadsheet" not in _small(package, wanted[0]):
            raise refused("not_a_table")
    else:
        raise refused("not_a_table")
    declared = sum(info.file_size for info in wanted)
    if declared > MAX_UNPACKED or (declared > RATIO_COUNTS_FROM and declared > size * MAX_RATIO):
        raise refused("bomb")
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
            raise refused("bomb")
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
            raise refused("broken")
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
            raise refused("broken") from error

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in {"utf-8", "us-ascii"}:
            raise refused("broken")

    def _doctype(self, *_about: Any) -> None:
        raise refused("bomb")  # no program writes one; it is there to define entities

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
                raise refused("external_links")

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
                raise refused("broken")
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
                raise refused("broken") from error
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
                        raise refused("external_links")
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
            raise refused("rows")
        if self.column >= MAX_COLUMNS:
            raise refused("columns")
        if length > MAX_CELL:
            raise cell_too_long(self.row, self.column)
        self.text += length * times
        self.cells += times
        if self.text > MAX_TEXT or self.cells > MAX_CELLS:
            raise refused("text")

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
