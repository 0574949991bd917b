"""Which organisation does a row mean? Thousands of rows against thousands of organisations.

The measure is that of `organisations.duplicates`; here everything that takes to compare is in
memory, and only those are compared that share something: a telling word (or one that differs by a
slip of the pen), a website, an e-mail address, a telephone number. So no row asks the database,
and none is compared with all.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import CharField
from django.db.models.functions import Cast
from rapidfuzz import fuzz, process

from core.folding import fold, words
from organisations.duplicates import GENERIC, SAME_WORD, THRESHOLD, Traits, likeness, traits_of
from organisations.models import Municipality, Organisation

# How many of those that share a word are looked at closely, and how many are told.
LOOKED_AT = 12
TOLD = 3
# A word that so many have tells nobody apart, though nobody has called it generic.
COMMON_FROM = 400
EVIDENCE = ("website", "email", "phone")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is compared of an organisation or of a row.

    :ivar key: the organisation's key, or the row's number.
    :ivar name: folded.
    :ivar place: folded name of the town, empty if not known.
    """

    key: int
    name: str
    traits: Traits
    place: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """One that may be the same; see `duplicates.Match`."""

    key: int
    score: float
    reasons: tuple[str, ...]


def facts(
    key: int,
    *,
    name: str,
    short_name: str = "",
    website: str = "",
    email: str = "",
    phone: str = "",
    street: str = "",
    postal_code: str = "",
    place: str = "",
) -> Facts:
    """Return what is compared.

    :param phone: in E.164, as the database has it; so it needs no parsing.
    """
    traits = traits_of(
        names=[name, short_name] if short_name else [name],
        website=website,
        email=email,
        street=street,
        postal_code=postal_code,
    )
    return Facts(key, fold(name), replace(traits, phone=phone), fold(place))


def compatible(one: Facts, other: Facts) -> bool:
    """Whether two of the same name can be the same: no other town, or something else in common."""
    if not one.place or not other.place or one.place == other.place:
        return True
    return any(
        getattr(one.traits, trait) and getattr(one.traits, trait) == getattr(other.traits, trait)
        for trait in EVIDENCE
    )


class Index:
    """Organisations, or the rows of a file, ready to be found by likeness."""

    def __init__(self, places: frozenset[str]) -> None:
        self.places = places
        self.facts: dict[int, Facts] = {}
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_evidence: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._joined: dict[str, list[int]] = defaultdict(list)
        self._vocabulary: list[str] = []
        self._similar: dict[str, list[str]] = {}

    def add(self, one: Facts) -> None:
        self.facts[one.key] = one
        self.by_name[one.name].append(one.key)
        for word in self._telling(one.traits):
            self._by_word[word].append(one.key)
        for name in one.traits.names:
            self._joined["".join(sorted(name))].append(one.key)
        for trait in EVIDENCE:
            if value := getattr(one.traits, trait):
                self._by_evidence[trait, value].append(one.key)

    def same_name(self, one: Facts) -> list[Facts]:
        """Return those of exactly this name, whatever else they say."""
        return [self.facts[key] for key in self.by_name.get(one.name, ())]

    def alike(self, one: Facts, *, before: int | None = None) -> list[Likeness]:
        """Return who may be the same, the likeliest first, at most `TOLD`.

        :param before: only keys below this one.
        """
        found = []
        for key in self._candidates(one, before):
            score, reasons = likeness(one.traits, self.facts[key].traits, self.places)
            if score >= THRESHOLD:
                found.append(Likeness(key, score, reasons))
        found.sort(key=lambda match: (-match.score, match.key))
        return found[:TOLD]

    def _candidates(self, one: Facts, before: int | None) -> Iterable[int]:
        sure: dict[int, None] = {}
        for trait in EVIDENCE:
            if value := getattr(one.traits, trait):
                sure |= dict.fromkeys(self._by_evidence.get((trait, value), ())[:LOOKED_AT])
        sure |= dict.fromkeys(self.by_name.get(one.name, ())[:LOOKED_AT])
        for name in one.traits.names:
            sure |= dict.fromkeys(self._joined.get("".join(sorted(name)), ())[:LOOKED_AT])
        shared: dict[int, float] = defaultdict(float)
        for word in self._telling(one.traits):
            for similar in self._like(word):
                keys = self._by_word[similar]
                weight = 1 / len(keys) if len(keys) < COMMON_FROM else 0.0
                for key in keys if weight else ():
                    shared[key] += weight
        best = sorted(shared, key=lambda key: -shared[key])[:LOOKED_AT]
        candidates = {**sure, **dict.fromkeys(best)}
        return [key for key in candidates if before is None or key < before]

    def _telling(self, traits: Traits) -> set[str]:
        every = {word for name in traits.names for word in name}
        telling = {word for word in every if word not in GENERIC and word not in self.places}
        return telling or every

    def _like(self, word: str) -> list[str]:
        """Return the words of the stock that are this one, perhaps with a slip of the pen."""
        if len(self._vocabulary) != len(self._by_word):
            self._vocabulary = list(self._by_word)
            self._similar.clear()
        if word not in self._similar:
            found = process.extract(
                word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=SAME_WORD, limit=20
            )
            self._similar[word] = [similar for similar, _score, _index in found]
        return self._similar[word]


def stock() -> Index:
    """Return all organisations, whatever their state; two queries."""
    index = Index(places())
    # The number as the database has it: to parse ten thousand of them takes seconds.
    rows = Organisation.objects.order_by("pk").values_list(
        "pk", "name", "short_name", "website", "email", Cast("phone", CharField()), "street",
        "postal_code", "place", "municipality__name",
    )  # fmt: skip
    for pk, name, short, website, email, phone, street, code, place, town in rows.iterator(2000):
        index.add(
            facts(
                pk,
                name=name,
                short_name=short,
                website=website,
                email=email,
                phone=phone,
                street=street,
                postal_code=code,
                place=place or town or "",
            )
        )
    return index


def places() -> frozenset[str]:
    """Return the folded words of the county's places; they tell no two organisations apart."""
    names = Municipality.objects.values_list("name", flat=True)
    return frozenset(word for name in names for word in words(name))
