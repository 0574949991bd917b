"""Edits that the officer sees before anybody else, where the network wants that."""

import datetime

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import own_data
from accounts.services import erase
from core.models import OutboxMessage
from organisations.models import Organisation, OrganisationImage, ProposedEdit
from organisations.services import editing, images, merging, proposals
from tests import factories

NEW = "Wir laden jeden Montag zum Singen ein."


def step(organisation, name: str) -> str:
    return reverse("organisations:step", args=[organisation.pk, name])


def tasks(organisation) -> str:
    return reverse("organisations:tasks", args=[organisation.pk])


def filled(client, url: str, **changes) -> dict:
    """What a step's form sends when somebody changes a few things."""
    page = client.get(url)
    form = page.context["form"]
    data = {"seen_version": page.context["seen_version"]}
    for bound in form:
        value = bound.value()
        if value is True:
            data[bound.html_name] = "on"
        elif value not in (None, False):
            data[bound.html_name] = value
    data |= changes
    return {name: value for name, value in data.items() if value is not None}


def edit(client, organisation, name: str = "taetigkeit", **changes):
    url = step(organisation, name)
    return client.post(url, filled(client, url, **changes), follow=True)


@pytest.fixture
def checked(network):
    network.edits_checked_first = True
    network.save()
    return network


@pytest.fixture
def organisation():
    return factories.make_organisation(
        name="Haus der Musik e. V.",
        slug="haus-der-musik",
        description="Was bisher da steht.",
        topics=[factories.make_topic(name="Musik")],
        phone="07222 3814325",
    )


@pytest.fixture
def client(client_for, manager):
    return client_for(manager)


@pytest.fixture
def desk(client_for, officer):
    return client_for(officer)


def decide(desk, proposal, **changes):
    url = reverse("admin:organisations_proposededit_change", args=[proposal.pk])
    page = desk.get(url)
    data = {
        "seen_version": page.context["organisation"].version,
        "seen_at": page.context["proposal"].changed_at.isoformat(),
        "nehmen": [one["field"].name for one in page.context["fields"] if one["ticked"]]
        + [f"bild-{one['picture'].pk}" for one in page.context["pictures"]],
        "reason": "",
    }
    return desk.post(url, data | changes, follow=True)


def test_by_default_edits_are_live_at_once(client, organisation, network, desk):
    assert "ist sofort zu sehen" in client.get(tasks(organisation)).text
    edit(client, organisation, description=NEW)
    organisation.refresh_from_db()
    assert organisation.description == NEW
    assert not ProposedEdit.objects.exists()
    assert "Änderungen zum Prüfen" not in desk.get(reverse("admin:index")).text


class TestProposing:
    @pytest.fixture(autouse=True)
    def _checked(self, checked):
        pass

    def test_the_public_page_stays_and_the_person_sees_what_waits(
        self, client, client_for, editor, organisation
    ):
        answer = edit(client, organisation, description=NEW, topics=[])
        assert "mindestens ein Thema" in answer.text  # checked as ever
        topic = factories.make_topic(name="Tanz")
        answer = edit(
            client, organisation, description=NEW, topics=[topic.pk], translation_en_aims="x"
        )
        assert "wartet auf die Prüfung" in answer.text
        assert "Was Sie ändern, sieht zuerst das Team" in answer.text
        assert NEW in answer.text
        assert "Tanz" in answer.text
        public = client_for(None).get(organisation.get_absolute_url()).text
        assert "Was bisher da steht." in public
        assert NEW not in public
        # Whoever else speaks for it sees that something waits, but does not take it back.
        others = client_for(editor).get(tasks(organisation)).text
        assert "Von <bdi>Mina Leitung</bdi>" in others
        assert "Meine Änderung zurückziehen" not in others
        reverse_url = reverse("organisations:proposal_withdraw", args=[organisation.pk])
        client_for(editor).post(reverse_url)
        assert ProposedEdit.objects.count() == 1

    def test_the_form_goes_on_from_what_waits(self, client, organisation):
        edit(client, organisation, description=NEW)
        edit(client, organisation, "organisation", short_name="HdM")
        assert client.get(step(organisation, "taetigkeit")).context["form"]["description"].value()
        proposal = ProposedEdit.objects.get()
        assert set(proposal.values) == {"description", "short_name"}
        assert NEW in client.get(step(organisation, "taetigkeit")).text
        edit(client, organisation, description=NEW + " Kommt!")
        proposal.refresh_from_db()
        assert proposal.values["description"]["value"] == NEW + " Kommt!"
        assert proposal.values["description"]["base"] == "Was bisher da steht."
        # Back to what is public: nothing is left to wait for.
        edit(client, organisation, description="Was bisher da steht.")
        edit(client, organisation, "organisation", short_name="")
        assert not ProposedEdit.objects.exists()

    def test_it_can_be_withdrawn(self, client, organisation):
        edit(client, organisation, description=NEW)
        assert "Meine Änderung zurückziehen" in client.get(tasks(organisation)).text
        url = reverse("organisations:proposal_withdraw", args=[organisation.pk])
        for _twice in range(2):
            assert client.post(url).status_code == 302
        assert not ProposedEdit.objects.exists()
        assert NEW not in client.get(tasks(organisation)).text

    def test_what_withdraws_something_counts_at_once(self, client, organisation):
        organisation.street, organisation.address_public = "Hauptstr. 1", True
        organisation.save()
        edit(client, organisation, "ort", address_public=None, opening_times="Freitag 18 Uhr")
        edit(client, organisation, "kontakt", phone="", email="neu@example.org")
        organisation.refresh_from_db()
        assert not organisation.address_public
        assert not organisation.phone
        assert (organisation.opening_times, organisation.email) == ("", "")
        assert set(ProposedEdit.objects.get().values) == {"opening_times", "email"}

    def test_what_somebody_else_changed_meanwhile_is_not_proposed_back(
        self, client, organisation, officer
    ):
        data = filled(client, step(organisation, "taetigkeit"), aims="Singen")
        editing.save(
            organisation=organisation,
            values={"description": "Vom Amt"},
            seen_version=organisation.version,
            by=officer,
        )
        client.post(step(organisation, "taetigkeit"), data)
        assert set(ProposedEdit.objects.get().values) == {"aims"}

    def test_others_are_not_held_up(self, client_for, officer, draft, organisation, manager):
        topic = factories.make_topic()
        edit(client_for(manager), draft, description=NEW, topics=[topic.pk])
        draft.refresh_from_db()
        assert draft.description == NEW
        edit(client_for(officer), organisation, description=NEW)
        organisation.refresh_from_db()
        assert organisation.description == NEW
        assert not ProposedEdit.objects.exists()


class TestDeciding:
    @pytest.fixture(autouse=True)
    def proposal(self, checked, client, organisation) -> ProposedEdit:
        edit(client, organisation, description=NEW, aims="Singen")
        return ProposedEdit.objects.get()

    def test_she_takes_all_of_it(self, desk, organisation, proposal, manager, officer):
        start = desk.get(reverse("admin:index")).text
        assert "Änderungen zum Prüfen" in start
        assert "Mina Leitung: Beschreibung, Ziele" in start
        page = desk.get(reverse("admin:organisations_proposededit_change", args=[proposal.pk]))
        assert "Was bisher da steht." in page.text
        assert NEW in page.text
        answer = decide(desk, proposal)
        assert "Entschieden." in answer.text
        organisation.refresh_from_db()
        assert (organisation.description, organisation.aims) == (NEW, "Singen")
        entry = organisation.history.first()
        assert entry.history_user == officer
        assert entry.history_change_reason == (
            "Vorschlag einer Vertretung übernommen: Beschreibung, Ziele"
        )
        proposal.refresh_from_db()
        assert (proposal.state, proposal.decided_by) == ("accepted", officer)
        mail = OutboxMessage.objects.get()
        assert mail.to == manager.email
        assert "Beschreibung, Ziele" in mail.text_body
        # A second decision changes nothing and writes nobody.
        url = reverse("admin:organisations_proposededit_change", args=[proposal.pk])
        assert "schon entschieden" in desk.post(url, {"ablehnen": "1"}, follow=True).text
        assert OutboxMessage.objects.count() == 1
        assert "Entschieden am" in desk.get(url).text

    def test_she_takes_a_part_and_says_why(self, desk, organisation, proposal, manager):
        manager.language = "en"
        manager.save()
        answer = decide(desk, proposal, nehmen=["aims"], reason="")
        assert "Bitte schreiben Sie, warum" in answer.text
        # What she had ticked is still so.
        assert [one["ticked"] for one in answer.context["fields"]] == [False, True]
        decide(desk, proposal, nehmen=["aims"], reason="Bitte einfacher")
        organisation.refresh_from_db()
        assert (organisation.description, organisation.aims) == ("Was bisher da steht.", "Singen")
        proposal.refresh_from_db()
        assert proposal.state == "partly"
        mail = OutboxMessage.objects.get()
        assert mail.language == "en"
        assert "Bitte einfacher" in mail.text_body

    def test_she_declines_it(self, desk, client, organisation, proposal):
        decide(desk, proposal, ablehnen="1", reason="Das passt nicht auf die Seite")
        organisation.refresh_from_db()
        assert organisation.description == "Was bisher da steht."
        proposal.refresh_from_db()
        assert proposal.state == "declined"
        assert "Das passt nicht auf die Seite" in OutboxMessage.objects.get().text_body
        assert "wartet auf die Prüfung" not in client.get(tasks(organisation)).text
        # The next edit is a new proposal.
        edit(client, organisation, description=NEW)
        assert ProposedEdit.objects.filter(state="open").count() == 1

    def test_what_was_changed_meanwhile_is_shown(self, desk, organisation, proposal, officer):
        organisation.refresh_from_db()
        editing.save(
            organisation=organisation,
            values={"description": "Vom Amt"},
            seen_version=organisation.version,
            by=officer,
        )
        url = reverse("admin:organisations_proposededit_change", args=[proposal.pk])
        page = desk.get(url)
        assert "Seit dem Vorschlag geändert" in page.text
        assert "Vom Amt" in page.text
        assert [one["ticked"] for one in page.context["fields"]] == [False, True]

    @pytest.mark.parametrize("who", ["officer", "person"])
    def test_nothing_is_decided_that_she_has_not_seen(
        self, desk, client, organisation, proposal, officer, who
    ):
        version, changed_at = organisation.version, proposal.changed_at.isoformat()
        if who == "officer":
            editing.save(
                organisation=organisation,
                values={"aims": "Vom Amt"},
                seen_version=organisation.version,
                by=officer,
            )
        else:
            edit(client, organisation, description="Etwas ganz anderes")
        answer = decide(
            desk,
            proposal,
            nehmen=["description", "aims"],
            seen_version=version,
            seen_at=changed_at,
            reason="Schon getippt",
        )
        assert "Inzwischen geändert" in answer.text
        assert "Schon getippt" in answer.text
        proposal.refresh_from_db()
        assert proposal.is_open
        organisation.refresh_from_db()
        assert organisation.description == "Was bisher da steht."

    def test_what_is_gone_cannot_be_taken(self, desk, client, organisation, proposal):
        topic = factories.make_topic(name="Tanz")
        edit(client, organisation, topics=[topic.pk])
        topic.delete()
        answer = decide(desk, proposal, nehmen=["topics"], reason="x")
        assert "Das kann nicht übernommen werden" in answer.text
        decide(desk, proposal, reason="Das Thema gibt es nicht mehr")
        proposal.refresh_from_db()
        assert proposal.state == "partly"

    @pytest.mark.parametrize("who", ["manager", "editor", "outsider", None])
    def test_for_others_it_does_not_exist(self, client_for, request, proposal, who):
        person = request.getfixturevalue(who) if who else None
        url = reverse("admin:organisations_proposededit_change", args=[proposal.pk])
        assert client_for(person).post(url).status_code == (404 if who else 302)
        proposal.refresh_from_db()
        assert proposal.is_open

    def test_pages_cost_the_same_with_1_and_with_30(
        self, desk, client, organisation, manager, django_assert_num_queries
    ):
        addresses = [
            reverse("admin:index"),
            reverse("admin:organisations_proposededit_changelist"),
        ]
        counts = []
        for address in addresses:
            desk.get(address)
            with CaptureQueriesContext(connection) as queries:
                desk.get(address)
            counts.append(len(queries))
        for _number in range(30):
            other = factories.make_organisation(manager=manager)
            factories.make_proposal(organisation=other, by=manager, aims="Neu")
        for address, count in zip(addresses, counts, strict=True):
            desk.get(address)
            with django_assert_num_queries(count):
                assert desk.get(address).status_code == 200

    def test_own_data_and_erasure(self, desk, client, organisation, proposal, manager):
        sections = {section.key: section for section in own_data.collect(manager)}
        assert sections["proposed_edits"].plain[0]["organisation"] == organisation.name
        factories.make_representative(organisation=organisation)
        decide(desk, proposal)
        edit(client, organisation, description="Noch etwas")
        erase(user=manager)
        assert [row.by for row in ProposedEdit.objects.all()] == [None]
        later = datetime.datetime.now(datetime.UTC) + proposals.KEEP_DECIDED * 1.1
        with time_machine.travel(later):
            assert proposals.forget_old() == 1


class TestPictures:
    @pytest.fixture(autouse=True)
    def _checked(self, checked):
        pass

    def send(self, client, organisation, **changes):
        data = {
            "file": factories.make_upload(),
            "alt_text": "Ein Baum",
            "credit": "Mina",
            "consent": "on",
        }
        return client.post(step(organisation, "logo"), data | changes, follow=True)

    def test_a_new_logo_waits(self, client, client_for, desk, organisation, manager):
        old = factories.make_image(organisation=organisation)
        answer = self.send(client, organisation)
        assert "wartet auf die Prüfung" in answer.text
        new = OrganisationImage.objects.get(pending=True)
        url = reverse("organisations:image", args=[new.pk, "gross"])
        assert client_for(None).get(url).status_code == 404
        assert desk.get(url).status_code == 200
        assert "Ein Baum" in client.get(step(organisation, "logo")).text
        # Housekeeping leaves it alone, however long it waits.
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + images.KEEP_PENDING * 2):
            assert images.erase_stale() == 0
        # Another one takes its place.
        self.send(client, organisation, alt_text="Zwei Bäume")
        assert OrganisationImage.objects.filter(pending=True).count() == 1
        decide(desk, ProposedEdit.objects.get())
        logo = organisation.images.get(kind="logo")
        assert logo.pk != old.pk
        assert (logo.alt_text, logo.consent_by, logo.pending) == ("Zwei Bäume", manager, False)
        assert (
            client_for(None)
            .get(reverse("organisations:image", args=[logo.pk, "gross"]))
            .status_code
            == 200
        )

    def test_a_declined_picture_is_deleted_with_its_files(
        self, client, desk, organisation, django_capture_on_commit_callbacks
    ):
        self.send(client, organisation)
        image = OrganisationImage.objects.get()
        assert default_storage.exists(image.file.name)
        with django_capture_on_commit_callbacks(execute=True):
            decide(desk, ProposedEdit.objects.get(), nehmen=[], reason="Unscharf")
        assert not OrganisationImage.objects.exists()
        assert not default_storage.exists(image.file.name)

    def test_removing_one_counts_at_once(self, client, organisation):
        image = factories.make_image(organisation=organisation)
        client.post(reverse("organisations:image_remove", args=[organisation.pk, image.pk]))
        assert not organisation.images.exists()
        assert not ProposedEdit.objects.exists()

    def test_withdrawing_takes_the_picture_back(self, client, organisation):
        self.send(client, organisation)
        client.post(reverse("organisations:proposal_withdraw", args=[organisation.pk]))
        assert not OrganisationImage.objects.exists()
        assert not ProposedEdit.objects.exists()


def test_two_entries_become_one_with_what_waits(checked, client, organisation, officer, manager):
    other = factories.make_organisation(slug="andere", manager=manager)
    edit(client, other, description=NEW, topics=[factories.make_topic().pk])
    other.refresh_from_db()
    merging.merge(
        kept=organisation,
        gone=other,
        choices={},
        seen_versions={organisation.pk: organisation.version, other.pk: other.version},
        by=officer,
    )
    assert Organisation.objects.get(proposed_edits__state="open") == organisation
