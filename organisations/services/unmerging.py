"""Two entries that were merged become two again.

The notes of the merge (`Merge.steps`) are walked backwards. What has been changed or deleted since
is left alone and told.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from core import history, revision
from core.errors import Conflict, Refused
from organisations.emails import merging as mails
from organisations.models import Merge, Organisation
from organisations.models.duplicates import KEEP_MERGES
from organisations.services import pairs
from organisations.services.merging import (
    Step,
    column_of,
    locked,
    named,
    plural,
    readers_of,
    stored,
)


@dataclass(frozen=True)
class Problem:
    """Something that cannot be put back.

    :ivar key: the same for the same problem, in every language.
    """

    key: str
    text: str


class _Undo:
    """Walks a merge's steps backwards and notes what cannot be put back."""

    def __init__(self, merge: Merge, organisations: Mapping[int, Organisation]) -> None:
        self.merge = merge
        self.organisations = organisations
        self.problems: list[Problem] = []
        self.last = self._last()

    def walk(self, by: User, reason: str) -> None:
        for step in reversed(self.merge.steps):
            model = apps.get_model(step["model"])
            if "stays" in step:
                continue
            if "moved" in step:
                self._move_back(model, step)
            elif "many" in step:
                self._put_rows_back(step)
            elif model is Organisation and int(step["pk"]) in self.organisations:
                self._put_back(self.organisations[int(step["pk"])], step)
            else:
                self._put_back_and_save(model, step, by, reason)

    def _last(self) -> dict[tuple[str, str, str], Any]:
        """Return what the merge left in each column it changed, by model, key and column."""
        return {
            (step["model"], step["pk"], name): after
            for step in self.merge.steps
            if "values" in step
            for name, (_before, after) in step["values"].items()
        }

    def _note(self, step: Step, part: str, text: str) -> None:
        key = f"{step['model']}:{step.get('pk', '')}:{part}"
        if key not in {problem.key for problem in self.problems}:
            self.problems.append(Problem(key, text))

    def _put_back(self, row: Model, step: Step) -> bool:
        """Set a step's columns to what was before, unless they have been changed since."""
        done = False
        for name, (before, after) in step["values"].items():
            column = column_of(type(row), name)
            # A column that is walked over twice was checked the first time.
            expected = self.last.pop((step["model"], step["pk"], name), after)
            if stored(row, name) != expected:
                words = {"what": _what(row), "field": capfirst(str(column.verbose_name))}
                text = _("%(what)s – %(field)s: seither geändert, bleibt so.") % words
                self._note(step, name, text)
                self.last[step["model"], step["pk"], name] = None, "changed"
                continue
            if before is not None and column.is_relation and not _is_there(column, before):
                words = {"what": _what(row), "field": capfirst(str(column.verbose_name))}
                text = _("%(what)s – %(field)s: Was dort stand, gibt es nicht mehr.") % words
                self._note(step, name, text)
                continue
            setattr(row, name, column.to_python(before))
            done = True
        return done

    def _put_back_and_save(self, model: type[Model], step: Step, by: User, reason: str) -> None:
        row = model._base_manager.filter(pk=step["pk"]).first()
        if row is None:
            words = {"what": capfirst(str(model._meta.verbose_name))}
            self._note(step, "", _("%(what)s: inzwischen gelöscht.") % words)
            return
        if not self._put_back(row, step):
            return
        if hasattr(row, "history"):
            history.note(row, by=by, reason=reason)
        try:
            with transaction.atomic():
                row.save(update_fields=list(step["values"]))
        except IntegrityError:
            words = {"what": _what(row)}
            text = _("%(what)s: Der Platz ist inzwischen besetzt, bleibt so.")
            self._note(step, "", text % words)

    def _move_back(self, model: type[Model], step: Step) -> None:
        column = column_of(model, step["column"])
        rows = model._base_manager.filter(
            **{"pk__in": step["moved"], column.name: self.merge.kept_id}
        )
        number = len(step["moved"]) - rows.count()
        rows.update(**{column.name: self.merge.gone_id})
        if number:
            text = _("%(what)s: inzwischen gelöscht oder woanders.")
            self._note(step, column.name, text % {"what": plural(model, number)})

    def _put_rows_back(self, step: Step) -> None:
        row = self.organisations[int(step["pk"])]
        manager = getattr(row, step["many"])
        relation: Any = Organisation._meta.get_field(step["many"])
        label = capfirst(str(relation.verbose_name))
        words = {"what": _what(row), "field": label}
        if set(manager.values_list("pk", flat=True)) != set(step["after"]):
            text = _("%(what)s – %(field)s: seither geändert, bleibt so.")
            self._note(step, step["many"], text % words)
            return
        there = set(
            manager.model.objects.filter(pk__in=step["before"]).values_list("pk", flat=True)
        )
        row.skip_history_when_saving = True  # type: ignore[attr-defined]
        manager.set(there)
        del row.skip_history_when_saving  # type: ignore[attr-defined]
        if there != set(step["before"]):
            text = _("%(what)s – %(field)s: Was dort stand, gibt es nicht mehr.")
            self._note(step, step["many"], text % words)


def _what(row: Model) -> str:
    return f"{capfirst(str(row._meta.verbose_name))} „{row}“"


def _is_there(column: Any, key: Any) -> bool:
    return bool(column.remote_field.model._base_manager.filter(pk=key).exists())


def undo(*, merge: Merge, by: User, accepted: Collection[str] = ()) -> list[Problem]:
    """Make two organisations of one again: everything goes back to where it was.

    What has been changed or deleted since stays as it is now, and what came since stays with the
    one that was kept. Done already, it changes nothing.

    :param accepted: keys of the problems that somebody has read and wants to live with.
    :return: what could not be put back.
    :raises PermissionDenied: if `by` may not merge.
    :raises Refused: after 30 days, or if the one that was kept has become part of a third.
    :raises Conflict: if there are other problems than those accepted; nothing is done then.
    """
    if not pairs.may_merge(by):
        raise PermissionDenied
    with transaction.atomic():
        row = Merge.objects.select_for_update().get(pk=merge.pk)
        if row.undone_at:
            return []
        problems = _undo(row, by)
        surprising = {problem.key for problem in problems} - set(accepted)
        if surprising:
            raise Conflict(dict.fromkeys(surprising))
    return problems


def problems_of_undoing(merge: Merge, *, by: User) -> list[Problem]:
    """Return what `undo` could not put back, by doing it and taking it back; it raises the same."""
    if not pairs.may_merge(by):
        raise PermissionDenied
    with transaction.atomic():
        problems = _undo(Merge.objects.get(pk=merge.pk), by)
        transaction.set_rollback(True)
    return problems


def _undo(merge: Merge, by: User) -> list[Problem]:
    if not merge.can_be_undone():
        raise Refused(_("Das geht nur 30 Tage lang."))
    kept, gone = locked(merge.kept_id, merge.gone_id)
    if gone.merged_into_id != kept.pk:
        raise Refused(
            _(
                "„%(kept)s“ ist inzwischen selbst Teil einer anderen Organisation. Bitte machen "
                "Sie zuerst das rückgängig."
            )
            % {"kept": kept.name}
        )
    walk = _Undo(merge, {kept.pk: kept, gone.pk: gone})
    with override(settings.LANGUAGE_CODE):  # the office reads it
        reason = _(
            "Zusammenführung von „%(gone)s“ (Nr. %(gone_key)s) mit „%(kept)s“ (Nr. %(kept_key)s) "
            "rückgängig gemacht"
        ) % named(kept, gone)
    walk.walk(by, reason)
    for row in (gone, kept):
        row.version += 1
        history.note(row, by=by, reason=reason)
        row.save()
    merge.undone_at, merge.undone_by = timezone.now(), by
    merge.save(update_fields=["undone_at", "undone_by"])
    revision.bump()
    merge.kept, merge.gone = kept, gone
    mails.undone(merge, by=by, readers=readers_of([kept, gone]))
    return walk.problems


def forget_old() -> dict[str, int]:
    """Drop what undoing needed, 30 days after; the pointer and both histories stay.

    :return: how many merges are final now.
    """
    over = Merge.objects.filter(merged_at__lte=timezone.now() - KEEP_MERGES)
    return {"merges final": over.delete()[0]}
