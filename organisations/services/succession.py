"""When nobody who manages an organisation seems to be there any more, somebody else is asked.

First those who manage it get the chance to say that they still are there; after two weeks the
others who speak for it are asked one after the other, whoever was there last first; then it stands
on the officer's list. Nobody loses a role by it.
"""

import datetime
from collections import Counter

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services as accounts
from accounts.models import User
from core import tokens
from core.errors import Refused
from core.models import OutboxMessage
from organisations.emails import succession as emails
from organisations.models import Organisation, Representative, Succession, SuccessionAsk
from organisations.services import decisions, people, reach

State = Succession.State
Question = SuccessionAsk.Question
Role = Representative.Role

YEAR = datetime.timedelta(days=365)
TIME_TO_ANSWER = datetime.timedelta(days=14)
LINK_VALID = datetime.timedelta(days=180)


# --- Asking ---------------------------------------------------------------------------------------
def due(today: datetime.date) -> QuerySet[Organisation]:
    """Return the active organisations people speak for, but nobody who manages them is there.

    Each comes once a year at most; while it is the officer's, not at all.
    """
    speaking = Representative.objects.filter(organisation=OuterRef("pk"))
    cases = Succession.objects.filter(organisation=OuterRef("pk"))
    present = cases.filter(Q(state__in=Succession.UNFINISHED) | Q(begun_on__gt=today - YEAR))
    managing = speaking.filter(reach.there(today), role=Role.MANAGER)
    return (
        Organisation.objects.public()
        .filter(Exists(speaking), ~Exists(managing), ~Exists(present))
        .order_by("pk")
    )


def ask_due() -> dict[str, int]:
    """Take every step that is due, and look for organisations that are left alone.

    As many organisations a day as `reach.daily_cap` says. Each step is a transaction of its own
    and stamps its row: killed half-way, the rest is done by the next call.

    :return: how many cases came to which end or step.
    """
    today = timezone.localdate()
    counts = Counter({"came back": note_refused_mails()})
    managing = Representative.objects.filter(
        reach.there(today), organisation=OuterRef("organisation"), role=Role.MANAGER
    )
    unfinished = Succession.objects.filter(state__in=Succession.UNFINISHED)
    settled = Exists(managing) | ~Q(organisation__state=Organisation.State.ACTIVE)
    counts += reach.take(go_on, unfinished.filter(settled))
    steps: list[tuple[reach.Step, QuerySet]] = [
        (go_on, unfinished.filter(state=State.ASKED, next_on__lte=today).order_by("next_on", "pk")),
        (begin, due(today)),
    ]
    counts += reach.take_within_cap(steps, written_since=_written_since)
    return dict(counts)


def _written_since(moment: datetime.datetime) -> int:
    """Return how many organisations have been written to."""
    asks = SuccessionAsk.objects.filter(asked_at__gte=moment)
    return asks.values("succession").distinct().count()


@transaction.atomic
def begin(organisation_pk: int) -> str:
    """Open a case, unless another worker was quicker, and ask the managers if they still are there.

    Where none of them can be reached, the next one is asked at once.
    """
    organisation = Organisation.objects.select_for_update().get(pk=organisation_pk)
    today = timezone.localdate()
    if not due(today).filter(pk=organisation.pk).exists():
        return "done before"
    succession = Succession(organisation=organisation, next_on=today + TIME_TO_ANSWER)
    succession.save()
    managers = _reachable(organisation).filter(role=Role.MANAGER)
    for one in managers:
        _ask(succession, one.user, Question.STILL_THERE)
    return "asked" if managers else _next(succession)


@transaction.atomic
def go_on(succession_pk: int) -> str:
    """Take the next step of a case, or end it when somebody manages the organisation again."""
    found = Succession.objects.get(pk=succession_pk)
    organisation = Organisation.objects.select_for_update().get(pk=found.organisation_id)
    succession = Succession.objects.select_for_update().get(pk=succession_pk)
    if not succession.is_unfinished:
        return "done before"
    if not organisation.is_public:
        return _end(succession, State.CLOSED)
    managing = organisation.representatives.filter(
        reach.there(timezone.localdate()), role=Role.MANAGER
    )
    # Somebody who has just said that they want to give it up does not count.
    if managing.exclude(user__in=succession.asks.filter(agreed=False).values("user")).exists():
        return _end(succession, State.STILL_THERE)
    next_on = succession.next_on
    if succession.state != State.ASKED or next_on is None or next_on > timezone.localdate():
        return "done before"
    return _next(succession)


def _next(succession: Succession) -> str:
    """Ask the next one to take over; when there is nobody left, it is the officer's."""
    asked = succession.asks.values("user")
    candidates = _reachable(succession.organisation).exclude(role=Role.MANAGER)
    following = candidates.exclude(user__in=asked).order_by("-user__last_seen_on", "pk").first()
    if following is None:
        succession.state, succession.next_on = State.UNANSWERED, None
        succession.state_since = timezone.now()
        succession.save()
        return State.UNANSWERED
    _ask(succession, following.user, Question.TAKE_OVER)
    succession.next_on = timezone.localdate() + TIME_TO_ANSWER
    succession.save()
    return "asked"


def _reachable(organisation: Organisation) -> QuerySet[Representative]:
    """Return who speaks for an organisation and has an account and a mailbox that work."""
    working = organisation.representatives.filter(user__is_active=True, user__mail_failed_on=None)
    return working.select_related("user")


def _ask(succession: Succession, user: User, question: str) -> None:
    token, token_hash = tokens.new_token()
    ask = SuccessionAsk.objects.create(
        succession=succession,
        user=user,
        email=user.email,
        language=user.language,
        question=question,
        token_hash=token_hash,
    )
    write = emails.still_there if question == Question.STILL_THERE else emails.take_over
    ask.mail = write(ask, token=token)
    ask.save(update_fields=["mail"])


def _end(succession: Succession, state: str, *, by: User | None = None) -> str:
    succession.state = state
    succession.state_since = succession.ended_at = timezone.now()
    succession.next_on, succession.ended_by = None, by
    succession.save()
    return state


# --- Mails that come back -------------------------------------------------------------------------
def came_back(message: OutboxMessage) -> None:
    """Have the next one asked when a mail has come back; see `core.mail.bounce_handlers`."""
    for ask in SuccessionAsk.objects.filter(mail=message, returned_at=None):
        _returned(ask)


def note_refused_mails() -> int:
    """Do the same for mails that were refused or given up in the outbox.

    :return: how many there were.
    """
    asks = list(
        SuccessionAsk.objects.filter(
            returned_at=None,
            answered_at=None,
            mail__state__in=[OutboxMessage.State.FAILED, OutboxMessage.State.CANCELLED],
        )
    )
    for ask in asks:
        _returned(ask)
    return len(asks)


@transaction.atomic
def _returned(ask: SuccessionAsk) -> None:
    ask.returned_at = timezone.now()
    ask.save(update_fields=["returned_at"])
    _hurry(ask.succession_id)


def _hurry(succession_pk: int) -> None:
    """Have the next one asked today, unless somebody else still has time to answer."""
    succession = Succession.objects.select_for_update().get(pk=succession_pk)
    pending = succession.asks.filter(
        answered_at=None, returned_at=None, asked_at__gt=timezone.now() - TIME_TO_ANSWER
    )
    if succession.state == State.ASKED and not pending.exists():
        succession.next_on = timezone.localdate()
        succession.save()


# --- Answering ------------------------------------------------------------------------------------
def find(token: str) -> SuccessionAsk | None:
    """Return the question a link belongs to, whatever has become of it."""
    return (
        SuccessionAsk.objects.filter(token_hash=tokens.hash_token(token))
        .select_related("succession__organisation", "user")
        .first()
    )


def can_answer(ask: SuccessionAsk) -> bool:
    """Whether a link still works: for half a year, while the person speaks for the organisation.

    Taking over ends with the case: somebody else may have done it.
    """
    organisation = ask.succession.organisation
    return (
        organisation.is_public
        and ask.user is not None
        and ask.user.is_active
        and ask.asked_at > timezone.now() - LINK_VALID
        and organisation.representatives.filter(user=ask.user).exists()
        and (ask.question == Question.STILL_THERE or ask.succession.is_unfinished)
    )


@transaction.atomic
def answer(*, ask: SuccessionAsk, agreed: bool) -> bool:
    """Record what somebody says who came by the link in a mail; they may think again.

    :param ask: what `find` returned.
    :param agreed: they still are there; or they take over.
    :return: whether anything changed.
    :raises Refused: if the link means nothing any more.
    """
    organisation = Organisation.objects.select_for_update().get(pk=ask.succession.organisation_id)
    row = SuccessionAsk.objects.select_for_update().get(pk=ask.pk)
    succession = Succession.objects.select_for_update().get(pk=row.succession_id)
    succession.organisation, row.succession, row.user = organisation, succession, ask.user
    if row.answered_at and row.agreed == agreed:
        return False
    if not can_answer(row) or row.user is None:
        raise Refused(_("Dieser Link gilt nicht mehr."))
    ask.agreed, ask.answered_at = row.agreed, row.answered_at = agreed, timezone.now()
    row.save(update_fields=["agreed", "answered_at"])
    if agreed or row.question == Question.TAKE_OVER:
        accounts.seen(row.user)
    if not agreed:
        _hurry(succession.pk)
    elif row.question == Question.STILL_THERE:
        if succession.is_unfinished:
            _end(succession, State.STILL_THERE, by=row.user)
    elif people.take_over(organisation=organisation, user=row.user):
        _end(succession, State.TAKEN_OVER, by=row.user)
        others = User.objects.filter(
            is_active=True,
            representations__organisation=organisation,
            representations__role=Role.MANAGER,
        )
        emails.taken_over(succession, by=row.user, readers=others.exclude(pk=row.user.pk))
    return True


# --- The officer ----------------------------------------------------------------------------------
def waiting() -> QuerySet[Succession]:
    """Return the organisations for which nobody has answered, the oldest case first."""
    return Succession.objects.filter(
        state=State.UNANSWERED, organisation__state=Organisation.State.ACTIVE
    ).order_by("state_since", "pk")


@transaction.atomic
def settle(*, succession: Succession, by: User) -> bool:
    """Take a case off the list, because the officer has seen to it; asked again in a year.

    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    """
    if not decisions.may_decide(by):
        raise PermissionDenied
    row = Succession.objects.select_for_update().get(pk=succession.pk)
    if not row.is_unfinished:
        return False
    _end(row, State.CLOSED, by=by)
    return True
