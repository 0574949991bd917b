"""The officer's decisions about an organisation: who may, from which state, with which mail.

Each function checks the right, locks the row, changes it, writes who decided and why into the
history and queues the mails, all in one transaction. Called a second time it changes nothing,
queues nothing and returns False. Visitors' pages follow by themselves: `core.revision` is bumped by
the signals that watch public content.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from accounts.services import staff_who_may
from core import history
from core.errors import Refused
from organisations.emails import decisions as emails
from organisations.models import Organisation

State = Organisation.State


class Decision(models.TextChoices):
    """What the officer can decide; `STEPS` says from which state to which each leads."""

    ADMIT = "admit", gettext_lazy("Aufnehmen")
    ASK_BACK = "ask_back", gettext_lazy("Rückfrage stellen")
    REJECT = "reject", gettext_lazy("Ablehnen")
    POSTPONE = "postpone", gettext_lazy("Später entscheiden")
    PAUSE = "pause", gettext_lazy("Pausieren")
    RESUME = "resume", gettext_lazy("Wieder aktivieren")
    ARCHIVE = "archive", gettext_lazy("Archivieren")


@dataclass(frozen=True)
class Step:
    """From which states a decision leads where; a rejection or an archived row can be undone."""

    sources: frozenset[str]
    target: str


STEPS = {
    Decision.ADMIT: Step(
        frozenset({State.SUBMITTED, State.RETURNED, State.REJECTED}), State.ACTIVE
    ),
    Decision.ASK_BACK: Step(frozenset({State.SUBMITTED, State.REJECTED}), State.RETURNED),
    Decision.REJECT: Step(frozenset({State.SUBMITTED, State.RETURNED}), State.REJECTED),
    Decision.POSTPONE: Step(frozenset({State.SUBMITTED}), State.SUBMITTED),
    Decision.PAUSE: Step(frozenset({State.ACTIVE}), State.PAUSED),
    Decision.RESUME: Step(frozenset({State.PAUSED, State.ARCHIVED}), State.ACTIVE),
    Decision.ARCHIVE: Step(frozenset(set(State.values) - {State.ARCHIVED}), State.ARCHIVED),
}


# What is written to the representatives, and may be changed before it goes.
MAILS = {
    Decision.ADMIT: emails.ADMITTED,
    Decision.ASK_BACK: emails.ASKED_BACK,
    Decision.REJECT: emails.REJECTED,
}


def possible(organisation: Organisation) -> list[Decision]:
    """Return what can be decided about an organisation in its present state, in reading order."""
    if organisation.state == State.ARCHIVED and not _was_active(organisation):
        return []  # There is no active life to go back to.
    if organisation.merged_into_id:
        return []  # It lives on in another one; undoing the merge brings it back.
    return [decision for decision, step in STEPS.items() if organisation.state in step.sources]


def draft(
    decision: Decision, *, organisation: Organisation, by: User, language: str
) -> tuple[str, str]:
    """Return subject and text of the mail that would go out, for the officer to read and change.

    :param decision: one of `MAILS`.
    :param language: a code of `settings.LANGUAGES`; see `reading_language`.
    """
    return emails.draft(MAILS[decision], organisation, by=by, language=language)


def reading_language(organisation: Organisation) -> str:
    """Return the code of the language the mail's text is offered in: the first manager's."""
    return emails.reading_language(organisation)


def may_decide(user: User | AnonymousUser) -> bool:
    """Whether a person may take decisions: the officer, by her group's permissions."""
    return user.is_active and (
        user.has_perm("organisations.review_organisation")
        or user.has_perm("organisations.change_organisation")
    )


def officers() -> QuerySet[User]:
    """Return the accounts that decisions wait for."""
    return staff_who_may("organisations.review_organisation")


def admit(
    *,
    organisation: Organisation,
    by: User,
    subject: str = "",
    body: str = "",
    seen_since: datetime.datetime | None = None,
) -> bool:
    """Make an organisation public and tell its representatives.

    :param by: the officer who decides.
    :param subject: the mail's subject as she left it; empty: the standard text.
    :param body: the mail's text as she left it; empty or unchanged: every representative gets the
        standard text in their own language.
    :param seen_since: the `state_since` of what she had before her; a later state is refused.
    :return: whether anything changed.
    :raises PermissionDenied: if `by` may not decide.
    :raises Refused: if the state does not allow it (any more).
    """

    def confirm(row: Organisation) -> None:
        row.confirmed_on = timezone.localdate()

    return _decide(
        Decision.ADMIT,
        organisation,
        by=by,
        seen_since=seen_since,
        prepare=confirm,
        reason=gettext_lazy("Aufgenommen"),
        tell=partial(emails.admitted, subject=subject, body=body),
    )


def ask_back(
    *,
    organisation: Organisation,
    by: User,
    subject: str,
    body: str,
    seen_since: datetime.datetime | None = None,
) -> bool:
    """Give a registration back with a question; its representatives mend it and send it again.

    The parameters, the answer and the refusals are those of `admit`; a text without a question is
    refused as well.
    """
    return _decide(
        Decision.ASK_BACK,
        organisation,
        by=by,
        seen_since=seen_since,
        message=body,
        must_say=_("Bitte schreiben Sie Ihre Frage an die Stelle der drei Punkte."),
        reason=gettext_lazy("Rückfrage gestellt"),
        tell=partial(emails.asked_back, subject=subject, body=body),
    )


def reject(
    *,
    organisation: Organisation,
    by: User,
    subject: str,
    body: str,
    seen_since: datetime.datetime | None = None,
) -> bool:
    """Decline a registration, with the reason; see `ask_back` for parameters and refusals."""
    return _decide(
        Decision.REJECT,
        organisation,
        by=by,
        seen_since=seen_since,
        message=body,
        must_say=_("Bitte schreiben Sie den Grund an die Stelle der drei Punkte."),
        reason=gettext_lazy("Abgelehnt"),
        tell=partial(emails.rejected, subject=subject, body=body),
    )


@transaction.atomic
def postpone(
    *,
    organisation: Organisation,
    by: User,
    until: datetime.date,
    note: str = "",
    seen_since: datetime.datetime | None = None,
) -> bool:
    """Put a registration aside until a day; nobody is written to, the state stays.

    :param until: the first day on which it waits on the officer's start page again.
    :param note: why, for colleagues; it stands in the history.
    :return: whether anything changed.
    :raises PermissionDenied: if `by` may not decide.
    :raises Refused: if it does not wait for a decision (any more), or the day is not to come.
    """
    row = _begin(organisation, by, Decision.POSTPONE, seen_since)
    if row is None:
        return False
    if until <= timezone.localdate():
        raise Refused(_("Bitte wählen Sie einen Tag, der noch kommt."))
    if row.review_after == until:
        return False
    row.review_after = until
    with override(settings.LANGUAGE_CODE):
        reason = _("Zurückgestellt bis %(day)s") % {"day": date_format(until)}
    _save(row, by, f"{reason}: {note.strip()}" if note.strip() else reason)
    return _done(organisation, row)


def pause(*, organisation: Organisation, by: User, reason: str = "") -> bool:
    """Take an organisation off the public pages for a while.

    :param reason: told to its representatives and kept in the history.
    :return: whether anything changed.
    :raises PermissionDenied: if `by` may not decide.
    :raises Refused: if the organisation is not active.
    """
    return _decide(
        Decision.PAUSE,
        organisation,
        by=by,
        message=reason,
        reason=reason.strip() or gettext_lazy("Pausiert"),
        tell=partial(emails.paused, reason=reason.strip()),
    )


def resume(*, organisation: Organisation, by: User, reason: str = "") -> bool:
    """Make a paused or archived organisation public again; see `pause`."""

    def check(row: Organisation) -> None:
        if not row.kind or row.municipality_id is None or not _was_active(row):
            raise Refused(
                _("„%(name)s“ war noch nie aufgenommen. Es fehlt eine vollständige Anmeldung.")
                % {"name": row.name}
            )

    return _decide(
        Decision.RESUME,
        organisation,
        by=by,
        prepare=check,
        reason=reason.strip() or gettext_lazy("Wieder aktiv"),
        tell=emails.resumed,
    )


def _was_active(organisation: Organisation) -> bool:
    """Whether an organisation has been public before; one that was imported may be unconfirmed."""
    return (
        organisation.state == State.PAUSED
        or organisation.confirmed_on is not None
        or organisation.history.filter(state=State.ACTIVE).exists()
    )


def archive(*, organisation: Organisation, by: User, reason: str = "") -> bool:
    """Put an organisation away for good, from any state; nothing is deleted. See `pause`."""
    return _decide(
        Decision.ARCHIVE,
        organisation,
        by=by,
        message=reason,
        reason=reason.strip() or gettext_lazy("Archiviert"),
        tell=partial(emails.archived, reason=reason.strip()),
    )


@transaction.atomic
def _decide(
    decision: Decision,
    organisation: Organisation,
    *,
    by: User,
    reason: str | Promise,
    tell: Callable[..., None],
    message: str = "",
    must_say: str = "",
    prepare: Callable[[Organisation], None] | None = None,
    seen_since: datetime.datetime | None = None,
) -> bool:
    """Take a decision that leads to another state.

    :param reason: for the history.
    :param tell: queues the mail, given the saved row and `by`.
    :param message: what the representatives read on the organisation's page.
    :param must_say: what to tell the officer if the message says nothing of her own.
    :param prepare: changes the locked row further, or refuses what is asked.
    """
    row = _begin(organisation, by, decision, seen_since)
    if row is None:
        return False
    if must_say and not emails.says_something(message):
        raise Refused(must_say)
    if prepare:
        prepare(row)
    row.state = STEPS[decision].target
    row.state_since = timezone.now()
    row.review_after = None
    row.officer_message = message.strip()
    # It answered what was asked before; the history keeps it.
    row.answer_to_office = ""
    _save(row, by, reason)
    tell(row, by=by)
    return _done(organisation, row)


def _begin(
    organisation: Organisation, by: User, decision: Decision, seen_since: datetime.datetime | None
) -> Organisation | None:
    """Return the locked row if the decision may be taken, None if it has been taken before."""
    if not may_decide(by):
        raise PermissionDenied
    # Two officers who decide at the same moment come one after the other; the second sees the
    # first one's state.
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    step = STEPS[decision]
    if row.state == step.target and row.state not in step.sources:
        return None
    moved_on = seen_since is not None and row.state_since != seen_since
    if moved_on and row.state == State.SUBMITTED:
        raise Refused(
            _(
                "„%(name)s“ wurde inzwischen neu eingereicht. "
                "Bitte lesen Sie die Angaben noch einmal."
            )
            % {"name": row.name}
        )
    if row.merged_into is not None:
        raise Refused(
            _("„%(name)s“ ist jetzt Teil von „%(other)s“. Machen Sie zuerst das rückgängig.")
            % {"name": row.name, "other": row.merged_into.name}
        )
    if moved_on or row.state not in step.sources:
        raise Refused(
            _("Das geht nicht mehr: „%(name)s“ hat jetzt den Stand „%(state)s“.")
            % {"name": row.name, "state": row.get_state_display()}
        )
    return row


def _save(row: Organisation, by: User, reason: str | Promise) -> None:
    history.note(row, by=by, reason=reason)
    row.save()


def _done(organisation: Organisation, row: Organisation) -> bool:
    """Bring the caller's object up to date, so that nothing stale is shown or saved after."""
    for field in (
        "state",
        "state_since",
        "officer_message",
        "answer_to_office",
        "review_after",
        "confirmed_on",
    ):
        setattr(organisation, field, getattr(row, field))
    return True
