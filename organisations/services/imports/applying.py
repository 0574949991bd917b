"""Taking a checked file over: everything in one transaction, or nothing.

All that can be prepared is prepared before the transaction, so that others wait for it as little
as possible. The state of the run changes in the same transaction: begun anew after a crash, or by
two workers at once, it happens once.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.models import User
from core import background, revision
from core.errors import Refused
from core.models import BackgroundTask
from organisations.models import (
    ContactPerson,
    ImportKey,
    ImportResult,
    ImportRow,
    ImportRun,
    Language,
    Municipality,
    Organisation,
    TargetGroup,
    Topic,
)
from organisations.questions import MANY
from organisations.services import pairs
from organisations.services.contacts import MAX_CONTACTS
from organisations.services.imports import checking, matching, parsing, plain, writing
from organisations.services.imports.edition import Again, Edition
from organisations.services.imports.plain import CONTACTS, Snapshot

APPLY = "organisations.apply_import"
Decision, State = ImportRow.Decision, ImportRun.State
# Transactions become visible in another order than they took their time.
OVERLAP = datetime.timedelta(seconds=5)
BATCH = 500
# How often all is prepared anew because somebody has changed one of the organisations meanwhile.
TRIES = 3


class Stale(Exception):
    """Rows about which something has changed since they were checked; by number."""

    def __init__(self, numbers: set[int]) -> None:
        super().__init__(str(sorted(numbers)))
        self.numbers = numbers


@dataclass
class Work:
    """What was decided."""

    run: ImportRun
    by: User | None
    reason: str
    now: datetime.datetime = field(default_factory=timezone.now)
    creates: list[tuple[ImportRow, Snapshot]] = field(default_factory=list)
    updates: list[tuple[ImportRow, Snapshot, dict[str, list[Any]]]] = field(default_factory=list)


def start_apply(*, run: ImportRun, by: User) -> BackgroundTask:
    """Have a checked run taken over.

    :raises Refused: if it is not checked, nothing is to be taken over, or another run is being
        worked on.
    """
    if run.state != State.CHECKED:
        raise Refused(_("Über diesen Import ist schon entschieden."))
    if not run.rows.filter(decision__in=[Decision.CREATE, Decision.UPDATE]).exists():
        raise Refused(_("Es ist keine Zeile gewählt, die übernommen werden soll."))
    twice = (
        run.rows.filter(decision=Decision.UPDATE)
        .order_by("target")
        .values_list("target__name")
        .annotate(number=models.Count("pk"))
        .filter(number__gt=1)
        .first()
    )
    if twice:
        text = _("Mehrere Zeilen sollen „%(name)s“ ändern. Bitte lassen Sie alle bis auf eine aus.")
        raise Refused(text % {"name": twice[0]})
    return checking.start(run=run, kind=APPLY, by=by)


@background.kind(APPLY)
def apply(task: background.Running) -> None:
    """Write what was decided; where the portal has changed meanwhile, check those rows anew."""
    run = ImportRun.objects.get(pk=task.argument["run"])
    if run.state != State.CHECKED:
        return
    by = User.objects.filter(pk=task.argument["by"]).first()
    try:
        _apply(run, by, task)
    except Stale as stale:
        _check_anew(run, stale.numbers)
        text = ngettext(
            "Nichts ist übernommen: %(number)s Zeile betrifft eine Organisation, die inzwischen "
            "geändert wurde. Sie ist neu geprüft. Bitte sehen Sie noch einmal nach.",
            "Nichts ist übernommen: %(number)s Zeilen betreffen Organisationen, die inzwischen "
            "geändert wurden. Sie sind neu geprüft. Bitte sehen Sie noch einmal nach.",
            len(stale.numbers),
        )
        raise Refused(text % {"number": len(stale.numbers)}) from stale
    pairs.search(by=by)


def reason(run: ImportRun, *, undone: bool = False) -> str:
    """Return what the history says of everything a run has written, in the office's language."""
    with override(settings.LANGUAGE_CODE):
        day = date_format(timezone.localtime(run.created_at), "SHORT_DATE_FORMAT")
        text = (
            _("Import vom %(day)s aus „%(file)s“ zurückgenommen")
            if undone
            else _("Import vom %(day)s aus „%(file)s“")
        )
        return text % {"day": day, "file": run.file_name}


def _apply(run: ImportRun, by: User | None, task: background.Running) -> None:
    for _time in range(TRIES):
        since = timezone.now() - OVERLAP
        work = Work(run, by, reason(run))
        _read(work, task)
        _refuse_stale_creates(work, since=(run.checked_at or run.created_at) - OVERLAP)
        written = _prepare(work)
        task.progress(9, 10)
        try:
            with transaction.atomic():
                # Whoever comes second finds the run taken over.
                mine = ImportRun.objects.filter(pk=run.pk, state=State.CHECKED)
                if not mine.update(state=State.APPLIED, applied_at=timezone.now(), ended_by=by):
                    return
                _refuse_stale_creates(work, since=since)
                written.confirm()
                written.write()
                counts = {"created": len(work.creates), "updated": len(work.updates)}
                ImportRun.objects.filter(pk=run.pk).update(counts={**run.counts, **counts})
                revision.bump()
        except Again:
            continue
        return
    raise Refused(_("Im Portal ändert sich gerade viel. Bitte versuchen Sie es noch einmal."))


# --- What is to be written ------------------------------------------------------------------------
def _read(work: Work, task: background.Running) -> None:
    """Read the decided rows with the organisations they mean; half of the progress."""
    rows = work.run.rows.filter(decision__in=[Decision.CREATE, Decision.UPDATE]).order_by("number")
    rows = rows.defer("cells", "unreadable", "problems", "remarks")
    total = 2 * rows.count()
    targets: dict[int, ImportRow] = {}
    stale = set()
    for done, row in enumerate(rows.iterator(BATCH)):
        task.progress(done, total)
        # What it would have changed elsewhere is long, and thousands of rows are kept in memory.
        row.matches = [
            one if one["organisation"] == row.target_id else {"organisation": one["organisation"]}
            for one in row.matches
        ]
        if row.decision == Decision.CREATE:
            row.matches = [{"organisation": one["organisation"]} for one in row.matches]
            work.creates.append((row, _new(work.run, row, work.now)))
        elif row.target_id is None or row.target_id in targets:
            stale.add(row.number)  # it is gone, or another row means it as well
        else:
            targets[row.target_id] = row
    known = known_terms()
    for pk, snapshot in plain.snapshots(list(targets)):
        row = targets.pop(pk)
        match: dict[str, Any] = next((one for one in row.matches if one["organisation"] == pk), {})
        changes = match.get("changes", {})
        wanted = {name: new for name, (_old, new) in changes.items()}
        work.updates.append((row, snapshot, changes))
        if (
            not parsing.is_editable(snapshot.organisation.state)
            or any(snapshot.value(name) != old for name, (old, _new) in changes.items())
            or not terms_exist(wanted, known)
        ):
            stale.add(row.number)
    stale |= {row.number for row in targets.values()}
    for row, _snapshot in work.creates:
        said = {**row.values["fields"], "municipality": row.values["town"]}
        if not terms_exist(said, known):
            stale.add(row.number)
    if stale:
        raise Stale(stale)


def _new(run: ImportRun, row: ImportRow, now: datetime.datetime) -> Snapshot:
    values = row.values["fields"]
    organisation = Organisation(
        kind=values.get("kind") or run.default_kind,
        state=run.new_state,
        state_since=now,
        submitted_at=now if run.new_state == Organisation.State.SUBMITTED else None,
        municipality_id=row.values["town"],
    )
    snapshot = Snapshot(organisation, {name: [] for name in MANY}, [])
    for name, value in values.items():
        if name not in {"kind", "municipality"}:
            snapshot.put(name, value)
    return snapshot


def _refuse_stale_creates(work: Work, *, since: datetime.datetime) -> None:
    """Find rows whose organisation somebody has brought in, or changed, since they were checked."""
    fresh = Organisation.objects.filter(modified_at__gte=since)
    index = matching.Index(matching.places())
    fields = ("pk", "name", "short_name", "website", "email", "phone", "street", "postal_code")
    for one in fresh.values(*fields).iterator(BATCH):
        index.add(matching.facts(one.pop("pk"), **{**one, "phone": str(one["phone"] or "")}))
    if not index.facts:
        return
    stale = set()
    for row, _snapshot in work.creates:
        said = row.values["fields"]
        known = {match["organisation"] for match in row.matches}
        facts = matching.facts(
            row.number, **{name: str(said.get(name) or "") for name in fields[1:]}
        )
        if any(match.key not in known for match in index.alike(facts)):
            stale.add(row.number)
    if stale:
        raise Stale(stale)


def known_terms() -> dict[str, set[int]]:
    """Return the keys of everything an organisation may refer to; four small queries."""
    tables: dict[str, type[models.Model]] = {
        "topics": Topic,
        "target_groups": TargetGroup,
        "languages": Language,
        "municipality": Municipality,
    }
    known = {
        name: set(table._default_manager.order_by().values_list("pk", flat=True))
        for name, table in tables.items()
    }
    return {**known, "active_in": known["municipality"]}


def terms_exist(values: dict[str, Any], known: dict[str, set[int]]) -> bool:
    """Whether all rows that values refer to are there."""
    for name, keys in known.items():
        value = values.get(name)
        wanted = value if isinstance(value, list) else [] if value is None else [value]
        if not keys.issuperset(wanted):
            return False
    return True


# --- Preparing ------------------------------------------------------------------------------------
def _prepare(work: Work) -> Edition:
    """Put everything together that is to be written, with the keys it will have."""
    edition = Edition(by=work.by, reason=work.reason, now=work.now)
    for _row, snapshot in work.creates:
        edition.create(snapshot)
    for _row, snapshot, changes in work.updates:
        edition.change(snapshot, {name: new for name, (_old, new) in changes.items()})
    edition.prepare()
    contacts = _prepare_contacts(work, edition)
    _prepare_results(work, edition, contacts)
    return edition


def _prepare_contacts(work: Work, edition: Edition) -> dict[int, list[int]]:
    """Name contact persons; nothing of theirs is public, and nobody is invited unasked."""
    is_own = work.run.preset == ImportRun.Preset.EXPORT
    people: list[tuple[Snapshot, list[dict[str, Any]]]] = [
        (snapshot, row.values["contacts"][:MAX_CONTACTS]) for row, snapshot in work.creates
    ]
    people += [
        (snapshot, changes[CONTACTS][1])
        for _row, snapshot, changes in work.updates
        if CONTACTS in changes
    ]
    rows = [
        ContactPerson(
            organisation_id=snapshot.organisation.pk,
            name=one["name"],
            function=one.get("function") or "",
            phone=one.get("phone") or "",
            email=one.get("email") or "",
            wants_invitations=is_own and bool(one.get("wants_invitations")),
            position=position,
        )
        for snapshot, named in people
        for position, one in enumerate(named, len(snapshot.contacts))
    ]
    keys = writing.reserve(ContactPerson, len(rows))
    found: dict[int, list[int]] = {}
    for row, key in zip(rows, keys, strict=True):
        row.pk = key
        found.setdefault(row.organisation_id, []).append(key)
    edition.rows.append(writing.Rows(ContactPerson, rows))
    edition.rows.append(edition.history(ContactPerson, rows, "+"))
    return found


def _prepare_results(work: Work, edition: Edition, contacts: dict[int, list[int]]) -> None:
    """Keep what undoing needs, and how the file calls each organisation."""

    def done() -> Iterator[tuple[ImportRow, int, dict[str, list[Any]], bool]]:
        for row, snapshot in work.creates:
            yield row, snapshot.organisation.pk, {}, True
        for row, snapshot, changes in work.updates:
            fields = {name: change for name, change in changes.items() if name != CONTACTS}
            yield row, snapshot.organisation.pk, fields, False

    results = (
        ImportResult(
            run=work.run,
            row=row.number,
            organisation_id=pk,
            created=created,
            history_id=edition.entries[pk],
            before={name: old for name, (old, _new) in fields.items()},
            after={name: new for name, (_old, new) in fields.items()},
            contacts=contacts.get(pk, []),
        )
        for row, pk, fields, created in done()
    )
    edition.rows.append(writing.Rows(ImportResult, results, keyed=False))
    by_key = {row.values["key"]: (row, pk) for row, pk, _fields, _created in done()}
    keys = (
        ImportKey(
            source=work.run.signature,
            key=key,
            organisation_id=pk,
            run=work.run,
            digests={
                name: plain.digest(value)
                for name, value in (
                    *row.values["fields"].items(),
                    (CONTACTS, row.values["contacts"]),
                )
            },
        )
        for key, (row, pk) in by_key.items()
    )
    edition.rows.append(
        writing.Rows(
            ImportKey,
            keys,
            keyed=False,
            unique=["source", "key"],
            update=["organisation_id", "run_id", "digests"],
        )
    )


# --- Since then -----------------------------------------------------------------------------------
def _check_anew(run: ImportRun, numbers: set[int]) -> None:
    """Check some rows again, and leave their decision to her."""
    parser = parsing.Parser(run)
    judge = checking.Judge(run, parser)
    now = timezone.now()
    with transaction.atomic():
        mine = ImportRun.objects.select_for_update().filter(pk=run.pk, state=State.CHECKED)
        if not mine.exists():
            return
        for chunk in plain.chunks(sorted(numbers)):
            rows = list(run.rows.filter(number__in=chunk))
            verdicts = {
                row.number: checking.verdict(
                    parser, parser.parse(row.number, row.cells, row.unreadable)
                )
                for row in rows
            }
            judge.judge(verdicts)
            for row in rows:
                checking.fill(row, verdicts[row.number])
                if row.decision != Decision.SKIP:
                    row.decision = Decision.OPEN
            checking.save(rows)
        counted = run.rows.order_by().values("outcome").annotate(number=models.Count("pk"))
        counts = {one["outcome"]: one["number"] for one in counted}
        run.counts = {"rows": sum(counts.values()), **counts}
        run.checked_at = now
        run.save(update_fields=["counts", "checked_at"])
