from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from simple_history.models import HistoricalRecords

from organisations.models import Organisation

from .meeting import Meeting


class AgendaItemQuerySet(models.QuerySet["AgendaItem"]):
    def accepted(self) -> "AgendaItemQuerySet":
        """What stands on the agenda, in its order."""
        return self.filter(state=AgendaItem.State.ACCEPTED).order_by("position", "pk")

    def proposed(self) -> "AgendaItemQuerySet":
        """What representatives have proposed and the officer has not decided, the oldest first."""
        return self.filter(state=AgendaItem.State.PROPOSED).order_by("created_at", "pk")


class AgendaItem(models.Model):
    """A point of a meeting's agenda, or a proposal for one."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Vorschlag")
        ACCEPTED = "accepted", _("auf der Tagesordnung")
        DECLINED = "declined", _("nicht aufgenommen")
        WITHDRAWN = "withdrawn", _("zurückgezogen")

    class Origin(models.TextChoices):
        OFFICE = "office", _("vom Team")
        PROPOSAL = "proposal", _("Vorschlag einer Organisation")
        LAST_MINUTES = "last_minutes", _("Genehmigung des letzten Protokolls")
        OPEN_TASKS = "open_tasks", _("Offene Aufgaben")

    # What the portal puts on an agenda by itself.
    BY_ITSELF = (Origin.LAST_MINUTES, Origin.OPEN_TASKS)

    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="agenda", verbose_name=_("Treffen")
    )
    position = models.PositiveSmallIntegerField(_("Stelle"), default=0, editable=False)
    title = models.CharField(_("Thema"), max_length=200)
    description = models.TextField(
        _("Worum geht es?"), blank=True, validators=[MaxLengthValidator(2000)]
    )
    minutes = models.PositiveSmallIntegerField(
        _("Dauer in Minuten"), null=True, blank=True, validators=[MaxValueValidator(720)]
    )
    speaker = models.CharField(_("Wer spricht?"), max_length=160, blank=True)
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.ACCEPTED, editable=False
    )
    origin = models.CharField(
        _("Herkunft"), max_length=15, choices=Origin.choices, default=Origin.OFFICE, editable=False
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Vorgeschlagen von"),
        editable=False,
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="agenda_items",
        verbose_name=_("Organisation"),
        editable=False,
    )
    answer = models.TextField(
        _("Antwort des Teams"),
        blank=True,
        editable=False,
        validators=[MaxLengthValidator(1000)],
        help_text=_("Was der Organisation zu ihrem Vorschlag geschrieben wurde."),
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)

    objects = AgendaItemQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Tagesordnungspunkt")
        verbose_name_plural = _("Tagesordnungspunkte")
        ordering = ["position", "pk"]
        indexes = [
            models.Index(fields=["meeting", "state", "position"], name="meetings_agenda_order"),
            models.Index(fields=["state", "created_at"], name="meetings_agenda_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(title=""),
                name="meetings_agendaitem_has_title",
                violation_error_message=_("Bitte schreiben Sie, um welches Thema es geht."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "accepted", "declined", "withdrawn"]),
                name="meetings_agendaitem_state_is_known",
            ),
            models.UniqueConstraint(
                fields=["meeting", "origin"],
                condition=Q(origin__in=["last_minutes", "open_tasks"]),
                name="meetings_agendaitem_once_by_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def heading(self) -> str:
        """Its title; what the portal has put there by itself speaks the reader's language."""
        if self.origin in self.BY_ITSELF:
            with override(settings.LANGUAGE_CODE):
                is_unchanged = self.title == str(self.Origin(self.origin).label)
            if is_unchanged:
                return self.get_origin_display()
        return self.title
