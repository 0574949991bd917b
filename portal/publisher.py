"""Whose programme it is, for what is printed of it; see `actions.services.brochures.publishers`."""

from django.utils import translation

from actions.brochure_design import Publisher
from core.phones import spoken
from portal.context_processors import current_profile


def publisher(language: str) -> Publisher:
    """Return what stands on a brochure of the network, in a language."""
    profile = current_profile()
    if profile is None:
        return Publisher()
    logo = b""
    if profile.logo:
        try:
            with profile.logo.open() as file:
                logo = file.read()
        except FileNotFoundError:
            pass  # without it rather than not at all
    with translation.override(language):
        return Publisher(
            name=profile.translated("name"),
            county=profile.translated("county"),
            contact_role=profile.translated("contact_role"),
            contact_name=profile.contact_name,
            contact_phone=spoken(profile.contact_phone) if profile.contact_phone else "",
            contact_email=profile.contact_email,
            tones={name: light for name, (light, _dark) in profile.tones.items()},
            logo=logo,
        )
