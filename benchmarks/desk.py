"""Measure what the officer waits for, and write the table into benchmarks/README.md.

python -m benchmarks.desk                              all of it, a quarter of an hour
python -m benchmarks.desk --tasks export_xlsx --print  one line, nothing is written

Every task is a function under `@task`, and is run in a process of its own; what a person would wait
for is timed, and the most memory the process ever had is what counts.
"""

import time
from contextlib import closing
from http import HTTPStatus

from benchmarks.tasks import Clock, Tasks, peak

ORGANISATIONS = 10_000
MANY = 100_000

TASKS = Tasks(
    "benchmarks.desk", marker="desk", heading="The officer's desk", organisations=ORGANISATIONS
)
task = TASKS.task


# --- What is measured -----------------------------------------------------------------------------
def export(ending: str) -> str:
    """Write a tenth, then all; memory that grows with the rows shows between the two."""
    from core import spreadsheets
    from organisations import columns
    from organisations.models import Organisation

    def write(number: int) -> str:
        queryset = Organisation.objects.order_by("name", "pk")[:number]
        clock = Clock()
        headings, rows = columns.export(queryset, people=True)
        with closing(spreadsheets.response(ending, "Liste", headings, rows)) as answer:
            size = sum(len(part) for part in answer.streaming_content)
        clock.stop()
        return f"{len(headings)} columns, {size / 1e6:.1f} MB"

    write(ORGANISATIONS // 10)
    before = peak()
    told = write(ORGANISATIONS)
    return f"{told}; {peak() - before:+.0f} MB of memory from a tenth of the rows to all"


@task("10,000 organisations with people as XLSX", seconds=10, megabytes=150)
def export_xlsx() -> str:
    return export("xlsx")


@task("the same as CSV", seconds=10, megabytes=150)
def export_csv() -> str:
    return export("csv")


@task("reading the XLSX with its 10,000 rows", seconds=10, megabytes=300)
def read_xlsx() -> str:
    from django.core.files.base import ContentFile

    from core import spreadsheets
    from organisations import columns
    from organisations.models import Organisation

    headings, rows = columns.export(Organisation.objects.all(), people=True)
    with closing(spreadsheets.response("xlsx", "Liste", headings, rows)) as answer:
        content = b"".join(answer.streaming_content)
    clock = Clock()
    sheet = spreadsheets.read(ContentFile(content))
    clock.stop()
    return f"{len(sheet.rows) - 1} rows"


@task("comparing 10,000 organisations with one another", seconds=20, megabytes=250)
def find_pairs() -> str:
    from organisations.services import pairs

    clock = Clock()
    found = pairs.find_all()
    pairs.store(found)
    clock.stop()
    return f"{len(found)} likely pairs"


@task("checking 12,000 imported rows against 10,000 organisations", seconds=60, megabytes=300)
def import_list() -> str:
    from accounts.models import User
    from core import background
    from core.spreadsheets import Sheet
    from organisations.models import ImportRun, Municipality, Organisation
    from organisations.services.imports import applying, checking, deciding, mapping
    from portal.scale import Writer

    fields = ("name", "street", "postal_code", "place", "phone", "email", "website", "aims")
    writer = Writer(seed=7)
    known = Organisation.objects.order_by("pk")[:3000]
    others = (writer.row(index).organisation for index in range(9000))
    cells = [
        tuple(str(getattr(one, name) or "") for name in fields)
        for some in (known, others)
        for one in some
    ]
    headings = tuple(str(Organisation._meta.get_field(name).verbose_name) for name in fields)
    by = User.objects.create_user("import@example.org", is_staff=True)
    run = mapping.begin(
        sheet=Sheet([headings, *cells]), file_name="liste.csv", by=by, creation_key=None
    )
    mapping.choose(
        run=run, preset="free", mapping=dict(enumerate(fields)), clears_empty=False,
        default_municipality=Municipality.objects.filter(in_county=True).first(),
        default_kind="association", new_state="submitted",
    )  # fmt: skip
    clock = Clock()
    checking.start_check(run=run, by=by)
    background.run_due()
    clock.stop()
    run.refresh_from_db()
    found = run.counts
    deciding.decide_all(run=run, outcome="duplicate", decision="create")
    applying.start_apply(run=run, by=by)
    begun = time.perf_counter()
    background.run_due()
    assert ImportRun.objects.get().state == "applied"
    kinds = ", ".join(f"{found.get(one, 0)} {one}" for one in ("new", "changed", "duplicate"))
    return f"{kinds}; taking all of it over {time.perf_counter() - begun:.0f} s"


def office_list(query: str) -> str:
    """Ask for a page of the office's list until it is warm, then nine times; the middle one counts.

    The officer has the rights of the officer's group and has shown her second factor.
    """
    from allauth.account.internal.flows.login import record_authentication
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth.models import Group
    from django.db import connection
    from django.http import HttpRequest
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from accounts.models import User

    by, is_new = User.objects.get_or_create(email="officer@example.org", is_staff=True)
    if is_new:
        by.groups.set(Group.objects.all())
        TOTP.activate(by, generate_totp_secret())
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(by, backend="allauth.account.auth_backends.AuthenticationBackend")
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, by, method="mfa", type="totp")
    request.session.save()

    def ask() -> int:
        answer = client.get(reverse("admin:organisations_organisation_changelist") + query)
        assert answer.status_code == HTTPStatus.OK, answer
        return answer.content.count(b"action-select")

    ask()
    with CaptureQueriesContext(connection) as queries:
        rows = ask()
    number = len(queries)  # now: the next request begins a new log
    times = []
    for _ in range(9):
        clock = Clock()
        ask()
        times.append(clock.stop())
    Clock.last = sorted(times)[len(times) // 2]
    return f"{number} queries, {rows} rows"


@task("office list of 100,000", seconds=0.3, organisations=MANY)
def office_list_plain() -> str:
    return office_list("")


@task("the same, filtered by state", seconds=0.3, organisations=MANY)
def office_list_filtered() -> str:
    return office_list("?state__exact=active")


@task("the same, searched", seconds=0.3, organisations=MANY)
def office_list_searched() -> str:
    return office_list("?q=begegnung")


@task("the same, searched with a typo", seconds=0.3, organisations=MANY)
def office_list_typo() -> str:
    return office_list("?q=begegnugn")


if __name__ == "__main__":
    # Tasks register with the module of this name, not with `__main__`.
    from benchmarks import desk

    desk.TASKS.main(__doc__)
