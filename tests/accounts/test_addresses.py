"""One address, one account, however it is typed."""

import re
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.codes import PendingCode, clean_code, new_code
from accounts.forms import AddressField, CodeField
from accounts.models import User, normalise_email
from accounts.services import person_of
from accounts.views import local_path

# Signs that case folding and look-alikes are about, among ordinary ones.
TRICKY = st.sampled_from("aAkKsSiIıİſKßẞ.@+-_ \t\n\x00\u202eéÉ\u0301àΣς١")
ADDRESSES = st.one_of(st.emails(), st.text(TRICKY, max_size=30), st.text(max_size=40)) | st.builds(
    lambda local, domain: f"{local}@{domain}.example.org", st.text(TRICKY, min_size=1), TRICKY
)


@given(ADDRESSES)
def test_normalising_twice_is_normalising_once(address):
    once = normalise_email(address)
    assert normalise_email(once) == once


@given(ADDRESSES)
def test_what_the_form_accepts_is_plain_and_in_its_stored_form(address):
    try:
        stored = AddressField().clean(address)
    except ValidationError:
        return
    assert stored == normalise_email(stored)
    assert stored.isascii()
    assert stored.count("@") == 1
    assert not re.search(r"[\s,;<>]", stored)
    # The same address in capitals, or with blanks around it, is the same account.
    assert AddressField().clean(f" {stored.upper()} ") == stored


@pytest.mark.django_db
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.emails())
def test_however_it_is_written_it_is_one_account(address):
    try:
        stored = AddressField().clean(address)
    except ValidationError:
        return
    first = person_of(email=stored, language="de")
    assert person_of(email=stored.upper(), language="en") == first
    assert User.objects.filter(email__iexact=stored).count() == 1


# The zeros of all scripts: Latin, Arabic, Persian, Devanagari, full width …
ZEROS = [sign for sign in range(0x20000) if unicodedata.decimal(chr(sign), None) == 0]


@given(
    st.integers(0, 999_999),
    st.sampled_from(["", " ", "-", "\u00a0", "\u2009", "–"]),
    st.sampled_from(ZEROS),
)
def test_a_code_is_read_as_it_was_meant(number, separator, zero):
    code = f"{number:06d}"
    typed = separator.join("".join(chr(zero + int(digit)) for digit in code)) + " "
    assert clean_code(typed) == code
    assert CodeField().clean(typed) == code


@given(st.text(max_size=60))
def test_whatever_is_typed_as_code_is_judged_without_an_error(typed):
    try:
        code = CodeField().clean(typed)
    except ValidationError:
        return
    assert re.fullmatch(r"[0-9]{6}", code)


def test_a_new_code_has_six_digits():
    for _ in range(50):
        assert re.fullmatch(r"\d{6}", new_code())


def test_a_code_that_was_never_sent_fits_nothing():
    pending = PendingCode("enter", "a@example.org")
    assert not pending.fits("")
    assert not pending.fits("000000")


@given(st.text(max_size=80) | st.from_regex(r"(https?:)?[/\\]{0,3}[a-z.]{0,12}[/\\@:]?.{0,10}"))
def test_the_way_on_is_a_path_of_this_site(target):
    path = local_path(target)
    assert path == "" or (path[0] == "/" and path[1:2] not in ("/", "\\"))
