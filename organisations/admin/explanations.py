"""What each field of an organisation means for the office: who sees it, and what it does."""

from django.utils.translation import gettext_lazy as _

PUBLIC = _("Öffentlich auf der Seite der Organisation.")
SEARCHED = _("Öffentlich auf der Seite der Organisation. Die Suche findet die Wörter darin.")
FILTERED = _("Öffentlich. Danach lassen sich die Organisationen filtern.")
WITH_ADDRESS = _("Öffentlich nur mit dem Haken bei „Adresse öffentlich zeigen“.")

ORGANISATION = {
    "name": _(
        "Öffentlich. Mit dem Namen ändert sich die Adresse der Seite im Netz; die alte führt "
        "weiter dorthin."
    ),
    "short_name": _("Öffentlich neben dem Namen. Die Suche findet auch ihn."),
    "kind": FILTERED,
    "legal_form": _("Öffentlich auf der Seite der Organisation. Zum Beispiel: e. V."),
    "founding_year": PUBLIC,
    "register_entry": _(
        "Öffentlich auf der Seite der Organisation. Zum Beispiel: VR 123456, Amtsgericht Mannheim"
    ),
    "charitable": _("Öffentlich, wenn die Antwort „Ja“ ist."),
    "municipality": _("Öffentlich. Hier steht die Organisation auf der Karte und im Filter."),
    "whole_county": _(
        "Öffentlich. Wer im Verzeichnis auch „dort aktiv“ ankreuzt, findet sie bei jedem Ort."
    ),
    "active_in": _(
        "Öffentlich. Wer im Verzeichnis auch „dort aktiv“ ankreuzt, findet sie bei diesen Orten."
    ),
    "street": WITH_ADDRESS,
    "address_extra": _(
        "Öffentlich nur mit dem Haken bei „Adresse öffentlich zeigen“. Zum Beispiel: Hinterhaus, "
        "2. Stock"
    ),
    "postal_code": WITH_ADDRESS,
    "place": _("Der Ort in der Postanschrift. Öffentlich nur mit dem Haken darunter."),
    "address_public": _(
        "Ohne Haken sehen nur die Organisation und das Team Straße und Hausnummer. Bei "
        "Privatadressen bitte keinen Haken setzen."
    ),
    "opening_times": _("Öffentlich. Zum Beispiel: jeden Freitag, 18 Uhr"),
    "accessibility": _("Öffentlich, sobald es bekannt ist. Danach lässt sich auch filtern."),
    "description": SEARCHED,
    "aims": SEARCHED,
    "activities": SEARCHED,
    "topics": FILTERED,
    "target_groups": FILTERED,
    "languages": _("Öffentlich und im Filter: Sprachen, in denen man sich dort verständigen kann."),
    "regions": _("Öffentlich. Nur wenn die Organisation das selbst angeben möchte."),
    "phone": _("Öffentlich. Private Nummern gehören zu den Ansprechpersonen."),
    "email": _("Öffentlich. Private Adressen gehören zu den Ansprechpersonen."),
    "website": PUBLIC,
    "social_links": _("Öffentlich. Eine Adresse in jeder Zeile."),
}

_PRIVATE = _("Öffentlich erst, wenn die Person zugestimmt hat.")
CONTACT = {
    "name": _PRIVATE,
    "function": _("Zum Beispiel: Vorsitz. Öffentlich erst, wenn die Person zugestimmt hat."),
    "phone": _PRIVATE,
    "email": _(
        "Hierhin gehen Fragen nach der Einwilligung. Öffentlich erst, wenn die Person zugestimmt "
        "hat."
    ),
    "paper_by": _("Nur für das Team: der Name der Person, deren Unterschrift Sie haben."),
    "paper_note": _("Nur für das Team, damit Sie die Einwilligung nachweisen können."),
}

IMAGE = {
    "alt_text": _("Für Menschen, die das Bild nicht sehen: Sie bekommen diesen Text vorgelesen."),
    "credit": _("Öffentlich unter dem Bild, wie es das Urheberrecht verlangt."),
}
