"""The county's municipalities, brought in from a file: what that changes, and the change itself."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import history, revision
from core.errors import Conflict
from core.seen import fingerprint
from organisations.geojson import Collection, Feature, Place
from organisations.models import Municipality, PlacesFile, PostalCode
from organisations.services import taxonomy

# Somebody who was interrupted finds their file again; then it is loaded anew.
KEEP_FILES = timedelta(days=7)
READ_IN = gettext_lazy("Gemeinden eingelesen")


def may_load(user: Any) -> bool:
    """Whether somebody may bring in a county's municipalities: some come, some change, some go."""
    return all(
        user.has_perm(f"organisations.{action}_municipality")
        for action in ("add", "change", "delete")
    )


# --- The file -------------------------------------------------------------------------------------
def keep(
    collection: Collection, *, file_name: str, source: str, mapping: dict[str, str], by: User
) -> PlacesFile:
    """Remember what a file holds until somebody has decided about it."""
    return PlacesFile.objects.create(
        file_name=file_name[:200],
        source=source,
        content=asdict(collection),
        mapping=mapping,
        uploaded_by=by,
    )


def collection_of(file: PlacesFile) -> Collection:
    """Return what was kept."""
    content = dict(file.content)
    features = [Feature(**feature) for feature in content.pop("features")]
    return Collection(features, **content)


def forget_old() -> int:
    """Delete files nobody has decided about for a week."""
    return PlacesFile.objects.filter(uploaded_at__lte=timezone.now() - KEEP_FILES).delete()[0]


# --- What it changes ------------------------------------------------------------------------------
@dataclass
class Changed:
    """A municipality that is there, with what the file says otherwise: label, old, new."""

    municipality: Municipality
    place: Place
    texts: list[tuple[str, str, str]]


@dataclass
class Missing:
    """A municipality that is there and not in the file, and what uses it."""

    municipality: Municipality
    uses: list[str]


@dataclass
class Plan:
    """What bringing in a file does.

    :ivar kept: not in the file, but used: they are no part of the county any more.
    :ivar removed: not in the file, and not used.
    """

    new: list[Place] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    unchanged: int = 0
    kept: list[Missing] = field(default_factory=list)
    removed: list[Municipality] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """What tells whether it is still the plan somebody has seen."""
        parts = [
            *(f"+{place.ags}{place.name}" for place in self.new),
            *(f"~{one.municipality.pk}{one.texts}" for one in self.changed),
            *(f"!{one.municipality.pk}{one.uses}" for one in self.kept),
            *(f"-{one.pk}" for one in self.removed),
        ]
        return fingerprint(parts)

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.changed or self.kept or self.removed)


def plan(places: Sequence[Place], *, source: str) -> Plan:
    """Return what `load` would do; changes nothing.

    :param source: whom the outlines are from and under which licence, printed under the map.
    """
    found = Plan()
    there = {row.ags: row for row in _rows(Municipality.objects.all())}
    for place in places:
        row = there.pop(place.ags, None)
        if row is None:
            found.new.append(place)
        elif texts := _differences(row, place, source):
            found.changed.append(Changed(row, place, texts))
        else:
            found.unchanged += 1
    for row in there.values():
        uses = taxonomy.uses(row)
        if not uses:
            found.removed.append(row)
        elif row.in_county or row.outline:
            found.kept.append(Missing(row, uses))
    return found


def _rows(queryset: Any) -> Iterable[Municipality]:
    return queryset.order_by("slug").prefetch_related("postal_codes")


def _differences(row: Municipality, place: Place, source: str) -> list[tuple[str, str, str]]:
    def label(name: str) -> str:
        return str(Municipality._meta.get_field(name).verbose_name)  # type: ignore[union-attr]

    codes = sorted(code.code for code in row.postal_codes.all())
    found = []
    if row.name != place.name:
        found.append((label("name"), row.name, place.name))
    if place.kind is not None and row.kind != place.kind:
        found.append((label("kind"), row.kind, place.kind))
    if row.in_county == place.neighbour:
        words = {True: _("ja"), False: _("nein")}
        found.append((label("in_county"), words[row.in_county], words[not place.neighbour]))
    if place.postcodes is not None and codes != place.postcodes:
        found.append((_("Postleitzahlen"), ", ".join(codes), ", ".join(place.postcodes)))
    if row.outline != place.outline:
        found.append((label("outline"), _("bisher") if row.outline else "", _("neu")))
    if row.outline_source != source:
        found.append((label("outline_source"), row.outline_source, source))
    return found


# --- Doing it -------------------------------------------------------------------------------------
@transaction.atomic
def load(places: Sequence[Place], *, source: str, by: User | None, seen: str | None = None) -> Plan:
    """Make the municipalities of a file the county's, all or nothing.

    What is missing in the file stays if organisations use it, without an outline and as no part of
    the county, and is deleted otherwise. Called again with the same file, it changes nothing.

    :param source: see `plan`.
    :param seen: the fingerprint of the plan somebody has agreed to.
    :return: what was done.
    :raises Conflict: if it is another plan by now.
    """
    list(Municipality.objects.select_for_update().order_by("pk").values_list("pk"))
    done = plan(places, source=source)
    if seen is not None and seen != done.fingerprint:
        raise Conflict({"plan": done.fingerprint})
    for gone in done.removed:
        history.note(gone, by=by, reason=READ_IN)
        gone.delete()
    for one in done.changed:
        _write(one.municipality, one.place, source, by)
    for place in done.new:
        row = Municipality(ags=place.ags, slug=taxonomy.free_slug(Municipality, place.name))
        _write(row, place, source, by)
    for missing in done.kept:
        row = missing.municipality
        row.in_county = False
        row.outline, row.outline_source = None, ""
        row.label_longitude = row.label_latitude = None
        history.note(row, by=by, reason=READ_IN)
        row.save()
    revision.bump()
    return done


def _write(row: Municipality, place: Place, source: str, by: User | None) -> None:
    row.name, row.in_county, row.outline_source = place.name, not place.neighbour, source
    if place.kind is not None:
        row.kind = place.kind
    if row.outline != place.outline:
        row.outline = place.outline
        # The old label may stand outside of the new outline; the map finds a place for it.
        row.label_longitude = row.label_latitude = None
    history.note(row, by=by, reason=READ_IN)
    row.save()
    if place.postcodes is not None:
        row.postal_codes.exclude(code__in=place.postcodes).delete()
        for code in place.postcodes:
            PostalCode.objects.get_or_create(code=code, municipality=row)
