"""Two entries of one organisation become one, and two again if that was wrong.

Everything that points to the organisation that goes points to the one that stays afterwards: the
tables are asked of the models (`relations`), so what other apps hang on an organisation moves too,
without this module knowing it. A row that the one that stays has already (the same person speaks
for both) cannot be there twice: it stays with the archived one, and `CLASHES` say what its twin
takes over from it.

Every change is noted with what stood there before (`Merge.steps`); `unmerging` walks the notes
backwards.
"""

import datetime
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import ForeignKey, Model, UniqueConstraint
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from core import history, revision
from core.errors import Conflict, Refused
from core.translations import TRANSLATION, translated_field, translation_field
from organisations.emails import merging as mails
from organisations.models import (
    AccessRequest,
    Confirmation,
    DuplicatePair,
    Merge,
    Organisation,
    OrganisationImage,
    Representative,
    RepresentativeInvitation,
    Succession,
)
from organisations.questions import FIELDS, MANY
from organisations.services import pairs

State = Organisation.State
Step = dict[str, Any]

KEPT, GONE, BOTH = "kept", "gone", "both"
LOGO = "logo"
# Lists of which one can have both.
UNITED = frozenset({*MANY, "social_links"})
# An organisation cannot become part of one that is less far: visitors would lose it.
RANK: dict[str, int] = {
    State.DRAFT: 0,
    State.REJECTED: 0,
    State.RETURNED: 1,
    State.SUBMITTED: 1,
    State.PAUSED: 2,
    State.ACTIVE: 3,
}
# What is about organisations being alike, and says nothing any more once they are one.
STAYING: tuple[type[Model], ...] = (DuplicatePair, Merge)


def translations() -> list[str]:
    """Return the fields for texts in further languages."""
    return [
        translation_field(language, name)
        for name in Organisation.translated_fields
        for language, _name in settings.LANGUAGES
        if language != settings.LANGUAGE_CODE
    ]


def refusal(kept: Organisation, gone: Organisation) -> str:
    """Return why the one cannot take the other in, "" if it can."""
    if kept.pk == gone.pk:
        return _("Eine Organisation kann man nicht mit sich selbst zusammenführen.")
    for one in (kept, gone):
        if one.merged_into is not None:
            return _("„%(name)s“ ist schon mit „%(other)s“ zusammengeführt.") % {
                "name": one.name,
                "other": one.merged_into.name,
            }
        if one.state == State.ARCHIVED:
            return _(
                "„%(name)s“ ist archiviert. Archivierte Organisationen kann man nicht "
                "zusammenführen."
            ) % {"name": one.name}
    if RANK[kept.state] < RANK[gone.state]:
        return _(
            "„%(gone)s“ ist weiter („%(gone_state)s“) als „%(kept)s“ („%(kept_state)s“). Bitte "
            "lassen Sie „%(gone)s“ bleiben."
        ) % {
            "gone": gone.name,
            "gone_state": gone.get_state_display(),
            "kept": kept.name,
            "kept_state": kept.get_state_display(),
        }
    return ""


# --- What hangs on an organisation ----------------------------------------------------------------
def relations() -> list[ForeignKey]:
    """Return every column of every app that points to organisations and moves with a merge."""
    found = []
    every: Iterable[Any] = Organisation._meta.get_fields(include_hidden=True)
    for relation in every:
        if not relation.auto_created or relation.concrete or relation.many_to_many:
            continue
        column = relation.field
        if (
            column.model._meta.auto_created is not Organisation  # chosen field by field
            and column.db_constraint  # a history without constraints says what was
            and not column.primary_key  # part of the organisation itself, under its key
            and column.model not in STAYING
        ):
            found.append(column)
    return sorted(found, key=lambda one: (one.model._meta.label, one.name))


def plural(model: type[Model], number: int) -> str:
    """Return what rows are called, for a count of them: `2 Ansprechpersonen`."""
    source = model._meta.auto_created
    named = source if isinstance(source, type) and issubclass(source, Model) else model
    name = named._meta.verbose_name if number == 1 else named._meta.verbose_name_plural
    return f"{number} {name}"


@dataclass
class _Notes:
    """What a merge changes, in order, and how to take it back."""

    steps: list[Step] = field(default_factory=list)

    def change(self, row: Model, values: Mapping[str, Any], *, by: User, reason: str) -> None:
        """Save new values to columns of a row, with its history if it has one.

        :param values: by the column's `attname`.
        """
        before = {name: stored(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        if hasattr(row, "history"):
            history.note(row, by=by, reason=reason)
        row.save(update_fields=list(values))
        self.steps.append(
            {
                "model": row._meta.label_lower,
                "pk": str(row.pk),
                "values": {name: [before[name], stored(row, name)] for name in values},
            }
        )


def stored(row: Model, name: str) -> Any:
    """Return a column's value as JSON can hold it, to the microsecond."""
    column: Any = column_of(type(row), name)
    value = column.get_prep_value(column.value_from_object(row))
    if isinstance(value, datetime.date):  # datetimes are dates
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def column_of(model: type[Model], name: str) -> Any:
    return next(one for one in model._meta.concrete_fields if one.attname == name)


# --- Rows that are there already ------------------------------------------------------------------
Clash = Callable[[Any, Organisation, _Notes, User, str], None]


def _representative(
    row: Representative, kept: Organisation, notes: _Notes, by: User, reason: str
) -> None:
    """Whoever speaks for both keeps the higher role."""
    manager = Representative.Role.MANAGER
    twin = Representative.objects.get(organisation=kept, user=row.user_id)
    if row.role == manager and twin.role != manager:
        notes.change(twin, {"role": manager}, by=by, reason=reason)


def _invitation(
    row: RepresentativeInvitation, kept: Organisation, notes: _Notes, by: User, reason: str
) -> None:
    """Who is invited to both keeps one invitation, the one with more in it."""
    manager = Representative.Role.MANAGER
    twin = RepresentativeInvitation.objects.get(
        organisation=kept, email=row.email, accepted_at=None, withdrawn_at=None
    )
    values = {
        "role": manager if manager in {row.role, twin.role} else twin.role,
        "expires_at": max(row.expires_at, twin.expires_at),
    }
    notes.change(twin, values, by=by, reason=reason)
    notes.change(row, {"withdrawn_at": timezone.now()}, by=by, reason=reason)


def _access_request(
    row: AccessRequest, kept: Organisation, notes: _Notes, by: User, reason: str
) -> None:
    """The question to the one that stays is the same one; nobody has to answer both."""
    declined = AccessRequest.State.DECLINED
    values = {"state": declined, "decided_at": timezone.now(), "decided_by_id": by.pk}
    notes.change(row, values, by=by, reason=reason)


def _round(
    row: Confirmation | Succession, kept: Organisation, notes: _Notes, by: User, reason: str
) -> None:
    """The round of the one that stays goes on; the other one is over."""
    now = timezone.now()
    values = {"state": type(row).State.CLOSED, "state_since": now, "ended_at": now}
    notes.change(row, values, by=by, reason=reason)


CLASHES: dict[type[Model], Clash] = {
    Representative: _representative,
    RepresentativeInvitation: _invitation,
    AccessRequest: _access_request,
    Confirmation: _round,
    Succession: _round,
}


def _may_clash(column: ForeignKey) -> bool:
    """Whether a row of this table may be there already."""
    options = column.model._meta
    return bool(
        column.unique
        or any(column.name in names for names in options.unique_together)
        or any(
            column.name in one.fields or one.contains_expressions
            for one in options.constraints
            if isinstance(one, UniqueConstraint)
        )
    )


def _move(
    column: ForeignKey,
    kept: Organisation,
    gone: Organisation,
    notes: _Notes,
    by: User,
    reason: str,
) -> None:
    """Bring the rows of one table to the one that stays."""
    rows = column.model._base_manager.filter(**{column.name: gone.pk}).order_by("pk")
    if not _may_clash(column) and not hasattr(column.model, "history"):
        keys = list(rows.values_list("pk", flat=True))
        if keys:
            rows.update(**{column.name: kept.pk})
            step = {"model": column.model._meta.label_lower, "column": column.attname}
            notes.steps.append(step | {"moved": [str(key) for key in keys]})
        return
    for row in rows:
        try:
            with transaction.atomic():
                notes.change(row, {column.attname: kept.pk}, by=by, reason=reason)
        except IntegrityError:  # the database knows best what is there already
            setattr(row, column.attname, gone.pk)
            if column.model in CLASHES:
                CLASHES[column.model](row, kept, notes, by, reason)
            notes.steps.append({"model": row._meta.label_lower, "stays": str(row.pk)})


def _swap_logos(
    kept: Organisation, gone: Organisation, notes: _Notes, by: User, reason: str
) -> None:
    """Give the one that stays the other's logo; its own goes to the archive instead."""
    images = OrganisationImage.objects.filter(kind=OrganisationImage.Kind.LOGO, pending=False)
    taken, left = images.filter(organisation=gone).first(), images.filter(organisation=kept).first()
    if taken is None or left is None:
        return  # one logo moves, or there is none, as with any other picture
    # No moment knows two logos of one organisation; the database would not have it.
    notes.change(taken, {"pending": True}, by=by, reason=reason)
    notes.change(left, {"organisation_id": gone.pk}, by=by, reason=reason)
    notes.change(taken, {"organisation_id": kept.pk, "pending": False}, by=by, reason=reason)


# --- Merging --------------------------------------------------------------------------------------
def merge(
    *,
    kept: Organisation,
    gone: Organisation,
    choices: Mapping[str, str],
    seen_versions: Mapping[int, int],
    by: User,
) -> Merge:
    """Make one organisation part of another: values as chosen, all that hangs on it, one mail each.

    The one that stays keeps its address and state. The other one is archived with a pointer, and
    its address leads to the one that stays. Called again after it is done, it returns the same row.

    :param choices: `KEPT`, `GONE` or, for `UNITED`, `BOTH`, by name of the field: those of
        `questions.FIELDS`, `translations` and `LOGO`. What is not named stays as it is.
    :param seen_versions: `Organisation.version` of both by key, as they were looked at.
    :raises PermissionDenied: if `by` may not merge.
    :raises Refused: see `refusal`.
    :raises Conflict: if one of them has been changed since; `theirs` has the new version by key.
    """
    unknown = set(choices) - {*FIELDS, *translations(), LOGO}
    if unknown or any(one == BOTH and name not in UNITED for name, one in choices.items()):
        raise ValueError(f"Not to be chosen: {', '.join(sorted(unknown)) or BOTH}")
    if not pairs.may_merge(by):
        raise PermissionDenied
    if kept.pk == gone.pk:
        raise Refused(refusal(kept, gone))
    with transaction.atomic():
        # In the order of their keys, so that two who merge the same two the other way round wait
        # for one another instead of for ever.
        kept, gone = locked(kept.pk, gone.pk)
        done = Merge.objects.filter(kept=kept, gone=gone, undone_at=None).first()
        if done is not None and gone.merged_into_id == kept.pk:
            return done
        if reason := refusal(kept, gone):
            raise Refused(reason)
        changed = {
            str(one.pk): one.version
            for one in (kept, gone)
            if seen_versions.get(one.pk) != one.version
        }
        if changed:
            raise Conflict(changed)
        return _merge(kept, gone, choices, by)


def locked(*keys: int) -> list[Organisation]:
    """Return organisations, locked for the transaction.

    :raises Refused: if one is not there any more.
    """
    rows = Organisation.objects.select_for_update().order_by("pk").in_bulk(keys)
    if missing := set(keys) - set(rows):
        text = _("Die Organisation Nr. %(key)s gibt es nicht mehr.")
        raise Refused(text % {"key": min(missing)})
    return [rows[key] for key in keys]


def _merge(kept: Organisation, gone: Organisation, choices: Mapping[str, str], by: User) -> Merge:
    readers = readers_of([kept, gone])
    names = [kept.name, gone.name]
    notes = _Notes()
    with override(settings.LANGUAGE_CODE):  # the office reads it
        moved = _(
            "Zusammengeführt: „%(gone)s“ (Nr. %(gone_key)s) ist jetzt Teil von „%(kept)s“ "
            "(Nr. %(kept_key)s)"
        ) % named(kept, gone)
    if choices.get(LOGO) == GONE:
        _swap_logos(kept, gone, notes, by, moved)
    _take_over(kept, gone, choices, notes, by, moved)
    archived = {
        "state": State.ARCHIVED,
        "state_since": timezone.now(),
        "review_after": None,
        "merged_into_id": kept.pk,
    }
    _save(gone, archived, notes, by=by, reason=moved)
    for column in relations():
        _move(column, kept, gone, notes, by, moved)
    revision.bump()
    row = Merge.objects.create(kept=kept, gone=gone, merged_by=by, steps=notes.steps)
    mails.merged(row, names=names, by=by, readers=readers)
    return row


def _take_over(
    kept: Organisation,
    gone: Organisation,
    choices: Mapping[str, str],
    notes: _Notes,
    by: User,
    reason: str,
) -> None:
    """Write what was chosen of the one that goes into the one that stays."""
    values: dict[str, Any] = {}
    texts = {language: dict(entries) for language, entries in kept.translations.items()}
    kept.skip_history_when_saving = True  # type: ignore[attr-defined]
    for name, choice in choices.items():
        if choice == KEPT or name == LOGO:
            continue
        if name in MANY:
            _take_rows(kept, gone, name, choice, notes)
        elif name.startswith(TRANSLATION):
            language, text = translated_field(name)
            theirs = gone.translations.get(language, {}).get(text, "")
            texts.setdefault(language, {})[text] = theirs
        elif choice == BOTH:
            values[name] = list(dict.fromkeys([*getattr(kept, name), *getattr(gone, name)]))
        else:
            column: Any = Organisation._meta.get_field(name)
            values[column.attname] = getattr(gone, column.attname)
    texts = {
        language: left
        for language, entries in texts.items()
        if (left := {name: text for name, text in entries.items() if text})
    }
    if texts != kept.translations:
        values["translations"] = texts
    del kept.skip_history_when_saving  # type: ignore[attr-defined]
    _save(kept, values, notes, by=by, reason=reason)


def _take_rows(
    kept: Organisation, gone: Organisation, name: str, choice: str, notes: _Notes
) -> None:
    before, theirs = (set(getattr(one, name).values_list("pk", flat=True)) for one in (kept, gone))
    after = before | theirs if choice == BOTH else theirs
    if before != after:
        getattr(kept, name).set(after)
        step = {"model": kept._meta.label_lower, "pk": str(kept.pk), "many": name}
        notes.steps.append(step | {"before": sorted(before), "after": sorted(after)})


def _save(
    row: Organisation, values: Mapping[str, Any], notes: _Notes, *, by: User, reason: str
) -> None:
    """Save an organisation in one entry of its history, as a new version."""
    row.version += 1
    before = {name: stored(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    history.note(row, by=by, reason=reason)
    row.save()
    changes = {
        name: [before[name], stored(row, name)]
        for name in values
        if before[name] != stored(row, name)
    }
    if changes:
        step = {"model": row._meta.label_lower, "pk": str(row.pk)}
        notes.steps.append(step | {"values": changes})


def named(kept: Organisation, gone: Organisation) -> dict[str, Any]:
    """Return what both are called; duplicates often bear the same name."""
    return {"kept": kept.name, "kept_key": kept.pk, "gone": gone.name, "gone_key": gone.pk}


def readers_of(organisations: Iterable[Organisation]) -> list[User]:
    """Return who speaks for one of several organisations, each person once."""
    speaking = User.objects.filter(
        is_active=True, representations__organisation__in=list(organisations)
    )
    return list(speaking.distinct().order_by("pk"))


# --- Before it is done ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Preview:
    """What a merge would do.

    :ivar moves: what comes to the one that stays, in words: `2 Ansprechpersonen`.
    :ivar stays: what stays with the archived one, since the other one has it already.
    :ivar readers: how many people get the mail.
    """

    moves: list[str]
    stays: list[str]
    readers: int


def preview(**arguments: Any) -> Preview:
    """Return what `merge` would do with the same arguments; it raises the same, and does nothing.

    It is done and taken back, so the preview cannot say anything else than what will happen.
    """
    with transaction.atomic():
        done = merge(**arguments)
        moves, stays = (
            moved(done),
            _counted(step["model"] for step in done.steps if "stays" in step),
        )
        readers = len(readers_of([done.kept, done.gone]))
        transaction.set_rollback(True)
    return Preview(moves, stays, readers)


def moved(done: Merge) -> list[str]:
    """Return what a merge brought to the one that stayed, in words: `2 Ansprechpersonen`."""
    return _counted(
        step["model"]
        for step in done.steps
        for _key in step.get("moved", [""])
        if "moved" in step or ("values" in step and _moves(step, done))
    )


def _counted(names: Iterable[str]) -> list[str]:
    numbers = Counter(apps.get_model(name) for name in names)
    told = {column.model for column in relations() if _is_told(column)}
    return [plural(model, number) for model, number in numbers.items() if model in told]


def _is_told(column: ForeignKey) -> bool:
    """Whether rows say something to a person; book-keeping has no name on the other side."""
    is_choice = bool(column.model._meta.auto_created)
    return column.model is not Organisation and (is_choice or not column.remote_field.hidden)


def _moves(step: Step, done: Merge) -> bool:
    """Whether a step brings a row to the one that stays."""
    model = apps.get_model(step["model"])
    return any(
        step["values"].get(column.attname, [None, None])[1] == done.kept_id
        for column in relations()
        if column.model is model
    )
