import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from actions.models import Campaign
from meetings import collisions
from tests.factories import make_campaign

ADD = "admin:actions_campaign_add"


@pytest.fixture
def office(client_for, officer, network):
    return client_for(officer)


def filled(**values: str) -> dict[str, str]:
    return {
        "name": "Interkulturelle Woche",
        "year": "2027",
        "starts_on": "2027-09-25",
        "ends_on": "2027-10-03",
        "entries_until": "2027-06-30",
        "motto": "Dafür!",
        "translation_en_name": "Intercultural Week",
    } | values


def test_the_office_sets_a_campaign(office):
    office.post(reverse(ADD), filled())
    campaign = Campaign.objects.get()
    assert (campaign.slug, campaign.entries_until) == (
        "interkulturelle-woche-2027", datetime.date(2027, 6, 30),
    )  # fmt: skip
    assert campaign.translated("name", "en") == "Intercultural Week"
    change = reverse("admin:actions_campaign_change", args=[campaign.pk])
    office.post(change, filled(name="Woche der Vielfalt"))
    campaign.refresh_from_db()
    assert str(campaign) == "Woche der Vielfalt 2027"
    assert campaign.slug == "interkulturelle-woche-2027"  # it may be printed already
    assert campaign.history.count() == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"ends_on": "2027-09-24"}, "Der letzte Tag darf nicht vor dem ersten liegen."),
        ({"year": "2026"}, "Die Tage liegen nicht im Jahr 2026."),
        ({"ends_on": "2029-10-03"}, "Das ist länger als ein Jahr."),
        ({"entries_until": "2027-12-01"}, "Eintragen kann man höchstens"),
        ({"name": " "}, "Bitte geben Sie einen Namen an."),
        ({"introduction": "x" * 5001}, "5000"),
    ],
)
def test_typing_errors_are_said_and_change_nothing(office, values, said):
    html = office.post(reverse(ADD), filled(**values)).content.decode()
    assert said in html
    assert not Campaign.objects.exists()


def test_the_same_campaign_is_set_once_a_year(office):
    make_campaign()
    html = office.post(reverse(ADD), filled()).content.decode()
    assert "Diesen Zeitraum gibt es in dem Jahr schon." in html
    with pytest.raises(IntegrityError), transaction.atomic():
        make_campaign()


@pytest.mark.parametrize(
    ("first", "last", "meets"),
    [
        ("2027-09-24", "2027-09-24", False),
        ("2027-09-20", "2027-09-25", True),
        ("2027-09-28", "2027-09-28", True),
        ("2027-10-03", "2027-10-09", True),
        ("2027-10-04", "2027-10-04", False),
    ],
)
def test_whoever_plans_a_meeting_sees_it(db, first, last, meets):
    make_campaign()
    days = [datetime.date.fromisoformat(day) for day in (first, last)]
    found = [one for one in collisions.between(*days) if one.kind == collisions.CAMPAIGN]
    assert [str(one.label) for one in found] == (["Interkulturelle Woche 2027"] if meets else [])
