"""The pages of a registration in a browser: what scripts add, and what nobody may stumble over."""

import re

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from core.models import OutboxMessage
from organisations.models import Organisation
from organisations.services import editing, registration

pytestmark = pytest.mark.browser

PERSON = "vertretung@example.org"


@pytest.fixture
def logged_in(visit):
    """Return a function that gives a representative of the demonstration a browser."""

    def arrive(language: str = "de", *, scripts: bool = True):
        visitor = visit(language, scripts=scripts)
        client = Client()
        client.force_login(
            User.objects.get(email=PERSON),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        visitor.page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": visitor.site}]
        )
        return visitor

    return arrive


def garden() -> Organisation:
    return Organisation.objects.public().filter(representatives__user__email=PERSON).get()


def own(organisation: Organisation, step: str = "") -> str:
    return f"/meine-organisationen/{organisation.pk}/{step}"


def test_likely_duplicates_appear_while_typing(logged_in):
    visitor = logged_in()
    visitor.open("/mitmachen/anmelden/")
    region = visitor.page.locator("[data-similar]")
    assert region.get_attribute("aria-live") == "polite"
    visitor.page.locator("#id_name").press_sequentially("die bruecke rastat")
    region.get_by_text("Die Brücke Rastatt für den Dialog").wait_for()
    assert region.get_by_role("link", name=re.compile("Zugang anfragen")).is_visible()
    visitor.look()
    visitor.page.locator("#id_name").fill("Wanderfreunde Alpenglühn")
    region.get_by_role("link").first.wait_for(state="detached")


@pytest.mark.parametrize("scripts", [True, False])
def test_likely_duplicates_are_asked_about_without_scripts_too(logged_in, scripts):
    visitor = logged_in(scripts=scripts)
    visitor.open("/mitmachen/anmelden/")
    visitor.fill(name="Bruecke Rastatt")
    visitor.choose("kind", "initiative")
    visitor.press("Weiter")
    visitor.page.get_by_role("heading", name="Gibt es Ihre Organisation schon?").wait_for()
    visitor.press("Nein, das ist eine andere – weiter")
    assert Organisation.objects.filter(name="Bruecke Rastatt", state="draft").count() == 1


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_step_is_accessible_with_and_without_errors(logged_in, language):
    visitor = logged_in(language)
    organisation = garden()
    for step in registration.STEPS:
        visitor.open(own(organisation, f"{step}/"))
    for path in ("kontakt/neu/?wer=ich", "kontakt/neu/?wer=andere", "logo/foto/"):
        visitor.open(own(organisation, path))
    visitor.open(own(organisation, "kontakt/"))
    visitor.fill(phone="Büro", website="javascript:alert(1)")
    visitor.press("Speichern")
    assert visitor.page.locator("[data-error-summary] a").count() == 2


@pytest.mark.parametrize("scripts", [True, False])
def test_the_second_of_two_people_chooses(logged_in, scripts):
    visitor = logged_in(scripts=scripts)
    organisation = garden()
    visitor.open(own(organisation, "organisation/"))
    editing.save(
        organisation=organisation,
        values={"short_name": "Von anderen"},
        seen_version=organisation.version,
        by=User.objects.get(email="bearbeitung@example.org"),
    )
    visitor.fill(short_name="Von mir", legal_form="eingetragen")
    visitor.press("Speichern")
    assert "Von anderen" in visitor.page.locator("main [role=alert]").inner_text()
    assert visitor.page.locator("#id_short_name").input_value() == "Von mir"
    visitor.choose("take-short_name", "theirs")
    visitor.press("Speichern")
    organisation.refresh_from_db()
    assert (organisation.short_name, organisation.legal_form) == ("Von anderen", "eingetragen")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_further_language_opens_without_losing_what_was_typed(logged_in, scripts):
    visitor = logged_in(scripts=scripts)
    visitor.open(own(garden(), "taetigkeit/"))
    visitor.fill(aims="Mehr Beete", add_language="uk")
    visitor.press("Felder zeigen")
    assert visitor.page.locator("#id_aims").input_value() == "Mehr Beete"
    visitor.fill(translation_uk_description="Ми садимо разом.")
    visitor.press("Speichern")
    assert garden().translations["uk"] == {"description": "Ми садимо разом."}
    assert garden().aims == "Mehr Beete"


@pytest.mark.parametrize("language", ["de", "en"])
def test_somebody_else_decides_by_the_link(logged_in, visit, language):
    visitor, organisation = logged_in(language), garden()
    visitor.open(own(organisation, "kontakt/neu/?wer=andere"))
    visitor.fill(name="Berta Beispiel", email="berta@example.org")
    visitor.press("Speichern und Person fragen")
    mail = OutboxMessage.objects.get(to="berta@example.org")
    path = re.search(rf"/{language}(/einwilligung/\S+)", mail.text_body)[1]
    berta = visit(language)
    berta.open(path)
    berta.fill(name=True)
    berta.press("Auswahl speichern")
    contact = organisation.contacts.get(name="Berta Beispiel")
    assert (contact.name_public, contact.email_public) == (True, False)
    berta.press("Nichts öffentlich zeigen")
    contact.refresh_from_db()
    assert contact.consented_at is None
