import pytest
from django.template import Context, Template
from phonenumber_field.phonenumber import PhoneNumber

from core.phones import spoken


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("07222/381-4325", "07222 381-4325"),
        ("+49 7222 381 43 25", "07222 381-4325"),
        ("(07222) 12345", "07222 12345"),
        ("0711 12345678", "0711 1234-5678"),
        ("0151 23456789", "01512 3456789"),
        ("+33 3 88 60 90 90", "+33 3 88 60 90 90"),
    ],
)
def test_numbers_are_written_as_people_do(typed: str, shown: str) -> None:
    assert spoken(PhoneNumber.from_string(typed, region="DE")) == shown


def test_nothing_is_written_for_no_number() -> None:
    assert Template("{% load phones %}[{{ number|phone }}]").render(Context()) == "[]"
