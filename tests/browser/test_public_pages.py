import pytest

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/treffen/",
    "/aktionen/",
    "/aktionen/?zeit=vergangen",
    "/aktionen/ein-langer-tisch-auf-dem-marktplatz-erfunden/",
    "/impressum/",
    "/datenschutz/",
    "/barrierefreiheit/",
    "/barrierefreiheit/rueckmeldung/",
    "/leichte-sprache/",
    "/gebaerdensprache/",
]


@pytest.mark.parametrize("language", ["de", "ar"])
def test_public_pages_are_accessible(visit, language):
    visitor = visit(language)
    for path in PAGES:
        visitor.open(path)
    assert len(visitor.looked_at) == len({path.partition("?")[0] for path in PAGES})
