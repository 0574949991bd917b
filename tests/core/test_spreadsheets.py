import io
import zipfile

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from hypothesis import given, settings
from hypothesis import strategies as st

from core.spreadsheets import read, write_csv, write_xlsx

HEADINGS = ["Name", "Ort", "Telefon", "Notiz"]
WRITERS = pytest.mark.parametrize("write", [write_xlsx, write_csv])


def content(text: str, encoding: str = "utf-8") -> ContentFile:
    return ContentFile(text.encode(encoding), "liste.csv")


def written(write, rows, headings=HEADINGS) -> bytes:
    file = io.BytesIO()
    assert write(file, headings, rows) == len(rows)
    return file.getvalue()


def workbook(*rows, **sheets) -> bytes:
    """Return an XLSX with the rows on its first sheet and further sheets by name."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for title, more in sheets.items():
        sheet = book.create_sheet(title)
        for row in more:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def package(content: bytes, *, without: str = "", **parts: str | bytes) -> bytes:
    """Return a copy of a package with other parts; `xl__workbook_xml` names xl/workbook.xml."""
    changed = {name.replace("__", "/").replace("_xml", ".xml"): new for name, new in parts.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for name in old.namelist():
            if name not in changed and name != without:
                new.writestr(name, old.read(name))
        for name, data in changed.items():
            new.writestr(name, data)
    return file.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(ValidationError) as caught:
        read(ContentFile(data))
    return caught.value.code


# --- There and back -------------------------------------------------------------------------------
texts = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        st.sampled_from("=+-@\t\r\n;,\"' _x000D_'|"),
    ),
    max_size=12,
)


@st.composite
def tables(draw):
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(texts, min_size=width, max_size=width), max_size=5))


def bare(rows) -> list[list[str]]:
    """Return rows without the empty cells and rows at their ends."""
    rows = [list(row) for row in rows]
    for row in rows:
        while row and not row[-1]:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


@WRITERS
@settings(max_examples=150, deadline=None)
@given(rows=tables())
def test_any_texts_survive(write, rows):
    assert bare(read(ContentFile(written(write, rows))).rows) == [HEADINGS, *bare(rows)]
