"""What the directory adds to the style page (`core:style`)."""

from django import template
from django.utils.translation import gettext as _

from organisations.models import Language, Municipality, Organisation, Topic

register = template.Library()


@register.simple_tag
def sample_organisations() -> list[Organisation]:
    """Cards at their emptiest and at their fullest, from rows that no database has."""
    empty = Organisation(name="Chor", slug="chor")
    full = Organisation(
        name="Verein für Begegnung, Bildung und Beratung am Marktplatz e. V.",
        slug="verein",
        kind=Organisation.Kind.ASSOCIATION,
        description=" ".join([_("Wir treffen uns jeden Freitag. Kommen Sie einfach vorbei.")] * 6),
        accessibility=Organisation.Accessibility.YES,
    )
    empty.shown_topics, empty.shown_languages, empty.shown_municipality = [], [], None
    full.shown_topics = [
        Topic(slug=slug, icon=slug, name=name)
        for slug, name in (
            ("bildung", _("Bildung und Lernen")),
            ("antidiskriminierung", _("Antidiskriminierung und Antirassismus")),
            ("begegnung", _("Begegnung und Feste")),
            ("sport", _("Sport und Bewegung")),
        )
    ]
    full.shown_languages = [Language(name="Türkisch"), Language(name="Kurdisch (Kurmandschi)")]
    full.shown_municipality = Municipality(name="B-Stadt")
    empty.shown_logos, full.shown_logos = [], []
    return [empty, full]
