"""The county's outlines as SVG paths."""

import math
import re

import pytest

from organisations import reference_data
from organisations.map import MARGIN, SIZE, county_map, draw, drawing
from organisations.models import Municipality
from organisations.search import directory
from organisations.share_images import rings
from tests.factories import make_municipality, make_organisation

pytestmark = pytest.mark.django_db


def square(west: float, south: float, side: float = 0.1) -> dict:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_north_is_up_and_longitudes_are_shortened() -> None:
    place = Municipality(pk=1, name="A", kind="Stadt", outline=square(8, 48))
    shape = draw([place]).shapes[0]
    assert re.fullmatch(r"M\d+ \d+l[-\d ]+z", shape.path)
    corners = rings(shape.path)[0]
    width = max(x for x, _y in corners) - min(x for x, _y in corners)
    height = max(y for _x, y in corners) - min(y for _x, y in corners)
    assert height == SIZE - 2 * MARGIN
    assert width / height == pytest.approx(math.cos(math.radians(48.05)), abs=0.01)
    assert corners[0] == (MARGIN, SIZE - MARGIN)  # south-west is at the bottom left


def test_neighbours_share_their_border_exactly() -> None:
    west = Municipality(pk=1, outline=square(8, 48))
    east = Municipality(pk=2, outline=square(8.1, 48))
    one, other = (rings(shape.path)[0] for shape in draw([west, east]).shapes)
    assert len(set(one) & set(other)) == 2


@pytest.mark.parametrize(
    "outline",
    [None, {}, {"type": "Polygon", "coordinates": []}, {"type": "Polygon", "coordinates": [[]]}],
)
def test_a_county_without_outlines_has_an_empty_picture(outline) -> None:
    picture = draw([Municipality(pk=1, outline=outline)])
    assert picture.shapes == []
    assert picture.width > 0


def test_the_whole_county_is_drawn_once_per_revision() -> None:
    reference_data.load()
    index = directory()
    picture = drawing(index)
    assert len(picture.shapes) == 24
    assert drawing(index) is picture
    assert sum(len(shape.path) for shape in picture.shapes) < 16_000
    assert picture.sources == ["© GeoBasis-DE / BKG 2017 (Daten verändert)"]
    labels = {shape.pk for shape in picture.shapes if shape.labelled}
    names = set(Municipality.objects.filter(pk__in=labels).values_list("name", flat=True))
    assert {"Rastatt", "Bühl", "Gaggenau", "Baden-Baden"} <= names


def test_counts_and_shades() -> None:
    many, few, none = (
        make_municipality(name=name, outline=square(8, 48)) for name in ("Ab", "Be", "Ce")
    )
    for place in (many, many, many, many, few):
        make_organisation(municipality=place)
    make_organisation(municipality=none, state="paused")
    areas = {area.municipality.pk: (area.count, area.shade) for area in county_map().areas}
    assert areas == {many.pk: (4, 4), few.pk: (1, 1), none.pk: (0, 0)}
    filtered = county_map({few.slug: 1})
    assert {area.count for area in filtered.areas} == {0, 1}
