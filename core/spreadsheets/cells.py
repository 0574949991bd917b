"""Cells as texts, in one spelling whatever the program showed; and marks against formulas."""

import datetime
import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from core.spreadsheets.sheets import MAX_CELL, NO, YES, cell_too_long, refused

# Programs take a cell for a formula that begins with one of these, full-width ones included.
FORMULA = "=+\\-@\t\r\n＝＋－＠"
RUNS = re.compile(f"[{FORMULA}]")
MARKED = re.compile(f"'+[{FORMULA}]")
TO_MARK = re.compile(f"'*[{FORMULA}]")


def as_texts(cells: list[list[Any]], broken: Collection[tuple[int, int]]) -> list[tuple[str, ...]]:
    """Return the cells as texts, as far down and right as there is something.

    :param broken: row and column of cells with a problem; they are there and empty.
    """
    for index, column in broken:
        if index < len(cells) and column < len(cells[index]):
            cells[index][column] = ""
    rows: list[tuple[str, ...]] = []
    last = 0
    for index, values in enumerate(cells):
        row = without_empty_end([_text(value) for value in values])
        for column, cell in enumerate(row):
            if len(cell) > MAX_CELL:
                raise cell_too_long(index, column)
            if "\0" in cell:
                raise refused("control")
        rows.append(row)
        if row:
            last = index + 1
    height = max([last, *(row + 1 for row, _column in broken)])
    width = max([0, *(column + 1 for _row, column in broken)])
    rows = rows[:last] + [()] * (height - last)
    return rectangle(rows, width)


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


def without_empty_end(cells: Sequence[str]) -> tuple[str, ...]:
    length = len(cells)
    while length and not cells[length - 1]:
        length -= 1
    return tuple(cells[:length])


def rectangle(rows: list[tuple[str, ...]], width: int = 0) -> list[tuple[str, ...]]:
    width = max([width, *map(len, rows)])
    return [row + ("",) * (width - len(row)) for row in rows]
