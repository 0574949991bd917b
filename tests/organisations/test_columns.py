from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from core.text import clean_text, clean_url
from core.translations import translation_field
from organisations import columns, questions
from organisations.models import Organisation
from tests.factories import (
    make_contact,
    make_language,
    make_municipality,
    make_organisation,
    make_target_group,
    make_topic,
)


def exported(*organisations, people=True) -> tuple[list[str], list[list[str]]]:
    keys = [organisation.pk for organisation in organisations]
    headings, rows = columns.export(
        Organisation.objects.filter(pk__in=keys).order_by("pk"), people=people
    )
    return headings, list(rows)


def cells(organisation) -> dict[str, str]:
    headings, rows = exported(organisation)
    return dict(zip(headings, rows[0], strict=True))


def read_back(organisation) -> columns.Row:
    headings, rows = exported(organisation)
    reader = columns.Reader()
    return reader.read_row(reader.recognise(headings), rows[0])


# --- There and back -------------------------------------------------------------------------------
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


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_organisation_survives_export_and_reading(data, db):
    with transaction.atomic():
        _survives(data)
        transaction.set_rollback(True)


def _survives(data):
    names = ["Chor; Tanz", "Musik, Bildung", "Doppelt", "Doppelt", "\\Strich\\", "+++"]
    terms = {
        "topics": [make_topic(name=name) for name in names],
        "target_groups": [make_target_group(name=name) for name in names],
        "languages": [make_language(name=name) for name in ("Deutsch", "Kurdisch (Sorani)")]
        + [make_language(name="Türkisch", code="tr")],
        "active_in": [
            make_municipality(name=name) for name in ("Au am Rhein", "Au am Rhein", "Bühl")
        ],
    }
    chosen = {name: data.draw(st.sets(st.sampled_from(rows))) for name, rows in terms.items()}
    values = data.draw(facts) | {
        "municipality": data.draw(st.none() | st.sampled_from(terms["active_in"])),
        "state": "draft",
    }
    texts = data.draw(translated)
    organisation = make_organisation(**values, translations=texts, **chosen)
    people = data.draw(st.lists(persons, max_size=3))
    for position, person in enumerate(people):
        make_contact(organisation=organisation, position=position, **person)

    row = read_back(organisation)

    assert row.errors == []
    assert (row.number, row.slug) == (organisation.pk, organisation.slug)
    assert row.contacts == people
    for name in questions.FIELDS:
        if name in questions.MANY:
            assert set(row.values[name]) == chosen[name]
        else:
            assert row.values[name] == values[name], name
    read = {
        (code, name): row.values.get(translation_field(code, name))
        for code in texts
        for name in Organisation.translated_fields
    }
    assert {key: text for key, text in read.items() if text} == {
        (code, name): text for code, given_ in texts.items() for name, text in given_.items()
    }
