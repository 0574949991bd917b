"""Whatever colour somebody chooses, everything can be read."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from core import colours
from tests.core.test_ui import PAIRS, tokens

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(brand=COLOURS, accent=COLOURS)
def test_every_choice_stands_out_enough_in_both_themes(brand, accent):
    own = colours.palette(brand, accent)
    everything = {**tokens(), **own}
    for front, back, least in PAIRS:
        for theme in (0, 1):
            found = colours.contrast(everything[front][theme], everything[back][theme])
            assert found >= least, (front, back, theme, brand, accent)


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert colours.palette("#0c574f", "")["brand"][0] == "#0c574f"


def test_what_is_not_chosen_is_left_as_it_is():
    assert colours.palette("", "") == {}
    assert set(colours.palette("", "#f6b04a")) == {
        "accent", "accent-strong", "accent-tint", "on-accent",
    }  # fmt: skip
    assert set(colours.palette("#7a1f5c", "")) < set(tokens())


def test_the_style_sheet_stands_in_the_layer_of_the_tokens():
    assert colours.stylesheet({"brand": ("#111111", "#eeeeee")}) == (
        "@layer tokens{:root{--brand:#111111;}"
        "@supports (color:light-dark(#fff,#000)){:root{--brand:light-dark(#111111,#eeeeee);}}}"
    )


@pytest.mark.parametrize(
    "value", ["", "red", "#12345", "#1234567", "0c574f", "#0c574f;}", "#٠٠٠٠٠٠"]
)
def test_what_is_no_colour_is_refused(value):
    with pytest.raises(ValidationError, match="zum Beispiel #0c574f"):
        colours.validate_colour(value)
    colours.validate_colour("#0C574F")
