"""The officer's rights come from a migration, and they are enough, and not more than enough."""

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from core.models import OutboxMessage
from organisations.services import decisions

migration = importlib.import_module("portal.migrations.0002_officer_group")
pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> Group:
    """The group as the migration makes it."""
    migration.create_group(apps, connection.schema_editor())
    return Group.objects.get(name=migration.NAME)


def test_it_holds_rights_django_knows(group):
    """Django makes its permissions after all migrations; none of the group's is one besides."""
    before = Permission.objects.count()
    call_command("migrate", verbosity=0)
    assert Permission.objects.count() == before
    for permission in group.permissions.select_related("content_type"):
        model = permission.content_type.model_class()
        known = {codename for codename, _name in model._meta.permissions} | {
            f"{action}_{model._meta.model_name}" for action in ("add", "change", "delete", "view")
        }
        assert permission.codename in known


def test_making_it_again_keeps_its_people(group, officer):
    officer.groups.set([group])
    migration.create_group(apps, connection.schema_editor())
    assert list(officer.groups.all()) == [group]
    assert Group.objects.filter(name=migration.NAME).count() == 1


def test_it_cannot_delete_history_or_make_itself_powerful(group):
    codenames = set(group.permissions.values_list("codename", flat=True))
    assert "delete_organisation" not in codenames
    assert "add_networkprofile" not in codenames
    apps_of_rights = group.permissions.values_list("content_type__app_label", flat=True)
    assert set(apps_of_rights) == {"core", "organisations", "meetings", "actions", "portal"}


def test_it_is_enough_for_her_work(group, officer, client_for, submitted, network):
    officer.groups.set([group])
    client = client_for(officer)
    assert not officer.is_superuser
    for name in (
        "organisations_organisation",
        "organisations_topic",
        "organisations_targetgroup",
        "organisations_language",
        "organisations_municipality",
        "organisations_accessrequest",
        "organisations_problemreport",
        "portal_feedback",
        "core_outboxmessage",
    ):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
    profile = reverse("admin:portal_networkprofile_change", args=[network.pk])
    assert 'name="_save"' in client.get(profile).text
    people = reverse("organisations:people", args=[submitted.pk])
    assert "Personen einladen" in client.get(people).text
    assert decisions.admit(organisation=submitted, by=officer)
    for name in ("accounts_user", "auth_group"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 404, name


def test_she_sees_and_resends_mails(group, officer, client_for, submitted):
    officer.groups.set([group])
    decisions.admit(organisation=submitted, by=officer)
    OutboxMessage.objects.update(state=OutboxMessage.State.FAILED, error="550 unknown")
    mail = OutboxMessage.objects.get()
    client = client_for(officer)
    start = client.get(reverse("admin:index")).text
    assert reverse("admin:core_outboxmessage_change", args=[mail.pk]) in start
    client.post(
        reverse("admin:core_outboxmessage_changelist"),
        {"action": "send_again", "_selected_action": [mail.pk], "_confirmed": "1"},
    )
    mail.refresh_from_db()
    assert mail.state == OutboxMessage.State.QUEUED
