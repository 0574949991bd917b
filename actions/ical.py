"""Actions as calendar programs read them: each of its dates is an event of its own."""

import datetime
from collections.abc import Iterable

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from actions import profile, words
from actions.models import ActionDate, JointAction
from core import ical
from core.addresses import site_url
from core.ical import CANCEL, REQUEST, Happening, one_line


# --- What goes out by mail ------------------------------------------------------------------------
class Message(ical.Message):
    """A date of an action for the calendar of somebody who has registered, or its end.

    :param method: `core.ical.REQUEST`, which also tells of changes, or `CANCEL`.
    """

    def __init__(self, date: ActionDate, method: str, *, language: str) -> None:
        with translation.override(language):
            ask = _("Ändern oder absagen können Sie hier: %(address)s")
        super().__init__(_happening(date.action, date, language), method, ask=ask)


def request_text(
    date: ActionDate, *, to: str, name: str, language: str, answer_url: str = ""
) -> str:
    """Return a date for one person's calendar, or what is new about it; see `Message`.

    :param answer_url: the full address of the page of their registration.
    """
    return Message(date, REQUEST, language=language).text(to=to, name=name, answer_url=answer_url)


def cancel_text(date: ActionDate, *, to: str, name: str, language: str) -> str:
    """Return what takes a date out of somebody's calendar; see `Message`."""
    return Message(date, CANCEL, language=language).text(to=to, name=name)


# --- What is fetched ------------------------------------------------------------------------------
def feed(
    actions: Iterable[JointAction],
    *,
    name: str,
    language: str,
    since: datetime.datetime | None = None,
) -> bytes:
    """Return all dates of actions as a calendar to subscribe to, in their order.

    :param actions: of `profile.for_cards` or `profile.with_parts`.
    :param name: of the calendar, in that language.
    :param since: leave out what was over by then.
    """
    return ical.feed(happenings(actions, language=language, since=since), name=name)


def single(action: JointAction, *, language: str) -> bytes:
    """Return the dates of one action as a file to take over."""
    return ical.file(happenings([action], language=language, has_alarm=True))


def happenings(
    actions: Iterable[JointAction],
    *,
    language: str,
    since: datetime.datetime | None = None,
    has_alarm: bool = False,
) -> list[Happening]:
    """Return the dates of actions for a calendar; see `feed`.

    :param has_alarm: whether to be reminded of each; who subscribes to a whole programme is not.
    """
    found = [
        (date, action)
        for action in actions
        for date in action.dates.all()
        if since is None or date.ends_at > since
    ]
    found.sort(key=lambda pair: (pair[0].starts_at, pair[0].pk))
    return [_happening(action, date, language, has_alarm=has_alarm) for date, action in found]


# --- Their parts ----------------------------------------------------------------------------------
def _happening(
    action: JointAction, date: ActionDate, language: str, *, has_alarm: bool = True
) -> Happening:
    with translation.override(language):
        title = action.translated("title")
        if action.is_cancelled:
            title = _("Abgesagt: %(title)s") % {"title": title}
        return Happening(
            uid=ical.uid(date.uid),
            sequence=action.sequence,
            title=title,
            begins=words.begins(date),
            ends=words.ends(date),
            zone=timezone.get_default_timezone_name(),
            place=", ".join(one_line(part) for part in profile.place(action)),
            url=site_url(action.get_absolute_url(), language),
            category=action.get_category_display() if action.category else _("Aktion"),
            modified_at=action.modified_at,
            description=_description(action, date),
            is_cancelled=action.is_cancelled,
            is_tentative=not action.is_public,
            has_alarm=has_alarm,
        )


def _description(action: JointAction, date: ActionDate) -> str:
    if action.is_cancelled:
        return ical.joined([_("Die Aktion ist abgesagt."), action.cancel_reason])
    parts = [date.note, action.translated("summary"), action.translated("description")]
    if names := [organisation.name for organisation in profile.organisers(action)]:
        parts.append(_("Es laden ein: %(names)s") % {"names": ", ".join(names)})
    if entry := action.translated("entry"):
        parts.append(_("Eintritt: %(entry)s") % {"entry": entry})
    if action.accessibility != JointAction.Accessibility.UNKNOWN:
        how = _("Der Ort ist %(how)s.") % {"how": action.get_accessibility_display()}
        parts.append(f"{how} {action.accessibility_note}".strip())
    parts.append(action.translated("additional"))
    return ical.joined(parts)
