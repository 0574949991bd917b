"""The picture beside a link: the name in its script, or a sign; never boxes for letters."""

import io
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageChops

from organisations import share_images
from organisations.search import directory
from organisations.share_images import INK, PILLOWS_OWN, font_for, picture
from tests.factories import make_organisation

pytestmark = pytest.mark.django_db

NAMES = ["جمعية الصداقة العربية", "Українська громада «Надія» e. V.", "Ελληνική Κοινότητα"]
HAS_FONT = share_images.has_letters("DejaVuSans.ttf", "".join(NAMES))


def pixels(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    assert image.size == (share_images.WIDTH, share_images.HEIGHT)
    return image


def share_box(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Where something is written in the colour of the name."""
    difference = ImageChops.difference(image, Image.new("RGB", image.size, INK)).convert("L")
    mask = difference.point(lambda value: 255 if value < 24 else 0)
    return mask.getbbox()


def test_the_picture_of_a_page(organisation):
    answer = Client().get(reverse("organisations:share_image", args=[organisation.slug]))
    assert answer["Content-Type"] == "image/png"
    assert share_box(pixels(answer.content))


@pytest.mark.parametrize("name", ["Türkçe Şenlik e. V.", "Koło Łódź", "„Haus“ – für alle"])
def test_latin_letters_need_no_other_font(name, monkeypatch):
    monkeypatch.setattr(share_images, "OTHERS", ())
    assert font_for(name) == PILLOWS_OWN
    drawn = picture(make_organisation(name=name), directory()).draw()
    assert share_box(pixels(drawn))


@pytest.mark.skipif(not HAS_FONT, reason="There is no DejaVu Sans on this machine.")
@pytest.mark.parametrize("name", NAMES)
def test_other_scripts_are_written_where_the_machine_has_a_font(name):
    box = share_box(pixels(picture(make_organisation(name=name), directory()).draw()))
    assert box
    left, _top, right, _bottom = box
    if share_images.is_right_to_left(name):
        assert 670 < right <= 700
    else:
        assert 80 <= left < 110
    assert right <= 700, "the map begins there"


@pytest.mark.parametrize("name", [*NAMES, "የኢትዮጵያ ማህበር", "🌈🌈🌈"])
def test_without_a_font_there_is_a_sign_and_no_boxes(name, monkeypatch):
    monkeypatch.setattr(share_images, "OTHERS", ("no-such-font.ttf",))
    assert font_for(name) is None
    image = pixels(picture(make_organisation(name=name), directory()).draw())
    assert share_box(image) is None
    assert image.getpixel((210, 270)) == tuple(bytes.fromhex(share_images.ACCENT[1:]))


def test_letters_that_cannot_be_joined_are_not_written(monkeypatch):
    monkeypatch.setattr(share_images.features, "check", lambda feature: False)
    assert font_for(NAMES[0]) is None


def test_a_font_that_comes_later_makes_a_new_picture(monkeypatch):
    first = picture(make_organisation(name=NAMES[1]), directory())
    monkeypatch.setattr(share_images, "font_for", lambda text: "Later.ttf")
    before = replace(first).key
    monkeypatch.setattr(share_images, "font_for", lambda text: None)
    assert first.key != before


def test_long_words_are_broken_in_any_script():
    for name in ("Донаудампфшиффартсгезельшафт" * 3, "W" * 160):
        drawn = picture(make_organisation(name=name, slug=f"lang-{len(name)}"), directory()).draw()
        box = share_box(pixels(drawn))
        assert box is None or box[2] <= 700
