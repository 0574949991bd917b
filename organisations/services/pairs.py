"""Likely duplicates over the whole stock: found in the background, parted or merged by the officer.

To compare 10,000 organisations each with each takes fifty million comparisons. Only those that
share something rare are compared: a website, an e-mail address, a telephone, an address, the whole
name, or one of the two rarest words of the name, a slip of the pen allowed. Against comparing each
with each, in an invented stock of 10,000, this left out 3 of 104 pairs: long compounds with the
same second half ("Zeitungsvereinigung", "Singvereinigung"), which were different organisations.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import combinations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from accounts.models import User
from core import background
from core.errors import Refused
from core.folding import words
from core.models import BackgroundTask
from organisations import duplicates
from organisations.duplicates import EVIDENCE, GENERIC, THRESHOLD, Traits
from organisations.models import DuplicatePair, Municipality, Organisation

KIND = KEY = "organisations.find_pairs"
EVERY = timedelta(days=1)
# What more organisations than this share – a town hall's telephone, an umbrella's website – says
# no more than a common domain does.
FEW = 4
# A word or address of more organisations than this brings nobody together by itself.
BLOCK = 150
# By how many of the rarest words of its name an organisation is looked for.
RAREST = 2
# Where more than so many share a rare word, only names at least so alike (0-100) are looked at
# closely; names that count as alike are more so, but for several slips at once.
CROWD, ALIKE = 15, 65
# How many organisations are gone through between two notes of the progress.
STEP = 200

Progress = Callable[[int, int], None]
Found = dict[tuple[int, int], tuple[int, tuple[str, ...]]]


# --- Searching ------------------------------------------------------------------------------------
def search(*, by: User | None = None) -> BackgroundTask:
    """Have the worker look for duplicates; while it does, asking again changes nothing."""
    return background.start(KIND, key=KEY, by=by, argument={})


def search_daily() -> dict[str, int]:
    """Begin the daily search; the worker does it when it is free."""
    search()
    return {"searches begun": 1}


def last_search() -> BackgroundTask | None:
    """Return the latest search, which may still be at it."""
    return BackgroundTask.objects.filter(kind=KIND).order_by("-pk").first()


@background.kind(KIND)
def find(task: background.Running) -> None:
    """Bring the stored pairs up to date; begun twice it does the same once more."""
    store(find_all(progress=task.progress))


def find_all(*, progress: Progress = lambda done, total: None) -> Found:
    """Compare all organisations that are not archived.

    :param progress: told how many of how many organisations are done.
    :return: the likeness in per cent and what is in common, by the two keys in order.
    """
    rows = Organisation.objects.exclude(state=Organisation.State.ARCHIVED).order_by("pk")
    fields = ("name", "short_name", "website", "email", "phone", "street", "postal_code")
    traits = {row.pk: duplicates.traits_of_organisation(row) for row in rows.only(*fields)}
    places = frozenset(
        word for name in Municipality.objects.values_list("name", flat=True) for word in words(name)
    )
    shared = {name: Counter(getattr(one, name) for one in traits.values()) for name in EVIDENCE}
    found: Found = {}
    for done, (key, others) in enumerate(_candidates(traits, places)):
        if done % STEP == 0:
            progress(done, len(traits))
        mine = traits[key]
        evidence = _evidence(mine, shared) if others else {}
        for other in others:
            score, reasons = duplicates.likeness(mine, traits[other], places, evidence)
            if score >= THRESHOLD:
                found[min(key, other), max(key, other)] = round(score * 100), reasons
    return found


@transaction.atomic
def store(found: Found) -> dict[str, int]:
    """Write what was found, and drop what is not alike any more; what was parted stays parted.

    :return: how many pairs are there, and how many were dropped.
    """
    there = set(Organisation.objects.values_list("pk", flat=True))
    now = timezone.now()
    stale = DuplicatePair.objects.filter(parted_at=None)
    gone = [
        pk
        for pk, first, second in stale.values_list("pk", "first_id", "second_id")
        if (first, second) not in found
    ]
    for start in range(0, len(gone), 500):
        DuplicatePair.objects.filter(pk__in=gone[start : start + 500]).delete()
    DuplicatePair.objects.bulk_create(
        (
            DuplicatePair(
                first_id=first, second_id=second, score=score, reasons=list(reasons), found_at=now
            )
            for (first, second), (score, reasons) in found.items()
            if first in there and second in there
        ),
        batch_size=500,
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["score", "reasons"],
    )
    return {"pairs": len(found), "dropped": len(gone)}


def _evidence(mine: Traits, shared: dict[str, Counter[str]]) -> dict[str, float]:
    """Return what things in common with one organisation say: little where many have them."""
    return {
        name: min(weight, EVIDENCE["domain"]) if shared[name][getattr(mine, name)] > FEW else weight
        for name, weight in EVIDENCE.items()
    }


def _candidates(
    traits: dict[int, Traits], places: frozenset[str]
) -> Iterator[tuple[int, set[int]]]:
    """Return for each organisation those it is to be compared with; every pair comes once."""
    met: dict[int, set[int]] = defaultdict(set)
    for members in _blocks(traits, places):
        for one, other in combinations(members, 2):
            met[min(one, other)].add(max(one, other))
    for key, others in _by_words(traits, places):
        for other in others:
            met[min(key, other)].add(max(key, other))
    for key in traits:
        yield key, met.pop(key, set())


def _blocks(traits: dict[int, Traits], places: frozenset[str]) -> Iterator[list[int]]:
    """Return groups of organisations that have something in common, or the whole name.

    Groups so large that it says nothing are left out.
    """
    blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for key, one in traits.items():
        for trait in EVIDENCE:
            if value := getattr(one, trait):
                blocks[trait, value].append(key)
        for name in one.names:
            telling = _telling(name, places)
            blocks["telling", "".join(telling)].append(key)
            blocks["name", "".join(sorted(name))].append(key)
            # Where no word tells anything, the whole name does, a slip of the pen included.
            whole = "".join(name)
            for slip in [whole] if telling else _slips(whole):
                blocks["name", slip].append(key)
    for members in blocks.values():
        if len(members) <= BLOCK:
            yield list(dict.fromkeys(members))


def _by_words(
    traits: dict[int, Traits], places: frozenset[str]
) -> Iterator[tuple[int, Iterable[int]]]:
    """Return for each organisation those that have one of the rarest words of its name."""
    telling = {key: [_telling(name, places) for name in one.names] for key, one in traits.items()}
    texts = {
        key: " ".join({word for name in names for word in name}) for key, names in telling.items()
    }
    frequency = Counter(word for text in texts.values() for word in text.split())
    by_slip: dict[str, list[int]] = defaultdict(list)
    for key, text in texts.items():
        for word in text.split():
            for slip in _slips(word):
                by_slip[slip].append(key)
    for key, names in telling.items():
        for name in names:
            rare = sorted(name, key=lambda word: (frequency[word], word))[:RAREST]
            members = {
                other
                for word in rare
                for slip in _slips(word)
                if len(by_slip[slip]) <= BLOCK
                for other in by_slip[slip]
                if other != key
            }
            if len(members) <= CROWD:
                yield key, members
                continue
            found = process.extract(
                " ".join(name),
                {other: texts[other] for other in members},
                scorer=fuzz.token_set_ratio,
                score_cutoff=ALIKE,
                limit=None,
            )
            yield key, [other for _text, _score, other in found]


def _telling(name: Iterable[str], places: frozenset[str]) -> list[str]:
    """Return the words of a name that few others have."""
    return sorted({word for word in name if word not in GENERIC and word not in places})


def _slips(word: str) -> Iterator[str]:
    """Return the word and what is left of it without one letter.

    Two words that differ by one letter typed wrong, left out, put in or swapped share one of these.
    """
    yield word
    if len(word) > 3:
        for place in range(len(word)):
            yield word[:place] + word[place + 1 :]


# --- Deciding -------------------------------------------------------------------------------------
def may_merge(user: User) -> bool:
    """Whether a person may say which organisations are one."""
    return user.is_active and user.has_perm("organisations.add_merge")


@transaction.atomic
def part(*, first: Organisation, second: Organisation, by: User) -> bool:
    """Remember that two organisations are not the same; no search brings the pair up again.

    :return: whether anything changed.
    :raises PermissionDenied: if `by` may not merge.
    :raises Refused: for one organisation and itself.
    """
    if not may_merge(by):
        raise PermissionDenied
    if first.pk == second.pk:
        raise Refused(_("Das ist zweimal dieselbe Organisation."))
    one, other = sorted([first.pk, second.pk])
    pair, _created = DuplicatePair.objects.select_for_update().get_or_create(
        first_id=one, second_id=other
    )
    if pair.parted_at:
        return False
    pair.parted_at, pair.parted_by = timezone.now(), by
    pair.save(update_fields=["parted_at", "parted_by"])
    return True


@transaction.atomic
def unpart(*, pair: DuplicatePair, by: User) -> bool:
    """Take "not the same" back; the pair waits again if it is still alike.

    :return: whether anything changed.
    :raises PermissionDenied: if `by` may not merge.
    """
    if not may_merge(by):
        raise PermissionDenied
    row = DuplicatePair.objects.select_for_update().filter(pk=pair.pk).first()
    if row is None or row.parted_at is None:
        return False
    row.parted_at = row.parted_by = None
    row.save(update_fields=["parted_at", "parted_by"])
    return True


def parted_from(organisation: Organisation) -> set[int]:
    """Return the keys of the organisations that somebody has said are not this one."""
    rows = DuplicatePair.objects.of(organisation).exclude(parted_at=None)
    keys = {key for pair in rows.values_list("first_id", "second_id") for key in pair}
    return keys - {organisation.pk}
