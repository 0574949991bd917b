"""Edits that the officer looks at before anybody else sees them, where the network wants that.

Off by default: then edits are live at once. Switched on, what a representative changes of an
active organisation waits as a `ProposedEdit`; whatever takes something back that was public (the
address, a number, a picture, a consent) counts at once all the same.
"""

import copy
import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from core import history
from core.errors import Conflict, Refused
from core.translations import TRANSLATION, translated_field
from organisations.emails import proposals as emails
from organisations.models import Organisation, OrganisationImage, ProposedEdit, ProposedImage
from organisations.questions import MANY
from organisations.services import editing, facts, images

State = ProposedEdit.State

# Asked whether edits are looked at first; the app that knows adds itself in AppConfig.ready.
switches: list[Callable[[], bool]] = []

# Emptied or switched off, these are withdrawn: nobody has to wait for that.
WITHDRAWN_AT_ONCE = frozenset({"address_public", "street", "address_extra", "phone", "email"})
KEEP_DECIDED = datetime.timedelta(days=365)


def are_checked_first() -> bool:
    """Whether the network looks at edits before they are public."""
    return any(switch() for switch in switches)


def must_wait(organisation: Organisation, by: User) -> bool:
    """Whether what this person changes of this organisation has to wait for the officer."""
    return (
        organisation.is_public
        and not by.has_perm("organisations.change_organisation")
        and are_checked_first()
    )


def may_decide(user: User) -> bool:
    """Whether somebody decides about proposed edits."""
    return user.is_staff and user.has_perm("organisations.change_organisation")


def waiting() -> QuerySet[ProposedEdit]:
    """Return the open proposals that can be decided, the oldest first."""
    rows = ProposedEdit.objects.filter(
        state=State.OPEN, organisation__state__in=editing.EDITABLE_STATES
    )
    # Whose only picture was taken away meanwhile.
    return rows.exclude(values={}, images=None).select_related("organisation", "by")


def own(organisation: Organisation, by: User) -> ProposedEdit | None:
    """Return what waits of this person's."""
    return ProposedEdit.objects.filter(organisation=organisation, by=by, state=State.OPEN).first()


def overlaid(organisation: Organisation, by: User) -> tuple[Organisation, dict[str, list[Any]]]:
    """Return an organisation as this person wants it, for their form to go on from there.

    :return: a copy to read from, never to save, and the keys of what holds several rows.
    """
    proposal = own(organisation, by) if must_wait(organisation, by) else None
    if proposal is None:
        return organisation, {}
    shown = copy.copy(organisation)
    shown.translations = {code: dict(texts) for code, texts in shown.translations.items()}
    several: dict[str, list[Any]] = {}
    for name, kept in proposal.values.items():
        value = kept["value"]
        if name.startswith(TRANSLATION):
            language, text = translated_field(name)
            shown.translations.setdefault(language, {})[text] = value
        elif name in MANY:
            several[name] = value
        elif name == "municipality":
            shown.municipality_id = value
        else:
            setattr(shown, name, value)
    return shown, several


# --- Proposing ------------------------------------------------------------------------------------
@transaction.atomic
def propose(
    *, organisation: Organisation, values: Mapping[str, Any], seen_version: int, by: User
) -> ProposedEdit | None:
    """Keep what somebody wants to change until the officer has looked at it.

    What the same person changes later goes into the same proposal; a field that says again what is
    public leaves it. What only withdraws something is done at once.

    :param values: as `editing.save` takes them.
    :param seen_version: of the organisation, when the person began to edit.
    :return: the open proposal, None if nothing waits (any more).
    :raises PermissionDenied: if the person may not change the organisation.
    :raises Conflict: as `editing.save` does, for what is done at once.
    """
    row = _locked(organisation, by)
    live = {name: editing.current(row, name) for name in values}
    mine = {name: editing.comparable_value(name, value) for name, value in values.items()}
    withdrawn = {
        name: values[name]
        for name in WITHDRAWN_AT_ONCE & set(values)
        if live[name] and not mine[name]
    }
    seen = live
    if row.version != seen_version:
        entry = row.history.filter(version=seen_version).order_by("-history_id").first()
        seen = editing.as_of(entry, list(values)) if entry else live
    proposal = own(row, by) or ProposedEdit(organisation=row, by=by)
    kept = dict(proposal.values)
    for name, value in mine.items():
        before = kept.get(name)
        if before and facts.from_json(name, before["value"]) == value:
            continue
        if value == live[name] or name in withdrawn:
            kept.pop(name, None)
        elif before or value != seen[name]:
            base = before["base"] if before else facts.as_json(seen[name])
            kept[name] = {"base": base, "value": facts.as_json(value)}
    if withdrawn:
        editing.save(organisation=row, values=withdrawn, seen_version=seen_version, by=by)
    if kept != proposal.values:
        proposal.values, proposal.changed_at = kept, timezone.now()
        proposal.save()
    return _unless_empty(proposal)


@transaction.atomic
def propose_image(
    *,
    image: OrganisationImage,
    alt_text: str,
    credit: str,
    by: User,
    replacing: OrganisationImage | None = None,
) -> ProposedEdit:
    """Keep a picture, or what is to be said about one, until the officer has looked at it.

    The parameters and refusals are those of `images.publish`.
    """
    row = _locked(Organisation(pk=image.organisation_id), by)
    proposal = own(row, by)
    if proposal is None:
        proposal = ProposedEdit.objects.create(organisation=row, by=by)
    if image.kind == images.Kind.LOGO and image.pending:
        for former in proposal.images.filter(image__kind=image.kind).exclude(image=image):
            _forget_image(former)
    ProposedImage.objects.update_or_create(
        image=image,
        defaults={
            "proposal": proposal,
            "alt_text": alt_text,
            "credit": credit,
            "replacing": replacing if replacing and replacing.pk != image.pk else None,
            "agreed_at": timezone.now(),
        },
    )
    proposal.changed_at = timezone.now()
    proposal.save()
    return proposal


@transaction.atomic
def withdraw(*, organisation: Organisation, by: User) -> bool:
    """Take back what one has proposed; the public page stays as it is.

    :return: whether anything waited.
    :raises PermissionDenied: if the person may not change the organisation.
    """
    row = _locked(organisation, by)
    proposal = own(row, by)
    if proposal is None:
        return False
    discard(proposal)
    return True


def discard(proposal: ProposedEdit) -> None:
    """Delete a proposal with the pictures that nobody has seen; part of a transaction."""
    for one in proposal.images.select_related("image"):
        _forget_image(one)
    proposal.delete()


# --- Deciding -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Proposed:
    """One field of a proposal, in words, beside what is public now.

    :ivar meanwhile: what stood there when the person began, if it says something else now.
    :ivar refused: why it cannot be taken, or "".
    """

    name: str
    label: str
    now: str
    wanted: str
    value: Any
    meanwhile: str = ""
    refused: str = ""

    @cached_property
    def _pieces(self) -> tuple[list[history.Piece], list[history.Piece]]:
        return history.compared(self.now, self.wanted)

    @property
    def now_pieces(self) -> list[history.Piece]:
        return self._pieces[0]

    @property
    def wanted_pieces(self) -> list[history.Piece]:
        return self._pieces[1]


def told(proposal: ProposedEdit) -> list[Proposed]:
    """Return the fields of a proposal in the order of the questions."""
    row = proposal.organisation
    found = []
    for name in facts.names_of(proposal.values):
        kept = proposal.values[name]
        base, wanted = (facts.from_json(name, kept[key]) for key in ("base", "value"))
        now = editing.current(row, name)
        usable = facts.usable(row, name, wanted)
        found.append(
            Proposed(
                name,
                facts.label(name),
                facts.in_words(name, now),
                facts.in_words(name, wanted),
                usable.value,
                facts.in_words(name, base) if now not in (base, wanted) else "",
                usable.refused,
            )
        )
    return found


def told_images(organisation: Organisation, by: User) -> list[ProposedImage]:
    """Return the pictures of this person's that wait."""
    proposal = own(organisation, by)
    return list(proposal.images.select_related("image")) if proposal else []


@transaction.atomic
def decide(
    *,
    proposal: ProposedEdit,
    take: Collection[str],
    take_images: Collection[int],
    reason: str,
    seen_version: int,
    seen_at: datetime.datetime | None,
    by: User,
) -> bool:
    """Make public what the officer takes of a proposal, and decline the rest.

    The person who proposed it is told by mail.

    :param take: names of fields.
    :param take_images: keys of proposed pictures.
    :param reason: why something is declined; needed unless all is taken.
    :param seen_version: of the organisation, as the officer's page showed it.
    :param seen_at: when the proposal was last changed, as the page showed it (aware).
    :return: whether anything changed; the second decision does not.
    :raises PermissionDenied: if `by` may not decide.
    :raises Refused: without a reason, or if something cannot be taken (any more).
    :raises Conflict: if proposal or organisation have been changed since the page was shown.
    """
    if not may_decide(by):
        raise PermissionDenied
    row = Organisation.objects.select_for_update().get(pk=proposal.organisation_id)
    proposal = ProposedEdit.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if not proposal.is_open:
        return False
    if proposal.changed_at != seen_at:
        raise Conflict({"proposal": proposal.pk}, row.version)
    proposal.organisation = row
    fields = told(proposal)
    pictures = list(proposal.images.select_related("image", "replacing"))
    taken = [one for one in fields if one.name in take]
    taken_pictures = [one for one in pictures if one.pk in take_images]
    declined = [one.name for one in fields if one not in taken]
    left_pictures = [one for one in pictures if one not in taken_pictures]
    if (declined or left_pictures) and not reason.strip():
        raise Refused(_("Bitte schreiben Sie, warum Sie etwas nicht übernehmen."))
    if refused := [f"{one.label}: {one.refused}" for one in taken if one.refused]:
        raise Refused(" ".join(refused))
    if taken:
        editing.save(
            organisation=row,
            values={one.name: one.value for one in taken},
            seen_version=seen_version,
            by=by,
            reason=gettext_lazy("Vorschlag einer Vertretung übernommen"),
        )
    for one in taken_pictures:
        images.publish(
            image=one.image,
            alt_text=one.alt_text,
            credit=one.credit,
            by=by,
            replacing=one.replacing,
            agreed=(proposal.by, one.agreed_at),
        )
        one.delete()
    for one in left_pictures:
        _forget_image(one)
    if not declined and not left_pictures:
        proposal.state = State.ACCEPTED
    else:
        proposal.state = State.PARTLY if taken or taken_pictures else State.DECLINED
    proposal.decided_at, proposal.decided_by = timezone.now(), by
    proposal.reason = reason.strip()
    proposal.save()
    emails.decided(
        proposal,
        taken=_in_readers_words(proposal, [one.name for one in taken], taken_pictures),
        declined=_in_readers_words(proposal, declined, left_pictures),
        by=by,
    )
    return True


def _in_readers_words(
    proposal: ProposedEdit, names: Sequence[str], pictures: Sequence[ProposedImage]
) -> list[str]:
    with override(proposal.by.language if proposal.by else settings.LANGUAGE_CODE):
        return [facts.label(name) for name in names] + [
            f"{one.image.get_kind_display()} ({one.alt_text})" for one in pictures
        ]


# --- Forgetting -----------------------------------------------------------------------------------
def forget_old() -> int:
    """Delete proposals that were decided long ago; what was taken stands in the history."""
    old = ProposedEdit.objects.filter(decided_at__lte=timezone.now() - KEEP_DECIDED)
    return old.delete()[0]


def forget_author(user: User) -> None:
    """Delete what waits of a person, and take their name off the rest; part of an erasure."""
    for proposal in ProposedEdit.objects.filter(by=user, state=State.OPEN):
        discard(proposal)
    ProposedEdit.objects.filter(by=user).update(by=None)


# --- Parts ----------------------------------------------------------------------------------------
def _locked(organisation: Organisation, by: User) -> Organisation:
    if not Organisation.objects.editable_by(by).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    return Organisation.objects.select_for_update().get(pk=organisation.pk)


def _unless_empty(proposal: ProposedEdit) -> ProposedEdit | None:
    if proposal.pk is None:
        return None
    if proposal.values or proposal.images.exists():
        return proposal
    proposal.delete()
    return None


def _forget_image(one: ProposedImage) -> None:
    image = one.image
    one.delete()
    if image.pending:
        images.erase(image)
