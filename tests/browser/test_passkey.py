"""A passkey is added and used, as a phone with a fingerprint sensor does it."""

import pytest

from tests.browser.test_journey import enter

pytestmark = pytest.mark.browser

PERSON = "vertretung@example.org"
PHONE_WITH_FINGERPRINT = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_opens_the_account_without_a_mail(visit):
    visitor = visit()
    device = visitor.page.context.new_cdp_session(visitor.page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE_WITH_FINGERPRINT})

    visitor.open("/anmelden/")
    enter(visitor, PERSON)
    visitor.open("/konto/passkeys/neu/")
    visitor.fill(name="Mein Telefon", passwordless=True)
    visitor.press("Passkey hinzufügen")
    visitor.open("/konto/passkeys/")
    visitor.page.get_by_text("Mein Telefon", exact=True).wait_for()

    visitor.open("/abmelden/")
    visitor.follow("main form button")
    visitor.open("/anmelden/passwort/")
    visitor.press("Mit Passkey anmelden")
    visitor.open("/konto/")
    visitor.page.get_by_text(PERSON).first.wait_for()
