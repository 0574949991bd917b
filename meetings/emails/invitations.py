"""The mails of an invitation: the invitation itself, a reminder, what has changed, the end of it.

They go to many at once, so what is the same for all is put together once for each language.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from core.addresses import site_url
from core.mail import Draft
from core.mail_kinds import Placeholder, declare
from core.text import clean_text
from meetings import ical, words
from meetings.models import AgendaItem, Invitation, Meeting
from organisations.emails.words import A_PERSON, AN_ORGANISATION, GREETING

INVITATION = "meetings/invitation"
REMINDER = "meetings/reminder"
CHANGED = "meetings/changed"
CANCELLED = "meetings/cancelled"
ALL = (INVITATION, REMINDER, CHANGED, CANCELLED)

MEETING = Placeholder("Treffen", "title", _("der Titel des Treffens"))
WHEN = Placeholder("Wann", "when", _("Tag und Uhrzeit"))
DAY = Placeholder("Tag", "day", _("der Tag"))
FACTS = Placeholder(
    "Angaben", "facts", _("wann und wo, und was dort gedolmetscht wird, mehrere Zeilen"),
    required=True, alone=True,
)  # fmt: skip
UNTIL = Placeholder("Frist", "until", _("bis wann man sich anmelden kann, ein Satz"))
WHY = Placeholder("Warum", "why", _("warum die Person diese E-Mail bekommt, ein Satz"))

A_MEETING = {
    "name": A_PERSON,
    "title": _("Netzwerktreffen im Frühling"),
    "when": _("Samstag, 20. März 2027, 9:30–13:30 Uhr"),
    "day": _("Samstag, 20. März 2027"),
    "place": _("Haus der Vereine, Musterstraße 1, Musterstadt"),
    "accessibility": _("barrierefrei"),
    "is_online": True,
    "interpreters": _("Arabisch, Türkisch"),
    "until": _("10. März 2027, 18:00 Uhr"),
    "source": "representative",
    "organisation": AN_ORGANISATION,
}

declare(
    INVITATION,
    title=_("Einladung zu einem Treffen"),
    purpose=_(
        "An alle, die zu einem Treffen eingeladen werden. Für ein einzelnes Treffen können Sie den "
        "Text auf der Seite des Treffens ändern."
    ),
    placeholders=[
        GREETING,
        MEETING,
        WHEN,
        DAY,
        FACTS,
        Placeholder(
            "Beschreibung", "about", _("die Beschreibung des Treffens, mehrere Zeilen"), alone=True
        ),
        Placeholder(
            "Tagesordnung",
            "points",
            _("die Themen, mehrere Zeilen; nur für Mitglieder und Partner"),
            alone=True,
        ),
        UNTIL,
        WHY,
    ],
    example=A_MEETING
    | {
        "description": _("Wir lernen uns kennen und planen das Jahr."),
        "agenda": [_("Begrüßung"), _("Interkulturelle Woche")],
    },
)

declare(
    REMINDER,
    title=_("Erinnerung an ein Treffen"),
    purpose=_("Vor einem Treffen an alle Eingeladenen, die nicht geantwortet haben."),
    placeholders=[GREETING, MEETING, WHEN, DAY, FACTS, UNTIL, WHY],
    example=A_MEETING,
)

declare(
    CHANGED,
    title=_("Treffen verlegt"),
    purpose=_("An alle Eingeladenen, wenn sich Termin oder Ort eines Treffens ändern."),
    placeholders=[
        GREETING,
        MEETING,
        WHEN,
        DAY,
        FACTS,
        Placeholder("Änderung", "change", _("was sich geändert hat, ein Satz"), required=True),
        Placeholder("Antwort", "answered", _("was die Person geantwortet hat, ein Satz")),
        WHY,
    ],
    example=A_MEETING | {"is_moved": True, "is_elsewhere": False, "reply": "yes"},
)

declare(
    CANCELLED,
    title=_("Treffen abgesagt"),
    purpose=_("An alle Eingeladenen, wenn ein Treffen abgesagt wird."),
    placeholders=[
        GREETING,
        MEETING,
        WHEN,
        DAY,
        Placeholder("Grund", "because", _("der Grund, wenn Sie einen genannt haben, ein Satz")),
        WHY,
    ],
    example={
        "name": A_PERSON,
        "title": A_MEETING["title"],
        "when": A_MEETING["when"],
        "day": A_MEETING["day"],
        "reason": _("Der Saal hat einen Wasserschaden."),
        "source": "representative",
        "organisation": AN_ORGANISATION,
    },
)


class Mailing:
    """One kind of mail about one meeting, in one language, for as many people as there are.

    :param mail: one of `ALL`.
    :param own_words: subject and text with placeholders, for this meeting alone.
    :param what: for `CHANGED`: of "date" and "place" what has changed.
    """

    def __init__(
        self,
        meeting: Meeting,
        mail: str,
        *,
        language: str,
        own_words: tuple[str, str] | None = None,
        what: Iterable[str] = (),
    ) -> None:
        self.meeting, self.mail, self.language = meeting, mail, language
        self._words = own_words
        with override(language):
            self._shared = _shared(meeting, mail, set(what))
            self._agenda = _agenda(meeting) if mail == INVITATION else []
            self._label = _label(mail)
        self._calendar = None
        if mail != REMINDER:
            method = ical.CANCEL if mail == CANCELLED else ical.REQUEST
            self._calendar = ical.Message(meeting, method, language=language)

    def values(self, invitation: Invitation, organisation: str) -> dict[str, Any]:
        """Return what the templates get.

        :param organisation: the name of the invitation's organisation, if it has one.
        """
        is_mailbox = invitation.source == Invitation.Source.MAILBOX
        found = self._shared | {
            "name": "" if is_mailbox else clean_text(invitation.name, multiline=False),
            "source": str(invitation.source),
            "organisation": clean_text(organisation, multiline=False),
        }
        if self.mail == INVITATION:
            # The agenda is for members; whoever was put on the list by hand need not be one.
            found["agenda"] = self._agenda if invitation.organisation_id else []
        if self.mail == CHANGED:
            found["reply"] = str(invitation.reply)
        return found

    def draft(self, invitation: Invitation, *, key: str, organisation: str, token: str) -> Draft:
        """Return the mail to one person.

        :param token: of a link of their own, empty for `CANCELLED`.
        """
        action = None
        if token:
            path = reverse("meetings:answer", kwargs={"token": token})
            action = self._label, site_url(path, self.language)
        return Draft(
            key=key,
            to=invitation.email,
            mail=self.mail,
            language=self.language,
            context=self.values(invitation, organisation),
            action=action,
            confidential=True,
            words=self._words,
            # What comes after that helps nobody.
            expires_at=self.meeting.starts_at,
            calendar=self.calendar(
                invitation.email, invitation.name, answer_url=action[1] if action else ""
            ),
        )

    def calendar(self, to: str, name: str, *, answer_url: str = "") -> str:
        """Return the calendar entry that goes along, if one does."""
        if self._calendar is None:
            return ""
        return self._calendar.text(to=to, name=name, answer_url=answer_url)


def _shared(meeting: Meeting, mail: str, what: set[str]) -> dict[str, Any]:
    """Return what is the same in all mails of a kind, in the active language."""
    found: dict[str, Any] = {
        "title": meeting.translated("title"),
        "when": words.when(meeting),
        "day": words.day(meeting),
    }
    if mail == CANCELLED:
        return found | {"reason": meeting.cancel_reason}
    place = ", ".join(part for part in (meeting.place, meeting.address) if part)
    is_known = meeting.place and meeting.accessibility != Meeting.Accessibility.UNKNOWN
    found |= {
        "place": place,
        "accessibility": meeting.get_accessibility_display() if is_known else "",
        "is_online": bool(meeting.online_url),
        "interpreters": ", ".join(str(language) for language in meeting.interpreters.all()),
        "until": words.moment(meeting.answer_until, meeting) if meeting.answer_until else "",
    }
    if mail == INVITATION:
        found["description"] = meeting.translated("description")
    if mail == CHANGED:
        found |= {"is_moved": "date" in what, "is_elsewhere": "place" in what}
    return found


def _agenda(meeting: Meeting) -> list[str]:
    return [item.heading for item in AgendaItem.objects.filter(meeting=meeting).accepted()]


def _label(mail: str) -> str:
    if mail == CHANGED:
        return gettext("Antwort ansehen oder ändern")
    return gettext("Jetzt antworten")


def example(meeting: Meeting, mailing: Mailing) -> Mapping[str, Any]:
    """Return the values of a mail to somebody who is made up, for a preview."""
    with override(mailing.language):
        name, organisation = gettext("Maria Muster"), gettext("Verein Muster e. V.")
    somebody = Invitation(
        meeting=meeting, name=name, source=Invitation.Source.REPRESENTATIVE, organisation_id=0
    )
    return mailing.values(somebody, organisation) | {"agenda": mailing._agenda}
