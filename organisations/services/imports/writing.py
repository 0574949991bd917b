"""Thousands of rows written while others wait as little as possible.

On SQLite everybody who writes waits for everybody else. What `bulk_create` takes is nine tenths
Python: values are prepared and statements put together while the lock is held. So here keys are
reserved and values prepared before the transaction; within it the database is only handed lists.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction


class Rows:
    """Rows of one table as the database takes them.

    :param instances: with their keys, see `reserve`; asked for one by one.
    :param keyed: False leaves it to the database to give the keys.
    :param unique: columns that tell whether a row is there already; then `update` is written.
    """

    def __init__(
        self,
        model: type[models.Model],
        instances: Iterable[Any],
        *,
        keyed: bool = True,
        unique: Sequence[str] = (),
        update: Sequence[str] = (),
    ) -> None:
        quote = connection.ops.quote_name
        fields = [field for field in model._meta.concrete_fields if keyed or not field.primary_key]
        self.columns = [str(field.column) for field in fields]
        self.values = [
            [
                field.get_db_prep_save(field.pre_save(one, add=True), connection)  # type: ignore[attr-defined]
                for field in fields
            ]
            for one in instances
        ]
        self.sql = (
            f"INSERT INTO {quote(model._meta.db_table)} "  # noqa: S608 - names of our own tables
            f"({', '.join(map(quote, self.columns))}) "
            f"VALUES ({', '.join(['%s'] * len(fields))})"
        )
        if unique:
            written = ", ".join(f"{quote(name)} = EXCLUDED.{quote(name)}" for name in update)
            self.sql += f" ON CONFLICT ({', '.join(map(quote, unique))}) DO UPDATE SET {written}"

    def put(self, column: str, value: Any) -> None:
        """Write one value into a column of all rows."""
        index = self.columns.index(column)
        for row in self.values:
            row[index] = value

    def write(self) -> None:
        if self.values:
            with connection.cursor() as cursor:
                cursor.executemany(self.sql, self.values)


class Changes:
    """Some columns of rows that are there."""

    def __init__(
        self, model: type[models.Model], instances: Iterable[Any], fields: Iterable[str]
    ) -> None:
        quote = connection.ops.quote_name
        chosen: list[Any] = [model._meta.get_field(name) for name in sorted(set(fields))]
        self.columns = [str(field.column) for field in chosen]
        self.values = [
            [
                *(
                    field.get_db_prep_save(getattr(one, field.attname), connection)
                    for field in chosen
                ),
                one.pk,
            ]
            for one in instances
        ]
        settings = ", ".join(f"{quote(column)} = %s" for column in self.columns)
        self.sql = (
            f"UPDATE {quote(model._meta.db_table)} SET {settings} "  # noqa: S608
            f"WHERE {quote(str(model._meta.pk.column))} = %s"  # type: ignore[union-attr]
        )

    put = Rows.put
    write = Rows.write


def reserve(model: type[models.Model], number: int) -> list[int]:
    """Return keys nobody else will get; those that are not used leave a gap, which does no harm."""
    if not number:
        return []
    table, column = model._meta.db_table, str(model._meta.pk.column)  # type: ignore[union-attr]
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [quote(table), column, number],
            )
            return [key for (key,) in cursor.fetchall()]
        # AUTOINCREMENT remembers here what it has given out (sqlite.org/autoinc.html).
        cursor.execute(
            f"SELECT max(coalesce((SELECT max({quote(column)}) FROM {quote(table)}), 0), "  # noqa: S608
            "coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = %s), 0))",
            [table],
        )
        first = cursor.fetchone()[0] + 1
        last = first + number - 1
        cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last, table])
        if not cursor.rowcount:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])
        return list(range(first, last + 1))
