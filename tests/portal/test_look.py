"""The network's own colours and logo."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from core.colours import contrast
from portal import services
from portal.models import NetworkProfile
from tests.factories import make_network


@pytest.fixture
def profile(db) -> NetworkProfile:
    return make_network()


@pytest.fixture
def office(client_for, officer):
    return client_for(officer)


def picture(name: str = "logo.png", kind: str = "PNG") -> SimpleUploadedFile:
    written = io.BytesIO()
    Image.new("RGB", (600, 300), "#7a1f5c").save(written, kind)
    return SimpleUploadedFile(name, written.getvalue())


# --- Colours --------------------------------------------------------------------------------------
def posted(office, profile, **changed) -> dict:
    form = office.get(change_url(profile)).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False)}
    return {key: str(value) for key, value in data.items()} | changed


def change_url(profile) -> str:
    return reverse("admin:portal_networkprofile_change", args=[profile.pk])


def test_without_colours_of_its_own_a_page_fetches_none(client, profile):
    assert "/farben-" not in client.get("/de/").content.decode()


def test_chosen_colours_are_on_every_page_and_kept_for_ever(client, office, profile):
    data = posted(office, profile, brand_colour="#FFEE00", accent_colour="#3366cc")
    assert office.post(change_url(profile), data).status_code == 302
    address = "/farben-ffee00-3366cc.css"
    for path in ("/de/", "/ar/organisationen/"):
        assert f'href="{address}"' in client.get(path).content.decode()
    assert f'href="{address}"' in office.get("/de/verwaltung/").content.decode()
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    # Yellow writing on white could not be read: the portal writes in a darker tone of it.
    profile.refresh_from_db()
    brand, _dark = profile.tones["brand"]
    assert contrast(brand, "#ffffff") >= 7
    assert f"--brand:{brand};" in answer.content.decode()


def test_the_officer_sees_what_becomes_of_her_colours(office, profile):
    NetworkProfile.objects.update(brand_colour="#ffee00", accent_colour="")
    page = office.get(change_url(profile)).content.decode()
    assert "So sehen Ihre Farben aus" in page
    assert page.count("zu 1</span>") == 6
    profile.refresh_from_db()
    for sample in services.colour_samples(profile):
        assert float(sample.contrast.replace(",", ".")) >= 4.5


@pytest.mark.parametrize("colour", ["rot", "#12345", "#00000g", "javascript:x", "#000;}b"])
def test_what_is_no_colour_is_refused_and_kept_in_the_form(office, profile, colour):
    answer = office.post(change_url(profile), posted(office, profile, brand_colour=colour[:7]))
    page = answer.content.decode()
    assert "Bitte geben Sie eine Farbe so an" in page
    assert answer.context["adminform"].form["brand_colour"].value() == colour[:7]
    profile.refresh_from_db()
    assert profile.brand_colour == ""


@pytest.mark.parametrize("path", ["/farben-ffee0-.css", "/farben-FFEE00-.css", "/farben-.css"])
def test_other_addresses_of_colours_do_not_exist(client, db, path):
    assert client.get(path).status_code == 404


# --- Logo -----------------------------------------------------------------------------------------
def logo_url(profile) -> str:
    return reverse("admin:portal_networkprofile_logo", args=[profile.pk])


@pytest.mark.django_db(transaction=True)
def test_a_logo_stands_on_every_page_until_it_is_replaced_or_removed(client, client_for, officer):
    profile = make_network()
    office = client_for(officer)
    assert f'href="{logo_url(profile)}"' in office.get(change_url(profile)).content.decode()
    assert office.post(logo_url(profile), {"file": picture()}).status_code == 302
    profile.refresh_from_db()
    first, stored = profile.logo_address, profile.logo.name
    assert f'src="{first}" alt=""' in client.get("/de/").content.decode()
    shown = client.get(first)
    assert shown.headers["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(shown.content)).format == "WEBP"
    assert profile.history.first().history_user == officer

    office.post(logo_url(profile), {"file": picture("neu.jpg", "JPEG")})
    profile.refresh_from_db()
    assert profile.logo_address != first
    assert client.get(first).status_code == 404
    assert not default_storage.exists(stored)

    office.post(logo_url(profile), {"_remove": "1"})
    assert "brand__logo" not in client.get("/de/").content.decode()
    assert client.get(profile.logo_address).status_code == 404


@pytest.mark.parametrize(
    ("upload", "message"),
    [
        (None, "Bitte wählen Sie ein Bild aus."),
        (SimpleUploadedFile("logo.svg", b"<svg onload=alert(1)>"), "SVG- und HTML-Dateien"),
        (SimpleUploadedFile("logo.png", b"%PDF-1.7"), "Das ist kein Bild"),
    ],
)
def test_what_is_no_picture_is_refused(office, profile, upload, message):
    answer = office.post(logo_url(profile), {"file": upload} if upload else {})
    assert message in answer.content.decode()
    profile.refresh_from_db()
    assert not profile.logo


def test_only_the_office_changes_the_logo(client_for, manager, profile):
    assert client_for(manager).post(logo_url(profile), {"file": picture()}).status_code == 404
    profile.refresh_from_db()
    assert not profile.logo
