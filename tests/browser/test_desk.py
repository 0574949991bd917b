"""A list as it really comes: brought in, decided about, mended, merged, undone, taken away again.

The file is invented; its faults are those of real ones. Where the worker would do something, the
test does it.
"""

import csv
import io
import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import Download, Locator, Route

from accounts.models import User
from core import background, spreadsheets
from core.models import OutboxMessage
from organisations.models import (
    ContactPerson,
    DuplicatePair,
    ImportMapping,
    ImportRow,
    ImportRun,
    Merge,
    Organisation,
)
from organisations.services import confirmation
from tests.browser.conftest import PHONE, WIDE, Keyboard, Visitor
from tests.database import rows_of_all_tables

pytestmark = pytest.mark.browser

DESK = "/verwaltung/"
MOSAIK = "Frauencafé Mosaik (erfunden)"
FIDAN = "Elternkreis Fidan e. V. (erfunden)"
HEADINGS = [
    "Vereinsname", "Straße", "PLZ", "Stadt", "Tel", "Mail", "Netz", "Koordinaten", "Ziele", "Notiz",
]  # fmt: skip
# What she says the columns are that the portal does not know by their headings.
CHOSEN = {"Stadt": "place", "Tel": "phone", "Mail": "email", "Netz": "website"}


def row(name: str, *, town: str = "Rastatt", **said: str) -> list[str]:
    cells = dict.fromkeys(HEADINGS, "") | {"Vereinsname": name, "Stadt": town} | said
    return list(cells.values())


JUNK = ["Vereine im Landkreis", "", "Stand: November", "", "", "", "", "", "", ""]
ROWS = [
    row(
        "Klangfarben Bühl e. V.", town="Bühl", Straße="Hauptstraße 5", PLZ="77815",
        Tel="07223 381432", Mail="klang@example.org", Netz="klang.example.com",
        Ziele="Wir musizieren – alle zusammen.", Notiz="ruft zurück",
    ),
    row(MOSAIK, town="", Ziele="Frauen treffen sich jeden Dienstag."),
    row(FIDAN, town="", Mail="fidan@example.org"),
    row("Offene Tür Gernsbach", town="Gernsbach", Mail="offene-tuer@example.org", Ziele="Beten."),
    row("Trommelkreis Oostal", Tel="07222 381433", Ziele="Trommeln."),
    row("Trommel-Kreis Oosstal", Tel="07222/381433"),
    row("Trommelkreis Oostal"),
    row("Chor der\rWelt e.V.", town="Gaggenau"),
    row("Kunst &amp; Farbe &quot;Palette&quot;"),
    row(
        "Theater Murgbühne", town="", Straße="Murgstraße 7, 76571 Gaggenau",
        Tel="07225 381434 oder 0151 12345678",
    ),
    row("Nachbarn Au", Straße="keine öffentliche Anschrift", Koordinaten="8.2018, 48.8586"),
    row("Rechenkreis Null", Ziele='=HYPERLINK("https://example.com";"Hier")', Netz="htp:/kaputt"),
    row("Tanzkreis Eins", Mail="tanz(at)example.org"),
    row("Malkreis Zwei", PLZ="764"),
    row("Backkreis Drei", town="Nirgendheim"),
]  # fmt: skip
NEW = {
    "Klangfarben Bühl e. V.",
    "Trommelkreis Oostal",
    "Trommel-Kreis Oosstal",
    "Chor der Welt e. V.",
    'Kunst & Farbe "Palette"',
    "Theater Murgbühne",
    "Nachbarn Au",
    "Rechenkreis Null",
}
MENDED = {
    "Tanzkreis Eins": ("tanz(at)example.org", "tanz@example.org"),
    "Malkreis Zwei": ("764", "76437"),
    "Backkreis Drei": ("Nirgendheim", "Rastatt"),
}


def file_of(*rows: list[str]) -> bytes:
    """Return the table as an old spreadsheet program saves it."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([JUNK, HEADINGS, *rows])
    return text.getvalue().encode("cp1252")


def names() -> set[str]:
    return set(Organisation.objects.values_list("name", flat=True))


def mails() -> int:
    return OutboxMessage.objects.count()


def stock() -> dict:
    """Return all that is known about organisations; not what is known about imports."""
    return rows_of_all_tables("organisations_", besides=[ImportRun, ImportRow, ImportMapping])


class Desk:
    """The officer with a browser, and the worker beside her."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        visitor.looks_once = True
        self.page = visitor.page
        self.main = visitor.page.locator("main")

    def says(self, *texts: str) -> None:
        said = self.main.inner_text()
        for text in texts:
            assert text in said, f"{text!r} is not on {self.page.url}: {said}"

    def work(self) -> None:
        """Let the worker do what she has started; her page shows it."""
        assert self.page.locator("progress").count() == 1
        assert set(background.run_due()) == {"done"}
        if self.visitor.scripts:
            self.page.locator("progress").wait_for(state="detached")
            self.visitor.look()
        else:
            self.visitor.press("Aktualisieren")

    def open_list(self, name: str) -> None:
        """Find the way from the first page."""
        self.visitor.open(DESK)
        self.visitor.follow(self.page.get_by_role("link", name=name).first)

    def upload(self, name: str, content: bytes) -> ImportRun:
        self.open_list("Organisationen")
        self.visitor.press("Liste importieren")
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.locator("input[type=file]").set_input_files(file)
        self.visitor.press("Hochladen und Spalten zuordnen")
        return ImportRun.objects.latest("pk")

    def check(self) -> None:
        self.visitor.press("Zuordnung speichern und prüfen")
        self.work()

    def take_over(self) -> None:
        self.visitor.press("Jetzt übernehmen")
        self.work()

    def card(self, number: int) -> Locator:
        """Return what the preview says about a row of the file."""
        return self.page.locator(f"#zeile-{number}")

    def unfolded(self, number: int) -> str:
        """Return all a card holds, what is folded up included."""
        return " ".join((self.card(number).text_content() or "").split())

    def decide(self, number: int, choice: str) -> None:
        radio = self.card(number).locator(f"input[type=radio][value^='{choice}']")
        if self.visitor.scripts:
            with self.page.expect_response(lambda answer: answer.request.method == "POST"):
                radio.check()
            self.page.get_by_text("Gespeichert.", exact=True).wait_for()
        else:
            radio.check()

    def save_decisions(self) -> None:
        """Without scripts the button saves; with them it is saved already."""
        if not self.visitor.scripts:
            self.visitor.press("Entscheidungen speichern")
            self.says_somewhere("Ihre Entscheidungen sind gespeichert.")

    def says_somewhere(self, text: str) -> None:
        assert text in self.page.locator("body").inner_text()

    def download(self, link: Locator) -> bytes:
        with self.page.expect_download() as found:
            link.click()
        download: Download = found.value
        return download.path().read_bytes()


@pytest.fixture(params=["phone without scripts", "screen with scripts"])
def officers_desk(request, desk) -> Desk:
    on_phone = request.param.startswith("phone")
    return Desk(desk("de", PHONE if on_phone else WIDE, scripts=not on_phone))


def outcomes(run: ImportRun) -> dict[int, tuple[str, str]]:
    found = run.rows.values_list("number", "outcome", "decision")
    return {number: (outcome, decision) for number, outcome, decision in found}


def map_columns(desk: Desk) -> None:
    """Say what each column is; two for one field are refused and nothing chosen is lost."""
    desk.says("Zeile 1 ist keine Überschrift und wird übersprungen", "15 Zeilen mit Angaben")
    choices = {
        heading: desk.page.get_by_label(heading, exact=True)
        for heading in (*CHOSEN, "Vereinsname", "Notiz")
    }
    assert choices["Vereinsname"].input_value() == "name"
    for heading, key in CHOSEN.items():
        choices[heading].select_option(key)
    choices["Notiz"].select_option("aims")
    desk.visitor.press("Zuordnung speichern und prüfen")
    desk.says("zweimal gewählt, auch bei: Notiz", "zweimal gewählt, auch bei: Ziele")
    assert choices["Tel"].input_value() == "phone"
    choices["Notiz"].select_option("")
    desk.visitor.choose("new_state", "active")
    desk.check()


def look_at_the_preview(desk: Desk, run: ImportRun) -> None:
    new, skip = ("new", "create"), ("faulty", "skip")
    assert outcomes(run) == {
        3: new, 4: ("changed", "update"), 5: ("unchanged", "skip"), 6: ("duplicate", ""),
        7: new, 8: ("duplicate", ""), 9: ("duplicate", "skip"), 10: new, 11: new, 12: new, 13: new,
        14: new, 15: skip, 16: skip, 17: skip,
    }  # fmt: skip
    desk.says("7 Organisationen werden neu angelegt.", "1 Organisation wird geändert.")
    desk.says("2 Zeilen sind noch offen.", "5 Zeilen bleiben draußen.")
    said = {
        4: ["vorher: Frauen stärken sich", "nachher: Frauen treffen sich jeden Dienstag."],
        6: ["Gemeinde Offene Tür (erfunden)", "gleiche E-Mail-Adresse"],
        8: ["Vielleicht dieselbe wie in Zeile 7", "gleiche Telefonnummer"],
        9: ["Dieselbe Organisation wie in Zeile 7", "Nur jene Zeile wird übernommen"],
        10: ["Chor der Welt e. V.", "Der Zeilenumbruch ist weg."],
        11: ['Kunst & Farbe "Palette"', "Zeichen aus dem Internet"],
        12: ["Postleitzahl und Ort standen bei der Straße.", "Nicht übernommen: 01511 2345678"],
        13: ["Keine öffentliche Anschrift", "Länge und Breite sind vertauscht."],
        14: ['=HYPERLINK("https://example.com";"Hier")', "Nicht übernommen: htp:/kaputt"],
        15: ["Mail: Bitte prüfen Sie die E-Mail-Adresse"],
        16: ["PLZ: Eine Postleitzahl hat fünf Ziffern"],
        17: ["Die Stadt oder Gemeinde ist nicht bekannt."],
    }
    for number, texts in said.items():
        for text in texts:
            assert text in desk.unfolded(number), (number, desk.unfolded(number))
    assert "Diese Spalten werden nicht übernommen: Notiz" in " ".join(
        (desk.main.text_content() or "").split()
    )


def decide(desk: Desk, run: ImportRun) -> None:
    """One by one, and all of a kind; what was decided is still there on the next day."""
    desk.decide(6, "update:")
    desk.decide(8, "create")
    desk.save_decisions()
    desk.visitor.follow("a[href='?ergebnis=changed']")
    desk.visitor.press("Alle auslassen")
    assert outcomes(run)[4] == ("changed", "skip")
    desk.visitor.press("Alle ändern")
    desk.visitor.open(DESK)
    desk.visitor.follow(desk.page.get_by_role("link", name="vereine.csv"))
    desk.says("8 Organisationen werden neu angelegt.", "2 Organisationen werden geändert.")
    assert desk.card(6).locator("input[value^=update]").is_checked()
    assert desk.card(8).locator("input[value=create]").is_checked()


def test_a_list_is_brought_in_mended_merged_undone_and_taken_away(officers_desk, visit):
    desk = officers_desk
    before, sent = names(), mails()

    # The file, and what the portal makes of it.
    run = desk.upload("vereine.csv", file_of(*ROWS))
    map_columns(desk)
    look_at_the_preview(desk, run)
    decide(desk, run)
    assert names() == before

    desk.take_over()
    desk.says("8 Organisationen wurden neu angelegt.", "2 Organisationen wurden geändert.")
    assert names() == before - {"Gemeinde Offene Tür (erfunden)"} | NEW | {"Offene Tür Gernsbach"}
    look_at_what_came_in()
    assert mails() == sent

    second = mend(desk)
    merge_and_undo(desk)
    undo(desk, second)
    confirm(desk, visit(scripts=desk.visitor.scripts))
    take_away_and_bring_back(desk)


def look_at_what_came_in() -> None:
    found = {one.name: one for one in Organisation.objects.filter(name__in=NEW | {MOSAIK, FIDAN})}
    assert {found[name].state for name in NEW} == {"active"}
    assert found[MOSAIK].aims == "Frauen treffen sich jeden Dienstag."
    reasons = found[FIDAN].history.values_list("history_change_reason", flat=True)
    assert not [reason for reason in reasons if reason and "Import" in reason]
    klang = found["Klangfarben Bühl e. V."]
    assert (klang.street, klang.postal_code, klang.place) == ("Hauptstraße 5", "77815", "Bühl")
    assert (klang.aims, str(klang.municipality)) == ("Wir musizieren – alle zusammen.", "Bühl")
    theatre = found["Theater Murgbühne"]
    assert (theatre.street, theatre.postal_code) == ("Murgstraße 7", "76571")
    assert (theatre.phone.as_e164, str(theatre.municipality)) == ("+497225381434", "Gaggenau")
    assert not found["Nachbarn Au"].address_public
    assert not found["Nachbarn Au"].street
    assert found["Rechenkreis Null"].aims.startswith("=HYPERLINK(")
    assert not ContactPerson.objects.filter(organisation__name__in=NEW).exists()


def mend(desk: Desk) -> ImportRun:
    """Take the faulty rows, mend them in a spreadsheet program, bring them in."""
    content = desk.download(desk.page.get_by_role("link", name="Fehlerhafte Zeilen herunterladen"))
    book = load_workbook(io.BytesIO(content))
    table = [[cell.value or "" for cell in line] for line in book.active.iter_rows()]
    assert table[0] == [*HEADINGS, "Was nicht stimmt"]
    assert [line[0] for line in table[1:]] == list(MENDED)
    assert "fünf Ziffern" in table[2][-1]
    for line in book.active.iter_rows(min_row=2):
        wrong, right = MENDED[str(line[0].value)]
        for cell in line[:-1]:
            if cell.value == wrong:
                cell.value = right
    mended = io.BytesIO()
    book.save(mended)

    run = desk.upload("verbessert.xlsx", mended.getvalue())
    desk.says("So haben Sie eine solche Datei das letzte Mal zugeordnet.")
    desk.check()
    assert outcomes(run) == dict.fromkeys([2, 3, 4], ("new", "create"))
    desk.take_over()
    desk.says("3 Organisationen wurden neu angelegt.")
    assert set(MENDED) < names()
    return run


def merge_and_undo(desk: Desk) -> None:
    """Find the two that were brought in as two, make one of them, and two again."""
    first = Organisation.objects.get(name="Trommelkreis Oostal")
    second = Organisation.objects.get(name="Trommel-Kreis Oosstal")
    before = [first.aims, second.aims, first.get_absolute_url(), second.get_absolute_url()]
    desk.open_list("Organisationen")
    desk.visitor.follow(desk.main.get_by_role("link", name="Vielleicht doppelt"))
    desk.visitor.press("Jetzt suchen")
    assert background.run_due() == {"done": 1}
    desk.visitor.press("Aktualisieren")
    pair = DuplicatePair.objects.get(first__in=[first, second], second__in=[first, second])
    card = desk.page.locator(".pair").filter(has_text=first.name).filter(has_text=second.name)
    assert "Telefonnummer" in card.inner_text()
    desk.visitor.follow(card.get_by_role("link", name="Vergleichen und zusammenführen"))
    assert pair.parted_at is None
    kept, gone = second, first
    desk.visitor.choose("kept", str(kept.pk))
    desk.visitor.press("Weiter zur Vorschau")
    desk.says(f"„{kept.name}“ (Nr. {kept.pk}) bleibt.", "Es geht keine E-Mail hinaus.")
    assert Organisation.objects.get(pk=gone.pk).state == "active"
    desk.visitor.press("Jetzt zusammenführen")
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.state, gone.merged_into, kept.aims) == ("archived", kept, "Trommeln.")
    merge = Merge.objects.get()
    assert (merge.kept, merge.gone) == (kept, gone)

    desk.visitor.press("Rückgängig machen")
    desk.says("Es sind wieder zwei Einträge.")
    for one in (first, second):
        one.refresh_from_db()
    assert {first.state, second.state} == {"active"}
    after = [first.aims, second.aims, first.get_absolute_url(), second.get_absolute_url()]
    assert after == before


def undo(desk: Desk, run: ImportRun) -> None:
    """Take an import back as a whole; the other one stays."""
    desk.visitor.open(DESK)
    desk.visitor.open(reverse("admin:organisations_importrun_changelist").removeprefix("/de"))
    desk.visitor.follow(desk.page.get_by_role("link", name=run.file_name))
    desk.page.locator("summary", has_text="Import zurücknehmen").click()
    desk.visitor.press("Ganzen Import zurücknehmen")
    desk.work()
    desk.says("3 neue Organisationen sind wieder gelöscht.")
    assert not names() & set(MENDED)
    assert names() > NEW


def confirm(desk: Desk, visitor: Visitor) -> None:
    """Somebody gets the yearly mail, opens its link and taps once; no log-in."""
    organisation = Organisation.objects.get(name=FIDAN)
    since = organisation.confirmed_on
    asked = confirmation.ask_due()
    assert asked["asked"] == 1
    mail = OutboxMessage.objects.get(mail="organisations/confirm")
    assert FIDAN in mail.subject
    link = re.search(r"http\S+/bestaetigen/\S+", mail.text_body)[0]
    visitor.page.goto(link)
    visitor.look()
    assert FIDAN in visitor.page.locator("main").inner_text()
    assert "Anmelden und ändern" not in visitor.page.locator("h1").inner_text()
    organisation.refresh_from_db()
    assert organisation.confirmed_on == since  # to look is not to confirm
    visitor.press("Ja, alles stimmt")
    visitor.page.get_by_role("heading", name="Vielen Dank!").wait_for()
    organisation.refresh_from_db()
    assert organisation.confirmed_on > since
    visitor.page.goto(visitor.site + organisation.get_absolute_url())
    visitor.look()
    day = organisation.confirmed_on
    assert f"{day.day}. " in visitor.page.locator("main").inner_text()
    assert str(day.year) in visitor.page.locator("main").inner_text()


def take_away_and_bring_back(desk: Desk) -> None:
    """Download all there is, bring it in again: nothing changes and nobody gets a mail."""
    before, sent = stock(), mails()
    desk.open_list("Organisationen")
    desk.page.locator(".office-export summary").click()
    content = desk.download(desk.page.locator("a[href*='alles'][href*='xlsx']"))
    sheet = spreadsheets.read(ContentFile(content))
    assert {line[sheet.rows[0].index("Name")] for line in sheet.rows[1:]} == names()

    run = desk.upload("export.xlsx", content)
    desk.says("Vorschlag nach dieser Vorlage: Export dieses Portals.")
    desk.check()
    total = Organisation.objects.count()
    assert list(outcomes(run).values()) == [("unchanged", "skip")] * total
    desk.says("0 Organisationen werden neu angelegt.", f"{total} Zeilen bleiben draußen.")
    assert not desk.page.get_by_role("button", name="Jetzt übernehmen").count()
    assert background.run_due() == {}
    assert stock() == before
    assert mails() == sent
    assert User.objects.count() == 6


def test_the_desk_by_keyboard_alone(desk):
    """From the first page to a decision, an import, a note, and a fact put back."""
    visitor = desk("de", WIDE)
    page, keyboard, bench = visitor.page, Keyboard(visitor), Desk(visitor)
    main = page.locator("main")

    # A registration that waits is admitted.
    waiting = Organisation.objects.get(state="submitted")
    visitor.open(DESK)
    keyboard.follow(main.get_by_role("link", name=waiting.name))
    keyboard.follow(main.locator("a[href^='?entscheidung=admit']"))
    keyboard.follow(main.locator("form:has([name=decision]) button"))
    waiting.refresh_from_db()
    assert waiting.state == "active"
    assert OutboxMessage.objects.filter(mail="organisations/admitted").count() == 1

    # A file is chosen, its columns said, its rows decided about.
    visitor.open(DESK)
    keyboard.follow(page.get_by_role("link", name="Organisationen").first)
    keyboard.follow(main.get_by_role("link", name="Liste importieren"))
    content = file_of(ROWS[1], ROWS[3])
    keyboard.to(main.get_by_label("Tabelle"))
    main.get_by_label("Tabelle").set_input_files(
        {"name": "tastatur.csv", "mimeType": "text/csv", "buffer": content}
    )
    keyboard.follow(main.get_by_role("button", name="Hochladen und Spalten zuordnen"))
    for heading, words in {"Stadt": "Ort", "Mail": "E-Mail-Adresse"}.items():
        column = main.get_by_label(heading, exact=True)
        keyboard.to(column)
        page.keyboard.type(words)
        assert column.input_value() == CHOSEN[heading]
    state = main.locator("input[name=new_state]")
    keyboard.to(state.first)
    page.keyboard.press("ArrowDown")
    assert state.last.is_checked()
    keyboard.follow(main.get_by_role("button", name="Zuordnung speichern und prüfen"))
    bench.work()
    run = ImportRun.objects.get()
    assert outcomes(run) == {3: ("changed", "update"), 4: ("duplicate", "")}
    choices = bench.card(4).locator("input[type=radio]")
    keyboard.to(choices.first)
    held: list[Route] = []  # the first choice takes its time on the way
    page.route("**/importrun/**", lambda route: route.continue_() if held else held.append(route))
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert choices.last.is_checked()
    keyboard.to(main.get_by_role("button", name="Jetzt übernehmen"))
    with page.expect_navigation():  # not before everything decided has arrived
        page.keyboard.press("Enter")
        held[0].continue_()
    page.unroute("**/importrun/**")
    visitor.look()
    assert outcomes(run)[4] == ("duplicate", "skip")
    bench.work()

    # From the result to the organisation, a note about it, and its history.
    mosaik = Organisation.objects.get(name=MOSAIK)
    assert mosaik.aims == "Frauen treffen sich jeden Dienstag."
    keyboard.follow(main.get_by_role("link", name=MOSAIK))
    keyboard.to(main.get_by_role("textbox", name="Notiz"))
    page.keyboard.type("Angerufen: Die Ziele stimmen so nicht.")
    keyboard.follow(main.get_by_role("button", name="Notiz speichern"))
    assert mosaik.notes.get().text == "Angerufen: Die Ziele stimmen so nicht."
    visitor.open(f"/verwaltung/organisations/organisation/{mosaik.pk}/history/")
    imported = main.locator(".office-history > li").filter(has_text="tastatur.csv")
    keyboard.to(imported.locator("summary"))
    page.keyboard.press("Enter")
    keyboard.follow(
        imported.get_by_role("link", name=re.compile("Diese Angabe zurücksetzen.*Ziele"))
    )
    keyboard.follow(main.get_by_role("button", name="zurücksetzen"))
    mosaik.refresh_from_db()
    assert mosaik.aims == "Frauen stärken sich gegenseitig und kennen ihre Rechte."
