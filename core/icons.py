"""The portal's own icons: one SVG file, read once, drawn inline in the colour of the text."""

from functools import cache, lru_cache
from pathlib import Path
from xml.etree import ElementTree

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

SPRITE = Path(__file__).with_name("icons.svg")
SVG = "{http://www.w3.org/2000/svg}"

# These point somewhere and are mirrored in right-to-left scripts.
DIRECTIONAL = {"arrow", "back", "chevron", "external", "logout", "login", "send"}


@cache
def drawings() -> dict[str, SafeString]:
    """Inner SVG of every icon by name. The file is ours, so its content is safe."""
    ElementTree.register_namespace("", SVG.strip("{}"))
    found = {}
    for symbol in ElementTree.parse(SPRITE).getroot():  # noqa: S314 - our own file
        inner = "".join(ElementTree.tostring(part, encoding="unicode").strip() for part in symbol)
        inner = inner.replace(f' xmlns="{SVG.strip("{}")}"', "")
        found[symbol.attrib["id"]] = mark_safe(inner)
    return found


@lru_cache(maxsize=512)
def render(name: str, *, label: str = "", size: str = "") -> SafeString:
    """Draw an icon; an unknown name shows the plain square, so that a new topic needs no code.

    :param label: text for screen readers; without one the icon is hidden from them.
    :param size: "" for the height of the line, "l" or "xl".
    """
    drawing = drawings().get(name) or drawings()["square"]
    classes = "icon"
    if size:
        classes += f" icon--{size}"
    if name in DIRECTIONAL:
        classes += " icon--directional"
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" width="24" height="24" role="img"'
            ' aria-label="{}">{}</svg>',
            classes,
            label,
            drawing,
        )
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"'
        ' focusable="false">{}</svg>',
        classes,
        drawing,
    )
