"""The mailbox of development."""

import pytest
from django.db import transaction
from django.urls import reverse

from core import mail, mailbox


@pytest.fixture
def message(db, network):
    return queue(0)


def queue(number: int, text: str = "Ihr Code: 123456\nhttp://localhost:8000/de/konto/"):
    with transaction.atomic():
        return mail.queue_mail(
            key=f"test:{number}",
            to="anna@example.org",
            mail="test",
            language="de",
            context={},
            confidential=True,
            subject_body=(f"Betreff {number} <b>", text),
        )


def test_every_mail_can_be_read_with_its_links(client, message):
    page = client.get(reverse("core:mailbox")).content.decode()
    assert "Betreff 0 &lt;b&gt;" in page
    assert "anna@example.org" in page
    assert "123456" in page
    assert '<a href="http://localhost:8000/de/konto/"' in page


def test_the_newest_stands_on_top_page_by_page(client, message, django_assert_max_num_queries):
    for number in range(1, 31):
        queue(number)
    with django_assert_max_num_queries(6):
        page = client.get(reverse("core:mailbox")).content.decode()
    assert page.index("Betreff 30 ") < page.index("Betreff 21 ")
    assert "Betreff 20 " not in page
    assert "Betreff 20 " in client.get(reverse("core:mailbox"), {"seite": 2}).content.decode()
    assert client.get(reverse("core:mailbox"), {"seite": "viele"}).status_code == 200


def test_a_mail_is_shown_as_a_mail_program_does_and_can_do_nothing(client, message):
    response = client.get(reverse("core:mailbox_html", args=[message.pk]))
    assert '<base target="_top">' in response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_markup_in_a_mail_stays_text(client, db, network):
    queue(1, text="<script>alert(1)</script> <img src=x onerror=alert(1)>")
    page = client.get(reverse("core:mailbox")).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_other_apps_can_put_a_box_on_top(client, message, monkeypatch):
    monkeypatch.setattr(
        mailbox,
        "boxes",
        [
            lambda request: mailbox.Box("Codes", [("amt@example.org", "654321")]),
            lambda request: None,
        ],
    )
    page = client.get(reverse("core:mailbox")).content.decode()
    assert page.index("654321") < page.index("123456")


def test_an_empty_mailbox_says_so(client, db, network):
    assert "Noch keine E-Mail" in client.get(reverse("core:mailbox")).content.decode()


def test_production_has_no_such_page(client, message, settings):
    settings.TESTING = settings.DEBUG = False
    for address in (
        reverse("core:mailbox"),
        reverse("core:mailbox_html", args=[message.pk]),
    ):
        response = client.get(address)
        assert response.status_code == 404
        assert "123456" not in response.content.decode()
