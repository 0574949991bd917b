"""The directory's parts that other pages show as well."""

import json
from collections.abc import Iterable
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext, pgettext

from organisations.forms.directory import Group, Selection
from organisations.map import CountyMap
from organisations.map import county_map as county_map_data
from organisations.models import Organisation
from organisations.profile import beginning, text

register = template.Library()

CHECKED = mark_safe(" checked")
TOPICS = 3  # on a card
TEXT_LENGTH = 170


@register.inclusion_tag("components/county_map.html")
def county_map(data: CountyMap | None = None, selection: Selection | None = None) -> dict[str, Any]:
    """The county's map; each municipality leads to its organisations.

    :param data: from `organisations.map.county_map`, if the page has it already.
    :param selection: what is chosen on the page; the links keep it and change only the place.
    """
    data = data or county_map_data()
    chosen = (selection or Selection()).changed()
    path = reverse("organisations:list")
    entries = []
    for area in data.areas:
        name = str(area.municipality)
        label = ngettext(
            "%(place)s: %(number)d Organisation", "%(place)s: %(number)d Organisationen", area.count
        )
        there = chosen.changed(municipality=frozenset({area.municipality.slug}))
        entries.append(
            {
                "area": area,
                "name": name,
                "label": label % {"place": name, "number": area.count},
                "url": path + there.query_string(),
            }
        )
    return {
        "map": data,
        "entries": entries,
        "chosen": chosen.filters.municipality,
        "sources": data.sources,
    }


@register.simple_tag
def filter_choices(group: Group, form: str) -> SafeString:
    """The boxes of one filter with their numbers; there are many, so they are not a template.

    :param form: id of the form they belong to.
    """
    return format_html_join(
        "",
        '<li><label class="filters__choice"><input class="form-check-input" type="checkbox"'
        ' name="{}" value="{}" form="{}"{}><span>{}{}</span>'
        '<span class="filters__count">{}</span></label></li>',
        (
            (
                group.parameter,
                choice.slug,
                form,
                CHECKED if choice.chosen else "",
                choice.label,
                format_html(' <bdi class="muted" lang="{}">{}</bdi>', choice.lang, choice.hint)
                if choice.hint
                else "",
                choice.count,
            )
            for choice in group.choices
        ),
    )


@register.simple_tag
def card_facts(organisation: Organisation) -> dict[str, Any]:
    """What a card shows of an organisation, from what the view has at hand.

    :param organisation: from `organisations.cards`; of others, the relations are asked for.
    """
    if hasattr(organisation, "shown_topics"):
        topics = organisation.shown_topics
        languages = organisation.shown_languages
        municipality = organisation.shown_municipality
        logos = organisation.shown_logos
    else:
        topics, languages = list(organisation.topics.all()), list(organisation.languages.all())
        municipality, logos = organisation.municipality, []
    description = text(organisation, "description")
    return {
        "topics": topics[:TOPICS],
        "more_topics": max(len(topics) - TOPICS, 0),
        "languages": enumeration(languages),
        "municipality": municipality,
        "logo": logos[0] if logos else None,
        "text": beginning(description.text, TEXT_LENGTH) if description else "",
        "text_language": ""
        if not description or description.is_translated
        else description.language,
        "is_accessible": organisation.accessibility == Organisation.Accessibility.YES,
    }


@register.simple_tag
def linked_data(data: dict[str, Any]) -> SafeString:
    """Data for search engines as JSON-LD. It is no script that runs, so the CSP lets it stand."""
    # The same three letters Django's json_script escapes: nothing in a name can end the element.
    escaped = json.dumps(data, ensure_ascii=False).translate(
        {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
    )
    return format_html(
        '<script type="application/ld+json">{}</script>',
        mark_safe(escaped),
    )


@register.filter
def enumeration(things: Iterable[object]) -> str:
    """Things in one line, with the comma of the reader's language between them."""
    comma = pgettext("zwischen den Teilen einer Aufzählung, mit Leerzeichen", ", ")
    return comma.join(str(thing) for thing in things)
