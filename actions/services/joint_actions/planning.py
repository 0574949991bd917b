"""Beginning to plan an action, and changing what is said of it."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from actions.models import Idea, JointAction, may_confirm
from actions.services import details
from core import history, limits
from core.errors import Refused
from organisations.models import Organisation
from organisations.services import slugs

from .checks import dates_in, lacking, problems
from .rows import is_over, lock, make_lead, refuse, require_editor, require_lead, tell

State = JointAction.State

# What the handlers are told of a change.
WHAT = {
    "title": "title",
    "place": "place",
    "address": "place",
    "municipality": "place",
    details.DATES: "date",
    "capacity": "capacity",
    "takes_registrations": "capacity",
    "registration_until": "capacity",
}
# Whoever has it in their calendar has to be told (RFC 5546, 2.1.4).
IN_CALENDARS = frozenset({"date", "place", "title", "cancelled", "taken_back", "confirmed"})
# Words that stand in addresses where an action's own would: actions/urls.py.
RESERVED_SLUGS = frozenset(
    {"neu", "ideen", "meine", "beitraege", "suche", "anmeldung", "archiv", "bild"}
)
TRIES_FOR_AN_ADDRESS = 3


def create(
    *,
    values: Mapping[str, Any],
    by: User,
    organisation: Organisation | None = None,
    creation_key: uuid.UUID | None = None,
    copied_from: JointAction | None = None,
) -> JointAction:
    """Begin to plan an action.

    :param values: by name of the field: those of `details.FIELDS`, translations by
        `core.translations.translation_field`, and `dates`: a list of `details.Date`.
    :param organisation: leads it; one the person speaks for. The officer may choose any active one,
        or none: then it is an idea that looks for a lead.
    :param creation_key: made with the empty form: the same form sent twice is one action.
    :param copied_from: the action it repeats.
    :raises PermissionDenied: if the person does not speak for the organisation.
    :raises Refused: if what is said of it cannot be (`problems`), or for too many in a day.
    """
    details.check_names(values)
    require_lead(organisation, by)
    if (found := _made_before(creation_key, by)) is not None:
        return found
    refuse(problems(values))
    if not limits.allow(str(by.pk), action="joint_action"):
        raise Refused(
            _("Sie haben heute schon viele Aktionen angelegt. Bitte machen Sie morgen weiter.")
        )
    for _attempt in range(TRIES_FOR_AN_ADDRESS):
        try:
            reason = gettext_lazy("Aktion angelegt")
            return _create(values, by, organisation, creation_key, copied_from, reason)
        except IntegrityError:
            # The same form arrived twice at the same moment, or another action took the address.
            if (found := _made_before(creation_key, by)) is not None:
                return found
            if JointAction.objects.filter(creation_key=creation_key).exists():
                creation_key = uuid.uuid4()  # somebody else's key: not theirs to see or to block
    raise Refused(_("Das hat nicht geklappt. Bitte senden Sie das Formular noch einmal."))


def _create_free(
    values: Mapping[str, Any], by: User, organisation: Organisation | None, reason: str | Promise
) -> JointAction:
    """Create an action, once more if another one has taken the address at the same moment."""
    for _attempt in range(TRIES_FOR_AN_ADDRESS - 1):
        try:
            return _create(values, by, organisation, None, None, reason)
        except IntegrityError:
            continue
    return _create(values, by, organisation, None, None, reason)


@transaction.atomic
def _create(
    values: Mapping[str, Any],
    by: User,
    organisation: Organisation | None,
    creation_key: uuid.UUID | None,
    copied_from: JointAction | None,
    reason: str | Promise,
) -> JointAction:
    row = JointAction(
        slug=unique_slug(values["title"]),
        state=State.PLANNING if organisation else State.IDEA,
        creation_key=creation_key,
        copied_from=copied_from,
        created_by=by,
    )
    details.assign(row, values, values)
    row.search_text = details.searchable(row)
    # One entry in the history, with the relations in it.
    row.skip_history_when_saving = True  # type: ignore[attr-defined]
    row.save()
    details.relate(row, values, values)
    details.write_dates(row, dates_in(values), by=by, reason=reason)
    if organisation:
        make_lead(row, organisation, by, reason)
    del row.skip_history_when_saving  # type: ignore[attr-defined]
    history.note(row, by=by, reason=reason)
    row.save()
    row.history.update(history_type="+")
    return row


@transaction.atomic
def from_idea(*, idea: Idea, by: User, organisation: Organisation | None = None) -> JointAction:
    """Make an action of an idea, which stays and says what it has become.

    Its supporters are not asked here: `partners.invite` does, in the same transaction.

    :param organisation: leads it: one the person speaks for and that supports the idea. The officer
        may choose any active one, or none.
    :return: the action; the one it has become already, if somebody was faster.
    :raises PermissionDenied: unless the person may see the idea and speaks for a supporter.
    :raises Refused: if it is hidden or part of another idea.
    """
    row = Idea.objects.visible_to(by).select_for_update().filter(pk=idea.pk).first()
    if row is None:
        raise PermissionDenied
    if row.action is not None:
        idea.action = row.action
        return row.action
    if row.state != Idea.State.OPEN:
        raise Refused(_("Diese Idee ist jetzt Teil einer anderen. Bitte sehen Sie dort nach."))
    require_lead(organisation, by)
    if not may_confirm(by) and not _supports(organisation, row):
        raise PermissionDenied
    reason = gettext_lazy("Aus einer Idee angelegt")
    length = JointAction._meta.get_field("title").max_length or 0
    title = _shortened(row.text, length)
    values = {"title": title, "description": row.text if title != row.text else ""}
    action = _create_free(values, by, organisation, reason)
    idea.action = row.action = action
    history.note(row, by=by, reason=gettext_lazy("Zur Aktion gemacht"))
    row.save(update_fields=["action"])
    return action


def change(
    *,
    action: JointAction,
    values: Mapping[str, Any],
    seen_version: int,
    by: User,
    reason: str | Promise = "",
) -> JointAction:
    """Change what is said of an action; on a public one everybody sees it at once.

    :param values: as for `create`; what is not named stays. `dates` are compared one by one.
    :param seen_version: `JointAction.version` when the person began to edit.
    :param reason: stands in the history before the names of the fields; "Geändert" without one.
    :return: the saved action; unchanged if nothing differs.
    :raises PermissionDenied: for people who do not take part (any more).
    :raises Refused: if it is cancelled, or what is said of it cannot be.
    :raises Conflict: if somebody else has changed the same to something else; nothing is saved
        then.
    """
    details.check_names(values)
    with transaction.atomic():
        row = lock(action)
        require_editor(row, by)
        if row.is_cancelled:
            raise Refused(_("Die Aktion ist abgesagt. Sie kann nicht mehr geändert werden."))
        found, dates = details.merged(row, values, seen_version=seen_version)
        if found or dates is not None:
            before = details.values_of(row)
            after = before | {name: values[name] for name in found}
            if dates is not None:
                after[details.DATES] = dates
            refuse(problems(after, of=row))
            if row.is_public:
                gone = {one.name for one in lacking(before)}
                refuse({one.name: one.text for one in lacking(after) if one.name not in gone})
            _write(row, found, after, by, reason, has_new_dates=dates is not None)
    return row


def _write(
    row: JointAction,
    found: Mapping[str, Any],
    values: Mapping[str, Any],
    by: User,
    reason: str | Promise,
    *,
    has_new_dates: bool,
) -> None:
    names = [*found, *([details.DATES] if has_new_dates else [])]
    what = {WHAT[name] for name in names if name in WHAT}
    with override(settings.LANGUAGE_CODE):  # the office reads it
        told = _("%(reason)s: %(fields)s") % {
            "reason": reason or _("Geändert"),
            "fields": ", ".join(map(details.label, names)),
        }
    details.assign(row, found, values)
    row.search_text = details.searchable(row)
    row.skip_history_when_saving = True  # type: ignore[attr-defined]
    details.relate(row, found, values)
    del row.skip_history_when_saving  # type: ignore[attr-defined]
    moved = set()
    if has_new_dates:
        moved = details.write_dates(row, dates_in(values), by=by, reason=told)
        if row.state == State.DONE and not is_over(row):
            row.state, row.state_since = State.CONFIRMED, timezone.now()
    if what & IN_CALENDARS:
        row.sequence += 1
    row.version += 1
    history.note(row, by=by, reason=told)
    row.save()
    if what:
        tell(row, what, by, moved)


@transaction.atomic
def refresh_search_text(*, action: JointAction) -> None:
    """Let an action be found by what it says now, when its row was not written by `change`."""
    row = lock(action)
    action.search_text = details.searchable(row)
    JointAction.objects.filter(pk=row.pk).update(search_text=action.search_text)


def unique_slug(title: str) -> str:
    """Return an address no other action has; it stays when the title changes."""
    base = slugs.readable(title, fallback="aktion")
    taken = set(JointAction.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken | RESERVED_SLUGS:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _supports(organisation: Organisation | None, idea: Idea) -> bool:
    whole = [idea.pk, *idea.doubles.values_list("pk", flat=True)]
    return organisation is not None and organisation.idea_supports.filter(idea__in=whole).exists()


def _made_before(creation_key: uuid.UUID | None, by: User) -> JointAction | None:
    if creation_key is None:
        return None
    return JointAction.objects.filter(creation_key=creation_key, created_by=by).first()


def _shortened(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return f"{text[: length - 1].rsplit(' ', 1)[0]}…"
