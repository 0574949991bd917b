"""What representatives have changed of public organisations since somebody of the office looked.

Nothing is seen by opening a page; it is seen when somebody says so, for one organisation or all.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from core import history
from organisations.models import ContactPerson, EditsSeen, Organisation
from organisations.services import confirmation

State = Organisation.State
# Before their admission organisations are read as a whole; archived ones cannot be edited.
TOLD_STATES = (State.ACTIVE, State.PAUSED)
# What somebody new in the office begins with.
AT_FIRST = datetime.timedelta(days=30)
# So many entries tell of the organisations of one page; the history has them all.
MOST_ENTRIES = 300


@dataclass(frozen=True)
class Edited:
    """One organisation with its unseen edits, the newest first.

    :ivar last: when the newest was made; "seen" counts until then.
    """

    organisation: Organisation
    last: datetime.datetime
    entries: list[history.Entry]

    @property
    def who(self) -> list[str]:
        """Who has changed something, each once."""
        return list(dict.fromkeys(entry.who for entry in self.entries))

    @property
    def what(self) -> list[str]:
        """The labels of what was changed, each once; of other entries the reason."""
        told: dict[str, None] = {}
        for entry in self.entries:
            labels = [change.label for change in entry.changes if entry.kind == "organisation"]
            told |= dict.fromkeys(labels or [entry.reason or entry.what])
        return list(told)


def may_look(user: User) -> bool:
    """Whether somebody is told about edits at all."""
    return user.is_staff and user.has_perm("organisations.change_organisation")


def unseen(user: User, *, organisation: Organisation | None = None) -> dict[int, datetime.datetime]:
    """Return the newest unseen edit by key of the organisation, the newest first.

    A fixed number of queries.

    :param organisation: only this one.
    """
    last: dict[int, datetime.datetime] = {}
    for key, rows in _parts(user).items():
        if organisation is not None:
            rows = rows.filter(**{key: organisation.pk})
        found = rows.order_by().values_list(key).annotate(newest=Max("history_date"))
        for pk, when in found:
            last[pk] = max(when, last.get(pk, when))
    return dict(sorted(last.items(), key=lambda one: (one[1], one[0]), reverse=True))


def edited(user: User, last: dict[int, datetime.datetime]) -> list[Edited]:
    """Return organisations with their unseen edits, in a fixed number of queries.

    :param last: some of what `unseen` returned.
    """
    organisations = Organisation.objects.in_bulk(list(last))
    by_organisation: dict[int, list[history.Entry]] = {pk: [] for pk in organisations}
    kinds = {"id": "organisation", "organisation_id": "contact"}
    for key, rows in _parts(user).items():
        wanted = history.with_previous(rows.filter(**{f"{key}__in": list(last)}))
        newest = wanted.select_related("history_user").order_by("-history_date", "-history_id")
        for entry in history.tell(list(newest[:MOST_ENTRIES]), kind=kinds[key]):
            by_organisation.setdefault(getattr(entry.row, key), []).append(entry)
    return [
        Edited(
            organisations[pk],
            when,
            sorted(by_organisation[pk], key=lambda one: one.when, reverse=True),
        )
        for pk, when in last.items()
        if pk in organisations
    ]


@transaction.atomic
def mark_seen(
    *, by: User, until: datetime.datetime, organisation: Organisation | None = None
) -> None:
    """Note that somebody has looked at the edits of an organisation, or of all; never backwards.

    :param until: the newest edit that was shown (aware); what came after it stays unseen.
    :raises PermissionDenied: for anybody who is not told about edits.
    """
    if not may_look(by):
        raise PermissionDenied
    until = min(until, timezone.now())
    # One after the other, so that there is one row.
    User.objects.select_for_update().get(pk=by.pk)
    row = EditsSeen.objects.filter(user=by, organisation=organisation).first()
    if row is None:
        EditsSeen.objects.create(user=by, organisation=organisation, until=until)
    elif row.until < until:
        row.until = until
        row.save()
    if organisation is None:
        EditsSeen.objects.filter(user=by, organisation__isnull=False, until__lte=until).delete()


def _confirmed() -> str:
    with override(settings.LANGUAGE_CODE):
        return str(confirmation.CONFIRMED)


def _since(user: User) -> datetime.datetime:
    row = EditsSeen.objects.filter(user=user, organisation=None).first()
    return row.until if row else max(user.date_joined, timezone.now() - AT_FIRST)


def _parts(user: User) -> dict[str, QuerySet]:
    """Return unseen history rows by the column that names their organisation."""
    since = _since(user)
    return {
        "id": _unseen(user, Organisation.history.filter(state__in=TOLD_STATES), "id", since)
        .filter(history_type="~")
        # To confirm what stands there is no edit.
        .exclude(history_change_reason__startswith=_confirmed()),
        "organisation_id": _unseen(user, ContactPerson.history, "organisation_id", since).filter(
            Exists(
                Organisation.objects.filter(
                    pk=OuterRef("organisation_id"),
                    state__in=TOLD_STATES,
                    state_since__lte=OuterRef("history_date"),
                )
            )
        ),
    }


def _unseen(user: User, rows: QuerySet, key: str, since: datetime.datetime) -> QuerySet:
    seen = EditsSeen.objects.filter(
        user=user, organisation=OuterRef(key), until__gte=OuterRef("history_date")
    )
    return rows.filter(
        ~Exists(seen),
        history_date__gt=since,
        history_user__isnull=False,
        history_user__is_staff=False,
    )
