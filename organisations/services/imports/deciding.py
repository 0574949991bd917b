"""What she decides about the rows: one by one, or all of a kind at once; saved at once."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from core.errors import Refused
from organisations.models import ImportRow, ImportRun, Organisation
from organisations.services.imports import parsing

Decision, Outcome = ImportRow.Decision, ImportRow.Outcome


def allowed(row: ImportRow, states: Mapping[int, str]) -> list[str]:
    """Return what can be decided about a row: `create`, `skip`, `update:17`.

    :param states: the states of the organisations among its `matches`, by key.
    """
    if row.problems:
        return [Decision.SKIP]
    updates = [
        f"{Decision.UPDATE}:{match['organisation']}"
        for match in row.matches
        if match.get("changes")
        and parsing.is_editable(states.get(match["organisation"], "archived"))
    ]
    creates = [Decision.CREATE] if row.values.get("town") else []
    return [*updates, *creates, Decision.SKIP]


def decide(*, run: ImportRun, choices: Mapping[int, str]) -> int:
    """Write down what she has chosen for some rows.

    :param choices: by key of the row one of `allowed`, or "" to leave it open.
    :return: how many rows have another decision than before.
    :raises Refused: if a choice is none of those offered, or it is too late; nothing is saved then.
    """
    with transaction.atomic():
        _wait_for(run)
        rows = {row.pk: row for row in run.rows.filter(pk__in=list(choices)[:1000])}
        matched = {one["organisation"] for row in rows.values() for one in row.matches}
        found = Organisation.objects.filter(pk__in=matched).order_by()
        states = dict(found.values_list("pk", "state"))
        changed = []
        for pk, choice in choices.items():
            row = rows.get(pk)
            if row is None or choice not in ["", *allowed(row, states)]:
                raise Refused(_("Diese Auswahl gibt es nicht. Es ist nichts gespeichert."))
            if choice == chosen(row):
                continue
            decision, _colon, target = choice.partition(":")
            row.decision = decision
            if target:
                row.target_id = int(target)
            changed.append(row)
        ImportRow.objects.bulk_update(changed, ["decision", "target"])
    return len(changed)


def decide_all(*, run: ImportRun, outcome: str, decision: str) -> int:
    """Decide about all rows of an outcome at once; the likeliest organisation is the one to change.

    :return: how many rows were decided.
    :raises Refused: if that cannot be decided about such rows, or it is too late.
    """
    if decision not in POSSIBLE_FOR_ALL.get(outcome, ()):
        raise Refused(_("Diese Auswahl gibt es nicht. Es ist nichts gespeichert."))
    with transaction.atomic():
        _wait_for(run)
        # Rows that repeat another one do not come in by the dozen; single ones may.
        rows: QuerySet[ImportRow] = run.rows.filter(outcome=outcome, repeats=False)
        if decision == Decision.CREATE:
            rows = rows.exclude(values__town=None)
        if decision == Decision.UPDATE:
            rows = rows.exclude(target=None).exclude(target__state__in=["archived", "rejected"])
        return rows.update(decision=decision)


POSSIBLE_FOR_ALL: dict[str, tuple[str, ...]] = {
    Outcome.NEW: (Decision.CREATE, Decision.SKIP),
    Outcome.CHANGED: (Decision.UPDATE, Decision.SKIP),
    Outcome.DUPLICATE: (Decision.UPDATE, Decision.CREATE, Decision.SKIP),
    Outcome.UNCHANGED: (),
    Outcome.FAULTY: (),
}


def chosen(row: ImportRow) -> str:
    """Return a row's decision as a form has it."""
    if row.decision == Decision.UPDATE:
        return f"{row.decision}:{row.target_id}"
    return str(row.decision)


def plan(run: ImportRun) -> dict[str, int]:
    """Return how many rows will be created, updated, left out and are open."""
    counted = run.rows.order_by().values_list("decision").annotate(number=Count("pk"))
    counts: dict[str, Any] = dict(counted)
    return {
        "create": counts.get(Decision.CREATE, 0),
        "update": counts.get(Decision.UPDATE, 0),
        "skip": counts.get(Decision.SKIP, 0),
        "open": counts.get(Decision.OPEN, 0),
    }


def _wait_for(run: ImportRun) -> None:
    """Lock the run and make sure that it can still be decided about."""
    row = ImportRun.objects.select_for_update().get(pk=run.pk)
    if row.state != ImportRun.State.CHECKED or row.is_busy:
        raise Refused(_("Über diesen Import ist schon entschieden. Es ist nichts gespeichert."))
