"""Ideas, joint actions and campaigns."""

from collections.abc import Callable
from typing import Any

from actions import registration_links
from tests import factories
from tests.access.rows import (
    ALL,
    FOREIGN,
    MEMBERS,
    NEITHER,
    OWN,
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


class ActionsWorld:
    """What came up at a meeting, and a campaign."""

    def add_actions(self) -> None:
        self._ideas()
        self._joint_actions()
        self._action_images()
        self._registrations()

    def _ideas(self) -> None:
        self.brainstorm = factories.make_meeting(slug="ideenabend")
        self.team_meeting = factories.make_meeting(slug="nur-team", visibility="office")
        self.board = factories.make_idea_board(meeting=self.brainstorm)
        self.idea = factories.make_idea(meeting=self.brainstorm)
        self.team_idea = factories.make_idea(meeting=self.team_meeting)
        self.hidden_idea = factories.make_idea(meeting=self.brainstorm, state="hidden")
        self.campaign = factories.make_campaign()
        self.members_campaign = factories.make_campaign(
            name="Probewoche", slug="probewoche", is_public=False
        )

    def _joint_actions(self) -> None:
        """Public ones and plans, of the editor's organisation and of another one."""
        self.action = factories.make_joint_action(
            slug="fest", lead=self.active, partners=[self.foreign], state="confirmed"
        )
        self.plan = factories.make_joint_action(slug="in-planung", lead=self.active)
        self.foreign_action = factories.make_joint_action(
            slug="fremdes-fest", lead=self.foreign, state="confirmed"
        )
        self.foreign_plan = factories.make_joint_action(slug="fremde-planung", lead=self.foreign)
        self.need = factories.make_contribution(action=self.plan)
        self.foreign_need = factories.make_contribution(action=self.foreign_plan)
        self.done_action = factories.make_joint_action(
            slug="vorbei", lead=self.active, partners=[self.foreign], state="done"
        )
        self.foreign_done_action = factories.make_joint_action(
            slug="fremdes-vorbei", lead=self.foreign, state="done"
        )

    def _action_images(self) -> None:
        self.action_image = factories.make_action_image(action=self.action)
        self.plan_image = factories.make_action_image(action=self.plan)
        self.pending_action_image = factories.make_action_image(action=self.action, pending=True)

    def _registrations(self) -> None:
        self.fair = factories.make_joint_action(
            slug="anmelden-hier", lead=self.active, state="confirmed", takes_registrations=True
        )
        self.registration = factories.make_registration(date=self.fair.dates.get())


def _section(plan: str, section: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"slug": getattr(world, plan).slug, "section": section}


def _list(slug: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"slug": slug, "ending": "csv"}


def need(name: str, plan: str) -> Callable[[Any], dict[str, Any]]:
    """The address of a row of a contribution table."""
    return lambda world: {"slug": getattr(world, plan).slug, "pk": getattr(world, name).pk}


PAGES: dict[str, Row] = {
    "actions:room": Row(
        everybody(200), everybody(200), lambda world: {"code": world.board.shown_code}
    ),
    "actions:room@guessed": Row(
        everybody(404), everybody(404), lambda world: {"code": "0000-0000-0000"}
    ),
    # The office reads them here; it writes at its desk.
    "actions:ideas": Row(
        "302 404 200 200 200 200", "302 404 200 200 404 404", lambda world: {"slug": "ideenabend"}
    ),
    "actions:ideas@team": Row(
        "302 404 404 404 200 200", "302 404 404 404 404 404", lambda world: {"slug": "nur-team"}
    ),
    # The officer reads and writes here as well.
    "actions:ideas_all": Row("302 404 200 200 200 200", "302 404 200 200 200 200"),
    "actions:idea@idea": Row("302 404 200 200 200 200", "302 404 200 200 200 200", of("idea")),
    **{
        f"actions:idea@{name}": Row("302 404 404 404 200 200", "302 404 404 404 200 200", of(name))
        for name in ("team_idea", "hidden_idea")
    },
    # --- Joint actions as everybody sees them; members know of what is being planned
    "actions:list": PAGE,
    "actions:detail": Row(everybody(200), everybody(405), at("action")),
    "actions:detail@plan": Row(MEMBERS, everybody(405), at("foreign_plan")),
    "actions:event": Row(everybody(200), everybody(405), at("action")),
    "actions:event@plan": Row(MEMBERS, everybody(405), at("plan")),
    "actions:event@foreign_plan": Row(
        "404 404 404 404 200 200", everybody(405), at("foreign_plan")
    ),
    "actions:share_image": Row(everybody(200), everybody(405), at("action")),
    "actions:share_image@plan": Row(everybody(404), everybody(405), at("plan")),
    "actions_feed": PAGE,
    # --- Planning: who takes part writes; whoever speaks for an organisation begins
    "actions:mine": Row("302 404 200 200 200 200", READ_ONLY),
    "actions:create": Row("302 404 200 200 200 200", "302 404 200 200 200 200"),
    **{
        f"actions:{name}": Row(OWN, OWN, at("plan"))
        for name in ("manage", "edit", "dates", "picture")
    },
    **{
        f"actions:{name}@foreign": Row(FOREIGN, FOREIGN, at("foreign_plan"))
        for name in ("manage", "edit", "dates", "picture")
    },
    "actions:section": Row(OWN, OWN, _section("plan", "ort")),
    "actions:section@foreign": Row(FOREIGN, FOREIGN, _section("foreign_plan", "ort")),
    "actions:section@unknown": Row(NEITHER, NEITHER, _section("plan", "wetter")),
    "actions_image": Row(everybody(200), everybody(405), file("action_image")),
    "actions_image@plan": Row("404 404 200 200 200 200", everybody(405), file("plan_image")),
    "actions_image@pending": Row(
        "404 404 200 200 200 200", everybody(405), file("pending_action_image")
    ),
    # --- Who takes part and brings what: those who take part; which button, the request must say
    **{f"actions:{name}": Row(OWN, NEITHER, at("plan")) for name in ("partners", "contributions")},
    **{
        f"actions:{name}@foreign": Row(FOREIGN, NEITHER, at("foreign_plan"))
        for name in ("partners", "contributions")
    },
    **{f"actions:{name}": Row(OWN, OWN, at("plan")) for name in ("messages", "contribution_add")},
    **{
        f"actions:{name}@foreign": Row(FOREIGN, FOREIGN, at("foreign_plan"))
        for name in ("messages", "contribution_add")
    },
    "actions:contribution_change": Row(OWN, OWN, need("need", "plan")),
    "actions:contribution_change@foreign": Row(
        FOREIGN, FOREIGN, need("foreign_need", "foreign_plan")
    ),
    # An organisation speaks for itself: whoever has none, the office too, has nothing to say here.
    "actions:join": Row("302 404 200 200 404 404", NEITHER, at("foreign_plan")),
    "actions:open_contributions": Row("302 404 200 200 200 200", READ_ONLY),
    # --- Registering: everybody; whoever has the link, for oneself; the list for who takes part
    "actions:register": Row(everybody(200), everybody(200), at("fair")),
    "actions:register@unwanted": Row(everybody(200), everybody(410), at("action")),
    "actions:register@plan": Row(everybody(404), everybody(404), at("plan")),
    "actions:registration": Row(
        everybody(200),
        everybody(200),
        lambda world: {"token": registration_links.token(world.registration)},
    ),
    "actions:registration@guessed": Row(
        everybody(404), everybody(404), lambda world: {"token": f"{world.registration.salt}.x"}
    ),
    "actions:registrations": Row(OWN, OWN, at("fair")),
    "actions:registrations@foreign": Row(FOREIGN, FOREIGN, at("foreign_action")),
    "actions:registrations_file": Row(OWN, READ_ONLY, _list("anmelden-hier")),
    "actions:registrations_file@foreign": Row(FOREIGN, READ_ONLY, _list("fremdes-fest")),
    # --- A campaign's programme; a brochure nobody has made does not exist
    **{
        name: Row(everybody(200), everybody(405), at("campaign"))
        for name in (
            "actions:programme",
            "actions:programme_print",
            "programme_ics",
            "programme_csv",
            "programme_xlsx",
            "programme_json",
        )
    },
    "actions:programme@members": Row(MEMBERS, everybody(405), at("members_campaign")),
    "programme_json@members": Row(MEMBERS, everybody(405), at("members_campaign")),
    "programme_pdf": Row(everybody(404), everybody(405), at("campaign")),
    # --- What came of them: everybody reads the record, those who took part write
    "actions:record": PAGE,
    **{
        f"actions:{name}": Row(OWN, OWN, at("done_action"))
        for name in ("result", "result_photo", "again")
    },
    **{
        f"actions:{name}@foreign": Row(FOREIGN, FOREIGN, at("foreign_done_action"))
        for name in ("result", "result_photo", "again")
    },
    # Not before they are over.
    "actions:result@plan": Row(OWN, OWN, at("plan")),
    **{
        f"actions:{name}@plan": Row(NEITHER, NEITHER, at("plan"))
        for name in ("result_photo", "again")
    },
}
OFFICE: dict[str, Row] = {
    # --- Ideas: which button was pressed, the request must say
    "admin:meetings_meeting_ideas": Row(
        office(200), office(404), lambda world: {"pk": world.brainstorm.pk}
    ),
    **{
        f"admin:meetings_meeting_ideas_{name}": Row(
            office(200), office(405), lambda world: {"pk": world.brainstorm.pk}
        )
        for name in ("wall", "code")
    },
    "admin:meetings_meeting_ideas_edit": Row(
        office(200),
        office(200),
        lambda world: {"pk": world.brainstorm.pk, "idea": world.idea.pk},
    ),
    **model("actions_idea", "idea", officer="view"),
    "admin:actions_campaign_brochure": Row(office(200), office(302), of("campaign")),
    **model("actions_campaign", "campaign", officer=ALL),
    "admin:actions_campaign_overview": Row(office(200), office(405), of("campaign")),
    # --- Joint actions: decided about on one page, written on those of the members
    **model("actions_jointaction", "plan", officer="view"),
    "admin:actions_jointaction_change": Row(
        office(302), office(302), lambda world: {"object_id": world.plan.pk}
    ),
    "admin:actions_jointaction_review": Row(office(200), office(404), of("plan")),
    "admin:actions_jointaction_put_back": Row(
        office(200),
        office(302),
        lambda world: {"pk": world.plan.pk, "entry": world.plan.history.first().history_id},
    ),
}
