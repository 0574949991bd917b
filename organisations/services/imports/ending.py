"""The end of a run: thrown away, or forgotten; and the file of what could not come in."""

import datetime
from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import background
from core.errors import Refused
from core.folding import fold
from core.spreadsheets import column_name
from organisations.models import ImportResult, ImportRow, ImportRun
from organisations.services.imports import mapping

State = ImportRun.State
# Files hold names and telephone numbers; so long they may be needed to undo.
KEEP_ROWS = datetime.timedelta(days=90)


def discard(*, run: ImportRun, by: User) -> bool:
    """Throw a file away that was not taken over; its rows go at once.

    :return: whether anything changed.
    :raises PermissionDenied: unless the person may import.
    :raises Refused: if it was taken over.
    """
    if not by.has_perm("organisations.change_importrun"):
        raise PermissionDenied
    with transaction.atomic():
        row = ImportRun.objects.select_for_update().get(pk=run.pk)
        if row.state == State.DISCARDED:
            return False
        if not row.is_open:
            raise Refused(_("Dieser Import ist schon übernommen."))
        if row.is_busy and row.task is not None:
            background.cancel(row.task)
        row.state, row.ended_by, row.rows_deleted_at = State.DISCARDED, by, timezone.now()
        row.save()
        ImportRow.objects.filter(run=row)._raw_delete("default")
    return True


def forget_old() -> int:
    """Delete rows, and what undoing needs, of runs that are older than `KEEP_ROWS`; counts stay.

    A file that was never taken over is thrown away then.

    :return: how many runs were emptied.
    """
    over = timezone.now() - KEEP_ROWS
    old = ImportRun.objects.filter(created_at__lte=over, rows_deleted_at=None)
    emptied = 0
    for run in old.select_related("task"):
        last = max(filter(None, (run.created_at, run.applied_at, run.undone_at)))
        if last > over or run.is_busy:
            continue
        with transaction.atomic():
            ImportRow.objects.filter(run=run)._raw_delete("default")
            ImportResult.objects.filter(run=run)._raw_delete("default")
            if run.is_open:
                run.state = State.DISCARDED
            run.rows_deleted_at = timezone.now()
            run.save(update_fields=["state", "rows_deleted_at"])
        emptied += 1
    return emptied


def faulty(run: ImportRun) -> tuple[list[str], Iterator[list[str]]]:
    """Return headings and rows of what could not come in, with the reasons in a last column.

    Mended and uploaded again, it is known by its headings and mapped as before.
    """
    reasons = str(mapping.REASONS)
    kept = [index for index, heading in enumerate(run.headings) if fold(heading) != fold(reasons)]
    headings = [
        run.headings[index] if run.has_headings else f"Spalte {column_name(index)}"
        for index in kept
    ]
    return [*headings, reasons], _faulty_rows(run, kept)


def _faulty_rows(run: ImportRun, kept: list[int]) -> Iterator[list[str]]:
    rows = run.rows.filter(outcome=ImportRow.Outcome.FAULTY).order_by("number")
    for row in rows.iterator(500):
        cells = [row.cells[index] if index < len(row.cells) else "" for index in kept]
        reasons = [problem_in_words(run, problem) for problem in row.problems]
        yield [*cells, " ".join(reasons)]


def problem_in_words(run: ImportRun, problem: dict) -> str:
    """Return what is wrong, with the column it is in."""
    from_column = mapping.parsing.heading(run, problem.get("column"))
    return f"{from_column}: {problem['text']}" if from_column else str(problem["text"])
