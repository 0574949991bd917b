"""Putting back what was said of an action before: one field, its dates, or all of a former state.

The history says what stood there. It is written by the same service as any other edit, with the
version the preview was made of, so that nobody's work is overwritten unseen.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from actions.models import JointAction, may_confirm
from actions.services import details, joint_actions
from actions.services.details import DATES, Date
from core.translations import translation_field
from organisations.services import facts
from organisations.services.restoring import Plan, Put, reason_of


def names() -> list[str]:
    """Return the names of everything there is to put back, in the order of the form."""
    further = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    found: list[str] = []
    for name in details.FIELDS:
        found.append(name)
        if name in JointAction.translated_fields:
            found += [translation_field(language, name) for language in further]
    return [*found, DATES]


def label(name: str) -> str:
    """Return what a field is called."""
    return details.label(name) if name == DATES else facts.label(name, JointAction)


def plan(*, action: JointAction, entry: Any, only: Sequence[str] | None = None) -> Plan:
    """Return what would change if what was said of an action were put back.

    :param entry: the row of its history to go back to.
    :param only: these of `names`; None: all.
    """
    # Whoever compares must not meet a row that changes meanwhile.
    row = JointAction.objects.get(pk=action.pk)
    changes, impossible = [], []
    for name in names():
        if only is not None and name not in only:
            continue
        if name == DATES:
            changes += _dates(row, entry)
            continue
        then, now = details.stood(entry, name), details.current(row, name)
        if now == then:
            continue
        found = facts.usable(row, name, then)
        if found.refused:
            impossible.append((label(name), found.refused))
        elif details.comparable_value(name, found.value) == now:
            impossible.append((label(name), found.missing))
        else:
            texts = [facts.in_words(name, value, JointAction) for value in (now, then)]
            changes.append(Put(name, label(name), texts[0], texts[1], found.value, found.missing))
    return Plan(changes, impossible, row.version)


def _dates(row: JointAction, entry: Any) -> list[Put]:
    now = details.dates_of(row)
    then = details.dates_as_of(entry)
    if {one.pk: one.said for one in now} == then:
        return []
    there = {one.pk for one in now}
    # What was taken away since is a new date again.
    wanted = [Date(pk if pk in there else None, *said) for pk, said in then.items()]
    wanted.sort(key=lambda one: one.starts_at)
    old, new = (details.dates_in_words(dates) or _("leer") for dates in (now, wanted))
    return [Put(DATES, label(DATES), old, new, wanted)]


def put_back(
    *, action: JointAction, entry: Any, only: Sequence[str], seen_version: int, by: User
) -> list[str]:
    """Put back what was said of an action before; one entry in its history.

    :param entry: the row of its history to go back to.
    :param only: the fields, as the preview showed them.
    :param seen_version: of the action, as the preview showed it.
    :return: the labels of what changed; empty if everything stood there already.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if it cannot be so (any more), as with dates people have registered for.
    :raises Conflict: if somebody has changed one of the fields since the preview.
    """
    if not may_confirm(by) or entry.id != action.pk:
        raise PermissionDenied
    with transaction.atomic():
        row = joint_actions.lock(action)
        changes = plan(action=row, entry=entry, only=only).changes
        if changes:
            joint_actions.change(
                action=row,
                values={one.name: one.value for one in changes},
                seen_version=seen_version,
                by=by,
                reason=reason_of(entry),
            )
    return [one.label for one in changes]
