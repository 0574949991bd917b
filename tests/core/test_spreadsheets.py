import csv
import io
import tracemalloc
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from hypothesis import given, settings
from hypothesis import strategies as st

from core import spreadsheets
from core.spreadsheets import header_row, looks_like_header, read, write_csv, write_xlsx

HEADINGS = ["Name", "Ort", "Telefon", "Notiz"]
WRITERS = pytest.mark.parametrize("write", [write_xlsx, write_csv])


def rows_of(content: bytes | str, encoding: str = "utf-8") -> list[list[str]]:
    data = content.encode(encoding) if isinstance(content, str) else content
    return [list(row) for row in read(ContentFile(data)).rows]


def refusal(data: bytes) -> str:
    with pytest.raises(ValidationError) as caught:
        read(ContentFile(data))
    return caught.value.code


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


def package(parts: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return file.getvalue()


def changed(content: bytes, **parts: str | bytes | None) -> bytes:
    """Return a copy of an XLSX with other parts; `sheet` names its first sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        present: dict[str, str | bytes] = {name: old.read(name) for name in old.namelist()}
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml"}
    for name, data in parts.items():
        present[names.get(name, name)] = data
    return package(present)


def sheet_xml(cells: str, before: str = "") -> str:
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"{before}<sheetData>{cells}</sheetData></worksheet>"
    )


def xlsx(cells: str, **parts) -> bytes:
    """Return an XLSX whose sheet has these cells, as XML."""
    return changed(workbook(["x"]), sheet=sheet_xml(cells), **parts)


def ods(rows: str, **parts: str) -> bytes:
    """Return an ODS whose first table has these rows, as XML."""
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        f'xmlns:office="{office}office:1.0" xmlns:table="{office}table:1.0" '
        f'xmlns:text="{office}text:1.0" xmlns:calcext="urn:org:documentfoundation:names:calc">'
        f'<office:body><office:spreadsheet><table:table table:name="Liste">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return package({"mimetype": kind, "content.xml": content} | parts)


def cell(text: str = "", **attributes: str) -> str:
    """Return a cell of an ODS; `repeated` says how many it stands for."""
    names = {
        "type": "office:value-type",
        "repeated": "table:number-columns-repeated",
        "formula": "table:formula",
        "value": "office:value",
        "date_value": "office:date-value",
        "calc": "calcext:value-type",
    }
    given = " ".join(f'{names[name]}="{value}"' for name, value in attributes.items())
    return (
        f"<table:table-cell {given}>{f'<text:p>{text}</text:p>' if text else ''}</table:table-cell>"
    )


def ods_row(*cells: str, repeated: int = 1) -> str:
    """Return a row of an ODS; what is no cell yet becomes one with a text."""
    inner = (one if one.startswith("<table") else cell(one, type="string") for one in cells)
    repeats = f'table:number-rows-repeated="{repeated}"'
    return f"<table:table-row {repeats}>{''.join(inner)}</table:table-row>"


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
    assert bare(rows_of(written(write, rows))) == [HEADINGS, *bare(rows)]


RISKY = [
    "=1+1",
    "+49 7222 1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "'=1",
    "''=1",
    "#REF!",
]


def test_nothing_is_run_in_a_csv_file():
    lines = written(write_csv, [[text] for text in RISKY], ["Name"]).decode("utf-8-sig")
    cells = [row[0] for row in csv.reader(io.StringIO(lines, newline=""), delimiter=";")][1:]
    assert cells == [*(f"'{text}" for text in RISKY[:-1]), "#REF!"]


def test_nothing_is_run_in_an_xlsx_file():
    content = written(write_xlsx, [[text] for text in RISKY], ["Name"])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells if cell.quotePrefix] == [
        text.replace("\r", "_x000D_") for text in RISKY if text[0] not in "'#"
    ]


@WRITERS
def test_writing_takes_memory_that_does_not_grow(write, tmp_path):
    def peak(number: int) -> int:
        rows = ([f"Zeile {index}", "ä" * 50, "", "=1"] for index in range(number))
        with (tmp_path / "table").open("wb") as file:
            tracemalloc.start()
            write(file, HEADINGS, rows)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return most

    peak(10)  # what is imported stays
    assert peak(1500) < peak(150) + 100_000


@pytest.mark.django_db  # closing an answer looks after connections
@time_machine.travel("2026-11-22 12:00+01:00")
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_an_answer_is_a_file_that_no_cache_keeps(ending):
    answer = spreadsheets.response(
        ending, "Organisationen für Bühl", HEADINGS, [["a", "b", "", ""]]
    )
    assert answer["Content-Disposition"] == (
        f'attachment; filename="organisationen-fuer-buehl-2026-11-22.{ending}"'
    )
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == spreadsheets.FORMATS[ending][1]
    assert answer.rows_written == 1
    assert rows_of(b"".join(answer))[1] == ["a", "b", "", ""]
    answer.close()


# --- CSV ------------------------------------------------------------------------------------------
LIST = [["Name", "Straße"], ["Chor; laut, leise", "Gäßle 1"], ["Zwei\nZeilen", "„Haus“"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_csv_in_every_usual_spelling(encoding, delimiter, quoting):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(LIST)
    assert rows_of(text.getvalue(), encoding) == LIST


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("sep=|\r\nName|Ort\r\nChor|Bühl", [["Name", "Ort"], ["Chor", "Bühl"]]),
        (
            "Stand 1.1.2026\n\nName;Ort\nChor;Bühl\n;\n\n",
            [["Stand 1.1.2026", ""], ["", ""], ["Name", "Ort"], ["Chor", "Bühl"]],
        ),
        ("Name\nChor, der laute\nVerein", [["Name"], ["Chor, der laute"], ["Verein"]]),
        ("a;b\rc;d\r", [["a", "b"], ["c", "d"]]),
        ('Name;Größe\nRohr;5" lang', [["Name", "Größe"], ["Rohr", '5" lang']]),
        ("a;'+49 1\nb;'abc'", [["a", "+49 1"], ["b", "'abc'"]]),
        ("Nr;0049\n007;1,50", [["Nr", "0049"], ["007", "1,50"]]),
    ],
)
def test_csv_as_people_have_it(text, rows):
    assert rows_of(text) == rows


# --- XLSX and ODS ---------------------------------------------------------------------------------
def test_values_of_an_xlsx_come_as_text_in_one_spelling():
    cells = ["007", 7643, 7643.0, 0.1 + 0.2, 4972221234567, 1e21, -1.5, True, False, None]
    days = [date(2026, 11, 22), datetime(2026, 11, 22, 18, 30), time(9, 5), datetime(2026, 1, 2)]
    assert rows_of(workbook(cells, days)) == [
        ["007", "7643", "7643", "0.3", "4972221234567", "1" + "0" * 21, "-1.5", "ja", "nein"],
        ["2026-11-22", "2026-11-22 18:30", "09:05", "2026-01-02", *[""] * 5],
    ]


def test_rows_keep_their_numbers():
    sheet = read(ContentFile(workbook([], ["Name", "Ort"], [], ["Chor"], [], [None, None])))
    assert sheet.rows == [("", ""), ("Name", "Ort"), ("", ""), ("Chor", "")]
    assert sheet.notes == []


def test_the_first_visible_sheet_with_something_in_it_is_read():
    book = openpyxl.load_workbook(io.BytesIO(workbook(Liste=[["Name"]], Rest=[["x"]])))
    hidden = book.create_sheet("Geheim", 0)
    hidden.append(["hidden"])
    hidden.sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    sheet = read(ContentFile(file.getvalue()))
    assert sheet.rows == [("Name",)]
    assert sheet.notes == ["Die Datei hat 3 Blätter. Gelesen wird nur „Liste“."]


def test_formulas_count_by_their_stored_value():
    cells = (
        '<row r="1"><c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>'
        '<c r="B1"><f>1+1</f><v>2</v></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f></c><c r="B2"><f>1+1</f><v/></c>'
        '<c r="C2" t="str"><f>""</f><v></v></c><c r="D2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    )
    sheet = read(ContentFile(xlsx(cells)))
    assert sheet.rows == [("ab", "2", "", ""), ("", "", "", "")]
    missing = "Hier steht eine Formel ohne Ergebnis. Bitte schreiben Sie den Wert in die Zelle."
    assert sheet.problems == {
        (1, 0): missing,
        (1, 1): missing,
        (1, 3): "Hier steht ein Rechenfehler (#DIV/0!). Bitte schreiben Sie den Wert in die Zelle.",
    }


def test_an_ods_is_read_alike():
    rows = [
        ods_row("Name", 'eins<text:s text:c="2"/>zwei'),
        ods_row(
            "007",
            cell("7.643,00", type="float", value="7643"),
            cell("22.11.26", type="date", date_value="2026-11-22"),
        ),
        ods_row(cell("x", type="string", repeated="2"), repeated=2),
        ods_row(
            "y",
            cell(formula="of:=[.A1]"),
            cell("#DIV/0!", type="string", calc="error", formula="of:=1/0"),
        ),
        # up to the last row and column there can be, as LibreOffice writes it
        ods_row(cell(repeated="16384"), repeated=1_048_000),
    ]
    sheet = read(ContentFile(ods("".join(rows))))
    assert [list(row) for row in sheet.rows] == [
        ["Name", "eins  zwei", ""],
        ["007", "7643", "2026-11-22"],
        ["x", "x", ""],
        ["x", "x", ""],
        ["y", "", ""],
    ]
    assert list(sheet.problems) == [(4, 1), (4, 2)]


# --- What is refused ------------------------------------------------------------------------------
PLAIN = workbook(["Name", "Ort"], ["Chor", "Bühl"])
ONE = '<c r="A1"><v>1</v></c>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def lying(content: bytes) -> bytes:
    """Return a package whose directory says its largest part has one byte."""
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        info = max(whole.infolist(), key=lambda info: info.file_size)
    size, said = info.file_size.to_bytes(4, "little"), (1).to_bytes(4, "little")
    return content.replace(
        info.compress_size.to_bytes(4, "little") + size,
        info.compress_size.to_bytes(4, "little") + said,
    )


def shared(times: int, text: str) -> bytes:
    """Return an XLSX in which one text stands in many cells."""
    row = "".join('<c t="s"><v>0</v></c>' for _cell in range(50))
    strings = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>'
    return xlsx("<row>" + row + "</row>" + f"<row>{row}</row>" * (times // 50), strings=strings)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (bytes(2000), "empty"),
        (b";;;\n;;;\n", "empty"),
        (workbook(), "empty"),
        (b"a;b\n" * 3_000_000, "too_large"),
        (b"%PDF-1.7 a,b", "pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "picture"),
        (b"\xef\xbb\xbf <!DOCTYPE html><p>", "markup"),
        (b"<?xml version='1.0'?><Workbook/>", "markup"),
        (OLE, "old_excel"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"{\\rtf1 a}", "not_a_table"),
        (b"a;b\nc\0;d", "control"),
        (b"a;b\n\x81;d", "encoding"),
        (b";".join([b"x"] * 101), "columns"),
        (b"x\n" * 20_011, "rows"),
        (b'a;b\n"' + b"x" * 10_001, "cell"),
        (b'a;b\n"' + b"x" * 200_000, "cell"),
        (package({"readme.txt": "a"}), "not_a_table"),
        (package({"word/document.xml": "<a/>"}), "not_a_table"),
        (package({"xl/workbook.bin": "a"}), "binary_excel"),
        (PLAIN[:-40], "broken"),
        (PLAIN.replace(b"PK\x01\x02", b"PK\x01\x03", 1), "broken"),
        (changed(PLAIN, **{"xl/vbaProject.bin": b"x"}), "macros"),
        (changed(PLAIN, **{"[Content_Types].xml": "<a>macroEnabled</a>"}), "macros"),
        (changed(PLAIN, **{"xl/externalLinks/externalLink1.xml": "<a/>"}), "external_links"),
        (changed(PLAIN, **{f"xl/{number}.xml": "" for number in range(1001)}), "bomb"),
        (xlsx("<row>" + ONE + "</row>" + " " * 6_000_000), "bomb"),
        (changed(PLAIN, **{f"xl/{n}.xml": f"<a>{' ' * 21_000_000}</a>" for n in range(5)}), "bomb"),
        (changed(PLAIN, sheet='<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "bomb"),
        (changed(PLAIN, sheet="<worksheet><sheetData><row></sheetData></worksheet>"), "broken"),
        (changed(PLAIN, sheet=sheet_xml(ONE).encode("utf-16")), "broken"),
        (changed(PLAIN, sheet='<?xml version="1.0" encoding="latin-1"?><a/>'), "broken"),
        (changed(PLAIN, sheet=sheet_xml('<c r="1A"><v>1</v></c>')), "broken"),
        (changed(PLAIN, sheet=sheet_xml('<c t="s"><v>99</v></c>')), "broken"),
        (lying(PLAIN), "broken"),
        (xlsx('<row><c r="CW1"><v>1</v></c></row>'), "columns"),
        (
            xlsx(f'<row r="1">{ONE}</row><row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
            "rows",
        ),
        (xlsx('<row><c r="ZZZ9999999"><v>1</v></c></row>'), "rows"),
        (xlsx(f"<row><c t='inlineStr'><is><t>{'x' * 10_001}</t></is></c></row>"), "cell"),
        (shared(0, "x" * 10_001), "cell"),
        (shared(5000, "x" * 9000), "text"),
        (ods(ods_row("a"), **{"Basic/Standard/Module1.xml": "<a/>"}), "macros"),
        (ods("", **{"META-INF/manifest.xml": "<a><encryption-data/></a>"}), "encrypted"),
        (ods("", mimetype="application/vnd.oasis.opendocument.text"), "not_a_table"),
        (ods("<table:table-source/>"), "external_links"),
        (ods(ods_row(cell(formula="of:='file:///x.ods'#$A.B1"))), "external_links"),
        (ods(ods_row(*["a"] * 101)), "columns"),
        (ods(ods_row(cell("a", repeated="16384"))), "columns"),
        (ods(ods_row("a", repeated=1_048_576)), "rows"),
        (ods(ods_row("a") + ods_row(cell(), repeated=30_000) + ods_row("a")), "rows"),
        (ods(ods_row('<text:s text:c="1000000000"/>')), "cell"),
        (ods(ods_row("x" * 10_001)), "cell"),
        (ods(ods_row("a", cell(repeated="-1"))), "broken"),
        (ods(ods_row("x" * 9000, repeated=9000)), "text"),
        (ods(ods_row(cell("a", type="string", repeated="90"), repeated=15_000)), "text"),
    ],
)
def test_what_is_no_table_or_too_much_is_refused_in_words(data, code):
    assert refusal(data) == code


def test_the_cell_that_is_too_long_is_named():
    with pytest.raises(ValidationError, match=r"Zeile 2, Spalte C: Hier stehen mehr als 10\.000"):
        read(ContentFile(b"a;b;c\na;b;" + b"x" * 10_001))


def test_what_is_only_formatted_counts_nothing():
    """Programs write cells and rows nobody has filled, up to the last one there can be."""
    cells = f'<row r="1">{ONE}</row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert rows_of(xlsx(cells)) == [["1"]]
    with_dimension = sheet_xml(f"<row>{ONE}</row>", '<dimension ref="A1:XFD1048576"/>')
    assert rows_of(changed(PLAIN, sheet=with_dimension)) == [["1"]]


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300), place=st.integers(0, len(PLAIN)), kind=st.integers(0, 2))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data, place, kind):
    damaged = [data, PLAIN[:place] + data + PLAIN[place + len(data) :], b"PK\x03\x04" + data][kind]
    codes = set()
    try:
        assert read(ContentFile(damaged)).rows
    except ValidationError as error:
        codes.add(error.code)
    assert codes <= set(spreadsheets.REASONS) | {"cell"}


@settings(max_examples=60, deadline=None)
@given(
    xml=st.lists(
        st.sampled_from(
            [
                '<row r="2">',
                "</row>",
                '<c r="B2" t="s">',
                "<c>",
                "</c>",
                "<v>",
                "0",
                "</v>",
                "<f>",
                "</f>",
                "<is><t>x</t></is>",
                "<row>",
                '<c t="e">',
                '<row r="x">',
            ]
        ),
        max_size=9,
    )
)
def test_a_strange_sheet_is_read_or_refused_and_nothing_else(xml):
    codes = set()
    try:
        read(ContentFile(xlsx("".join(xml))))
    except ValidationError as error:
        codes.add(error.code)
    assert codes <= set(spreadsheets.REASONS) | {"cell"}


# --- Headings -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["Name", "Ort", "Telefon 1"], True),
        (["Name", "", "Ort", ""], True),
        (["Name", "", "", ""], False),
        (["Name", "Name"], False),
        (["Chor", "76437", "Bühl"], False),
        (["Chor", "post@example.org"], False),
        (["Chor", "https://example.org"], False),
        (["Chor", "x" * 61], False),
        ([], False),
    ],
)
def test_headings_are_recognised_by_their_looks(row, expected):
    assert looks_like_header(row) is expected


@pytest.mark.parametrize(
    ("rows", "known", "expected"),
    [
        ([["Name", "Ort"], ["Chor", "Bühl"]], [], 0),
        ([["Unsere Vereine", ""], ["", ""], ["Name", "Ort"]], [], 2),
        ([["Chor", "76437"], ["Name", "Ort"]], [], None),
        ([["Chor", "76437"], ["Name", "Ort"]], ["name", "ORT"], 1),
        ([["Liste", "1"], ["Name", "2026"]], ["Name"], None),
        ([["Name"], ["Chor"]], ["Name"], 0),
        ([], [], None),
    ],
)
def test_the_row_of_headings_is_found(rows, known, expected):
    assert header_row(rows, known) == expected


def test_columns_are_called_as_in_spreadsheets():
    assert [spreadsheets.column_name(index) for index in (0, 25, 26, 99, 702)] == [
        "A",
        "Z",
        "AA",
        "CV",
        "AAA",
    ]
