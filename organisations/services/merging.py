"""Two entries of one organisation become one, and two again if that was wrong.

Everything that points to the organisation that goes points to the one that stays afterwards: the
tables are asked of the models (`relations`), so what other apps hang on an organisation moves too,
without this module knowing it. A row that the one that stays has already (the same person speaks
for both) cannot be there twice: it stays with the archived one, and `CLASHES` say what its twin
takes over from it.

Every change is noted with what stood there before (`Merge.steps`); undoing walks the notes
backwards and leaves alone what has been changed since.
"""

import datetime
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import ForeignKey, Model, UniqueConstraint
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from core import history, revision
from core.errors import Conflict, Refused
from core.translations import TRANSLATION, translation_field
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
from organisations.models.duplicates import KEEP_MERGES
from organisations.questions import FIELDS, MANY
from organisations.services import pairs

State = Organisation.State
Step = dict[str, Any]

KEPT, GONE, BOTH = "kept", "gone", "both"
LOGO = "logo"
# Lists of which one can have both.
UNITED = frozenset({*MANY, "social_links"})
# An organisation cannot become part of one that is less far: visitors would lose it.
RANK = {
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
        if one.merged_into_id:
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
    for relation in Organisation._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or relation.many_to_many:
            continue
        column: Any = relation.field
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
    column: Any = _column(type(row), name)
    value = column.get_prep_value(column.value_from_object(row))
    if isinstance(value, datetime.date):  # datetimes are dates
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def _column(model: type[Model], name: str) -> Any:
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
        kept, gone = _locked(kept.pk, gone.pk)
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


def _locked(*keys: int) -> list[Organisation]:
    """Return organisations, locked for the transaction.

    :raises Refused: if one is not there any more.
    """
    rows = Organisation.objects.select_for_update().order_by("pk").in_bulk(keys)
    if missing := set(keys) - set(rows):
        text = _("Die Organisation Nr. %(key)s gibt es nicht mehr.")
        raise Refused(text % {"key": min(missing)})
    return [rows[key] for key in keys]


def _merge(kept: Organisation, gone: Organisation, choices: Mapping[str, str], by: User) -> Merge:
    readers = _readers([kept, gone])
    names = [kept.name, gone.name]
    notes = _Notes()
    with override(settings.LANGUAGE_CODE):  # the office reads it
        moved = _(
            "Zusammengeführt: „%(gone)s“ (Nr. %(gone_key)s) ist jetzt Teil von „%(kept)s“ "
            "(Nr. %(kept_key)s)"
        ) % _named(kept, gone)
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
            language, _line, text = name.removeprefix(TRANSLATION).rpartition("_")
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


def _named(kept: Organisation, gone: Organisation) -> dict[str, Any]:
    """Return what both are called; duplicates often bear the same name."""
    return {"kept": kept.name, "kept_key": kept.pk, "gone": gone.name, "gone_key": gone.pk}


def _readers(organisations: Iterable[Organisation]) -> list[User]:
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
        readers = len(_readers([done.kept, done.gone]))
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


# --- Undoing --------------------------------------------------------------------------------------
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
            column = _column(type(row), name)
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
        column = _column(model, step["column"])
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
        label = capfirst(str(Organisation._meta.get_field(step["many"]).verbose_name))
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
    kept, gone = _locked(merge.kept_id, merge.gone_id)
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
        ) % _named(kept, gone)
    walk.walk(by, reason)
    for row in (gone, kept):
        row.version += 1
        history.note(row, by=by, reason=reason)
        row.save()
    merge.undone_at, merge.undone_by = timezone.now(), by
    merge.save(update_fields=["undone_at", "undone_by"])
    revision.bump()
    merge.kept, merge.gone = kept, gone
    mails.undone(merge, by=by, readers=_readers([kept, gone]))
    return walk.problems


def forget_old() -> dict[str, int]:
    """Drop what undoing needed, 30 days after; the pointer and both histories stay.

    :return: how many merges are final now.
    """
    over = Merge.objects.filter(merged_at__lte=timezone.now() - KEEP_MERGES)
    return {"merges final": over.delete()[0]}
