from .agenda import AgendaItem
from .attendance import Attendance
from .calendars import CalendarFeed, SchoolHoliday
from .files import MeetingDocument, MeetingPhoto
from .invitations import Invitation, InvitationLink, InvitationText
from .meeting import Meeting, MeetingReminder, default_time_zone, is_member, may_plan
from .minutes import Correction, Decision, Minutes, MinutesEntry, Task

__all__ = [
    "AgendaItem",
    "Attendance",
    "CalendarFeed",
    "Correction",
    "Decision",
    "Invitation",
    "InvitationLink",
    "InvitationText",
    "Meeting",
    "MeetingDocument",
    "MeetingPhoto",
    "MeetingReminder",
    "Minutes",
    "MinutesEntry",
    "SchoolHoliday",
    "Task",
    "default_time_zone",
    "is_member",
    "may_plan",
]
