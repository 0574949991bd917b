"""What a visitor asks of the directory: read from the address, and written back into it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from organisations.models import Organisation
from organisations.search import GROUPS, QUERY_LENGTH, Directory, Filters

QUERY = "q"
PAGE = "seite"
ACTIVE_THERE = "aktiv"
YES = "ja"

# The words in the address are German in every language, like its path.
PARAMETERS = {
    "municipality": "ort",
    "topic": "thema",
    "target_group": "zielgruppe",
    "language": "sprache",
    "kind": "art",
    "accessibility": "barrierefrei",
}
LABELS: dict[str, Promise] = {
    "municipality": _("Ort"),
    "topic": _("Thema"),
    "target_group": _("Zielgruppe"),
    "language": _("Sprache"),
    "kind": _("Art der Organisation"),
    "accessibility": _("Barrierefreier Ort"),
}
ICONS = {
    "municipality": "pin",
    "topic": "square",
    "target_group": "people",
    "language": "language",
    "kind": "building",
    "accessibility": "wheelchair",
}
_KINDS = {
    "verein": Organisation.Kind.ASSOCIATION,
    "initiative": Organisation.Kind.INITIATIVE,
    "religioese-gemeinschaft": Organisation.Kind.RELIGIOUS,
    "stiftung": Organisation.Kind.FOUNDATION,
    "ggmbh": Organisation.Kind.NONPROFIT_COMPANY,
    "partnerinstitution": Organisation.Kind.PARTNER,
}
_ACCESSIBILITY = {
    "ja": Organisation.Accessibility.YES,
    "teilweise": Organisation.Accessibility.PARTLY,
}
# Slug in the address → value in the index; the other groups use the rows' slugs for both.
FIXED: dict[str, dict[str, str]] = {"kind": _KINDS, "accessibility": _ACCESSIBILITY}
MOST_VALUES = 60  # of one group; more can only be a prank


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter, with how many organisations it would show."""

    slug: str
    label: Any
    count: int
    chosen: bool
    lang: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One filter with the values it offers."""

    name: str
    parameter: str
    label: Any
    icon: str
    choices: list[Choice]

    @property
    def chosen(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.chosen]


@dataclass(frozen=True, slots=True)
class Removable:
    """A chosen filter and the address without it."""

    label: Any
    group: Any
    url: str


@dataclass(frozen=True, slots=True)
class Selection:
    """A question to the directory: words, filters and the page of the answer."""

    query: str = ""
    filters: Filters = field(default_factory=Filters)
    page: int = 1
    # What stood in the address and is not known here (any more).
    unknown: tuple[str, ...] = ()
    shortened: bool = False
    # Whether a word stood in the address that has another slug now, or is part of another one.
    is_renamed: bool = False

    @classmethod
    def read(cls, data: QueryDict, directory: Directory) -> "Selection":
        """Read an address; whatever does not make sense is left out, nothing is refused."""
        typed = " ".join(data.get(QUERY, "").replace("\x00", " ").split())
        chosen: dict[str, frozenset[str]] = {}
        unknown: list[str] = []
        is_renamed = False
        for group in GROUPS:
            stated = [value for value in data.getlist(PARAMETERS[group])[:MOST_VALUES] if value]
            former = directory.former.get(group, {})
            values = [former.get(value, value) for value in stated]
            is_renamed = is_renamed or values != stated
            known = FIXED.get(group) or directory.facets[group]
            fixed = FIXED.get(group, {})
            chosen[group] = frozenset(fixed.get(value, value) for value in values if value in known)
            unknown += [value[:40].replace("\x00", "") for value in values if value not in known]
        filters = Filters(**chosen, active_there=data.get(ACTIVE_THERE) == YES)
        page = data.get(PAGE, "")
        return cls(
            query=typed[:QUERY_LENGTH],
            filters=filters,
            # `isdigit` alone would let „²“ through.
            page=max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
            unknown=tuple(unknown[:5]),
            shortened=len(typed) > QUERY_LENGTH,
            is_renamed=is_renamed,
        )

    @property
    def is_empty(self) -> bool:
        """Whether the whole directory is asked for."""
        return not self.query and not any(getattr(self.filters, group) for group in GROUPS)

    @property
    def count(self) -> int:
        """How many filter values are chosen."""
        return sum(len(getattr(self.filters, group)) for group in GROUPS)

    def parameters(self) -> Iterator[tuple[str, str]]:
        """Yield what stands in the address, always in the same order."""
        if self.query:
            yield QUERY, self.query
        for group in GROUPS:
            slugs = {value: slug for slug, value in FIXED.get(group, {}).items()}
            for value in sorted(slugs.get(v, v) for v in getattr(self.filters, group)):
                yield PARAMETERS[group], value
        if self.filters.active_there:
            yield ACTIVE_THERE, YES
        if self.page > 1:
            yield PAGE, str(self.page)

    def query_string(self) -> str:
        """Return the address's part from the question mark on; empty for the whole directory."""
        encoded = urlencode(list(self.parameters()))
        return f"?{encoded}" if encoded else ""

    def changed(self, **filters: Any) -> "Selection":
        """Return the same question with other filters, from its first page."""
        return replace(self, filters=replace(self.filters, **filters), page=1)

    def without(self, group: str, value: str) -> "Selection":
        return self.changed(**{group: getattr(self.filters, group) - {value}})

    # --- For the page -----------------------------------------------------------------------------

    def groups(self, directory: Directory, counts: dict[str, dict[str, int]]) -> list[Group]:
        """Return the filters with their values and counts.

        Values that would show nothing are left out unless they are chosen.
        """
        groups = []
        for name in GROUPS:
            chosen = getattr(self.filters, name)
            choices = [
                Choice(
                    slug=slug,
                    label=label,
                    count=counts[name].get(value, 0),
                    chosen=value in chosen,
                    hint=hint,
                    lang=lang,
                )
                for slug, value, label, hint, lang in _values(name, directory)
                if counts[name].get(value) or value in chosen
            ]
            groups.append(Group(name, PARAMETERS[name], LABELS[name], ICONS[name], choices))
        return groups

    def removable(self, directory: Directory, path: str) -> list[Removable]:
        """Return what is chosen, each with the address without it."""
        found = []
        for name in GROUPS:
            chosen = getattr(self.filters, name)
            if chosen:
                found += [
                    Removable(label, LABELS[name], path + self.without(name, value).query_string())
                    for _slug, value, label, _hint, _lang in _values(name, directory)
                    if value in chosen
                ]
        return found


def _values(group: str, directory: Directory) -> Iterator[tuple[str, str, Any, str, str]]:
    """Yield a group's (slug, value in the index, label, hint, language of the hint)."""
    if group == "kind":
        for slug, kind in _KINDS.items():
            yield slug, kind, Organisation.Kind(kind).label, "", ""
    elif group == "accessibility":
        for slug, value in _ACCESSIBILITY.items():
            yield slug, value, Organisation.Accessibility(value).label, "", ""
    elif group == "language":
        for row in directory.languages.values():
            yield row.slug, row.slug, row, row.endonym, row.code
    else:
        rows: dict[str, dict[int, Any]] = {
            "municipality": directory.municipalities,
            "topic": directory.topics,
            "target_group": directory.target_groups,
        }
        for row in rows[group].values():
            if row.slug in directory.facets[group]:
                yield row.slug, row.slug, row, "", ""
