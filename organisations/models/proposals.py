"""What a representative wants to change while the network looks at every edit first."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .images import OrganisationImage
from .organisation import Organisation


class ProposedEdit(models.Model):
    """What one person wants to change of one organisation; open until the officer decides.

    `values` says by name of the field what stood there when the person began (`base`) and what is
    to stand there (`value`), as `services.facts.as_json` gives them.
    """

    class State(models.TextChoices):
        OPEN = "open", _("offen")
        ACCEPTED = "accepted", _("übernommen")
        PARTLY = "partly", _("teilweise übernommen")
        DECLINED = "declined", _("abgelehnt")

    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        related_name="proposed_edits",
        verbose_name=_("Organisation"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Vorgeschlagen von"),
    )
    state = models.CharField(_("Stand"), max_length=10, choices=State.choices, default=State.OPEN)
    values = models.JSONField(_("Angaben"), default=dict)
    created_at = models.DateTimeField(_("Vorgeschlagen am"), default=timezone.now)
    changed_at = models.DateTimeField(_("Zuletzt geändert am"), default=timezone.now)
    decided_at = models.DateTimeField(_("Entschieden am"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Entschieden von"),
    )
    reason = models.TextField(_("Begründung"), blank=True)

    class Meta:
        verbose_name = _("Vorgeschlagene Änderung")
        verbose_name_plural = _("Vorgeschlagene Änderungen")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["state", "created_at"], name="organisations_proposal_waiting")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "by"],
                condition=Q(state="open"),
                name="organisations_proposal_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "accepted", "partly", "declined"]),
                name="organisations_proposal_known_state",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_at__isnull=False),
                name="organisations_proposal_decided_when",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class ProposedImage(models.Model):
    """A picture that is to be shown, or another description of one that is shown already."""

    proposal = models.ForeignKey(
        ProposedEdit, models.CASCADE, related_name="images", verbose_name=_("Vorschlag")
    )
    image = models.OneToOneField(
        OrganisationImage, models.CASCADE, related_name="proposed", verbose_name=_("Bild")
    )
    alt_text = models.CharField(_("Bildbeschreibung"), max_length=200)
    credit = models.CharField(_("Wer hat das Bild gemacht?"), max_length=120, blank=True)
    replacing = models.ForeignKey(
        OrganisationImage,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Statt"),
    )
    # Who sent it has agreed that it may be shown.
    agreed_at = models.DateTimeField(_("Einverständnis vom"), default=timezone.now)

    class Meta:
        verbose_name = _("Vorgeschlagenes Bild")
        verbose_name_plural = _("Vorgeschlagene Bilder")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.alt_text
