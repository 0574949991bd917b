"""The officer's desk in a browser: every page for everybody, and all of its lists by keyboard."""

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from accounts.models import User
from core.models import SavedView
from organisations.models import Organisation
from organisations.services import pairs
from tests.browser.conftest import NARROW, PHONE, WIDE, Keyboard
from tests.factories import (
    make_access_request,
    make_contact,
    make_feedback,
    make_organisation,
    make_problem_report,
)

pytestmark = pytest.mark.browser

LIST = "/verwaltung/organisations/organisation/"


def pages(officer: User) -> list[str]:
    """Return every list the officer may see, and a row's page of each, without the language."""
    found = ["/verwaltung/"]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if not officer.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
            continue
        with translation.override("de"):
            found.append(reverse(f"{name}_changelist"))
            row = model._default_manager.first()
            if row is not None:
                found.append(reverse(f"{name}_change", args=[row.pk]))
                found.append(reverse(f"{name}_history", args=[row.pk]))
            if officer.has_perm(f"{model._meta.app_label}.add_{model._meta.model_name}"):
                try:
                    found.append(reverse(f"{name}_add"))
                except NoReverseMatch:
                    continue
    return [path.removeprefix("/de") for path in found]


@pytest.mark.parametrize(("language", "size"), [("de", NARROW), ("ar", WIDE)])
def test_every_page_is_for_everybody(desk, language, size):
    """No rule of axe is broken in light or dark, and no page is wider than the screen."""
    visitor = desk(language, size)
    organisation = Organisation.objects.filter(state="active").first()
    make_problem_report(organisation=organisation)
    make_access_request(organisation=organisation)
    make_feedback()
    officer = User.objects.get(email="officer@example.org")
    broken = []
    for path in [
        *pages(officer),
        f"{LIST}?q=brucke&state__exact=active&o=-1",
        f"{LIST}?q=gibtesnicht",
        f"{LIST}ansicht/?state__exact=active",
        f"{LIST}{organisation.pk}/pruefen/",
    ]:
        response = visitor.page.goto(f"{visitor.site}/{language}{path}")
        if response.status == 404:  # a row's page that is for others
            continue
        try:
            visitor.look()
        except AssertionError as error:
            broken.append(f"{path}: {error}")
            visitor.problems.clear()
    assert not broken, "\n".join(broken)
    assert len(visitor.looked_at) > 20


def test_a_list_is_worked_through_by_keyboard_alone(desk):
    visitor = desk(size=WIDE)
    visitor.open(LIST)
    page, keyboard = visitor.page, Keyboard(visitor)

    # Past everything that is on every page.
    keyboard.to(page.get_by_role("link", name="Zum Inhalt springen"))
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content-start"

    # Search with a typing error.
    keyboard.to(page.get_by_label("Suchen", exact=True))
    page.keyboard.type("brükce")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    visitor.look()
    rows = page.locator("#result_list tbody tr")
    assert "Die Brücke Rastatt" in rows.first.inner_text()
    keyboard.follow(page.get_by_role("link", name="Suche entfernen"))

    # Sort, and hear how it is sorted.
    keyboard.follow(page.locator("th.column-name a"))
    assert page.locator("th.column-name").get_attribute("aria-sort") == "descending"

    # Filter: open one, choose.
    summary = page.locator("#changelist-filter summary", has_text="Stand")
    keyboard.to(summary)
    if summary.evaluate("summary => !summary.parentElement.open"):
        page.keyboard.press("Enter")
    keyboard.follow(page.locator("#changelist-filter a", has_text="Aktiv ("))
    total = Organisation.objects.filter(state="active").count()
    assert page.locator("#result-count").inner_text() == f"{total} Einträge"

    # Keep it as a view.
    keyboard.follow(page.get_by_role("link", name="Diese Auswahl als Ansicht speichern"))
    keyboard.to(page.get_by_label("Name der Ansicht"))
    page.keyboard.type("Alle aktiven")
    keyboard.follow(page.get_by_role("button", name="Speichern"))
    view = page.get_by_role("link", name="Alle aktiven")
    assert view.get_attribute("aria-current") == "page"
    assert SavedView.objects.get().name == "Alle aktiven"

    # Take it away as a table.
    keyboard.to(page.locator(".office-export summary"))
    page.keyboard.press("Enter")
    keyboard.to(page.get_by_role("link", name="Wie angezeigt: CSV"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")

    # Pause two: choose, read what will happen, say why, confirm.
    visitor.open(f"{LIST}?state__exact=active")
    keyboard.to(page.locator("#action-choice"))
    page.keyboard.type("Paus")
    boxes = page.locator("#result_list tbody input[type=checkbox]")
    names = page.locator("#result_list tbody th")
    chosen = [names.nth(number).inner_text().strip() for number in range(2)]
    for number in range(2):
        keyboard.to(boxes.nth(number))
        page.keyboard.press("Space")
    assert page.locator(".action-counter").inner_text().startswith("2 ")
    button = page.get_by_role("button", name="Weiter")
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    visitor.look()
    for name in chosen:
        assert page.get_by_text(name, exact=True).count()
    assert page.get_by_text("Aktiv → Pausiert").count() == 2
    keyboard.to(page.get_by_label("Grund"))
    page.keyboard.type("Sommerpause")
    keyboard.follow(page.get_by_role("button", name="Pausieren"))
    assert "2 Einträge sind erledigt" in page.locator("main").inner_text()
    paused = Organisation.objects.filter(state="paused").values_list("name", flat=True)
    assert set(chosen) <= set(paused)


def test_lists_work_without_scripts(desk):
    visitor = desk(size=PHONE, scripts=False)
    visitor.open(f"{LIST}?state__exact=active")
    visitor.page.locator("#result_list tbody input[type=checkbox]").first.check()
    visitor.page.locator("#action-choice").select_option("archive")
    visitor.press("Weiter")
    assert "Aktiv → Archiviert" in visitor.page.locator("main").inner_text()
    visitor.press("Archivieren")
    assert "1 Eintrag ist erledigt" in visitor.page.locator("main").inner_text()


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_two_entries_are_merged_and_parted_again_by_keyboard_alone(desk, size):
    kept = Organisation.objects.filter(state="active").order_by("pk").first()
    gone = make_organisation(name=f"{kept.name} e. V.", slug="doppelt", email="neu@example.org")
    make_contact(organisation=gone, name="Ada Doppelt")
    pairs.store(pairs.find_all())
    visitor = desk(size=size)
    page, keyboard = visitor.page, Keyboard(visitor)

    visitor.open("/verwaltung/organisations/duplicatepair/")
    keyboard.follow(page.get_by_role("link", name="Vergleichen und zusammenführen").first)

    # One group of buttons per question; the arrows choose.
    keyboard.to(page.locator("input[name=name]:checked"))
    page.keyboard.press("ArrowDown")
    keyboard.to(page.locator("summary").first)
    page.keyboard.press("Enter")
    keyboard.follow(page.get_by_role("button", name="Weiter zur Vorschau"))
    assert "1 Ansprechperson" in page.locator("main").inner_text()
    keyboard.follow(page.get_by_role("button", name="Jetzt zusammenführen"))
    kept.refresh_from_db()
    assert (kept.name, kept.email) == (gone.name, "neu@example.org")
    assert kept.contacts.filter(name="Ada Doppelt").exists()

    keyboard.follow(page.get_by_role("button", name="Rückgängig machen"))
    assert "Es sind wieder zwei Einträge" in page.locator("main").inner_text()
    assert gone.contacts.get().name == "Ada Doppelt"
    visitor.open("/verwaltung/organisations/merge/")

    visitor.open("/verwaltung/organisations/duplicatepair/")
    keyboard.follow(page.get_by_role("button", name="Nicht dieselbe").first)
    keyboard.follow(page.get_by_role("link", name="Nicht dieselbe"))
    assert gone.name in page.locator("main").inner_text()
