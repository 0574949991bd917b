"""The access matrix that `test_access` checks: one row per route and object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts.models import User
from organisations.models import Organisation
from tests import factories
from tests.conftest import officer_group

COLUMNS = ("public", "outsider", "editor", "manager", "officer", "administrator")


@dataclass
class World:
    """Everything a route can be asked for, and a browser for every role."""

    clients: dict[str, Client]
    users: dict[str, User]
    objects: dict[str, Any]
    extra: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.objects[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Row:
    """Statuses in the order of COLUMNS; `kwargs` says for which object of the world."""

    get: str
    post: str
    kwargs: Callable[[World], dict[str, Any]] = lambda world: {}


def build_world(client_for: Callable[[User | None], Client]) -> World:
    """Make one organisation of the editor's and manager's, in several states, and a foreign one."""
    users = {
        "outsider": factories.make_user(email="fremd@example.org"),
        "editor": factories.make_user(email="redaktion@example.org"),
        "manager": factories.make_user(email="leitung@example.org"),
        "officer": factories.make_user(email="amt@example.org", is_staff=True),
        "administrator": factories.make_user(
            email="admin@example.org", is_staff=True, is_superuser=True
        ),
    }
    users["officer"].groups.add(officer_group())
    for role in ("officer", "administrator"):
        factories.make_second_factor(users[role])
    own = {"manager": users["manager"], "editor": users["editor"]}
    other = factories.make_user()
    State = Organisation.State
    objects: dict[str, Any] = {
        "active": factories.make_organisation(slug="aktiv", **own),
        "draft": factories.make_organisation(slug="entwurf", state=State.DRAFT, **own),
        "submitted": factories.make_organisation(slug="gesendet", state=State.SUBMITTED, **own),
        "foreign": factories.make_organisation(slug="andere", manager=other),
        "foreign_draft": factories.make_organisation(
            slug="anderer-entwurf", state=State.DRAFT, manager=other
        ),
    }
    clients = {"public": client_for(None)} | {
        role: client_for(user) for role, user in users.items()
    }
    return World(clients=clients, users=users, objects=objects)


def everybody(status: int) -> str:
    return " ".join([str(status)] * len(COLUMNS))


PAGE = Row(get=everybody(200), post=everybody(405))

MATRIX: dict[str, Row] = {
    # --- portal -----------------------------------------------------------------------------------
    "portal:home": PAGE,
    "portal:imprint": PAGE,
    "portal:privacy": PAGE,
    "portal:accessibility": PAGE,
    "portal:feedback": Row(get=everybody(200), post=everybody(200)),
    "portal:feedback_thanks": PAGE,
    "portal:easy_language": PAGE,
    "portal:sign_language": PAGE,
}
ADMIN: dict[str, Row] = {}
