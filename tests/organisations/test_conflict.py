"""Two people, one organisation: the second is told, chooses, and loses nothing."""

import threading
import uuid
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse
from django.utils import translation

from core.errors import Conflict
from organisations.models import Organisation
from organisations.services import editing, registration
from tests.factories import (
    make_contact,
    make_municipality,
    make_organisation,
    make_topic,
    make_user,
)


def step_url(organisation, step) -> str:
    return reverse("organisations:step", args=[organisation.pk, step])


def save(organisation, by, seen_version=1, **values):
    return editing.save(organisation=organisation, values=values, seen_version=seen_version, by=by)


# --- The rule -------------------------------------------------------------------------------------
def test_merge_field_by_field():
    assert editing.merge(mine={"a": 1}, theirs={"a": 1}, seen={"a": 0}) == {}
    assert editing.merge(mine={"a": 2}, theirs={"a": 1}, seen={"a": 1}) == {"a": 2}
    assert editing.merge(mine={"a": 1}, theirs={"a": 2}, seen={"a": 1}) == {}
    with pytest.raises(Conflict) as conflict:
        editing.merge(mine={"a": 2, "b": 5}, theirs={"a": 3, "b": 4}, seen={"a": 1, "b": 4})
    assert conflict.value.theirs == {"a": 3}
    with pytest.raises(Conflict):
        editing.merge(mine={"a": 2}, theirs={"a": 3}, seen=None)


@pytest.mark.django_db
class TestService:
    def test_different_fields_do_not_disturb_each_other(self, organisation, manager, editor):
        save(organisation, editor, short_name="HdM", aims="Musik für alle")
        # The manager's form still shows the old, untouched aims.
        save(organisation, manager, short_name="", legal_form="e. V.", aims="")
        row = Organisation.objects.get(pk=organisation.pk)
        assert (row.short_name, row.legal_form, row.aims) == ("HdM", "e. V.", "Musik für alle")

    def test_the_same_field_is_a_conflict_and_nothing_is_saved(self, organisation, manager, editor):
        save(organisation, editor, short_name="HdM")
        with pytest.raises(Conflict) as conflict:
            save(organisation, manager, short_name="Haus", legal_form="e. V.")
        assert conflict.value.theirs == {"short_name": "HdM"}
        row = Organisation.objects.get(pk=organisation.pk)
        assert (row.short_name, row.legal_form, row.version) == ("HdM", "", 2)

    def test_the_same_entry_twice_is_no_conflict(self, organisation, manager, editor):
        save(organisation, editor, short_name="HdM")
        save(organisation, manager, short_name="HdM")
        assert Organisation.objects.get(pk=organisation.pk).version == 2

    def test_relations_and_translations_are_compared_too(self, organisation, manager, editor):
        one, two = make_topic(), make_topic()
        save(organisation, editor, topics=[one], translation_tr_aims="Müzik")
        with pytest.raises(Conflict) as conflict:
            save(organisation, manager, topics=[two], translation_tr_aims="Dans")
        assert conflict.value.theirs == {
            "topics": frozenset({one.pk}),
            "translation_tr_aims": "Müzik",
        }
        save(
            organisation, manager, topics=[], translation_tr_aims="", translation_tr_description="x"
        )
        row = Organisation.objects.get(pk=organisation.pk)
        assert list(row.topics.all()) == [one]
        assert row.translations == {"tr": {"aims": "Müzik", "description": "x"}}

    def test_a_version_that_nobody_remembers(self, organisation, manager):
        save(organisation, manager, short_name="HdM")
        with pytest.raises(Conflict):
            save(organisation, manager, seen_version=77, short_name="Haus")
        save(organisation, manager, seen_version=77, short_name="HdM")

    def test_what_is_not_to_be_edited_here_is_refused(self, organisation, manager, outsider):
        for field in ("state", "slug", "version", "confirmed_on", "translation_tr_name"):
            with pytest.raises(ValueError, match=field):
                save(organisation, manager, **{field: "x"})
        with pytest.raises(PermissionDenied):
            save(organisation, outsider, short_name="Meins")


@pytest.mark.django_db
class TestPage:
    def data(self, organisation, **changes):
        return {
            "name": organisation.name,
            "kind": "association",
            "seen_version": "1",
            "short_name": "Haus",
            "legal_form": "e. V.",
        } | changes

    @pytest.mark.parametrize(
        ("language", "told"),
        [
            ("de", "Inzwischen geändert von Emil Redaktion"),
            ("en", "Changed meanwhile by Emil Redaktion"),
            ("ar", "غيّره Emil Redaktion في هذه الأثناء"),
        ],
    )
    def test_both_entries_are_shown_and_mine_is_kept(
        self, client_for, organisation, manager, editor, language, told
    ):
        save(organisation, editor, short_name="HdM")
        with translation.override(language):
            address = step_url(organisation, "organisation")
        page = client_for(manager).post(address, self.data(organisation))
        text = page.content.decode()
        assert f'lang="{language}"' in text
        assert told in text
        assert "HdM" in text
        assert page.context["form"]["short_name"].value() == "Haus"
        assert page.context["form"]["legal_form"].value() == "e. V."
        assert page.context["seen_version"] == 2
        assert 'name="take-short_name"' in text

    @pytest.mark.parametrize(("choice", "result"), [("mine", "Haus"), ("theirs", "HdM")])
    def test_choosing_and_sending_again(
        self, client_for, organisation, manager, editor, choice, result
    ):
        save(organisation, editor, short_name="HdM")
        data = self.data(organisation, seen_version="2")
        answer = client_for(manager).post(
            step_url(organisation, "organisation"), data | {"take-short_name": choice}
        )
        assert answer.status_code == 302
        row = Organisation.objects.get(pk=organisation.pk)
        assert (row.short_name, row.legal_form) == (result, "e. V.")

    def test_a_third_change_in_between_is_asked_about_again(
        self, client_for, organisation, manager, editor
    ):
        save(organisation, editor, short_name="HdM")
        save(organisation, editor, seen_version=2, short_name="H.d.M.")
        page = client_for(manager).post(
            step_url(organisation, "organisation"),
            self.data(organisation, seen_version="2") | {"take-short_name": "mine"},
        )
        assert "H.d.M." in page.content.decode()

    def test_staff_are_the_team(self, client_for, organisation, manager, officer):
        save(organisation, officer, short_name="HdM")
        text = (
            client_for(manager)
            .post(step_url(organisation, "organisation"), self.data(organisation))
            .content.decode()
        )
        assert "dem Team des Netzwerks" in text
        assert officer.name not in text

    @pytest.mark.parametrize(
        ("step", "field", "theirs", "mine", "words"),
        [
            ("ort", "place", "Hier", "Dort", ("Hier", "Dort")),
            ("ort", "accessibility", "yes", "no", ("ohne Stufen", "Nein")),
            ("ort", "whole_county", True, "", ()),
            ("taetigkeit", "description", "Ihr Text", "Mein Text", ("Ihr Text", "Mein Text")),
            ("kontakt", "website", "https://a.example.org", "b.example.org", ("a.ex", "b.ex")),
            ("kontakt", "phone", "+4972223814325", "07222 381-4326", ("381-4325", "381-4326")),
        ],
    )
    def test_entries_are_compared_in_words(
        self, client_for, organisation, manager, editor, step, field, theirs, mine, words
    ):
        save(organisation, editor, **{field: theirs})
        data = {
            "municipality": organisation.municipality_id,
            "accessibility": "unknown",
            "description": organisation.description,
            "topics": [make_topic().pk],
            "seen_version": "1",
            field: mine,
        }
        page = client_for(manager).post(step_url(organisation, step), data)
        if not words:  # untouched here, changed there: nothing to ask
            assert page.status_code == 302
            return
        (conflict,) = page.context["conflicts"]
        assert words[0] in conflict["theirs"]
        assert words[1] in conflict["mine"]

    def test_relations_are_named(self, client_for, organisation, manager, editor):
        here, there = make_municipality(name="Hierheim"), make_municipality(name="Dortdorf")
        topic = make_topic(name="Sport")
        save(organisation, editor, active_in=[here], topics=[topic])
        page = client_for(manager).post(
            step_url(organisation, "ort"),
            {"municipality": here.pk, "active_in": [there.pk], "seen_version": "1"},
        )
        conflict = {entry["field"]: entry for entry in page.context["conflicts"]}["active_in"]
        assert (conflict["theirs"], conflict["mine"]) == ("Hierheim", "Dortdorf")

    @pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "٣"])
    def test_a_tampered_version_breaks_nothing(self, client_for, organisation, manager, version):
        answer = client_for(manager).post(
            step_url(organisation, "organisation"), self.data(organisation, seen_version=version)
        )
        assert answer.status_code == 302


# --- Really at the same time ----------------------------------------------------------------------
def together(*calls):
    """Run the calls at the same moment, each in its own connection; return what each raised."""
    raised, start = [], threading.Barrier(len(calls))

    def run(call):
        try:
            start.wait()
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_one_is_told():
    one, two = make_user(), make_user()
    organisation = make_organisation(manager=one, editor=two)
    raised = together(
        lambda: save(organisation, one, short_name="Eins"),
        lambda: save(organisation, two, short_name="Zwei"),
    )
    assert [type(error) for error in raised] == [Conflict]
    row = Organisation.objects.get(pk=organisation.pk)
    assert row.short_name in {"Eins", "Zwei"}
    assert raised[0].theirs == {"short_name": row.short_name}
    assert row.version == 2


@pytest.mark.django_db(transaction=True)
def test_the_first_form_sent_twice_at_the_same_moment():
    user, key = make_user(), "6ad1c1ce-5fd7-4d50-9a7c-0a2c8ffb7f0f"
    raised = together(
        *(lambda: registration.start(name="Chor", by=user, creation_key=key) for _time in range(3))
    )
    assert raised == []
    assert Organisation.objects.filter(creation_key=key).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_organisations_of_one_name_at_the_same_moment():
    def start(user):
        registration.start(name="Chor", by=user, creation_key=uuid.uuid4())

    raised = together(partial(start, make_user()), partial(start, make_user()))
    assert raised == []
    slugs = set(Organisation.objects.filter(name="Chor").values_list("slug", flat=True))
    assert slugs == {"chor", "chor-2"}


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_the_same_moment_is_sent_once():
    user = make_user()
    organisation = make_organisation(
        state="draft",
        kind="initiative",
        manager=user,
        municipality=make_municipality(),
        description="Wir singen.",
        topics=[make_topic()],
    )
    make_contact(organisation=organisation)
    entries = organisation.history.count()
    raised = together(
        *(lambda: registration.submit(organisation=organisation, by=user) for _time in range(2))
    )
    assert raised == []
    assert Organisation.objects.get(pk=organisation.pk).state == "submitted"
    assert organisation.history.count() == entries + 1


@pytest.mark.django_db
def test_the_office_reads_the_reason_in_its_own_language(organisation, manager):
    with translation.override("ar"):
        save(organisation, manager, short_name="HdM", topics=[make_topic()])
    assert organisation.history.first().history_change_reason == "Geändert: Kurzname, Themen"
