"""PDF files: accessible, in every script, and made of nothing but what the page itself holds."""

import io
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from xml.etree import ElementTree

import pypdf
import pytest
from django.test import RequestFactory
from django.utils import translation

from core import pdf, pdf_worker
from core.errors import Refused
from tests.factories import make_network

pytestmark = pytest.mark.pdf

PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">
<title>{title}</title></head><body>{content}</body></html>"""


def page(content: str, *, title: str = "Liste", language: str = "de") -> str:
    direction = "rtl" if language == "ar" else "ltr"
    return PAGE.format(content=content, title=title, language=language, direction=direction)


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def tags(reader: pypdf.PdfReader) -> list[str]:
    """Return the names of all tags in the order a screen reader meets them."""
    found = []

    def walk(node) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return found


@pytest.fixture
def elsewhere() -> Iterator[HTTPServer]:
    """A server that notes what it is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_has_tags_title_and_language():
    table = "<table><tr><th scope='col'>Name</th></tr><tr><td>Amina</td></tr></table>"
    reader = read(pdf.render(page(f"<h1>Wer kommt</h1>{table}<ul><li>eins</li></ul>")))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - its own kind of true
    assert root["/Lang"] == "de"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
    assert reader.metadata.title == "Liste"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert {"/H1", "/Table", "/TH", "/TD", "/L", "/LI"} <= set(tags(reader))
    assert "Wer kommt" in reader.pages[0].extract_text()


def test_every_letter_has_a_shape():
    """A letter no font knows would be a box; the file names the fonts it has taken."""
    words = "Ağaoğlu Žižek Українці Ελλάδα مرحبا שלום"
    reader = read(pdf.render(page(f"<p>{words}</p>", language="ar")))
    fonts = " ".join(
        str(font.get_object()["/BaseFont"])
        for font in reader.pages[0]["/Resources"]["/Font"].values()
    )
    assert "Arabic" in fonts
    assert "Noto" in fonts
    assert reader.trailer["/Root"]["/Lang"] == "ar"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<bdi>Haus der Musik e. V.</bdi>", "ltr"),
        ("<bdi>„أمينة“ (Amina)</bdi>", "rtl"),
        ('<p dir="auto">12 שלום</p>', "rtl"),
        ('<p dir="auto">12. 3.</p>', None),
        ('<p dir="rtl">Amina</p>', "rtl"),
        ("<p>Amina</p>", None),
    ],
)
def test_names_run_in_their_own_direction(html, expected):
    root = ElementTree.fromstring(f"<body>{html}</body>")
    pdf_worker.set_directions(root)
    assert root[0].get("dir") == expected


@pytest.mark.parametrize(
    "content",
    [
        '<img src="file:///etc/hostname" alt="">',
        '<link rel="stylesheet" href="file:///etc/hostname">',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<img src="{http}" alt="">',
        '<style>@import "{http}"; @font-face {{ font-family: x; src: url("{http}") }}</style>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="{http}" width="9" height="9"/></svg>',
        '<object data="{http}"></object>',
    ],
)
def test_nothing_is_loaded_from_disk_or_network(content, elsewhere):
    content = content.format(http=f"http://127.0.0.1:{elsewhere.server_port}/bild.png")
    reader = read(pdf.render(page(f"{content}<p>Text</p>")))
    assert elsewhere.asked == []
    assert reader.attachments == {}
    assert reader.pages[0].extract_text().split() == ["Text", "1", "/", "1"]


def test_the_worker_knows_no_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "geheim")
    seen = {}
    original = pdf.subprocess.Popen

    def start(*args, **kwargs):
        seen.update(kwargs["env"])
        return original(*args, **kwargs)

    monkeypatch.setattr(pdf.subprocess, "Popen", start)
    pdf.render(page("<p>Text</p>"))
    assert "SECRET_KEY" in os.environ
    assert set(seen) <= {*pdf.ENVIRONMENT, "LC_ALL", "MALLOC_ARENA_MAX"}


def test_what_takes_too_long_or_too_much_is_stopped(monkeypatch):
    with pytest.raises(Refused, match="nicht fertig"):
        pdf.render(page("<p>Text</p>"), timeout=0.01)
    monkeypatch.setattr(pdf, "MOST_BYTES", 1000)
    with pytest.raises(Refused, match="zu lang"):
        pdf.render(page("x" * 1000))


def test_who_waits_is_told_the_page_and_may_stop(monkeypatch):
    monkeypatch.setattr(pdf, "TELL_EVERY", 0.05)
    told: list[int] = []
    pdf.render(page("<h1>Eins</h1>" + '<h1 style="break-before:page">Mehr</h1>' * 39),
               progress=told.append)  # fmt: skip
    assert told == sorted(told)
    assert told[-1] == 40

    def stop(number: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        pdf.render(page("<p>Wort"), progress=stop)


def test_a_page_that_would_fill_the_memory_ends(caplog):
    with pytest.raises(Refused, match="nicht fertig"):
        pdf.render(page("<p>Wort " * 60_000), timeout=60, megabytes=120)
    assert "No PDF" in caplog.text


def test_where_pango_is_missing_it_is_said(monkeypatch, tmp_path, network, rf: RequestFactory):
    worker = tmp_path / "worker.py"
    worker.write_text(f"import sys; sys.exit({pdf.NO_PANGO})")
    monkeypatch.setattr(pdf, "WORKER", worker)
    with pytest.raises(Refused, match="pango"):
        pdf.render(page("<p>Text</p>"))
    answer = pdf.response(rf.get("/"), "pdf/base.html", {}, "Liste")
    assert answer.status_code == 503
    assert "pango" in answer.content.decode()


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("ar", "rtl")])
def test_an_answer_is_a_file_to_save(language, direction, rf: RequestFactory, db):
    make_network(name="Netzwerk im Musterkreis")
    with translation.override(language):
        answer = pdf.response(rf.get("/"), "pdf/base.html", {}, "Anwesenheit: Frühlingstreffen")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    disposition = answer["Content-Disposition"]
    assert disposition == 'attachment; filename="anwesenheit-fruehlingstreffen.pdf"'
    reader = read(answer.content)
    assert reader.trailer["/Root"]["/Lang"] == language
    assert "Netzwerk im Musterkreis" in reader.pages[0].extract_text()
