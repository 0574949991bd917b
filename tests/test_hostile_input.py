"""Whatever is sent to any page of the access matrix, the answer is never an error of ours.

Every form is fetched, its fields are filled with something hostile, and the whole is sent; every
address gets a query nobody means. On PostgreSQL this meets NUL, over-long texts and huge numbers,
which SQLite stores without a word.
"""

import copy
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle
from urllib.parse import urlencode

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse

from core import pdf
from tests.access import World
from tests.test_access import GROUPS, ROWS, address

pytestmark = pytest.mark.every_example
HOSTILE = {
    "nul": "a\0b",
    "long": "x" * 10_000,
    "huge number": "9" * 25,
    "negative": "-1",
    "overrides": "\u202egro.elpmaxe\u202c\u2066x\u2069\u200b",
    "markup": "\"'><script>alert(1)</script>{{ x }}{% y %}",
    "link": "javascript:alert(1)",
    "emoji": "🎉" * 50,
    "digits": "٣٤٥",
    "lines": "a\r\nBcc: b@example.org\r\n\r\nc",
}
QUERIES = [
    {"seite": "9" * 25, "q": "a\0b", "p": "-1", "next": "//evil.example"},
    {"seite": "viele", "q": "x" * 5_000, "p": "viele", "o": "9.9", "next": "https://evil.example"},
    {"gemeinde": ["\u202e", "9" * 25], "thema": "'; --", "e": "1", "id": "9" * 25, "q": "%_\\"},
]
# What a database chokes on: every field meets these, also the hidden ones.
INDIGESTIBLE = ("nul", "huge number")
ROUNDS = 3
ROLES = ("public", "manager", "officer")


class Fields(HTMLParser):
    """The names of what a page's forms can send, with the values of their hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.files: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name")
        if tag not in {"input", "select", "textarea", "button"} or not name:
            return
        if found.get("type") == "file":
            self.files.add(name)
        else:
            self.names[name] = found.get("value") or ""


def rounds(form: Fields) -> Iterator[tuple[str, dict[str, str], bool]]:
    """Yield what to send: a name, a value for every field, and whether hidden ones get it too.

    Of what no database minds, each field meets three, its neighbour three others: all of them in
    every form would take three times as long.
    """
    fields = [*form.names, *form.files]
    for what in INDIGESTIBLE:
        for is_tampered in (False, True):
            yield what, dict.fromkeys(fields, HOSTILE[what]), is_tampered
    others = [value for what, value in HOSTILE.items() if what not in INDIGESTIBLE]
    for number in range(ROUNDS):
        turned = deque(others)
        turned.rotate(-number * len(others) // ROUNDS)
        yield f"mixed {number}", dict(zip(fields, cycle(turned), strict=False)), False


@pytest.fixture
def world(db, client_for, network, monkeypatch) -> World:
    # What a PDF holds is of no matter here, and each takes a second.
    monkeypatch.setattr(pdf, "render", lambda html: html() and b"%PDF-1.7")
    return World(client_for)


def ask(world: World, role: str, method: str, url: str, data=None) -> HttpResponse:
    """Send a request whose effects are taken back; an error in a view is raised here."""
    caches["pages"].clear()
    client = world.clients[role]
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method)(url, data or {})
        transaction.set_rollback(True)
    if response.streaming:
        list(response)
    client.cookies = cookies
    return response


def elsewhere(response: HttpResponse) -> bool:
    return "evil.example" in response.headers.get("Location", "").partition("?")[0]


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_no_query_is_an_error_of_ours(group: str, world: World):
    for name in GROUPS[group]:
        url = address(name, ROWS[name], world)
        for role in ("public", "officer"):
            for query in QUERIES:
                response = ask(world, role, "get", f"{url}?{urlencode(query, doseq=True)}")
                assert response.status_code < 500, (name, role, query)
                assert not elsewhere(response), (name, role, query)


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_nothing_typed_is_an_error_of_ours(group: str, world: World):
    for name in GROUPS[group]:
        url = address(name, ROWS[name], world)
        # Whoever has the fewest rights among those who get the form sends it.
        pages = ((role, ask(world, role, "get", url)) for role in ROLES)
        role, page = next(
            ((role, page) for role, page in pages if page.status_code == 200), ("", None)
        )
        if page is None or "html" not in page.headers["Content-Type"]:
            continue
        form = Fields()
        form.feed(page.content.decode())
        for what, values, is_tampered in rounds(form):
            # Hidden fields stay as they are, so that the view gets to the others; once they do not.
            sent = {
                field: kept if kept and not is_tampered else values[field]
                for field, kept in form.names.items()
            }
            for file in form.files:
                sent[file] = SimpleUploadedFile("bild.png", values[file].encode())
            response = ask(world, role, "post", url, sent)
            assert response.status_code < 500, (name, role, what, sent)
            assert not elsewhere(response), (name, role, what, sent)
