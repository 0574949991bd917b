"""Pictures people upload: looked at with suspicion, kept as small WebP files without metadata."""

import io
import warnings

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
WITH_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}
QUALITY = 82
# WebP itself cannot be larger; a stripe of 1 × 40,000,000 pixels is no picture either.
MAX_EDGE_OF_SOURCE = 16_383


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
        raise ValidationError(
            _(
                "Die Datei ist zu groß. Erlaubt sind %(megabytes)d MB. "
                "Bitte verkleinern Sie das Bild."
            ),
            code="too_large",
            params={"megabytes": MAX_BYTES // 1024 // 1024},
        )
    upload.seek(0)
    content = upload.read(MAX_BYTES + 1)
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
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                _check_size(picture.size)
                # A JPEG is decoded at a fraction of its size where that is enough.
                picture.draft(None, (max_edge, max_edge))
                picture.load()
                result = _plain_pixels(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise _not_an_image() from error
    except ValidationError:
        raise
    except Exception as error:  # decoders raise whatever broken files lead them to
        raise ValidationError(
            _("Das Bild ist beschädigt. Bitte öffnen und speichern Sie es neu."), code="broken"
        ) from error
    result.thumbnail((max_edge, max_edge), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    result.save(written, "WEBP", quality=QUALITY, method=4)
    return ContentFile(written.getvalue(), name="image.webp")


def _plain_pixels(picture: Image.Image) -> Image.Image:
    """Return the first frame the right way up, as RGB or RGBA, with nothing attached."""
    transparent = (
        picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info
    )
    upright = ImageOps.exif_transpose(picture)
    result = upright.convert("RGBA" if transparent else "RGB")
    result.info = {}
    return result


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS or max(size) > MAX_EDGE_OF_SOURCE:
        raise _too_many_pixels()


def _looks_like_markup(content: bytes) -> bool:
    start = content[:1024].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").lower()
    return start.startswith(b"<") or b"<svg" in start or b"<html" in start or b"<script" in start


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
