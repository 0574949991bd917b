from xml.etree import ElementTree

import pytest
from django.db import DatabaseError
from django.test import Client

from portal import machines
from tests.factories import make_organisation


def gone(*args, **kwargs):
    raise DatabaseError("gone")


def addresses(path: str) -> list[str]:
    response = Client().get(path)
    assert response.headers["Content-Type"].startswith("application/xml")
    tree = ElementTree.fromstring(response.content)
    return [node.text for node in tree.iter() if node.tag.endswith("}loc")]


def test_health_is_good_with_a_database(db):
    response = Client().get("/gesund/")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


def test_health_is_bad_without(db, monkeypatch):
    with monkeypatch.context() as without:
        without.setattr(machines.connection, "cursor", gone)
        assert Client().get("/gesund/").status_code == 503


def test_search_engines_are_told_what_to_leave_alone(db, settings):
    settings.SITE_URL = "https://netz.example.org"
    text = Client().get("/robots.txt", HTTP_HOST="localhost").content.decode()
    assert "Disallow: /de/verwaltung/\n" in text
    assert "Disallow: /ar/konto/\n" in text
    assert "Disallow: /en/organisationen/?q=\n" in text
    assert "Disallow: /en/organisationen/?\n" not in text
    assert text.endswith("Sitemap: https://netz.example.org/sitemap.xml\n")


def test_the_sitemap_lists_public_pages_in_every_language(db, settings, monkeypatch):
    settings.SITE_URL = "https://netz.example.org"
    monkeypatch.setattr(machines, "PART", 2)
    for number in range(3):
        make_organisation(slug=f"verein-{number}")
    make_organisation(slug="geheim", state="submitted")
    parts = addresses("/sitemap.xml")
    assert parts == [f"https://netz.example.org/sitemap-{part}.xml" for part in (0, 1, 2)]
    fixed = addresses("/sitemap-0.xml")
    assert "https://netz.example.org/ar/" in fixed
    assert "https://netz.example.org/de/impressum/" in fixed
    found = addresses("/sitemap-1.xml") + addresses("/sitemap-2.xml")
    assert len(found) == 9
    assert "https://netz.example.org/en/organisationen/verein-2/" in found
    assert [address for address in found if "geheim" in address] == []


@pytest.mark.parametrize("part", [7, 2**63, 10**25])
def test_there_is_no_part_beyond_the_last(db, part):
    make_organisation()
    path = f"/sitemap-{part}.xml"
    assert Client().get(path).status_code == 404
