"""Organisations as the public sees them in lists: few columns, few queries, whatever the size."""

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch

from organisations.models import Organisation, OrganisationImage
from organisations.search import Directory

VISITOR = AnonymousUser()


def cards(pks: Sequence[int], directory: Directory) -> list[Organisation]:
    """Return the public organisations among `pks`, in that order, ready for their cards.

    Two queries. Rows come through `visible_to` a visitor, also for people who are logged in: a
    public list shows everybody the same, and what the index has not noticed yet stays hidden.
    """
    rows = (
        Organisation.objects.visible_to(VISITOR)
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
        .in_bulk(list(pks))
    )  # fmt: skip
    shown = [rows[pk] for pk in pks if pk in rows]
    for organisation in shown:
        organisation.shown_by = directory
        organisation.shown_topics = directory.topics_of(organisation.pk)
        organisation.shown_languages = directory.languages_of(organisation.pk)
        organisation.shown_municipality = directory.municipalities.get(organisation.municipality_id)
    return shown
