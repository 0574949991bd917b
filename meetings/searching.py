"""Searching minutes, decisions and open tasks: each asker among what they may read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from core import folding, markdown
from meetings.models import Decision, Minutes, Task
from meetings.services import minutes as services

QUERY_LENGTH = 200
QUERY_WORDS = 8
AROUND = 90  # characters before and after the first word that was found
WORD = re.compile(r"[\w'’.-]*\w", re.UNICODE)


@dataclass(frozen=True)
class Piece:
    """A part of a text, and whether it is what was looked for."""

    text: str
    is_found: bool


@dataclass(frozen=True)
class Passage:
    """Where minutes speak of what was looked for.

    :ivar part: the section; None where the words stand in different ones.
    """

    minutes: Minutes
    part: services.Part | None
    pieces: Sequence[Piece]

    @property
    def anchor(self) -> str:
        """Where on the page it stands."""
        return f"#punkt-{self.part.item.pk}" if self.part and self.part.item else ""


def words_of(query: str) -> list[str]:
    """Return what is looked for, folded; a query is cut, not refused."""
    return folding.words(query[:QUERY_LENGTH])[:QUERY_WORDS]


def found_in(rows: QuerySet[Any], words: Sequence[str]) -> QuerySet[Any]:
    """Return the rows whose `search_text` has all the words."""
    for word in words:
        rows = rows.filter(search_text__contains=word)
    return rows if words else rows.none()


def minutes(user: Any, words: Sequence[str]) -> QuerySet[Minutes]:
    """Return the minutes a person may read that have all the words, the newest first."""
    rows = found_in(Minutes.objects.visible_to(user), words)
    return rows.select_related("meeting").order_by("-meeting__starts_at", "-pk")


def decisions(user: Any, words: Sequence[str]) -> QuerySet[Decision]:
    """Return the decisions that have all the words, the newest first."""
    rows = found_in(Decision.objects.visible_to(user), words).select_related("meeting")
    return rows.order_by("-year", F("number").desc(nulls_first=True), "-pk")


def tasks(user: Any, words: Sequence[str]) -> QuerySet[Task]:
    """Return the open tasks that have all the words, the most urgent first."""
    rows = found_in(Task.objects.visible_to(user).open(), words)
    return rows.select_related("meeting", "organisation", "user").order_by(
        F("due_on").asc(nulls_last=True), "pk"
    )


def passages(found: Sequence[Minutes], words: Sequence[str]) -> list[Passage]:
    """Return for each of some minutes the section that says most of the words; one query.

    :param found: with their entries prefetched, `entries__agenda_item`.
    """
    passages = []
    for one in found:
        texts = [("", one.introduction, None)]
        texts += [(entry.agenda_item.heading, entry.text, entry) for entry in one.entries.all()]
        texts += [("", one.closing, None), ("", one.public_summary, None)]
        best, most = texts[0], -1
        for text in texts:
            folded = folding.fold(f"{text[0]} {text[1]}")
            if (number := sum(word in folded for word in words)) > most:
                best, most = text, number
        label, text, entry = best
        part = None
        if entry is not None:
            name = services.name_of(entry.agenda_item)
            part = services.Part(name, label, text, entry.agenda_item)
        passages.append(Passage(one, part, excerpt(markdown.plain(text), words)))
    return passages


def excerpt(text: str, words: Sequence[str]) -> list[Piece]:
    """Return a text around the first word that was looked for, with those words marked.

    Without any of them, it is the text's beginning.
    """
    text = " ".join(text.split())
    hits = [
        found.span()
        for found in WORD.finditer(text)
        if any(word in folding.fold(found[0]) for word in words)
    ]
    begin = max(0, hits[0][0] - AROUND) if hits else 0
    end = min(len(text), (hits[0][1] if hits else 0) + 2 * AROUND)
    # No word is cut.
    if begin:
        begin = text.rfind(" ", 0, begin) + 1
    if end < len(text):
        end = text.find(" ", end) if " " in text[end:] else len(text)
    pieces = [Piece("… ", False)] if begin else []
    at = begin
    for first, last in hits:
        if last > end:
            break
        pieces += [Piece(text[at:first], False), Piece(text[first:last], True)]
        at = last
    pieces += [Piece(text[at:end], False)] + ([Piece(" …", False)] if end < len(text) else [])
    return [piece for piece in pieces if piece.text]
