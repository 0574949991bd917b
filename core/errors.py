"""What a service may refuse; views turn these into a message, a 404 or a page to compare."""

from typing import Any


class Refused(Exception):
    """The change is not possible in this state; the text says why, in the reader's language."""


class Conflict(Exception):
    """Somebody else has changed the same fields since the form was opened.

    :ivar theirs: what stands in the database now, by field name.
    :ivar version: the number of the version that says so, where versions are counted.
    """

    def __init__(self, theirs: dict[str, Any], version: int = 0) -> None:
        super().__init__("changed meanwhile: " + ", ".join(sorted(theirs)))
        self.theirs = theirs
        self.version = version
