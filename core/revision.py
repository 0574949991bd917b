"""The number of the public content: it changes with every change a visitor could see.

What is kept in memory (pages, the directory's index) remembers the number it was made from and is
made anew as soon as the number is another; so a withdrawn consent takes effect with the next
request of every process, without a message between them.

The number is drawn, not counted: a database that goes back to an earlier state (a restored backup,
a rolled-back test) must never arrive a second time at a number that stood for something else.
"""

import secrets

from django.db import connection

from core.models import Revision


def current() -> int:
    """Return the number of the content as the database has it now; one query by primary key.

    It is asked with every page, also the remembered ones, where building this query from objects
    was a third of all the work; so it is written out.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number FROM {Revision._meta.db_table} WHERE id = 1")  # noqa: S608
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def bump() -> None:
    """Mark a change of public content, inside the transaction that makes it."""
    number = secrets.randbits(62)
    if not Revision.objects.filter(pk=1).update(number=number):
        Revision.objects.update_or_create(pk=1, defaults={"number": number})
