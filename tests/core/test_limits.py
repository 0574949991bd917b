"""Limits and whom they count."""

import threading

import pytest
from django.db import connection, connections
from django.test import RequestFactory

from core import limits


@pytest.fixture
def tea(monkeypatch):
    monkeypatch.setitem(
        limits.LIMITS, "tea", (limits.Limit(3, limits.HOUR), limits.Limit(4, limits.DAY))
    )
    return lambda key="anna@example.org": limits.allow(key, action="tea")


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to("2026-11-22 12:00:30+00:00", tick=False)
    return time_machine


def test_a_limit_holds_until_its_time_is_over(db, tea, noon):
    assert [tea() for _ in range(5)] == [True, True, True, False, False]
    noon.shift(limits.HOUR)
    # What was refused has counted for the day.
    assert tea() is False
    noon.shift(limits.DAY)
    assert tea() is True


def test_letter_case_and_blanks_make_no_difference(db, tea):
    for key in ("anna@example.org", " Anna@Example.ORG ", "ANNA@EXAMPLE.ORG"):
        assert tea(key)
    assert not tea("anna@example.org")
    assert tea("berta@example.org")


def test_every_action_counts_for_itself(db, tea):
    while tea():
        pass
    assert limits.allow("anna@example.org", action="draft")


def test_odd_keys_are_keys_too(db, tea):
    for key in ("", "\0", "\ud800", "x" * 10_000, "ß/?: "):
        assert tea(key)


def test_the_address_itself_is_not_in_the_cache(db, tea):
    tea("anna@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM core_cache")
        assert "anna" not in str(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_time_all_count(tea):
    allowed = []

    def guess():
        allowed.append(tea())
        connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(allowed) == [False] * 5 + [True] * 3


def test_an_unknown_action_is_an_error(db):
    with pytest.raises(KeyError):
        limits.allow("anna", action="no such action")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9"),  # whoever writes the header is not believed
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "10.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "10.6.6.6, 198.51.100.1, 192.0.2.7", "198.51.100.1"),
        (2, "192.0.2.7", "203.0.113.9"),  # past the first proxy: no proxy of ours wrote this
        (1, None, "203.0.113.9"),
        (1, "nonsense", ""),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory(REMOTE_ADDR="203.0.113.9").get("/", headers=headers)
    assert limits.client_ip(request) == expected
