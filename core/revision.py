"""The number of the public content: it grows with every change a visitor could see.

What is kept in memory (pages, the directory's index) remembers the number it was made from and is
made anew as soon as the number has moved on; so a withdrawn consent takes effect with the next
request of every process, without a message between them.
"""

from django.db.models import F

from core.models import Revision


def current() -> int:
    """Return the number of the content as the database has it now; one query by primary key."""
    return Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def bump() -> None:
    """Count one change of public content, inside the transaction that makes it."""
    if not Revision.objects.filter(pk=1).update(number=F("number") + 1):
        Revision.objects.get_or_create(pk=1, defaults={"number": 1})
