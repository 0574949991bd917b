"""Inviting the people on a meeting's list: each exactly once, and each again when it moves.

The mails are written by a background task, some rows at a time. A chunk is one transaction in which
the meeting's row is locked: mails, links and the stamps on the invitations are there together or
not at all. So it does not matter how often the worker is killed, or how many workers there are;
what is stamped is done. That each mail leaves once is the outbox's part.

Which `Meeting.sequence` somebody was told of last stands on their invitation; who was told of an
earlier one is told again when date or place change, or when the meeting is cancelled.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import background, history, limits
from core import mail as mails
from core.errors import Refused
from core.mail_kinds import kinds
from core.models import BackgroundTask, OutboxMessage
from core.text import clean_text
from meetings.emails import invitations as emails
from meetings.models import Invitation, InvitationLink, InvitationText, Meeting, may_plan
from meetings.services import links, recipients
from organisations.models import Organisation

# The mail whose text the officer can change for one meeting.
MAIL = emails.INVITATION
INVITE = "meetings.invite"
TELL = "meetings.tell"
# So long that few transactions are needed, so short that others wait for a part of a second.
CHUNK = 200
# Changes of which everybody who was invited is told; see `planning.WHAT`.
TOLD = frozenset({"date", "place", "cancelled"})
STUCK = (OutboxMessage.State.FAILED, OutboxMessage.State.UNCLEAR, OutboxMessage.State.RETURNED)


# --- Before ---------------------------------------------------------------------------------------
def waiting(meeting: Meeting) -> QuerySet[Invitation]:
    """Return those on the list who get a mail and have not got it yet."""
    return meeting.invitations.listed().filter(invited_at=None).exclude(email="").order_by("pk")


def obstacles(meeting: Meeting) -> list[str]:
    """Say why nobody can be invited at the moment, in words; empty if nothing speaks against it."""
    found = []
    if meeting.is_cancelled:
        found.append(_("Das Treffen ist abgesagt."))
    elif meeting.has_begun:
        found.append(_("Das Treffen hat schon begonnen."))
    if not meeting.place and not meeting.online_url:
        found.append(_("Es fehlt noch der Ort oder der Online-Link."))
    if meeting.visibility == Meeting.Visibility.OFFICE:
        found.append(
            _(
                "Das Treffen sieht bisher nur das Team. Stellen Sie unter „Angaben“ ein, dass die "
                "Mitglieder es sehen: Sonst führt die Einladung ins Leere."
            )
        )
    return found


def own_words(meeting: Meeting) -> dict[str, tuple[str, str]]:
    """Return by language the text the officer has written for this meeting alone.

    What does not fit the mail any more is left out.
    """
    kind = kinds[MAIL]
    return {
        one.language: (one.subject, one.body)
        for one in meeting.invitation_texts.all()
        if kind.fits(one.subject, one.body)
    }


@transaction.atomic
def save_words(*, meeting: Meeting, language: str, subject: str, body: str, by: User) -> bool:
    """Invite to this meeting in other words than to others; the usual ones take hers back.

    :param language: a code of `settings.LANGUAGES`.
    :return: False when that is what is sent already.
    :raises PermissionDenied: for anybody but the officer.
    :raises ValidationError: see `Kind.check_words`.
    """
    if not may_plan(by):
        raise PermissionDenied
    kind = kinds[MAIL]
    subject, body = clean_text(subject, multiline=False), clean_text(body, multiline=True)
    kind.check_words(subject, body)
    text = meeting.invitation_texts.select_for_update().filter(language=language).first()
    if (subject, body) == usual_words(language):
        if text is None:
            return False
        history.note(text, by=by, reason=gettext_lazy("Zurück zum üblichen Text"))
        text.delete()
        return True
    if text is None:
        text = InvitationText(meeting=meeting, language=language)
    elif (text.subject, text.body) == (subject, body):
        return False
    text.subject, text.body = subject, body
    history.note(text, by=by, reason=gettext_lazy("Text der Einladung geändert"))
    text.save()
    return True


def usual_words(language: str) -> tuple[str, str]:
    """Return what invitations to all meetings say, with placeholders."""
    kind = kinds[MAIL]
    return mails.own_words(kind.name, language) or mails.standard_words(kind, language)


def preview(meeting: Meeting, *, language: str, words: tuple[str, str]) -> tuple[str, str]:
    """Return subject and text of an invitation to somebody who is made up.

    :param words: with placeholders, as `Kind.check_words` accepts them.
    """
    mailing = emails.Mailing(meeting, emails.INVITATION, language=language)
    values = emails.example(meeting, mailing)
    return mails.render_words(kinds[MAIL], *words, language, values)


def send_sample(
    *, meeting: Meeting, language: str, words: tuple[str, str], to: User
) -> OutboxMessage:
    """Send an invitation to somebody made up to the person who writes it, without saving it.

    The calendar entry is the real one; the link leads to the meeting's page.

    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: for too many in a short time.
    :raises ValidationError: see `Kind.check_words`.
    """
    if not may_plan(to):
        raise PermissionDenied
    kinds[MAIL].check_words(*words)
    if not limits.allow(to.email, action="mail_test"):
        raise Refused(_("Das waren viele Test-E-Mails. Bitte warten Sie eine Stunde."))
    mailing = emails.Mailing(meeting, emails.INVITATION, language=language)
    return _send_sample(mailing, words, to)


@transaction.atomic
def _send_sample(mailing: emails.Mailing, words: tuple[str, str], to: User) -> OutboxMessage:
    meeting = mailing.meeting
    values = emails.example(meeting, mailing)
    return mails.queue_mail(
        key=f"test:{emails.INVITATION}:{meeting.pk}:{uuid.uuid4().hex}",
        to=to.email,
        mail=emails.INVITATION,
        language=mailing.language,
        context=values,
        subject_body=mails.render_words(kinds[MAIL], *words, mailing.language, values),
        action=(_("Jetzt antworten"), meeting.get_absolute_url()),
        calendar=mailing.calendar(to.email, to.name),
    )


# --- Inviting -------------------------------------------------------------------------------------
def start(*, meeting: Meeting, by: User) -> BackgroundTask:
    """Have everybody on the list invited who is not yet; while that runs, it is the same task.

    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if something speaks against it, or there is nobody.
    """
    if not may_plan(by):
        raise PermissionDenied
    if found := obstacles(meeting):
        raise Refused(" ".join(found))
    task = running(meeting)
    if task is None and not waiting(meeting).exists():
        raise Refused(_("Alle auf der Liste haben ihre Einladung schon."))
    return task or background.start(
        INVITE, key=_key(meeting), by=by, argument={"meeting": meeting.pk, "by": by.pk}
    )


def stop(*, meeting: Meeting, by: User) -> bool:
    """Write no more invitations; those that are written go out.

    :return: False when there was nothing to stop.
    :raises PermissionDenied: for anybody but the officer.
    """
    if not may_plan(by):
        raise PermissionDenied
    task = running(meeting)
    return task is not None and background.cancel(task)


def running(meeting: Meeting) -> BackgroundTask | None:
    """Return the task that invites people to a meeting, while there is one."""
    return BackgroundTask.objects.unfinished().filter(key=_key(meeting)).first()


def _key(meeting: Meeting) -> str:
    return f"meetings.invite:{meeting.pk}"


def _tell_key(meeting: Meeting) -> str:
    return f"meetings.tell:{meeting.pk}"


@background.kind(INVITE)
def invite(task: background.Running) -> None:
    """Invite who is on the list, chunk by chunk."""
    meeting = Meeting.objects.get(pk=task.argument["meeting"])
    by = User.objects.filter(pk=task.argument["by"]).first()
    total, done = waiting(meeting).count(), 0
    after: int | None = 0
    while after is not None:
        task.progress(done, total)
        number, after = _invite_some(meeting.pk, after=after, by=by, task=task.task)
        done += number


@transaction.atomic
def _invite_some(
    meeting_pk: int, *, after: int, by: User | None, task: BackgroundTask
) -> tuple[int, int | None]:
    """Invite the next on the list behind a key.

    :return: how many, and the last key; None if there are no more.
    """
    meeting = locked(meeting_pk)
    if not _is_wanted(task) or obstacles(meeting):
        return 0, None
    rows = some(waiting(meeting).filter(pk__gt=after))
    if not rows:
        return 0, None
    gone = recipients.lapsed(rows)
    chosen = [row for row in rows if row.pk not in gone and recipients.is_address(row.email)]
    if chosen:
        write(meeting, emails.INVITATION, chosen, key="meetings/invitation")
        _note_invited(meeting, by)
    return len(chosen), rows[-1].pk


def _note_invited(meeting: Meeting, by: User | None) -> None:
    """Say of a locked meeting that its first invitations have gone out."""
    if meeting.state != Meeting.State.PLANNED:
        return
    meeting.state = Meeting.State.INVITED
    meeting.state_since = timezone.now()
    history.note(meeting, by=by, reason=gettext_lazy("Eingeladen"))
    meeting.save(update_fields=["state", "state_since", "modified_at"])


@transaction.atomic
def send_again(*, invitation: Invitation, by: User | None = None) -> OutboxMessage:
    """Send somebody their invitation once more, with a new link; the old links keep working.

    :param by: the officer; None when the person has asked for it.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if nobody can be invited any more, or it has not gone out at all.
    """
    meeting = recipients.lock(invitation.meeting, by)
    if found := obstacles(meeting):
        raise Refused(" ".join(found))
    row = some(meeting.invitations.invited().filter(pk=invitation.pk).exclude(email=""))
    if not row:
        raise Refused(_("Diese Person steht nicht auf der Liste oder ist noch nicht eingeladen."))
    # A cause of its own each time, or the outbox would take it for the mail there is.
    return write(
        meeting, emails.INVITATION, row, key=f"meetings/invitation:{uuid.uuid4().hex[:16]}"
    )[0]


@transaction.atomic
def note_letters(*, meeting: Meeting, pks: Collection[int], by: User) -> int:
    """Note that letters were printed: those people are invited, and know what there is to know.

    :return: how many there were.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: if nobody can be invited any more.
    """
    row = recipients.lock(meeting, by)
    if found := obstacles(row):
        raise Refused(" ".join(found))
    letters = row.invitations.listed().filter(pk__in=pks, email="")
    letters.filter(invited_at=None).update(invited_at=timezone.now())
    number = letters.update(told_sequence=row.sequence)
    if number:
        _note_invited(row, by)
    return number


# --- Telling of changes ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Reach:
    """How many people would be told of a change: by mail, and by a letter somebody has to print."""

    mails: int
    letters: int


def reach(meeting: Meeting) -> Reach:
    """Return how many people were invited and would be told if the meeting moved."""
    found = meeting.invitations.invited().aggregate(
        mails=Count("pk", filter=~Q(email="")), letters=Count("pk", filter=Q(email=""))
    )
    return Reach(**found)


def tell(meeting: Meeting, *, what: set[str], by: User) -> None:
    """Have everybody who was invited told of a change; see `planning.changed_handlers`."""
    if not what & TOLD or meeting.is_over or not meeting.invitations.invited().exists():
        return
    key = _tell_key(meeting)
    # Whoever has not been told of the change before yet is told of both.
    for task in BackgroundTask.objects.unfinished().filter(key=key):
        what = what | set(task.argument["what"])
        background.cancel(task)
    _keep_links_valid(meeting)
    background.start(
        TELL, key=key, by=by, argument={"meeting": meeting.pk, "what": sorted(what & TOLD)}
    )


def _keep_links_valid(meeting: Meeting) -> None:
    """Let the links in mails that are out already work as long as those of new ones."""
    until = meeting.ends_at + links.VALID_AFTER
    InvitationLink.objects.filter(invitation__meeting=meeting, expires_at__lt=until).update(
        expires_at=until
    )


def to_tell(meeting: Meeting) -> QuerySet[Invitation]:
    """Return those who were invited and know an earlier date or place."""
    return (
        meeting.invitations.invited()
        .filter(told_sequence__lt=meeting.sequence)
        .exclude(email="")
        .order_by("pk")
    )


@background.kind(TELL)
def tell_all(task: background.Running) -> None:
    """Tell everybody who was invited what is new, chunk by chunk."""
    meeting = Meeting.objects.get(pk=task.argument["meeting"])
    total, done = to_tell(meeting).count(), 0
    while True:
        task.progress(done, total)
        number = _tell_some(meeting.pk, what=task.argument["what"], task=task.task)
        if not number:
            return
        done += number


@transaction.atomic
def _tell_some(meeting_pk: int, *, what: Sequence[str], task: BackgroundTask) -> int:
    meeting = locked(meeting_pk)
    if not _is_wanted(task) or meeting.is_over:
        return 0
    rows = some(to_tell(meeting))
    mail = emails.CANCELLED if meeting.is_cancelled else emails.CHANGED
    write(meeting, mail, rows, key=f"{mail}:{meeting.sequence}", what=what)
    return len(rows)


# --- What they have in common ---------------------------------------------------------------------
def locked(pk: int) -> Meeting:
    return Meeting.objects.select_for_update(of=("self",)).get(pk=pk)


def _is_wanted(task: BackgroundTask) -> bool:
    """Whether a task has not been stopped meanwhile; asked behind the lock."""
    return BackgroundTask.objects.unfinished().filter(pk=task.pk).exists()


def some(rows: QuerySet[Invitation]) -> list[Invitation]:
    return list(rows.select_for_update(of=("self",))[:CHUNK])


def write(
    meeting: Meeting,
    mail: str,
    rows: Sequence[Invitation],
    *,
    key: str,
    what: Iterable[str] = (),
) -> list[OutboxMessage]:
    """Queue a mail to each of some people and stamp their invitations; the meeting is locked.

    :param rows: locked, too.
    :param key: of the cause; the keys of the mails end in the invitations' own.
    """
    for row in rows:
        row.meeting = meeting
    names = dict(
        Organisation.objects.filter(pk__in={row.organisation_id for row in rows}).values_list(
            "pk", "name"
        )
    )
    words = own_words(meeting) if mail == emails.INVITATION else {}
    tokens = {} if mail == emails.CANCELLED else links.new_links(rows)
    mailings = {
        language: emails.Mailing(
            meeting, mail, language=language, own_words=words.get(language), what=what
        )
        for language in {row.language for row in rows}
    }
    written = mails.queue_mails(
        [
            mailings[row.language].draft(
                row,
                key=f"{key}:{row.pk}",
                organisation=names.get(row.organisation_id or 0, ""),
                token=tokens.get(row.pk, ""),
            )
            for row in rows
        ]
    )
    chosen = Invitation.objects.filter(pk__in=[row.pk for row in rows])
    of_row = Concat(Value(f"{key}:"), Cast(OuterRef("pk"), CharField()))
    chosen.update(
        mail=Subquery(OutboxMessage.objects.filter(key=of_row).order_by().values("pk")[:1]),
        undelivered_at=None,
        invited_at=Coalesce("invited_at", timezone.now()),
        told_sequence=meeting.sequence,
    )
    return list(written.values())


def invitation_of(message: OutboxMessage) -> Invitation | None:
    """Return whose mail a mail of this module is; its key ends in the invitation's."""
    if message.mail not in emails.ALL or message.key.startswith("test:"):
        return None
    pk = message.key.rpartition(":")[2]
    if not pk.isascii() or not pk.isdecimal():
        return None
    return Invitation.objects.select_related("meeting").filter(pk=pk).first()


# --- When a mail leaves, and when it comes back ---------------------------------------------------
def refuse_stale(message: OutboxMessage) -> str:
    """Say why a mail must not leave any more, see `core.mail.delivery_checks`.

    Between writing and sending somebody may have been taken off the list, have answered, or the
    meeting may have been cancelled.
    """
    if message.mail not in emails.ALL or message.key.startswith("test:"):
        return ""
    invitation = invitation_of(message)
    if invitation is None or invitation.removed_at is not None:
        return _("Steht nicht mehr auf der Liste der Eingeladenen.")
    if invitation.email != message.to:
        return _("Die Adresse ist inzwischen geändert.")
    if message.mail != emails.CANCELLED and invitation.meeting.is_cancelled:
        return _("Das Treffen ist inzwischen abgesagt.")
    if message.mail == emails.REMINDER and (invitation.reply or invitation.is_excused):
        return _("Hat inzwischen geantwortet.")
    if message.mail in {emails.INVITATION, emails.REMINDER}:
        return recipients.lapsed([invitation]).get(invitation.pk, "")
    return ""


def came_back(message: OutboxMessage) -> None:
    """Note at the invitation that its mail has not arrived; see `core.mail.bounce_handlers`."""
    invitation = invitation_of(message)
    if invitation is not None and invitation.email == message.to:
        Invitation.objects.filter(pk=invitation.pk, undelivered_at=None).update(
            undelivered_at=timezone.now()
        )


def note_refused_mails() -> int:
    """Do the same for mails that were refused or given up in the outbox.

    :return: how many there were.
    """
    return Invitation.objects.filter(
        undelivered_at=None,
        mail__state__in=[OutboxMessage.State.FAILED, OutboxMessage.State.RETURNED],
    ).update(undelivered_at=timezone.now())


def undelivered(meetings: QuerySet[Meeting] | None = None) -> QuerySet[Invitation]:
    """Return who has perhaps not got the last mail and has not answered either.

    :param meetings: only of these; of all that are still to come otherwise.
    """
    if meetings is None:
        meetings = Meeting.objects.upcoming()
    return (
        Invitation.objects.invited()
        .filter(
            Q(undelivered_at__isnull=False) | Q(mail__state__in=STUCK),
            meeting__in=meetings.order_by().values("pk"),
            reply=Invitation.Reply.NONE,
            is_excused=False,
        )
        .order_by(F("undelivered_at").asc(nulls_last=True), "pk")
    )


@dataclass(frozen=True)
class Progress:
    """How far inviting is, as `components/progress.html` shows it; mails that wait for another try
    do not count as under way."""

    total: int
    done: int
    is_writing: bool

    @property
    def is_unfinished(self) -> bool:
        return self.is_writing or self.done < self.total

    @property
    def state(self) -> str:
        return "running" if self.total else "queued"

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


def progress(meeting: Meeting) -> Progress:
    """Return how many of the mails that are to go out have gone; two queries."""
    is_writing = running(meeting) is not None
    State = OutboxMessage.State
    found = meeting.invitations.listed().aggregate(
        to_write=Count("pk", filter=Q(invited_at=None) & ~Q(email="")),
        under_way=Count(
            "pk", filter=Q(mail__state=State.QUEUED, mail__tries=0) | Q(mail__state=State.SENDING)
        ),
        sent=Count("pk", filter=Q(mail__isnull=False)),
    )
    left = found["under_way"] + (found["to_write"] if is_writing else 0)
    written = found["sent"] + (found["to_write"] if is_writing else 0)
    return Progress(total=written, done=written - left, is_writing=is_writing)


def failure(meeting: Meeting) -> str:
    """Say why the last task for this meeting did not come to its end; empty if it did."""
    last = (
        BackgroundTask.objects.filter(key__in=[_key(meeting), _tell_key(meeting)])
        .order_by("-pk")
        .first()
    )
    return last.error if last and last.state == BackgroundTask.State.FAILED else ""


def languages(meeting: Meeting) -> dict[str, int]:
    """Return how many of those who wait for their invitation read which language."""
    found = waiting(meeting).order_by().values("language").annotate(number=Count("pk"))
    numbers = {row["language"]: row["number"] for row in found}
    return {code: numbers[code] for code, _name in settings.LANGUAGES if code in numbers}


def forget_links() -> int:
    """Delete links that have expired; nobody can use them.

    :return: how many.
    """
    deleted, _rows = InvitationLink.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
