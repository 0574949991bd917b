"""Spreadsheets in and out: XLSX, ODS and CSV become rows of texts, and rows of texts XLSX and CSV.

What comes in is looked at with suspicion. An XLSX or ODS is a ZIP of XML files: each is unpacked
within limits, read once by a strict parser that counts rows, columns and characters
(`packages._Gate`), and only copies of what passed are given to the library that understands the
format. Nothing is calculated, fetched or run.

What goes out holds texts only. A text that a spreadsheet program would run as a formula is marked
as text, and reading it here takes the mark away again: what was written is what is read.
"""

from core.spreadsheets.reading import read
from core.spreadsheets.sheets import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
    NO,
    REASONS,
    YES,
    Sheet,
    column_name,
    header_row,
    looks_like_header,
)
from core.spreadsheets.writing import (
    FORMATS,
    UMLAUTS,
    csv_response,
    response,
    write_csv,
    write_xlsx,
    xlsx_response,
)

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_COLUMNS",
    "MAX_ROWS",
    "NO",
    "REASONS",
    "UMLAUTS",
    "YES",
    "Sheet",
    "column_name",
    "csv_response",
    "header_row",
    "looks_like_header",
    "read",
    "response",
    "write_csv",
    "write_xlsx",
    "xlsx_response",
]
