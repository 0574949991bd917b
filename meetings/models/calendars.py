from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SchoolHoliday(models.Model):
    """School holidays of the Land; the officer adds those of later years."""

    name = models.CharField(_("Ferien"), max_length=80)
    starts_on = models.DateField(_("Von"))
    ends_on = models.DateField(_("Bis"), help_text=_("Der letzte Ferientag."))

    class Meta:
        verbose_name = _("Schulferien")
        verbose_name_plural = _("Schulferien")
        ordering = ["-starts_on"]
        indexes = [models.Index(fields=["starts_on", "ends_on"], name="meetings_holiday_days")]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "starts_on"],
                name="meetings_schoolholiday_once",
                violation_error_message=_("Diese Ferien sind schon eingetragen."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="meetings_schoolholiday_ends_after_start",
                violation_error_message=_("Das Ende darf nicht vor dem Anfang liegen."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarFeed(models.Model):
    """The secret address of a person's own calendar. A new salt makes a new address.

    The address itself is not stored: it is made of the salt and SECRET_KEY, so that whoever reads
    the database has no address, and the person can look it up as often as they like.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="calendar_feed",
        verbose_name=_("Konto"),
    )
    salt = models.CharField(max_length=43, unique=True, editable=False)
    reset_at = models.DateTimeField(_("Neue Adresse seit"), default=timezone.now)

    class Meta:
        verbose_name = _("Eigener Kalender")
        verbose_name_plural = _("Eigene Kalender")
        constraints = [models.CheckConstraint(condition=~Q(salt=""), name="meetings_feed_has_salt")]

    def __str__(self) -> str:
        return str(self.user)
