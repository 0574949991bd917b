"""Taking an import back as a whole: in one transaction, without touching what came after it.

An organisation the import has made goes away again if nobody has touched it since, with all it
left in the history: it was a mistake of ours, not a part of its life. Where somebody has edited it,
or anything hangs on it by now, it stays. A changed one gets its former values back, field by field,
except where somebody has written something else since.
"""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import DO_NOTHING, Max, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import background, revision
from core.errors import Refused
from core.models import BackgroundTask
from organisations.models import (
    ContactPerson,
    DuplicatePair,
    ImportKey,
    ImportResult,
    ImportRow,
    ImportRun,
    Organisation,
    SearchText,
)
from organisations.questions import MANY
from organisations.services.imports import applying, checking, parsing, plain
from organisations.services.imports.edition import Again, Edition

UNDO = "organisations.undo_import"
State = ImportRun.State
# What hangs on an organisation without anybody having touched it.
OURS: tuple[type[Model], ...] = (
    ImportKey,
    ImportResult,
    ImportRow,
    DuplicatePair,
    SearchText,
    ContactPerson,
)
EVERYTHING = "created"  # in `ImportResult.kept`: the organisation itself stays


def start_undo(*, run: ImportRun, by: User) -> BackgroundTask:
    """Have a run taken back.

    :raises Refused: if it was not taken over, is too old, or another run is being worked on.
    """
    if run.state != State.APPLIED:
        raise Refused(_("Nur ein übernommener Import lässt sich zurücknehmen."))
    if run.rows_deleted_at:
        raise Refused(
            _("Dieser Import ist zu alt: Was vorher da stand, ist nicht mehr gespeichert.")
        )
    return checking.start(run=run, kind=UNDO, by=by)


@background.kind(UNDO)
def undo(task: background.Running) -> None:
    """Put everything back as it was before the import, except what was edited since."""
    run = ImportRun.objects.get(pk=task.argument["run"])
    by = User.objects.filter(pk=task.argument["by"]).first()
    for _time in range(applying.TRIES):
        if run.state != State.APPLIED:
            return
        task.progress(0, 1)
        with contextlib.suppress(Again):
            _undo(run, by)
        run.refresh_from_db()
    if run.state == State.APPLIED:
        raise Refused(_("Im Portal ändert sich gerade viel. Bitte versuchen Sie es noch einmal."))


def _undo(run: ImportRun, by: User | None) -> None:
    newest = _newest_entries()
    results = list(run.results.order_by("row"))
    latest = _latest([one.organisation_id for one in results])
    created = [one for one in results if one.created]
    used = _used(created)
    gone = [
        one
        for one in created
        if one.organisation_id not in used and latest.get(one.organisation_id) == one.history_id
    ]
    gone_keys = {one.pk for one in gone}
    kept = [one for one in created if one.pk not in gone_keys]
    for one in kept:
        one.kept = [EVERYTHING]
    changed = [one for one in results if not one.created]
    edition = Edition(by=by, reason=applying.reason(run, undone=True), now=timezone.now())
    _put_back(edition, changed)
    people = [pk for one in changed for pk in one.contacts]
    people = sorted(set(people) - _touched_contacts(people))
    try:
        with transaction.atomic():
            mine = ImportRun.objects.filter(pk=run.pk, state=State.APPLIED)
            if not mine.update(state=State.UNDONE, undone_at=timezone.now(), ended_by=by):
                return
            if _newest_entries() != newest:
                raise Again
            edition.confirm()
            edition.write()
            _remove([one.organisation_id for one in gone])
            for chunk in plain.chunks(people):
                _delete_contacts(ContactPerson.objects.filter(pk__in=chunk))
            left = [one for one in (*kept, *changed) if one.kept]
            ImportResult.objects.bulk_update(left, ["kept"], batch_size=100)
            # The file may come again, and then it is to say something again.
            ImportKey.objects.filter(run=run).delete()
            counts = {"removed": len(gone), "restored": len(changed), "kept": len(left)}
            mine = ImportRun.objects.filter(pk=run.pk)
            mine.update(counts={**run.counts, **counts})
            revision.bump()
    except IntegrityError as error:
        # Something was hung on one of them a moment ago: the database did not let it go.
        raise Again from error


def _newest_entries() -> tuple[int | None, int | None]:
    """Return the last entries of the histories; another one means: somebody was here."""
    return tuple(  # type: ignore[return-value]
        model.history.order_by("-history_id").values_list("history_id", flat=True).first()
        for model in (Organisation, ContactPerson)
    )


def _latest(keys: Sequence[int]) -> dict[int, int]:
    """Return the newest entry in the history of each organisation."""
    found: dict[int, int] = {}
    for chunk in plain.chunks(keys):
        entries = Organisation.history.filter(id__in=chunk).order_by()
        found |= dict(entries.values_list("id").annotate(newest=Max("history_id")))
    return found


def _used(created: Sequence[ImportResult]) -> set[int]:
    """Return the organisations on which anything hangs by now, whatever app it is of."""
    used: set[int] = set()
    own_tables = {plain.through(name) for name in MANY}
    for relation in Organisation._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete):
            continue
        model: Any = relation.related_model
        if model in OURS or model in own_tables or relation.many_to_many:
            continue
        if getattr(relation, "on_delete", None) is DO_NOTHING:  # histories, without a constraint
            continue
        column = relation.field.attname  # type: ignore[union-attr]
        for chunk in plain.chunks(one.organisation_id for one in created):
            rows = model._base_manager.filter(**{f"{column}__in": chunk})
            used |= set(rows.order_by().values_list(column, flat=True))
    ours = {pk for one in created for pk in one.contacts}
    touched = _touched_contacts(ours)
    for chunk in plain.chunks(one.organisation_id for one in created):
        people = ContactPerson.objects.filter(organisation__in=chunk).order_by()
        for pk, organisation in people.values_list("pk", "organisation_id"):
            if pk not in ours or pk in touched:
                used.add(organisation)
    return used


def _touched_contacts(keys: Iterable[int]) -> set[int]:
    """Return the contact persons somebody has edited since, or asked for their consent."""
    touched: set[int] = set()
    for chunk in plain.chunks(keys):
        people = ContactPerson.objects.filter(pk__in=chunk).order_by()
        touched |= set(people.filter(consents__isnull=False).values_list("pk", flat=True))
        entries = ContactPerson.history.filter(id__in=chunk, history_type="~").order_by()
        touched |= set(entries.values_list("id", flat=True))
    return touched


def _remove(keys: Sequence[int]) -> None:
    """Delete organisations nobody has touched, and their history.

    Past the signals, which would write thousands of entries into a history that goes as well.
    """
    for chunk in plain.chunks(keys):
        _delete_contacts(ContactPerson.objects.filter(organisation__in=chunk))
        for name in MANY:
            plain.through(name)._default_manager.filter(organisation__in=chunk).delete()
        ImportRow.objects.filter(target__in=chunk).update(target=None)
        for model in (ImportKey, ImportResult, SearchText):
            model._default_manager.filter(organisation__in=chunk).delete()
        DuplicatePair.objects.filter(first__in=chunk).delete()
        DuplicatePair.objects.filter(second__in=chunk).delete()
        Organisation.objects.filter(pk__in=chunk)._raw_delete("default")
        entries = Organisation.history.filter(id__in=chunk).values("pk")
        for name in MANY:
            table: Any = getattr(Organisation.history.model, name).model
            table.objects.filter(history__in=entries)._raw_delete("default")
        Organisation.history.filter(id__in=chunk)._raw_delete("default")


def _delete_contacts(people: Any) -> None:
    keys = list(people.values_list("pk", flat=True))
    for chunk in plain.chunks(keys):
        ContactPerson.objects.filter(pk__in=chunk)._raw_delete("default")
        ContactPerson.history.filter(id__in=chunk)._raw_delete("default")


def _put_back(edition: Edition, results: Sequence[ImportResult]) -> None:
    """Give changed organisations their former values back, and say of which that is not possible.

    Fills in `kept`; the rows are saved by the caller.
    """
    by_key = {one.organisation_id: one for one in results}
    known = applying.known_terms()
    for pk, snapshot in plain.snapshots(list(by_key)):
        result = by_key[pk]
        if not parsing.is_editable(snapshot.organisation.state):
            result.kept = list(result.before)
            continue
        back = {
            name: old
            for name, old in result.before.items()
            if snapshot.value(name) == result.after[name]
            and applying.terms_exist({name: old}, known)
        }
        result.kept = [name for name in result.before if name not in back]
        if back:
            edition.change(snapshot, back)
    edition.prepare()
