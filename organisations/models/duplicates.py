"""Organisations that are listed twice: pairs to look at, and what became of them."""

import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .organisation import Organisation

KEEP_MERGES = datetime.timedelta(days=30)


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    def present(self) -> "DuplicatePairQuerySet":
        """Pairs of which both are still there."""
        archived = Organisation.State.ARCHIVED
        return self.exclude(first__state=archived).exclude(second__state=archived)

    def waiting(self) -> "DuplicatePairQuerySet":
        """Pairs nobody has said anything about."""
        return self.present().filter(parted_at=None)

    def of(self, organisation: Organisation) -> "DuplicatePairQuerySet":
        return self.filter(Q(first=organisation) | Q(second=organisation))


class DuplicatePair(models.Model):
    """Two organisations that may be one, or of which somebody has said that they are two."""

    first = models.ForeignKey(
        Organisation, models.CASCADE, related_name="+", verbose_name=_("Organisation")
    )
    second = models.ForeignKey(
        Organisation, models.CASCADE, related_name="+", verbose_name=_("Andere Organisation")
    )
    score = models.PositiveSmallIntegerField(_("Wahrscheinlichkeit in Prozent"), default=0)
    reasons = models.JSONField(_("Gründe"), default=list)
    found_at = models.DateTimeField(_("Gefunden am"), default=timezone.now)
    parted_at = models.DateTimeField(_("Für verschieden erklärt am"), null=True, blank=True)
    parted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Für verschieden erklärt von"),
    )

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = _("Vielleicht doppelt")
        verbose_name_plural = _("Vielleicht doppelt")
        ordering: ClassVar[list[str]] = ["-score", "pk"]
        indexes = [
            models.Index(
                fields=["-score", "id"],
                condition=Q(parted_at__isnull=True),
                name="organisations_pair_waiting",
            ),
            models.Index(fields=["-parted_at"], name="organisations_pair_parted"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"], name="organisations_duplicatepair_once"
            ),
            # Also keeps an organisation from being its own duplicate.
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="organisations_duplicatepair_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} – {self.second}"


class Merge(models.Model):
    """One organisation became part of another; kept for 30 days with what undoing it needs.

    `steps` names rows by their keys and says what stood in them before and after; of people it
    holds nothing but keys, so that who is erased meanwhile is erased here as well.
    """

    kept = models.ForeignKey(
        Organisation, models.CASCADE, related_name="+", verbose_name=_("Geblieben")
    )
    gone = models.ForeignKey(
        Organisation, models.CASCADE, related_name="+", verbose_name=_("Aufgegangen")
    )
    merged_at = models.DateTimeField(_("Zusammengeführt am"), default=timezone.now)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Zusammengeführt von"),
    )
    steps = models.JSONField(default=list, editable=False)
    undone_at = models.DateTimeField(_("Rückgängig gemacht am"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Rückgängig gemacht von"),
    )

    class Meta:
        verbose_name = _("Zusammenführung")
        verbose_name_plural = _("Zusammenführungen")
        ordering: ClassVar[list[str]] = ["-merged_at", "-pk"]
        indexes = [models.Index(fields=["-merged_at", "-id"], name="organisations_merge_newest")]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("gone")), name="organisations_merge_of_two"),
            models.UniqueConstraint(
                fields=["gone"],
                condition=Q(undone_at__isnull=True),
                name="organisations_merge_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gone} → {self.kept}"

    @property
    def undo_until(self) -> datetime.datetime:
        return self.merged_at + KEEP_MERGES

    def can_be_undone(self, now: datetime.datetime | None = None) -> bool:
        """Whether undoing is still offered at `now` (aware)."""
        return self.undone_at is None and (now or timezone.now()) < self.undo_until
