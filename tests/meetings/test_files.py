"""Documents and photos: what is taken, what is refused, and who gets to see them."""

import io
import zipfile
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from meetings.documents import MAX_BYTES, TYPES, read_document
from meetings.models import MeetingDocument, MeetingPhoto
from meetings.services import files as services
from tests.factories import image_bytes, make_meeting, make_meeting_document, make_meeting_photo

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"


def packed(parts: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return written.getvalue()


def ooxml(part: str = "word/document.xml", **more: bytes) -> bytes:
    return packed(
        {"[Content_Types].xml": b"<Types/>", part: b"<x/>"}
        | {name.replace("__", "/"): content for name, content in more.items()}
    )


def odf(kind: str = "text", **more: bytes) -> bytes:
    declared = f"application/vnd.oasis.opendocument.{kind}".encode()
    return packed(
        {"mimetype": declared, "content.xml": b"<x/>"}
        | {name.replace("__", "/"): content for name, content in more.items()}
    )


def read(content: bytes, name: str):
    return read_document(SimpleUploadedFile(name, content))


# --- What is taken --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("protokoll.pdf", PDF),
        ("brief.docx", ooxml()),
        ("liste.xlsx", ooxml("xl/workbook.xml")),
        ("folien.pptx", ooxml("ppt/presentation.xml")),
        ("brief.odt", odf()),
        ("liste.ODS", odf("spreadsheet")),
        ("folien.odp", odf("presentation")),
    ],
)
def test_what_everybody_can_open_is_taken_as_it_is(name: str, content: bytes) -> None:
    checked = read(content, name)
    assert checked.content.read() == content
    assert checked.content_type == TYPES[name.rpartition(".")[2].lower()]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_drawn_anew(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Ort der Aufnahme"
    checked = read(image_bytes(kind=kind, exif=exif.tobytes()), f"plakat.{kind.lower()}")
    assert (checked.name, checked.content_type) == ("plakat.jpg", "image/jpeg")
    with Image.open(checked.content) as picture:
        assert picture.format == "JPEG"
        assert not picture.getexif()


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/Einladung & Plan.pdf", "Einladung & Plan.pdf"),
        ("C:\\Users\\x\\Liste.pdf", "Liste.pdf"),
        ('a"b<c>.pdf', "a-b-c-.pdf"),
        ("دعوة.pdf", "دعوة.pdf"),
        ("x" * 250 + ".pdf", "x" * 150 + ".pdf"),
        ("\u202egnp.pdf", "gnp.pdf"),
    ],
)
def test_of_a_name_the_harmless_part_stays(given_name: str, kept: str) -> None:
    upload = SimpleUploadedFile("x.pdf", PDF)
    upload._name = given_name
    assert read_document(upload).name == kept


# --- What is refused ------------------------------------------------------------------------------
def packed_pdf(secret: bytes) -> bytes:
    stream = zlib.compress(b"1 0 " + secret)
    return b"%PDF-1.7\n2 0 obj\n<< /Type /ObjStm >>\nstream\n" + stream + b"\nendstream\n"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("leer.pdf", b"", "empty"),
        ("virus.exe", b"MZ\x90\x00", "unknown"),
        ("virus.pdf", b"MZ\x90\x00", "unknown"),
        ("skript.pdf", b"#!/bin/sh\nrm -rf /", "unknown"),
        ("seite.pdf", b"<html><script>", "unknown"),
        ("bild.svg", b"<svg onload='x'/>", "unknown"),
        ("umbenannt.docx", PDF, "renamed"),
        ("umbenannt.pdf", ooxml(), "renamed"),
        ("umbenannt.pdf", image_bytes(), "renamed"),
        ("ohne", PDF, "renamed"),
        ("brief.doc", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old_format"),
        ("makro.docm", ooxml(word__vbaProject_bin=b"x"), "renamed"),
        ("makro.docx", packed({"[Content_Types].xml": b"<T/>", "word/document.xml": b"",
                               "word/vbaProject.bin": b"x"}), "programs"),
        ("makro.xlsx", packed({"[Content_Types].xml": b"x.sheet.macroEnabled.main+xml",
                               "xl/workbook.xml": b""}), "programs"),
        ("aktiv.docx", ooxml(word__activeX__a=b"x"), "programs"),
        ("fern.docx", packed({"[Content_Types].xml": b"", "word/document.xml": b"",
                              "word/_rels/settings.xml.rels": b'Type="x/attachedTemplate"'}),
         "programs"),
        ("makro.odt", odf(Basic__script=b"x"), "programs"),
        ("makro.odt", odf(Scripts__python=b"x"), "programs"),
        ("skript.pdf", PDF + b"<< /S /JavaScript /JS (app.alert(1)) >>", "programs"),
        ("skript.pdf", PDF + b"<< /S /Java#53cript >>", "programs"),
        ("start.pdf", PDF + b"<< /S /Launch /F (cmd.exe) >>", "programs"),
        ("anhang.pdf", PDF + b"<< /EmbeddedFiles 3 0 R >>", "programs"),
        ("skript.pdf", packed_pdf(b"<< /S /JavaScript >>"), "programs"),
        ("zu.pdf", PDF + b"trailer << /Encrypt 5 0 R >>", "encrypted"),
        ("kaputt.docx", b"PK\x03\x04" + b"x" * 50, "broken"),
        ("archiv.zip", packed({"a.txt": b"x"}), "unknown"),
        ("programm.jar", packed({"META-INF/MANIFEST.MF": b"x", "A.class": b"x"}), "unknown"),
        ("gross.pdf", b"%PDF-" + b"x" * MAX_BYTES, "too_large"),
        ("kaputt.png", b"\x89PNG\r\n\x1a\n" + b"x" * 20, "not_an_image"),
    ],
)  # fmt: skip
def test_what_could_run_or_is_something_else_is_refused(name, content, code) -> None:
    with pytest.raises(ValidationError) as refusal:
        read(content, name)
    assert refusal.value.code in {code, "programs" if name == "makro.docm" else code, "broken"}
    assert str(refusal.value.messages[0])


def test_a_small_file_that_unfolds_into_a_large_one_is_refused() -> None:
    zeros = b"\0" * (120 * 1024 * 1024)
    content = packed(
        {"[Content_Types].xml": b"", "word/document.xml": b""}
        | {f"word/media/{number}.bin": zeros for number in range(4)}
    )
    with pytest.raises(ValidationError) as refusal:
        read(content, "bombe.docx")
    assert refusal.value.code == "broken"


@settings(deadline=None, max_examples=150)
@given(
    start=st.sampled_from([b"%PDF-", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b""]),
    rest=st.binary(max_size=400),
    name=st.text(max_size=20),
)
def test_no_file_is_an_error_of_ours(start: bytes, rest: bytes, name: str) -> None:
    upload = SimpleUploadedFile("x", start + rest)
    upload._name = name
    try:
        checked = read_document(upload)
    except ValidationError:
        return
    assert checked.content_type in TYPES.values()


# --- In the office --------------------------------------------------------------------------------
@pytest.fixture
def meeting(db):
    return make_meeting(visibility="public")


@pytest.fixture
def url(meeting) -> str:
    return reverse("admin:meetings_meeting_files", kwargs={"pk": meeting.pk})


def test_the_officer_adds_changes_moves_and_deletes_a_document(
    client_for, officer, meeting, url, django_capture_on_commit_callbacks
) -> None:
    client = client_for(officer)
    for title in ("Plan", "Karte"):
        sent = {"title": title, "document": SimpleUploadedFile(f"{title}.pdf", PDF)}
        assert client.post(url, sent | {"add_document": "1"}).status_code == 302
    plan, card = MeetingDocument.objects.all()
    assert (plan.title, plan.file_name, plan.size) == ("Plan", "Plan.pdf", len(PDF))
    assert not plan.is_public
    assert plan.uploaded_by == officer
    html = client.get(url).content.decode()
    assert html.index(">Plan<") < html.index(">Karte<")
    change = reverse("admin:meetings_meeting_document", kwargs={"pk": meeting.pk, "row": card.pk})
    client.post(change, {"up": "1"})
    assert [one.title for one in MeetingDocument.objects.all()] == ["Karte", "Plan"]
    client.post(change, {"up": "1"})
    client.post(change, {"title": "Lageplan", "is_public": "on"})
    card.refresh_from_db()
    assert (card.title, card.is_public) == ("Lageplan", True)
    name = card.file.name
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(change, {"remove": "1"})
    assert not default_storage.exists(name)
    assert client.post(change, {"remove": "1"}).status_code == 404
    assert MeetingDocument.objects.count() == 1


def test_a_refused_file_keeps_what_was_typed(client_for, officer, url) -> None:
    sent = {"title": "Mit Makro", "document": SimpleUploadedFile("x.pdf", b"MZ"), "is_public": "on"}
    response = client_for(officer).post(url, sent | {"add_document": "1"})
    html = response.content.decode()
    assert response.status_code == 200
    assert "Diese Art von Datei nehmen wir nicht an." in html
    assert 'value="Mit Makro"' in html
    assert not MeetingDocument.objects.exists()


def test_the_officer_adds_and_deletes_a_photo(
    client_for, officer, meeting, url, django_capture_on_commit_callbacks
) -> None:
    client = client_for(officer)
    sent = {
        "photo": SimpleUploadedFile("x.png", image_bytes(size=(1200, 900))),
        "alt_text": "Menschen am Tisch",
        "credit": "Mina",
        "caption": "Beim Essen",
        "consent": "on",
        "is_public": "on",
        "add_photo": "1",
    }
    assert client.post(url, sent).status_code == 302
    photo = MeetingPhoto.objects.get()
    assert (photo.width, photo.height, photo.has_consent) == (1200, 900, True)
    for size, width in (("mittel", 640), ("gross", 1200)):
        with default_storage.open(services.photo_name(photo, size)) as file:
            assert Image.open(file).size[0] == width
    page = client.get(meeting.get_absolute_url()).content.decode()
    for words in ("Menschen am Tisch", "Foto: Mina", "Beim Essen"):
        assert words in page
    change = reverse("admin:meetings_meeting_photo", kwargs={"pk": meeting.pk, "row": photo.pk})
    with django_capture_on_commit_callbacks(execute=True):
        client.post(change, {"remove": "1"})
    assert not MeetingPhoto.objects.exists()
    assert not default_storage.exists(services.photo_name(photo, "gross"))


@pytest.mark.parametrize("missing", ["alt_text", "credit", "consent", "photo"])
def test_no_photo_without_what_the_law_asks(client_for, officer, url, missing: str) -> None:
    sent = {
        "photo": SimpleUploadedFile("x.png", image_bytes()),
        "alt_text": "Menschen am Tisch",
        "credit": "Mina",
        "consent": "on",
        "add_photo": "1",
    }
    del sent[missing]
    response = client_for(officer).post(url, sent)
    assert response.status_code == 200
    assert "error-summary" in response.content.decode()
    assert not MeetingPhoto.objects.exists()


def test_there_is_an_end_to_it(client_for, officer, meeting, url, monkeypatch) -> None:
    monkeypatch.setattr(services, "MOST_DOCUMENTS", 1)
    make_meeting_document(meeting=meeting)
    sent = {"title": "Noch eine", "document": SimpleUploadedFile("x.pdf", PDF)}
    response = client_for(officer).post(url, sent | {"add_document": "1"})
    assert "Es sind schon 1." in response.content.decode()
    assert MeetingDocument.objects.count() == 1


# --- Who gets them --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("visibility", "is_public", "who", "status"),
    [
        ("public", True, None, 200),
        ("public", False, None, 404),
        ("members", True, None, 404),
        ("public", False, "outsider", 404),
        ("members", False, "editor", 200),
        ("office", True, "editor", 404),
        ("office", False, "officer", 200),
    ],
)
def test_files_are_for_whom_they_are_for(
    request, client_for, visibility, is_public, who, status
) -> None:
    client = client_for(who and request.getfixturevalue(who))
    meeting = make_meeting(visibility=visibility)
    document = make_meeting_document(meeting=meeting, is_public=is_public)
    photo = make_meeting_photo(meeting=meeting, is_public=is_public)
    for address in (
        reverse("meetings_document", args=[document.pk]),
        reverse("meetings_photo", args=[photo.pk, "gross"]),
    ):
        response = client.get(address)
        assert response.status_code == status, address
        if status == 200:
            is_kept = visibility == "public" and is_public
            assert response["Cache-Control"] == f"private, no-{'cache' if is_kept else 'store'}"
            assert response["X-Content-Type-Options"] == "nosniff"
            if response.streaming:
                list(response)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/pdf", 'inline; filename="plan.pdf"'),
        (TYPES["docx"], 'attachment; filename="plan.pdf"'),
    ],
)
def test_only_what_browsers_show_safely_is_shown(
    client: Client, content_type: str, expected: str
) -> None:
    document = make_meeting_document(
        meeting=make_meeting(visibility="public"),
        is_public=True,
        file_name="plan.pdf",
        content_type=content_type,
    )
    response = client.get(reverse("meetings_document", args=[document.pk]))
    assert response["Content-Disposition"] == expected
    assert response["Content-Type"] == content_type
    assert b"".join(response).startswith(b"%PDF")


def test_a_file_that_is_gone_from_the_disk_is_no_error(client: Client) -> None:
    meeting = make_meeting(visibility="public")
    document = make_meeting_document(meeting=meeting, is_public=True)
    default_storage.delete(document.file.name)
    assert client.get(reverse("meetings_document", args=[document.pk])).status_code == 404
