"""Full addresses of pages."""

import pytest
from django.test import override_settings

from core import addresses


@override_settings(SITE_URL="https://netz.example.org")
@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/de/", "https://netz.example.org/en/"),
        ("/ar/konto/?a=/de/", "https://netz.example.org/en/konto/?a=/de/"),
        ("/konto/", "https://netz.example.org/en/konto/"),
        ("/dental/", "https://netz.example.org/en/dental/"),
        ("https://netz.example.org/de/x/", "https://netz.example.org/de/x/"),
    ],
)
def test_addresses_are_the_sites_own_in_the_readers_language(path, address):
    assert addresses.site_url(path, "en") == address


@override_settings(SITE_URL="https://netz.example.org")
def test_search_engines_learn_the_page_in_every_language():
    told = addresses.page_addresses("/ar/organisationen/", "?ort=rastatt")
    assert told["default"] == "https://netz.example.org/de/organisationen/?ort=rastatt"
    assert dict(told["alternates"]) == {
        code: f"https://netz.example.org/{code}/organisationen/?ort=rastatt"
        for code in ("de", "en", "ar")
    }
