"""All that an organisation has said, in words: before it is sent, and for the officer to decide."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from core import phones
from organisations import duplicates, questions
from organisations.models import Consent, ContactPerson, Organisation, OrganisationImage
from organisations.services import pairs

Row = dict[str, Any]
PARTS_OF_OTHERS = {"whole_county", "address_extra", "postal_code", "place"}


def answers(organisation: Organisation, section: questions.Section) -> list[Row]:
    """Return what an organisation has said to the questions of a section, in words.

    What is asked in several fields and read as one is told once: the address, where it is active.
    """
    rows: list[Row] = []
    for name in section.fields:
        if name in Organisation.translated_fields:
            rows += _texts(organisation, name)
        elif name == "street":
            rows.append({"label": _("Adresse"), "value": address_in_words(organisation)})
        elif name not in PARTS_OF_OTHERS:
            label = organisation._meta.get_field(name).verbose_name
            rows.append({"label": label, "value": in_words(organisation, name)})
    return rows


@dataclass(frozen=True)
class Contact:
    """A contact person with what they agreed to."""

    person: ContactPerson
    public: list[str]
    consent: str


def contacts(organisation: Organisation) -> list[Contact]:
    """Return the contact persons, each with the state of their consent in words."""
    return [
        Contact(
            person,
            [str(ContactPerson._meta.get_field(name).verbose_name) for name in person.published],
            next(map(consent_in_words, person.consents.all()), _("nicht gefragt")),
        )
        for person in organisation.contacts.select_related("photo").prefetch_related("consents")
    ]


def images(organisation: Organisation) -> list[OrganisationImage]:
    """Return logo and photos; a portrait stands with its person."""
    return list(organisation.images.filter(pending=False).exclude(kind="portrait"))


def likely_duplicates(organisation: Organisation) -> list[Row]:
    """Return the organisations that may be the same, with what they have in common in words.

    Those of which the officer has said that they are not the same are left out.
    """
    found = duplicates.find(
        name=organisation.name,
        website=organisation.website,
        email=organisation.email,
        phone=organisation.phone,
        street=organisation.street,
        postal_code=organisation.postal_code,
        exclude=organisation,
    )
    parted = pairs.parted_from(organisation) if found else set()
    return [
        {"organisation": match.organisation, "reasons": reasons_in_words(match.reasons)}
        for match in found
        if match.organisation.pk not in parted
    ]


def reasons_in_words(reasons: Collection[str]) -> str:
    """Return what two entries have in common; see `duplicates.Match`."""
    words = {
        "name": _("ähnlicher Name"),
        "website": _("gleiche Internetseite"),
        "email": _("gleiche E-Mail-Adresse"),
        "phone": _("gleiche Telefonnummer"),
        "domain": _("gleiche Internetadresse hinter dem @"),
        "address": _("gleiche Adresse"),
    }
    told = [reason for reason in reasons if reason != "domain" or "email" not in reasons]
    return ", ".join(words.get(reason, reason) for reason in told)


def in_words(organisation: Organisation, name: str) -> str:
    """Return what stands in one field, in words."""
    field = organisation._meta.get_field(name)
    value = getattr(organisation, name)
    if name == "active_in" and organisation.whole_county:
        return _("im ganzen Landkreis")
    if field.many_to_many:
        return ", ".join(str(entry) for entry in value.all())
    if field.choices:
        return str(getattr(organisation, f"get_{name}_display")())
    if isinstance(value, bool):
        return _("Ja") if value else _("Nein")
    if isinstance(value, list):
        return "\n".join(str(entry) for entry in value)
    if name == "phone" and value:
        return phones.spoken(value)
    return "" if value is None else str(value)


def _texts(organisation: Organisation, name: str) -> list[Row]:
    """Return a text in every language it was written in."""
    label = organisation._meta.get_field(name).verbose_name
    rows = [{"label": label, "value": getattr(organisation, name), "direction": "auto"}]
    for language, texts in organisation.translations.items():
        if texts.get(name) and language != settings.LANGUAGE_CODE:
            try:
                info = get_language_info(language)
            except KeyError:
                info = {"name_local": language, "bidi": False}
            rows.append(
                {
                    "label": f"{label} ({info['name_local']})",
                    "value": texts[name],
                    "language": language,
                    "direction": "rtl" if info["bidi"] else "ltr",
                }
            )
    return rows


def address_in_words(organisation: Organisation) -> str:
    """Return street and place, in lines."""
    place = f"{organisation.postal_code} {organisation.place}".strip()
    return "\n".join(filter(None, [organisation.street, organisation.address_extra, place]))


def consent_in_words(consent: Consent) -> str:
    """Say what has become of one consent or request for it."""
    if consent.withdrawn_at:
        return _("widerrufen am %(day)s") % {"day": _day(consent.withdrawn_at)}
    if consent.given_at:
        return _("erteilt am %(day)s von %(person)s (%(way)s)") % {
            "day": _day(consent.given_at),
            "person": consent.given_by,
            "way": consent.get_source_display(),
        }
    if consent.declined_at:
        return _("abgelehnt am %(day)s") % {"day": _day(consent.declined_at)}
    day = _day(consent.requested_at) if consent.requested_at else ""
    if consent.is_open(timezone.now()):
        return _("gefragt am %(day)s, noch keine Antwort") % {"day": day}
    return _("gefragt am %(day)s, keine Antwort bekommen") % {"day": day}


def _day(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT")
