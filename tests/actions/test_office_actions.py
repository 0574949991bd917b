"""Joint actions at the officer's desk: found, checked, decided about, put back."""

import datetime
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from actions.models import ActionResult, Campaign, JointAction
from actions.services import details, joint_actions, restoring
from core import background
from core.models import OutboxMessage
from meetings import collisions
from tests.factories import (
    make_campaign,
    make_contribution,
    make_joint_action,
    make_organisation,
    make_representative,
    make_user,
)

State = JointAction.State
LIST = "admin:actions_jointaction_changelist"


@pytest.fixture
def office(client_for, officer, network):
    return client_for(officer)


@pytest.fixture
def partner(db):
    """A partner's representative."""
    organisation = make_organisation(name="Café Welt")
    user = make_user(email="partner@example.org", name="Pia Partner")
    make_representative(user=user, organisation=organisation)
    return user


@pytest.fixture
def action(organisation, manager, partner):
    """Given to the officer to check."""
    return make_joint_action(
        lead=organisation,
        partners=[partner.representations.get().organisation],
        title="Fest der Kulturen",
        submitted_at=timezone.now(),
    )


def review(action, query: str = "") -> str:
    return reverse("admin:actions_jointaction_review", args=[action.pk]) + query


def decide(office, action, decision: str, **answers: str):
    """Open the decision, and send what its page offers with these answers."""
    page = office.get(review(action, f"?entscheidung={decision}"))
    seen = page.context["form"]["seen"].value()
    return office.post(review(action), {"decision": decision, "seen": seen} | answers)


def mails(name: str) -> set[str]:
    return set(OutboxMessage.objects.filter(mail=f"actions/{name}").values_list("to", flat=True))


# --- One action -----------------------------------------------------------------------------------
def test_the_officer_sees_all_of_it_and_confirms(office, action, manager, partner):
    make_contribution(action=action, what="Zehn Tische")
    page = office.get(review(action)).text
    for text in ("Fest der Kulturen", "Gemeindehaus", "Café Welt", "wartet auf Sie", "1 Beitrag"):
        assert text in page
    preview = office.get(review(action, "?entscheidung=bestaetigen")).text
    assert "2 Personen bekommen eine E-Mail" in preview
    assert "Pia Partner" in preview
    assert not mails("confirmed")
    answer = decide(office, action, "bestaetigen")
    assert answer.url == reverse("admin:index")
    action.refresh_from_db()
    assert (action.state, action.submitted_at) == (State.CONFIRMED, None)
    assert mails("confirmed") == {manager.email, partner.email}
    again = office.post(review(action), {"decision": "bestaetigen"}, follow=True).text
    assert "hat den Stand „Bestätigt“" in again
    assert OutboxMessage.objects.filter(mail="actions/confirmed").count() == 2


def test_what_is_missing_is_said_and_cannot_be_confirmed(office, action):
    JointAction.objects.filter(pk=action.pk).update(summary="", place="", address="")
    page = office.get(review(action, "?entscheidung=bestaetigen"), follow=True).text
    assert "Der Ort fehlt." in page
    assert "?entscheidung=bestaetigen#" not in page
    office.post(review(action), {"decision": "bestaetigen"})
    action.refresh_from_db()
    assert action.state == State.PLANNING


def test_the_lead_is_asked_back(office, action, manager):
    empty = decide(office, action, "rueckfrage", note=" ")
    assert "Bitte schreiben Sie, was Sie wissen möchten." in empty.text
    assert not mails("returned")
    decide(office, action, "rueckfrage", note="Ist der Saal gebucht?")
    action.refresh_from_db()
    assert (action.returned_note, action.is_waiting) == ("Ist der Saal gebucht?", False)
    assert mails("returned") == {manager.email}
    assert "Ist der Saal gebucht?" in office.get(review(action)).text


def test_what_was_changed_meanwhile_is_told_once(office, action, manager):
    seen = str(action.version)
    joint_actions.change(
        action=action, values={"title": "Fest der Tänze"}, seen_version=action.version, by=manager
    )
    sent = {"decision": "rueckfrage", "seen": seen, "note": "Wo?"}
    page = office.post(review(action), sent)
    assert "Inzwischen ist an der Aktion etwas geändert." in page.text
    assert "Wo?</textarea>" in page.text
    assert not mails("returned")
    office.post(review(action), sent | {"seen": page.context["form"]["seen"].value()})
    assert mails("returned") == {manager.email}


@pytest.mark.parametrize(
    ("decision", "answers", "state", "is_public", "mail"),
    [
        ("zuruecknehmen", {"reason": "Der Ort ist unsicher."}, "planning", False, "taken_back"),
        ("absagen", {"reason": "Sturm"}, "cancelled", True, "cancelled"),
    ],
)
def test_a_public_one_is_taken_back_or_cancelled(
    office, organisation, manager, decision, answers, state, is_public, mail
):
    action = make_joint_action(lead=organisation, state="confirmed")
    decide(office, action, decision, **answers)
    action.refresh_from_db()
    assert (action.state, action.is_public) == (state, is_public)
    assert mails(mail) == {manager.email}
    assert answers["reason"] in OutboxMessage.objects.get(mail=f"actions/{mail}").text_body


def test_cancelling_needs_a_reason_and_can_be_undone(office, action):
    page = decide(office, action, "absagen", reason="")
    assert "Bitte schreiben Sie einen Satz zum Grund." in page.text
    decide(office, action, "absagen", reason="Kein Raum")
    assert "Kein Raum" in office.get(review(action)).text
    decide(office, action, "wieder-planen")
    action.refresh_from_db()
    assert action.state == State.PLANNING


# --- The list -------------------------------------------------------------------------------------
def test_the_list_finds_what_waits(office, action, organisation):
    make_joint_action(title="Andere Aktion", state="confirmed")
    idea = make_joint_action(title="Ohne Leitung", state="idea", dates=[])
    for query, found in (
        ("wartet=team", {action.pk}),
        ("wartet=leitung", {idea.pk}),
        ("zeit=offen", {idea.pk}),
        (f"leitung={organisation.pk}", {action.pk}),
        ("q=cafe welt", {action.pk}),
        ("state__exact=planning", {action.pk}),
    ):
        page = office.get(f"{reverse(LIST)}?{query}")
        assert {row.pk for row in page.context["cl"].result_list} == found, query
    assert review(action) in page.text
    table = office.get(reverse("admin:actions_jointaction_export", args=["alles", "csv"]))
    text = b"".join(table.streaming_content).decode() if table.streaming else table.text
    assert "Café Welt" in text
    assert organisation.name in text


@pytest.mark.parametrize("number", [1, 30])
def test_pages_cost_the_same_for_many(number, office, organisation, partner):
    campaign = make_campaign()
    rows = [
        make_joint_action(
            lead=organisation,
            partners=[partner.representations.get().organisation],
            campaign=campaign,
            submitted_at=timezone.now(),
        )
        for _number in range(number)
    ]
    overview = reverse("admin:actions_campaign_overview", args=[campaign.pk])
    preview = {"action": "confirm", "_selected_action": [row.pk for row in rows]}
    office.get(reverse(LIST))  # what the process remembers
    counts = []
    for ask in (
        lambda: office.get(reverse(LIST)),
        lambda: office.get(overview),
        lambda: office.post(reverse(LIST), preview),
    ):
        with CaptureQueriesContext(connection) as asked:
            assert rows[0].title in ask().text
        counts.append(len(asked))
    assert counts == [30, 18, 17]


def test_many_are_confirmed_after_a_preview(office, action, manager, partner):
    incomplete = make_joint_action(title="Noch unfertig", dates=[])
    chosen = {"action": "confirm", "_selected_action": [action.pk, incomplete.pk]}
    page = office.post(reverse(LIST), chosen)
    assert "Es gehen 2 E-Mails hinaus." in page.text
    assert "Ein Termin fehlt." in page.text
    assert not JointAction.objects.public().exists()
    office.post(reverse(LIST), chosen | {"_confirmed": "1"})
    assert JointAction.objects.public().get() == action
    assert mails("confirmed") == {manager.email, partner.email}


# --- History --------------------------------------------------------------------------------------
def test_one_field_is_put_back(office, action, manager, officer):
    change = {"title": "Fest der Tänze", "place": "Scheune"}
    joint_actions.change(action=action, values=change, seen_version=action.version, by=manager)
    page = office.get(reverse("admin:actions_jointaction_history", args=[action.pk])).text
    way = re.search(r'href="([^"]+\?feld=title)"', page)[1]
    preview = office.get(way)
    assert "Fest der Kulturen" in preview.text
    assert "Scheune" not in preview.text
    seen = preview.context["plan"].seen
    joint_actions.change(action=action, values={"title": "Drittes"}, seen_version=seen, by=officer)
    told = office.post(way, {"feld": "title", "seen": seen})
    assert "Inzwischen geändert" in told.text
    office.post(way, {"feld": "title", "seen": told.context["plan"].seen})
    action.refresh_from_db()
    assert (action.title, action.place) == ("Fest der Kulturen", "Scheune")
    assert "Zurückgesetzt auf den Stand" in action.history.first().history_change_reason


def test_dates_are_put_back_and_keep_their_calendar_entries(action, manager, officer):
    action = joint_actions.change(
        action=action, values={"summary": "Neu"}, seen_version=action.version, by=manager
    )
    entry = action.history.first()
    uid = action.dates.get().uid
    old = details.dates_of(action)
    moved = [old[0]._replace(ends_at=old[0].ends_at + datetime.timedelta(hours=1))]
    action = joint_actions.change(
        action=action, values={"dates": moved}, seen_version=action.version, by=manager
    )
    args = {"action": action, "entry": entry, "only": ["dates"]}
    with pytest.raises(PermissionDenied):
        restoring.put_back(**args, seen_version=action.version, by=manager)
    assert restoring.put_back(**args, seen_version=action.version, by=officer) == ["Termine"]
    assert details.dates_of(action) == old
    assert action.dates.get().uid == uid


# --- Campaigns ------------------------------------------------------------------------------------
def test_a_campaign_shows_what_is_entered_and_missing(office, organisation):
    campaign = make_campaign()
    day = timezone.make_aware(datetime.datetime.combine(campaign.starts_on, datetime.time(18)))
    late = day + datetime.timedelta(hours=8)
    days = day + datetime.timedelta(days=2)
    for fields in (
        {"title": "Nachttanz", "dates": [(day, late)], "state": "confirmed"},
        {"title": "Ausstellung", "dates": [(day, days)], "state": "confirmed"},
        {"title": "Lesung", "dates": []},
        {"title": "Fest", "state": "cancelled"},
    ):
        make_joint_action(lead=organisation, campaign=campaign, **fields)
    make_joint_action(title="Nebenbei", dates=[(day, late)])
    page = office.get(reverse("admin:actions_campaign_overview", args=[campaign.pk]))
    numbers = {one.label: one.number for one in page.context["numbers"] if one.number}
    assert numbers == {"in Planung": 1, "bestätigt": 2, "abgesagt": 1}
    assert [one.confirmed for one in page.context["days"]][:4] == [2, 1, 1, 0]
    assert "Ein Termin fehlt." in page.text
    assert "Nebenbei" in page.text
    change = reverse("admin:actions_campaign_delete", args=[campaign.pk])
    assert office.post(change, {"post": "yes"}).status_code == 404
    assert Campaign.objects.exists()


# --- What waits, and what meetings fall on --------------------------------------------------------
def test_the_start_page_says_what_waits(office, action):
    make_joint_action(state="idea", dates=[])
    done = make_joint_action(title="Sommerfest", state="done")
    begins = timezone.now() - datetime.timedelta(days=20)
    done.dates.update(starts_at=begins, ends_at=begins + datetime.timedelta(hours=2))
    campaign = make_campaign()
    task = background.start(
        "actions.brochure", key=f"brochure:{campaign.pk}:de",
        argument={"campaign": campaign.pk, "language": "de"},
    )  # fmt: skip
    type(task).objects.update(state="failed", error="Zu lang", ended_at=timezone.now())
    page = office.get(reverse("admin:index")).text
    for text in (
        review(action),
        "1 Aktion sucht eine Leitung.",
        reverse("actions:result", args=[done.slug]),
        "Zu lang",
    ):
        assert text in page
    ActionResult.objects.create(action=done, visitors=80)
    assert (
        reverse("actions:result", args=[done.slug]) not in office.get(reverse("admin:index")).text
    )


def test_whoever_plans_a_meeting_sees_actions(db, organisation):
    day = datetime.date(2027, 9, 25)
    begin = timezone.make_aware(datetime.datetime.combine(day, datetime.time(20)))
    late = begin + datetime.timedelta(hours=5)
    week = begin + datetime.timedelta(days=7)
    make_joint_action(title="Tanz", lead=organisation, dates=[(begin, late), (begin, week)])
    make_joint_action(title="Abgesagt", lead=organisation, dates=[(begin, late)], state="cancelled")

    def found() -> list[tuple[str, bool]]:
        return [
            (str(one.label), one.is_heavy)
            for one in collisions.between(day, day)
            if one.kind == collisions.ACTION
        ]

    assert found() == [("Tanz", True), ("Tanz", False)]
    for _number in range(3):
        make_joint_action(lead=organisation, dates=[(begin, late)])
    assert found() == [("4 gemeinsame Aktionen", True), ("Tanz", False)]
    next_day = day + datetime.timedelta(days=1)
    assert [one.is_heavy for one in collisions.between(next_day, next_day)
            if one.kind == collisions.ACTION] == [False]  # fmt: skip
