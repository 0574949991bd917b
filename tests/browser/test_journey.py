"""From the home page to the public page: an association registers, the officer admits it.

Everybody in it uses a phone and the same language; codes are read where the worker would take
them, from the outbox.
"""

import re

import pytest

from core.models import OutboxMessage
from organisations.models import Municipality, Organisation
from portal import demonstration
from tests.factories import image_bytes

pytestmark = pytest.mark.browser

NAME = "Klangbrücke Murgtal e. V."
PERSON = "leyla@example.org"
OFFICER = "officer@example.org"


def mailed_code(address: str) -> str:
    """Return the six digits of the newest mail to an address."""
    mail = OutboxMessage.objects.filter(to=address).latest("pk")
    return "".join(re.search(r"\b(\d{3})\s?(\d{3})\b", mail.text_body).groups())


def enter(visitor, address: str) -> None:
    """Get in by the code from the mailbox; the page to do so is open."""
    visitor.fill(email=address)
    visitor.press("Code schicken")
    visitor.fill(code=mailed_code(address))
    visitor.press("Anmelden")


def begin(visitor) -> Organisation:
    """Find the way from the home page, log in and give the name."""
    visitor.open("/")
    visitor.press("Organisation eintragen")
    visitor.press("Jetzt eintragen")
    enter(visitor, PERSON)
    visitor.fill(name=NAME)
    visitor.choose("kind", "association")
    visitor.press("Weiter")
    return Organisation.objects.get(name=NAME)


def fill_in(visitor, organisation: Organisation) -> None:
    """Go through the steps in their order and send."""
    visitor.follow(f"main a[href$='/meine-organisationen/{organisation.pk}/organisation/']")
    visitor.fill(legal_form="e. V.", founding_year="1998")
    visitor.press("Speichern und weiter")

    town = Municipality.objects.get(name="Gernsbach")
    visitor.fill(municipality=str(town.pk), street="Bleichstraße 1", postal_code="76593")
    visitor.fill(address_public=True)
    visitor.choose("accessibility", "yes")
    visitor.press("Speichern und weiter")

    visitor.fill(description="Wir singen und spielen zusammen. Alle sind willkommen.")
    visitor.fill(topics=True, target_groups=True, languages=True)
    visitor.press("Speichern und weiter")

    visitor.press("Ansprechperson hinzufügen")
    visitor.press("Ja, ich selbst")
    visitor.fill(name="Leyla Muster", phone="07222/381-4325", name_public=True, phone_public=True)
    visitor.press("Speichern")
    visitor.fill(website="https://klangbruecke.example.org")
    visitor.press("Speichern und weiter")

    logo = {"name": "logo.png", "mimeType": "image/png", "buffer": image_bytes(size=(300, 200))}
    visitor.page.locator("main [name=file]").set_input_files(logo)
    visitor.fill(alt_text="Eine Brücke aus Noten", consent=True)
    visitor.press("Speichern und weiter")

    for box in visitor.page.locator("main form [type=checkbox]").all():
        box.check(force=True)
    visitor.press("Anmeldung senden")
    visitor.page.get_by_text(visitor.text("Vielen Dank! Ihre Anmeldung ist angekommen.")).wait_for()


def admit(visitor) -> None:
    """Log in with both factors, read the registration and admit it."""
    visitor.open("/anmelden/")
    enter(visitor, OFFICER)
    code = next(log_in.code for log_in in demonstration.log_ins() if log_in.email == OFFICER)
    visitor.fill(code=code)
    visitor.press("Anmelden")
    visitor.open("/verwaltung/")
    visitor.follow(visitor.page.get_by_role("link", name=NAME))
    visitor.follow("a[href^='?entscheidung=admit']")
    visitor.follow("form:has([name=decision]) button")


def find(visitor) -> None:
    """Search with a typing error, without the umlaut, and open the page."""
    visitor.open("/")
    visitor.fill(q="klangbruke murgtall")
    visitor.press("Suchen")
    visitor.follow(visitor.page.locator("main").get_by_role("link", name=NAME))
    page = visitor.page
    assert page.locator("h1").inner_text() == NAME
    main = page.locator("main")
    assert "Wir singen und spielen zusammen." in main.inner_text()
    assert "Bleichstraße 1" in main.inner_text()
    assert "Leyla Muster" in main.inner_text()
    assert main.locator("a[href='tel:+49-7222-3814325']").count()
    assert PERSON not in page.content()


@pytest.mark.parametrize(
    ("language", "scripts"),
    [("de", True), ("en", True), ("ar", True), ("de", False), ("en", False)],
    ids=["german", "english", "arabic", "german without scripts", "english without scripts"],
)
def test_from_the_home_page_to_the_public_page(visit, language, scripts):
    person = visit(language, scripts=scripts)
    organisation = begin(person)
    fill_in(person, organisation)
    organisation.refresh_from_db()
    assert organisation.state == "submitted"
    assert str(organisation.municipality) == "Gernsbach"
    assert organisation.images.get().alt_text == "Eine Brücke aus Noten"

    stranger = visit(language, scripts=scripts)
    assert stranger.page.goto(f"{stranger.site}{organisation.get_absolute_url()}").status == 404

    admit(visit(language, scripts=scripts))
    organisation.refresh_from_db()
    assert organisation.state == "active"
    mails = OutboxMessage.objects.filter(to=PERSON)
    assert list(
        mails.filter(mail__startswith="organisations/").values_list("language", flat=True)
    ) == [
        language,
        language,
    ]

    find(visit(language, scripts=scripts))
