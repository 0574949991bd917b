"""Placeholders and examples that several mails of this app share."""

from django.utils.translation import gettext_lazy as _

from core.mail_kinds import Placeholder

ORGANISATION = Placeholder("Organisation", "organisation", _("der Name der Organisation"))
GREETING = Placeholder("Anrede", "greeting", _("„Guten Tag“, mit dem Namen, wenn wir ihn kennen"))
PERSON = Placeholder("Person", "person", _("der Name der Person, die etwas getan hat"))
TASK = Placeholder("Aufgabe", "task", _("was die Person mit ihrer Rolle tun darf, ganze Sätze"))
REASON = Placeholder("Grund", "why", _("der Grund, wenn Sie einen genannt haben, ein ganzer Satz"))
OFFICER = Placeholder("Unterschrift", "officer", _("der Name, wer entschieden hat"))

AN_ORGANISATION = _("Verein Muster e. V.")
A_PERSON = _("Maria Muster")
