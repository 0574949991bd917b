"""The office's diary: staff alone read it, nothing typed is lost, and merging keeps it."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import own_data
from accounts.services import erase
from organisations.models import OrganisationNote
from organisations.services import merging, notes
from tests import factories


def url(name: str, *args) -> str:
    return reverse(f"admin:organisations_organisation_{name}", args=args)


@pytest.fixture
def desk(client_for, officer):
    return client_for(officer)


@pytest.fixture
def colleague(officer):
    user = factories.make_user(email="kollege@example.org", name="Kai Kollege", is_staff=True)
    user.groups.set(officer.groups.all())
    factories.make_second_factor(user)
    return user


def write(client, organisation, text: str, **more):
    return client.post(url("notes", organisation.pk), {"text": text} | more)


class TestWriting:
    def test_it_stands_on_the_page_of_the_organisation(self, desk, organisation):
        page = desk.get(url("change", organisation.pk))
        assert "Noch keine Notizen." in page.text
        assert f'action="{url("notes", organisation.pk)}"' in page.text
        answer = write(desk, organisation, "Angerufen: Umzug im Mai.\n\nNeue Adresse folgt.")
        assert answer.url == url("change", organisation.pk) + "#notizen"
        text = desk.get(url("change", organisation.pk)).text
        assert "Angerufen: Umzug im Mai.<br><br>Neue Adresse folgt." in text
        assert "Olga Amt" in text
        note = organisation.notes.get()
        assert note.history.get().history_user == note.by

    def test_twice_sent_is_one_note(self, desk, organisation):
        key = uuid.uuid4()
        for _twice in range(2):
            write(desk, organisation, "Einmal", creation_key=key)
        assert organisation.notes.count() == 1
        write(desk, organisation, "Ohne Schlüssel", creation_key="unsinn")
        assert organisation.notes.count() == 2

    def test_what_is_wrong_is_said_and_kept(self, desk, organisation):
        answer = write(desk, organisation, "x" * 4001)
        assert answer.status_code == 200
        assert "x" * 4001 in answer.text
        assert 'class="errorlist' in answer.text or "invalid-feedback" in answer.text
        assert "Bitte schreiben Sie etwas." in write(desk, organisation, " \n ").text
        assert not organisation.notes.exists()

    def test_a_session_that_ended_loses_nothing(self, client_for, officer, organisation):
        client = client_for(None)
        client.cookies["sessionid"] = "x"
        assert write(client, organisation, "Viel getippt").status_code == 302
        session = client.session
        kept = session["core_resume"]
        assert "Viel+getippt" in kept["data"]
        again = client_for(officer)
        session = again.session
        session["core_resume"] = kept | {"owner": ""}
        session.save()
        assert "Viel getippt" in again.get(url("notes", organisation.pk)).text

    def test_who_wrote_it_changes_and_deletes_it(self, desk, client_for, organisation, officer):
        note = factories.make_note(organisation=organisation, by=officer, text="Erst so")
        page = desk.get(url("note", organisation.pk, note.pk))
        assert "Erst so" in page.text
        desk.post(url("note", organisation.pk, note.pk), {"text": "Dann so"})
        note.refresh_from_db()
        assert (note.text, note.history.count()) == ("Dann so", 2)
        assert note.edited_at
        desk.post(url("note", organisation.pk, note.pk), {"text": "Dann so"})
        assert note.history.count() == 2
        assert desk.get(url("note_delete", organisation.pk, note.pk)).status_code == 405
        desk.post(url("note_delete", organisation.pk, note.pk))
        assert not OrganisationNote.objects.exists()
        gone = OrganisationNote.history.filter(id=note.pk)
        assert [(row.history_type, row.text) for row in gone][:1] == [("-", "")]
        assert set(gone.values_list("text", flat=True)) == {""}

    def test_others_read_it_only(self, client_for, colleague, officer, organisation):
        note = factories.make_note(organisation=organisation, by=officer, text="Für alle im Team")
        client = client_for(colleague)
        text = client.get(url("notes", organisation.pk)).text
        assert "Für alle im Team" in text
        assert "Ändern oder löschen" not in text
        for name in ("note", "note_delete"):
            assert (
                client.post(url(name, organisation.pk, note.pk), {"text": "x"}).status_code == 404
            )
        note.refresh_from_db()
        assert note.text == "Für alle im Team"

    def test_a_note_of_another_organisation_does_not_exist(self, desk, officer, organisation):
        note = factories.make_note(organisation=factories.make_organisation(), by=officer)
        assert desk.get(url("note", organisation.pk, note.pk)).status_code == 404


class TestWhoReads:
    @pytest.mark.parametrize("who", ["manager", "editor", "outsider", None])
    def test_nobody_but_staff(self, client_for, request, officer, organisation, who):
        factories.make_note(organisation=organisation, by=officer, text="Streng vertraulich")
        person = request.getfixturevalue(who) if who else None
        client = client_for(person)
        assert client.get(url("notes", organisation.pk)).status_code == (404 if who else 302)
        pages = [organisation.get_absolute_url()]
        if who in ("manager", "editor"):
            pages.append(reverse("organisations:tasks", args=[organisation.pk]))
        for page in pages:
            assert "vertraulich" not in client.get(page).text

    def test_staff_without_the_right_see_no_box(self, desk, officer, organisation):
        right = officer.groups.get().permissions.get(codename="view_organisationnote")
        officer.groups.get().permissions.remove(right)
        assert "Notizen des Teams" not in desk.get(url("change", organisation.pk)).text
        assert desk.get(url("notes", organisation.pk)).status_code == 404

    def test_not_in_an_export(self, desk, officer, organisation):
        factories.make_note(organisation=organisation, by=officer, text="Streng vertraulich")
        for what in ("angezeigt", "alles"):
            table = desk.get(url("export", what, "csv"))
            if table.status_code == 200:
                assert b"vertraulich" not in b"".join(table.streaming_content)

    def test_lists_cost_the_same_with_1_and_with_30(
        self, desk, officer, organisation, django_assert_num_queries
    ):
        def pages() -> None:
            for name in ("notes", "change"):
                assert desk.get(url(name, organisation.pk)).status_code == 200

        factories.make_note(organisation=organisation, by=officer)
        pages()
        with CaptureQueriesContext(connection) as one:
            pages()
        for number in range(31):
            factories.make_note(organisation=organisation, by=officer, text=f"Notiz {number}")
        with django_assert_num_queries(len(one)):
            pages()
        assert "Alle Notizen lesen" in desk.get(url("change", organisation.pk)).text
        assert "?seite=2" in desk.get(url("notes", organisation.pk)).text


class TestLater:
    def test_merging_keeps_them(self, officer, organisation):
        other = factories.make_organisation(slug="andere")
        factories.make_note(organisation=other, by=officer, text="Von dort")
        merging.merge(
            kept=organisation,
            gone=other,
            choices={},
            seen_versions={organisation.pk: organisation.version, other.pk: other.version},
            by=officer,
        )
        assert [note.text for note in organisation.notes.all()] == ["Von dort"]

    def test_own_data(self, officer, colleague, manager, organisation):
        factories.make_note(
            organisation=organisation,
            by=colleague,
            text="Mina Leitung sagt ja, Mina Leitungsmann nein",
        )
        sections = {section.key: section for section in own_data.collect(colleague)}
        assert sections["notes"].plain[0]["text"].startswith("Mina Leitung sagt ja")
        assert "notes" not in {section.key for section in own_data.collect(manager)}
        factories.make_representative(organisation=organisation)
        erase(user=colleague)
        note = organisation.notes.get()
        assert note.by is None
        erase(user=manager)
        note.refresh_from_db()
        assert note.text == "gelöscht sagt ja, Mina Leitungsmann nein"
        assert set(note.history.values_list("text", flat=True)) == {note.text}

    def test_only_staff_write(self, manager, organisation):
        with pytest.raises(notes.PermissionDenied):
            notes.write(organisation=organisation, text="x", creation_key=uuid.uuid4(), by=manager)
