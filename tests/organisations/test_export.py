"""Taking organisations away as a table, by way of the list."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.urls import reverse

from core import spreadsheets
from organisations import columns
from organisations.models import Organisation
from tests.factories import make_contact, make_organisation, make_second_factor, make_user

ENDINGS = pytest.mark.parametrize("ending", ["xlsx", "csv"])


def address(what: str, ending: str, query: str = "") -> str:
    return reverse("admin:organisations_organisation_export", args=[what, ending]) + query


def table(response) -> list[tuple[str, ...]]:
    assert response.status_code == 200
    return spreadsheets.read(ContentFile(response.getvalue())).rows


@pytest.fixture
def choir(db) -> Organisation:
    choir = make_organisation(name="=Chor+", regions="-1", phone="+33388609090")
    make_contact(organisation=choir, name="Ada Muster", email="ada@example.org")
    return choir


@pytest.fixture
def reader_of_lists(db):
    """Somebody of the staff who may see organisations and no people."""
    user = make_user(email="lesen@example.org", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_organisation"))
    make_second_factor(user)
    return user


@ENDINGS
def test_all_details_come_back_as_they_are(ending, choir, officer, client_for):
    make_organisation(name="Zwei")
    response = client_for(officer).get(address("alles", ending, "?q=chor"))
    assert "no-store" in response["Cache-Control"]
    headings, *rows = table(response)
    assert len(rows) == 1

    reader = columns.Reader()
    row = reader.read_row(reader.recognise(headings), rows[0])
    assert row.errors == []
    assert row.number == choir.pk
    assert {name: row.values[name] for name in ("name", "regions", "phone", "kind")} == {
        "name": "=Chor+",
        "regions": "-1",
        "phone": choir.phone,
        "kind": "association",
    }
    assert [person["name"] for person in row.contacts] == ["Ada Muster"]


@ENDINGS
def test_who_may_not_see_people_gets_none(ending, choir, reader_of_lists, client_for):
    rows = table(client_for(reader_of_lists).get(address("alles", ending)))
    assert choir.name in rows[1]
    assert "Ada Muster" not in str(rows)
    assert "Ansprechperson" not in str(rows)


def test_it_is_noted_who_took_how_many(choir, officer, client_for):
    make_organisation(name="Zwei")
    table(client_for(officer).get(address("angezeigt", "csv")))
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr) == (officer, "Organisationen")
    assert entry.change_message == "2 Zeilen als CSV ausgegeben: angezeigt"


def test_who_may_not_gets_nothing_and_nothing_is_noted(choir, manager, client_for):
    for user in (None, manager):
        assert client_for(user).get(address("alles", "xlsx")).status_code in {302, 404}
    assert not LogEntry.objects.exists()


def test_a_template_without_rows_is_a_table(officer, client_for):
    rows = table(client_for(officer).get(reverse("admin:organisations_importrun_template")))
    assert len(rows) == 1
    assert "Name" in rows[0]
