"""The officer's own words for a mail: declared placeholders, what is refused, what is sent."""

import datetime
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.template import Context, engines
from django.template.loader_tags import BlockNode
from hypothesis import given
from hypothesis import strategies as st

from core import mail
from core.mail_kinds import Kind, Placeholder, kinds
from core.models import MailText, OutboxMessage
from tests.source import ROOT

LANGUAGES = ("de", "en", "ar")
TEMPLATES = {
    path.relative_to(ROOT / "templates" / "emails").as_posix().removesuffix("_subject.txt")
    for path in (ROOT / "templates" / "emails").rglob("*_subject.txt")
}
KIND = Kind(
    "organisations/invitation",
    "Titel",
    "Zweck",
    [
        Placeholder("Organisation", "organisation", "Name"),
        Placeholder("Person", "person", "Name", required=True),
        Placeholder("Aufgabe", "task", "Satz"),
        Placeholder("Frist", "until", "Tag", alone=True),
    ],
    {"organisation": "A", "person": "B", "role": "editor", "until": datetime.date(2026, 12, 22)},
)


# --- The declarations cannot go stale -------------------------------------------------------------
def test_every_mail_is_declared():
    assert set(kinds) == TEMPLATES


class Asked(dict):
    """Values that remember what a template asks for."""

    def __init__(self, values) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def __contains__(self, name) -> bool:
        self.names.add(name)
        return super().__contains__(name)


def templates(name: str) -> list:
    engine = engines["django"].engine
    return [engine.get_template(f"emails/{name}_{part}.txt") for part in ("subject", "message")]


@pytest.mark.parametrize("name", sorted(kinds))
def test_the_example_has_what_the_templates_need(name):
    kind = kinds[name]
    asked = Asked(kind.example)
    context = Context(autoescape=False)
    context.dicts.append(asked)
    for template in templates(name):
        template.render(context)
    known = {"LANGUAGE_CODE", "forloop", "use_l10n", "count"}
    unknown = {word for word in asked.names - known if word not in kind.example}
    assert {word for word in unknown if not word.startswith("_")} <= {"when"}


@pytest.mark.parametrize("name", sorted(kinds))
def test_every_placeholder_has_its_source_and_every_block_its_placeholder(name):
    kind = kinds[name]
    blocks = {
        block.name
        for template in templates(name)
        for block in template.nodelist.get_nodes_by_type(BlockNode)
    }
    sources = {one.source for one in kind.placeholders}
    assert blocks <= sources
    assert sources <= blocks | set(kind.example)
    words = [one.word.casefold() for one in kind.placeholders]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(kinds))
def test_the_standard_text_written_with_placeholders_says_the_same(db, name, language):
    """What the officer begins with is the mail as it is, in every language."""
    kind = kinds[name]
    subject, body = mail.standard_words(kind, language)
    kind.check_words(subject, body)
    words = mail.render_words(kind, subject, body, language, kind.example)
    assert words == mail.render(name, language, kind.example)
    assert "{" not in "".join(words)


# --- What is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{Preson}", "{Preson} gibt es in dieser E-Mail nicht. Meinen Sie {Person}?"),
        ("{Person} {Zzz}", "{Zzz} gibt es in dieser E-Mail nicht."),
        ("Hallo", "Es fehlt {Person}."),
        ("{{ Person }}", "Geschweifte Klammern"),
        ("{Person", "Geschweifte Klammern"),
        ("{Person} }", "Geschweifte Klammern"),
        ("{Person} {}", "Geschweifte Klammern"),
        ("{% if Person %}{Person}", "{% if Person %} gibt es in dieser E-Mail nicht."),
        ("{Person} bis {Frist}", "{Frist} muss allein in einer Zeile stehen."),
        ("{Person}: https://example.org/x?a=1", "„https://example.org/x?a=1“ sieht aus"),
        ("{Person} HTTP://example", "„HTTP://example“ sieht aus"),
        ("{Person} www.beispiel", "„www.beispiel“ sieht aus"),
        ("{Person} auf netzwerk.example.org/x.", "„netzwerk.example.org/x"),
        ("{Person}.org", None),
    ],
)
def test_a_text_that_would_not_do_is_refused_by_the_very_piece(body, message):
    if message is None:
        KIND.check_words("Betreff", body)
        return
    with pytest.raises(ValidationError) as refused:
        KIND.check_words("Betreff", body)
    assert any(message in one for one in refused.value.message_dict["body"])


@pytest.mark.parametrize(
    "body",
    [
        "{person}",
        "Grüße, z. B. an {PERSON}, e.V., 3.5.2027, 12.30 Uhr … info@example.org",
        "{Person}\n  {Frist}  \nDanke.",
    ],
)
def test_an_ordinary_text_is_taken(body):
    KIND.check_words("Von {Organisation}", body)


def test_the_subject_has_one_line_and_no_link():
    for subject in ("a\nb", "www.example.org", "{Frist}", "{Wer}"):
        with pytest.raises(ValidationError) as refused:
            KIND.check_words(subject, "{Person}")
        assert list(refused.value.message_dict) == ["subject"]


@given(st.text(), st.text())
def test_no_text_upsets_the_check(subject, body):
    for kind in (KIND, kinds["accounts/code"]):
        if kind.fits(subject, body):
            assert kind.fill(body, dict.fromkeys(kind.example | {"task": ""}, "")) is not None


def test_nothing_in_a_value_is_a_placeholder_or_a_link(db):
    values = KIND.example | {
        "organisation": "{Person} https://evil.example.org",
        "person": "{% now %}",
    }
    subject, body = mail.render_words(
        KIND, "Zu {Organisation}", "{person}\n\n{Organisation}\n{Frist}", "de", values
    )
    assert subject.startswith("Zu {Person} https: //evil")
    assert body.startswith("{% now %}\n\n{Person} https: //evil")
    assert body.endswith("22. Dezember 2026")


# --- What is sent ---------------------------------------------------------------------------------
def queue(language: str = "de", **values) -> OutboxMessage:
    with transaction.atomic():
        return mail.queue_mail(
            key=f"test:{OutboxMessage.objects.count()}",
            to="anna@example.org",
            mail="organisations/invitation",
            language=language,
            context=KIND.example | values,
            action=("Ansehen", "/de/"),
        )


def test_her_words_go_out_in_their_language_and_the_button_stays(db):
    MailText.objects.create(
        mail="organisations/invitation",
        language="de",
        subject="Kommen Sie zu {Organisation}",
        body="Hallo,\n\n{Person} lädt Sie ein.\n{Aufgabe}",
    )
    german, arabic = queue(), queue("ar")
    assert german.subject == "Kommen Sie zu A"
    assert german.text_body.startswith("Hallo,\n\nB lädt Sie ein.\nIhre Rolle: Bearbeitung. Sie")
    assert "Ansehen:\nhttp://localhost:8000/de/" in german.text_body
    assert ">Ansehen</a>" in german.html_body
    assert "Hallo" not in arabic.text_body


def test_words_a_later_version_does_not_understand_are_not_sent(db):
    MailText.objects.create(
        mail="organisations/invitation", language="de", subject="Hallo", body="{Früher} {Person}"
    )
    assert "lädt Sie ein, „A“ im Netzwerk zu vertreten" in queue().text_body


def test_a_mail_gets_the_values_it_is_declared_with(db):
    for context in ({}, KIND.example | {"more": 1}):
        with pytest.raises(TypeError, match="declared with"):
            mail.render("organisations/invitation", "de", context)


def test_there_is_one_text_per_mail_and_language(db):
    given = {"mail": "accounts/code", "language": "de"}
    MailText.objects.create(subject="a", body="b", **given)
    for wrong in (given | {"subject": "c", "body": "d"}, {**given, "language": "en", "body": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            MailText.objects.create(**wrong)


def test_the_words_in_the_handbook_are_those_of_the_page():
    handbook = (ROOT / "docs" / "handbook-officer.md").read_text()
    for word in re.findall(r"`\{([^}]+)\}`", handbook):
        assert any(kind.word(word) for kind in kinds.values())
