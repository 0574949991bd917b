"""Pictures people upload: looked at with suspicion, kept as small WebP files without metadata."""

import io
import threading
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from PIL import Image, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
WITH_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}
QUALITY = 82
QUALITY_OF_SMALL = 80
STRIPE_ROWS = 128
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# WebP itself cannot be larger; a stripe of 1 × 40,000,000 pixels is no picture either.
MAX_EDGE_OF_SOURCE = 16_383

# 40 megapixels take 160 MB for a moment; several uploads at once must not add up.
_one_at_a_time = threading.Lock()


def read_image(upload: File, *, max_edge: int = 1600) -> ContentFile:
    """Read an upload as a picture and make a new file of its pixels, and of nothing else.

    The format is judged by the content and decoded only by those four decoders; the size in pixels
    is known from the header before anything is decoded. The camera's orientation is applied, then
    all metadata is gone: photos carry the place where they were taken.

    :param upload: an uploaded file, in whatever format it pretends to be.
    :param max_edge: the longer side of the result in pixels; smaller pictures are not enlarged.
    :return: a WebP file named `image.webp`.
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
    if _looks_like_markup(content):
        raise ValidationError(
            _(
                "SVG- und HTML-Dateien nehmen wir nicht an, weil sie Programme enthalten können. "
                "Bitte speichern Sie das Bild als PNG oder JPEG."
            ),
            code="markup",
        )
    try:
        with _one_at_a_time, Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            _check_size(picture.size)
            # A JPEG is decoded at a fraction of its size where that is enough.
            picture.draft(None, (max_edge, max_edge))
            picture.load()
            result = _plain_pixels(picture, max_edge)
            written = io.BytesIO()
            result.save(written, "WEBP", quality=QUALITY, method=4)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise _not_an_image() from error
    except ValidationError:
        raise
    except Exception as error:  # decoders raise whatever broken files lead them to
        raise ValidationError(
            _("Das Bild ist beschädigt. Bitte öffnen und speichern Sie es neu."), code="broken"
        ) from error
    return ContentFile(written.getvalue(), name="image.webp")


def store(content: ContentFile, edges: Mapping[str, int | None]) -> tuple[int, int]:
    """Store a picture in several sizes; small ones are copied, never enlarged.

    It takes a second: belongs before the transaction, which would keep others from writing
    (SQLite).

    :param content: what `read_image` returned.
    :param edges: the longer side in pixels by the name in the storage; None for the picture itself.
    :return: width and height of the picture itself, in pixels.
    :raises OSError: on a full disk; then some of the files may be there.
    """
    with Image.open(content, formats=("WEBP",)) as picture:
        picture.load()
        for name, edge in edges.items():
            content.seek(0)
            file = content
            if edge is not None:
                smaller, written = picture.copy(), io.BytesIO()
                smaller.thumbnail((edge, edge), Image.Resampling.LANCZOS)
                smaller.save(written, "WEBP", quality=QUALITY_OF_SMALL, method=4)
                file = ContentFile(written.getvalue())
            default_storage.save(name, file)
        return picture.size


def _plain_pixels(picture: Image.Image, max_edge: int) -> Image.Image:
    """Return the first frame the right way up, as RGB or RGBA, with nothing attached.

    What is much too large is first averaged down in stripes, so that besides the decoded picture
    itself nothing large is in memory.
    """
    mode = "RGBA" if picture.mode in WITH_ALPHA or "transparency" in picture.info else "RGB"
    orientation = picture.getexif().get(ORIENTATION)
    width, height = picture.size
    factor = max(1, 2 * max(width, height) // (3 * max_edge))
    result = Image.new(mode, (-(-width // factor), -(-height // factor)))
    rows = STRIPE_ROWS * factor
    for top in range(0, height, rows):
        stripe = picture.crop((0, top, width, min(top + rows, height)))
        if stripe.mode.startswith("I"):  # 16 bits of grey; `convert` would cut them off at white
            stripe = stripe.convert("I").point(lambda value: value * (1 / 256))
        result.paste(stripe.convert(mode).reduce(factor), (0, top // factor))
    result.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS)
    return result.transpose(TURNS[orientation]) if orientation in TURNS else result


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS or max(size) > MAX_EDGE_OF_SOURCE:
        raise _too_many_pixels()


def _looks_like_markup(content: bytes) -> bool:
    start = content[:1024].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").lower()
    return start.startswith(b"<") or b"<svg" in start or b"<html" in start or b"<script" in start


def _too_large() -> ValidationError:
    return ValidationError(
        _("Die Datei ist zu groß. Erlaubt sind %(megabytes)d MB. Bitte verkleinern Sie das Bild."),
        code="too_large",
        params={"megabytes": MAX_BYTES // 1024 // 1024},
    )


def _too_many_pixels() -> ValidationError:
    return ValidationError(
        _(
            "Das Bild hat zu viele Bildpunkte. Erlaubt sind %(megapixels)d Megapixel. "
            "Bitte verkleinern Sie es."
        ),
        code="too_many_pixels",
        params={"megapixels": MAX_PIXELS // 1_000_000},
    )


def _not_an_image() -> ValidationError:
    return ValidationError(
        _("Das ist kein Bild, das wir lesen können. Erlaubt sind JPEG, PNG, WebP und GIF."),
        code="not_an_image",
    )
