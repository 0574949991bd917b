"""For the tests of imports: files as a browser sends them, and the worker that does the rest."""

import csv
import io
import re
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from core import background
from organisations.models import ImportRow, ImportRun

ADD = "admin:organisations_importrun_add"


def csv_file(*rows: list[str], name: str = "liste.csv", encoding: str = "utf-8") -> Any:
    """Return a CSV file of invented rows."""
    target = io.StringIO()
    csv.writer(target, delimiter=";").writerows(rows)
    return SimpleUploadedFile(name, target.getvalue().encode(encoding), content_type="text/csv")


def upload(client: Client, file: Any, *, key: uuid.UUID | None = None) -> HttpResponse:
    data = {"file": file, "creation_key": str(key or uuid.uuid4())}
    return client.post(reverse(ADD), data)


def uploaded(client: Client, file: Any) -> ImportRun:
    """Upload a file that is taken, and return its run."""
    response = upload(client, file)
    assert response.status_code == 302, errors(response)
    return ImportRun.objects.latest("pk")


def url(run: ImportRun) -> str:
    return reverse("admin:organisations_importrun_change", args=[run.pk])


def errors(response: HttpResponse) -> list[str]:
    """Return what a page says is wrong."""
    found = re.findall(r'invalid-feedback".*?<span>(.*?)</span>', response.content.decode(), re.S)
    return [text.strip() for text in found]


def map_columns(client: Client, run: ImportRun, **changed: Any) -> HttpResponse:
    """Send the mapping as it is suggested, but for what is given."""
    page = client.get(url(run))
    form = page.context["form"]
    data = {"action": "map", "preset": form.initial["preset"]}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        if value not in (None, False, ""):
            data[name] = value
    data |= changed
    return client.post(url(run), {name: value for name, value in data.items() if value != ""})


def work() -> dict[str, int]:
    """Let the worker do what waits."""
    return background.run_due()


def checked(client: Client, file: Any, **changed: Any) -> ImportRun:
    """Upload, map and check a file; return the run, ready to be decided about."""
    run = uploaded(client, file)
    response = map_columns(client, run, **changed)
    assert response.status_code == 302, errors(response)
    work()
    run.refresh_from_db()
    assert run.state == ImportRun.State.CHECKED, run.failure
    return run


def act(client: Client, run: ImportRun, action: str, **data: Any) -> HttpResponse:
    return client.post(url(run), {"action": action, **data})


def apply(client: Client, run: ImportRun) -> ImportRun:
    """Take a checked run over."""
    act(client, run, "apply")
    work()
    return ImportRun.objects.select_related("task").get(pk=run.pk)


def rows(run: ImportRun) -> dict[int, tuple[str, str]]:
    """Return outcome and decision by row."""
    found = ImportRow.objects.filter(run=run).values_list("number", "outcome", "decision")
    return {number: (outcome, decision) for number, outcome, decision in found}
