"""What a table is once it is read: its limits, what is said about it, its headings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.core.exceptions import ValidationError
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


def refused(code: str) -> ValidationError:
    return ValidationError(REASONS[code], code=code)


def cell_too_long(row: int, column: int) -> ValidationError:
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
