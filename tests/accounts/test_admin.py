"""Accounts in the back office: help for others, no way to more rights."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import User
from core.models import OutboxMessage
from organisations.models import RepresentativeInvitation
from tests.factories import make_organisation, make_second_factor, make_user

LIST = "/de/verwaltung/accounts/user/"

pytestmark = pytest.mark.django_db


def page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


@pytest.fixture
def helper(officer) -> User:
    """The officer, with the right to help people with their accounts."""
    officer.user_permissions.set(Permission.objects.filter(codename__endswith="_user"))
    return officer


def form_of(user: User, **changes: object) -> dict[str, object]:
    return {"email": user.email, "name": user.name, "language": "de", "is_active": "on"} | changes


def test_allauths_tables_are_not_shown(client_for, administrator):
    names = {f"{model._meta.app_label}.{model.__name__}" for model in admin.site._registry}
    assert not {name for name in names if name.startswith(("account.", "mfa.", "usersessions."))}
    page = client_for(administrator).get("/de/verwaltung/").content.decode()
    assert "Authenticator" not in page


def test_the_list_says_who_has_a_second_factor(client_for, administrator, outsider):
    page = client_for(administrator).get(LIST).content.decode()
    assert outsider.email in page
    assert "password" not in page.lower()


def test_many_accounts_cost_no_more_queries(
    client_for, administrator, django_assert_max_num_queries
):
    client = client_for(administrator)
    client.get(LIST)
    for number in range(30):
        make_second_factor(make_user(email=f"viele{number}@example.org"))
    with django_assert_max_num_queries(12):
        client.get(LIST)


def test_the_administrator_takes_somebody_into_the_team(client_for, administrator, outsider):
    client_for(administrator).post(page_of(outsider), form_of(outsider, is_staff="on"))
    outsider.refresh_from_db()
    assert outsider.is_staff
    assert not outsider.is_superuser


def test_a_new_account_has_no_password(client_for, administrator):
    client_for(administrator).post(
        f"{LIST}add/", {"email": " Neu@Example.org", "name": "Neu", "language": "en"}
    )
    user = User.objects.get(email="neu@example.org")
    assert not user.has_usable_password()


def test_the_same_address_twice_is_refused(client_for, administrator, outsider):
    answer = client_for(administrator).post(
        f"{LIST}add/", form_of(outsider, email="FREMD@example.org")
    )
    assert "gibt es schon ein Konto" in answer.content.decode()


def test_nobody_takes_their_own_rights(client_for, administrator):
    client_for(administrator).post(page_of(administrator), form_of(administrator))
    administrator.refresh_from_db()
    assert administrator.is_staff
    assert administrator.is_superuser
    assert administrator.is_active


def test_the_officer_has_no_say_about_accounts_unless_given(client_for, officer):
    assert client_for(officer).get(LIST).status_code in (403, 404)


def test_help_gives_no_rights(client_for, helper, outsider):
    page = client_for(helper).get(page_of(outsider)).content.decode()
    for name in ("is_staff", "is_superuser", "groups"):
        assert f'name="{name}"' not in page
    client_for(helper).post(
        page_of(outsider),
        form_of(outsider, name="Neu", is_staff="on", is_superuser="on", groups="1"),
    )
    outsider.refresh_from_db()
    assert outsider.name == "Neu"
    assert not outsider.is_staff
    assert not outsider.is_superuser
    assert not outsider.groups.exists()


def test_help_does_not_reach_the_team(client_for, helper, administrator):
    client = client_for(helper)
    answer = client.post(page_of(administrator), form_of(administrator, email="meins@example.org"))
    assert answer.status_code == 404
    client.post(f"/de/verwaltung/accounts/user/{administrator.pk}/delete/", {"post": "yes"})
    chosen = {
        "action": "reset_second_factor",
        "_selected_action": [administrator.pk, helper.pk],
    }
    assert client.post(LIST, chosen).text.count("nur jemand anderes mit allen Rechten") == 2
    client.post(LIST, chosen | {"_confirmed": "1"})
    administrator.refresh_from_db()
    assert administrator.email == "admin@example.org"
    assert Authenticator.objects.filter(user=administrator).exists()
    assert Authenticator.objects.filter(user=helper).exists()


def test_a_changed_address_is_told_to_the_old_one(client_for, helper, outsider):
    client_for(helper).post(page_of(outsider), form_of(outsider, email="Neue@example.org"))
    outsider.refresh_from_db()
    assert outsider.email == "neue@example.org"
    assert outsider.emailaddress_set.get().email == "neue@example.org"
    assert OutboxMessage.objects.get().to == "fremd@example.org"


def test_blocking_somebody_ends_their_sessions(client_for, helper, outsider):
    client = client_for(outsider)
    assert client.get("/de/konto/").status_code == 200
    data = form_of(outsider)
    del data["is_active"]
    client_for(helper).post(page_of(outsider), data)
    assert client.get("/de/konto/").status_code == 302


def test_a_lost_phone_is_helped(client_for, helper, outsider):
    make_second_factor(outsider)
    chosen = {"action": "reset_second_factor", "_selected_action": [outsider.pk]}
    assert outsider.email in client_for(helper).post(LIST, chosen).text
    assert Authenticator.objects.filter(user=outsider).exists()
    client_for(helper).post(LIST, chosen | {"_confirmed": "1"})
    assert not Authenticator.objects.filter(user=outsider).exists()
    assert "zurückgesetzt" in OutboxMessage.objects.get(to=outsider.email).text_body
    services.reset_second_factor(user=outsider)
    assert OutboxMessage.objects.count() == 1


def test_visitors_find_nothing():
    assert Client().get(LIST).status_code == 302


def test_who_has_left_the_team_has_no_rights_any_more(
    client_for, administrator, officer, organisation
):
    """The group may be forgotten: rights reach beyond the back office, without a second factor."""
    draft = make_organisation(state="draft")
    page = reverse("organisations:people", args=[organisation.pk])
    preview = draft.get_absolute_url()
    before = client_for(officer)
    assert [before.get(url).status_code for url in (page, preview)] == [200, 200]
    client_for(administrator).post(
        page_of(officer),
        {
            "email": officer.email,
            "name": officer.name,
            "language": "de",
            "is_active": "on",
            "groups": [group.pk for group in officer.groups.all()],
        },
    )
    officer = User.objects.get(pk=officer.pk)
    assert not officer.is_staff
    assert officer.groups.exists()
    for client in (before, client_for(officer)):
        assert [client.get(url).status_code for url in (page, preview)] == [404, 404]
        client.post(page, {"action": "invite", "addresses": "x@example.org", "role": "manager"})
    assert not officer.has_perm("organisations.change_organisation")
    assert not officer.has_module_perms("organisations")
    assert not RepresentativeInvitation.objects.exists()
