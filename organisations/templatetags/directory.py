"""The directory's parts that other pages show as well."""

from typing import Any

from django import template
from django.urls import reverse

from organisations.forms.directory import Selection
from organisations.map import CountyMap
from organisations.map import county_map as county_map_data

register = template.Library()


@register.inclusion_tag("components/county_map.html")
def county_map(data: CountyMap | None = None, selection: Selection | None = None) -> dict[str, Any]:
    """The county's map; each municipality leads to its organisations.

    :param data: from `organisations.map.county_map`, if the page has it already.
    :param selection: what is chosen on the page; the links keep it and change only the place.
    """
    data = data or county_map_data()
    chosen = (selection or Selection()).changed()
    path = reverse("organisations:list")
    entries = [
        (
            area,
            path + chosen.changed(municipality=frozenset({area.municipality.slug})).query_string(),
        )
        for area in data.areas
    ]
    return {
        "map": data,
        "entries": entries,
        "chosen": chosen.filters.municipality,
        "sources": data.sources,
    }
