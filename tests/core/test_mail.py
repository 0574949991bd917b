"""Writing mails: what goes into the outbox, in which language, and what cannot get in."""

import datetime
import time
from email.message import EmailMessage

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.transaction import TransactionManagementError

from core import mail
from core.models import OutboxMessage


@pytest.fixture
def templates(settings, tmp_path):
    """Give the test a template `emails/test/greeting_….txt` of its own."""
    folder = tmp_path / "templates" / "emails" / "test"
    folder.mkdir(parents=True)
    (folder / "greeting_subject.txt").write_text("Hallo\n{{ name }}\n")
    (folder / "greeting_message.txt").write_text(
        "{% load i18n %}Guten Tag {{ name }},\n\n\n\n"
        '{% get_current_language as code %}{{ code }} & "{{ day|date:"j.n." }}"\n{{ link }}\n'
    )
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path / "templates", *engine["DIRS"]]}]


def queue(**values):
    given = {
        "key": "test:1",
        "to": "anna@example.org",
        "mail": "test/greeting",
        "language": "de",
        "context": {"name": "Anna", "day": datetime.date(2026, 11, 22)},
    }
    return mail.queue_mail(**given | values)


def test_a_mail_is_written_in_text_and_html_with_what_one_can_do(db, templates):
    message = queue(action=("Ansehen", "/en/meine-organisationen/7/"))
    assert (message.state, message.to, message.subject) == (
        "queued",
        "anna@example.org",
        "Hallo Anna",
    )
    assert message.text_body.startswith('Guten Tag Anna,\n\nde & "22.11."')
    assert "Ansehen:\nhttp://localhost:8000/de/meine-organisationen/7/" in message.text_body
    assert 'href="http://localhost:8000/de/meine-organisationen/7/">Ansehen</a>' in (
        message.html_body
    )
    assert "de &amp; &quot;22.11.&quot;" in message.html_body
    assert '<html lang="de" dir="ltr">' in message.html_body


def test_a_mail_is_in_the_readers_language_and_direction(db, templates):
    message = queue(language="ar", action=("اذهب", "/de/konto/"))
    assert "\nar &" in message.text_body
    assert "http://localhost:8000/ar/konto/" in message.text_body
    assert '<html lang="ar" dir="rtl">' in message.html_body


def test_numbers_keep_their_order_among_arabic_words(db, templates, monkeypatch):
    """A reader of Arabic must not get the code 123 456 as 456 123."""
    monkeypatch.setattr(mail, "signatures", [lambda: ["+49 7222 381"]])
    name = {"name": "123 456", "day": None}
    message = queue(language="ar", context=name)
    assert "123\u00a0456" in message.text_body
    assert "\u200e+49\u00a07222\u00a0381" in message.text_body
    assert "123\u00a0456" in message.html_body
    message = queue(key="test:3", language="ar", context=name | {"name": "030 2312-5101"})
    assert "\u200e030\u00a02312-5101" in message.text_body
    message = queue(key="test:2", language="de", context=name)
    assert "123 456" in message.text_body
    assert "\n+49 7222 381\n" in message.text_body


def test_an_unknown_language_falls_back_to_german(db, templates):
    assert queue(language="tlh").language == "de"


def test_the_same_key_again_gives_the_mail_there_is(db, templates):
    first = queue()
    second = queue(context={"name": "Berta", "day": None})
    assert second.pk == first.pk
    assert OutboxMessage.objects.get().subject == "Hallo Anna"


def test_the_message_id_belongs_to_the_key_and_the_site(db, templates):
    ids = [queue(key=key).message_id for key in ("a", "b", "a")]
    assert ids[0] == ids[2] != ids[1]
    assert ids[0].endswith("@localhost>")


@pytest.mark.django_db(transaction=True)
def test_a_mail_belongs_into_a_transaction_and_goes_with_it(templates):
    with pytest.raises(TransactionManagementError):
        queue()
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()


def test_a_name_cannot_carry_a_link_or_markup(db, templates):
    name = "Verein <b>https://evil.example/x</b> www.evil.example evil.example & Söhne"
    message = queue(context={"name": name, "day": None})
    for body in (message.subject, message.text_body, message.html_body):
        assert "https://evil" not in body
        assert "www.evil" not in body
        assert " evil.example" not in body
    assert "<b>" not in message.html_body
    assert "&amp; Söhne" in message.html_body
    assert "& Söhne" in message.text_body
    assert "href" not in message.html_body.partition("<footer>")[0].partition("<main>")[2]


@pytest.mark.parametrize(
    "text",
    ["z. B. Verein e.V.", "anna.berta@mail.example.org", "10.30 Uhr", "A.C.M.E.", "St. Georg"],
)
def test_plain_words_stay_as_they_are(text):
    assert mail.defuse(text) == text


@pytest.mark.parametrize(
    "text", ["evil.example/@x", "a@b.example/evil.example", "x@y@evil.example"]
)
def test_an_at_sign_does_not_make_a_link_an_address(text):
    assert mail.defuse(text) != text


@pytest.mark.parametrize("piece", ["aa.", "aa.@", "www.", "a:", "a-", "aa.aa@", "+49 ", "http:"])
def test_breaking_up_links_takes_no_longer_than_reading(piece):
    started = time.perf_counter()
    mail.defuse(piece * 20_000)
    assert time.perf_counter() - started < 20  # it would be many minutes


def test_an_address_of_the_portal_is_a_link(db, templates):
    address = "http://localhost:8000/de/einladung/abc/"
    message = queue(context={"name": "Anna", "day": None, "link": address})
    assert f'<a href="{address}">{address}</a>' in message.html_body


def test_an_address_of_the_portal_within_a_name_is_none(db, templates):
    message = queue(context={"name": "Klick http://localhost:8000/de/konto/", "day": None})
    assert "http://localhost:8000/de/konto/" not in message.html_body


def test_edited_text_is_used_as_it_stands(db):
    message = queue(subject_body=("Ihr\nAntrag", "Liebe Frau {{ name }},\r\n\r\n<i>schön</i>"))
    assert message.subject == "Ihr Antrag"
    assert message.text_body.startswith("Liebe Frau {{ name }},\n\n<i>schön</i>\n")
    assert "&lt;i&gt;schön&lt;/i&gt;" in message.html_body


@pytest.mark.parametrize(
    "to",
    [
        "",
        "anna",
        "anna@example.org\nBcc: b@example.org",
        "anna@example.org\r\n",
        "a\0nna@example.org",
        "anna@example.org, berta@example.org",
        " anna@example.org",
        "Anna <anna@example.org>",
        "anna\u202e@example.org",
        "anna@" + "x." * 124 + "example.org",
    ],
)
def test_what_is_no_address_is_refused(db, templates, to):
    with pytest.raises(ValidationError):
        queue(to=to)
    assert not OutboxMessage.objects.exists()


def test_templates_get_values_and_no_objects(db, templates, outsider):
    with pytest.raises(TypeError, match="User"):
        queue(context={"name": outsider})


def test_a_subject_cannot_add_headers(db, templates):
    message = queue(context={"name": "Anna\r\nBcc: berta@example.org", "day": None})
    assert message.subject == "Hallo Anna Bcc: berta@example.org"
    header = EmailMessage()
    header["Subject"] = message.subject


def test_signatures_stand_under_every_mail(db, templates, monkeypatch):
    monkeypatch.setattr(mail, "signatures", [lambda: ["Netz der Vereine", "Amtsweg 1 <b>"]])
    message = queue()
    assert "-- \nNetz der Vereine\nAmtsweg 1 <b>\nhttp://localhost:8000" in message.text_body
    assert "Netz der Vereine<br>" in message.html_body
    assert "Amtsweg 1 &lt;b&gt;<br>" in message.html_body


def draft(number: int, **values) -> mail.Draft:
    given = {
        "key": f"test:{number}",
        "to": f"person{number}@example.org",
        "mail": "test/greeting",
        "language": "de",
        "context": {"name": f"Person {number}", "day": datetime.date(2026, 11, 22)},
        "action": ("Ansehen", "/de/konto/"),
    }
    return mail.Draft(**given | values)


def test_many_mails_are_the_same_as_one_by_one(db, templates, django_assert_num_queries):
    one = queue(key="test:0", to="person0@example.org", action=("Ansehen", "/de/konto/"))
    drafts = [draft(number) for number in range(1, 30)]
    with django_assert_num_queries(4):  # what is there, who signs, all rows, their keys
        found = mail.queue_mails(drafts)
    assert set(found) == {f"test:{number}" for number in range(1, 30)}
    written = OutboxMessage.objects.get(key="test:7")
    for field in ("subject", "text_body", "html_body"):
        expected = getattr(one, field).replace("Anna", "Person 7")
        assert getattr(written, field) == expected
    assert (written.to, written.state) == ("person7@example.org", "queued")
    assert written.message_id != one.message_id


def test_of_many_mails_none_is_written_twice_and_none_if_one_cannot_be(db, templates):
    mail.queue_mails([draft(1), draft(2), draft(2)])
    again = mail.queue_mails([draft(2, context={}), draft(3)])
    assert set(again) == {"test:2", "test:3"}
    with pytest.raises(ValidationError):
        mail.queue_mails([draft(4), draft(5, to="keine Adresse")])
    assert OutboxMessage.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_many_mails_belong_into_a_transaction_too(templates):
    with pytest.raises(TransactionManagementError):
        mail.queue_mails([draft(1)])
