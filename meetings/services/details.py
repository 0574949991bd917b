"""What the office says of a meeting, field by field: read, compared with an earlier one, written.

`planning` decides whether it may be written, and what follows from it.
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.translations import TRANSLATION, translated_field, translation_field
from meetings import words
from meetings.models import Meeting, MeetingReminder
from organisations.services.editing import comparable

MANY = ("hosts", "interpreters")
FIELDS = (
    "title", "kind", "visibility", "description", "hosts", "interpreters", "starts_at", "ends_at",
    "time_zone", "answer_until", "proposals_until", "place", "address", "directions",
    "accessibility", "accessibility_note", "online_url", "online_note", "capacity",
)  # fmt: skip
REMINDERS = "reminders"  # days before the meeting; rows of their own, but one entry in the form
DEFAULT_REMINDERS = (14, 3)
# What the next meeting takes over from the last one; what belongs to one date stays there.
COPIED = (
    "title", "kind", "visibility", "description", "hosts", "interpreters", "time_zone", "place",
    "address", "directions", "accessibility", "accessibility_note", "online_url", "online_note",
    "capacity",
)  # fmt: skip


def values_of(meeting: Meeting) -> dict[str, Any]:
    """Return everything a form shows of a meeting, by name of the field."""
    values: dict[str, Any] = {name: getattr(meeting, name) for name in FIELDS if name not in MANY}
    values |= {name: list(getattr(meeting, name).all()) for name in MANY}
    return values | {REMINDERS: reminder_days(meeting)}


def reminder_days(meeting: Meeting) -> tuple[int, ...]:
    """Return how many days before a meeting there are reminders, the first first."""
    rows = meeting.reminders.order_by("-days_before")
    return tuple(rows.values_list("days_before", flat=True))


def template_of(meeting: Meeting, *, day: datetime.date | None = None) -> dict[str, Any]:
    """Return the values a new meeting begins with if it is copied from another one.

    :param day: when it is to be; it begins and ends at the same times of day.
    """
    values: dict[str, Any] = {name: list(getattr(meeting, name).all()) for name in MANY}
    values |= {name: getattr(meeting, name) for name in COPIED if name not in MANY}
    for language, texts in meeting.translations.items():
        values |= {translation_field(language, name): text for name, text in texts.items()}
    values[REMINDERS] = reminder_days(meeting) or DEFAULT_REMINDERS
    if day is not None:
        begin, end = meeting.begins, meeting.ends
        last_day = day + (end.date() - begin.date())
        values["starts_at"] = datetime.datetime.combine(day, begin.time(), meeting.zone)
        values["ends_at"] = datetime.datetime.combine(last_day, end.time(), meeting.zone)
    return values


def current(row: Meeting, name: str) -> Any:
    """Return what stands in a field now, as two people's entries are compared."""
    if name in MANY:
        return frozenset(getattr(row, name).values_list("pk", flat=True))
    if name == REMINDERS:
        return frozenset(reminder_days(row))
    if name.startswith(TRANSLATION):
        language, field = translated_field(name)
        return row.translations.get(language, {}).get(field, "")
    return comparable(getattr(row, name))


def in_words(row: Meeting, name: str) -> str:
    """Return what stands in a field now, for somebody to read."""
    if name in MANY:
        return ", ".join(str(one) for one in getattr(row, name).all()) or _("nichts")
    if name == REMINDERS:
        return ", ".join(map(str, reminder_days(row))) or _("nichts")
    value = current(row, name)
    if isinstance(value, datetime.datetime):
        return words.moment(value, row)
    if not name.startswith(TRANSLATION) and hasattr(row, f"get_{name}_display"):
        return str(getattr(row, f"get_{name}_display")())
    return str(value) if value not in (None, "") else _("nichts")


def label(name: str) -> str:
    """Return the name of a field in words."""
    if name == REMINDERS:
        return _("Erinnerungen")
    if name.startswith(TRANSLATION):
        language, field = translated_field(name)
        return f"{label(field)} ({language})"
    return capfirst(str(Meeting._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def check_names(values: Mapping[str, Any]) -> None:
    unknown = [
        name
        for name in values
        if name not in (*FIELDS, REMINDERS)
        and not (
            name.startswith(TRANSLATION) and translated_field(name)[1] in Meeting.translated_fields
        )
    ]
    if unknown:
        raise ValueError(f"Not to be edited here: {', '.join(unknown)}")


def comparable_value(name: str, value: Any) -> Any:
    if name in MANY or name == REMINDERS:
        return frozenset(comparable(entry) for entry in value)
    return comparable(value)


def as_of(row: Meeting, version: int, names: Iterable[str]) -> dict[str, Any] | None:
    """Return what stood in the fields in an earlier version, None if the history does not know."""
    entry = row.history.filter(version=version).order_by("-history_id").first()
    if entry is None:
        return None
    seen = {}
    for name in names:
        if name in MANY:
            target = getattr(Meeting, name).field.m2m_reverse_name()
            seen[name] = frozenset(getattr(entry, name).values_list(target, flat=True))
        elif name == REMINDERS:
            # They have no history of their own; the last one to save wins.
            seen[name] = current(row, name)
        elif name.startswith(TRANSLATION):
            language, field = translated_field(name)
            seen[name] = entry.translations.get(language, {}).get(field, "")
        else:
            seen[name] = comparable(getattr(entry, name))
    return seen


def assign(row: Meeting, names: Iterable[str], values: Mapping[str, Any]) -> None:
    for name in names:
        if name.startswith(TRANSLATION):
            language, field = translated_field(name)
            row.translate(field, language, values[name])
        elif name not in MANY and name != REMINDERS:
            setattr(row, name, values[name])


def relate(row: Meeting, names: Iterable[str], values: Mapping[str, Any]) -> None:
    for name in MANY:
        if name in names:
            getattr(row, name).set(values[name])


def set_reminders(row: Meeting, days: Iterable[int]) -> None:
    """Have reminders on these days; those that a new date puts ahead of us again count anew."""
    wanted = set(days)
    row.reminders.exclude(days_before__in=wanted).delete()
    known = {one.days_before: one for one in row.reminders.all()}
    now = timezone.now()
    for number in wanted:
        reminder = known.get(number) or MeetingReminder(meeting=row, days_before=number)
        is_ahead = row.starts_at - datetime.timedelta(days=number) > now
        if reminder.pk is None or (reminder.done_at and is_ahead):
            reminder.done_at = None
            reminder.save()
