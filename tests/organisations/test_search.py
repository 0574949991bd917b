"""The index: what is found, in which order, and that its numbers are true."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from organisations import search
from organisations.models import Organisation
from organisations.search import Filters
from tests.factories import (
    make_contact,
    make_language,
    make_municipality,
    make_organisation,
    make_target_group,
    make_topic,
)

pytestmark = pytest.mark.django_db

EVERYTHING = Filters()


def names(query: str = "", filters: Filters = EVERYTHING, **page: int) -> list[str]:
    result = search.search(query, filters, **({"page": 1, "per_page": 50} | page))
    found = Organisation.objects.in_bulk(result.ids)
    return [found[pk].name for pk in result.ids]


@pytest.fixture
def town(db):
    """Organisations with names from many alphabets."""
    for name in (
        "Die Brücke Rastatt für den Dialog",
        "Club Euro-Italia",
        "Türkischer Elternverein e. V.",
        "Towarzystwo Polskie „Łódź“",
        "Український дім",
        "Руски дом Чайка",
        "نادي الثقافة العربية",
        "Müller-Stiftung",
        "Haus der Kulturen",
        "Chor Harmonie",
    ):
        make_organisation(name=name)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Brücke", "Die Brücke Rastatt für den Dialog"),
        ("bruecke", "Die Brücke Rastatt für den Dialog"),
        ("brucke e.V.", "Die Brücke Rastatt für den Dialog"),
        ("brüke", "Die Brücke Rastatt für den Dialog"),
        ("rastatt brücke", "Die Brücke Rastatt für den Dialog"),
        ("Rastat Brükce", "Die Brücke Rastatt für den Dialog"),
        ("brück", "Die Brücke Rastatt für den Dialog"),
        ("euroitalia", "Club Euro-Italia"),
        ("Italia Euro", "Club Euro-Italia"),
        ("Eltern", "Türkischer Elternverein e. V."),
        ("verein eltern", "Türkischer Elternverein e. V."),
        ("turkischer elternverien", "Türkischer Elternverein e. V."),
        ("tuerkisher", "Türkischer Elternverein e. V."),
        ("lodz", "Towarzystwo Polskie „Łódź“"),
        ("towarzistwo", "Towarzystwo Polskie „Łódź“"),
        ("ukrainskij dim", "Український дім"),
        ("український", "Український дім"),
        ("украинский", "Український дім"),
        ("chayka", "Руски дом Чайка"),
        ("tschaika", "Руски дом Чайка"),
        ("الثقافه", "نادي الثقافة العربية"),
        ("نادى العربيه", "نادي الثقافة العربية"),
        ("mueller stiftung", "Müller-Stiftung"),
        ("MULLER", "Müller-Stiftung"),
        ("harmoni chor", "Chor Harmonie"),
    ],
)
def test_forgives_how_it_is_written(town: None, query: str, expected: str) -> None:
    assert names(query)[:1] == [expected]


@pytest.mark.parametrize("query", ["xyzzy", "qqqqqqqqqqq", "Ohr", "brücke xyzzy"])
def test_finds_nothing_where_nothing_is(town: None, query: str) -> None:
    assert names(query) == []


@pytest.mark.parametrize(
    "query", ["", "   ", "e. V.", "!!!", "\x00", "\u202e", "a" * 10_000, "ab " * 5000, "%_\\'\""]
)
def test_any_query_is_answered(town: None, query: str) -> None:
    search.search(query, Filters(), page=1, per_page=10)


@pytest.mark.parametrize("query", ["", "verein", "dom", "e", "verien"])
def test_pages_hold_everything_once(town: None, query: str) -> None:
    for number in range(20):
        make_organisation(name=f"Verein {number}", description="Dom und Verein")
    total = search.search(query, EVERYTHING, page=1, per_page=7).total
    pages = [names(query, page=page, per_page=7) for page in range(1, total // 7 + 2)]
    found = [name for page in pages for name in page]
    assert found == names(query, per_page=1000)
    assert len(found) == len(set(found)) == total
    assert all(len(page) == 7 for page in pages[:-1])


def test_better_matches_come_first() -> None:
    music = make_topic(name="Musik")
    make_organisation(name="Zebra", description="Wir machen Musik.")
    make_organisation(name="Yak", topics=[music], description="Wir singen.")
    make_organisation(name="Xylophon und Musik")
    make_organisation(name="Blasmusik")
    make_organisation(name="Musikfreunde")
    make_organisation(name="Musik")
    assert names("Musik") == [
        "Musik", "Musikfreunde", "Xylophon und Musik", "Yak", "Zebra", "Blasmusik",
    ]  # fmt: skip


def test_found_by_topic_place_and_language_in_every_language() -> None:
    rastatt = make_municipality(
        name="Rastatt", postal_codes=("76437",), translations={"ar": {"name": "راشتات"}}
    )
    turkish = make_language(
        name="Türkisch",
        endonym="Türkçe",
        translations={"en": {"name": "Turkish"}, "ar": {"name": "التركية"}},
    )
    women = make_target_group(name="Frauen", translations={"en": {"name": "Women"}})
    make_organisation(
        name="Anadolu", municipality=rastatt, languages=[turkish], target_groups=[women]
    )
    make_organisation(name="Anderswo")
    for query in (
        "rastatt", "76437", "راشتات", "türkisch", "Turkish", "turkce", "التركيه", "women",
        "Frauen Rastatt", "Rastatt Türkisch Verein",
    ):  # fmt: skip
        assert names(query) == ["Anadolu"], query


def test_only_what_is_public_is_found() -> None:
    organisation = make_organisation(
        name="Sichtbar", street="Geheimgasse 1", place="Verstecktal", postal_code="76532"
    )
    make_contact(organisation=organisation, name="Zacharias Unbekannt", public=("name",))
    for state in ("draft", "submitted", "returned", "rejected", "paused", "archived"):
        make_organisation(name=f"Verborgen {state}", state=state)
    assert names() == ["Sichtbar"]
    for query in ("Verborgen", "Geheimgasse", "Verstecktal", "76532", "Zacharias"):
        assert names(query) == [], query
    organisation.address_public = True
    organisation.save()
    assert names("Verstecktal") == ["Sichtbar"]
    assert names("Geheimgasse") == []
    organisation.state = "paused"
    organisation.save()
    assert names() == []


def test_order_and_pages_are_alphabetical_across_scripts() -> None:
    for name in ("Ärzte", "Zebra", "Anker", "Österreich", "чай", "Über"):
        make_organisation(name=name)
    everything = ["Anker", "Ärzte", "чай", "Österreich", "Über", "Zebra"]
    assert names() == everything
    assert names(page=2, per_page=4) == everything[4:]
    assert names(page=3, per_page=4) == []
    assert search.search("", Filters(), page=3, per_page=4).total == 6


def test_place_means_the_seat_unless_asked_for_more() -> None:
    rastatt, gernsbach = (
        make_municipality(name="R", slug="r"),
        make_municipality(name="G", slug="g"),
    )
    make_organisation(name="Seat", municipality=gernsbach)
    make_organisation(name="Active", municipality=rastatt, active_in=[gernsbach])
    make_organisation(name="Everywhere", municipality=rastatt, whole_county=True)
    make_organisation(name="Elsewhere", municipality=rastatt)
    here = frozenset({"g"})
    assert names("", Filters(municipality=here)) == ["Seat"]
    wider = Filters(municipality=here, active_there=True)
    assert names("", wider) == ["Active", "Everywhere", "Seat"]
    assert search.search("", wider, page=1, per_page=9).counts["municipality"] == {"r": 3, "g": 3}


def test_suggests_what_would_be_found(town: None) -> None:
    suggestions = search.directory().suggest("Harmonia Chorr xyzzy")
    assert suggestions == [] or all(names(query) for query in suggestions)
    assert search.directory().suggest("Brucken xyzzy")
    assert any("Brücke" in text for text in search.directory().suggest("Brüggen"))


class CountsAreTrue(TestCase):
    """The numbers at the filters are what choosing them would find (checked one by one)."""

    @settings(deadline=None, max_examples=40)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["Musik", "Tanz", "Musikhaus"]),
                st.sets(st.integers(0, 2)),
                st.sets(st.integers(0, 2)),
                st.integers(0, 2),
                st.sampled_from(["association", "initiative"]),
                st.sampled_from(["yes", "partly", "no", "unknown"]),
            ),
            max_size=12,
        ),
        st.sampled_from(["", "Musik"]),
        st.sets(st.integers(0, 2)),
        st.sets(st.integers(0, 2)),
        st.sets(st.sampled_from(["association", "initiative"])),
    )
    def test_counts(self, rows, query, topics_chosen, places_chosen, kinds_chosen) -> None:
        topics = [make_topic(slug=f"t{n}", name=f"Thema{n}") for n in range(3)]
        languages = [make_language(slug=f"l{n}", name=f"Idiom{n}") for n in range(3)]
        places = [make_municipality(slug=f"m{n}", name=f"Ort{n}") for n in range(3)]
        for name, topic, language, place, kind, accessibility in rows:
            make_organisation(
                name=name,
                topics=[topics[n] for n in topic],
                languages=[languages[n] for n in language],
                municipality=places[place],
                kind=kind,
                accessibility=accessibility,
                description="",
            )
        chosen = {
            "topic": frozenset(f"t{n}" for n in topics_chosen),
            "municipality": frozenset(f"m{n}" for n in places_chosen),
            "kind": frozenset(kinds_chosen),
        }

        def values(row: tuple) -> dict[str, set[str]]:
            _name, topic, language, place, kind, accessibility = row
            return {
                "topic": {f"t{n}" for n in topic},
                "language": {f"l{n}" for n in language},
                "municipality": {f"m{place}"},
                "kind": {kind},
                "accessibility": {accessibility},
                "target_group": set(),
            }

        def fits(row: tuple, without: str = "") -> bool:
            return row[0].startswith(query) and all(
                not wanted or group == without or values(row)[group] & wanted
                for group, wanted in chosen.items()
            )

        result = search.search(query, Filters(**chosen), page=1, per_page=100)
        assert result.total == len(result.ids) == sum(fits(row) for row in rows)
        for group, counts in result.counts.items():
            for value, count in counts.items():
                expected = sum(value in values(row)[group] for row in rows if fits(row, group))
                assert count == expected, (group, value)


def test_one_index_is_built_however_many_ask(town: None, monkeypatch) -> None:
    number = search.revision.current()
    monkeypatch.setattr(search.revision, "current", lambda: number)
    monkeypatch.setattr(search, "_current", None)
    built = []

    class Slow:
        def __init__(self, number: int) -> None:
            built.append(self)
            self.revision = number
            time.sleep(0.05)

    monkeypatch.setattr(search, "Directory", Slow)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _number: search.directory(), range(8)))
    assert len(built) == 1
    assert set(answers) == set(built)


def test_a_large_index_is_left_out_by_the_garbage_collector(town: None, monkeypatch) -> None:
    search.Directory(1)
    assert gc.get_freeze_count() == 0
    monkeypatch.setattr(search, "FREEZE_FROM", 3)
    try:
        search.Directory(2)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_a_change_is_found_with_the_next_search(town: None) -> None:
    assert names("Neuling") == []
    organisation = make_organisation(name="Neuling")
    assert names("Neuling") == ["Neuling"]
    organisation.name = "Umbenannt"
    organisation.save()
    assert names("Neuling") == []
    assert names("umbenannt") == ["Umbenannt"]
