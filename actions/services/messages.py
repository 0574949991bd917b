"""What one of those who take part writes to all of them: it goes out by mail, and stays."""

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from actions.emails import contributions as mails
from actions.models import ActionMessage, JointAction
from actions.services import joint_actions, people
from core.errors import Refused
from organisations.models import Organisation


@transaction.atomic
def send(
    *,
    action: JointAction,
    text: str,
    by: User,
    creation_key: uuid.UUID,
    organisation: Organisation | None = None,
) -> ActionMessage:
    """Write to everybody who speaks for an organisation that takes part; once for the same form.

    How many somebody may send is asked by the view; see `core.limits`.

    :param organisation: for which of the person's own it is; the first that takes part if not
        given, none for the officer.
    :raises PermissionDenied: for people who take no part.
    :raises Refused: without a text.
    """
    row = joint_actions.lock(action)
    joint_actions.require_editor(row, by)
    if known := ActionMessage.objects.filter(creation_key=creation_key).first():
        return known
    if not text.strip():
        raise Refused(_("Bitte schreiben Sie etwas."))
    parts = row.participations.of(by).confirmed().select_related("organisation")
    own = [part.organisation for part in parts]
    if organisation is not None and organisation not in own:
        raise PermissionDenied
    message = ActionMessage.objects.create(
        action=row,
        user=by,
        organisation=organisation or (own[0] if own else None),
        text=text.strip(),
        creation_key=creation_key,
    )
    mails.message(message, readers=people.of_action(row, but=by))
    return message
