"""An organisation as everybody may see it: the one place that decides what its page says.

The page, the vCards, the data for search engines and the picture for sharing all start here, so
that what is not public is left out of all of them.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db.models import Value
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import PhoneNumber

from core.addresses import own_url
from core.phones import spoken
from core.translations import TranslatedModel
from organisations.models import (
    ContactPerson,
    Language,
    Municipality,
    Organisation,
    OrganisationImage,
    TargetGroup,
    Topic,
)
from organisations.search import Directory

DESCRIPTION_LENGTH = 160  # what search engines show


@dataclass(frozen=True, slots=True)
class Text:
    """One of the long texts, in the reader's language where there is one."""

    text: str
    language: str
    is_translated: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """What is public of a contact person."""

    pk: int
    name: str
    function: str
    phone: PhoneNumber | None
    email: str
    photo: OrganisationImage | None


@dataclass(frozen=True, slots=True)
class Link:
    """An address on the web, and the name people know it by."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Terms:
    """The words an organisation has chosen for itself."""

    topics: list[Topic]
    target_groups: list[TargetGroup]
    languages: list[Language]
    active_in: list[Municipality]


def text(row: TranslatedModel, field: str) -> Text | None:
    """Return a text in the reader's language, else in German, else in any language it is given in.

    :param row: an organisation, or anything else with texts in several languages.
    :param field: one of its `translated_fields`.
    """
    own = get_language() or settings.LANGUAGE_CODE
    texts = {settings.LANGUAGE_CODE: getattr(row, field)}
    texts |= {code: given.get(field, "") for code, given in row.translations.items()}
    for language in (own, settings.LANGUAGE_CODE, *texts):
        if found := texts.get(language, "").strip():
            return Text(found, language, language == own)
    return None


def beginning(text: str, length: int) -> str:
    """Return the beginning of a text in one line, whole words, at most `length` characters."""
    line = " ".join(text[: 2 * length].split())
    if len(line) <= length and len(text) <= 2 * length:
        return line
    cut = line[: length - 2]
    words, _blank, _rest = cut.rpartition(" ")
    return (words or cut).rstrip(",;:–-") + " …"


def terms(organisation: Organisation, index: Directory) -> Terms:
    """Return what an organisation has chosen, with one query for the four relations."""
    rows: dict[str, dict[int, Any]] = {
        "topics": index.topics,
        "target_groups": index.target_groups,
        "languages": index.languages,
        "active_in": index.municipalities,
    }
    union = None
    for name in rows:
        field = Organisation._meta.get_field(name)
        chosen = (
            field.remote_field.through.objects.filter(organisation=organisation.pk)
            .annotate(relation=Value(name))
            .order_by()
            .values_list("relation", f"{field.m2m_reverse_field_name()}_id")
        )
        union = chosen if union is None else union.union(chosen, all=True)
    found = set(union or ())
    return Terms(
        **{
            name: [row for pk, row in known.items() if (name, pk) in found]
            for name, known in rows.items()
        }
    )


def contacts(organisation: Organisation) -> list[Contact]:
    """Return the contact persons with their published fields; without any they are not listed."""
    found = []
    for person in organisation.contacts.select_related("photo"):
        if published := public_contact(person):
            found.append(published)
    return found


def public_contact(person: ContactPerson) -> Contact | None:
    """Return what is public of a contact person, or None if nothing is."""
    published = person.published
    if not published:
        return None
    return Contact(
        pk=person.pk,
        name=str(published.get("name", "")),
        function=str(published.get("function", "")),
        phone=published.get("phone") or None,
        email=str(published.get("email", "")),
        photo=published.get("photo"),
    )


def address(organisation: Organisation) -> list[str]:
    """Return the address's lines, if it is public."""
    if not organisation.address_public:
        return []
    town = " ".join(filter(None, (organisation.postal_code, organisation.place)))
    return [line for line in (organisation.street, organisation.address_extra, town) if line]


def map_link(organisation: Organisation) -> str:
    """Return where OpenStreetMap shows a public address; a link only, nothing is loaded."""
    if not (organisation.address_public and organisation.street):
        return ""
    place = ", ".join(
        filter(None, (organisation.street, f"{organisation.postal_code} {organisation.place}"))
    )
    return "https://www.openstreetmap.org/search?" + urlencode({"query": place.strip()})


def social_links(organisation: Organisation) -> list[Link]:
    """Return the profiles elsewhere, web addresses only, named by where they lead."""
    links = []
    for url in organisation.social_links:
        parts = urlsplit(str(url))
        if parts.scheme in {"http", "https"} and parts.hostname:
            host = parts.hostname.removeprefix("www.")
            links.append(Link(url, SERVICES.get(host, host)))
    return links


def website_label(url: str) -> str:
    """Return a web address as people write it: `example.org/verein`."""
    parts = urlsplit(url)
    return ((parts.hostname or "").removeprefix("www.") + parts.path.rstrip("/"))[:60]


SERVICES = {
    "facebook.com": "Facebook",
    "instagram.com": "Instagram",
    "youtube.com": "YouTube",
    "tiktok.com": "TikTok",
    "linkedin.com": "LinkedIn",
    "x.com": "X",
    "twitter.com": "X",
    "t.me": "Telegram",
    "wa.me": "WhatsApp",
    "vk.com": "VK",
}


def page(organisation: Organisation, index: Directory) -> dict[str, Any]:
    """Return everything the organisation's page shows."""
    chosen = terms(organisation, index)
    images = list(organisation.images.filter(pending=False).exclude(kind="portrait"))
    texts = {field: text(organisation, field) for field in Organisation.translated_fields}
    first = next((found for found in texts.values() if found), None)
    municipality = index.municipalities.get(organisation.municipality_id)
    logo = next((image for image in images if image.kind == "logo"), None)
    url = own_url(organisation.get_absolute_url())
    context = {
        "organisation": organisation,
        "texts": texts,
        # Said once for all texts that are not in the reader's language.
        "foreign_text": next((t for t in texts.values() if t and not t.is_translated), None),
        "summary": beginning(first.text, DESCRIPTION_LENGTH) if first else "",
        "terms": chosen,
        "municipality": municipality,
        "address": address(organisation),
        "map_link": map_link(organisation),
        "contacts": contacts(organisation),
        "website_label": website_label(organisation.website),
        "social_links": social_links(organisation),
        "logo": logo,
        "photos": [image for image in images if image.kind == "photo"],
        "url": url,
        "mail_link": "mailto:?"
        + urlencode({"subject": organisation.name, "body": url}, quote_via=quote),
        "share_image": own_url(reverse("organisations:share_image", args=[organisation.slug])),
    }
    context["linked_data"] = linked_data(organisation, context)
    return context


def facts(organisation: Organisation) -> list[dict[str, str]]:
    """Return in short what everybody reads about an organisation, for it to check: label and value.

    What is not said is left out; contact persons have only what they agreed to.
    """
    texts = (text(organisation, name) for name in Organisation.translated_fields)
    first = next(filter(None, texts), None)
    found = {
        _("Name"): organisation.name,
        _("Art"): organisation.get_kind_display(),
        _("Stadt oder Gemeinde"): str(organisation.municipality or ""),
        _("Adresse"): ", ".join(address(organisation)),
        _("Telefon"): spoken(organisation.phone) if organisation.phone else "",
        _("E-Mail-Adresse"): organisation.email,
        _("Internetseite"): website_label(organisation.website),
        _("Öffnungszeiten oder Treffen"): organisation.opening_times,
        _("Beschreibung"): beginning(first.text, DESCRIPTION_LENGTH) if first else "",
        _("Themen"): ", ".join(str(one) for one in organisation.topics.all()),
        _("Sprachen"): ", ".join(str(one) for one in organisation.languages.all()),
        _("Ansprechpersonen"): "; ".join(_in_one_line(one) for one in contacts(organisation)),
    }
    return [{"label": label, "value": value} for label, value in found.items() if value]


def _in_one_line(contact: Contact) -> str:
    phone = spoken(contact.phone) if contact.phone else ""
    return ", ".join(filter(None, (contact.name, contact.function, phone, contact.email)))


def linked_data(organisation: Organisation, shown: dict[str, Any]) -> dict[str, Any]:
    """Return the page for machines (schema.org, JSON-LD); nothing the page does not show."""
    municipality = shown["municipality"]
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Organization" if organisation.kind == "partner" else "NGO",
        "name": organisation.name,
        "alternateName": organisation.short_name,
        "url": shown["url"],
        "description": shown["summary"],
        "foundingDate": str(organisation.founding_year or ""),
        "email": organisation.email,
        "telephone": spoken(organisation.phone) if organisation.phone else "",
        "sameAs": [organisation.website] if organisation.website else [],
        "areaServed": municipality.name if municipality else "",
        "knowsLanguage": [language.code for language in shown["terms"].languages],
        "keywords": ", ".join(str(topic) for topic in shown["terms"].topics),
        "image": shown["share_image"],
    }
    data["sameAs"] += [link.url for link in shown["social_links"]]
    if shown["address"]:
        data["address"] = {
            "@type": "PostalAddress",
            "streetAddress": organisation.street,
            "postalCode": organisation.postal_code,
            "addressLocality": organisation.place,
            "addressCountry": "DE",
        }
    people = [
        {
            "@type": "ContactPoint",
            "name": person.name,
            "contactType": person.function,
            "telephone": spoken(person.phone) if person.phone else "",
            "email": person.email,
        }
        for person in shown["contacts"]
    ]
    data["contactPoint"] = [_filled(person) for person in people]
    return _filled(data)


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in ("", [], None)}


def vcard(organisation: Organisation, contact: Contact) -> str:
    """Return a contact person's business card (vCard 4.0, RFC 6350) with the published fields."""
    lines = ["BEGIN:VCARD", "VERSION:4.0"]
    lines.append(f"FN:{_vcard_text(contact.name or organisation.name)}")
    if not contact.name:
        lines.append("KIND:org")
    lines.append(f"ORG:{_vcard_text(organisation.name)}")
    if contact.function:
        lines.append(f"TITLE:{_vcard_text(contact.function)}")
    if contact.phone:
        lines.append(f"TEL;TYPE=work;VALUE=uri:{contact.phone.as_rfc3966}")
    if contact.email:
        lines.append(f"EMAIL;TYPE=work:{_vcard_text(contact.email)}")
    if contact.photo:
        # An address and not the picture: what is withdrawn is not found there any more.
        photo = reverse("organisations:image", args=[contact.photo.pk, "mittel"])
        lines.append(f"PHOTO;MEDIATYPE=image/webp:{own_url(photo)}")
    lines.append("URL:" + own_url(organisation.get_absolute_url()))
    lines.append("END:VCARD")
    return "".join(_folded(line) for line in lines)


def _vcard_text(value: str) -> str:
    """Escape a value (RFC 6350, 3.4); what could end the line is taken out."""
    escaped = " ".join(value.split())
    for letter in ("\\", ";", ","):
        escaped = escaped.replace(letter, "\\" + letter)
    return escaped


def _folded(line: str) -> str:
    """Fold a line to 75 octets without cutting a letter in two (RFC 6350, 3.2)."""
    parts: list[str] = []
    part = ""
    for letter in line:
        limit = 75 if not parts else 74
        if len((part + letter).encode()) > limit:
            parts.append(part)
            part = ""
        part += letter
    parts.append(part)
    return "\r\n ".join(parts) + "\r\n"
