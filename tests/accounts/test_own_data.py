"""What the portal knows about a person: shown, taken along, forgotten."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import own_data, services
from accounts.models import User
from core.errors import Refused
from core.mail import queue_mail
from core.models import OutboxMessage
from organisations.models import (
    AccessRequest,
    Consent,
    ContactPerson,
    Organisation,
    OrganisationImage,
    Representative,
    RepresentativeInvitation,
)
from organisations.services import contacts
from tests.accounts.test_enter import CODE, ask, logged_in, newest_code
from tests.accounts.test_second_factor import SECRET, app_code
from tests.factories import (
    make_access_request,
    make_consent,
    make_contact,
    make_image,
    make_invitation,
    make_organisation,
    make_problem_report,
    make_representative,
    make_second_factor,
    make_user,
)

EXPORT = "/de/konto/daten/"
ERASE = "/de/konto/loeschen/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


@pytest.fixture
def person(organisation) -> User:
    """Somebody of whom every table knows something, and who manages together with another."""
    user = make_user(email="petra.person@example.org", name="Petra Person")
    representative = make_representative(user=user, organisation=organisation)
    representative.role = Representative.Role.MANAGER
    representative._history_user = user
    representative.save()
    make_representative(organisation=organisation)
    portrait = make_image(
        organisation=organisation, kind=OrganisationImage.Kind.PORTRAIT, consent_by=user
    )
    contact = make_contact(
        organisation=organisation,
        user=user,
        name="Petra Person",
        email="petra.person@example.org",
        phone="+497222381234",
        photo=portrait,
        public=("name", "phone"),
    )
    contact.function = "Kasse"
    contact.save()
    make_contact(name="P. Person", email="Petra.Person@example.org")
    make_invitation(email="petra.person@example.org")
    make_access_request(user=user, message="Ich bin Petra")
    make_problem_report(email="petra.person@example.org", text="Falsche Nummer", settled_by=user)
    make_second_factor(user, secret=SECRET)
    with transaction.atomic():
        queue_mail(
            key="etwas",
            to=user.email,
            mail="accounts/erased",
            language="de",
            context={"name": "Petra Person"},
        )
    return user


# --- Shown ----------------------------------------------------------------------------------------
def test_the_page_and_the_file_tell_everything(client_for, person, organisation):
    client = client_for(person)
    page = client.get(EXPORT)
    assert "no-store" in page["Cache-Control"]
    text = page.content.decode()
    answer = client.get(EXPORT, {"format": "json"})
    assert answer["Content-Disposition"].startswith('attachment; filename="meine-daten-')
    data = json.loads(answer.content)
    assert data["account"][0]["email"] == "petra.person@example.org"
    assert data["representations"][0]["organisation"] == organisation.name
    assert {entry["name"] for entry in data["contact_entries"]} == {"Petra Person", "P. Person"}
    assert data["consents"][0]["wording"] == "Ich bin einverstanden."
    assert data["access_requests"][0]["message"] == "Ich bin Petra"
    assert data["problem_reports"][0]["text"] == "Falsche Nummer"
    assert set(data) >= {"second_factors", "mails", "invitations", "image_consents", "changes"}
    for known in ("petra.person@example.org", "Kasse", "Ich bin Petra", "Falsche Nummer"):
        assert known in text
        assert known in answer.content.decode()


def test_secrets_and_others_are_not_in_it(client_for, person):
    make_contact(name="Jemand anderes", email="anderes@example.org")
    secret = Authenticator.objects.get(user=person).data["secret"]
    answer = client_for(person).get(EXPORT, {"format": "json"}).content.decode()
    assert secret not in answer
    assert person.password not in answer
    assert "Jemand anderes" not in answer


# --- In the way -----------------------------------------------------------------------------------
def test_the_last_manager_is_told_what_to_settle_first(client_for, manager, organisation):
    client = client_for(manager)
    page = client.get(ERASE).content.decode()
    assert "Das geht noch nicht" in page
    assert organisation.name in page
    assert f"/de/meine-organisationen/{organisation.pk}/vertretungen/" in page
    answer = client.post(ERASE, {"sure": "on"})
    assert answer.status_code == 409
    assert User.objects.filter(pk=manager.pk).exists()
    with pytest.raises(Refused, match="niemanden mehr, der die Organisation verwaltet"):
        services.erase(manager)


def test_what_stands_in_the_way_is_looked_at_again_behind_the_lock(manager, monkeypatch):
    """Somebody else may have left after the first look."""
    monkeypatch.setattr("accounts.own_data.obstacles", lambda user: [])
    with pytest.raises(Refused, match="niemanden mehr, der die Organisation verwaltet"):
        services.erase(manager)
    assert User.objects.filter(pk=manager.pk).exists()


@pytest.mark.parametrize("state", ["submitted", "returned", "active", "paused"])
def test_an_organisation_that_lives_needs_a_manager(state):
    user = make_user()
    make_organisation(state=state, manager=user)
    assert own_data.obstacles(user)


@pytest.mark.parametrize("state", ["draft", "rejected", "archived"])
def test_one_that_does_not_is_no_obstacle(state):
    user = make_user()
    make_organisation(state=state, manager=user)
    assert not own_data.obstacles(user)


def test_a_blocked_colleague_is_no_successor(manager, organisation):
    make_representative(organisation=organisation, user=make_user(is_active=False))
    assert own_data.obstacles(manager)


# --- Forgotten ------------------------------------------------------------------------------------
def texts_of_every_table() -> str:
    """Everything that stands in the database, history included."""
    from django.apps import apps

    skip = {"Session"}
    return "\n".join(
        str(row)
        for model in apps.get_models(include_auto_created=True)
        if model.__name__ not in skip
        for row in model._base_manager.values_list()
    )


def test_an_erased_person_is_nowhere_any_more(client_for, person, organisation, settings):
    client = client_for(person)
    portrait = OrganisationImage.objects.get(kind="portrait")
    pk = person.pk

    client.post("/de/konto/bestaetigen/zweiter-faktor/", {"code": app_code()})
    assert client.post(ERASE, {}).status_code == 200, "not without the box ticked"
    assert User.objects.filter(pk=pk).exists()
    answer = client.post(ERASE, {"sure": "on"}, follow=True)

    assert "Ihr Konto und Ihre Daten sind gelöscht." in answer.content.decode()
    assert logged_in(client) is None
    farewell = OutboxMessage.objects.get()
    assert farewell.to == "petra.person@example.org"
    assert farewell.mail == "accounts/erased"
    farewell.delete()  # housekeeping does that once it is sent
    left = texts_of_every_table()
    for word in ("petra", "Petra", "P. Person", "7222381234", "Kasse"):
        assert word not in left
    for model in (Authenticator, EmailAddress, UserSession, Representative, AccessRequest):
        assert not model.objects.filter(user_id=pk).exists()
    assert not Representative.history.filter(user_id=pk).exists()
    assert not Organisation.history.filter(history_user_id=pk).exists()
    assert not RepresentativeInvitation.objects.exists()
    assert not OrganisationImage.objects.filter(pk=portrait.pk).exists()
    assert Organisation.objects.filter(pk=organisation.pk).exists()


def test_that_there_was_a_consent_can_still_be_proved(person):
    given = Consent.objects.get()
    Consent.objects.filter(pk=given.pk).update(token_hash="x" * 64, note="von Petra Person")
    open_request = make_consent(
        contact=given.contact, given_at=None, given_by="", wording="", token_hash="y" * 64
    )

    services.erase(person)

    left = Consent.objects.get()
    assert left.pk == given.pk
    assert (left.wording, left.fields, left.given_at) == (
        given.wording,
        given.fields,
        given.given_at,
    )
    assert left.contact is None
    assert (left.token_hash, left.note) == ("", "")
    assert left.given_by.startswith("gelöscht am")
    assert not Consent.objects.filter(pk=open_request.pk).exists()


def test_the_proof_of_an_entry_that_was_removed_before_is_shown_and_loses_the_name(
    client_for, person
):
    contact = ContactPerson.objects.get(user=person)
    contacts.remove(contact=contact, by=person)
    other = make_consent(given_by="Vera <anna.petra.person@example.org>")
    Consent.objects.filter(pk=other.pk).update(contact=None, withdrawn_at=timezone.now())
    data = json.loads(client_for(person).get(EXPORT, {"format": "json"}).content)
    assert [row["given_by"] for row in data["consents"]] == [
        "Petra Person <petra.person@example.org>"
    ]
    services.erase(person)
    assert not Consent.objects.filter(given_by__contains="<petra").exists()
    other.refresh_from_db()
    assert other.given_by.startswith("Vera")


def test_a_draft_nobody_else_works_on_goes_too(person):
    own = make_organisation(name="Nie gesendet", state="draft", manager=person)
    shared = make_organisation(name="Zu zweit", state="draft", manager=person, editor=make_user())
    services.erase(person)
    assert not Organisation.objects.filter(pk=own.pk).exists()
    assert not Organisation.history.filter(id=own.pk).exists()
    assert Organisation.objects.filter(pk=shared.pk).exists()


def test_erasing_twice_is_erasing_once(person):
    services.erase(person)
    services.erase(person)
    assert OutboxMessage.objects.filter(mail="accounts/erased").count() == 1


def test_all_log_ins_of_an_erased_person_end(outsider):
    client = Client()
    ask(client, outsider.email)
    client.post(CODE, {"code": newest_code()})
    assert logged_in(client)
    services.erase(outsider)
    assert not Session.objects.filter(session_key=client.session.session_key).exists()
    assert client.get("/de/konto/").status_code == 302


def test_a_failure_in_between_erases_nothing(person, monkeypatch):
    def fail(**kwargs):
        raise RuntimeError

    monkeypatch.setattr("accounts.emails.erased", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        services.erase(person)
    assert User.objects.filter(pk=person.pk).exists()
    assert ContactPerson.objects.filter(user=person).exists()
    assert OutboxMessage.objects.filter(key="etwas").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_leave_at_the_same_moment_one_stays():
    organisation = make_organisation()
    both = [make_representative(organisation=organisation).user for _ in range(2)]
    start = threading.Barrier(2)

    def leave(user: User) -> str:
        start.wait()
        try:
            services.erase(user)
        except Refused:
            return "refused"
        finally:
            connection.close()
        return "erased"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(leave, both)) == ["erased", "refused"]
    assert organisation.representatives.get().user in both


# --- In the back office ---------------------------------------------------------------------------
def test_the_administrator_erases_by_the_same_service(client_for, administrator, person):
    client = client_for(administrator)
    url = f"/de/verwaltung/accounts/user/{person.pk}/delete/"
    assert "Petra Person" in client.get(url).content.decode()
    client.post(url, {"post": "yes"})
    assert not User.objects.filter(pk=person.pk).exists()
    assert not ContactPerson.objects.filter(name="Petra Person").exists()
    assert "petra" not in str(list(LogEntry.objects.values_list())).lower()


def test_nor_does_the_administrator_leave_an_organisation_alone(
    client_for, administrator, manager, organisation
):
    client = client_for(administrator)
    url = f"/de/verwaltung/accounts/user/{manager.pk}/delete/"
    for answer in (client.get(url), client.post(url, {"post": "yes"})):
        assert "kann noch nicht gelöscht werden" in answer.content.decode()
        assert f"„{organisation.name}“ hat dann niemanden mehr" in answer.content.decode()
    assert User.objects.filter(pk=manager.pk).exists()
