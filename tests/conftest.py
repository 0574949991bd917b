"""The cast that every test knows, and what keeps one test from seeing another's leavings."""

import ctypes
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.core.cache import caches
from django.db import connection, connections
from django.http import HttpRequest
from django.test import Client, TransactionTestCase
from django.utils import translation
from pytest_django import DjangoDbBlocker

from accounts.models import User
from core import revision
from organisations.models import Organisation
from portal.models import NetworkProfile
from tests.factories import (
    make_network,
    make_organisation,
    make_representative,
    make_second_factor,
    make_user,
)
from tests.mail_server import mail_server, start_worker  # noqa: F401 - fixtures

ClientFor = Callable[[User | None], Client]
# Those that give the officer's group its rights; each has a `create_group`.
GROUP_MIGRATIONS = (
    "0002_officer_group",
    "0004_officer_desk",
    "0005_officer_meetings",
    "0006_officer_actions",
    "0008_officer_joint_actions",
)


# --- What may be missing on a machine -------------------------------------------------------------
@dataclass(frozen=True)
class Needed:
    """Something of the system that the tests with a marker need.

    :ivar tests: what they are called; :ivar missing: what to say where it is not there.
    """

    marker: str
    is_there: Callable[[], bool]
    tests: str
    missing: str


def needed() -> tuple[Needed, ...]:
    return (
        Needed(
            "browser",
            lambda: chromium() is not None,
            "The browser and accessibility tests",
            "there is no Chromium here. Debian and Ubuntu: sudo apt install chromium. "
            "CHROMIUM=/path/to/chrome names another one.",
        ),
        Needed(
            "pdf",
            pango,
            "The tests of PDF files",
            "there is no pango here. Debian and Ubuntu: sudo apt install libpango-1.0-0 "
            "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core.",
        ),
    )


def pytest_configure() -> None:
    # A password is to cost a thief time; here it would cost ours, a third of a second each.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def is_ci() -> bool:
    """Whether this is one of CI's two runs: nearly everything on SQLite, then on PostgreSQL."""
    return os.environ.get("CI") == "true"


def is_second_database() -> bool:
    return is_ci() and connection.vendor != "sqlite"


DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}


def asks_the_database(item: pytest.Item) -> bool:
    """Whether a test may end otherwise on another database; of those in a browser the long ways."""
    if item.get_closest_marker("browser") and not item.get_closest_marker("journey"):
        return False
    if item.get_closest_marker("once"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    case = getattr(item, "cls", None)
    return (
        bool(fixtures & DATABASE_FIXTURES)
        or item.get_closest_marker("django_db") is not None
        or (case is not None and issubclass(case, TransactionTestCase))
    )


def first_examples(items: list[pytest.Item]) -> set[pytest.Item]:
    """Of each test the first of its examples, or all where it says so: a query is the same."""
    first: dict[str, pytest.Item] = {}
    for item in items:
        first.setdefault(item.nodeid.partition("[")[0], item)
    return set(first.values()) | {
        item for item in items if item.get_closest_marker("every_example")
    }


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests out where what they need is missing, and say so; in CI that is a failure.

    CI runs all of them on SQLite first; what asks no database is not tried once more on another.
    """
    if is_ci() and not is_second_database():
        later = {item for item in items if item.get_closest_marker("every_example")}
        config.hook.pytest_deselected(items=list(later))
        items[:] = [item for item in items if item not in later]
    if is_second_database():
        kept = first_examples([item for item in items if asks_the_database(item)])
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    for need in needed():
        concerned = {item for item in items if item.get_closest_marker(need.marker)}
        if not concerned or need.is_there():
            continue
        if is_ci():
            raise pytest.UsageError(f"CI leaves no test out, but {need.missing}")
        config.hook.pytest_deselected(items=list(concerned))
        items[:] = [item for item in items if item not in concerned]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Asked here, not noted above: with several processes that one has been another.
    if is_second_database():
        terminalreporter.section("left out")
        terminalreporter.line(
            "On a second database CI leaves out the tests that ask none, the access matrix (every "
            "page is asked for with hostile input there), of a test with several examples all but "
            "the first, and of those in a browser all but the long ways; axe has looked at the "
            "pages on SQLite."
        )
    elif is_ci():
        terminalreporter.section("left out")
        terminalreporter.line(
            "CI tries hostile input on the second database alone, where there is more to choke on."
        )
    if missing := [need for need in needed() if not need.is_there()]:
        terminalreporter.section("left out")
        for need in missing:
            terminalreporter.line(f"{need.tests} were left out: {need.missing}")


def pango() -> bool:
    """Whether the libraries are there that PDF files are made with."""
    names = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
    try:
        return all(ctypes.CDLL(name) for name in names)
    except OSError:
        return False


def chromium() -> str | None:
    """Return the path of a Chromium on this machine; CHROMIUM in the environment names another."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Keep SQLite in a file, as in production: threads get connections, and locks are real."""
    for each in connections.all():
        if each.vendor == "sqlite":
            file = tmp_path_factory.mktemp("database") / "test.sqlite3"
            each.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Part with whoever is still connected when all tests are done, so that the database can go.

    A browser's last request or a worker that was killed may hold a connection a little longer.
    """
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def fresh_process(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start every test in German, without remembered pages, with an empty folder for files.

    A rolled-back test takes the content's revision back with it; what a process remembers under
    that number must go too. The number is asked when the bell was rung and not by the clock: how
    many queries a page makes does not depend on how slow the machine is.
    """
    monkeypatch.setattr(revision, "UNASKED", 3600.0)
    settings.MEDIA_ROOT = tmp_path / "media"
    caches["pages"].clear()
    revision.forget()
    with translation.override("de"):
        yield


@pytest.fixture
def network(db) -> NetworkProfile:
    return make_network()


# --- The cast -------------------------------------------------------------------------------------
def officer_group() -> Group:
    """The group whose rights an integration officer has.

    Migrations make it; tests that empty the database (live server) lose it, so it is made again
    by the migrations' own functions.
    """
    migrations = [import_module(f"portal.migrations.{name}") for name in GROUP_MIGRATIONS]
    if not Group.objects.filter(name=migrations[0].NAME).exists():
        for migration in migrations:
            migration.create_group(apps, SimpleNamespace(connection=connection))
    return Group.objects.get(name=migrations[0].NAME)


@pytest.fixture
def officer(db) -> User:
    """The integration officer: staff with second factor and group rights, no superuser."""
    user = make_user(email="amt@example.org", name="Olga Amt", is_staff=True)
    user.groups.add(officer_group())
    make_second_factor(user)
    return user


@pytest.fixture
def administrator(db) -> User:
    user = make_user(email="admin@example.org", name="Adem Admin", is_staff=True, is_superuser=True)
    make_second_factor(user)
    return user


@pytest.fixture
def manager(organisation: Organisation) -> User:
    """Manages `organisation`."""
    return make_representative(
        user=make_user(email="leitung@example.org", name="Mina Leitung"),
        organisation=organisation,
        role="manager",
    ).user


@pytest.fixture
def editor(organisation: Organisation) -> User:
    """Edits `organisation`."""
    return make_representative(
        user=make_user(email="redaktion@example.org", name="Emil Redaktion"),
        organisation=organisation,
        role="editor",
    ).user


@pytest.fixture
def outsider(db) -> User:
    """Has an account and speaks for nobody."""
    return make_user(email="fremd@example.org", name="Ferda Fremd")


@pytest.fixture
def organisation(db) -> Organisation:
    """Active; `manager` and `editor` speak for it where a test asks for them."""
    return make_organisation(name="Haus der Musik e. V.", slug="haus-der-musik")


@pytest.fixture
def draft(manager: User) -> Organisation:
    """A registration that `manager` has begun."""
    return make_organisation(
        name="Erster Versuch", slug="erster-versuch", state="draft", manager=manager
    )


@pytest.fixture
def submitted(manager: User) -> Organisation:
    """A registration of `manager` that waits for the officer."""
    return make_organisation(
        name="Brücke der Kulturen e. V.",
        slug="bruecke-der-kulturen",
        state="submitted",
        manager=manager,
    )


# --- Browsers without a browser -------------------------------------------------------------------
@pytest.fixture
def client_for(db) -> ClientFor:
    """Return a function that gives a client in which someone is logged in.

    `client_for(None)` is a visitor. Staff have shown their second factor, as they do in reality.
    """

    def log_in(user: User | None) -> Client:
        client = Client()
        if user is None:
            return client
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, user, method="code")
        if user.is_staff:
            record_authentication(request, user, method="mfa", type="totp")
        request.session.save()
        return client

    return log_in
