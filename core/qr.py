"""Addresses as QR codes: for posters, letters and the wall of a room."""

import base64
from io import BytesIO

import segno


def svg(text: str) -> bytes:
    """Return a QR code as a picture without a size of its own.

    :param text: a full address; short ones give coarser codes, which old cameras read better.
    """
    picture = BytesIO()
    # White behind it, whatever the page's colours: dark codes on dark ground cannot be read.
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", omitsize=True, border=4, light="#fff", svgclass=None, lineclass=None
    )
    return picture.getvalue()


def data_uri(text: str) -> str:
    """Return a QR code as an address for `<img src>`, where no other file can be loaded."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg(text)).decode()}"
