from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse

from accounts.models import User
from actions.models import (
    ActionDate,
    ActionResult,
    Campaign,
    Contribution,
    Idea,
    IdeaComment,
    IdeaSupport,
    JointAction,
    Participation,
    Pledge,
    Registration,
)
from core import outbox, revision
from core.errors import Refused
from core.mail import queue_mail
from core.models import OutboxMessage
from meetings.models import AgendaItem, Attendance, Decision, Invitation, Meeting, Task
from organisations.models import Consent, ContactPerson, Organisation
from portal import delivery, demonstration, demonstration_actions, scale
from portal.models import NetworkProfile
from tests.conftest import officer_group
from tests.factories import make_network, make_organisation

REAL = {"Die Brücke Rastatt für den Dialog", "Club Euro-Italia"}


@pytest.fixture
def loaded(db) -> dict[str, int]:
    officer_group()
    return demonstration.load()


def test_the_network_says_what_is_invented(loaded):
    names = set(Organisation.objects.public().values_list("name", flat=True))
    assert len(names) == 9
    assert {name for name in names if not name.endswith("(erfunden)")} == REAL
    profile = NetworkProfile.objects.get()
    assert profile.is_demonstration
    assert profile.contact_name == "Tamina Hommer"
    assert profile.contact_phone.as_e164 == "+4972223814325"


def test_nothing_is_invented_about_real_associations(loaded):
    for organisation in Organisation.objects.filter(name__in=REAL):
        assert "gibt es wirklich" in organisation.description
        assert not organisation.contacts.exists()
        assert not organisation.topics.exists()
        assert not organisation.languages.exists()
        assert organisation.founding_year is None
        assert organisation.confirmed_on is None
        assert not organisation.email
        assert not organisation.website
        assert not organisation.phone


def test_invented_people_have_addresses_and_numbers_of_nobody(loaded):
    addresses = [
        *User.objects.values_list("email", flat=True),
        *ContactPerson.objects.values_list("email", flat=True),
        *Organisation.objects.exclude(email="").values_list("email", flat=True),
        *Invitation.objects.values_list("email", flat=True),
        *Registration.objects.values_list("email", flat=True),
        *JointAction.objects.exclude(contact_email="").values_list("contact_email", flat=True),
    ]
    assert [address for address in addresses if not address.endswith("@example.org")] == []
    phones = [
        *ContactPerson.objects.exclude(phone="").values_list("phone", flat=True),
        *Organisation.objects.exclude(phone="").values_list("phone", flat=True),
    ]
    assert phones
    assert [phone for phone in phones if not str(phone.as_e164).startswith("+493023125")] == []
    of_actions = JointAction.objects.exclude(contact_phone="").values_list(
        "contact_phone", flat=True
    )
    assert of_actions
    assert [phone for phone in of_actions if not phone.startswith("030 23125")] == []


def test_what_is_public_of_people_has_a_provable_consent(loaded):
    public = ContactPerson.objects.filter(consented_at__isnull=False)
    assert public.exists()
    for contact in public:
        assert sorted(contact.consents.get().fields) == sorted(contact.published)


def test_the_officer_has_something_to_decide_and_the_right_to_it(loaded):
    assert Organisation.objects.filter(state="submitted").count() == 1
    assert Organisation.objects.filter(state="draft").count() == 1
    officer = User.objects.get(email="officer@example.org")
    assert officer.is_staff
    assert not officer.is_superuser
    assert officer.authenticator_set.exists()
    assert officer.has_perm("organisations.review_organisation")
    assert officer.has_perm("portal.change_feedback")


def test_loading_again_changes_nothing(loaded):
    Organisation.objects.filter(name__startswith="Frauencafé").update(name="Ganz anders")
    before = {
        model: model.objects.count()
        for model in (
            *(Organisation, ContactPerson, Consent, User),
            *(Meeting, AgendaItem, Invitation, Decision, Task, Idea, IdeaSupport, IdeaComment),
            *(Campaign, JointAction, ActionDate, Participation, Contribution, Pledge),
            *(Registration, ActionResult),
        )
    }
    assert set(demonstration.load().values()) == {0}
    assert {model: model.objects.count() for model in before} == before
    assert Organisation.objects.filter(name="Ganz anders").exists()
    profile_history = NetworkProfile.history.count()
    assert profile_history == 1


# --- Meetings -------------------------------------------------------------------------------------
def test_the_kick_off_is_what_the_county_says_of_it(loaded):
    kickoff = Meeting.objects.get(kind="kickoff")
    assert (kickoff.state, kickoff.place) == ("documented", "Landratsamt Rastatt")
    assert "erfunden" in kickoff.description
    there = Attendance.objects.filter(meeting=kickoff)
    assert there.aggregate(people=Sum("people"))["people"] == 20
    assert there.values("organisation").distinct().count() == 9
    assert not there.exclude(name="").exists()
    assert [item.title for item in kickoff.agenda.accepted()] == [
        "Begrüßung",
        "Die Integrationsarbeit im Landkreis",
        "Gegenseitiges Kennenlernen",
        "Gruppenarbeit: Ideen für die Zusammenarbeit und Kooperationsmöglichkeiten",
    ]
    assert [decision.number for decision in kickoff.decisions.order_by("number")] == [1, 2]
    assert kickoff.minutes.state == "published"
    minutes = " ".join(entry.text for entry in kickoff.minutes.entries.all())
    for name in ("Jörg Peter", "Hatice Özütürk", "Carmen Langenbacher"):
        assert name in minutes


def test_nothing_is_said_that_real_associations_did_not_say(loaded):
    real = Organisation.objects.filter(name__in=REAL)
    for model in (IdeaSupport, Task, Invitation, Participation, Pledge):
        assert not model.objects.filter(organisation__in=real).exists()
    assert not Idea.objects.filter(organisation__in=real).exists()


def test_ideas_are_put_together_and_supported(loaded):
    ideas = Idea.objects.listed().in_groups()
    assert ideas[0].supporters == 4  # one of them through a part of it
    assert ideas[0].doubles.count() == 1


def test_the_next_meeting_is_under_way(loaded, mailoutbox):
    meeting = Meeting.objects.upcoming().first()
    assert (meeting.state, meeting.begins.weekday()) == ("invited", 3)
    replies = set(Invitation.objects.filter(meeting=meeting).values_list("reply", flat=True))
    assert replies == {"", "yes", "no", "later"}
    # What follows from the last meeting came onto the agenda by itself.
    origins = set(meeting.agenda.accepted().values_list("origin", flat=True))
    assert origins == {"office", "last_minutes", "open_tasks"}
    assert meeting.agenda.proposed().count() == 1
    assert not OutboxMessage.objects.exists()
    for row in (*Meeting.objects.all(), *Invitation.objects.all()):
        row.full_clean()


# --- Joint actions --------------------------------------------------------------------------------
def test_actions_say_what_is_invented_and_are_in_every_state(loaded):
    actions = JointAction.objects.all()
    assert {action.state for action in actions} == set(JointAction.State.values)
    assert [action.title for action in actions if "(erfunden)" not in action.title] == []
    for action in actions:
        action.full_clean()
        assert action.search_text
    assert actions.public().count() == actions.exclude(published_at=None).count() == 6
    assert actions.filter(submitted_at__isnull=False).count() == 1


def test_the_joint_action_of_the_network_is_under_way(loaded):
    action = JointAction.objects.get(slug="ein-langer-tisch-auf-dem-marktplatz-erfunden")
    assert action.participations.confirmed().count() == 4
    assert set(action.participations.values_list("state", flat=True)) == {
        "confirmed", "invited", "asked",
    }  # fmt: skip
    assert action.ideas.get().meeting.kind == "kickoff"
    assert action.campaign.starts_on.month == 9
    assert action.campaign.starts_on.weekday() == 5
    assert 0 < action.contributions.open().count() < action.contributions.count()


def test_only_what_is_done_is_over(loaded):
    for date in ActionDate.objects.select_related("action"):
        assert date.is_over is (date.action.state == "done"), date


def test_seats_are_taken_and_some_wait(loaded):
    (first, second) = ActionDate.objects.filter(action__capacity=12).order_by("starts_at")
    taken = first.registrations.filter(state="confirmed").aggregate(people=Sum("people"))
    assert taken["people"] == 12
    assert first.registrations.filter(state="waiting").count() == 2
    assert second.registrations.filter(state="cancelled").count() == 1


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        ("2026-11-23", "2027-09-25", "2026-09-26"),
        ("2027-09-10", "2027-09-25", "2026-09-26"),
        ("2027-09-12", "2028-09-23", "2026-09-26"),
        ("2027-09-28", "2028-09-23", "2026-09-26"),
        ("2027-10-05", "2028-09-23", "2027-09-25"),
    ],
)
def test_whenever_it_is_loaded_one_week_is_ahead_and_one_is_over(
    db, time_machine, today, first, last
):
    time_machine.move_to(f"{today}T11:00:00Z", tick=False)
    demonstration_actions.load({**demonstration.read("actions"), "actions": [], "ideas": []}, str)
    found = Campaign.objects.order_by("-starts_on")
    assert [str(one.starts_on) for one in found] == [first, last]
    assert str(found[1].ends_on) < today


def test_the_record_of_the_demonstration_has_a_result(loaded, client):
    html = client.get(reverse("actions:record")).content.decode()
    assert "Tag der offenen Türen" in html
    assert "230" in html


def test_what_the_demonstration_says_is_found(loaded, client_for):
    client = client_for(User.objects.get(email="vertretung@example.org"))
    for word, found in (
        ("Landesbeamter", "Auftakttreffen"),
        ("dreimal", "Das Netzwerk trifft sich"),
        ("kochen", "Aufschreiben, wer bei einem Fest"),
    ):
        html = client.get(reverse("meetings:search"), {"q": word}).content.decode()
        assert found in html, word


@pytest.mark.parametrize("real", [make_network, make_organisation])
def test_a_real_network_is_left_alone(db, real):
    real()
    count = Organisation.objects.count()
    with pytest.raises(Refused):
        demonstration.load()
    with pytest.raises(Refused):
        list(scale.load(organisations=10))
    assert Organisation.objects.count() == count


@pytest.mark.parametrize("command", [["seed_demo"], ["seed_scale", "--organisations", "1"]])
def test_without_debug_one_has_to_say_that_it_is_meant(db, command):
    with pytest.raises(CommandError, match="yes-demonstration"):
        call_command(*command)
    assert not Organisation.objects.exists()
    call_command(*command, "--yes-demonstration", stdout=StringIO())
    assert Organisation.objects.exists()


def test_the_accounts_are_listed_with_the_second_code(loaded):
    out = StringIO()
    call_command("demo_accounts", stdout=out)
    assert "officer@example.org" in out.getvalue()
    assert "then the code" in out.getvalue()


def test_the_page_with_the_mails_shows_the_codes(loaded, client):
    code = next(log_in.code for log_in in demonstration.log_ins() if log_in.code)
    html = client.get(reverse("core:mailbox")).content.decode()
    assert "officer@example.org" in html
    assert code in html


def test_no_accounts_are_listed_of_a_real_network(db):
    make_network()
    with pytest.raises(CommandError):
        call_command("demo_accounts")


# --- Mail -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("domain", "reserved"),
    [
        ("example.org", True),
        ("sub.example.com", True),
        ("EXAMPLE.NET", True),
        ("example.org.", True),
        ("verein.test", True),
        ("notexample.org", False),
        ("example.org.evil.de", False),
        ("landkreis.de", False),
        ("example.de", False),
    ],
)
def test_reserved_addresses(domain, reserved):
    assert delivery.is_reserved(f"jemand@{domain}") is reserved


def queue(to: str) -> OutboxMessage:
    with transaction.atomic():
        return queue_mail(
            key=f"test:{to}",
            to=to,
            mail="test",
            language="de",
            context={},
            subject_body=("Hallo", "Ein Text."),
        )


@pytest.mark.parametrize(
    ("is_demonstration", "domain", "leaves"),
    [
        (True, "landkreis.de", False),
        (True, "example.org", True),
        (False, "landkreis.de", True),
    ],
)
def test_no_mail_leaves_a_demonstration_for_somebody_real(
    db, mailoutbox, is_demonstration, domain, leaves
):
    to = f"jemand@{domain}"
    make_network(is_demonstration=is_demonstration)
    message = queue(to)
    outbox.send_due()
    message.refresh_from_db()
    assert [mail.to for mail in mailoutbox] == ([[to]] if leaves else [])
    assert message.state == (OutboxMessage.State.SENT if leaves else OutboxMessage.State.CANCELLED)
    assert ("Vorführung" in message.error) is not leaves


def test_every_mail_says_who_writes(loaded):
    message = queue("jemand@example.org")
    assert "Netzwerk migrantischer Organisationen im Landkreis Rastatt" in message.text_body
    assert "Tamina Hommer" in message.text_body
    assert "07222 381-4325" in message.text_body


# --- The large network ----------------------------------------------------------------------------
def test_the_large_network_is_plausible(db):
    assert list(scale.load(organisations=60)) == [60]
    rows = Organisation.objects.public()
    assert rows.count() == 60
    assert rows.values("slug").distinct().count() == 60
    assert rows.filter(municipality__in_county=True).count() == 60
    assert not rows.filter(topics=None).exists()
    assert rows.values("languages").distinct().count() > 5
    for contact in ContactPerson.objects.filter(consented_at__isnull=False):
        assert contact.consents.get().fields
    for organisation in rows:
        organisation.full_clean()


def test_the_large_network_grows_and_repeats_itself(db):
    def names() -> set[tuple[str, str]]:
        return set(Organisation.objects.values_list("name", "description"))

    list(scale.load(organisations=10))
    ten, number = names(), revision.current()
    assert list(scale.load(organisations=10)) == []
    assert names() == ten
    list(scale.load(organisations=20))
    assert names() > ten
    assert Organisation.objects.count() == 20
    assert revision.current() != number
    list(scale.load(organisations=5, seed=2))
    assert Organisation.objects.count() == 25
