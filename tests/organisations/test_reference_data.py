import json

import pytest
from django.core.management import CommandError, call_command

from organisations import reference_data
from organisations.models import Language, Municipality, PostalCode, TargetGroup, Topic

pytestmark = pytest.mark.django_db


def test_loads_everything_once() -> None:
    done = reference_data.load()
    assert (Topic.objects.count(), TargetGroup.objects.count()) == (16, 10)
    assert (Language.objects.count(), Municipality.objects.filter(in_county=True).count()) == (
        30,
        23,
    )
    assert done["Topic"] == 16
    assert not reference_data.load()
    assert Topic.objects.count() == 16


def test_rows_are_complete() -> None:
    reference_data.load()
    topics = Topic.objects.all()
    for row in (*topics, *TargetGroup.objects.all(), *Language.objects.all()):
        assert set(row.translations) == {"en", "ar"}
        assert all(texts["name"] for texts in row.translations.values())
    assert all(topic.icon == topic.slug and topic.translated("examples", "ar") for topic in topics)
    rastatt = Municipality.objects.get(slug="rastatt")
    assert [code.code for code in rastatt.postal_codes.all()] == ["76437"]
    assert rastatt.translated("name", "ar") == "راشتات"
    assert "BKG 2017" in rastatt.outline_source
    assert Municipality.objects.get(slug="buehl").outline["type"] == "Polygon"
    neighbour = Municipality.objects.get(in_county=False)
    assert neighbour.name == "Baden-Baden"
    assert Language.objects.get(code="fa-AF").slug == "fa-af"


def test_what_was_edited_stays_unless_asked() -> None:
    reference_data.load()
    Topic.objects.filter(slug="sport").update(name="Sport")
    reference_data.load()
    assert Topic.objects.get(slug="sport").name == "Sport"
    done = reference_data.load(update=True)
    assert Topic.objects.get(slug="sport").name == "Sport und Bewegung"
    assert done["Topic"] == 1


def test_another_county_loads_its_own(tmp_path, capsys) -> None:
    places = tmp_path / "places.csv"
    places.write_text("ags,name,kind,postcodes\n01234567,Überall,Stadt,12345 12346\n")
    outlines = tmp_path / "outlines.geojson"
    square = [[[9, 48], [9.1, 48], [9.1, 48.1], [9, 48]]]
    feature = {
        "properties": {"ags": "01234567"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    outlines.write_text(json.dumps({"attribution": "© Us", "features": [feature]}))
    call_command("load_reference_data", municipalities=places, outlines=outlines)
    place = Municipality.objects.get()
    assert (place.slug, place.postal_codes.count(), place.outline_source) == ("ueberall", 2, "© Us")
    assert "Municipality: 1" in capsys.readouterr().out
    call_command("load_reference_data", municipalities=places, outlines=outlines)
    assert PostalCode.objects.count() == 2


@pytest.mark.parametrize(
    "content", ["ags,name\n123,Kurz\n", "ags,name,postcodes\n01234567,Ort,1234\n", "nonsense\nx\n"]
)
def test_a_broken_file_loads_nothing(tmp_path, content: str) -> None:
    places = tmp_path / "places.csv"
    places.write_text(content)
    with pytest.raises(CommandError, match="line 2"):
        call_command("load_reference_data", municipalities=places)
    assert not Topic.objects.exists()
    assert not Municipality.objects.exists()


def test_umlauts_stand_where_readers_look_for_them() -> None:
    reference_data.load()
    names = list(Municipality.objects.filter(in_county=True).values_list("name", flat=True))
    assert names[names.index("Ötigheim") + 1] == "Ottersweier"
    assert names[-1] == "Weisenbach"
