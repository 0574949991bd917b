import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from organisations.models import Organisation

from .joint_actions import JointAction


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def with_pledged(self) -> "ContributionQuerySet":
        """Add `pledged`: how much of it organisations have said they bring.

        What an entry had promised that has become part of another one counts there.
        """
        current = Q(pledges__organisation__merged_into=None)
        return self.annotate(pledged=Coalesce(Sum("pledges__amount", filter=current), 0))

    def open(self) -> "ContributionQuerySet":
        """Those of which something is still missing, the most urgent first."""
        return (
            self.with_pledged()
            .filter(pledged__lt=F("amount"))
            .order_by(F("due_on").asc(nulls_last=True), "pk")
        )


class Contribution(models.Model):
    """Something an action needs: so much of it, until then; organisations say what they bring."""

    class Kind(models.TextChoices):
        FOOD = "food", _("Essen und Getränke")
        PEOPLE = "people", _("Helferinnen und Helfer")
        PROGRAMME = "programme", _("Programm auf der Bühne")
        INTERPRETING = "interpreting", _("Dolmetschen")
        EQUIPMENT = "equipment", _("Raum, Bühne, Technik")
        PUBLICITY = "publicity", _("Werbung")
        MONEY = "money", _("Geld und Anträge")
        OTHER = "other", _("Anderes")

    MOST = 200  # per action

    action = models.ForeignKey(
        JointAction, models.CASCADE, related_name="contributions", verbose_name=_("Aktion")
    )
    kind = models.CharField(_("Art"), max_length=14, choices=Kind.choices, default=Kind.OTHER)
    what = models.CharField(_("Was wird gebraucht?"), max_length=160)
    amount = models.PositiveIntegerField(
        _("Wie viel?"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    unit = models.CharField(
        _("Einheit"), max_length=40, blank=True, help_text=_("Zum Beispiel: Kuchen, Personen.")
    )
    starts_at = models.DateTimeField(_("Schicht ab"), null=True, blank=True)
    ends_at = models.DateTimeField(_("Schicht bis"), null=True, blank=True)
    due_on = models.DateField(_("Bis wann?"), null=True, blank=True)
    note = models.CharField(_("Hinweis"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)

    objects = ContributionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Beitrag")
        verbose_name_plural = _("Beiträge")
        ordering = ["kind", "starts_at", "position", "pk"]
        indexes = [models.Index(fields=["due_on"], name="actions_contribution_due")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(what=""),
                name="actions_contribution_has_what",
                violation_error_message=_("Bitte schreiben Sie, was gebraucht wird."),
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=1),
                name="actions_contribution_has_amount",
                violation_error_message=_("Es muss mindestens eins sein."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None, ends_at=None)
                | Q(starts_at__isnull=False, ends_at__gt=F("starts_at")),
                name="actions_contribution_shift_ends_after_start",
                violation_error_message=_("Die Schicht muss nach ihrem Beginn enden."),
            ),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def missing(self) -> int:
        """How much nobody brings yet, of a row of `with_pledged`."""
        pledged: int = getattr(self, "pledged", 0)
        return max(self.amount - pledged, 0)


class Pledge(models.Model):
    """What one organisation brings of a contribution."""

    contribution = models.ForeignKey(
        Contribution, models.CASCADE, related_name="pledges", verbose_name=_("Beitrag")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="pledges", verbose_name=_("Organisation")
    )
    amount = models.PositiveIntegerField(
        _("Wie viel?"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    person = models.CharField(
        _("Wer?"), max_length=120, blank=True, help_text=_("Das sehen alle, die mitmachen.")
    )
    done_at = models.DateTimeField(_("Erledigt am"), null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("Seit"), default=timezone.now, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Zusage")
        verbose_name_plural = _("Zusagen")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["done_at", "reminded_at"], name="actions_pledge_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["contribution", "organisation"],
                name="actions_pledge_once_per_organisation",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=1),
                name="actions_pledge_has_amount",
                violation_error_message=_("Es muss mindestens eins sein."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)


class ActionMessage(models.Model):
    """What one of those who take part wrote to all of them; it went out by mail and stays here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.ForeignKey(
        JointAction, models.CASCADE, related_name="messages", verbose_name=_("Aktion")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("Von"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("Organisation"),
    )
    text = models.TextField(_("Nachricht"), max_length=2000)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    sent_at = models.DateTimeField(_("Gesendet am"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Nachricht")
        verbose_name_plural = _("Nachrichten")
        ordering = ["-sent_at"]
        indexes = [models.Index(fields=["action", "-sent_at"], name="actions_message_action")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="actions_message_has_text",
                violation_error_message=_("Bitte schreiben Sie etwas."),
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]
