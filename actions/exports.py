"""A programme for other programs: tables for the press, JSON for the county's own website.

Only what everybody sees on the pages is in them; the fields are described in
`docs/programme-files.md`. A field keeps its name and its meaning; new ones may come.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from actions import profile, words
from actions.models import ActionDate, ActionImage, JointAction
from actions.programme import Entry, Programme
from actions.services import images
from core.addresses import own_url

PICTURE = "gross"


def headings() -> list[str]:
    """Return what stands above the columns of `rows`, in the active language."""
    return [
        _("Titel"), _("Kurz gesagt"), _("Art"), _("Datum"), _("Beginn"), _("Letzter Tag"),
        _("Ende"), _("Hinweis zu diesem Termin"), _("Ort"), _("Adresse"),
        _("Stadt oder Gemeinde"), _("Ist der Ort barrierefrei?"),
        _("Hinweis zur Barrierefreiheit"), _("Eintritt"), _("Anmeldung"), _("Sprachen"),
        _("Zielgruppen"), _("Wer mitmacht"), _("Ansprechperson"), _("Telefon"),
        _("E-Mail-Adresse"), _("Internetseite"), _("Gut zu wissen"), _("Beschreibung"),
        _("Stand"), _("Seite der Aktion"), _("Bild"), _("Beschreibung des Bildes"),
        _("Bild von"), _("Kennung"),
    ]  # fmt: skip


def rows(programme: Programme) -> Iterator[list[str]]:
    """Yield a line for each date, in the order of time; those without a date come last."""
    pictures = _pictures(programme)
    dated = [(date, entry) for entry in programme.entries for date in entry.dates]
    dated.sort(key=lambda pair: (pair[0].starts_at, pair[0].pk))
    for date, entry in dated:
        yield _row(entry, date, pictures.get(entry.action.pk))
    for entry in programme.undated:
        yield _row(entry, None, pictures.get(entry.action.pk))


def _row(entry: Entry, date: ActionDate | None, picture: ActionImage | None) -> list[str]:
    action = entry.action
    begins = words.begins(date) if date else None
    ends = words.ends(date) if date else None
    return [
        _text(action, "title"),
        _text(action, "summary"),
        action.get_category_display() if action.category else "",
        begins.date().isoformat() if begins else "",
        begins.time().isoformat("minutes") if begins else "",
        ends.date().isoformat() if ends else "",
        ends.time().isoformat("minutes") if ends else "",
        date.note if date else "",
        action.place,
        action.address,
        str(entry.municipality or ""),
        action.get_accessibility_display(),
        action.accessibility_note,
        _text(action, "entry"),
        _registration(action),
        ", ".join(str(language) for language in entry.languages),
        ", ".join(str(group) for group in entry.target_groups),
        ", ".join(organisation.name for organisation in entry.organisers),
        action.contact_name,
        action.contact_phone,
        action.contact_email,
        action.link,
        _text(action, "additional"),
        _text(action, "description"),
        action.get_state_display(),
        own_url(action.get_absolute_url()),
        _picture_address(picture) if picture else "",
        picture.alt_text if picture else "",
        picture.credit if picture else "",
        str(date.uid if date else action.uid),
    ]


def as_data(programme: Programme) -> dict[str, Any]:
    """Return the programme as plain values for JSON, in the active language."""
    campaign = programme.campaign
    pictures = _pictures(programme)
    return {
        "version": 1,
        "language": get_language(),
        "campaign": {
            "name": campaign.translated("name"),
            "year": campaign.year,
            "first_day": campaign.starts_on.isoformat(),
            "last_day": campaign.ends_on.isoformat(),
            "motto": campaign.translated("motto"),
            "introduction": campaign.translated("introduction"),
            "url": own_url(campaign.get_absolute_url()),
        },
        "actions": [
            _action_data(entry, pictures.get(entry.action.pk)) for entry in programme.in_order
        ],
    }


def _action_data(entry: Entry, picture: ActionImage | None) -> dict[str, Any]:
    action, place = entry.action, entry.municipality
    return {
        "id": str(action.uid),
        "url": own_url(action.get_absolute_url()),
        "state": action.state,
        "title": _text(action, "title"),
        "summary": _text(action, "summary"),
        "description": _text(action, "description"),
        "category": _choice(action.category, action.get_category_display()),
        "dates": [
            {
                "id": str(date.uid),
                "begins_at": words.begins(date).isoformat(timespec="minutes"),
                "ends_at": words.ends(date).isoformat(timespec="minutes"),
                "note": date.note,
            }
            for date in entry.dates
        ],
        "place": action.place,
        "address": action.address,
        "municipality": {"name": str(place), "ags": place.ags} if place else None,
        "accessibility": _choice(action.accessibility, action.get_accessibility_display()),
        "accessibility_note": action.accessibility_note,
        "entry": _text(action, "entry"),
        "takes_registrations": action.takes_registrations,
        "languages": [
            {"code": language.code, "name": str(language)} for language in entry.languages
        ],
        "target_groups": [str(group) for group in entry.target_groups],
        "organisers": [
            {"name": organisation.name, "url": own_url(organisation.get_absolute_url())}
            for organisation in entry.organisers
        ],
        "contact": {
            "name": action.contact_name,
            "phone": action.contact_phone,
            "email": action.contact_email,
        },
        "link": action.link,
        "additional": _text(action, "additional"),
        "image": {
            "url": _picture_address(picture),
            "description": picture.alt_text,
            "credit": picture.credit,
        }
        if picture
        else None,
    }


def _choice(value: str, label: str) -> dict[str, str] | None:
    return {"id": value, "name": label} if value else None


def _text(action: JointAction, field: str) -> str:
    found = profile.text(action, field)
    return found.text if found else ""


def _registration(action: JointAction) -> str:
    return _("im Netz, auf der Seite der Aktion") if action.takes_registrations else ""


def _pictures(programme: Programme) -> dict[int, ActionImage]:
    """Return the picture of each action that has one; one query."""
    shown = {entry.action.pk for entry in programme.entries}
    found = ActionImage.objects.filter(
        action__campaign=programme.campaign, kind=ActionImage.Kind.MAIN, pending=False
    )
    return {picture.action_id: picture for picture in found if picture.action_id in shown}


def _picture_address(picture: ActionImage) -> str:
    return f"{settings.SITE_URL}{images.address(picture, PICTURE)}"


def filename(programme: Programme) -> str:
    """Return what a file with the programme is called, in words."""
    return _("%(campaign)s Programm") % {"campaign": programme.campaign}


def addresses(slug: str) -> dict[str, str]:
    """Return where each file is, as paths in the active language, by its ending."""
    language = get_language()
    query = "" if language == settings.LANGUAGE_CODE else f"?sprache={language}"
    return {
        ending: reverse(f"programme_{ending}", args=[slug]) + query
        for ending in ("ics", "csv", "xlsx", "json", "pdf")
    }
