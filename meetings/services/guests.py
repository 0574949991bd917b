"""Reading pasted addresses, as they come out of a mail program, a table or somebody's notes."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import normalise_email
from core.mail import validate_recipient
from core.text import clean_text

MOST = 2000
NAME_LENGTH = 160
# What stands around an address: <anna@example.org>, "mailto:", quotes, a full stop at the end.
ADDRESS = re.compile(r"(?:<\s*)?(?:mailto:)?([^\s<>,;:\"()\[\]]*@[^\s<>,;:\"()\[\]]*)(?:\s*>)?")
AROUND_A_NAME = " \t,;:\"'<>()[]„“”‚‘’-–•*"


@dataclass(frozen=True)
class Guest:
    """Somebody to invite; `name` may be empty."""

    email: str
    name: str = ""


@dataclass(frozen=True)
class Wrong:
    """A piece nobody can be invited by.

    :ivar line: its number in what was pasted, from 1.
    :ivar text: the piece as it was typed.
    :ivar reason: what is wrong with it, in words.
    """

    line: int
    text: str
    reason: str


def parse(text: str) -> tuple[list[Guest], list[Wrong]]:
    """Read people from lines such as `Anna Muster <anna@example.org>; berta@example.org`.

    One or several in a line, divided by semicolons or commas, the name before or behind.

    :return: the guests, each address once and in lower case, and what could not be read.
    """
    guests: dict[str, Guest] = {}
    wrong: list[Wrong] = []
    for number, line in enumerate(clean_text(text, multiline=True).split("\n"), 1):
        for piece in filter(None, (part.strip() for part in line.split(";"))):
            for name, address in _pieces(piece):
                reason = _reason(address)
                if not reason and len(guests) >= MOST and address not in guests:
                    reason = _("Auf einmal gehen höchstens %(most)s Adressen.") % {"most": MOST}
                if reason:
                    wrong.append(Wrong(number, address or piece, reason))
                else:
                    email = normalise_email(address)
                    known = guests.get(email)
                    if known is None or not known.name:
                        guests[email] = Guest(email, name)
    return list(guests.values()), wrong


def _pieces(piece: str) -> list[tuple[str, str]]:
    """Part a piece at its addresses: name and address of each; without an address an empty one."""
    found = []
    end = 0
    for match in ADDRESS.finditer(piece):
        found.append((_name(piece[end : match.start()]), match[1].rstrip(".").strip("'")))
        end = match.end()
    if not found:
        return [("", "")]
    rest = _name(piece[end:])
    if rest and len(found) == 1 and not found[0][0]:
        return [(rest, found[0][1])]
    return found


def _name(text: str) -> str:
    return clean_text(text, multiline=False).strip(AROUND_A_NAME)[:NAME_LENGTH].strip()


def _reason(address: str) -> str:
    if not address:
        return _("Hier fehlt eine E-Mail-Adresse.")
    try:
        validate_recipient(normalise_email(address))
    except ValidationError:
        return _("„%(address)s“ ist keine E-Mail-Adresse.") % {"address": address[:100]}
    return ""
