"""When those who manage an organisation seem to be gone: who is asked, and what an answer does."""

import datetime
from collections import Counter

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts import own_data
from accounts.models import User
from core.errors import Refused
from core.models import OutboxMessage
from organisations.models import Organisation, Representative, Succession, SuccessionAsk
from organisations.services import decisions, reach, succession
from tests.factories import make_organisation, make_representative, make_user

pytestmark = pytest.mark.django_db
State = Succession.State
Role = Representative.Role

DAY = datetime.timedelta(days=1)


@pytest.fixture
def clock(time_machine):
    time_machine.move_to("2026-03-02 09:00Z", tick=False)
    return time_machine


def last_seen(user: User, months_ago: int) -> User:
    day = timezone.localdate() - months_ago * 31 * DAY
    User.objects.filter(pk=user.pk).update(last_seen_on=day, date_joined=timezone.now())
    user.refresh_from_db()
    return user


@pytest.fixture
def gone(clock, manager) -> User:
    """The manager of `organisation` has not come for 19 months."""
    return last_seen(manager, 19)


def mails(kind: str = "") -> list[tuple[str, str]]:
    rows = OutboxMessage.objects.filter(mail__contains=kind).order_by("pk")
    return [(row.mail.removeprefix("organisations/"), row.to) for row in rows]


def token_of(mail: str) -> str:
    message = OutboxMessage.objects.filter(mail=f"organisations/{mail}").latest("pk")
    return message.text_body.split("/nachfolge/")[1].split("/")[0]


def answer(mail: str, agreed: bool) -> bool:
    ask = succession.find(token_of(mail))
    assert ask is not None
    return succession.answer(ask=ask, agreed=agreed)


def days(clock, number: int) -> Counter:
    counts: Counter = Counter()
    for _day in range(number):
        clock.shift(DAY)
        counts.update(succession.ask_due())
    return counts


def role_of(user: User) -> str:
    return Representative.objects.get(user=user).role


class TestAsking:
    def test_first_the_manager_then_the_next_then_the_officer(
        self, clock, organisation, gone, editor
    ):
        other = make_representative(organisation=organisation, role=Role.EDITOR).user
        last_seen(editor, 3)
        assert succession.ask_due() == {"asked": 1}
        assert days(clock, 60) == {"asked": 2, "unanswered": 1}
        assert mails() == [
            ("still_there", gone.email),
            ("take_over", other.email),
            ("take_over", editor.email),
        ]
        assert succession.waiting().get().organisation == organisation
        # Nobody has lost anything, and nobody is asked again while it is the officer's.
        assert (role_of(gone), role_of(editor), role_of(other)) == ("manager", "editor", "editor")
        assert days(clock, 400) == {}

    def test_17_months_are_no_cause(self, clock, organisation, manager):
        last_seen(manager, 17)
        assert succession.ask_due() == {}

    def test_nor_is_one_of_two_managers(self, clock, organisation, gone):
        make_representative(organisation=organisation)
        assert succession.ask_due() == {}

    def test_nor_an_organisation_that_nobody_ever_spoke_for(self, clock):
        make_organisation()
        assert succession.ask_due() == {}

    @pytest.mark.parametrize("state", ["paused", "archived", "draft"])
    def test_nor_one_that_is_not_active(self, clock, gone, organisation, state):
        Organisation.objects.filter(pk=organisation.pk).update(state=state)
        assert succession.ask_due() == {}

    def test_a_mailbox_that_takes_no_mails_counts_after_two_weeks(
        self, clock, organisation, manager, editor
    ):
        User.objects.filter(pk=manager.pk).update(mail_failed_on=timezone.localdate())
        assert days(clock, 13) == {}
        assert days(clock, 1) == {"asked": 1}
        # The manager cannot be asked, so the next one is, at once.
        assert mails() == [("take_over", editor.email)]

    def test_a_closed_account_counts(self, clock, organisation, manager, editor):
        User.objects.filter(pk=manager.pk).update(is_active=False)
        assert succession.ask_due() == {"asked": 1}
        assert mails() == [("take_over", editor.email)]

    def test_a_mail_that_comes_back_leads_to_the_next_one(self, clock, organisation, gone, editor):
        succession.ask_due()
        succession.came_back(OutboxMessage.objects.get())
        days(clock, 1)
        assert mails() == [("still_there", gone.email), ("take_over", editor.email)]
        OutboxMessage.objects.filter(to=editor.email).update(state=OutboxMessage.State.FAILED)
        assert days(clock, 1) == {"came back": 1, "unanswered": 1}

    def test_twice_on_a_day_is_once(self, clock, organisation, gone):
        succession.ask_due()
        assert succession.ask_due() == {}
        assert len(mails()) == 1

    def test_a_few_a_day(self, clock, manager):
        for _number in range(12):
            make_organisation(manager=manager)
        last_seen(manager, 19)
        assert reach.daily_cap() == 5
        numbers = [succession.ask_due().get("asked", 0)]
        for _day in range(3):
            clock.shift(DAY)
            numbers.append(succession.ask_due().get("asked", 0))
        # `organisation` is one of them.
        assert numbers == [5, 5, 3, 0]

    def test_a_log_in_ends_it(self, clock, organisation, gone, editor, client_for):
        succession.ask_due()
        client_for(gone).get(reverse("accounts:profile"))
        assert days(clock, 1) == {"still_there": 1}
        assert days(clock, 60) == {}

    def test_a_new_manager_ends_it_on_the_officers_list(self, clock, organisation, gone):
        succession.ask_due()
        days(clock, 15)
        assert succession.waiting().exists()
        make_representative(organisation=organisation)
        days(clock, 1)
        assert not succession.waiting().exists()

    def test_an_archived_organisation_ends_it(self, clock, organisation, gone, officer):
        succession.ask_due()
        decisions.archive(organisation=organisation, by=officer)
        assert days(clock, 1) == {"closed": 1}


class TestAnswering:
    def test_still_there(self, clock, organisation, gone, editor):
        succession.ask_due()
        assert answer("still_there", True)
        assert not answer("still_there", True)
        case = Succession.objects.get()
        assert (case.state, case.ended_by) == ("still_there", gone)
        gone.refresh_from_db()
        assert gone.last_seen_on == timezone.localdate()
        assert days(clock, 60) == {}
        assert mails() == [("still_there", gone.email)]

    def test_somebody_who_wants_to_give_it_up_is_taken_at_their_word(
        self, clock, organisation, gone, editor
    ):
        succession.ask_due()
        assert answer("still_there", False)
        days(clock, 1)
        assert mails()[-1] == ("take_over", editor.email)
        assert role_of(gone) == "manager"

    def test_taking_over(self, clock, organisation, gone, editor):
        succession.ask_due()
        days(clock, 14)
        assert answer("take_over", True)
        assert role_of(editor) == "manager"
        assert role_of(gone) == "manager"
        entry = Representative.history.filter(user_id=editor.pk).first()
        assert (entry.history_user, entry.history_change_reason) == (
            editor,
            "Verwaltung übernommen",
        )
        assert Succession.objects.get().state == State.TAKEN_OVER
        assert mails()[-1] == ("taken_over", gone.email)
        assert not answer("take_over", True)
        assert len(mails("taken_over")) == 1
        assert days(clock, 60) == {}

    def test_no_leads_to_the_next_one_and_may_become_yes(self, clock, organisation, gone, editor):
        other = make_representative(organisation=organisation, role=Role.EDITOR).user
        last_seen(other, 3)
        succession.ask_due()
        days(clock, 14)
        declined = token_of("take_over")
        answer("take_over", False)
        days(clock, 1)
        assert mails()[-1] == ("take_over", other.email)
        ask = succession.find(declined)
        assert succession.answer(ask=ask, agreed=True)
        assert role_of(editor) == "manager"
        with pytest.raises(Refused):
            answer("take_over", True)
        assert role_of(other) == "editor"

    def test_a_link_dies_with_the_role(self, clock, organisation, gone, editor):
        succession.ask_due()
        days(clock, 14)
        Representative.objects.filter(user=editor).delete()
        with pytest.raises(Refused):
            answer("take_over", True)
        assert not Representative.objects.filter(user=editor).exists()

    def test_the_officer_takes_it_off_her_list(self, clock, organisation, gone, officer, outsider):
        succession.ask_due()
        days(clock, 15)
        case = succession.waiting().get()
        with pytest.raises(PermissionDenied):
            succession.settle(succession=case, by=outsider)
        assert succession.settle(succession=case, by=officer)
        assert not succession.settle(succession=case, by=officer)
        assert days(clock, 60) == {}


class TestPage:
    @pytest.fixture
    def url(self, clock, organisation, gone, editor) -> str:
        succession.ask_due()
        return reverse("organisations:succession", args=[token_of("still_there")])

    def test_opening_the_link_changes_nothing(self, client, url):
        for method in (client.get, client.head):
            assert method(url).status_code == 200
        assert SuccessionAsk.objects.get().answered_at is None
        assert "Ich bin noch da" in client.get(url).text

    @pytest.mark.parametrize(
        ("said", "shown"), [("yes", "Alles bleibt, wie es ist"), ("no", "Wir fragen jemand")]
    )
    def test_one_tap_without_a_login(self, client, url, said, shown):
        response = client.post(url, {"answer": said}, follow=True)
        assert shown in response.text
        assert SuccessionAsk.objects.get().agreed == (said == "yes")

    def test_nonsense_answers_nothing(self, client, url):
        client.post(url, {"answer": "vielleicht"})
        assert SuccessionAsk.objects.get().answered_at is None

    def test_taking_over_on_the_page(self, client, clock, url, editor, organisation):
        days(clock, 14)
        url = reverse("organisations:succession", args=[token_of("take_over")])
        assert "Möchten Sie die Verwaltung übernehmen?" in client.get(url).text
        assert "Sie verwalten jetzt" in client.post(url, {"answer": "yes"}, follow=True).text
        assert role_of(editor) == "manager"

    def test_an_old_link_says_so(self, client, clock, url, organisation):
        clock.shift(181 * DAY)
        response = client.get(url)
        assert (response.status_code, "Dieser Link gilt nicht mehr" in response.text) == (410, True)
        assert organisation.name not in response.text


def test_her_start_page_leads_to_it_and_it_can_be_settled(
    clock, organisation, gone, officer, client_for
):
    succession.ask_due()
    days(clock, 15)
    client = client_for(officer)
    start = client.get(reverse("admin:index"))
    page = reverse("admin:organisations_succession_change", args=[Succession.objects.get().pk])
    assert "Niemand verwaltet mehr" in start.text
    assert page in start.text
    shown = client.get(page)
    assert gone.email in shown.text
    assert reverse("organisations:people", args=[organisation.pk]) in shown.text
    settle = reverse("admin:organisations_succession_settle", args=[Succession.objects.get().pk])
    assert settle in shown.text
    client.post(settle)
    assert "Niemand verwaltet mehr" not in client.get(reverse("admin:index")).text


def test_own_data_and_erasure_know_the_questions(clock, organisation, gone, editor):
    make_representative(organisation=organisation, user=make_user())
    Representative.objects.filter(organisation=organisation).exclude(user=gone).update(
        role="editor"
    )
    succession.ask_due()
    keys = {section.key for section in own_data.collect(gone)}
    assert "succession_questions" in keys
    Representative.objects.filter(user=editor).update(role="manager")
    own_data.erase(gone)
    assert not SuccessionAsk.objects.exists()
