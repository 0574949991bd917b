"""Placeholders and examples that several mails of this app share."""

from django.utils.translation import gettext_lazy as _

from core.mail_kinds import Placeholder

ACTION = Placeholder("Aktion", "action", _("der Titel der Aktion"))
MESSAGE = Placeholder("Nachricht", "note", _("was jemand dazu geschrieben hat, wenn etwas"))

AN_ACTION = _("Fest der Nachbarschaft")
