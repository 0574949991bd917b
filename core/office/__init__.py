"""The back office: Django's admin, made the integration officer's own.

`OfficeSite` is the site with its start page "Was wartet"; `OfficeModelAdmin` is the base of every
page on it: it answers a tampered request with a message instead of an error, and shows the history
in words. Apps say what waits for a decision by `waits`; this package knows none of them.
"""

from core.office.bulk import BulkAction, Outcome, add_bulk_action
from core.office.desk import SHOWN, Item, Waiting, waiting, waits
from core.office.explained import Explained, ExplainedInline
from core.office.forms import TranslatedForm, translated_form, translation_names
from core.office.guard import Guarded
from core.office.lists import RANK, OfficeChangeList, ranked
from core.office.pages import OfficeModelAdmin
from core.office.parts import (
    Box,
    Link,
    change_box,
    change_boxes,
    change_link,
    change_links,
    list_link,
)
from core.office.site import OfficeSite

__all__ = [
    "RANK",
    "SHOWN",
    "Box",
    "BulkAction",
    "Explained",
    "ExplainedInline",
    "Guarded",
    "Item",
    "Link",
    "OfficeChangeList",
    "OfficeModelAdmin",
    "OfficeSite",
    "Outcome",
    "TranslatedForm",
    "Waiting",
    "add_bulk_action",
    "change_box",
    "change_boxes",
    "change_link",
    "change_links",
    "list_link",
    "ranked",
    "translated_form",
    "translation_names",
    "waiting",
    "waits",
]
