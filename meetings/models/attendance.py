import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organisations.models import Organisation

from .invitations import Invitation
from .meeting import Meeting


class Attendance(models.Model):
    """Who was there: a person, or several of an organisation at once.

    `key` is known before the row is: where a switch is tapped twice, or on two tablets, it is one
    row. The organisation and the number stay for the report; the name goes when the law no longer
    needs it.
    """

    MOST_PEOPLE = 500

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="attendance", verbose_name=_("Treffen")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="attendances",
        verbose_name=_("Organisation"),
    )
    invitation = models.ForeignKey(
        Invitation,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="attendance",
        verbose_name=_("Einladung"),
    )
    name = models.CharField(_("Name"), max_length=160, blank=True)
    people = models.PositiveSmallIntegerField(
        _("Personen"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PEOPLE)],
    )
    is_walk_in = models.BooleanField(_("ohne Anmeldung gekommen"), default=False)
    is_present = models.BooleanField(_("anwesend"), default=True)
    # What was tapped last wins, whenever it arrives.
    tapped_at = models.DateTimeField(_("Eingetragen am"), default=timezone.now)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("Anwesenheit")
        verbose_name_plural = _("Anwesenheit")
        ordering = ["organisation", "name", "pk"]
        indexes = [
            models.Index(fields=["meeting", "is_present"], name="meetings_attendance_present"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(people__range=(1, 500)),
                name="meetings_attendance_people",
                violation_error_message=_("Bitte geben Sie eine Zahl von 1 bis 500 an."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.organisation or self.people)
