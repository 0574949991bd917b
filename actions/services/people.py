"""Who speaks for those who take part in an action, and so gets its mails: each person once."""

from collections.abc import Iterable

from accounts.models import User
from actions.models import JointAction, Participation
from organisations.models import Organisation, Representative


def of_action(action: JointAction, *, but: User | None = None) -> list[User]:
    """Return the representatives of the lead and of all confirmed partners.

    :param but: who has caused the mail, and needs none.
    """
    parts = Participation.objects.filter(action=action).confirmed()
    return _representatives(parts.values("organisation"), but)


def of_lead(action: JointAction, *, but: User | None = None) -> list[User]:
    """Return the representatives of the organisation that leads; see `of_action`."""
    parts = Participation.objects.filter(action=action, role=Participation.Role.LEAD)
    return _representatives(parts.values("organisation"), but)


def of_organisation(organisation: Organisation, *, but: User | None = None) -> list[User]:
    """Return an organisation's representatives; see `of_action`."""
    return _representatives([organisation.pk], but)


def _representatives(organisations: Iterable, but: User | None) -> list[User]:
    speaking = Representative.objects.filter(organisation__in=organisations).exclude(
        organisation__state=Organisation.State.ARCHIVED
    )
    found = User.objects.filter(is_active=True, pk__in=speaking.values("user"))
    return list(found.exclude(pk=but.pk) if but else found)
