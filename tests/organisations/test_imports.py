"""Bringing in a list: what each row is, what she decides, what is written, and all of it back."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from core.models import OutboxMessage
from core.spreadsheets import read
from organisations.models import ContactPerson, ImportRun, Organisation
from tests.factories import make_contact, make_municipality, make_organisation
from tests.organisations import importing as imp
from tests.organisations.importing import csv_file

pytestmark = pytest.mark.django_db
HEAD = ["Name", "Straße", "PLZ", "Ort", "Telefon", "E-Mail", "Webseite", "Ziele"]
BRIDGE = [
    "Brücke der Kulturen e. V.", "Beispielweg 1", "76437", "Musterstadt", "07222 381-4325",
    "bruecke@example.org", "https://www.bruecke.example.org", "Begegnung",
]  # fmt: skip


@pytest.fixture
def client(client_for, officer, network):
    return client_for(officer)


@pytest.fixture
def town():
    return make_municipality(name="Musterstadt", postal_codes=("76437",))


def row(name: str, **said: str) -> list[str]:
    keys = ["street", "postal_code", "place", "phone", "email", "website", "aims"]
    return [name, *(said.get(key, "") for key in keys)]


def test_new_organisations_come_in_and_wait_to_be_admitted(client, town, officer):
    run = imp.checked(client, csv_file(HEAD, BRIDGE))
    assert imp.rows(run) == {2: ("new", "create")}
    page = client.get(imp.url(run)).text
    assert "1 Organisation wird neu angelegt." in page
    assert "Brücke der Kulturen e. V." in page
    run = imp.apply(client, run)
    assert (run.state, run.failure) == ("applied", "")
    made = Organisation.objects.get()
    assert (made.name, made.state, made.kind) == (BRIDGE[0], "submitted", "association")
    assert (made.municipality, made.slug) == (town, "bruecke-der-kulturen")
    assert (made.street, made.postal_code, made.email) == tuple(BRIDGE[i] for i in (1, 2, 5))
    assert made.phone.as_e164 == "+4972223814325"
    entry = made.history.get()
    assert entry.history_user == officer
    assert "Import vom" in entry.history_change_reason
    assert "liste.csv" in entry.history_change_reason
    assert not OutboxMessage.objects.exists()


def test_the_same_file_twice_changes_nothing(client, town):
    other = row("Club Euro-Italia", place="Musterstadt")
    imp.apply(client, imp.checked(client, csv_file(HEAD, BRIDGE, other)))
    Organisation.objects.filter(name=BRIDGE[0]).update(aims="Im Portal geändert", name="Umbenannt")
    before = list(Organisation.objects.order_by("pk").values())
    run = imp.checked(client, csv_file(HEAD, BRIDGE, other))
    assert imp.rows(run) == {2: ("unchanged", "skip"), 3: ("unchanged", "skip")}
    assert "0 Organisationen werden neu angelegt." in client.get(imp.url(run)).text
    response = imp.act(client, run, "apply")
    assert "Es ist keine Zeile gewählt" in client.get(response.url).text
    assert list(Organisation.objects.order_by("pk").values()) == before


def test_what_changed_is_shown_field_by_field_and_empty_cells_delete_nothing(client, town):
    there = make_organisation(
        name="Bruecke der Kulturen", municipality=town, aims="Bisher", email="alt@example.org",
        website="https://bruecke.example.org",
    )  # fmt: skip
    run = imp.checked(client, csv_file(HEAD, row(BRIDGE[0], aims="Neu", place="Musterstadt")))
    assert imp.rows(run) == {2: ("changed", "update")}
    page = client.get(imp.url(run)).text
    assert '<del dir="auto">Bisher</del>' in page.replace("<p>", "").replace("</p>", "")
    imp.apply(client, run)
    there.refresh_from_db()
    assert (there.aims, there.email, there.name) == ("Neu", "alt@example.org", BRIDGE[0])
    assert there.version == 2
    assert there.history.count() == 2


def test_likely_duplicates_wait_for_her(client, town):
    there = make_organisation(
        name="Freundeskreis Brücke Musterstadt", municipality=town, email="bruecke@example.org"
    )
    rows = [row("Die Brücke", email="bruecke@example.org", place="Musterstadt", aims="Neu")]
    run = imp.checked(client, csv_file(HEAD, *rows))
    assert imp.rows(run) == {2: ("duplicate", "")}
    page = client.get(imp.url(run)).text
    assert "gleiche E-Mail-Adresse" in page
    assert "1 Zeile ist noch offen." in page
    only = run.rows.get()
    imp.act(client, run, "decide", **{f"zeile-{only.pk}": f"update:{there.pk}"})
    imp.apply(client, run)
    there.refresh_from_db()
    assert (there.name, there.aims) == ("Die Brücke", "Neu")
    assert Organisation.objects.count() == 1
    # The file's name for it is remembered.
    run = imp.checked(client, csv_file(HEAD, *rows))
    assert imp.rows(run) == {2: ("unchanged", "skip")}


def test_of_several_rows_of_one_organisation_one_goes_in(client, town):
    head = ["id", "aktuell", *HEAD]
    old = ["a1", "0", *row(BRIDGE[0] + "\r", place="Musterstadt", aims="Alt", phone="07222 1234")]
    new = ["b2", "1", *row("Brücke  der Kulturen e.V.", place="Musterstadt", aims="Neu")]
    third = ["c3", "0", *row(BRIDGE[0], aims="Uralt")]
    run = imp.checked(client, csv_file(head, old, new, third))
    assert imp.rows(run) == {
        2: ("duplicate", "skip"), 3: ("new", "create"), 4: ("duplicate", "skip"),
    }  # fmt: skip
    assert "Dieselbe Organisation wie in Zeile 3" in client.get(imp.url(run)).text
    imp.apply(client, run)
    assert [one.aims for one in Organisation.objects.all()] == ["Neu"]


def test_faulty_rows_stay_out_and_come_back_mended(client, town):
    run = imp.checked(
        client, csv_file(HEAD, row("Verein Eins", email="a b@c", place="Musterstadt"), BRIDGE)
    )
    assert imp.rows(run)[2] == ("faulty", "skip")
    assert "E-Mail: " in client.get(imp.url(run)).text
    imp.apply(client, run)
    assert [one.name for one in Organisation.objects.all()] == [BRIDGE[0]]
    file = client.get(reverse("admin:organisations_importrun_faulty", args=[run.pk]))
    content = b"".join(file.streaming_content)
    head, faulty = read(ContentFile(content, name="x.xlsx")).rows
    assert head == (*HEAD, "Was nicht stimmt")
    assert faulty[0] == "Verein Eins"
    mended = [cell.replace("a b@c", "eins@example.org") for cell in faulty]
    run = imp.uploaded(client, csv_file(list(head), mended))
    assert (
        "So haben Sie eine solche Datei das letzte Mal zugeordnet." in client.get(imp.url(run)).text
    )
    imp.map_columns(client, run)
    imp.work()
    assert imp.rows(run) == {2: ("new", "create")}


def test_contacts_from_a_list_are_private_and_get_no_mail(client, town):
    head = ["Name", "Ort", "Ansprechperson", "Ansprechperson 1: E-Mail-Adresse"]
    run = imp.checked(client, csv_file(head, ["Verein", "Musterstadt", "Mina M.", "m@example.org"]))
    imp.apply(client, run)
    contact = ContactPerson.objects.get()
    assert (contact.name, contact.email) == ("Mina M.", "m@example.org")
    assert contact.published == {}
    assert not contact.wants_invitations
    assert not OutboxMessage.objects.exists()
    assert contact.history.count() == 1


def test_undone_as_a_whole(client, town):
    there = make_organisation(name="Chor", municipality=town, aims="Bisher", slug="chor")
    make_contact(organisation=there, name="Bleibt")
    run = imp.checked(client, csv_file(HEAD, BRIDGE, row("Chor", aims="Neu", phone="07222 4711")))
    assert {number: one[0] for number, one in imp.rows(run).items()} == {2: "new", 3: "changed"}
    imp.apply(client, run)
    imp.act(client, run, "undo")
    imp.work()
    run.refresh_from_db()
    assert run.state == "undone", run.failure
    assert [one.name for one in Organisation.objects.all()] == ["Chor"]
    there.refresh_from_db()
    assert (there.aims, str(there.phone)) == ("Bisher", "")
    assert not Organisation.history.filter(name=BRIDGE[0]).exists()
    assert run.counts["removed"] == 1
    # The same file says something again.
    run = imp.checked(client, csv_file(HEAD, BRIDGE, row("Chor", aims="Neu", phone="07222 4711")))
    assert {number: one[0] for number, one in imp.rows(run).items()} == {2: "new", 3: "changed"}
    assert ImportRun.objects.count() == 2
