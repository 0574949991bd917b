"""The search of the back office: organisations in every state, found as in the directory.

The directory keeps its index in memory, and only of what is public (docs/adr/0003). Here the words
of every organisation stand in a narrow table of their own (`SearchText`), which the database reads
from end to end in a few milliseconds; a second index in each web process would take as much memory
as the first. Spelling, the order of what is found and the treatment of typing errors are the
directory's: folded words; the name before the rest; whole words before beginnings before insides;
misspelt words only where nothing else is found.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Case, Count, IntegerField, Max, Q, QuerySet, Value, When
from rapidfuzz import process
from rapidfuzz.distance import OSA

from core import folding, office, revision
from organisations.models import ContactPerson, Organisation, Representative, SearchText

# A search is cut, not refused, as in the directory.
SEARCH_LENGTH = 200
SEARCH_WORDS = 8
WORD_LENGTH = 40
# So many keys are named to the database; where more are found, it searches itself each time.
MOST_KEYS = 5000
# Of misspelt words, so many likely ones.
MOST_LIKELY = 20
BATCH = 1000
VOCABULARY_SECONDS = 600


# --- Keeping --------------------------------------------------------------------------------------
def text_of(organisation: Organisation) -> SearchText:
    """Return an organisation's words as they are looked for, not yet saved."""
    place = organisation.municipality.name if organisation.municipality_id else ""  # type: ignore[union-attr]
    others = (
        organisation.short_name, organisation.place, organisation.postal_code, place,
        organisation.regions, organisation.register_entry, organisation.street,
        str(organisation.phone).replace("+49", "0"), organisation.email, organisation.website,
    )  # fmt: skip
    name = _words(organisation.name)
    return SearchText(
        organisation_id=organisation.pk, name=f" {name} ", text=f" {name} {_words(*others)} "
    )


def _words(*texts: str) -> str:
    forms: dict[str, None] = {}
    for text in texts:
        for raw in (*folding.split(text), *_compounds(text)):
            for form in (folding.fold_word(raw), *folding.spellings(raw)):
                forms[form[:WORD_LENGTH]] = None
    forms.pop("", None)
    return " ".join(forms)


def _compounds(text: str) -> list[str]:
    """Return words with a hyphen in one piece: „Euro-Italia“ is also found as „Euroitalia“."""
    return [word.replace("-", "") for word in text.split() if "-" in word.strip("-")]


def refresh(pks: Iterable[int] | None = None) -> int:
    """Write the words of some organisations anew, or of all.

    Saving an organisation does it by itself; `bulk_create`, `bulk_update` and `QuerySet.update()`
    send no signal and are followed by this.

    :return: how many there were.
    """
    organisations = Organisation.objects.select_related("municipality").only(
        "name", "short_name", "place", "postal_code", "regions", "register_entry", "street",
        "phone", "email", "website", "municipality__name",
    )  # fmt: skip
    if pks is not None:
        rows: Iterable[Organisation] = (
            row for some in _in_batches(pks) for row in organisations.filter(pk__in=some).order_by()
        )
    else:
        rows = organisations.order_by("pk").iterator(BATCH)
    number = 0
    for some in _in_batches(rows):
        _write([text_of(row) for row in some])
        number += len(some)
    return number


def _in_batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while some := list(islice(rows, BATCH)):
        yield some


def _write(texts: Sequence[SearchText]) -> None:
    SearchText.objects.bulk_create(
        texts,
        update_conflicts=True,
        unique_fields=["organisation"],
        update_fields=["name", "text"],
    )


def organisation_saved(instance: Organisation, raw: bool = False, **kwargs: Any) -> None:
    """Keep the words of an organisation that was saved."""
    if not raw:
        _write([text_of(instance)])


# --- Looking --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Search:
    """What a search means to the database.

    :ivar condition: true of the rows of `SearchText` it finds.
    :ivar tiers: conditions on `SearchText`, the best match first.
    :ivar found: keys of all it finds, by rank, with the organisations of people behind all others;
        None if they are more than `MOST_KEYS`. Then people are left out: who looks for "verein"
        looks for no person.
    """

    condition: Q
    tiers: Sequence[Q]
    found: Mapping[int, Sequence[int]] | None

    def among(self, organisations: QuerySet[Any]) -> QuerySet[Any]:
        """Return the organisations it finds."""
        if self.found is not None:
            return organisations.filter(pk__in=[pk for pks in self.found.values() for pk in pks])
        fitting = SearchText.objects.filter(self.condition)
        return organisations.filter(pk__in=fitting.values("pk"))

    def ranked(self, organisations: QuerySet[Any]) -> QuerySet[Any]:
        """Return the organisations it finds, with how well each matches (0 is best) as `RANK`."""
        if self.found is not None:
            return office.ranked(organisations, self.found)
        rank = _rank([_of_organisation(tier) for tier in self.tiers])
        return self.among(organisations).annotate(**{office.RANK: rank})


def look_for(term: str) -> Search | None:
    """Return what a search means; None if there is no word in it.

    Reads the words of all organisations once, and asks for people by part of their name or
    address. Only if nothing is found so, it looks for words like those that were typed.

    :param term: what was typed; the rest of a long text is left out.
    """
    term = term.strip()[:SEARCH_LENGTH]
    words = [word[:WORD_LENGTH] for word in folding.words(term)[:SEARCH_WORDS]]
    if not words:
        return None
    search = _search(_all(words, "text", ""), _tiers(words), _people(term))
    if search.found != {}:
        return search
    condition = in_name = Q()
    for word in words:
        likely = _likely(word)
        if not likely:
            return search
        condition &= _any(likely, "text")
        in_name &= _any(likely, "name")
    return _search(condition, [in_name])


def _search(condition: Q, tiers: Sequence[Q], people: Sequence[QuerySet[Any]] = ()) -> Search:
    """Find the keys, in one query with those of the people's organisations."""
    last = Value(len(tiers) + 1, output_field=IntegerField())
    rows = SearchText.objects.filter(condition).order_by().annotate(rank=_rank(tiers))
    pairs = rows.values_list("pk", "rank")
    if people:
        others = (some.order_by().values_list("organisation_id", last) for some in people)
        pairs = pairs.union(*others, all=True)
    found: dict[int, list[int]] = {}
    ranks: dict[int, int] = {}
    for pk, rank in pairs[: MOST_KEYS + 1]:
        ranks[pk] = min(rank, ranks.get(pk, rank))
    if len(ranks) > MOST_KEYS:
        return Search(condition, tiers, None)
    for pk, rank in ranks.items():
        found.setdefault(rank, []).append(pk)
    return Search(condition, tiers, found)


def _rank(tiers: Sequence[Q]) -> Case:
    """Return the number of the first condition that is true."""
    cases = [When(tier, then=Value(place)) for place, tier in enumerate(tiers)]
    return Case(*cases, default=Value(len(tiers)), output_field=IntegerField())


def _tiers(words: Sequence[str]) -> list[Q]:
    phrase = " " + " ".join(words)
    return [
        Q(name__startswith=phrase),
        Q(name__contains=f"{phrase} "),
        _all(words, "name", " ", " "),
        _all(words, "name", " "),
        _all(words, "text", " "),
        _all(words, "name", ""),
    ]


def _all(words: Sequence[str], column: str, before: str, behind: str = "") -> Q:
    condition = Q()
    for word in words:
        condition &= Q(**{f"{column}__contains": f"{before}{word}{behind}"})
    return condition


def _any(words: Sequence[str], column: str) -> Q:
    condition = Q()
    for word in words:
        condition |= Q(**{f"{column}__contains": f" {word} "})
    return condition


def _of_organisation(condition: Q) -> Q:
    """Return a condition on `SearchText` as one on its organisation."""
    return Q(
        *(
            _of_organisation(child)
            if isinstance(child, Q)
            else (f"search_text__{child[0]}", child[1])
            for child in condition.children
        ),
        _connector=condition.connector,
        _negated=condition.negated,
    )


def _people(term: str) -> list[QuerySet[Any]]:
    """Return the contact persons and representatives with this in their name or address."""
    if len(term) < 3:
        return []
    return [
        ContactPerson.objects.filter(Q(name__icontains=term) | Q(email__icontains=term)),
        Representative.objects.filter(
            Q(user__name__icontains=term) | Q(user__email__icontains=term)
        ),
    ]


@dataclass(frozen=True)
class _Vocabulary:
    """All words there are, a few ten thousand, as they were a while ago."""

    key: tuple[Any, ...]
    at: float
    words: Sequence[str]


_known: _Vocabulary | None = None


def _vocabulary() -> Sequence[str]:
    """Return all words that can be found, from memory where they are likely to be the same.

    A word typed in the last minutes may be missing; it is only of use to who misspells it.
    """
    global _known
    key = (revision.current(), *SearchText.objects.aggregate(a=Count("pk"), b=Max("pk")).values())
    if _known is None or _known.key != key or time.monotonic() - _known.at > VOCABULARY_SECONDS:
        words: set[str] = set()
        for text in SearchText.objects.values_list("text", flat=True).iterator(5000):
            words.update(text.split())
        _known = _Vocabulary(key, time.monotonic(), sorted(words))
    return _known.words


def _likely(word: str) -> list[str]:
    """Return the words that contain a word, or are like it."""
    vocabulary = _vocabulary()
    inside = [known for known in vocabulary if word in known]
    if inside:
        return sorted(inside, key=len)[:MOST_LIKELY]
    # As in the directory: short words have too many neighbours, and only long ones two errors.
    for errors in (1, 2) if len(word) >= 7 else (1,) if len(word) >= 4 else ():
        if forms := _within(word, vocabulary, errors):
            return forms
    if len(word) < 6:
        return []
    # A misspelt beginning of a longer word: „Kultuhr“ for Kulturverein.
    longer = [known for known in vocabulary if len(known) > len(word)]
    close = process.extract(
        word,
        [known[: len(word)] for known in longer],
        scorer=OSA.distance,
        score_cutoff=1,
        limit=MOST_LIKELY,
    )
    return [longer[place] for _known, _distance, place in close]


def _within(word: str, vocabulary: Sequence[str], errors: int) -> list[str]:
    close = process.extract(
        word, vocabulary, scorer=OSA.distance, score_cutoff=errors, limit=MOST_LIKELY
    )
    return [known for known, _distance, _place in close]
