"""What changes an account: verbs, atomic, safe to call twice."""

import datetime
import uuid

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import emails, own_data
from accounts.codes import ENTER, PendingCode, new_code
from accounts.models import User, normalise_email
from core import limits
from core.errors import Refused
from core.models import OutboxMessage


# --- The team -------------------------------------------------------------------------------------
def staff_who_may(permission: str) -> QuerySet[User]:
    """Return the active accounts of the team that have a right, by their group or of their own.

    Where nobody has it the administrators are returned, so that nothing is left lying.

    :param permission: as Django names it, such as `portal.change_feedback`.
    """
    staff = User.objects.filter(is_active=True, is_staff=True)
    holders = ModelBackend().with_perm(permission, include_superusers=False)
    able = staff.filter(pk__in=holders.values("pk"))
    return able if able.exists() else staff.filter(is_superuser=True)


# --- Codes and addresses --------------------------------------------------------------------------
def send_code(pending: PendingCode) -> bool:
    """Send a new code for what somebody wants to do, unless the address had enough mails lately.

    The mail is the same and the work is the same whether the address has an account or not, so
    that neither text nor time tells.

    :param pending: gets to expect the new code; the caller stores it.
    :return: False when the address has reached its limit; an earlier code still counts then.
    :raises Refused: when far too many people at once ask to log in, whoever asks.
    """
    if not limits.allow(pending.email, action="login_code"):
        return False
    if pending.purpose == ENTER and not limits.allow("", action="login_codes_in_all"):
        raise Refused(
            _(
                "Gerade fordern sehr viele Menschen einen Code an. Bitte versuchen Sie es in einer "
                "Stunde noch einmal. Mit Passwort oder Passkey können Sie sich jetzt anmelden."
            )
        )
    code = new_code()
    with transaction.atomic():
        known = User.objects.filter(email=pending.email).values_list("language", flat=True).first()
        # A new address, also that of somebody who has an account and changes to it, gets the mail
        # in the language of the page.
        language = known if known and pending.purpose == ENTER else pending.language
        emails.code(purpose=pending.purpose, to=pending.email, language=language, code=code)
    pending.expect(code)
    return True


@transaction.atomic
def person_of(*, email: str, language: str) -> User:
    """Return the account of an address whose owner has just typed the code from its mailbox.

    The first time makes the account; before that nothing about an address is kept.

    :param language: of the page, for a new account.
    """
    email = normalise_email(email)
    user, _created = User.objects.get_or_create(
        email=email, defaults={"language": language, "password": make_password(None)}
    )
    _remember_address(user)
    return user


def _remember_address(user: User) -> None:
    """Make allauth know exactly one address of the account: the confirmed one."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


@transaction.atomic
def change_email(*, user: User, email: str) -> None:
    """Give an account a new address, whose mailbox has just been proved, and tell the old one.

    :raises Refused: when another account has the address; only who reads that mailbox gets here.
    """
    email = normalise_email(email)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.email == email:
        return
    if User.objects.filter(email=email).exists():
        raise Refused(
            _(
                "Zu dieser E-Mail-Adresse gibt es schon ein Konto. "
                "Melden Sie sich mit dieser Adresse an, oder nehmen Sie eine andere."
            )
        )
    old, user.email = user.email, email
    user.save(update_fields=["email"])
    _remember_address(user)
    emails.email_changed(user=user, old=old, new=email, at=timezone.now())


# --- Whether somebody is still there --------------------------------------------------------------
def seen(user: User) -> bool:
    """Note that a person is there: they opened a page logged in, or used a link from a mail.

    Written at most once a day.

    :return: whether it was news.
    """
    today = timezone.localdate()
    if user.last_seen_on == today and user.mail_failed_on is None:
        return False
    news = Q(last_seen_on__lt=today) | Q(mail_failed_on__isnull=False)
    changed = User.objects.filter(news, pk=user.pk).update(last_seen_on=today, mail_failed_on=None)
    user.last_seen_on, user.mail_failed_on = today, None
    return bool(changed)


def mail_came_back(message: OutboxMessage) -> None:
    """Note that an account's mailbox does not take mails; the next log-in takes the note away.

    Part of the transaction that notes the returned mail; see `core.mail.bounce_handlers`.
    """
    User.objects.filter(email=normalise_email(message.to), mail_failed_on=None).update(
        mail_failed_on=timezone.localdate()
    )


# --- Password and second factor -------------------------------------------------------------------
@transaction.atomic
def set_password(*, user: User, password: str | None) -> None:
    """Give an account a password, or take it away with None; the mailbox is told."""
    if password is None and not user.has_usable_password():
        return
    had_one = user.has_usable_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    what = "password_removed"
    if password is not None:
        what = "password_changed" if had_one else "password_set"
    emails.security(user=user, what=what, cause=uuid.uuid4().hex)


@transaction.atomic
def enrol_totp(user: User, secret: str | None = None) -> str:
    """Give an account an app for codes without the person's doing: for demonstrations and tests.

    :param secret: base32; made up if not given. An account that has one keeps its own.
    :return: the secret that counts.
    """
    existing = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if existing:
        return totp_secret(existing)
    secret = secret or generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def totp_secret(authenticator: Authenticator) -> str:
    """Return an app's secret in plain text."""
    return decrypt(authenticator.data["secret"])


@transaction.atomic
def reset_second_factor(*, user: User) -> None:
    """Take away everything that proves a second factor, for somebody who lost phone and codes.

    Who does it must have checked outside the portal who is asking. All log-ins end.
    """
    removed, _rows = Authenticator.objects.filter(user=user).delete()
    if removed:
        end_sessions(user)
        emails.security(user=user, what="second_factor_reset", cause=uuid.uuid4().hex)


def end_sessions(user: User) -> None:
    """Log a person out everywhere."""
    sessions = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=sessions.values("session_key")).delete()
    sessions.delete()


def forget_ended_sessions() -> dict[str, int]:
    """Delete what is noted of log-ins (network address, browser) a day after they have ended.

    Until then `core.resume` asks whose a session was, so that nobody gets what another has typed.
    """
    ended = UserSession.objects.exclude(
        session_key__in=Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    )
    day = timezone.now() - datetime.timedelta(days=1)
    deleted, _rows = ended.filter(last_seen_at__lt=day).delete()
    return {"sessions": deleted}


# --- Erasure --------------------------------------------------------------------------------------
@transaction.atomic
def erase(user: User) -> None:
    """Erase a person: account, log-ins, mails, and what higher apps keep of them, history included.

    GDPR art. 17. What the law wants kept (that a consent was given, and to what) stays without the
    person; see the erasers registered in `accounts.own_data`.

    :raises Refused: while something only this person can settle is open, such as being the last
        one to manage an organisation; `own_data.obstacles` lists it with the way on.
    """
    locked = User.objects.select_for_update().filter(pk=user.pk).first()
    if locked is None:
        return
    user = locked
    obstacles = own_data.obstacles(user)
    if obstacles:
        raise Refused(" ".join(obstacle.text for obstacle in obstacles))
    own_data.erase(user)
    OutboxMessage.objects.filter(to__iexact=user.email).exclude(
        state=OutboxMessage.State.SENDING
    ).delete()
    about = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    )
    about.update(object_repr=_("gelöschtes Konto"), change_message="")
    emails.erased(pk=user.pk, to=user.email, name=user.name, language=user.language)
    end_sessions(user)
    user.delete()
