import datetime
from typing import ClassVar

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.translations import TranslatedModel
from meetings.models import is_member


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def overlapping(self, start: datetime.date, end: datetime.date) -> "CampaignQuerySet":
        """Those with at least one day between two days, both included; by date."""
        return self.filter(starts_on__lte=end, ends_on__gte=start).order_by("starts_on", "pk")

    def visible_to(self, user) -> "CampaignQuerySet":
        """Those whose programme a person may see: the public ones, for members all."""
        if user.is_authenticated and (user.has_perm("actions.view_campaign") or is_member(user)):
            return self
        return self.filter(is_public=True)


class Campaign(TranslatedModel):
    """A time in which the network appears together, such as the Interkulturelle Woche 2027.

    Its days are set by the officer each year, never computed.
    """

    translated_fields: ClassVar[tuple[str, ...]] = ("name", "motto", "introduction")

    name = models.CharField(_("Name"), max_length=120)
    year = models.PositiveSmallIntegerField(
        _("Jahr"), validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )
    slug = models.SlugField(_("Adresse im Netz"), max_length=90, unique=True, editable=False)
    starts_on = models.DateField(_("Erster Tag"))
    ends_on = models.DateField(_("Letzter Tag"))
    motto = models.CharField(_("Motto"), max_length=200, blank=True)
    entries_until = models.DateField(
        _("Aktionen eintragen bis"),
        null=True,
        blank=True,
        help_text=_("Der letzte Tag, an dem Organisationen etwas für das Programm eintragen."),
    )
    introduction = models.TextField(
        _("Einleitung"), blank=True, validators=[MaxLengthValidator(5000)]
    )
    is_public = models.BooleanField(
        _("Das Programm ist öffentlich"),
        default=True,
        help_text=_("Ohne Haken sehen nur Mitglieder den Aktionszeitraum und sein Programm."),
    )
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)

    objects = CampaignQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Aktionszeitraum")
        verbose_name_plural = _("Aktionszeiträume")
        ordering = ["-starts_on", "-pk"]
        indexes = [models.Index(fields=["starts_on", "ends_on"], name="actions_campaign_days")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""),
                name="actions_campaign_has_name",
                violation_error_message=_("Bitte geben Sie einen Namen an."),
            ),
            models.UniqueConstraint(
                fields=["name", "year"],
                name="actions_campaign_once_a_year",
                violation_error_message=_("Diesen Zeitraum gibt es in dem Jahr schon."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="actions_campaign_ends_after_start",
                violation_error_message=_("Der letzte Tag darf nicht vor dem ersten liegen."),
            ),
            models.CheckConstraint(
                condition=Q(entries_until=None) | Q(entries_until__lte=F("ends_on")),
                name="actions_campaign_entries_in_time",
                violation_error_message=_(
                    "Eintragen kann man höchstens bis zum letzten Tag des Zeitraums."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.translated('name')} {self.year}"

    def get_absolute_url(self) -> str:
        return reverse("actions:programme", kwargs={"slug": self.slug})
