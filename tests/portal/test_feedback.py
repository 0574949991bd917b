import datetime
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services as accounts
from core import limits
from core.models import OutboxMessage
from portal import services
from portal.models import Feedback
from tests.factories import make_feedback, make_network


@pytest.fixture(autouse=True)
def profile(db):
    make_network()
    cache.clear()


def values(**changes: str) -> dict[str, str]:
    return {
        "text": "Ich komme mit der Tastatur nicht zur Karte.",
        "page": "/de/organisationen/",
        "name": "Ada",
        "email": "ada@example.org",
        "creation_key": str(uuid.uuid4()),
    } | changes


def send(**changes: str):
    return Client().post(reverse("portal:feedback"), values(**changes))


def test_the_form_knows_the_page_somebody_comes_from():
    html = Client().get(reverse("portal:feedback") + "?seite=/de/karte/").content.decode()
    assert 'value="/de/karte/"' in html


def test_every_page_leads_to_the_form_and_says_which_it_is():
    address = reverse("portal:easy_language")
    html = Client().get(address).content.decode()
    assert f'href="{reverse("portal:feedback")}?seite={address}"' in html


def test_a_message_is_kept_and_the_team_is_told(officer):
    response = send()
    assert response.headers["Location"] == reverse("portal:feedback_thanks")
    feedback = Feedback.objects.get()
    assert feedback.text == "Ich komme mit der Tastatur nicht zur Karte."
    assert feedback.language == "de"
    assert feedback.due_on == timezone.localdate() + datetime.timedelta(weeks=4)
    mail = OutboxMessage.objects.get()
    assert mail.to == officer.email
    assert "mit der Tastatur" in mail.text_body
    assert reverse("admin:portal_feedback_change", args=[feedback.pk]) in mail.text_body
    assert "ada@example.org" not in mail.text_body
    assert "vier Wochen" in Client().get(response.headers["Location"]).content.decode()


def test_only_the_message_is_needed():
    assert send(page="", name="", email="").status_code == 302
    assert Feedback.objects.count() == 1


def test_the_same_form_sent_twice_is_one_message(officer):
    key = str(uuid.uuid4())
    assert send(creation_key=key).status_code == 302
    assert send(creation_key=key).status_code == 302
    assert Feedback.objects.count() == 1
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": ""}, "Bitte schreiben Sie, was nicht funktioniert hat."),
        ({"text": "😀😀"}, "Zeichen und Emojis allein reichen nicht."),
        ({"text": "x" * 4001}, "4000"),
        ({"email": "keine-adresse"}, "gültige E-Mail-Adresse"),
        ({"creation_key": "kaputt"}, "UUID"),
    ],
)
def test_what_is_refused_is_explained_and_nothing_is_lost(changes, message):
    response = send(**changes)
    html = response.content.decode()
    assert response.status_code == 200
    assert message in html
    assert 'value="Ada"' in html
    assert not Feedback.objects.exists()


def test_invisible_tricks_are_taken_out():
    send(text="Alles\u202e gut\x00")
    assert Feedback.objects.get().text == "Alles gut"


def test_nobody_can_flood_the_team(officer):
    for _number in range(5):
        assert send().status_code == 302
    response = send(text="Noch eine")
    assert response.status_code == 429
    assert "Noch eine" in response.content.decode()
    assert Feedback.objects.count() == 5


def test_many_messages_close_the_form_to_nobody(officer, monkeypatch):
    """Whoever writes from many networks fills the team's desk at most, not its mailbox."""
    monkeypatch.setitem(limits.LIMITS, "mails_about_feedback", (limits.Limit(2, limits.HOUR),))
    for number in range(4):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        answer = client.post(reverse("portal:feedback"), values(text=f"Barriere {number}"))
        assert answer.status_code == 302
    assert Feedback.objects.count() == 4
    assert OutboxMessage.objects.count() == 2


def test_answered_feedback_is_forgotten_after_a_year():
    now = timezone.now()
    make_feedback(text="alt", answered_at=now - datetime.timedelta(days=366))
    make_feedback(text="neu", answered_at=now - datetime.timedelta(days=300))
    make_feedback(text="offen")
    assert services.forget_answered_feedback() == {"feedback deleted": 1}
    assert set(Feedback.objects.values_list("text", flat=True)) == {"neu", "offen"}
    assert services.forget_answered_feedback() == {"feedback deleted": 0}


def test_a_person_gets_their_feedback_and_is_forgotten_with_their_account(outsider):
    make_feedback(text="Von mir", name="Ferda", email=outsider.email.upper())
    make_feedback(text="Von wem anders", email="ada@example.org")
    (section,) = services.feedback_of(outsider)
    assert [entry["text"] for entry in section.plain] == ["Von mir"]
    accounts.erase(outsider)
    assert list(Feedback.objects.order_by("pk").values_list("text", "name", "email")) == [
        ("Von mir", "", ""),
        ("Von wem anders", "", "ada@example.org"),
    ]
