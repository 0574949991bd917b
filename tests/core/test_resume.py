"""Nothing typed is lost when a session has ended in between."""

import datetime

import pytest
import time_machine
from django import forms
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client, override_settings
from django.urls import path

from accounts.models import User
from core import resume
from core.models import OutboxMessage
from netzwerk import urls
from tests.accounts.test_enter import CODE, ask, logged_in, newest_code
from tests.factories import make_upload, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.test_resume")]


class LetterForm(forms.Form):
    text = forms.CharField()
    tags = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B"), ("c", "C")])
    picture = forms.FileField(required=False)


@resume.require_login
def letter(request: HttpRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else resume.recall(request)
    form = LetterForm(data, request.FILES)
    if request.method == "POST" and form.is_valid():
        return HttpResponse(f"saved {form.cleaned_data['text']}")
    return render(request, "accounts/email.html", {"form": form})


@resume.require_login
def plain(request: HttpRequest) -> HttpResponse:
    kept = resume.recall(request)
    return HttpResponse(kept.urlencode() if kept else "nothing")


urlpatterns = [
    path("brief/", letter),
    path("schlicht/", plain),
    *urls.urlpatterns,
]

LETTER = {"text": "Ein langer Brief, „an alle“ ❤", "tags": ["a", "c"]}


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


def end_session(client: Client) -> None:
    """The row is gone, the browser still has its cookie."""
    Session.objects.filter(session_key=client.session.session_key).delete()


def log_in(client: Client, user: User, next_path: str) -> None:
    ask(client, user.email, next=next_path)
    answer = client.post(CODE, {"code": newest_code()})
    assert answer["Location"] == next_path
    assert logged_in(client) == user


def test_what_was_typed_waits_behind_the_log_in(client_for, outsider):
    client = client_for(outsider)
    end_session(client)

    answer = client.post("/brief/?seite=2", LETTER)

    assert answer.status_code == 302
    assert answer["Location"] == "/de/anmelden/?next=/brief/%3Fseite%3D2"
    assert "Sie waren nicht mehr angemeldet" in client.get(answer["Location"]).content.decode()
    log_in(client, outsider, "/brief/?seite=2")
    page = client.get("/brief/?seite=2").content.decode()
    assert "Ihre Eingaben sind noch da." in page
    assert 'value="Ein langer Brief, „an alle“ ❤"' in page
    assert page.count("selected") == 2
    assert "Dateien" not in page
    # It is there until it is sent, and then no more.
    assert "Ein langer Brief" in client.get("/brief/?seite=2").content.decode()
    assert client.post("/brief/?seite=2", LETTER).content.decode().startswith("saved")
    assert "Ein langer Brief" not in client.get("/brief/?seite=2").content.decode()


def test_files_have_to_be_chosen_again_and_one_is_told(client, outsider):
    client.post("/brief/", {**LETTER, "picture": make_upload()})
    log_in(client, outsider, "/brief/")
    page = client.get("/brief/").content.decode()
    assert "Bilder und Dateien müssen Sie bitte noch einmal auswählen." in page
    assert "Ein langer Brief" in page


def test_no_secret_waits_in_a_session(client, outsider):
    client.post("/schlicht/", {"password": "geheim", "code": "123456", "text": "bleibt"})
    assert "geheim" not in str(dict(client.session.items()))
    log_in(client, outsider, "/schlicht/")
    assert client.get("/schlicht/").content == b"text=bleibt"


def test_it_waits_for_its_own_page_only(client, outsider):
    client.post("/brief/", LETTER)
    log_in(client, outsider, "/schlicht/")
    assert client.get("/schlicht/").content == b"nothing"
    assert "Ein langer Brief" in client.get("/brief/").content.decode()


def test_what_one_has_typed_never_reaches_another(client_for, outsider):
    client = client_for(outsider)
    end = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    Session.objects.filter(session_key=client.session.session_key).update(expire_date=end)
    client.post("/brief/", LETTER)
    other = make_user(email="andere@example.org")
    log_in(client, other, "/brief/")
    page = client.get("/brief/").content.decode()
    assert "Ein langer Brief" not in page
    assert "Ein langer Brief" not in str(dict(client.session.items()))


def test_nor_when_the_first_had_logged_in_for_real(client, outsider):
    log_in(client, outsider, "/schlicht/")
    end_session(client)  # allauth still knows whose it was
    client.post("/brief/", LETTER)
    other = make_user(email="andere@example.org")
    log_in(client, other, "/brief/")
    assert "Ein langer Brief" not in client.get("/brief/").content.decode()


def test_nor_after_logging_out(client, outsider):
    client.post("/brief/", LETTER)
    log_in(client, outsider, "/brief/")
    client.post("/de/abmelden/")
    log_in(client, make_user(email="andere@example.org"), "/brief/")
    assert "Ein langer Brief" not in client.get("/brief/").content.decode()


def test_it_does_not_wait_for_ever(client, outsider):
    client.post("/brief/", LETTER)
    log_in(client, outsider, "/brief/")
    with time_machine.travel(datetime.datetime.now() + datetime.timedelta(minutes=61)):
        assert "Ein langer Brief" not in client.get("/brief/").content.decode()


def test_too_much_is_not_kept(client, outsider):
    answer = client.post("/brief/", {"text": "x" * resume.MAX_BYTES, "tags": "a"})
    assert answer.status_code == 302
    assert resume.KEPT not in client.session


def test_nobody_fills_the_database_with_it(client):
    kept = 0
    for _ in range(35):
        other = Client()
        other.post("/brief/", LETTER)
        kept += resume.KEPT in other.session
    assert kept == 30


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_other_requests_are_led_to_the_log_in(client, method):
    answer = getattr(client, method)("/schlicht/")
    assert answer.status_code == 302
    assert answer["Location"] == "/de/anmelden/?next=/schlicht/"


# --- A form whose token no longer fits ------------------------------------------------------------
def without_token(origin: str = "http://testserver", **headers: str):
    client = Client(enforce_csrf_checks=True)
    return client.post(
        "/de/anmelden/?wer=andere",
        {"email": "lange@example.org", "password": "geheim"},
        headers={"origin": origin, **headers},
    )


def test_a_page_open_for_too_long_shows_what_was_typed():
    answer = without_token()
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "lange@example.org" in page
    assert "geheim" not in page
    assert "Seite neu öffnen" in page
    assert 'href="/de/anmelden/?wer=andere"' in page
    assert 'method="post" action="/de/anmelden/"' not in page, "nothing sends itself again"
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_other_sites_cannot_speak_through_it(headers):
    answer = without_token(**headers)
    assert answer.status_code == 403
    assert "lange@example.org" not in answer.content.decode()


@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=1)
def test_a_request_too_large_still_gets_an_answer():
    assert without_token().status_code in (400, 403)
