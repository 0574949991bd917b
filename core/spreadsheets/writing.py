"""Tables to save: XLSX and CSV, in memory that does not grow with the rows."""

import csv
import io
import itertools
import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO
from xml.sax.saxutils import escape

from django.http import FileResponse
from django.utils import timezone
from django.utils.text import slugify

from core.spreadsheets.cells import RUNS, TO_MARK
from core.spreadsheets.sheets import column_name

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
