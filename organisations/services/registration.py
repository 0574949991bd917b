"""From the first line of a registration to the moment the officer gets to see it."""

import uuid
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import history, limits
from core.errors import Refused
from organisations.emails import registration as emails
from organisations.models import (
    Consent,
    ContactPerson,
    Organisation,
    OrganisationImage,
    PostalCode,
    Representative,
)
from organisations.services import decisions, images, slugs

State = Organisation.State

STEPS: dict[str, Promise] = {
    "organisation": gettext_lazy("Ihre Organisation"),
    "ort": gettext_lazy("Wo Sie sind"),
    "taetigkeit": gettext_lazy("Was Sie machen"),
    "kontakt": gettext_lazy("Wer erreichbar ist"),
    "logo": gettext_lazy("Logo und Fotos"),
    "senden": gettext_lazy("Prüfen und senden"),
}
TRIES_FOR_AN_ADDRESS = 3


@dataclass(frozen=True)
class Missing:
    """Something that has to be filled in before a registration can be sent."""

    step: str
    text: str


def start(*, name: str, by: User, creation_key: uuid.UUID, kind: str = "") -> Organisation:
    """Begin a registration; the person becomes the organisation's manager.

    :param name: the organisation's name, cleaned.
    :param by: who registers it.
    :param creation_key: made with the form; the same key again returns the same draft.
    :param kind: one of `Organisation.Kind`.
    :return: the draft.
    :raises Refused: if the person has begun too many today.
    """
    already = begun(by=by, creation_key=creation_key)
    if already:
        return already
    if not limits.allow(str(by.pk), action="draft"):
        raise Refused(
            _(
                "Sie haben heute schon viele Organisationen angelegt. "
                "Bitte machen Sie morgen weiter."
            )
        )
    for _attempt in range(TRIES_FOR_AN_ADDRESS):
        try:
            return _start(name=name, by=by, creation_key=creation_key, kind=kind)
        except IntegrityError:
            # The same form arrived twice at the same moment, or another draft took the address.
            already = begun(by=by, creation_key=creation_key)
            if already:
                return already
            if Organisation.objects.filter(creation_key=creation_key).exists():
                creation_key = uuid.uuid4()  # somebody else's key: not theirs to see or to block
    raise Refused(_("Das hat nicht geklappt. Bitte senden Sie das Formular noch einmal."))


def begun(*, by: User, creation_key: uuid.UUID) -> Organisation | None:
    """Return what a person has begun with a form, if it was sent before."""
    return Organisation.objects.filter(creation_key=creation_key, representatives__user=by).first()


@transaction.atomic
def _start(*, name: str, by: User, creation_key: uuid.UUID, kind: str) -> Organisation:
    organisation = Organisation(
        name=name, kind=kind, slug=slugs.unique_slug(name), creation_key=creation_key
    )
    history.note(organisation, by=by, reason=gettext_lazy("Anmeldung begonnen"))
    organisation.save()
    representative = Representative(
        user=by, organisation=organisation, role=Representative.Role.MANAGER
    )
    history.note(representative, by=by, reason=gettext_lazy("Hat die Organisation angelegt"))
    representative.save()
    return organisation


def missing(organisation: Organisation) -> list[Missing]:
    """Return what has to be filled in before the registration can be sent, in the steps' order."""
    found = []
    if not organisation.name:
        found.append(Missing("organisation", _("der Name der Organisation")))
    if not organisation.kind:
        found.append(Missing("organisation", _("die Art der Organisation")))
    if organisation.municipality_id is None:
        found.append(Missing("ort", _("die Stadt oder Gemeinde")))
    elif _lies_outside(organisation):
        found.append(Missing("ort", _("eine Postleitzahl aus dem Landkreis, oder keine")))
    if not organisation.description:
        found.append(Missing("taetigkeit", _("die Beschreibung")))
    if not organisation.topics.exists():
        found.append(Missing("taetigkeit", _("mindestens ein Thema")))
    if not organisation.contacts.exists():
        found.append(Missing("kontakt", _("mindestens eine Ansprechperson")))
    return found


def _lies_outside(organisation: Organisation) -> bool:
    """Whether the address lies outside the county, which only a partner's may.

    The form refuses it; but a partner may have become an association since.
    """
    if not organisation.postal_code or organisation.kind == Organisation.Kind.PARTNER:
        return False
    codes = PostalCode.objects.filter(municipality__in_county=True)
    return codes.exists() and not codes.filter(code=organisation.postal_code).exists()


def progress(organisation: Organisation) -> dict[str, str]:
    """Return how far each step is: `done`, `begun`, `open` or `optional`.

    A handful of small queries, whatever the organisation has.
    """
    lacking = {entry.step for entry in missing(organisation)}
    begun = {
        "organisation": bool(organisation.name),
        "ort": bool(organisation.street or organisation.postal_code or organisation.opening_times),
        "taetigkeit": bool(
            organisation.description
            or organisation.aims
            or organisation.activities
            or organisation.languages.exists()
        ),
        "kontakt": bool(organisation.phone or organisation.email or organisation.website),
    }
    states = {
        step: "done" if step not in lacking else "begun" if has_something else "open"
        for step, has_something in begun.items()
    }
    has_logo = organisation.images.filter(kind=OrganisationImage.Kind.LOGO, pending=False).exists()
    states["logo"] = "done" if has_logo or organisation.skipped_logo else "optional"
    states["senden"] = "open" if organisation.can_submit else "done"
    return states


def submit(*, organisation: Organisation, by: User, answer: str = "") -> bool:
    """Hand a registration over to the officer and tell both sides by mail.

    :param by: a representative; a mail to them says what happens next.
    :param answer: to what the officer has asked; she alone reads it.
    :return: whether anything changed; sending twice is sending once.
    :raises PermissionDenied: if the person does not speak for the organisation.
    :raises Refused: if something is missing, the state does not allow it, or it is sent again and
        again.
    """
    if not Organisation.objects.editable_by(by).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    if not organisation.can_submit:
        return _submit(organisation, by, answer, tells_the_office=False)
    if not limits.allow(str(by.pk), action="submit"):
        raise Refused(_("Sie haben heute schon sehr oft gesendet. Bitte versuchen Sie es morgen."))
    # Whoever makes many accounts fills the officer's desk at most, not her mailbox.
    tells_the_office = limits.allow("", action="mails_to_the_office")
    return _submit(organisation, by, answer, tells_the_office=tells_the_office)


@transaction.atomic
def _submit(organisation: Organisation, by: User, answer: str, *, tells_the_office: bool) -> bool:
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if row.state == State.SUBMITTED:
        organisation.state = row.state
        return False
    if not row.can_submit:
        raise Refused(
            _("Das geht nicht mehr: „%(name)s“ hat jetzt den Stand „%(state)s“.")
            % {"name": row.name, "state": row.get_state_display()}
        )
    if missing(row):
        raise Refused(_("Es fehlen noch Angaben. Bitte ergänzen Sie sie zuerst."))
    again = row.state == State.RETURNED
    now = timezone.now()
    row.state = State.SUBMITTED
    row.state_since = row.submitted_at = now
    row.review_after = None
    row.answer_to_office = answer.strip() if again else ""
    again_or_not = gettext_lazy("Noch einmal eingereicht") if again else gettext_lazy("Eingereicht")
    history.note(row, by=by, reason=again_or_not)
    row.save()
    emails.submitted(row, by=by, again=again)
    if tells_the_office:
        emails.to_the_office(row, by=by, again=again, readers=decisions.officers())
    organisation.state, organisation.submitted_at = row.state, row.submitted_at
    organisation.state_since = row.state_since
    return True


@transaction.atomic
def discard(*, organisation: Organisation, by: User) -> None:
    """Throw away a draft that was never sent: a mistake, or a duplicate noticed late.

    Nobody but its representatives and staff has ever seen it, so nothing needs keeping.

    :raises PermissionDenied: unless the person manages it.
    :raises Refused: if it has been sent before.
    """
    if not Organisation.objects.managed_by(by).filter(pk=organisation.pk).exists():
        raise PermissionDenied
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if row.state != State.DRAFT or row.submitted_at is not None:
        raise Refused(_("Nur ein Entwurf, der noch nie gesendet wurde, kann gelöscht werden."))
    erase_draft(row)


def erase_draft(draft: Organisation) -> None:
    """Delete a registration that was never sent, with its history; part of a transaction.

    Its people are PROTECTed and go first. What is deleted leaves its last state in the history;
    here nothing is to remain.
    """
    for image in draft.images.all():
        images.erase(image)
    Consent.objects.filter(contact__organisation=draft).delete()
    draft.contacts.all().delete()
    draft.representatives.all().delete()
    pk = draft.pk
    draft.delete()
    Organisation.history.filter(id=pk).delete()
    ContactPerson.history.filter(organisation_id=pk).delete()
    Representative.history.filter(organisation_id=pk).delete()
