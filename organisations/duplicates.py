"""Is this organisation here already? Likely duplicates by name, website, e-mail, phone, address.

How likely is a number between 0 and 1. The name counts by the words two names share, whatever
their order and with a slip of the pen; words that many organisations have (`GENERIC`, the names of
the county's places) count little, so that "Türkischer Kulturverein Rastatt" is not taken for
"Italienischer Kulturverein Rastatt". Each further thing in common (`EVIDENCE`) removes that share
of the remaining doubt: 1 − (1 − name) · (1 − website) · …

Here one organisation is compared with all others, `organisations.services.pairs` compares all with
all by the same measure.

Only the names are kept in memory, to find candidates among many thousands in milliseconds; what is
compared and returned comes fresh from the database.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Max, Q
from phonenumber_field.phonenumber import PhoneNumber, to_python
from rapidfuzz import fuzz, process

from core.folding import words
from core.text import clean_text
from organisations.models import Municipality, Organisation

# From here on somebody is asked, or shown to the officer.
THRESHOLD = 0.7
# What the same … says on its own: a telephone may be a parish's or a town hall's, and many have
# their address in the same house.
EVIDENCE = {"website": 0.85, "email": 0.85, "phone": 0.75, "domain": 0.35, "address": 0.35}
# The weight of a word that says little; any other word weighs 1.
GENERIC_WEIGHT = 0.25
GENERIC_WORDS = """
    Verein Vereinigung Vereins Kulturverein Kulturvereinigung Kulturzentrum Sportverein Elternverein
    Förderverein Freundeskreis Freunde Initiative Gruppe Gemeinschaft Gemeinde Kirchengemeinde
    Kulturgemeinde Zentrum Haus Club Klub Verband Bund Bündnis Netzwerk Stiftung Gesellschaft
    gemeinnützige gemeinnütziger eingetragener eV gGmbH GmbH UG
    Kultur Kulturen kulturelle kultureller interkulturelle interkultureller interkulturelles
    internationale internationaler internationales deutsch deutsche deutscher deutsches
    Deutschland Integration Landkreis Kreis
    der die das des dem den und oder für im in am an von vom zu zum zur mit bei
    dernegi derneği kültür birliği association associazione asociación the of and for
"""
GENERIC = frozenset(words(GENERIC_WORDS))
# How alike two words must be (0–100) to be the same with a slip of the pen.
SAME_WORD = 80
# How alike two names must be at least to be looked at closely, and how many are.
CANDIDATE_CUTOFF = 55
CANDIDATES = 60
# Hosts many organisations share: only the whole address tells them apart, and no domain does.
SHARED_HOSTS = frozenset(
    {
        "facebook.com", "instagram.com", "youtube.com", "linktr.ee", "sites.google.com", "t.me",
        "wa.me", "tiktok.com", "x.com", "twitter.com", "vereine.de", "jimdosite.com",
        "wixsite.com", "wordpress.com", "example.org", "example.com",
    }
)  # fmt: skip
MAIL_PROVIDERS = frozenset(
    {
        "gmail.com", "googlemail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "yahoo.com",
        "yahoo.de", "hotmail.com", "hotmail.de", "outlook.com", "outlook.de", "icloud.com",
        "freenet.de", "posteo.de", "mail.de", "mailbox.org", "live.de", "aol.com", "arcor.de",
        "mail.ru", "ukr.net", "yandex.ru", "libero.it", "example.org", "example.com",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Match:
    """One organisation that may be the same.

    :ivar score: how likely, 0 to 1.
    :ivar reasons: what it has in common: `name` and the keys of `EVIDENCE`.
    """

    organisation: Organisation
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Traits:
    """What two organisations are compared by."""

    names: tuple[tuple[str, ...], ...]
    website: str = ""
    email: str = ""
    phone: str = ""
    domain: str = ""
    address: str = ""


def find(
    *,
    name: str,
    website: str = "",
    email: str = "",
    phone: str | PhoneNumber = "",
    street: str = "",
    postal_code: str = "",
    exclude: Organisation | None = None,
    limit: int = 5,
    public_only: bool = False,
) -> list[Match]:
    """Return the organisations that are likely to be the same, the likeliest first.

    :param name: as typed, perhaps not to its end.
    :param phone: in any spelling.
    :param exclude: the organisation itself.
    :param limit: how many at most.
    :param public_only: only what every visitor may see; without it all states but archived ones
        that were never admitted, which is for staff alone.
    """
    traits = traits_of(
        names=[name],
        website=website,
        email=email,
        phone=phone,
        street=street,
        postal_code=postal_code,
    )
    known = _names.refreshed()
    keys = set(_alike(traits, known)) | set(_in_common(traits))
    if exclude is not None:
        keys.discard(exclude.pk)
    if not keys:
        return []
    # What is part of another one now is found under that one's name.
    organisations = Organisation.objects.filter(pk__in=keys, merged_into=None)
    organisations = organisations.select_related("municipality")
    if public_only:
        organisations = organisations.public()
    matches = [
        match
        for organisation in organisations
        if (match := compare(traits, organisation, known.places)) is not None
    ]
    matches.sort(key=lambda match: (-match.score, match.organisation.name, match.organisation.pk))
    return matches[:limit]


def same_contact(organisation: Organisation) -> list[Organisation]:
    """Return the public organisations with the same website, e-mail address or telephone.

    For the representatives of a registration, who have said already that the name is another's.
    """
    found = find(
        name=organisation.name,
        website=organisation.website,
        email=organisation.email,
        phone=organisation.phone,
        exclude=organisation,
        public_only=True,
    )
    return [
        match.organisation for match in found if {"website", "email", "phone"} & set(match.reasons)
    ]


def traits_of(
    *,
    names: Iterable[str],
    website: str = "",
    email: str = "",
    phone: str | PhoneNumber = "",
    street: str = "",
    postal_code: str = "",
) -> Traits:
    """Return what an organisation is compared by, in one spelling each."""
    email = clean_text(email, multiline=False).lower()
    host, address = _website(clean_text(website, multiline=False))
    own_host = host if host and host not in SHARED_HOSTS else ""
    mail_host = email.rpartition("@")[2]
    return Traits(
        names=tuple(
            dict.fromkeys(
                folded
                for entry in names
                for spelling in (entry, entry.replace("-", ""))  # Frauen-Chor, Frauenchor
                if (folded := tuple(words(spelling)))
            )
        ),
        website=address,
        email=email,
        phone=_phone(phone),
        domain=own_host or (mail_host if mail_host not in MAIL_PROVIDERS else ""),
        address=_address(street, postal_code),
    )


def traits_of_organisation(organisation: Organisation) -> Traits:
    """Return what a stored organisation is compared by."""
    return traits_of(
        names=[organisation.name, organisation.short_name],
        website=organisation.website,
        email=organisation.email,
        phone=organisation.phone,
        street=organisation.street,
        postal_code=organisation.postal_code,
    )


def compare(
    traits: Traits, organisation: Organisation, places: frozenset[str] = frozenset()
) -> Match | None:
    """Return how likely an organisation is the one described, None below the threshold.

    :param places: folded names of places; they weigh as little as `GENERIC`.
    """
    score, reasons = likeness(traits, traits_of_organisation(organisation), places)
    return Match(organisation, score, reasons) if score >= THRESHOLD else None


def likeness(
    mine: Traits,
    other: Traits,
    places: frozenset[str] = frozenset(),
    evidence: Mapping[str, float] = EVIDENCE,
) -> tuple[float, tuple[str, ...]]:
    """Return how likely two descriptions mean the same organisation, and what they share.

    :param places: folded names of places; they weigh as little as `GENERIC`.
    :param evidence: what each thing in common says, where that is not `EVIDENCE`.
    """
    by_name = max(
        (alikeness(one, another, places) for one in mine.names for another in other.names),
        default=0.0,
    )
    doubt = 1 - by_name
    reasons = ["name"] if by_name >= THRESHOLD else []
    for trait, share in evidence.items():
        value = getattr(mine, trait)
        if not value or value != getattr(other, trait):
            continue
        if trait == "domain" and "website" in reasons:
            continue
        doubt *= 1 - share
        reasons.append(trait)
    return round(1 - doubt, 3), tuple(reasons)


def alikeness(
    mine: tuple[str, ...], theirs: tuple[str, ...], places: frozenset[str] = frozenset()
) -> float:
    """Return how alike two folded names are, 0 to 1; the order of the words does not count.

    Words in common are weighed against all words (Dice) and against the shorter name (so that
    "Die Brücke" is found as part of a longer name). Two names written together or apart are
    compared as a whole as well.
    """
    if not mine or not theirs:
        return 0.0
    if sorted(mine) == sorted(theirs):
        return 1.0

    def weight(word: str) -> float:
        return GENERIC_WEIGHT if word in GENERIC or word in places else 1.0

    left, shared, telling = list(theirs), 0.0, False
    total_mine = total_theirs = 0.0
    for word in sorted(set(mine), key=lambda entry: -weight(entry)):
        found = process.extractOne(word, left, scorer=fuzz.ratio, score_cutoff=SAME_WORD)
        if found is None:
            total_mine += weight(word)
            continue
        left.remove(found[0])
        # A misspelt common word is a common word: "Rastat" says as little as "Rastatt".
        common = min(weight(word), weight(found[0]))
        total_mine += common
        total_theirs += common
        shared += common * found[1] / 100
        telling = telling or common > GENERIC_WEIGHT
    total_theirs += sum(map(weight, left))
    dice = 2 * shared / (total_mine + total_theirs)
    part = shared / min(total_mine, total_theirs) if telling else 0.0
    # To the third power: that a short name is *all* in the longer one says much, most of it little.
    by_words = 0.55 * dice + 0.45 * min(part, 1.0) ** 3
    as_a_whole = max(
        fuzz.ratio("".join(mine), "".join(theirs)),
        fuzz.ratio("".join(sorted(mine)), "".join(sorted(theirs))),
    )
    # Only near-identity counts here: long generic words make different names look alike.
    return round(max(by_words, as_a_whole / 100 if as_a_whole >= 90 else 0.0), 3)


# --- Candidates -----------------------------------------------------------------------------------
@dataclass
class _Names:
    """The folded names of all organisations, kept up by asking what has changed."""

    joined: dict[int, str] = field(default_factory=dict)
    short: dict[int, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    newest: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    # Transactions become visible in another order than they took their time.
    OVERLAP = timedelta(minutes=2)

    def refreshed(self) -> "_Names":
        """Return this, after reading the rows that are new or changed; one small query if none."""
        with self.lock:
            there = Organisation.objects.aggregate(number=Count("pk"), newest=Max("modified_at"))
            if there["newest"] != self.newest or there["number"] != len(self.joined):
                self._read(there["number"], there["newest"])
        return self

    def _read(self, number: int, newest: datetime | None) -> None:
        rows = Organisation.objects.order_by()
        if self.newest is None or newest is None or newest < self.newest:
            self.joined, self.short = {}, {}
        else:
            rows = rows.filter(modified_at__gte=self.newest - self.OVERLAP)
        for pk, name, short_name in rows.values_list("pk", "name", "short_name"):
            self.joined[pk] = " ".join(words(name))
            self.short[pk] = " ".join(words(short_name))
        if len(self.joined) != number:
            keys = set(Organisation.objects.order_by().values_list("pk", flat=True))
            self.joined = {pk: name for pk, name in self.joined.items() if pk in keys}
            self.short = {pk: name for pk, name in self.short.items() if pk in keys}
        self.places = frozenset(
            word
            for name in Municipality.objects.values_list("name", flat=True)
            for word in words(name)
        )
        self.newest = newest


_names = _Names()


def _alike(traits: Traits, known: _Names) -> Iterable[int]:
    """Return the keys of the organisations whose names deserve a closer look."""
    for name in traits.names:
        telling = [word for word in name if word not in GENERIC and word not in known.places]
        query = " ".join(telling or name)
        for names in (known.joined, known.short):
            found = process.extract(
                query,
                names,
                scorer=fuzz.token_set_ratio,
                limit=CANDIDATES,
                score_cutoff=CANDIDATE_CUTOFF,
            )
            yield from (key for _name, _score, key in found)
            whole = process.extract(
                "".join(name), names, scorer=fuzz.ratio, limit=10, score_cutoff=80
            )
            yield from (key for _name, _score, key in whole)


def _in_common(traits: Traits) -> Iterable[int]:
    """Return the keys of the organisations with the same website, e-mail address or telephone."""
    same = Q()
    if traits.website:
        same |= Q(website__icontains=traits.website.partition("/")[0])
    if traits.email:
        same |= Q(email__iexact=traits.email)
    if traits.phone:
        same |= Q(phone=traits.phone)
    if not same:
        return []
    return Organisation.objects.filter(same).values_list("pk", flat=True)[:CANDIDATES]


def _website(address: str) -> tuple[str, str]:
    """Return host and full address in one spelling: without scheme, www and last slash."""
    address = address.strip().lower()
    if not address:
        return "", ""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return "", ""
    path = parts.path.rstrip("/")
    # A start page in another language or file is the same website.
    return host, f"{host}{path}" if host in SHARED_HOSTS else host


def _phone(number: str | PhoneNumber) -> str:
    parsed = to_python(number, region=settings.PHONENUMBER_DEFAULT_REGION)
    return parsed.as_e164 if parsed and parsed.is_valid() else ""


def _address(street: str, postal_code: str) -> str:
    """Return street, number and postcode in one spelling, "" unless there is a number."""
    joined = "".join(words(street)).replace("strasse", "str")
    return f"{joined} {postal_code}" if re.search(r"\d", joined) else ""
