"""Likely duplicates: what is found, what is not, and how fast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.folding import words
from organisations import duplicates
from organisations.duplicates import THRESHOLD, alikeness, find, traits_of
from organisations.models import Organisation
from tests.factories import make_municipality, make_organisation

PLACES = frozenset({"rastatt", "gaggenau", "buhl"})


def alike(one: str, other: str) -> float:
    return alikeness(tuple(words(one)), tuple(words(other)), PLACES)


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("Die Brücke", "Die Brücke Rastatt für den Dialog"),
        ("Die Bruecke e.V.", "Die Brücke Rastatt für den Dialog e. V."),
        ("die brucke rastatt", "Die Brücke Rastatt für den Dialog"),
        ("die bruecke rastat", "Die Brücke Rastatt für den Dialog"),
        ("Club Euro-Italia", "Club Euro Italia e.V."),
        ("Euro Italia Club", "Club Euro-Italia"),
        ("Clubb Euro-Itaila", "Club Euro-Italia"),
        ("Kulturbrücke", "Kultur-Brücke e. V."),
        ("Türkisch-Deutscher Freundeskreis", "Deutsch-Türkischer Freundeskreis Bühl"),
        ("Müllers Chor", "Mueller's Chor"),
        ("Українська громада", "Ukrainska hromada"),
        ("Union Polónia", "Union Polonia"),
    ],
)
def test_the_same_name_however_written(typed, listed):
    assert alike(typed, listed) >= THRESHOLD


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("Türkischer Kulturverein Rastatt", "Italienischer Kulturverein Rastatt"),
        ("Türkischer Kulturverein Rastatt", "Türkischer Nähverein Rastatt"),
        ("Haus der Musik", "Haus der Kulturen"),
        ("Verein", "Kulturverein Rastatt"),
        ("Rastatt", "Frauentreff Rastatt"),
        ("Kulturbrücke", "Die Brücke Rastatt für den Dialog"),
        ("Internationaler Frauentreff", "Internationaler Männerchor"),
        ("", "Kulturverein"),
        ("!!!", "???"),
    ],
)
def test_different_names_stay_different(typed, listed):
    assert alike(typed, listed) < THRESHOLD


@given(st.text(max_size=60), st.text(max_size=60))
def test_alikeness_is_a_share_and_does_not_mind_who_asks(one, other):
    assert 0 <= alike(one, other) <= 1
    assert alike(one, one) in (0.0, 1.0)


@given(
    st.lists(
        st.sampled_from(["rot", "blau", "chor", "haus", "tanz", "ural"]), min_size=1, unique=True
    )
)
def test_the_order_of_words_does_not_count(names):
    assert alike(" ".join(names), " ".join(reversed(names))) == 1.0


# --- With rows ------------------------------------------------------------------------------------
@pytest.fixture
def bridge(db):
    return make_organisation(
        name="Die Brücke Rastatt für den Dialog e. V.",
        short_name="BRD",
        municipality=make_municipality(name="Rastatt"),
        website="https://www.bruecke.example.net/start",
        email="info@bruecke.example.net",
        phone="+4972223814325",
    )


@pytest.mark.parametrize(
    ("traits", "reasons"),
    [
        ({"name": "Bruecke Rastatt"}, ("name",)),
        ({"name": "BRD"}, ("name",)),
        ({"name": "Ganz anders", "website": "bruecke.example.net"}, ("website",)),
        ({"name": "Ganz anders", "website": "http://bruecke.example.net/de/"}, ("website",)),
        ({"name": "Ganz anders", "email": "INFO@bruecke.example.net"}, ("email", "domain")),
        ({"name": "Ganz anders", "phone": "07222/381-4325"}, ("phone",)),
    ],
)
def test_found_by_what_is_in_common(bridge, traits, reasons):
    make_organisation(name="Etwas völlig Verschiedenes")
    (match,) = find(**traits)
    assert (match.organisation, match.reasons) == (bridge, reasons)
    assert THRESHOLD <= match.score <= 1


@pytest.mark.parametrize("typed", ["Amal Frauen-Chor", "Amal Frauenchor", "Frauen-Chor Amal"])
@pytest.mark.parametrize("listed", ["Amal Frauenchor Rastatt e. V.", "Amal Frauen-Chor Rastatt"])
def test_a_hyphen_makes_no_difference(db, typed, listed):
    make_municipality(name="Rastatt")
    organisation = make_organisation(name=listed)
    assert [match.organisation for match in find(name=typed)] == [organisation]


def test_a_shared_host_or_mail_provider_says_nothing(db):
    make_organisation(name="Chor", website="https://facebook.com/chor", email="chor@gmail.com")
    assert not find(name="Tanz", website="https://facebook.com/tanz", email="tanz@gmail.com")
    assert find(name="Tanz", website="https://www.facebook.com/chor/")


def test_more_in_common_is_likelier(bridge):
    name = find(name="Die Brücke")[0]
    both = find(name="Die Brücke", email="info@bruecke.example.net")[0]
    assert both.score > name.score


def test_best_first_limited_and_without_itself(bridge):
    other = make_organisation(name="Brücke Rastatt")
    found = [match.organisation for match in find(name="Brücke Rastatt")]
    assert found == [other, bridge]
    assert len(find(name="Brücke Rastatt", limit=1)) == 1
    assert [match.organisation for match in find(name="Brücke Rastatt", exclude=other)] == [bridge]


@pytest.mark.parametrize("state", Organisation.State.values)
def test_applicants_find_active_ones_the_officer_finds_all(db, state):
    organisation = make_organisation(name="Geheimer Chor", state=state)
    assert [match.organisation for match in find(name="Geheimer Chor")] == [organisation]
    found = find(name="Geheimer Chor", phone="", public_only=True)
    assert [match.organisation for match in found] == ([organisation] if state == "active" else [])


def test_new_changed_and_deleted_rows_are_noticed(bridge):
    assert not find(name="Wanderfreunde Alpenglühn")
    walkers = make_organisation(name="Wanderfreunde Alpenglühn")
    assert find(name="Wanderfreunde Alpenglühn")
    walkers.name = "Schachclub Turm"
    walkers.save()
    assert not find(name="Wanderfreunde Alpenglühn")
    assert find(name="Schachclub Turm")
    walkers.delete()
    assert not find(name="Schachclub Turm")


@pytest.mark.parametrize(
    "nonsense", ["", " ", "\x00", "e. V.", "x" * 10_000, "😀", "'; DROP TABLE"]
)
def test_nonsense_is_answered(bridge, nonsense):
    assert find(name=nonsense, website=nonsense, email=nonsense, phone=nonsense) == []


def test_the_database_is_asked_little_whatever_the_size(bridge, django_assert_max_num_queries):
    find(name="Die Brücke")
    with django_assert_max_num_queries(3):
        find(name="Die Brücke", website="bruecke.example.net")
    for number in range(30):
        make_organisation(name=f"Brücke {number}")
    find(name="Die Brücke")
    with django_assert_max_num_queries(3):
        find(name="Die Brücke", website="bruecke.example.net")


def test_traits_survive_broken_addresses():
    traits = traits_of(names=["x"], website="http://[::1", phone="0", email="@")
    assert (traits.website, traits.phone) == ("", "")
    assert duplicates.traits_of(names=[]).names == ()
