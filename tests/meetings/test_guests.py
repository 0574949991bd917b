"""Pasted addresses: what people really paste, and what cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.services.guests import MOST, Guest, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna@example.org", [("anna@example.org", "")]),
        ("Anna Muster <Anna@Example.org>", [("anna@example.org", "Anna Muster")]),
        ('"Muster, Anna" <anna@example.org>', [("anna@example.org", "Muster, Anna")]),
        ("anna@example.org, Anna Muster", [("anna@example.org", "Anna Muster")]),
        ("Anna Muster\tanna@example.org", [("anna@example.org", "Anna Muster")]),
        ("Anna: anna@example.org.", [("anna@example.org", "Anna")]),
        ("mailto:anna@example.org", [("anna@example.org", "")]),
        (
            "Anna <anna@example.org>; Berta <berta@example.org>,carl@example.org",
            [
                ("anna@example.org", "Anna"),
                ("berta@example.org", "Berta"),
                ("carl@example.org", ""),
            ],
        ),
        (
            "anna@example.org\n\n- Anna Muster <ANNA@example.org>",
            [("anna@example.org", "Anna Muster")],
        ),
        ("د. سامي <sami@example.org>", [("sami@example.org", "د. سامي")]),
    ],
)
def test_what_people_paste_is_read(text, expected):
    found, wrong = parse(text)
    assert wrong == []
    assert [(one.email, one.name) for one in found] == expected


def test_what_is_wrong_is_named_with_its_line_and_the_others_are_kept():
    found, wrong = parse(
        "anna@example.org\nBerta <berta@beispiel>; carl@example.org\nDora Muster\n@example.org"
    )
    assert [one.email for one in found] == ["anna@example.org", "carl@example.org"]
    assert [(one.line, one.text) for one in wrong] == [
        (2, "berta@beispiel"),
        (3, "Dora Muster"),
        (4, "@example.org"),
    ]
    assert wrong[0].reason == "„berta@beispiel“ ist keine E-Mail-Adresse."
    assert wrong[1].reason == "Hier fehlt eine E-Mail-Adresse."


def test_too_many_are_refused_behind_the_last_that_goes():
    found, wrong = parse("\n".join(f"gast{number}@example.org" for number in range(MOST + 2)))
    assert len(found) == MOST
    assert [one.line for one in wrong] == [MOST + 1, MOST + 2]


@given(st.text(max_size=300))
def test_whatever_is_pasted_gives_addresses_or_reasons(text):
    found, wrong = parse(text)
    for one in found:
        assert isinstance(one, Guest)
        assert one.email == one.email.lower().strip()
        assert "\n" not in one.name + one.email
    for piece in wrong:
        assert piece.reason
