"""Odd requests and a database that is gone: a page with words, nothing lost, nothing logged."""

import errno
import logging

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import DataError, InterfaceError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from core.pagecache import PRIVATE

down: list[Exception] = []


def form(request):
    if down:
        raise down[0]
    with transaction.atomic():
        for name in request.POST.getlist("name"):
            Group.objects.create(name=name)
    return HttpResponse("Gespeichert")


def session(request):
    request.session["seen"] = True
    return HttpResponse("Gemerkt")


urlpatterns = [
    path("de/formular/", form, name="form"),
    path("ar/formular/", form),
    path("de/sitzung/", session),
    path("de/gruppe/<str:name>/", lambda request, name: HttpResponse(Group.objects.count())),
]

handler400 = "core.middleware.bad_request"
handler500 = "core.middleware.server_error"


@pytest.fixture(autouse=True)
def urls(settings, db):
    settings.ROOT_URLCONF = __name__
    down.clear()


TYPED = {"name": ['Haus "der" <Musik>', "Zweite"], "text": "Zeile 1\nZeile 2", "password": "geheim"}


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("database is locked"),
        OperationalError("database or disk is full"),
        OperationalError("connection to server at 127.0.0.1 failed"),
        InterfaceError("connection already closed"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_what_was_typed_comes_back_and_can_be_sent_again(error, caplog):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = token = "a" * 32
    down.append(error)
    sent = TYPED | {"csrfmiddlewaretoken": token}
    with caplog.at_level(logging.ERROR):
        response = client.post("/de/formular/?von=mail", sent)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert response.headers["Cache-Control"] == PRIVATE
    page = response.content.decode()
    assert 'name="name" value="Haus &quot;der&quot; &lt;Musik&gt;"' in page
    assert 'name="name" value="Zweite"' in page
    assert 'name="text" value="Zeile 1\nZeile 2"' in page
    assert 'action="/de/formular/?von=mail"' in page
    assert "geheim" not in page
    assert "Musik" not in caplog.text
    assert type(error).__name__ in caplog.text

    again = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    down.clear()
    response = client.post("/de/formular/", TYPED | {"csrfmiddlewaretoken": again})
    assert response.content.decode() == "Gespeichert"
    assert set(Group.objects.filter(name__in=TYPED["name"]).values_list("name", flat=True)) == set(
        TYPED["name"]
    )


def test_a_page_that_cannot_be_shown_says_try_again(client):
    down.append(OperationalError("gone"))
    response = client.get("/de/formular/?seite=2")
    assert response.status_code == 503
    page = response.content.decode()
    assert 'href="/de/formular/?seite=2"' in page
    assert "<form" not in page


def test_the_page_speaks_the_language_of_the_address(client):
    down.append(OperationalError("gone"))
    page = client.get("/ar/formular/").content.decode()
    assert 'lang="ar"' in page
    assert 'dir="rtl"' in page


def test_the_page_asks_the_database_nothing(client, django_assert_num_queries):
    down.append(OperationalError("gone"))
    with django_assert_num_queries(0):
        assert client.post("/de/formular/", TYPED).status_code == 503


def test_a_database_that_is_gone_outside_of_views_has_the_same_page():
    """The session is saved by a middleware, where only the handler of errors is asked."""
    client = Client(raise_request_exception=False)

    def gone(execute, sql, params, many, context):
        raise OperationalError("gone")

    with connection.execute_wrapper(gone):
        response = client.get("/de/sitzung/")
    assert response.status_code == 503
    assert "Noch einmal versuchen" in response.content.decode()


def test_a_mistake_of_ours_stays_a_mistake_of_ours():
    client = Client(raise_request_exception=False)
    for error in (ValueError("wrong"), OperationalError("no such table: x"), OSError("pipe")):
        down[:] = [error]
        response = client.get("/de/formular/")
        assert response.status_code == 500
        assert "Etwas ist schiefgegangen" in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_is_really_full_loses_nothing(client):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's disk cannot be made full from here.")
    with connection.cursor() as cursor:
        # What earlier tests left free is room as well; it is filled before the disk is.
        cursor.execute("PRAGMA freelist_count")
        [free] = cursor.fetchone()
        cursor.execute("PRAGMA page_size")
        [size] = cursor.fetchone()
        cursor.execute(f"CREATE TABLE filler AS SELECT zeroblob({free * size}) AS filling")
        cursor.execute("PRAGMA page_count")
        [pages] = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    names = [f"{number} " + "x" * 140 for number in range(300)]
    try:
        response = client.post("/de/formular/", {"name": names})
        assert response.status_code == 503
        assert not Group.objects.filter(name__in=names).exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
            cursor.execute("DROP TABLE filler")
    assert names[299] in response.content.decode()
    assert client.post("/de/formular/", {"name": names}).status_code == 200
    assert Group.objects.filter(name__in=names).count() == 300


@pytest.mark.django_db(transaction=True)
def test_a_connection_the_server_has_cut_is_made_anew(client):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to cut.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    first = client.post("/de/formular/", {"name": "Haus der Musik"})
    second = client.post("/de/formular/", {"name": "Haus der Musik"})
    assert {first.status_code, second.status_code} <= {200, 503}
    assert second.status_code == 200
    assert Group.objects.get().name == "Haus der Musik"


@pytest.mark.parametrize(
    "address",
    ["/de/formular/?suche=a%00b", "/de/gruppe/a%00b/", "/%00", "/de/formular/?%00=1"],
)
def test_a_nul_in_the_address_is_not_understood(client, address):
    response = client.get(address)
    assert response.status_code == 400
    assert "nicht verstanden" in response.content.decode()


def test_a_nul_in_a_cookie_is_not_understood(client):
    client.cookies["sessionid"] = "abcdefgh\0"
    assert client.get("/de/sitzung/").status_code == 400


def test_a_nul_that_gets_as_far_as_the_database_is_no_error_of_ours(client):
    response = client.post("/de/formular/", {"name": "a\0b"})
    assert response.status_code == (400 if connection.vendor == "postgresql" else 200)


def test_a_value_the_database_cannot_hold_is_not_understood(client):
    down.append(DataError("integer out of range"))
    assert client.post("/de/formular/", TYPED).status_code == 400


@pytest.mark.parametrize(
    ("setting", "bound"),
    [("DATA_UPLOAD_MAX_MEMORY_SIZE", 100), ("DATA_UPLOAD_MAX_NUMBER_FIELDS", 2)],
)
def test_a_form_that_is_too_large_is_refused_with_words(client, settings, setting, bound):
    setattr(settings, setting, bound)
    response = client.post("/de/formular/", {f"field{number}": "x" * 60 for number in range(9)})
    assert response.status_code == 413
    assert "zu groß" in response.content.decode()


def test_a_huge_request_is_refused_before_it_is_read(client):
    response = client.generic("POST", "/de/formular/", b"x", CONTENT_LENGTH=str(10**9))
    assert response.status_code == 413
    assert "10 MB" in response.content.decode()


def test_a_length_that_is_none_does_no_harm(client):
    assert client.generic("POST", "/de/formular/", b"", CONTENT_LENGTH="viel").status_code == 200


def test_a_cache_that_is_gone_does_not_take_the_page_with_it(client, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(cache, "get", gone)
    assert client.get("/de/formular/").status_code == 200
