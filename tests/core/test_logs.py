"""A log line never carries what opens a link or names a person."""

import io
import logging
import time
from collections.abc import Iterator

import pytest
from django.db import IntegrityError
from django.urls import reverse

from core.logs import DiscreetFormatter
from core.tokens import new_token
from tests.factories import make_invitation


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the portal's own handler writes."""
    root = logging.getLogger()
    own = next(one for one in root.handlers if isinstance(one.formatter, DiscreetFormatter))
    written = io.StringIO()
    before, own.stream = own.stream, written
    yield written
    own.stream = before


def test_a_refused_request_does_not_tell_the_key_in_its_address(client, log, organisation):
    token, token_hash = new_token()
    make_invitation(organisation=organisation, token_hash=token_hash)
    address = reverse("organisations:invitation", args=[token])
    assert client.get(address).status_code == 200
    assert client.put(address).status_code == 405
    assert client.get(address.replace("einladung", "einwilligung")).status_code == 404
    lines = log.getvalue()
    assert "Method Not Allowed (PUT): /de/einladung/…/" in lines
    assert "Not Found: /de/einwilligung/…/" in lines
    assert token not in lines


def test_an_error_of_the_database_does_not_tell_whom_it_is_about(log):
    try:
        raise IntegrityError("Key (email)=(aylin.b+netz@mail.example.org) already exists.")
    except IntegrityError:
        logging.getLogger("tests").exception("Failed for aylin@example.org")
    lines = log.getvalue()
    assert "aylin" not in lines
    assert "IntegrityError: Key (email)=(…@mail.example.org) already exists." in lines


def test_what_says_nothing_of_a_person_stays():
    record = logging.LogRecord(
        "x", logging.INFO, "", 0, "Mail %s: refused at try %s.", (7, 2), None
    )
    assert DiscreetFormatter().format(record) == "Mail 7: refused at try 2."


@pytest.mark.parametrize("text", ["x" * 200_000, "x." * 100_000, "@" * 200_000, "a@" * 100_000])
def test_a_long_line_takes_no_longer_than_reading_it(text):
    begun = time.perf_counter()
    DiscreetFormatter().format(logging.LogRecord("x", logging.INFO, "", 0, text, None, None))
    assert time.perf_counter() - begun < 2
