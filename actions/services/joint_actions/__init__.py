"""A joint action's life: planned, given to the officer, confirmed, done, or cancelled.

Every verb locks the action's row first, says in the history who did what and why, queues its mails,
and tells `changed_handlers` in the same transaction. Called twice, it changes nothing the second
time. The lead decides, confirmed partners write with it, the officer may do all.
"""

from .checks import (
    Missing,
    doubts,
    doubts_about_campaign,
    lacking,
    missing,
    most_seats_taken,
    problems,
)
from .planning import change, create, from_idea, refresh_search_text, unique_slug
from .rows import (
    changed_handlers,
    lock,
    move,
    officers,
    require_editor,
    require_manager,
    save,
    to_be_told,
)
from .states import (
    NOTE_LENGTH,
    cancel,
    confirm,
    draft,
    finish,
    finish_due,
    reopen,
    return_to_lead,
    submit,
    take_back,
    take_up,
    withdraw,
)

__all__ = [
    "NOTE_LENGTH",
    "Missing",
    "cancel",
    "change",
    "changed_handlers",
    "confirm",
    "create",
    "doubts",
    "doubts_about_campaign",
    "draft",
    "finish",
    "finish_due",
    "from_idea",
    "lacking",
    "lock",
    "missing",
    "most_seats_taken",
    "move",
    "officers",
    "problems",
    "refresh_search_text",
    "reopen",
    "require_editor",
    "require_manager",
    "return_to_lead",
    "save",
    "submit",
    "take_back",
    "take_up",
    "to_be_told",
    "unique_slug",
    "withdraw",
]
