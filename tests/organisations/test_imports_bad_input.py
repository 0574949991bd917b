"""What goes wrong with imports: a clear message, nothing half done, nothing lost."""

import os
import signal
import subprocess
import sys
import uuid
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from core import background
from core.models import BackgroundTask
from organisations.models import ImportKey, ImportResult, ImportRow, ImportRun, Organisation
from organisations.services import editing, pairs
from organisations.services.imports import applying, ending, writing
from tests.factories import make_municipality, make_organisation, make_problem_report
from tests.organisations import importing as imp
from tests.organisations.importing import csv_file

pytestmark = pytest.mark.django_db
HEAD = ["Name", "Ort", "Ziele"]


@pytest.fixture
def client(client_for, officer, network):
    return client_for(officer)


@pytest.fixture
def town():
    return make_municipality(name="Musterstadt")


def package(**members: bytes) -> bytes:
    """Return a ZIP as XLSX files are."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/").replace("_", "."), content)
    return target.getvalue()


# --- Files ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 renamed", "Das ist eine PDF-Datei und keine Tabelle."),
        (b"", "Die Datei ist leer."),
        (b"\x00" * 1000, "Die Datei ist leer."),
        (b"x" * (11 * 1024 * 1024), "Die Datei ist größer als 10 MB."),
        (b"Name;Ort\n", "Unter den Überschriften ist nichts."),
        ((";".join(f"Spalte {n}" for n in range(300)) + "\n").encode() * 2, "mehr als 100 Spalten"),
        (package(xl__workbook_xml=b"x" * 300_000_000), "beim Entpacken viel zu groß"),
        (b"PK\x03\x04 broken", "beschädigt"),
        (b"<html><table>", "Das ist eine Internetseite und keine Tabelle."),
        (package(xl__workbook_xml=b"<a/>", xl__vbaProject_bin=b"x"), "Makros"),
        (
            package(xl__workbook_xml=b"<a/>", xl__externalLinks__one_xml=b"<a/>"),
            "aus anderen Dateien",
        ),
    ],
    ids=[
        "pdf",
        "empty",
        "nul",
        "large",
        "headings",
        "columns",
        "bomb",
        "broken",
        "html",
        "macros",
        "external links",
    ],
)
def test_what_is_no_list_is_refused_with_words(client, content, words):
    file = SimpleUploadedFile("liste.xlsx", content)
    response = imp.upload(client, file)
    assert response.status_code == 200
    assert any(words in text for text in imp.errors(response)), imp.errors(response)
    assert not ImportRun.objects.exists()
    assert not ImportRow.objects.exists()


def test_a_file_of_200_mb_is_refused_before_it_is_read(client):
    response = client.post(
        reverse(imp.ADD), {"creation_key": str(uuid.uuid4())}, CONTENT_LENGTH=200 * 1024 * 1024
    )
    assert response.status_code == 413
    assert "zu groß" in response.text


def test_no_file_is_said_at_the_field(client):
    assert imp.errors(client.post(reverse(imp.ADD), {})) == ["Bitte wählen Sie eine Datei."]


def test_a_formula_is_never_calculated_and_never_run(client, town):
    """What no program has calculated is named; what only looks like a formula is text."""
    from openpyxl import Workbook

    book, file = Workbook(), BytesIO()
    for cells in (HEAD, ["Verein", "Musterstadt", "=1+1"], ["Chor", "Musterstadt", ""]):
        book.active.append(cells)
    book.save(file)
    run = imp.checked(client, SimpleUploadedFile("liste.xlsx", file.getvalue()))
    assert imp.rows(run) == {2: ("faulty", "skip"), 3: ("new", "create")}
    assert "Ziele: Hier steht eine Formel ohne Ergebnis." in client.get(imp.url(run)).text

    run = imp.checked(client, csv_file(HEAD, ["Verein", "Musterstadt", "=SUMME(A1)"]))
    assert imp.rows(run) == {2: ("new", "create")}
    run = imp.apply(client, run)
    assert run.failure == ""
    assert Organisation.objects.get().aims == "=SUMME(A1)"


def test_the_same_form_sent_twice_is_one_run(client, town):
    key = uuid.uuid4()
    for _time in range(2):
        response = imp.upload(client, csv_file(HEAD, ["Verein", "", ""]), key=key)
        assert response.status_code == 302
    assert ImportRun.objects.count() == 1
    assert ImportRow.objects.count() == 1


def test_a_junk_line_and_a_missing_heading_are_said(client, town):
    run = imp.uploaded(client, csv_file(["Stand: heute", "", ""], HEAD, ["Verein", "", ""]))
    assert "Zeile 1 ist keine Überschrift und wird übersprungen" in client.get(imp.url(run)).text
    assert [row.number for row in run.rows.all()] == [3]
    rows = (["Chor Eins", "76437", "eins@example.org"], ["Chor Zwei", "", "zwei@example.org"])
    run = imp.uploaded(client, csv_file(*rows))
    page = client.get(imp.url(run)).text
    assert "Die Datei hat keine Überschriften." in page
    assert "Spalte C" in page
    assert "eins@example.org<br>zwei@example.org" in page
    assert [row.number for row in run.rows.all()] == [1, 2]


def test_what_was_taken_for_headings_becomes_a_row(client, town):
    run = imp.uploaded(client, csv_file(["Name", "Stadt"], ["Chor", town.name]))
    for _time in range(2):
        imp.act(client, run, "no_headings")
    assert [row.cells for row in run.rows.all()] == [["Name", "Stadt"], ["Chor", town.name]]
    assert "Spalte A" in client.get(imp.url(run)).text


# --- Mapping --------------------------------------------------------------------------------------
def test_two_columns_for_one_field_are_an_error_at_both(client, town):
    run = imp.uploaded(client, csv_file(HEAD, ["Verein", "", ""]))
    response = imp.map_columns(client, run, column_1="aims")
    texts = imp.errors(response)
    assert len(texts) == 2
    assert "auch bei: Ziele" in texts[0]
    assert "auch bei: Ort" in texts[1]
    assert not BackgroundTask.objects.exists()
    response = imp.map_columns(client, run, column_0="")
    assert "Eine Spalte muss der Name der Organisation sein." in response.text
    response = imp.map_columns(client, run, column_0="state")
    assert len(imp.errors(response)) == 1


def test_what_is_not_mapped_is_listed(client, town):
    run = imp.checked(client, csv_file([*HEAD, "Faxnummer"], ["Verein", "Musterstadt", "", "1"]))
    page = client.get(imp.url(run)).text
    assert "Diese Spalten werden nicht übernommen: <bdi>Faxnummer</bdi>" in page


def test_headings_and_cells_are_only_text(client, town):
    markup = "<script>alert(1)</script>"
    run = imp.uploaded(client, csv_file(["Name", markup], [markup, markup]))
    assert markup not in client.get(imp.url(run)).text
    imp.map_columns(client, run, default_municipality=town.pk)
    imp.work()
    page = client.get(imp.url(run)).text
    assert markup not in page
    assert "alert(1)" in page


# --- Deciding -------------------------------------------------------------------------------------
@pytest.fixture
def run(client, town):
    return imp.checked(
        client, csv_file(HEAD, ["Verein", "Musterstadt", "a"], ["Anderer Chor", "Musterstadt", "b"])
    )


@pytest.mark.parametrize(
    "sent",
    [
        {"zeile-{first}": "update:999999"},
        {"zeile-{first}": "update:"},
        {"zeile-{first}": "delete"},
        {"zeile-{foreign}": "skip"},
        {"zeile-999999999": "skip"},
        {"zeile-{first}": "skip", "zeile-{second}": "nonsense"},
    ],
)
def test_tampered_decisions_save_nothing(client, run, town, sent):
    other = imp.checked(client, csv_file(["Name", "Stadt", "Ziele"], ["Dritter", town.name, ""]))
    first, second = run.rows.order_by("number")
    foreign = other.rows.get()
    names = {"first": first.pk, "second": second.pk, "foreign": foreign.pk}
    data = {name.format(**names): value for name, value in sent.items()}
    response = client.post(imp.url(run), {"action": "decide", **data}, follow=True)
    assert "Diese Auswahl gibt es nicht. Es ist nichts gespeichert." in response.text
    assert set(imp.rows(run).values()) == {("new", "create")}
    assert set(imp.rows(other).values()) == {("new", "create")}


def test_decisions_stay_when_the_browser_is_closed(client_for, officer, client, run):
    first = run.rows.order_by("number").first()
    response = client.post(
        imp.url(run),
        {"action": "decide", f"zeile-{first.pk}": "skip"},
        headers={"x-requested-with": "fetch"},
    )
    assert response.status_code == 204
    page = client_for(officer).get(imp.url(run)).text
    assert "1 Zeile bleibt draußen." in page
    start = client_for(officer).get(reverse("admin:index")).text
    assert imp.url(run) in start
    assert "Importe, die nicht fertig sind" in start


def test_all_of_an_outcome_at_once(client, run):
    client.post(f"{imp.url(run)}?ergebnis=new", {"action": "decide_all", "decision": "skip"})
    assert set(imp.rows(run).values()) == {("new", "skip")}
    client.post(f"{imp.url(run)}?ergebnis=faulty", {"action": "decide_all", "decision": "create"})
    assert set(imp.rows(run).values()) == {("new", "skip")}


def test_a_run_that_is_over_cannot_be_decided_about(client, run):
    first = run.rows.first()
    run = imp.apply(client, run)
    before = imp.rows(run)
    for data in (
        {"action": "decide", f"zeile-{first.pk}": "skip"},
        {"action": "apply"},
        {"action": "map", "column_0": "name"},
        {"action": "discard"},
    ):
        response = client.post(imp.url(run), data, follow=True)
        assert response.status_code == 200
    assert imp.rows(run) == before
    assert Organisation.objects.count() == 2
    run.refresh_from_db()
    assert run.state == "applied"


def test_a_discarded_file_leaves_nothing(client, run):
    for _time in range(2):
        imp.act(client, run, "discard")
    run.refresh_from_db()
    assert run.state == "discarded"
    assert not run.rows.exists()
    assert not Organisation.objects.exists()
    assert "An den Organisationen hat sich nichts geändert." in client.get(imp.url(run)).text


# --- Several at once ------------------------------------------------------------------------------
def test_only_one_import_runs_at_a_time(client, run, town):
    other = imp.uploaded(client, csv_file(["Name", "Stadt"], ["Dritter Verein", town.name]))
    imp.act(client, run, "apply")
    response = imp.map_columns(client, other)
    assert "Gerade läuft ein anderer Import." in response.text
    other.refresh_from_db()
    assert other.mapping  # what she chose is not lost
    imp.work()
    assert Organisation.objects.count() == 2


def test_sent_twice_it_is_taken_over_once(client, run):
    imp.act(client, run, "apply")
    imp.act(client, run, "apply")
    assert imp.work() == {"done": 2}  # after it the search for duplicates
    assert pairs.last_search().state == "done"
    imp.act(client, run, "apply")
    assert imp.work() == {}
    assert Organisation.objects.count() == 2


def test_what_changed_since_the_check_is_shown_and_not_overwritten(client, town, officer):
    there = make_organisation(name="Chor", municipality=town, aims="Bisher", slug="chor")
    file = csv_file(HEAD, ["Chor", "Musterstadt", "Aus der Datei"], ["Neuer Verein", town.name, ""])
    run = imp.checked(client, file)
    editing.save(
        organisation=there, values={"aims": "Frisch"}, seen_version=there.version, by=officer
    )
    run = imp.apply(client, run)
    assert run.state == "checked"
    assert "Nichts ist übernommen: 1 Zeile betrifft" in client.get(imp.url(run)).text
    assert Organisation.objects.count() == 1
    there.refresh_from_db()
    assert there.aims == "Frisch"
    assert imp.rows(run) == {2: ("changed", ""), 3: ("new", "create")}
    assert run.rows.get(number=2).matches[0]["changes"]["aims"] == ["Frisch", "Aus der Datei"]


def test_what_was_registered_since_the_check_is_not_created_again(client, run, town):
    make_organisation(name="Verein e. V.", municipality=town)
    run = imp.apply(client, run)
    assert run.state == "checked"
    assert Organisation.objects.count() == 1
    assert imp.rows(run)[2][1] == ""


def test_a_topic_that_is_gone_stops_the_import(client, town):
    run = imp.checked(client, csv_file(HEAD, ["Verein", town.name, ""]))
    row = run.rows.get()
    row.values["fields"]["topics"] = [4711]
    row.save()
    run = imp.apply(client, run)
    assert run.state == "checked"
    assert "neu geprüft" in run.failure
    assert not Organisation.objects.exists()


# --- Taking back ----------------------------------------------------------------------------------
def test_what_somebody_edited_since_stays_and_is_named(client, town, officer):
    there = make_organisation(name="Chor", municipality=town, aims="Bisher", slug="chor")
    file = csv_file(
        [*HEAD, "Kurzname"],
        ["Chor", town.name, "Neu", "CH"],
        ["Unberührt", town.name, "", ""],
        ["Gemeldet", town.name, "", ""],
    )
    run = imp.checked(client, file, new_state="active")
    imp.apply(client, run)
    there.refresh_from_db()
    editing.save(
        organisation=there, values={"aims": "Von Hand"}, seen_version=there.version, by=officer
    )
    make_problem_report(organisation=Organisation.objects.get(name="Gemeldet"))
    imp.act(client, run, "undo")
    imp.act(client, run, "undo")
    imp.work()
    run.refresh_from_db()
    assert run.state == "undone", run.failure
    there.refresh_from_db()
    assert (there.aims, there.short_name) == ("Von Hand", "")
    assert set(Organisation.objects.values_list("name", flat=True)) == {"Chor", "Gemeldet"}
    page = client.get(imp.url(run)).text
    assert "nicht zurückgesetzt:" in page
    assert "bleibt, weil sie seitdem jemand bearbeitet hat" in page
    assert there.history.first().history_change_reason.endswith("zurückgenommen")


def test_old_rows_are_forgotten_and_counts_stay(client, run, time_machine):
    imp.apply(client, run)
    time_machine.move_to(timezone.now() + ending.KEEP_ROWS * 2)
    assert ending.forget_old() == 1
    assert ending.forget_old() == 0
    run.refresh_from_db()
    assert run.counts["created"] == 2
    assert not run.rows.exists()
    assert not ImportResult.objects.exists()
    assert ImportKey.objects.count() == 2


# --- Killed ---------------------------------------------------------------------------------------
def test_an_error_in_the_middle_leaves_nothing(client, run, monkeypatch):
    def fail(self):
        raise RuntimeError

    monkeypatch.setattr(applying.Edition, "write", fail)
    run = imp.apply(client, run)
    assert run.state == "checked"
    assert run.failure == "Ein Fehler im Portal. Nichts ist geändert."
    assert not Organisation.objects.exists()
    monkeypatch.undo()
    assert imp.apply(client, run).state == "applied"


KILLED = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from core import background
from organisations.services.imports import {module}
from organisations.services.imports.edition import Edition

write = Edition.write
def killed(self):
    write(self)
    print("writing", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
Edition.write = killed
background.run_due()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["apply", "undo"])
def test_killed_in_the_middle_it_is_all_or_nothing_and_once(client, town, step):
    run = imp.checked(client, csv_file(HEAD, ["Verein", town.name, ""], ["Chor", town.name, ""]))
    if step == "undo":
        imp.apply(client, run)
    before = list(Organisation.objects.order_by("pk").values())
    imp.act(client, run, step)
    module = {"apply": "applying", "undo": "undoing"}[step]
    settings = connection.settings_dict
    url = (
        f"sqlite:///{settings['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:"
        f"{settings['PORT']}/{settings['NAME']}"
    )
    environment = {
        **os.environ, "DATABASE_URL": url, "DEBUG": "on",
        "DJANGO_SETTINGS_MODULE": "netzwerk.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(module=module)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "writing", done.stderr
    assert done.returncode == -signal.SIGKILL
    assert list(Organisation.objects.order_by("pk").values()) == before
    # The next worker takes it up as soon as the heartbeat stays away.
    BackgroundTask.objects.update(heartbeat_at=timezone.now() - background.DEAD_AFTER * 2)
    assert imp.work() == {"done": {"apply": 2, "undo": 1}[step]}  # 2: then looks for duplicates
    run.refresh_from_db()
    assert run.state == {"apply": "applied", "undo": "undone"}[step]
    assert Organisation.objects.count() == {"apply": 2, "undo": 0}[step]
    assert imp.work() == {}


# --- Keys -----------------------------------------------------------------------------------------
def test_reserved_keys_are_nobody_elses(town):
    keys = writing.reserve(Organisation, 3)
    assert len(set(keys)) == 3
    made = make_organisation(name="Danach", municipality=town)
    assert made.pk not in keys
    assert not set(keys) & set(writing.reserve(Organisation, 2))


# --- Rights and queries ---------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 30])
def test_the_preview_asks_the_same_number_of_questions(
    client, town, django_assert_max_num_queries, number
):
    for index in range(number):
        make_organisation(name=f"Verein {index:03} Abc", municipality=town, aims="Alt")
    rows = [[f"Verein {index:03} Abc", town.name, "Neu"] for index in range(number)]
    run = imp.checked(client, csv_file(HEAD, *rows))
    with django_assert_max_num_queries(20):
        assert "<ins" in client.get(imp.url(run)).text
