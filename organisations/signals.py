"""Whatever a visitor could see of organisations moves `core.revision` on, whoever changes it.

This lives in signals rather than in each service so that no way of saving can forget it: services,
the admin's inlines and shell scripts alike. `QuerySet.update()` and `bulk_create()` send no
signals; who uses them on public content calls `core.revision.bump()`.
"""

from typing import Any

from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save

from core import revision
from organisations import finding

from .models import (
    ContactPerson,
    FormerSlug,
    Language,
    Municipality,
    Organisation,
    OrganisationImage,
    PostalCode,
    TargetGroup,
    Topic,
)

# From these states an organisation cannot have been public a moment ago.
NEVER_SEEN = {
    Organisation.State.DRAFT,
    Organisation.State.SUBMITTED,
    Organisation.State.RETURNED,
    Organisation.State.REJECTED,
}


def _seen(organisation: Organisation) -> bool:
    return organisation.state not in NEVER_SEEN


def organisation_changed(instance: Organisation, **kwargs: Any) -> None:
    if _seen(instance):
        revision.bump()


def part_changed(instance: models.Model, **kwargs: Any) -> None:
    if _seen(instance.organisation):
        revision.bump()


def term_changed(**kwargs: Any) -> None:
    revision.bump()


def terms_changed(instance: models.Model, action: str, **kwargs: Any) -> None:
    # From the other side (`topic.organisations.add`) the instance is a term: always bump.
    if action.startswith("post_") and not (
        isinstance(instance, Organisation) and not _seen(instance)
    ):
        revision.bump()


def municipality_changed(instance: Municipality, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        finding.refresh(instance.organisations.values_list("pk", flat=True))


def connect() -> None:
    """Connect everything above; called once when the app is ready."""
    receivers = {
        organisation_changed: [Organisation],
        part_changed: [ContactPerson, OrganisationImage, FormerSlug],
        term_changed: [Topic, TargetGroup, Language, Municipality, PostalCode],
    }
    for receiver, senders in receivers.items():
        for sender in senders:
            for signal in (post_save, post_delete):
                signal.connect(
                    receiver, sender=sender, dispatch_uid=f"{receiver.__name__}:{sender.__name__}"
                )
    for saved, sender in (
        (finding.organisation_saved, Organisation),
        (municipality_changed, Municipality),
    ):
        post_save.connect(saved, sender=sender, dispatch_uid=f"search_text:{sender.__name__}")
    for field in Organisation._meta.many_to_many:
        m2m_changed.connect(
            terms_changed, sender=field.remote_field.through, dispatch_uid=f"terms:{field.name}"
        )
