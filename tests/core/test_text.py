"""Typed text: what is taken out, what is refused, and what stays as people write it."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from core.text import (
    BIDI_CONTROLS,
    CleanCharField,
    HttpUrlField,
    clean_text,
    clean_url,
    validate_has_words,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Haus   der\tMusik ", "Haus der Musik"),
        ("Haus\r\nder\nMusik\u2028x", "Haus der Musik x"),
        ("Haus\0der\x1bMusik\x7f", "HausderMusik"),
        ("Verein \u202egro.elpmaxe\u202c", "Verein gro.elpmaxe"),
        ("\u2066Verein\u2069", "Verein"),
        ("Ver\u200bein\ufeff", "Verein"),
        ("Ve\u00adrein", "Verein"),
        ("Bru\u0308cke", "Brücke"),
        ("\ud800Verein", "Verein"),
        ("\u200b\u202e", ""),
    ],
)
def test_one_line_is_cleaned(typed, kept):
    assert clean_text(typed, multiline=False) == kept


@pytest.mark.parametrize(
    "text",
    [
        "جمعية النور للثقافة",
        "می\u200cخواهم",  # Persian needs its joiner
        "Çiğdem Şahin-Öztürk",
        "Дом культуры",
        "👩\u200d🎤 Chor",
        "O’Brien & Söhne <3",
        "\u200fعربي\u200e",
    ],
)
def test_what_people_write_stays(text):
    assert clean_text(text, multiline=False) == text


def test_several_lines_keep_their_paragraphs():
    typed = "  Erstens \r\n\r\n\r\n\r\n\r\nZweitens\t x\r Drittens  "
    assert clean_text(typed, multiline=True) == "Erstens\n\n\nZweitens x\nDrittens"


@given(st.text(), st.booleans())
def test_cleaning_is_done_once_and_for_all(typed, multiline):
    kept = clean_text(typed, multiline=multiline)
    assert clean_text(kept, multiline=multiline) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert kept == kept.strip()
    kept.encode()
    assert not BIDI_CONTROLS.search(kept)
    controls = {sign for sign in kept if unicodedata.category(sign) in {"Cc", "Cs"}}
    assert controls <= ({"\n"} if multiline else set())


@pytest.mark.parametrize("text", ["🎉🎉🎉", "!!!", "123", "— …", "❤️"])
def test_signs_alone_are_no_words(text):
    with pytest.raises(ValidationError, match="Wörter"):
        validate_has_words(text)


@pytest.mark.parametrize("text", ["Wir singen 🎉", "نحن", "我们", ""])
def test_words_of_any_script_are_words(text):
    validate_has_words(text)


def test_the_field_cleans_before_it_judges():
    field = CleanCharField(max_length=6, min_length=3)
    assert field.clean(" Ver\u200bein\0 ") == "Verein"
    for typed, words in [("V\u200b\u200b\u200b", "mindestens 3"), ("Vereine", "höchstens 6")]:
        with pytest.raises(ValidationError, match=words):
            field.clean(typed)


def test_what_is_only_invisible_is_empty():
    with pytest.raises(ValidationError) as refusal:
        CleanCharField().clean("\u200b \u202e\n")
    assert refusal.value.code == "required"
    assert CleanCharField(required=False).clean("\u200b") == ""
    assert CleanCharField(required=False, empty_value=None).clean(" ") is None


def test_a_name_of_ten_thousand_characters_is_told_how_long_it_is():
    with pytest.raises(ValidationError, match="10000"):
        CleanCharField(max_length=200).clean("x" * 10_000)


def test_a_field_of_several_lines_is_a_textarea():
    field = CleanCharField(multiline=True)
    assert field.clean("a\r\nb") == "a\nb"
    assert field.widget.__class__.__name__ == "Textarea"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("www.example.org", "https://www.example.org"),
        ("example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("HTTP://Example.ORG/Weg", "http://example.org/Weg"),
        ("https://example.org:8443/", "https://example.org:8443/"),
        ("//example.org", "https://example.org"),
        ("example.org:8080", "https://example.org:8080"),
        ("https://verein-köln.example/", "https://verein-köln.example/"),
        (" https://example.org\u200b ", "https://example.org"),
        ("", ""),
    ],
)
def test_an_address_is_completed(typed, kept):
    assert clean_url(typed) == kept
    assert HttpUrlField(required=False).clean(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//example.org",
        "java\tscript:alert(1)",
        "data:text/html,<script>",
        "mailto:anna@example.org",
        "ftp://example.org",
        "tel:0762",
        "https://anna:geheim@example.org",
        "https://anna@example.org/",
        "anna@example.org",
        "localhost",
        "http://localhost/",
        "https://",
        "https://exa mple.org",
        "Wir haben keine",
        "https://example.org:99999",
        "https://[::1",
        "https://example.org/\n<script>",
        '"><script>',
    ],
)
def test_what_is_no_address_on_the_web_is_refused(typed):
    with pytest.raises(ValidationError, match="Internetadresse"):
        HttpUrlField().clean(typed)


def test_too_long_an_address_is_refused():
    with pytest.raises(ValidationError, match="höchstens 300"):
        HttpUrlField().clean("example.org/" + "x" * 300)


@given(st.text(max_size=60))
def test_no_address_gets_past_that_runs_something(typed):
    try:
        kept = clean_url(typed)
    except ValidationError:
        return
    assert not kept or kept.startswith(("http://", "https://"))
