"""Colours of one's own that everybody can read: contrast as WCAG 2.2 defines it.

From one or two chosen colours a whole palette is made, light and dark. Each tone keeps the hue of
the chosen colour and becomes darker or lighter until it stands out from everything it is used on;
so no choice can make the portal unreadable.
"""

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

HEX = re.compile(r"#[0-9a-f]{6}", re.ASCII)
WHITE = "#ffffff"


@dataclass(frozen=True)
class Theme:
    """Colours of static/css/tokens.css that stay as they are."""

    grounds: tuple[str, ...]
    tints: tuple[str, ...]
    ink: str
    ink_soft: str
    focus: str


LIGHT = Theme(
    grounds=("#fbf7f1", WHITE, "#f3ece1"),
    tints=("#e4eef8", "#fdeccd"),
    ink="#1f2624",
    ink_soft="#4b5653",
    focus="#b3441d",
)
DARK = Theme(
    grounds=("#14191a", "#1d2425", "#273031"),
    tints=("#1b2f44", "#3a2c14"),
    ink="#f2ede4",
    ink_soft="#bfc6c1",
    focus="#ffb36b",
)

TEXT, CLEAR_TEXT, SHAPE = 4.5, 7.0, 3.0
# A little more than asked for, so that rounding to whole channels never falls below.
MARGIN = 1.01


def validate_colour(value: str) -> None:
    """Refuse what is not a colour like `#0c574f`.

    :raises ValidationError: with words for the person who typed it.
    """
    if not HEX.fullmatch(value.lower()):
        raise ValidationError(
            _("Bitte geben Sie eine Farbe so an: # und sechs Zeichen, zum Beispiel #0c574f."),
            code="colour",
        )


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour like `#0c574f`, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return how much two colours stand out from each other, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def palette(brand: str, accent: str) -> dict[str, tuple[str, str]]:
    """Return the tones of two chosen colours, light and dark, by name of their CSS property.

    :param brand: what buttons, links and headings are drawn with; empty: those tones are left out.
    :param accent: what a few things shine with; empty: those tones are left out.
    """
    return {**(_brand(brand) if brand else {}), **(_accent(accent) if accent else {})}


def stylesheet(tones: Mapping[str, tuple[str, str]]) -> str:
    """Return the style sheet that gives the tones to the portal; it comes after tokens.css."""
    light = "".join(f"--{name}:{light};" for name, (light, _dark) in tones.items())
    both = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in tones.items())
    return (
        f"@layer tokens{{:root{{{light}}}"
        f"@supports (color:light-dark(#fff,#000)){{:root{{{both}}}}}}}"
    )


def _brand(colour: str) -> dict[str, tuple[str, str]]:
    brand = _darker(colour, {**_on(LIGHT, TEXT), WHITE: CLEAR_TEXT})
    tint = _lighter(
        _tone(brand, 0.93, 0.35),
        {brand: TEXT, LIGHT.ink: CLEAR_TEXT, LIGHT.ink_soft: TEXT, LIGHT.focus: SHAPE},
    )
    strong = _darker(brand, {WHITE: CLEAR_TEXT, tint: CLEAR_TEXT, **_on(LIGHT, CLEAR_TEXT)})
    link = _darker(brand, {**dict.fromkeys(LIGHT.tints, TEXT), **_on(LIGHT, CLEAR_TEXT)})
    mid = _tone(brand, 0.75, 0.4)

    on_brand = _tone(brand, 0.06, 0.5)
    bright = _lighter(_tone(brand, 0.68, 0.6), {on_brand: CLEAR_TEXT, **_on(DARK, TEXT)})
    shade = _darker(
        _tone(brand, 0.16, 0.4),
        {bright: TEXT, DARK.ink: CLEAR_TEXT, DARK.ink_soft: TEXT, DARK.focus: SHAPE},
    )
    middle = _darker(_tone(brand, 0.32, 0.5), {WHITE: TEXT})
    return {
        "brand": (brand, bright),
        "brand-strong": (
            strong,
            _lighter(bright, {on_brand: CLEAR_TEXT, shade: CLEAR_TEXT, **_on(DARK, CLEAR_TEXT)}),
        ),
        "on-brand": (WHITE, on_brand),
        "brand-tint": (tint, shade),
        "brand-mid": (mid, middle),
        "on-mid": (_darker(brand, {mid: TEXT}), WHITE),
        "link": (
            link,
            _lighter(bright, {**dict.fromkeys(DARK.tints, TEXT), **_on(DARK, CLEAR_TEXT)}),
        ),
    }


def _accent(colour: str) -> dict[str, tuple[str, str]]:
    on_accent = _tone(colour, 0.05, 0.6)
    accent = _lighter(colour, {on_accent: CLEAR_TEXT})
    tint = _lighter(_tone(colour, 0.92, 0.7), {LIGHT.ink: CLEAR_TEXT})
    shade = _darker(_tone(colour, 0.15, 0.45), {DARK.ink: CLEAR_TEXT})
    return {
        "accent": (accent, accent),
        "accent-strong": (
            _darker(accent, {tint: TEXT, **_on(LIGHT, TEXT)}),
            _lighter(accent, {shade: TEXT, **_on(DARK, TEXT)}),
        ),
        "accent-tint": (tint, shade),
        "on-accent": (on_accent, on_accent),
    }


def _on(theme: Theme, ratio: float) -> dict[str, float]:
    return dict.fromkeys(theme.grounds, ratio)


def _darker(colour: str, against: Mapping[str, float]) -> str:
    """Return the colour, darkened as little as it takes to stand out from all the others."""
    return _moved(colour, against, towards=0.0)


def _lighter(colour: str, against: Mapping[str, float]) -> str:
    return _moved(colour, against, towards=1.0)


def _moved(colour: str, against: Mapping[str, float], *, towards: float) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    for step in range(101):
        moved = _written(hue, lightness + (towards - lightness) * step / 100, saturation)
        if all(contrast(moved, other) >= ratio * MARGIN for other, ratio in against.items()):
            break
    return moved


def _tone(colour: str, lightness: float, most_saturated: float) -> str:
    hue, _lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    return _written(hue, lightness, min(saturation, most_saturated))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _written(hue: float, lightness: float, saturation: float) -> str:
    channels = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
