"""Meetings as calendar programs read them: feeds, single events, invitations and their ends."""

from collections.abc import Iterable, Mapping

from django.utils import translation
from django.utils.translation import gettext as _

from core import ical
from core.addresses import site_url
from core.ical import CANCEL, REQUEST, Happening, one_line
from meetings.models import Invitation, Meeting


# --- What goes out by mail ------------------------------------------------------------------------
class Message(ical.Message):
    """An invitation to a meeting, or the end of one, for as many people as there are.

    Nothing is asked of the database once it is made.

    :param method: `core.ical.REQUEST` or `CANCEL`.
    """

    def __init__(self, meeting: Meeting, method: str, *, language: str) -> None:
        with translation.override(language):
            ask = _("Antworten Sie hier: %(address)s")
        super().__init__(_happening(meeting, language, with_link=True), method, ask=ask)


def request_text(
    meeting: Meeting, *, to: str, name: str, language: str, answer_url: str = ""
) -> str:
    """Return an invitation to a meeting, or what is new about it; see `Message`."""
    return Message(meeting, REQUEST, language=language).text(
        to=to, name=name, answer_url=answer_url
    )


def cancel_text(meeting: Meeting, *, to: str, name: str, language: str) -> str:
    """Return what takes a meeting out of somebody's calendar; see `Message`."""
    return Message(meeting, CANCEL, language=language).text(to=to, name=name)


# --- What is fetched ------------------------------------------------------------------------------
def feed(
    meetings: Iterable[Meeting],
    *,
    name: str,
    language: str,
    invitations: Mapping[int, Invitation] | None = None,
    more: Iterable[Happening] = (),
) -> bytes:
    """Return meetings as a calendar to subscribe to; those that are cancelled say so.

    :param meetings: with `interpreters` prefetched.
    :param name: of the calendar, in that language.
    :param invitations: those of the person whose calendar this is, by the meeting's key; they see
        the online link and their answer.
    :param more: what else stands in it.
    """
    known = invitations or {}
    happenings = [_published(meeting, language, known.get(meeting.pk)) for meeting in meetings]
    return ical.feed([*happenings, *more], name=name)


def single(meeting: Meeting, *, language: str, invitation: Invitation | None = None) -> bytes:
    """Return one meeting as a file to take over; see `feed`."""
    return ical.file([_published(meeting, language, invitation)])


def _published(meeting: Meeting, language: str, invitation: Invitation | None) -> Happening:
    """Return a meeting as it stands in a feed.

    :param invitation: of the person whose calendar this is, or None for who is not invited.
    """
    return _happening(meeting, language, with_link=invitation is not None, invitation=invitation)


def describe(meeting: Meeting, *, with_link: bool) -> str:
    """Return what a calendar says about a meeting besides time and place, in the active language.

    :param with_link: also the way in online, which only those see who are invited.
    """
    parts = [meeting.translated("description")]
    if interpreters := [str(language) for language in meeting.interpreters.all()]:
        parts.append(_("Dolmetschen: %(languages)s") % {"languages": ", ".join(interpreters)})
    if meeting.place and meeting.accessibility != Meeting.Accessibility.UNKNOWN:
        parts.append(
            _("Der Ort ist %(how)s.") % {"how": meeting.get_accessibility_display()}
            + (f" {meeting.accessibility_note}" if meeting.accessibility_note else "")
        )
    if meeting.place and meeting.directions:
        parts.append(_("So kommen Sie hin: %(words)s") % {"words": meeting.directions})
    if meeting.online_url:
        if with_link:
            parts.append(_("Online: %(address)s") % {"address": meeting.online_url})
        parts.append(meeting.online_note)
    if meeting.is_cancelled:
        parts = [_("Das Treffen ist abgesagt."), meeting.cancel_reason if with_link else ""]
    return ical.joined(parts)


def page_address(meeting: Meeting, language: str) -> str:
    """Return the full address of a meeting's page."""
    return site_url(meeting.get_absolute_url(), language)


def uid(meeting: Meeting) -> str:
    """Return what all calendars know a meeting by, for ever."""
    return ical.uid(meeting.uid)


# --- Its parts ------------------------------------------------------------------------------------
def _happening(
    meeting: Meeting, language: str, *, with_link: bool, invitation: Invitation | None = None
) -> Happening:
    with translation.override(language):
        title = meeting.translated("title")
        if meeting.is_cancelled:
            title = _("Abgesagt: %(title)s") % {"title": title}
        description = describe(meeting, with_link=with_link)
        is_tentative = False
        if invitation is not None and not meeting.is_cancelled:
            description = f"{_own_answer(invitation)}\n\n{description}".strip()
            is_tentative = invitation.waiting_since is not None or (
                invitation.reply != Invitation.Reply.YES
            )
        return Happening(
            uid=uid(meeting),
            sequence=meeting.sequence,
            title=title,
            begins=meeting.begins,
            ends=meeting.ends,
            zone=str(meeting.zone),
            place=_place(meeting, with_link=with_link),
            url=page_address(meeting, language),
            category=str(meeting.get_kind_display()),
            modified_at=meeting.modified_at,
            description=description,
            is_cancelled=meeting.is_cancelled,
            is_tentative=is_tentative,
        )


def _place(meeting: Meeting, *, with_link: bool) -> str:
    parts = [meeting.place, meeting.address if meeting.place else ""]
    if meeting.online_url and not meeting.place:
        parts = [meeting.online_url if with_link else _("Online")]
    return ", ".join(one_line(part) for part in parts if part.strip())


def _own_answer(invitation: Invitation) -> str:
    if invitation.waiting_since:
        return _("Sie stehen auf der Warteliste.")
    if invitation.reply == Invitation.Reply.YES:
        return _("Sie haben zugesagt.")
    return _("Sie haben noch nicht zugesagt.")
