"""What the network's profile tells the planning of meetings."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from meetings import collisions
from meetings.models import SchoolHoliday
from meetings.services import year
from portal.models import NetworkProfile
from tests.factories import make_network

PROFILE = ["--name=Netz", "--county=Musterkreis", "--contact-email=amt@example.org"]


def test_the_profile_says_which_land_and_how_many_meetings(db):
    assert (collisions.federal_state(), year.target()) == ("", 3)
    make_network(federal_state="HE", meetings_per_year=4)
    assert (collisions.federal_state(), year.target()) == ("HE", 4)
    make_network(federal_state="BW", meetings_per_year=0)
    assert (collisions.federal_state(), year.target()) == ("BW", 0)


@pytest.mark.parametrize(("state", "has_holidays"), [("BW", True), ("HE", False)])
def test_a_new_portal_begins_with_the_holidays_of_its_land(db, state, has_holidays):
    call_command("setup_network", *PROFILE, "--federal-state", state)
    assert NetworkProfile.objects.get().federal_state == state
    assert SchoolHoliday.objects.exists() is has_holidays


def test_there_are_sixteen_of_them(db):
    with pytest.raises(CommandError):
        call_command("setup_network", *PROFILE, "--federal-state", "XX")
    assert not NetworkProfile.objects.exists()
    assert len(NetworkProfile.FederalState.values) == 16
