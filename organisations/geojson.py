"""Reading other people's GeoJSON: municipalities with their outlines, and nothing that could harm.

A file is taken apart piece by piece; what is not as it should be is refused with a message that
says where, and nothing is half read. `read` raises `ValidationError` and nothing else, whatever it
is given (RFC 7946 is what is asked for; common slips such as open rings are mended).
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.text import clean_text

MAX_BYTES = 10 * 1024 * 1024
MAX_FEATURES = 2_000
MAX_POINTS = 200_000
# What a feature says of itself: so many properties are offered for the mapping.
MAX_PROPERTIES = 60
VALUE_LENGTH = 500
# Outlines are kept this fine: about a thousandth of the picture's size (`organisations.map`), so
# that nothing is lost that could be seen. Points are moved to a grid, not left out one by one:
# two neighbours share their border, and still do so afterwards.
GRID = 1_000
# So few points for each municipality on average need no simplifying.
FINE_ENOUGH = 60
# About a metre; finer makes files long and shows nothing.
DECIMALS = 5

Ring = list[tuple[float, float]]
Polygon = list[Ring]

# The properties of common sources, folded: BKG VG250, exports of OpenStreetMap, this portal's own.
KNOWN: dict[str, tuple[str, ...]] = {
    "ags": (
        "ags", "de:amtlicher_gemeindeschluessel", "amtlicher_gemeindeschluessel",
        "gemeindeschluessel", "gemeindeschlüssel", "ags_0", "ags8", "gem_schl", "schluessel",
        "ars", "rs", "de:regionalschluessel", "regionalschluessel",
    ),
    "name": ("gen", "name", "gemeinde", "gemeindename", "gem_name", "name:de", "ort"),
    "kind": ("bez", "kind", "art", "bezeichnung", "name:prefix", "official_name_prefix"),
    "postcodes": (
        "postcodes", "plz", "postleitzahl", "postleitzahlen", "postal_code", "addr:postcode",
    ),
    "neighbour": ("neighbour",),
}  # fmt: skip
FIELDS = ("ags", "name", "kind", "postcodes")
NEEDED = ("ags", "name")


@dataclass(frozen=True)
class Feature:
    """One outline with what the file says of it.

    :ivar number: its place in the file, counted from one.
    :ivar outline: a GeoJSON geometry (MultiPolygon), simplified.
    """

    number: int
    properties: dict[str, str]
    outline: dict[str, Any]


@dataclass(frozen=True)
class Collection:
    """What a file holds.

    :ivar names: of the properties, in the order they come.
    :ivar source: what the file says about whom it is from, if it does.
    :ivar notes: what was decided about the file, in words.
    """

    features: list[Feature]
    names: list[str]
    source: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """A municipality as a file has it.

    :ivar outline: as `Feature` has it.
    :ivar postcodes: None if the file says nothing about them.
    :ivar kind: None if the file says nothing about it.
    """

    ags: str
    name: str
    kind: str | None
    postcodes: list[str] | None
    neighbour: bool
    outline: dict[str, Any]


def read(content: bytes) -> Collection:
    """Return what a GeoJSON file holds.

    :raises ValidationError: if it is none, too large, not in WGS 84, or has a geometry that no
        municipality can have; the text says where.
    """
    if len(content) > MAX_BYTES:
        raise refused(
            "too_large",
            _(
                "Die Datei ist größer als 10 MB. Bitte wählen Sie nur die Gemeinden Ihres "
                "Landkreises aus, oder vereinfachen Sie die Umrisse, zum Beispiel mit QGIS oder "
                "mapshaper."
            ),
        )
    # Each point has a bracket: what has far too many is not even taken apart.
    if content.count(b"[") > 2 * MAX_POINTS + 10_000:
        raise _too_many_points()
    # A feature has three of them; millions of empty ones would fill the memory.
    if content.count(b"{") > 20 * MAX_FEATURES:
        raise refused(
            "too_many",
            _(
                "In der Datei steht zu viel. Bitte wählen Sie nur die Gemeinden Ihres "
                "Landkreises aus."
            ),
        )
    data = _parsed(content)
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise refused(
            "no_collection",
            _("Das ist keine GeoJSON-Datei mit Gemeinden (gesucht: eine „FeatureCollection“)."),
        )
    _check_reference_system(data.get("crs"))
    entries = data.get("features")
    if not isinstance(entries, list) or not entries:
        raise refused("empty", _("In der Datei stehen keine Gemeinden."))
    if len(entries) > MAX_FEATURES:
        raise refused(
            "too_many",
            _(
                "In der Datei stehen %(number)s Flächen, höchstens %(most)s sind möglich. Bitte "
                "wählen Sie nur die Gemeinden Ihres Landkreises aus."
            )
            % {"number": len(entries), "most": MAX_FEATURES},
        )
    source = data.get("attribution") or data.get("copyright")
    return _collection(entries, _text(source) if isinstance(source, str) else "")


def refused(code: str, text: str) -> ValidationError:
    return ValidationError(text, code=code)


def _parsed(content: bytes) -> Any:
    def no_number(name: str) -> Any:
        raise refused("not_finite", _("In der Datei steht eine Zahl, die keine ist: %s.") % name)

    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=no_number)
    except UnicodeDecodeError as error:
        raise refused(
            "not_text", _("Die Datei ist nicht lesbar. GeoJSON ist Text in UTF-8.")
        ) from error
    except RecursionError as error:
        raise refused("too_deep", _("Die Datei ist zu tief verschachtelt.")) from error
    except ValueError as error:
        raise refused(
            "no_json",
            _(
                "Das ist keine GeoJSON-Datei. Eine Shape-Datei (.shp) wandeln Sie vorher um, zum "
                "Beispiel mit QGIS."
            ),
        ) from error


def _check_reference_system(crs: Any) -> None:
    """Refuse a file that says itself that its coordinates are others (as older files do)."""
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and not re.search(r"CRS:?:?84\b|EPSG:+4326\b", name, re.IGNORECASE):
        raise refused(
            "not_wgs84",
            _(
                "Die Datei sagt, dass ihre Koordinaten nicht in WGS 84 sind (%(name)s). Bitte "
                "geben Sie sie in WGS 84 (EPSG:4326) aus."
            )
            % {"name": _text(name)[:60]},
        )


def _collection(entries: list[Any], source: str) -> Collection:
    found: list[tuple[int, dict[str, str], list[Polygon]]] = []
    left_out = 0
    points = 0
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or entry.get("type") != "Feature":
            raise refused("no_feature", _("Nr. %s in der Datei ist keine Fläche.") % number)
        geometry = entry.get("geometry")
        if isinstance(geometry, dict) and geometry.get("type") == "Point":
            left_out += 1  # exports of OpenStreetMap have one for each name
            continue
        properties = _properties(entry.get("properties"))
        polygons = list(_polygons(geometry, _where(number, properties)))
        points += sum(len(ring) for polygon in polygons for ring in polygon)
        if points > MAX_POINTS:
            raise _too_many_points()
        found.append((number, properties, polygons))
    if not found:
        raise refused("empty", _("In der Datei stehen keine Flächen, nur Punkte."))
    shapes = [polygons for _number, _properties, polygons in found]
    _check_place(shapes)
    notes = []
    if left_out:
        text = ngettext(
            "%(number)s Punkt ist keine Fläche und wird ausgelassen.",
            "%(number)s Punkte sind keine Flächen und werden ausgelassen.",
            left_out,
        )
        notes.append(text % {"number": left_out})
    features = [
        Feature(number, properties, outline)
        for (number, properties, _polygons), outline in zip(found, simplified(shapes), strict=True)
    ]
    names = dict.fromkeys(name for feature in features for name in feature.properties)
    return Collection(features, list(names)[:MAX_PROPERTIES], source, notes)


def _too_many_points() -> ValidationError:
    return refused(
        "too_many_points",
        _(
            "Die Umrisse haben zusammen mehr als %(most)s Punkte. Bitte vereinfachen Sie sie, zum "
            "Beispiel mit QGIS („Geometrien vereinfachen“) oder mapshaper."
        )
        % {"most": MAX_POINTS},
    )


def _properties(entry: Any) -> dict[str, str]:
    """Return a feature's properties as text; lists are joined, what is nested is left out."""
    if not isinstance(entry, dict):
        return {}
    found = {}
    for name, value in list(entry.items())[:MAX_PROPERTIES]:
        if isinstance(value, list):
            value = " ".join(_text(one) for one in value[:100] if isinstance(one, (str, int)))
        if isinstance(value, (str, int, float)):
            text = _text(value)
            if text and (key := _text(name)[:80]):
                found[key] = text
    return found


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return clean_text(str(value)[: 2 * VALUE_LENGTH], multiline=False)[:VALUE_LENGTH]
    except ValueError:  # a number with thousands of digits
        return ""


def _where(number: int, properties: Mapping[str, str]) -> str:
    """Return how a message names a feature: its number, and its name if it has one."""
    by_name = {name.casefold(): text for name, text in properties.items()}
    name = next((by_name[one] for one in KNOWN["name"] if one in by_name), "")
    return (
        _("Nr. %(number)s („%(name)s“)") % {"number": number, "name": name[:60]}
        if name
        else (_("Nr. %(number)s") % {"number": number})
    )


# --- Geometries -----------------------------------------------------------------------------------
def _polygons(geometry: Any, where: str) -> Iterator[Polygon]:
    if not isinstance(geometry, dict):
        raise refused("no_geometry", _("%s hat keinen Umriss.") % where)
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        shown = _text(kind)[:30] if isinstance(kind, str) else "?"
        raise refused(
            "wrong_geometry",
            _("%(where)s ist keine Fläche, sondern „%(kind)s“. Gesucht: Polygon oder MultiPolygon.")
            % {"where": where, "kind": shown},
        )
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise refused("no_geometry", _("%s hat keinen Umriss.") % where)
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise refused("no_geometry", _("%s hat keinen Umriss.") % where)
        rings = [_ring(ring, where) for ring in polygon]
        yield rings


def _ring(ring: Any, where: str) -> Ring:
    """Return a ring, closed; what comes twice in a row is one point."""
    if not isinstance(ring, list):
        raise refused("no_ring", _("Der Umriss von %s ist nicht lesbar.") % where)
    found: Ring = []
    for point in ring:
        place = _point(point, where)
        if not found or found[-1] != place:
            found.append(place)
    if found and found[0] != found[-1]:
        found.append(found[0])
    if len(set(found)) < 3:
        raise refused("no_ring", _("Der Umriss von %s hat weniger als drei Punkte.") % where)
    return found


def _point(point: Any, where: str) -> tuple[float, float]:
    numbers = point[:2] if isinstance(point, list) else []
    if len(numbers) < 2 or not all(
        isinstance(one, (int, float)) and not isinstance(one, bool) for one in numbers
    ):
        raise refused("no_point", _("Im Umriss von %s steht ein Punkt, der keiner ist.") % where)
    try:
        x, y = float(numbers[0]), float(numbers[1])
    except OverflowError:
        x = y = math.inf
    if not (math.isfinite(x) and math.isfinite(y)) or abs(x) > 180 or abs(y) > 90:
        raise refused(
            "not_wgs84",
            _(
                "Die Koordinaten von %s sind keine Grad, sondern vermutlich Meter (zum Beispiel "
                "UTM oder Gauß-Krüger). Bitte geben Sie die Datei in WGS 84 (EPSG:4326) aus."
            )
            % where,
        )
    return round(x, DECIMALS), round(y, DECIMALS)


def _check_place(shapes: Sequence[list[Polygon]]) -> None:
    """Refuse latitudes where longitudes should stand: a German county would lie in Somalia."""
    if all(47 <= x <= 56 and 5 <= y <= 16 for x, y in _points(shapes)):
        raise refused(
            "swapped",
            _(
                "Länge und Breite sind vertauscht. In GeoJSON steht die Länge vorn, etwa "
                "[8.2, 48.8]."
            ),
        )


# --- What the properties mean ---------------------------------------------------------------------
def recognise(names: Iterable[str]) -> dict[str, str]:
    """Return which property is what, by `FIELDS` and "neighbour": common sources are known."""
    by_name = {name.casefold(): name for name in reversed(list(names))}
    found = {}
    for fact, known in KNOWN.items():
        name = next((by_name[one] for one in known if one in by_name), None)
        if name is not None:
            found[fact] = name
    return found


def understand(collection: Collection, mapping: Mapping[str, str]) -> tuple[list[Place], list[str]]:
    """Return the municipalities of a file, and notes about what was left out.

    :param mapping: names of properties by `FIELDS` and "neighbour"; see `recognise`.
    :raises ValidationError: with every fault at once, ten at most.
    """
    faults: list[ValidationError] = []
    found: dict[str, tuple[Feature, Any]] = {}
    water = 0
    for feature in collection.features:
        facts = {fact: feature.properties.get(name, "") for fact, name in mapping.items() if name}
        # VG250 has areas of water as features of their own, with the municipality's key.
        if feature.properties.get("GF") in {"1", "2", "3"}:
            water += 1
            continue
        where = _where(feature.number, feature.properties)
        try:
            known = _facts(facts, where)
        except ValidationError as error:
            faults.append(error)
            continue
        if known["ags"] in found:
            other = found[known["ags"]][0]
            text = _("%(where)s hat denselben Gemeindeschlüssel wie %(other)s: %(ags)s.")
            words = {
                "where": where,
                "other": _where(other.number, other.properties),
                "ags": known["ags"],
            }
            faults.append(refused("twice", text % words))
            continue
        found[known["ags"]] = (feature, known)
    if faults:
        shown = faults[:10]
        if len(faults) > 10:
            more = len(faults) - 10
            text = ngettext(
                "… und %(number)s weiterer Fehler.", "… und %(number)s weitere Fehler.", more
            )
            shown.append(refused("more", text % {"number": more}))
        raise ValidationError(shown)
    if not found:
        raise refused("empty", _("In der Datei stehen keine Gemeinden."))
    notes = list(collection.notes)
    if water:
        text = ngettext(
            "%(number)s Wasserfläche wird ausgelassen.",
            "%(number)s Wasserflächen werden ausgelassen.",
            water,
        )
        notes.append(text % {"number": water})
    places = [Place(outline=feature.outline, **known) for feature, known in found.values()]
    return places, notes


def _facts(facts: Mapping[str, str], where: str) -> dict[str, Any]:
    name = facts.get("name", "")
    if not name:
        raise refused("no_name", _("%s hat keinen Namen.") % where)
    if len(name) > 120 or re.search(r"[<>{}\\]", name) or not any(map(str.isalpha, name)):
        raise refused("bad_name", _("%s hat einen Namen, der keiner sein kann.") % where)
    kind = facts.get("kind")
    if kind is not None and (len(kind) > 60 or re.search(r"[<>{}\\]", kind)):
        raise refused("bad_kind", _("%s hat eine Art, die keine sein kann.") % where)
    return {
        "ags": _key(facts.get("ags", ""), where),
        "name": name,
        "kind": kind,
        "postcodes": _postcodes(facts["postcodes"], where) if "postcodes" in facts else None,
        "neighbour": facts.get("neighbour", "").casefold() in {"true", "1", "ja", "yes"},
    }


def _key(text: str, where: str) -> str:
    """Return the eight digits of a municipality's key.

    A table program eats the zero in front; the long key (ARS, twelve digits) has four more for the
    association of municipalities between county and municipality.
    """
    digits = re.sub(r"[\s/.-]", "", text)
    if re.fullmatch(r"[0-9]{11,12}", digits):
        digits = digits.zfill(12)
        digits = digits[:5] + digits[9:]
    if re.fullmatch(r"[0-9]{7,8}", digits):
        return digits.zfill(8)
    shown = text[:20] or _("leer")
    raise refused(
        "bad_key",
        _("%(where)s hat keinen Gemeindeschlüssel mit acht Ziffern (dort steht: %(text)s).")
        % {"where": where, "text": shown},
    )


def _postcodes(text: str, where: str) -> list[str]:
    codes = [code for code in re.split(r"[\s,;/|]+", text) if code]
    if not all(re.fullmatch(r"[0-9]{4,5}", code) for code in codes) or len(codes) > 60:
        raise refused("bad_postcode", _("%s hat eine Postleitzahl, die keine ist.") % where)
    return sorted({code.zfill(5) for code in codes})


# --- Simpler outlines -----------------------------------------------------------------------------
def simplified(shapes: Sequence[list[Polygon]]) -> list[dict[str, Any]]:
    """Return outlines as GeoJSON MultiPolygons, as fine as the map can show them.

    Every point goes to the nearest of a grid, the same for all, so that neighbours keep their
    common border; what then is the same point, or lies on a line between two others, goes. A part
    that is too small to be seen goes as well, unless it is all there is.
    """
    points = list(_points(shapes))
    longitudes, latitudes = zip(*points, strict=True)
    size = max(max(longitudes) - min(longitudes), max(latitudes) - min(latitudes))
    # What has been simplified already stays as it is.
    step = size / GRID if len(points) > FINE_ENOUGH * len(shapes) else 0
    return [
        {
            "type": "MultiPolygon",
            "coordinates": [
                [[list(point) for point in ring] for ring in polygon]
                for polygon in (_coarse(polygons, step) or polygons)
            ],
        }
        for polygons in shapes
    ]


def _points(shapes: Sequence[list[Polygon]]) -> Iterator[tuple[float, float]]:
    return (p for polygons in shapes for polygon in polygons for ring in polygon for p in ring)


def _coarse(polygons: list[Polygon], step: float) -> list[Polygon]:
    if not step:
        return polygons
    found = []
    for polygon in polygons:
        outer, *holes = (_on_grid(ring, step) for ring in polygon)
        if outer:
            found.append([outer, *filter(None, holes)])
    return found


def _on_grid(ring: Ring, step: float) -> Ring:
    """Return a ring on the grid, empty if nothing is left of it."""
    kept: list[tuple[int, int]] = []
    for x, y in ring:
        place = round(x / step), round(y / step)
        if kept and kept[-1] == place:
            continue
        # On a straight line the point in between goes; there and back keeps it.
        while len(kept) > 1 and _is_between(kept[-2], kept[-1], place):
            kept.pop()
        kept.append(place)
    if len(set(kept)) < 3:
        return []
    return [(round(x * step, DECIMALS), round(y * step, DECIMALS)) for x, y in kept]


def _is_between(one: tuple[int, int], middle: tuple[int, int], other: tuple[int, int]) -> bool:
    ax, ay = middle[0] - one[0], middle[1] - one[1]
    bx, by = other[0] - middle[0], other[1] - middle[1]
    return ax * by == ay * bx and ax * bx + ay * by > 0
