"""What the frame of every page does in a browser, with and without scripts."""

import pytest

from accounts.models import User

pytestmark = pytest.mark.browser


def test_the_menu_of_a_phone_opens_and_closes_without_scripts(visit):
    visitor = visit(scripts=False)
    visitor.open("/")
    menu = visitor.page.locator("#menu")
    assert not menu.is_visible()
    visitor.page.get_by_role("button", name="Menü").click()
    assert menu.is_visible()
    assert menu.get_by_role("link", name="Organisation eintragen").is_visible()
    menu.get_by_role("button", name="Schließen").click()
    assert not menu.is_visible()


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_office_leaves_the_phone_to_its_work(visit, site, client_for, language):
    """Its header takes two rows; the rest waits behind the menu, which needs no scripts."""
    visitor = visit(language)
    officer = User.objects.get(email="officer@example.org")
    session = client_for(officer).cookies["sessionid"].value
    visitor.page.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    visitor.open("/verwaltung/")
    assert visitor.page.locator("header").bounding_box()["height"] < 120
    menu = visitor.page.locator("#menu")
    assert not menu.is_visible()
    visitor.page.get_by_role("button", name=visitor.text("Menü"), exact=True).click()
    assert menu.get_by_role("link", name=visitor.text("Öffentliche Seite")).is_visible()
    assert menu.get_by_role("button", name=visitor.text("Abmelden")).is_visible()
    visitor.look()


def test_the_reading_begins_at_what_is_wrong(visit):
    visitor = visit()
    visitor.open("/barrierefreiheit/rueckmeldung/")
    visitor.press("Nachricht senden")
    summary = visitor.page.locator("[data-error-summary]")
    assert summary.evaluate("summary => summary === document.activeElement")
    summary.get_by_role("link").first.click()
    assert visitor.page.locator("main [name=text]").evaluate(
        "field => field === document.activeElement"
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_buttons_that_need_scripts_show_only_with_them(visit, scripts):
    visitor = visit(scripts=scripts)
    visitor.open("/stil/")
    assert visitor.page.locator("[data-print]").is_visible() == scripts


@pytest.mark.parametrize("language", ["de", "ar"])
@pytest.mark.parametrize("colours", ["hell", "dunkel"])
def test_the_style_page_is_accessible(visit, language, colours):
    visitor = visit(language)
    visitor.open(f"/stil/?farben={colours}")
    assert visitor.page.locator("[data-theme=dark] .notice").count()
