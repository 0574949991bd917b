"""The directory's index: every public organisation in a few integers, one index per process.

Each organisation has a *slot*, its place in the alphabet. A set of organisations is an integer
with one bit per slot, so filtering is `&`, choosing several values is `|`, and the number at a
filter is `(a & b).bit_count()`: a few microseconds for 100,000 organisations. Only the slots of
the page asked for are taken out of the integer, and their rows come from the database.

Words are matched against the *vocabulary* (exactly, as a beginning, inside, misspelt), never
against organisations, so a typing error costs the same however many organisations use the word.

In here are only public organisations and only what their pages show to everybody; contact persons
are not in here at all. The index is thrown away as soon as `core.revision` has moved on.
See docs/adr/0003-directory-index-in-memory.md.
"""

import gc
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import override
from rapidfuzz import process
from rapidfuzz.distance import OSA

from core import folding, revision
from organisations.models import Language, Municipality, Organisation, TargetGroup, Topic

# A query is cut, not refused: nobody needs more, and no query may cost more.
QUERY_LENGTH = 200
QUERY_WORDS = 8
WORD_LENGTH = 40

# From so many organisations on the index is worth hiding from the garbage collector.
FREEZE_FROM = 2000

GROUPS = ("municipality", "topic", "target_group", "language", "kind", "accessibility")

# Words of a query that need not occur: „Verein für Musik und Tanz e. V.“ also means a Musikverein.
FILLERS = frozenset(
    folding.fold(
        "der die das den dem des ein eine und oder für in im am an auf aus bei mit nach von vom zu "
        "zum zur the of and or for in at with de la le les du des et y e i v ve ile eV EV и в на "
        "e und for ev el al di da del della"
    ).split()
)

# How a word of the query was found in the vocabulary, from best to worst …
EXACT, BEGINNING, INSIDE, ONE_ERROR, TWO_ERRORS = range(5)
# … and where that word stands: in the name, among short name, topics, groups, languages and
# places, or in the texts. Wider scopes include the narrower ones.
NAME, LABELS, TEXTS = range(3)

# The tiers of the result, best first. Everything a tier finds is left out of the later ones.
STRICT_TIERS = (
    (EXACT, NAME), (BEGINNING, NAME), (EXACT, LABELS), (BEGINNING, LABELS), (EXACT, TEXTS),
    (BEGINNING, TEXTS), (INSIDE, NAME), (INSIDE, LABELS), (INSIDE, TEXTS),
)  # fmt: skip
FUZZY_TIERS = (
    (ONE_ERROR, NAME), (ONE_ERROR, LABELS), (ONE_ERROR, TEXTS),
    (TWO_ERRORS, NAME), (TWO_ERRORS, LABELS), (TWO_ERRORS, TEXTS),
)  # fmt: skip

Posting = int | array  # a set of slots: an integer where they are many, a list where they are few


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor has chosen, by slug; several values of one group mean "one of them"."""

    municipality: frozenset[str] = frozenset()
    topic: frozenset[str] = frozenset()
    target_group: frozenset[str] = frozenset()
    language: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    accessibility: frozenset[str] = frozenset()
    # Places count by where an organisation has its seat; with this, also by where it is active.
    active_there: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One page of what was found.

    :ivar ids: primary keys of the organisations on the page, best match first.
    :ivar total: how many organisations were found altogether.
    :ivar counts: by group and slug, how many would be found with this value in its group and
        everything else as chosen.
    :ivar fuzzy: whether the words themselves were found nowhere, only similar ones.
    """

    ids: list[int]
    total: int
    counts: dict[str, dict[str, int]]
    fuzzy: bool = False


@dataclass(slots=True)
class _Match:
    """Where one word of a query occurs, as far as it has been asked for.

    `sets[quality]` holds the sets of slots for the three scopes; each quality includes the better.
    """

    sets: list[tuple[int, int, int]] = field(default_factory=list)
    known: set[int] = field(default_factory=set)


class Directory:
    """The index of one state of the public content. Built once, then only read."""

    def __init__(self, number: int) -> None:
        self.revision = number
        # A few dozen rows, needed on every page: names, icons, directions of writing.
        self.topics: dict[int, Topic] = {t.pk: t for t in Topic.objects.all()}
        self.target_groups = {t.pk: t for t in TargetGroup.objects.all()}
        self.languages: dict[int, Language] = {t.pk: t for t in Language.objects.all()}
        self.municipalities = {
            m.pk: m for m in Municipality.objects.defer("outline").prefetch_related("postal_codes")
        }
        named = sorted(
            (folding.fold(name), pk)
            for pk, name in Organisation.objects.public().order_by().values_list("pk", "name")
        )
        self.names = [name for name, _pk in named]
        self.pks = array("q", (pk for _name, pk in named))
        self._slots = {pk: slot for slot, pk in enumerate(self.pks)}
        self._matches: dict[str, _Match] = {}
        # Cards drawn from this state of the content, by language and organisation: `cards`.
        self.drawn: dict[tuple[str | None, int], SafeString] = {}
        self._read_facets()
        self._read_words()
        if len(self.pks) >= FREEZE_FROM:
            # Out of the garbage collector's sight, which otherwise walks through all of it in the
            # middle of requests; what was hidden before and let go is collected first.
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    # --- Building ---------------------------------------------------------------------------------

    def _read_facets(self) -> None:
        slots: dict[str, dict[Any, array]] = {group: {} for group in GROUPS}
        reach: dict[Any, array] = {}
        everywhere = array("I")

        def put(into: dict[Any, array], key: Any, slot: int) -> None:
            into.setdefault(key, array("I")).append(slot)

        rows = (
            Organisation.objects.public()
            .order_by()
            .values_list("pk", "kind", "municipality", "accessibility", "whole_county")
        )
        self.everything = 0
        present = array("I")
        for pk, kind, municipality, accessibility, whole_county in rows.iterator(5000):
            # An organisation admitted since the names were read comes with the next index.
            if (slot := self._slots.get(pk)) is None:
                continue
            present.append(slot)
            put(slots["kind"], kind, slot)
            put(slots["municipality"], municipality, slot)
            put(slots["accessibility"], accessibility, slot)
            put(reach, municipality, slot)
            if whole_county:
                everywhere.append(slot)
        terms: dict[int, list[tuple[int, ...]]] = {}
        for number, (group, attribute) in enumerate(
            (("topic", "topics"), ("language", "languages"), ("target_group", "target_groups"))
        ):
            for pk, term in _pairs(attribute):
                if (slot := self._slots.get(pk)) is not None:
                    put(slots[group], term, slot)
                    terms.setdefault(slot, []).append((number, term))
        for pk, municipality in _pairs("active_in"):
            if (slot := self._slots.get(pk)) is not None:
                put(reach, municipality, slot)

        self.everything = self._integer(present)
        in_whole_county = self._integer(everywhere)
        objects: dict[str, dict[Any, Any]] = {
            "municipality": self.municipalities,
            "topic": self.topics,
            "target_group": self.target_groups,
            "language": self.languages,
        }
        self.facets: dict[str, dict[str, int]] = {}
        for group in GROUPS:
            if group in objects:
                self.facets[group] = {
                    row.slug: self._integer(slots[group].get(pk, ()))
                    for pk, row in objects[group].items()
                    if group != "municipality" or row.in_county
                }
            else:
                self.facets[group] = {
                    value: self._integer(found) for value, found in slots[group].items()
                }
        # Slugs that stand in old addresses, each with the one that is used now.
        self.former = {
            group: {
                old: row.slug
                for row in rows.values()
                for old in row.former_slugs
                if row.slug in self.facets[group] and old not in self.facets[group]
            }
            for group, rows in objects.items()
        }
        self.reach = {
            row.slug: self._integer(reach.get(pk, ())) | in_whole_county
            for pk, row in self.municipalities.items()
            if row.in_county
        }
        # Many organisations share the same few combinations: keep each of them once.
        tables: tuple[dict[int, Any], ...] = (self.topics, self.languages, self.target_groups)
        order = {
            number: {pk: place for place, pk in enumerate(rows)}
            for number, rows in enumerate(tables)
        }
        shared: dict[tuple, tuple] = {}
        self._terms: list[tuple] = [((), (), ())] * len(self.pks)
        for slot, pairs in terms.items():
            split = tuple(
                tuple(
                    sorted(
                        (term for kind, term in pairs if kind == number and term in places),
                        key=places.__getitem__,
                    )
                )
                for number, places in order.items()
            )
            self._terms[slot] = shared.setdefault(split, split)

    def _read_words(self) -> None:
        scopes: tuple[dict[str, array], ...] = ({}, {}, {})
        written: dict[str, str] = {}
        # Texts repeat their words: each is folded once.
        seen: dict[str, tuple[str, ...]] = {}

        def add(scope: int, text: str, slot: int, *, show: bool = False) -> None:
            if not text:
                return
            found = scopes[scope]
            for raw in set(folding.split(text)):
                forms = seen.get(raw)
                if forms is None:
                    forms = seen[raw] = _forms(raw)
                for word in forms:
                    posting = found.get(word)
                    if posting is None:
                        found[word] = array("I", (slot,))
                    elif posting[-1] != slot:
                        posting.append(slot)
                if show and forms:
                    written.setdefault(forms[0], raw)

        rows = (
            Organisation.objects.public()
            .order_by()
            .values_list(
                "pk", "name", "short_name", "regions", "address_public", "postal_code", "place",
                "description", "aims", "activities", "opening_times", "translations",
            )
        )  # fmt: skip
        fields = Organisation.translated_fields
        for row in rows.iterator(1000):
            pk, name, short_name, regions, address_public, postal_code, place, *texts = row
            if (slot := self._slots.get(pk)) is None:
                continue
            translations = texts.pop()
            add(NAME, name, slot, show=True)
            for compound in _compounds(name):
                add(NAME, compound, slot)
            add(LABELS, short_name, slot, show=True)
            add(LABELS, regions, slot, show=True)
            if address_public:
                add(LABELS, f"{postal_code} {place}", slot)
            for text in texts:
                add(TEXTS, text, slot)
            for translation in translations.values():
                for name_of_field in fields:
                    add(TEXTS, translation.get(name_of_field, ""), slot)

        # Topics, groups, languages, kinds and places are known by all their names.
        sets = [{word: self._thin(posting) for word, posting in found.items()} for found in scopes]
        labels = sets[LABELS]
        for slots, texts_of in self._named_sets():
            for text in texts_of:
                for raw in folding.split(text):
                    forms = _forms(raw)
                    for word in forms if slots else ():
                        labels[word] = self._thin(self._whole(labels.get(word, 0)) | slots)
                        written.setdefault(forms[0], raw)

        self.words = sorted(set().union(*sets))
        number = {word: place for place, word in enumerate(self.words)}
        self._postings = tuple(
            {number[word]: posting for word, posting in found.items()} for found in sets
        )
        # How the words of names and labels are written, to be suggested.
        self._written_words = {raw: word for word, raw in written.items() if word in number}
        # One long text to look inside all words at once, and where each word begins in it.
        self._all_words = "\n".join(self.words)
        self._starts = array("I")
        start = 0
        for word in self.words:
            self._starts.append(start)
            start += len(word) + 1
        self._all_names = "\n" + "\n".join(self.names) + "\n"
        # Words by length: a word with two errors differs by two letters in length at most.
        self._by_length: dict[int, array] = {}
        for at, word in enumerate(self.words):
            self._by_length.setdefault(len(word), array("I")).append(at)

    def _named_sets(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each facet value's organisations with all the names it goes by."""
        named: tuple[tuple[str, dict[int, Any]], ...] = (
            ("topic", self.topics), ("target_group", self.target_groups),
            ("language", self.languages), ("municipality", self.municipalities),
        )  # fmt: skip
        for group, rows in named:
            for row in rows.values():
                names = [row.name, *(t.get("name", "") for t in row.translations.values())]
                if group == "topic":
                    names += [row.examples]
                    names += [t.get("examples", "") for t in row.translations.values()]
                elif group == "language":
                    names.append(row.endonym)
                elif group == "municipality":
                    names += [code.code for code in row.postal_codes.all()]
                yield self.facets[group].get(row.slug, 0), names
        for value, slots in self.facets["kind"].items():
            if value in Organisation.Kind.values:
                yield slots, _in_all_languages(Organisation.Kind(value).label)

    def _integer(self, slots: Iterable[int]) -> int:
        """Return the set of slots as an integer."""
        octets = bytearray(len(self.pks) // 8 + 1)
        for slot in slots:
            octets[slot >> 3] |= 1 << (slot & 7)
        return int.from_bytes(octets, "little")

    def _thin(self, posting: Posting) -> Posting:
        """Return the set in the form that takes less room."""
        size = len(self.pks) // 8
        if isinstance(posting, int):
            if posting.bit_count() * 4 < size:
                return array("I", self._members(posting))
            return posting
        return self._integer(posting) if len(posting) * 4 >= size else array("I", posting)

    def _whole(self, posting: Posting) -> int:
        return posting if isinstance(posting, int) else self._integer(posting)

    def _members(self, slots: int, start: int = 0, stop: int | None = None) -> list[int]:
        """Return the slots of a set in alphabetical order, from the `start`-th to the `stop`-th."""
        found: list[int] = []
        octets = slots.to_bytes((slots.bit_length() + 7) // 8, "little")
        seen = 0
        for begin in range(0, len(octets), 64):
            part = int.from_bytes(octets[begin : begin + 64], "little")
            count = part.bit_count()
            if seen + count > start:
                while part:
                    lowest = part & -part
                    if seen >= start:
                        found.append(begin * 8 + lowest.bit_length() - 1)
                        if stop is not None and seen + 1 >= stop:
                            return found
                    seen += 1
                    part ^= lowest
            else:
                seen += count
        return found

    # --- Finding words ----------------------------------------------------------------------------

    def _union(self, places: Iterable[int]) -> tuple[int, int, int]:
        """Return where these words of the vocabulary stand, one set for each scope."""
        sets = []
        so_far = 0
        places = list(places)
        for found in self._postings:
            few = array("I")
            for place in places:
                posting = found.get(place)
                if posting is None:
                    continue
                if isinstance(posting, int):
                    so_far |= posting
                else:
                    few.extend(posting)
            if few:
                so_far |= self._integer(few)
            sets.append(so_far)
        return sets[0], sets[1], sets[2]

    def _places_beginning(self, word: str) -> range:
        return range(bisect_left(self.words, word), bisect_left(self.words, word + "\U0010ffff"))

    def _places_inside(self, word: str) -> list[int]:
        found = []
        position = self._all_words.find(word)
        while position >= 0:
            place = bisect_right(self._starts, position) - 1
            found.append(place)
            if place + 1 >= len(self._starts):
                break
            position = self._all_words.find(word, self._starts[place + 1])
        return found

    def _places_similar(self, word: str, errors: int) -> list[int]:
        found = []
        for length in range(len(word) - errors, len(word) + errors + 1):
            places = self._by_length.get(length)
            if places is not None:
                choices = [self.words[place] for place in places]
                found += [
                    places[index]
                    for _word, _distance, index in process.extract(
                        word, choices, scorer=OSA.distance, score_cutoff=errors, limit=None
                    )
                ]
        if not found and len(word) >= 6:
            # A misspelt beginning of a longer word: „Kultuhr“ for Kulturverein.
            longer = [
                place
                for length, group in self._by_length.items()
                if length > len(word)
                for place in group
            ]
            beginnings = [self.words[place][: len(word)] for place in longer]
            found = [
                longer[index]
                for _word, _distance, index in process.extract(
                    word, beginnings, scorer=OSA.distance, score_cutoff=1, limit=None
                )
            ]
        return found

    def _match(self, word: str, quality: int) -> tuple[int, int, int]:
        """Return where a word of the query occurs, found at least as well as `quality`."""
        match = self._matches.get(word)
        if match is None:
            if len(self._matches) >= 128:
                self._matches.clear()
            match = self._matches.setdefault(word, _Match())
        # Another thread may do the same at the same time; both write the same.
        sets, known = list(match.sets), set(match.known)
        while len(sets) <= quality:
            places = self._places(word, len(sets), bool(sets and sets[-1][TEXTS]))
            new = [place for place in places if place not in known]
            known.update(new)
            union = self._union(new)
            before = sets[-1] if sets else (0, 0, 0)
            sets.append((before[0] | union[0], before[1] | union[1], before[2] | union[2]))
        if len(sets) > len(match.sets):
            match.known, match.sets = known, sets
        return sets[quality]

    def _places(self, word: str, quality: int, found_better: bool) -> Sequence[int]:
        if quality == EXACT:
            place = bisect_left(self.words, word)
            return [place] if place < len(self.words) and self.words[place] == word else []
        if quality == BEGINNING:
            return self._places_beginning(word)
        if quality == INSIDE:
            return self._places_inside(word) if len(word) >= 3 else []
        # Short words have too many neighbours: „Chor“ and „Ohr“.
        if len(word) < 4 or (quality == TWO_ERRORS and len(word) < 7):
            return []
        return self._places_similar(word, 1 if quality == ONE_ERROR else 2)

    # --- Searching --------------------------------------------------------------------------------

    def tiers(self, query: str) -> tuple[list[int], bool]:
        """Return the sets of organisations a query finds, best first, and whether by likeness."""
        written = folding.words(query[:QUERY_LENGTH])[:QUERY_WORDS]
        written = [word[:WORD_LENGTH] for word in written]
        if not written:
            return [self.everything], False
        words = list(dict.fromkeys(w for w in written if w not in FILLERS)) or written
        phrase = " ".join(written)
        found: list[int] = []
        so_far = 0

        def add(slots: int) -> None:
            nonlocal so_far
            new = slots & self.everything & ~so_far
            if new:
                found.append(new)
                so_far |= new

        add(self._names_beginning(phrase))
        # Looking through all names takes its time, so only where their words occur at all.
        if len(written) > 1 and all(self._match(word, EXACT)[NAME] for word in written[:-1]):
            add(self._names_containing(phrase))
        for tiers in (STRICT_TIERS, FUZZY_TIERS):
            for quality, scope in tiers:
                slots = self.everything
                for word in words:
                    slots &= self._match(word, quality)[scope]
                    if not slots:
                        break
                add(slots)
            if found:
                return found, tiers is FUZZY_TIERS
        return found, False

    def _names_beginning(self, phrase: str) -> int:
        first = bisect_left(self.names, phrase)
        last = bisect_left(self.names, phrase + "\U0010ffff")
        return ((1 << last) - 1) ^ ((1 << first) - 1) if last > first else 0

    def _names_containing(self, phrase: str) -> int:
        slots = array("I")
        line = 0
        before = 0
        position = self._all_names.find(" " + phrase)
        while position >= 0 and len(slots) < 1000:
            line += self._all_names.count("\n", before, position)
            slots.append(line - 1)
            before = position
            position = self._all_names.find(" " + phrase, self._all_names.index("\n", position))
        return self._integer(slots)

    def _chosen(self, filters: Filters) -> dict[str, int]:
        """Return, for each group in which something is chosen, the organisations that fit."""
        chosen = {}
        for group in GROUPS:
            if values := getattr(filters, group):
                facet = self.facet(group, filters)
                slots = 0
                for value in values:
                    slots |= facet.get(value, 0)
                chosen[group] = slots
        return chosen

    def facet(self, group: str, filters: Filters) -> dict[str, int]:
        """Return the sets of a group's values, as the filters mean them."""
        if group == "municipality" and filters.active_there:
            return self.reach
        return self.facets[group]

    def search(self, query: str, filters: Filters, *, page: int, per_page: int) -> Result:
        """See `search`."""
        tiers, fuzzy = self.tiers(query)
        found = 0
        for tier in tiers:
            found |= tier
        chosen = self._chosen(filters)
        fitting = found
        for slots in chosen.values():
            fitting &= slots
        counts = {}
        for group in GROUPS:
            base = fitting
            if group in chosen:
                base = found
                for other, slots in chosen.items():
                    if other != group:
                        base &= slots
            counts[group] = {
                value: (base & slots).bit_count()
                for value, slots in self.facet(group, filters).items()
            }
        start = (max(page, 1) - 1) * per_page
        stop = start + per_page
        on_page: list[int] = []
        seen = 0
        for tier in tiers:
            tier &= fitting
            size = tier.bit_count()
            if seen + size > start and seen < stop:
                on_page += self._members(tier, max(start - seen, 0), stop - seen)
            seen += size
            if seen >= stop:
                break
        return Result(
            ids=[self.pks[slot] for slot in on_page],
            total=fitting.bit_count(),
            counts=counts,
            fuzzy=fuzzy,
        )

    def suggest(self, query: str, limit: int = 3) -> list[str]:
        """Return queries close to one that found nothing, each of which finds something.

        First every unknown word is replaced by the nearest written in names and labels, or left out
        if there is none; then one word at a time.
        """
        raw_words = folding.split(query[:QUERY_LENGTH])[:QUERY_WORDS]
        nearest = [self._nearest(raw) for raw in raw_words]
        suggestions: list[str] = []

        def offer(words: Iterable[str | None]) -> None:
            text = " ".join(word for word in words if word)
            if text and text not in (query, *suggestions) and self.tiers(text)[0]:
                suggestions.append(text)

        offer(near[0] if near else None for near in nearest)
        for position, near in enumerate(nearest):
            for word in near:
                offer([*raw_words[:position], word, *raw_words[position + 1 :]])
        for position in range(len(raw_words)):
            offer(
                near[0] if near else None for near in nearest[:position] + nearest[position + 1 :]
            )
        return suggestions[:limit]

    def _nearest(self, raw: str) -> list[str]:
        """Return how a word, or the words most like it, are written; best first."""
        word = folding.fold_word(raw)[:WORD_LENGTH]
        if word in FILLERS or self._match(word, INSIDE)[TEXTS]:
            return [raw]
        if len(word) < 4:
            return []
        found = process.extract(
            word,
            self._written_words,
            scorer=OSA.normalized_similarity,
            score_cutoff=0.55,
            limit=2,
        )
        return [written for _word, _score, written in found]

    # --- What is known of an organisation without asking the database -----------------------------

    def topics_of(self, pk: int) -> list[Topic]:
        return [self.topics[term] for term in self._terms_of(pk)[0]]

    def languages_of(self, pk: int) -> list[Language]:
        return [self.languages[term] for term in self._terms_of(pk)[1]]

    def _terms_of(self, pk: int) -> tuple:
        slot = self._slots.get(pk)
        return ((), (), ()) if slot is None else self._terms[slot]


def _pairs(attribute: str) -> Iterator[tuple[int, int]]:
    """Yield (organisation, term) of one many-to-many field, for public organisations."""
    relation: Any = Organisation._meta.get_field(attribute)
    through = relation.remote_field.through
    yield from (
        through.objects.filter(organisation__state=Organisation.State.ACTIVE)
        .order_by("organisation_id")
        .values_list("organisation_id", f"{relation.m2m_reverse_field_name()}_id")
        .iterator(5000)
    )


def _forms(raw: str) -> tuple[str, ...]:
    """Return a word as it is looked for: its common form first, then other transliterations."""
    forms = (folding.fold_word(raw), *folding.spellings(raw))
    return tuple(form[:WORD_LENGTH] for form in forms if form)


def _compounds(name: str) -> Iterator[str]:
    """Yield the words with a hyphen in one piece: „Euro-Italia“ is also found as „Euroitalia“."""
    for word in name.split():
        if "-" in word.strip("-"):
            yield word.replace("-", "")


def _in_all_languages(text: Any) -> list[str]:
    texts = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            texts.append(str(text))
    return texts


_lock = threading.Lock()
_current: Directory | None = None


def directory() -> Directory:
    """Return the index of the public content as it is now, built anew if it has changed."""
    global _current
    number = revision.current()
    found = _current
    if found is not None and found.revision == number:
        return found
    with _lock:  # one thread builds, the others wait for it
        if _current is None or _current.revision != number:
            _current = Directory(number)
        return _current


def search(query: str, filters: Filters, *, page: int, per_page: int) -> Result:
    """Find public organisations.

    Without a query they come in alphabetical order, with one the best match first: the whole
    phrase in the name, then all words in the name, then in short name, topics, target groups,
    languages and places, then in the texts; exact words before beginnings, beginnings before parts
    of words, and misspelt words only if nothing else is found. Within a tier, alphabetically.

    :param query: what was typed; anything beyond `QUERY_LENGTH` characters is left out.
    :param page: from 1; beyond the end the page is empty.
    """
    return directory().search(query, filters, page=page, per_page=per_page)
