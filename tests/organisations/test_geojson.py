"""Another county's municipalities from a GeoJSON file: what is read, refused, and done."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from core import jobs
from organisations import geojson
from organisations.models import Municipality, Organisation, PlacesFile
from organisations.services import places
from tests.factories import (
    make_municipality,
    make_organisation,
    make_places_file,
    make_postal_code,
    square,
)

UPLOAD = "admin:organisations_municipality_upload"
PREVIEW = "admin:organisations_municipality_preview"
MEANING = "admin:organisations_municipality_meaning"
LIST = "admin:organisations_municipality_changelist"
KEYS = {"ags": "AGS", "name": "GEN", "kind": "BEZ"}


def feature(
    number: int = 1, name: str = "Ort", *, geometry: Any = None, **properties: Any
) -> dict[str, Any]:
    geometry = geometry or {"type": "Polygon", "coordinates": [square(8 + number / 10, 48)]}
    properties = {"AGS": f"0100000{number}", "GEN": name, "BEZ": "Gemeinde"} | properties
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: Any, **others: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features} | others).encode()


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": rings}


def of(geometry: Any) -> bytes:
    return collection(feature(geometry=geometry))


def found(content: bytes, mapping: dict[str, str] = KEYS) -> list[geojson.Place]:
    return geojson.understand(geojson.read(content), mapping)[0]


# --- Reading --------------------------------------------------------------------------------------
def test_holes_islands_and_open_rings_are_read() -> None:
    hole = [[8.02, 48.02], [8.04, 48.02], [8.04, 48.04], [8.02, 48.02]]
    opened = square(9, 48)[:-1]
    place, island = found(
        collection(
            feature(1, "Loch", geometry=polygon(square(8, 48), hole)),
            feature(2, geometry={"type": "MultiPolygon", "coordinates": [[opened], [hole]]}),
        )
    )
    assert place.outline == {"type": "MultiPolygon", "coordinates": [[square(8, 48), hole]]}
    assert island.outline["coordinates"][0] == [square(9, 48)]
    assert (place.name, place.kind, place.ags, place.postcodes) == (
        "Loch", "Gemeinde", "01000001", None,
    )  # fmt: skip


RING = square(8, 48)
FAULTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "keine GeoJSON-Datei"),
    "a table": (b"AGS;GEN\n1;Ort", "keine GeoJSON-Datei"),
    "a zip": (b"PK\x03\x04\xff\xfe", "UTF-8"),
    "a list": (b"[1, 2]", "FeatureCollection"),
    "one feature": (json.dumps(feature()).encode(), "FeatureCollection"),
    "empty": (collection(), "keine Gemeinden"),
    "features no list": (b'{"type": "FeatureCollection", "features": {"a": 1}}', "keine Gemeinden"),
    "no feature": (collection("x"), "Nr. 1"),
    "too many": (collection(*[feature()] * 2001), "2001 Flächen"),
    "deep": (b'{"a":' * 30_000 + b"1", "verschachtelt"),
    "deep list": (b"[" * 100_000, "verschachtelt"),
    "NaN": (collection(feature(geometry=polygon([[8, float("nan")], *RING]))), "NaN"),
    "Infinity": (collection(feature(geometry=polygon([[float("inf"), 1], *RING]))), "Infinity"),
    "too great": (b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":'
                  b'{"type":"Polygon","coordinates":[[[1e999,1],[2,2],[3,3]]]}}]}', "Grad"),
    "huge whole number": (collection(feature(geometry=polygon([[10**400, 1], *RING]))), "Grad"),
    "metres": (of(polygon([[32452000.5, 5403000], [32452100, 5403000]])), "„Ort“) sind keine Grad"),
    "other system": (collection(feature(), crs={"properties": {"name": "EPSG:25832"}}), "4326"),
    "swapped": (of(polygon([[48, 8], [48.1, 8], [48, 8.1]])), "vertauscht"),
    "no geometry": (collection(feature() | {"geometry": None}), "„Ort“) hat keinen Umriss"),
    "no coordinates": (of({"type": "Polygon"}), "keinen Umriss"),
    "empty polygon": (of(polygon()), "keinen Umriss"),
    "empty ring": (of(polygon([])), "weniger als drei"),
    "two points": (of(polygon([[8, 48], [9, 48], [8, 48]])), "weniger als drei"),
    "a number for a ring": (of(polygon(7)), "nicht lesbar"),
    "text for a point": (of(polygon(["8,48", [1, 2]])), "Punkt"),
    "true for a number": (of(polygon([[True, 48], [9, 48]])), "Punkt"),
    "a line": (of({"type": "LineString", "coordinates": RING}), "LineString"),
    "a collection": (of({"type": "GeometryCollection", "geometries": []}), "GeometryCollection"),
    "odd type": (of({"type": ["Polygon"], "coordinates": []}), "keine Fläche"),
    "only points": (of({"type": "Point", "coordinates": [8, 48]}), "nur Punkte"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_map_is_refused_in_words(name) -> None:
    content, words = FAULTS[name]
    with pytest.raises(ValidationError) as refused:
        geojson.read(content)
    assert words in " ".join(refused.value.messages)
    assert refused.value.code


def test_a_file_that_is_too_large_is_not_taken_apart(monkeypatch) -> None:
    def never(*arguments: Any, **options: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(geojson.json, "loads", never)
    with pytest.raises(ValidationError, match="10 MB"):
        geojson.read(b" " * (geojson.MAX_BYTES + 1))
    with pytest.raises(ValidationError, match="vereinfachen"):
        geojson.read(b"[" * 500_000)
    with pytest.raises(ValidationError, match="zu viel"):
        geojson.read(b"{" * 50_000)


def test_too_many_points_are_refused_with_advice(monkeypatch) -> None:
    monkeypatch.setattr(geojson, "MAX_POINTS", 8)
    geojson.read(collection(feature()))
    with pytest.raises(ValidationError, match="vereinfachen"):
        geojson.read(collection(feature(1), feature(2)))


MEANINGLESS: dict[str, tuple[dict[str, Any], str]] = {
    "no key": ({"AGS": ""}, "keinen Gemeindeschlüssel"),
    "letters": ({"AGS": "0821604x"}, "dort steht: 0821604x"),
    "too long": ({"AGS": "1" * 400}, "keinen Gemeindeschlüssel"),
    "no name": ({"GEN": " \u200b"}, "keinen Namen"),
    "markup": ({"GEN": "<script>alert(1)</script>"}, "der keiner sein kann"),
    "long name": ({"GEN": "Ort" * 100}, "der keiner sein kann"),
    "markup in kind": ({"BEZ": "<b>"}, "Art"),
    "postcode": ({"plz": "76437, viele"}, "Postleitzahl"),
}


@pytest.mark.parametrize("name", MEANINGLESS)
def test_what_means_nothing_is_refused_in_words(name) -> None:
    properties, words = MEANINGLESS[name]
    with pytest.raises(ValidationError) as refused:
        found(collection(feature(2, "Gut"), feature(1, **properties)), {**KEYS, "postcodes": "plz"})
    assert len(refused.value.messages) == 1
    assert words in refused.value.messages[0]


def test_the_same_key_twice_is_told_with_both_names_and_all_faults_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        found(collection(feature(1, "Eins"), feature(1, "Zwei"), feature(2, "Ort", AGS="x")))
    first, second = refused.value.messages
    assert "Zwei" in first
    assert "Eins" in first
    assert "Nr. 3" in second
    with pytest.raises(ValidationError) as many:
        found(collection(*[feature(1, AGS="x")] * 30))
    assert many.value.messages[-1] == "… und 20 weitere Fehler."


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("08216043", "08216043"), (8216043, "08216043"), (8216043.0, "08216043"),
        ("08 2 16 043", "08216043"), ("082165001043", "08216043"), (82165001043, "08216043"),
    ],
)  # fmt: skip
def test_keys_in_all_their_spellings(written, key) -> None:
    assert found(collection(feature(AGS=written)))[0].ags == key


def test_common_sources_are_recognised() -> None:
    vg250 = geojson.recognise(["OBJID", "ARS", "AGS", "GEN", "BEZ", "NBD"])
    assert vg250 == {"ags": "AGS", "name": "GEN", "kind": "BEZ"}
    osm = geojson.recognise(
        ["@id", "name", "de:amtlicher_gemeindeschluessel", "postal_code", "name:prefix"]
    )
    assert osm == {
        "ags": "de:amtlicher_gemeindeschluessel", "name": "name", "kind": "name:prefix",
        "postcodes": "postal_code",
    }  # fmt: skip
    assert "ags" not in geojson.recognise(["nummer", "Name"])


def test_names_of_maps_and_water_are_left_out_and_said() -> None:
    label = feature(3, geometry={"type": "Point", "coordinates": [8, 48]})
    water = feature(1, "See", GF=2)
    read = geojson.read(collection(label, feature(1, GF=4), water, copyright="© Amt"))
    known, notes = geojson.understand(read, KEYS)
    assert [place.name for place in known] == ["Ort"]
    assert notes == [
        "1 Punkt ist keine Fläche und wird ausgelassen.",
        "1 Wasserfläche wird ausgelassen.",
    ]
    assert read.source == "© Amt"


def test_fine_outlines_become_coarse_and_neighbours_keep_their_border() -> None:
    border = [[8.1 + (i % 7) / 90_000, 48 + i / 40_000] for i in range(4001)]
    west = [[8, 48], *border, [8, 48.1], [8, 48]]
    east = [[8.2, 48], *border, [8.2, 48.1], [8.2, 48]]
    tiny = square(8.15, 48.05, 0.00001)
    one, other = found(
        collection(
            feature(1, geometry=polygon(west)),
            feature(2, geometry={"type": "MultiPolygon", "coordinates": [[east], [tiny]]}),
        )
    )
    (ring,), (twin,) = (place.outline["coordinates"][0] for place in (one, other))
    assert len(ring) < 2000
    assert ring[0] == ring[-1]
    common = {tuple(point) for point in ring} & {tuple(point) for point in twin}
    assert len(common) >= len({tuple(point) for point in ring}) - 3
    assert len(other.outline["coordinates"]) == 1  # what nobody could see is gone
    assert len(found(collection(feature(1, geometry=polygon(square(8, 48, 1e-5)))))) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["Polygon", "MultiPolygon", "Feature", "FeatureCollection"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "features", "geometry", "coordinates", "properties", "AGS", "GEN",
                         "crs", "name", "geometries"]), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip
NUMBERS = st.floats(-200, 200) | st.integers(-(10**9), 10**9)
RINGS = st.lists(st.lists(NUMBERS, min_size=1, max_size=3), max_size=8)
NEARLY = st.fixed_dictionaries(
    {
        "type": st.just("FeatureCollection"),
        "features": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.just("Feature"),
                    "properties": st.dictionaries(st.sampled_from(["AGS", "GEN", "BEZ"]), JSON)
                    | st.just({"AGS": "01234567", "GEN": "Ort"}),
                    "geometry": st.fixed_dictionaries(
                        {
                            "type": st.sampled_from(["Polygon", "MultiPolygon", "Point"]),
                            "coordinates": st.lists(RINGS | st.lists(RINGS, max_size=2)) | RINGS,
                        }
                    )
                    | JSON,
                }
            ),
            max_size=4,
        ),
    }
)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200) | (JSON | NEARLY).map(lambda value: json.dumps(value).encode()))
def test_whatever_is_read_nothing_but_a_refusal_is_raised(data) -> None:
    try:
        read = geojson.read(data)
        known, _notes = geojson.understand(read, geojson.recognise(read.names))
    except ValidationError:
        return
    for place in known:
        assert len(place.ags) == 8
        for shape in place.outline["coordinates"]:
            for ring in shape:
                assert ring[0] == ring[-1]
                assert all(abs(x) <= 180 and abs(y) <= 90 for x, y in ring)


# --- What it does ---------------------------------------------------------------------------------
@pytest.fixture
def county(db) -> dict[str, Municipality]:
    """A county of three: one is in the file, one is used, one is neither."""
    return {
        "stays": make_municipality(name="Bleibt", slug="bleibt", ags="01000001", kind="Dorf",
                                   postal_codes=("11111",), label_longitude=8.0),
        "used": make_municipality(name="Benutzt", ags="01999991", outline=polygon(square(1, 2))),
        "unused": make_municipality(name="Nirgends", ags="01999992"),
    }  # fmt: skip


FILE = collection(
    feature(1, "Bleibt", plz="11111 22222"), feature(2, "Öden", plz="33333"),
    feature(3, "Nachbarstadt", neighbour=True),
)  # fmt: skip


def test_it_is_the_countys_new_map(county, django_capture_on_commit_callbacks) -> None:
    organisation = make_organisation(municipality=county["used"])
    elsewhere = make_organisation(slug="zwei", municipality=county["stays"])
    elsewhere.active_in.add(county["used"])
    mapping = {**KEYS, "postcodes": "plz", "neighbour": "neighbour"}
    done = places.load(found(FILE, mapping), source="© Amt", by=None)
    assert (len(done.new), len(done.changed), len(done.kept), len(done.removed)) == (2, 1, 1, 1)
    rows = {row.name: row for row in Municipality.objects.all()}
    assert set(rows) == {"Bleibt", "Öden", "Nachbarstadt", "Benutzt"}
    stays, new, used = rows["Bleibt"], rows["Öden"], rows["Benutzt"]
    assert stays.pk == county["stays"].pk
    assert (stays.slug, stays.kind, stays.outline_source) == ("bleibt", "Gemeinde", "© Amt")
    assert (stays.outline["type"], stays.label_longitude) == ("MultiPolygon", None)
    assert [code.code for code in stays.postal_codes.all()] == ["11111", "22222"]
    assert (new.slug, new.in_county, new.kind) == ("oeden", True, "Gemeinde")
    assert not rows["Nachbarstadt"].in_county
    assert (used.in_county, used.outline, used.outline_source) == (False, None, "")
    organisation.refresh_from_db()
    assert organisation.municipality == used
    assert stays.history.first().history_change_reason == "Gemeinden eingelesen"
    again = places.plan(found(FILE, mapping), source="© Amt")
    assert again.is_empty
    assert again.unchanged == 3


def test_what_the_file_does_not_say_stays(county) -> None:
    place = found(FILE, {"ags": "AGS", "name": "GEN"})[0]
    places.load([place], source="© Amt", by=None)
    county["stays"].refresh_from_db()
    assert county["stays"].kind == "Dorf"
    assert county["stays"].postal_codes.get().code == "11111"


def test_an_error_half_way_changes_nothing(county, monkeypatch) -> None:
    before = list(Municipality.objects.values_list("pk", "name", "in_county"))
    monkeypatch.setattr(places.taxonomy, "free_slug", lambda *arguments, **options: "bleibt")
    with pytest.raises(IntegrityError):
        places.load(found(FILE), source="© Amt", by=None)
    assert list(Municipality.objects.values_list("pk", "name", "in_county")) == before


def test_files_nobody_decided_about_are_forgotten(db, time_machine) -> None:
    make_places_file()
    jobs.run_due(everything=True)
    assert PlacesFile.objects.exists()
    time_machine.move_to(timezone.now() + places.KEEP_FILES)
    jobs.run_due(everything=True)
    assert not PlacesFile.objects.exists()


# --- The pages ------------------------------------------------------------------------------------
@pytest.fixture
def desk(client_for, officer, network) -> Client:
    return client_for(officer)


def upload(desk: Client, content: bytes, **data: Any) -> Any:
    file = SimpleUploadedFile("kreis.geojson", content)
    return desk.post(reverse(UPLOAD), {"file": file, "source": "© Amt 2026"} | data, follow=True)


def test_from_the_list_to_the_map(desk, county, client_for) -> None:
    organisation = make_organisation(name="Hier e. V.", municipality=county["used"])
    assert reverse(UPLOAD) in desk.get(reverse(LIST)).text
    assert "Quelle und Lizenz" in desk.get(reverse(UPLOAD)).text
    page = upload(desk, FILE)
    assert page.redirect_chain == [(reverse(PREVIEW, args=[PlacesFile.objects.get().pk]), 302)]
    assert all(f'd="{shape.path}"' in page.text for shape in page.context["drawing"].shapes)
    assert len(page.context["drawing"].shapes) == 3
    for words in ("Öden", "Hier e. V.", "1 Organisation (Stadt oder Gemeinde)", "Nirgends",
                  "© Amt 2026", "Dorf"):  # fmt: skip
        assert words in page.text
    assert Municipality.objects.count() == 3
    seen = re.search(r'name="seen" value="(\w+)"', page.text)[1]
    url = page.redirect_chain[-1][0]
    done = desk.post(url, {"_load": "1", "seen": seen}, follow=True)
    assert "Die Gemeinden sind eingelesen" in done.text
    assert not PlacesFile.objects.exists()
    public = client_for(None).get(reverse("organisations:list")).text
    assert "© Amt 2026" in public
    assert "Öden" in public
    assert Organisation.objects.get(pk=organisation.pk).municipality.name == "Benutzt"
    assert desk.post(url, {"_load": "1", "seen": seen}).status_code == 404


def test_what_has_changed_since_the_preview_is_shown_again(desk, county) -> None:
    url = upload(desk, FILE).redirect_chain[-1][0]
    seen = re.search(r'name="seen" value="(\w+)"', desk.get(url).text)[1]
    make_organisation(municipality=county["unused"])
    answer = desk.post(url, {"_load": "1", "seen": seen}, follow=True)
    assert "Inzwischen hat sich etwas geändert" in answer.text
    assert Municipality.objects.count() == 3
    assert "verworfen" in desk.post(url, {"_discard": "1"}, follow=True).text
    assert not PlacesFile.objects.exists()


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_file_keeps_what_was_typed(desk, name) -> None:
    content, words = FAULTS[name]
    page = upload(desk, content, source="© Getippt")
    assert ("leer" if not content else words.split("“")[0]) in page.text
    assert "© Getippt" in page.text
    assert not PlacesFile.objects.exists()


def test_source_and_file_are_asked_for(desk) -> None:
    page = desk.post(reverse(UPLOAD), {}).text
    assert "Bitte wählen Sie eine Datei." in page
    assert "Bitte geben Sie an, von wem die Karte ist." in page


def test_unknown_properties_are_asked_for(desk) -> None:
    odd = {"type": "Feature", "geometry": polygon(RING),
           "properties": {"nummer": "01000001", "<b>heißt</b>": "Ort"}}  # fmt: skip
    page = upload(desk, collection(odd))
    url = page.redirect_chain[-1][0]
    assert url == reverse(MEANING, args=[PlacesFile.objects.get().pk])
    assert "nummer: 01000001" in page.text
    assert "<b>heißt" not in page.text
    both = desk.post(url, {"ags": "nummer", "name": "nummer"}).text
    assert "Das haben Sie schon für „Gemeindeschlüssel (AGS)“ gewählt." in both
    assert "Bitte wählen Sie, wo" in desk.post(url, {"ags": "nummer"}).text
    preview = desk.post(url, {"ags": "nummer", "name": "<b>heißt</b>"}, follow=True)
    assert "Jetzt einlesen" in preview.text
    wrong = desk.post(url, {"ags": "<b>heißt</b>", "name": "nummer"}, follow=True)
    assert "Aus dieser Datei lassen sich die Gemeinden nicht einlesen" in wrong.text
    assert "Jetzt einlesen" not in wrong.text


@pytest.mark.parametrize("number", [1, 30])
def test_the_preview_asks_a_fixed_number_of_questions(
    desk, number, django_assert_max_num_queries
) -> None:
    make_postal_code(municipality=make_municipality(ags="99000001"))
    file = make_places_file(names=tuple(f"Ort {number}" for number in range(1, 2)))
    file.content["features"] = [
        {**file.content["features"][0], "properties": {"AGS": f"990000{n:02}", "GEN": "Ort"}}
        for n in range(number)
    ]
    file.save()
    desk.get(reverse(LIST))
    with django_assert_max_num_queries(16):
        assert desk.get(reverse(PREVIEW, args=[file.pk])).status_code == 200


# --- The command ----------------------------------------------------------------------------------
def test_the_command_does_the_same(county, tmp_path) -> None:
    make_organisation(municipality=county["used"])
    file = tmp_path / "kreis.geojson"
    file.write_bytes(FILE)
    with pytest.raises(CommandError, match="--source"):
        call_command("load_municipalities", str(file))
    out = StringIO()
    call_command("load_municipalities", str(file), source="© Amt", preview=True, stdout=out)
    assert Municipality.objects.count() == 3
    call_command("load_municipalities", str(file), source="© Amt", stdout=out)
    line = "new: 2, changed: 1, unchanged: 0, no longer in the county: 1, removed: 1"
    assert out.getvalue().count(line) == 2
    assert "Benutzt: 1 Organisation" in out.getvalue()
    file.write_bytes(b"{}")
    with pytest.raises(CommandError, match="FeatureCollection"):
        call_command("load_municipalities", str(file), source="© Amt")
    with pytest.raises(CommandError, match="No such file"):
        call_command("load_municipalities", str(tmp_path / "nichts"), source="© Amt")
