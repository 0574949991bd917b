"""What only staff see: their diary about an organisation, and which edits they have looked at."""

import uuid

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .organisation import Organisation


class OrganisationNote(models.Model):
    """An entry of the office's diary about an organisation: a call, an agreement, a hunch."""

    TEXT_LENGTH = 4000

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="notes", verbose_name=_("Organisation")
    )
    text = models.TextField(
        _("Notiz"),
        validators=[MaxLengthValidator(TEXT_LENGTH)],
        help_text=_("Nur das Team sieht sie. Schreiben Sie nur, was für die Arbeit nötig ist."),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Geschrieben von"),
    )
    # Made with the empty form: the same form sent twice is one note.
    creation_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("Geschrieben am"), default=timezone.now, editable=False)
    edited_at = models.DateTimeField(_("Geändert am"), null=True, blank=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Notiz")
        verbose_name_plural = _("Notizen")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="organisations_note_newest")
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="organisations_note_has_text")
        ]

    def __str__(self) -> str:
        return self.text[:60]


class EditsSeen(models.Model):
    """Until when somebody of the office has looked at the edits of one organisation, or of all."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("Konto")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Organisation"),
        help_text=_("Leer: alle Organisationen."),
    )
    until = models.DateTimeField(_("Gesehen bis"))

    class Meta:
        verbose_name = _("Gesehene Änderungen")
        verbose_name_plural = _("Gesehene Änderungen")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], name="organisations_editsseen_once"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(organisation__isnull=True),
                name="organisations_editsseen_all_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.until:%Y-%m-%d %H:%M}"
