"""Organisations of every kind the portal lets in, for tests of what must hold for any of them."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from core.text import clean_text, clean_url
from organisations.models import Organisation
from tests.factories import (
    make_contact,
    make_language,
    make_municipality,
    make_organisation,
    make_target_group,
    make_topic,
)


def lines(most: int, *, multiline: bool = False):
    """Texts as the forms let them in: clean, with a letter in them, of so many characters."""
    characters = st.one_of(
        st.characters(exclude_categories=["Cs", "Cc"]), st.sampled_from("ab;\\ \n=+-@'\"")
    )
    texts = st.text(characters, max_size=30).map(lambda text: clean_text(text, multiline=multiline))
    with_words = texts.map(lambda text: f"{text}a"[-most:])
    return with_words.map(lambda text: clean_text(text, multiline=multiline))


PHONES = ["+497222381432", "+4915112345678", "+33388609090", "+49722938", "+41446681800"]
LINKS = [
    "example.org",
    "https://example.com/a;b",
    "http://example.org/?q=ü&x=1;2",
    "www.example.org",
]
phones = st.sampled_from(["", *PHONES]).map(lambda text: text and PhoneNumber.from_string(text))
links = st.sampled_from(LINKS).map(clean_url)
emails = st.sampled_from(["", "post@example.org", "a+b@example.com"])
maybe = lambda strategy: st.one_of(st.just(""), strategy)  # noqa: E731
facts = st.fixed_dictionaries(
    {
        "name": lines(160),
        "short_name": maybe(lines(40)),
        "kind": st.sampled_from(Organisation.Kind.values),
        "legal_form": maybe(lines(80)),
        "founding_year": st.none() | st.integers(1000, 2025),
        "register_entry": maybe(lines(120)),
        "charitable": st.sampled_from([None, True, False]),
        "whole_county": st.booleans(),
        "street": maybe(lines(120)),
        "address_extra": maybe(lines(120)),
        "postal_code": maybe(st.from_regex(r"[0-9]{5}", fullmatch=True).filter(str.isascii)),
        "place": maybe(lines(80)),
        "address_public": st.booleans(),
        "opening_times": maybe(lines(500, multiline=True)),
        "accessibility": st.sampled_from(Organisation.Accessibility.values),
        "description": maybe(lines(3000, multiline=True)),
        "aims": maybe(lines(3000, multiline=True)),
        "activities": maybe(lines(3000, multiline=True)),
        "regions": maybe(lines(200)),
        "phone": phones,
        "email": emails,
        "website": maybe(links),
        "social_links": st.lists(links, max_size=3, unique=True),
    }
)
persons = st.fixed_dictionaries(
    {
        "name": lines(120),
        "function": maybe(lines(80)),
        "phone": phones,
        "email": emails,
        "wants_invitations": st.booleans(),
    }
)
translated = st.dictionaries(
    st.sampled_from(["en", "ar", "tr"]),
    st.dictionaries(
        st.sampled_from(Organisation.translated_fields), lines(3000, multiline=True), min_size=1
    ),
)


@dataclass
class Drawn:
    """An organisation, and what went into it."""

    organisation: Organisation
    values: dict[str, Any]
    chosen: dict[str, set[Any]]
    texts: dict[str, dict[str, str]]
    people: list[dict[str, Any]]


@dataclass
class World:
    """Taxonomies with names that are hard to put into a cell, and organisations that use them."""

    terms: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ["Chor; Tanz", "Musik, Bildung", "Doppelt", "Doppelt", "\\Strich\\", "+++"]
        self.terms = {
            "topics": [make_topic(name=name) for name in names],
            "target_groups": [make_target_group(name=name) for name in names],
            "languages": [make_language(name=name) for name in ("Deutsch", "Kurdisch (Sorani)")]
            + [make_language(name="Türkisch", code="tr")],
            "active_in": [
                make_municipality(name=name) for name in ("Au am Rhein", "Au am Rhein", "Bühl")
            ],
        }

    def draw(self, data: st.DataObject, **fields: Any) -> Drawn:
        """Make an organisation with its people; `fields` are not drawn."""
        chosen = {
            name: data.draw(st.sets(st.sampled_from(rows))) for name, rows in self.terms.items()
        }
        town = data.draw(st.none() | st.sampled_from(self.terms["active_in"]))
        values = data.draw(facts) | {"municipality": town, "state": "draft"} | fields
        texts = data.draw(translated)
        organisation = make_organisation(**values, translations=texts, **chosen)
        people = data.draw(st.lists(persons, max_size=3))
        for position, person in enumerate(people):
            make_contact(organisation=organisation, position=position, **person)
        return Drawn(organisation, values, chosen, texts, people)
