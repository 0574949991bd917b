"""What would each row of a file do? Found out in the background, and written down to be decided.

Read-only but for the rows of the run itself; so it may be begun anew at any time.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import background
from core.errors import Refused
from core.models import BackgroundTask
from organisations import columns
from organisations.models import FormerSlug, ImportKey, ImportRow, ImportRun, Organisation
from organisations.questions import MANY
from organisations.services.imports import matching, parsing, plain
from organisations.services.imports.matching import Facts, Index
from organisations.services.imports.parsing import Parsed
from organisations.services.imports.plain import CONTACTS

Outcome, Decision, State = ImportRow.Outcome, ImportRow.Decision, ImportRun.State

# Of all runs together only one is worked on at a time.
KEY = "organisations.import"
CHECK = "organisations.check_import"
DEFAULTS = {
    Outcome.NEW: Decision.CREATE,
    Outcome.CHANGED: Decision.UPDATE,
    Outcome.UNCHANGED: Decision.SKIP,
    Outcome.FAULTY: Decision.SKIP,
    Outcome.DUPLICATE: Decision.OPEN,
}
REGISTERED = re.compile(r"\be\.?\s?v\b\.?", re.IGNORECASE)


@dataclass(slots=True)
class Verdict:
    """What a row is, before it is written down."""

    parsed: Parsed
    facts: Facts
    outcome: str = ""
    decision: str = ""
    target: int | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)
    same_row: int | None = None
    same_row_reasons: list[str] = field(default_factory=list)
    said_before: Mapping[str, str] | None = None
    repeats: bool = False
    town: int | None = None


def start(*, run: ImportRun, kind: str, by: User) -> BackgroundTask:
    """Have the worker do something with a run; asked for twice, it does it once.

    :raises Refused: while another run is being worked on.
    """
    task = background.start(kind, key=KEY, by=by, argument={"run": run.pk, "by": by.pk})
    if task.argument.get("run") != run.pk or task.kind != kind:
        raise Refused(
            _(
                "Gerade läuft ein anderer Import. Bitte warten Sie, bis er fertig ist. "
                "Ihre Angaben sind gespeichert."
            )
        )
    ImportRun.objects.filter(pk=run.pk).update(task=task)
    run.task = task
    return task


def start_check(*, run: ImportRun, by: User) -> BackgroundTask:
    """Have a run checked.

    :raises Refused: if it has no mapping, is over, or another run is being worked on.
    """
    if not run.is_open or "name" not in run.mapping.values():
        raise Refused(_("Dieser Import lässt sich nicht prüfen."))
    return start(run=run, kind=CHECK, by=by)


def stop(*, run: ImportRun) -> bool:
    """Stop what the worker does with a run; nothing of it stays.

    :return: whether there was something to stop.
    """
    return run.task is not None and background.cancel(run.task)


@background.kind(CHECK)
def check(task: background.Running) -> None:
    """Say of every row whether it is new, changed, unchanged, perhaps double or faulty."""
    run = ImportRun.objects.get(pk=task.argument["run"])
    if not run.is_open:
        return
    since = timezone.now()
    total = 3 * run.rows.count()
    verdicts: dict[int, Verdict] = {}
    parser = parsing.Parser(run)
    rows = run.rows.order_by("number").values_list("number", "cells", "unreadable")
    for done, (number, cells, unreadable) in enumerate(rows.iterator(500)):
        task.progress(done, total)
        verdicts[number] = verdict(parser, parser.parse(number, cells, unreadable))
    Judge(run, parser).judge(verdicts, task, total)
    _write(run, verdicts, task, total)
    counts: dict[str, int] = {"rows": len(verdicts)}
    for one in verdicts.values():
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    ImportRun.objects.filter(pk=run.pk, state__in=[State.NEW, State.CHECKED]).update(
        state=State.CHECKED, checked_at=since, counts=counts
    )


def verdict(parser: parsing.Parser, parsed: Parsed) -> Verdict:
    """Return a row as it is compared."""
    said = parsed.values
    town = said.get("municipality")
    return Verdict(
        parsed,
        matching.facts(
            parsed.number,
            name=str(said.get("name") or ""),
            short_name=str(said.get("short_name") or ""),
            website=str(said.get("website") or ""),
            email=str(said.get("email") or ""),
            phone=str(said.get("phone") or ""),
            street=str(said.get("street") or ""),
            postal_code=str(said.get("postal_code") or ""),
            place=str(said.get("place") or "") or parser.towns.get(town or 0, ""),
        ),
    )


class Judge:
    """Compares rows with the stock and with each other."""

    def __init__(self, run: ImportRun, parser: parsing.Parser) -> None:
        self.run = run
        self.parser = parser
        self.stock = matching.stock()
        self.states = dict(Organisation.objects.order_by().values_list("pk", "state"))
        self.slugs = {
            **dict(FormerSlug.objects.order_by().values_list("slug", "organisation_id")),
            **dict(Organisation.objects.order_by().values_list("slug", "pk")),
        }
        self.merged: dict[int, Any] = dict(
            Organisation.objects.exclude(merged_into=None).values_list("pk", "merged_into")
        )

    def judge(
        self, verdicts: dict[int, Verdict], task: background.Running | None = None, total: int = 0
    ) -> None:
        """Fill in outcome, decision and candidates of every row."""
        known = self._known(verdicts.values())
        for one in verdicts.values():
            one.target = self._identify(one, known)
        kept = self._without_repetitions(verdicts)
        rows = Index(self.stock.places)
        for one in kept:
            if one.target is None and one.facts.name:
                rows.add(one.facts)
        for done, one in enumerate(kept):
            if task is not None:
                task.progress(len(verdicts) + done, total)
            if one.target is None and not one.parsed.problems:
                self._look_for_likely(one, rows)
        self._compare([one for one in kept if one.target or one.candidates])
        for one in kept:
            self._conclude(one)

    def _known(self, verdicts: Iterable[Verdict]) -> dict[str, tuple[int, dict[str, str]]]:
        """Return what came from such a file before: organisation and digests by key."""
        found = {}
        for chunk in plain.chunks({one.parsed.key for one in verdicts}):
            kept = ImportKey.objects.filter(source=self.run.signature, key__in=chunk)
            for key, pk, digests in kept.values_list("key", "organisation_id", "digests"):
                found[key] = (self.merged.get(pk, pk), digests)
        return found

    def _identify(
        self, one: Verdict, known: Mapping[str, tuple[int, dict[str, str]]]
    ) -> int | None:
        """Return the organisation a row certainly means."""
        parsed = one.parsed
        if (own := self._by_own_marks(one)) is not None:
            return own  # also one that is part of another since: its facts are not the other's
        if parsed.key in known:
            pk, one.said_before = known[parsed.key]
            return pk
        if not one.facts.name:
            return None
        named = [
            other
            for other in self.stock.same_name(one.facts)
            if parsing.is_editable(self.states[other.key])
        ]
        same = [other for other in named if matching.compatible(one.facts, other)]
        return same[0].key if len(same) == 1 and len(named) == 1 else None

    def _by_own_marks(self, one: Verdict) -> int | None:
        """Return the organisation our own export has named.

        A number alone may be another list's: the address or the name must say the same.
        """
        number, slug = one.parsed.own_number, one.parsed.own_slug
        if slug and slug in self.slugs:
            return self.slugs[slug]
        known = self.stock.facts.get(number) if number else None
        return number if known is not None and known.name == one.facts.name else None

    def _without_repetitions(self, verdicts: dict[int, Verdict]) -> list[Verdict]:
        """Let of several rows of one organisation only the best go on.

        Best is what the file calls current, then what says most, then what stands last.
        """
        groups: dict[Any, list[Verdict]] = defaultdict(list)
        leader: dict[Any, Any] = {}
        for one in verdicts.values():
            groups[self._group(one, leader, groups)].append(one)
        kept = []
        for group in groups.values():
            best = max(
                group,
                key=lambda one: (
                    not one.parsed.problems,
                    one.parsed.is_current,
                    one.parsed.fullness,
                    one.parsed.number,
                ),
            )
            kept.append(best)
            for one in group:
                if one is not best:
                    one.outcome, one.decision = Outcome.DUPLICATE, Decision.SKIP
                    one.same_row, one.target = best.parsed.number, None
                    reasons = ["name"] if one.facts.name == best.facts.name else ["target"]
                    one.same_row_reasons = reasons
                    one.repeats, one.town = True, self.parser.town(one.parsed)
        return sorted(kept, key=lambda one: one.parsed.number)

    def _group(
        self, one: Verdict, leader: dict[Any, Any], groups: Mapping[Any, list[Verdict]]
    ) -> Any:
        """Return the group a row belongs to: same organisation, same key, or same name and town."""
        if not one.facts.name:
            return ("row", one.parsed.number)
        marks: list[Any] = [] if one.target is None else [("target", one.target)]
        # Two of the same name in the same town are two where our own export tells them apart.
        if self._by_own_marks(one) is None:
            marks.append(("key", one.parsed.key))
        for mark in marks:
            if mark in leader:
                return leader[mark]
        for group in leader.get(("name", one.facts.name), ()):
            if all(matching.compatible(one.facts, other.facts) for other in groups[group]) and (
                one.target is None
                or all(other.target in (None, one.target) for other in groups[group])
            ):
                found = group
                break
        else:
            found = ("group", one.parsed.number)
            leader.setdefault(("name", one.facts.name), []).append(found)
        for mark in marks:
            leader[mark] = found
        return found

    def _look_for_likely(self, one: Verdict, rows: Index) -> None:
        one.candidates = [
            {"organisation": match.key, "score": match.score, "reasons": list(match.reasons)}
            for match in self.stock.alike(one.facts)
        ]
        if not one.candidates:
            earlier = rows.alike(one.facts, before=one.parsed.number)
            if earlier:
                one.same_row = earlier[0].key
                one.same_row_reasons = list(earlier[0].reasons)

    def _compare(self, verdicts: list[Verdict]) -> None:
        """Say field by field what a row would change at each organisation it may mean."""
        wanted: dict[int, list[Verdict]] = defaultdict(list)
        for one in verdicts:
            if one.target is not None:
                certain = {"organisation": one.target, "score": 1, "reasons": ["same"]}
                one.candidates = [certain]
            for candidate in one.candidates:
                wanted[candidate["organisation"]].append(one)
        for pk, snapshot in plain.snapshots(wanted):
            for one in wanted[pk]:
                for candidate in one.candidates:
                    if candidate["organisation"] == pk:
                        candidate["changes"] = self._changes(one, snapshot)
                if one.target == pk:
                    self._forgive(one, snapshot)
        for one in verdicts:
            one.candidates = [each for each in one.candidates if "changes" in each]

    def _forgive(self, one: Verdict, snapshot: plain.Snapshot) -> None:
        """Mind nothing our own export has written, even if a form would refuse it today."""
        one.parsed.problems = [
            problem
            for problem in one.parsed.problems
            if not self._is_ours(one, problem["key"], snapshot)
        ]

    def _is_ours(self, one: Verdict, key: str, snapshot: plain.Snapshot) -> bool:
        reader = self.parser.reader
        text = one.parsed.texts.get(key)
        if self.run.preset != ImportRun.Preset.EXPORT or text is None or key in MANY:
            return False
        facts = columns.Facts(vars(snapshot.organisation))
        return reader.columns[key].write(facts, reader.vocabulary) == text

    def _changes(self, one: Verdict, snapshot: plain.Snapshot) -> dict[str, list[Any]]:
        parsed = one.parsed
        said = {**parsed.values, CONTACTS: parsed.contacts} if parsed.contacts else parsed.values
        found = plain.changes(snapshot, said, one.said_before)
        for name in set(found) - {CONTACTS}:
            if self._is_ours(one, name, snapshot):
                del found[name]
        return found

    def _conclude(self, one: Verdict) -> None:
        parsed = one.parsed
        one.town = self.parser.town(parsed)
        if one.target is None and one.town is None:
            text = _(
                "Die Stadt oder Gemeinde ist nicht bekannt. Wählen Sie bei der Zuordnung eine, "
                "die für solche Zeilen gilt."
            )
            parsed.problems.append({"column": None, "key": "municipality", "text": text})
        if parsed.problems:
            one.outcome = Outcome.FAULTY
        elif one.target is not None and one.candidates:
            if not one.candidates[0]["changes"]:
                one.outcome = Outcome.UNCHANGED
            elif not parsing.is_editable(self.states[one.target]):
                one.outcome = Outcome.DUPLICATE
            else:
                one.outcome = Outcome.CHANGED
        elif one.candidates or one.same_row is not None:
            one.outcome = Outcome.DUPLICATE
        else:
            one.outcome = Outcome.NEW
        one.decision = DEFAULTS[Outcome(one.outcome)]
        if one.target is None and one.candidates:
            one.target = one.candidates[0]["organisation"]


def _write(
    run: ImportRun, verdicts: dict[int, Verdict], task: background.Running, total: int
) -> None:
    """Write the verdicts down, in short transactions; the run is not checked before the last."""
    done = 2 * len(verdicts)
    rows = ImportRow.objects.filter(run=run).order_by("number")
    for chunk in plain.chunks(rows.iterator(plain.CHUNK)):
        task.progress(done, total)
        for row in chunk:
            fill(row, verdicts[row.number])
        save(chunk)
        done += len(chunk)


FILLED = (
    "outcome", "decision", "target", "problems", "remarks", "values", "matches", "same_row",
    "same_row_reasons", "repeats",
)  # fmt: skip


def fill(row: ImportRow, one: Verdict) -> None:
    """Write a verdict into its row, unsaved."""
    parsed = one.parsed
    row.outcome, row.decision, row.target_id = one.outcome, one.decision, one.target
    row.problems, row.remarks = parsed.problems, parsed.remarks
    row.values = {
        "fields": parsed.values,
        "contacts": parsed.contacts,
        "key": parsed.key,
        "town": one.town,
    }
    row.matches = one.candidates
    row.same_row, row.same_row_reasons = one.same_row, one.same_row_reasons
    row.repeats = one.repeats


def save(rows: list[ImportRow]) -> None:
    """Write many rows at once: an upsert takes a tenth of the time of `bulk_update`."""
    with transaction.atomic():
        ImportRow.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=FILLED
        )
