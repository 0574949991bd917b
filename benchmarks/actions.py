"""Measure what a campaign's programme costs, and write the table into benchmarks/README.md.

python -m benchmarks.actions                                   all of it, three minutes
python -m benchmarks.actions --tasks programme_page --print    one line, nothing is written
"""

import datetime
import random
import statistics
from collections.abc import Callable
from typing import Any

from benchmarks.tasks import Clock, Tasks

ACTIONS = 500
ORGANISATIONS = 200
MOST_QUERIES = 8
MOST_MEMORY = 500  # MB
PAGES = 60

TASKS = Tasks("benchmarks.actions", marker="actions", heading="Actions", organisations=500)
task = TASKS.task

FIRST_DAY = datetime.date(2027, 9, 18)
DAYS = 16
NOUNS = (
    "Fest", "Tanz", "Lesung", "Markt", "Konzert", "Gespräch", "Kochen", "Ausstellung",
    "Spaziergang", "Turnier",
)  # fmt: skip
WITH = (
    "der Nachbarn", "aus aller Welt", "für Kinder", "im Park", "mit Musik", "der Sprachen",
    "am Fluss",
)  # fmt: skip


# --- Pages ----------------------------------------------------------------------------------------
@task("programme of 500 actions, made anew after a change", seconds=0.25, megabytes=250)
def programme_changed() -> str:
    """The first visitor after each change pays for reading the programme."""
    from core import revision

    def change() -> None:
        revision.bump()
        client.get("/de/")  # the profile and the frame are not what is measured

    campaign = busy_campaign()
    client = visitor()
    return timed(client, campaign.get_absolute_url(), before=change)


@task("a page of it that nobody has asked for", seconds=0.1, megabytes=250)
def programme_page() -> str:
    """The programme is in memory: what is measured is choosing and writing."""
    campaign = busy_campaign()
    client = visitor()
    client.get(campaign.get_absolute_url())
    client.get("/de/organisationen/")  # both have what they need in memory
    number = iter(range(10_000))
    listed = timed(client, "/de/organisationen/", query=lambda: {"x": next(number)})
    directory = Clock.last
    told = timed(client, campaign.get_absolute_url(), query=lambda: {"x": next(number)})
    assert directory
    assert Clock.last
    times = Clock.last[0] / directory[0]
    return f"{told}; {times:.1f} times the directory's list ({listed})"


@task("the same again", seconds=0.01, megabytes=250)
def programme_kept() -> str:
    campaign = busy_campaign()
    client = visitor()
    client.get(campaign.get_absolute_url())
    return timed(client, campaign.get_absolute_url())


@task("the whole programme to print", seconds=1, megabytes=250)
def programme_print() -> str:
    campaign = busy_campaign()
    client = visitor()
    number = iter(range(100))
    return timed(
        client, f"{campaign.get_absolute_url()}drucken/", query=lambda: {"x": next(number)}
    )


# --- Files ----------------------------------------------------------------------------------------
@task("its calendar, from the second time on", seconds=0.05, megabytes=250)
def programme_calendar() -> str:
    campaign = busy_campaign()
    client = visitor()
    address = f"/programm/{campaign.slug}.ics"
    clock = Clock()
    first = client.get(address)
    took = clock.stop()[0]
    clock = Clock()
    answer = client.get(address)
    clock.stop()
    events = answer.content.count(b"BEGIN:VEVENT")
    assert events >= ACTIONS
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    return f"{events} events, {len(answer.content) / 1024:.0f} kB; the first time {took:.2f} s"


@task("the programme as XLSX", seconds=2, megabytes=250)
def programme_table() -> str:
    campaign = busy_campaign()
    client = visitor()
    clock = Clock()
    answer = client.get(f"/programm/{campaign.slug}.xlsx")
    size = sum(len(part) for part in answer.streaming_content)
    clock.stop()
    return f"{size / 1024:.0f} kB"


@task("the programme as JSON", seconds=1, megabytes=250)
def programme_json() -> str:
    campaign = busy_campaign()
    client = visitor()
    client.get(campaign.get_absolute_url())
    clock = Clock()
    answer = client.get(f"/programm/{campaign.slug}.json")
    clock.stop()
    return f"{len(answer.content) / 1024:.0f} kB"


# --- The brochure ---------------------------------------------------------------------------------
@task("a brochure of 60 pages, by the worker", seconds=15, megabytes=250)
def brochure_60() -> str:
    return printed(actions=190, least_pages=PAGES)


@task("the brochure of all 500 actions, by the worker", megabytes=250)
def brochure_all() -> str:
    return printed(actions=ACTIONS, least_pages=PAGES)


def printed(*, actions: int, least_pages: int) -> str:
    """Have a brochure made and look how long it took, and with how much memory."""
    import resource

    from actions.models import Brochure
    from actions.services import brochures
    from core import background

    campaign = busy_campaign(actions)
    brochures.start(campaign=campaign, languages=["de"])
    clock = Clock()
    done = background.run_due()
    clock.stop()
    assert done == {"done": 1}, done
    brochure = Brochure.objects.get(campaign=campaign)
    assert brochure.pages >= least_pages, brochure.pages
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert megabytes < MOST_MEMORY, megabytes
    return (
        f"{brochure.pages} pages, {brochure.size / 1e6:.1f} MB; {actions} actions; "
        f"made with {megabytes:.0f} MB"
    )


# --- What is measured -----------------------------------------------------------------------------
def timed(
    client: Any,
    address: str,
    *,
    before: Callable[[], None] = lambda: None,
    query: Callable[[], dict[str, Any]] = dict,
) -> str:
    """Ask for a page nine times; what counts is the one in the middle."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times = []
    for _time in range(9):
        before()
        asked = query()
        with CaptureQueriesContext(connection) as queries:
            clock = Clock()
            answer = client.get(address, asked)
            times.append(clock.stop())
        assert answer.status_code == 200, answer
        assert len(queries) <= MOST_QUERIES, len(queries)
    Clock.last = statistics.median_low(times)
    size = len(answer.content) / 1024
    return f"{Clock.last[0] * 1000:.0f} ms, {len(queries)} queries, {size:.0f} kB"


def visitor() -> Any:
    from django.test import Client

    return Client(headers={"host": "127.0.0.1"})


def busy_campaign(number: int = ACTIONS) -> Any:
    """Return a campaign of so many confirmed actions, by `ORGANISATIONS` organisations.

    Most are once, some several times, some last for days; each has two organisers on average.
    """
    from django.utils import timezone

    from actions.models import ActionDate, Campaign, JointAction, Participation
    from core import revision
    from core import statistics as database
    from organisations.models import Language, Municipality, Organisation, TargetGroup

    if found := Campaign.objects.filter(slug=f"woche-{number}").first():
        return found
    dice = random.Random(5)
    organisations = list(Organisation.objects.public().order_by("pk")[:ORGANISATIONS])
    places = list(Municipality.objects.filter(in_county=True).order_by("pk"))
    languages = list(Language.objects.order_by("pk")[:20])
    groups = list(TargetGroup.objects.order_by("pk"))
    assert len(organisations) == ORGANISATIONS
    assert places
    assert languages
    assert groups
    campaign = Campaign.objects.create(
        name="Interkulturelle Woche",
        year=2000 + number % 100,
        slug=f"woche-{number}",
        motto="Zusammen geht mehr",
        introduction="Zwei Wochen lang zeigen Vereine, was sie verbindet. " * 8,
        starts_on=FIRST_DAY,
        ends_on=FIRST_DAY + datetime.timedelta(days=DAYS - 1),
    )
    now = timezone.now()
    actions = JointAction.objects.bulk_create(
        JointAction(
            title=f"{dice.choice(NOUNS)} {dice.choice(WITH)} {index}",
            slug=f"aktion-{number}-{index}",
            summary="Wir laden alle ein, die neugierig sind. Bringen Sie Freunde mit! "
            * dice.randint(1, 3),
            description="Es gibt Musik, Essen und Zeit zum Reden. " * 12,
            category=dice.choice(JointAction.Category.values),
            campaign=campaign,
            place=f"Haus Nummer {index % 40}",
            address=f"Musterstraße {index % 90}, 12345 Musterstadt",
            municipality=dice.choice(places),
            accessibility=dice.choice(JointAction.Accessibility.values),
            entry=dice.choice(["frei", "frei, mit Anmeldung", "5 Euro, Kinder frei"]),
            takes_registrations=index % 5 == 0,
            contact_name=f"Ansprechperson {index}",
            contact_phone="030 23125 000",
            contact_email=f"aktion{index}@example.org",
            state=JointAction.State.CANCELLED if index % 50 == 0 else JointAction.State.CONFIRMED,
            published_at=now,
        )
        for index in range(number)
    )
    dates, parts = [], []
    for index, action in enumerate(actions):
        for _date in range(4 if index % 20 == 0 else 1):
            day = FIRST_DAY + datetime.timedelta(days=dice.randrange(DAYS))
            begins = timezone.make_aware(
                datetime.datetime.combine(day, datetime.time(dice.randint(9, 20)))
            )
            lasts = datetime.timedelta(days=6) if index % 50 == 1 else datetime.timedelta(hours=3)
            dates.append(ActionDate(action=action, starts_at=begins, ends_at=begins + lasts))
        for place, organisation in enumerate(dice.sample(organisations, dice.choice([1, 2, 2, 3]))):
            parts.append(
                Participation(
                    action=action,
                    organisation=organisation,
                    role=Participation.Role.PARTNER if place else Participation.Role.LEAD,
                    state=Participation.State.CONFIRMED,
                )
            )
    ActionDate.objects.bulk_create(dates, ignore_conflicts=True)
    Participation.objects.bulk_create(parts)
    for through, column, words in (
        (JointAction.languages.through, "language_id", languages),
        (JointAction.target_groups.through, "targetgroup_id", groups),
    ):
        through.objects.bulk_create(
            through(jointaction_id=action.pk, **{column: word.pk})
            for action in actions
            for word in dice.sample(words, 2)
        )
    database.refresh()
    revision.bump()
    return campaign


if __name__ == "__main__":
    # Tasks register with the module of this name, not with `__main__`.
    from benchmarks import actions

    actions.TASKS.main(__doc__)
