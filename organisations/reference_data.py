"""Topics, target groups, languages, municipalities: what every portal begins with.

The files lie in `fixtures/`, their sources in `docs/sources.md`. Loading again only adds what is
missing: what an officer has renamed, reordered or deleted on purpose is hers. Another county loads
its own municipalities and outlines with `manage.py load_reference_data`.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils.text import slugify

from core import revision
from organisations.models import Language, Municipality, PostalCode, TargetGroup, Topic

FIXTURES = Path(__file__).with_name("fixtures")
TAXONOMY = FIXTURES / "taxonomy.json"
MUNICIPALITIES = FIXTURES / "municipalities.csv"
OUTLINES = FIXTURES / "outlines.geojson"

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


# What a higher app adds to a new portal, each returning how many rows are new by model's name.
more: list[Callable[[], Counter[str]]] = []


class Unreadable(ValueError):
    """A file does not have the form it should have; the text says where."""


@transaction.atomic
def load(
    *,
    municipalities: Path = MUNICIPALITIES,
    outlines: Path = OUTLINES,
    taxonomy: Path = TAXONOMY,
    update: bool = False,
) -> Counter[str]:
    """Bring the reference data into the database.

    :param municipalities: CSV with the columns ags, name, kind, postcodes (several divided by
        blanks) and, if wanted, name_<language> for further languages.
    :param outlines: GeoJSON in WGS 84, features with the property ags and, if wanted, label
        ([longitude, latitude]), neighbour (true: on the map only) and name_<language>.
    :param update: whether rows that exist are set back to what the files say.
    :return: how many rows were created or changed, by the model's name.
    :raises Unreadable: if a file is not as described; nothing is loaded then.
    """
    done: Counter[str] = Counter()
    entries = _json(taxonomy)
    for position, entry in enumerate(entries["topics"]):
        values = {
            "name": entry["name"],
            "examples": entry["examples"],
            "icon": entry["slug"],
            "position": position,
            "translations": entry["translations"],
        }
        _put(Topic, done, update, {"slug": entry["slug"]}, values)
    for position, entry in enumerate(entries["target_groups"]):
        values = {
            "name": entry["name"],
            "position": position,
            "translations": entry["translations"],
        }
        _put(TargetGroup, done, update, {"slug": entry["slug"]}, values)
    for position, entry in enumerate(entries["languages"]):
        values = {
            "slug": entry["code"].lower(),
            "name": entry["name"],
            "iso639_3": entry["iso639_3"],
            "endonym": entry["endonym"],
            "rtl": entry["rtl"],
            "position": position,
            "translations": entry["translations"],
        }
        _put(Language, done, update, {"code": entry["code"]}, values)
    _load_municipalities(municipalities, done, update)
    _load_outlines(outlines, done, update)
    for load_more in more:
        done += load_more()
    revision.bump()
    return done


def _load_municipalities(path: Path, done: Counter[str], update: bool) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for line, row in enumerate(rows, 2):
        ags, name = (row.get("ags") or "").strip(), (row.get("name") or "").strip()
        if not (ags.isdigit() and len(ags) == 8 and name):
            raise Unreadable(f"{path.name}, line {line}: ags must have eight digits, with a name.")
        municipality, created = _put(
            Municipality,
            done,
            update,
            {"ags": ags},
            {
                "slug": _free_slug(name, ags),
                "name": name,
                "kind": (row.get("kind") or "").strip(),
                "translations": _translations(row),
            },
        )
        if created or update:
            for code in (row.get("postcodes") or "").split():
                if not re.fullmatch(r"[0-9]{5}", code):
                    raise Unreadable(f"{path.name}, line {line}: {code} is no postcode.")
                PostalCode.objects.get_or_create(code=code, municipality=municipality)


def _load_outlines(path: Path, done: Counter[str], update: bool) -> None:
    collection = _json(path)
    source = collection.get("attribution", "")
    for feature in collection.get("features", []):
        properties, geometry = feature.get("properties", {}), feature.get("geometry") or {}
        ags = str(properties.get("ags", ""))
        if not ags or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
            raise Unreadable(f"{path.name}: a feature needs ags and a (Multi)Polygon, not {ags!r}.")
        if properties.get("neighbour"):
            _put(
                Municipality,
                done,
                update,
                {"ags": ags},
                {
                    "slug": _free_slug(properties["name"], ags),
                    "name": properties["name"],
                    "in_county": False,
                    "translations": _translations(properties),
                },
            )
        municipality = Municipality.objects.filter(ags=ags).first()
        if municipality is None or (municipality.outline and not update):
            continue
        label = properties.get("label") or (None, None)
        municipality.outline = {"type": geometry["type"], "coordinates": geometry["coordinates"]}
        municipality.outline_source = source
        municipality.label_longitude, municipality.label_latitude = label
        municipality.save()


def _put(
    model: type[models.Model],
    done: Counter[str],
    update: bool,
    key: dict[str, Any],
    values: dict[str, Any],
) -> tuple[Any, bool]:
    """Create the row unless it exists; with `update`, set an existing one to `values`."""
    row, created = model._default_manager.get_or_create(**key, defaults=values)
    changed = update and any(getattr(row, field) != value for field, value in values.items())
    if changed:
        for field, value in values.items():
            setattr(row, field, value)
        row.save()
    if created or changed:
        done[model.__name__] += 1
    return row, created


def _free_slug(name: str, ags: str) -> str:
    """Return the name as it stands in addresses; two places of one name differ by their key."""
    slug = slugify(name.lower().translate(UMLAUTS))[:50]
    taken = Municipality.objects.filter(slug=slug).exclude(ags=ags).exists()
    return f"{slug}-{ags}" if taken or not slug else slug


def _translations(row: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        column.removeprefix("name_"): {"name": text.strip()}
        for column, text in row.items()
        if column and column.startswith("name_") and text and text.strip()
    }


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Unreadable(f"{path.name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise Unreadable(f"{path.name} must hold one JSON object.")
    return content
