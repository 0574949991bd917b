"""Who brings what: the table that all who take part write together."""

import datetime
import re
import time
import uuid
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from actions.models import Contribution, Participation, Pledge
from actions.services import contributions, people
from core import jobs
from core.errors import Conflict, Refused
from core.models import OutboxMessage
from tests import factories as make
from tests import together


@pytest.fixture
def other(db):
    return make.make_organisation(name="Club Italia")


@pytest.fixture
def partner(other):
    user = make.make_user(email="club@example.org", name="Carla Club")
    return make.make_representative(organisation=other, user=user).user


@pytest.fixture
def action(organisation, other):
    return make.make_joint_action(lead=organisation, partners=[other], slug="fest")


@pytest.fixture
def need(action):
    return make.make_contribution(action=action, what="Kuchen", amount=10, unit="Stück")


def page(name: str = "contributions", **more) -> str:
    return reverse(f"actions:{name}", kwargs={"slug": "fest"} | more)


def typed(**more) -> dict:
    return {"what": "Bühne", "kind": "equipment", "amount": "1"} | more


def promise(client, need, organisation, **more):
    shown = client.get(page())
    form = next(
        form
        for line in shown.context["lines"]
        for form in line.forms
        if (line.need, form.organisation) == (need, organisation)
    )
    data = {"amount": "3", "person": "Fatma", "seen": form["seen"].value()} | more
    return client.post(
        page(), data | {"pledge": need.pk, "organisation": organisation.pk}, follow=True
    )


def mails(name: str) -> list[str]:
    found = OutboxMessage.objects.filter(mail=f"actions/{name}")
    return sorted(found.values_list("to", flat=True))


# --- What is needed -------------------------------------------------------------------------------
def test_shifts_follow_one_another_and_twice_is_once(action, partner, client_for):
    client = client_for(partner)
    first = typed(
        what="Aufbau", kind="people", amount="3", again="1", creation_key=str(uuid.uuid4()),
        starts_at="2027-10-31T01:00", ends_at="2027-10-31T04:00",
    )  # fmt: skip
    for _twice in range(2):
        answer = client.post(page("contribution_add"), first)
    shift = Contribution.objects.get()
    # On the night the clocks go back these are four hours.
    assert shift.ends_at - shift.starts_at == datetime.timedelta(hours=4)
    form = client.get(answer["Location"]).context["form"]
    assert form["what"].value() == "Aufbau"
    assert form["starts_at"].value() == datetime.datetime(2027, 10, 31, 4)
    assert "Schicht: " in client.get(page()).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"what": ""}, "Bitte schreiben Sie, was gebraucht wird."),
        ({"what": "!!!"}, "Bitte schreiben Sie hier Wörter"),
        ({"amount": "0"}, "1"),
        ({"amount": "viele"}, "ganze Zahl"),
        ({"starts_at": "2027-09-25T10:00"}, "wann die Schicht endet"),
        (
            {"starts_at": "2027-09-25T10:00", "ends_at": "2027-09-25T09:00"},
            "nach ihrem Beginn enden",
        ),
        ({"due_on": "0207-09-25"}, "Jahreszahl"),
        ({"starts_at": "0001-01-01T00:00", "ends_at": "9999-12-31T23:59"}, "Jahreszahl"),
        ({"note": "x" * 100_000}, "300"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(action, partner, client_for, wrong, words):
    text = (
        client_for(partner)
        .post(page("contribution_add"), typed(unit="Quadratmeter") | wrong)
        .content.decode()
    )
    assert words in text
    assert "Quadratmeter" in text
    assert not Contribution.objects.exists()


def test_two_at_the_same_row_are_told_and_nothing_is_lost(
    need, manager, partner, client_for, time_machine
):
    one, two = client_for(manager), client_for(partner)
    address = page("contribution_change", pk=need.pk)
    forms = [client.get(address).context["form"] for client in (one, two)]
    data = [
        {name: form[name].value() or "" for name in form.fields} | {"creation_key": ""}
        for form in forms
    ]
    one.post(address, data[0] | {"what": "Kuchen ohne Ei", "unit": "Bleche"})
    # Another field does not hurt …
    two.post(address, data[1] | {"amount": "12"})
    need.refresh_from_db()
    assert (need.what, need.amount, need.unit) == ("Kuchen ohne Ei", 12, "Bleche")
    # … the same one does.
    answer = two.post(address, data[1] | {"what": "Torten"})
    text = answer.content.decode()
    assert "inzwischen geändert" in text
    assert "Kuchen ohne Ei" in text
    assert 'value="Torten"' in text
    form = answer.context["form"]
    two.post(address, {name: form[name].value() or "" for name in form.fields})
    need.refresh_from_db()
    assert need.what == "Torten"
    assert need.history.filter(what="Kuchen ohne Ei").exists()


def test_what_was_typed_about_a_row_that_is_gone_becomes_a_new_one(need, partner, client_for):
    client = client_for(partner)
    address = page("contribution_change", pk=need.pk)
    contributions.remove(contribution=need, by=partner)
    answer = client.post(address, typed(what="Torten"))
    text = answer.content.decode()
    assert "inzwischen gestrichen" in text
    assert 'value="Torten"' in text
    assert f'action="{page("contribution_add")}"' in text


def test_what_others_have_promised_only_the_lead_takes_out(
    need, organisation, manager, partner, other, client_for
):
    contributions.pledge(contribution=need, organisation=other, amount=2, by=partner)
    contributions.pledge(contribution=need, organisation=organisation, amount=2, by=manager)
    address = page("contribution_change", pk=need.pk)
    answer = client_for(partner).post(address, {"remove": "1"}, follow=True)
    assert "Nur die Leitung" in answer.content.decode()
    client_for(manager).post(address, {"remove": "1"})
    assert not Contribution.objects.exists()
    assert mails("contribution_changed") == ["club@example.org"]
    assert "nicht mehr gebraucht" in OutboxMessage.objects.get().text_body


def test_who_has_promised_hears_of_another_day(need, manager, partner, other):
    contributions.pledge(contribution=need, organisation=other, amount=2, by=partner)
    for values in ({"note": "Bitte ohne Nüsse"}, {"due_on": datetime.date(2027, 9, 20)}):
        contributions.change(
            contribution=need, values=values, seen_version=need.version, by=manager
        )
        need.refresh_from_db()
    assert mails("contribution_changed") == ["club@example.org"]
    assert "20. September 2027" in OutboxMessage.objects.get().text_body


# --- What is promised -----------------------------------------------------------------------------
def test_promised_changed_done_and_taken_back(need, partner, other, client_for):
    client = client_for(partner)
    text = promise(client, need, other).content.decode()
    assert "fehlen noch 7 von 10 Stück" in text
    assert "Fatma" in text
    text = promise(client, need, other, amount="12").content.decode()
    assert "Jetzt sind es 12 statt 10" in text
    assert Pledge.objects.get().amount == 12
    buttons = {"organisation": other.pk}
    for _twice in range(2):
        client.post(page(), buttons | {"done": need.pk})
    pledge = Pledge.objects.get()
    assert pledge.done_at is not None
    assert "erledigt" in client.get(page()).content.decode()
    client.post(page(), buttons | {"undone": need.pk})
    for _twice in range(2):
        client.post(page(), buttons | {"withdraw": need.pk})
    assert not Pledge.objects.exists()
    reasons = Pledge.history.order_by("history_id").values_list("history_change_reason", flat=True)
    assert list(reasons) == [
        "Zugesagt", "Zusage geändert", "Erledigt", "Doch noch offen", "Zusage zurückgezogen",
    ]  # fmt: skip


@pytest.mark.parametrize(("amount", "words"), [("", "wie viel"), ("0", "1"), ("-3", "1")])
def test_a_wrong_number_keeps_the_form_open(need, partner, other, client_for, amount, words):
    answer = promise(client_for(partner), need, other, amount=amount, person="Frau Öz")
    text = answer.content.decode()
    assert answer.context["bound"].errors["amount"]
    assert words in text
    assert 'value="Frau Öz"' in text
    assert re.search(r'<details class="details[^"]*" open>', text)
    assert not Pledge.objects.exists()


def test_two_of_the_same_organisation_are_told(need, partner, other, client_for):
    second = make.make_representative(organisation=other).user
    client = client_for(partner)
    client.get(page())
    contributions.pledge(
        contribution=need, organisation=other, amount=5, person="Ali", by=second, seen="-"
    )
    answer = promise(client, need, other, seen="-")
    text = answer.content.decode()
    assert "Gespeichert ist jetzt: 5, Ali" in text
    assert 'value="Fatma"' in text
    assert Pledge.objects.get().amount == 5
    promise(client, need, other, seen=answer.context["bound"]["seen"].value())
    assert Pledge.objects.get().amount == 3


def test_nobody_promises_for_others_or_takes_theirs_away(
    need, organisation, manager, partner, other, client_for
):
    contributions.pledge(contribution=need, organisation=organisation, amount=1, by=manager)
    client = client_for(partner)
    for verb in ("pledge", "withdraw", "done"):
        data = {verb: need.pk, "organisation": organisation.pk, "amount": "9"}
        assert client.post(page(), data).status_code == 404
    assert Pledge.objects.get().amount == 1
    # The lead may: somebody has to, when a partner is silent.
    contributions.pledge(contribution=need, organisation=other, amount=2, by=partner)
    client_for(manager).post(page(), {"withdraw": need.pk, "organisation": other.pk})
    assert Pledge.objects.get().organisation == organisation
    assert mails("contribution_changed") == ["club@example.org"]
    stranger = make.make_organisation()
    user = make.make_representative(organisation=stranger).user
    with pytest.raises(Refused, match="macht hier nicht mit"):
        contributions.pledge(contribution=need, organisation=stranger, amount=1, by=user)


@pytest.mark.parametrize("state", ["cancelled", "done"])
def test_what_is_over_is_only_read(need, action, partner, other, client_for, state):
    type(action).objects.filter(pk=action.pk).update(state=state, published_at=timezone.now())
    client = client_for(partner)
    answer = client.post(
        page(), {"pledge": need.pk, "organisation": other.pk, "amount": "1"}, follow=True
    )
    assert any(word in answer.content.decode() for word in ("abgesagt", "vorbei"))
    assert "Das übernehmen wir" not in answer.content.decode()
    assert not Pledge.objects.exists()


@pytest.mark.parametrize("key", ["9" * 30, "x", "\x00", "-1", ""])
def test_hostile_keys_find_nothing(need, partner, other, client_for, key):
    client = client_for(partner)
    for data in (
        {"pledge": key, "organisation": other.pk, "amount": "1"},
        {"pledge": need.pk, "organisation": key, "amount": "1"},
        {"done": key, "organisation": key},
    ):
        assert client.post(page(), data).status_code in {302, 404}
    for address in (f"{page('contribution_add')}?wie={key}", f"{page()}?seite={key}&zeigen={key}"):
        assert client.get(address).status_code in {200, 400}
    assert client.get(f"{page('join')}?beitrag={key}").status_code in {200, 400}
    assert not Pledge.objects.exists()


def test_a_promise_typed_before_the_log_in_is_there_afterwards(need, partner, other, client_for):
    client = client_for(partner)
    session = client.session
    typed_before = {
        "pledge": need.pk, "organisation": other.pk, "amount": "7", "person": "Frau Öz", "seen": "-"
    }  # fmt: skip
    session["core_resume"] = {
        "path": page(), "data": urlencode(typed_before), "files": False, "owner": str(partner.pk),
        "at": time.time(),
    }  # fmt: skip
    session.save()
    text = client.get(page()).content.decode()
    assert 'value="7"' in text
    assert 'value="Frau Öz"' in text


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one_promise(need, partner, other):
    """Two of one organisation press the button at the same moment: one wins, one is told."""
    second = make.make_representative(organisation=other).user

    def promise_of(user, amount: int) -> None:
        contributions.pledge(
            contribution=need, organisation=other, amount=amount, by=user, seen="-"
        )

    raised = together.threads(lambda: promise_of(partner, 3), lambda: promise_of(second, 5))
    assert [type(error) for error in raised] == [Conflict]
    assert Pledge.objects.count() == 1


# --- The whole network ----------------------------------------------------------------------------
def test_open_ones_are_known_to_the_whole_network(need, action, other, partner, client_for):
    contributions.pledge(contribution=need, organisation=other, amount=4, by=partner)
    full = make.make_contribution(action=action, what="Strom", pledges=[(other, 1)])
    past = make.make_joint_action(state="done")
    make.make_contribution(action=past, what="Vorbei")
    member = make.make_representative(organisation=make.make_organisation()).user
    answer = client_for(member).get("/de/aktionen/beitraege/")
    text = answer.content.decode()
    assert "fehlen noch 6 von 10 Stück" in text
    assert f"{page('join')}?beitrag={need.pk}" in text
    assert full.what not in text
    assert "Vorbei" not in text
    assert (
        "Kuchen" not in client_for(member).get("/de/aktionen/beitraege/?art=money").content.decode()
    )
    # Who takes part writes in the table itself.
    text = client_for(partner).get("/de/aktionen/beitraege/").content.decode()
    assert f"{page()}#beitrag-{need.pk}" in text


@pytest.mark.parametrize("address", ["/de/aktionen/fest/beitraege/", "/de/aktionen/beitraege/"])
def test_many_rows_cost_as_many_queries_as_one(
    action, other, partner, client_for, address, django_assert_max_num_queries
):
    client = client_for(partner)
    for number in (1, 30):
        while action.contributions.count() < number:
            one = make.make_contribution(action=action, amount=5, pledges=[(other, 1)])
            make.make_joint_action(lead=other)
            one.pledges.create(organisation=make.make_organisation(), amount=1)
        with django_assert_max_num_queries(17):
            text = client.get(address).content.decode()
        assert text.count("fehlen noch 3 von 5") == min(number, 20 if "fest" not in address else 40)


# --- Reminders ------------------------------------------------------------------------------------
def reminders() -> int:
    contributions.remind_due()
    return OutboxMessage.objects.filter(mail="actions/contribution_due").count()


def test_each_reminder_goes_out_once(need, action, partner, other, time_machine):
    time_machine.move_to("2027-08-01 10:00Z")
    need.due_on = datetime.date(2027, 9, 20)
    need.save()
    contributions.pledge(contribution=need, organisation=other, amount=2, by=partner)
    assert "actions.contributions" in jobs.tasks
    sent = {}
    for day in ("2027-09-12", "2027-09-13", "2027-09-14", "2027-09-20", "2027-09-21", "2027-09-25"):
        time_machine.move_to(f"{day} 10:00Z")
        sent[day] = reminders()
    assert list(sent.values()) == [0, 1, 1, 1, 2, 2]
    subjects = OutboxMessage.objects.order_by("pk").values_list("subject", flat=True)
    assert list(subjects) == [
        "Erinnerung bis 20. September 2027: Kuchen (2 Stück)", "Noch offen: Kuchen (2 Stück)",
    ]  # fmt: skip


@pytest.mark.parametrize("case", ["done", "cancelled", "gone", "fresh", "shift over"])
def test_nobody_is_reminded_of_what_is_settled(need, action, partner, other, time_machine, case):
    time_machine.move_to("2027-09-19 10:00Z" if case == "fresh" else "2027-08-01 10:00Z")
    need.due_on = datetime.date(2027, 9, 20)
    if case == "shift over":
        need.due_on = None
        need.starts_at = datetime.datetime(2027, 9, 18, 10, tzinfo=datetime.UTC)
        need.ends_at = need.starts_at + datetime.timedelta(hours=2)
    need.save()
    contributions.pledge(contribution=need, organisation=other, amount=2, by=partner)
    if case == "done":
        contributions.set_done(contribution=need, organisation=other, is_done=True, by=partner)
    elif case == "cancelled":
        type(action).objects.filter(pk=action.pk).update(state="cancelled")
    elif case == "gone":
        other.representatives.all().delete()
    time_machine.move_to("2027-09-19 10:00Z")
    assert reminders() == 0


# --- The next time --------------------------------------------------------------------------------
def test_the_next_action_begins_with_what_this_one_needed(organisation, other, manager):
    def action(year: int):
        begins = datetime.datetime(year, 9, 25, 15, tzinfo=timezone.get_current_timezone())
        return make.make_joint_action(
            lead=organisation, dates=[(begins, begins + datetime.timedelta(hours=3))]
        )

    old, new = action(2026), action(2027)
    begins = old.dates.get().starts_at
    make.make_contribution(
        action=old, what="Aufbau", starts_at=begins, ends_at=begins + datetime.timedelta(hours=1),
        due_on=datetime.date(2026, 9, 20), pledges=[(other, 1)],
    )  # fmt: skip
    for _twice, number in ((1, 1), (2, 0)):
        assert contributions.copy(source=old, target=new, by=manager) == number
    copied = new.contributions.get()
    assert copied.starts_at == new.dates.get().starts_at
    assert copied.due_on == datetime.date(2027, 9, 20)
    assert not copied.pledges.exists()


# --- Messages to all ------------------------------------------------------------------------------
def test_a_message_reaches_all_who_take_part_once(
    action, organisation, manager, editor, partner, client_for
):
    invited = make.make_organisation()
    make.make_representative(organisation=invited)
    make.make_participation(action=action, organisation=invited, state=Participation.State.INVITED)
    client = client_for(manager)
    form = client.get(page("messages")).context["form"]
    data = {"text": "Treffen am Montag!", "creation_key": form["creation_key"].value()}
    for _twice in range(2):
        client.post(page("messages"), data)
    assert mails("message") == ["club@example.org", "redaktion@example.org"]
    body = OutboxMessage.objects.first().text_body
    assert "Mina Leitung (Haus der Musik e. V.) schreibt" in body.replace("\u2060", "")
    assert "Treffen am Montag!" in body
    assert "Treffen am Montag!" in client_for(partner).get(page("messages")).content.decode()
    assert len(people.of_action(action)) == 3


def test_too_many_messages_wait_and_the_text_stays(action, manager, client_for):
    client = client_for(manager)
    for number in range(7):
        answer = client.post(
            page("messages"), {"text": f"Nummer {number}", "creation_key": str(uuid.uuid4())}
        )
    text = answer.content.decode()
    assert "senden Sie ihn später" in text
    assert "Nummer 6" in text
    assert action.messages.count() == 5
