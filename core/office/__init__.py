"""The back office: Django's admin, made the integration officer's own.

`OfficeSite` is the site with its start page "Was wartet"; `OfficeModelAdmin` is the base of every
page on it: it answers a tampered request with a message instead of an error, and shows the history
in words. Apps say what waits for a decision by `waits`; this package knows none of them.
"""

from core.office.desk import SHOWN, Item, Waiting, waiting, waits
from core.office.forms import TranslatedForm, translated_form, translation_names
from core.office.guard import Guarded
from core.office.pages import OfficeModelAdmin
from core.office.site import OfficeSite

__all__ = [
    "SHOWN",
    "Guarded",
    "Item",
    "OfficeModelAdmin",
    "OfficeSite",
    "TranslatedForm",
    "Waiting",
    "translated_form",
    "translation_names",
    "waiting",
    "waits",
]
