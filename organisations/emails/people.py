"""Mails about who speaks for an organisation: one function per mail, in its reader's language."""

import datetime
from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from organisations.emails.words import A_PERSON, AN_ORGANISATION, ORGANISATION, PERSON, TASK
from organisations.models import (
    AccessRequest,
    Organisation,
    Representative,
    RepresentativeInvitation,
)

Action = tuple[Promise, str]


declare(
    "organisations/invitation",
    title=_("Einladung zur Vertretung"),
    purpose=_("An jemanden, den eine Vertretung einlädt."),
    placeholders=[
        ORGANISATION,
        PERSON,
        TASK,
        Placeholder("Frist", "until", _("bis wann die Einladung gilt")),
    ],
    example={
        "organisation": AN_ORGANISATION,
        "person": A_PERSON,
        "role": "manager",
        "until": datetime.date(2026, 12, 22),
    },
)


def invitation(
    invitation: RepresentativeInvitation, *, token: str, by: User, language: str
) -> None:
    """Carry the personal link; the same words whether the address has an account or not."""
    queue_mail(
        # The hash is new with every link, so sending again is a mail of its own.
        key=f"organisations/invitation:{invitation.pk}:{invitation.token_hash[:32]}",
        to=invitation.email,
        mail="organisations/invitation",
        language=language,
        context={
            "organisation": invitation.organisation.name,
            "person": str(by),
            "role": str(invitation.role),
            "until": timezone.localdate(invitation.expires_at),
        },
        action=(
            _("Einladung ansehen"),
            reverse("organisations:invitation", kwargs={"token": token}),
        ),
        confidential=True,
    )


declare(
    "organisations/invitation_accepted",
    title=_("Einladung angenommen"),
    purpose=_("An die übrigen Vertretungen mit der Rolle Verwaltung."),
    placeholders=[ORGANISATION, PERSON],
    example={"organisation": AN_ORGANISATION, "person": A_PERSON},
)


def invitation_accepted(representative: Representative, *, readers: Iterable[User]) -> None:
    """Tell the other managers who has joined them."""
    organisation = representative.organisation
    context = {"organisation": organisation.name, "person": str(representative.user)}
    for reader in readers:
        _queue("invitation_accepted", representative.pk, reader, context, _people(organisation))


declare(
    "organisations/role_changed",
    title=_("Rolle geändert"),
    purpose=_("An eine Vertretung, deren Rolle sich geändert hat."),
    placeholders=[ORGANISATION, PERSON, TASK],
    example={"organisation": AN_ORGANISATION, "person": A_PERSON, "role": "editor"},
)


def role_changed(representative: Representative, *, by: User) -> None:
    """Tell somebody what they may do from now on."""
    organisation = representative.organisation
    context = {
        "organisation": organisation.name,
        "person": str(by),
        "role": str(representative.role),
    }
    _queue("role_changed", _now(), representative.user, context, _own_page(organisation))


declare(
    "organisations/handed_over",
    title=_("Verwaltung übergeben"),
    purpose=_("An die Person, die eine Organisation jetzt verwaltet."),
    placeholders=[ORGANISATION, PERSON],
    example={"organisation": AN_ORGANISATION, "person": A_PERSON},
)


def handed_over(representative: Representative, *, by: User) -> None:
    """Tell the new manager who has handed over to them."""
    organisation = representative.organisation
    context = {"organisation": organisation.name, "person": str(by)}
    _queue("handed_over", _now(), representative.user, context, _own_page(organisation))


declare(
    "organisations/left",
    title=_("Vertretung beendet"),
    purpose=_("An die Vertretungen mit der Rolle Verwaltung, wenn jemand geht."),
    placeholders=[ORGANISATION, PERSON],
    example={"organisation": AN_ORGANISATION, "person": A_PERSON},
)


def left(organisation: Organisation, *, name: str, readers: Iterable[User]) -> None:
    """Tell the managers who has left by themselves."""
    context = {"organisation": organisation.name, "person": name}
    cause = _now()
    for reader in readers:
        _queue("left", cause, reader, context, _people(organisation))


declare(
    "organisations/removed",
    title=_("Vertretung entfernt"),
    purpose=_("An eine Person, die eine Organisation nicht mehr vertritt."),
    placeholders=[ORGANISATION],
    example={"organisation": AN_ORGANISATION},
)


def removed(organisation: Organisation, *, reader: User) -> None:
    """Tell somebody that they do not speak for the organisation any more."""
    action = (_("Meine Organisationen ansehen"), reverse("organisations:mine"))
    _queue("removed", _now(), reader, {"organisation": organisation.name}, action)


declare(
    "organisations/access_requested",
    title=_("Zugang angefragt"),
    purpose=_("An die, die entscheiden, ob jemand zu einer Organisation gehört."),
    placeholders=[
        ORGANISATION,
        PERSON,
        Placeholder("Adresse", "email", _("die E-Mail-Adresse der Person")),
        Placeholder("Wunsch", "who", _("wer die Organisation vertreten möchte, ein ganzer Satz")),
        Placeholder("Nachricht", "note", _("was die Person dazu geschrieben hat, wenn etwas")),
    ],
    example={
        "organisation": AN_ORGANISATION,
        "person": A_PERSON,
        "email": "person@example.org",
        "message": _("Ich bin seit einem Jahr im Vorstand."),
    },
)


def access_requested(request: AccessRequest, *, readers: Iterable[User]) -> None:
    """Ask those who decide whether somebody belongs to the organisation."""
    context = {
        "organisation": request.organisation.name,
        "person": str(request.user),
        "email": request.user.email,
        "message": request.message,
    }
    action = (_("Anfrage ansehen und entscheiden"), _people(request.organisation)[1])
    for reader in readers:
        _queue("access_requested", request.pk, reader, context, action)


declare(
    "organisations/access_granted",
    title=_("Zugang erhalten"),
    purpose=_("An die Person, die nach Zugang gefragt hat."),
    placeholders=[ORGANISATION],
    example={"organisation": AN_ORGANISATION},
)


def access_granted(request: AccessRequest) -> None:
    """Tell the person that they may edit now."""
    organisation = request.organisation
    context = {"organisation": organisation.name}
    _queue("access_granted", request.pk, request.user, context, _own_page(organisation))


declare(
    "organisations/access_declined",
    title=_("Zugang abgelehnt"),
    purpose=_("An die Person, die nach Zugang gefragt hat."),
    placeholders=[ORGANISATION],
    example={"organisation": AN_ORGANISATION},
)


def access_declined(request: AccessRequest) -> None:
    """Tell the person that those who decide said no; no reason is given."""
    organisation = request.organisation
    action = (_("Seite der Organisation ansehen"), organisation.get_absolute_url())
    context = {"organisation": organisation.name}
    _queue("access_declined", request.pk, request.user, context, action)


def _queue(
    name: str, cause: int | float, reader: User, context: dict[str, str], action: Action
) -> None:
    queue_mail(
        key=f"organisations/{name}:{cause}:{reader.pk}",
        to=reader.email,
        mail=f"organisations/{name}",
        language=reader.language,
        context=context,
        action=action,
    )


def _now() -> float:
    """Name a cause that leaves no row of its own."""
    return timezone.now().timestamp()


def _people(organisation: Organisation) -> Action:
    return (
        _("Vertretungen ansehen"),
        reverse("organisations:people", kwargs={"pk": organisation.pk}),
    )


def _own_page(organisation: Organisation) -> Action:
    return (
        _("Ihre Organisation ansehen"),
        reverse("organisations:tasks", kwargs={"pk": organisation.pk}),
    )
