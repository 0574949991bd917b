"""What an organisation is asked about itself: every field, in the sections it is asked in.

Forms, the summary before sending, the officer's page, the admin and whatever brings organisations
in or out follow this list; a new question is added here first.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from organisations.models import Organisation


@dataclass(frozen=True)
class Section:
    """Questions that belong together.

    :ivar step: the step of the registration that asks them; see `services.registration.STEPS`.
    :ivar title: for pages about the organisation; the step's own title speaks to the organisation.
    :ivar fields: fields of `Organisation`, in reading order.
    """

    step: str
    title: Promise
    fields: tuple[str, ...]


SECTIONS = (
    Section(
        "organisation",
        _("Organisation"),
        (
            "name",
            "short_name",
            "kind",
            "legal_form",
            "founding_year",
            "register_entry",
            "charitable",
        ),
    ),
    Section(
        "ort",
        _("Ort"),
        (
            "municipality",
            "whole_county",
            "active_in",
            "street",
            "address_extra",
            "postal_code",
            "place",
            "address_public",
            "opening_times",
            "accessibility",
        ),
    ),
    Section(
        "taetigkeit",
        _("Tätigkeit"),
        (
            "description",
            "aims",
            "activities",
            "topics",
            "target_groups",
            "languages",
            "regions",
        ),
    ),
    Section("kontakt", _("Kontakt"), ("phone", "email", "website", "social_links")),
)

FIELDS = tuple(name for section in SECTIONS for name in section.fields)
# Fields that hold several rows of another table.
MANY = tuple(name for name in FIELDS if Organisation._meta.get_field(name).many_to_many)


def of_step(step: str) -> tuple[str, ...]:
    """Return the fields one step of the registration asks for."""
    return next(section.fields for section in SECTIONS if section.step == step)
