"""An organisation's history in one place, putting things back, and what nobody has seen yet."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import history
from organisations.models import ContactPerson, EditsSeen, Organisation
from organisations.services import contacts, decisions, editing, people, recent, restoring
from tests import factories

LONG = "Wir singen jeden Freitag im Gemeindehaus und laden alle Menschen aus der Stadt dazu ein."


def edit(organisation, by, **values) -> Organisation:
    row = Organisation.objects.get(pk=organisation.pk)
    return editing.save(organisation=row, values=values, seen_version=row.version, by=by)


def history_of(organisation, **query) -> str:
    query = "&".join(f"{name}={value}" for name, value in query.items())
    url = reverse("admin:organisations_organisation_history", args=[organisation.pk])
    return f"{url}?{query}"


def back(row, *, organisation, kind: str = "angaben", field: str = "") -> str:
    url = reverse(
        "admin:organisations_organisation_put_back",
        args=[organisation.pk, kind, row.history_id],
    )
    return f"{url}?feld={field}" if field else url


def seen(response) -> dict:
    """What the preview's form sends."""
    plan = response.context["plan"]
    return {"seen": plan.seen, "feld": [one.name for one in plan.changes]}


@pytest.fixture
def desk(client_for, officer):
    return client_for(officer)


@pytest.fixture
def first(organisation, manager) -> Organisation:
    """With a text, and a topic, as `manager` wrote them first."""
    return edit(
        organisation,
        manager,
        aims=LONG,
        topics=[factories.make_topic(name="Musik")],
        translation_en_aims="We sing.",
    )


class TestReading:
    def test_everything_stands_in_one_place(self, desk, first, manager, officer):
        edit(first, manager, aims=LONG.replace("Freitag", "Montag"))
        contact = contacts.add(
            organisation=first, values={"name": "Petra Person"}, is_self=False, by=manager
        )
        contacts.change(
            contact=contact,
            values={"name": "Petra Person", "function": "Kasse", "phone": "", "email": ""},
            seen_entry=contacts.latest_entry(contact),
            by=manager,
        )
        editor = factories.make_representative(organisation=first, role="editor")
        people.change_role(representative=editor, role="manager", by=officer)
        decisions.pause(organisation=first, by=officer, reason="Auf Wunsch")
        text = desk.get(history_of(first)).text
        for words in (
            "Ansprechperson: Petra Person",
            f"Vertretung: {editor.user}",
            "Auf Wunsch",
            "Mina Leitung",
            "Olga Amt",
            "Kasse",
            "Rolle geändert",
            "<mark>Freitag</mark>",
            "<mark>Montag</mark>",
            "Ziele (English)",
        ):
            assert words in text, words
        order = [text.index(word) for word in ("Auf Wunsch", "Rolle geändert", "Kasse")]
        assert order == sorted(order)

    def test_it_is_filtered_by_person_and_by_field(self, desk, first, manager, officer):
        edit(first, officer, phone="07222 381-4325")
        contacts.add(organisation=first, values={"name": "Petra"}, is_self=False, by=manager)

        def shown(**query) -> list[str]:
            entries = desk.get(history_of(first, **query)).context["shown"]
            return [one.entry.reason for one in entries]

        assert shown(person=officer.pk) == ["Geändert: Telefon"]
        assert shown(angabe="phone") == ["Geändert: Telefon"]
        assert shown(angabe="phone", person=manager.pk) == []
        assert len(shown(angabe="aims")) == 1
        assert shown(angabe="ansprechpersonen") == ["Ansprechperson hinzugefügt"]
        assert "Dazu gibt es keine Änderungen." in desk.get(history_of(first, angabe="bilder")).text
        # Nonsense filters nothing.
        assert len(shown(angabe="gibtesnicht", person="x")) == len(shown())

    def test_pages_cost_the_same_with_1_and_with_30_entries(
        self, desk, first, manager, django_assert_num_queries
    ):
        def grow(number: int) -> None:
            for _number in range(number):
                contact = factories.make_contact(organisation=first)
                contact.function = "Neu"
                contact.save()
                factories.make_representative(organisation=first)
                edit(first, manager, aims=f"Ziel {timezone.now()}", active_in=[])

        grow(1)
        desk.get(history_of(first))
        with CaptureQueriesContext(connection) as one:
            desk.get(history_of(first))
        grow(29)
        with django_assert_num_queries(len(one)):
            text = desk.get(history_of(first)).text
        assert "?seite=2" in text
        assert desk.get(history_of(first, seite=2)).status_code == 200

    def test_private_data_are_shown_to_those_who_may_see_them(self, client_for, officer, first):
        factories.make_contact(organisation=first, name="Petra Person")
        officer.groups.clear()
        officer.user_permissions.set(Permission.objects.filter(codename="view_organisation"))
        text = client_for(officer).get(history_of(first)).text
        assert LONG in text
        assert "Petra Person" not in text
        assert "Vertretung:" not in text
        assert "Ansprechpersonen</option>" not in text
        assert "zurücksetzen" not in text

    def test_what_is_over_is_still_read_but_not_put_back(self, desk, first, officer):
        decisions.archive(organisation=first, by=officer)
        text = desk.get(history_of(first)).text
        assert LONG in text
        assert "zurücksetzen" not in text
        entry = first.history.last()
        assert desk.get(back(entry, organisation=first)).status_code == 404


class TestMarkedWords:
    @pytest.mark.parametrize(
        ("old", "new"),
        [("", ""), ("kurz", "anders"), (LONG, LONG), (LONG, LONG + " Kommt!"), (LONG, "x" * 90)],
    )
    def test_the_pieces_make_the_text(self, old, new):
        pieces = history.compared(old, new)
        assert ["".join(one.text for one in side) for side in pieces] == [old, new]

    def test_only_what_differs_is_marked(self):
        old, new = history.compared(LONG, LONG.replace("singen", "tanzen"))
        assert [one.text for one in old if one.is_changed] == ["singen"]
        assert [one.text for one in new if one.is_changed] == ["tanzen"]


class TestPuttingBack:
    def test_one_field(self, desk, first, manager, officer):
        before = first.history.first()
        edit(first, manager, aims="Ganz anders", regions="Anatolien")
        assert "Diese Angabe zurücksetzen" in desk.get(history_of(first)).text
        url = back(before, organisation=first, field="aims")
        preview = desk.get(url)
        assert [one.label for one in preview.context["plan"].changes] == ["Ziele"]
        assert "Ganz anders" in preview.text
        assert LONG in preview.text
        answer = desk.post(url, seen(preview), follow=True)
        assert "1 Angabe ist zurückgesetzt: Ziele." in answer.text
        first.refresh_from_db()
        assert (first.aims, first.regions) == (LONG, "Anatolien")
        entry = first.history.first()
        assert entry.history_user == officer
        assert entry.history_change_reason.startswith("Zurückgesetzt auf den Stand vom ")
        assert entry.history_change_reason.endswith(": Ziele")
        # A second time changes nothing.
        entries = first.history.count()
        assert "Das stand schon so da." in desk.post(url, seen(preview), follow=True).text
        assert first.history.count() == entries

    def test_everything(self, desk, first, manager):
        before = first.history.first()
        edit(
            first,
            manager,
            aims="Neu",
            topics=[],
            translation_en_aims="",
            phone="07222 381-4325",
            name="Anderer Name",
        )
        preview = desk.get(back(before, organisation=first))
        desk.post(back(before, organisation=first), seen(preview))
        first.refresh_from_db()
        assert first.aims == LONG
        assert [str(one) for one in first.topics.all()] == ["Musik"]
        assert first.translations == {"en": {"aims": "We sing."}}
        assert (str(first.phone), first.name) == ("", "Haus der Musik e. V.")
        assert first.get_absolute_url().endswith("/haus-der-musik/")

    def test_only_what_is_ticked(self, desk, first, manager):
        before = first.history.first()
        edit(first, manager, aims="Neu", regions="Anatolien")
        url = back(before, organisation=first)
        form = seen(desk.get(url))
        desk.post(url, form | {"feld": ["regions"]})
        first.refresh_from_db()
        assert (first.aims, first.regions) == ("Neu", "")
        answer = desk.post(url, form | {"feld": []}, follow=True)
        assert "Sie haben nichts ausgewählt." in answer.text
        # A field that is none of ours is left out.
        desk.post(url, form | {"feld": ["state", "slug"]})
        first.refresh_from_db()
        assert first.state == "active"

    def test_somebody_else_was_faster(self, desk, first, manager):
        before = first.history.first()
        edit(first, manager, aims="Neu")
        url = back(before, organisation=first, field="aims")
        form = seen(desk.get(url))
        edit(first, manager, aims="Noch neuer")
        answer = desk.post(url, form)
        assert "Inzwischen geändert" in answer.text
        assert "Mina Leitung" in answer.text
        assert "Noch neuer" in answer.text
        first.refresh_from_db()
        assert first.aims == "Noch neuer"
        desk.post(url, seen(answer))
        first.refresh_from_db()
        assert first.aims == LONG

    def test_what_cannot_be_put_back_is_said(self, desk, first, manager):
        place = factories.make_municipality()
        edit(first, manager, address_public=True, active_in=[place], aims="Mit Adresse")
        before = first.history.first()
        edit(first, manager, address_public=False, topics=[], active_in=[], aims="Ohne")
        first.topics.model.objects.all().delete()
        place.delete()
        preview = desk.get(back(before, organisation=first))
        impossible = dict(preview.context["plan"].impossible)
        assert impossible["Adresse öffentlich zeigen"].startswith("Ob ihre Adresse")
        assert impossible["Themen"] == "Das gibt es nicht mehr."
        assert "Entfernte Bilder sind gelöscht." in preview.text
        desk.post(back(before, organisation=first), seen(preview))
        first.refresh_from_db()
        assert first.aims == "Mit Adresse"
        assert not first.address_public

    def test_kind_and_place_are_not_emptied(self, organisation, officer):
        row = Organisation.history.first()
        row.kind, row.municipality_id = "", None
        row.save()
        plan = restoring.plan(organisation=organisation, entry=row)
        assert {label for label, _reason in plan.impossible} == {"Art", "Stadt oder Gemeinde"}

    @pytest.mark.parametrize("who", ["manager", "editor", "outsider", None])
    def test_for_others_it_does_not_exist(self, client_for, request, first, who):
        person = request.getfixturevalue(who) if who else None
        answer = client_for(person).get(back(first.history.first(), organisation=first))
        assert answer.status_code == (404 if who else 302)

    def test_an_entry_of_another_organisation_does_not_exist(self, desk, first):
        other = factories.make_organisation()
        assert desk.get(back(other.history.first(), organisation=first)).status_code == 404
        for address in ("gibtesnicht/1/", "angaben/0/", f"angaben/{2**40}/", "vertretung/1/"):
            url = f"/de/verwaltung/organisations/organisation/{first.pk}/verlauf/{address}"
            assert desk.get(url).status_code == 404
        row = first.history.first()
        assert desk.get(back(row, organisation=first, field="state")).status_code == 404


class TestPuttingPeopleBack:
    @pytest.fixture
    def contact(self, organisation, manager) -> ContactPerson:
        return factories.make_contact(
            organisation=organisation,
            name="Petra Person",
            email="petra@example.org",
            function="Vorstand",
            public=("name", "function"),
        )

    def change(self, contact, by, **values) -> None:
        row = ContactPerson.objects.get(pk=contact.pk)
        present = {name: getattr(row, name) for name in contacts.FIELDS}
        contacts.change(
            contact=row,
            values=present | values,
            seen_entry=contacts.latest_entry(row),
            by=by,
        )

    def test_nothing_becomes_public_again(self, desk, contact, organisation, manager):
        before = contact.history.first()
        self.change(contact, manager, name="Paul Anders")
        url = back(before, organisation=organisation, kind="ansprechperson")
        preview = desk.get(url)
        assert "noch einmal einwilligen" in preview.text
        desk.post(url, seen(preview))
        contact.refresh_from_db()
        assert contact.name == "Petra Person"
        assert contact.published == {}
        reason = contact.history.first().history_change_reason
        assert reason.startswith("Zurückgesetzt auf den Stand vom ")

    def test_it_is_said_what_would_be_hidden(self, desk, contact, organisation, manager):
        before = contact.history.first()
        self.change(contact, manager, function="Kasse")
        contact.refresh_from_db()
        contact.function_public = True
        contact.save()
        url = back(before, organisation=organisation, kind="ansprechperson", field="function")
        preview = desk.get(url)
        assert preview.context["plan"].hidden == ["Aufgabe"]
        assert contact.history.count() == 3  # looking changes nothing
        answer = desk.post(url, seen(preview), follow=True)
        assert "Petra Person bekommt eine E-Mail" in answer.text
        contact.refresh_from_db()
        assert contact.function == "Vorstand"
        assert set(contact.published) == {"name"}

    def test_somebody_who_was_removed_is_added_again(self, desk, contact, organisation, manager):
        key = contact.pk
        contacts.remove(contact=contact, by=manager)
        assert "Wieder hinzufügen" in desk.get(history_of(organisation)).text
        gone = ContactPerson.history.filter(id=key).first()
        url = back(gone, organisation=organisation, kind="ansprechperson")
        preview = desk.get(url)
        for _twice in range(2):
            desk.post(url, seen(preview))
        again = organisation.contacts.get()
        assert (again.name, again.email) == ("Petra Person", "petra@example.org")
        assert again.published == {}

    def test_two_at_once(self, desk, contact, organisation, manager):
        before = contact.history.first()
        self.change(contact, manager, function="Kasse")
        url = back(before, organisation=organisation, kind="ansprechperson", field="function")
        form = seen(desk.get(url))
        self.change(contact, manager, function="Schrift")
        assert "Inzwischen geändert" in desk.post(url, form).text
        contact.refresh_from_db()
        assert contact.function == "Schrift"


class TestSinceTheLastVisit:
    def total(self, user) -> int:
        return len(recent.unseen(user))

    def test_edits_wait_until_they_are_called_seen(self, desk, first, manager, officer):
        factories.make_planned_years()
        start = desk.get(reverse("admin:index")).text
        assert "Von Organisationen geändert" in start
        assert "Mina Leitung: Ziele (English), Ziele, Themen" in start
        assert history_of(first).rstrip("?") in start
        assert "Von Organisationen geändert" in desk.get(reverse("admin:index")).text
        page = desk.get(reverse("admin:organisations_organisation_recent"))
        until = page.context["edited"][0]["until"]
        edit(first, manager, regions="Anatolien")  # while she reads
        url = reverse("admin:organisations_organisation_seen")
        desk.post(url, {"organisation": first.pk, "bis": until})
        assert [one.what for one in recent.edited(officer, recent.unseen(officer))] == [
            ["Länder oder Regionen"]
        ]
        page = desk.get(history_of(first))
        assert "Gesehen" in page.text
        answer = desk.post(
            url, {"organisation": first.pk, "bis": page.context["unseen_until"]}, follow=True
        )
        assert "Alles erledigt" in answer.text

    def test_all_at_once(self, desk, first, manager, officer):
        other = factories.make_organisation(manager=manager)
        edit(other, manager, aims="Neu")
        until = desk.get(reverse("admin:organisations_organisation_recent")).context["until"]
        url = reverse("admin:organisations_organisation_seen")
        desk.post(url, {"organisation": first.pk, "bis": until})
        assert self.total(officer) == 1
        desk.post(url, {"bis": until})
        assert self.total(officer) == 0
        assert EditsSeen.objects.get().organisation is None
        # A page that was open longer does not turn the clock back.
        old = timezone.now() - datetime.timedelta(days=3)
        desk.post(url, {"bis": old.isoformat()})
        assert self.total(officer) == 0
        for nonsense in ({}, {"bis": "gestern"}, {"bis": "2026-01-01"}, {"bis": "9" * 50}):
            assert desk.post(url, nonsense).status_code == 302
        assert desk.post(url, {"organisation": "9" * 25, "bis": until}).status_code == 404

    def test_only_edits_of_others_to_what_is_public(self, first, manager, officer, draft):
        recent.mark_seen(by=officer, until=timezone.now())
        edit(draft, manager, aims="Noch nicht öffentlich")
        edit(first, officer, aims="Vom Amt")
        assert self.total(officer) == 0
        contacts.add(organisation=first, values={"name": "Petra"}, is_self=False, by=manager)
        assert list(recent.unseen(officer)) == [first.pk]
        decisions.archive(organisation=first, by=officer)
        assert self.total(officer) == 0

    def test_everybody_has_their_own(self, administrator, officer, first):
        recent.mark_seen(by=officer, until=timezone.now())
        assert self.total(officer) == 0
        assert self.total(administrator) == 1

    def test_the_pages_cost_the_same_with_1_and_with_30(
        self, desk, first, manager, django_assert_num_queries
    ):
        addresses = [reverse("admin:index"), reverse("admin:organisations_organisation_recent")]
        counts = []
        for address in addresses:
            desk.get(address)
            with CaptureQueriesContext(connection) as queries:
                desk.get(address)
            counts.append(len(queries))
        for _number in range(30):
            other = factories.make_organisation(manager=manager)
            edit(other, manager, aims="Neu", topics=[factories.make_topic()])
        for address, count in zip(addresses, counts, strict=True):
            with django_assert_num_queries(count):
                assert desk.get(address).status_code == 200
