import datetime

import pytest
from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from core.translations import translation_field
from organisations import columns, questions
from organisations.models import Organisation
from tests.factories import (
    make_contact,
    make_language,
    make_municipality,
    make_organisation,
    make_topic,
)
from tests.organisations.drawing import World


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


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_organisation_survives_export_and_reading(data, db):
    with transaction.atomic():
        _survives(data)
        transaction.set_rollback(True)


def _survives(data):
    drawn = World().draw(data)

    row = read_back(drawn.organisation)

    assert row.errors == []
    assert (row.number, row.slug) == (drawn.organisation.pk, drawn.organisation.slug)
    assert row.contacts == drawn.people
    for name in questions.FIELDS:
        if name in questions.MANY:
            assert set(row.values[name]) == drawn.chosen[name]
        else:
            assert row.values[name] == drawn.values[name], name
    read = {
        (code, name): row.values.get(translation_field(code, name))
        for code in drawn.texts
        for name in Organisation.translated_fields
    }
    assert {key: text for key, text in read.items() if text} == {
        (code, name): text for code, given_ in drawn.texts.items() for name, text in given_.items()
    }


# --- Writing --------------------------------------------------------------------------------------
@pytest.fixture
def choir(db):
    """An organisation with a little of everything."""
    town = make_municipality(name="Musterstadt")
    organisation = make_organisation(
        name="Chor Nord e. V.",
        slug="chor-nord",
        kind="association",
        municipality=town,
        topics=[make_topic(name="Musik und Tanz"), make_topic(name="Chor; Tanz")],
        languages=[make_language(name="Türkisch", code="tr", endonym="Türkçe")],
        active_in=[town],
        phone="+497222381432",
        charitable=True,
        founding_year=1998,
        social_links=["https://social.example.org/a", "https://social.example.org/b"],
        translations={"en": {"aims": "To sing."}, "fa": {"aims": "…"}},
        confirmed_on=datetime.date(2026, 11, 22),
    )
    make_contact(organisation=organisation, name="Ada Muster", public=("name", "email"))
    for number in range(3):
        make_contact(organisation=organisation, name=f"Person {number}", position=number + 1)
    return organisation


def test_every_fact_has_its_column(choir):
    written = cells(choir)
    expected = {
        "Nummer": str(choir.pk),
        "Adresse im Netz": "chor-nord",
        "Name": "Chor Nord e. V.",
        "Art": "Verein",
        "Gründungsjahr": "1998",
        "Gemeinnützig": "ja",
        "Stadt oder Gemeinde": "Musterstadt",
        "Auch aktiv in": "Musterstadt",
        "Adresse öffentlich": "nein",
        "Barrierefrei": "nicht bekannt",
        "Ziele (en)": "To sing.",
        "Ziele (ar)": "",
        "Ziele (fa)": "…",
        "Themen": r"Musik und Tanz; Chor\; Tanz",
        "Sprachen": "Türkisch",
        "Telefon": "07222 381432",
        "Soziale Medien": "https://social.example.org/a; https://social.example.org/b",
        "Stand": "Aktiv",
        "Zuletzt bestätigt am": "2026-11-22",
        "Ansprechperson 1: Name": "Ada Muster",
        "Ansprechperson 1: öffentlich": "Name; E-Mail-Adresse",
        "Ansprechperson 2: öffentlich": "",
        "Ansprechperson 1: Einladungen": "ja",
        "Ansprechperson 3: Name": "Person 1",
        "Weitere Ansprechpersonen": "1",
    }
    assert {heading: written[heading] for heading in expected} == expected
    fields = {name for name in columns.HEADINGS if columns.HEADINGS[name][0] in written}
    assert fields == set(questions.FIELDS)


def test_headings_do_not_change_with_the_language(choir):
    german, _rows = exported(choir)
    with translation.override("ar"):
        assert exported(choir)[0] == german
        assert cells(choir)["Art"] == "Verein"


def test_without_leave_nobody_is_named(choir):
    headings, rows = exported(choir, people=False)
    assert not [heading for heading in headings if "Ansprechperson" in heading]
    assert not [cell for cell in rows[0] if "Ada" in cell or cell[-11:] == "example.org"]


@pytest.mark.parametrize("number", [1, 30])
def test_queries_do_not_grow_with_the_rows(number, db, django_assert_num_queries):
    town, topic = make_municipality(), make_topic()
    for _number in range(number):
        make_contact(organisation=make_organisation(municipality=town, topics=[topic]))
    # Four taxonomies, the languages of the texts, the rows, four relations, the people.
    with django_assert_num_queries(11):
        _headings, rows = columns.export(Organisation.objects.all(), people=True)
        assert len(list(rows)) == number


def test_order_and_choice_are_those_of_the_list(db):
    for name in ("B", "C", "A"):
        make_organisation(name=name)
    _headings, rows = columns.export(Organisation.objects.order_by("-name")[:2], people=True)
    assert [row[2] for row in rows] == ["C", "B"]


# --- Reading --------------------------------------------------------------------------------------
@pytest.fixture
def reader(choir) -> columns.Reader:
    make_topic(name="Bildung, Lernen", translations={"en": {"name": "Education"}})
    make_municipality(name="Anderswo", in_county=False)
    return columns.Reader()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("name", " Chor\tSüd ", "Chor Süd"),
        ("kind", "verein", "association"),
        ("kind", "Association", "association"),
        ("kind", "association", "association"),
        ("kind", "", ""),
        ("accessibility", "", "unknown"),
        ("accessibility", "Teilweise barrierefrei", "partly"),
        ("charitable", "Ja", True),
        ("charitable", "x", True),
        ("charitable", "NEIN", False),
        ("charitable", "", None),
        ("whole_county", "", False),
        ("founding_year", "", None),
        ("founding_year", "1998", 1998),
        ("postal_code", "D-76 437", "76437"),
        ("email", "Post@Example.org ", "post@example.org"),
        ("website", "www.example.org", "https://www.example.org"),
        (
            "social_links",
            "a.example.org\nhttps://b.example.org;",
            ["https://a.example.org", "https://b.example.org"],
        ),
        ("description", "Eins\r\nzwei", "Eins\nzwei"),
        ("translation_en_aims", "To sing.", "To sing."),
        ("number", "17", 17),
    ],
)
def test_cells_are_read_as_people_write_them(reader, key, text, value):
    row = reader.read({key: text})
    assert row.errors == []
    assert (row.number if key == "number" else row.values[key]) == value


@pytest.mark.parametrize(
    ("key", "text", "names"),
    [
        ("topics", "Musik und Tanz", ["Musik und Tanz"]),
        ("topics", "education, musik und tanz; Bildung, Lernen", ["Bildung, Lernen"]),
        ("topics", "", []),
        ("languages", "tr; Türkçe", ["Türkisch"]),
        ("active_in", "musterstadt", ["Musterstadt"]),
    ],
)
def test_words_are_found_in_all_their_spellings(reader, key, text, names):
    row = reader.read({key: text})
    found = [str(one) for one in row.values.get(key, [])]
    assert set(names) <= set(found)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("name", " ", "Bitte geben Sie den Namen der Organisation an."),
        ("name", "!!!", "Zeichen und Emojis allein reichen nicht"),
        ("name", "x" * 161, "160"),
        ("kind", "Klub", "„Klub“ gibt es hier nicht. Möglich sind: Verein, Initiative"),
        ("charitable", "vielleicht", "„ja“ oder „nein“"),
        ("founding_year", "98", "vier Ziffern"),
        ("founding_year", "2999", "nicht in der Zukunft"),
        ("founding_year", "١٩٩٨", "vier Ziffern"),
        ("postal_code", "764", "fünf Ziffern"),
        ("phone", "anrufen", "nur Ziffern"),
        ("phone", "07222", "gibt es so nicht"),
        ("email", "post", "name@example.org"),
        ("website", "javascript:alert(1)", "Internetadresse"),
        ("social_links", "a.example.org; ftp://b.example.org", "Internetadresse"),
        ("topics", "Musik und Tans", "Ist „Musik und Tanz“ gemeint?"),
        ("topics", "Zeltbau", "„Zeltbau“ kennen wir nicht."),
        ("municipality", "Musterstat", "Ist „Musterstadt“ gemeint?"),
        ("number", "12a", "Export dieses Portals"),
        ("number", "9" * 19, "Export dieses Portals"),
        ("contact_1_email", "post", "name@example.org"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(reader, key, text, words):
    row = reader.read({key: text})
    assert [found for found, _reason in row.errors][:1] == [key]
    assert words in row.errors[0][1]
    assert key not in row.values


def test_a_place_outside_is_for_partners_alone(reader):
    assert reader.read({"municipality": "Anderswo", "kind": "Verein"}).errors == [
        (
            "municipality",
            "„Anderswo“ gehört nicht zum Landkreis. Das geht nur bei Partnerinstitutionen.",
        )
    ]
    assert not reader.read({"municipality": "Anderswo", "kind": "Partnerinstitution"}).errors


def test_people_are_read_without_what_only_they_decide(reader):
    row = reader.read(
        {
            "contact_1_name": "Ada Muster",
            "contact_1_phone": "07222/381432",
            "contact_1_public": "Name; Telefon",
            "contact_2_name": "",
            "contact_2_function": "",
            "contact_3_name": "",
            "contact_3_email": "c@example.org",
            "state": "Aktiv",
            "confirmed_on": "2026-11-22",
        }
    )
    assert row.contacts == [
        {"name": "Ada Muster", "phone": PhoneNumber.from_string("+497222381432")}
    ]
    assert row.errors == [("contact_3_name", "Bitte geben Sie den Namen an.")]
    assert row.values == {}


def test_headings_are_recognised_in_both_languages_and_as_others_write_them(reader):
    headings = [
        "NAME*",
        "Postcode",
        "Straße",
        "aims (tr)",
        "Ziele (EN)",
        "Ansprechperson 2: Telefon",
    ]
    assert reader.recognise([*headings, "Sonstiges", "Name", ""]) == {
        "name": 0,
        "postal_code": 1,
        "street": 2,
        "translation_tr_aims": 3,
        "translation_en_aims": 4,
        "contact_2_phone": 5,
    }


def test_the_portals_own_headings_are_all_recognised(choir, reader):
    headings, _rows = exported(choir)
    found = reader.recognise(headings)
    # Persian is no language of this network's: its texts stay as they are.
    unknown = {heading for index, heading in enumerate(headings) if index not in found.values()}
    assert unknown == {"Beschreibung (fa)", "Ziele (fa)", "Aktivitäten (fa)"}


@given(st.lists(st.text(max_size=8).map(str.strip).filter(bool), max_size=4))
def test_texts_joined_into_a_cell_come_apart_again(texts):
    assert columns.divide(columns.join(texts)) == texts


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=12))
def test_no_text_is_too_strange_to_be_read(reader, text):
    row = reader.read(dict.fromkeys(reader.columns, text))
    assert all(words for _key, words in row.errors)
