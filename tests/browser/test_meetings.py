"""A meeting's whole life: planned, invited, answered, moved, held, minuted, and what stays to do.

Where the worker would do something, the test does it; where days pass, the clock is moved.
"""

import datetime
import io
import re
from urllib.parse import urlsplit

import pytest
import vobject
from django.utils import timezone
from pypdf import PdfReader

from core import background, jobs
from core.models import OutboxMessage
from meetings.models import AgendaItem, Invitation, Meeting
from meetings.services import answers
from organisations.models import Organisation
from tests.browser.conftest import WIDE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.pdf]

TABLET = {"width": 820, "height": 1180}
TITLE = "Drittes Netzwerktreffen"
PEOPLE = 12
GUESTS = "\n".join(f"Gast {number} <gast{number}@example.org>" for number in range(1, 20))
PROPOSAL = "Ein gemeinsames Sommerfest"


def work(*kinds: str) -> None:
    """Do what the worker does."""
    counts = background.run_due()
    assert set(counts) == {"done"}, counts


def mails(kind: str) -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(mail=f"meetings/{kind}").order_by("pk"))


def link_in(mail: OutboxMessage) -> str:
    """Return the path of the answer page a mail leads to, without its language."""
    path = urlsplit(re.search(r"http\S+/treffen/antwort/\S+", mail.text_body)[0]).path
    return path.removeprefix(f"/{mail.language}")


def event(mail: OutboxMessage):
    """Return what calendar programs read in a mail."""
    calendar = vobject.readOne(mail.calendar)
    return calendar, calendar.vevent


def representative() -> tuple[str, Organisation]:
    """Return the address of somebody of the demonstration, and whom they speak for."""
    organisation = (
        Organisation.objects.public().filter(representatives__user__is_staff=False).order_by("pk")
    ).first()
    return organisation.representatives.order_by("pk").first().user.email, organisation


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_a_meeting_from_the_idea_to_what_is_left_to_do(sit, visit, site, time_machine, scripts):
    begins = (timezone.localtime() + datetime.timedelta(days=17)).replace(
        hour=18, minute=0, second=0, microsecond=0
    )
    meeting = plan(sit, begins, scripts=scripts)
    item = agenda(sit, meeting, scripts=scripts)
    invite(sit, meeting, scripts=scripts)
    answer(visit, meeting)
    moved = move(sit, meeting, begins + datetime.timedelta(days=1), scripts=scripts)
    remind(meeting, time_machine, moved)
    time_machine.move_to(moved - datetime.timedelta(minutes=10), tick=True)
    attend(sit, meeting, scripts=scripts)
    time_machine.move_to(moved + datetime.timedelta(hours=4), tick=True)
    record(sit, meeting, item, scripts=scripts)
    read(sit, meeting)
    follow_up(sit, meeting, scripts=scripts)


def save(desk: Visitor) -> None:
    """Save a meeting, whatever else is on that day."""
    desk.follow("[name=_save]")
    if desk.page.locator("#id_confirmed").count():
        desk.page.locator("#id_confirmed").check()
        desk.follow("[name=_save]")


def plan(sit, begins: datetime.datetime, *, scripts: bool) -> Meeting:
    """From the first page of the office to a meeting with a date."""
    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    desk.open("/verwaltung/")
    desk.follow("main a[href$='/verwaltung/meetings/meeting/']")
    desk.press("Jahresplanung")
    desk.press("Termin suchen")
    desk.open(f"/verwaltung/meetings/meeting/termin/?tag={begins:%Y-%m-%d}")
    desk.follow("#tag a.button--primary")
    desk.fill(
        title=TITLE,
        day=f"{begins:%Y-%m-%d}",
        begin=f"{begins:%H:%M}",
        end=f"{begins + datetime.timedelta(hours=3):%H:%M}",
        place="Landratsamt, Großer Saal",
        capacity="30",
        reminders="14, 3",
        visibility="public",
        proposals_until=f"{begins - datetime.timedelta(days=3):%Y-%m-%dT%H:%M}",
    )
    save(desk)
    return Meeting.objects.get(title=TITLE)


def agenda(sit, meeting: Meeting, *, scripts: bool) -> AgendaItem:
    """Two items of the office, one of an association, put in order; return the last."""
    address, _organisation = representative()
    member = sit(address, scripts=scripts)
    member.open("/treffen/")
    assert TITLE in member.page.locator("main").inner_text()
    member.open(f"/treffen/{meeting.slug}/")
    member.press("Thema vorschlagen")
    member.fill(title=PROPOSAL, description="Wir haben einen Garten und viele Ideen.")
    member.press("Thema vorschlagen")

    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    desk.open("/verwaltung/")
    assert PROPOSAL in desk.page.locator("main").inner_text()
    desk.open(f"/verwaltung/meetings/meeting/{meeting.pk}/tagesordnung/")
    desk.follow("button[name=accept]")
    for title, minutes in (("Begrüßung", "10"), ("Berichte aus den Vereinen", "40")):
        desk.fill(title=title, minutes=minutes)
        desk.press("Auf die Tagesordnung setzen")
    welcome = meeting.agenda.get(title="Begrüßung")
    for _place in range(2):
        up = f"button[name=up][value='{welcome.pk}']"
        if desk.page.locator(up).is_enabled():
            desk.follow(up)
    shown = [item.title for item in meeting.agenda.accepted() if item.origin != "last_minutes"]
    assert shown.index("Begrüßung") < shown.index(PROPOSAL)
    assert [mail.to for mail in mails("proposal_decided")] == [address]
    return meeting.agenda.get(title=PROPOSAL)


def invite(sit, meeting: Meeting, *, scripts: bool) -> None:
    """Twelve people: those of the network by rule, and guests by hand."""
    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    tab = f"/verwaltung/meetings/meeting/{meeting.pk}/einladungen/"
    desk.open(tab)
    desk.press("Auf die Liste setzen")
    missing = PEOPLE - meeting.invitations.listed().count()
    assert 0 < missing < PEOPLE
    desk.press("Gäste eintragen")
    lines = [f"Gast {number} <gast{number}@example.org>" for number in range(1, missing + 1)]
    desk.fill(people="\n".join([*lines, "Falsch geschrieben <gast@@example>"]))
    desk.press("Auf die Liste setzen")
    main = desk.page.locator("main").inner_text()
    assert "gast@@example" in main
    assert meeting.invitations.listed().count() == PEOPLE
    desk.open(tab)
    desk.press("Einladungen ansehen und senden")
    assert TITLE in desk.page.locator("main").inner_text()
    desk.press(f"Jetzt an {PEOPLE} Personen senden")
    work()
    sent = mails("invitation")
    assert len({mail.to for mail in sent}) == len(sent) == PEOPLE
    for mail in sent:
        calendar, entry = event(mail)
        assert calendar.method.value == "REQUEST"
        assert entry.summary.value == TITLE
        assert entry.sequence.value == "0"
        assert entry.attendee.value == f"mailto:{mail.to}"
    meeting.refresh_from_db()
    assert meeting.state == Meeting.State.INVITED


def answer(visit, meeting: Meeting) -> None:
    """By the links in the mails, on phones with and without scripts; some by the service alone."""
    sent = mails("invitation")
    for mail, scripts in ((sent[0], True), (sent[1], False)):
        phone = visit(mail.language, scripts=scripts)
        phone.open(link_in(mail))
        invitation = meeting.invitations.get(email=mail.to)
        assert invitation.reply == ""  # opening the link answers nothing
        phone.press("Ja, ich komme")
        phone.page.locator("details:has([name=food]) > summary").click()
        phone.fill(people="3", food="vegetarisch")
        phone.press("Speichern")
        invitation.refresh_from_db()
        assert (invitation.reply, invitation.people) == ("yes", 3)
        assert invitation.food == "vegetarisch"
    phone = visit(sent[2].language)
    phone.open(link_in(sent[2]))
    phone.press("Nein, ich komme nicht")
    for mail, reply in ((sent[3], "yes"), (sent[4], "yes"), (sent[5], "later")):
        invitation = meeting.invitations.get(email=mail.to)
        answers.answer(
            invitation=invitation, values={"reply": reply}, seen_version=invitation.version,
            way=Invitation.Way.LINK,
        )  # fmt: skip
    assert meeting.invitations.coming().count() == 4


def move(sit, meeting: Meeting, to: datetime.datetime, *, scripts: bool) -> datetime.datetime:
    """A day later: everybody is told, and their calendars."""
    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    desk.open(f"/verwaltung/meetings/meeting/{meeting.pk}/change/")
    desk.fill(day=f"{to:%Y-%m-%d}")
    save(desk)
    meeting.refresh_from_db()
    assert meeting.begins == to
    work()
    told = mails("changed")
    assert len(told) == PEOPLE
    for mail in told:
        calendar, entry = event(mail)
        assert (calendar.method.value, entry.sequence.value) == ("REQUEST", "1")
        assert entry.dtstart.value == to
    assert {event(mail)[1].uid.value for mail in told + mails("invitation")} == {
        event(told[0])[1].uid.value
    }
    return to


def remind(meeting: Meeting, time_machine, begins: datetime.datetime) -> None:
    """Fourteen days before, only those who have not said a word."""
    time_machine.move_to(begins - datetime.timedelta(days=13, hours=12), tick=True)
    silent = set(meeting.invitations.silent().values_list("email", flat=True))
    assert len(silent) == PEOPLE - 6
    for _twice in range(2):
        jobs.run_due(everything=True)
        background.run_due()
    assert {mail.to for mail in mails("reminder")} == silent
    assert len(mails("reminder")) == len(silent)


def attend(sit, meeting: Meeting, *, scripts: bool) -> None:
    """At the door with a tablet: two groups are there, and somebody nobody expected."""
    tablet = sit("officer@example.org", size=TABLET, scripts=scripts)
    tablet.open(f"/verwaltung/meetings/meeting/{meeting.pk}/vor-ort/")
    switches = tablet.page.locator("[data-groups=expected] [role=switch]")
    expected = switches.count()
    assert expected >= 4
    for number in range(3):
        switch = tablet.page.locator("[data-groups=expected] [role=switch]").nth(number)
        if scripts:
            switch.click()
        else:
            tablet.follow(switch)
    tablet.page.locator("summary", has_text="Jemand ist da").click()
    tablet.fill(name="Frau Unangemeldet", people="2")
    if scripts:
        tablet.page.get_by_role("button", name="Ist da").click()
        tablet.page.get_by_text("Alles ist gesichert.").wait_for()
        tablet.check()
    else:
        tablet.press("Ist da")
    present = meeting.attendance.filter(is_present=True)
    assert present.count() == 4
    assert present.get(is_walk_in=True).people == 2


def record(sit, meeting: Meeting, item: AgendaItem, *, scripts: bool) -> None:
    """Minutes with two decisions and three tasks, published."""
    _address, organisation = representative()
    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    desk.open(f"/verwaltung/meetings/meeting/{meeting.pk}/vor-ort/")
    desk.press("Das Treffen hat stattgefunden")
    tab = f"/verwaltung/meetings/meeting/{meeting.pk}/protokoll/"
    desk.open(tab)
    desk.page.locator(f"[data-section=item-{item.pk}] textarea").fill(
        "Alle wollen **zusammen** feiern.\n\n- Garten\n- Musik"
    )
    desk.press("Speichern")
    for text in ("Wir feiern im Juli ein Sommerfest.", "Der Eintritt ist frei."):
        desk.follow(f"button[value='decision_add:{item.pk}']")
        desk.fill(text=text)
        desk.press("Beschluss speichern")
    due = timezone.localdate() + datetime.timedelta(days=30)
    for text, who in (
        ("Den Garten vorbereiten", {"organisation": str(organisation.pk)}),
        ("Musik suchen", {"organisation": str(organisation.pk)}),
        ("Das Plakat entwerfen", {"person": "Frau Beispiel"}),
    ):
        desk.follow(f"button[value='task_add:{item.pk}']")
        desk.fill(text=text, due_on=f"{due:%Y-%m-%d}", **who)
        desk.press("Aufgabe speichern")
    desk.follow("button[value=minutes_publish]")
    desk.press("Jetzt veröffentlichen")
    background.run_due()
    meeting.refresh_from_db()
    assert meeting.state == Meeting.State.DOCUMENTED
    numbers = [(one.year, one.number) for one in meeting.decisions.order_by("number")]
    assert len(numbers) == 2
    assert numbers[1][1] == numbers[0][1] + 1
    assert meeting.tasks.open().count() == 3
    assert mails("minutes_published")


def read(sit, meeting: Meeting) -> None:
    """What a member finds, and takes away on paper."""
    address, _organisation = representative()
    member = sit(address)
    member.open(f"/treffen/{meeting.slug}/protokoll/")
    main = member.page.locator("main").inner_text()
    for words in (
        "Wir feiern im Juli ein Sommerfest.",
        "Alle wollen zusammen feiern.",
        "Musik suchen",
    ):
        assert words in main
    with member.page.expect_download() as download:
        member.page.get_by_role("link", name="PDF").first.click()
    paper = PdfReader(io.BytesIO(download.value.path().read_bytes()))
    assert paper.trailer["/Root"]["/Lang"] == "de"
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert TITLE in paper.metadata.title
    text = " ".join(page.extract_text() for page in paper.pages)
    assert "Der Eintritt ist frei." in text
    assert "Das Plakat entwerfen" in text


def follow_up(sit, meeting: Meeting, *, scripts: bool) -> None:
    """A task is done; the next meeting has the others on its agenda, and the last minutes."""
    address, _organisation = representative()
    member = sit(address, scripts=scripts)
    member.open("/aufgaben/")
    member.follow(member.page.get_by_role("link", name="Musik suchen").first)
    member.press("Die Aufgabe ist erledigt")
    assert meeting.tasks.open().count() == 2

    desk = sit("officer@example.org", size=WIDE, scripts=scripts)
    desk.open(f"/verwaltung/meetings/meeting/{meeting.pk}/ueberblick/")
    desk.press("Nächstes Treffen danach planen")
    desk.follow(desk.page.locator(".month-days__day:not(.month-days__day--other) a").last)
    desk.follow("#tag a.button--primary")
    desk.fill(title="Viertes Netzwerktreffen")
    save(desk)
    planned = Meeting.objects.get(title="Viertes Netzwerktreffen")
    assert planned.place == meeting.place
    desk.open(f"/verwaltung/meetings/meeting/{planned.pk}/tagesordnung/")
    main = desk.page.locator("main").inner_text()
    assert "Offene Aufgaben" in main
    assert "Genehmigung des letzten Protokolls" in main
    assert set(planned.agenda.values_list("origin", flat=True)) >= {"last_minutes", "open_tasks"}
