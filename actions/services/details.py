"""What is said of an action, field by field: read, compared with an earlier one, written.

`joint_actions` decides whether it may be written, and what follows from it.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import User
from actions import words
from actions.models import ActionDate, JointAction, Registration
from core import folding, history
from core.errors import Conflict
from core.translations import TRANSLATION, translated_field, translation_field
from organisations.services.editing import comparable, merge

MANY = ("target_groups", "languages")
FIELDS = (
    "title", "summary", "description", "category", "target_groups", "languages", "campaign",
    "place", "address", "municipality", "accessibility", "accessibility_note", "entry", "link",
    "additional", "takes_registrations", "capacity", "registration_until", "contact_name",
    "contact_phone", "contact_email",
)  # fmt: skip
DATES = "dates"  # rows of their own, but one entry in the form
# A change of one date, as two people's entries are compared; see `merged_dates`.
ONE_DATE = f"{DATES}:"
# Whoever has registered so is not lost with a date that somebody takes away.
KEEPS_ITS_PLACE = (Registration.State.CONFIRMED, Registration.State.WAITING)


class Date(NamedTuple):
    """One of an action's dates as a form gives it; `pk` is None for a new one."""

    pk: int | None
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    note: str = ""

    @property
    def said(self) -> tuple[datetime.datetime, datetime.datetime, str]:
        return self.starts_at, self.ends_at, self.note


def values_of(action: JointAction) -> dict[str, Any]:
    """Return everything a form shows of an action, by name of the field."""
    values: dict[str, Any] = {name: getattr(action, name) for name in FIELDS if name not in MANY}
    values |= {name: list(getattr(action, name).all()) for name in MANY}
    for language, texts in action.translations.items():
        values |= {translation_field(language, name): text for name, text in texts.items()}
    return values | {DATES: dates_of(action)}


def dates_of(action: JointAction) -> list[Date]:
    """Return an action's dates, the first first."""
    return [Date(one.pk, one.starts_at, one.ends_at, one.note) for one in action.dates.all()]


def current(row: JointAction, name: str) -> Any:
    """Return what stands in a field now, as two people's entries are compared."""
    if name in MANY:
        return frozenset(getattr(row, name).values_list("pk", flat=True))
    if name.startswith(TRANSLATION):
        language, field = translated_field(name)
        return row.translations.get(language, {}).get(field, "")
    return comparable(getattr(row, name))


def comparable_value(name: str, value: Any) -> Any:
    """Return a form's value of a field as `current` would give it."""
    if name in MANY:
        return frozenset(comparable(entry) for entry in value)
    return comparable(value)


def in_words(row: JointAction, name: str) -> str:
    """Return what stands in a field now, for somebody to read."""
    if name in MANY:
        return ", ".join(str(one) for one in getattr(row, name).all()) or _("leer")
    if name == DATES:
        return dates_in_words(dates_of(row)) or _("leer")
    if not name.startswith(TRANSLATION) and hasattr(row, f"get_{name}_display"):
        return str(getattr(row, f"get_{name}_display")()) or _("leer")
    value = getattr(row, name) if name in FIELDS else current(row, name)
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    if isinstance(value, datetime.datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    return str(value) if value not in (None, "") else _("leer")


def dates_in_words(dates: Iterable[Date]) -> str:
    """Return dates one below the other, for somebody to read."""
    lines = []
    for date in dates:
        when = words.when(ActionDate(starts_at=date.starts_at, ends_at=date.ends_at))
        lines.append(f"{when} ({date.note})" if date.note else when)
    return "\n".join(lines)


def label(name: str) -> str:
    """Return the name of a field in words."""
    if name == DATES:
        return _("Termine")
    if name.startswith(TRANSLATION):
        language, field = translated_field(name)
        return f"{label(field)} ({language})"
    return capfirst(str(JointAction._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def check_names(values: Mapping[str, Any]) -> None:
    """Refuse what nobody edits here.

    :raises ValueError: for a field that is not in `FIELDS`, nor a translation of one.
    """
    unknown = [
        name
        for name in values
        if name not in (*FIELDS, DATES)
        and not (
            name.startswith(TRANSLATION)
            and translated_field(name)[1] in JointAction.translated_fields
        )
    ]
    if unknown:
        raise ValueError(f"Not to be edited here: {', '.join(unknown)}")


def searchable(row: JointAction) -> str:
    """Return an action's own words in all languages, folded, and where it is.

    Without the names of those who take part: nobody is found by an organisation that is paused.
    """
    texts = [getattr(row, name) for name in row.translated_fields]
    for language in row.translations.values():
        texts += language.values()
    place = [row.place, row.address, row.municipality.name if row.municipality else ""]
    return folding.fold(" ".join([*texts, *place]))


# --- Two people at the same form ------------------------------------------------------------------
def merged(
    row: JointAction, values: Mapping[str, Any], *, seen_version: int
) -> tuple[dict[str, Any], list[Date] | None]:
    """Compare what a form says with what stands there now, and what stood there when it was opened.

    :param row: locked, as the database has it.
    :return: the fields to write, and all the dates as they are to be, or None if they stay.
    :raises Conflict: where both have changed the same to something different; the dates all
        together count as one there: `dates`.
    """
    is_fresh = row.version == seen_version
    earlier = None if is_fresh else row.history.filter(version=seen_version)
    entry = None if earlier is None else earlier.order_by("-history_id").first()
    names = [name for name in values if name != DATES]
    mine = {name: comparable_value(name, values[name]) for name in names}
    theirs = {name: current(row, name) for name in names}
    seen: dict[str, Any] | None
    if is_fresh:
        seen = dict(theirs)
    else:
        seen = None if entry is None else {name: stood(entry, name) for name in names}
    there: list[Date] = []
    entered: list[Date] = []
    if DATES in values:
        there, entered = dates_of(row), list(map(Date._make, values[DATES]))
        now = {one.pk: one.said for one in there}
        then = now if is_fresh else dates_as_of(entry)
        # A key that is no (former) date of this action makes it a new one: nothing is lost.
        entered = [
            one if one.pk in now or one.pk in then else one._replace(pk=None) for one in entered
        ]
        _compare_dates(mine, theirs, seen, entered, now, then)
    try:
        found = merge(mine=mine, theirs=theirs, seen=seen, version=row.version)
    except Conflict as conflict:
        raise _with_dates_as_one(conflict, there) from None
    changed = {name: value for name, value in found.items() if not name.startswith(ONE_DATE)}
    if DATES not in values:
        return changed, None
    of_dates = {
        int(name.removeprefix(ONE_DATE)): value
        for name, value in found.items()
        if name.startswith(ONE_DATE)
    }
    dates = _dates_afterwards(entered, there, of_dates)
    return changed, None if dates == there else dates


def _compare_dates(
    mine: dict[str, Any],
    theirs: dict[str, Any],
    seen: dict[str, Any] | None,
    entered: Iterable[Date],
    now: Mapping[Any, Any],
    then: Mapping[Any, Any],
) -> None:
    """Add every date to what is compared, each by its key; None is a date that is not there."""
    said = {date.pk: date.said for date in entered if date.pk is not None}
    for pk in {*now, *then}:
        if pk not in said and pk not in then and seen is not None:
            continue  # somebody else has added it meanwhile
        name = f"{ONE_DATE}{pk}"
        mine[name], theirs[name] = said.get(pk), now.get(pk)
        if seen is not None:
            seen[name] = then.get(pk)


def _dates_afterwards(
    entered: Iterable[Date], there: Sequence[Date], changed: Mapping[int, Any]
) -> list[Date]:
    dates = []
    for one in there:
        said = changed.get(one.pk, one.said) if one.pk is not None else None
        if said is not None:
            dates.append(Date(one.pk, *said))
    known = {one.pk for one in there}
    # What another one took away, and this one changed, is a new date again.
    dates += [
        Date(None, *said) for pk, said in changed.items() if pk not in known and said is not None
    ]
    # The same form sent twice adds nothing the second time.
    said_already = {date.said for date in dates}
    for date in entered:
        if date.pk is None and date.said not in said_already:
            dates.append(date)
    return dates


def _with_dates_as_one(conflict: Conflict, there: Sequence[Date]) -> Conflict:
    theirs = {
        name: value for name, value in conflict.theirs.items() if not name.startswith(ONE_DATE)
    }
    if len(theirs) < len(conflict.theirs):
        theirs[DATES] = list(there)
    return Conflict(theirs, conflict.version)


def stood(entry: Any, name: str) -> Any:
    """Return what stood in a field, as `current` gives it."""
    if name in MANY:
        target = getattr(JointAction, name).field.m2m_reverse_name()
        return frozenset(getattr(entry, name).values_list(target, flat=True))
    if name.startswith(TRANSLATION):
        language, field = translated_field(name)
        return entry.translations.get(language, {}).get(field, "")
    if name in {"campaign", "municipality"}:
        return getattr(entry, f"{name}_id")
    return comparable(getattr(entry, name))


def dates_as_of(entry: Any) -> dict[int, Any]:
    """Return the dates an action had then, by their keys; none if the history does not know.

    They are written before the action's own row, so what is not later belongs to it.
    """
    if entry is None:
        return {}
    rows = ActionDate.history.filter(action_id=entry.id, history_date__lte=entry.history_date)
    newest = {row.id: row for row in rows.order_by("history_id")}
    return {
        pk: (row.starts_at, row.ends_at, row.note)
        for pk, row in newest.items()
        if row.history_type != "-"
    }


# --- Writing --------------------------------------------------------------------------------------
def assign(row: JointAction, names: Iterable[str], values: Mapping[str, Any]) -> None:
    """Put values into the columns of the unsaved row."""
    for name in names:
        if name.startswith(TRANSLATION):
            language, field = translated_field(name)
            row.translate(field, language, values[name])
        elif name not in MANY and name != DATES:
            setattr(row, name, values[name])


def relate(row: JointAction, names: Iterable[str], values: Mapping[str, Any]) -> None:
    """Write the relations; belongs before the row's own entry in the history."""
    for name in MANY:
        if name in names:
            getattr(row, name).set(values[name])


def write_dates(row: JointAction, wanted: Sequence[Date], *, by: User, reason: Any) -> set[int]:
    """Have an action take place at these times; what stays keeps its key, also when it moves.

    :param row: locked.
    :param wanted: all of them; keys are of this action's dates.
    :return: the keys of those that were there and now begin or end at another time.
    """
    there = {one.pk: one for one in row.dates.select_for_update()}
    kept = {date.pk: date for date in wanted if date.pk in there}
    for pk, one in there.items():
        if pk not in kept:
            # Who has a seat keeps the date from being taken away (`joint_actions.problems`).
            one.registrations.exclude(state__in=KEEPS_ITS_PLACE).delete()
            history.note(one, by=by, reason=reason)
            one.delete()
    changed = [
        date for pk, date in kept.items() if pk is not None and date.said != _said(there[pk])
    ]
    _step_aside(changed)
    moved = set()
    for date in changed:
        one = there[date.pk]  # type: ignore[index]
        if (one.starts_at, one.ends_at) != (date.starts_at, date.ends_at):
            moved.add(one.pk)
        one.starts_at, one.ends_at, one.note = date.said
        history.note(one, by=by, reason=reason)
        one.save()
    for date in wanted:
        if date.pk not in there:
            one = ActionDate(action=row, starts_at=date.starts_at, ends_at=date.ends_at)
            one.note = date.note
            history.note(one, by=by, reason=reason)
            one.save()
    return moved


def _said(one: ActionDate) -> tuple[datetime.datetime, datetime.datetime, str]:
    return one.starts_at, one.ends_at, one.note


def _step_aside(changed: Sequence[Date]) -> None:
    """Let dates change places: no two of an action may have the same time, not for a moment."""
    far = datetime.timedelta(days=365 * 100)
    for number, date in enumerate(changed if len(changed) > 1 else ()):
        ActionDate.objects.filter(pk=date.pk or 0).update(
            ends_at=date.ends_at + far + datetime.timedelta(seconds=number)
        )
