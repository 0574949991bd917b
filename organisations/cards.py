"""Organisations as the public sees them in lists: drawn once, few queries whatever the size."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from organisations.models import Organisation, OrganisationImage
from organisations.search import Directory

VISITOR = AnonymousUser()
CARD = "components/organisation_card.html"
MOST_CARDS = 1000  # kept in memory, about 3 kB each


def cards(pks: Sequence[int], directory: Directory) -> list[SafeString]:
    """Return the cards of the public organisations among `pks`, in that order, as HTML.

    A card shows everybody the same, also people who are logged in. It is drawn once per language,
    kept with the index it was made from and goes with it. What is public is asked each time: what
    the index has not noticed yet stays hidden.
    """
    language = get_language()
    public = set(
        Organisation.objects.visible_to(VISITOR)
        .filter(pk__in=pks)
        .order_by()
        .values_list("pk", flat=True)
    )
    shown = [pk for pk in pks if pk in public]
    kept = {pk: html for pk in shown if (html := directory.drawn.get((language, pk)))}
    if missing := [pk for pk in shown if pk not in kept]:
        if len(directory.drawn) >= MOST_CARDS:
            directory.drawn.clear()
        for organisation in _ready(missing, directory):
            html = render_to_string(CARD, {"organisation": organisation})
            kept[organisation.pk] = directory.drawn[(language, organisation.pk)] = html
    return [kept[pk] for pk in shown if pk in kept]


def _ready(pks: Iterable[int], directory: Directory) -> Iterable[Organisation]:
    """Yield organisations with all their card shows; two queries."""
    rows = (
        Organisation.objects.visible_to(VISITOR)
        .filter(pk__in=pks)
        .only("name", "short_name", "slug", "kind", "state", "municipality", "description",
              "translations", "accessibility")
        .prefetch_related(
            Prefetch(
                "images",
                OrganisationImage.objects.filter(kind="logo", pending=False),
                to_attr="shown_logos",
            )
        )
        .order_by()
    )  # fmt: skip
    for organisation in rows:
        organisation.shown_topics = directory.topics_of(organisation.pk)
        organisation.shown_languages = directory.languages_of(organisation.pk)
        organisation.shown_municipality = directory.municipalities.get(organisation.municipality_id)
        yield organisation
