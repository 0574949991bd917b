"""From the first line of a registration to the officer's list."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core.models import OutboxMessage
from organisations.models import Organisation, Representative
from organisations.services import registration
from tests.factories import make_contact, make_municipality, make_topic

pytestmark = pytest.mark.django_db

REGISTER = reverse("organisations:register")


def test_whole_way(client_for, outsider, officer, network):
    client = client_for(outsider)
    page = client.get(REGISTER)
    data = {"name": "Frauenchor Harmonie", "kind": "initiative",
            "creation_key": page.context["form"]["creation_key"].value()}
    answer = client.post(REGISTER, data)
    organisation = Organisation.objects.get()
    assert answer.url == reverse("organisations:tasks", args=[organisation.pk])
    for step in registration.STEPS:
        page = client.get(reverse("organisations:step", args=[organisation.pk, step]))
        assert page.status_code == 200, step
