"""Six digits by e-mail: whoever types them has the mailbox.

One mechanism for three purposes: to log in, to change the address, to show once more who one is
before changing something important. What is expected waits in the session of the browser that
asked, so a code is worth nothing anywhere else; and only as a keyed hash, so that neither a
session nor a backup of the database tells it.
"""

import secrets
import time
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

DIGITS = 6
MINUTES = 15
TRIES = 5

ENTER = "enter"
CHANGE_EMAIL = "change_email"
CONFIRM = "confirm"


def new_code() -> str:
    """Return six digits in one piece: two groups would change places in an Arabic mail."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def clean_code(typed: str) -> str:
    """Return the digits somebody typed: blanks, hyphens and invisible marks dropped, all in ASCII.

    An Arabic keyboard writes ٣ for 3. What is neither digit nor separator stays and never fits.
    """
    characters = []
    for character in typed:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            characters.append(str(digit))
        elif not (character.isspace() or unicodedata.category(character) in ("Pd", "Cf")):
            characters.append(character)
    return "".join(characters)


def _hash(code: str) -> str:
    return salted_hmac("accounts.codes", code, algorithm="sha256").hexdigest()


@dataclass
class PendingCode:
    """A code that was asked for in this browser and is not used yet.

    :ivar code_hash: what the right code comes to; empty when nothing was sent, because the address
        had enough mails. Then no code fits, and the page looks as always.
    :ivar sent_at: seconds since the epoch.
    :ivar wrong: how many wrong codes were typed.
    :ivar next: where to go afterwards, a path on this site.
    """

    purpose: str
    email: str
    language: str = ""
    code_hash: str = ""
    sent_at: float = 0.0
    wrong: int = 0
    next: str = ""

    @classmethod
    def load(cls, request: HttpRequest, purpose: str) -> Self | None:
        """Return what waits in this browser for that purpose."""
        state: Any = request.session.get(cls._key(purpose))
        return cls(**state) if isinstance(state, dict) else None

    def store(self, request: HttpRequest) -> None:
        request.session[self._key(self.purpose)] = asdict(self)

    def drop(self, request: HttpRequest) -> None:
        request.session.pop(self._key(self.purpose), None)

    @staticmethod
    def _key(purpose: str) -> str:
        return f"accounts_code_{purpose}"

    def expect(self, code: str) -> None:
        """Wait for a new code from now on; an earlier one is worth nothing any more."""
        self.code_hash = _hash(code)
        self.sent_at = time.time()
        self.wrong = 0

    @property
    def expired(self) -> bool:
        return time.time() - self.sent_at > MINUTES * 60

    @property
    def used_up(self) -> bool:
        """Whether too many wrong codes were typed, so that even the right one no longer counts."""
        return self.wrong >= TRIES

    @property
    def alive(self) -> bool:
        return bool(self.code_hash) and not self.expired and not self.used_up

    def fits(self, code: str) -> bool:
        """Tell whether this is the code; a wrong one counts. `store` afterwards."""
        if self.alive and constant_time_compare(self.code_hash, _hash(code)):
            return True
        self.wrong += 1
        return False
