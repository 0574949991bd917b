"""Who is invited: by rule, and by hand.

A rule only puts people on the list; the officer sees it, takes people off and puts others on before
anything goes out. Right before sending, the rules are asked again: who does not speak for an active
organisation any more, or does not want invitations any more, gets none.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User, normalise_email
from core.errors import Refused
from core.mail import validate_recipient
from core.text import clean_text
from meetings.models import Invitation, InvitationLink, Meeting, may_plan
from meetings.services import answers
from meetings.services.guests import Guest
from organisations.models import ContactPerson, Organisation, Representative

Source = Invitation.Source
# The rules, in the order in which they say what somebody is invited as.
RULES = (Source.REPRESENTATIVE, Source.CONTACT, Source.PARTNER, Source.MAILBOX)
# What is ticked to begin with: issue 4.
USUAL = (Source.REPRESENTATIVE, Source.CONTACT, Source.PARTNER)
BATCH = 500
NAME_LENGTH = 160


@dataclass(frozen=True)
class Candidate:
    """Somebody a rule finds."""

    email: str
    source: str
    organisation: int
    name: str = ""
    language: str = settings.LANGUAGE_CODE
    user: int | None = None
    contact: int | None = None


@dataclass
class Added:
    """What became of people who were to be put on the list.

    :ivar wrong: addresses no mail can be written to.
    """

    new: int = 0
    restored: int = 0
    present: int = 0
    wrong: list[str] = field(default_factory=list)


# --- The rules ------------------------------------------------------------------------------------
def candidates(*, among: Collection[str] | None = None) -> list[Candidate]:
    """Return everybody the rules find, each address once; three queries.

    :param among: only these addresses, in lower case.
    """
    found: dict[str, Candidate] = {}
    for one in [*_representatives(among), *_contacts(among), *_mailboxes(among)]:
        if one.email:
            found.setdefault(one.email, one)
    return list(found.values())


def _representatives(among: Collection[str] | None) -> Iterable[Candidate]:
    rows = Representative.objects.filter(
        organisation__state=Organisation.State.ACTIVE, user__is_active=True
    )
    if among is not None:
        rows = rows.filter(user__email__in=among)
    for row in rows.order_by("organisation__name", "pk").values(
        "user", "user__email", "user__name", "user__language", "organisation", "organisation__kind"
    ):
        yield Candidate(
            email=row["user__email"],
            source=_as(Source.REPRESENTATIVE, row["organisation__kind"]),
            organisation=row["organisation"],
            name=row["user__name"],
            language=row["user__language"],
            user=row["user"],
        )


def _contacts(among: Collection[str] | None) -> Iterable[Candidate]:
    rows = ContactPerson.objects.filter(
        organisation__state=Organisation.State.ACTIVE, wants_invitations=True
    ).exclude(email="")
    if among is not None:
        rows = rows.annotate(address=Lower("email")).filter(address__in=among)
    for row in rows.order_by("organisation__name", "position", "pk").values(
        "pk", "email", "name", "user", "user__language", "organisation", "organisation__kind"
    ):
        yield Candidate(
            email=normalise_email(row["email"]),
            source=_as(Source.CONTACT, row["organisation__kind"]),
            organisation=row["organisation"],
            name=row["name"],
            language=row["user__language"] or settings.LANGUAGE_CODE,
            user=row["user"],
            contact=row["pk"],
        )


def _mailboxes(among: Collection[str] | None) -> Iterable[Candidate]:
    rows = Organisation.objects.public().exclude(email="")
    if among is not None:
        rows = rows.annotate(address=Lower("email")).filter(address__in=among)
    for row in rows.order_by("name", "pk").values("pk", "email", "name", "kind"):
        yield Candidate(
            email=normalise_email(row["email"]),
            source=_as(Source.MAILBOX, row["kind"]),
            organisation=row["pk"],
            name=row["name"][:NAME_LENGTH],
        )


def _as(source: str, kind: str) -> str:
    """Return as what somebody is invited: partners are no members, whoever speaks for them."""
    return Source.PARTNER if kind == Organisation.Kind.PARTNER else source


def by_rule() -> dict[str, list[Candidate]]:
    """Return by rule whom it would put on the list.

    An organisation's mailbox only stands in where nobody else can be reached.
    """
    found: dict[str, list[Candidate]] = {rule: [] for rule in RULES}
    reached: set[int] = set()
    for one in candidates():
        is_person = one.user is not None or one.contact is not None
        if is_person:
            reached.add(one.organisation)
        elif one.organisation in reached:
            continue
        found[one.source].append(one)
    return found


@dataclass(frozen=True)
class Rule:
    """A rule as the page offers it: how many it finds, and how many are not on the list yet."""

    source: str
    label: str
    total: int
    new: int
    is_usual: bool


def rules(meeting: Meeting) -> list[Rule]:
    """Return what each rule would do."""
    known = set(meeting.invitations.exclude(email="").values_list("email", flat=True))
    return [
        Rule(
            source=source,
            label=str(Source(source).label),
            total=len(people),
            new=sum(one.email not in known for one in people),
            is_usual=source in USUAL,
        )
        for source, people in by_rule().items()
    ]


def lapsed(invitations: Iterable[Invitation]) -> dict[int, str]:
    """Return who of some people would not be put on the list by any rule today, and why.

    Whoever was put there by hand, or gets a letter, stays.

    :return: the reason in words, by the invitation's key.
    """
    asked = [one for one in invitations if one.source != Source.GUEST and one.email]
    if not asked:
        return {}
    still = {one.email for one in candidates(among={one.email for one in asked})}
    return {one.pk: _why_not(one.source) for one in asked if one.email not in still}


def _why_not(source: str) -> str:
    words: dict[str, str] = {
        Source.REPRESENTATIVE: _("vertritt keine aktive Organisation mehr"),
        Source.CONTACT: _("möchte keine Einladungen mehr oder ist nicht mehr Ansprechperson"),
        Source.PARTNER: _("gehört zu keinem aktiven Partner mehr"),
    }
    return words.get(source, _("das Postfach ist nicht mehr eingetragen"))


def unreached(meeting: Meeting) -> QuerySet[Organisation]:
    """Return the active organisations from which nobody is on the list, by name."""
    listed = meeting.invitations.listed().filter(organisation=OuterRef("pk"))
    # Somebody who speaks for two is on the list once, and stands for both.
    speaks = Representative.objects.filter(
        organisation=OuterRef("pk"),
        user__is_active=True,
        user__email__in=meeting.invitations.listed().exclude(email="").values("email"),
    )
    return (
        Organisation.objects.public()
        .exclude(Exists(listed))
        .exclude(Exists(speaks))
        .order_by("name", "pk")
    )


# --- Putting people on the list -------------------------------------------------------------------
@transaction.atomic
def fill(*, meeting: Meeting, sources: Collection[str], by: User) -> Added:
    """Put everybody on the list whom some rules find; who was taken off stays off.

    :param sources: of `RULES`.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if nobody can be invited any more.
    """
    row = lock(meeting, by)
    known = set(row.invitations.exclude(email="").values_list("email", flat=True))
    added = Added()
    new = []
    for source, people in by_rule().items():
        if source not in sources:
            continue
        for one in people:
            if one.email in known:
                added.present += 1
            elif not is_address(one.email):
                added.wrong.append(one.email)
            else:
                known.add(one.email)
                new.append(_invitation(row, one))
    Invitation.objects.bulk_create(new, batch_size=BATCH)
    added.new = len(new)
    return added


def _invitation(meeting: Meeting, one: Candidate) -> Invitation:
    return Invitation(
        meeting=meeting,
        email=one.email,
        name=one.name,
        language=one.language,
        source=one.source,
        organisation_id=one.organisation,
        user_id=one.user,
        contact_id=one.contact,
    )


@transaction.atomic
def add_guests(*, meeting: Meeting, guests: Iterable[Guest], language: str, by: User) -> Added:
    """Put people on the list by their addresses; who was taken off before is on it again.

    Somebody a rule knows stands there as what they are, with their own language.

    :param guests: see `guests.parse`.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if nobody can be invited any more.
    """
    row = lock(meeting, by)
    wanted = {one.email: one for one in guests}
    added = Added()
    for one in row.invitations.filter(email__in=wanted).select_for_update(of=("self",)):
        wanted.pop(one.email)
        if one.removed_at is None:
            added.present += 1
        else:
            one.removed_at = None
            one.save(update_fields=["removed_at"])
            added.restored += 1
    known = {one.email: one for one in candidates(among=wanted)}
    new = [
        _invitation(row, known[email])
        if email in known
        else Invitation(meeting=row, email=email, name=one.name, language=language)
        for email, one in wanted.items()
    ]
    Invitation.objects.bulk_create(new, batch_size=BATCH)
    added.new = len(new)
    return added


@transaction.atomic
def add_letter(
    *,
    meeting: Meeting,
    name: str,
    postal_address: str,
    language: str,
    by: User,
    organisation: Organisation | None = None,
) -> Invitation:
    """Put somebody on the list who gets a letter; the same name and address again is the same row.

    :param postal_address: as it stands on the letter, without the name.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if nobody can be invited any more, or something is missing.
    """
    row = lock(meeting, by)
    name = clean_text(name, multiline=False)[:NAME_LENGTH]
    postal_address = clean_text(postal_address, multiline=True)
    if not name or not postal_address:
        raise Refused(_("Ein Brief braucht einen Namen und eine Postadresse."))
    found = row.invitations.filter(email="", name=name, postal_address=postal_address).first()
    if found is None:
        return Invitation.objects.create(
            meeting=row,
            name=name,
            postal_address=postal_address,
            language=language,
            organisation=organisation,
            is_letter=True,
        )
    if found.removed_at is not None:
        found.removed_at = None
        found.save(update_fields=["removed_at"])
    return found


# --- Taking off, putting back, mending ------------------------------------------------------------
@transaction.atomic
def remove(*, meeting: Meeting, pks: Collection[int], by: User) -> int:
    """Take people off the list; a rule does not put them back. Their seats are free again.

    :return: how many were taken off.
    :raises PermissionDenied: for anybody but the officer.
    """
    row = lock(meeting, by, also_late=True)
    taken_off = row.invitations.listed().filter(pk__in=pks).update(removed_at=timezone.now())
    if taken_off:
        answers.move_up(meeting=row)
    return taken_off


@transaction.atomic
def restore(*, meeting: Meeting, pks: Collection[int], by: User) -> int:
    """Put people on the list again, with the answer they have given.

    Who has said yes waits for a seat if theirs was taken meanwhile.

    :return: how many were put back.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if nobody can be invited any more.
    """
    row = lock(meeting, by)
    removed = list(row.invitations.filter(pk__in=pks).exclude(removed_at=None).order_by("pk"))
    left = answers.seats_left(row)
    for one in removed:
        one.removed_at = None
        if one.reply == Invitation.Reply.YES and left is not None:
            fits = one.people <= left
            one.waiting_since = None if fits else timezone.now()
            left -= one.people if fits else 0
    Invitation.objects.bulk_update(removed, ["removed_at", "waiting_since"], batch_size=BATCH)
    return len(removed)


@transaction.atomic
def mend(*, invitation: Invitation, values: dict[str, Any], by: User) -> bool:
    """Change how somebody is reached. At a new address the old links are of no use any more.

    :param values: `name`, `email`, `postal_address`, `language`.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if the address stands on the list already, or something is missing.
    """
    meeting = lock(invitation.meeting, by)
    row = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    wanted = {
        "name": clean_text(values["name"], multiline=False)[:NAME_LENGTH],
        "email": normalise_email(values["email"]),
        "postal_address": clean_text(values["postal_address"], multiline=True),
        "language": values["language"],
    }
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    if not changed:
        return False
    if not wanted["email"] and not (wanted["name"] and wanted["postal_address"]):
        raise Refused(
            _("Bitte geben Sie eine E-Mail-Adresse an, oder einen Namen und eine Postadresse.")
        )
    if "email" in changed:
        if wanted["email"]:
            if not is_address(wanted["email"]):
                raise Refused(_("Bitte geben Sie eine gültige E-Mail-Adresse ein."))
            others = meeting.invitations.exclude(pk=row.pk)
            if others.filter(email=wanted["email"]).exists():
                raise Refused(_("Diese Adresse steht schon auf der Liste."))
        # Whoever reads the old mailbox is perhaps somebody else.
        InvitationLink.objects.filter(invitation=row).delete()
        # No rule has found this address: what the officer has typed stays.
        row.source = Source.GUEST
        row.user_id = row.contact_id = None
        row.undelivered_at = None
        row.is_letter = not wanted["email"]
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save()
    return True


def lock(meeting: Meeting, by: User | None, *, also_late: bool = False) -> Meeting:
    """Return the meeting's row, locked: whoever changes the list holds it.

    :param also_late: also of a meeting that is cancelled or over.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if it is cancelled or over.
    """
    if by is not None and not may_plan(by):
        raise PermissionDenied
    row = Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    if not also_late and row.is_cancelled:
        raise Refused(_("Das Treffen ist abgesagt. Dazu wird niemand mehr eingeladen."))
    if not also_late and row.is_over:
        raise Refused(_("Das Treffen ist vorbei. Dazu wird niemand mehr eingeladen."))
    return row


def is_address(email: str) -> bool:
    """Whether a mail can be written to it: imported entries were never typed into a form."""
    try:
        validate_recipient(email)
    except ValidationError:
        return False
    return True


def counts(meeting: Meeting) -> Counter[str]:
    """Return how many people are on the list, by what they are invited as; one query."""
    listed = meeting.invitations.listed().order_by().values_list("source", flat=True)
    return Counter(listed)
