"""CSV, in whatever encoding and with whatever between its cells."""

import csv
import io
import re
from collections import Counter

from core.spreadsheets.cells import MARKED, rectangle, without_empty_end
from core.spreadsheets.sheets import (
    HEAD,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    Sheet,
    cell_too_long,
    refused,
)

DELIMITERS = (";", "\t", ",")
# A quoted field, with its quotes doubled inside; the last one may be cut off by the sample.
QUOTED = re.compile(r'(?:^|(?<=[;,\t\r\n]))"[^"]*(?:""[^"]*)*(?:"|\Z)')
SEPARATOR_LINE = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)
SAMPLE = 200_000


def read_csv(content: bytes) -> Sheet:
    text = _decode(content)
    if "\0" in text:  # no text file; other control characters are for whoever stores a text
        raise refused("control")
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
                raise refused("rows")
            row = without_empty_end([cell[1:] if MARKED.match(cell) else cell for cell in cells])
            if len(row) > MAX_COLUMNS:
                raise refused("columns")
            for column, cell in enumerate(row):
                if len(cell) > MAX_CELL:
                    raise cell_too_long(index, column)
            rows.append(row)
            if row:
                last = len(rows)
    except csv.Error as error:  # a field beyond all bounds: its quote never ends
        raise cell_too_long(len(rows), 0) from error
    return Sheet(rectangle(rows[:last]))


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
    raise refused("control" if b"\0" in content else "encoding")


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
