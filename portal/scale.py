"""A large invented network, for measuring: many organisations, distributed as in real life.

Few places, topics and languages have many organisations and many have few (Zipf); names mix German
compounds, names in other languages and scripts, and a long tail of names that occur once.
Each organisation depends only on the seed and its number, so the same call gives the same network
and a larger one contains the smaller one.
"""

import datetime
import random
import uuid
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import reset_queries, transaction
from django.utils import timezone
from django.utils.text import slugify
from phonenumber_field.phonenumber import PhoneNumber

from core import folding, revision, statistics
from organisations import finding, reference_data
from organisations.models import (
    Consent,
    ContactPerson,
    Language,
    Municipality,
    Organisation,
    TargetGroup,
    Topic,
)
from portal import demonstration, services

BATCH = 1000
# Marks these rows among all organisations: the upper half of their creation key.
MARK = 0x5CA1E << 44
# Numbers the Bundesnetzagentur keeps free for film and print: 030 23125 000-999.
PHONES = 1000
KINDS = {
    Organisation.Kind.ASSOCIATION: 62,
    Organisation.Kind.INITIATIVE: 20,
    Organisation.Kind.RELIGIOUS: 9,
    Organisation.Kind.PARTNER: 4,
    Organisation.Kind.NONPROFIT_COMPANY: 3,
    Organisation.Kind.FOUNDATION: 2,
}
ACCESSIBILITY = {
    Organisation.Accessibility.UNKNOWN: 45,
    Organisation.Accessibility.YES: 25,
    Organisation.Accessibility.PARTLY: 20,
    Organisation.Accessibility.NO: 10,
}
# Larger towns have more associations than their share of inhabitants.
PLACES = {"Große Kreisstadt": 14, "Stadt": 5}
ENDINGS = {"m": "er", "f": "e", "n": "es"}


class Choice:
    """Things to draw from, the first ones most often."""

    def __init__(self, things: list[Any], weights: list[float] | None = None) -> None:
        self.things = things
        self.cumulated = list(
            accumulate(weights or [1 / rank for rank in range(1, len(things) + 1)])
        )

    def draw(self, dice: random.Random) -> Any:
        return dice.choices(self.things, cum_weights=self.cumulated)[0]

    def some(self, dice: random.Random, count: int) -> list[Any]:
        """Up to `count` different ones."""
        return list(dict.fromkeys(dice.choices(self.things, cum_weights=self.cumulated, k=count)))


class Row(NamedTuple):
    """One organisation with what hangs on it."""

    organisation: Organisation
    topics: list[Topic]
    target_groups: list[TargetGroup]
    languages: list[Language]
    active_in: list[Municipality]
    contacts: list[ContactPerson]


class Writer:
    """Makes up organisations from the reference data that are in the database."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now = timezone.now()
        words = demonstration.read("words")
        self.firsts: list[str] = words["firsts"].split()
        self.heads = [
            (head, gender) for gender, heads in words["heads"].items() for head in heads.split()
        ]
        self.adjectives: dict[str, str] = words["adjectives"]
        self.proper = {code: names.split() for code, names in words["proper"].items()}
        self.syllables: list[str] = words["syllables"].split()
        self.sentences: list[str] = words["sentences"]
        self.english: list[str] = words["english"]
        self.topics = Choice(list(Topic.objects.all()))
        self.target_groups = Choice(list(TargetGroup.objects.all()))
        self.languages = Choice(list(Language.objects.exclude(code="de")))
        self.german = Language.objects.get(code="de")
        places = list(
            Municipality.objects.filter(in_county=True)
            .defer("outline")
            .prefetch_related("postal_codes")
        )
        self.places = Choice(places, [PLACES.get(place.kind, 1) for place in places])
        self.kinds = Choice(list(KINDS), list(KINDS.values()))
        self.accessibility = Choice(list(ACCESSIBILITY), list(ACCESSIBILITY.values()))
        self.phones = [PhoneNumber.from_string(f"+493023125{n:03d}") for n in range(PHONES)]

    def row(self, index: int) -> Row:
        """Return the organisation with this number, unsaved."""
        dice = random.Random(self.seed * 10**9 + index)  # noqa: S311 - not for secrets
        language: Language = self.languages.draw(dice)
        place: Municipality = self.places.draw(dice)
        kind = self.kinds.draw(dice)
        name = self._name(dice, kind, language.code, place.name)
        year = int(dice.triangular(1955, 2026, 2015))
        postal_codes = list(place.postal_codes.all())
        since = self.now - datetime.timedelta(days=dice.randrange(1, 1500))
        organisation = Organisation(
            creation_key=key(self.seed, index),
            name=name,
            slug=f"{slugify(folding.fold(name))[:66] or 'organisation'}-{index}",
            kind=kind,
            legal_form="e. V." if name.endswith("e. V.") else "",
            founding_year=year if dice.random() < 0.7 else None,
            charitable=dice.choice([True, True, True, False, None]),
            description=self._text(dice, self.sentences, language.name, place.name, year),
            translations=self._translations(dice, language.name, place.name, year),
            municipality=place,
            whole_county=dice.random() < 0.12,
            street=f"Beispielstraße {dice.randrange(1, 200)}",
            postal_code=dice.choice(postal_codes).code if postal_codes else "",
            place=place.name,
            address_public=dice.random() < 0.6,
            accessibility=self.accessibility.draw(dice),
            phone=dice.choice(self.phones) if dice.random() < 0.7 else "",
            email=f"verein{index}@example.org" if dice.random() < 0.85 else "",
            website=f"https://www.example.org/verein{index}" if dice.random() < 0.5 else "",
            state=Organisation.State.ACTIVE,
            state_since=since,
            submitted_at=since - datetime.timedelta(days=2),
            confirmed_on=timezone.localdate(
                max(since, self.now - datetime.timedelta(days=dice.randrange(500)))
            ),
        )
        languages = self.languages.some(dice, int(dice.expovariate(1.2)))
        return Row(
            organisation,
            topics=self.topics.some(dice, 1 + min(4, int(dice.expovariate(0.7)))),
            target_groups=self.target_groups.some(dice, dice.randrange(4)),
            languages=[
                *([self.german] if dice.random() < 0.85 else []),
                *dict.fromkeys([language, *languages]),
            ],
            active_in=[
                other for other in self.places.some(dice, dice.choice([0, 0, 1, 2, 4]))
                if other != place
            ],
            contacts=[
                self._contact(dice, organisation, index, position)
                for position in range(dice.choice([0, 1, 1, 1, 2, 3]))
            ],
        )  # fmt: skip

    def _name(self, dice: random.Random, kind: str, code: str, place: str) -> str:
        compound, gender = self._compound(dice)
        adjective = f"{self.adjectives.get(code, 'international')}{ENDINGS[gender]}"
        proper = dice.choice(self.proper.get(code, ["Nova"]))
        coined = self._coined(dice)
        name = dice.choices(
            [
                f"{adjective.capitalize()} {compound} {place}",
                f"Deutsch-{adjective} {compound} {place}",
                f"{compound} {proper}",
                f"{proper} – {compound} {place}",
                f"{compound} {coined}",
                f"{coined} {place}",
                f"{compound} {place}",
                f"{adjective.capitalize()} {compound} {coined}",
            ],
            cum_weights=(18, 26, 40, 50, 68, 76, 88, 100),
        )[0]
        return f"{name} e. V." if kind == Organisation.Kind.ASSOCIATION else name

    def _compound(self, dice: random.Random) -> tuple[str, str]:
        head, gender = dice.choice(self.heads)
        return dice.choice(self.firsts) + head, gender

    def _coined(self, dice: random.Random) -> str:
        """A name nobody has; a few are so long that they occur once in the whole network."""
        count = 2 if dice.random() < 0.97 else 4
        return "".join(dice.choices(self.syllables, k=count)).capitalize()

    def _text(
        self, dice: random.Random, sentences: list[str], language: str, place: str, year: int
    ) -> str:
        """A description between one line and a page, short ones more often."""
        count = min(len(sentences), max(1, round(dice.lognormvariate(1.3, 0.6))))
        return " ".join(
            sentence.format(
                a=self._compound(dice)[0],
                b=self._compound(dice)[0],
                c=self._coined(dice),
                language=language,
                place=place,
                year=year,
            )
            for sentence in dice.sample(sentences, count)
        )

    def _translations(
        self, dice: random.Random, language: str, place: str, year: int
    ) -> dict[str, dict[str, str]]:
        if dice.random() < 0.85:
            return {}
        return {"en": {"description": self._text(dice, self.english, language, place, year)}}

    def _contact(
        self, dice: random.Random, organisation: Organisation, index: int, position: int
    ) -> ContactPerson:
        public = dice.random() < 0.7
        return ContactPerson(
            organisation=organisation,
            name=f"Ansprechperson {index}-{position + 1}",
            function=dice.choice(["Vorstand", "Kasse", "Kurse", "Jugend", ""]),
            phone=dice.choice(self.phones),
            email=f"person{index}-{position + 1}@example.org",
            name_public=public,
            email_public=public,
            phone_public=public and dice.random() < 0.5,
            consented_at=self.now if public else None,
            position=position,
        )


def key(seed: int, index: int) -> uuid.UUID:
    """Return the creation key of the organisation with this number."""
    return uuid.UUID(int=((MARK | seed) << 64) | index)


def load(*, organisations: int, seed: int = 1) -> Iterator[int]:
    """Add what is missing of a network of this size, in batches that each stand on their own.

    :param organisations: how many there are in the end, besides the demonstration's.
    :param seed: another one gives another network beside it, between 0 and 2**44 - 1.
    :return: how many are there after each batch.
    :raises Refused: on the database of a real network.
    """
    demonstration.guard()
    with transaction.atomic():
        reference_data.load()
        services.ensure_profile(
            is_demonstration=True, **demonstration.read("founding_network")["network"]
        )
    writer = Writer(seed)
    there = Organisation.objects.filter(
        creation_key__gte=key(seed, 0), creation_key__lte=key(seed, 2**64 - 1)
    ).count()
    for start in range(there, organisations, BATCH):
        end = min(start + BATCH, organisations)
        _save([writer.row(index) for index in range(start, end)])
        reset_queries()  # DEBUG keeps them all
        if end == organisations:
            statistics.refresh()
        yield end


@transaction.atomic
def _save(rows: list[Row]) -> None:
    """Write a batch; without history, which nobody reads here, and without signals."""
    Organisation.objects.bulk_create(row.organisation for row in rows)
    for field in ("topics", "target_groups", "languages", "active_in"):
        through = getattr(Organisation, field).through
        relation: Any = Organisation._meta.get_field(field)
        column = relation.m2m_reverse_field_name()
        through.objects.bulk_create(
            [
                through(organisation_id=row.organisation.pk, **{f"{column}_id": thing.pk})
                for row in rows
                for thing in getattr(row, field)
            ],
            batch_size=5000,
        )
    contacts = [contact for row in rows for contact in row.contacts]
    for contact in contacts:
        contact.organisation_id = contact.organisation.pk
    ContactPerson.objects.bulk_create(contacts)
    Consent.objects.bulk_create(
        Consent(
            contact=contact,
            fields=[field for field in contact.PUBLISHABLE if getattr(contact, f"{field}_public")],
            wording="(erfunden)",
            language="de",
            source=Consent.Source.SELF,
            given_at=contact.consented_at,
            given_by=contact.name,
        )
        for contact in contacts
        if contact.consented_at
    )
    finding.refresh(row.organisation.pk for row in rows)
    revision.bump()
