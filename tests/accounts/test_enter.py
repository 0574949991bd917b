"""The one way in: an address, a code, done; and what it does not tell."""

import datetime
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.codes import MINUTES, TRIES
from accounts.models import User
from core import limits
from core.models import OutboxMessage
from tests.factories import make_user

ENTER = "/de/anmelden/"
CODE = "/de/anmelden/code/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


def code_in(message: OutboxMessage) -> str:
    found = re.search(r"^\d{6}$", message.text_body, re.MULTILINE)
    assert found, ascii(message.text_body)
    return found[0]


def newest_code() -> str:
    return code_in(OutboxMessage.objects.latest("pk"))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def ask(client: Client, email: str, **data: str):
    return client.post(ENTER, {"email": email, **data})


def logged_in(client: Client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


def without_secrets(content: bytes) -> str:
    """A page without what differs each time: the token, the code typed, and the address itself."""
    personal = r'name="csrfmiddlewaretoken" value="\w+"|value="\d{6}"|\w+@example\.org'
    return re.sub(personal, "", content.decode())


# --- The way in -----------------------------------------------------------------------------------
def test_a_new_address_gets_an_account_with_its_code(client):
    answer = ask(client, "neu@example.org")
    assert answer.status_code == 302
    assert answer["Location"] == CODE
    assert not User.objects.exists(), "nothing is kept before the mailbox is proved"
    page = client.get(CODE)
    assert "neu@example.org" in page.content.decode()
    assert 'autocomplete="one-time-code"' in page.content.decode()
    assert 'inputmode="numeric"' in page.content.decode()

    answer = client.post(CODE, {"code": newest_code()})

    assert answer.status_code == 302
    user = User.objects.get()
    assert logged_in(client) == user
    assert (user.email, user.language, user.is_staff) == ("neu@example.org", "de", False)
    assert not user.has_usable_password()
    assert user.emailaddress_set.get().verified


def test_a_known_address_comes_back_to_its_account(client):
    user = make_user(email="bekannt@example.org")
    ask(client, "Bekannt@Example.ORG ")
    client.post(CODE, {"code": newest_code()})
    assert logged_in(client) == user
    assert User.objects.count() == 1


@pytest.mark.parametrize("write", ["{0} {1}", " {0}{1} ", "{0}-{1}", "{0}\u00a0{1}"])
def test_a_code_may_be_typed_as_it_is_read(client, write):
    ask(client, "neu@example.org")
    code = newest_code()
    client.post(CODE, {"code": write.format(code[:3], code[3:])})
    assert logged_in(client)


def test_a_code_may_be_typed_in_arabic_digits(client):
    ask(client, "neu@example.org")
    client.post(CODE, {"code": newest_code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))})
    assert logged_in(client)


def test_known_and_unknown_addresses_get_the_same_answers_and_mails():
    make_user(email="bekannt@example.org", name="Bekannte Person")
    make_user(email="gesperrt@example.org", is_active=False)
    seen = []
    for email in ("bekannt@example.org", "unbekannt@example.org", "gesperrt@example.org"):
        client = Client()
        asked = ask(client, email)
        page = client.get(CODE)
        message = OutboxMessage.objects.latest("pk")
        assert message.to == email
        assert message.confidential
        failed = client.post(CODE, {"code": wrong(code_in(message))})
        again = client.post(CODE, {"action": "resend"}, follow=True)
        seen.append(
            [
                (asked.status_code, asked["Location"], without_secrets(asked.content)),
                (page.status_code, without_secrets(page.content)),
                (message.subject, re.sub(r"\d{6}", "", message.text_body), message.language),
                (failed.status_code, without_secrets(failed.content)),
                (again.status_code, without_secrets(again.content)),
            ]
        )
    assert seen[0] == seen[1] == seen[2]
    assert OutboxMessage.objects.count() == 6


def test_known_and_unknown_addresses_cost_the_same_queries():
    make_user(email="bekannt@example.org")
    asked = []
    for email in ("bekannt@example.org", "unbekannt@example.org"):
        with CaptureQueriesContext(connection) as queries:
            ask(Client(), email)
        asked.append(
            [
                query["sql"][:40]
                for query in queries
                if not re.search(r"core_cache|SAVEPOINT|advisory_xact_lock", query["sql"])
            ]
        )
    assert asked[0] == asked[1]
    assert len(asked[0]) < 10


def test_a_blocked_account_is_told_so_only_after_the_code(client):
    make_user(email="gesperrt@example.org", is_active=False)
    ask(client, "gesperrt@example.org")
    answer = client.post(CODE, {"code": newest_code()}, follow=True)
    assert "Dieses Konto ist gesperrt" in answer.content.decode()
    assert logged_in(client) is None


@pytest.mark.parametrize(
    "email",
    [
        "",
        "kein-at",
        "a@b",
        "zwei@example.org, drei@example.org",
        "ſ@example.org",
        "a\x00@example.org",
        "a@example.org\nBcc: b@example.org",
        "x" * 250 + "@example.org",
    ],
)
def test_what_is_no_address_is_kept_and_explained(client, email):
    answer = ask(client, email)
    assert answer.status_code == 200
    assert "Bitte geben Sie" in answer.content.decode()
    assert not OutboxMessage.objects.exists()


# --- Wrong, old, used -----------------------------------------------------------------------------
def test_after_five_wrong_codes_even_the_right_one_is_refused(client):
    ask(client, "neu@example.org")
    code = newest_code()
    for _ in range(TRIES):
        answer = client.post(CODE, {"code": wrong(code)})
        assert answer.status_code == 200
        assert wrong(code) in answer.content.decode(), "what was typed is still there"
    assert "zu oft falsch" in answer.content.decode()

    answer = client.post(CODE, {"code": code})

    assert "zu oft falsch" in answer.content.decode()
    assert logged_in(client) is None
    assert not User.objects.exists()
    # The way on: a new code for the same address.
    client.post(CODE, {"action": "resend"})
    client.post(CODE, {"code": newest_code()})
    assert logged_in(client).email == "neu@example.org"


def test_what_is_no_code_costs_no_try(client):
    ask(client, "neu@example.org")
    for typed in ("", "12345", "1234567", "abcdef", "<script>"):
        answer = client.post(CODE, {"code": typed})
        assert answer.status_code == 200
    assert "sechs Ziffern" in answer.content.decode()
    client.post(CODE, {"code": newest_code()})
    assert logged_in(client)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", "Dieser Code gilt nicht mehr. Bitte fordern Sie einen neuen Code an."),
        ("en", "This code is no longer valid. Please ask for a new code."),
        ("ar", "لم يعد هذا الرمز صالحًا. يُرجى طلب رمز جديد."),
    ],
)
def test_an_old_code_is_refused_with_a_way_on(client, language, told):
    page = CODE.replace("/de/", f"/{language}/")
    ask(client, "neu@example.org")
    code = newest_code()
    with time_machine.travel(
        datetime.datetime.now() + datetime.timedelta(minutes=MINUTES, seconds=1)
    ):
        answer = client.post(page, {"code": code})
        assert told in answer.content.decode()
        assert logged_in(client) is None
        client.post(page, {"action": "resend"})
        client.post(page, {"code": newest_code()})
        assert logged_in(client)


def test_a_used_code_is_worth_nothing(client):
    ask(client, "neu@example.org")
    code = newest_code()
    client.post(CODE, {"code": code})
    client.post("/de/abmelden/")
    answer = client.post(CODE, {"code": code}, follow=True)
    assert logged_in(client) is None
    assert "Hier wartet kein Code" in answer.content.decode()
    assert answer.redirect_chain[-1][0] == ENTER


def test_a_code_is_worth_nothing_in_another_browser(client):
    ask(client, "neu@example.org")
    stranger = Client()
    stranger.post(CODE, {"code": newest_code()})
    assert logged_in(stranger) is None


def test_only_the_newest_code_counts(client):
    ask(client, "neu@example.org")
    old = newest_code()
    client.post(CODE, {"action": "resend"})
    new = newest_code()
    if old != new:
        client.post(CODE, {"code": old})
        assert logged_in(client) is None
    client.post(CODE, {"code": new})
    assert logged_in(client)


def test_neither_session_nor_database_tells_the_code(client):
    ask(client, "neu@example.org")
    assert newest_code() not in str(dict(client.session.items()))


@pytest.mark.django_db(transaction=True)
def test_the_same_code_sent_twice_at_once_makes_one_account(client):
    ask(client, "neu@example.org")
    code, start = newest_code(), threading.Barrier(2)

    def send(_number: int) -> int:
        twin = Client()
        twin.cookies = client.cookies.copy()
        start.wait()
        try:
            return twin.post(CODE, {"code": code}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(send, range(2))) == [302, 302]
    assert User.objects.count() == 1


# --- Limits ---------------------------------------------------------------------------------------
def test_nobody_can_be_flooded_however_the_address_is_written():
    answers = []
    for number in range(8):
        email = "opfer@example.org" if number % 2 else " OPFER@Example.org"
        answer = ask(Client(REMOTE_ADDR=f"192.0.2.{number}"), email)
        answers.append((answer.status_code, answer["Location"]))
    assert OutboxMessage.objects.filter(to="opfer@example.org").count() == 5
    assert len(set(answers)) == 1, "the limit does not show"


def test_the_last_code_still_counts_when_no_more_are_sent(client):
    for _ in range(7):
        ask(client, "neu@example.org")
    assert OutboxMessage.objects.count() == 5
    answer = client.post(CODE, {"action": "resend"}, follow=True)
    assert "schon mehrere Codes" in answer.content.decode()
    assert OutboxMessage.objects.count() == 5
    client.post(CODE, {"code": newest_code()})
    assert logged_in(client)


def test_without_a_code_no_code_fits(client):
    for _ in range(6):
        ask(Client(), "opfer@example.org")
    ask(client, "opfer@example.org")
    answer = client.post(CODE, {"code": newest_code()})
    assert "nicht richtig" in answer.content.decode()
    assert logged_in(client) is None


def test_one_network_cannot_send_without_end(client):
    for number in range(40):
        assert ask(client, f"person{number}@example.org").status_code == 302
    answer = ask(client, "person41@example.org")
    assert answer.status_code == 429
    assert "person41@example.org" in answer.content.decode()
    assert "in einer Stunde" in answer.content.decode()
    assert OutboxMessage.objects.count() == 40


def test_many_networks_together_do_not_send_without_end(client, monkeypatch):
    """Known or not, everybody reads the same; who has a password or a passkey still gets in."""
    monkeypatch.setitem(limits.LIMITS, "login_codes_in_all", (limits.Limit(3, limits.HOUR),))
    make_user(email="bekannt@example.org")
    for number in range(3):
        other = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert ask(other, f"person{number}@example.org").status_code == 302
    texts = []
    for email in ("bekannt@example.org", "unbekannt@example.org"):
        answer = ask(client, email)
        assert answer.status_code == 429
        assert f'value="{email}"' in answer.text
        texts.append(answer.context["form"].non_field_errors())
    assert texts[0] == texts[1]
    assert "sehr viele Menschen einen Code" in str(texts[0])
    # A code that was sent before still counts, and a new one is refused in the same words.
    answer = other.post(CODE, {"action": "resend"}, follow=True)
    assert "sehr viele Menschen einen Code" in answer.text
    other.post(CODE, {"code": newest_code()})
    assert logged_in(other).email == "person2@example.org"
    assert OutboxMessage.objects.count() == 3


def test_who_is_logged_in_is_not_held_up_by_strangers(client_for, outsider, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "login_codes_in_all", (limits.Limit(0, limits.HOUR),))
    client = client_for(outsider)
    client.post(reverse("accounts:confirm"), {"action": "resend"})
    assert OutboxMessage.objects.get().to == outsider.email


def test_many_tries_at_once_are_stopped_whatever_the_session_says(client):
    """Requests sent at the same moment all find the session as it was before the first try."""
    ask(client, "opfer@example.org")
    before = dict(client.session.items())
    statuses = []
    for number in range(12):
        session = client.session
        session.update(before)
        session.save()
        statuses.append(client.post(CODE, {"code": f"{number:06d}"}).status_code)
    assert statuses == [200] * 10 + [429] * 2


def test_nobody_can_use_up_the_tries_of_somebody_else(client):
    """Guessing at an address is bounded by its codes; who reads the mailbox still gets in."""
    for _ in range(3):
        other = Client()
        ask(other, "opfer@example.org")
        for number in range(6):
            other.post(CODE, {"code": f"{number:06d}"})
    ask(client, "opfer@example.org")
    client.post(CODE, {"code": newest_code()})
    assert logged_in(client).email == "opfer@example.org"


# --- Where to next --------------------------------------------------------------------------------
@pytest.mark.parametrize("next_path", ["/de/konto/", "/de/konto/?a=1"])
def test_the_way_leads_on_to_where_one_wanted(client, next_path):
    page = client.get(ENTER, {"next": next_path})
    assert f'value="{next_path}"' in page.content.decode()
    ask(client, "neu@example.org", next=next_path)
    answer = client.post(CODE, {"code": newest_code()})
    assert answer["Location"] == next_path


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
        "http:///evil.example",
        "/%0d%0aX: y" + "x" * 3000,
        "konto/",
    ],
)
def test_the_way_never_leads_off_the_site(client, target):
    ask(client, "neu@example.org", next=target)
    answer = client.post(CODE, {"code": newest_code()})
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert answer["Location"].startswith("/de/")
    assert client.get(ENTER, {"next": target})["Location"].startswith("/de/")


def test_who_is_logged_in_need_not_enter(client_for, outsider):
    assert client_for(outsider).get(ENTER, {"next": "/de/konto/"})["Location"] == "/de/konto/"


# --- Languages ------------------------------------------------------------------------------------
def test_a_new_account_keeps_the_language_of_the_page(client):
    client.post("/ar/anmelden/", {"email": "neu@example.org"})
    assert OutboxMessage.objects.get().language == "ar"
    client.post("/ar/anmelden/code/", {"code": newest_code()})
    assert User.objects.get().language == "ar"


def test_a_known_person_gets_mails_in_their_own_language(client):
    make_user(email="bekannt@example.org", language="en")
    ask(client, "bekannt@example.org")
    message = OutboxMessage.objects.get()
    assert message.language == "en"
    assert "/en/anmelden/code/" in message.text_body
    answer = client.post(CODE, {"code": newest_code()})
    assert answer["Location"].startswith("/de/"), "the page stays in the language of the reader"


# --- No second way --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "login/",
        "login/code/",
        "email/",
        "password/reset/",
        "confirm-email/",
        "registrieren/",
    ],
)
def test_allauths_other_ways_in_do_not_exist(client, path):
    assert client.get(f"/de/konto/{path}").status_code == 404


def test_every_page_of_the_way_in_is_personal(client):
    assert "no-store" in client.get(ENTER)["Cache-Control"]
    ask(client, "neu@example.org")
    assert "no-store" in client.get(CODE)["Cache-Control"]


def test_password_and_unknown_address_fail_alike(client):
    make_user(email="bekannt@example.org", password="ein langer Satz als Passwort")
    with translation.override("de"):
        url = reverse("account_login")
    texts = []
    for email in ("bekannt@example.org", "unbekannt@example.org"):
        answer = client.post(url, {"login": email, "password": "falsch"})
        texts.append((answer.status_code, without_secrets(answer.content)))
        assert "E-Mail-Adresse oder Passwort sind nicht richtig." in answer.content.decode()
    assert texts[0] == texts[1]
    client.post(url, {"login": "BEKANNT@example.org", "password": "ein langer Satz als Passwort"})
    assert logged_in(client)
