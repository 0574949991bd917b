"""The picture beside a link to an organisation: its name, and the county with its place.

Drawn once and kept on disk under a name that stands for everything on it; nothing but what the
public page shows is on it.
"""

import hashlib
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont, features

from organisations.map import Drawing, drawing
from organisations.models import Organisation
from organisations.search import Directory

WIDTH, HEIGHT = 1200, 630
VERSION = 1  # of the design
PAPER, INK, SOFT, BRAND, TINT, MID, ACCENT = (
    "#fbf7f1", "#1f2624", "#4b5653", "#0c574f", "#e0efec", "#a9d3cc", "#f6b04a",
)  # fmt: skip

# The only font there always is comes with Pillow and has the letters of ASCII: marks are drawn on
# top, and letters that are not a letter with a mark are written with two. Names in other scripts
# are written in the first of these fonts that has all their letters; most machines with any fonts
# have the first (Debian: fonts-dejavu-core). Without one the picture carries a sign for the name.
PILLOWS_OWN = ""
OTHERS = ("DejaVuSans.ttf", "NotoSansArabic-Regular.ttf", "NotoSans-Regular.ttf")
SPELT = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l",
        "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "–": "-", "—": "-", "„": '"', "“": '"', "”": '"',
        "‚": "'", "‘": "'", "’": "'", "«": '"', "»": '"', "…": "...", "\u00a0": " ",
    }
)  # fmt: skip
DIAERESIS, ACUTE, GRAVE, CIRCUMFLEX, CARON, BREVE, TILDE, DOT, RING, CEDILLA, OGONEK, COMMA = (
    "\u0308\u0301\u0300\u0302\u030c\u0306\u0303\u0307\u030a\u0327\u0328\u0326"
)


@dataclass(frozen=True)
class Picture:
    """A picture for sharing, drawn when it is read for the first time."""

    name: str
    place: str
    municipality: int | None
    drawing: Drawing

    @property
    def key(self) -> str:
        """A name for exactly this picture."""
        shapes = "".join(shape.path for shape in self.drawing.shapes)
        font = font_for(self.name)
        parts = (VERSION, self.name, font, self.place, self.municipality, settings.SITE_URL, shapes)
        return hashlib.sha256(repr(parts).encode(errors="replace")).hexdigest()[:32]

    def read(self) -> bytes:
        """Return the PNG."""
        folder = Path(settings.MEDIA_ROOT) / "share"
        path = folder / f"{self.key}.png"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            content = self.draw()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Written aside and moved: another process never reads half a picture.
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(content)
            Path(file.name).replace(path)
        except OSError:  # a full disk is no reason to show nothing
            pass
        return content

    def draw(self) -> bytes:
        image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        pen = ImageDraw.Draw(image)
        pen.rectangle((0, 0, 24, HEIGHT), fill=BRAND)
        self._draw_map(pen, left=720, top=60, width=420, height=510)
        font = font_for(self.name)
        text = "" if font is None else self.name if font else written(self.name)
        size, lines = 76, []
        for size in (76, 64, 54, 46):
            lines = wrap(text, size, 600, font or PILLOWS_OWN)
            if len(lines) * size * 1.25 <= 360:
                break
        lines = lines[:6]
        top = 250 - int(len(lines) * size * 1.25 / 2)
        if not lines:
            pen.rounded_rectangle((90, 150, 330, 390), 60, fill=BRAND)
            pen.ellipse((150, 210, 270, 330), fill=ACCENT)
        for number, line in enumerate(lines):
            at = (90, top + int(number * size * 1.25))
            if font:
                write_in(pen, at, line, size, font)
            else:
                write(pen, at, line, size, INK)
        write(pen, (90, 470), written(self.place), 36, SOFT)
        write(pen, (90, 540), urlsplit(settings.SITE_URL).hostname or "", 28, BRAND)
        target = BytesIO()
        image.quantize(64).save(target, "PNG", optimize=True)
        return target.getvalue()

    def _draw_map(
        self, pen: ImageDraw.ImageDraw, *, left: int, top: int, width: int, height: int
    ) -> None:
        scale = min(width / self.drawing.width, height / self.drawing.height)
        for shape in self.drawing.shapes:
            if not shape.in_county:
                continue
            here = shape.pk == self.municipality
            for ring in rings(shape.path):
                points = [(left + x * scale, top + y * scale) for x, y in ring]
                pen.polygon(points, fill=ACCENT if here else MID, outline=PAPER, width=2)


def picture(organisation: Organisation, index: Directory) -> Picture:
    """Return the picture for an organisation's page."""
    municipality = index.municipalities.get(organisation.municipality_id)
    return Picture(
        name=organisation.name,
        place=municipality.name if municipality else "",
        municipality=organisation.municipality_id,
        drawing=drawing(index),
    )


def rings(path: str) -> list[list[tuple[int, int]]]:
    """Return the rings of a path as `organisations.map` writes it."""
    found = []
    for part in path.split("z"):
        numbers = [int(number) for number in re.findall(r"-?\d+", part)]
        points: list[tuple[int, int]] = []
        x = y = 0
        for step_x, step_y in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + step_x, y + step_y
            points.append((x, y))
        if len(points) > 2:
            found.append(points)
    return found


def written(text: str) -> str:
    """Return a text as the font can write it, decomposed; empty if it has other scripts."""
    text = unicodedata.normalize("NFD", text.translate(SPELT))
    if any(ord(letter) > 126 and not unicodedata.combining(letter) for letter in text):
        return ""
    return "".join(letter for letter in text if letter >= " ")


def font_for(text: str) -> str | None:
    """Return the file name of a font that has all letters of a text, None if there is none here."""
    if written(text) or not text.strip():
        return PILLOWS_OWN
    if is_right_to_left(text) and not features.check("raqm"):
        return None  # letters would stand apart, in the wrong order
    return next((file for file in OTHERS if has_letters(file, text)), None)


@lru_cache(maxsize=1000)
def has_letters(file: str, text: str) -> bool:
    """Tell whether a font is on this machine and has a picture for every letter."""
    try:
        font = ImageFont.truetype(file, 20, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return False
    missing = bytes(font.getmask("\uffff"))
    visible = {sign for sign in text if unicodedata.category(sign)[0] not in "ZCM"}
    return all(bytes(font.getmask(sign)) != missing for sign in visible)


def is_right_to_left(text: str) -> bool:
    """Tell the direction of a text by its first letter that has one."""
    directions = map(unicodedata.bidirectional, text)
    return next((one != "L" for one in directions if one in ("L", "R", "AL")), False)


def wrap(text: str, size: int, width: int, font: str = PILLOWS_OWN) -> list[str]:
    """Break a text into lines of at most `width` pixels; a longer word is broken itself."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while measure(word, size, font) > width:
            cut = next(n for n in range(len(word), 0, -1) if measure(word[:n], size, font) <= width)
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:cut])
            word = word[cut:]
        longer = f"{line} {word}".strip()
        if measure(longer, size, font) <= width:
            line = longer
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line else lines


@lru_cache(maxsize=16)
def _font(file: str, size: int) -> Any:
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)


def measure(text: str, size: int, font: str = PILLOWS_OWN) -> float:
    """Return how wide a text will be drawn, in pixels of the picture."""
    if font:
        return _font(font, size).getlength(text)
    plain = "".join(letter for letter in text if not unicodedata.combining(letter))
    return _font(PILLOWS_OWN, size).getlength(plain)


def write_in(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, font: str
) -> None:
    """Write a line in a font that has its letters, from the side where its script begins."""
    x, y = at
    place = {"xy": at, "anchor": "la"}
    if is_right_to_left(text):
        place = {"xy": (x + 600, y), "anchor": "ra", "direction": "rtl"}
    pen.text(text=text, fill=INK, font=_font(font, size), **place)


def write(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: str) -> None:
    """Write a decomposed text, with the marks drawn above or below their letters."""
    font = _font(PILLOWS_OWN, size)
    x, y = at
    letter = ""
    start = 0.0
    so_far = ""
    for sign in text:
        if unicodedata.combining(sign):
            if letter:
                _mark(pen, sign, font.getbbox(letter), (x + start, y), size, colour)
            continue
        start = font.getlength(so_far)
        so_far += sign
        letter = sign
    pen.text(at, so_far, font=font, fill=colour)


def _mark(
    pen: ImageDraw.ImageDraw,
    mark: str,
    box: tuple[float, float, float, float],
    at: tuple[float, float],
    size: int,
    colour: str,
) -> None:
    left, top, right, bottom = box
    middle = at[0] + (left + right) / 2
    above = at[1] + top - size * 0.09
    below = at[1] + bottom + size * 0.03
    unit = size * 0.06
    thick = max(int(size * 0.06), 2)

    def dot(x: float, y: float) -> None:
        pen.ellipse((x - unit, y - unit, x + unit, y + unit), fill=colour)

    def line(*points: tuple[float, float]) -> None:
        pen.line(
            [(middle + x * unit, above + y * unit) for x, y in points], fill=colour, width=thick
        )

    if mark == DIAERESIS:
        dot(middle - 2 * unit, above)
        dot(middle + 2 * unit, above)
    elif mark in (DOT, RING):
        dot(middle, above)
    elif mark == ACUTE:
        line((-1, 1), (1.4, -1))
    elif mark == GRAVE:
        line((1, 1), (-1.4, -1))
    elif mark == CIRCUMFLEX:
        line((-2, 1), (0, -1), (2, 1))
    elif mark == CARON:
        line((-2, -1), (0, 1), (2, -1))
    elif mark == BREVE:
        line((-2, -1), (-1, 0.6), (1, 0.6), (2, -1))
    elif mark == TILDE:
        line((-2, 0.6), (-0.8, -0.6), (0.8, 0.6), (2, -0.6))
    elif mark in (CEDILLA, OGONEK, COMMA):
        tilt = unit if mark == OGONEK else -unit
        pen.line(
            [(middle, below - unit), (middle + tilt, below + 2 * unit)], fill=colour, width=thick
        )
    else:
        line((-1.5, 0), (1.5, 0))
