"""Registering for an action without an account: the pages, the mails, and those who organise it."""

import csv
import datetime
import io
import re
import uuid
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from actions.models import ActionDate, JointAction, Registration
from actions.registration_links import address
from actions.services import (
    joint_actions,
    registration_news,
    registration_retention,
    registrations,
)
from core import background, limits, outbox
from core.errors import Refused
from core.models import OutboxMessage
from tests import together
from tests.factories import (
    make_joint_action,
    make_organisation,
    make_participation,
    make_registration,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
FORM = "/de/aktionen/fest/anmelden/"
LIST = "/de/aktionen/fest/anmeldungen/"


@pytest.fixture
def action(organisation):
    """Confirmed, with three seats."""
    return make_joint_action(
        title="Fest der Nachbarschaft",
        slug="fest",
        lead=organisation,
        state="confirmed",
        takes_registrations=True,
        capacity=3,
    )


@pytest.fixture
def date(action):
    return action.dates.get()


def sent(at, **values):
    """What a browser sends, for one of the dates."""
    return {
        "date": str(at.pk),
        "name": "Maria Muster",
        "email": "maria@example.org",
        "people": "1",
        "message": "",
        "creation_key": str(uuid.uuid4()),
    } | values


def mails(name="", to=""):
    rows = OutboxMessage.objects.filter(mail__startswith="actions/registration_").order_by("pk")
    return [row for row in rows if row.mail.endswith(name) and to in row.to]


def link(mail):
    """The address of the registration in a mail, without the host."""
    return re.search(r"https?://[^/\s]+(/\w\w/anmeldung/\S+)", mail.text_body)[1]


def begins(date, moment):
    ActionDate.objects.filter(pk=date.pk).update(starts_at=moment, ends_at=moment + 3 * HOUR)


def taken(date):
    return registrations.seats_taken(date)


def fresh(row):
    return Registration.objects.select_related("date__action").get(pk=row.pk)


# --- The whole way --------------------------------------------------------------------------------
def test_the_way_back_registers_somebody_else(client, date):
    """The browser's way back brings the form with the key it had; another person is not lost."""
    form = sent(date)
    for address_of in ("maria@example.org", "Maria@Example.org", "nora@example.org"):
        client.post(FORM, form | {"email": address_of})
    keys = Registration.objects.values_list("email_key", flat=True)
    assert sorted(keys) == ["maria@example.org", "nora@example.org"]


def test_from_the_form_over_the_mail_to_the_seat_and_back(client, action, date):
    page = client.get(FORM)
    assert "Es sind noch 3 Plätze frei." in page.content.decode()
    page = client.post(FORM, sent(date, people="2", message="Mit Rollstuhl"))
    assert "maria@example.org" in page.content.decode()
    row = Registration.objects.get()
    assert (row.state, row.people, row.message, taken(date)) == ("new", 2, "Mit Rollstuhl", 0)
    (mail,) = mails("_ask")
    # Nothing that whoever typed the address has written goes into that mailbox.
    assert (mail.to, mail.confidential, mail.calendar) == ("maria@example.org", True, "")
    assert "Maria" not in mail.text_body
    assert "Rollstuhl" not in mail.text_body

    page = client.get(link(mail))  # programs open links as well
    assert fresh(row).state == "new"
    assert 'value="2"' in page.content.decode()
    page = client.post(link(mail), {"confirm": "1", "people": "2"}, follow=True)
    assert "Sie sind angemeldet" in page.content.decode()
    assert (fresh(row).state, taken(date)) == ("confirmed", 2)
    client.post(link(mail), {"confirm": "1", "people": "2"})
    (confirmed,) = mails("_confirmed")
    (event,) = Calendar.from_ical(confirmed.calendar).walk("VEVENT")
    assert (event["UID"].partition("@")[0], event.start) == (str(date.uid), date.starts_at)
    assert link(confirmed) == link(mail)

    for _time in range(2):  # the link used twice
        page = client.post(link(mail), {"cancel": "1"}, follow=True)
        assert page.status_code == 200
        assert "Sie sind abgemeldet" in page.content.decode()
    assert (fresh(row).state, taken(date)) == ("cancelled", 0)
    # Who has cancelled can come again, with a new registration.
    assert client.post(link(mail), {"confirm": "1", "people": "1"}).status_code == 409
    client.post(FORM, sent(date))
    assert Registration.objects.filter(state="new").count() == 1


def test_in_another_language(client, action, date):
    client.post("/en/aktionen/fest/anmelden/", sent(date))
    (mail,) = mails("_ask")
    assert mail.language == "en"
    assert link(mail).startswith("/en/anmeldung/")


def test_a_broken_link_says_so(client, action, date):
    row = make_registration(date=date)
    url = reverse("actions:registration", kwargs={"token": f"{row.salt}.falsch"})
    for broken in (url, url.replace("falsch", "ü"), f"/de/anmeldung/{'x' * 500}/"):
        page = client.post(broken, {"cancel": "1"})
        assert page.status_code == 404
        assert "Diese Anmeldung gibt es nicht" in page.content.decode()
    assert fresh(row).state == "confirmed"


# --- Nobody is flooded ----------------------------------------------------------------------------
def test_the_same_form_sent_five_times_is_one_registration_and_one_mail(client, date):
    for _time in range(5):
        client.post(FORM, sent(date, creation_key="6e7f8c4e-0d0f-4a07-9a43-0b8f4c1f3f11"))
    assert Registration.objects.count() == len(mails()) == 1


def test_an_address_typed_five_times_is_one_registration_and_three_mails(client, date):
    for number in range(5):
        client.post(FORM, sent(date, email=" MARIA@example.org", people=str(number % 3 + 1)))
    assert Registration.objects.get().people == 2
    assert len(mails("_ask")) == 3
    assert len({link(mail) for mail in mails()}) == 1


def test_what_is_beyond_three_mails_a_day_is_asked_on_the_next(client, organisation, time_machine):
    # The windows of the limits begin at midnight UTC.
    time_machine.move_to(datetime.datetime(2027, 5, 3, 9, tzinfo=datetime.UTC), tick=False)
    for number in range(4):
        one = make_joint_action(
            slug=f"fest-{number}", lead=organisation, state="confirmed", takes_registrations=True
        )
        page = client.post(f"/de/aktionen/fest-{number}/anmelden/", sent(one.dates.get()))
        assert "Bitte sehen Sie in Ihr Postfach" in page.content.decode()
    assert (Registration.objects.count(), len(mails())) == (4, 3)
    registration_news.ask_later()
    assert len(mails()) == 3
    time_machine.shift(DAY)
    assert registration_news.ask_later() == {"asked": 1}
    assert registration_news.ask_later() == {"asked": 0}
    assert len(mails()) == 4


def test_who_has_registered_gets_the_same_page_and_the_mail_that_says_so(client, date):
    there = make_registration(date=date, name="Maria", email="maria@example.org", people=2)
    known = client.post(FORM, sent(date, name="Jemand", people="3")).content
    unknown = client.post(FORM, sent(date, email="neu@example.org")).content
    assert known.replace(b"maria@", b"neu@") == unknown
    assert (fresh(there).name, fresh(there).people) == ("Maria", 2)
    assert [mail.mail.rpartition("_")[2] for mail in mails()] == ["confirmed", "ask"]


def test_a_script_is_stopped_and_closes_the_form_to_nobody(client, action, date, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "registration", (limits.Limit(2, limits.HOUR),))
    monkeypatch.setitem(limits.LIMITS, "registration_mails", (limits.Limit(1, limits.HOUR),))
    for number in range(2):
        client.post(FORM, sent(date, email=f"x{number}@example.org"))
    page = client.post(FORM, sent(date, email="x2@example.org", name="Ana Petrova"))
    assert page.status_code == 429
    assert 'value="Ana Petrova"' in page.content.decode()
    client.post(FORM, sent(date, email="ich@example.org"), REMOTE_ADDR="203.0.113.9")
    assert list(Registration.objects.values_list("email", "mailed_at").order_by("pk"))[1:] == [
        ("x1@example.org", None),
        ("ich@example.org", None),
    ]
    assert len(mails()) == 1


# --- Seats and the waiting list -------------------------------------------------------------------
def test_the_waiting_list_moves_up_in_its_order(client, action, date):
    rows = [make_registration(date=date, state="new", people=people) for people in (2, 2, 1, 3, 1)]
    for row in rows:
        registrations.confirm(registration=row)
    states = [fresh(row).state for row in rows]
    assert states == ["confirmed", "waiting", "confirmed", "waiting", "waiting"]
    page = client.get(address(rows[3])).content.decode()
    assert "Ihr Platz in der Reihe: 2." in page
    registrations.cancel(registration=rows[0])
    # Three do not fit; who came after them does not wait for that.
    states = [fresh(row).state for row in rows]
    assert states == ["cancelled", "confirmed", "confirmed", "waiting", "waiting"]
    assert [mail.to for mail in mails("_moved_up")] == [rows[1].email]
    assert mails("_moved_up")[0].calendar


def test_more_seats_and_they_move_up(action, date, manager):
    make_registration(date=date, people=3)
    waiting = make_registration(date=date, state="waiting", people=2)
    joint_actions.change(
        action=action, values={"capacity": 5}, seen_version=action.version, by=manager
    )
    assert fresh(waiting).state == "confirmed"


def test_the_number_changes_as_far_as_there_are_seats(client, action, date):
    row, other = make_registration(date=date, people=2), make_registration(date=date)
    waiting = make_registration(date=date, state="waiting", people=1)
    page = client.post(address(row), {"people": "3"})
    assert "Sie können höchstens mit 2 Personen kommen." in page.content.decode()
    assert "Es gibt nur 3 Plätze." in client.post(address(row), {"people": "9"}).content.decode()
    assert fresh(row).people == 2
    client.post(address(row), {"people": "1"})
    assert (fresh(row).people, fresh(waiting).state) == (1, "confirmed")
    # After the deadline only fewer can come.
    JointAction.objects.filter(pk=action.pk).update(registration_until=timezone.now() - HOUR)
    registrations.cancel(registration=other)
    assert client.post(address(row), {"people": "2"}).status_code == 409
    assert fresh(row).people == 1


def test_who_came_in_time_may_confirm_after_the_deadline(action, date):
    late = timezone.now() - HOUR
    early = make_registration(date=date, state="new", created_at=late - HOUR)
    after = make_registration(date=date, state="new", created_at=late + HOUR / 2)
    JointAction.objects.filter(pk=action.pk).update(registration_until=late)
    assert registrations.confirm(registration=fresh(early)).state == "confirmed"
    with pytest.raises(Refused, match="geschlossen"):
        registrations.confirm(registration=fresh(after))


# --- Too late, or never ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"takes_registrations": False}, "Anmelden ist nicht nötig"),
        ({"registration_until": timezone.now() - HOUR}, "Die Anmeldung ist geschlossen"),
        ({"state": "cancelled"}, "Die Aktion ist abgesagt"),
        ({"state": "planning", "published_at": None}, None),
        ("over", "Die Aktion ist vorbei"),
        ("begun", "Die Anmeldung ist geschlossen"),
    ],
)
def test_where_one_cannot_register_nothing_is_saved_and_nothing_lost(
    client, action, date, change, word
):
    row = make_registration(date=date, state="new")
    if isinstance(change, str):
        begins(date, timezone.now() - (HOUR if change == "begun" else 4 * HOUR))
    else:
        JointAction.objects.filter(pk=action.pk).update(**change)
    status = 200 if word else 404
    assert client.get(FORM).status_code == status
    page = client.post(FORM, sent(date, message="Ich bringe Kuchen mit."))
    assert page.status_code == (410 if word else 404)
    if word:
        assert word in page.content.decode()
        assert "Ich bringe Kuchen mit." in page.content.decode()
    page = client.get(address(row))
    assert page.status_code == 200
    if change not in ({"takes_registrations": False},) and not (word and "geschlossen" in word):
        assert 'name="confirm"' not in page.content.decode()
    with pytest.raises(Refused):
        registrations.confirm(registration=fresh(row))
    assert (Registration.objects.count(), fresh(row).state) == (1, "new")


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"name": "🎉"}, "Bitte schreiben Sie hier Wörter."),
        ({"name": ""}, "Bitte schreiben Sie Ihren Namen."),
        ({"name": "x" * 121}, "120"),
        ({"email": "maria@"}, "gültige E-Mail-Adresse"),
        ({"email": "a@example.org,b@example.org"}, "gültige E-Mail-Adresse"),
        ({"people": "0"}, "Zahl von 1 bis 20"),
        ({"people": "21"}, "Zahl von 1 bis 20"),
        ({"people": "9" * 400}, "Zahl von 1 bis 20"),
        ({"people": "5"}, "Es gibt nur 3 Plätze."),
        ({"message": "x" * 100_000}, "500"),
        ({"date": "9" * 30}, "Für diesen Termin geht es nicht mehr."),
        ({"date": "x\x00"}, "Für diesen Termin geht es nicht mehr."),
    ],
)
def test_wrong_input_gets_words_and_stays(client, date, wrong, word):
    page = client.post(FORM, sent(date, **{"name": "Maria <b>"} | wrong))
    text = page.content.decode()
    assert word in text
    if "name" not in wrong:
        assert 'value="Maria &lt;b&gt;"' in text
    assert not Registration.objects.exists()
    assert not mails()


def test_one_of_several_dates_is_chosen(client, action, date):
    later = ActionDate.objects.create(
        action=action, starts_at=date.starts_at + DAY, ends_at=date.ends_at + DAY, note="nur Frauen"
    )
    make_registration(date=date, people=3)
    text = client.get(FORM).content.decode()
    assert "Alle Plätze sind vergeben." in text
    assert "nur Frauen" in text
    page = client.post(FORM, sent(date, date=""))
    assert "Bitte wählen Sie einen Termin." in page.content.decode()
    client.post(FORM, sent(later))
    assert Registration.objects.get(state="new").date == later
    foreign = make_joint_action(state="confirmed", takes_registrations=True).dates.get()
    assert "geht es nicht mehr" in client.post(FORM, sent(foreign)).content.decode()


# --- Those who organise it ------------------------------------------------------------------------
def noted(**values):
    return {
        "name": "Herr Kaya", "email": "", "people": "1", "message": "07222 381",
        "creation_key": str(uuid.uuid4()),
    } | values  # fmt: skip


class TestOrganisers:
    def test_somebody_who_telephones_is_noted_at_once(self, client_for, manager, action, date):
        client = client_for(manager)
        form = noted(date=str(date.pk))
        for _time in range(2):
            page = client.post(LIST, form, follow=True)
        assert "Herr Kaya ist angemeldet." in page.content.decode()
        row = Registration.objects.get()
        assert (row.state, row.email, row.message, mails()) == ("confirmed", "", "07222 381", [])
        # Two without an address are two.
        client.post(LIST, noted(date=str(date.pk)))
        page = client.post(LIST, noted(date=str(date.pk), people="2"), follow=True)
        assert "Herr Kaya steht auf der Warteliste" in page.content.decode()
        assert (taken(date), registrations.counts(action)[date.pk].waiting) == (2, 2)

    def test_with_an_address_the_person_gets_the_link(self, client_for, manager, date):
        waiting = make_registration(date=date, state="new", email="kaya@example.org")
        client = client_for(manager)
        client.post(LIST, noted(date=str(date.pk), email="Kaya@example.org"))
        assert fresh(waiting).state == "confirmed"
        assert [mail.to for mail in mails("_confirmed")] == ["kaya@example.org"]
        page = client.post(
            LIST, noted(date=str(date.pk), email="kaya@example.org", name="Ein Zweiter")
        )
        assert page.status_code == 409
        assert "ist schon jemand angemeldet" in page.content.decode()
        assert 'value="Ein Zweiter"' in page.content.decode()

    def test_taken_off_the_list_and_told(self, client_for, manager, action, date):
        row = make_registration(date=date, people=3)
        waiting = make_registration(date=date, state="waiting")
        page = client_for(manager).post(LIST, {"remove": str(row.pk)}, follow=True)
        assert row.name not in page.content.decode().partition("<main")[2].partition("<ul")[2]
        assert (fresh(row).state, fresh(waiting).state) == ("cancelled", "confirmed")
        (mail,) = mails("_removed")
        assert mail.to == row.email
        assert "METHOD:CANCEL" in mail.calendar

    def test_only_those_who_take_part(self, client_for, manager, editor, outsider, action, date):
        row = make_registration(date=date)
        foreign = make_registration(date=make_joint_action(state="confirmed").dates.get())
        assert client_for(manager).post(LIST, {"remove": str(foreign.pk)}).status_code == 404
        assert client_for(manager).get(f"{LIST}?termin={foreign.date_id}").status_code == 404
        for by in (manager, outsider):
            if by is manager:  # no longer takes part
                action.participations.all().delete()
                make_participation(action=action, organisation=make_organisation(), role="lead")
            client = client_for(by)
            for url in (LIST, f"{LIST}liste.csv"):
                assert client.get(url).status_code == 404
            assert client.post(LIST, {"remove": str(row.pk)}).status_code == 404
            with pytest.raises(PermissionDenied):
                registrations.remove(registration=row, by=by)
        assert fresh(row).state == "confirmed"

    def test_the_number_of_queries_is_fixed(
        self, client_for, manager, action, date, django_assert_num_queries
    ):
        client, used = client_for(manager), []
        for expected in (1, 30):
            while Registration.objects.count() < expected:
                make_registration(date=date)
            client.get(LIST)
            with django_assert_num_queries(used[0] if used else 30, exact=bool(used)) as counted:
                client.get(LIST)
            used.append(len(counted))
        assert used[0] <= 14

    @pytest.mark.parametrize("ending", ["csv", "xlsx"])
    def test_the_table_is_safe_and_noted(self, client_for, manager, date, ending):
        make_registration(date=date, name="=1+1", message="@SUM(A1)")
        make_registration(date=date, state="new", name="Unbestätigt")
        page = client_for(manager).get(f"{LIST}liste.{ending}")
        content = b"".join(page.streaming_content)
        if ending == "csv":
            rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
            assert len(rows) == 2
            assert rows[1][1] == "'=1+1"
        assert page["Content-Disposition"].startswith("attachment")
        assert "no-store" in page["Cache-Control"]
        assert manager.logentry_set.count() == 1
        assert client_for(manager).get(f"{LIST}liste.exe").status_code == 404

    @pytest.mark.pdf
    def test_the_list_to_tick_off(self, client_for, manager, date):
        from pypdf import PdfReader

        make_registration(date=date, name="Ana Petrova", message="Rollstuhl")
        page = client_for(manager).get(f"{LIST}liste.pdf")
        text = PdfReader(io.BytesIO(page.content)).pages[0].extract_text()
        assert "Ana Petrova" in text
        assert "Rollstuhl" in text


# --- What they are told ---------------------------------------------------------------------------
class TestNews:
    def change(self, action, by, **values):
        action.refresh_from_db()
        joint_actions.change(action=action, values=values, seen_version=action.version, by=by)
        background.run_due()

    def test_a_moved_date_is_told_to_those_who_come_then(self, action, date, manager):
        other = ActionDate.objects.create(
            action=action, starts_at=date.starts_at + DAY, ends_at=date.ends_at + DAY
        )
        here, there = make_registration(date=date), make_registration(date=other)
        make_registration(date=date, state="new")
        make_registration(date=date, state="cancelled")
        moved = date.starts_at + HOUR
        dates = [(date.pk, moved, moved + HOUR, ""), (other.pk, other.starts_at, other.ends_at, "")]
        self.change(action, manager, dates=dates)
        (mail,) = mails("_changed")
        assert mail.to == here.email
        assert "Der Termin ist neu." in mail.text_body
        (event,) = Calendar.from_ical(mail.calendar).walk("VEVENT")
        assert event.start == moved
        self.change(action, manager, place="Rathaus")
        assert [mail.to for mail in mails("_changed")] == [here.email, here.email, there.email]
        assert "Der Ort ist neu." in mails("_changed")[-1].text_body

    def test_what_was_given_back_meanwhile_goes_to_those_who_wait(self, action, date, officer):
        going = make_registration(date=date, people=3)
        waiting = make_registration(date=date, state="waiting", people=2)
        joint_actions.take_back(action=action, by=officer)
        registrations.cancel(registration=fresh(going))
        background.run_due()
        told = len(mails("_changed"))
        joint_actions.change(
            action=action, values={"place": "Rathaus"}, seen_version=action.version, by=officer
        )
        background.run_due()
        assert len(mails("_changed")) == told  # not again and again while it is planned
        assert fresh(waiting).state == "waiting"
        joint_actions.confirm(action=action, by=officer)
        assert fresh(waiting).state == "confirmed"

    def test_cancelled_and_on_again(self, action, date, manager, officer, client):
        coming = make_registration(date=date)
        make_registration(date=date, state="waiting", people=3)
        joint_actions.cancel(action=action, reason="Der Saal ist nass.", by=manager)
        background.run_due()
        told = mails("_cancelled")
        assert len(told) == 2
        assert "METHOD:CANCEL" in told[0].calendar
        assert "Der Saal ist nass." in told[0].text_body
        assert "Die Aktion ist abgesagt" in client.get(address(coming)).content.decode()
        joint_actions.reopen(action=action, by=officer)
        assert registration_news.refuse_stale(told[0])
        background.run_due()
        joint_actions.confirm(action=action, by=officer)
        background.run_due()
        hold, on = mails("_changed", to=coming.email)
        assert "Sie wird noch einmal geplant" in hold.text_body
        assert "Die Aktion findet statt" in on.text_body
        joint_actions.cancel(action=action, reason="Doch nicht.", by=manager)
        background.run_due()
        joint_actions.take_back(action=action, by=officer)
        background.run_due()
        assert len(mails()) == len(told) * 4  # of a cancelled one nobody is told twice

    def test_the_day_before_once(self, action, date, time_machine):
        row = make_registration(date=date)
        make_registration(date=date, state="waiting")
        make_registration(date=date, email="", email_key="")
        day = timezone.localtime(date.starts_at).replace(hour=9, minute=0) - DAY
        late = make_registration(date=date, state_since=day - HOUR)
        time_machine.move_to(day - HOUR, tick=False)
        assert registration_news.remind_due() == {"reminded": 0}
        time_machine.move_to(day + HOUR, tick=False)
        for _time in range(2):
            registration_news.remind_due()
        assert [mail.to for mail in mails("_reminder")] == [row.email]
        # Between writing and sending somebody may cancel.
        registrations.cancel(registration=row)
        outbox.send_due()
        assert mails("_reminder")[0].state == "cancelled"
        assert fresh(late).state == "confirmed"


# --- What is deleted ------------------------------------------------------------------------------
class TestForgetting:
    def test_thirty_days_after_only_the_number_is_left(self, action, date, time_machine):
        for people, state in ((2, "confirmed"), (1, "confirmed"), (1, "waiting"), (1, "new")):
            make_registration(date=date, people=people, state=state)
        assert registrations.people(action) == 3
        time_machine.move_to(date.ends_at + 30 * DAY - HOUR, tick=False)
        registration_retention.forget_old()
        assert Registration.objects.count() == 3
        time_machine.shift(HOUR)
        registration_retention.forget_old()
        registration_retention.forget_old()
        assert not Registration.objects.exists()
        date.refresh_from_db()
        assert date.people_registered == registrations.people(action) == 3

    def test_what_nobody_confirmed_and_what_was_cancelled(self, date, time_machine):
        time_machine.move_to(timezone.now(), tick=False)
        make_registration(date=date, state="new", mailed_at=timezone.now())
        unasked = make_registration(date=date, state="new")
        make_registration(date=date, state="cancelled")
        time_machine.shift(2 * DAY)
        assert registration_retention.forget_old()["registrations nobody confirmed deleted"] == 1
        assert Registration.objects.filter(pk=unasked.pk).exists()  # asked tomorrow
        unasked.delete()
        registration_retention.forget_old()
        assert Registration.objects.get().state == "cancelled"
        time_machine.shift(5 * DAY)
        registration_retention.forget_old()
        assert not Registration.objects.exists()

    def test_an_address_that_wants_to_be_forgotten(self, action, date):
        make_registration(date=date, people=3, email="Maria@example.org")
        waiting = make_registration(date=date, state="waiting")
        past = make_joint_action(state="done").dates.get()
        make_registration(date=past, people=2, email="maria@example.org")
        assert registrations.of_address("MARIA@example.org").count() == 2
        assert registrations.forget(email="maria@EXAMPLE.org") == 2
        assert fresh(waiting).state == "confirmed"
        past.refresh_from_db()
        assert past.people_registered == 2
        assert registrations.forget(email="") == 0


# --- Really at the same time ----------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_the_last_seat_is_taken_by_one():
    action = make_joint_action(state="confirmed", takes_registrations=True, capacity=3)
    date = action.dates.get()
    rows = [make_registration(date=date, state="new") for _number in range(8)]
    calls = [partial(registrations.confirm, registration=row) for row in rows]
    assert together.threads(*calls) == []
    assert taken(date) == 3
    assert Registration.objects.filter(state="waiting").count() == 5
    assert OutboxMessage.objects.count() == 8


BEFORE = """
import uuid
from actions.models import Registration
from actions.services import registrations
rows = list(Registration.objects.select_related("date").order_by("pk"))[{first}::2]
"""
# Each confirms every second one, and registers the same people once more.
THEN = """
for row in rows:
    registrations.confirm(registration=row)
    values = {"name": row.name, "email": row.email, "people": 1, "message": ""}
    registrations.register(
        date=row.date, values=values, language="de", creation_key=uuid.uuid4()
    )
"""


@pytest.mark.django_db(transaction=True)
def test_two_processes_overbook_nothing(tmp_path):
    action = make_joint_action(state="confirmed", takes_registrations=True, capacity=7)
    date = action.dates.get()
    for _number in range(20):
        make_registration(date=date, state="new")
    together.processes(*((BEFORE.format(first=first), THEN) for first in (0, 1)), folder=tmp_path)
    assert taken(date) == 7
    rows = Registration.objects.order_by("state_since")
    assert [row.state for row in rows] == ["confirmed"] * 7 + ["waiting"] * 13
