import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from organisations.columns import Reader
from organisations.services.imports.cleaning import COMBINED, PRESET_FDK, Cleaner, heads
from tests.factories import make_municipality, make_topic


@pytest.fixture
def cleaner(db) -> Cleaner:
    """Knows two towns and five topics."""
    make_municipality(name="Musterstadt", postal_codes=("76400", "76401"))
    make_municipality(name="Beispielbach", postal_codes=("76402",))
    make_topic(name="Bildung und Lernen", examples="Nachhilfe, Vorträge")
    make_topic(name="Kunst und Kultur", examples="Lesung, Theater")
    make_topic(name="Gesundheit und Soziales", translations={"en": {"name": "Health"}})
    make_topic(name="Flucht und Ankommen", examples="Engagement für Geflüchtete")
    make_topic(name="Internationale Zusammenarbeit")
    return Cleaner(Reader())


def understood(cleaner, **texts):
    """Return what changed of the texts that were given, and what was added."""
    row = cleaner.understand(texts)
    return {key: text for key, text in row.texts.items() if text or key in texts}, row


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        # signs
        ({"name": "Haus\rder Lieder"}, {"name": "Haus der Lieder"}),
        ({"aims": "&quot;Wir&quot; &amp;amp; ihr<br/>alle"}, {"aims": '"Wir" & ihr\nalle'}),
        ({"aims": "5 < 7 und 8 > 3"}, {"aims": "5 < 7 und 8 > 3"}),
        # names and what follows from them
        (
            {"name": "Chor Nord e.V."},
            {"name": "Chor Nord e. V.", "legal_form": "e. V.", "kind": "Verein"},
        ),
        (
            {"name": "Chor (Nord e.V.) singt", "kind": "Initiative", "legal_form": "Gruppe"},
            {"name": "Chor (Nord e. V.) singt", "kind": "Initiative", "legal_form": "Gruppe"},
        ),
        (
            {"name": "Werkstatt gGmbH"},
            {"name": "Werkstatt gGmbH", "legal_form": "gGmbH", "kind": "gGmbH"},
        ),
        ({"name": "Türkevi Ev Musterdorf"}, {"name": "Türkevi Ev Musterdorf"}),
        # addresses
        (
            {"street": "76400 Musterstadt"},
            {
                "street": "",
                "postal_code": "76400",
                "place": "Musterstadt",
                "municipality": "Musterstadt",
            },
        ),
        (
            {"street": "Lindenstr. 5b, 76402 Beispielbach", "postal_code": "", "place": ""},
            {
                "street": "Lindenstr. 5b",
                "postal_code": "76402",
                "place": "Beispielbach",
                "municipality": "Beispielbach",
            },
        ),
        (
            {"address": "Bei Familie Muster\nAm Markt 3\nD-76401 Musterstadt-Nord"},
            {
                "address_extra": "Bei Familie Muster",
                "street": "Am Markt 3",
                "postal_code": "76401",
                "place": "Musterstadt-Nord",
                "municipality": "Musterstadt",
            },
        ),
        (
            {"address_extra": "keine öffentliche Anschrift", "street": ""},
            {"address_extra": "", "street": "", "address_public": "nein"},
        ),
        (
            {"place": "Musterstat", "postal_code": "76400"},
            {"place": "Musterstadt", "postal_code": "76400", "municipality": "Musterstadt"},
        ),
        ({"place": "Beispielbahc"}, {"place": "Beispielbach", "municipality": "Beispielbach"}),
        ({"place": "Anderswo"}, {"place": "Anderswo"}),
        ({"postal_code": "1067"}, {"postal_code": "01067"}),
        ({"postal_code": "76402"}, {"postal_code": "76402", "municipality": "Beispielbach"}),
        # how to reach it
        ({"phone": "Tel.: 07222/381-4325"}, {"phone": "07222 381-4325"}),
        (
            {"phone": "https://social.example.org/chor"},
            {"phone": "", "website": "https://social.example.org/chor"},
        ),
        ({"email": "Post@Example.org (Büro)"}, {"email": "post@example.org"}),
        ({"website": "chor.example.org"}, {"website": "https://chor.example.org"}),
        (
            {"links": "www.chor.example.org; https://de-de.facebook.com/chor?ref=a"},
            {
                "website": "https://www.chor.example.org",
                "social_links": "https://de-de.facebook.com/chor?ref=a",
            },
        ),
        (
            {"social_links": "Facebook: https://facebook.com/a;b, Instagram: instagram.com/c"},
            {"social_links": r"https://facebook.com/a; https://instagram.com/c"},
        ),
        # a contact in one cell
        (
            {"contact": "Frau Ada Muster, Tel. 07222 381432, ada@example.org"},
            {
                "contact_1_name": "Ada Muster",
                "contact_1_phone": "07222 381432",
                "contact_1_email": "ada@example.org",
            },
        ),
        (
            {"contact": "07222 381432\npost@example.org"},
            {"phone": "07222 381432", "email": "post@example.org"},
        ),
        # topics
        (
            {"activities": "Kultur und Kunst (Feste, Chor); Bildung (Kurse), Zeltbau (selten)"},
            {
                "activities": "Kultur und Kunst (Feste, Chor); Bildung (Kurse), Zeltbau (selten)",
                "topics": "Bildung und Lernen; Kunst und Kultur",
            },
        ),
        (
            {"topics": "Engagement für Geflüchtete; Entwicklung und Zusammenarbeit"},
            {"topics": "Flucht und Ankommen; Internationale Zusammenarbeit"},
        ),
        (
            {"topics": "health, Nachhilfe"},
            {"topics": "Bildung und Lernen; Gesundheit und Soziales"},
        ),
        ({"district": "Musterstadt; Weststadt"}, {"active_in": "Musterstadt"}),
    ],
)
def test_cells_are_understood(cleaner, given, wanted):
    found, _row = understood(cleaner, **given)
    if "topics" in wanted:
        assert set(found.pop("topics").split("; ")) == set(wanted.pop("topics").split("; "))
    assert found == wanted


@pytest.mark.parametrize(
    ("given", "left", "note"),
    [
        (
            {"phone": "07222 381432, 01511 2345678"},
            {"phone": "01511 2345678"},
            "Hier standen mehrere Telefonnummern. Die erste gilt.",
        ),
        (
            {"phone": "0157 1"},
            {"phone": "0157 1"},
            "„0157 1“ ist keine gültige Telefonnummer.",
        ),
        ({"phone": "Fax: 07222 381432"}, {"phone": "Fax: 07222 381432"}, ""),
        (
            {"email": "a@example.org, b@example.org"},
            {"email": "b@example.org"},
            "Hier standen mehrere Adressen. Die erste gilt.",
        ),
        ({"website": "fragen Sie uns"}, {"website": "fragen Sie uns"}, ""),
        (
            {"topics": "Kultur; Zeltbau"},
            {"topics": "Zeltbau"},
            "Als Themen verstanden: Kunst und Kultur",
        ),
        ({"district": "Weststadt"}, {"district": "Weststadt"}, ""),
        ({"logo": "https://example.org/l.png"}, {"logo": "https://example.org/l.png"}, ""),
        (
            {"coordinates": "8.2041, 48.8594"},
            {"coordinates": "8.2041, 48.8594"},
            "Länge und Breite sind vertauscht.",
        ),
        ({"coordinates": "48.8594, 8.2041"}, {"coordinates": "48.8594, 8.2041"}, ""),
        ({"name": "Chor e.V."}, {}, "„e. V.“ ist einheitlich geschrieben."),
        ({"place": "Beispielbahc"}, {}, "„Beispielbahc“ ist als „Beispielbach“ verstanden."),
        (
            {"contact": "Ada Muster"},
            {},
            "„Ada Muster“ ist als Ansprechperson verstanden. Öffentlich ist davon nichts.",
        ),
    ],
)
def test_what_was_changed_is_said_and_the_rest_is_kept(cleaner, given, left, note):
    _found, row = understood(cleaner, **given)
    assert row.left == left
    assert (note in [words for _key, words in row.notes]) if note else not row.notes


def test_the_forums_ten_columns(cleaner):
    cells = {
        "Name": "Freunde der\rLieder e.V.",
        "Adressat": "c/o Kulturhaus",
        "Adresse": "Lindenweg 7, 76400 Musterstadt",
        "Stadtteil": "Beispielbach",
        "Koordinaten": "48.8594, 8.2041",
        "Kontakt": "Tel.: 07222 381432 / Mobil: 01511 2345678, lieder@example.org",
        "Logo": "",
        "Webseite": "www.lieder.example.org",
        "Ziele": "Wir singen &quot;alles&quot;.",
        "Aktivitäten": "Kunst und Kultur (Chor).",
    }
    assert list(cells) == list(PRESET_FDK)
    row = cleaner.understand({PRESET_FDK[heading]: cell for heading, cell in cells.items()})

    assert {key: text for key, text in row.texts.items() if text} == {
        "name": "Freunde der Lieder e. V.",
        "legal_form": "e. V.",
        "kind": "Verein",
        "address_extra": "c/o Kulturhaus",
        "street": "Lindenweg 7",
        "postal_code": "76400",
        "place": "Musterstadt",
        "municipality": "Musterstadt",
        "active_in": "Beispielbach",
        "phone": "07222 381432",
        "email": "lieder@example.org",
        "website": "https://www.lieder.example.org",
        "aims": 'Wir singen "alles".',
        "activities": "Kunst und Kultur (Chor).",
        "topics": "Kunst und Kultur",
    }
    assert row.left == {"contact": "01511 2345678", "coordinates": "48.8594, 8.2041"}
    assert Reader(cleaner.vocabulary).read(row.texts).errors == []


def test_heads_of_a_text():
    assert heads("Chor (laut (sehr), oft), Tanz; Feste.") == ["Chor", "Tanz", "Feste"]
    assert heads("Wir sind da. Musik (Blues)") == ["Musik"]
    assert heads("(") == heads(")") == heads("") == []


KEYS = (
    *COMBINED,
    *("name", "street", "postal_code", "place", "municipality", "address_extra"),
    *("phone", "email", "website", "social_links", "topics", "activities"),
)
PIECES = st.sampled_from(
    [
        *("76400", "Musterstadt", " e.V.", "07222 381432", "a@example.org", "www.example.org"),
        *(";", ", ", "\r", "(", ")", "&quot;", "<br>", "\\"),
        *("Tel.", "Bildung", "Ada Muster", "keine Anschrift"),
    ]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.dictionaries(
        st.sampled_from(KEYS), st.lists(PIECES | st.text(max_size=8), max_size=6).map("".join)
    )
)
@example(texts={"topics": "76400", "activities": "Bildung"})
def test_whatever_stands_there_is_understood_once(cleaner, texts):
    """Nothing raises, and what was understood is not understood otherwise the next time."""
    row = cleaner.understand(texts)
    assert set(row.texts) & set(COMBINED) == set()
    again = cleaner.understand(row.texts)
    assert {key: again.texts[key] for key in row.texts} == row.texts
    Reader(cleaner.vocabulary).read(row.texts)
