"""How the printed programme looks: its colours, its cover, its QR codes; A5, in one language.

`templates/pdf/actions/brochure.html` is its text and `core/pdf.css` its layout. What differs from
network to network is given to them here, as a style sheet in a `data:` address.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from actions.models import JointAction
from actions.programme import Entry, Programme, Slot
from core import qr
from core.addresses import own_url

# The tones of static/css/tokens.css that paper needs, for a network without colours of its own.
TONES = {
    "brand": "#0c574f",
    "brand-strong": "#083f3a",
    "on-brand": "#ffffff",
    "brand-tint": "#e0efec",
    "brand-mid": "#a9d3cc",
    "accent": "#f6b04a",
    "accent-strong": "#7a4a00",
    "on-accent": "#2b1b00",
    "clay": "#b34a22",
}
# About so many entries are on a page; how far the worker is, is guessed from it.
ENTRIES_ON_A_PAGE = 3

# The stones of the portal's mark, each in a square of 20.
STONES = (
    "M0 0h10a10 10 0 0 1 10 10v10H10A10 10 0 0 1 0 10z",
    "M10 0a10 10 0 1 1 0 20a10 10 0 1 1 0-20z",
    "M0 20V10a10 10 0 0 1 20 0v10z",
    "M0 0h20a20 20 0 0 1-20 20z",
    "M10 0h10v10a10 10 0 0 1-10 10H0V10A10 10 0 0 1 10 0z",
    "M0 0h20v10a10 10 0 0 1-20 0z",
)
STONE_TONES = ("brand-mid", "accent", "clay", "brand-tint", "brand-strong")
COLUMNS, ROWS = 7, 4


@dataclass(frozen=True)
class Publisher:
    """Whose programme it is.

    :ivar tones: colours by the names of their CSS properties, as far as the network chose them.
    :ivar logo: a picture as WebP; empty without one.
    """

    name: str = ""
    county: str = ""
    claim: str = ""
    contact_role: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    tones: Mapping[str, str] = field(default_factory=dict)
    logo: bytes = b""

    @cached_property
    def key(self) -> str:
        """What stands for all of it."""
        parts = (
            self.name, self.county, self.claim, self.contact_role, self.contact_name,
            self.contact_phone, self.contact_email, sorted(self.tones.items()),
            hashlib.sha256(self.logo).hexdigest(),
        )  # fmt: skip
        return hashlib.sha256(repr(parts).encode(errors="replace")).hexdigest()

    @property
    def logo_data(self) -> str:
        return _data("image/webp", self.logo) if self.logo else ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A slot on paper: in full where its action comes first, else one line that points there.

    :ivar number: of its action, in the order of the programme.
    """

    entry: Entry
    number: int
    slot: Slot | None = None
    is_full: bool = True

    @property
    def action(self) -> JointAction:
        return self.entry.action

    @property
    def code(self) -> str:
        """The address of the action's page as a QR code."""
        return qr.data_uri(own_url(self.action.get_absolute_url()))


def html(programme: Programme, publisher: Publisher) -> str:
    """Return the whole programme as a document for `core.pdf`, in the active language."""
    address = own_url(programme.campaign.get_absolute_url())
    numbers = {entry.action.pk: place for place, entry in enumerate(programme.in_order, 1)}
    context: dict[str, Any] = {
        "programme": programme,
        "campaign": programme.campaign,
        "publisher": publisher,
        "network": publisher,  # as the frame of all files has it
        "days": list(_days(programme, numbers)),
        "undated": [Piece(entry, numbers[entry.action.pk]) for entry in programme.undated],
        "numbers": numbers,
        "looks": _data("text/css", looks(publisher.tones, programme.campaign.slug).encode()),
        "address": address,
        "code": qr.data_uri(address),
        "today": timezone.localdate(),
    }
    return render_to_string("pdf/actions/brochure.html", context)


def expected_pages(programme: Programme) -> int:
    """Guess how many pages there will be."""
    return 8 + len(programme.slots) // ENTRIES_ON_A_PAGE


def looks(tones: Mapping[str, str], seed: str) -> str:
    """Return a style sheet with a network's colours, and a cover in them.

    :param seed: another one lays the stones of the cover in another way.
    """
    tones = TONES | dict(tones)
    variables = "".join(f"--{name}:{tone};" for name, tone in tones.items() if name in TONES)
    stones = _data("image/svg+xml", _stones(tones, seed).encode())
    return f":root{{{variables}}}.brochure-cover__stones{{background-image:url({stones})}}"


def _days(
    programme: Programme, numbers: Mapping[int, int]
) -> Iterator[tuple[Any, list[Piece], list[Piece]]]:
    """Yield each day with what begins and what still runs on it."""
    shown: set[int] = set()
    for day, slots in programme.days:
        pieces = []
        for slot in slots:
            pieces.append(
                Piece(slot.entry, numbers[slot.action.pk], slot, slot.action.pk not in shown)
            )
            shown.add(slot.action.pk)
        yield (
            day,
            [one for one in pieces if one.is_full or not (one.slot and one.slot.is_running)],
            [one for one in pieces if not one.is_full and one.slot and one.slot.is_running],
        )


def _stones(tones: Mapping[str, str], seed: str) -> str:
    """Return the paving of a square, as on the foot of the portal's pages, larger."""
    drawn = []
    size = 20
    digest = hashlib.sha256(seed.encode()).digest()
    previous = -1
    for number in range(COLUMNS * ROWS):
        byte = digest[number % len(digest)]
        # Two of a colour never lie beside each other.
        tone = byte % len(STONE_TONES)
        if tone == previous:
            tone = (tone + 1) % len(STONE_TONES)
        previous = tone
        shape = STONES[(byte // len(STONE_TONES)) % len(STONES)]
        row, column = divmod(number, COLUMNS)
        drawn.append(
            f'<path transform="translate({column * (size + 2)} {row * (size + 2)})" '
            f'fill="{tones[STONE_TONES[tone]]}" d="{shape}"/>'
        )
    width, height = COLUMNS * (size + 2) - 2, ROWS * (size + 2) - 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{"".join(drawn)}</svg>'
    )


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
