"""The demonstration's joint actions: the Interkulturelle Woche ahead of us, and the last one.

Days are counted from the first day of the week in September that comes next when they are loaded.
As with the meetings, rows are written as services would leave them, but nobody gets a mail.
"""

import calendar
import datetime
import itertools
import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import User
from actions.models import (
    ActionDate,
    ActionMessage,
    ActionResult,
    Campaign,
    Contribution,
    Idea,
    IdeaComment,
    IdeaSupport,
    JointAction,
    Participation,
    Pledge,
    Registration,
)
from actions.registration_links import new_salt
from actions.services import campaigns, joint_actions
from organisations.models import Language, Municipality, Organisation, TargetGroup

Key = Callable[[str], uuid.UUID]
State = JointAction.State
REASON = "Vorführung"
A_DAY = datetime.timedelta(days=1)
SEPTEMBER, SATURDAY = 9, calendar.SATURDAY
# From the Saturday before the last Sunday of September.
DAYS_OF_THE_WEEK = 9
ENTRIES_BEFORE = 28 * A_DAY
# A week that begins tomorrow would leave nothing to plan.
AHEAD = 14 * A_DAY
FIELDS = (
    "title state category summary description translations place address accessibility "
    "accessibility_note entry additional contact_name contact_phone contact_email "
    "takes_registrations capacity cancel_reason"
)


def load(values: dict[str, Any], key: Key) -> dict[str, int]:
    """Add the campaigns, actions and ideas that are not there.

    :param values: the content of `data/actions.json`.
    :param key: gives the lasting key of a row by its name in the files.
    :return: how many of them are new.
    """
    present, former = values["campaigns"]
    weeks = {present["key"]: _next_campaign(present)}
    weeks[former["key"]] = _former_campaign(former, before=weeks[present["key"]])
    new = sum(campaign.pk is None for campaign in weeks.values())
    for campaign in weeks.values():
        if campaign.pk is None:
            campaign.slug = campaigns.free_slug(campaign)
            _save(campaign)
    return {
        "campaigns": new,
        "actions": sum(_Loader(one, weeks, key).add() for one in values["actions"]),
        "ideas": sum(_add_idea(one, key) for one in values["ideas"]),
    }


# --- When it is -----------------------------------------------------------------------------------
def _next_campaign(values: dict[str, Any]) -> Campaign:
    """Return the week that comes; the one that was loaded earlier stays what it is."""
    there = Campaign.objects.filter(name=values["name"]).order_by("starts_on").last()
    if there is not None:
        return there
    today = timezone.localdate()
    years = itertools.count(today.year)
    return _campaign(values, next(one for one in map(_saturday, years) if one >= today + AHEAD))


def _former_campaign(values: dict[str, Any], *, before: Campaign) -> Campaign:
    """Return the last week that is over."""
    earlier = Campaign.objects.filter(name=values["name"], starts_on__lt=before.starts_on)
    there = earlier.order_by("starts_on").last()
    if there is not None:
        return there
    last = min(timezone.localdate(), before.starts_on) - DAYS_OF_THE_WEEK * A_DAY
    years = itertools.count(last.year, -1)
    return _campaign(values, next(one for one in map(_saturday, years) if one < last))


def _campaign(values: dict[str, Any], starts_on: datetime.date) -> Campaign:
    return Campaign(
        **_some(values, "name motto introduction translations"),
        year=starts_on.year,
        starts_on=starts_on,
        ends_on=starts_on + (DAYS_OF_THE_WEEK - 1) * A_DAY,
        entries_until=starts_on - ENTRIES_BEFORE,
    )


def _saturday(year: int) -> datetime.date:
    """Return the Saturday before the last Sunday of September."""
    last_day = datetime.date(year, SEPTEMBER, 30)
    sunday = last_day - (last_day.weekday() - calendar.SUNDAY) % 7 * A_DAY
    return sunday - A_DAY


# --- What is done ---------------------------------------------------------------------------------
class _Loader:
    """One action with all that hangs on it.

    :ivar first_day: from which its days are counted.
    :ivar written_at: when it was put into the portal; a past one before its week.
    """

    def __init__(self, values: dict[str, Any], weeks: dict[str, Campaign], key: Key) -> None:
        self.values = values
        self.key = key
        self.campaign = weeks.get(values.get("campaign", ""))
        self.first_day = (self.campaign or next(iter(weeks.values()))).starts_on
        self.action = JointAction(creation_key=key(f"action:{values['key']}"))
        now = timezone.now()
        self.written_at = min(now - 20 * A_DAY, self._moment(0, "09:00") - 90 * A_DAY)
        self.dates: list[ActionDate] = []

    def add(self) -> bool:
        """Add it unless it is there.

        :return: whether it is new.
        """
        if JointAction.objects.filter(creation_key=self.action.creation_key).exists():
            return False
        self._add_action()
        for values in self.values["dates"]:
            self.dates.append(self._add_date(**values))
        lead = self.values.get("lead")
        if lead:
            self._take_part(lead, Participation.State.CONFIRMED, role=Participation.Role.LEAD)
        for name, state in self.values.get("partners", {}).items():
            self._take_part(name, state)
        for position, values in enumerate(self.values.get("contributions", [])):
            self._add_contribution(position, **values)
        for values in self.values.get("messages", []):
            self._add_message(**values)
        numbers = itertools.count(1)
        for values in self.values.get("registrations", []):
            self._add_registrations(numbers, **values)
        if "result" in self.values:
            _save(ActionResult(action=self.action, **self.values["result"]))
        keys = [self.key(name) for name in self.values.get("ideas", [])]
        for idea in Idea.objects.filter(creation_key__in=keys, action=None):
            idea.action = self.action
            _save(idea)
        return True

    def _organisation(self, name: str) -> Organisation:
        return Organisation.objects.get(creation_key=self.key(name))

    def _moment(self, day: int, time: str) -> datetime.datetime:
        date = self.first_day + day * A_DAY
        moment = datetime.datetime.combine(date, datetime.time.fromisoformat(time))
        return timezone.make_aware(moment)

    def _add_action(self) -> None:
        values, action = self.values, self.action
        for name, value in _some(values, FIELDS).items():
            setattr(action, name, value)
        action.campaign = self.campaign
        if "municipality" in values:
            action.municipality = Municipality.objects.get(name=values["municipality"])
        if action.state in {State.CONFIRMED, State.DONE, State.CANCELLED}:
            action.published_at = self.written_at + 10 * A_DAY
        if values.get("is_submitted"):
            action.submitted_at = timezone.now() - 2 * A_DAY
        action.created_at = self.written_at
        action.state_since = action.published_at or action.submitted_at or self.written_at
        if action.state == State.DONE:
            action.state_since = self._moment(DAYS_OF_THE_WEEK, "03:00")
        action.slug = joint_actions.unique_slug(action.title)
        _save(action)
        action.target_groups.set(
            TargetGroup.objects.filter(slug__in=values.get("target_groups", []))
        )
        action.languages.set(Language.objects.filter(code__in=values.get("languages", [])))
        joint_actions.refresh_search_text(action=action)

    def _add_date(
        self,
        *,
        day: int,
        to: str,
        last_day: int | None = None,
        note: str = "",
        people: int | None = None,
        **begin: str,
    ) -> ActionDate:
        starts_at = self._moment(day, begin["from"])
        ends_at = self._moment(day if last_day is None else last_day, to)
        if ends_at <= starts_at:
            ends_at += A_DAY
        date = ActionDate(action=self.action, starts_at=starts_at, ends_at=ends_at, note=note)
        date.people_registered = people
        return _save(date)

    def _take_part(self, name: str, state: str, *, role: str = Participation.Role.PARTNER) -> None:
        _save(
            Participation(
                action=self.action,
                organisation=self._organisation(name),
                role=role,
                state=state,
                state_since=self.written_at + A_DAY,
            )
        )

    def _add_contribution(
        self,
        position: int,
        *,
        pledges: dict[str, int],
        due_days: int | None = None,
        shift: tuple[str, str] | None = None,
        done: tuple[str, ...] = (),
        **said: Any,
    ) -> None:
        contribution = Contribution(
            action=self.action, position=position, created_at=self.written_at, **said
        )
        first = timezone.localdate(self.dates[0].starts_at) if self.dates else self.first_day
        if due_days is not None:
            contribution.due_on = first - due_days * A_DAY
        if shift:
            day = (first - self.first_day).days
            contribution.starts_at, contribution.ends_at = (
                self._moment(day, time) for time in shift
            )
        _save(contribution)
        for name, amount in pledges.items():
            _save(
                Pledge(
                    contribution=contribution,
                    organisation=self._organisation(name),
                    amount=amount,
                    done_at=timezone.now() - 3 * A_DAY if name in done else None,
                    created_at=self.written_at + 5 * A_DAY,
                )
            )

    def _add_message(self, *, user: str, organisation: str, days_ago: int, text: str) -> None:
        ActionMessage.objects.create(
            action=self.action,
            user=User.objects.get(email=user),
            organisation=self._organisation(organisation),
            text=text,
            sent_at=timezone.now() - days_ago * A_DAY,
        )

    def _add_registrations(
        self, numbers: "itertools.count[int]", *, date: int, people: list[int], state: str
    ) -> None:
        since = timezone.now() - 4 * A_DAY
        waits = state == Registration.State.WAITING
        for several in people:
            number = next(numbers)
            email = f"gast{number}@example.org"
            registration = Registration(
                date=self.dates[date],
                name=f"Gast {number} (erfunden)",
                email=email,
                email_key=email,
                people=several,
                language="de",
                state=state,
                state_since=since,
                created_at=since,
                waiting_since=since + datetime.timedelta(minutes=number) if waits else None,
                salt=new_salt(),
            )
            registration.full_clean()
            registration.save()


def _add_idea(values: dict[str, Any], key: Key) -> bool:
    """Add what a member has written outside of a meeting."""
    creation_key = key(f"idea:{values['key']}")
    if Idea.objects.filter(creation_key=creation_key).exists():
        return False
    written = timezone.now() - values["days_ago"] * A_DAY

    def organisation(name: str) -> Organisation:
        return Organisation.objects.get(creation_key=key(name))

    idea = _save(
        Idea(
            text=values["text"],
            user=User.objects.get(email=values["user"]),
            organisation=organisation(values["organisation"]),
            way=Idea.Way.MEMBER,
            creation_key=creation_key,
            created_at=written,
        )
    )
    for name, would_join in values["supporters"].items():
        IdeaSupport.objects.create(
            idea=idea, organisation=organisation(name), would_join=would_join
        )
    for comment in values.get("comments", []):
        IdeaComment.objects.create(
            idea=idea,
            user=User.objects.get(email=comment["user"]),
            organisation=organisation(comment["organisation"]),
            text=comment["text"],
            created_at=timezone.now() - comment["days_ago"] * A_DAY,
        )
    return True


def _save(row: Any) -> Any:
    row.full_clean()
    row._change_reason = REASON
    row.save()
    return row


def _some(values: dict[str, Any], names: str) -> dict[str, Any]:
    return {name: values[name] for name in names.split() if name in values}
