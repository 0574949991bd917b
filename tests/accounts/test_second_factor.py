"""Staff need a second factor, everywhere, in every session, and nobody gets past it."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import User
from core.models import OutboxMessage
from tests.accounts.test_enter import CODE, ask, logged_in, newest_code, wrong
from tests.factories import make_second_factor, make_user

OFFICE = "/de/verwaltung/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


def app_code(secret: str = SECRET, *, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def enter_by_code(client: Client, user: User):
    ask(client, user.email)
    return client.post(CODE, {"code": newest_code()})


@pytest.fixture
def newcomer(db) -> User:
    """On the team since today, without a second factor."""
    return make_user(email="neu-im-amt@example.org", name="Neu im Amt", is_staff=True)


@pytest.fixture
def colleague(db) -> User:
    """On the team, with an app whose secret the tests know, and a password."""
    user = make_user(
        email="kollegin@example.org",
        is_staff=True,
        is_superuser=True,
        password="ein langer Satz hier",
    )
    make_second_factor(user, secret=SECRET)
    return user


# --- Between the first and the second factor ------------------------------------------------------
def by_code(client: Client, user: User):
    return enter_by_code(client, user)


def by_password(client: Client, user: User):
    return client.post(
        "/de/anmelden/passwort/", {"login": user.email, "password": "ein langer Satz hier"}
    )


@pytest.mark.parametrize("first_factor", [by_code, by_password])
def test_nobody_is_logged_in_before_the_second_factor(client, colleague, first_factor):
    answer = first_factor(client, colleague)
    assert answer["Location"] == "/de/anmelden/zweiter-faktor/"
    assert "Passkey benutzen" not in client.get(answer["Location"]).content.decode(), "has none"
    for path in (OFFICE, "/de/konto/", "/de/konto/daten/", "/de/konto/loeschen/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/de/anmelden/?next=")
    assert logged_in(client) is None

    answer = client.post("/de/anmelden/zweiter-faktor/", {"code": wrong(app_code())})
    assert "nicht richtig" in answer.content.decode()
    assert logged_in(client) is None

    code = app_code()
    answer = client.post("/de/anmelden/zweiter-faktor/", {"code": f"{code[:3]} {code[3:]}"})
    assert answer["Location"] == OFFICE
    assert logged_in(client) == colleague
    assert client.get(OFFICE).status_code == 200


def test_the_way_leads_on_after_the_second_factor(client, colleague):
    ask(client, colleague.email, next="/de/verwaltung/accounts/user/")
    client.post(CODE, {"code": newest_code()})
    answer = client.post("/de/anmelden/zweiter-faktor/", {"code": app_code()})
    assert answer["Location"] == "/de/verwaltung/accounts/user/"


def test_a_code_from_the_app_counts_once_as_long_as_it_is_good(client, colleague):
    code = app_code()
    enter_by_code(client, colleague)
    client.post("/de/anmelden/zweiter-faktor/", {"code": code})
    assert logged_in(client)
    cache.delete(f"allauth.mfa.totp.used?user={colleague.pk}&code={code}")  # allauth forgets early

    thief = Client()
    enter_by_code(thief, colleague)
    answer = thief.post("/de/anmelden/zweiter-faktor/", {"code": code})
    assert "nicht richtig" in answer.content.decode()
    assert logged_in(thief) is None


def test_guessing_the_second_factor_is_stopped(client, colleague):
    enter_by_code(client, colleague)
    for _ in range(5):
        client.post("/de/anmelden/zweiter-faktor/", {"code": wrong(app_code())})
    answer = client.post("/de/anmelden/zweiter-faktor/", {"code": app_code()})
    assert "zu viele Versuche" in answer.content.decode()
    assert logged_in(client) is None


def test_a_recovery_code_opens_once(client, colleague):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    spare = RecoveryCodes.activate(colleague).get_unused_codes()[0]
    enter_by_code(client, colleague)
    client.post("/de/anmelden/zweiter-faktor/", {"code": spare})
    assert logged_in(client) == colleague
    thief = Client()
    enter_by_code(thief, colleague)
    thief.post("/de/anmelden/zweiter-faktor/", {"code": spare})
    assert logged_in(thief) is None


# --- Staff without one ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        OFFICE,
        "/de/verwaltung/accounts/user/",
        "/de/konto/",
        "/de/konto/daten/",
        "/de/",
        "/de/organisationen/",
    ],
)
def test_staff_without_a_second_factor_are_led_to_it_from_every_page(client, newcomer, path):
    enter_by_code(client, newcomer)
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == "/de/konto/zweiter-faktor/"
    assert client.post(path)["Location"] == "/de/konto/zweiter-faktor/"


def test_the_law_stays_readable_and_the_way_out_open(client, newcomer, network):
    enter_by_code(client, newcomer)
    assert client.get("/de/impressum/").status_code == 200
    assert client.get("/de/datenschutz/").status_code == 200
    client.post("/de/abmelden/")
    assert logged_in(client) is None


@pytest.mark.django_db(transaction=True)
def test_staff_set_up_the_app_and_are_in(client, newcomer):
    enter_by_code(client, newcomer)
    page = client.get("/de/konto/zweiter-faktor/").content.decode()
    assert "Bitte zuerst den zweiten Faktor einrichten" in page
    page = client.get("/de/konto/zweiter-faktor/app/")
    assert page.status_code == 200, "the log-in was a moment ago, no further proof is asked"
    assert "data:image/svg+xml;base64," in page.content.decode()
    assert "style=" not in page.content.decode()
    secret = re.search(r'<code class="secret"[^>]*>(\w+)</code>', page.content.decode())[1]

    answer = client.post("/de/konto/zweiter-faktor/app/", {"code": wrong(app_code(secret))})
    assert "nicht richtig" in answer.content.decode()
    answer = client.post("/de/konto/zweiter-faktor/app/", {"code": app_code(secret)})

    assert answer["Location"] == "/de/konto/ersatzcodes/"
    page = client.get("/de/konto/ersatzcodes/").content.decode()
    assert len(re.findall(r"<code>\d{8}</code>", page)) == 10
    assert client.get(OFFICE).status_code == 200
    mail = OutboxMessage.objects.filter(mail="accounts/security").latest("pk")
    assert mail.to == newcomer.email
    assert "App" in mail.text_body
    stored = Authenticator.objects.get(user=newcomer, type="totp").data["secret"]
    assert secret not in stored, "a backup does not tell the secret"


def test_a_session_from_before_must_show_the_new_factor(client, newcomer):
    """Logged in by a code alone here, the factor set up elsewhere."""
    enter_by_code(client, newcomer)
    make_second_factor(newcomer, secret=SECRET)
    answer = client.get(OFFICE)
    assert answer["Location"] == "/de/konto/bestaetigen/zweiter-faktor/?next=/de/verwaltung/"
    # A fresh code by mail does not help, and neither can the factor be removed or read.
    for path in ("app/entfernen/",):
        assert (
            client.post(f"/de/konto/zweiter-faktor/{path}")["Location"].startswith(
                "/de/konto/zweiter-faktor/"
            )
            or client.post(f"/de/konto/zweiter-faktor/{path}").status_code == 302
        )
    assert client.get("/de/konto/bestaetigen/")["Location"].startswith(
        "/de/konto/bestaetigen/zweiter-faktor/"
    )
    assert Authenticator.objects.filter(user=newcomer).exists()
    answer = client.post(answer["Location"], {"code": app_code()})
    assert answer["Location"] == OFFICE
    assert client.get(OFFICE).status_code == 200


def test_staff_cannot_remove_their_last_factor(client, colleague):
    enter_by_code(client, colleague)
    client.post("/de/anmelden/zweiter-faktor/", {"code": app_code()})
    page = client.get("/de/konto/zweiter-faktor/app/entfernen/").content.decode()
    assert "Richten Sie erst einen Passkey ein" in page
    client.post("/de/konto/zweiter-faktor/app/entfernen/")
    assert Authenticator.objects.filter(user=colleague, type="totp").exists()


# --- The office -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    ["", "login/", "logout/", "password_change/", "jsi18n/", "accounts/user/", "gibt-es-nicht/"],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_to_others_the_office_does_not_exist(client_for, outsider, path, method):
    assert getattr(client_for(outsider), method)(f"{OFFICE}{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "login/", "accounts/user/", "password_change/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_are_led_to_the_one_way_in(client, path, method):
    answer = getattr(client, method)(f"{OFFICE}{path}")
    assert answer.status_code == 302
    assert answer["Location"] == f"/de/anmelden/?next={OFFICE}{path}"


def test_the_office_asks_for_no_password_of_its_own(client_for, administrator):
    client = client_for(administrator)
    assert client.get(f"{OFFICE}login/")["Location"] == OFFICE
    assert client.get(f"{OFFICE}password_change/")["Location"] == "/de/konto/passwort/"


# --- Everybody's choice ---------------------------------------------------------------------------
def old_session(client_for, user: User) -> Client:
    """Logged in for longer than a proof counts."""
    client = client_for(user)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 60 * 60
    session.save()
    return client


PROTECTED = [
    "accounts:email",
    "accounts:password",
    "accounts:erase",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_generate_recovery_codes",
]


@pytest.mark.parametrize("name", PROTECTED)
def test_what_changes_the_log_in_needs_a_fresh_proof(client_for, outsider, name):
    client = old_session(client_for, outsider)
    url = reverse(name)
    answer = client.get(url)
    assert answer["Location"] == f"/de/konto/bestaetigen/?next={url}"
    page = client.get(answer["Location"])
    assert not OutboxMessage.objects.exists(), "opening a page sends nothing"
    assert "Code schicken" in page.content.decode()
    client.post(answer["Location"], {"action": "resend", "next": url})
    failed = client.post(answer["Location"], {"code": wrong(newest_code()), "next": url})
    assert "nicht richtig" in failed.content.decode()
    answer = client.post(answer["Location"], {"code": newest_code(), "next": url})
    assert answer["Location"] == url
    # Recovery codes can be asked for, but there are none without a factor; all others open.
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("name", PROTECTED)
def test_a_code_by_mail_cannot_touch_an_account_with_a_second_factor(client_for, outsider, name):
    make_second_factor(outsider, secret=SECRET)
    client = old_session(client_for, outsider)
    url = reverse(name)
    answer = client.get(url)
    assert answer["Location"].startswith("/de/konto/bestaetigen/zweiter-faktor/")
    client.post("/de/konto/bestaetigen/", {"action": "resend"})
    assert not OutboxMessage.objects.exists()
    client.post(answer["Location"], {"code": app_code()})
    assert client.get(url).get("Location", "") in ("", "/de/konto/zweiter-faktor/app/entfernen/")


def test_a_password_cannot_either(client_for):
    user = make_user(email="mit@example.org", password="ein langer Satz hier")
    make_second_factor(user, secret=SECRET)
    client = old_session(client_for, user)
    answer = client.post("/de/konto/bestaetigen/passwort/", {"password": "ein langer Satz hier"})
    assert answer["Location"].startswith("/de/konto/bestaetigen/zweiter-faktor/")
    assert client.get("/de/konto/passwort/").status_code == 302


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/de/konto/bestaetigen/zweiter-faktor/", "den Code ein, den Ihre App jetzt zeigt"),
        ("/de/konto/bestaetigen/passkey/", "mit Ihrem Passkey"),
    ],
)
def test_every_way_to_prove_who_one_is_offers_the_others_and_leads_back(
    client_for, colleague, monkeypatch, path, asked
):
    passkey = Authenticator.Type.WEBAUTHN
    Authenticator.objects.create(user=colleague, type=passkey, data={"name": "Telefon"})
    # Only a real device makes a real key; here nobody is asked to use it.
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.get_credentials", lambda user: [])
    page = old_session(client_for, colleague).get(f"{path}?next=/de/konto/").content.decode()
    assert "Sind Sie es?" in page
    assert asked in page
    assert f'action="{path}"' in page
    assert '<input type="hidden" name="next" value="/de/konto/">' in page
    assert "Anders bestätigen" in page


def test_what_was_sent_too_late_waits_without_secrets(client_for, outsider):
    client = old_session(client_for, outsider)
    client.post("/de/konto/passwort/", {"password": "Regen auf dem Dach"})
    assert "Regen" not in str(dict(client.session.items()))
    answer = client.post("/de/konto/e-mail/", {"action": "address", "email": "neu@example.org"})
    confirm = answer["Location"]
    client.post(confirm, {"action": "resend", "next": "/de/konto/e-mail/"})
    client.post(confirm, {"code": newest_code(), "next": "/de/konto/e-mail/"})
    page = client.get("/de/konto/e-mail/").content.decode()
    assert 'value="neu@example.org"' in page
    assert "Ihre Eingaben sind noch da" in page
    outsider.refresh_from_db()
    assert outsider.email == "fremd@example.org"
    assert not outsider.has_usable_password()


def test_people_without_a_team_may_remove_their_app(client_for, outsider):
    make_second_factor(outsider, secret=SECRET)
    client = client_for(outsider)
    client.post("/de/konto/bestaetigen/zweiter-faktor/", {"code": app_code()})
    client.post("/de/konto/zweiter-faktor/app/entfernen/")
    assert not Authenticator.objects.filter(user=outsider).exists()
    assert "App" in OutboxMessage.objects.latest("pk").text_body


def test_one_can_log_out_everywhere_else(client, outsider):
    other = Client()
    enter_by_code(other, outsider)
    enter_by_code(client, outsider)
    page = client.get("/de/konto/sitzungen/").content.decode()
    assert page.count("Angemeldet am") == 2
    client.post("/de/konto/sitzungen/")
    assert logged_in(client) == outsider
    assert other.get("/de/konto/")["Location"].startswith("/de/anmelden/")


def test_the_demonstration_gets_its_app_by_a_service(newcomer):
    secret = services.enrol_totp(newcomer, SECRET)
    assert services.enrol_totp(newcomer) == secret == SECRET
    assert Authenticator.objects.filter(user=newcomer).count() == 1
