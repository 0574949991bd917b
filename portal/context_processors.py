"""What every page knows about the network it belongs to."""

from typing import Any

from django.core.cache import caches
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core import revision
from core.translations import TranslatedModel
from portal.models import NetworkProfile

SECONDS = 3600


class Spoken:
    """A translated row as templates read it: `network.name` is in the reader's language."""

    def __init__(self, row: TranslatedModel) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._row.translated_fields:
            return self._row.translated(name)
        return getattr(self._row, name)

    def __str__(self) -> str:
        return self._row.translated("name")


def current_profile() -> NetworkProfile | None:
    """Return the network's profile from memory; a change is seen with the next request.

    :return: None before the portal is set up, and while the database is gone.
    """
    pages = caches["pages"]
    try:
        key = f"network:{revision.current()}"
        profile = pages.get(key)
        if profile is None:
            profile = NetworkProfile.objects.filter(pk=1).first()
            pages.set(key, profile, SECONDS)
    except DatabaseError:
        return None
    return profile


def edits_checked_first() -> bool:
    """Whether the officer looks at edits before they are public; see the profile."""
    profile = current_profile()
    return profile is not None and profile.edits_checked_first


def federal_state() -> str:
    """The code of the Land whose holidays count, such as "BW"; "" while nobody has said it."""
    profile = current_profile()
    return profile.federal_state if profile else ""


def meetings_per_year() -> int | None:
    """How often the network wants to meet; None while there is no profile."""
    profile = current_profile()
    return profile.meetings_per_year if profile else None


def network(request: HttpRequest) -> dict[str, object]:
    """Give templates `network`; a page that does not use it asks the database nothing."""

    def look_up() -> Spoken | None:
        profile = current_profile()
        return Spoken(profile) if profile else None

    return {"network": SimpleLazyObject(look_up)}
