"""Measure what meetings cost, and write the table into benchmarks/README.md.

python -m benchmarks.meetings                                  all of it, ten minutes
python -m benchmarks.meetings --tasks invitations_queue --print  one line, nothing is written
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks.servers import ROOT, free_port
from benchmarks.tasks import Clock, Tasks

INVITED = 5_000
KILLED = 5
EVENTS = 200

TASKS = Tasks("benchmarks.meetings", marker="meetings", heading="Meetings", organisations=500)
task = TASKS.task


# --- Invitations ----------------------------------------------------------------------------------
@task("writing 5,000 invitations, each with link and calendar entry", seconds=10, megabytes=250)
def invitations_queue() -> str:
    from core.models import OutboxMessage

    meeting, officer = listed_meeting()
    clock = Clock()
    write_all(meeting, officer)
    clock.stop()
    size = sum(
        len(one.text_body) + len(one.html_body) + len(one.calendar)
        for one in OutboxMessage.objects.order_by("pk")[:100]
    )
    return f"{size / 100 / 1024:.0f} kB each"


@task("sending them to a mail server, one worker", seconds=INVITED / 50, megabytes=250)
def invitations_send() -> str:
    from django.test.utils import override_settings

    from core import outbox
    from core.models import OutboxMessage

    # What another task has left waiting is not to be sent here.
    OutboxMessage.objects.filter(state="queued").delete()
    meeting, officer = listed_meeting()
    write_all(meeting, officer)
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "-c", "aiosmtpd.handlers.Sink"])
    try:
        wait_for(port)
        options = {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": port,
        }
        with override_settings(**options):
            clock = Clock()
            while outbox.send_due():
                pass
            seconds, _processor = clock.stop()
    finally:
        server.terminate()
        server.wait()
    sent = OutboxMessage.objects.filter(state="sent").count()
    assert sent == INVITED, sent
    return f"{sent / seconds:.0f} mails per second"


@task("the same with five workers killed, then two at once")
def invitations_killed() -> str:
    """Kill workers at times nobody has chosen; then count what has arrived."""
    from aiosmtpd.controller import Controller
    from django.utils import timezone

    from core import background, outbox
    from core.models import BackgroundTask, OutboxMessage
    from meetings.models import Invitation, InvitationLink
    from meetings.services import inviting

    State = OutboxMessage.State
    meeting, officer = listed_meeting()
    arrived: Counter[str] = Counter()

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            arrived.update(envelope.rcpt_tos)
            return "250 OK"

    port = free_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    clock = Clock()
    inviting.start(meeting=meeting, by=officer)
    mine = Invitation.objects.filter(meeting=meeting)
    mails = OutboxMessage.objects.filter(key__startswith="meetings/", to__in=mine.values("email"))
    chance = random.Random(7)
    # A task that was begun three times without an end is not begun again: two are killed in it.
    moments: list[Callable[[], bool]] = [
        lambda: mine.exclude(invited_at=None).exists(),
        lambda: mine.exclude(invited_at=None).count() > INVITED / 2,
    ]
    for share in sorted(chance.uniform(0.05, 0.6) for _ in range(KILLED - 2)):
        moments.append(partial(is_sent, mails, share))
    for is_time in moments:
        with worker(port) as process:
            wait_until(is_time)
            process.send_signal(signal.SIGKILL)
        long_ago = timedelta(hours=1)
        # Time passes: the others see that this one is gone.
        BackgroundTask.objects.filter(state="running").update(
            heartbeat_at=timezone.now() - long_ago - background.DEAD_AFTER
        )
        mails.filter(state=State.SENDING).update(
            sending_since=timezone.now() - long_ago - outbox.ABANDONED_AFTER
        )
    with worker(port) as first, worker(port) as second:
        wait_until(
            lambda: (
                not mine.filter(invited_at=None).exists()
                and not mails.filter(state__in=[State.QUEUED, State.SENDING]).exists()
            )
        )
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    clock.stop()
    controller.stop()
    unclear = set(mails.filter(state=State.UNCLEAR).values_list("to", flat=True))
    everybody = set(mine.values_list("email", flat=True))
    assert len(unclear) <= KILLED, unclear
    assert {to for to in everybody if arrived[to] != 1} <= unclear
    assert all(arrived[to] <= 1 for to in unclear)
    assert (
        mails.count()
        == INVITED
        == InvitationLink.objects.filter(invitation__meeting=meeting).count()
    )
    once = sum(arrived[to] == 1 for to in everybody)
    return f"{once} of {INVITED} arrived once, {len(unclear)} named as unclear, none twice"


def is_sent(mails: Any, share: float) -> bool:
    """Whether so much of the mails has left."""
    return mails.filter(state="sent").count() > share * INVITED


def listed_meeting() -> tuple[Any, Any]:
    """Return a meeting with `INVITED` guests on its list, and an officer who may invite them."""
    from django.contrib.auth.models import Group
    from django.utils import timezone

    from accounts.models import User
    from meetings.models import AgendaItem, Invitation, Meeting

    officer, _is_new = User.objects.get_or_create(email="officer@example.org", is_staff=True)
    officer.groups.set(Group.objects.all())
    number = Meeting.objects.count()
    starts = timezone.now() + timedelta(days=30)
    meeting = Meeting.objects.create(
        title=f"Netzwerktreffen {number}",
        slug=f"netzwerktreffen-{number}",
        description="Wir lernen uns kennen und planen das Jahr. " * 10,
        place="Landratsamt, Großer Saal",
        address="Musterstraße 1, 12345 Musterstadt",
        starts_at=starts,
        ends_at=starts + timedelta(hours=3),
    )
    for position in range(8):
        AgendaItem.objects.create(
            meeting=meeting, title=f"Thema Nummer {position}", position=position
        )
    Invitation.objects.bulk_create(
        Invitation(
            meeting=meeting,
            email=f"gast{number}-{index}@example.org",
            name=f"Gast Nummer {index}",
            language=("de", "de", "de", "en", "ar")[index % 5],
        )
        for index in range(INVITED)
    )
    return meeting, officer


def write_all(meeting: Any, officer: Any) -> None:
    from core import background
    from meetings.models import Invitation
    from meetings.services import inviting

    inviting.start(meeting=meeting, by=officer)
    background.run_due()
    assert Invitation.objects.filter(meeting=meeting, mail__isnull=False).count() == INVITED


@contextmanager
def worker(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `manage.py worker` on this database and a mail server here."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=ROOT,
        env=os.environ | {"EMAIL_URL": f"smtp://127.0.0.1:{port}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(port: int) -> None:
    def is_there() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(is_there)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit("That takes too long.")
        time.sleep(0.05)


# --- Answers --------------------------------------------------------------------------------------
ANSWERS = 2_000


@task("the office's page of 2,000 answers from 500 organisations", seconds=1, megabytes=250)
def answers_overview() -> str:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    meeting = answered_meeting()
    client = office_client()
    address = f"/de/verwaltung/meetings/meeting/{meeting.pk}/rueckmeldungen/"
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    number = len(queries)
    assert number <= 10, number
    times = []
    for _time in range(9):
        clock = Clock()
        client.get(address)
        times.append(clock.stop())
    Clock.last = sorted(times)[len(times) // 2]
    return f"{number} queries with log-in and frame, {len(page.content) / 1024:.0f} kB"


@task("the same answers as XLSX", seconds=5, megabytes=250)
def answers_table() -> str:
    meeting = answered_meeting()
    client = office_client()
    clock = Clock()
    page = client.get(f"/de/verwaltung/meetings/meeting/{meeting.pk}/rueckmeldungen/tabelle/xlsx/")
    size = sum(len(part) for part in page.streaming_content)
    clock.stop()
    return f"{size / 1e6:.1f} MB"


@task("one answer by the link among them, with a waiting list of 200", seconds=0.2, megabytes=250)
def answers_one() -> str:
    from django.test import Client

    from meetings.models import Invitation, Meeting
    from meetings.services import answers, links

    meeting = answered_meeting()
    taken = answers.seats_taken(meeting)
    waiting = list(meeting.invitations.coming().values_list("pk", flat=True)[:200])
    Invitation.objects.filter(pk__in=waiting).update(waiting_since=meeting.created_at)
    Meeting.objects.filter(pk=meeting.pk).update(capacity=answers.seats_taken(meeting))
    assert answers.seats_taken(meeting) < taken
    silent = list(meeting.invitations.silent().select_related("meeting")[:30])
    tokens = links.new_links(silent)
    client = Client(headers={"host": "127.0.0.1"})
    times = []
    for row in silent:
        address = f"/de/treffen/antwort/{tokens[row.pk]}/"
        clock = Clock()
        answer = client.post(address, {"reply": "yes", "seen_version": "1"})
        times.append(clock.stop())
        assert answer.status_code == 302, answer
    assert meeting.invitations.waiting().count() == len(waiting) + len(silent)
    Clock.last = sorted(times)[len(times) // 2]
    return f"the slowest of {len(silent)} took {max(times)[0]:.2f} s"


def answered_meeting() -> Any:
    """Return a meeting to which 500 organisations were invited four times each, with answers.

    Before it were three at which it was noted who came, so that some have missed all.
    """
    from django.utils import timezone

    from core import statistics
    from meetings.models import Attendance, Invitation, Meeting
    from organisations.models import Language, Organisation

    now = timezone.now()
    organisations = list(Organisation.objects.order_by("pk")[:500])
    languages = list(Language.objects.order_by("pk")[:8])
    through = Invitation.interpreting.through
    meetings = []
    for index, days in enumerate((30, -100, -200, -300), Meeting.objects.count()):
        starts = now + timedelta(days=days)
        meeting = Meeting.objects.create(
            title=f"Netzwerktreffen {index}",
            slug=f"mit-antworten-{index}",
            place="Landratsamt",
            state="invited" if days > 0 else "held",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
        )
        meetings.append(meeting)
        replies = (("yes", 1), ("yes", 3), ("no", 0), ("later", 0), ("", 0))
        rows = [
            Invitation(
                meeting=meeting,
                email=f"gast{index}-{number}@example.org",
                name=f"Gast Nummer {number}",
                organisation=organisations[number % len(organisations)],
                invited_at=now,
                reply=reply,
                replied_at=now if reply else None,
                people=people,
                access_needs="Rollstuhl" if number % 50 == 0 else "",
                food="vegetarisch" if number % 7 == 0 else "",
                message="Wir bringen Kuchen mit." if number % 9 == 0 else "",
            )
            for number in range(ANSWERS)
            for reply, people in [replies[number % len(replies)]]
        ]
        Invitation.objects.bulk_create(rows, batch_size=500)
        if days < 0:
            Attendance.objects.bulk_create(
                Attendance(meeting=meeting, organisation=one, people=2)
                for one in organisations[:400]
            )
    coming = meetings[0].invitations.filter(reply="yes").order_by("pk")
    through._default_manager.bulk_create(
        through(invitation=row, language=languages[number % len(languages)])
        for number, row in enumerate(coming[::3])
    )
    statistics.refresh()
    return meetings[0]


def office_client() -> Any:
    """Return a browser in which an officer is logged in with her second factor."""
    from allauth.account.internal.flows.login import record_authentication
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth.models import Group
    from django.http import HttpRequest
    from django.test import Client

    from accounts.models import User

    by, is_new = User.objects.get_or_create(email="answers@example.org", is_staff=True)
    if is_new:
        by.groups.set(Group.objects.all())
        TOTP.activate(by, generate_totp_secret())
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(by, backend="allauth.account.auth_backends.AuthenticationBackend")
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, by, method="mfa", type="totp")
    request.session.save()
    return client


# --- Calendars ------------------------------------------------------------------------------------
@task("a person's calendar of 200 events, from the second time on", seconds=0.05, megabytes=250)
def calendar_feed() -> str:
    """Asked for by another person's program than the first time: only the events are kept."""
    from urllib.parse import urlsplit

    from django.test import Client

    from meetings import calendars
    from meetings.services import calendars as services

    meetings = many_meetings()
    client = Client(headers={"host": "127.0.0.1"})
    for number, user in enumerate(representatives(2)):
        invite_to(meetings[::2], user)
        path = urlsplit(calendars.own_address(services.open_feed(user=user))).path
        clock = Clock()
        answer = client.get(path)
        seconds, _processor = clock.stop()
        if not number:
            first = seconds
    assert answer.content.count(b"BEGIN:VEVENT") == EVENTS
    return f"{len(answer.content) / 1024:.0f} kB; the first time {first * 1000:.0f} ms"


@task("the same for everybody, from the second time on", seconds=0.05, megabytes=250)
def calendar_public() -> str:
    from django.test import Client

    many_meetings()
    client = Client(headers={"host": "127.0.0.1"})
    first = client.get("/kalender/treffen.ics")
    clock = Clock()
    answer = client.get("/kalender/treffen.ics")
    clock.stop()
    assert answer.content.count(b"BEGIN:VEVENT") == EVENTS
    again = client.get("/kalender/treffen.ics", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    return f"{len(answer.content) / 1024:.0f} kB"


def many_meetings() -> list[Any]:
    """Return as many public meetings as a calendar of years holds; there are no others."""
    from django.utils import timezone

    from core import revision
    from meetings.models import Decision, Meeting, Minutes, Task

    for model in (Task, Decision, Minutes, Meeting):  # as they are protected
        model.objects.all().delete()
    now = timezone.now()
    for number in range(EVENTS):
        starts = now + timedelta(days=3 * number)
        Meeting.objects.create(
            title=f"Netzwerktreffen {number}",
            slug=f"kalender-{number}",
            description="Wir lernen uns kennen und planen das Jahr. " * 10,
            place="Landratsamt, Großer Saal",
            address="Musterstraße 1, 12345 Musterstadt",
            visibility="public",
            starts_at=starts,
            ends_at=starts + timedelta(hours=3),
        )
    revision.bump()
    return list(Meeting.objects.order_by("pk"))


def representatives(number: int) -> list[Any]:
    from accounts.models import User
    from organisations.models import Organisation, Representative

    organisations = Organisation.objects.public().order_by("pk")[:number]
    users = [
        User.objects.create_user(f"representative-{organisation.pk}@example.org")
        for organisation in organisations
    ]
    Representative.objects.bulk_create(
        Representative(user=user, organisation=organisation, role="manager")
        for user, organisation in zip(users, organisations, strict=True)
    )
    return users


def invite_to(meetings: list[Any], user: Any) -> None:
    from django.utils import timezone

    from meetings.models import Invitation

    Invitation.objects.bulk_create(
        Invitation(meeting=meeting, email=user.email, user=user, invited_at=timezone.now())
        for meeting in meetings
    )


# --- Minutes --------------------------------------------------------------------------------------
@task("the PDF of 20 pages of minutes", seconds=3, megabytes=300)
def minutes_pdf() -> str:
    """A process of its own makes the file; its memory is what the goal is about."""
    import resource
    from io import BytesIO

    from django.utils import timezone
    from pypdf import PdfReader

    from meetings.models import AgendaItem, Decision, Meeting, Minutes, MinutesEntry, Task

    now = timezone.now()
    starts = now - timedelta(days=20)
    meeting = Meeting.objects.create(
        title="Netzwerktreffen mit langem Protokoll",
        slug="mit-protokoll",
        place="Landratsamt",
        state="documented",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
    )
    minutes = Minutes.objects.create(meeting=meeting, state="published", published_at=now)
    text = "Wir haben **lange** darüber gesprochen, wie das gehen soll. " * 9
    section = f"{text}\n\n- Erstens\n- Zweitens\n  - Drittens\n\n" * 5
    for number in range(1, 16):
        item = AgendaItem.objects.create(meeting=meeting, title=f"Punkt {number}", position=number)
        MinutesEntry.objects.create(minutes=minutes, agenda_item=item, text=section)
        Decision.objects.create(
            meeting=meeting, agenda_item=item, year=2026, number=number, text="Wir machen das."
        )
        Task.objects.create(meeting=meeting, agenda_item=item, text="Tun", person="Alle")
    client = office_client()
    address = "/de/treffen/mit-protokoll/protokoll.pdf"
    client.get("/de/treffen/")
    clock = Clock()
    answer = client.get(address)
    clock.stop()
    pages = len(PdfReader(BytesIO(answer.content)).pages)
    assert pages >= 20, pages
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert worker < 300, worker
    return f"{pages} pages, {len(answer.content) / 1024:.0f} kB; made with {worker:.0f} MB"


if __name__ == "__main__":
    # Tasks register with the module of this name, not with `__main__`.
    from benchmarks import meetings

    meetings.TASKS.main(__doc__)
