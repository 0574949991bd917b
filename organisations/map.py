"""The county as a picture: its municipalities' outlines, drawn by the server as SVG paths."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property

from organisations.models import Municipality
from organisations.search import Directory, directory

# The picture's longer side in its own units. Whole numbers are exact enough and short.
SIZE = 640
MARGIN = 8
# About how wide a letter and how high a label with its number is, in these units (directory.css).
LETTER = 14
LABEL = 56

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A municipality as it is drawn: the path's `d` and where its label stands."""

    pk: int
    path: str
    x: int
    y: int
    labelled: bool
    in_county: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """The county's outlines in the picture's own units, and whom they are from."""

    width: int
    height: int
    shapes: list[Shape]
    sources: list[str]


@dataclass(frozen=True, slots=True)
class Area:
    """A municipality with its number of organisations."""

    municipality: Municipality
    count: int
    # 0 for none, then 1 to 4 by how many compared with the most.
    shade: int
    shape: Shape | None


@dataclass(frozen=True)
class CountyMap:
    """What `components/county_map.html` shows."""

    drawing: Drawing
    areas: list[Area]
    neighbours: list[Area]

    @cached_property
    def drawn(self) -> list[Area]:
        return [area for area in self.areas if area.shape]

    @property
    def sources(self) -> list[str]:
        """Whom the outlines are from, to be printed under the map."""
        return self.drawing.sources

    @cached_property
    def view_box(self) -> str:
        return f"0 0 {self.drawing.width} {self.drawing.height}"


def draw(municipalities: Iterable[Municipality]) -> Drawing:
    """Project outlines onto a plane and write them as SVG paths.

    Equirectangular, with longitudes shortened by the cosine of the middle latitude (coordinates
    are degrees in WGS 84): for a county the error stays below a pixel.
    """
    outlined = [(row, list(_rings(row.outline))) for row in municipalities if row.outline]
    rows = [(row, rings) for row, rings in outlined if any(rings)]
    points = [point for _row, rings in rows for ring in rings for point in ring]
    if not points:
        return Drawing(SIZE, SIZE, [], [])
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (SIZE - 2 * MARGIN) / max((east - west) * squeeze, north - south, 1e-9)

    def place(point: Point) -> tuple[int, int]:
        return (
            round((point[0] - west) * squeeze * scale) + MARGIN,
            round((north - point[1]) * scale) + MARGIN,
        )

    places = {row.pk: place(_label_point(row, rings)) for row, rings in rows}
    labelled = _labelled([row for row, _rings_of in rows], places)
    width = round((east - west) * squeeze * scale) + 2 * MARGIN
    height = round((north - south) * scale) + 2 * MARGIN
    shapes = []
    for row, rings in rows:
        x, y = places[row.pk]
        if row.pk in labelled:  # a long name must not stick out
            half = round(len(row.name) * LETTER / 2)
            x = min(max(x, half), max(width - half, half))
        path = "".join(_path([place(point) for point in ring]) for ring in rings)
        shapes.append(Shape(row.pk, path, x, y, row.pk in labelled, row.in_county))
    return Drawing(
        width=width,
        height=height,
        shapes=shapes,
        sources=list(dict.fromkeys(row.outline_source for row, _r in rows if row.outline_source)),
    )


def _rings(outline: dict[str, Any]) -> Iterator[list[Point]]:
    polygons = outline.get("coordinates", [])
    if outline.get("type") == "Polygon":
        polygons = [polygons]
    for polygon in polygons:
        for ring in polygon:
            yield [(float(point[0]), float(point[1])) for point in ring]


def _label_point(row: Municipality, rings: list[list[Point]]) -> Point:
    if row.label_longitude is not None and row.label_latitude is not None:
        return row.label_longitude, row.label_latitude
    return _middle(max(rings, key=len))


def _labelled(rows: list[Municipality], places: dict[int, tuple[int, int]]) -> set[int]:
    """Return whose names fit without touching each other; towns first, then by their names' length.

    Not all names fit on a phone; the others are read out, shown on pointing, and stand in the list.
    """

    def rank(row: Municipality) -> tuple[bool, bool, int]:
        kind = row.kind.lower()
        return "kreisstadt" not in kind and row.in_county, "stadt" not in kind, len(row.name)

    chosen: dict[int, tuple[int, int]] = {}
    widths = {row.pk: max(len(row.name) * LETTER, 40) for row in rows}
    for row in sorted(rows, key=rank):
        if row.in_county and "stadt" not in row.kind.lower():
            continue
        x, y = places[row.pk]
        if all(
            abs(y - other_y) > LABEL or abs(x - other_x) > (widths[row.pk] + widths[pk]) / 2
            for pk, (other_x, other_y) in chosen.items()
        ):
            chosen[row.pk] = (x, y)
    return set(chosen)


def _middle(ring: list[Point]) -> Point:
    return (
        (min(p[0] for p in ring) + max(p[0] for p in ring)) / 2,
        (min(p[1] for p in ring) + max(p[1] for p in ring)) / 2,
    )


def _path(points: list[tuple[int, int]]) -> str:
    """Return one closed ring, each point relative to the one before."""
    if not points:
        return ""
    x, y = points[0]
    parts = [f"M{x} {y}l"]
    steps = []
    for next_x, next_y in points[1:]:
        if (next_x, next_y) != (x, y):
            steps.append(f"{next_x - x} {next_y - y}")
            x, y = next_x, next_y
    if len(steps) < 2:
        return ""
    return parts[0] + " ".join(steps).replace(" -", "-") + "z"


_drawn: tuple[int, Drawing] | None = None


def drawing(index: Directory) -> Drawing:
    """Return the county's drawing, made once per process and content revision."""
    global _drawn
    found = _drawn
    if found is None or found[0] != index.revision:
        outlines = Municipality.objects.only(
            "name",
            "outline",
            "outline_source",
            "kind",
            "in_county",
            "label_longitude",
            "label_latitude",
        )
        found = _drawn = (index.revision, draw(outlines))
    return found[1]


def county_map(counts: dict[str, int] | None = None, index: Directory | None = None) -> CountyMap:
    """Return the county's map with the number of organisations in each municipality.

    :param counts: numbers by a municipality's slug, if not all public organisations are meant.
    :param index: the directory at hand, to spare asking for it.
    """
    index = index or directory()
    if counts is None:
        counts = {slug: slots.bit_count() for slug, slots in index.facets["municipality"].items()}
    picture = drawing(index)
    shapes = {shape.pk: shape for shape in picture.shapes}
    most = max(counts.values(), default=0)
    areas, neighbours = [], []
    for row in index.municipalities.values():
        count = counts.get(row.slug, 0)
        area = Area(
            municipality=row,
            count=count,
            shade=math.ceil(4 * count / most) if most else 0,
            shape=shapes.get(row.pk),
        )
        if row.in_county:
            areas.append(area)
        elif area.shape:
            neighbours.append(area)
    return CountyMap(drawing=picture, areas=areas, neighbours=neighbours)
