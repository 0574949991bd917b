"""Pictures: what is kept, what is thrown away, and what is refused with which words."""

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from core import images

RED, BLUE = (220, 20, 20), (20, 20, 220)


def picture(size=(60, 40), *, mode="RGB", colour=RED) -> Image.Image:
    return Image.new(mode, size, colour)


def upload(content: bytes | Image.Image, name="photo.jpg", kind="JPEG", **options):
    if isinstance(content, Image.Image):
        written = io.BytesIO()
        content.save(written, kind, **options)
        content = written.getvalue()
    return SimpleUploadedFile(name, content)


def result(*given, **options) -> Image.Image:
    kept = images.read_image(*given, **options)
    assert isinstance(kept, ContentFile)
    assert kept.name == "image.webp"
    opened = Image.open(kept, formats=["WEBP"])
    opened.load()
    return opened


def near(pixel, colour) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(pixel[:3], colour, strict=True))


@pytest.mark.parametrize(
    ("mode", "kind", "colour"),
    [
        ("RGB", "JPEG", RED),
        ("L", "JPEG", 60),
        ("CMYK", "JPEG", (0, 230, 230, 30)),
        ("RGB", "PNG", RED),
        ("RGBA", "PNG", (*RED, 255)),
        ("LA", "PNG", (60, 128)),
        ("P", "PNG", 0),
        ("1", "PNG", 1),
        ("I;16", "PNG", 40_000),
        ("RGB", "WEBP", RED),
        ("P", "GIF", 0),
    ],
)
def test_every_kind_of_picture_becomes_a_plain_webp(mode, kind, colour):
    kept = result(upload(picture(mode=mode, colour=colour), kind=kind))
    assert kept.size == (60, 40)
    assert kept.mode in {"RGB", "RGBA"}
    if mode == "CMYK":
        assert near(kept.getpixel((5, 5)), RED)


def test_sixteen_bits_of_grey_are_not_simply_white():
    kept = result(upload(picture(mode="I;16", colour=20_000), kind="PNG"))
    assert near(kept.getpixel((5, 5)), (78, 78, 78))


def test_transparency_stays():
    clear = picture(mode="RGBA", colour=(*RED, 0))
    assert result(upload(clear, kind="PNG")).getpixel((5, 5))[3] == 0
    palette = picture(mode="P", colour=0)
    kept = result(upload(palette, kind="PNG", transparency=0))
    assert kept.getpixel((5, 5))[3] == 0


def test_a_photo_is_turned_upright_and_forgets_where_it_was_taken():
    photo = picture((60, 40))
    photo.paste(BLUE, (0, 0, 30, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° to see it right
    exif[0x010F] = "Telefon von Anna"
    exif.get_ifd(0x8825)[2] = (48.0, 30.0, 0.0)
    kept_file = images.read_image(
        upload(photo, exif=exif, comment=b"Zuhause bei Anna", icc_profile=b"profile of Anna")
    )
    content = kept_file.read()
    for trace in (b"Anna", b"EXIF", b"XMP", b"ICCP", b"Exif"):
        assert trace not in content
    kept = Image.open(io.BytesIO(content))
    assert kept.size == (40, 60)
    assert near(kept.convert("RGB").getpixel((20, 5)), BLUE)
    assert near(kept.convert("RGB").getpixel((20, 55)), RED)
    assert not kept.getexif()


def test_the_first_frame_of_a_film_is_kept():
    first, second = picture(), picture(colour=BLUE)
    kept = result(upload(first, kind="GIF", save_all=True, append_images=[second]))
    assert getattr(kept, "n_frames", 1) == 1
    assert near(kept.convert("RGB").getpixel((5, 5)), RED)


@pytest.mark.parametrize(
    ("size", "max_edge", "expected"),
    [((4000, 1000), 1600, (1600, 400)), ((300, 900), 600, (200, 600)), ((60, 40), 600, (60, 40))],
)
def test_large_pictures_shrink_and_small_ones_do_not_grow(size, max_edge, expected):
    assert result(upload(picture(size)), max_edge=max_edge).size == expected


def bare_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be as large as one likes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
JPEG = upload(picture((400, 300))).read()


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty", "leer"),
        (b"Hallo Welt", "not_an_image", "JPEG, PNG, WebP und GIF"),
        (b"%PDF-1.7\n", "not_an_image", "kein Bild"),
        (SVG, "markup", "PNG oder JPEG"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>", "markup", "Programme"),
        (b"<html>", "markup", "Programme"),
        (bare_png(10_000, 5_000), "too_many_pixels", "40 Megapixel"),
        (bare_png(50_000, 50_000), "too_many_pixels", "40 Megapixel"),
        (bare_png(30_000, 10), "too_many_pixels", "Bildpunkte"),
        (bare_png(100, 100), "broken", "beschädigt"),
        (JPEG[: len(JPEG) // 2], "broken", "beschädigt"),
        (JPEG[:100], "broken", "beschädigt"),
        (b"\xff" * (10 * 1024 * 1024 + 1), "too_large", "10 MB"),
    ],
)
def test_what_is_no_fit_picture_is_refused_with_words(content, code, words):
    with pytest.raises(ValidationError) as refusal:
        images.read_image(upload(content))
    assert refusal.value.code == code
    assert words in refusal.value.messages[0]


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "AVIF"])
def test_other_formats_are_refused_whatever_they_are_called(kind):
    with pytest.raises(ValidationError, match="JPEG, PNG, WebP und GIF"):
        images.read_image(upload(picture(), name="photo.jpg", kind=kind))


def test_a_file_that_lies_about_its_size_is_measured():
    lying = ContentFile(b"\xff" * (images.MAX_BYTES + 2), name="photo.jpg")
    lying.size = 10
    with pytest.raises(ValidationError) as refusal:
        images.read_image(lying)
    assert refusal.value.code == "too_large"


def test_a_picture_that_runs_out_of_pixels_while_decoding_costs_little():
    """40 megapixels are allowed; their memory is bounded by decoding a JPEG at a fraction."""
    large = upload(picture((7_000, 5_000)), quality=30)
    assert result(large).size == (1600, 1143)


def read_or_refused(content: bytes) -> bool:
    """Return whether it was read; anything but a picture or a refusal with words is an error."""
    try:
        return bool(images.read_image(ContentFile(content, name="x.jpg")).size)
    except ValidationError as refusal:
        return bool(refusal.messages[0])


STARTS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b""]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(STARTS), st.binary(max_size=400))
@example(b"GIF89a", b"\xff" * 20)
def test_garbage_is_refused_and_nothing_worse(start, garbage):
    assert read_or_refused(start + garbage)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(JPEG) - 1), st.integers(0, 255))
def test_a_damaged_picture_is_read_or_refused(place, value):
    damaged = bytearray(JPEG)
    damaged[place] = value
    assert read_or_refused(bytes(damaged))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_a_camera_is_turned_as_the_standard_says(orientation):
    """Pillow's own `exif_transpose` knows it too; ours works on the small picture."""
    photo = picture((60, 40))
    photo.paste(BLUE, (0, 0, 20, 10))
    exif = Image.Exif()
    exif[images.ORIENTATION] = orientation
    kept = result(upload(photo, exif=exif, quality=95))
    expected = ImageOps.exif_transpose(Image.open(upload(photo, exif=exif, quality=95)))
    assert kept.size == expected.size
    width, height = kept.size
    for corner in [(2, 2), (width - 3, 2), (2, height - 3), (width - 3, height - 3)]:
        assert near(kept.getpixel(corner), expected.getpixel(corner))
