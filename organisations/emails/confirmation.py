"""The mail that asks once a year whether everything still is right."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.mail import queue_mail
from core.models import OutboxMessage
from organisations import profile
from organisations.models import ConfirmationAsk, Organisation


def asked(
    ask: ConfirmationAsk, *, organisation: Organisation, name: str, token: str, days: int
) -> OutboxMessage:
    """Ask somebody to look at what everybody reads, and to confirm it by the link.

    :param name: of the person, if it is known.
    :param days: how long the link is valid.
    """
    with override(ask.language):
        facts = profile.facts(organisation)
        action = (
            _("Ansehen und bestätigen"),
            reverse("organisations:confirmation", kwargs={"token": token}),
        )
    return queue_mail(
        key=f"organisations/confirm:{ask.pk}",
        to=ask.email,
        mail="organisations/confirm",
        language=ask.language,
        context={
            "organisation": organisation.name,
            "name": name,
            "facts": facts,
            "is_reminder": ask.number > 1,
            "has_account": ask.user_id is not None,
            "days": days,
        },
        action=action,
        confidential=True,
    )
