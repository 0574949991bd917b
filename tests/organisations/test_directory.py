"""The public pages of the directory: what they show, to whom, and in how many queries."""

import json
import re
import uuid
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import limits
from organisations.models import Organisation, ProblemReport
from tests.factories import (
    make_contact,
    make_former_slug,
    make_image,
    make_language,
    make_municipality,
    make_organisation,
    make_target_group,
    make_topic,
)

pytestmark = pytest.mark.django_db

LIST = "/de/organisationen/"
HIDDEN = ("draft", "submitted", "returned", "rejected", "paused", "archived")


def page(client: Client, url: str, **expected: int) -> str:
    response = client.get(url)
    assert response.status_code == expected.get("status", 200), url
    return response.content.decode()


def formats(organisation: Organisation, contact_pk: int) -> list[str]:
    slug = organisation.slug
    return [
        reverse(f"organisations:{name}", args=[slug])
        for name in ("detail", "qr_code", "share_image", "problem", "problem_thanks")
    ] + [reverse("organisations:contact_vcard", args=[slug, contact_pk])]


# --- List -----------------------------------------------------------------------------------------
def test_list_shows_public_organisations_by_name(client: Client) -> None:
    music = make_topic(name="Musik", icon="musik-tanz")
    turkish = make_language(name="Türkisch")
    for name in ("Zebra e. V.", "Anker"):
        make_organisation(name=name, topics=[music], languages=[turkish], accessibility="yes")
    for state in HIDDEN:
        make_organisation(name=f"Verborgen {state}", state=state)
    html = page(client, LIST)
    assert "2 Organisationen" in html
    assert html.index("Anker") < html.index("Zebra e. V.")
    assert "Verborgen" not in html
    assert "Musik" in html
    assert "Türkisch" in html
    assert "Nach Namen geordnet" in html


@pytest.mark.parametrize("logged_in", [False, True])
def test_the_number_of_queries_does_not_grow(
    client_for, outsider, network, logged_in: bool
) -> None:
    client = client_for(outsider if logged_in else None)

    def make(number: int) -> None:
        for _count in range(number):
            organisation = make_organisation(
                topics=[make_topic()], languages=[make_language()], active_in=[make_municipality()]
            )
            make_contact(organisation=organisation, public=("name",))
            make_image(organisation=organisation)

    def queries(url: str) -> int:
        client.get(url)
        Organisation.objects.first().save()  # another revision: nothing comes from memory
        client.get(LIST + "?q=warm")  # builds the index
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len([q for q in captured if "SAVEPOINT" not in q["sql"]])

    make(1)
    one = [queries(LIST), queries(LIST + "?q=verein"), queries(detail_of_first())]
    make(29)
    thirty = [queries(LIST), queries(LIST + "?q=verein"), queries(detail_of_first())]
    assert one == thirty
    assert max(thirty) <= 9


def detail_of_first() -> str:
    return Organisation.objects.order_by("pk").first().get_absolute_url()


def test_filters_stand_in_the_address_and_can_be_removed(client: Client) -> None:
    rastatt = make_municipality(name="Rastatt", slug="rastatt")
    sport = make_topic(name="Sport", slug="sport")
    make_organisation(name="Turner", municipality=rastatt, topics=[sport])
    make_organisation(name="Leser", municipality=rastatt)
    html = page(client, f"{LIST}?ort=rastatt&thema=sport")
    assert "Turner" in html
    assert "Leser" not in html
    assert f'href="{LIST}?ort=rastatt"' in html
    assert f'href="{LIST}?thema=sport"' in html
    assert re.search(r'name="thema" value="sport" form="suche" checked', html)
    # Of the places, only the one that has organisations is offered.
    assert html.count('name="ort"') == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?art=verein", ["Anker", "Bund"]),
        ("?art=initiative", ["Chor"]),
        ("?barrierefrei=ja", ["Anker"]),
        ("?barrierefrei=ja&barrierefrei=teilweise", ["Anker", "Bund"]),
        ("?art=verein&barrierefrei=teilweise", ["Bund"]),
        ("?q=chor&art=verein", []),
        ("?sprache=tr&sprache=ar", ["Anker", "Chor"]),
    ],
)
def test_filters_combine(client: Client, query: str, expected: list[str]) -> None:
    turkish, arabic = make_language(code="tr", name="Tü"), make_language(code="ar", name="Ar")
    make_organisation(name="Anker", kind="association", accessibility="yes", languages=[turkish])
    make_organisation(name="Bund", kind="association", accessibility="partly")
    make_organisation(name="Chor", kind="initiative", languages=[arabic])
    html = page(client, LIST + query)
    assert re.findall(r"<h3><a[^>]*><bdi>(\w+)<", html) == expected


@pytest.mark.parametrize(
    "query",
    [
        "?thema=gibt-es-nicht",
        "?q=%E2%80%AE&ort=x'%22%3Cscript%3E",
        "?seite=abc",
        "?seite=-1",
        "?seite=99999999999999999999",
        "?seite=%C2%B2",
        "?q=" + "ü" * 3000,
        "?" + "&".join(f"thema=t{n}" for n in range(300)),
        "?%FF=%FE",
        "?aktiv=vielleicht",
    ],
)
def test_a_strange_address_is_answered_kindly(client: Client, query: str) -> None:
    make_organisation(name="Anker")
    html = page(client, LIST + query)
    assert "<script>" not in html


def test_unknown_filters_are_named_and_left_out(client: Client) -> None:
    make_organisation(name="Anker")
    html = page(client, LIST + "?thema=gibt-es-nicht")
    assert "gibt es nicht (mehr)" in html
    assert "Anker" in html
    assert "gibt es nicht (mehr)" not in page(client, LIST)


def test_empty_fields_leave_the_address(client: Client) -> None:
    response = client.get(LIST + "?q=&thema=")
    assert (response.status_code, response["Location"]) == (302, LIST)


def test_pages(client: Client) -> None:
    for number in range(50):
        make_organisation(name=f"Verein {number:02}")
    first, last, beyond = (page(client, f"{LIST}?seite={n}") for n in (1, 3, 77))
    assert "Verein 00" in first
    assert "Verein 24" not in first
    assert "Verein 48" in last
    assert "Verein 49" in beyond
    assert 'rel="next"' in first
    assert 'rel="next"' not in last


def test_an_empty_result_offers_a_way_on(client: Client) -> None:
    make_organisation(name="Chor Harmonie")
    empty = make_municipality(name="Leerstadt", slug="leerstadt")
    make_organisation(name="Überall", whole_county=True)
    html = page(client, LIST + "?q=Harmunia+xyzzy")
    assert "Dazu haben wir nichts gefunden" in html
    assert "Meinten Sie vielleicht" in html
    assert "Tragen Sie sie ein" in html
    html = page(client, f"{LIST}?ort={empty.slug}")
    assert "1 weitere Organisation ist dort aktiv" in html
    assert "Überall" in page(client, f"{LIST}?ort={empty.slug}&aktiv=ja")
    assert "Hier stehen bald" not in html


def test_an_empty_directory_invites(client: Client) -> None:
    assert "Hier stehen bald die ersten Organisationen" in page(client, LIST)


def test_what_search_engines_may_list(client: Client) -> None:
    make_organisation(name="Anker", topics=[make_topic(slug="sport")])
    everything = page(client, LIST)
    assert '<link rel="canonical" href="http://localhost:8000/de/organisationen/">' in everything
    assert 'hreflang="ar" href="http://localhost:8000/ar/organisationen/"' in everything
    assert "noindex" in page(client, LIST + "?q=anker")
    one = page(client, LIST + "?thema=sport")
    assert '/de/organisationen/?thema=sport">' in one
    assert "noindex" not in one
    assert "noindex" in page(client, LIST + "?thema=sport&art=verein")


def test_names_are_hostile_text(client: Client) -> None:
    organisation = make_organisation(name='<script>alert("x")</script>', slug="boese")
    for url in (LIST, organisation.get_absolute_url(), LIST + "?q=<script>alert(1)</script>"):
        assert "<script>alert" not in page(client, url)


def test_the_map_links_and_counts(client: Client) -> None:
    outline = {"type": "Polygon", "coordinates": [[[8, 48], [8.1, 48], [8.1, 48.1], [8, 48]]]}
    rastatt = make_municipality(
        name="Rastatt", slug="rastatt", kind="Stadt", outline=outline, outline_source="© Quelle"
    )
    make_municipality(name="Nachbar", slug="nachbar", outline=outline, in_county=False)
    make_organisation(municipality=rastatt, topics=[make_topic(slug="sport")])
    html = page(client, LIST + "?thema=sport")
    assert 'aria-label="Rastatt: 1 Organisation"' in html
    assert f'{LIST}?ort=rastatt&amp;thema=sport"' in html
    assert "© Quelle" in html
    assert "nachbar" not in html


# --- One organisation -----------------------------------------------------------------------------
def test_page_tells_what_is_known(client: Client) -> None:
    rastatt = make_municipality(name="Rastatt")
    organisation = make_organisation(
        name="Haus",
        municipality=rastatt,
        description="Erste Zeile\n\nZweiter Absatz",
        aims="Ziele",
        activities="Chorprobe",
        topics=[make_topic(name="Musik", slug="musik")],
        target_groups=[make_target_group(name="Kinder", slug="kinder")],
        languages=[make_language(name="Persisch", endonym="فارسی", code="fa", rtl=True)],
        street="Murgstraße 1",
        postal_code="76437",
        place="Rastatt",
        address_public=True,
        opening_times="freitags 18 Uhr",
        accessibility="partly",
        phone="+4972223814325",
        email="haus@example.org",
        website="https://www.example.org/haus/",
        social_links=["https://www.facebook.com/haus", "javascript:alert(1)"],
        founding_year=1998,
    )
    html = page(client, organisation.get_absolute_url())
    for text in (
        "Zweiter Absatz", "Chorprobe", "Murgstraße 1", "76437 Rastatt", "freitags 18 Uhr",
        "teilweise barrierefrei", 'href="tel:+49-7222-3814325"', "07222 381-4325",
        'href="mailto:haus@example.org"', "example.org/haus<", "Facebook", "1998",
        '<bdi lang="fa" dir="rtl">فارسی</bdi>', "?thema=musik", "?zielgruppe=kinder",
        "?sprache=fa", "openstreetmap.org/search?query=Murgstra", "Zuletzt bestätigt am",
    ):  # fmt: skip
        assert text in html, text
    assert "javascript:" not in html
    organisation.address_public = False
    organisation.save()
    html = page(client, organisation.get_absolute_url())
    assert "Murgstraße" not in html
    assert "openstreetmap" not in html


def test_text_in_the_readers_language_or_marked_as_german(client: Client) -> None:
    organisation = make_organisation(
        description="Auf Deutsch.", translations={"en": {"description": "In English."}}
    )
    path = organisation.get_absolute_url().removeprefix("/de")
    english, arabic = page(client, f"/en{path}"), page(client, f"/ar{path}")
    assert "In English." in english
    assert "Auf Deutsch." not in english
    assert re.search(r'lang="de"><p>Auf Deutsch\.', arabic)


@pytest.mark.parametrize("state", HIDDEN)
def test_what_is_not_public_exists_for_nobody_else(client_for, manager, outsider, state) -> None:
    organisation = make_organisation(name="Verborgen", slug="verborgen", state=state)
    organisation.representatives.create(user=manager, role="manager")
    contact = make_contact(organisation=organisation, public=("name", "phone"))
    make_former_slug(slug="frueher", organisation=organisation)
    for user in (None, outsider):
        client = client_for(user)
        for url in formats(organisation, contact.pk):
            page(client, url, status=404)
            page(client, url.replace("verborgen", "frueher"), status=404)
        page(client, f"/de/organisationen/verborgen/kontakt/{contact.pk + 99}.vcf", status=404)


def test_its_people_and_the_officer_see_a_preview(client_for, manager, officer) -> None:
    organisation = make_organisation(name="Bald", state="submitted")
    organisation.representatives.create(user=manager, role="manager")
    for user in (manager, officer):
        html = page(client_for(user), organisation.get_absolute_url())
        assert "nicht öffentlich" in html
        assert "noindex" in html
        assert "ld+json" not in html
        assert "Weitersagen" not in html


def test_people_of_an_organisation_find_the_way_to_edit(
    client_for, organisation, editor, outsider
) -> None:
    url = organisation.get_absolute_url()
    assert "Bearbeiten" in page(client_for(editor), url)
    for user in (None, outsider):
        assert "Bearbeiten" not in page(client_for(user), url)


def test_former_addresses_redirect_in_every_format(client: Client) -> None:
    organisation = make_organisation(slug="neuer-name")
    contact = make_contact(organisation=organisation, public=("name",))
    make_former_slug(slug="alter-name", organisation=organisation)
    for url in formats(organisation, contact.pk):
        response = client.get(url.replace("neuer-name", "alter-name") + "?x=1")
        assert (response.status_code, response["Location"]) == (301, url + "?x=1"), url


def test_data_for_search_engines_cannot_break_out(client: Client) -> None:
    organisation = make_organisation(
        name="Böse </script><script>alert(1)</script> & <!--", slug="boese", description="]]>"
    )
    html = page(client, organisation.get_absolute_url())
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert len(blocks) == 1
    assert "<" not in blocks[0]
    assert json.loads(blocks[0])["name"] == organisation.name
    assert "alert(1)</script>" not in html.replace(unescape(html), "")


def test_data_for_search_engines_tell_only_what_is_public(client: Client) -> None:
    organisation = make_organisation(street="Geheimgasse 1", postal_code="76437", place="Ort")
    make_contact(organisation=organisation, name="Öffentliche Person", public=("name",))
    make_contact(organisation=organisation, name="Private Person")
    html = page(client, organisation.get_absolute_url())
    data = json.loads(re.search(r"ld\+json\">(.*?)</script>", html, re.DOTALL)[1])
    assert "address" not in data
    assert data["contactPoint"] == [{"@type": "ContactPoint", "name": "Öffentliche Person"}]
    assert "Private Person" not in html
    assert "Geheimgasse" not in html


# --- Contacts -------------------------------------------------------------------------------------
def test_published_fields_only_and_gone_at_once(client: Client) -> None:
    organisation = make_organisation()
    contact = make_contact(
        organisation=organisation,
        name="Ayşe Öz",
        function="Vorsitz; Kasse, alles",
        phone="+4972221234567",
        email="ayse@example.org",
        public=("name", "function", "phone"),
    )
    url = organisation.get_absolute_url()
    card = reverse("organisations:contact_vcard", args=[organisation.slug, contact.pk])
    html = page(client, url)
    assert "Ayşe Öz" in html
    assert "07222 123-4567" in html
    assert "ayse@example.org" not in html
    response = client.get(card)
    assert response["Content-Type"].startswith("text/vcard")
    lines = response.content.decode().replace("\r\n ", "").split("\r\n")
    assert lines[:2] == ["BEGIN:VCARD", "VERSION:4.0"]
    assert "FN:Ayşe Öz" in lines
    assert r"TITLE:Vorsitz\; Kasse\, alles" in lines
    assert "TEL;TYPE=work;VALUE=uri:tel:+49-7222-1234567" in lines
    assert not any(line.startswith("EMAIL") for line in lines)
    for field in contact.PUBLISHABLE:
        setattr(contact, f"{field}_public", False)
    contact.consented_at = None
    contact.save()
    assert "Ayşe Öz" not in page(client, url)
    page(client, card, status=404)


def test_cards_are_of_this_organisation_only(client: Client) -> None:
    contact = make_contact(public=("name",))
    other = make_organisation()
    page(client, f"/de/organisationen/{other.slug}/kontakt/{contact.pk}.vcf", status=404)


def test_long_lines_are_folded_between_letters(client: Client) -> None:
    contact = make_contact(
        organisation=make_organisation(name="Ü" * 150, slug="lang"),
        name="ع" * 100,
        public=("name",),
    )
    url = reverse("organisations:contact_vcard", args=[contact.organisation.slug, contact.pk])
    content = client.get(url).content
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert f"FN:{'ع' * 100}" in content.decode().replace("\r\n ", "")


# --- Pictures -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["Müller-Stiftung Łódź", "Український дім", "نادي الثقافة", "A" * 160, "—", "X"]
)
def test_picture_for_sharing(client: Client, name: str) -> None:
    organisation = make_organisation(name=name, slug="bild")
    url = reverse("organisations:share_image", args=[organisation.slug])
    response = client.get(url)
    assert response.content.startswith(b"\x89PNG")
    assert len(response.content) < 60_000
    again = client.get(url, headers={"if-none-match": response["ETag"]})
    assert again.status_code == 304
    organisation.name = "Anders"
    organisation.save()
    assert client.get(url)["ETag"] != response["ETag"]


def test_qr_code_holds_the_address(client: Client, organisation: Organisation) -> None:
    response = client.get(reverse("organisations:qr_code", args=[organisation.slug]))
    assert response["Content-Type"] == "image/svg+xml"
    assert b"<svg" in response.content
    assert b"<script" not in response.content


# --- Something wrong? -----------------------------------------------------------------------------
@pytest.fixture
def problem_url(organisation: Organisation) -> str:
    return reverse("organisations:problem", args=[organisation.slug])


def answers(**changed: str) -> dict[str, str]:
    return {
        "text": "Die Nummer stimmt nicht mehr.",
        "email": "leserin@example.org",
        "homepage": "",
        "creation_key": str(uuid.uuid4()),
    } | changed


def test_a_problem_is_kept_once(client: Client, organisation, problem_url: str) -> None:
    assert "Was stimmt nicht?" in page(client, problem_url)
    sent = answers()
    for _twice in range(2):
        response = client.post(problem_url, sent)
        assert response["Location"] == f"{problem_url}danke/"
    report = ProblemReport.objects.get()
    assert (report.organisation, report.text, report.email) == (
        organisation,
        sent["text"],
        sent["email"],
    )
    assert "Danke für Ihren Hinweis" in page(client, f"{problem_url}danke/")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text": ""}, "text"),
        ({"text": "😀😀😀"}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"email": "keine Adresse"}, "email"),
        ({"homepage": "http://spam.example"}, "leer"),
        ({"creation_key": "unsinn"}, "form"),
    ],
)
def test_a_bad_report_keeps_what_was_typed(client, problem_url, changed, message) -> None:
    response = client.post(problem_url, answers(**changed))
    html = response.content.decode()
    assert response.status_code == 200
    assert "error-summary" in html
    assert message in html
    assert ("leserin@example.org" in html) == ("email" not in changed)
    assert not ProblemReport.objects.exists()


def test_too_many_reports_are_refused_with_the_text_kept(client, problem_url, monkeypatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "problem", (limits.Limit(1, 3600),))
    assert client.post(problem_url, answers()).status_code == 302
    response = client.post(problem_url, answers(text="Noch etwas anderes ist falsch."))
    assert response.status_code == 429
    assert "Noch etwas anderes ist falsch." in response.content.decode()
    assert ProblemReport.objects.count() == 1


def test_many_reports_close_the_form_to_nobody(problem_url) -> None:
    """A hundred networks that report nonsense keep nobody from reporting what is true."""
    for number in range(102):
        sender = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert sender.post(problem_url, answers(text=f"Hinweis {number}")).status_code == 302
    assert ProblemReport.objects.count() == 102
