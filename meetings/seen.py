"""Two people at the same form: has somebody changed the row since it was opened?"""

import hashlib
from collections.abc import Iterable
from typing import Any


def fingerprint(row: Any, fields: Iterable[str]) -> str:
    """Return a short word that is the same as long as these fields of a row are.

    A form carries it; another one when it arrives means that somebody else was faster.
    """
    values = [row._meta.get_field(name).value_from_object(row) for name in fields]
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
