"""Two people at the same form: is what is there still what somebody has seen?"""

import hashlib
from collections.abc import Iterable
from typing import Any


def fingerprint(seen: Any, fields: Iterable[str] = ()) -> str:
    """Return a short word that is the same as long as what somebody has seen is.

    A form carries it; another one when it arrives means that somebody else was faster.

    :param seen: a text, a list of texts, or a row.
    :param fields: of a row: these and no others are looked at.
    """
    if names := list(fields):
        seen = [seen._meta.get_field(name).value_from_object(seen) for name in names]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
