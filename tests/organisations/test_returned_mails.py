"""Mails that come back are shown at the person: to the officer and to who can put it right."""

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core import bounces, mail
from core.models import OutboxMessage
from tests.factories import make_contact, make_invitation

ADDRESS = "weg@example.org"


def returned(to: str = ADDRESS) -> OutboxMessage:
    with transaction.atomic():
        message = mail.queue_mail(
            key=f"back:{to}", to=to, mail="", language="de", context={}, subject_body=("A", "B")
        )
    now = timezone.now()
    message.state, message.sent_at, message.sending_since = "sent", now, now
    message.save()
    message.state = "returned"
    bounces.note_return(message, "550 5.1.1 No such mailbox")
    return message


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to("2026-05-03 12:00:00+02:00", tick=False)


def test_a_manager_sees_it_at_the_persons(organisation, manager, editor, client_for):
    make_invitation(organisation=organisation, email=ADDRESS)
    people = reverse("organisations:people", args=[organisation.pk])
    told = "E-Mails an diese Adresse kommen zurück seit 3. Mai 2026."
    assert told not in client_for(manager).get(people).content.decode()
    returned(ADDRESS.upper())
    returned(editor.email)
    shown = client_for(manager).get(people).content.decode()
    assert shown.count(told) == 2
    assert told not in client_for(editor).get(people).content.decode()


def test_who_edits_sees_it_at_the_contact(organisation, manager, client_for):
    make_contact(organisation=organisation, email=ADDRESS)
    make_contact(organisation=organisation, email="da@example.org")
    make_contact(organisation=organisation, email="")
    step = reverse("organisations:step", args=[organisation.pk, "kontakt"])
    returned()
    shown = client_for(manager).get(step).content.decode()
    assert shown.count("E-Mails an diese Adresse kommen zurück seit 3. Mai 2026.") == 1


def test_the_officer_goes_from_person_to_mails_and_back(
    organisation, manager, officer, client_for, administrator
):
    make_contact(organisation=organisation, name="Wanda Weg", email=ADDRESS)
    message = returned()
    client = client_for(officer)
    page = reverse("admin:organisations_organisation_change", args=[organisation.pk])
    shown = client.get(page).content.decode()
    mails = reverse("admin:core_outboxmessage_changelist") + "?q=weg%40example.org"
    assert f'href="{mails}"' in shown
    assert "E-Mails an diese Adresse kommen zurück seit 3. Mai 2026." in shown
    at_mail = reverse("admin:core_outboxmessage_change", args=[message.pk])
    shown = client.get(at_mail).content.decode()
    assert "Wanda Weg" in shown
    assert f'href="{page}#emails"' in shown
    # Accounts are for those who may see accounts.
    to_manager = returned(manager.email)
    at_mail = reverse("admin:core_outboxmessage_change", args=[to_manager.pk])
    account = reverse("admin:accounts_user_change", args=[manager.pk])
    assert f'href="{account}"' not in client.get(at_mail).content.decode()
    client = client_for(administrator)
    assert f'href="{account}"' in client.get(at_mail).content.decode()
    assert "E-Mails an diese Adresse" in client.get(account).content.decode()


def test_without_the_right_to_mails_there_is_no_way_to_them(organisation, officer, client_for):
    make_contact(organisation=organisation, email=ADDRESS)
    officer.groups.clear()
    officer.user_permissions.set(
        Permission.objects.filter(codename__in=["view_organisation", "change_organisation"])
    )
    page = reverse("admin:organisations_organisation_change", args=[organisation.pk])
    assert "E-Mails an die Menschen" not in client_for(officer).get(page).content.decode()


def test_it_is_forgotten_a_week_after_a_mail_arrived(db, time_machine):
    returned()
    assert list(bounces.returning_since([ADDRESS])) == [ADDRESS]
    time_machine.move_to("2026-05-04 12:00:00+02:00", tick=False)
    with transaction.atomic():
        message = mail.queue_mail(
            key="new", to=ADDRESS, mail="", language="de", context={}, subject_body=("A", "B")
        )
    now = timezone.now()
    OutboxMessage.objects.filter(pk=message.pk).update(state="sent", sent_at=now, sending_since=now)
    assert bounces.returning_since([ADDRESS])
    time_machine.move_to("2026-05-12 12:00:00+02:00", tick=False)
    assert bounces.returning_since([ADDRESS]) == {}
