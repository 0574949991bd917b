"""What a visitor can see of actions moves `core.revision` on, whoever changes it.

An organisation that is paused or archived moves it by itself, see `organisations.signals`.
`QuerySet.update()` and `bulk_create()` send no signals: who uses them on these calls
`core.revision.bump()`.
"""

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save

from actions.models import (
    ActionDate,
    ActionImage,
    ActionResult,
    Campaign,
    JointAction,
    Participation,
)
from core import revision


def content_changed(**kwargs: Any) -> None:
    # Of hidden ones too: a moment ago it may have been public.
    revision.bump()


def terms_changed(action: str, **kwargs: Any) -> None:
    if action.startswith("post_"):
        revision.bump()


def connect() -> None:
    """Connect everything above; called once when the app is ready."""
    for sender in (JointAction, ActionDate, Participation, ActionImage, ActionResult, Campaign):
        for signal in (post_save, post_delete):
            signal.connect(
                content_changed, sender=sender, dispatch_uid=f"actions:{sender.__name__}"
            )
    for field in JointAction._meta.many_to_many:
        m2m_changed.connect(
            terms_changed,
            sender=field.remote_field.through,
            dispatch_uid=f"actions:{field.name}",
        )
