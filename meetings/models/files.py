import uuid

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .meeting import Meeting


class MeetingDocument(models.Model):
    """A file that belongs to a meeting. Its content is checked before it is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="documents", verbose_name=_("Treffen")
    )
    title = models.CharField(_("Titel"), max_length=160)
    file = models.FileField(_("Datei"), upload_to="meetings/documents", max_length=200)
    file_name = models.CharField(_("Dateiname"), max_length=160)
    content_type = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField(_("Größe in Byte"), editable=False)
    is_public = models.BooleanField(
        _("öffentlich"),
        default=False,
        help_text=_("Sonst sehen nur die Mitglieder diese Unterlage."),
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    uploaded_at = models.DateTimeField(_("Hochgeladen am"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Unterlage")
        verbose_name_plural = _("Unterlagen")
        ordering = ["position", "uploaded_at"]
        indexes = [models.Index(fields=["meeting", "position"], name="meetings_document_order")]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="meetings_document_has_title")
        ]

    def __str__(self) -> str:
        return self.title


class MeetingPhoto(models.Model):
    """A picture of a meeting; shown only with what § 22 KUG and accessibility ask for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="photos", verbose_name=_("Treffen")
    )
    width = models.PositiveSmallIntegerField(editable=False)
    height = models.PositiveSmallIntegerField(editable=False)
    alt_text = models.CharField(
        _("Was ist zu sehen?"),
        max_length=200,
        help_text=_("Für Menschen, die das Bild nicht sehen."),
    )
    credit = models.CharField(_("Foto von"), max_length=120)
    has_consent = models.BooleanField(
        _("Alle, die zu erkennen sind, sind einverstanden (§ 22 KUG)."), default=False
    )
    caption = models.CharField(
        _("Bildunterschrift"), max_length=300, blank=True, validators=[MaxLengthValidator(300)]
    )
    is_public = models.BooleanField(
        _("öffentlich"), default=False, help_text=_("Sonst sehen nur die Mitglieder dieses Bild.")
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    uploaded_at = models.DateTimeField(_("Hochgeladen am"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Foto")
        verbose_name_plural = _("Fotos")
        ordering = ["position", "uploaded_at"]
        indexes = [models.Index(fields=["meeting", "position"], name="meetings_photo_order")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(alt_text="") & ~Q(credit=""),
                name="meetings_photo_is_described",
                violation_error_message=_(
                    "Bitte sagen Sie, was zu sehen ist und von wem das Foto ist."
                ),
            ),
            models.CheckConstraint(
                condition=Q(has_consent=True),
                name="meetings_photo_has_consent",
                violation_error_message=_(
                    "Ohne Einverständnis darf das Foto nicht gezeigt werden."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.alt_text
