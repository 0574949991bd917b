"""Lists the import knows: the portal's own export, and the Forum's ten columns."""

from io import BytesIO

import pytest
from django.db.models import Max

from core import spreadsheets
from organisations import columns
from organisations.models import ContactPerson, Organisation
from tests.factories import make_contact, make_language, make_municipality, make_organisation
from tests.factories import make_topic as topic
from tests.organisations import importing as imp
from tests.organisations.importing import csv_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_for, officer, network):
    return client_for(officer)


def exported(**changes: str) -> list[list[str]]:
    """Return the portal's own export, cells of the first row changed by heading."""
    headings, rows = columns.export(Organisation.objects.order_by("pk"), people=True)
    cells = [list(row) for row in rows]
    for heading, text in changes.items():
        cells[0][headings.index(heading)] = text
    return [headings, *cells]


@pytest.fixture
def stock():
    town = make_municipality(name="Musterstadt", postal_codes=("76437",))
    first = make_organisation(
        name="Haus; der = „Musik“ e. V.", municipality=town, phone="+4972224711", aims="A\n\nB",
        topics=[topic(name="Musik"), topic(name="Tanz; Theater")], languages=[make_language()],
        social_links=["https://www.example.org/a;b"], website="HTTP://Example.org/x",
        translations={"en": {"aims": "One"}}, charitable=False, founding_year=1999,
    )  # fmt: skip
    make_contact(organisation=first, name="Mina M.", public=("name",))
    make_organisation(name="Chor", municipality=town, state="paused", email="alt@example.org")
    make_organisation(name="-1+2", municipality=town, street="=A1")
    return first


def test_the_own_export_changes_nothing(client, stock):
    newest = Organisation.history.aggregate(Max("pk"))
    run = imp.checked(client, csv_file(*exported()))
    assert run.preset == "export"
    assert set(imp.rows(run).values()) == {("unchanged", "skip")}
    headings, *rows = exported()
    target = BytesIO()
    spreadsheets.write_xlsx(target, headings, iter(rows))
    content = target.getvalue()
    run = imp.checked(client, imp.SimpleUploadedFile("x.xlsx", content))
    assert set(imp.rows(run).values()) == {("unchanged", "skip")}
    assert Organisation.history.aggregate(Max("pk")) == newest


def test_the_own_export_edited_changes_only_that(client, stock):
    run = imp.checked(client, csv_file(*exported(Name="Neuer Name", Ziele="Drei")))
    assert sorted(one for one, _decision in imp.rows(run).values()) == [
        "changed", "unchanged", "unchanged",
    ]  # fmt: skip
    row = run.rows.get(outcome="changed")
    assert set(row.matches[0]["changes"]) == {"name", "aims"}
    imp.apply(client, run)
    stock.refresh_from_db()
    assert (stock.name, stock.aims, stock.slug) == ("Neuer Name", "Drei", "neuer-name")
    assert stock.former_slugs.count() == 1
    assert stock.translations == {"en": {"aims": "One"}}
    assert ContactPerson.objects.get().published == {"name": "Mina M."}


def test_a_number_alone_is_not_enough(client, stock):
    rows = [["Nummer", "Name", "Art", "Ort"], [str(stock.pk), "Ganz Anderer", "", "Musterstadt"]]
    run = imp.checked(client, csv_file(*rows))
    assert imp.rows(run) == {2: ("new", "create")}


FORUM = [
    "Name", "Adressat", "Adresse", "Stadtteil", "Koordinaten", "Kontakt", "Logo", "Webseite",
    "Ziele", "Aktivitäten",
]  # fmt: skip


def test_the_ten_columns_of_the_forum(client, stock):
    rows = [
        ["Freunde &quot;Erfundener&quot;\rKunst e.V.", "", "Beispielweg 5, 76437 Musterstadt", "",
         "8.2,48.8", "07222 381000 / 0171 2345678, kunst@example.org", "logo.png",
         "www.kunst.example.org", "Kunst", "Musik (Chor), Unsinn"],
        ["Zweiter Verein", "", "keine öffentliche Anschrift", "", "", "", "", "", "", ""],
    ]  # fmt: skip
    run = imp.checked(client, csv_file(FORUM, *rows))
    assert run.preset == "forum"
    assert imp.rows(run)[2] == ("new", "create")
    assert imp.rows(run)[3] == ("faulty", "skip")
    assert "Die Stadt oder Gemeinde ist nicht bekannt." in client.get(imp.url(run)).text
    imp.apply(client, run)
    made = Organisation.objects.latest("pk")
    assert made.name == 'Freunde "Erfundener" Kunst e. V.'
    assert (made.street, made.postal_code, made.place) == ("Beispielweg 5", "76437", "Musterstadt")
    assert (made.email, made.website) == ("kunst@example.org", "https://www.kunst.example.org")
    assert made.phone.as_e164 == "+497222381000"
    assert str(made.municipality) == "Musterstadt"
