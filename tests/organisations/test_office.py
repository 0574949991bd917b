"""The officer's desk: what waits, the review page, editing, and requests no page would send."""

import datetime
import re

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib import admin
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import history
from core.models import OutboxMessage
from organisations.models import (
    AccessRequest,
    Consent,
    ContactPerson,
    Municipality,
    Organisation,
    OrganisationImage,
    ProblemReport,
)
from tests.factories import (
    make_access_request,
    make_contact,
    make_feedback,
    make_image,
    make_language,
    make_municipality,
    make_network,
    make_organisation,
    make_planned_years,
    make_problem_report,
    make_second_factor,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db
State = Organisation.State

LIST = "/de/verwaltung/organisations/organisation/"


def review_url(organisation, query: str = "") -> str:
    return reverse("admin:organisations_organisation_review", args=[organisation.pk]) + query


def change_url(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def form_of(response) -> dict:
    """Return what a browser would send of the change form without touching it."""
    data = {}
    context = response.context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is None or value is False or bound.field.disabled:
                continue
            if isinstance(value, (list, tuple)):
                value = [getattr(one, "pk", one) for one in value]
            data[bound.html_name] = value
    return data


# --- The start page -------------------------------------------------------------------------------
class TestStart:
    def test_what_waits_is_shown_with_a_way_there(
        self, client_for, officer, submitted, organisation
    ):
        Organisation.objects.filter(pk=submitted.pk).update(
            submitted_at=timezone.now() - datetime.timedelta(days=3)
        )
        report = make_problem_report(organisation=organisation)
        request = make_access_request(organisation=organisation)
        feedback = make_feedback()
        response = client_for(officer).get(reverse("admin:index"))
        for words in ("Was wartet", submitted.name, "seit 3 Tagen", report.text, str(request.user)):
            assert words in response.text
        for url in (
            review_url(submitted),
            change_url(report),
            change_url(feedback),
            reverse("organisations:people", args=[organisation.pk]),
        ):
            assert f'href="{url}"' in response.text

    def test_nothing_waits(self, client_for, officer):
        make_planned_years()
        assert "Alles erledigt" in client_for(officer).get(reverse("admin:index")).text

    def test_what_was_put_aside_waits_from_its_day(self, client_for, officer, submitted):
        client = client_for(officer)
        today = timezone.localdate()
        for day, shown in ((today + datetime.timedelta(1), False), (today, True)):
            Organisation.objects.filter(pk=submitted.pk).update(review_after=day)
            text = client.get(reverse("admin:index")).text
            assert (f'href="{review_url(submitted)}"' in text) == shown
        assert "Wiedervorlage" in text

    def test_one_query_count_for_one_and_for_thirty(self, client_for, officer):
        client = client_for(officer)
        client.get(reverse("admin:index"))
        counts = []
        for number in (1, 29):
            for _one in range(number):
                make_organisation(state="submitted")
                make_problem_report()
                make_access_request()
                make_feedback()
            with CaptureQueriesContext(connection) as captured:
                client.get(reverse("admin:index"))
            counts.append(len(captured))
        # Every box of every app asks for its own number; what counts is that rows add none.
        assert counts[0] == counts[1] < 70

    @pytest.mark.parametrize("language", ["de", "en", "ar"])
    def test_every_page_leads_home_and_to_other_languages(self, client_for, officer, language):
        text = client_for(officer).get(f"/{language}/verwaltung/").text
        assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in text
        assert f'href="/{language}/"' in text
        for other in ("de", "en", "ar"):
            assert f'href="/{other}/verwaltung/"' in text

    @pytest.mark.parametrize("who", ["outsider", "manager", "editor"])
    def test_for_others_the_office_does_not_exist(self, client_for, who, request):
        client = client_for(request.getfixturevalue(who))
        assert client.get(reverse("admin:index")).status_code == 404
        assert client.get(LIST).status_code == 404

    def test_staff_without_rights_see_no_section(self, client_for):
        person = make_user(is_staff=True)
        make_second_factor(person)
        client = client_for(person)
        assert "Für Sie gibt es hier nichts zu sehen." in client.get(reverse("admin:index")).text
        assert client.get(LIST).status_code == 404


# --- The review page ------------------------------------------------------------------------------
@pytest.fixture
def full(manager):
    """A registration with every kind of answer."""
    organisation = make_organisation(
        name="Chor der Nationen e. V.",
        state="submitted",
        manager=manager,
        topics=[make_topic(name="Musik und Tanz")],
        languages=[make_language(name="Türkisch")],
        active_in=[make_municipality(name="Nebenort")],
        founding_year=1998,
        charitable=True,
        description="Wir singen.",
        translations={"ar": {"description": "نحن نغني"}, "tr": {"description": "Şarkı söylüyoruz"}},
        website="https://chor.example.org",
        phone="+4972223814325",
        social_links=["https://social.example.org/chor"],
        street="Hauptstraße 1",
        postal_code="76437",
        place="Rastatt",
    )
    make_contact(organisation=organisation, name="Ada Beispiel", public=("name",))
    make_image(organisation=organisation, alt_text="Eine Note")
    return organisation


class TestReview:
    def test_all_answers_stand_on_one_page(self, client_for, officer, full, manager):
        twin = make_organisation(name="Chor der Nationen", website="https://chor.example.org")
        text = client_for(officer).get(review_url(full)).text
        for words in (
            "Chor der Nationen e. V.",
            "Musik und Tanz",
            "Türkisch",
            "Nebenort",
            "1998",
            "Wir singen.",
            "نحن نغني",
            "Şarkı söylüyoruz",
            "https://chor.example.org",
            "07222 381-4325",
            "https://social.example.org/chor",
            "Hauptstraße 1",
            "76437 Rastatt",
            "Ada Beispiel",
            "Einwilligung: erteilt am",
            "Eine Note",
            manager.email,
            "Verlauf",
        ):
            assert words in text
        assert review_url(twin) in text
        assert "gleiche Internetseite" in text
        for decision in ("admit", "ask_back", "reject", "postpone"):
            assert f"?entscheidung={decision}#entscheidung" in text

    @pytest.mark.parametrize(
        ("decision", "subject"),
        [
            ("admit", "ist aufgenommen"),
            ("ask_back", "Eine Frage zu"),
            ("reject", "Ihre Anmeldung von"),
        ],
    )
    def test_the_mail_is_shown_before_it_goes(self, client_for, officer, full, decision, subject):
        response = client_for(officer).get(review_url(full, f"?entscheidung={decision}"))
        form = response.context["form"]
        assert subject in form["subject"].value()
        assert form["body"].value().startswith("Guten Tag,")
        assert not OutboxMessage.objects.exists()

    @pytest.mark.parametrize(
        ("decision", "words"),
        [
            ("admit", "Wenn Sie nichts ändern"),
            ("ask_back", "Schreiben Sie Ihre Frage an die Stelle"),
            ("reject", "Schreiben Sie den Grund an die Stelle"),
        ],
    )
    def test_it_is_said_what_has_to_be_written(self, client_for, officer, full, decision, words):
        text = client_for(officer).get(review_url(full, f"?entscheidung={decision}")).text
        assert words in text
        assert ("Wenn Sie nichts ändern" in text) == (decision == "admit")

    @pytest.mark.parametrize(
        ("decision", "words"),
        [
            ("ask_back", "Bitte schreiben Sie einen Betreff."),
            ("postpone", "Bitte wählen Sie einen Tag, der noch kommt."),
        ],
    )
    def test_what_is_left_empty_is_said_in_plain_words(
        self, client_for, officer, full, decision, words
    ):
        text = client_for(officer).post(review_url(full), {"decision": decision}).text
        assert words in text
        assert "zwingend" not in text

    def test_the_text_comes_in_the_readers_language_or_another(
        self, client_for, officer, full, manager
    ):
        manager.language = "en"
        manager.save()
        client = client_for(officer)
        assert (
            client.get(review_url(full, "?entscheidung=admit")).context["mail_language"]
            == "English"
        )
        chosen = client.get(review_url(full, "?entscheidung=admit&sprache=de"))
        assert chosen.context["form"]["body"].value().startswith("Guten Tag,")

    def decide(self, client, organisation, decision, **changes):
        form = client.get(review_url(organisation, f"?entscheidung={decision}")).context["form"]
        data = {bound.name: bound.value() for bound in form} | {"decision": decision} | changes
        return client.post(review_url(organisation), data, follow=True)

    def test_admitting(self, client_for, officer, full, manager):
        response = self.decide(client_for(officer), full, "admit")
        assert "Gespeichert: „Chor der Nationen e. V.“ hat den Stand „Aktiv“." in response.text
        full.refresh_from_db()
        assert full.state == State.ACTIVE
        assert OutboxMessage.objects.get().to == manager.email

    def test_asking_back_with_her_own_words(self, client_for, officer, full):
        self.decide(client_for(officer), full, "ask_back", subject="Frage", body="Wie viele?")
        mail = OutboxMessage.objects.get()
        assert mail.subject == "Frage"
        assert mail.text_body.startswith("Wie viele?")

    def test_without_her_words_it_stays_and_nothing_is_lost(self, client_for, officer, full):
        response = self.decide(client_for(officer), full, "ask_back", subject="Mein Betreff")
        assert "an die Stelle der drei Punkte" in response.text
        assert "Mein Betreff" in response.text
        empty = self.decide(client_for(officer), full, "reject", body=" ")
        assert "Bitte schreiben Sie einen Text." in empty.text
        full.refresh_from_db()
        assert full.state == State.SUBMITTED
        assert not OutboxMessage.objects.exists()

    def test_a_session_that_ended_in_between_loses_nothing(self, client_for, officer, full):
        """The text she has written is there again after the log-in, and goes when she sends it."""
        url = review_url(full, "?entscheidung=ask_back")
        data = {"decision": "ask_back", "subject": "Frage", "body": "Ein langer Text."}
        client = client_for(None)
        away = client.post(url, data)
        assert away.status_code == 302
        assert reverse("accounts:enter") in away.url
        client.force_login(officer)
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, officer, method="mfa", type="totp")
        request.session.save()
        shown = client.get(url)
        assert "Ihre Eingaben sind noch da." in shown.text
        assert "Ein langer Text." in shown.text
        client.post(url, data)
        assert OutboxMessage.objects.get().text_body.startswith("Ein langer Text.")
        assert "Ein langer Text." not in client.get(reverse("admin:index")).text

    def test_later(self, client_for, officer, full):
        day = timezone.localdate() + datetime.timedelta(days=5)
        self.decide(client_for(officer), full, "postpone", until=day.isoformat(), note="Sitzung")
        full.refresh_from_db()
        assert full.review_after == day
        wrong = self.decide(
            client_for(officer), full, "postpone", until="31.02.2027", note="Merken"
        )
        assert "Merken" in wrong.text
        assert not OutboxMessage.objects.exists()

    def test_the_second_officer_is_told(self, client_for, officer, full):
        client = client_for(officer)
        form = client.get(review_url(full, "?entscheidung=reject")).context["form"]
        data = {bound.name: bound.value() for bound in form}
        self.decide(client, full, "admit")
        response = client.post(
            review_url(full), data | {"decision": "reject", "body": "Ein Grund, der bleibt."}
        )
        assert "hat jetzt den Stand „Aktiv“" in response.text
        assert "Ein Grund, der bleibt." in response.text
        again = self_post = client.post(
            review_url(full), data | {"decision": "admit", "body": "Willkommen"}, follow=True
        )
        assert "Das war schon entschieden" in again.text, self_post
        assert OutboxMessage.objects.count() == 1

    @pytest.mark.parametrize(
        ("query", "data"),
        [
            ("?entscheidung=unsinn", None),
            ("", {}),
            ("", {"decision": "unsinn"}),
        ],
    )
    def test_an_unknown_decision_does_not_exist(self, client_for, officer, full, query, data):
        client = client_for(officer)
        response = (
            client.get(review_url(full, query))
            if data is None
            else client.post(review_url(full), data)
        )
        assert response.status_code == 404

    def test_a_decision_that_does_not_fit_is_explained(self, client_for, officer, organisation):
        response = client_for(officer).get(review_url(organisation, "?entscheidung=admit"))
        assert "Das geht nicht" in response.text

    @pytest.mark.parametrize("who", ["outsider", "manager", None])
    def test_for_others_it_does_not_exist(self, client_for, full, who, request):
        person = request.getfixturevalue(who) if who else None
        client = client_for(person)
        for response in (client.get(review_url(full)), client.post(review_url(full), {})):
            assert response.status_code == (404 if person else 302)
        full.refresh_from_db()
        assert full.state == State.SUBMITTED

    def test_the_history_says_who_when_what_and_why(self, client_for, officer, full):
        full.short_name = "CdN"
        full._history_user = officer
        full._change_reason = "Tippfehler"
        full.save()
        full.topics.clear()
        text = client_for(officer).get(review_url(full)).text
        for words in (officer.name, "Tippfehler", "Kurzname", "CdN", "Themen", "Musik und Tanz"):
            assert words in text

    def test_reading_the_history_takes_the_same_queries(self, full):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                history.entries(list(history.records(Organisation, full.pk)))
            return len(captured)

        few = queries()
        for number in range(30):
            full.short_name = f"CdN {number}"
            full.save()
        assert queries() == few


# --- Editing --------------------------------------------------------------------------------------
class TestEditing:
    def test_the_officer_edits_organisation_and_contact_on_one_page(
        self, client_for, officer, full
    ):
        client = client_for(officer)
        page = client.get(change_url(full))
        data = form_of(page)
        data |= {
            "name": "Chor der Welt e. V.",
            "translation_ar_description": "نغني معا",
            "contacts-0-function": "Chorleitung",
            "social_links": "https://a.example.org\nwww.b.example.org",
        }
        response = client.post(change_url(full), data)
        assert response.status_code == 302, response.context["errors"]
        full.refresh_from_db()
        assert full.name == "Chor der Welt e. V."
        assert full.translations["ar"] == {"description": "نغني معا"}
        assert full.translations["tr"] == {"description": "Şarkı söylüyoruz"}
        assert full.social_links == ["https://a.example.org", "https://www.b.example.org"]
        assert full.version == 2
        assert full.state == State.SUBMITTED
        assert full.history.first().history_user == officer
        contact = full.contacts.get()
        assert reverse("organisations:step", args=[full.pk, "kontakt"]) in page.text
        assert (contact.function, contact.name_public) == ("Chorleitung", True)
        assert contact.history.first().history_user == officer

    def test_nothing_changed_writes_nothing(self, client_for, officer, full):
        client = client_for(officer)
        entries = full.history.count()
        assert (
            client.post(change_url(full), form_of(client.get(change_url(full)))).status_code == 302
        )
        full.refresh_from_db()
        assert full.version == 1
        assert full.history.count() == entries
        assert full.topics.count() == full.languages.count() == 1

    def test_another_name_is_another_person_without_consent(self, client_for, officer, full):
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | {"contacts-0-name": "Berta Muster"}
        client.post(change_url(full), data)
        contact = full.contacts.get()
        assert contact.name == "Berta Muster"
        assert contact.published == {}
        asked, former = contact.consents.all()
        assert former.withdrawn_at
        assert (asked.requested_by, asked.given_at) == (officer, None)

    @pytest.mark.parametrize("email", ["ada@example.org", ""])
    def test_a_new_value_waits_for_the_person(self, client_for, officer, full, email):
        contact = make_contact(organisation=full, email=email, public=("name", "function"))
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | {"contacts-1-function": "Kasse"}
        page = client.post(change_url(full), data, follow=True)
        contact.refresh_from_db()
        assert set(contact.published) == {"name"}
        asked = OutboxMessage.objects.filter(mail="organisations/consent_request")
        assert [mail.to for mail in asked] == ([email] if email else [])
        words = "bekommt eine E-Mail" if email else "hat keine E-Mail-Adresse"
        assert words in page.text

    def test_public_is_only_what_was_agreed_to(self, client_for, officer, full):
        """There is no switch to send; a consent on paper names who signed."""
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | {
            "contacts-0-email_public": "on",
            "contacts-0-phone_public": "on",
        }
        client.post(change_url(full), data)
        assert set(full.contacts.get().published) == {"name"}
        data = form_of(client.get(change_url(full))) | {"contacts-0-paper": ["name", "phone"]}
        response = client.post(change_url(full), data)
        assert "wer unterschrieben hat" in response.text
        client.post(change_url(full), data | {"contacts-0-paper_by": "Ada Beispiel"})
        contact = full.contacts.get()
        assert set(contact.published) == {"name", "phone"}
        given = contact.consents.filter(withdrawn_at=None).get()
        assert (given.source, given.given_by) == ("paper", "Ada Beispiel")
        client.post(
            change_url(full), form_of(client.get(change_url(full))) | {"contacts-0-hide": "on"}
        )
        assert full.contacts.get().published == {}

    def test_contacts_are_added_and_removed(self, client_for, officer, full):
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | {
            "contacts-TOTAL_FORMS": "2",
            "contacts-1-name": "Neue Person",
            "contacts-1-email": "neu@example.org",
            "contacts-0-DELETE": "on",
        }
        assert client.post(change_url(full), data).status_code == 302
        assert [one.name for one in full.contacts.all()] == ["Neue Person"]
        assert full.contacts.get().published == {}
        # That Ada had agreed can still be proved.
        assert Consent.objects.get(contact=None).given_by.startswith("Ada Beispiel")

    def test_pictures_are_described_and_removed(self, client_for, officer, full):
        client = client_for(officer)
        data = form_of(client.get(change_url(full)))
        assert "images-0-alt_text" in data
        client.post(change_url(full), data | {"images-0-alt_text": "Zwei Noten"})
        assert full.images.get().alt_text == "Zwei Noten"
        assert (
            "Bitte beschreiben Sie das Bild"
            in client.post(change_url(full), data | {"images-0-alt_text": ""}).text
        )
        client.post(change_url(full), data | {"images-0-DELETE": "on"})
        assert not OrganisationImage.objects.exists()

    def test_two_people_at_once(self, client_for, officer, full):
        client = client_for(officer)
        data = form_of(client.get(change_url(full)))
        full.short_name = "von anderen"
        full.version = 2
        full.save()
        kept = client.post(change_url(full), data | {"regions": "Mittelmeer"})
        assert kept.status_code == 302
        full.refresh_from_db()
        assert (full.short_name, full.regions) == ("von anderen", "Mittelmeer")
        clash = client.post(change_url(full), data | {"short_name": "von mir"})
        assert "Jetzt steht dort: von anderen" in clash.text
        assert "von mir" in clash.text

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"name": ""}, "Bitte geben Sie den Namen der Organisation an."),
            ({"contacts-0-name": ""}, "Bitte geben Sie den Namen an."),
            ({"name": "x" * 10_000}, "160"),
            ({"name": "🎉🎉"}, "Wörter"),
            ({"kind": ""}, "braucht jede eingereichte Organisation"),
            ({"municipality": ""}, "braucht jede eingereichte Organisation"),
            ({"founding_year": "12"}, "vier Ziffern"),
            ({"founding_year": "9" * 25}, ""),
            ({"postal_code": "1234"}, "fünf Ziffern"),
            ({"website": "javascript:alert(1)"}, "Internetadresse"),
            ({"social_links": "javascript:alert(1)"}, "Internetadresse"),
            ({"phone": "07222 CHOR"}, "Ziffern"),
            ({"topics": ["99999999999999999999999999"]}, ""),
            ({"topics": ["abc"]}, ""),
        ],
    )
    def test_bad_input_is_said_and_kept(self, client_for, officer, full, changes, message):
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | {"regions": "bleibt stehen"} | changes
        response = client.post(change_url(full), data)
        assert response.status_code == 200
        assert message in response.text
        assert "bleibt stehen" in response.text
        full.refresh_from_db()
        assert full.version == 1

    def test_control_characters_are_taken_out(self, client_for, officer, full):
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | {"name": "Chor\u202e der\x00 Welt"}
        client.post(change_url(full), data)
        full.refresh_from_db()
        assert full.name == "Chor der Welt"

    @pytest.mark.parametrize("state", ["rejected", "archived"])
    def test_what_is_over_is_only_read(self, client_for, officer, state):
        over = make_organisation(state=state)
        make_contact(organisation=over)
        client = client_for(officer)
        response = client.get(change_url(over))
        assert response.status_code == 200
        assert over.name in response.text
        assert 'name="_save"' not in response.text
        assert client.post(change_url(over), {"name": "Neu"}).status_code == 404

    def test_nothing_is_deleted(self, client_for, administrator, officer, organisation):
        for person in (administrator, officer):
            client = client_for(person)
            url = reverse("admin:organisations_organisation_delete", args=[organisation.pk])
            assert client.post(url, {"post": "yes"}).status_code == 404
            client.post(
                LIST,
                {"action": "delete_selected", "_selected_action": organisation.pk, "post": "yes"},
            )
        assert Organisation.objects.filter(pk=organisation.pk).exists()

    def test_archiving_many(self, client_for, officer, manager, organisation, draft):
        client = client_for(officer)
        data = {"action": "archive", "_selected_action": [organisation.pk, draft.pk]}
        assert client.post(LIST, data).text.count("→ Archiviert") == 2
        data["_confirmed"] = "1"
        page = client.post(LIST, data, follow=True)
        assert "Archivieren: 2 Einträge sind erledigt." in page.text
        assert set(Organisation.objects.values_list("state", flat=True)) == {State.ARCHIVED}
        client.post(LIST, data)
        assert OutboxMessage.objects.count() == 2

    def test_a_place_that_is_used_stays(self, client_for, administrator, organisation):
        url = reverse(
            "admin:organisations_municipality_delete", args=[organisation.municipality_id]
        )
        client = client_for(administrator)
        assert client.get(url).status_code == client.post(url, {"post": "yes"}).status_code == 302
        assert Municipality.objects.filter(pk=organisation.municipality_id).exists()

    def test_a_topic_that_is_used_stays(self, client_for, officer):
        topic = make_topic()
        make_organisation(topics=[topic])
        url = reverse("admin:organisations_topic_delete", args=[topic.pk])
        client_for(officer).post(url, {"post": "yes"})
        topic.refresh_from_db()


class TestWords:
    def test_a_topic_in_every_language(self, client_for, officer):
        topic = make_topic(name="Musik", translations={"tr": {"name": "Müzik"}})
        client = client_for(officer)
        data = form_of(client.get(change_url(topic))) | {
            "translation_en_name": "Music",
            "translation_ar_name": "موسيقى",
        }
        assert client.post(change_url(topic), data).status_code == 302
        topic.refresh_from_db()
        assert topic.translations == {
            "tr": {"name": "Müzik"},
            "en": {"name": "Music"},
            "ar": {"name": "موسيقى"},
        }
        assert topic.history.first().history_user == officer
        page = client.get(reverse("admin:organisations_topic_history", args=[topic.pk])).text
        assert "Music" in page

    def test_postcodes_on_the_page_of_their_place(self, client_for, officer):
        place = make_municipality(postal_codes=("76437",))
        client = client_for(officer)
        data = form_of(client.get(change_url(place)))
        wrong = client.post(change_url(place), data | {"postal_codes-1-code": "123"})
        assert "Eine Postleitzahl hat fünf Ziffern." in wrong.text
        client.post(change_url(place), data | {"postal_codes-1-code": "76438"})
        assert place.postal_codes.count() == 2


class TestRequestsAndReports:
    def test_a_report_is_settled_on_its_page(self, client_for, officer):
        report = make_problem_report()
        client = client_for(officer)
        assert report.text in client.get(change_url(report)).text
        client.post(change_url(report), {"_settle": ""})
        report.refresh_from_db()
        assert report.settled_at
        assert report.settled_by == officer

    def test_reports_are_settled_in_the_list(self, client_for, officer):
        reports = [make_problem_report() for _number in range(2)]
        url = reverse("admin:organisations_problemreport_changelist")
        data = {"action": "settle", "_selected_action": [one.pk for one in reports]}
        assert client_for(officer).post(url, data).text.count("Offen → Erledigt") == 2
        data["_confirmed"] = "1"
        assert "2 Hinweise sind erledigt." in client_for(officer).post(url, data, follow=True).text
        assert not ProblemReport.objects.filter(settled_at=None).exists()

    @pytest.mark.parametrize(("action", "state"), [("grant", "granted"), ("decline", "declined")])
    def test_requests_for_access_are_decided_in_the_list(self, client_for, officer, action, state):
        asked = make_access_request()
        url = reverse("admin:organisations_accessrequest_changelist")
        data = {"action": action, "_selected_action": [asked.pk]}
        assert asked.user.email in client_for(officer).post(url, data).text
        assert not OutboxMessage.objects.exists()
        client_for(officer).post(url, data | {"_confirmed": "1"})
        asked.refresh_from_db()
        assert (asked.state, asked.decided_by) == (state, officer)
        assert OutboxMessage.objects.get().to == asked.user.email

    @pytest.mark.parametrize(("button", "state"), [("_grant", "granted"), ("_decline", "declined")])
    def test_a_request_for_access_is_decided_on_its_page(
        self, client_for, officer, organisation, button, state
    ):
        row = make_access_request(organisation=organisation)
        client = client_for(officer)
        page = client.get(change_url(row)).text
        assert "Sichern" not in page, "there is nothing to save"
        assert f'href="{reverse("organisations:people", args=[organisation.pk])}"' in page
        answer = client.post(change_url(row), {button: ""}, follow=True)
        assert "1 Anfrage ist entschieden." in answer.text
        row.refresh_from_db()
        assert row.state == state
        assert organisation.representatives.filter(user=row.user).exists() == (state == "granted")
        assert button not in client.get(change_url(row)).text

    def test_the_message_cannot_be_rewritten(self, client_for, officer):
        asked = make_access_request(message="Original")
        client_for(officer).post(change_url(asked), {"message": "Anders", "state": "granted"})
        asked.refresh_from_db()
        assert (asked.message, asked.state) == ("Original", AccessRequest.State.OPEN)


# --- The list -------------------------------------------------------------------------------------
class TestList:
    @pytest.mark.parametrize("typed", ["Brücke", "brucke", "BRUECKE", "kulturen"])
    def test_names_are_found_however_they_are_typed(
        self, client_for, officer, submitted, organisation, typed
    ):
        text = client_for(officer).get(LIST, {"q": typed}).text
        assert submitted.name in text
        assert organisation.name not in text

    def test_filters(self, client_for, officer, submitted, organisation):
        topic = make_topic()
        organisation.topics.add(topic)
        client = client_for(officer)
        for query in (
            {"state__exact": "active"},
            {"thema": topic.slug},
            {"ort": organisation.municipality.slug},
            {"ort": organisation.municipality.slug, "thema": topic.slug, "q": "haus"},
        ):
            text = client.get(LIST, query).text
            assert organisation.name in text
            assert submitted.name not in text

    @pytest.mark.parametrize(
        "name",
        ["organisation", "topic", "language", "municipality", "accessrequest", "problemreport"],
    )
    def test_one_query_count_for_one_and_for_thirty(
        self, client_for, officer, name, django_assert_max_num_queries
    ):
        make = {
            "organisation": lambda: make_organisation(topics=[make_topic()]),
            "topic": make_topic,
            "language": make_language,
            "municipality": make_municipality,
            "accessrequest": make_access_request,
            "problemreport": make_problem_report,
        }[name]
        client = client_for(officer)
        url = reverse(f"admin:organisations_{name}_changelist")
        client.get(url)
        counts = []
        for number in (1, 29):
            for _one in range(number):
                make()
            with django_assert_max_num_queries(14) as captured:
                assert client.get(url).status_code == 200
            counts.append(len(captured))
        assert counts[0] == counts[1]


# --- Requests nobody's page would send ------------------------------------------------------------
HUGE = "9" * 25


class TestTampered:
    @pytest.mark.parametrize(
        "query",
        [
            f"?state__exact={HUGE}",
            f"?municipality__id__exact={HUGE}",
            f"?id__in={HUGE}",
            "?id__in=abc",
            "?id__exact=abc",
            f"?p={HUGE}",
            "?p=abc",
            "?o=abc.-9",
            "?q=%00",
            "?state__exact=%00",
            "?ort=%00",
            "?user__password__startswith=a",
            "?representatives__user__password=a",
            "?unknown=1",
            "?state__nolookup=1",
            "?_to_field=slug",
            "?_popup=1",
            "?all=",
            "?e=1",
            "?confirmed_on__gte=32.13.2026",
        ],
    )
    def test_lists(self, client_for, officer, organisation, query):
        response = client_for(officer).get(LIST + query)
        assert response.status_code in {200, 302, 400, 404}

    @pytest.mark.parametrize(
        "data",
        [
            {"action": "archive", "_selected_action": "abc"},
            {"action": "archive", "_selected_action": HUGE},
            {"action": "archive", "_selected_action": ["-1", "\x00"]},
            {"action": "archive", "_selected_action": ""},
            {"action": "archive", "_selected_action": "1", "index": "abc"},
            {"action": "archive", "_selected_action": "1", "index": "99"},
            {"action": "unknown", "_selected_action": "1"},
            {"action": "archive"},
            {"action": "archive", "select_across": "0", "_selected_action": "1"},
            {"action": ["archive", "pause"], "_selected_action": "0"},
            {"_save": "1", "form-TOTAL_FORMS": "abc"},
            {},
        ],
    )
    @pytest.mark.parametrize("query", ["", f"?id__in={HUGE}"])
    def test_actions(self, client_for, officer, data, query):
        organisation = make_organisation(pk=900)
        response = client_for(officer).post(LIST + query, data)
        assert response.status_code in {200, 302, 400, 403, 404}
        organisation.refresh_from_db()
        assert organisation.state == State.ACTIVE

    @pytest.mark.parametrize("key", [HUGE, "abc", "-1", "1_0", "%00", "1%27", "..", "1.5"])
    def test_addresses(self, client_for, officer, key):
        client = client_for(officer)
        for part in ("change/", "delete/", "history/", "pruefen/", ""):
            response = client.get(f"{LIST}{key}/{part}")
            assert response.status_code in {302, 400, 404}, part

    @pytest.mark.parametrize(
        "changes",
        [
            {"contacts-TOTAL_FORMS": "abc"},
            {"contacts-TOTAL_FORMS": "-1"},
            {"contacts-TOTAL_FORMS": HUGE},
            {"contacts-INITIAL_FORMS": "7"},
            {"contacts-INITIAL_FORMS": HUGE},
            {"contacts-0-id": "abc"},
            {"contacts-0-id": HUGE},
            {"contacts-0-id": "\x00"},
            {"contacts-0-organisation": HUGE},
            {"contacts-0-seen_entry": "abc"},
            {"contacts-0-seen_entry": HUGE},
            {"contacts-0-paper": ["unsinn"]},
            {"images-0-id": "abc"},
            {"images-0-id": HUGE},
            {"images-TOTAL_FORMS": ""},
            {"seen_version": "abc"},
            {"seen_version": HUGE},
            {"_continue": "1", "_popup": "x"},
            {"_to_field": "slug"},
        ],
    )
    def test_forms(self, client_for, officer, full, changes):
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | changes
        response = client.post(change_url(full), data)
        assert response.status_code in {200, 302, 400, 404}
        assert full.contacts.get().name == "Ada Beispiel"
        assert ContactPerson.objects.count() == 1

    def test_a_form_without_anything(self, client_for, officer, full):
        assert client_for(officer).post(change_url(full), {}).status_code in {200, 404}

    def test_a_contact_of_another_organisation_is_out_of_reach(self, client_for, officer, full):
        other = make_contact(organisation=make_organisation(), name="Andere Person")
        client = client_for(officer)
        data = form_of(client.get(change_url(full))) | {
            "contacts-0-id": other.pk,
            "contacts-0-name": "Übernommen",
        }
        client.post(change_url(full), data)
        other.refresh_from_db()
        assert other.name == "Andere Person"

    def test_state_is_never_edited_by_hand(self, client_for, officer, full):
        client = client_for(officer)
        data = form_of(client.get(change_url(full)))
        client.post(change_url(full), data | {"state": "active", "slug": "anders", "version": "99"})
        full.refresh_from_db()
        assert (full.state, full.version) == (State.SUBMITTED, 1)


def test_no_page_of_the_office_carries_inline_code(client_for, administrator, full, network):
    """The policy allows 'self' alone; what stands in the page itself would be dead or unstyled."""
    client = client_for(administrator)
    pages = [reverse("admin:index"), review_url(full), review_url(full, "?entscheidung=admit")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        row = model._default_manager.first()
        if row is not None:
            pages += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")]
    for page in pages:
        response = client.get(page)
        assert response.status_code in {200, 302}, page
        text = response.text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text), page
        assert "javascript:" not in text


def test_the_profile_is_one_page(client_for, officer):
    profile = make_network()
    client = client_for(officer)
    assert client.get(reverse("admin:portal_networkprofile_changelist")).url == change_url(profile)
    assert client.get(reverse("admin:portal_networkprofile_add")).status_code == 404
