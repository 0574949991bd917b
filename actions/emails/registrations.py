"""Mails to those who have registered for an action.

The first one goes to an address nobody has confirmed yet, whoever typed it: it says nothing that
this person wrote, so that nobody can have us carry words into somebody else's mailbox.
"""

import datetime
from collections.abc import Collection, Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from actions import ical, profile, registration_links, words
from actions.models import ActionDate, Registration
from core.addresses import site_url
from core.mail import Draft, queue_mails
from core.mail_kinds import Placeholder, declare
from core.models import OutboxMessage
from organisations.emails.words import A_PERSON, GREETING

ASK = "actions/registration_ask"
CONFIRMED = "actions/registration_confirmed"
WAITING = "actions/registration_waiting"
MOVED_UP = "actions/registration_moved_up"
CHANGED = "actions/registration_changed"
CANCELLED = "actions/registration_cancelled"
REMOVED = "actions/registration_removed"
REMINDER = "actions/registration_reminder"
ALL = (ASK, CONFIRMED, WAITING, MOVED_UP, CHANGED, CANCELLED, REMOVED, REMINDER)

# So long the link of the first mail waits for somebody to use it.
TO_CONFIRM = datetime.timedelta(days=2)

TITLE = Placeholder("Aktion", "title", _("der Titel der Aktion"))
WHEN = Placeholder("Wann", "when", _("Tag und Uhrzeit"))
FACTS = Placeholder("Angaben", "facts", _("wann und wo, zwei Zeilen"), required=True, alone=True)
SEATS = Placeholder("Personen", "seats", _("für wie viele Personen, ein Satz"))
QUESTIONS = Placeholder("Fragen", "questions", _("wen man fragen kann, ein Satz"))

A_DATE = {
    "title": _("Fest der Nachbarschaft"),
    "when": _("Samstag, 25. September 2027, 15:00–18:00 Uhr"),
    "place": _("Gemeindehaus, Marktplatz 1, Musterstadt"),
    "contact": _("Maria Muster, 07222 381-4325"),
}
A_REGISTRATION = A_DATE | {"name": A_PERSON, "people": 2}

declare(
    ASK,
    title=_("Anmeldung zu einer Aktion: bitte bestätigen"),
    purpose=_("An die Adresse, mit der sich jemand zu einer Aktion anmeldet."),
    placeholders=[TITLE, WHEN, FACTS, SEATS, QUESTIONS],
    example=A_DATE | {"people": 2},
)
declare(
    CONFIRMED,
    title=_("Anmeldung zu einer Aktion"),
    purpose=_("An alle, die einen Platz haben, sobald sie ihre Anmeldung bestätigt haben."),
    placeholders=[GREETING, TITLE, WHEN, FACTS, SEATS, QUESTIONS],
    example=A_REGISTRATION,
)
declare(
    WAITING,
    title=_("Warteliste einer Aktion"),
    purpose=_("An alle, die sich anmelden, wenn kein Platz mehr frei ist."),
    placeholders=[GREETING, TITLE, WHEN, FACTS, SEATS, QUESTIONS],
    example=A_REGISTRATION,
)
declare(
    MOVED_UP,
    title=_("Ein Platz bei einer Aktion ist frei geworden"),
    purpose=_("An alle, die von der Warteliste einer Aktion nachrücken."),
    placeholders=[GREETING, TITLE, WHEN, FACTS, SEATS, QUESTIONS],
    example=A_REGISTRATION,
)
declare(
    CHANGED,
    title=_("Neues zu einer Aktion"),
    purpose=_(
        "An alle Angemeldeten, wenn sich Termin oder Ort einer Aktion ändern, wenn sie "
        "zurückgenommen wird oder doch stattfindet."
    ),
    placeholders=[
        GREETING,
        TITLE,
        WHEN,
        FACTS,
        Placeholder("Änderung", "change", _("was sich geändert hat, ein Satz"), required=True),
        Placeholder("Anmeldung", "standing", _("was aus der Anmeldung wird, ein Satz")),
        QUESTIONS,
    ],
    example=A_REGISTRATION
    | {
        "is_moved": True,
        "is_elsewhere": False,
        "is_on_hold": False,
        "is_waiting": False,
    },
)
declare(
    CANCELLED,
    title=_("Aktion abgesagt"),
    purpose=_("An alle Angemeldeten, wenn eine Aktion abgesagt wird."),
    placeholders=[
        GREETING,
        TITLE,
        WHEN,
        Placeholder("Grund", "because", _("der Grund, wenn einer genannt ist, ein Satz")),
        QUESTIONS,
    ],
    example=A_REGISTRATION | {"reason": _("Der Saal hat einen Wasserschaden.")},
)
declare(
    REMOVED,
    title=_("Von einer Aktion abgemeldet"),
    purpose=_("An jemanden, den die Organisationen der Aktion von der Liste nehmen."),
    placeholders=[GREETING, TITLE, WHEN, QUESTIONS],
    example=A_REGISTRATION,
)
declare(
    REMINDER,
    title=_("Erinnerung an eine Aktion"),
    purpose=_("Am Tag vorher an alle, die einen Platz haben."),
    placeholders=[GREETING, TITLE, WHEN, FACTS, SEATS, QUESTIONS],
    example=A_REGISTRATION,
)

# Which mails bring the date into somebody's calendar, and which take it out.
CALENDAR = {
    CONFIRMED: ical.REQUEST,
    MOVED_UP: ical.REQUEST,
    CHANGED: ical.REQUEST,
    CANCELLED: ical.CANCEL,
    REMOVED: ical.CANCEL,
}


class Mailing:
    """One kind of mail about one date, in one language, for as many people as there are.

    :param date: with its action.
    :param mail: one of `ALL`.
    :param what: for `CHANGED`: of "date" and "place" what has changed.
    """

    def __init__(
        self, date: ActionDate, mail: str, *, language: str, what: Iterable[str] = ()
    ) -> None:
        self.date, self.mail, self.language = date, mail, language
        action = date.action
        with override(language):
            self._shared: dict[str, Any] = {
                "title": action.translated("title"),
                "when": words.when(date),
                "place": ", ".join(profile.place(action)),
                "contact": ", ".join(
                    part
                    for part in (action.contact_name, action.contact_phone, action.contact_email)
                    if part
                ),
            }
            self._label = (
                gettext("Anmeldung bestätigen")
                if mail == ASK
                else gettext("Anmeldung ansehen oder ändern")
            )
        if mail == CHANGED:
            self._shared |= {
                "is_moved": "date" in what,
                "is_elsewhere": "place" in what,
                "is_on_hold": not action.is_public,
            }
        if mail == CANCELLED:
            self._shared["reason"] = action.cancel_reason
        self._calendar = (
            ical.Message(date, CALENDAR[mail], language=language) if mail in CALENDAR else None
        )

    def draft(self, row: Registration, *, key: str) -> Draft:
        """Return the mail to one person.

        :param key: of the cause; the mail's own key ends in the registration's.
        """
        values = self._shared | {"people": row.people}
        if self.mail != ASK:
            values["name"] = row.name
        if self.mail == CHANGED:
            values["is_waiting"] = row.state == Registration.State.WAITING
        action = None
        if self.mail not in {CANCELLED, REMOVED}:
            path = site_url(registration_links.address(row), self.language)
            action = self._label, path
        calendar = ""
        # Who waits has nothing in the calendar yet.
        if self._calendar is not None and row.state != Registration.State.WAITING:
            calendar = self._calendar.text(
                to=row.email, name=row.name, answer_url=action[1] if action else ""
            )
        return Draft(
            key=f"{key}:{row.pk}",
            to=row.email,
            mail=self.mail,
            language=self.language,
            context=values,
            action=action,
            # Their own link is in it.
            confidential=True,
            expires_at=self._end(),
            calendar=calendar,
        )

    def _end(self) -> datetime.datetime:
        """Return from when on the mail helps nobody."""
        if self.mail == ASK:
            return min(timezone.now() + TO_CONFIRM, self.date.starts_at)
        return self.date.ends_at


def send(row: Registration, mail: str, *, key: str = "") -> OutboxMessage | None:
    """Queue a mail to one person, if there is an address to send it to.

    :param row: with its date and action.
    :param key: of the cause, if the mail can go to the same person more than once.
    """
    if not row.email:
        return None
    key = f"{mail}:{key}" if key else mail
    draft = Mailing(row.date, mail, language=row.language).draft(row, key=key)
    return queue_mails([draft])[draft.key]


def send_all(
    rows: Iterable[Registration],
    mail: str,
    *,
    key: str,
    what: Collection[str] = (),
    moved: Collection[int] = (),
) -> int:
    """Queue a mail to each of some people, a few hundred at most.

    :param rows: with their dates and actions.
    :param key: of the cause; who has got its mail gets no second one.
    :param what: see `Mailing`; of "date" it is true for the dates with the keys `moved` alone.
    :return: how many have an address.
    """
    mailings: dict[tuple[int, str], Mailing] = {}
    drafts = []
    for row in rows:
        if not row.email:
            continue
        about = row.date_id, row.language
        if about not in mailings:
            mailings[about] = Mailing(
                row.date,
                mail,
                language=row.language,
                what=set(what) - (set() if row.date_id in moved else {"date"}),
            )
        drafts.append(mailings[about].draft(row, key=f"{mail}:{key}"))
    queue_mails(drafts)
    return len(drafts)
