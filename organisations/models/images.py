import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .organisation import Organisation


def image_path(image: "OrganisationImage", filename: str) -> str:
    """Where the re-encoded file lies; nothing of the uploaded name survives."""
    return f"organisations/{image.pk}.webp"


class OrganisationImage(models.Model):
    """A logo or photo, re-encoded without metadata, served by a view that checks rights.

    A contact person's portrait has no description and no consent of its own: it is described by the
    person's name, and shown only while that person's consent is in force.
    """

    class Kind(models.TextChoices):
        LOGO = "logo", _("Logo")
        PHOTO = "photo", _("Foto")
        PORTRAIT = "portrait", _("Foto einer Ansprechperson")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="images", verbose_name=_("Organisation")
    )
    kind = models.CharField(_("Art"), max_length=10, choices=Kind.choices)
    # Kept while the rest of its form still has errors; housekeeping removes what nobody adopted.
    pending = models.BooleanField(default=False, editable=False)
    file = models.ImageField(
        _("Bild"), upload_to=image_path, width_field="width", height_field="height"
    )
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)
    alt_text = models.CharField(
        _("Bildbeschreibung"),
        max_length=200,
        blank=True,
        help_text=_("Was ist zu sehen? Für Menschen, die das Bild nicht sehen können."),
    )
    credit = models.CharField(_("Wer hat das Bild gemacht?"), max_length=120, blank=True)
    consent = models.BooleanField(
        _("Wir dürfen das Bild zeigen, und alle Menschen darauf sind einverstanden."), default=False
    )
    consent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    consent_at = models.DateTimeField(null=True, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("Bild")
        verbose_name_plural = _("Bilder")
        ordering = ["kind", "position", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(kind="logo", pending=False),
                name="organisations_image_one_logo",
            ),
            models.CheckConstraint(
                condition=Q(pending=True)
                | Q(kind="portrait")
                | (Q(consent=True) & ~Q(alt_text="")),
                name="organisations_image_described_and_agreed",
                violation_error_message=_(
                    "Ein Bild braucht eine Beschreibung und das Einverständnis."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.alt_text or str(self.pk)
