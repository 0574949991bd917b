"""The officer's decisions: who may, from which state, what changes, and who is told."""

import datetime
import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.utils import timezone, translation

from core.errors import Refused
from core.models import OutboxMessage
from organisations.emails import decisions as emails
from organisations.models import Organisation
from organisations.services import decisions
from organisations.services.decisions import Decision
from tests.factories import make_organisation, make_representative, make_user

pytestmark = pytest.mark.django_db
State = Organisation.State

QUESTION = ("Eine Frage", "Guten Tag,\n\nwie viele Mitglieder haben Sie?")


def mails() -> list[tuple[str, str]]:
    return list(OutboxMessage.objects.order_by("to").values_list("to", "subject"))


# Each decision with a state it leads from, and the arguments it needs.
DECISIONS = {
    "admit": (State.SUBMITTED, State.ACTIVE, {}),
    "ask_back": (State.SUBMITTED, State.RETURNED, {"subject": QUESTION[0], "body": QUESTION[1]}),
    "reject": (State.SUBMITTED, State.REJECTED, {"subject": QUESTION[0], "body": QUESTION[1]}),
    "pause": (State.ACTIVE, State.PAUSED, {"reason": "Umzug"}),
    "resume": (State.PAUSED, State.ACTIVE, {}),
    "archive": (State.ACTIVE, State.ARCHIVED, {"reason": "Aufgelöst"}),
}


@pytest.fixture(params=DECISIONS)
def case(request, manager):
    """A decision, an organisation it is about, and what it needs."""
    source, target, arguments = DECISIONS[request.param]
    organisation = make_organisation(
        name="Brücke", state=source, manager=manager, confirmed_on=datetime.date(2020, 1, 1)
    )
    return getattr(decisions, request.param), organisation, target, arguments


class TestEveryDecision:
    def test_the_officer_decides_once(self, case, officer, manager):
        decide, organisation, target, arguments = case
        before = organisation.state_since
        assert decide(organisation=organisation, by=officer, **arguments)
        row = Organisation.objects.get(pk=organisation.pk)
        assert row.state == organisation.state == target
        assert row.state_since > before
        entry = row.history.first()
        assert entry.history_user == officer
        assert entry.history_change_reason
        assert [to for to, _subject in mails()] == [manager.email]

    def test_a_second_time_changes_nothing(self, case, officer):
        decide, organisation, _target, arguments = case
        decide(organisation=organisation, by=officer, **arguments)
        entries = organisation.history.count()
        since = organisation.state_since
        assert not decide(organisation=organisation, by=officer, **arguments)
        assert Organisation.objects.get(pk=organisation.pk).state_since == since
        assert organisation.history.count() == entries
        assert len(mails()) == 1

    @pytest.mark.parametrize("who", ["outsider", "manager", "editor", "staff"])
    def test_nobody_else_may(self, case, who, request, db):
        decide, organisation, _target, arguments = case
        person = make_user(is_staff=True) if who == "staff" else request.getfixturevalue(who)
        with pytest.raises(PermissionDenied):
            decide(organisation=organisation, by=person, **arguments)
        assert Organisation.objects.get(pk=organisation.pk).state == organisation.state
        assert mails() == []

    def test_not_from_every_state(self, case, officer):
        decide, _organisation, target, arguments = case
        step = next(
            step for decision, step in decisions.STEPS.items() if decision.value == decide.__name__
        )
        for state in set(State.values) - step.sources - {target}:
            other = make_organisation(state=state)
            with pytest.raises(Refused):
                decide(organisation=other, by=officer, **arguments)
            assert Organisation.objects.get(pk=other.pk).state == state


class TestAdmit:
    def test_confirms_the_answers_and_clears_what_was_asked(self, submitted, officer):
        Organisation.objects.filter(pk=submitted.pk).update(
            officer_message="Frage", review_after=datetime.date(2030, 1, 1)
        )
        decisions.admit(organisation=submitted, by=officer)
        submitted.refresh_from_db()
        assert submitted.confirmed_on == timezone.localdate()
        assert submitted.officer_message == ""
        assert submitted.review_after is None

    def test_everybody_is_told_in_their_own_language(self, submitted, officer, manager):
        arab = make_user(email="arabisch@example.org", language="ar")
        gone = make_user(email="weg@example.org", is_active=False)
        for user in (arab, gone):
            make_representative(user=user, organisation=submitted, role="editor")
        subject, body = emails.draft(emails.ADMITTED, submitted, by=officer, language="de")
        # Browsers send other line ends than the templates have.
        decisions.admit(
            organisation=submitted, by=officer, subject=subject, body=body.replace("\n", "\r\n")
        )
        rows = {row.to: row for row in OutboxMessage.objects.all()}
        assert set(rows) == {arab.email, manager.email}
        assert rows[arab.email].language == "ar"
        assert f"/ar/organisationen/{submitted.slug}/" in rows[arab.email].text_body
        assert f"/de/organisationen/{submitted.slug}/" in rows[manager.email].text_body
        assert officer.name in rows[manager.email].text_body

    def test_what_the_officer_changed_reaches_everybody(self, submitted, officer):
        arab = make_user(email="arabisch@example.org", language="ar")
        make_representative(user=arab, organisation=submitted)
        decisions.admit(organisation=submitted, by=officer, subject="Willkommen!", body="Schön!")
        for row in OutboxMessage.objects.all():
            assert row.subject == "Willkommen!"
            assert row.text_body.startswith("Schön!")


class TestAskBackAndReject:
    @pytest.mark.parametrize("decide", [decisions.ask_back, decisions.reject])
    @pytest.mark.parametrize("body", ["", "  \n ", "Guten Tag,\n\n…\n\nFreundliche Grüße"])
    def test_a_text_without_words_of_hers_is_refused(self, submitted, officer, decide, body):
        with pytest.raises(Refused):
            decide(organisation=submitted, by=officer, subject="Frage", body=body)
        submitted.refresh_from_db()
        assert submitted.state == State.SUBMITTED
        assert mails() == []

    @pytest.mark.parametrize("name", [emails.ASKED_BACK, emails.REJECTED])
    @pytest.mark.parametrize("language", ["de", "en", "ar"])
    def test_the_standard_text_alone_says_nothing(self, submitted, officer, name, language):
        _subject, body = emails.draft(name, submitted, by=officer, language=language)
        assert not emails.says_something(body)

    def test_the_organisation_sees_the_question(self, submitted, officer):
        decisions.ask_back(
            organisation=submitted, by=officer, subject=QUESTION[0], body=QUESTION[1]
        )
        submitted.refresh_from_db()
        assert submitted.officer_message == QUESTION[1]
        assert "/meine-organisationen/" in OutboxMessage.objects.get().text_body

    def test_asked_again_after_it_was_sent_again(self, submitted, officer, manager):
        for _time in range(2):
            Organisation.objects.filter(pk=submitted.pk).update(state=State.SUBMITTED)
            assert decisions.ask_back(
                organisation=submitted, by=officer, subject=QUESTION[0], body=QUESTION[1]
            )
        assert len(mails()) == 2

    def test_a_rejection_can_be_taken_back(self, submitted, officer):
        decisions.reject(organisation=submitted, by=officer, subject="Nein", body="Grund: zu weit")
        assert decisions.admit(organisation=submitted, by=officer)
        assert submitted.state == State.ACTIVE


class TestPostpone:
    def test_waits_until_the_day(self, submitted, officer):
        day = timezone.localdate() + datetime.timedelta(days=14)
        assert decisions.postpone(organisation=submitted, by=officer, until=day, note="Urlaub")
        submitted.refresh_from_db()
        assert (submitted.state, submitted.review_after) == (State.SUBMITTED, day)
        assert "Urlaub" in submitted.history.first().history_change_reason
        assert mails() == []
        entries = submitted.history.count()
        assert not decisions.postpone(organisation=submitted, by=officer, until=day)
        assert submitted.history.count() == entries

    @pytest.mark.parametrize("days", [0, -1])
    def test_a_day_that_is_over_is_refused(self, submitted, officer, days):
        day = timezone.localdate() + datetime.timedelta(days=days)
        with pytest.raises(Refused):
            decisions.postpone(organisation=submitted, by=officer, until=day)


class TestSeen:
    def test_what_was_sent_again_meanwhile_is_read_again(self, submitted, officer):
        seen = submitted.state_since
        Organisation.objects.filter(pk=submitted.pk).update(state_since=timezone.now())
        with pytest.raises(Refused, match="neu eingereicht"):
            decisions.admit(organisation=submitted, by=officer, seen_since=seen)

    def test_the_second_officer_is_told(self, submitted, officer):
        seen = submitted.state_since
        decisions.reject(organisation=submitted, by=officer, subject="Nein", body="Der Grund")
        with pytest.raises(Refused, match="Abgelehnt"):
            decisions.ask_back(
                organisation=submitted, by=officer, subject="?", body="Frage", seen_since=seen
            )


class TestLaterLife:
    def test_what_was_never_admitted_does_not_come_back_from_the_archive(self, draft, officer):
        decisions.archive(organisation=draft, by=officer)
        assert decisions.possible(draft) == []
        with pytest.raises(Refused):
            decisions.resume(organisation=draft, by=officer)

    @pytest.mark.parametrize("put_away", [decisions.pause, decisions.archive])
    def test_what_was_public_and_never_confirmed_comes_back(self, organisation, officer, put_away):
        """As after an import."""
        organisation.confirmed_on = None
        organisation.save()
        put_away(organisation=organisation, by=officer)
        assert Decision.RESUME in decisions.possible(organisation)
        assert decisions.resume(organisation=organisation, by=officer)
        organisation.refresh_from_db()
        assert organisation.state == State.ACTIVE

    def test_the_reason_is_told_and_kept(self, organisation, manager, officer):
        decisions.pause(organisation=organisation, by=officer, reason="Der Saal wird umgebaut.")
        assert "Der Saal wird umgebaut." in OutboxMessage.objects.get().text_body
        assert organisation.history.first().history_change_reason == "Der Saal wird umgebaut."

    def test_without_representatives_no_mail(self, organisation, officer):
        assert decisions.pause(organisation=organisation, by=officer)
        assert mails() == []


def test_officers_are_who_holds_the_right(officer, administrator):
    make_user(is_staff=True)
    assert list(decisions.officers()) == [officer]


def test_without_officers_the_administrator_decides(administrator):
    assert list(decisions.officers()) == [administrator]


def test_every_mail_reads_well_in_every_language(submitted, officer):
    for name in (emails.ADMITTED, emails.ASKED_BACK, emails.REJECTED):
        for language in ("de", "en", "ar"):
            with translation.override("en"):
                subject, body = emails.draft(name, submitted, by=officer, language=language)
            assert submitted.name.split()[0] in subject
            assert "{" not in subject + body
            assert "\n\n" in body


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_the_same_moment(officer, submitted):
    """One rejects while the other admits: exactly one of them gets through."""
    outcomes = []
    together = threading.Barrier(2)

    def decide(verb, **arguments):
        together.wait()
        try:
            outcomes.append(verb(organisation=submitted, by=officer, **arguments))
        except Refused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [
        threading.Thread(
            target=decide,
            args=(decisions.ask_back,),
            kwargs={"subject": "Frage", "body": "Wie viele?", "seen_since": submitted.state_since},
        ),
        threading.Thread(
            target=decide,
            args=(decisions.reject,),
            kwargs={"subject": "Nein", "body": "Grund", "seen_since": submitted.state_since},
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
    assert sorted(map(str, outcomes)) == ["True", "refused"]
    assert OutboxMessage.objects.count() == 1
