"""Texts in Markdown: what is stored, what is shown, and what is refused in words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import markdown

SIGNS = "#*-_[]()!<>`\n\t |1."
ANYTHING = st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from(SIGNS)))


def test_a_line_is_a_line_where_people_do_not_know_markdown():
    assert markdown.render("Anwesend:\nAlle") == "<p>Anwesend:\nAlle</p>\n"
    assert markdown.render("Anwesend:\nAlle", line_breaks=True) == "<p>Anwesend:<br>\nAlle</p>\n"
    # Indented by accident it is no code.
    assert markdown.render("Eins\n\n     Zwei", line_breaks=True) == "<p>Eins</p>\n<p>Zwei</p>\n"


@pytest.mark.parametrize(("level", "tags"), [(2, ("h2", "h3")), (3, ("h3", "h4"))])
def test_headings_stand_below_those_of_the_page(level, tags):
    html = markdown.render("# Eins\n\n## Zwei", level=level)
    assert html == f"<{tags[0]}>Eins</{tags[0]}>\n<{tags[1]}>Zwei</{tags[1]}>\n"
    assert "<h5>" in markdown.render("###### Tief", level=level)


def test_headings_chosen_by_their_looks_leave_out_no_level():
    html = markdown.render("### A\n\n# B\n\n### C\n\n## D", level=3, line_breaks=True)
    assert re.findall(r"<(h\d)>(\w)", html) == [("h3", "A"), ("h3", "B"), ("h4", "C"), ("h4", "D")]


def test_only_the_words():
    text = "# Titel\n\n- **fett** & <x>\n- [Link](https://example.org)\n\n|a|b|\n|-|-|\n|1|2|"
    assert markdown.plain(text) == "Titel fett & <x> Link a b 1 2"


def test_lists_in_lists_survive_cleaning():
    text = "- Saal\n  - Stühle\r\n\t- Tische  \n\n\n\n\nEnde\u202e\0"
    assert markdown.clean(text) == "- Saal\n  - Stühle\n    - Tische\n\n\nEnde"
    assert markdown.render(markdown.clean(text)).count("<ul>") == 3


@given(ANYTHING)
def test_cleaning_twice_changes_nothing(text):
    once = markdown.clean(text)
    assert markdown.clean(once) == once


@given(ANYTHING)
def test_no_text_becomes_a_script_or_a_picture(text):
    html = markdown.render(text + "<script>1</script> ![](//x.example/y)", line_breaks=True)
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Siehe ![Foto](https://evil.example/x.png).", "![Foto]"),
        ("![x][1]\n\n[1]: data:image/png;base64,AA", "![x]"),
        ("<script>alert(1)</script>", "<script>"),
        ("Ein <IMG src=x onerror=alert(1)> Bild", "<img>"),
        ("<div>\n\nText\n</div>", "<div>"),
    ],
)
def test_what_would_not_be_shown_is_named(text, named):
    assert named in " ".join(markdown.problems(text))


@pytest.mark.parametrize(
    "text",
    [
        "", "Beginn < 18 Uhr, Ende > 20 Uhr", "Name: <Name einfügen>", "[Seite](https://example.org)",
        "| a | b |\n|---|---|\n| 1 | 2 |", "Achtung! [Hinweis]", "    <b einfach so eingerückt",
        "javascript:alert(1) ist nur Text", "<https://example.org>",
    ],
)  # fmt: skip
def test_ordinary_texts_are_fine(text):
    assert markdown.problems(text) == []
