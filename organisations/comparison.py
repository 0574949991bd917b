"""Two entries side by side: what is the same, what differs, and what is taken unless one says so.

What is asked in several fields and read as one (the address) is chosen as one. The entry that is
suggested to stay comes first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils.text import capfirst
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from core.translations import TRANSLATION, translated_field
from organisations import questions, review
from organisations.models import Organisation, OrganisationImage
from organisations.services import editing, merging

ADDRESS = ("street", "address_extra", "postal_code", "place")
# What nobody knows is as good as nothing.
EMPTY: tuple[Any, ...] = ("", None, [], frozenset(), Organisation.Accessibility.UNKNOWN, ("",) * 4)
# Without these nothing but a draft can be.
NEEDED = frozenset({"name", "kind", "municipality"})


@dataclass(frozen=True)
class Option:
    """One answer to choose: the key of an entry, or `both`.

    :ivar number: the entry's number on the page, 0 for both.
    :ivar image: the picture, where a picture is the answer.
    """

    key: str
    number: int
    text: str
    is_chosen: bool
    image: OrganisationImage | None = None


@dataclass(frozen=True)
class Question:
    """One thing both entries may say something about.

    :ivar name: the first of its fields; it names the buttons.
    :ivar language: of the answers, where it is not the page's.
    """

    name: str
    label: str
    options: list[Option]
    language: str = ""
    direction: str = "auto"


@dataclass(frozen=True)
class _Answer:
    value: Any
    text: str
    image: OrganisationImage | None = None

    @property
    def is_empty(self) -> bool:
        return self.value in EMPTY


@dataclass
class Comparison:
    """Two entries and what was chosen so far.

    :ivar first: the entry that is suggested to stay.
    :ivar data: what was sent, by name of the question, or nothing yet; nonsense in it counts as
        nothing.
    """

    first: Organisation
    second: Organisation
    data: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, one: Organisation, other: Organisation, data: Mapping[str, str] | None = None
    ) -> "Comparison":
        """Compare two entries; the one that is further, spoken for and older comes first."""
        speaking = dict(
            Organisation.objects.filter(pk__in=[one.pk, other.pk])
            .annotate(number=Count("representatives"))
            .values_list("pk", "number")
        )

        def rank(row: Organisation) -> tuple[Any, ...]:
            further = merging.RANK.get(row.state, -1)
            return -further, -speaking.get(row.pk, 0), row.created_at, row.pk

        first, second = sorted([one, other], key=rank)
        return cls(first, second, data or {})

    @property
    def entries(self) -> tuple[Organisation, Organisation]:
        return self.first, self.second

    @property
    def kept(self) -> Organisation:
        """The entry that is to stay."""
        return self.second if self.data.get("kept") == str(self.second.pk) else self.first

    @property
    def gone(self) -> Organisation:
        return self.first if self.kept is self.second else self.second

    # --- What is shown
    @cached_property
    def differing(self) -> list[Question]:
        """What both say something different about."""
        return [question for question, kind in self._asked if kind == "different"]

    @cached_property
    def one_sided(self) -> list[Question]:
        """What only one says anything about."""
        return [question for question, kind in self._asked if kind == "one"]

    @cached_property
    def same(self) -> list[dict[str, Any]]:
        """What both say the same about, as rows of a summary."""
        return [
            {
                "label": question.label,
                "value": question.options[0].text,
                "language": question.language,
                "direction": question.direction,
            }
            for question, kind in self._asked
            if kind == "same"
        ]

    # --- What is chosen
    def choices(self) -> dict[str, str]:
        """Return what was chosen, as `merging.merge` takes it."""
        chosen: dict[str, str] = {}
        for question in (*self.differing, *self.one_sided):
            option = next(one for one in question.options if one.is_chosen)
            choice = {
                merging.BOTH: merging.BOTH,
                str(self.kept.pk): merging.KEPT,
                str(self.gone.pk): merging.GONE,
            }[option.key]
            names = ADDRESS if question.name == "street" else (question.name,)
            chosen.update(dict.fromkeys(names, choice))
        return chosen

    def changes(self) -> list[dict[str, str]]:
        """Return what will be different of the entry that stays, as label, old and new text."""
        found = []
        for question in (*self.differing, *self.one_sided):
            chosen = next(one for one in question.options if one.is_chosen)
            own = next((one for one in question.options if one.key == str(self.kept.pk)), None)
            if chosen is not own:
                old = own.text if own else _("leer")
                found.append({"label": question.label, "old": old, "new": chosen.text})
        return found

    def hidden(self) -> list[tuple[str, str]]:
        """Return everything chosen as hidden fields, to send it on with the confirmation."""
        chosen = [
            (question.name, next(one.key for one in question.options if one.is_chosen))
            for question in (*self.differing, *self.one_sided)
        ]
        return [("kept", str(self.kept.pk)), *self.versions(), *chosen]

    def versions(self) -> list[tuple[str, str]]:
        """Return which versions of the entries are shown, as fields of the form."""
        return [(f"version-{row.pk}", str(row.version)) for row in self.entries]

    def seen_versions(self) -> dict[int, int]:
        """Return which versions the form that was sent had shown; -1 for nonsense."""
        seen = {}
        for row in self.entries:
            text = self.data.get(f"version-{row.pk}", "")
            is_number = text.isascii() and text.isdigit() and len(text) < 10
            seen[row.pk] = int(text) if is_number else -1
        return seen

    # --- How it is compared
    @cached_property
    def _asked(self) -> list[tuple[Question, str]]:
        asked = []
        for name, label, language in self._names():
            one, other = (self._answer(row, name) for row in self.entries)
            if one.value == other.value:
                kind = "same"
            elif one.is_empty or other.is_empty:
                kind = "one"
            else:
                kind = "different"
            if one.is_empty and other.is_empty:
                continue
            direction = "rtl" if language and get_language_info(language)["bidi"] else "auto"
            options = self._options(name, one, other, kind)
            asked.append((Question(name, label, options, language, direction), kind))
        return asked

    def _names(self) -> Iterable[tuple[str, str, str]]:
        """Return name, label and language of everything there is to say."""
        further = merging.translations()
        for name in questions.FIELDS:
            if name in ADDRESS:
                if name == ADDRESS[0]:
                    yield name, _("Adresse"), ""
                continue
            label = capfirst(str(Organisation._meta.get_field(name).verbose_name))
            yield name, label, ""
            for translated in further:
                language, text = translated_field(translated)
                if text == name:
                    yield translated, f"{label} ({_language(language)})", language
        yield merging.LOGO, _("Logo"), ""

    def _answer(self, row: Organisation, name: str) -> _Answer:
        if name == merging.LOGO:
            logo = self._logos.get(row.pk)
            return _Answer(logo.pk if logo else None, logo.alt_text if logo else "", logo)
        if name == ADDRESS[0]:
            value = tuple(getattr(row, part) for part in ADDRESS)
            return _Answer(value, review.address_in_words(row))
        if name.startswith(TRANSLATION):
            text = editing.current(row, name)
            return _Answer(text, text)
        if name in questions.MANY:
            rows = list(getattr(row, name).all())
            value = frozenset(one.pk for one in rows)
            return _Answer(value, ", ".join(str(one) for one in rows))
        return _Answer(editing.comparable(getattr(row, name)), review.in_words(row, name))

    @cached_property
    def _logos(self) -> dict[int, OrganisationImage]:
        """The logos, where both have one; a single one is there afterwards in any case."""
        images = OrganisationImage.objects.filter(
            organisation__in=self.entries, kind=OrganisationImage.Kind.LOGO, pending=False
        )
        found = {image.organisation_id: image for image in images}
        return found if len(found) == len(self.entries) else {}

    def _options(self, name: str, one: _Answer, other: _Answer, kind: str) -> list[Option]:
        first, second = (str(row.pk) for row in self.entries)
        keys = [first, second]
        suggested = second if one.is_empty else first
        if name in NEEDED and kind == "one":
            keys = [suggested]
        if name in merging.UNITED and kind == "different":
            keys.append(merging.BOTH)
            suggested = merging.BOTH
        if name == "address_public" and kind == "different":
            # An address becomes public by somebody's wish, not because two entries met.
            suggested = second if one.value else first
        sent = self.data.get(name, "")
        chosen = sent if sent in keys else suggested
        texts = {first: one, second: other}
        options = [
            Option(key, number, answer.text or _("leer"), key == chosen, answer.image)
            for number, (key, answer) in enumerate(texts.items(), 1)
            if key in keys
        ]
        if merging.BOTH in keys:
            text = _joined(one.text, other.text, "\n" if name == "social_links" else ", ")
            options.append(Option(merging.BOTH, 0, text, chosen == merging.BOTH))
        return options


def _joined(one: str, other: str, between: str) -> str:
    return between.join(dict.fromkeys([*one.split(between), *other.split(between)]))


def _language(code: str) -> str:
    known = dict(settings.LANGUAGES)
    return str(get_language_info(code)["name_local"]) if code in known else code


def places(organisations: Sequence[Organisation]) -> dict[int, str]:
    """Return where each is, in a few words, for a list."""
    return {
        row.pk: ", ".join(filter(None, [row.street, f"{row.postal_code} {row.place}".strip()]))
        or str(row.municipality or "")
        for row in organisations
    }
