"""The officer's desk for meetings; one module per noun, each registers its own pages."""

from meetings.admin import (
    agenda,
    answers,
    door,
    files,
    invitations,
    meeting,
    minutes,
    noted,
    overview,
    school_holidays,
    tasks,
    year,
)

__all__ = [
    "agenda",
    "answers",
    "door",
    "files",
    "invitations",
    "meeting",
    "minutes",
    "noted",
    "overview",
    "school_holidays",
    "tasks",
    "year",
]
