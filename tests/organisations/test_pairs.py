"""Likely duplicates over the whole stock: found, remembered as different, shown."""

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from core import background, jobs
from core.errors import Refused
from organisations import duplicates
from organisations.duplicates import THRESHOLD, traits_of
from organisations.models import DuplicatePair, Organisation
from organisations.services import pairs
from tests import factories as make

State = Organisation.State
PAGE = "/de/verwaltung/organisations/duplicatepair/"


def found() -> dict[frozenset[str], tuple[int, tuple[str, ...]]]:
    names = dict(Organisation.objects.values_list("pk", "name"))
    return {frozenset(names[key] for key in keys): what for keys, what in pairs.find_all().items()}


@pytest.fixture
def pair(db) -> DuplicatePair:
    make.make_organisation(name="Haus der Musik", place="Rastatt", street="Ring 1")
    make.make_organisation(name="Haus d. Musik", place="Bühl", state=State.PAUSED)
    pairs.store(pairs.find_all())
    return DuplicatePair.objects.get()


# --- Finding --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        ({"name": "Die Brücke"}, {"name": "Die Bruecke e. V."}, ("name",)),
        ({"name": "Frauen-Chor Amal"}, {"name": "Amal Frauenchor"}, ("name",)),
        ({"name": "Club Euro-Italia"}, {"name": "Clubb Euro-Itaila"}, ("name",)),
        ({"name": "Türkischer Kulturverein"}, {"name": "Turkischer Kultur-Verein"}, ("name",)),
        ({"name": "Bunt", "short_name": "FMI"}, {"name": "FMI"}, ("name",)),
        (
            {"name": "A", "website": "https://www.chor.example.net/"},
            {"name": "B", "website": "http://chor.example.net/start"},
            ("website",),
        ),
        (
            {"name": "A", "email": "chor@example.org"},
            {"name": "B", "email": "Chor@example.org"},
            ("email",),
        ),
        ({"name": "A", "phone": "+4972223810"}, {"name": "B", "phone": "+4972223810"}, ("phone",)),
        (
            {
                "name": "Tanz Tulpe Harmonie Stern",
                "street": "Hauptstr. 5 a",
                "postal_code": "76437",
            },
            {
                "name": "Tanz Tulpe Harmonie Ring",
                "street": "Hauptstraße 5a",
                "postal_code": "76437",
            },
            ("address",),
        ),
    ],
)
def test_what_is_alike_is_found(db, one, other, reasons):
    make.make_organisation(**one)
    make.make_organisation(**other)
    make.make_organisation(name="Etwas völlig Verschiedenes")
    ((score, why),) = found().values()
    assert (why, score >= THRESHOLD * 100) == (reasons, True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Türkischer Kulturverein"}, {"name": "Italienischer Kulturverein"}),
        # The same house, or the same town without a street, is not the same organisation.
        (
            {"name": "Chor", "street": "Ring 1", "postal_code": "76437"},
            {"name": "Tanz", "street": "Ring 1", "postal_code": "76437"},
        ),
        (
            {"name": "Tanz Tulpe Harmonie Stern", "street": "Ring", "postal_code": "76437"},
            {"name": "Tanz Tulpe Harmonie Ring", "street": "Ring", "postal_code": "76437"},
        ),
        ({"name": "Haus der Musik"}, {"name": "Haus der Musik", "state": State.ARCHIVED}),
    ],
)
def test_what_is_not_is_not(db, one, other):
    make.make_organisation(**one)
    make.make_organisation(**other)
    assert found() == {}


def test_what_many_have_says_little(db):
    """A town hall's telephone: not ten pairs for five offices."""
    for name in ("Rosen", "Tulpen", "Nelken", "Veilchen"):
        make.make_organisation(name=name, phone="+4972223810")
    assert len(found()) == 6
    make.make_organisation(name="Astern", phone="+4972223810")
    assert found() == {}
    make.make_organisation(name="Asternbund", phone="+4972223810", website="https://a.example.net")
    make.make_organisation(name="Asternkreis", website="https://a.example.net")
    assert set(found()) == {frozenset({"Asternbund", "Asternkreis"})}


WORDS = ["haus", "musik", "tulpe", "türkischer", "verein", "rastatt", "chor", "chöre", "tulpn"]


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), min_size=2, max_size=12))
def test_nothing_alike_is_passed_over(names):
    """In a small stock, the shortcut finds what comparing each with each would."""
    traits = {
        key: traits_of(names=[" ".join(name)], phone="07222 381-0" if key % 3 else "")
        for key, name in enumerate(names, 1)
    }
    met = {
        frozenset({key, other})
        for key, others in pairs._candidates(traits, frozenset({"rastatt"}))
        for other in others
    }
    for one in traits:
        for other in range(1, one):
            score, _reasons = duplicates.likeness(
                traits[one], traits[other], frozenset({"rastatt"})
            )
            if score >= THRESHOLD:
                assert frozenset({one, other}) in met, (names[one - 1], names[other - 1])


# --- Keeping --------------------------------------------------------------------------------------
def test_found_again_they_are_the_same_rows_and_stale_ones_go(pair):
    pairs.store(pairs.find_all())
    assert DuplicatePair.objects.get() == pair
    Organisation.objects.filter(pk=pair.second_id).update(name="Ganz anders")
    assert pairs.store(pairs.find_all()) == {"pairs": 0, "dropped": 1}
    assert not DuplicatePair.objects.exists()


def test_an_organisation_that_went_meanwhile_is_left_out(pair):
    result = pairs.find_all()
    Organisation.objects.filter(pk=pair.first_id).delete()
    pairs.store(result)
    assert not DuplicatePair.objects.exists()


def test_not_the_same_is_remembered_until_taken_back(pair, officer):
    with time_machine.travel("2026-05-04 09:00Z", tick=False):
        assert pairs.part(first=pair.second, second=pair.first, by=officer)
    assert not pairs.part(first=pair.first, second=pair.second, by=officer)
    pair.refresh_from_db()
    assert (pair.parted_by, pair.parted_at.day) == (officer, 4)
    pairs.store(pairs.find_all())
    pairs.store({})
    assert not DuplicatePair.objects.waiting().exists()
    assert pairs.parted_from(pair.first) == {pair.second_id}

    assert pairs.unpart(pair=pair, by=officer)
    assert not pairs.unpart(pair=pair, by=officer)
    assert DuplicatePair.objects.waiting().get() == pair


def test_only_who_may_merge_decides(pair, manager, officer):
    with pytest.raises(PermissionDenied):
        pairs.part(first=pair.first, second=pair.second, by=manager)
    with pytest.raises(PermissionDenied):
        pairs.unpart(pair=pair, by=manager)
    with pytest.raises(Refused):
        pairs.part(first=pair.first, second=pair.first, by=officer)


def test_the_worker_searches_every_day_and_on_demand(db, officer):
    make.make_organisation(name="Haus der Musik")
    make.make_organisation(name="Haus d. Musik")
    assert jobs.tasks["organisations.pairs"].run() == {"searches begun": 1}
    task = pairs.search(by=officer)
    assert task == pairs.last_search()
    background.run_due()
    task.refresh_from_db()
    assert (task.state, DuplicatePair.objects.count()) == ("done", 1)


# --- Showing --------------------------------------------------------------------------------------
def test_the_list_says_why_and_leads_on(pair, officer, client_for):
    client = client_for(officer)
    text = client.get(PAGE).content.decode()
    for words in ("Haus der Musik", "Haus d. Musik", "Ring 1", "Bühl", "Pausiert", "hnlicher Name"):
        assert words in text
    compare = (
        f"/de/verwaltung/organisations/merge/zusammenfuehren/{pair.first_id}/{pair.second_id}/"
    )
    assert compare in text
    assert client.get(f"{PAGE}{pair.pk}/change/")["Location"] == compare
    start = client.get("/de/verwaltung/").content.decode()
    assert compare in start

    response = client.post(PAGE, {"action": "part", "pair": pair.pk}, follow=True)
    assert "sind nicht dieselbe" in response.content.decode()
    assert compare not in client.get(PAGE).content.decode()
    assert compare not in client.get("/de/verwaltung/").content.decode()
    parted = client.get(f"{PAGE}?verschieden").content.decode()
    assert "Olga Amt hat am" in parted
    client.post(f"{PAGE}?verschieden", {"action": "unpart", "pair": pair.pk})
    assert compare in client.get(PAGE).content.decode()


def test_searching_by_the_button(officer, client_for):
    client = client_for(officer)
    assert "noch nicht gesucht" in client.get(PAGE).content.decode()
    assert (
        "Die Suche läuft" in client.post(PAGE, {"action": "search"}, follow=True).content.decode()
    )
    background.run_due()
    assert "Zuletzt gesucht" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "data",
    [{}, {"action": "part"}, {"action": "part", "pair": "9" * 25}, {"action": "x", "pair": "1"}],
)
def test_a_tampered_decision_is_not_there(pair, officer, client_for, data):
    assert client_for(officer).post(PAGE, data).status_code == 404
    pair.refresh_from_db()
    assert pair.parted_at is None


@pytest.mark.parametrize("parted", [False, True])
def test_a_long_list_takes_as_many_queries_as_a_short_one(
    officer, client_for, django_assert_max_num_queries, parted
):
    client = client_for(officer)
    url = f"{PAGE}?verschieden" if parted else PAGE
    for number in (2, 8):
        while Organisation.objects.count() < number:
            make.make_organisation(name="Haus der Musik")
        pairs.store(pairs.find_all())
        for pair in DuplicatePair.objects.all() if parted else ():
            pairs.part(first=pair.first, second=pair.second, by=officer)
        with django_assert_max_num_queries(13):
            page = client.get(url)
        assert len(page.context["rows"]) == number * (number - 1) // 2


def test_what_was_said_to_be_different_is_not_asked_again_when_deciding(pair, officer, client_for):
    url = f"/de/verwaltung/organisations/organisation/{pair.first_id}/pruefen/"
    client = client_for(officer)
    assert "Haus d. Musik" in client.get(url).content.decode()
    pairs.part(first=pair.first, second=pair.second, by=officer)
    assert "Haus d. Musik" not in client.get(url).content.decode()
