"""Meetings: from the plan to the minutes, with calendars and what everybody has to do."""

import datetime

from django.utils import timezone

from meetings import calendars
from meetings.models import CalendarFeed, Decision
from tests import factories
from tests.access.rows import (
    ALL,
    FOREIGN,
    FOREIGN_DONE,
    FORM,
    MEMBERS,
    OWN_DONE,
    OWN_PAGE,
    PAGE,
    READ_ONLY,
    Row,
    at,
    everybody,
    file,
    model,
    of,
    office,
)


class MeetingsWorld:
    """Meetings in every state and for every audience, and what belongs to them."""

    def add_meetings(self) -> None:
        self._meetings_planning()
        self._meetings_agenda()
        self._meetings_answers()
        self._meetings_pages()
        self._meetings_minutes()
        self._meetings_door()

    def _meetings_planning(self) -> None:
        self.planned_meeting = factories.make_meeting(slug="geplant")
        self.school_holiday = factories.make_school_holiday()

    def _meetings_answers(self) -> None:
        """The manager is invited, the stranger to another meeting."""
        self.answer_token = "a" * 43
        meeting = factories.make_meeting(slug="mit-antworten", state="invited")
        self.meeting_invitation = factories.make_meeting_invitation(
            meeting=meeting, email=self.manager.email, token=self.answer_token
        )
        self.foreign_meeting_invitation = factories.make_meeting_invitation(
            email=self.stranger.email
        )

    def _meetings_agenda(self) -> None:
        """What a meeting talks about and what comes of it; members see what is published."""
        soon = timezone.now() + datetime.timedelta(days=5)
        self.agenda_meeting = factories.make_meeting(slug="mit-vorschlaegen", proposals_until=soon)
        self.agenda_item = factories.make_agenda_item(meeting=self.agenda_meeting)
        self.proposed_item = factories.make_proposed_item(
            meeting=self.agenda_meeting, organisation=self.active, by=self.manager
        )
        self.task = factories.make_task(organisation=self.active)
        self.foreign_task = factories.make_task(organisation=self.foreign)
        held = factories.make_meeting(state="held")
        self.draft_task = factories.make_task(organisation=self.active, meeting=held)
        self.decision = Decision.objects.create(
            meeting=held, year=2026, number=1, text="Wir treffen uns öfter."
        )

    def _meetings_minutes(self) -> None:
        """Minutes that members read, and some that nobody has published yet."""
        self.minuted = factories.make_meeting(slug="protokolliert", state="documented")
        factories.make_minutes(meeting=self.minuted, text="Alle waren da.")
        self.minuted_decision = factories.make_decision(meeting=self.minuted)
        self.minuted_task = factories.make_task(meeting=self.minuted, person="Mina")
        self.unminuted = factories.make_meeting(slug="im-entwurf", state="held")
        factories.make_minutes(meeting=self.unminuted, state="draft", text="Noch nicht fertig.")
        self.drafted_decision = factories.make_decision(meeting=self.unminuted)
        self.drafted_task = factories.make_task(meeting=self.unminuted, person="Mina")

    def _meetings_pages(self) -> None:
        """One for everybody, one for members, one the officer has not shown yet."""
        make = factories.make_meeting
        self.public_meeting = make(slug="fuer-alle", visibility="public")
        self.members_meeting = make(slug="fuer-mitglieder")
        self.hidden_meeting = make(slug="noch-geheim", visibility="office")
        for name in ("public", "members"):
            meeting = getattr(self, f"{name}_meeting")
            for kind in ("document", "photo"):
                row = getattr(factories, f"make_meeting_{kind}")(meeting=meeting, is_public=True)
                setattr(self, f"{name}_{kind}", row)
        self.inner_document = factories.make_meeting_document(meeting=self.public_meeting)
        self.inner_photo = factories.make_meeting_photo(meeting=self.public_meeting)
        feed = CalendarFeed.objects.create(user=self.editor, salt="salz")
        self.feed_token = calendars.own_address(feed).rpartition("/")[2].removesuffix(".ics")

    def _meetings_door(self) -> None:
        """A meeting that has begun, so that somebody can be there."""
        self.evening = factories.make_meeting(slug="abend", state="held")


PAGES: dict[str, Row] = {
    # --- meetings: what was minuted and decided ---------------------------------------------------
    **{
        f"meetings:{name}@{meeting}": Row(cells, READ_ONLY, at(meeting))
        for name in ("minutes", "minutes_pdf")
        for meeting, cells in (
            ("minuted", "302 404 200 200 200 200"),
            ("unminuted", "302 404 404 404 200 200"),
        )
    },
    "meetings:search": Row("302 404 200 200 200 200", READ_ONLY),
    "meetings:decisions": Row("302 404 200 200 200 200", READ_ONLY),
    # --- meetings: everybody's pages, files and calendars -----------------------------------------
    "meetings:list": PAGE,
    **{
        f"meetings:{route}@{name}": Row(seen_by, everybody(405), at(name))
        for route in ("detail", "event")
        for name, seen_by in (
            ("public_meeting", everybody(200)),
            ("members_meeting", MEMBERS),
            ("hidden_meeting", "404 404 404 404 200 200"),
        )
    },
    # Marked as public counts for nothing at a meeting that is not.
    **{
        f"meetings_document@{name}": Row(seen_by, everybody(405), of(name))
        for name, seen_by in (
            ("public_document", everybody(200)),
            ("members_document", MEMBERS),
            ("inner_document", MEMBERS),
        )
    },
    **{
        f"meetings_photo@{name} {size}": Row(seen_by, everybody(405), file(name, size))
        for name, size, seen_by in (
            ("public_photo", "gross", everybody(200)),
            ("public_photo", "riesig", everybody(404)),
            ("members_photo", "mittel", MEMBERS),
            ("inner_photo", "gross", MEMBERS),
        )
    },
    "meetings:calendar": Row(OWN_PAGE.get, "302 302 302 302 302 302"),
    "meetings_feed": PAGE,
    # Whoever has the address has the calendar.
    "meetings_own_feed@own": Row(
        everybody(200), everybody(405), lambda world: {"token": world.feed_token}
    ),
    "meetings_own_feed@other": Row(
        everybody(404), everybody(405), lambda world: {"token": f"{world.feed_token}x"}
    ),
    # --- meetings: one's own answer, by the link from a mail or logged in ------------------------
    "meetings:answer": Row(
        everybody(200), everybody(200), lambda world: {"token": world.answer_token}
    ),
    "meetings:answer_calendar": Row(
        everybody(200), everybody(405), lambda world: {"token": world.answer_token}
    ),
    "short_answer": Row(
        everybody(302), everybody(405), lambda world: {"token": world.answer_token}
    ),
    "meetings:answer@guessed": Row(
        everybody(404), everybody(404), lambda world: {"token": "x" * 43}
    ),
    "meetings:answer_calendar@guessed": Row(
        everybody(404), everybody(405), lambda world: {"token": "x" * 43}
    ),
    "meetings:answer_renew": FORM,
    "meetings:invitations": OWN_PAGE,
    "meetings:invitation": Row(
        "302 404 404 200 404 404", "302 404 404 200 404 404", of("meeting_invitation")
    ),
    # --- meetings: agenda and tasks ---------------------------------------------------------------
    # For members of the network; the officer puts things on the agenda in the office.
    "meetings:propose@agenda_meeting": Row(
        "302 404 200 200 404 404",
        "302 404 200 200 404 404",
        lambda world: {"slug": world.agenda_meeting.slug},
    ),
    "meetings:proposal_withdraw@own": Row(
        "302 405 405 405 405 405",
        "302 404 302 302 404 404",
        lambda world: {"slug": world.agenda_meeting.slug, "pk": world.proposed_item.pk},
    ),
    "meetings:tasks": Row("302 404 200 200 200 200", READ_ONLY),
    "meetings:task@task": Row("302 404 200 200 200 200", OWN_DONE, of("task")),
    "meetings:task@foreign_task": Row(
        "302 404 200 200 200 200", "302 404 404 404 302 302", of("foreign_task")
    ),
    "meetings:task@draft_task": Row(FOREIGN, FOREIGN_DONE, of("draft_task")),
}
OFFICE: dict[str, Row] = {
    # --- meetings: documents and photos; an empty request is the form again
    "admin:meetings_meeting_files": Row(office(200), office(200), of("public_meeting")),
    **{
        f"admin:meetings_meeting_{name}@{meeting}": Row(
            office(status),
            office(status),
            lambda world, name=name, meeting=meeting: {
                "pk": getattr(world, meeting).pk,
                "row": getattr(world, f"public_{name}").pk,
            },
        )
        for name in ("document", "photo")
        for meeting, status in (("public_meeting", 200), ("members_meeting", 404))
    },
    # --- Minutes in the office; an empty request writes nothing.
    **{
        f"admin:meetings_meeting_{name}@{meeting}": Row(office(page), office(sent), of(meeting))
        for name, meeting, page, sent in (
            ("minutes", "unminuted", 200, 302),
            ("minutes", "minuted", 200, 200),
            ("minutes_correct", "unminuted", 302, 302),
            ("minutes_correct", "minuted", 200, 302),
            ("minutes_part", "unminuted", 405, 404),
            ("minutes_publish", "unminuted", 200, 302),
            ("minutes_publish", "minuted", 302, 302),
        )
    },
    **{
        f"admin:meetings_meeting_{name}@{meeting}": Row(
            office(200),
            office(200),
            lambda world, meeting=meeting: {"pk": getattr(world, meeting).pk, "item": 0},
        )
        for name in ("decision_add", "task_add")
        for meeting in ("minuted", "unminuted")
    },
    # Of minutes members have read nothing is removed; what belongs to others is not there.
    **{
        f"admin:meetings_meeting_{name}@{meeting} {row}": Row(
            office(page),
            office(sent),
            lambda world, key=key, meeting=meeting, row=row: {
                "pk": getattr(world, meeting).pk,
                key: getattr(world, row).pk,
            },
        )
        for name, key, meeting, row, page, sent in (
            ("decision", "decision", "minuted", "minuted_decision", 200, 200),
            ("decision", "decision", "minuted", "drafted_decision", 404, 404),
            ("decision_remove", "decision", "unminuted", "drafted_decision", 405, 302),
            ("decision_remove", "decision", "minuted", "drafted_decision", 404, 404),
            ("minutes_task", "task", "minuted", "minuted_task", 200, 200),
            ("minutes_task", "task", "minuted", "drafted_task", 404, 404),
            ("minutes_task_remove", "task", "unminuted", "drafted_task", 405, 302),
            ("minutes_task_remove", "task", "minuted", "drafted_task", 404, 404),
        )
    },
    # --- At the door: an empty request taps on nothing
    "admin:meetings_meeting_door": Row(
        office(200), office(302), lambda world: {"pk": world.evening.pk}
    ),
    **{
        f"admin:meetings_meeting_door_{name}": Row(
            office(200), office(405), lambda world: {"pk": world.evening.pk}
        )
        for name in ("list", "badges")
    },
    # --- meetings: planning -----------------------------------------------------------------------
    **model("meetings_meeting", "planned_meeting", officer=ALL),
    **model("meetings_schoolholiday", "school_holiday", officer=ALL),
    # Nobody has said which Land it is, so there is nothing to take over.
    "admin:meetings_schoolholiday_take_over": Row(office(200), office(200)),
    "admin:meetings_meeting_this_year": Row(office(302), office(405)),
    "admin:meetings_meeting_year": Row(office(200), office(405), lambda world: {"year": 2027}),
    "admin:meetings_meeting_day": Row(office(200), office(405)),
    "admin:meetings_meeting_overview": Row(office(200), office(405), of("planned_meeting")),
    "admin:meetings_meeting_cancel": Row(office(200), office(200), of("planned_meeting")),
    **{
        f"admin:meetings_meeting_{name}": Row(office(405), office(302), of("planned_meeting"))
        for name in ("hold", "take_back_hold")
    },
    # --- meetings: answers; who sends nothing changes nothing
    "admin:meetings_meeting_answers": Row(
        office(200), office(200), lambda world: {"pk": world.meeting_invitation.meeting_id}
    ),
    "admin:meetings_meeting_answers_export": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.meeting_invitation.meeting_id, "ending": "csv"},
    ),
    **{
        f"admin:meetings_meeting_answer@{name}": Row(
            office(page),
            office(sent),
            lambda world, name=name: {
                "pk": world.meeting_invitation.meeting_id,
                "invitation": getattr(world, name).pk,
            },
        )
        for name, page, sent in (
            ("meeting_invitation", 200, 302),
            ("foreign_meeting_invitation", 404, 404),
        )
    },
    # --- meetings: invitations; an empty request invites nobody
    **{
        f"admin:meetings_meeting_{name}": Row(office(page), office(sent), of("planned_meeting"))
        for name, page, sent in (
            ("invitations", 200, 404),
            ("guests", 200, 200),
            ("letter", 200, 200),
            ("invite", 200, 302),
            ("letters", 405, 302),
        )
    },
    "admin:meetings_meeting_invitation_text": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.planned_meeting.pk, "language": "de"},
    ),
    "admin:meetings_meeting_invitation_text@unknown": Row(
        office(404),
        office(404),
        lambda world: {"pk": world.planned_meeting.pk, "language": "xx"},
    ),
    **{
        f"admin:meetings_meeting_invited_person@{name}": Row(
            office(status),
            office(status),
            lambda world, name=name: {
                "pk": world.meeting_invitation.meeting_id,
                "invitation": getattr(world, name).pk,
            },
        )
        for name, status in (("meeting_invitation", 200), ("foreign_meeting_invitation", 404))
    },
    # --- meetings: agenda and tasks
    "admin:meetings_meeting_agenda": Row(
        office(200), office(200), lambda world: {"pk": world.agenda_meeting.pk}
    ),
    "admin:meetings_meeting_agenda_item": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.agenda_meeting.pk, "item": world.agenda_item.pk},
    ),
    "admin:meetings_meeting_agenda_item@other": Row(
        office(404), office(404), lambda world: {"pk": world.agenda_meeting.pk, "item": 999_999}
    ),
    **model("meetings_task", "task", officer="view add change"),
    "admin:meetings_task_end": Row(office(200), office(200), of("task")),
    **model("meetings_decision", "decision", officer="view", administrator="view"),
}
