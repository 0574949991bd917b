"""Who may open what: every route × role × method. A route that is not in the matrix fails it.

A row is a route, after `@` the object it is asked for. A cell is the status of an empty request;
what somebody may not see does not exist for them (404), in every format.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access import ADMIN, COLUMNS, MATRIX, Row, World

METHODS_NOBODY_NEEDS = ("put", "patch", "delete")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Yield the full name of every route; one without a name by its pattern."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern, prefix + space)
        elif isinstance(pattern, URLPattern):
            yield prefix + (pattern.name or f"<{pattern.pattern}>")


def known() -> set[str]:
    return {row.partition("@")[0] for row in MATRIX} | set(ADMIN)


def test_the_matrix_knows_every_route():
    found = set(routes())
    assert sorted(found - known()) == [], "Say in tests/access.py who may open these."


def test_the_matrix_holds_no_route_that_is_gone():
    assert sorted(known() - set(routes())) == []


@pytest.fixture
def world(db, client_for, network) -> World:
    return World(client_for)


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_access(name: str, world: World):
    check(name, MATRIX[name], world)


@pytest.mark.parametrize("name", sorted(ADMIN))
def test_access_to_the_back_office(name: str, world: World):
    check(name, ADMIN[name], world)


def check(name: str, row: Row, world: World) -> None:
    kwargs: dict[str, Any] = row.kwargs(world)
    url = reverse(name.partition("@")[0], kwargs=kwargs)
    expected, found = {}, {}
    for method, cells in (("get", row.get), ("post", row.post)):
        statuses = [int(cell) for cell in cells.split()]
        assert len(statuses) == len(COLUMNS), f"{name}: {method} needs {len(COLUMNS)} cells"
        for role, status in zip(COLUMNS, statuses, strict=True):
            expected[method, role] = status
            found[method, role] = ask(world, role, method, url)
    assert table(found) == table(expected), url
    for method in METHODS_NOBODY_NEEDS:
        for role in ("public", "manager", "administrator"):
            assert ask(world, role, method, url) in {302, 403, 404, 405}, (method, role, url)


def ask(world: World, role: str, method: str, url: str) -> int:
    """Return the status of an empty request whose effects are taken back."""
    caches["pages"].clear()
    client = world.clients[role]
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method)(url)
        transaction.set_rollback(True)
    response.close()
    client.cookies = cookies
    return response.status_code


def table(cells: dict[tuple[str, str], int]) -> str:
    """Write the cells as the matrix has them, so that a difference can be read."""
    return "\n".join(
        f"{method}: " + " ".join(str(cells[method, role]) for role in COLUMNS)
        for method in ("get", "post")
    )
