"""Who answers for an organisation: who still is there, whom to write to, and how many a day."""

import datetime
import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User, normalise_email
from core.mail import validate_recipient
from organisations.models import ConfirmationAsk, Organisation, Representative

logger = logging.getLogger(__name__)

# Issue 3: somebody who has not come for 18 months counts as gone …
INACTIVE_AFTER = datetime.timedelta(days=548)
# … and so does a mailbox that takes no mails, unless they log in within two weeks: it may be full.
MAILBOX_GIVEN_UP_AFTER = datetime.timedelta(days=14)


@dataclass(frozen=True)
class Reader:
    """Somebody to write to about an organisation; `user` if they have an account."""

    email: str
    language: str
    name: str = ""
    user: User | None = None


def daily_cap() -> int:
    """Return how many organisations a job writes to on one day.

    Few enough that answers can be read as they come, enough for every one once a year.
    """
    return max(5, math.ceil(Organisation.objects.public().count() / 200))


# Takes one step with a row, given its key, and says what became of it.
Step = Callable[[int], str]


def take(step: Step, rows: QuerySet) -> Counter[str]:
    """Take a step with each row, one transaction each; nobody waits for a row that fails.

    :return: how many rows came to what.
    """
    counts: Counter[str] = Counter()
    for pk in list(rows.values_list("pk", flat=True)):
        try:
            counts[step(pk)] += 1
        except Exception:
            logger.exception("%s: row %s failed.", step.__module__, pk)
            counts["failed"] += 1
    return counts


def take_within_cap(
    steps: Sequence[tuple[Step, QuerySet]], *, written_since: Callable[[datetime.datetime], int]
) -> Counter[str]:
    """Take steps that write mails, the first first, as many as this day still allows.

    :param written_since: counts the organisations that have been written to since a moment.
    """
    cap = daily_cap()
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    counts: Counter[str] = Counter()
    for step, rows in steps:
        counts += take(step, rows[: max(0, cap - written_since(midnight))])
    return counts


def there(today: datetime.date, prefix: str = "user__") -> Q:
    """Return the condition that somebody still is there.

    :param prefix: from the filtered model to the account.
    """
    given_up = today - MAILBOX_GIVEN_UP_AFTER
    return Q(
        **{f"{prefix}is_active": True, f"{prefix}last_seen_on__gt": today - INACTIVE_AFTER}
    ) & (Q(**{f"{prefix}mail_failed_on": None}) | Q(**{f"{prefix}mail_failed_on__gt": given_up}))


def is_there(user: User, today: datetime.date) -> bool:
    """Whether somebody still is there: the condition of `there` for one account."""
    failed = user.mail_failed_on
    return (
        user.is_active
        and user.last_seen_on > today - INACTIVE_AFTER
        and (failed is None or failed > today - MAILBOX_GIVEN_UP_AFTER)
    )


def readers(organisation: Organisation, *, also_returned: bool = False) -> list[Reader]:
    """Return whom to ask about an organisation, the first first, each address once.

    Those who manage it, then those who edit it (among them whoever still is there first, then who
    has spoken for it longest), then its contact persons, then its own mailbox. Left out are
    accounts that are closed and mailboxes mails have come back from.

    :param also_returned: try those mailboxes, too.
    """
    today = timezone.localdate()
    people = list(organisation.representatives.select_related("user"))
    people.sort(
        key=lambda one: (
            one.role != Representative.Role.MANAGER,
            not is_there(one.user, today),
            one.since,
            one.pk,
        )
    )
    closed = {one.user.email for one in people if not one.user.is_active}
    if not also_returned:
        closed |= {one.user.email for one in people if one.user.mail_failed_on}
        returned = ConfirmationAsk.objects.filter(
            confirmation__organisation=organisation, user=None, returned_at__isnull=False
        )
        # An account's mailbox gets another chance by the next log-in; others have no log-in.
        closed |= {normalise_email(email) for email in returned.values_list("email", flat=True)}
    found = [Reader(one.user.email, one.user.language, one.user.name, one.user) for one in people]
    standard = settings.LANGUAGE_CODE
    found += [Reader(one.email, standard, one.name) for one in organisation.contacts.all()]
    found.append(Reader(organisation.email, standard))
    result: dict[str, Reader] = {}
    for reader in found:
        email = normalise_email(reader.email)
        if email not in closed and _is_address(reader.email):
            result.setdefault(email, reader)
    return list(result.values())


def belongs(organisation: Organisation, email: str) -> bool:
    """Whether an address still is one of those an organisation is asked at.

    A link somebody got while they spoke for it means nothing after they have left.
    """
    wanted = normalise_email(email)
    addresses = [
        organisation.email,
        *organisation.contacts.values_list("email", flat=True),
        *organisation.representatives.filter(user__is_active=True).values_list(
            "user__email", flat=True
        ),
    ]
    return wanted in {normalise_email(address) for address in addresses}


def _is_address(email: str) -> bool:
    """Whether a mail can be written to it: imported entries were never typed into a form."""
    try:
        validate_recipient(email)
    except ValidationError:
        return False
    return True
