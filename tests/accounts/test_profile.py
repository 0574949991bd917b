"""The account: name, language, address, password."""

import datetime

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.services import forget_ended_sessions
from accounts.templatetags.devices import device
from core.models import OutboxMessage
from tests.accounts.test_enter import CODE, ask, logged_in, newest_code, wrong
from tests.factories import make_user

PROFILE = "/de/konto/"
EMAIL = "/de/konto/e-mail/"
PASSWORD = "/de/konto/passwort/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


@pytest.mark.parametrize(
    "path",
    [
        PROFILE,
        EMAIL,
        PASSWORD,
        "/de/konto/daten/",
        "/de/konto/loeschen/",
        "/de/konto/bestaetigen/",
        "/de/konto/sitzungen/",
        "/de/konto/passkeys/",
        "/de/konto/zweiter-faktor/",
        "/de/konto/ersatzcodes/",
    ],
)
def test_visitors_are_led_to_the_log_in(client, path):
    for method in ("get", "post"):
        if (path, method) == ("/de/konto/daten/", "post"):
            continue  # for reading only
        answer = getattr(client, method)(path)
        assert answer.status_code == 302
        assert answer["Location"] == f"/de/anmelden/?next={path}"


def test_the_profile_shows_and_keeps_name_and_language(client_for, outsider):
    client = client_for(outsider)
    page = client.get(PROFILE)
    assert outsider.email in page.content.decode()
    assert "no-store" in page["Cache-Control"]

    answer = client.post(PROFILE, {"name": "  Ferda\u202e  Neu ", "language": "ar"})

    assert answer["Location"] == "/ar/konto/", "the page follows the language"
    outsider.refresh_from_db()
    assert (outsider.name, outsider.language) == ("Ferda Neu", "ar")


@pytest.mark.parametrize(
    ("data", "message"),
    [({"name": "x" * 121, "language": "de"}, "120"), ({"name": "Neu", "language": "xx"}, "xx")],
)
def test_a_wrong_entry_is_explained_and_kept(client_for, outsider, data, message):
    answer = client_for(outsider).post(PROFILE, data)
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert data["name"] in answer.content.decode()
    outsider.refresh_from_db()
    assert outsider.name == "Ferda Fremd"


def test_nobody_gives_themselves_rights_by_the_profile(client_for, outsider):
    client_for(outsider).post(
        PROFILE,
        {
            "name": "Neu",
            "language": "de",
            "is_staff": "on",
            "is_superuser": "on",
            "email": "x@example.org",
        },
    )
    outsider.refresh_from_db()
    assert (outsider.is_staff, outsider.is_superuser) == (False, False)
    assert outsider.email == "fremd@example.org"


# --- The address ----------------------------------------------------------------------------------
def test_a_new_address_counts_with_its_code(client_for, outsider):
    client = client_for(outsider)
    answer = client.post(EMAIL, {"action": "address", "email": " Neu@Example.org"}, follow=True)
    assert "neu@example.org" in answer.content.decode()
    message = OutboxMessage.objects.get()
    assert (message.to, message.confidential) == ("neu@example.org", True)
    outsider.refresh_from_db()
    assert outsider.email == "fremd@example.org", "not yet"

    answer = client.post(EMAIL, {"code": wrong(newest_code())})
    assert "nicht richtig" in answer.content.decode()
    answer = client.post(EMAIL, {"code": newest_code()})

    assert answer["Location"] == PROFILE
    outsider.refresh_from_db()
    assert outsider.email == "neu@example.org"
    assert list(EmailAddress.objects.filter(user=outsider).values_list("email", "verified")) == [
        ("neu@example.org", True)
    ]
    told = OutboxMessage.objects.latest("pk")
    assert told.to == "fremd@example.org"
    assert "neu@example.org" not in told.text_body, "the old mailbox may have been taken over"


def test_the_old_address_opens_nothing_any_more(client_for, outsider):
    client = client_for(outsider)
    client.post(EMAIL, {"action": "address", "email": "neu@example.org"})
    client.post(EMAIL, {"code": newest_code()})
    other = Client()
    ask(other, "fremd@example.org")
    other.post(CODE, {"code": newest_code()})
    assert logged_in(other) not in (None, outsider), "it makes a new account"


def test_the_address_of_another_account_is_not_given_away(client_for, outsider):
    make_user(email="besetzt@example.org")
    client = client_for(outsider)
    seen = []
    for email in ("besetzt@example.org", "freie@example.org"):
        answer = client.post(EMAIL, {"action": "address", "email": email}, follow=True)
        seen.append((answer.status_code, answer.redirect_chain, "Spam" in answer.content.decode()))
        assert OutboxMessage.objects.latest("pk").to == email
        client.post(EMAIL, {"action": "cancel"})
    assert seen[0] == seen[1]


def test_only_who_reads_the_mailbox_learns_that_an_address_is_taken(client_for, outsider):
    make_user(email="besetzt@example.org")
    client = client_for(outsider)
    client.post(EMAIL, {"action": "address", "email": "besetzt@example.org"})
    answer = client.post(EMAIL, {"code": newest_code()}, follow=True)
    assert "gibt es schon ein Konto" in answer.content.decode()
    outsider.refresh_from_db()
    assert outsider.email == "fremd@example.org"


def test_the_same_address_is_no_change(client_for, outsider):
    answer = client_for(outsider).post(EMAIL, {"action": "address", "email": "FREMD@example.org"})
    assert "Das ist schon Ihre Adresse." in answer.content.decode()
    assert not OutboxMessage.objects.exists()


# --- The password ---------------------------------------------------------------------------------
def test_a_password_can_be_added_used_and_removed(client_for, outsider):
    client = client_for(outsider)
    other = client_for(outsider)
    client.post(PASSWORD, {"password": "Regen auf dem Dach"})
    outsider.refresh_from_db()
    assert outsider.check_password("Regen auf dem Dach")
    assert client.get(PROFILE).status_code == 200, "one stays logged in"
    assert other.get(PROFILE).status_code == 302, "everybody else does not"
    mail = OutboxMessage.objects.latest("pk")
    assert mail.to == outsider.email
    assert "Passwort" in mail.text_body
    assert "Regen" not in mail.text_body

    by_password = Client()
    answer = by_password.post(
        "/de/anmelden/passwort/", {"login": outsider.email, "password": "Regen auf dem Dach"}
    )
    assert answer.status_code == 302
    assert logged_in(by_password) == outsider

    client.post(PASSWORD, {"action": "remove"})
    outsider.refresh_from_db()
    assert not outsider.has_usable_password()
    assert client.get(PROFILE).status_code == 200


@pytest.mark.parametrize("password", ["", "kurz", "1q2w3e4r5t6y", "fremd@example.org", "x" * 300])
def test_a_weak_password_is_refused_and_not_shown(client_for, outsider, password):
    answer = client_for(outsider).post(PASSWORD, {"password": password})
    assert answer.status_code == 200
    assert "is-invalid" in answer.content.decode()
    if password:
        assert f'value="{password}"' not in answer.content.decode()
    outsider.refresh_from_db()
    assert not outsider.has_usable_password()


def test_guessing_a_password_is_stopped_in_any_spelling(client):
    make_user(email="ziel@example.org", password="Regen auf dem Dach")
    for number in range(6):
        email = "ziel@example.org" if number % 2 else "ZIEL@example.org"
        answer = client.post("/de/anmelden/passwort/", {"login": email, "password": "falsch"})
    assert "zu viele Versuche" in answer.content.decode()
    answer = client.post(
        "/de/anmelden/passwort/", {"login": "Ziel@example.org", "password": "Regen auf dem Dach"}
    )
    assert logged_in(client) is None


def test_mails_follow_the_language_of_the_account(client_for):
    user = make_user(email="leser@example.org", language="en")
    client = client_for(user)
    client.post("/de/konto/passwort/", {"password": "Regen auf dem Dach"})
    message = OutboxMessage.objects.get()
    assert message.language == "en"
    assert "/en/konto/" in message.text_body


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
            "Chrome, Linux",
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
            "Firefox, Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari, iPhone",
        ),
        ("curl/8.5.0", "Unbekanntes Gerät"),
        ("", "Unbekanntes Gerät"),
    ],
)
def test_devices_have_names(user_agent, name):
    assert device(user_agent) == name


def test_what_is_noted_of_a_log_in_goes_with_it(client_for, outsider):
    now = timezone.now()
    other = Client()
    ask(other, outsider.email)
    other.post(CODE, {"code": newest_code()})
    assert UserSession.objects.count() == 1
    with time_machine.travel(now + datetime.timedelta(days=2)):
        assert forget_ended_sessions() == {"sessions": 0}, "still logged in"
    Session.objects.all().delete()
    assert forget_ended_sessions() == {"sessions": 0}, "not yet"
    with time_machine.travel(now + datetime.timedelta(days=2)):
        assert forget_ended_sessions() == {"sessions": 1}


def test_a_password_left_empty_is_asked_for_in_plain_words(client, client_for, outsider):
    log_in = client.post("/de/anmelden/passwort/", {"login": outsider.email, "password": ""})
    own = client_for(outsider).post(PASSWORD, {"password": ""})
    for page in (log_in, own):
        assert "Bitte geben Sie das Passwort ein." in page.text
        assert "zwingend" not in page.text
