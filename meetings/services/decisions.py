"""What the network decides: written down with the minutes, corrected where all can see it."""

import uuid

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from core import folding, history
from core.errors import Conflict, Refused
from core.seen import fingerprint
from meetings.models import AgendaItem, Decision, Meeting, Minutes
from meetings.services import minutes, numbering


@transaction.atomic
def record(
    *,
    meeting: Meeting,
    text: str,
    by: User,
    agenda_item: AgendaItem | None = None,
    creation_key: uuid.UUID | None = None,
    reason: str = "",
) -> Decision:
    """Write a decision down; the same form sent twice is one decision.

    Added to published minutes it has its number at once, and is told as a correction.

    :param creation_key: made with the empty form.
    :param reason: of the correction.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: without a text, for a cancelled meeting or an agenda item of another one.
    """
    if not by.has_perm("meetings.add_decision"):
        raise PermissionDenied
    row = numbering.lock(meeting)
    if creation_key and (known := Decision.objects.filter(creation_key=creation_key).first()):
        return known
    if row.is_cancelled:
        raise Refused(_("Das Treffen ist abgesagt. Es gibt kein Protokoll."))
    if agenda_item is not None and agenda_item.meeting_id != row.pk:
        raise Refused(_("Dieser Tagesordnungspunkt gehört zu einem anderen Treffen."))
    decision = Decision(
        meeting=row, agenda_item=agenda_item, year=row.begins.year, creation_key=creation_key
    )
    _write(decision, text, by, gettext_lazy("Beschluss festgehalten"))
    published = _published(row)
    if published is not None:
        numbering.number(row, [], by=by)
        decision.refresh_from_db()
        minutes.correct(
            published, part=_label(decision), before="", after=text, by=by, reason=reason
        )
    return decision


@transaction.atomic
def change(*, decision: Decision, text: str, by: User, seen: str = "", reason: str = "") -> bool:
    """Change what a decision says; in published minutes it is a correction.

    :param seen: `fingerprint` of the text when the form was opened; without it whatever is
        there now is replaced.
    :return: whether anything changed.
    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: without a text.
    :raises Conflict: if somebody else has changed it to something else meanwhile.
    """
    if not by.has_perm("meetings.change_decision"):
        raise PermissionDenied
    row = Decision.objects.select_for_update().get(pk=decision.pk)
    before = row.text
    if before == text:
        return False
    if seen and fingerprint(before) != seen:
        raise Conflict({"text": before})
    _write(row, text, by, gettext_lazy("Beschluss geändert"))
    published = _published(row.meeting)
    if published is not None:
        minutes.correct(
            published, part=_label(row), before=before, after=text, by=by, reason=reason
        )
    return True


@transaction.atomic
def remove(*, decision: Decision, by: User) -> bool:
    """Take a decision out of minutes that are still a draft. False if it is gone already.

    :raises PermissionDenied: for anybody but the officer.
    :raises Refused: once it has a number: others may have referred to it.
    """
    if not by.has_perm("meetings.delete_decision"):
        raise PermissionDenied
    row = Decision.objects.select_for_update().filter(pk=decision.pk).first()
    if row is None:
        return False
    if row.number:
        raise Refused(
            _(
                "Der Beschluss %(number)s ist schon veröffentlicht. Er kann nur berichtigt werden, "
                "zum Beispiel: „Aufgehoben durch …“."
            )
            % {"number": row}
        )
    history.note(row, by=by, reason=gettext_lazy("Beschluss aus dem Entwurf genommen"))
    row.delete()
    return True


def _write(decision: Decision, text: str, by: User, reason: object) -> None:
    if not text.strip():
        raise Refused(_("Bitte schreiben Sie, was beschlossen wurde."))
    decision.text, decision.search_text = text, folding.fold(text)
    history.note(decision, by=by, reason=str(reason))
    decision.save()


def _published(meeting: Meeting) -> Minutes | None:
    return Minutes.objects.filter(meeting=meeting, state=Minutes.State.PUBLISHED).first()


def _label(decision: Decision) -> str:
    with override(settings.LANGUAGE_CODE):
        return _("Beschluss %(number)s") % {"number": decision}
