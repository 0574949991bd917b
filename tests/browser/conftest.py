"""A real browser, the demonstration network on a live server, and an eye on everything that fails.

Every page a test opens is watched: an error in the console (a blocked script or style among them),
a request to anybody else, a page wider than the phone. With scripts, axe-core looks at the pages
in light and dark; in CI's second run, on another database, it has done so before.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import translation
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from accounts.models import User
from tests.conftest import chromium, is_second_database, officer_group

NARROW = {"width": 320, "height": 740}
PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
# Debian's Chromium in a container: no sandbox as root, and no calls home.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]
AXE = Axe()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Dark changes colours and nothing else.
LOOKS = {
    "light": {"type": "tag", "values": RULES},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    return {**browser_type_launch_args, "executable_path": chromium(), "args": ARGUMENTS}


@pytest.fixture(scope="session", autouse=True)
def allow_the_database_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; Django would refuse to ask its database."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration network lies, database and files, once it has been made."""
    return tmp_path_factory.mktemp("demonstration")


@pytest.fixture
def site(live_server, settings, kept: Path) -> str:
    """The address of a live server with the demonstration network."""
    caches["default"].clear()
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    if (kept / "db.sqlite3").exists():
        copy_database(kept / "db.sqlite3", to=connection)
        shutil.copytree(kept / "media", settings.MEDIA_ROOT, dirs_exist_ok=True)
        return live_server.url
    officer_group()
    call_command("load_reference_data", verbosity=0)
    call_command("seed_demo", yes_demonstration=True, verbosity=0)
    if connection.vendor == "sqlite":
        # To copy it is a tenth of a second, to make it anew some.
        with closing(sqlite3.connect(kept / "db.sqlite3")) as copy:
            connection.connection.backup(copy)
        shutil.copytree(settings.MEDIA_ROOT, kept / "media")
    return live_server.url


def copy_database(file: Path, *, to: BaseDatabaseWrapper) -> None:
    """Make a SQLite database what another one was, with everything in it."""
    to.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        copy.backup(to.connection)
    ContentType.objects.clear_cache()


@dataclass
class Visitor:
    """Somebody with a browser, who reads the interface in one language.

    :ivar looks_once: what was looked at and has the same headings is not looked at again; for ways
        that come by the same page often.
    """

    page: Page
    site: str
    language: str
    scripts: bool
    problems: list[str] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    looks_once: bool = False
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script failed: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # A form that is sent back says so with its status; the browser remarks on that.
        if message.type == "error" and "status of 4" not in message.text:
            self.problems.append(f"{self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in {"http", "https"} and not request.url.startswith(self.site):
            self.problems.append(f"{self.page.url} asks {url.netloc}")

    def text(self, message: str) -> str:
        """Return what the interface says for a German text, in the visitor's language."""
        with translation.override(self.language):
            return translation.gettext(message)

    def open(self, path: str) -> None:
        """Open a path without its language prefix, as this visitor would."""
        response = self.page.goto(f"{self.site}/{self.language}{path}")
        assert response is not None
        assert response.status == 200, f"{path}: {response.status}"
        self.look()

    def press(self, message: str) -> None:
        """Press the button or follow the link with this German text, and look at what comes."""
        name = self.text(message)
        button = self.page.get_by_role("button", name=name, exact=True)
        target = button if button.count() else self.page.get_by_role("link", name=name, exact=True)
        self.follow(target.first)

    def follow(self, target: Locator | str) -> None:
        """Press or follow something, given as a locator or as CSS, and look at what comes."""
        locator = self.page.locator(target).first if isinstance(target, str) else target
        with self.page.expect_navigation():
            locator.click()
        self.look()

    def fill(self, **values: str | bool) -> None:
        """Fill fields of the page's form by their names: a text, or True for a tick."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]:not([type=hidden])").first
            if value is True:
                field.check(force=True)  # the label lies over it, on purpose
            elif field.evaluate("field => field.localName") == "select":
                field.select_option(str(value))
            else:
                field.fill(str(value))

    def choose(self, name: str, value: str) -> None:
        """Choose one of several radio buttons or ticks by its value."""
        self.page.locator(f"main [name={name}][value='{value}']").check(force=True)

    def look(self) -> None:
        """Check the page that is open: language, width, and with scripts every rule of axe."""
        self.page.wait_for_load_state("load")
        root = self.page.locator("html")
        assert root.get_attribute("lang") == self.language, self.page.url
        assert root.get_attribute("dir") == ("rtl" if self.language == "ar" else "ltr")
        if not self.scripts:
            self.check()
            return
        width = self.page.evaluate("document.documentElement.scrollWidth")
        room = (self.page.viewport_size or PHONE)["width"]
        assert width <= room, f"{self.page.url} is {width} pixels wide"
        path = urlsplit(self.page.url).path
        mark = (path, *self.page.locator("h1, h2").all_inner_texts())
        if self.looks_once and mark in self.seen:
            self.check()
            return
        self.seen.add(mark)
        self.looked_at.add(path)
        if is_second_database():  # a page is no more accessible there
            self.check()
            return
        self.page.evaluate(AXE.axe_script)
        for scheme, rules in LOOKS.items():
            self.page.emulate_media(color_scheme=scheme)
            # Preloading would copy imported styles into the page, which our policy rightly blocks.
            options = {"resultTypes": ["violations"], "runOnly": rules, "preload": False}
            found = self.page.evaluate("options => axe.run(options)", options)
            for violation in found["violations"]:
                for node in violation["nodes"]:
                    self.problems.append(
                        f"{self.page.url} ({scheme}): {violation['id']}: {node['html'][:200]} "
                        f"{node['failureSummary']}"
                    )
        self.page.emulate_media(color_scheme="light")
        self.check()

    def check(self) -> None:
        assert not self.problems, "\n".join(self.problems)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """Return a function that gives somebody a browser of their own, on a phone."""
    contexts = []

    def arrive(language: str = "de", *, scripts: bool = True) -> Visitor:
        context = browser.new_context(
            viewport=PHONE,
            locale=language,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            has_touch=True,
            is_mobile=True,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        return Visitor(page=context.new_page(), site=site, language=language, scripts=scripts)

    yield arrive
    for context in contexts:
        context.close()


@pytest.fixture
def desk(visit, site, client_for) -> Callable[..., Visitor]:
    """Return a function that seats the officer at a screen."""

    def sit(
        language: str = "de", size: dict[str, int] = NARROW, *, scripts: bool = True
    ) -> Visitor:
        visitor = visit(language, scripts=scripts)
        visitor.page.set_viewport_size(size)
        officer = User.objects.get(email="officer@example.org")
        session = client_for(officer).cookies["sessionid"].value
        visitor.page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
        return visitor

    return sit


@pytest.fixture
def sit(visit, site, client_for) -> Callable[..., Visitor]:
    """Return a function that gives somebody with an account a browser in which they are logged in.

    Asked again after the clock was moved, it logs them in anew.
    """

    def arrive(address: str, *, size: dict[str, int] = PHONE, scripts: bool = True) -> Visitor:
        visitor = visit("de", scripts=scripts)
        visitor.page.set_viewport_size(size)
        visitor.looks_once = True
        session = client_for(User.objects.get(email=address)).cookies["sessionid"].value
        visitor.page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
        return visitor

    return arrive


class Keyboard:
    """Somebody who has no mouse."""

    def __init__(self, visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page

    def to(self, target: Locator) -> None:
        """Press Tab until the target has the focus; it must be seen that it has."""
        for _press in range(150):
            self.page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                break
        expect(target).to_be_focused()
        outline = target.evaluate(
            "element => { const style = getComputedStyle(element);"
            " return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }"
        )
        assert outline, f"The focus does not show: {target}"

    def follow(self, target: Locator, key: str = "Enter") -> None:
        self.to(target)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
        self.visitor.look()
