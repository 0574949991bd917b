"""The lists of the back office: search, views, tables to take away, and doing things to many."""

import csv
import io

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import OutboxMessage, SavedView
from organisations import finding
from organisations.models import Organisation, SearchText
from tests.factories import (
    make_contact,
    make_municipality,
    make_organisation,
    make_representative,
    make_second_factor,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db

State = Organisation.State
LIST = "/de/verwaltung/organisations/organisation/"
TOPICS = "/de/verwaltung/organisations/topic/"


def shown(response) -> list[str]:
    return [str(row) for row in response.context["cl"].result_list]


def numbers(response, title: str) -> dict[str, str]:
    """Return what a filter offers, with the numbers in brackets."""
    changelist = response.context["cl"]
    spec = next(spec for spec in changelist.filter_specs if str(spec.title) == title)
    texts = [str(choice["display"]) for choice in spec.choices(changelist)]
    return dict(text.rstrip(")").split(" (") for text in texts if "(" in text)


def colleague(officer):
    """Somebody with the officer's rights."""
    person = make_user(email="kollege@example.org", name="Kolja Kollege", is_staff=True)
    person.groups.set(officer.groups.all())
    make_second_factor(person)
    return person


# --- Searching organisations ----------------------------------------------------------------------
class TestSearch:
    @pytest.fixture
    def stock(self):
        make_organisation(name="Die Brücke Rastatt für den Dialog")
        make_organisation(name="Kulturverein Brückenschlag", state="draft")
        make_organisation(name="Haus der Musik", state="archived", short_name="HdM")
        make_organisation(name="Club Euro-Italia", place="Gaggenau", email="ciao@italia.example")
        make_organisation(name="Руски дом Чайка", phone="+497222381000")

    @pytest.mark.parametrize(
        ("term", "expected"),
        [
            ("brücke", ["Die Brücke Rastatt für den Dialog", "Kulturverein Brückenschlag"]),
            ("BRUECKE rastat", ["Die Brücke Rastatt für den Dialog"]),
            ("Kultuhrverien", ["Kulturverein Brückenschlag"]),
            ("euroitalia", ["Club Euro-Italia"]),
            ("hdm", ["Haus der Musik"]),
            ("gaggenau club", ["Club Euro-Italia"]),
            ("tschaika", ["Руски дом Чайка"]),
            ("07222 381000", ["Руски дом Чайка"]),
            ("ciao@italia.example", ["Club Euro-Italia"]),
            ("gibtesnicht", []),
        ],
    )
    def test_every_state_is_found_however_it_is_typed(
        self, client_for, officer, stock, term, expected
    ):
        response = client_for(officer).get(LIST, {"q": term})
        assert shown(response) == expected
        assert response.context["cl"].result_count == len(expected)

    def test_the_best_match_comes_first(self, client_for, officer):
        for name in ("Zur Brücke", "Brücke", "Alte Brückenfreunde", "Verein an der Brücke"):
            make_organisation(name=name)
        make_organisation(name="Chor", place="Brücke")
        assert shown(client_for(officer).get(LIST, {"q": "brücke"})) == [
            "Brücke", "Verein an der Brücke", "Zur Brücke", "Alte Brückenfreunde", "Chor",
        ]  # fmt: skip

    def test_people_lead_to_their_organisations(self, client_for, officer, organisation):
        make_organisation(name="Andere")
        make_contact(organisation=organisation, name="Ansgar Vorstand")
        speaker = make_user(email="spricht@example.org", name="Selma Sprecherin")
        make_representative(organisation=organisation, user=speaker)
        client = client_for(officer)
        for term in ("Ansgar", "vorstand", "spricht@example", "Sprecherin"):
            assert shown(client.get(LIST, {"q": term})) == [organisation.name], term

    def test_a_changed_name_is_found_at_once(self, client_for, officer, organisation):
        organisation.name = "Neues Haus"
        organisation.save()
        client = client_for(officer)
        assert shown(client.get(LIST, {"q": "neues"})) == ["Neues Haus"]
        assert shown(client.get(LIST, {"q": "musik"})) == []

    def test_a_town_is_found_by_its_new_name(self, client_for, officer, organisation):
        town = organisation.municipality
        town.name = "Umbenannt"
        town.save()
        assert shown(client_for(officer).get(LIST, {"q": "umbenannt"})) == [organisation.name]

    def test_what_was_written_in_bulk_is_found_after_a_refresh(self, client_for, officer):
        town = make_municipality()
        Organisation.objects.bulk_create(
            Organisation(name=f"Massenverein {number}", slug=f"m{number}", kind="association",
                         state="active", municipality=town)
            for number in range(3)
        )  # fmt: skip
        client = client_for(officer)
        assert shown(client.get(LIST, {"q": "massenverein"})) == []
        assert finding.refresh() == 3
        assert finding.refresh() == 3  # twice changes nothing
        assert SearchText.objects.count() == 3
        assert len(shown(client.get(LIST, {"q": "massenverein"}))) == 3

    def test_very_many_are_searched_by_the_database_alike(
        self, client_for, officer, stock, monkeypatch
    ):
        few = shown(client_for(officer).get(LIST, {"q": "brücke"}))
        monkeypatch.setattr(finding, "MOST_KEYS", 1)
        assert shown(client_for(officer).get(LIST, {"q": "brücke"})) == few

    @pytest.mark.parametrize("term", ["%", "_", "'", '"', "\\", "a" * 500, "e. V.", "😀", "ß" * 99])
    def test_odd_terms_do_no_harm(self, client_for, officer, organisation, term):
        assert client_for(officer).get(LIST, {"q": term}).status_code == 200

    def test_words_are_folded_in_other_lists_too(self, client_for, officer):
        for name in ("Zum Müßiggang", "Muße", "Sport"):
            make_topic(name=name)
        assert shown(client_for(officer).get(TOPICS, {"q": "musse"})) == ["Muße"]
        assert shown(client_for(officer).get(TOPICS, {"q": "MUESSIG"})) == ["Zum Müßiggang"]


# --- Filters --------------------------------------------------------------------------------------
class TestFilters:
    def test_numbers_say_what_choosing_would_show(self, client_for, officer):
        music, town = make_topic(name="Musik"), make_municipality(name="Rastatt", slug="rastatt")
        make_organisation(topics=[music], municipality=town)
        make_organisation(topics=[music], kind="initiative")
        make_organisation(state="paused", municipality=town)
        client = client_for(officer)
        page = client.get(LIST)
        assert numbers(page, "Stand")["Aktiv"] == "2"
        assert numbers(page, "Stand")["Pausiert"] == "1"
        assert numbers(page, "Thema")["Musik"] == "2"
        assert numbers(page, "Stadt oder Gemeinde")["Rastatt"] == "2"
        page = client.get(LIST, {"ort": "rastatt"})
        assert page.context["cl"].result_count == 2
        assert numbers(page, "Stand")["Aktiv"] == "1"
        assert numbers(page, "Thema")["Musik"] == "1"
        # Its own choice does not count at a filter.
        assert numbers(page, "Stadt oder Gemeinde")["Rastatt"] == "2"
        page = client.get(LIST, {"state__exact": "active", "thema": music.slug})
        assert page.context["cl"].result_count == 2
        assert numbers(page, "Art")["Initiative"] == "1"

    def test_numbers_follow_the_search(self, client_for, officer):
        make_organisation(name="Chor")
        make_organisation(name="Chor der Stille", state="paused")
        make_organisation(name="Sport")
        page = client_for(officer).get(LIST, {"q": "chor"})
        assert numbers(page, "Stand")["Aktiv"] == "1"
        assert numbers(page, "Stand")["Pausiert"] == "1"

    @pytest.mark.parametrize("query", [{}, {"q": "verein"}, {"ort": "rastatt", "o": "-1"}])
    def test_one_query_count_for_one_and_for_thirty(self, client_for, officer, network, query):
        client = client_for(officer)
        town = make_municipality(slug="rastatt")
        counts = []
        for number in (1, 29):
            for _one in range(number):
                make_organisation(municipality=town, topics=[make_topic()])
            client.get(LIST, query)
            with CaptureQueriesContext(connection) as captured:
                client.get(LIST, query)
            counts.append(len(captured))
        assert counts[0] == counts[1] <= 12

    def test_a_page_that_is_no_more_shows_the_last_one(self, client_for, officer):
        for number in range(31):
            make_organisation(name=f"Verein {number:02}")
        for page in ("2", "99", "-3"):
            response = client_for(officer).get(LIST, {"p": page})
            assert shown(response)[-1] in ("Verein 30", "Verein 29")


# --- Saved views ----------------------------------------------------------------------------------
class TestViews:
    ADD = f"{LIST}ansicht/"

    def save(self, client, name="Pausierte", query="state__exact=paused", **data):
        return client.post(f"{self.ADD}?{query}", {"name": name, **data})

    def test_a_view_keeps_filters_search_and_order(self, client_for, officer):
        make_organisation(name="Ruht", state="paused")
        make_organisation(name="Lebt")
        client = client_for(officer)
        page = client.get(LIST, {"state__exact": "paused", "p": "1", "o": "-1"})
        assert f'href="{self.ADD}?o=-1&amp;state__exact=paused"' in page.text
        response = self.save(client, query="o=-1&p=3&state__exact=paused")
        assert response.url == f"{LIST}?o=-1&state__exact=paused"
        view = SavedView.objects.get()
        assert (view.owner, view.name, view.shared) == (officer, "Pausierte", False)
        page = client.get(LIST)
        assert f'href="?{view.query.replace("&", "&amp;")}"' in page.text
        page = client.get(f"{LIST}?{view.query}")
        assert shown(page) == ["Ruht"]
        assert page.text.count('aria-current="page"') == 1
        assert reverse("admin:organisations_organisation_view", args=[view.pk]) in page.text

    def test_only_shared_ones_are_the_teams_and_only_owners_change_them(self, client_for, officer):
        client, other = client_for(officer), client_for(colleague(officer))
        self.save(client)
        view = SavedView.objects.get()
        address = f"{self.ADD}{view.pk}/"
        assert "Pausierte" not in other.get(LIST).text
        client.post(address, {"name": "Ruhende", "shared": "on"})
        page = other.get(LIST).text
        assert "Ruhende" in page
        assert "(Olga Amt)" in page
        assert other.get(address).status_code == 404
        assert other.post(address, {"_delete": "1"}).status_code == 404
        client.post(address, {"_delete": "1"})
        assert not SavedView.objects.exists()

    def test_a_name_is_given_once_and_what_was_typed_stays(self, client_for, officer):
        client = client_for(officer)
        self.save(client)
        response = self.save(client, query="kind__exact=initiative", shared="on")
        assert response.status_code == 200
        assert "Diesen Namen haben Sie hier schon vergeben." in response.text
        assert 'value="Pausierte"' in response.text
        assert SavedView.objects.count() == 1
        assert self.save(client_for(colleague(officer))).status_code == 302

    def test_the_same_form_twice_is_one_view(self, client_for, officer):
        client = client_for(officer)
        assert self.save(client).status_code == self.save(client).status_code == 302
        assert SavedView.objects.count() == 1

    @pytest.mark.parametrize("query", ["", "p=2", "q=" + "x" * 3000])
    def test_there_must_be_something_to_keep(self, client_for, officer, query):
        response = self.save(client_for(officer), query=query)
        assert response.status_code == 302
        assert not SavedView.objects.exists()

    def test_a_view_belongs_to_its_list(self, client_for, officer):
        self.save(client_for(officer))
        assert "Pausierte" not in client_for(officer).get(TOPICS).text
        pk = SavedView.objects.get().pk
        assert client_for(officer).get(f"{TOPICS}ansicht/{pk}/").status_code == 404


# --- Tables to take away --------------------------------------------------------------------------
class TestExport:
    def rows(self, response) -> list[list[str]]:
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        dialect = csv.Sniffer().sniff(text.splitlines()[0], ";,")
        return list(csv.reader(io.StringIO(text), dialect))

    def test_it_is_exactly_what_is_shown(self, client_for, officer):
        town = make_municipality(name="Bühl")
        for number in range(35):
            make_organisation(name=f"Verein {number:02}", municipality=town)
        make_organisation(name="Ruht", state="paused")
        query = {"state__exact": "active", "o": "-1", "p": "2"}
        client = client_for(officer)
        page = client.get(LIST, query)
        assert shown(page) == [f"Verein {number:02}" for number in range(4, -1, -1)]
        link = f"{LIST}ausgabe/angezeigt.csv?state__exact=active&o=-1"
        assert link.replace("&", "&amp;") in page.text
        headings, *rows = self.rows(client.get(link))
        assert headings[:4] == ["Name", "Stand", "Art", "Stadt oder Gemeinde"]
        assert [row[0] for row in rows] == [f"Verein {number:02}" for number in range(34, -1, -1)]
        assert rows[0][1:4] == ["Aktiv", "Verein", "Bühl"]

    def test_the_search_and_its_order_count(self, client_for, officer):
        for name in ("Alte Brückenfreunde", "Brücke", "Chor"):
            make_organisation(name=name)
        response = client_for(officer).get(f"{LIST}ausgabe/angezeigt.csv", {"q": "brücke"})
        assert [row[0] for row in self.rows(response)][1:] == ["Brücke", "Alte Brückenfreunde"]

    def test_everything_is_offered_for_organisations_alone(self, client_for, officer, organisation):
        client = client_for(officer)
        headings, row = self.rows(client.get(f"{LIST}ausgabe/alles.csv"))
        assert organisation.description in row
        assert len(headings) > 15
        assert client.get(f"{TOPICS}ausgabe/alles.csv").status_code == 404
        assert client.get(f"{TOPICS}ausgabe/angezeigt.pdf").status_code == 404

    def test_excel_is_offered_too(self, client_for, officer, organisation):
        response = client_for(officer).get(f"{LIST}ausgabe/angezeigt.xlsx")
        assert b"".join(response.streaming_content).startswith(b"PK")
        assert "no-store" in response["Cache-Control"]

    def test_no_cell_is_a_formula(self, client_for, officer):
        make_topic(name="=HYPERLINK(1)")
        response = client_for(officer).get(f"{TOPICS}ausgabe/angezeigt.csv")
        assert not self.rows(response)[1][0].startswith("=")

    def test_markup_in_a_cell_is_left_out(self, client_for, officer):
        make_organisation(name="Wartet & <b>hofft</b>", state="submitted")
        row = self.rows(client_for(officer).get(f"{LIST}ausgabe/angezeigt.csv"))[1]
        assert row[:2] == ["Wartet & <b>hofft</b>", "Eingereicht"]

    @pytest.mark.parametrize(
        "query", [{"state__exact": "quatsch"}, {"ort": "\x00"}, {"id": "9" * 30}]
    )
    def test_a_tampered_filter_leads_back_or_finds_nothing(self, client_for, officer, query):
        response = client_for(officer).get(f"{LIST}ausgabe/angezeigt.csv", query)
        assert response.status_code in (200, 302, 400)
        response.close()


# --- Doing the same to many -----------------------------------------------------------------------
class TestBulk:
    def choose(self, client, rows, action="pause", query="", **data):
        values = {"action": action, "_selected_action": [row.pk for row in rows], "index": "0"}
        return client.post(LIST + query, values | data)

    def confirm(self, client, rows, action="pause", query="", **data):
        values = {"action": action, "_selected_action": [row.pk for row in rows]}
        return client.post(LIST + query, values | {"_confirmed": "1"} | data, follow=True)

    def test_a_preview_says_what_will_happen_and_changes_nothing(
        self, client_for, officer, organisation, manager
    ):
        paused = make_organisation(name="Ruht schon", state="paused")
        page = self.choose(client_for(officer), [organisation, paused])
        assert page.status_code == 200
        for words in (
            "Aktiv → Pausiert", "hat den Stand „Pausiert“", manager.email,
            "Es geht 1 E-Mail hinaus",
        ):  # fmt: skip
            assert words in page.text
        assert f'name="_selected_action" value="{organisation.pk}"' in page.text
        assert f'name="_selected_action" value="{paused.pk}"' not in page.text
        organisation.refresh_from_db()
        assert organisation.state == State.ACTIVE
        assert not OutboxMessage.objects.exists()

    def test_many_are_admitted_at_once(self, client_for, officer, submitted, manager):
        """As after an import, where nobody else has to be asked."""
        imported = make_organisation(name="Aus der Liste", state="submitted")
        client = client_for(officer)
        page = self.choose(client, [imported, submitted], action="admit")
        assert "Eingereicht → Aktiv" in page.text
        self.confirm(client, [imported, submitted], action="admit")
        for one in (imported, submitted):
            one.refresh_from_db()
            assert one.state == State.ACTIVE
            assert one.confirmed_on is not None
        assert [mail.to for mail in OutboxMessage.objects.all()] == [manager.email]

    def test_what_is_confirmed_is_done_once(self, client_for, officer, organisation, manager):
        client = client_for(officer)
        for _twice in range(2):
            page = self.confirm(client, [organisation], reason="Sommerpause")
        organisation.refresh_from_db()
        assert organisation.state == State.PAUSED
        assert organisation.history.latest().history_change_reason == "Sommerpause"
        assert OutboxMessage.objects.filter(to=manager.email).count() == 1
        assert "1 Eintrag war schon so." in page.text

    def test_who_has_moved_on_is_named(self, client_for, officer, organisation):
        draft = make_organisation(name="Nur Entwurf", state="draft")
        page = self.confirm(client_for(officer), [organisation, draft])
        assert "Pausieren: 1 Eintrag ist erledigt." in page.text
        assert "„Nur Entwurf“ hat jetzt den Stand" in page.text

    def test_rows_that_left_the_list_are_counted(self, client_for, officer, organisation):
        other = make_organisation(state="paused")
        page = self.confirm(
            client_for(officer), [organisation, other], query="?state__exact=active"
        )
        assert "1 weiterer Eintrag ist nicht geändert." in page.text
        other.refresh_from_db()
        assert other.state == State.PAUSED

    def test_all_of_a_list_can_be_chosen_up_to_a_bound(self, client_for, officer, monkeypatch):
        for number in range(32):
            make_organisation(name=f"Verein {number:02}")
        make_organisation(name="Ruht", state="paused")
        client = client_for(officer)
        page = self.choose(client, [], query="?state__exact=active", select_across="1")
        assert page.text.count("Aktiv → Pausiert") == 32
        assert "Ruht" not in page.text
        monkeypatch.setattr("core.office.bulk.BulkAction.most", 20)
        page = client.post(LIST, {"action": "pause", "select_across": "1"}, follow=True)
        assert "Auf einmal gehen höchstens 20 Einträge." in page.text
        assert not Organisation.objects.filter(state="paused").exclude(name="Ruht").exists()

    @pytest.mark.parametrize(
        ("selected", "words"),
        [
            ([], "Bitte wählen Sie zuerst Einträge aus."),
            (["abc"], "Die Auswahl war nicht gültig."),
            (["9" * 40], "Die Auswahl war nicht gültig."),
            (["1\x00"], "Die Auswahl war nicht gültig."),
            (["999999"], "Die gewählten Einträge gibt es hier nicht mehr."),
        ],
    )
    @pytest.mark.parametrize("confirmed", [{}, {"_confirmed": "1"}])
    def test_a_tampered_choice_gets_a_message(
        self, client_for, officer, organisation, selected, words, confirmed
    ):
        values = {"action": "pause", "_selected_action": selected} | confirmed
        page = client_for(officer).post(LIST, values, follow=True)
        assert words in page.text

    def test_too_long_a_reason_comes_back(self, client_for, officer, organisation):
        page = self.confirm(client_for(officer), [organisation], reason="x" * 1001)
        assert page.status_code == 200
        assert "x" * 1001 in page.text
        organisation.refresh_from_db()
        assert organisation.state == State.ACTIVE

    def test_without_the_right_there_is_no_action(self, client_for, organisation):
        reader = make_user(is_staff=True)
        make_second_factor(reader)
        reader.user_permissions.add(Permission.objects.get(codename="view_organisation"))
        page = self.confirm(client_for(reader), [organisation])
        assert page.status_code == 200
        organisation.refresh_from_db()
        assert organisation.state == State.ACTIVE
