"""What goes to the log: never a key, never whom it is about."""

import logging
import re

# A link's token has 43 characters (`core.tokens`), a session's key fewer but never stands alone.
TOKEN = re.compile(r"[A-Za-z0-9_-]{43,}")
# Bounded before the @, so that a long line takes no longer than reading it.
ADDRESS = re.compile(r"[\w.+%-]{1,64}@(?=[\w-]+\.)")


class DiscreetFormatter(logging.Formatter):
    """Leaves out of every line, tracebacks included, what opens a door or names a person.

    Django logs the address of each request it refuses, and the address of an invitation or a
    consent is the key to it; a database's error tells the row it is about.
    """

    def format(self, record: logging.LogRecord) -> str:
        return ADDRESS.sub("…@", TOKEN.sub("…", super().format(record)))
