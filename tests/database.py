"""The database of the tests: where it is, and what stands in it."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import Model


def database_url() -> str:
    """Return the address of the test's own database, for other processes."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    login = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
    return f"postgres://{login}{database['HOST']}:{database['PORT']}/{database['NAME']}"


def rows_of_all_tables(
    prefix: str = "", *, besides: Collection[type[Model]] = ()
) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, history and relations included.

    :param prefix: only tables whose names begin so, for example `organisations_`.
    :param besides: models whose tables are left out.
    """
    left_out = {model._meta.db_table for model in besides}
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if name.startswith(prefix) and name not in left_out:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
                found[name] = sorted(cursor.fetchall(), key=repr)
    return found
