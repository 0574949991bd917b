"""Secrets for links in mails."""

import pytest

from core.tokens import hash_token, new_token


def test_every_token_is_new_and_long_enough_to_be_no_guess():
    tokens = {new_token()[0] for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {43}
    assert all(token.replace("-", "").replace("_", "").isalnum() for token in tokens)


def test_the_row_gets_what_the_link_comes_to_and_not_the_link():
    token, hashed = new_token()
    assert hash_token(token) == hashed
    assert len(hashed) == 64
    assert token not in hashed


@pytest.mark.parametrize("tampered", ["", "\0", "\ud800", "ä" * 1000, "../../etc"])
def test_whatever_stands_in_an_address_has_a_hash(tampered):
    assert len(hash_token(tampered)) == 64
