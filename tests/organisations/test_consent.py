"""Contact persons decide themselves what of theirs is public: asked, given, changed, withdrawn."""

import datetime
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from core.errors import Conflict, Refused
from core.models import OutboxMessage
from core.tokens import new_token
from organisations.models import Consent, ContactPerson, Organisation
from organisations.services import consent, contacts, registration
from tests.factories import make_consent, make_contact, make_organisation

pytestmark = pytest.mark.django_db

PERSON = {"name": "Aylin Beispiel", "function": "Vorstand", "phone": "", "email": ""}


def url(name, organisation, *args) -> str:
    # What a link in English left behind in this thread does not count.
    with translation.override("de"):
        return reverse(f"organisations:{name}", args=[organisation.pk, *args])


def add_url(organisation, who) -> str:
    return f"{url('contact_add', organisation)}?wer={who}"


def public_page(client, organisation) -> str:
    with translation.override("de"):
        return client.get(organisation.get_absolute_url()).content.decode()


def mailed_link() -> str:
    """Return the path of the link in the newest request."""
    mail = OutboxMessage.objects.filter(mail="organisations/consent_request").latest("pk")
    return re.search(r"https?://[^/]+(/\S*einwilligung/\S+)", mail.text_body)[1]


@pytest.fixture
def asked(client_for, manager, organisation):
    """A contact person whom `manager` has named and who was asked by mail."""
    client_for(manager).post(
        add_url(organisation, "andere"),
        PERSON | {"email": "aylin@example.org", "phone": "07222 381-4325", "language": "en"},
    )
    return ContactPerson.objects.get()


# --- Oneself --------------------------------------------------------------------------------------
def test_it_is_asked_who_the_contact_person_is(client_for, manager, organisation):
    text = client_for(manager).get(url("contact_add", organisation)).content.decode()
    assert "Sind Sie selbst die Ansprechperson?" in text


def test_oneself_with_a_switch_for_each_entry(client, client_for, manager, organisation):
    page = client_for(manager).get(add_url(organisation, "ich"))
    wording = page.context["wording"]
    assert wording in page.content.decode()
    assert page.context["form"]["email"].value() == manager.email
    client_for(manager).post(
        add_url(organisation, "ich"),
        PERSON | {"email": "aylin@example.org", "name_public": "on", "function_public": "on"},
    )
    contact = ContactPerson.objects.get()
    assert (contact.user, contact.name_public, contact.email_public) == (manager, True, False)
    given = Consent.objects.get()
    assert (given.fields, given.wording, given.language, given.source) == (
        ["name", "function"],
        wording,
        "de",
        "self",
    )
    assert given.given_by == f"Aylin Beispiel <{manager.email}>"
    assert given.given_at == contact.consented_at
    text = public_page(client, organisation)
    assert "Aylin Beispiel" in text
    assert "aylin@example.org" not in text


def test_without_any_switch_nothing_is_public_or_recorded(
    client, client_for, manager, organisation
):
    client_for(manager).post(add_url(organisation, "ich"), PERSON)
    assert ContactPerson.objects.get().consented_at is None
    assert not Consent.objects.exists()
    assert "Aylin Beispiel" not in public_page(client, organisation)


def test_what_is_empty_cannot_be_shown(client_for, manager, organisation):
    page = client_for(manager).post(
        add_url(organisation, "ich"), PERSON | {"phone_public": "on", "name_public": "on"}
    )
    assert "hier steht noch nichts" in str(page.context["form"].errors["phone"])
    assert page.context["form"]["name"].value() == "Aylin Beispiel"
    assert not ContactPerson.objects.exists()


def test_sent_twice_is_one_person(client_for, manager, organisation):
    for who, data in (("ich", PERSON), ("andere", PERSON | {"language": "de"})):
        for _time in range(2):
            client_for(manager).post(add_url(organisation, who), data)
        assert organisation.contacts.count() == 1


def test_one_choice_after_another_is_kept_as_proof(client_for, manager, organisation):
    client = client_for(manager)
    client.post(add_url(organisation, "ich"), PERSON | {"name_public": "on"})
    contact = ContactPerson.objects.get()
    edit = url("contact_edit", organisation, contact.pk)
    client.post(edit, PERSON | {"name_public": "on", "function_public": "on"})
    client.post(edit, PERSON | {"name_public": "on", "function_public": "on"})
    older, newer = Consent.objects.order_by("pk")
    assert (older.fields, newer.fields) == (["name"], ["name", "function"])
    assert older.withdrawn_at is not None
    assert newer.withdrawn_at is None


def test_withdrawing_is_one_button_and_takes_effect_at_once(
    client, client_for, manager, organisation
):
    client_for(manager).post(add_url(organisation, "ich"), PERSON | {"name_public": "on"})
    contact = ContactPerson.objects.get()
    tasks = client_for(manager).get(url("tasks", organisation)).content.decode()
    withdraw = url("contact_withdraw", organisation, contact.pk)
    assert withdraw in tasks
    assert "Aylin Beispiel" in public_page(client, organisation)
    assert client_for(manager).get(withdraw).status_code == 405
    client_for(manager).post(withdraw)
    assert "Aylin Beispiel" not in public_page(client, organisation)
    contact.refresh_from_db()
    assert contact.consented_at is None
    assert contact.name_public is False
    assert Consent.objects.get().withdrawn_at is not None
    assert contact.history.first().history_change_reason == "Einwilligung widerrufen"
    # Again changes nothing.
    assert consent.withdraw(contact=contact, by=manager) is False


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Bitte geben Sie den Namen an."),
        ("name", "x" * 10_000, "120"),
        ("name", "😀", "Wörter"),
        ("phone", "Tante Emma", "keine Buchstaben"),
        ("email", "aylin@", "name@example.org"),
    ],
)
def test_bad_entries_are_refused_and_kept(client_for, manager, organisation, field, value, message):
    for who in ("ich", "andere"):
        page = client_for(manager).post(
            add_url(organisation, who), PERSON | {"language": "de", field: value}
        )
        assert message in str(page.context["form"].errors[field])
        assert page.context["form"][field].value() == value
        assert page.context["form"]["function"].value() == "Vorstand"
    assert not ContactPerson.objects.exists()


# --- One's own address, and another mailbox's --------------------------------------------------
class TestAnotherMailbox:
    """Oneself with an address that is not the account's: public only when its mailbox agrees."""

    OWN = PERSON | {
        "name_public": "on",
        "phone": "07222 381-4325",
        "phone_public": "on",
        "email": "vorstand@example.org",
        "email_public": "on",
    }

    def test_it_is_asked_before_the_address_is_public(
        self, client, client_for, manager, organisation
    ):
        page = client_for(manager).post(add_url(organisation, "ich"), self.OWN, follow=True)
        contact = ContactPerson.objects.get()
        assert consent.public_fields(contact) == ["name", "phone"]
        assert contact.email == "vorstand@example.org"
        assert "vorstand@example.org" not in public_page(client, organisation)
        assert OutboxMessage.objects.get().to == "vorstand@example.org"
        text = page.content.decode()
        assert "Wir haben an vorstand@example.org geschrieben" in text
        assert "noch keine Antwort" in text
        client.post(mailed_link(), {"name": "on", "email": "on"})
        contact.refresh_from_db()
        assert consent.public_fields(contact) == ["name", "email"]
        assert "vorstand@example.org" in public_page(client, organisation)

    def test_the_own_form_keeps_what_the_mailbox_agreed_to(
        self, client, client_for, manager, organisation
    ):
        client_for(manager).post(add_url(organisation, "ich"), self.OWN)
        contact = ContactPerson.objects.get()
        client.post(mailed_link(), {"name": "on", "email": "on"})
        edit = url("contact_edit", organisation, contact.pk)
        client_for(manager).post(edit, self.OWN | {"function_public": "on"})
        contact.refresh_from_db()
        assert consent.public_fields(contact) == ["name", "function", "phone", "email"]
        assert OutboxMessage.objects.filter(mail="organisations/consent_request").count() == 1

    def test_who_reads_the_mailbox_takes_everything_back(
        self, client, client_for, manager, organisation
    ):
        client_for(manager).post(add_url(organisation, "ich"), self.OWN)
        client.post(mailed_link(), {"nothing": "1"})
        assert ContactPerson.objects.get().consented_at is None

    def test_the_address_of_the_account_needs_no_mail(self, client_for, manager, organisation):
        own = self.OWN | {"email": manager.email.upper()}
        client_for(manager).post(add_url(organisation, "ich"), own)
        assert consent.public_fields(ContactPerson.objects.get()) == ["name", "phone", "email"]
        assert not OutboxMessage.objects.exists()

    def test_a_changed_address_is_hidden_and_the_old_link_dies(
        self, client, client_for, manager, organisation
    ):
        client_for(manager).post(add_url(organisation, "ich"), self.OWN)
        contact = ContactPerson.objects.get()
        old_link = mailed_link()
        client.post(old_link, {"name": "on", "email": "on"})
        edit = url("contact_edit", organisation, contact.pk)
        changed = self.OWN | {
            "email": "opfer@example.org",
            "seen_entry": contacts.latest_entry(contact),
        }
        client_for(manager).post(edit, changed)
        contact.refresh_from_db()
        assert contact.email == "opfer@example.org"
        assert consent.public_fields(contact) == ["name", "phone"]
        assert client.get(old_link).status_code == 404
        assert client.get(mailed_link()).status_code == 200
        # Back to the account's own address, nothing is asked.
        changed |= {"email": manager.email, "seen_entry": contacts.latest_entry(contact)}
        client_for(manager).post(edit, changed)
        contact.refresh_from_db()
        assert consent.public_fields(contact) == ["name", "phone", "email"]

    def test_when_no_mail_may_go_it_says_so(self, client_for, manager, organisation, monkeypatch):
        monkeypatch.setattr("core.limits.allow", lambda key, *, action: False)
        page = client_for(manager).post(add_url(organisation, "ich"), self.OWN, follow=True)
        assert "heute schon genug E-Mails" in page.content.decode()
        assert consent.public_fields(ContactPerson.objects.get()) == ["name", "phone"]


# --- Somebody else --------------------------------------------------------------------------------
def test_somebody_else_is_asked_before_anything_is_public(client, asked, organisation, manager):
    assert public_page(client, organisation).count(asked.name) == 0
    mail = OutboxMessage.objects.get()
    assert (mail.to, mail.language, mail.confidential) == ("aylin@example.org", "en", True)
    row = Consent.objects.get()
    assert row.requested_by == manager
    assert (row.expires_at - row.requested_at).days == 30
    # Only the hash is stored.
    assert row.token_hash not in mail.text_body
    assert mailed_link().startswith("/en/einwilligung/")


def test_opening_the_link_changes_nothing(client, asked):
    before = Consent.objects.values().get()
    page = client.get(mailed_link())
    assert "Aylin Beispiel" in page.content.decode()
    assert page["Cache-Control"].count("no-store") == 1
    assert Consent.objects.values().get() == before
    asked.refresh_from_db()
    assert asked.consented_at is None


def test_the_person_decides_per_field(client, asked, organisation, manager):
    link = mailed_link()
    wording = client.get(link).context["wording"]
    client.post(link, {"name": "on", "phone": "on"})
    asked.refresh_from_db()
    assert consent.public_fields(asked) == ["name", "phone"]
    row = Consent.objects.get()
    assert (row.source, row.fields, row.wording, row.language) == (
        "link",
        ["name", "phone"],
        wording,
        "en",
    )
    assert row.given_by == "Aylin Beispiel <aylin@example.org>"
    text = public_page(client, organisation)
    assert "Aylin Beispiel" in text
    assert "aylin@example.org" not in text
    # Who asked is told.
    assert OutboxMessage.objects.filter(mail="organisations/consent_answered").get().to == (
        manager.email
    )


def test_the_same_link_withdraws_and_gives_again(client, asked, organisation):
    link = mailed_link()
    client.post(link, {"name": "on"})
    client.post(link, {"nothing": "1", "name": "on"})
    assert "Aylin Beispiel" not in public_page(client, organisation)
    assert client.get(link).context["public"] == []
    client.post(link, {"function": "on"})
    asked.refresh_from_db()
    assert consent.public_fields(asked) == ["function"]
    first, second = Consent.objects.order_by("pk")
    assert first.withdrawn_at is not None
    assert second.token_hash == first.token_hash


def test_nobody_agrees_to_what_they_have_not_seen(client, client_for, manager, asked, organisation):
    """The number changes while the person reads: it is not theirs that becomes public."""
    link = mailed_link()
    page = client.get(link)
    seen = page.context["seen"]
    assert f'name="seen" value="{seen}"' in page.content.decode()
    changed = contacts.change(
        contact=asked,
        values={
            "name": asked.name,
            "function": asked.function,
            "phone": "+497222999888",
            "email": asked.email,
        },
        seen_entry=contacts.latest_entry(asked),
        by=manager,
    )
    assert changed == ["phone"]
    told = client.post(link, {"phone": "on", "name": "on", "seen": seen}, follow=True)
    asked.refresh_from_db()
    assert consent.public_fields(asked) == []
    assert "+497222999888" not in public_page(client, organisation)
    # The page says so, shows the new number, and then it can be agreed to.
    assert told.context["seen"] != seen
    client.post(link, {"phone": "on", "seen": told.context["seen"]})
    asked.refresh_from_db()
    assert consent.public_fields(asked) == ["phone"]
    # Taking back never needs a second look.
    client.post(link, {"nothing": "1", "seen": seen})
    asked.refresh_from_db()
    assert consent.public_fields(asked) == []


def test_saying_no_is_recorded_and_nobody_is_asked_again(client, client_for, asked, organisation):
    client.post(mailed_link(), {"nothing": "1"})
    assert Consent.objects.get().declined_at is not None
    rows = client.get(mailed_link()).content.decode()
    assert "form" in rows
    mail = OutboxMessage.objects.filter(mail="organisations/consent_answered").get()
    assert "nicht öffentlich genannt" in mail.text_body


def test_a_declined_person_is_not_offered_to_be_asked_again(
    client, client_for, manager, asked, organisation
):
    client.post(mailed_link(), {"nothing": "1"})
    text = client_for(manager).get(url("step", organisation, "kontakt")).content.decode()
    assert "möchte nicht genannt werden" in text
    assert url("contact_ask", organisation, asked.pk) not in text


def test_expired_and_unknown_links_say_so(client, asked):
    link = mailed_link()
    Consent.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    for method in (client.get, client.post):
        answer = method(link, {"name": "on"})
        assert answer.status_code == 404
    asked.refresh_from_db()
    assert asked.consented_at is None
    answer = client.get(link[:-5] + "xxxxx/")
    assert answer.status_code == 404


def test_an_expired_but_answered_link_still_withdraws(client, asked):
    link = mailed_link()
    client.post(link, {"name": "on"})
    Consent.objects.update(expires_at=timezone.now() - datetime.timedelta(days=300))
    client.post(link, {"nothing": "1"})
    asked.refresh_from_db()
    assert asked.consented_at is None


def test_without_an_address_nobody_can_be_asked(client_for, manager, organisation):
    page = client_for(manager).post(
        add_url(organisation, "andere"), PERSON | {"language": "de"}, follow=True
    )
    assert "Ohne E-Mail-Adresse" in page.content.decode()
    assert not OutboxMessage.objects.exists()


# --- Nobody is flooded ----------------------------------------------------------------------------
def test_asking_again_sends_no_second_mail_on_the_same_day(
    client_for, manager, asked, organisation
):
    client_for(manager).post(url("contact_ask", organisation, asked.pk))
    assert OutboxMessage.objects.count() == 1


def test_asking_again_later_ends_the_older_link(client, client_for, manager, asked, organisation):
    old_link = mailed_link()
    Consent.objects.update(requested_at=timezone.now() - datetime.timedelta(days=2))
    client_for(manager).post(url("contact_ask", organisation, asked.pk))
    assert OutboxMessage.objects.count() == 2
    assert client.get(old_link).status_code == 404
    assert client.get(mailed_link()).status_code == 200


def test_adding_and_removing_over_and_over_does_not_flood(client_for, manager, organisation):
    client = client_for(manager)
    for number in range(15):
        client.post(
            add_url(organisation, "andere"),
            PERSON | {"name": f"Aylin {number}x", "email": "opfer@example.org", "language": "de"},
        )
        contacts.remove(contact=organisation.contacts.get(), by=manager)
    assert OutboxMessage.objects.filter(to="opfer@example.org").count() <= 5


# --- Changed persons ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "public"),
    [
        ({"function": "Kasse"}, ["name", "phone"]),
        ({"function": "vorstand"}, ["name", "function", "phone"]),
        ({"name": "aylin  BEISPIEL"}, ["name", "function", "phone"]),
        ({"phone": "07222 999999"}, ["name", "function"]),
        ({"name": "Berta Anders"}, []),
        ({"email": "berta@example.org"}, []),
    ],
)
def test_a_consent_covers_the_person_who_gave_it(manager, organisation, changes, public):
    contact = make_contact(
        organisation=organisation,
        name="Aylin Beispiel",
        email="aylin@example.org",
        public=("name", "function", "phone"),
    )
    values = {field: getattr(contact, field) for field in contacts.FIELDS} | changes
    contacts.change(
        contact=contact, values=values, seen_entry=contacts.latest_entry(contact), by=manager
    )
    contact.refresh_from_db()
    assert consent.public_fields(contact) == public
    assert (contact.consented_at is not None) == bool(public)
    in_force = contact.consents.filter(withdrawn_at=None)
    assert [row.fields for row in in_force] == ([public] if public else [])
    entry = contact.history.first()
    assert (entry.history_user, entry.history_change_reason) == (
        manager,
        "Ansprechperson geändert",
    )


class TestNewValue:
    """What somebody agreed to was the value: a colleague's new one waits for them."""

    @pytest.fixture
    def agreed(self, organisation):
        return make_contact(
            organisation=organisation,
            name="Aylin Beispiel",
            email="aylin@example.org",
            public=("name", "function", "phone"),
        )

    def send(self, client_for, user, contact, **changes):
        data = {field: str(getattr(contact, field)) for field in contacts.FIELDS}
        data |= {"language": "de", "seen_entry": contacts.latest_entry(contact)} | changes
        edit = url("contact_edit", contact.organisation, contact.pk)
        return client_for(user).post(edit, data, follow=True)

    @pytest.mark.parametrize(
        ("changes", "hidden"),
        [({"function": "Kasse"}, "function"), ({"phone": "07222 999888"}, "phone")],
    )
    def test_it_is_hidden_until_the_person_agrees(
        self, client, client_for, editor, agreed, organisation, changes, hidden
    ):
        page = self.send(client_for, editor, agreed, **changes)
        agreed.refresh_from_db()
        assert set(consent.public_fields(agreed)) == {"name", "function", "phone"} - {hidden}
        assert "Kasse" not in public_page(client, organisation)
        mail = OutboxMessage.objects.get()
        assert (mail.to, mail.mail) == (agreed.email, "organisations/consent_request")
        assert "Es gibt neue Angaben zu Ihrer Person" in mail.text_body
        assert "noch keine Antwort" in page.content.decode()
        client.post(mailed_link(), {"name": "on", "function": "on", "phone": "on"})
        agreed.refresh_from_db()
        assert consent.public_fields(agreed) == ["name", "function", "phone"]
        assert "Kasse" in public_page(client, organisation) or hidden == "phone"

    def test_it_is_said_when_there_is_no_address_to_ask(self, client_for, editor, organisation):
        contact = make_contact(organisation=organisation, email="", public=("name", "function"))
        page = self.send(client_for, editor, contact, function="Kasse")
        contact.refresh_from_db()
        assert consent.public_fields(contact) == ["name"]
        text = page.content.decode()
        assert "Ohne E-Mail-Adresse können wir die Person nicht fragen" in text
        assert not OutboxMessage.objects.exists()

    def test_what_was_removed_is_nobodys_question(self, client_for, editor, agreed):
        self.send(client_for, editor, agreed, function="")
        agreed.refresh_from_db()
        assert consent.public_fields(agreed) == ["name", "phone"]
        assert not OutboxMessage.objects.exists()

    def test_what_was_not_public_is_nobodys_question(self, client_for, editor, organisation):
        contact = make_contact(organisation=organisation, public=("name",))
        self.send(client_for, editor, contact, function="Kasse")
        contact.refresh_from_db()
        assert (contact.function, consent.public_fields(contact)) == ("Kasse", ["name"])
        assert not OutboxMessage.objects.exists()

    def test_the_question_can_be_asked_again(self, client_for, editor, agreed, organisation):
        self.send(client_for, editor, agreed, function="Kasse")
        client = client_for(editor)
        page, again = (
            url("step", organisation, "kontakt"),
            url("contact_ask", organisation, agreed.pk),
        )
        assert again not in client.get(page).content.decode()
        Consent.objects.exclude(requested_at=None).update(
            requested_at=timezone.now() - datetime.timedelta(days=31), expires_at=timezone.now()
        )
        assert again in client.get(page).content.decode()
        client.post(again)
        assert OutboxMessage.objects.count() == 2
        # Whoever answers is asked no more, also when the new value stays hidden.
        client.post(mailed_link(), {"name": "on"})
        assert again not in client.get(page).content.decode()

    def test_ones_own_new_value_is_ones_own_word(self, client, client_for, manager, organisation):
        own = make_contact(organisation=organisation, user=manager, public=("name", "function"))
        switches = {"name_public": "on", "function_public": "on"}
        self.send(client_for, manager, own, function="Kasse", **switches)
        assert "Kasse" in public_page(client, organisation)
        assert not OutboxMessage.objects.exists()


def test_another_person_is_asked_anew_and_the_old_link_dies(
    client, client_for, manager, asked, organisation
):
    link = mailed_link()
    client.post(link, {"name": "on"})
    client_for(manager).post(
        url("contact_edit", organisation, asked.pk),
        PERSON
        | {
            "name": "Berta Anders",
            "email": "berta@example.org",
            "language": "de",
            "seen_entry": contacts.latest_entry(asked),
        },
    )
    assert OutboxMessage.objects.filter(to="berta@example.org").count() == 1
    assert client.get(link).status_code == 404
    assert "Berta" not in public_page(client, organisation)
    assert "Aylin" not in public_page(client, organisation)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", "Jemand anderes hat diese Person inzwischen geändert"),
        ("en", "Somebody else has changed this person meanwhile"),
        ("ar", "عدّل شخص آخر جهة الاتصال هذه في هذه الأثناء"),
    ],
)
def test_two_who_change_the_same_person(client_for, manager, editor, organisation, language, told):
    contact = make_contact(organisation=organisation, name="Aylin Beispiel", function="Vorstand")
    seen = contacts.latest_entry(contact)
    values = {field: getattr(contact, field) for field in contacts.FIELDS}
    contacts.change(
        contact=contact, values=values | {"function": "Kasse"}, seen_entry=seen, by=editor
    )
    with pytest.raises(Conflict):
        contacts.change(
            contact=contact, values=values | {"function": "Chor"}, seen_entry=seen, by=manager
        )
    edit = url("contact_edit", organisation, contact.pk).replace("/de/", f"/{language}/", 1)
    data = {
        "name": contact.name,
        "email": contact.email,
        "phone": "07222 381-000",
        "language": "de",
        "function": "Chor",
        "seen_entry": seen,
    }
    page = client_for(manager).post(edit, data)
    text = page.content.decode()
    assert told in text
    assert "Kasse" in text
    assert page.context["form"]["function"].value() == "Chor"
    answer = client_for(manager).post(
        edit, data | {"seen_entry": page.context["form"]["seen_entry"].value()}
    )
    assert answer.status_code == 302
    contact.refresh_from_db()
    assert contact.function == "Chor"


def test_removing_asks_first_and_takes_everything_along(client, client_for, manager, organisation):
    contact = make_contact(organisation=organisation, name="Aylin Beispiel", public=("name",))
    remove = url("contact_remove", organisation, contact.pk)
    assert "Aylin Beispiel entfernen?" in client_for(manager).get(remove).content.decode()
    assert organisation.contacts.exists()
    client_for(manager).post(remove)
    assert not organisation.contacts.exists()
    assert "Aylin Beispiel" not in public_page(client, organisation)


def test_what_was_agreed_to_is_proved_after_the_person_was_removed(
    client, client_for, manager, asked, organisation
):
    link = mailed_link()
    client.post(link, {"name": "on"})
    make_consent(contact=asked, given_at=None, given_by="", wording="", token_hash="y" * 64)
    given = Consent.objects.exclude(given_at=None).get()
    contacts.remove(contact=asked, by=manager)
    kept = Consent.objects.get()
    assert (kept.pk, kept.fields, kept.wording) == (given.pk, ["name"], given.wording)
    assert (kept.given_by, kept.given_at) == ("Aylin Beispiel <aylin@example.org>", given.given_at)
    # It ends with the entry, and no more is kept than the proof needs.
    assert kept.withdrawn_at is not None
    assert (kept.contact, kept.requested_by, kept.token_hash) == (None, None, "")
    assert client.get(link).status_code == 404


def test_the_database_keeps_a_proof_that_is_forgotten_about(organisation):
    contact = make_contact(organisation=organisation, public=("name",))
    with pytest.raises(IntegrityError, match="parted_when_over"), transaction.atomic():
        contact.delete()
    assert Consent.objects.get().contact == contact


def test_a_draft_that_goes_leaves_no_proof_of_what_was_never_public(draft, manager):
    make_contact(organisation=draft, user=manager, public=("name",))
    registration.discard(organisation=draft, by=manager)
    assert not Consent.objects.exists()


def test_no_more_than_ten(manager, organisation):
    for _number in range(contacts.MAX_CONTACTS):
        make_contact(organisation=organisation)
    with pytest.raises(Refused):
        contacts.add(organisation=organisation, values=PERSON, is_self=False, by=manager)


# --- Rights ---------------------------------------------------------------------------------------
def test_strangers_find_nothing(client_for, outsider, organisation):
    contact = make_contact(organisation=organisation, public=("name",))
    client = client_for(outsider)
    for name in ("contact_edit", "contact_remove", "contact_withdraw", "contact_ask"):
        assert client.post(url(name, organisation, contact.pk)).status_code == 404
    assert client.post(add_url(organisation, "ich"), PERSON).status_code == 404
    contact.refresh_from_db()
    assert contact.name_public


def test_a_contact_of_another_organisation_is_not_reached_through_ones_own(
    client_for, manager, organisation
):
    foreign = make_contact(public=("name",))
    for name in ("contact_edit", "contact_remove", "contact_withdraw", "contact_ask"):
        answer = client_for(manager).post(url(name, organisation, foreign.pk))
        assert answer.status_code == 404


def test_nobody_agrees_for_others(manager, outsider, organisation):
    contact = make_contact(organisation=organisation)
    with pytest.raises(PermissionDenied):
        consent.give(contact=contact, fields=["name"], by=manager, wording="Ja", language="de")
    with pytest.raises(PermissionDenied):
        consent.withdraw(contact=contact, by=outsider)
    with pytest.raises(PermissionDenied):
        consent.request(contact=contact, by=outsider, language="de")


def test_the_officer_records_a_consent_on_paper(officer, manager, organisation):
    contact = make_contact(organisation=organisation)
    paper = {
        "contact": contact,
        "fields": ["name", "phone"],
        "wording": "Ich bin einverstanden.",
        "given_by": "Aylin Beispiel, Musterweg 1",
        "note": "Ordner 3",
    }
    with pytest.raises(PermissionDenied):
        consent.record_paper(**paper, by=manager)
    assert consent.record_paper(**paper, by=officer)
    assert not consent.record_paper(**paper, by=officer)
    row = Consent.objects.get()
    assert (row.source, row.fields, row.note) == ("paper", ["name", "phone"], "Ordner 3")
    contact.refresh_from_db()
    assert consent.public_fields(contact) == ["name", "phone"]


def test_a_lost_token_is_no_key(client):
    token, token_hash = new_token()
    contact = make_contact()
    make_consent(contact=contact, given_at=None, token_hash=token_hash)
    assert client.get(f"/de/einwilligung/{token_hash}/").status_code == 404
    assert client.get(f"/de/einwilligung/{token}/").status_code == 200


def test_the_step_asks_the_same_for_1_and_10_people(
    client_for, manager, organisation, django_assert_max_num_queries
):
    make_contact(organisation=organisation, public=("name",))
    client, page = client_for(manager), url("step", organisation, "kontakt")
    client.get(page)
    with django_assert_max_num_queries(20) as few:
        client.get(page)
    for _number in range(9):
        make_contact(organisation=organisation, public=("name",))
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(page)


def test_drafts_get_their_contact_person_on_the_way(client_for, manager, draft):
    client_for(manager).post(add_url(draft, "ich"), PERSON)
    assert Organisation.objects.get(pk=draft.pk).contacts.count() == 1
    other = make_organisation(state="rejected", manager=manager)
    assert client_for(manager).post(add_url(other, "ich"), PERSON).status_code == 404


def test_who_is_named_already_is_led_to_their_own_entry(client_for, manager, organisation):
    own = make_contact(organisation=organisation, user=manager)
    answer = client_for(manager).get(add_url(organisation, "ich"))
    assert answer.url == url("contact_edit", organisation, own.pk)
    # And without saying who, it is somebody else now.
    text = client_for(manager).get(url("contact_add", organisation)).content.decode()
    assert "Eine andere Ansprechperson" in text


def test_who_can_be_asked_when(client_for, manager, organisation):
    never = make_contact(organisation=organisation)
    make_contact(organisation=organisation, email="")
    make_contact(organisation=organisation, public=("name",))
    open_one = make_contact(organisation=organisation)
    consent.request(contact=open_one, by=manager, language="de")
    client, page = client_for(manager), url("step", organisation, "kontakt")

    def can_ask():
        return [row["contact"] for row in client.get(page).context["rows"] if row["can_ask"]]

    assert can_ask() == [never]
    Consent.objects.update(requested_at=timezone.now() - datetime.timedelta(days=2))
    assert can_ask() == [never, open_one]
