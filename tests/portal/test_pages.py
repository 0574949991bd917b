import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from core.markdown import render
from core.models import Revision
from organisations.models import Organisation
from portal import context_processors, services
from portal.models import NetworkProfile
from tests.factories import (
    make_language,
    make_municipality,
    make_network,
    make_organisation,
    make_topic,
)

LEGAL = ["imprint", "privacy", "accessibility"]


@pytest.fixture
def profile(db) -> NetworkProfile:
    """A real network, newly set up, with its starting texts."""
    return services.ensure_profile(
        name="Netzwerk im Musterkreis",
        short_name="Netzwerk",
        county="Musterkreis",
        contact_role="Integrationsbeauftragte",
        contact_name="Erika Muster",
        contact_phone="07222 381000",
        contact_email="netzwerk@example.org",
        translations={"ar": {"name": "شبكة", "county": "مقاطعة"}},
    )[0]


def page(name: str, language: str = "de", client: Client | None = None) -> str:
    with translation.override(language):
        response = (client or Client()).get(reverse(f"portal:{name}"))
    assert response.status_code == 200
    return response.content.decode()


# --- Home -----------------------------------------------------------------------------------------
def test_home_says_what_this_is_and_whom_to_ask(profile):
    make_organisation(
        name="Haus der Musik",
        languages=[make_language(name="Türkisch"), make_language(name="Deutsch")],
        topics=[make_topic(name="Musik")],
    )
    make_organisation(name="Noch nicht da", state="submitted")
    html = page("home")
    assert "Viele Sprachen, viele Vereine – ein Netzwerk." in html
    assert "Netzwerk im Musterkreis" in html
    assert "Haus der Musik" in html
    assert "Noch nicht da" not in html
    assert 'action="/de/organisationen/"' in html
    assert "?thema=musik" in html
    assert reverse("organisations:join") in html
    assert "<strong>1</strong> Organisation" in html
    assert "<strong>2</strong> Sprachen" in html
    assert "Erika Muster" in html
    assert 'href="tel:+49-7222-381000"' in html
    assert 'href="mailto:netzwerk@example.org"' in html
    assert reverse("portal:easy_language") in html
    assert reverse("portal:sign_language") in html


@pytest.mark.parametrize("name", ["home", *LEGAL, "easy_language", "sign_language"])
def test_search_engines_learn_the_page_in_every_language(profile, settings, name):
    settings.SITE_URL = "https://netz.example.org"
    html = page(name, "en")
    with translation.override("en"):
        path = reverse(f"portal:{name}")
    assert f'<link rel="canonical" href="https://netz.example.org{path}">' in html
    arabic = path.replace("/en/", "/ar/")
    assert f'hreflang="ar" href="https://netz.example.org{arabic}"' in html


@pytest.mark.parametrize("language", ["en", "ar"])
def test_home_speaks_the_readers_language(profile, language):
    html = page("home", language)
    assert profile.translated("claim", language) in html
    assert profile.claim not in html


def test_home_of_an_empty_network_invites_the_first(db):
    html = page("home")
    assert "Ihre kann die erste sein." in html
    assert "Das Netzwerk in Zahlen" not in html


def test_home_asks_the_database_the_same_however_many_there_are(
    profile, django_assert_max_num_queries
):
    place = make_municipality()
    counts = []
    for total in (1, 30):
        for _number in range(total - Organisation.objects.count()):
            make_organisation(
                municipality=place, topics=[make_topic()], languages=[make_language()]
            )
        page("home")  # the index and the profile are in memory from here on
        context_processors.caches["pages"].clear()
        with django_assert_max_num_queries(8) as queries:
            page("home")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_home_is_answered_from_memory_until_something_changes(profile, django_assert_num_queries):
    make_organisation(name="Erster Verein")
    page("home")
    with django_assert_num_queries(0):
        assert "Erster Verein" in page("home")
    make_organisation(name="Zweiter Verein")
    assert "Zweiter Verein" in page("home")


# --- Legal pages ----------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["de", "en", "ar"])
@pytest.mark.parametrize("name", LEGAL)
def test_starting_texts_are_marked_until_somebody_has_checked_them(profile, name, language):
    html = page(name, language)
    first = profile.translated(name, language).partition("\n")[0].strip("# ")
    assert first in html
    assert "$" not in html
    assert "notice--warning" in html
    assert "Erika Muster" in html
    setattr(profile, f"{name}_checked", True)
    profile.save()
    assert "notice--warning" not in page(name, language)


@pytest.mark.parametrize("language", ["de", "en", "ar"])
def test_every_language_has_all_starting_texts(language):
    texts = services.starting_texts(language, name="Netz", county="Kreis")
    assert set(texts) == set(services.STARTING_TEXTS)


def test_the_imprint_names_sources_and_licences(profile):
    html = page("imprint")
    assert "GeoBasis-DE / BKG 2017" in html
    assert "EUPL" in html
    assert "§ 5" in html
    assert "§ 18" in html


def test_the_declaration_says_where_to_turn_next(profile):
    html = page("accessibility")
    assert "Else-Josenhans-Straße 6" in html
    assert reverse("portal:feedback") in html


@pytest.mark.parametrize("name", LEGAL)
def test_a_portal_without_profile_has_no_legal_pages(db, name):
    assert Client().get(reverse(f"portal:{name}")).status_code == 404


@pytest.mark.parametrize("name", LEGAL)
def test_an_empty_text_is_admitted(db, name):
    make_network(**{name: ""})
    assert "Dieser Text fehlt noch." in page(name)


@pytest.mark.parametrize("name", ["easy_language", "sign_language"])
def test_slots_say_honestly_that_they_are_empty(profile, name):
    assert "fehlt noch" in page(name)
    setattr(profile, name, "Das **Netzwerk** ist eine Gruppe.")
    profile.save()
    html = page(name)
    assert "fehlt noch" not in html
    assert "<strong>Netzwerk</strong>" in html


# --- Markdown -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[Klick](javascript:alert(1))",
        "[Klick](data:text/html;base64,PHNjcmlwdD4=)",
        "![Bild](https://evil.example/zaehler.png)",
        '<a href="https://example.org" onclick="x()">x</a>',
        "<style>*{display:none}</style>",
    ],
)
def test_nothing_in_a_text_can_do_harm(hostile):
    html = render(f"Vorher\n\n{hostile}\n\nNachher")
    for forbidden in ("<script", "<img", "<style", 'href="javascript:', 'href="data:'):
        assert forbidden not in html
    assert "Vorher" in html
    assert "Nachher" in html


def test_headings_stand_below_the_pages_title():
    assert render("# Eins\n\n## Zwei\n\n###### Sechs") == (
        "<h2>Eins</h2>\n<h3>Zwei</h3>\n<h5>Sechs</h5>\n"
    )


def test_links_lists_and_tables_stay():
    html = render("- [Amt](https://example.org)\n- **fett**\n\n|a|b|\n|-|-|\n|1|2|")
    assert '<a href="https://example.org"' in html
    assert "<li><strong>fett</strong></li>" in html
    assert "<td>1</td>" in html


# --- The profile ----------------------------------------------------------------------------------
def test_there_is_one_profile_and_setting_up_again_leaves_it_alone(profile):
    profile.claim = "Unser Satz"
    profile.save()
    again, is_new = services.ensure_profile(name="Anders", short_name="A", county="B")
    assert not is_new
    assert (again.name, again.claim) == ("Netzwerk im Musterkreis", "Unser Satz")


def test_a_second_profile_is_impossible(profile):
    with pytest.raises(DatabaseError):
        NetworkProfile(pk=2, name="Zwei", short_name="Zwei", county="Zwei").save()


def test_the_profile_costs_one_query_a_page_and_a_change_shows_at_once(
    profile, rf, django_assert_num_queries
):
    context_processors.current_profile()
    with django_assert_num_queries(1):
        network = context_processors.network(rf.get("/"))["network"]
        assert network.short_name == "Netzwerk"
        assert network.contact_name == "Erika Muster"
    profile.short_name = "Neu"
    profile.save()
    assert context_processors.network(rf.get("/"))["network"].short_name == "Neu"
    with translation.override("ar"):
        assert context_processors.network(rf.get("/"))["network"].county == "مقاطعة"


def test_pages_can_do_without_profile_and_without_database(db, rf, monkeypatch):
    assert not context_processors.network(rf.get("/"))["network"]
    monkeypatch.setattr(Revision.objects, "filter", gone)
    assert not context_processors.network(rf.get("/"))["network"]


def gone(*args, **kwargs):
    raise DatabaseError("gone")
