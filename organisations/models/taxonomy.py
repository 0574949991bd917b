"""The words organisations describe themselves with: topics, target groups, languages, places."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.translations import TranslatedModel


class Word(TranslatedModel):
    """What the directory is filtered by; its slug stands in the filter's address.

    Addresses are shared and kept, so a slug that a word had once, or that a word had which is part
    of it now, leads to it for ever (`former_slugs`).
    """

    slug = models.SlugField(_("Kürzel"), max_length=60, unique=True)
    former_slugs = models.JSONField(_("Frühere Kürzel"), default=list, blank=True, editable=False)

    class Meta:
        abstract = True


class Term(Word):
    """One entry of a taxonomy, in an order the officer chooses."""

    translated_fields: ClassVar[tuple[str, ...]] = ("name",)

    name = models.CharField(_("Name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)

    class Meta:
        abstract = True
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.translated("name")


class Topic(Term):
    translated_fields = ("name", "examples")

    examples = models.CharField(_("Beispiele"), max_length=200, blank=True)
    icon = models.SlugField(_("Bild"), max_length=30, blank=True)
    history = HistoricalRecords()

    class Meta(Term.Meta):
        verbose_name = _("Thema")
        verbose_name_plural = _("Themen")


class TargetGroup(Term):
    history = HistoricalRecords()

    class Meta(Term.Meta):
        verbose_name = _("Zielgruppe")
        verbose_name_plural = _("Zielgruppen")


class Language(Term):
    """A language that is spoken in an organisation; its slug is the BCP 47 tag in lower case."""

    code = models.CharField(_("Sprachcode (BCP 47)"), max_length=15, unique=True)
    iso639_3 = models.CharField(_("ISO 639-3"), max_length=3, blank=True)
    endonym = models.CharField(
        _("Eigenname"), max_length=60, help_text=_("So heißt die Sprache in der Sprache selbst.")
    )
    rtl = models.BooleanField(_("wird von rechts nach links geschrieben"), default=False)
    history = HistoricalRecords()

    class Meta(Term.Meta):
        verbose_name = _("Sprache")
        verbose_name_plural = _("Sprachen")

    @property
    def direction(self) -> str:
        """The value of HTML's `dir` for text in this language."""
        return "rtl" if self.rtl else "ltr"


class Municipality(Word):
    """A town or municipality of the county, or a neighbour that only the map shows."""

    translated_fields: ClassVar[tuple[str, ...]] = ("name",)

    ags = models.CharField(
        _("Gemeindeschlüssel"),
        max_length=8,
        unique=True,
        help_text=_("Achtstellig, etwa 08216043."),
    )
    name = models.CharField(_("Name"), max_length=120)
    kind = models.CharField(_("Art"), max_length=60, blank=True)
    in_county = models.BooleanField(
        _("gehört zum Landkreis"),
        default=True,
        help_text=_("Ohne Haken erscheint der Ort nur auf der Karte, als Nachbar."),
    )
    outline = models.JSONField(
        _("Umriss"),
        null=True,
        blank=True,
        help_text=_("GeoJSON-Geometrie (Polygon oder MultiPolygon) in WGS 84."),
    )
    outline_source = models.CharField(
        _("Quelle des Umrisses"),
        max_length=120,
        blank=True,
        help_text=_("Steht unter der Karte, wie es die Lizenz verlangt."),
    )
    label_longitude = models.FloatField(_("Beschriftung: Länge"), null=True, blank=True)
    label_latitude = models.FloatField(_("Beschriftung: Breite"), null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["outline"])

    class Meta:
        verbose_name = _("Gemeinde")
        verbose_name_plural = _("Gemeinden")
        # The slug is the name without umlauts, so every database sorts Ötigheim before Ottersweier.
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.translated("name")


class PostalCode(models.Model):
    """A postcode of a municipality. Some municipalities have several, some share one."""

    code = models.CharField(_("Postleitzahl"), max_length=5)
    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="postal_codes", verbose_name=_("Gemeinde")
    )

    class Meta:
        verbose_name = _("Postleitzahl")
        verbose_name_plural = _("Postleitzahlen")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "municipality"], name="organisations_postalcode_once"
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[0-9]{5}$"),
                name="organisations_postalcode_five_digits",
                violation_error_message=_("Eine Postleitzahl hat fünf Ziffern."),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PlacesFile(models.Model):
    """A file with municipalities somebody has brought in, until it is taken over or a week old."""

    file_name = models.CharField(_("Datei"), max_length=200)
    source = models.CharField(_("Quelle und Lizenz"), max_length=120)
    # As `organisations.geojson.Collection` has it, outlines simplified.
    content = models.JSONField()
    # Names of the file's properties, by what they mean.
    mapping = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Hochgeladen von"),
    )
    uploaded_at = models.DateTimeField(_("Hochgeladen am"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("Datei mit Gemeinden")
        verbose_name_plural = _("Dateien mit Gemeinden")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name
