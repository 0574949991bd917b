"""The officer's session ends while she types: after the log-in everything stands there again."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse

from core import resume
from organisations.models import ContactPerson, Organisation, Topic
from tests.accounts.test_enter import CODE, ask, logged_in, newest_code
from tests.accounts.test_second_factor import SECRET, app_code
from tests.factories import make_contact, make_second_factor, make_topic
from tests.organisations.test_office import LIST, change_url, form_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


@pytest.fixture
def desk(client_for, officer):
    """The officer's browser; she can show her second factor again."""
    Authenticator.objects.filter(user=officer).delete()
    make_second_factor(officer, secret=SECRET)
    return client_for(officer)


def end_session(client) -> None:
    Session.objects.filter(session_key=client.session.session_key).delete()


def send(client, url: str, data: dict, user) -> str:
    """Send a form after the session has ended, log in with both factors; return what is next."""
    end_session(client)
    away = client.post(url, data)
    assert away.status_code == 302
    assert reverse("accounts:enter") in away.url
    ask(client, user.email, next=url)
    factor = client.post(CODE, {"code": newest_code()})
    assert logged_in(client) is None
    return client.post(factor.url, {"code": app_code()}).url


def test_an_organisation_with_its_people_and_pictures(desk, officer, organisation):
    contact = make_contact(organisation=organisation, name="Ada Beispiel", function="Vorstand")
    url = change_url(organisation)
    typed = form_of(desk.get(url)) | {
        "description": "Ein langer Text, an dem sie eine Stunde saß.",
        "contacts-0-function": "Kassenwartin",
        "contacts-TOTAL_FORMS": "2",
        "contacts-1-name": "Zweite Person",
        "contacts-1-paper_note": "Ordner 7",
    }

    assert send(desk, url, typed, officer) == url

    page = desk.get(url)
    assert "Ihre Eingaben sind noch da." in page.text
    assert {key: str(value) for key, value in form_of(page).items() if key in typed} == {
        key: str(value) for key, value in typed.items()
    }
    for words in (typed["description"], "Kassenwartin", "Zweite Person", "Ordner 7"):
        assert words in page.text
    # Looking has changed nothing.
    organisation.refresh_from_db()
    assert organisation.description != typed["description"]
    contact.refresh_from_db()
    assert contact.function == "Vorstand"
    assert ContactPerson.objects.count() == 1

    sent = desk.post(url, form_of(page))
    assert sent.status_code == 302, sent.context["errors"]
    assert Organisation.objects.get(pk=organisation.pk).description == typed["description"]
    contact.refresh_from_db()
    assert contact.function == "Kassenwartin"
    assert ContactPerson.objects.filter(name="Zweite Person").exists()
    # Once saved, the page shows what is saved.
    assert resume.KEPT not in desk.session
    assert not desk.get(url).context["adminform"].form.is_bound


def test_what_is_wrong_with_it_is_said_at_once(desk, officer, organisation):
    url = change_url(organisation)
    typed = form_of(desk.get(url)) | {"phone": "keine Nummer", "website": "javascript:alert(1)"}
    send(desk, url, typed, officer)
    page = desk.get(url)
    form = page.context["adminform"].form
    assert {"phone", "website"} <= set(form.errors)
    assert form["phone"].value() == "keine Nummer"


def test_a_new_word(desk, officer):
    url = reverse("admin:organisations_topic_add")
    typed = form_of(desk.get(url)) | {
        "name": "Gärten",
        "slug": "gaerten",
        "icon": "music",
        "translation_ar_name": "حدائق",
    }
    assert send(desk, url, typed, officer) == url
    page = desk.get(url)
    assert "Gärten" in page.text
    assert "حدائق" in page.text
    desk.post(url, form_of(page))
    assert Topic.objects.get().translations["ar"]["name"] == "حدائق"


def test_an_action_is_not_done_behind_her_back(desk, officer, organisation):
    typed = {"action": "archive", "_selected_action": [str(organisation.pk)]}
    assert send(desk, LIST, typed, officer) == LIST
    page = desk.get(LIST)
    assert "Es ist nichts geschehen." in page.text
    organisation.refresh_from_db()
    assert organisation.state == "active"
    assert "Es ist nichts geschehen." not in desk.get(LIST).text


def test_nobody_else_gets_it(desk, officer, administrator, organisation):
    url = change_url(organisation)
    typed = form_of(desk.get(url)) | {"description": "Nur für ihre Augen"}
    Session.objects.update(expire_date="2020-01-01 00:00+00:00")
    desk.post(url, typed)
    assert desk.session[resume.KEPT]["owner"] == str(officer.pk)
    Authenticator.objects.filter(user=administrator).delete()
    make_second_factor(administrator, secret=SECRET)
    ask(desk, administrator.email, next=url)
    factor = desk.post(CODE, {"code": newest_code()})
    desk.post(factor.url, {"code": app_code()})
    assert "Nur für ihre Augen" not in desk.get(url).text


def test_a_session_without_second_factor_loses_nothing_either(desk, officer):
    url = change_url(make_topic(name="Musik"))
    typed = form_of(desk.get(url)) | {"name": "Musik und Tanz"}
    session = desk.session
    session["account_authentication_methods"] = []
    session.save()
    proof = desk.post(url, typed).url
    assert proof.startswith(reverse("mfa_reauthenticate"))
    assert desk.post(proof, {"code": app_code()}).url == url
    assert "Musik und Tanz" in desk.get(url).text
