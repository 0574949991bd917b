"""Reading an uploaded table, whatever its name pretends it to be."""

from django.core.files.base import File

from core.spreadsheets.csv_files import read_csv
from core.spreadsheets.packages import read_package
from core.spreadsheets.sheets import MAX_BYTES, Sheet, refused

PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refuse_what_is_no_table(content: bytes) -> None:
    start = content[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if content.startswith(OLE):
        # An encrypted XLSX is wrapped into the same kind of file an old Excel writes.
        name = "EncryptedPackage".encode("utf-16-le")
        raise refused("encrypted" if name in content else "old_excel")
    if start.startswith(b"%pdf"):
        raise refused("pdf")
    if content.startswith(PICTURES) and b"\0" in content:
        raise refused("picture")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg")) or b"<html" in start:
        raise refused("markup")
    if start.startswith((b"{\\rtf", b"\x1f\x8b", b"7z\xbc\xaf", b"rar!")):
        raise refused("not_a_table")


def read(upload: File) -> Sheet:
    """Read an uploaded table, whatever its name pretends it to be.

    Numbers, dates and truth come as text in one spelling: `7643`, `0.5`, `2026-11-22`,
    `2026-11-22 18:30`, `ja`, `nein`. Leading zeros stay where the file has a text.

    :param upload: XLSX, ODS, or CSV in UTF-8, UTF-16 or Windows-1252, divided by commas, semicolons
        or tabs.
    :return: the first visible sheet with something in it.
    :raises ValidationError: with words for the person who sent it.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise refused("too_large")
    upload.seek(0)
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise refused("too_large")
    if not content.strip(b"\0 \r\n\t"):
        raise refused("empty")
    if content.startswith(b"PK\x03\x04"):
        sheet = read_package(content)
    else:
        refuse_what_is_no_table(content)
        sheet = read_csv(content)
    if not sheet.rows:
        raise refused("empty")
    return sheet
