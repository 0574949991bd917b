"""Ideas, joint actions and campaigns."""

from tests import factories
from tests.access.rows import ALL, Row, everybody, model, of, office


class ActionsWorld:
    """What came up at a meeting, and a campaign."""

    def add_actions(self) -> None:
        self._ideas()

    def _ideas(self) -> None:
        self.brainstorm = factories.make_meeting(slug="ideenabend")
        self.team_meeting = factories.make_meeting(slug="nur-team", visibility="office")
        self.board = factories.make_idea_board(meeting=self.brainstorm)
        self.idea = factories.make_idea(meeting=self.brainstorm)
        self.team_idea = factories.make_idea(meeting=self.team_meeting)
        self.hidden_idea = factories.make_idea(meeting=self.brainstorm, state="hidden")
        self.campaign = factories.make_campaign()


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
    **model("actions_campaign", "campaign", officer=ALL),
}
