"""The demonstration network: the county's founding network, with invented organisations.

Two associations are real and are shown with nothing but the facts of the county's press release.
All others are invented and say so in their name. The kick-off meeting took place; what else
happens at meetings is invented (`demonstration_meetings`), and so are the joint actions
(`demonstration_actions`). What somebody changes in the demonstration stays: loading it again adds
what is missing and touches nothing else.
"""

import datetime
import json
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from accounts import services as accounts
from accounts.models import User
from core import revision
from core.errors import Refused
from core.mailbox import Box
from organisations import reference_data
from organisations.models import (
    Consent,
    ContactPerson,
    Language,
    Municipality,
    Organisation,
    Representative,
    TargetGroup,
    Topic,
)
from organisations.services import consent, slugs
from portal import demonstration_actions, demonstration_meetings, services
from portal.models import NetworkProfile

DATA = Path(__file__).parent / "data"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:netzwerk:demonstration")
REASON = "Vorführung"
SECONDS_PER_CODE = 30


def guard() -> None:
    """Refuse to mix invented rows into a real network.

    :raises Refused: when the database has a profile or organisations that are no demonstration.
    """
    if NetworkProfile.objects.filter(is_demonstration=True).exists():
        return
    if NetworkProfile.objects.exists() or Organisation.objects.exists():
        raise Refused(
            "This database belongs to a real network. "
            "The demonstration is only loaded into an empty database."
        )


def read(name: str) -> dict[str, Any]:
    """Return one of the demonstration's data files."""
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


@transaction.atomic
def load() -> dict[str, int]:
    """Load what is missing of the demonstration network.

    :return: how many rows of each kind are new.
    :raises Refused: on the database of a real network.
    """
    guard()
    founding, invented = read("founding_network"), read("invented")
    reference_data.load()
    _profile, is_new = services.ensure_profile(is_demonstration=True, **founding["network"])
    counts = {"profile": int(is_new), "accounts": 0, "organisations": 0}
    for values in invented["accounts"]:
        counts["accounts"] += _add_account(**values)
    for values in founding["organisations"] + invented["organisations"]:
        counts["organisations"] += _add_organisation(values)
    counts |= demonstration_meetings.load(read("meetings"), _key)
    counts |= demonstration_actions.load(read("actions"), _key)
    revision.bump()
    return counts


def _key(name: str) -> uuid.UUID:
    """Return the lasting key of a row by its name in the files."""
    return uuid.uuid5(NAMESPACE, name)


def _add_account(
    *, email: str, name: str, language: str = "de", officer: bool = False, superuser: bool = False
) -> bool:
    if User.objects.filter(email=email).exists():
        return False
    user = accounts.person_of(email=email, language=language)
    user.name = name
    user.is_staff = officer or superuser
    user.is_superuser = superuser
    user.save()
    if officer:
        user.groups.set(Group.objects.filter(permissions__codename="review_organisation"))
    if user.is_staff:
        accounts.enrol_totp(user)
    return True


def _add_organisation(values: dict[str, Any]) -> bool:
    key = _key(values["key"])
    if Organisation.objects.filter(creation_key=key).exists():
        return False
    now = timezone.now()
    state = values.get("state", Organisation.State.ACTIVE)
    days = values.get("confirmed_days_ago", values.get("active_days_ago", 2))
    since = datetime.timedelta(days=days)
    organisation = Organisation(
        creation_key=key,
        slug=slugs.unique_slug(values["name"]),
        state=state,
        state_since=now - since,
        submitted_at=None if state == Organisation.State.DRAFT else now - since,
    )
    plain = (
        "name short_name kind legal_form founding_year charitable description aims activities "
        "regions whole_county street address_extra postal_code place address_public opening_times "
        "accessibility phone email website translations"
    )
    for field in plain.split():
        if field in values:
            setattr(organisation, field, values[field])
    if "municipality" in values:
        organisation.municipality = Municipality.objects.get(name=values["municipality"])
    if "confirmed_days_ago" in values:
        organisation.confirmed_on = timezone.localdate(now - since)
    organisation.full_clean()
    organisation._change_reason = REASON  # type: ignore[attr-defined]  # read by the history
    organisation.save()
    organisation.topics.set(_terms(Topic, values.get("topics", [])))
    organisation.target_groups.set(_terms(TargetGroup, values.get("target_groups", [])))
    organisation.languages.set(_named(Language, "code", values.get("languages", [])))
    organisation.active_in.set(_named(Municipality, "name", values.get("active_in", [])))
    for position, contact in enumerate(values.get("contacts", [])):
        _add_contact(organisation, position=position, now=now, **contact)
    for email, role in values.get("representatives", {}).items():
        Representative.objects.create(
            organisation=organisation, user=User.objects.get(email=email), role=role
        )
    return True


def _add_contact(
    organisation: Organisation,
    *,
    position: int,
    now: datetime.datetime,
    public: list[str],
    name: str,
    function: str = "",
    phone: str = "",
    email: str = "",
    user: str = "",
) -> None:
    contact = ContactPerson(
        organisation=organisation,
        name=name,
        function=function,
        phone=phone,
        email=email,
        position=position,
        user=User.objects.get(email=user) if user else None,
        consented_at=now if public else None,
        **{f"{field}_public": True for field in public},
    )
    contact.full_clean()
    contact._change_reason = REASON  # type: ignore[attr-defined]
    contact.save()
    if public:
        Consent.objects.create(
            contact=contact,
            fields=public,
            wording=consent.wording(organisation),
            language="de",
            source=Consent.Source.SELF,
            given_at=now,
            given_by=f"{name}, {email}",
        )


def _terms(model: type[Topic] | type[TargetGroup], names: list[str]) -> list[Any]:
    return _named(model, "slug", names)


def _named(model: Any, field: str, names: list[str]) -> list[Any]:
    """Return the rows with these names, and refuse a name nobody knows."""
    rows = list(model.objects.filter(**{f"{field}__in": names}))
    if len(rows) != len(names):
        raise LookupError(
            f"{model.__name__}: {sorted(set(names) - {getattr(r, field) for r in rows})}"
        )
    return rows


class LogIn(NamedTuple):
    """An account of the demonstration; `code` is the second one, valid now, where one is asked."""

    email: str
    name: str
    code: str


def log_ins() -> list[LogIn]:
    """Return who can log into the demonstration; nobody on a real network."""
    if not NetworkProfile.objects.filter(is_demonstration=True).exists():
        return []
    emails = [values["email"] for values in read("invented")["accounts"]]
    apps = Authenticator.objects.filter(type=Authenticator.Type.TOTP)
    users = User.objects.filter(email__in=emails).prefetch_related(
        Prefetch("authenticator_set", apps, to_attr="apps")
    )
    return [
        LogIn(user.email, user.name, current_code(user.apps[0]) if user.apps else "")
        for user in sorted(users, key=lambda user: emails.index(user.email))
    ]


def current_code(authenticator: Authenticator) -> str:
    """Return what an app that knows the secret shows now (RFC 6238)."""
    counter = int(time.time()) // SECONDS_PER_CODE
    return format_hotp_value(hotp_value(accounts.totp_secret(authenticator), counter))


def mailbox_box(request: HttpRequest) -> Box | None:
    """Show the accounts above the mails on the developers' page; see `core.mailbox.boxes`."""
    rows = [(log_in.email, f"{log_in.name} {log_in.code}".strip()) for log_in in log_ins()]
    title = gettext("Wer sich anmelden kann, mit dem zweiten Code von jetzt")
    return Box(title, rows) if rows else None
