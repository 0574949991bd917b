"""Is an uploaded document what its name says, and is nothing in it that runs?

Judged by the content, never by the name alone. Only kinds that everybody can open are taken, and
of these only files without macros, scripts or parts that are fetched from elsewhere when opened.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _
from PIL import Image

from core.images import read_image
from core.text import clean_text

MAX_BYTES = 20 * 1024 * 1024
LONGEST_NAME = 160
# What a small file may unfold to; the longest minutes with pictures stay far below.
MOST_PARTS = 5000
MOST_UNPACKED = 400 * 1024 * 1024
MOST_READ = 8 * 1024 * 1024

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
TYPES = {
    "pdf": "application/pdf",
    "docx": f"{OOXML}wordprocessingml.document",
    "xlsx": f"{OOXML}spreadsheetml.sheet",
    "pptx": f"{OOXML}presentationml.presentation",
    "odt": f"{ODF}text",
    "ods": f"{ODF}spreadsheet",
    "odp": f"{ODF}presentation",
    "jpg": "image/jpeg",
}
OOXML_PARTS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
}
# Names that run something or carry something along; in a PDF any letter may be written as #4A.
PDF_PROGRAMS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles|RichMedia|XFA)(?![A-Za-z])")
PDF_STREAM = re.compile(rb"/ObjStm\b.{0,500}?stream\r?\n", re.DOTALL)
OFFICE_PROGRAMS = re.compile(
    r"(?i)(^|/)(vbaproject\.bin|vbadata\.xml|activex/|oleobject[^/]*\.bin)|^(basic|scripts)/"
)
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


@dataclass(frozen=True)
class Checked:
    """A document as it may be kept."""

    content: ContentFile
    name: str
    content_type: str


def read_document(upload: File) -> Checked:
    """Return an upload as it may be kept; pictures are drawn anew, without what cameras add.

    :raises ValidationError: with words for the person who sent it.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise _too_large()
    upload.seek(0)
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _too_large()
    if not content:
        raise ValidationError(_("Die Datei ist leer."), code="empty")
    stem, said = _name(upload.name or "")
    if content.startswith(PICTURES):
        kind, content = "jpg", _picture(upload)
    else:
        kind = _kind(content)
        CHECKS.get(kind, _check_office)(content)
    if said != kind and not (kind == "jpg" and said in {"jpg", "jpeg", "png"}):
        raise ValidationError(
            _(
                "Die Datei heißt „.%(said)s“, ist aber etwas anderes (%(kind)s). Bitte speichern "
                "Sie sie neu und laden Sie sie noch einmal hoch."
            ),
            code="renamed",
            params={"said": said or "?", "kind": kind.upper()},
        )
    return Checked(ContentFile(content), f"{stem}.{kind}", TYPES[kind])


def _name(name: str) -> tuple[str, str]:
    """Return a file's name as it may be shown, and how it ends."""
    plain = clean_text(name.replace("\\", "/").rpartition("/")[2], multiline=False)
    path = PurePosixPath(re.sub(r"[<>:\"|?*%;]", "-", plain) or "unterlage")
    stem = path.stem.strip(". ") or "unterlage"
    return stem[: LONGEST_NAME - 10], path.suffix.lstrip(".").lower()[:10]


def _kind(content: bytes) -> str:
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"PK\x03\x04"):
        return _office_kind(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ValidationError(
            _(
                "Dieses alte Format (.doc, .xls, .ppt) kann Makros enthalten. Bitte speichern Sie "
                "die Datei als PDF oder im neuen Format."
            ),
            code="old_format",
        )
    raise _unknown()


def _office_kind(content: bytes) -> str:
    with _package(content) as package:
        names = set(package.namelist())
        if "mimetype" in names:
            declared = _part(package, "mimetype").decode("ascii", "replace").strip()
            for kind, content_type in TYPES.items():
                if declared == content_type:
                    return kind
        if "[Content_Types].xml" in names:
            for part, kind in OOXML_PARTS.items():
                if part in names:
                    return kind
    raise _unknown()


def _check_pdf(content: bytes) -> None:
    plain = _unescaped(content)
    if re.search(rb"/Encrypt(?![A-Za-z])", plain):
        raise ValidationError(
            _(
                "Die PDF-Datei ist verschlüsselt. Wir können sie nicht prüfen. Bitte speichern Sie "
                "sie ohne Kennwort."
            ),
            code="encrypted",
        )
    budget = MOST_READ
    found = bool(PDF_PROGRAMS.search(plain))
    # Newer files keep their objects packed together.
    for stream in PDF_STREAM.finditer(content):
        if found or budget <= 0:
            break
        try:
            unpacked = zlib.decompressobj().decompress(content[stream.end() :], budget)
        except zlib.error:
            continue
        budget -= len(unpacked)
        found = bool(PDF_PROGRAMS.search(_unescaped(unpacked)))
    if found:
        raise _has_programs()


def _unescaped(content: bytes) -> bytes:
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), content)


def _check_office(content: bytes) -> None:
    with _package(content) as package:
        names = package.namelist()
        if any(OFFICE_PROGRAMS.search(name) for name in names):
            raise _has_programs()
        if "[Content_Types].xml" in names and re.search(
            rb"(?i)macroenabled|vbaproject", _part(package, "[Content_Types].xml")
        ):
            raise _has_programs()
        # A template from elsewhere is loaded, with its macros, as soon as the file is opened.
        for name in names:
            if name.endswith("settings.xml.rels") and re.search(
                rb"(?i)attachedTemplate", _part(package, name)
            ):
                raise _has_programs()


def _package(content: bytes) -> zipfile.ZipFile:
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError) as error:
        raise _broken() from error
    parts = package.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _broken()
    if any(part.flag_bits & 1 for part in parts):
        raise ValidationError(
            _("Die Datei ist mit einem Kennwort geschützt. Bitte speichern Sie sie ohne Kennwort."),
            code="encrypted",
        )
    return package


def _part(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        with package.open(name) as part:
            return part.read(MOST_READ)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as error:
        raise _broken() from error


def _picture(upload: File) -> bytes:
    """Draw a picture anew, as a JPEG that every program opens."""
    with Image.open(read_image(upload, max_edge=2400), formats=("WEBP",)) as picture:
        plain = Image.new("RGB", picture.size, "white")
        plain.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    written = io.BytesIO()
    plain.save(written, "JPEG", quality=88, optimize=True)
    return written.getvalue()


CHECKS: dict[str, Callable[[bytes], None]] = {"pdf": _check_pdf}


def _too_large() -> ValidationError:
    return ValidationError(
        _("Die Datei ist zu groß. Erlaubt sind %(megabytes)d MB."),
        code="too_large",
        params={"megabytes": MAX_BYTES // 1024 // 1024},
    )


def _has_programs() -> ValidationError:
    return ValidationError(
        _(
            "Die Datei enthält Makros oder andere Programme. Solche Dateien nehmen wir nicht an. "
            "Bitte speichern Sie sie ohne Makros oder als PDF."
        ),
        code="programs",
    )


def _broken() -> ValidationError:
    return ValidationError(
        _("Die Datei ist beschädigt. Bitte öffnen und speichern Sie sie neu."), code="broken"
    )


def _unknown() -> ValidationError:
    return ValidationError(
        _(
            "Diese Art von Datei nehmen wir nicht an. Erlaubt sind PDF, Word (.docx), Excel "
            "(.xlsx), PowerPoint (.pptx), LibreOffice (.odt, .ods, .odp), PNG und JPEG."
        ),
        code="unknown",
    )
