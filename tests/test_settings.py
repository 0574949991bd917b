"""Settings are read in a fresh process, as a server does it."""

import os
import re
import subprocess
import sys

import pytest

from tests.source import ROOT, read

PRODUCTION = {
    "SECRET_KEY": "of-a-test-and-long-enough-for-that-0123456789-abcdefghij",
    "SITE_URL": "https://netzwerk.example.org",
    "DATABASE_URL": "sqlite:///production.sqlite3",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": "netzwerk@example.org",
}
NAMES = set(
    re.findall(
        r"""(?:\benv(?:\.\w+)?|\benvbool|\brequired|\bwords)\(\s*"([A-Z_]+)\"""",
        read("netzwerk/settings.py"),
    )
)


def start(code: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a process that has only this environment, then run `code`."""
    # Empty counts as not set, and hides what a developer keeps in .env.
    values = dict.fromkeys(NAMES, "") | environment
    values["PATH"] = os.environ["PATH"]
    values["DJANGO_SETTINGS_MODULE"] = "netzwerk.settings"
    return subprocess.run(
        [sys.executable, "-c", f"from netzwerk import settings\n{code}"],
        cwd=ROOT,
        env=values,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_production_starts_with_its_secrets_and_nothing_else():
    done = start("print(settings.DEBUG, settings.ALLOWED_HOSTS)", **PRODUCTION)
    assert done.stderr == ""
    assert done.stdout == "False ['netzwerk.example.org']\n"


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_production_refuses_to_start_without(name):
    done = start(**{**PRODUCTION, name: ""})
    assert done.returncode != 0
    assert f"Set {name} in the environment; see .env.example." in done.stderr


def test_development_needs_nothing():
    done = start("print(settings.DATABASES['default']['NAME'])", DEBUG="on")
    assert done.stderr == ""
    assert done.stdout.endswith("var/db.sqlite3\n")


@pytest.mark.parametrize("name", ["DEBUG", "ALLOW_HTTP"])
def test_a_switch_refuses_nonsense(name):
    environment = {**PRODUCTION, "SITE_URL": "http://intern.example.org", name: "flase"}
    done = start(**environment)
    assert done.returncode != 0
    assert f"{name} must be on or off, not 'flase'." in done.stderr


@pytest.mark.parametrize("word", ["on", "TRUE", "yes", "1"])
def test_a_switch_understands(word):
    assert start("print(settings.DEBUG)", DEBUG=word).stdout == "True\n"


def test_a_number_refuses_nonsense():
    assert start(**PRODUCTION, TRUSTED_PROXY_COUNT="one").returncode != 0


def test_the_mailbox_for_returned_mails_is_taken_apart():
    code = "print(sorted(settings.BOUNCE_MAILBOX.items()))"
    url = "imaps://box%40example.org:p%2Fss@mail.example.org/R%C3%BCck"
    assert start(code, **PRODUCTION, BOUNCE_IMAP_URL=url).stdout == (
        "[('ENCRYPTED', True), ('FOLDER', 'Rück'), ('HOST', 'mail.example.org'), "
        "('PASSWORD', 'p/ss'), ('PORT', 993), ('USER', 'box@example.org')]\n"
    )
    assert start("print(settings.BOUNCE_MAILBOX)", **PRODUCTION).stdout == "None\n"


@pytest.mark.parametrize(
    "url",
    [
        "imap://box:secret@mail.example.org/INBOX",  # could be read on the way
        "imaps://box@mail.example.org/INBOX",
        "imaps://box:secret@",
        "https://box:secret@mail.example.org/",
        "imaps://box:secret@mail.example.org:port/",
        "box:secret",
    ],
)
def test_a_mailbox_refuses_nonsense_and_does_not_repeat_the_password(url):
    done = start(**PRODUCTION, BOUNCE_IMAP_URL=url)
    assert "BOUNCE_IMAP_URL must be imaps://user:password@host/INBOX" in done.stderr
    assert "secret" not in done.stderr


def test_production_refuses_an_address_that_can_be_read_on_the_way():
    insecure = {**PRODUCTION, "SITE_URL": "http://netzwerk.example.org"}
    done = start(**insecure)
    assert "SITE_URL must begin with https:// in production." in done.stderr
    assert start(**insecure, ALLOW_HTTP="on").returncode == 0


def test_https_protects_cookies():
    code = (
        "print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE,"
        " settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS > 0)"
    )
    assert start(code, **PRODUCTION).stdout == "True True True True\n"


def test_lists_may_have_blanks():
    done = start(
        "print(settings.ALLOWED_HOSTS)", **PRODUCTION, ALLOWED_HOSTS="a.example.org, b.example.org"
    )
    assert done.stdout == "['a.example.org', 'b.example.org']\n"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///some.sqlite3", "IMMEDIATE True None\n"),
        ("postgres://u:p@127.0.0.1/portal", "None None True\n"),
    ],
)
def test_each_database_gets_what_it_needs(url, expected):
    code = (
        "o = settings.DATABASES['default']['OPTIONS']\n"
        "print(o.get('transaction_mode'), 'synchronous=FULL' in o.get('init_command', '') or None,"
        " 'pool' in o or None)"
    )
    assert start(code, **{**PRODUCTION, "DATABASE_URL": url}).stdout == expected


def test_django_has_nothing_to_say_about_deployment():
    code = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('check', deploy=True, fail_level='WARNING')"
    )
    done = start(code, **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_the_example_names_every_variable_and_no_other():
    assert set(re.findall(r"^([A-Z_]+)=", read(".env.example"), re.MULTILINE)) == NAMES


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_the_example_marks_what_production_needs(name):
    required, optional = read(".env.example").split("# --- May be set")
    assert f"\n{name}=" in required
    assert f"\n{name}=" not in optional


def test_a_command_says_in_one_line_what_the_settings_miss():
    environment = dict.fromkeys(NAMES, "") | {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "Set SECRET_KEY in the environment; see .env.example.\n"
