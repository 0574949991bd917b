"""Who may open what: every route × role × method. A route that is not in the matrix fails it.

A row is a route, after `@` the object it is asked for. A cell is the status of an empty request;
what somebody may not see does not exist for them (404), in every format.
"""

import copy
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core import pdf
from tests.access import ADMIN, COLUMNS, MATRIX, Row, World
from tests.source import APPS

pytestmark = pytest.mark.once
ROWS = MATRIX | ADMIN
METHODS_NOBODY_NEEDS = ("put", "patch", "delete")


def routes(resolver: URLResolver | None = None, prefix: str = "", path: str = "") -> Iterator[str]:
    """Yield the full name of every route; one without a name by its path."""
    for pattern in (resolver or get_resolver()).url_patterns:
        whole = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern, prefix + space, whole)
        elif isinstance(pattern, URLPattern):
            yield prefix + pattern.name if pattern.name else f"/{whole}"


def known() -> set[str]:
    return {row.partition("@")[0] for row in ROWS}


def test_the_matrix_knows_every_route():
    found = set(routes())
    assert sorted(found - known()) == [], "Say in tests/access/ who may open these."


def test_the_matrix_holds_no_route_that_is_gone():
    assert sorted(known() - set(routes())) == []


@pytest.fixture
def world(db, client_for, network, monkeypatch) -> World:
    # What a PDF holds is of no matter here, and each takes a second.
    monkeypatch.setattr(pdf, "render", lambda html: html() and b"%PDF-1.7")
    return World(client_for)


def together(name: str) -> str:
    """Return the part of the portal a row belongs to."""
    route = name.partition("@")[0].removeprefix("/de/verwaltung/").replace("/", "_", 1)
    space, _colon, page = route.rpartition(":")
    if space == "admin" or name.startswith("/"):
        app = page.split("_")[0]
        return f"office: {app}" if app in APPS else "office"
    return space or "allauth"


# Rows of one part share a world, which takes as long to make as a dozen requests.
MOST_TOGETHER = 24
PARTS: dict[str, list[str]] = {}
for _name in (*MATRIX, *ADMIN):
    PARTS.setdefault(together(_name), []).append(_name)
GROUPS = {
    f"{part} {at // MOST_TOGETHER + 1}": rows[at : at + MOST_TOGETHER]
    for part, rows in PARTS.items()
    for at in range(0, len(rows), MOST_TOGETHER)
}


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_access(group: str, world: World):
    found = {name: cells(name, world) for name in GROUPS[group]}
    expected = {name: (ROWS[name].get, ROWS[name].post) for name in GROUPS[group]}
    assert found == expected


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_other_methods_do_nothing(group: str, world: World):
    for name in GROUPS[group]:
        for method in METHODS_NOBODY_NEEDS:
            status = ask(world, "administrator", method, address(name, ROWS[name], world))
            assert status in {302, 403, 404, 405}, (name, method)


def address(name: str, row: Row, world: World) -> str:
    """Return where a row's route is; one without a name is its own address."""
    route = name.partition("@")[0]
    if not route.startswith("/"):
        return reverse(route, kwargs=row.kwargs(world))
    for part, value in row.kwargs(world).items():
        route = route.replace(part, str(value))
    return route


def cells(name: str, world: World) -> tuple[str, str]:
    """Return what every role gets, as the matrix has it."""
    url = address(name, ROWS[name], world)
    return (
        " ".join(str(ask(world, role, "get", url)) for role in COLUMNS),
        " ".join(str(ask(world, role, "post", url)) for role in COLUMNS),
    )


def ask(world: World, role: str, method: str, url: str) -> int:
    """Return the status of an empty request whose effects are taken back."""
    caches["pages"].clear()
    client = world.clients[role]
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method)(url)
        transaction.set_rollback(True)
    if response.streaming:
        list(response)  # a file is closed when it was read to its end
    client.cookies = cookies
    return response.status_code
