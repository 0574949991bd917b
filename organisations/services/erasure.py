"""What this app knows about a person, and how it forgets it; see `accounts.own_data`."""

import re
from collections.abc import Iterable, Iterator

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.own_data import Obstacle, Section, Value, describe
from core import revision
from core.errors import Refused
from organisations.models import (
    AccessRequest,
    Confirmation,
    ConfirmationAsk,
    Consent,
    ContactPerson,
    Organisation,
    OrganisationImage,
    OrganisationNote,
    ProblemReport,
    ProposedEdit,
    Representative,
    RepresentativeInvitation,
    SuccessionAsk,
)
from organisations.services import consent, images, notes, proposals, registration

State = Organisation.State
# Somebody has to answer for an organisation from the moment it is sent until it is archived.
NEEDS_A_MANAGER = (State.SUBMITTED, State.RETURNED, State.ACTIVE, State.PAUSED)
WITH_HISTORY = (Organisation, ContactPerson, Representative)
CHANGES_SHOWN = 1000


def _contacts(user: User) -> models.QuerySet[ContactPerson]:
    """The entries about this person: their own, and those with their address."""
    return ContactPerson.objects.filter(Q(user=user) | Q(email__iexact=user.email))


# --- What is known --------------------------------------------------------------------------------
def collect(user: User) -> Iterator[Section]:
    """Return everything this app knows about a person."""
    representations = user.representations.select_related("organisation")
    yield Section(
        "representations",
        _("Sie vertreten"),
        [describe(row, ["organisation", "role", "since"]) for row in representations],
    )
    contacts = _contacts(user).select_related("organisation", "photo")
    public = [f"{name}_public" for name in ContactPerson.PUBLISHABLE]
    fields = ["organisation", "name", "function", "phone", "email", "photo", *public]
    yield Section(
        "contact_entries",
        _("Ansprechperson"),
        [describe(row, [*fields, "consented_at", "wants_invitations"]) for row in contacts],
    )
    consents = Consent.objects.filter(
        Q(contact__in=contacts) | Q(contact=None, given_by__iendswith=f"<{user.email}>")
    )
    yield Section(
        "consents",
        _("Einwilligungen"),
        [
            describe(row, ["fields", "wording", "given_at", "given_by", "source", "withdrawn_at"])
            for row in consents
        ],
    )
    yield Section(
        "access_requests",
        _("Zugangsanfragen"),
        [
            describe(row, ["organisation", "message", "state", "created_at", "decided_at"])
            for row in user.access_requests.select_related("organisation")
        ],
    )
    invitations = RepresentativeInvitation.objects.filter(email__iexact=user.email)
    yield Section(
        "invitations",
        _("Einladungen an Sie"),
        [
            describe(row, ["organisation", "role", "created_at", "accepted_at"])
            for row in invitations.select_related("organisation")
        ],
    )
    pictures = OrganisationImage.objects.filter(consent_by=user).select_related("organisation")
    yield Section(
        "image_consents",
        _("Bilder, die Sie freigegeben haben"),
        [describe(row, ["organisation", "kind", "alt_text", "consent_at"]) for row in pictures],
    )
    reports = ProblemReport.objects.filter(email__iexact=user.email)
    yield Section(
        "problem_reports",
        _("Hinweise von Ihnen"),
        [describe(row, ["organisation", "text"]) for row in reports.select_related("organisation")],
    )
    asks = _asks(user).select_related("confirmation__organisation")
    yield Section(
        "confirmation_questions",
        _("Fragen an Sie, ob die Angaben stimmen"),
        [_asked(row, row.confirmation.organisation) for row in asks],
    )
    questions = SuccessionAsk.objects.filter(user=user).select_related("succession__organisation")
    yield Section(
        "succession_questions",
        _("Fragen an Sie, wer eine Organisation verwaltet"),
        [_asked(row, row.succession.organisation) for row in questions],
    )
    proposed = ProposedEdit.objects.filter(by=user).select_related("organisation")
    yield Section(
        "proposed_edits",
        _("Änderungen, die Sie vorgeschlagen haben"),
        [
            describe(row, ["organisation", "state", "created_at", "decided_at", "reason"])
            for row in proposed
        ],
    )
    written = OrganisationNote.objects.filter(by=user).select_related("organisation")
    yield Section(
        "notes",
        _("Notizen von Ihnen"),
        [describe(row, ["organisation", "text", "created_at", "edited_at"]) for row in written],
    )
    yield Section("changes", _("Änderungen von Ihnen"), list(_changes(user)))


def _asks(user: User) -> models.QuerySet[ConfirmationAsk]:
    return ConfirmationAsk.objects.filter(Q(user=user) | Q(email__iexact=user.email))


def _asked(row: ConfirmationAsk | SuccessionAsk, organisation: Organisation) -> list[Value]:
    name = Value("organisation", _("Organisation"), organisation.name)
    return [name, *describe(row, ["email", "asked_at", "answered_at", "returned_at"])]


def _changes(user: User) -> Iterable[list[Value]]:
    for model in WITH_HISTORY:
        rows = model.history.filter(history_user=user).order_by("-history_date")[:CHANGES_SHOWN]
        for row in rows:
            reason = row.history_change_reason
            yield [
                Value("at", _("Am"), row.history_date),
                Value("kind", _("Was"), str(model._meta.verbose_name)),
                *([Value("reason", _("Anlass"), reason)] if reason else []),
            ]


# --- What stands in the way -----------------------------------------------------------------------
def obstacles(user: User) -> Iterator[Obstacle]:
    """Return the organisations that would have nobody to manage them without this person."""
    managed = Representative.objects.filter(role=Representative.Role.MANAGER)
    for row in user.representations.filter(
        role=Representative.Role.MANAGER, organisation__state__in=NEEDS_A_MANAGER
    ).select_related("organisation"):
        others = managed.filter(organisation=row.organisation, user__is_active=True)
        if others.exclude(user=user).exists():
            continue
        yield Obstacle(
            _(
                "„%(organisation)s“ hat dann niemanden mehr, der die Organisation verwaltet. Bitte "
                "laden Sie vorher jemanden ein und übergeben Sie die Verwaltung. Oder bitten Sie "
                "das Team des Netzwerks, die Organisation herauszunehmen."
            )
            % {"organisation": row.organisation.name},
            reverse("organisations:people", kwargs={"pk": row.organisation_id}),
            _("Vertretungen ansehen"),
        )


# --- Forgetting -----------------------------------------------------------------------------------
def erase(user: User) -> None:
    """Remove a person from organisations and their history; part of `accounts.services.erase`.

    :raises Refused: when an organisation would have nobody to manage it any more.
    """
    # Two who leave at the same moment must not both believe that the other one stays: what stands
    # in the way is looked at once more behind the lock.
    own = Organisation.objects.filter(representatives__user=user).order_by("pk")
    organisations = list(Organisation.objects.select_for_update().filter(pk__in=own.values("pk")))
    for obstacle in obstacles(user):
        raise Refused(obstacle.text)
    for contact in _contacts(user).select_related("photo"):
        _erase_contact(contact)
    _make_nameless(Consent.objects.filter(contact=None, given_by__iendswith=f"<{user.email}>"))
    ContactPerson.history.filter(Q(user_id=user.pk) | Q(email__iexact=user.email)).delete()
    for organisation in organisations:
        others = organisation.representatives.exclude(user=user).exists()
        if organisation.state == State.DRAFT and not others:
            registration.erase_draft(organisation)
    Representative.objects.filter(user=user).delete()
    Representative.history.filter(user_id=user.pk).delete()
    RepresentativeInvitation.objects.filter(email__iexact=user.email).delete()
    AccessRequest.objects.filter(user=user).delete()
    ProblemReport.objects.filter(email__iexact=user.email).update(email="")
    ProblemReport.objects.filter(settled_by=user).update(settled_by=None)
    _asks(user).delete()
    SuccessionAsk.objects.filter(user=user).delete()
    notes.forget_author(user)
    proposals.forget_author(user)
    _forget_name(user)
    revision.bump()


def _erase_contact(contact: ContactPerson) -> None:
    """Remove an entry with its history and picture; that there was a consent stays, nameless."""
    _make_nameless(contact.consents.exclude(given_at=None))
    consent.keep_proof(contact)
    photo = contact.photo
    pk = contact.pk
    contact.delete()
    ContactPerson.history.filter(id=pk).delete()
    if photo is not None:
        images.erase(photo)


def _make_nameless(consents: models.QuerySet[Consent]) -> None:
    gone = _("gelöscht am %(date)s") % {"date": timezone.localdate().isoformat()}
    consents.update(given_by=gone, note="")


def _forget_name(user: User) -> None:
    """Take the person's name out of remarks that services and staff have written."""
    for word in {user.name, user.email} - {""}:
        for model in (Consent, Confirmation):
            for row in model.objects.filter(note__contains=word):
                row.note = row.note.replace(word, _("gelöscht"))[:500]
                row.save(update_fields=["note"])
        for diary in (OrganisationNote, OrganisationNote.history.model):
            for entry in diary.objects.filter(text__contains=word):
                # Whole words: the name may be a part of others.
                text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", _("gelöscht"), entry.text)
                text = text[: OrganisationNote.TEXT_LENGTH]
                diary.objects.filter(pk=entry.pk).update(text=text)
