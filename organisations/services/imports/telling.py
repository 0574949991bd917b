"""What stands in a run, in words: for pages, with a fixed number of queries for each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumber_field.phonenumber import to_python

from core import phones
from core.history import Change
from core.translations import TRANSLATION
from organisations import questions
from organisations.models import (
    ImportResult,
    ImportRow,
    ImportRun,
    Language,
    Municipality,
    Organisation,
    TargetGroup,
    Topic,
)
from organisations.services.imports import deciding, ending, parsing
from organisations.services.imports.plain import CONTACTS

Decision, Outcome = ImportRow.Decision, ImportRow.Outcome
REASONS = {
    "name": gettext_lazy("gleicher oder ähnlicher Name"),
    "website": gettext_lazy("gleiche Internetseite"),
    "email": gettext_lazy("gleiche E-Mail-Adresse"),
    "phone": gettext_lazy("gleiche Telefonnummer"),
    "domain": gettext_lazy("gleiche Internetadresse hinter dem @"),
    "address": gettext_lazy("gleiche Adresse"),
    "target": gettext_lazy("dieselbe Organisation im Portal"),
}
TONES = {
    Outcome.NEW: "good",
    Outcome.CHANGED: "warn",
    Outcome.DUPLICATE: "warn",
    Outcome.FAULTY: "bad",
    Outcome.UNCHANGED: "neutral",
}


@dataclass(frozen=True)
class Choice:
    """One thing she can decide about a row."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Match:
    """An organisation a row may mean."""

    organisation: Organisation
    reasons: str
    changes: list[Change]


@dataclass
class Told:
    """A row as it is read."""

    row: ImportRow
    name: str
    tone: str
    problems: list[str]
    remarks: list[str]
    values: list[dict[str, str]]
    matches: list[Match]
    same_row_reasons: str
    choices: list[Choice] = field(default_factory=list)


class Teller:
    """Knows what the rows of other tables are called; four small queries when first asked."""

    @cached_property
    def names(self) -> dict[str, dict[int, str]]:
        towns = {row.pk: str(row) for row in Municipality.objects.defer("outline")}
        return {
            "topics": {row.pk: str(row) for row in Topic.objects.all()},
            "target_groups": {row.pk: str(row) for row in TargetGroup.objects.all()},
            "languages": {row.pk: str(row) for row in Language.objects.all()},
            "active_in": towns,
            "municipality": towns,
        }

    def value(self, name: str, value: Any) -> str:
        """Return a plain value as a person reads it."""
        if value is None or value == "" or value == []:
            return _("leer")
        if name == CONTACTS:
            return "; ".join(self._person(one) for one in value)
        if name in self.names:
            keys = value if isinstance(value, list) else [value]
            return ", ".join(self.names[name].get(key, _("gelöscht")) for key in keys)
        if isinstance(value, bool):
            return _("ja") if value else _("nein")
        if isinstance(value, list):
            return "\n".join(map(str, value))
        if name == "phone":
            return self._phone(value)
        if not name.startswith(TRANSLATION):
            choices: Any = getattr(Organisation._meta.get_field(name), "flatchoices", [])
            return str(dict(choices).get(value, value))
        return str(value)

    def label(self, name: str) -> str:
        if name == CONTACTS:
            return _("Ansprechpersonen")
        if name.startswith(TRANSLATION):
            return str(parsing.translated(name))
        return capfirst(str(getattr(Organisation._meta.get_field(name), "verbose_name", name)))

    def _person(self, one: Any) -> str:
        if isinstance(one, str):
            return one
        parts = [one.get("function"), self._phone(one.get("phone")), one.get("email")]
        more = ", ".join(filter(None, parts))
        return f"{one['name']} ({more})" if more else one["name"]

    @staticmethod
    def _phone(number: str | None) -> str:
        parsed = to_python(number) if number else None
        return phones.spoken(parsed) if parsed else ""


def rows(run: ImportRun, page: Iterable[ImportRow]) -> list[Told]:
    """Return rows of a run as they are read and decided about."""
    page = list(page)
    keys = {match["organisation"] for row in page for match in row.matches}
    organisations = Organisation.objects.in_bulk(keys) if keys else {}
    states = {pk: one.state for pk, one in organisations.items()}
    teller = Teller()
    return [_row(run, row, organisations, states, teller) for row in page]


def _row(
    run: ImportRun,
    row: ImportRow,
    organisations: Mapping[int, Organisation],
    states: Mapping[int, str],
    teller: Teller,
) -> Told:
    said = row.values.get("fields", {})
    values = [
        {"label": teller.label(name), "value": teller.value(name, said[name])}
        for name in (*questions.FIELDS, *(name for name in said if name not in questions.FIELDS))
        if name in said and said[name] not in ("", None, [])
    ]
    if people := row.values.get("contacts"):
        values.append({"label": teller.label(CONTACTS), "value": teller.value(CONTACTS, people)})
    if (town := row.values.get("town")) and "municipality" not in said:
        label = teller.label("municipality")
        values.insert(1, {"label": label, "value": teller.value("municipality", town)})
    matches = [
        Match(
            organisations[match["organisation"]],
            reasons(match["reasons"]),
            [
                Change(teller.label(name), teller.value(name, old), teller.value(name, new))
                for name, (old, new) in match.get("changes", {}).items()
            ],
        )
        for match in row.matches
        if match["organisation"] in organisations
    ]
    told = Told(
        row=row,
        name=str(said.get("name") or _first(row.cells) or _("ohne Namen")),
        tone=TONES.get(Outcome(row.outcome), "neutral") if row.outcome else "neutral",
        problems=[ending.problem_in_words(run, one) for one in row.problems],
        remarks=[ending.problem_in_words(run, one) for one in row.remarks],
        values=values,
        matches=matches,
        same_row_reasons=reasons(row.same_row_reasons),
    )
    if run.state == ImportRun.State.CHECKED:
        told.choices = _choices(row, organisations, states)
    return told


def _choices(
    row: ImportRow, organisations: Mapping[int, Organisation], states: Mapping[int, str]
) -> list[Choice]:
    offered = deciding.allowed(row, states)
    if len(offered) < 2 and row.outcome in {Outcome.FAULTY, Outcome.UNCHANGED}:
        return []
    chosen = deciding.chosen(row)
    found = []
    for value in offered:
        decision, _colon, target = value.partition(":")
        if decision == Decision.UPDATE:
            text = _("„%(name)s“ ändern")
            label = text % {"name": organisations[int(target)].name}
        elif decision == Decision.CREATE:
            label = _("neu anlegen")
        else:
            label = _("auslassen")
        found.append(Choice(value, label, value == chosen))
    return found


def reasons(names: Iterable[str]) -> str:
    """Return in words why two are taken for one."""
    return ", ".join(str(REASONS[name]) for name in names if name in REASONS)


def not_taken(run: ImportRun) -> list[str]:
    """Return what the columns are called that say nothing to the portal."""
    return [
        str(parsing.heading(run, index))
        for index in range(len(run.headings))
        if str(index) not in run.mapping
    ]


def results(run: ImportRun, page: Iterable[ImportResult]) -> list[dict[str, Any]]:
    """Return what a run has done to organisations, and what of it was not undone."""
    teller = Teller()
    return [
        {
            "organisation": one.organisation,
            "number": one.row,
            "created": one.created,
            "kept": [teller.label(name) for name in one.kept if name != "created"],
            "fields": [teller.label(name) for name in one.after],
        }
        for one in page
    ]


def _first(cells: Iterable[str]) -> str:
    return next((" ".join(cell.split())[:80] for cell in cells if cell.strip()), "")
