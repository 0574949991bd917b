import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .campaigns import Campaign


def brochure_path(brochure: "Brochure", filename: str) -> str:
    """Where the file lies; it has no name that could be guessed."""
    return f"actions/brochures/{brochure.pk}.pdf"


class Brochure(models.Model):
    """The printed programme of a campaign as a PDF, made by the worker.

    `fingerprint` says of which content it was made; it is handed out only while the programme still
    has that content, so that what was taken back is gone from here too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="brochures", verbose_name=_("Aktionszeitraum")
    )
    language = models.CharField(_("Sprache"), max_length=10)
    file = models.FileField(upload_to=brochure_path, max_length=200)
    size = models.PositiveIntegerField(_("Größe in Byte"))
    pages = models.PositiveSmallIntegerField(_("Seiten"))
    fingerprint = models.CharField(max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    made_at = models.DateTimeField(_("Gemacht am"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Programmheft")
        verbose_name_plural = _("Programmhefte")
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language"], name="actions_brochure_once_per_language"
            ),
            models.CheckConstraint(
                condition=~Q(fingerprint=""), name="actions_brochure_has_fingerprint"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} ({self.language})"
