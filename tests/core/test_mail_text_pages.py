"""The pages on which the officer changes what the mails say."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import limits, mail
from core.mail_kinds import kinds
from core.models import MailText, OutboxMessage

LIST = "admin:core_mailtext_changelist"
GOOD = {"subject": "Willkommen, {Organisation}", "body": "Liebe Leute,\n\n{unterschrift}"}


def address(page: str = "edit", mail: str = "organisations/admitted", language: str = "de") -> str:
    return reverse(f"admin:core_mailtext_{page}", args=[*mail.split("/"), language])


@pytest.fixture
def desk(officer, client_for):
    return client_for(officer)


def send(client, button: str = "_save", **values) -> str:
    seen = re.search(r'name="seen" value="(\w+)"', client.get(address()).content.decode())[1]
    given = GOOD | {"seen": seen, button: "1"} | values
    return client.post(address(), given, follow=True).content.decode()


def test_every_mail_is_listed_with_what_it_is_for(desk, django_assert_num_queries):
    with CaptureQueriesContext(connection) as before:
        shown = desk.get(reverse(LIST)).content.decode()
    for kind in kinds.values():
        assert str(kind.purpose) in shown
        for language in ("de", "en", "ar"):
            assert f'href="{address(mail=kind.name, language=language)}"' in shown
    assert "Ihr Text" not in shown
    for kind in kinds.values():
        MailText.objects.create(mail=kind.name, language="ar", subject="a", body="b")
    MailText.objects.create(mail="organisations/admitted", language="de", subject="a", body="b")
    with django_assert_num_queries(len(before)):
        shown = desk.get(reverse(LIST)).content.decode()
    assert "Ihr Text" in shown
    assert "passt nicht mehr" in shown  # the code is missing in one of them


def test_she_saves_her_words_and_takes_the_standard_text_again(desk, officer):
    shown = desk.get(address()).content.decode()
    assert "Standardtext" in shown
    assert "wir freuen uns: „{Organisation}“ gehört jetzt zum Netzwerk." in shown
    assert "wir freuen uns: „Verein Muster e. V.“ gehört jetzt" in shown  # the preview
    assert "Der Text ist gespeichert." in send(desk)
    text = MailText.objects.get()
    assert (text.subject, text.body) == (GOOD["subject"], GOOD["body"])
    assert "So steht der Text schon da." in send(desk)
    context = {"organisation": "Haus", "officer": "Olga Amt", "reason": ""}
    assert mail.render("organisations/admitted", "de", context) == (
        "Willkommen, Haus",
        "Liebe Leute,\n\nOlga Amt",
    )
    assert "freuen" not in mail.render("organisations/admitted", "en", context)[1]
    answer = desk.post(address("reset"), follow=True).content.decode()
    assert "Jetzt gilt wieder der Standardtext." in answer
    assert not MailText.objects.exists()
    history = desk.get(address("history")).content.decode()
    assert "Text der E-Mail geändert" in history
    assert "Zurück zum Standardtext" in history
    assert str(officer) in history
    assert history.count("Liebe Leute,") == 2  # what was can be taken up again


def test_saving_the_standard_text_keeps_no_row(desk):
    standard = mail.standard_words(kinds["organisations/admitted"], "de")
    send(desk)
    send(desk, subject=standard[0], body=standard[1].replace("\n", "\r\n"))
    assert not MailText.objects.exists()


def test_what_is_wrong_is_named_and_nothing_typed_is_lost(desk):
    typed = "Mein langer Text {Verein} https://example.com/x"
    for button in ("_save", "_test", "_preview"):
        shown = send(desk, button, body=typed)
        assert "{Verein} gibt es in dieser E-Mail nicht." in shown
        assert "„https://example.com/x“ sieht aus wie ein Link" in shown
        assert typed in shown
        assert "Die Vorschau kommt, wenn" in shown
    assert not MailText.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_the_preview_saves_and_sends_nothing(desk):
    shown = send(desk, "_preview", body="Neu: {Organisation} <b>x</b>")
    assert "Neu: Verein Muster e. V. &lt;b&gt;x&lt;/b&gt;</pre>" in shown
    assert not MailText.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_a_test_mail_goes_to_herself_and_saves_nothing(desk, officer, monkeypatch):
    shown = send(desk, "_test", body="Neu: {Organisation}", to="eve@example.org")
    assert "Die Test-E-Mail an Sie ist unterwegs." in shown
    assert "Neu: {Organisation}" in shown
    message = OutboxMessage.objects.get()
    assert message.to == officer.email
    assert "Neu: Verein Muster e. V." in message.text_body
    assert not MailText.objects.exists()
    monkeypatch.setitem(limits.LIMITS, "mail_test", (limits.Limit(1, 3600),))
    assert "Bitte warten Sie eine Stunde." in send(desk, "_test")
    assert OutboxMessage.objects.count() == 1


def test_somebody_elses_change_in_between_is_told_once(desk):
    before = desk.get(address()).content.decode()
    old = {"seen": re.search(r'name="seen" value="(\w+)"', before)[1], "_save": "1"}
    send(desk, body="Von der Kollegin {Organisation}")
    shown = desk.post(address(), GOOD | old, follow=True).content.decode()
    assert "Inzwischen hat jemand diesen Text geändert." in shown
    assert "Liebe Leute," in shown
    assert MailText.objects.get().body == "Von der Kollegin {Organisation}"
    old["seen"] = re.search(r'name="seen" value="(\w+)"', shown)[1]
    desk.post(address(), GOOD | old)
    assert MailText.objects.get().body == GOOD["body"]


def test_text_is_cleaned_of_what_nobody_sees(desk):
    send(desk, subject="Hallo\u202e\x07 {Organisation}", body="Ein\u200b Wort\x00")
    text = MailText.objects.get()
    assert (text.subject, text.body) == ("Hallo {Organisation}", "Ein Wort")


def test_there_are_only_the_mails_and_languages_there_are(desk):
    for wrong in ("organisations/nothing/de/", "accounts/code/tlh/", "a/b/c/", "admin/../de/"):
        assert desk.get(f"/de/verwaltung/core/mailtext/{wrong}").status_code == 404
    assert desk.get(address("reset")).status_code == 405


def test_the_officers_draft_of_a_decision_is_in_her_words(desk, submitted):
    send(desk, body="Hurra! {Organisation} ist dabei.")
    page = desk.get(
        reverse("admin:organisations_organisation_review", args=[submitted.pk]),
        {"entscheidung": "admit"},
    ).content.decode()
    assert "Hurra! Brücke der Kulturen e. V. ist dabei." in page


def test_who_may_only_look_changes_nothing(officer, client_for, outsider):
    officer.groups.clear()
    officer.user_permissions.set(Permission.objects.filter(codename="view_mailtext"))
    client = client_for(officer)
    shown = client.get(address()).content.decode()
    assert "Speichern" not in shown
    assert client.post(address(), GOOD).status_code == 404
    assert client.post(address("reset")).status_code == 404
    officer.user_permissions.clear()
    for user in (officer, outsider, None):
        for url in (reverse(LIST), address(), address("history")):
            assert client_for(user).get(url).status_code in {302, 404}
    assert not MailText.objects.exists()
