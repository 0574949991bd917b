"""Which column is what: guessed, corrected by a person, remembered for the next file like it."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import spreadsheets
from core.errors import Refused
from core.folding import fold
from core.spreadsheets import Sheet
from organisations import columns
from organisations.models import ImportMapping, ImportRow, ImportRun, Municipality
from organisations.services.imports import cleaning, parsing

Preset = ImportRun.Preset

# Heading of the column of reasons in a file of faulty rows; no column of the list itself.
REASONS = gettext_lazy("Was nicht stimmt")
SAMPLES = 3
# From so many known headings on, a file is taken for what it looks like.
LIKE_THE_FORUM = 6
LIKE_OUR_EXPORT = 0.6
# The headings of our own export that no other list has by chance together with the others.
OUR_MARKS = frozenset(map(fold, ("Nummer", "Adresse im Netz", "Number", "Web address")))
# What other lists call things; on top of the portal's own headings and `columns.ALIASES`.
SYNONYMS = {
    "id": parsing.SOURCE_ID,
    "nr": parsing.SOURCE_ID,
    "nummer": parsing.SOURCE_ID,
    "uid": parsing.SOURCE_ID,
    "aktuell": parsing.CURRENT,
    "gültig": parsing.CURRENT,
    "current": parsing.CURRENT,
    "links": "links",
    "adresse": "address",
    "aktivitätsgebiete": "district",
}


@dataclass(frozen=True)
class Guess:
    """What a file seems to be.

    :ivar mapping: key by column, counted from 0.
    :ivar is_remembered: she has mapped such a file before.
    """

    preset: str
    mapping: dict[int, str]
    choices: dict[str, Any] = field(default_factory=dict)
    is_remembered: bool = False


class WrongMapping(ValidationError):
    """What is wrong with a mapping, by column; under None what concerns no column."""

    def __init__(self, problems: Mapping[int | None, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def begin(*, sheet: Sheet, file_name: str, by: User, creation_key: uuid.UUID | None) -> ImportRun:
    """Keep a file's rows, to be mapped and checked.

    :param sheet: what `core.spreadsheets.read` made of it.
    :param file_name: as the person knows it.
    :param creation_key: made with the form; the same key again is the same run.
    :raises Refused: if no row in it says anything.
    """
    if creation_key and (known := ImportRun.objects.filter(creation_key=creation_key).first()):
        return known
    first, headings, skipped = _head(sheet)
    numbered = [
        (index, list(row))
        for index, row in enumerate(sheet.rows[first:], first)
        if any(cell.strip() for cell in row)
    ]
    if not numbered:
        raise Refused(
            _("In der Datei steht keine Organisation: Unter den Überschriften ist nichts.")
        )
    unreadable: dict[int, dict[str, str]] = {}
    for (row_index, column), reason in sheet.problems.items():
        unreadable.setdefault(row_index, {})[str(column)] = str(reason)
    width = len(sheet.rows[0])
    run = ImportRun(
        file_name=file_name[-200:],
        by=by,
        creation_key=creation_key,
        headings=headings or [""] * width,
        has_headings=bool(headings),
        signature=signature(headings, width),
        remarks=[*map(str, sheet.notes), *skipped],
        counts={"rows": len(numbered)},
    )
    try:
        with transaction.atomic():
            run.save()
            ImportRow.objects.bulk_create(
                (
                    ImportRow(
                        run=run,
                        number=index + 1,
                        cells=cells,
                        unreadable=unreadable.get(index, {}),
                    )
                    for index, cells in numbered
                ),
                batch_size=500,
            )
    except IntegrityError:  # the same form, sent twice at the same moment
        return ImportRun.objects.get(creation_key=creation_key)
    return run


def without_headings(*, run: ImportRun) -> bool:
    """Make an organisation of what was taken for headings.

    :return: whether anything changed.
    :raises Refused: if the run is over, or being worked on.
    """
    with transaction.atomic():
        row = ImportRun.objects.select_for_update().get(pk=run.pk)
        if not row.is_open or row.is_busy:
            raise Refused(_("Dieser Import lässt sich nicht mehr ändern."))
        if not row.has_headings:
            return False
        first = row.rows.order_by("number").values_list("number", flat=True).first() or 2
        ImportRow.objects.create(run=row, number=first - 1, cells=row.headings)
        row.has_headings, row.headings = False, [""] * len(row.headings)
        row.signature = signature([], len(row.headings))
        row.state, row.mapping = ImportRun.State.NEW, {}
        row.counts = {"rows": row.rows.count()}
        row.save()
    run.refresh_from_db()
    return True


def signature(headings: Sequence[str], width: int) -> str:
    """Return a mark by which a file like this is known again; a column of reasons counts not."""
    names = [fold(one) for one in headings if fold(one) != fold(str(REASONS))]
    if not any(names) or names == _letters(len(names)):
        names = _letters(len(names) or width)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def guess(run: ImportRun, preset: str = "") -> Guess:
    """Return what its columns seem to be.

    :param preset: one of `ImportRun.Preset`, if she says what it is; "" to find out.
    """
    if not preset and (kept := ImportMapping.objects.filter(signature=run.signature).first()):
        mapping = {int(index): key for index, key in kept.mapping.items()}
        choices = dict(kept.choices)
        return Guess(choices.pop("preset", Preset.FREE), mapping, choices, is_remembered=True)
    reader = columns.Reader()
    own = {index: key for key, index in reader.recognise(run.headings).items()}
    forum = _by_headings(run, {fold(name): key for name, key in cleaning.PRESET_FDK.items()})
    if not preset:
        named = len([name for name in run.headings if name.strip()]) or 1
        ours = {"slug", "number"} & {
            key for index, key in own.items() if fold(run.headings[index]) in OUR_MARKS
        }
        if len(own) >= LIKE_OUR_EXPORT * named and ours:
            preset = Preset.EXPORT
        elif len(forum) >= LIKE_THE_FORUM:
            preset = Preset.FORUM
        else:
            preset = Preset.FREE
    if preset == Preset.EXPORT:
        return Guess(preset, _known(own))
    if preset == Preset.FORUM:
        # Without headings, the ten columns stand in their order.
        in_order = dict(enumerate(cleaning.PRESET_FDK.values()))
        return Guess(preset, _known(forum if run.has_headings else in_order))
    synonyms = _by_headings(run, {fold(name): key for name, key in SYNONYMS.items()})
    free = {index: key for index, key in own.items() if key not in {"number", "slug"}}
    return Guess(Preset.FREE, _once({**forum, **free, **synonyms}))


def choose(
    *,
    run: ImportRun,
    preset: str,
    mapping: Mapping[int, str],
    default_municipality: Municipality | None,
    default_kind: str,
    new_state: str,
    clears_empty: bool,
) -> None:
    """Write down which column is what, and remember it for the next file like this.

    :param mapping: key by column, counted from 0.
    :raises WrongMapping: if two columns are the same, or none is the name.
    :raises Refused: if the run is over, or being worked on.
    """
    known = parsing.labels(mapping.values())
    mapping = {index: key for index, key in mapping.items() if key}
    problems: dict[int | None, str] = {}
    by_key: dict[str, list[int]] = {}
    for index, key in sorted(mapping.items()):
        by_key.setdefault(key, []).append(index)
        if key not in known or index >= len(run.headings):
            problems[index] = _("Diese Auswahl gibt es nicht.")
    for key, indexes in by_key.items():
        if len(indexes) > 1 and key in known:
            for index in indexes:
                others = ", ".join(
                    str(parsing.heading(run, other)) for other in indexes if other != index
                )
                problems[index] = _(
                    "„%(field)s“ ist zweimal gewählt, auch bei: %(others)s. Bitte wählen Sie "
                    "es nur einmal."
                ) % {"field": known[key], "others": others}
    if "name" not in by_key:
        problems[None] = _("Eine Spalte muss der Name der Organisation sein.")
    if problems:
        raise WrongMapping(problems)
    kept = {str(index): key for index, key in mapping.items()}
    with transaction.atomic():
        row = ImportRun.objects.select_for_update().get(pk=run.pk)
        if not row.is_open or row.is_busy:
            raise Refused(_("Dieser Import lässt sich nicht mehr ändern."))
        row.preset, row.mapping = preset, kept
        row.default_municipality, row.default_kind = default_municipality, default_kind
        row.new_state, row.clears_empty = new_state, clears_empty
        row.save()
        choices = {
            "preset": preset,
            "default_municipality": default_municipality.pk if default_municipality else None,
            "default_kind": default_kind,
            "new_state": new_state,
        }
        ImportMapping.objects.update_or_create(
            signature=row.signature,
            defaults={"mapping": kept, "choices": choices, "used_at": timezone.now()},
        )
    run.refresh_from_db()


def samples(run: ImportRun) -> list[list[str]]:
    """Return some different values of each column, to tell what it is; from the first rows."""
    found: list[dict[str, None]] = [{} for _heading in run.headings]
    for cells in run.rows.order_by("number").values_list("cells", flat=True)[:40]:
        for values, cell in zip(found, cells, strict=False):
            text = Truncator(" ".join(cell.split())).chars(60)
            if text and len(values) < SAMPLES:
                values[text] = None
    return [list(values) for values in found]


def _head(sheet: Sheet) -> tuple[int, list[str], list[str]]:
    """Return where the rows begin, the headings, and what to say of the lines before them."""
    known = [
        *(name for one in columns.Reader().columns.values() for name in (one.heading, one.english)),
        *(name for names in columns.ALIASES.values() for name in names),
        *cleaning.PRESET_FDK,
        *SYNONYMS,
    ]
    head = spreadsheets.header_row(sheet.rows, known)
    if head is None:
        return 0, [], [_("Die Datei hat keine Überschriften. Die Spalten heißen hier A, B, C …")]
    skipped = [
        _("Zeile %(number)s ist keine Überschrift und wird übersprungen: „%(text)s“")
        % {"number": number, "text": Truncator(" ".join(" ".join(row).split())).chars(80)}
        for number, row in enumerate(sheet.rows[:head], 1)
        if any(cell.strip() for cell in row)
    ]
    return head + 1, [" ".join(cell.split())[:200] for cell in sheet.rows[head]], skipped


def _letters(width: int) -> list[str]:
    return [fold(f"Spalte {spreadsheets.column_name(index)}") for index in range(width)]


def _by_headings(run: ImportRun, names: Mapping[str, str]) -> dict[int, str]:
    found = {index: names.get(fold(heading)) for index, heading in enumerate(run.headings)}
    return _once({index: key for index, key in found.items() if key})


def _known(mapping: Mapping[int, str]) -> dict[int, str]:
    """Leave out what only says something and is never read back."""
    known = parsing.labels(mapping.values())
    return {index: key for index, key in mapping.items() if key in known}


def _once(mapping: Mapping[int, str]) -> dict[int, str]:
    """Keep of several columns that seem to be the same the first."""
    seen: set[str] = set()
    kept = {}
    for index, key in sorted(_known(mapping).items()):
        if key not in seen:
            seen.add(key)
            kept[index] = key
    return kept
