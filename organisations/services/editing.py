"""Changing what an organisation says of itself, by several people without losing a word.

A form carries the number of the version it was filled from. What somebody else has changed in the
meantime is compared with what stood there then (the history knows it): a field only one of the two
touched keeps that one's entry; only where both wrote something different is there a conflict.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import User
from core import history
from core.errors import Conflict, Refused
from core.translations import TRANSLATION, translated_field
from organisations.models import Organisation
from organisations.questions import FIELDS, MANY
from organisations.services import slugs

State = Organisation.State

EDITABLE_STATES = frozenset(
    {State.DRAFT, State.RETURNED, State.SUBMITTED, State.ACTIVE, State.PAUSED}
)


def save(
    *,
    organisation: Organisation,
    values: Mapping[str, Any],
    seen_version: int,
    by: User,
    reason: str | Promise = "",
) -> Organisation:
    """Change an organisation; on an active one the public sees it at once.

    :param values: new values by name of the field: those of `questions.FIELDS`, and texts in
        further languages by `core.translations.translation_field`. What is not named stays.
    :param seen_version: `Organisation.version` when the person began to edit.
    :param reason: stands in the history before the names of the fields; "Geändert" without one.
    :return: the saved organisation; unchanged if nothing differs.
    :raises PermissionDenied: if the person may not change it.
    :raises Refused: if its state does not allow changes.
    :raises Conflict: if somebody else has changed the same fields to something else; nothing is
        saved then.
    """
    unknown = [field for field in values if not _is_known(field)]
    if unknown:
        raise ValueError(f"Not to be edited here: {', '.join(unknown)}")
    if not Organisation.objects.editable_by(by).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    with transaction.atomic():
        # Two people who send at the same moment come one after the other; the second compares
        # with what the first has written.
        row = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if row.state not in EDITABLE_STATES:
            raise Refused(
                _("„%(name)s“ kann nicht geändert werden. Der Stand ist „%(state)s“.")
                % {"name": row.name, "state": row.get_state_display()}
            )
        present = {field: current(row, field) for field in values}
        seen = present if row.version == seen_version else _as_of(row, seen_version, values)
        changes = merge(
            mine={field: comparable_value(field, value) for field, value in values.items()},
            theirs=present,
            seen=seen,
            version=row.version,
        )
        if changes:
            _write(row, changes, values, by, reason)
    return row


def merge(
    *,
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
    seen: Mapping[str, Any] | None,
    version: int = 0,
) -> dict[str, Any]:
    """Compare field by field what a form says with what stands in the row and what stood there.

    :param mine: what the form says.
    :param theirs: what stands in the row now.
    :param seen: what stood there when the form was opened; None if that is not known any more.
    :param version: of the row, for the conflict to tell.
    :return: the fields to write.
    :raises Conflict: where both have changed the same field to something different.
    """
    changes, conflicts = {}, {}
    for field, value in mine.items():
        if value == theirs[field]:
            continue
        if seen is not None and value == seen[field]:
            continue  # not touched in this form, but by somebody else
        if seen is not None and theirs[field] == seen[field]:
            changes[field] = value
        else:
            conflicts[field] = theirs[field]
    if conflicts:
        raise Conflict(conflicts, version)
    return changes


def current(row: Organisation, field: str) -> Any:
    """Return what stands in a field now, as `comparable` gives it."""
    if field in MANY:
        return frozenset(getattr(row, field).values_list("pk", flat=True))
    if field.startswith(TRANSLATION):
        language, name = translated_field(field)
        return row.translations.get(language, {}).get(name, "")
    return comparable(getattr(row, field))


def comparable(value: Any) -> Any:
    """Return a value as two people's entries are compared: rows by their keys, numbers as E.164."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, PhoneNumber):
        return value.as_e164 if value.is_valid() else str(value)
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return value


def comparable_value(field: str, value: Any) -> Any:
    """Return a form's value of a field as `current` would give it."""
    if field in MANY:
        return frozenset(comparable(entry) for entry in value)
    return comparable(value)


def last_editor(row: Any, *, since_version: int, not_by: User) -> str:
    """Return whom to name for a change since a version; staff are "the team"."""
    entry = (
        row.history.filter(version__gt=since_version)
        .exclude(history_user=not_by)
        .select_related("history_user")
        .first()
    )
    if entry is None or entry.history_user is None or entry.history_user.is_staff:
        return _("dem Team des Netzwerks")
    return str(entry.history_user)


def _is_known(field: str) -> bool:
    if field.startswith(TRANSLATION):
        return translated_field(field)[1] in Organisation.translated_fields
    return field in FIELDS


def _as_of(row: Organisation, version: int, fields: Iterable[str]) -> dict[str, Any] | None:
    """Return what stood in the fields in an earlier version, None if the history does not know."""
    entry = row.history.filter(version=version).order_by("-history_id").first()
    return None if entry is None else as_of(entry, fields)


def as_of(entry: Any, fields: Iterable[str]) -> dict[str, Any]:
    """Return what stood in the fields then, as `current` gives it.

    :param entry: a row of the organisation's history.
    """
    seen = {}
    for field in fields:
        if field in MANY:
            # The history keeps one row per entry of a relation, with the relation's own columns.
            target = getattr(Organisation, field).field.m2m_reverse_name()
            seen[field] = frozenset(getattr(entry, field).values_list(target, flat=True))
        elif field.startswith(TRANSLATION):
            language, name = translated_field(field)
            seen[field] = entry.translations.get(language, {}).get(name, "")
        elif field == "municipality":
            seen[field] = entry.municipality_id
        else:
            seen[field] = comparable(getattr(entry, field))
    return seen


def _write(
    row: Organisation,
    changes: Mapping[str, Any],
    values: Mapping[str, Any],
    by: User,
    reason: str | Promise,
) -> None:
    for field in changes:
        if field.startswith(TRANSLATION):
            language, name = translated_field(field)
            row.translate(name, language, values[field])
        elif field not in MANY:
            setattr(row, field, values[field])
    if "name" in changes:
        slugs.rename(row)
    # One entry in the history for one form, not one for every relation besides.
    row.skip_history_when_saving = True  # type: ignore[attr-defined]
    for field in MANY:
        if field in changes:
            getattr(row, field).set(changes[field])
    del row.skip_history_when_saving  # type: ignore[attr-defined]
    row.version += 1
    with override(settings.LANGUAGE_CODE):  # the office reads it
        told = _("%(reason)s: %(fields)s") % {
            "reason": reason or _("Geändert"),
            "fields": ", ".join(map(label, changes)),
        }
    history.note(row, by=by, reason=told)
    row.save()


def label(field: str) -> str:
    """Return the name of a field in words."""
    if field.startswith(TRANSLATION):
        language, name = translated_field(field)
        return f"{label(name)} ({language})"
    return str(getattr(Organisation._meta.get_field(field), "verbose_name", field))
