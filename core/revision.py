"""The number of the public content: it changes with every change a visitor could see.

What is kept in memory (pages, the directory's index) remembers the number it was made from and is
made anew as soon as the number is another; so a withdrawn consent takes effect with the next
request of every process, without a message between them.

The number is drawn, not counted: a database that goes back to an earlier state (a restored backup,
a rolled-back test) must never arrive a second time at a number that stood for something else.
"""

import secrets

from core.models import Revision


def current() -> int:
    """Return the number of the content as the database has it now; one query by primary key."""
    return Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def bump() -> None:
    """Mark a change of public content, inside the transaction that makes it."""
    number = secrets.randbits(62)
    if not Revision.objects.filter(pk=1).update(number=number):
        Revision.objects.update_or_create(pk=1, defaults={"number": number})
