"""What the portal knows about a person, and how it forgets it.

`accounts` knows the account; every higher app registers what it keeps, in `AppConfig.ready`:

    own_data.register("organisations", collect=…, obstacles=…, erase=…)
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import models
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from core.models import OutboxMessage


@dataclass(frozen=True)
class Value:
    """One thing known: its name for machines, its name for people, and what it is."""

    key: str
    label: str
    value: Any

    @property
    def text(self) -> str:
        """The value as a person reads it."""
        if isinstance(self.value, bool):
            return _("ja") if self.value else _("nein")
        if isinstance(self.value, datetime.datetime):
            return formats.date_format(timezone.localtime(self.value), "DATETIME_FORMAT")
        if isinstance(self.value, datetime.date):
            return formats.date_format(self.value, "DATE_FORMAT")
        if isinstance(self.value, list | tuple):
            return ", ".join(str(entry) for entry in self.value)
        return str(self.value)

    @property
    def plain(self) -> Any:
        """The value as JSON can carry it."""
        if isinstance(self.value, bool | int | float) or self.value is None:
            return self.value
        if isinstance(self.value, datetime.date | datetime.datetime):
            return self.value.isoformat()
        if isinstance(self.value, list | tuple):
            return [str(entry) for entry in self.value]
        return str(self.value)


@dataclass(frozen=True)
class Section:
    """One kind of thing known about a person, with one list of values per entry.

    :ivar key: name for machines; :ivar title: name for people.
    """

    key: str
    title: str
    entries: Sequence[Sequence[Value]]

    @property
    def plain(self) -> list[dict[str, Any]]:
        return [{value.key: value.plain for value in entry} for entry in self.entries]


@dataclass(frozen=True)
class Obstacle:
    """Why a person cannot be erased yet: said in words, with the page where it can be settled."""

    text: str
    url: str = ""
    label: str = ""


@dataclass(frozen=True)
class _Keeper:
    collect: Callable[[User], Iterable[Section]]
    obstacles: Callable[[User], Iterable[Obstacle]] = field(default=lambda user: ())
    erase: Callable[[User], None] = field(default=lambda user: None)


_keepers: dict[str, _Keeper] = {}


def register(
    name: str,
    *,
    collect: Callable[[User], Iterable[Section]],
    obstacles: Callable[[User], Iterable[Obstacle]] | None = None,
    erase: Callable[[User], None] | None = None,
) -> None:
    """Say what an app keeps about people; the same name again replaces what was said before.

    :param collect: returns everything the app knows about the person.
    :param obstacles: returns what must be settled before the person can be erased.
    :param erase: removes it, in the transaction of the erasure, before the account goes; also from
        history, and also what no foreign key leads to.
    """
    options: dict[str, Any] = {"collect": collect}
    if obstacles:
        options["obstacles"] = obstacles
    if erase:
        options["erase"] = erase
    _keepers[name] = _Keeper(**options)


def collect(user: User) -> list[Section]:
    """Return everything known about the person, in the active language, empty sections left out."""
    sections = [section for keeper in _keepers.values() for section in keeper.collect(user)]
    return [section for section in sections if section.entries]


def obstacles(user: User) -> list[Obstacle]:
    """Return what the person has to settle before their account can be erased, in every app."""
    return [obstacle for keeper in _keepers.values() for obstacle in keeper.obstacles(user)]


def erase(user: User) -> None:
    """Let every app forget the person; the last registered, which stands highest, goes first."""
    for keeper in reversed(_keepers.values()):
        keeper.erase(user)


def describe(instance: models.Model, fields: Iterable[str]) -> list[Value]:
    """Return a row's fields under their names in the model; empty ones are left out.

    :param fields: names of fields; those with choices are given in words.
    """
    values = []
    for name in fields:
        model_field = instance._meta.get_field(name)
        value = getattr(instance, name)
        if value in (None, "", [], {}):
            continue
        if getattr(model_field, "choices", None):
            value = getattr(instance, f"get_{name}_display")()
        if isinstance(value, Promise | models.Model) or not isinstance(
            value, bool | int | float | datetime.date | list | tuple
        ):
            value = str(value)
        label = str(getattr(model_field, "verbose_name", name))
        values.append(Value(name, label, value))
    return values


def _collect_account(user: User) -> Iterable[Section]:
    """Return what the account itself knows; of second factors that they are there, no secrets."""
    yield Section(
        "account",
        _("Konto"),
        [
            describe(
                user,
                [
                    "email",
                    "name",
                    "language",
                    "is_staff",
                    "date_joined",
                    "last_login",
                    "last_seen_on",
                    "mail_failed_on",
                ],
            )
        ],
    )
    yield Section(
        "second_factors",
        _("Zweiter Faktor"),
        [
            [
                Value("type", _("Art"), _FACTORS[factor.type]()),
                Value("created_at", _("eingerichtet am"), factor.created_at),
                *(
                    [Value("last_used_at", _("zuletzt benutzt am"), factor.last_used_at)]
                    if factor.last_used_at
                    else []
                ),
            ]
            for factor in Authenticator.objects.filter(user=user).order_by("pk")
        ],
    )
    yield Section(
        "sessions",
        _("Angemeldete Geräte"),
        [
            [
                Value("created_at", _("Angemeldet am"), session.created_at),
                Value("ip", _("Netz-Adresse"), session.ip),
                Value("user_agent", _("Browser"), session.user_agent),
            ]
            for session in UserSession.objects.filter(user=user).order_by("pk")
        ],
    )
    yield Section(
        "mails",
        _("E-Mails an Sie"),
        [
            describe(message, ["created_at", "subject", "state", "sent_at"])
            for message in OutboxMessage.objects.filter(to__iexact=user.email)
        ],
    )


_FACTORS: dict[str, Callable[[], str]] = {
    Authenticator.Type.TOTP: lambda: _("App für Codes"),
    Authenticator.Type.WEBAUTHN: lambda: _("Passkey"),
    Authenticator.Type.RECOVERY_CODES: lambda: _("Ersatzcodes"),
}

register("accounts", collect=_collect_account)
