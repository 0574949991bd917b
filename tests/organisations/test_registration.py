"""From the first line of a registration to the moment the officer gets to see it."""

import uuid
from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from core import limits
from core.errors import Refused
from core.models import OutboxMessage
from organisations.models import (
    ContactPerson,
    FormerSlug,
    Organisation,
    OrganisationImage,
    Representative,
)
from organisations.services import decisions, registration, slugs
from tests.factories import (
    make_access_request,
    make_contact,
    make_former_slug,
    make_image,
    make_municipality,
    make_network,
    make_organisation,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db

JOIN = "/de/mitmachen/"
REGISTER = "/de/mitmachen/anmelden/"
MINE = "/de/meine-organisationen/"


def tasks_url(organisation) -> str:
    return reverse("organisations:tasks", args=[organisation.pk])


def step_url(organisation, step) -> str:
    return reverse("organisations:step", args=[organisation.pk, step])


def answers(**changes):
    return {
        "name": "Frauenchor Harmonie",
        "kind": "initiative",
        "creation_key": str(uuid.uuid4()),
    } | changes


@pytest.fixture
def complete(manager):
    """A draft of `manager` with everything that is needed."""
    organisation = make_organisation(
        name="Frauenchor Harmonie",
        state="draft",
        kind="initiative",
        manager=manager,
        municipality=make_municipality(name="Musterstadt"),
        description="Wir singen zusammen.",
        topics=[make_topic()],
    )
    make_contact(organisation=organisation)
    return organisation


# --- Join -----------------------------------------------------------------------------------------
def test_join_says_what_it_takes(client):
    make_network(who_may_join="Alle Vereine aus dem Musterkreis.")
    page = client.get(JOIN)
    for text in ("15 Minuten", "Alle Vereine aus dem Musterkreis.", "Was wird öffentlich?"):
        assert text in page.content.decode()
    assert f'href="{REGISTER}"' in page.content.decode()


def test_join_without_a_text_of_the_network(client):
    make_network(who_may_join="")
    assert "muss kein eingetragener Verein sein" in client.get(JOIN).content.decode()


# --- Begin ----------------------------------------------------------------------------------------
def test_anonymous_are_led_to_the_log_in_and_keep_what_they_typed(client, client_for, outsider):
    answer = client.post(REGISTER, answers())
    assert answer.status_code == 302
    assert answer.url.startswith("/de/anmelden/?next=")
    assert not Organisation.objects.exists()
    client.force_login(outsider, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(REGISTER)
    assert "Frauenchor Harmonie" in page.content.decode()


def test_register_creates_the_draft_and_its_manager(client_for, outsider):
    answer = client_for(outsider).post(REGISTER, answers())
    organisation = Organisation.objects.get()
    assert answer.url == tasks_url(organisation)
    assert (organisation.state, organisation.kind) == ("draft", "initiative")
    assert organisation.slug == "frauenchor-harmonie"
    representative = Representative.objects.get()
    assert (representative.user, representative.role) == (outsider, "manager")
    entry = organisation.history.get()
    assert (entry.history_user, entry.history_change_reason) == (outsider, "Anmeldung begonnen")


def test_the_same_form_sent_twice_is_one_draft(client_for, outsider):
    client, data = client_for(outsider), answers()
    first = client.post(REGISTER, data)
    assert client.post(REGISTER, data).url == first.url
    again = registration.start(
        name=data["name"], by=outsider, creation_key=uuid.UUID(data["creation_key"])
    )
    assert first.url == tasks_url(again)
    assert Organisation.objects.count() == Representative.objects.count() == 1


def test_somebody_elses_key_neither_shows_nor_blocks(outsider, manager):
    key = uuid.uuid4()
    theirs = registration.start(name="Verein A", by=manager, creation_key=key)
    mine = registration.start(name="Verein B", by=outsider, creation_key=key)
    assert mine.pk != theirs.pk
    assert mine.representatives.get().user == outsider


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Bitte geben Sie den Namen der Organisation an."),
        ("   \u200b ", "Bitte geben Sie den Namen der Organisation an."),
        ("x" * 10_000, "160"),
        ("🎉🎉", "Bitte schreiben Sie hier Wörter."),
    ],
)
def test_bad_names_are_refused_with_a_message(client_for, outsider, name, message):
    page = client_for(outsider).post(REGISTER, answers(name=name))
    assert message in str(page.context["form"].errors["name"])
    assert page.context["form"]["name"].value() == name
    assert 'role="alert"' in page.content.decode()
    assert not Organisation.objects.exists()


def test_invisible_characters_in_a_name_are_taken_out(client_for, outsider):
    client_for(outsider).post(REGISTER, answers(name="Chor\u202e\x00 Har\u200bmonie\r\n"))
    assert Organisation.objects.get().name == "Chor Harmonie"


def test_a_broken_creation_key_does_not_matter(client_for, outsider):
    page = client_for(outsider).post(REGISTER, answers(creation_key="x"))
    assert page.status_code == 200
    client_for(outsider).post(REGISTER, answers(creation_key=""))
    assert Organisation.objects.count() == 1


def test_no_more_than_ten_drafts_a_day(outsider):
    for number in range(limits.LIMITS["draft"][0].times):
        registration.start(name=f"Chor {number}", by=outsider, creation_key=uuid.uuid4())
    with pytest.raises(Refused):
        registration.start(name="Noch ein Chor", by=outsider, creation_key=uuid.uuid4())


# --- Duplicates while registering -----------------------------------------------------------------
def test_a_likely_duplicate_is_asked_about(client_for, outsider, organisation):
    client = client_for(outsider)
    page = client.post(REGISTER, answers(name="haus der musik"))
    text = page.content.decode()
    assert "Gibt es Ihre Organisation schon?" in text
    assert "Haus der Musik e. V." in text
    assert reverse("organisations:access_request", args=[organisation.pk]) in text
    assert Organisation.objects.count() == 1
    # "No, that is another one" goes on …
    data = answers(name="haus der musik", another=page.context["asked_about"])
    assert client.post(REGISTER, data).status_code == 302
    assert Organisation.objects.count() == 2


def test_one_and_several_are_spoken_of_rightly(client_for, outsider, organisation):
    page = client_for(outsider).post(REGISTER, answers(name="haus der musik")).text
    assert "Diese Organisation ist schon im Verzeichnis" in page
    assert "Ist das Ihre?" in page
    make_organisation(name="Haus der Musik e.V.")
    page = client_for(outsider).post(REGISTER, answers(name="haus der musik")).text
    assert "Diese Organisationen sind schon im Verzeichnis" in page
    assert "Ist eine davon Ihre?" in page


def test_back_from_the_question_keeps_what_was_typed(client_for, outsider, organisation):
    client = client_for(outsider)
    asked = client.post(REGISTER, answers(name="Haus der Musiik", kind="initiative"))
    assert "Haus der Musiik" in asked.text
    page = client.post(REGISTER, answers(name="Haus der Musiik", kind="initiative", change="1"))
    assert "Gibt es Ihre Organisation schon?" not in page.text
    assert page.context["form"]["name"].value() == "Haus der Musiik"
    assert page.context["form"]["kind"].value() == "initiative"
    assert Organisation.objects.count() == 1


def test_the_answer_counts_only_for_its_name(client_for, outsider, organisation):
    page = client_for(outsider).post(
        REGISTER, answers(name="Haus der Musik", another="etwas anderes")
    )
    assert "Gibt es Ihre Organisation schon?" in page.content.decode()
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize("state", ["draft", "submitted", "returned", "rejected", "paused"])
def test_what_is_not_public_is_not_revealed(client_for, outsider, state):
    make_organisation(name="Geheimer Chor", state=state)
    client = client_for(outsider)
    assert client.post(REGISTER, answers(name="Geheimer Chor")).status_code == 302
    page = client.get("/de/mitmachen/aehnliche/", {"name": "Geheimer Chor II"})
    assert "access_request" not in page.content.decode()
    assert "/zugang/" not in page.content.decode()


def test_ones_own_draft_is_offered_again(client_for, manager, draft):
    page = client_for(manager).post(REGISTER, answers(name=draft.name))
    assert "Diese Organisation haben Sie schon angelegt" in page.content.decode()
    assert tasks_url(draft) in page.content.decode()


def test_live_list_is_a_fragment(client_for, outsider, organisation):
    client = client_for(outsider)
    page = client.get("/de/mitmachen/aehnliche/", {"name": "Hauß der Musick"})
    assert "Haus der Musik e. V." in page.content.decode()
    assert "<html" not in page.content.decode()
    assert client.get("/de/mitmachen/aehnliche/", {"name": "ha"}).content.strip() == b""
    assert client.get("/de/mitmachen/aehnliche/", {"name": "\u202e!" * 999}).status_code == 200


@pytest.mark.parametrize(
    ("field", "theirs", "mine"),
    [
        ("website", "https://www.haus.example.net/", "http://haus.example.net"),
        ("email", "haus@example.net", "haus@example.net"),
        ("phone", "+4972223814325", "+4972223814325"),
    ],
)
def test_the_same_contact_data_are_asked_about_before_sending(
    client_for, manager, draft, field, theirs, mine
):
    listed = make_organisation(name="Ganz anders", **{field: theirs})
    hidden = make_organisation(name="Noch geheim", state="submitted", **{field: theirs})
    setattr(draft, field, mine)
    draft.save()
    for step in ("kontakt", "senden"):
        text = client_for(manager).get(step_url(draft, step)).content.decode()
        assert reverse("organisations:access_request", args=[listed.pk]) in text
        assert hidden.name not in text


# --- Mine -----------------------------------------------------------------------------------------
def test_mine_without_any(client_for, outsider):
    page = client_for(outsider).get(MINE)
    assert "Sie vertreten noch keine Organisation" in page.content.decode()
    assert f'href="{JOIN}"' in page.content.decode()


def test_mine_leads_to_the_only_one(client_for, manager, organisation):
    client = client_for(manager)
    assert client.get(MINE).url == tasks_url(organisation)
    assert organisation.name in client.get(MINE + "?alle").content.decode()


def test_mine_lists_several_and_what_was_asked_for(client_for, manager, draft):
    asked = make_access_request(user=manager).organisation
    foreign = make_organisation(name="Nicht meine")
    text = client_for(manager).get(MINE).content.decode()
    assert draft.name in text
    assert asked.name in text
    assert foreign.name not in text


def test_mine_asks_the_database_the_same_for_1_and_30(
    client_for, outsider, django_assert_max_num_queries
):
    client = client_for(outsider)
    make_organisation(manager=outsider)
    client.get(MINE + "?alle")
    with django_assert_max_num_queries(16) as few:
        client.get(MINE + "?alle")
    for _number in range(29):
        make_organisation(manager=outsider)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(MINE + "?alle")


# --- The list of steps ----------------------------------------------------------------------------
def test_tasks_of_a_draft_say_how_far_each_step_is(client_for, manager, draft):
    page = client_for(manager).get(tasks_url(draft))
    entries = {task["title"]: task["status"] for task in page.context["tasks"]}
    assert [str(status) for status in entries.values()] == [
        "begonnen", "noch offen", "noch offen", "noch offen", "freiwillig", ""
    ]  # fmt: skip
    assert step_url(draft, "senden") in page.content.decode()
    # One big button leads to what comes next.
    assert page.context["next_url"] == step_url(draft, "organisation")


def test_the_big_button_leads_to_sending_when_all_is_there(client_for, manager, complete):
    page = client_for(manager).get(tasks_url(complete))
    assert page.context["next_url"] == step_url(complete, "senden")
    assert "Weiter: Prüfen und senden" in page.content.decode()


def test_progress_follows_what_is_filled_in(complete):
    assert registration.progress(complete) == {
        "organisation": "done",
        "ort": "done",
        "taetigkeit": "done",
        "kontakt": "done",
        "logo": "optional",
        "senden": "open",
    }


def test_tasks_show_the_officers_question_on_top(client_for, manager):
    organisation = make_organisation(
        state="returned", manager=manager, officer_message="Wo treffen Sie sich?"
    )
    text = client_for(manager).get(tasks_url(organisation)).content.decode()
    assert text.index("Wo treffen Sie sich?") < text.index("Ihre Schritte")


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("submitted", "14 Tage"),
        ("active", "Ihre Organisation ist öffentlich"),
        ("paused", "gerade nicht öffentlich"),
        ("rejected", "nicht angenommen"),
    ],
)
def test_tasks_explain_every_state(client_for, outsider, state, text):
    organisation = make_organisation(
        state=state, manager=outsider, officer_message="Weil es so ist"
    )
    page = client_for(outsider).get(tasks_url(organisation))
    assert text in page.content.decode()
    assert ("Weil es so ist" in page.content.decode()) == (state in {"paused", "rejected"})


def test_tasks_of_an_active_one_lead_to_its_page(client_for, manager, organisation):
    text = client_for(manager).get(tasks_url(organisation)).content.decode()
    assert organisation.get_absolute_url() in text
    assert step_url(organisation, "ort") in text
    assert step_url(organisation, "senden") not in text


@pytest.mark.parametrize("step", registration.STEPS)
def test_strangers_find_nothing(client_for, outsider, draft, step):
    client = client_for(outsider)
    assert client.get(tasks_url(draft)).status_code == 404
    assert client.get(step_url(draft, step)).status_code == 404
    assert client.post(step_url(draft, step), {"name": "Übernommen"}).status_code == 404


# --- Send -----------------------------------------------------------------------------------------
def test_the_last_step_shows_all_answers_with_change(client_for, manager, complete):
    text = client_for(manager).get(step_url(complete, "senden")).content.decode()
    for answer in ("Frauenchor Harmonie", "Musterstadt", "Wir singen zusammen.", "Musik und Tanz"):
        assert answer in text
    assert f"{step_url(complete, 'ort')}?zurueck=senden" in text
    assert "Anmeldung senden" in text


def test_the_last_step_names_what_is_missing(client_for, manager, draft):
    page = client_for(manager).get(step_url(draft, "senden"))
    text = page.content.decode()
    assert "Das fehlt noch" in text
    assert "mindestens eine Ansprechperson" in text
    assert "Anmeldung senden" not in text


def test_sending_needs_the_privacy_notice(client_for, manager, complete):
    text = client_for(manager).post(step_url(complete, "senden"), {}).text
    assert "Datenschutzhinweise gelesen haben" in text
    assert text.index("data-error-summary") < text.index("<h2>Ihre Organisation"), "not far below"
    complete.refresh_from_db()
    assert complete.state == "draft"


def test_send_changes_the_state_and_writes_both_sides(client_for, manager, complete, officer):
    officer.language = "en"
    officer.save()
    answer = client_for(manager).post(step_url(complete, "senden"), {"privacy": "on"})
    assert answer.url == tasks_url(complete)
    complete.refresh_from_db()
    assert complete.state == "submitted"
    assert complete.submitted_at == complete.state_since
    entry = complete.history.first()
    assert (entry.history_user, entry.history_change_reason) == (manager, "Eingereicht")
    mails = {mail.to: mail for mail in OutboxMessage.objects.all()}
    assert set(mails) == {manager.email, officer.email}
    assert "Frauenchor Harmonie" in mails[manager.email].subject
    assert "14" in mails[manager.email].text_body
    assert tasks_url(complete) in mails[manager.email].text_body
    with translation.override("en"):
        review = reverse("admin:organisations_organisation_review", args=[complete.pk])
    assert review in mails[officer.email].text_body
    assert "Initiative" in mails[officer.email].text_body


def test_a_partner_that_became_a_club_needs_an_address_in_the_county(complete):
    make_municipality(postal_codes=("76437",))
    complete.postal_code = "70173"
    assert [entry.step for entry in registration.missing(complete)] == ["ort"]
    complete.kind = "partner"
    assert registration.missing(complete) == []


def test_sending_twice_is_sending_once(manager, complete, officer):
    assert registration.submit(organisation=complete, by=manager)
    stamp = Organisation.objects.get(pk=complete.pk).submitted_at
    assert not registration.submit(organisation=complete, by=manager)
    assert Organisation.objects.get(pk=complete.pk).submitted_at == stamp
    assert OutboxMessage.objects.count() == 2


def test_sent_again_after_a_question(manager, complete, officer):
    registration.submit(organisation=complete, by=manager)
    Organisation.objects.filter(pk=complete.pk).update(state="returned")
    complete.refresh_from_db()
    assert registration.submit(organisation=complete, by=manager)
    assert OutboxMessage.objects.filter(to=officer.email).count() == 2
    assert (
        "Wieder eingereicht" in OutboxMessage.objects.filter(to=officer.email).latest("pk").subject
    )


class TestAnswer:
    """What an organisation answers when the officer asks back; nobody else ever reads it."""

    ANSWER = "Ja, wir treffen uns\njetzt im Bürgerhaus."

    @pytest.fixture
    def returned(self, complete):
        Organisation.objects.filter(pk=complete.pk).update(
            state="returned", officer_message="Wo treffen Sie sich?"
        )
        complete.refresh_from_db()
        return complete

    def test_a_box_stands_beside_the_question(self, client_for, manager, returned):
        page = client_for(manager).get(step_url(returned, "senden"))
        assert '<div class="prose" dir="auto"><p>Wo treffen Sie sich?</p></div>' in page.text
        assert "Ihre Antwort an das Team" in page.text

    def test_who_was_not_asked_has_no_box(self, client_for, manager, complete):
        client = client_for(manager)
        assert "Ihre Antwort an das Team" not in client.get(step_url(complete, "senden")).text
        client.post(step_url(complete, "senden"), {"privacy": "on", "answer": "Hallo"})
        assert Organisation.objects.get(pk=complete.pk).answer_to_office == ""

    def test_the_officer_reads_it_in_the_mail_and_before_she_decides(
        self, client_for, manager, officer, returned
    ):
        answer = client_for(manager).post(
            step_url(returned, "senden"), {"privacy": "on", "answer": self.ANSWER}
        )
        assert answer.status_code == 302
        returned.refresh_from_db()
        assert (returned.state, returned.answer_to_office) == ("submitted", self.ANSWER)
        mail = OutboxMessage.objects.get(to=officer.email)
        assert self.ANSWER in mail.text_body
        review = client_for(officer).get(
            reverse("admin:organisations_organisation_review", args=[returned.pk])
        )
        assert "Wo treffen Sie sich?" in review.text
        assert "jetzt im Bürgerhaus." in review.text
        (change,) = [
            one
            for one in review.context["entries"][0].changes
            if one.label == "Antwort an das Team"
        ]
        assert change.new == self.ANSWER

    def test_it_belongs_to_one_question(self, manager, officer, returned):
        registration.submit(organisation=returned, by=manager, answer=self.ANSWER)
        decisions.ask_back(
            organisation=returned, by=officer, subject="Frage", body="Und wann treffen Sie sich?"
        )
        returned.refresh_from_db()
        assert returned.answer_to_office == ""

    def test_it_is_never_public(self, client, complete):
        Organisation.objects.filter(pk=complete.pk).update(
            state="active", confirmed_on=timezone.localdate(), answer_to_office="Vertraulich"
        )
        page = client.get(Organisation.objects.get(pk=complete.pk).get_absolute_url())
        assert (page.status_code, "Vertraulich" in page.text) == (200, False)

    @pytest.mark.parametrize("lacking", [False, True])
    def test_it_is_kept_when_sending_is_refused(self, client_for, manager, returned, lacking):
        sent = {"answer": self.ANSWER}
        if lacking:
            returned.contacts.all().delete()
            sent |= {"privacy": "on"}
        page = client_for(manager).post(step_url(returned, "senden"), sent)
        assert page.context["form"]["answer"].value() == self.ANSWER
        assert "jetzt im Bürgerhaus." in page.text
        assert Organisation.objects.get(pk=returned.pk).state == "returned"

    def test_it_is_kept_when_the_session_has_ended(self, client, manager, returned):
        url = step_url(returned, "senden")
        client.post(url, {"privacy": "on", "answer": self.ANSWER})
        client.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get(url).context["form"]["answer"].value() == self.ANSWER

    def test_too_long_is_said_and_kept(self, client_for, manager, returned):
        page = client_for(manager).post(
            step_url(returned, "senden"), {"privacy": "on", "answer": "x" * 3001}
        )
        assert "3000" in str(page.context["form"].errors["answer"])
        assert Organisation.objects.get(pk=returned.pk).state == "returned"


def test_administrators_are_told_where_nobody_else_would_be(manager, complete, administrator):
    registration.submit(organisation=complete, by=manager)
    assert OutboxMessage.objects.filter(to=administrator.email).exists()


def test_send_refuses_what_is_incomplete_foreign_or_decided(manager, outsider, draft, complete):
    with pytest.raises(Refused, match="fehlen"):
        registration.submit(organisation=draft, by=manager)
    with pytest.raises(PermissionDenied):
        registration.submit(organisation=complete, by=outsider)
    active = make_organisation(manager=manager)
    with pytest.raises(Refused, match="Aktiv"):
        registration.submit(organisation=active, by=manager)
    assert not OutboxMessage.objects.exists()


def test_the_officer_is_not_flooded(manager, complete):
    for _number in range(limits.LIMITS["submit"][0].times):
        limits.allow(str(manager.pk), action="submit")
    with pytest.raises(Refused, match="oft gesendet"):
        registration.submit(organisation=complete, by=manager)


def test_many_accounts_together_do_not_flood_the_officer_either(manager, complete, officer):
    """The registration is handed over and waits on her desk; only her mailbox is spared."""
    for _number in range(limits.LIMITS["mails_to_the_office"][0].times):
        limits.allow("", action="mails_to_the_office")
    assert registration.submit(organisation=complete, by=manager)
    complete.refresh_from_db()
    assert complete.state == "submitted"
    mails = OutboxMessage.objects.values_list("to", "mail")
    assert list(mails) == [(manager.email, "organisations/submitted")]


# --- Discard --------------------------------------------------------------------------------------
def test_a_draft_can_be_thrown_away_without_a_trace(
    client_for, manager, complete, django_capture_on_commit_callbacks
):
    image = make_image(organisation=complete)
    url = reverse("organisations:discard", args=[complete.pk])
    client = client_for(manager)
    assert "löschen?" in client.get(url).content.decode()
    assert Organisation.objects.filter(pk=complete.pk).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url).url == MINE
    assert not Organisation.objects.filter(pk=complete.pk).exists()
    assert not Organisation.history.filter(id=complete.pk).exists()
    assert not ContactPerson.history.filter(organisation_id=complete.pk).exists()
    assert not OrganisationImage.objects.filter(pk=image.pk).exists()
    assert not image.file.storage.exists(image.file.name)


def test_what_was_sent_or_is_foreign_is_not_thrown_away(client_for, manager, outsider, submitted):
    url = reverse("organisations:discard", args=[submitted.pk])
    assert client_for(manager).post(url).status_code == 404
    assert client_for(outsider).post(url).status_code == 404
    with pytest.raises(Refused):
        registration.discard(organisation=submitted, by=manager)
    returned = make_organisation(
        state="draft", manager=manager, submitted_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    with pytest.raises(Refused):
        registration.discard(organisation=returned, by=manager)


def test_editors_do_not_throw_away(manager, draft):
    editor = make_user()
    Representative.objects.create(user=editor, organisation=draft, role="editor")
    with pytest.raises(PermissionDenied):
        registration.discard(organisation=draft, by=editor)


# --- Addresses ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Brücke der Kulturen e. V.", "bruecke-der-kulturen"),
        ("Poetische Straße", "poetische-strasse"),
        ("Türkiye Dostları Derneği", "tuerkiye-dostlari-dernegi"),
        ("Łódź", "lodz"),
        ("Українська громада", "ukrainska-gromada"),
        ("جمعية الصداقة", "organisation"),
        ("!!!", "organisation"),
        ("a" * 200, "a" * slugs.LENGTH),
    ],
)
def test_readable_addresses(name, slug):
    assert slugs.readable(name) == slug


def test_an_address_is_never_given_twice(organisation):
    make_organisation(name="Chor", slug="chor")
    make_former_slug(slug="chor-2", organisation=organisation)
    assert slugs.unique_slug("Chor") == "chor-3"
    assert slugs.unique_slug("Chor 2", organisation=organisation) == "chor-2"
    assert FormerSlug.objects.count() == 1


@given(st.text(max_size=200))
def test_every_name_gives_an_address_a_url_can_carry(name):
    slug = slugs.readable(name)
    assert 0 < len(slug) <= slugs.LENGTH
    assert reverse("organisations:detail", args=[slug])


def test_who_asks_for_access_stands_on_the_page_of_the_organisation(
    client_for, manager, editor, outsider, organisation
):
    make_access_request(organisation=organisation, user=outsider)
    page = client_for(manager).get(tasks_url(organisation))
    assert "Anfragen nach Zugang" in page.text
    assert str(outsider) in page.text
    assert "Anfragen nach Zugang" not in client_for(editor).get(tasks_url(organisation)).text
