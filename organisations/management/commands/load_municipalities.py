from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from organisations import geojson
from organisations.services import places


class Command(BaseCommand):
    help = (
        "Make the municipalities of a GeoJSON file (WGS 84, polygons with key and name) the "
        "county's, with their outlines. What is not in the file goes, unless organisations use it. "
        "All or nothing; the same file twice changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a FeatureCollection of (Multi)Polygons")
        parser.add_argument(
            "--source",
            help="whom the outlines are from and under which licence; printed under the map",
        )
        for fact in geojson.FIELDS:
            parser.add_argument(
                f"--{fact}",
                metavar="PROPERTY",
                help=f"the file's property with the {fact}, if it is not recognised",
            )
        parser.add_argument(
            "--preview", action="store_true", help="say what would be done, and do nothing"
        )

    def handle(self, **options: Any) -> None:
        try:
            collection = geojson.read(options["file"].read_bytes())
            mapping = geojson.recognise(collection.names)
            mapping |= {fact: options[fact] for fact in geojson.FIELDS if options[fact]}
            source = options["source"] or collection.source
            if not source:
                raise CommandError("Give the source and licence with --source.")
            found, notes = geojson.understand(collection, mapping)
        except OSError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        for note in notes:
            self.stdout.write(note)
        if options["preview"]:
            done = places.plan(found, source=source[:120])
        else:
            done = places.load(found, source=source[:120], by=None)
        self.stdout.write(
            f"new: {len(done.new)}, changed: {len(done.changed)}, unchanged: {done.unchanged}, "
            f"no longer in the county: {len(done.kept)}, removed: {len(done.removed)}"
        )
        for missing in done.kept:
            self.stdout.write(f"  {missing.municipality.name}: {', '.join(missing.uses)}")
