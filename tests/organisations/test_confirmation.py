"""The yearly "is this still right?": who is asked when, how often, and what an answer does."""

import datetime
from collections import Counter, defaultdict
from itertools import pairwise
from urllib.parse import quote

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import own_data
from accounts import services as accounts
from accounts.models import User
from core import limits
from core.bounces import note_return
from core.errors import Refused
from core.models import OutboxMessage
from organisations.models import Confirmation, ConfirmationAsk, Organisation, ProblemReport
from organisations.services import confirmation, decisions, reach
from tests.factories import (
    make_confirmation,
    make_contact,
    make_organisation,
    make_representative,
    make_succession,
    make_user,
)

pytestmark = pytest.mark.django_db
State = Confirmation.State

START = "2026-03-02 09:00Z"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def clock(time_machine):
    time_machine.move_to(START, tick=False)
    return time_machine


@pytest.fixture
def old(clock, organisation, manager) -> Organisation:
    """An organisation whose confirmation is a year old; `manager` still is there."""
    return due(organisation)


def due(organisation: Organisation, days: int = 365) -> Organisation:
    organisation.confirmed_on = timezone.localdate() - days * DAY
    organisation.save()
    return organisation


def asked() -> list[tuple[int, str]]:
    return list(ConfirmationAsk.objects.order_by("pk").values_list("number", "email"))


def mails() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(mail="organisations/confirm").order_by("pk"))


def days(clock, number: int) -> Counter:
    """Let days pass, with the job running on each."""
    counts: Counter = Counter()
    for _day in range(number):
        clock.shift(DAY)
        counts.update(confirmation.ask_due())
    return counts


def last_token() -> str:
    return mails()[-1].text_body.split("/bestaetigen/")[1].split("/")[0]


def ask_of(token: str) -> ConfirmationAsk:
    found = confirmation.find(token)
    assert found is not None
    return found


class TestAsking:
    def test_a_year_after_the_last_confirmation_the_manager_is_asked(self, old, manager):
        assert confirmation.ask_due() == {"asked": 1}
        (mail,) = mails()
        assert mail.to == manager.email
        assert mail.subject == "Stimmen die Angaben zu „Haus der Musik e. V.“ noch?"
        assert "Name: Haus der Musik" in mail.text_body
        assert "Wir laden alle ein" in mail.text_body
        assert "Sie müssen sich nicht anmelden" in mail.text_body
        assert mail.confidential
        assert last_token() not in str(ConfirmationAsk.objects.values())

    def test_not_a_day_earlier_and_only_active_ones(self, old, manager):
        due(old, 364)
        for state in ("paused", "archived", "submitted"):
            due(make_organisation(state=state, manager=manager), 500)
        assert confirmation.ask_due() == {}

    def test_what_is_not_public_stands_in_no_mail(self, old):
        old.street, old.postal_code, old.place = "Hauptstraße 1", "76437", "Rastatt"
        old.save()
        make_contact(organisation=old, name="Ada Geheim")
        make_contact(organisation=old, name="Berta Bekannt", public=("name",))
        confirmation.ask_due()
        text = mails()[0].text_body
        assert "Berta Bekannt" in text
        for hidden in ("Hauptstraße", "Ada Geheim", "07222"):
            assert hidden not in text

    def test_the_mail_is_in_the_persons_language(self, old, manager):
        manager.language = "en"
        manager.save()
        confirmation.ask_due()
        assert (mails()[0].language, "/en/" in mails()[0].text_body) == ("en", True)

    def test_twice_on_a_day_is_once(self, old):
        confirmation.ask_due()
        assert confirmation.ask_due() == {}
        assert len(mails()) == 1

    def test_two_reminders_and_then_the_officers_list(self, clock, old, manager):
        confirmation.ask_due()
        assert days(clock, 20) == {}
        assert days(clock, 1) == {"asked": 1}
        assert days(clock, 21) == {"asked": 1}
        assert [mail.subject.startswith("Erinnerung") for mail in mails()] == [False, True, True]
        assert not confirmation.waiting().exists()
        assert days(clock, 21) == {"unanswered": 1}
        assert confirmation.waiting().get().organisation == old
        assert days(clock, 300) == {}
        old.refresh_from_db()
        assert (old.state, len(mails())) == ("active", 3)

    def test_a_year_later_it_begins_anew_and_waits_once(self, clock, old):
        confirmation.ask_due()
        days(clock, 365)
        assert Confirmation.objects.filter(state=State.CLOSED).count() == 1
        assert Confirmation.objects.get(state=State.ASKED).asked == 1

    def test_reminders_go_to_nobody_after_an_answer(self, clock, old):
        confirmation.ask_due()
        confirmation.answer(ask=ask_of(last_token()))
        assert days(clock, 100) == {}
        assert len(mails()) == 1

    def test_imported_ones_are_asked_after_two_weeks_and_last(self, clock, old, manager):
        new = make_organisation(manager=manager, confirmed_on=None)
        assert [one.pk for one in confirmation.due(timezone.localdate())] == [old.pk]
        clock.shift(15 * DAY)
        assert [one.pk for one in confirmation.due(timezone.localdate())] == [old.pk, new.pk]

    def test_when_it_is_no_longer_active_the_round_ends(self, clock, old, officer):
        confirmation.ask_due()
        decisions.pause(organisation=old, by=officer)
        assert days(clock, 1) == {"closed": 1}
        assert days(clock, 100) == {}
        decisions.resume(organisation=old, by=officer)
        assert days(clock, 1) == {"asked": 1}

    def test_confirmed_elsewhere_ends_the_round(self, clock, old):
        confirmation.ask_due()
        Organisation.objects.filter(pk=old.pk).update(confirmed_on=timezone.localdate())
        assert days(clock, 30) == {"confirmed": 1}

    def test_one_broken_row_does_not_keep_the_others_waiting(self, old, manager, monkeypatch):
        due(make_organisation(name="Kaputt", manager=manager), 400)
        real = confirmation._ask

        def ask(found, organisation, reader):
            if organisation.name == "Kaputt":
                raise ValueError("broken")
            return real(found, organisation, reader)

        monkeypatch.setattr(confirmation, "_ask", ask)
        assert confirmation.ask_due() == {"failed": 1, "asked": 1}
        assert Confirmation.objects.get().organisation == old


class TestWho:
    def test_managers_then_editors_then_contacts_then_the_organisation(
        self, clock, organisation, editor, manager
    ):
        second = make_representative(organisation=organisation).user
        closed = make_user(is_active=False)
        make_representative(organisation=organisation, user=closed)
        make_contact(organisation=organisation, email="ansprech@example.org", name="Ada")
        make_contact(organisation=organisation, email=manager.email.upper())
        make_contact(organisation=organisation, email="")
        organisation.email = "verein@example.org"
        found = [one.email for one in reach.readers(organisation)]
        contact, own = "ansprech@example.org", "verein@example.org"
        assert found == [manager.email, second.email, editor.email, contact, own]

    def test_who_is_there_comes_before_who_is_gone(self, clock, organisation, manager):
        second = make_representative(organisation=organisation).user
        User.objects.filter(pk=manager.pk).update(last_seen_on="2020-01-01")
        assert [one.email for one in reach.readers(organisation)] == [second.email, manager.email]

    def test_an_imported_address_that_is_none_is_left_out(self, organisation):
        organisation.email = "kein Postfach"
        make_contact(organisation=organisation, email="a@example.org\nBcc: b@example.org")
        assert reach.readers(organisation) == []

    def test_the_last_reminder_goes_to_the_next_one(self, clock, old, manager, editor):
        confirmation.ask_due()
        days(clock, 42)
        assert asked() == [(1, manager.email), (2, manager.email), (3, editor.email)]

    def test_with_nobody_to_ask_it_is_the_officers_at_once(self, clock, organisation):
        due(organisation)
        assert confirmation.ask_due() == {"unreachable": 1}
        assert confirmation.waiting().get().organisation == organisation
        assert days(clock, 300) == {}

    @pytest.mark.parametrize("how", ["returned", "failed"])
    def test_a_mail_that_comes_back_leads_to_the_next_one(self, clock, old, manager, editor, how):
        confirmation.ask_due()
        (mail,) = mails()
        if how == "returned":
            mail.state = OutboxMessage.State.RETURNED
            note_return(mail, "550 5.1.1 user unknown")
        else:
            OutboxMessage.objects.update(state=OutboxMessage.State.FAILED, error="550")
        days(clock, 1)
        assert asked() == [(1, manager.email), (1, editor.email)]
        days(clock, 100)
        # Nobody whose mails come back is written to; the editor gets what is left.
        assert asked()[2:] == [(2, editor.email), (3, editor.email)]

    def test_when_all_come_back_it_is_the_officers(self, clock, old, manager, editor):
        confirmation.ask_due()
        for _number in range(3):
            OutboxMessage.objects.update(state=OutboxMessage.State.FAILED)
            days(clock, 1)
        assert Confirmation.objects.get().state == State.UNREACHABLE
        assert {email for _number, email in asked()} == {manager.email, editor.email}

    def test_a_late_return_takes_it_off_the_officers_list(self, clock, old, manager, editor):
        make_contact(organisation=old, email="ansprech@example.org")
        confirmation.ask_due()
        days(clock, 64)
        assert Confirmation.objects.get().state == State.UNANSWERED
        confirmation.came_back(mails()[0])
        days(clock, 1)
        assert asked()[-1] == (3, "ansprech@example.org")


class TestAnswering:
    @pytest.fixture
    def token(self, old) -> str:
        confirmation.ask_due()
        return last_token()

    def test_the_link_confirms_without_a_login(self, clock, old, token, manager):
        clock.shift(5 * DAY)
        assert confirmation.answer(ask=ask_of(token))
        old.refresh_from_db()
        assert old.confirmed_on == timezone.localdate()
        round_ = Confirmation.objects.get()
        assert (round_.state, round_.way, round_.confirmed_by) == ("confirmed", "link", manager)
        entry = old.history.first()
        assert entry.history_user == manager
        assert "über den Link" in entry.history_change_reason
        manager.refresh_from_db()
        assert manager.last_seen_on == timezone.localdate()

    def test_confirming_twice_is_fine(self, old, token):
        assert confirmation.answer(ask=ask_of(token))
        assert not confirmation.answer(ask=ask_of(token))
        assert old.history.filter(history_change_reason__contains="bestätigt").count() == 1

    def test_a_link_dies_with_the_role_the_half_year_and_the_page(self, clock, old, token, officer):
        ask = ask_of(token)
        assert confirmation.can_answer(ask)
        clock.shift(180 * DAY)
        assert not confirmation.can_answer(ask_of(token))
        clock.shift(-100 * DAY)
        decisions.pause(organisation=old, by=officer)
        with pytest.raises(Refused):
            confirmation.answer(ask=ask_of(token))
        decisions.resume(organisation=old, by=officer)
        old.representatives.all().delete()
        with pytest.raises(Refused):
            confirmation.answer(ask=ask_of(token))
        old.refresh_from_db()
        assert old.confirmed_on < timezone.localdate() - 300 * DAY

    def test_who_writes_what_is_wrong_gets_no_reminder(self, clock, old, token, officer):
        key = "6f1d3f2e-0000-4000-8000-000000000001"
        report = confirmation.report(ask=ask_of(token), text="Neue Adresse", creation_key=key)
        confirmation.report(ask=ask_of(token), text="Neue Adresse", creation_key=key)
        assert ProblemReport.objects.get() == report
        assert report.email == ask_of(token).email
        assert days(clock, 100) == {}
        # Her list has the report first; when that is settled, what is to be confirmed.
        assert not confirmation.waiting().exists()
        ProblemReport.objects.update(settled_at=timezone.now())
        assert confirmation.waiting().get().state == State.REPORTED

    def test_members_confirm_and_others_do_not(self, old, token, manager, outsider):
        with pytest.raises(PermissionDenied):
            confirmation.confirm(organisation=old, by=outsider)
        assert confirmation.confirm(organisation=old, by=manager)
        assert Confirmation.objects.get().way == "account"
        assert not confirmation.confirm(organisation=old, by=manager)

    def test_only_active_ones_are_confirmed(self, manager):
        paused = make_organisation(state="paused", manager=manager)
        with pytest.raises(Refused):
            confirmation.confirm(organisation=paused, by=manager)

    def test_the_officer_confirms_after_a_call(self, clock, old, officer):
        confirmation.ask_due()
        days(clock, 63)
        assert confirmation.confirm(organisation=old, by=officer, note="Anruf bei Frau A.")
        round_ = Confirmation.objects.get()
        assert (round_.way, round_.note) == ("officer", "Anruf bei Frau A.")
        assert old.history.first().history_user == officer
        assert not confirmation.waiting().exists()


class TestAskingAgain:
    def test_the_officer_sends_again(self, clock, old, officer, manager):
        confirmation.ask_due()
        days(clock, 63)
        again = confirmation.ask_again(organisation=old, by=officer)
        assert (again.number, again.email) == (1, manager.email)
        assert confirmation.ask_again(organisation=old, by=officer) == again
        assert not confirmation.waiting().exists()
        assert days(clock, 63) == {"asked": 2, "unanswered": 1}

    def test_not_where_there_is_nobody(self, clock, organisation, officer):
        due(organisation)
        confirmation.ask_due()
        with pytest.raises(Refused, match="keine E-Mail-Adresse"):
            confirmation.ask_again(organisation=organisation, by=officer)
        assert confirmation.waiting().count() == 1

    def test_she_may_try_an_address_that_failed(self, clock, old, officer, manager):
        confirmation.ask_due()
        OutboxMessage.objects.update(state=OutboxMessage.State.FAILED)
        days(clock, 1)
        assert Confirmation.objects.get().state == State.UNREACHABLE
        assert confirmation.ask_again(organisation=old, by=officer).email == manager.email

    def test_nobody_else_does(self, old, manager):
        with pytest.raises(PermissionDenied):
            confirmation.ask_again(organisation=old, by=manager)


class TestAYear:
    """400 days with the job running daily, organisations of every kind, and a worker killed."""

    def test_everybody_is_asked_as_often_as_they_should_be(self, clock, manager, monkeypatch):
        prompt, silent, imported, nobody = [], [], [], []
        for number in range(24):
            one = make_organisation(manager=manager)
            (prompt if number % 2 else silent).append(due(one, 364 - number * 10).pk)
        for _number in range(10):
            imported.append(make_organisation(manager=manager, confirmed_on=None).pk)
        for _number in range(4):
            nobody.append(due(make_organisation(), 370).pk)
        cap = reach.daily_cap()
        assert cap == 5
        per_day: dict[datetime.date, int] = {}
        for day in range(400):
            clock.shift(DAY)
            if day % 50 == 7:
                kill_in_the_middle(monkeypatch)
            before = ConfirmationAsk.objects.count()
            confirmation.ask_due()
            confirmation.ask_due()
            per_day[timezone.localdate()] = ConfirmationAsk.objects.count() - before
            for ask in ConfirmationAsk.objects.filter(
                answered_at=None, confirmation__organisation__in=[*prompt, *imported]
            ):
                confirmation.answer(ask=ask)
        assert 0 < max(per_day.values()) <= cap
        asks = defaultdict(list)
        for ask in ConfirmationAsk.objects.select_related("confirmation").order_by("asked_at"):
            asks[ask.confirmation.organisation_id].append(ask)
        # Who answers at once is asked once a year, to the day.
        for pk in prompt:
            number = len(asks[pk])
            assert number in {1, 2}
            for first, second in pairwise(asks[pk]):
                assert 365 <= (second.asked_at - first.asked_at).days <= 370
        for pk in imported:
            assert len(asks[pk]) in {1, 2}
        # Who does not is asked three times in a round, three weeks apart.
        for pk in silent:
            rounds = defaultdict(list)
            for ask in asks[pk]:
                rounds[ask.confirmation_id].append(ask)
            first_round = next(iter(rounds.values()))
            assert len(first_round) == 3
            assert all(
                (second.asked_at - first.asked_at).days >= 21
                for first, second in pairwise(first_round)
            )
            assert 1 <= len(rounds) <= 2
        for pk in nobody:
            assert pk not in asks
            assert Confirmation.objects.filter(organisation=pk).count() in {1, 2}
        assert confirmation.waiting().filter(organisation__in=nobody).count() == 4
        # Nobody twice for one question, and every question with exactly one mail.
        keys = [(one.confirmation_id, one.number, one.email) for one in flat(asks)]
        assert len(keys) == len(set(keys))
        assert len(mails()) == len(keys)

    def test_an_import_of_many_does_not_go_out_at_once(self, clock, manager):
        first = make_organisation(manager=manager, confirmed_on=None)
        rows = [
            Organisation(
                name=f"Verein {number}",
                slug=f"import-{number}",
                kind="association",
                state="active",
                municipality=first.municipality,
                email=f"verein{number}@example.org",
            )
            for number in range(1500)
        ]
        Organisation.objects.bulk_create(rows)
        assert confirmation.ask_due() == {}
        clock.shift(20 * DAY)
        assert reach.daily_cap() == 8
        for _day in range(3):
            assert confirmation.ask_due() == {"asked": 8}
            assert confirmation.ask_due() == {}
            clock.shift(DAY)

    def test_a_day_without_anything_to_do_costs_few_queries(
        self, clock, manager, django_assert_num_queries
    ):
        for number in (1, 30):
            for _number in range(number):
                make_organisation(manager=manager)
            with django_assert_num_queries(9):
                confirmation.ask_due()


def flat(asks):
    return [ask for some in asks.values() for ask in some]


def kill_in_the_middle(monkeypatch):
    """Have the process die right after a mail was written, before the transaction ends."""
    real = confirmation.emails.asked

    class Killed(BaseException):
        pass

    def die(*args, **options):
        real(*args, **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(confirmation.emails, "asked", die)
        try:
            confirmation.ask_due()
        except Killed:
            assert not connection.needs_rollback


class TestPage:
    @pytest.fixture
    def url(self, old) -> str:
        confirmation.ask_due()
        return reverse("organisations:confirmation", args=[last_token()])

    def test_opening_the_link_confirms_nothing(self, client, old, url):
        for method in (client.get, client.head):
            response = method(url)
            assert response.status_code == 200
        assert "Ja, alles stimmt" in client.get(url).text
        assert "no-store" in response.headers["Cache-Control"]
        old.refresh_from_db()
        assert old.confirmed_on < timezone.localdate()

    def test_one_tap_confirms_and_the_public_page_says_so(self, client, old, url, network):
        response = client.post(url, follow=True)
        assert "Vielen Dank!" in response.text
        assert "Zuletzt bestätigt am 2. März 2026" in client.get(old.get_absolute_url()).text
        again = client.post(url, follow=True)
        assert (again.status_code, "Vielen Dank!" in again.text) == (200, True)

    def test_only_public_facts_are_shown(self, client, old, url):
        old.street = "Hauptstraße 1"
        old.save()
        make_contact(organisation=old, name="Ada Geheim")
        page = client.get(url).text
        assert old.name in page
        assert "Hauptstraße" not in page
        assert "Ada Geheim" not in page

    def test_who_has_an_account_may_log_in_and_change(self, client, clock, old, url, manager):
        own_page = reverse("organisations:tasks", args=[old.pk])
        assert quote(own_page, safe="") in client.get(url).text
        manager.representations.all().delete()
        make_contact(organisation=old, email="ansprech@example.org")
        days(clock, 21)
        other = reverse("organisations:confirmation", args=[last_token()])
        page = client.get(other).text
        assert "Ja, alles stimmt" in page
        assert "Anmelden und ändern" not in page
        # The former manager's link is dead.
        assert client.get(url).status_code == 410

    def test_what_is_not_right_is_written_without_a_login(self, client, old, url):
        form = reverse("organisations:confirmation_correction", args=[last_token()])
        page = client.get(form)
        key = str(page.context["form"]["creation_key"].value())
        empty = client.post(form, {"text": " ", "creation_key": key})
        assert "Bitte schreiben Sie, was nicht stimmt." in empty.text
        for _time in range(2):
            sent = client.post(form, {"text": "Neue Telefonnummer", "creation_key": key})
            assert "Ihre Nachricht ist angekommen" in sent.text
        assert ProblemReport.objects.get().text == "Neue Telefonnummer"
        assert Confirmation.objects.get().state == State.REPORTED

    def test_too_many_messages_are_kept_in_the_form(self, client, url, monkeypatch):
        monkeypatch.setitem(limits.LIMITS, "problem", (limits.Limit(0, 60),))
        form = reverse("organisations:confirmation_correction", args=[last_token()])
        key = str(client.get(form).context["form"]["creation_key"].value())
        response = client.post(form, {"text": "Neue Nummer", "creation_key": key})
        assert (response.status_code, "Neue Nummer" in response.text) == (429, True)

    def test_old_and_unknown_links_say_kindly_what_happened(self, client, clock, old, url):
        clock.shift(200 * DAY)
        response = client.get(url)
        assert (response.status_code, old.name in response.text) == (410, False)
        unknown = client.get(reverse("organisations:confirmation", args=["x" * 43]))
        assert unknown.status_code == 404
        assert "Diesen Link kennen wir nicht" in unknown.text

    def test_confirmed_by_somebody_else_it_says_thanks(self, client, old, url, manager):
        confirmation.confirm(organisation=old, by=manager)
        assert "Sie müssen nichts mehr tun" in client.get(url).text

    @pytest.mark.parametrize("language", ["en", "ar"])
    def test_in_other_languages(self, client, old, url, language):
        assert client.get(url.replace("/de/", f"/{language}/")).status_code == 200


class TestMembersArea:
    def test_a_button_on_ones_own_page(self, client_for, old, manager):
        client = client_for(manager)
        page = reverse("organisations:tasks", args=[old.pk])
        assert "Ja, alles stimmt" in client.get(page).text
        client.post(reverse("organisations:confirm", args=[old.pk]))
        old.refresh_from_db()
        assert old.confirmed_on == timezone.localdate()
        assert "Ja, alles stimmt" not in client.get(page).text

    def test_an_edit_confirms_only_with_the_tick(self, client_for, old, manager):
        client = client_for(manager)
        page = reverse("organisations:step", args=[old.pk, "kontakt"])
        assert "Auch alle anderen Angaben stimmen noch" in client.get(page).text
        data = {"seen_version": old.version, "email": "neu@example.org"}
        client.post(page, data)
        old.refresh_from_db()
        assert (old.email, old.confirmed_on < timezone.localdate()) == ("neu@example.org", True)
        data = {"seen_version": old.version, "email": "neuer@example.org", "confirm": "1"}
        client.post(page, data)
        old.refresh_from_db()
        assert (old.email, old.confirmed_on) == ("neuer@example.org", timezone.localdate())
        assert "Auch alle anderen" not in client.get(page).text


class TestOffice:
    def test_from_her_start_page_to_the_decision(self, client_for, clock, old, officer, manager):
        make_contact(organisation=old, name="Ada Beispiel", phone="+4972223814325", email="")
        confirmation.ask_due()
        days(clock, 63)
        client = client_for(officer)
        page = reverse("admin:organisations_confirmation_organisation", args=[old.pk])
        start = client.get(reverse("admin:index")).text
        assert "Seit einem Jahr nicht bestätigt" in start
        assert page in start
        shown = client.get(page).text
        for words in ("07222 381-4325", "Ada Beispiel", manager.email, "Wir laden alle ein"):
            assert words in shown
        response = client.post(page, {"confirm": "1", "note": "Anruf"}, follow=True)
        assert "ist bestätigt" in response.text
        assert "Seit einem Jahr nicht bestätigt" not in response.text
        assert Confirmation.objects.get().note == "Anruf"

    def test_a_note_that_is_too_long_is_not_lost(self, client_for, old, officer):
        page = reverse("admin:organisations_confirmation_organisation", args=[old.pk])
        note = "Lang " * 200
        response = client_for(officer).post(page, {"confirm": "1", "note": note})
        assert note.strip() in response.text
        old.refresh_from_db()
        assert old.confirmed_on < timezone.localdate()

    def test_asking_again_from_the_page(self, client_for, clock, old, officer, manager):
        page = reverse("admin:organisations_confirmation_organisation", args=[old.pk])
        response = client_for(officer).post(page, {"ask": "1"}, follow=True)
        assert f"Die Frage geht an {manager.email}." in response.text
        assert len(mails()) == 1

    def test_with_nobody_to_ask_she_is_told(self, client_for, clock, organisation, officer):
        due(organisation)
        page = reverse("admin:organisations_confirmation_organisation", args=[organisation.pk])
        assert "keine E-Mail-Adresse" in client_for(officer).post(page, {"ask": "1"}).text

    def test_asking_many_again_shows_first_what_will_happen(
        self, client_for, clock, old, officer, manager
    ):
        due(make_organisation(name="Ohne Adresse"))
        confirmation.ask_due()
        days(clock, 63)
        client = client_for(officer)
        url = reverse("admin:organisations_confirmation_changelist")
        chosen = [str(pk) for pk in Confirmation.objects.values_list("pk", flat=True)]
        data = {"action": "ask_again", "_selected_action": chosen}
        preview = client.post(url, data).text
        assert manager.email in preview
        assert "Keine E-Mail-Adresse eingetragen." in preview
        assert len(mails()) == 3
        client.post(url, data | {"_confirmed": "1"}, follow=True)
        assert len(mails()) == 4

    def test_the_box_on_the_organisations_page(self, client_for, old, officer):
        page = reverse("admin:organisations_organisation_change", args=[old.pk])
        url = reverse("admin:organisations_confirmation_organisation", args=[old.pk])
        assert url in client_for(officer).get(page).text

    @pytest.mark.parametrize("name", ["confirmation", "succession"])
    def test_lists_ask_the_same_however_many_there_are(
        self, client_for, officer, django_assert_num_queries, name
    ):
        client = client_for(officer)
        url = reverse(f"admin:organisations_{name}_changelist")
        make = make_confirmation if name == "confirmation" else make_succession
        make()
        with CaptureQueriesContext(connection) as few:
            client.get(url)
        for _number in range(29):
            make()
        with django_assert_num_queries(len(few)):
            assert client.get(url).status_code == 200


def test_own_data_and_erasure_know_the_questions(clock, old, manager, officer):
    make_representative(organisation=old)
    confirmation.ask_due()
    keys = {section.key for section in own_data.collect(manager)}
    assert "confirmation_questions" in keys
    confirmation.confirm(organisation=old, by=officer, note=f"Anruf bei {manager.name}")
    accounts.erase(manager)
    assert not ConfirmationAsk.objects.filter(email=manager.email).exists()
    assert "Mina Leitung" not in Confirmation.objects.get().note
