"""The officer's handbook as a page of the back office, so that she never needs a file."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.text import slugify

from core.markdown import render

FILE = Path(settings.BASE_DIR) / "docs" / "handbook-officer.md"
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True)
class Section:
    """A part of the handbook with a heading of its own.

    :ivar anchor: its id on the page, to be linked to.
    """

    anchor: str
    title: str
    text: SafeString


@cache
def sections() -> list[Section]:
    """Return the handbook's parts in order; read once, it comes with the program."""
    _title, *parts = re.split(r"^## ", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = []
    for part in parts:
        title, _line, text = part.partition("\n")
        # Below the part's own heading, which the page writes.
        text = re.sub(r"^#(#+ )", r"\1", text, flags=re.MULTILINE)
        anchor = slugify(title.lower().translate(UMLAUTS))
        found.append(Section(anchor, title.strip(), render(text)))
    return found
