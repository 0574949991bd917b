"""The access matrix that `test_access` checks: one row per route and object, app by app.

A new route gets its row in its app's `PAGES`, one of the back office in `OFFICE`; what it is asked
for is added to the app's part of the world. `rows` explains what a row says.
"""

from collections.abc import Callable

from django.test import Client

from accounts.models import User
from tests.access import accounts, actions, meetings, organisations, portal
from tests.access.rows import COLUMNS, Row

__all__ = ["ADMIN", "COLUMNS", "MATRIX", "Row", "World"]

APPS = (portal, organisations, meetings, actions, accounts)
MATRIX: dict[str, Row] = {name: row for app in APPS for name, row in app.PAGES.items()}
ADMIN: dict[str, Row] = {name: row for app in APPS for name, row in app.OFFICE.items()}


class World(
    accounts.AccountsWorld,
    organisations.OrganisationsWorld,
    meetings.MeetingsWorld,
    actions.ActionsWorld,
    portal.PortalWorld,
):
    """Everything a route can be asked for, and a browser for every role."""

    def __init__(self, client_for: Callable[[User | None], Client]) -> None:
        self.add_accounts(client_for)
        self.add_organisations()
        self.add_meetings()
        self.add_actions()
        self.add_portal()
