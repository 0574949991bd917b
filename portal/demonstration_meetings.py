"""The demonstration's meetings: the kick-off that took place, and invented ones that follow.

Days are counted from the day they are loaded, so that there is always a next meeting. What
happened at a meeting is written as it was, not done by services: nobody gets a mail.
"""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import User
from actions.models import Idea, IdeaBoard, IdeaGroup, IdeaSupport
from core.folding import fold
from meetings import collisions
from meetings.models import (
    AgendaItem,
    Attendance,
    Decision,
    Invitation,
    Meeting,
    MeetingReminder,
    Minutes,
    MinutesEntry,
    Task,
)
from meetings.services import agenda, numbering, planning, tasks
from meetings.services import minutes as minutes_service
from organisations.models import Language, Organisation

Key = Callable[[str], uuid.UUID]
REASON = "Vorführung"
OFFICER = "officer@example.org"
THURSDAY = 3
WEEKS_TO_LOOK = 8
A_DAY = datetime.timedelta(days=1)
FIELDS = (
    "title kind state visibility place address directions accessibility accessibility_note "
    "capacity description translations"
)


def load(values: dict[str, Any], key: Key) -> dict[str, int]:
    """Add the meetings that are not there.

    :param values: the content of `data/meetings.json`.
    :param key: gives the lasting key of a row by its name in the file.
    :return: how many meetings are new.
    """
    meetings = sum(_Loader(one, key).add() for one in values["meetings"])
    if meetings:
        agenda.fill_next()
    return {"meetings": meetings}


def _save(row: Any) -> Any:
    row.full_clean()
    row._change_reason = REASON
    row.save()
    return row


class _Loader:
    """One meeting with all that hangs on it.

    :ivar items: its agenda by the names in the file.
    """

    def __init__(self, values: dict[str, Any], key: Key) -> None:
        self.values = values
        self.organisation_key = key
        self.meeting = Meeting(creation_key=self._key("meeting"))
        self.items: dict[str, AgendaItem] = {}

    def add(self) -> bool:
        """Add it unless it is there.

        :return: whether it is new.
        """
        if Meeting.objects.filter(creation_key=self.meeting.creation_key).exists():
            return False
        self._add_meeting()
        self._add_agenda()
        if "minutes" in self.values:
            self._add_minutes(**self.values["minutes"])
        for name, people in self.values.get("attendance", {}).items():
            organisation = self._organisation(name)
            Attendance.objects.create(
                meeting=self.meeting, organisation=organisation, people=people
            )
        for values in self.values.get("invitations", []):
            self._add_invitation(**values)
        if "board" in self.values:
            IdeaBoard.objects.create(meeting=self.meeting, **self.values["board"])
        self._add_ideas()
        return True

    def _key(self, name: str) -> uuid.UUID:
        return self.organisation_key(f"{self.values['key']}:{name}")

    def _organisation(self, name: str | None) -> Organisation | None:
        if name is None:
            return None
        return Organisation.objects.get(creation_key=self.organisation_key(name))

    def _day(self, days: int) -> datetime.date:
        return timezone.localdate() + days * A_DAY

    def _add_meeting(self) -> None:
        values, meeting = self.values, self.meeting
        day = _suitable(self._day(values["days"]))
        for name, value in _some(values, FIELDS).items():
            setattr(meeting, name, value)
        starts, ends = (
            timezone.make_aware(datetime.datetime.combine(day, datetime.time.fromisoformat(time)))
            for time in (values["from"], values["to"])
        )
        meeting.starts_at, meeting.ends_at = starts, ends
        if "answer_days" in values:
            meeting.answer_until = starts - values["answer_days"] * A_DAY
            meeting.proposals_until = starts - values["proposal_days"] * A_DAY
        meeting.state_since = min(timezone.now(), ends + 7 * A_DAY)
        meeting.slug = planning.unique_slug(meeting.title, starts)
        _save(meeting)
        meeting.hosts.set([self._organisation(name) for name in values.get("hosts", [])])
        meeting.interpreters.set(Language.objects.filter(code__in=values.get("interpreters", [])))
        for days in values.get("reminders", []):
            MeetingReminder.objects.create(meeting=meeting, days_before=days)

    def _add_agenda(self) -> None:
        position = 0
        for values in self.values.get("agenda", []):
            is_proposed = values.get("state") == AgendaItem.State.PROPOSED
            position += not is_proposed
            user = values.get("user")
            self.items[values["key"]] = _save(
                AgendaItem(
                    meeting=self.meeting,
                    creation_key=self._key(values["key"]),
                    position=0 if is_proposed else position,
                    organisation=self._organisation(values.get("organisation")),
                    proposed_by=User.objects.get(email=user) if user else None,
                    origin=AgendaItem.Origin.PROPOSAL if user else AgendaItem.Origin.OFFICE,
                    **_some(values, "title description minutes speaker state"),
                )
            )

    def _add_minutes(self, **texts: str) -> None:
        published = self.meeting.state_since
        officer = User.objects.get(email=OFFICER)
        minutes = Minutes(
            meeting=self.meeting,
            state=Minutes.State.PUBLISHED,
            published_at=published,
            published_by=officer,
            **texts,
        )
        _save(minutes)
        for values in self.values["agenda"]:
            item = self.items[values["key"]]
            MinutesEntry.objects.create(minutes=minutes, agenda_item=item, text=values["text"])
        minutes_service.refresh_search_text(minutes, self.meeting)
        for values in self.values["decisions"]:
            _save(
                Decision(
                    meeting=self.meeting,
                    agenda_item=self.items[values["agenda"]],
                    year=self.meeting.begins.year,
                    text=values["text"],
                    search_text=fold(values["text"]),
                    creation_key=self._key(values["key"]),
                    created_at=published,
                )
            )
        numbering.number(numbering.lock(self.meeting), list(self.items.values()), by=officer)
        for values in self.values["tasks"]:
            self._add_task(published, **values)

    def _add_task(
        self,
        written: datetime.datetime,
        *,
        key: str,
        agenda: str,
        text: str,
        organisation: str,
        due_days: int,
        done: str = "",
    ) -> None:
        due_on = self._day(due_days)
        task = Task(
            meeting=self.meeting,
            agenda_item=self.items[agenda],
            text=text,
            organisation=self._organisation(organisation),
            due_on=due_on,
            done_note=done,
            creation_key=self._key(key),
            created_at=written,
        )
        if done:
            task.state = Task.State.DONE
            task.done_at = timezone.now() + (due_days - 3) * A_DAY
        task.search_text = tasks.searchable(task)
        _save(task)

    def _add_invitation(
        self, *, organisation: str | None = None, interpreting: tuple[str, ...] = (), **values: Any
    ) -> None:
        user = User.objects.filter(email=values["email"]).first()
        invitation = Invitation(
            meeting=self.meeting,
            organisation=self._organisation(organisation),
            user=user,
            invited_at=timezone.now() - 6 * A_DAY,
            told_sequence=self.meeting.sequence,
            **values,
        )
        if user is not None:
            invitation.name, invitation.language = user.name, user.language
        if invitation.reply:
            invitation.replied_at = timezone.now() - 2 * A_DAY
            invitation.replied_by_way = Invitation.Way.LINK
        invitation.full_clean()
        invitation.save()
        invitation.interpreting.set(Language.objects.filter(code__in=interpreting))

    def _add_ideas(self) -> None:
        written = self.meeting.starts_at + datetime.timedelta(minutes=100)
        known: dict[str, Idea] = {}
        titles = [one["group"] for one in self.values.get("ideas", []) if "group" in one]
        groups = {
            title: IdeaGroup.objects.create(meeting=self.meeting, title=title, position=place)
            for place, title in enumerate(dict.fromkeys(titles), 1)
        }
        for number, values in enumerate(self.values.get("ideas", [])):
            whole = known.get(values.get("part_of", ""))
            known[values["key"]] = idea = _save(
                Idea(
                    meeting=self.meeting,
                    group=groups.get(values.get("group", "")),
                    text=values["text"],
                    author_name=values["author_name"],
                    way=Idea.Way.ROOM,
                    state=Idea.State.MERGED if whole else Idea.State.OPEN,
                    merged_into=whole,
                    creation_key=self._key(values["key"]),
                    created_at=written + datetime.timedelta(minutes=number),
                )
            )
            for name, would_join in values["supporters"].items():
                organisation = self._organisation(name)
                IdeaSupport.objects.create(
                    idea=idea, organisation=organisation, would_join=would_join
                )


def _suitable(day: datetime.date) -> datetime.date:
    """Return the first Thursday from a day on when many can come, as an officer would choose it."""
    day += (THURSDAY - day.weekday()) % 7 * A_DAY
    weeks = [day + week * 7 * A_DAY for week in range(WEEKS_TO_LOOK)]
    busy = [one for one in collisions.between(day, weeks[-1]) if one.is_heavy]
    free = (week for week in weeks if not any(one.touches(week, week) for one in busy))
    return next(free, day)


def _some(values: dict[str, Any], names: str) -> dict[str, Any]:
    return {name: values[name] for name in names.split() if name in values}
