"""Public pages from memory: shared where nothing is personal, private everywhere else."""

import gzip

import brotli
import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib import messages
from django.db import OperationalError
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path

from core import revision
from core.pagecache import PRIVATE, PUBLIC, cache_public

calls: list[str] = []


def page(request):
    calls.append(request.get_full_path())
    what = request.GET.get("was")
    if what == "cookie":
        response = HttpResponse("Seite")
        response.set_cookie("anna", "1")
        return response
    if what == "token":
        return HttpResponse(f'<input name="csrfmiddlewaretoken" value="{get_token(request)}">')
    if what == "session":
        request.session["seen"] = True
    if what == "message":
        messages.info(request, "Nur für Sie")
    if what == "missing":
        return HttpResponse("Gibt es nicht", status=404)
    if what == "template":
        template = engines["django"].from_string("{% if user.is_authenticated %}Anna{% endif %}!")
        return TemplateResponse(request, template)
    return HttpResponse(f"Seite {len(calls)} " + "x" * 1000, headers={"X-Own": "yes"})


def personal(request):
    return HttpResponse("Ihr Konto")


urlpatterns = [
    *i18n_patterns(path("laut/", cache_public(page))),
    path("seite/", cache_public(page)),
    path("konto/", personal),
]


@pytest.fixture(autouse=True)
def urls(settings, db):
    settings.ROOT_URLCONF = __name__
    calls.clear()


def test_a_page_is_made_once_and_shared(client):
    first, second = client.get("/seite/?b=2&a=1"), client.get("/seite/?a=1&b=2")
    assert first.content == second.content
    assert len(calls) == 1
    for response in (first, second):
        assert response.headers["Cache-Control"] == PUBLIC
        assert response.headers["X-Own"] == "yes"
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Cookie" not in response.headers.get("Vary", "")
        assert not response.cookies


def test_a_cached_page_asks_the_database_nothing(client, django_assert_num_queries):
    client.get("/seite/")
    with django_assert_num_queries(0):
        client.get("/seite/")


@pytest.mark.parametrize("other", ["/seite/?a=1", "/seite/?a=1&a=2", "/seite/?a=2&a=1"])
def test_another_question_is_another_page(client, other):
    client.get("/seite/")
    client.get("/seite/?a=2")
    client.get(other)
    assert calls == ["/seite/", "/seite/?a=2", other]


def test_a_change_of_public_content_makes_it_anew(client):
    first = client.get("/seite/")
    revision.bump()
    second = client.get("/seite/")
    assert first.content != second.content
    assert first.headers["ETag"] != second.headers["ETag"]


def test_another_host_is_another_page(client, settings):
    settings.ALLOWED_HOSTS = ["a.example", "b.example"]
    assert client.get("/seite/", headers={"Host": "a.example"}).content != (
        client.get("/seite/", headers={"Host": "b.example"}).content
    )


def test_who_has_the_page_gets_not_modified(client):
    etag = client.get("/seite/").headers["ETag"]
    assert etag.startswith('"')
    response = client.get("/seite/", headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["Cache-Control"] == PUBLIC
    assert response.headers["ETag"] == etag
    assert client.get("/seite/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_is_the_same_without_the_page(client):
    expected = client.get("/seite/")
    response = client.head("/seite/")
    assert response.content == b""
    assert response.headers["ETag"] == expected.headers["ETag"]
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("accepted", "encoding", "unpack"),
    [
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
        ("br;q=0", None, bytes),
        ("", None, bytes),
    ],
)
def test_a_page_is_sent_as_small_as_the_browser_can_read(client, accepted, encoding, unpack):
    response = client.get("/seite/", headers={"Accept-Encoding": accepted})
    plain = client.get("/seite/")
    assert client.get("/seite/", headers={"Accept-Encoding": accepted}).content == response.content
    assert len(calls) == 1
    assert response.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in response.headers["Vary"]
    assert unpack(response.content) == plain.content
    assert (response.headers["ETag"] == plain.headers["ETag"]) is (encoding is None)


@pytest.mark.parametrize("what", ["cookie", "token", "session", "message", "missing"])
def test_what_belongs_to_one_person_is_not_kept(client, what):
    for _ in range(2):
        client.cookies.clear()
        response = client.get(f"/seite/?was={what}")
        assert response.headers["Cache-Control"] == PRIVATE
    assert len(calls) == 2


def test_a_token_is_not_kept_for_others_by_who_has_the_cookie_already(client, settings):
    client.get("/seite/?was=token")
    assert settings.CSRF_COOKIE_NAME in client.cookies
    response = client.get("/seite/?was=token")
    assert response.headers["Cache-Control"] == PRIVATE
    client.cookies.clear()
    assert client.get("/seite/?was=token").content != response.content


def test_a_message_is_shown_to_its_reader_only(client):
    client.get("/seite/?was=message")
    assert "messages" in client.cookies
    assert client.get("/seite/").headers["Cache-Control"] == PRIVATE


def test_who_is_logged_in_gets_a_page_of_their_own(client, client_for, outsider):
    own = client_for(outsider).get("/seite/?was=template")
    assert own.content == b"Anna!"
    assert own.headers["Cache-Control"] == PRIVATE
    assert "ETag" not in own.headers
    assert client.get("/seite/?was=template").content == b"!"
    assert client_for(outsider).get("/seite/?was=template").content == b"Anna!"


def test_sending_is_never_answered_from_memory(client):
    client.get("/seite/")
    client.post("/seite/")
    assert len(calls) == 2


def test_every_other_page_is_private(client):
    assert client.get("/konto/").headers["Cache-Control"] == PRIVATE


def test_a_kept_page_has_every_header_it_was_made_with(client):
    """It is answered in front of the middleware that adds them."""
    made, kept = client.get("/ar/laut/"), client.get("/ar/laut/")
    assert len(calls) == 1
    assert dict(kept.headers) == dict(made.headers)
    for name in ("Content-Security-Policy", "X-Frame-Options", "Content-Language", "ETag"):
        assert kept.headers[name]
    assert kept.headers["Content-Length"] == str(len(kept.content))


def test_each_language_has_its_own_page(client):
    assert client.get("/de/laut/").headers["Content-Language"] == "de"
    assert client.get("/en/laut/").headers["Content-Language"] == "en"
    assert len(calls) == 2


def test_a_kept_page_asks_nothing_in_front_as_well(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/de/laut/")
    with django_assert_num_queries(0):
        client.get("/de/laut/")
    assert len(calls) == 1


@pytest.mark.parametrize("what", ["cookie", "token", "session", "message", "missing"])
def test_what_belongs_to_one_person_is_not_kept_in_front(client, what):
    client.get(f"/de/laut/?was={what}")
    client.cookies.clear()
    client.get(f"/de/laut/?was={what}")
    assert len(calls) == 2


def test_a_log_in_ends_what_was_kept(client, client_for, outsider):
    client.get("/de/laut/")
    assert client_for(outsider).get("/de/laut/").headers["Cache-Control"] == PRIVATE
    assert len(calls) == 2


def test_a_kept_page_knows_when_the_database_is_gone(client, monkeypatch):
    client.get("/de/laut/")

    def gone() -> int:
        raise OperationalError("the database is gone")

    monkeypatch.setattr(revision, "current", gone)
    revision.forget()
    client.raise_request_exception = False
    assert client.get("/de/laut/").status_code == 503
