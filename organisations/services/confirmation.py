"""Once a year: does what everybody reads about an organisation still hold?

A round has up to three mails, three weeks apart. The first two go to the same person, the last to
the next one, if there is one; a mail that comes back is not counted, and the next person is asked.
Who does not answer comes to the officer's list; nothing is hidden by itself.
"""

import datetime
import uuid
from collections import Counter

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as accounts
from accounts.models import User
from core import history, tokens
from core.errors import Refused
from core.models import OutboxMessage
from organisations.emails import confirmation as emails
from organisations.models import Confirmation, ConfirmationAsk, Organisation, ProblemReport
from organisations.services import decisions, problems, reach
from organisations.services.reach import Reader

State = Confirmation.State
Way = Confirmation.Way

YEAR = datetime.timedelta(days=365)
BETWEEN_MAILS = datetime.timedelta(days=21)
MAILS = 3
OFFERED_AFTER = datetime.timedelta(days=30)
LINK_VALID = datetime.timedelta(days=180)
# What nobody has ever confirmed was imported; the officer may still want to mend or undo that.
BEFORE_FIRST = datetime.timedelta(days=14)
ASK_AGAIN_AFTER = datetime.timedelta(hours=24)
# What the history says of every confirmation, at least to begin with.
CONFIRMED = gettext_lazy("Angaben bestätigt")


# --- Asking ---------------------------------------------------------------------------------------
def due(today: datetime.date) -> QuerySet[Organisation]:
    """Return the active organisations with which a new round is to begin, the most urgent first.

    Those that have confirmed before keep their day; what was imported fills what is left of a day.
    """
    year_ago = today - YEAR
    rounds = Confirmation.objects.filter(organisation=OuterRef("pk"))
    present = rounds.filter(
        Q(state=State.ASKED) | Q(begun_on__gt=year_ago) & ~Q(state=State.CLOSED)
    )
    never = Q(confirmed_on=None, state_since__lte=timezone.now() - BEFORE_FIRST)
    return (
        Organisation.objects.public()
        .filter(Q(confirmed_on__lte=year_ago) | never)
        .exclude(Exists(present))
        .order_by(F("confirmed_on").asc(nulls_last=True), "pk")
    )


def ask_due() -> dict[str, int]:
    """Take every step that is due and begin rounds, as many as a day allows (`reach.daily_cap`).

    Each step is a transaction of its own and stamps its row: killed half-way, the rest is done by
    the next call, and a second call on the same day changes nothing.

    :return: how many rounds came to which end or step.
    """
    today = timezone.localdate()
    counts = Counter({"came back": note_refused_mails()})
    running = Confirmation.objects.filter(state=State.ASKED)
    over = Q(asked=MAILS, next_on__lte=today) | ~Q(organisation__state=Organisation.State.ACTIVE)
    counts += reach.take(go_on, running.filter(over))
    steps: list[tuple[reach.Step, QuerySet]] = [
        # Who was asked before is waiting for a reminder on its day: first.
        (go_on, running.filter(next_on__lte=today, asked__lt=MAILS).order_by("next_on", "pk")),
        (begin, due(today)),
    ]
    counts += reach.take_within_cap(steps, written_since=_written_since)
    return dict(counts)


def _written_since(moment: datetime.datetime) -> int:
    """Return how many organisations have been dealt with."""
    asked = ConfirmationAsk.objects.filter(asked_at__gte=moment).count()
    day = timezone.localdate(moment)
    without = Confirmation.objects.filter(state=State.UNREACHABLE, begun_on__gte=day, asked=0)
    return asked + without.count()


@transaction.atomic
def begin(organisation_pk: int) -> str:
    """Begin a round with an organisation, unless another worker was quicker.

    A round that still waits on the officer's list ends with it.
    """
    organisation = Organisation.objects.select_for_update().get(pk=organisation_pk)
    if not due(timezone.localdate()).filter(pk=organisation.pk).exists():
        return "done before"
    for waiting in organisation.confirmations.filter(state__in=Confirmation.UNFINISHED):
        _end(waiting, State.CLOSED)
    confirmation = Confirmation(organisation=organisation, next_on=timezone.localdate())
    confirmation.save()
    return _step(confirmation, organisation)


@transaction.atomic
def go_on(confirmation_pk: int) -> str:
    """Take the next step of a round: a reminder, or the officer's list; or end what is settled."""
    found = Confirmation.objects.get(pk=confirmation_pk)
    organisation = Organisation.objects.select_for_update().get(pk=found.organisation_id)
    confirmation = Confirmation.objects.select_for_update().get(pk=confirmation_pk)
    if confirmation.state != State.ASKED:
        return "done before"
    if not organisation.is_public:
        return _end(confirmation, State.CLOSED)
    if confirmation.next_on is None or confirmation.next_on > timezone.localdate():
        return "done before"
    if organisation.confirmed_on and organisation.confirmed_on >= confirmation.begun_on:
        return _end(confirmation, State.CONFIRMED)
    return _step(confirmation, organisation)


def _step(confirmation: Confirmation, organisation: Organisation) -> str:
    if confirmation.asked >= MAILS:
        return _wait(confirmation, State.UNANSWERED)
    reader = _next_reader(confirmation, organisation)
    if reader is None:
        return _wait(confirmation, State.UNREACHABLE)
    _ask(confirmation, organisation, reader)
    return "asked"


def _next_reader(confirmation: Confirmation, organisation: Organisation) -> Reader | None:
    """Return whom the next mail goes to: the same person once more, then the next one."""
    asks = list(confirmation.asks.all())
    returned = {ask.email for ask in asks if ask.returned_at}
    asked = [ask.email for ask in asks if ask.email not in returned]
    readers = [one for one in reach.readers(organisation) if one.email not in returned]
    again = [one for one in readers if asked and one.email == asked[-1]]
    others = [one for one in readers if one.email not in asked]
    is_last = confirmation.asked == MAILS - 1
    return next(iter(others + again if is_last or not again else again), None)


def _ask(confirmation: Confirmation, organisation: Organisation, reader: Reader) -> ConfirmationAsk:
    token, token_hash = tokens.new_token()
    ask = ConfirmationAsk.objects.create(
        confirmation=confirmation,
        number=confirmation.asked + 1,
        user=reader.user,
        email=reader.email,
        language=reader.language,
        token_hash=token_hash,
    )
    ask.mail = emails.asked(
        ask, organisation=organisation, name=reader.name, token=token, days=LINK_VALID.days
    )
    ask.save(update_fields=["mail"])
    confirmation.asked += 1
    confirmation.state = State.ASKED
    confirmation.next_on = timezone.localdate() + BETWEEN_MAILS
    confirmation.save()
    return ask


def _wait(confirmation: Confirmation, state: str) -> str:
    """Put a round on the officer's list."""
    confirmation.state = state
    confirmation.state_since = timezone.now()
    confirmation.next_on = None
    confirmation.save()
    return state


def _end(
    confirmation: Confirmation, state: str, *, way: str = "", by: User | None = None, note: str = ""
) -> str:
    confirmation.state = state
    confirmation.state_since = confirmation.ended_at = timezone.now()
    confirmation.next_on = None
    confirmation.way, confirmation.confirmed_by, confirmation.note = way, by, note
    confirmation.save()
    return state


# --- Mails that come back -------------------------------------------------------------------------
def came_back(message: OutboxMessage) -> None:
    """Have the next person asked when a mail has come back; see `core.mail.bounce_handlers`."""
    for ask in ConfirmationAsk.objects.filter(mail=message, returned_at=None):
        _returned(ask)


def note_refused_mails() -> int:
    """Do the same for mails that were refused or given up in the outbox.

    :return: how many there were.
    """
    refused = ConfirmationAsk.objects.filter(
        returned_at=None,
        answered_at=None,
        mail__state__in=[OutboxMessage.State.FAILED, OutboxMessage.State.CANCELLED],
    )
    asks = list(refused)
    for ask in asks:
        _returned(ask)
    return len(asks)


@transaction.atomic
def _returned(ask: ConfirmationAsk) -> None:
    confirmation = Confirmation.objects.select_for_update().get(pk=ask.confirmation_id)
    ask.returned_at = timezone.now()
    ask.save(update_fields=["returned_at"])
    if confirmation.state in {State.ASKED, State.UNANSWERED}:
        confirmation.asked -= 1
        confirmation.state = State.ASKED
        confirmation.next_on = timezone.localdate()
        confirmation.save()


# --- Answering ------------------------------------------------------------------------------------
def find(token: str) -> ConfirmationAsk | None:
    """Return the question a link belongs to, whatever has become of it."""
    return (
        ConfirmationAsk.objects.filter(token_hash=tokens.hash_token(token))
        .select_related("confirmation__organisation__municipality", "user")
        .first()
    )


def can_answer(ask: ConfirmationAsk) -> bool:
    """Whether a link still works: for half a year, for an active organisation, for its people."""
    organisation = ask.confirmation.organisation
    return (
        organisation.is_public
        and ask.asked_at > timezone.now() - LINK_VALID
        and reach.belongs(organisation, ask.email)
    )


def is_confirmed_since(ask: ConfirmationAsk) -> bool:
    """Whether somebody has confirmed the organisation since this question was asked."""
    day = ask.confirmation.organisation.confirmed_on
    return day is not None and day >= timezone.localdate(ask.asked_at)


@transaction.atomic
def answer(*, ask: ConfirmationAsk) -> bool:
    """Confirm an organisation by the link in a mail.

    :param ask: what `find` returned.
    :return: whether anything changed; confirming twice does no harm.
    :raises Refused: if the link means nothing any more.
    """
    organisation = _answered(ask)
    reason = gettext_lazy("Angaben bestätigt, über den Link aus der E-Mail")
    return _confirm(organisation, by=ask.user, way=Way.LINK, reason=reason)


@transaction.atomic
def report(*, ask: ConfirmationAsk, text: str, creation_key: uuid.UUID) -> ProblemReport:
    """Take from the link in a mail what is not right; the officer mends it and confirms.

    :param text: what the person has written.
    :param creation_key: made with the empty form.
    :raises Refused: if the link means nothing any more.
    """
    organisation = _answered(ask)
    confirmation = Confirmation.objects.select_for_update().get(pk=ask.confirmation_id)
    if confirmation.is_unfinished and confirmation.state != State.REPORTED:
        _wait(confirmation, State.REPORTED)
    return problems.report(
        organisation=organisation, text=text, email=ask.email, creation_key=creation_key
    )


def is_worth_confirming(organisation: Organisation) -> bool:
    """Whether its people are offered to confirm an organisation they are looking at anyway.

    Not to those who have just done it. Saving a change confirms nothing by itself: who mends a
    telephone number has not read the rest.
    """
    if not organisation.is_public:
        return False
    day = organisation.confirmed_on
    return day is None or day <= timezone.localdate() - OFFERED_AFTER


@transaction.atomic
def confirm(*, organisation: Organisation, by: User, note: str = "") -> bool:
    """Confirm an organisation as somebody who may change it.

    :param by: a representative, or the officer after she has asked.
    :param note: how the officer knows, for example after which call.
    :return: whether anything changed.
    :raises PermissionDenied: if the person may not change the organisation.
    :raises Refused: if the organisation is not active.
    """
    row = _lock(organisation)
    if not Organisation.objects.editable_by(by).filter(pk=row.pk).exists():
        raise PermissionDenied
    if not row.is_public:
        raise Refused(
            _("„%(name)s“ ist gerade nicht öffentlich und kann nicht bestätigt werden.")
            % {"name": row.name}
        )
    speaks = row.representatives.filter(user=by).exists()
    way = Way.ACCOUNT if speaks else Way.OFFICER
    changed = _confirm(row, by=by, way=way, reason=CONFIRMED, note=note.strip())
    organisation.confirmed_on = row.confirmed_on
    return changed


def _confirm(
    row: Organisation, *, by: User | None, way: str, reason: Promise, note: str = ""
) -> bool:
    """Confirm a locked organisation and end its round; a note is kept with the round."""
    today = timezone.localdate()
    unfinished = row.confirmations.filter(state__in=Confirmation.UNFINISHED)
    rounds = list(unfinished.select_for_update())
    if note and not rounds:
        rounds = [Confirmation(organisation=row)]
    for confirmation in rounds:
        _end(confirmation, State.CONFIRMED, way=way, by=by, note=note)
    if row.confirmed_on == today:
        return bool(rounds)
    row.confirmed_on = today
    history.note(row, by=by, reason=reason)
    row.save()
    return True


def _answered(ask: ConfirmationAsk) -> Organisation:
    """Note that somebody reads this mailbox, and return the locked organisation.

    :raises Refused: if the link means nothing any more.
    """
    organisation = _lock(ask.confirmation.organisation)
    ask.confirmation.organisation = organisation
    if not can_answer(ask):
        raise Refused(_("Dieser Link gilt nicht mehr."))
    if ask.answered_at is None:
        ask.answered_at = timezone.now()
        ask.save(update_fields=["answered_at"])
    if ask.user:
        accounts.seen(ask.user)
    return organisation


def _lock(organisation: Organisation) -> Organisation:
    return Organisation.objects.select_for_update().get(pk=organisation.pk)


# --- The officer ----------------------------------------------------------------------------------
def waiting() -> QuerySet[Confirmation]:
    """Return the rounds the officer has to settle, the oldest first.

    What somebody has written is settled as a report first; then the round is still here.
    """
    reports = ProblemReport.objects.filter(organisation=OuterRef("organisation"), settled_at=None)
    return (
        Confirmation.objects.filter(
            state__in=Confirmation.WAITING, organisation__state=Organisation.State.ACTIVE
        )
        .exclude(Q(state=State.REPORTED) & Exists(reports))
        .order_by("state_since", "pk")
    )


def readers_again(organisation: Organisation) -> list[Reader]:
    """Return whom `ask_again` may write to, the first first.

    Where mails came back from everybody, she may know that a mailbox works again.
    """
    return reach.readers(organisation) or reach.readers(organisation, also_returned=True)


@transaction.atomic
def ask_again(*, organisation: Organisation, by: User) -> ConfirmationAsk:
    """Begin a new round at once, because the officer says so.

    :return: the question; the one there is if it is less than a day old.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if the organisation is not active, or has nobody to write to.
    """
    if not decisions.may_decide(by):
        raise PermissionDenied
    row = _lock(organisation)
    if not row.is_public:
        raise Refused(
            _("„%(name)s“ ist gerade nicht öffentlich und wird nicht gefragt.") % {"name": row.name}
        )
    asks = ConfirmationAsk.objects.filter(confirmation__organisation=row, returned_at=None)
    recent = asks.filter(asked_at__gt=timezone.now() - ASK_AGAIN_AFTER).order_by("-pk").first()
    if recent:
        return recent
    found = readers_again(row)
    if not found:
        raise Refused(
            _("Bei „%(name)s“ ist keine E-Mail-Adresse eingetragen, an die wir schreiben können.")
            % {"name": row.name}
        )
    for unfinished in row.confirmations.filter(state__in=Confirmation.UNFINISHED):
        _end(unfinished, State.CLOSED, by=by)
    confirmation = Confirmation(organisation=row, next_on=timezone.localdate())
    confirmation.save()
    return _ask(confirmation, row, found[0])
