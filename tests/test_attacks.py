"""What somebody with bad intentions tries first, at every address of the access matrix."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from core.models import OutboxMessage
from tests.access import World
from tests.accounts.test_enter import CODE, ENTER, logged_in, newest_code
from tests.factories import make_user
from tests.test_access import ROWS, address
from tests.test_hostile_input import ask

KEYS_NOBODY_HAS = (2**31, 2**63, 10**25)
ROLES = ("public", "officer")

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client_for, network) -> World:
    return World(client_for)


def test_a_key_nobody_has_does_not_exist(world: World):
    for name, row in ROWS.items():
        kwargs = row.kwargs(world)
        for part in [part for part, value in kwargs.items() if isinstance(value, int)]:
            for key in KEYS_NOBODY_HAS:
                changed = kwargs | {part: key}
                url = address(name, replace(row, kwargs=lambda _world, made=changed: made), world)
                for role in ROLES:
                    for method in ("get", "post"):
                        status = ask(world, role, method, url).status_code
                        assert status in {302, 404, 405}, (name, part, key, role, method)


def test_no_page_lets_foreign_code_in(world: World):
    """The policy is on every answer with markup and allows no code but the portal's own files."""
    for name in ROWS:
        if name.startswith("core:"):
            continue  # pages for developers
        for role in ROLES:
            response = ask(world, role, "get", address(name, ROWS[name], world))
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy, name
            assert not {"unsafe", "http:", "https:", "*"} & set(policy.replace("-", " ").split())
            assert "script-src" not in policy
            assert "frame-ancestors 'none'" in policy, name
            assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_host_of_a_request_is_in_no_mail(settings):
    settings.ALLOWED_HOSTS = ["evil.example.com", "testserver"]
    asked = Client().post(ENTER, {"email": "neu@example.org"}, headers={"host": "evil.example.com"})
    assert asked.status_code == 302
    message = OutboxMessage.objects.get()
    for part in (message.text_body, message.html_body, message.message_id):
        assert "evil" not in part
    assert settings.SITE_URL in message.text_body


@pytest.mark.parametrize(
    "header", ["Host", "X-Forwarded-Host", "X-Forwarded-Server", "X-Original-URL"]
)
def test_a_foreign_host_is_not_answered_or_not_believed(client, network, header):
    response = client.get("/de/", headers={header: "evil.example.com"})
    assert response.status_code == (400 if header == "Host" else 200)
    assert "evil" not in response.content.decode()
    assert "evil" not in client.get("/de/").content.decode()


def test_a_session_somebody_has_planted_does_not_log_them_in():
    """Session fixation: what was known before the log-in opens nothing after it."""
    victim = make_user(email="opfer@example.org")
    attacker, browser = Client(), Client()
    attacker.post(ENTER, {"email": "angreifer@example.org"})
    planted = attacker.cookies[settings.SESSION_COOKIE_NAME].value
    browser.cookies[settings.SESSION_COOKIE_NAME] = planted
    browser.post(ENTER, {"email": victim.email})
    browser.post(CODE, {"code": newest_code()})
    assert logged_in(browser) == victim
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted
    late = Client()
    late.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert logged_in(late) is None
    assert late.get("/de/konto/").status_code == 302


def test_a_session_that_was_left_opens_nothing_any_more(client_for, outsider):
    client = client_for(outsider)
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[
        settings.SESSION_COOKIE_NAME
    ].value
    assert stolen.get("/de/konto/").status_code == 200
    client.post("/de/abmelden/")
    assert stolen.get("/de/konto/").status_code == 302
