"""How the access matrix is written: a row per route and object, and the rows of usual kinds.

A cell is the status of a request with nothing in it: 200 a page, or the form again with its errors;
302 on to another page, for visitors the log-in; 404 does not exist for this person; 405 is not a
thing one can do there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

COLUMNS = ("public", "outsider", "editor", "manager", "officer", "administrator")


@dataclass(frozen=True)
class Row:
    """Statuses in the order of COLUMNS; `kwargs` says for which object of the world."""

    get: str
    post: str
    kwargs: Callable[[Any], dict[str, Any]] = lambda world: {}


def everybody(status: int) -> str:
    return " ".join([str(status)] * len(COLUMNS))


NOBODY = Row(get=everybody(404), post=everybody(404))
PAGE = Row(get=everybody(200), post=everybody(405))
FORM = Row(get=everybody(200), post=everybody(200))
# Everybody with a log-in, about themselves.
OWN_PAGE = Row(get="302 200 200 200 200 200", post="302 405 405 405 405 405")
OWN_FORM = Row(get="302 200 200 200 200 200", post="302 200 200 200 200 200")


def of(name: str) -> Callable[[Any], dict[str, Any]]:
    """The key of an object of the world, for routes that have nothing else."""
    return lambda world: {"pk": getattr(world, name).pk}


def at(name: str) -> Callable[[Any], dict[str, Any]]:
    """The address of an object of the world."""
    return lambda world: {"slug": getattr(world, name).slug}


def file(image: str, size: str = "gross") -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, image).pk, "size": size}


# Visitors are sent to the log-in; what is not theirs does not exist for others.
OWN = "302 404 200 200 200 200"
OWN_DONE = "302 404 302 302 302 302"
FOREIGN = "302 404 404 404 200 200"
FOREIGN_DONE = "302 404 404 404 302 302"
NEITHER = "302 404 404 404 404 404"
READ_ONLY = "302 405 405 405 405 405"
# What members of the network see and others do not.
MEMBERS = "404 404 200 200 200 200"


# --- The back office ------------------------------------------------------------------------------
def office(officer: int, administrator: int | None = None) -> str:
    """Visitors are sent to the log-in; for those who are not staff it does not exist."""
    return f"302 404 404 404 {officer} {officer if administrator is None else administrator}"


def model(
    name: str,
    attribute: str,
    *,
    officer: str,
    administrator: str | None = None,
    saves: bool = False,
    is_one_row: bool = False,
) -> dict[str, Row]:
    """Return the rows of one model's pages.

    :param attribute: the world's object that its pages are asked for.
    :param officer: what she may do with it: "view add change delete".
    :param administrator: what the administrator may do, if not the same.
    :param saves: an empty form is a valid one, and leads on.
    :param is_one_row: the list leads to its only row.
    """
    hers = officer.split()
    theirs = hers if administrator is None else administrator.split()

    def cells(right: str, granted: int = 200) -> str:
        return office(*(granted if right in rights else 404 for rights in (hers, theirs)))

    def key(world: Any) -> dict[str, Any]:
        return {"object_id": getattr(world, attribute).pk}

    def old_key(world: Any) -> dict[str, Any]:
        return {"<path:object_id>": getattr(world, attribute).pk}

    def table(world: Any) -> dict[str, Any]:
        return {"what": "angezeigt", "ending": "csv"}

    prefix, path = f"admin:{name}", "/de/verwaltung/" + name.replace("_", "/", 1)
    return {
        f"{prefix}_changelist": Row(cells("view", 302 if is_one_row else 200), cells("view")),
        f"{prefix}_export": Row(cells("view"), cells("view"), table),
        # Without a filter there is nothing to keep, so it leads back; nobody here has a view.
        f"{prefix}_view_add": Row(cells("view", 302), cells("view", 302)),
        f"{prefix}_view": Row(office(404), office(404), lambda world: {"pk": 999}),
        f"{prefix}_add": Row(cells("add"), cells("add")),
        f"{prefix}_change": Row(cells("view"), cells("change", 302 if saves else 200), key),
        f"{prefix}_history": Row(cells("view"), cells("view"), key),
        f"{prefix}_delete": Row(cells("delete"), cells("delete"), key),
        f"{path}/<path:object_id>/": Row(office(302), office(302), old_key),
    }


ALL = "view add change delete"
