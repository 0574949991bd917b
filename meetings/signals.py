"""What a visitor can see of meetings moves `core.revision` on, whoever changes it.

See `organisations.signals`: `QuerySet.update()` sends no signals, so who uses it on these calls
`core.revision.bump()`.
"""

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save

from core import revision
from meetings.models import Meeting, MeetingDocument, MeetingPhoto, Minutes


def content_changed(**kwargs: Any) -> None:
    # Of hidden ones too: a moment ago it may have been public.
    revision.bump()


def members_changed(action: str, **kwargs: Any) -> None:
    if action.startswith("post_"):
        revision.bump()


def connect() -> None:
    """Connect everything above; called once when the app is ready."""
    for sender in (Meeting, MeetingDocument, MeetingPhoto, Minutes):
        for signal in (post_save, post_delete):
            signal.connect(
                content_changed, sender=sender, dispatch_uid=f"meetings:{sender.__name__}"
            )
    for field in Meeting._meta.many_to_many:
        m2m_changed.connect(
            members_changed,
            sender=field.remote_field.through,
            dispatch_uid=f"meetings:{field.name}",
        )
