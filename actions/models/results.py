from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .joint_actions import JointAction


class ActionResult(models.Model):
    """What came of an action: for the yearly report, and so that the next one begins wiser."""

    action = models.OneToOneField(
        JointAction, models.CASCADE, related_name="result", verbose_name=_("Aktion")
    )
    visitors = models.PositiveIntegerField(
        _("Wie viele Menschen waren da?"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("Geschätzt genügt."),
    )
    summary = models.TextField(
        _("So war es"),
        blank=True,
        validators=[MaxLengthValidator(2000)],
        help_text=_("Zwei oder drei Sätze. Das lesen alle."),
    )
    worked = models.TextField(
        _("Was hat gut geklappt?"), blank=True, validators=[MaxLengthValidator(2000)]
    )
    to_improve = models.TextField(
        _("Was machen wir das nächste Mal anders?"),
        blank=True,
        validators=[MaxLengthValidator(2000)],
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("Eingetragen am"), default=timezone.now, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Ergebnis")
        verbose_name_plural = _("Ergebnisse")

    def __str__(self) -> str:
        return str(self.action)
