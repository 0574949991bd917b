"""The mails of this app: one function per mail, called by services inside their transaction."""

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import User
from core.mail import queue_mail
from core.mail_kinds import Placeholder, declare
from core.phones import spoken
from portal.models import Feedback, NetworkProfile

declare(
    "portal/feedback",
    title=gettext_lazy("Barriere gemeldet"),
    purpose=gettext_lazy("An das Team, wenn jemand eine Barriere im Portal meldet."),
    placeholders=[
        Placeholder("Text", "text", gettext_lazy("was gemeldet wurde"), required=True),
        Placeholder(
            "Seite", "where", gettext_lazy("um welche Seite es geht, wenn das bekannt ist")
        ),
        Placeholder("Frist", "due", gettext_lazy("bis wann zu antworten ist")),
        Placeholder(
            "Hinweis", "hint", gettext_lazy("dass niemand eine Antwort erwartet, wenn das so ist")
        ),
    ],
    example={
        "text": gettext_lazy("Die Karte lässt sich mit der Tastatur nicht bedienen."),
        "page": "/de/organisationen/",
        "due": "20. 12. 2026",
        "answerable": True,
    },
)


def feedback_arrived(feedback: Feedback, officer: User) -> None:
    """Tell somebody of the team that a barrier was reported, and until when to answer."""
    with override(officer.language):
        queue_mail(
            key=f"feedback:{feedback.pk}:{officer.pk}",
            to=officer.email,
            mail="portal/feedback",
            language=officer.language,
            context={
                "text": feedback.text,
                "page": feedback.page,
                "due": date_format(feedback.due_on, "DATE_FORMAT"),
                "answerable": bool(feedback.email),
            },
            action=(
                _("Rückmeldung ansehen"),
                reverse("admin:portal_feedback_change", args=[feedback.pk]),
            ),
        )


def signature() -> list[str]:
    """Return who writes, in the active language, for the end of every mail."""
    profile = NetworkProfile.objects.filter(pk=1).first()
    if profile is None:
        return []
    phone = spoken(profile.contact_phone) if profile.contact_phone else ""
    lines = [profile.translated("name"), profile.contact_name, profile.translated("contact_role")]
    return [line for line in [*lines, phone] if line]
