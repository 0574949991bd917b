import datetime
import uuid
from pathlib import Path
from typing import Any, ClassVar

from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from simple_history.models import HistoricalRecords

from core import revision
from core.colours import HEX, palette, validate_colour
from core.translations import TranslatedModel


def logo_path(profile: "NetworkProfile", filename: str) -> str:
    """Where the network's logo lies; every new one has a name, so an address, of its own."""
    return f"network/{uuid.uuid4()}.webp"


class NetworkProfile(TranslatedModel):
    """The one row that says whose portal this is: nothing in the code names a county."""

    class FederalState(models.TextChoices):
        """The Länder by the codes of ISO 3166-2."""

        BW = "BW", _("Baden-Württemberg")
        BY = "BY", _("Bayern")
        BE = "BE", _("Berlin")
        BB = "BB", _("Brandenburg")
        HB = "HB", _("Bremen")
        HH = "HH", _("Hamburg")
        HE = "HE", _("Hessen")
        MV = "MV", _("Mecklenburg-Vorpommern")
        NI = "NI", _("Niedersachsen")
        NW = "NW", _("Nordrhein-Westfalen")
        RP = "RP", _("Rheinland-Pfalz")
        SL = "SL", _("Saarland")
        SN = "SN", _("Sachsen")
        ST = "ST", _("Sachsen-Anhalt")
        SH = "SH", _("Schleswig-Holstein")
        TH = "TH", _("Thüringen")

    translated_fields: ClassVar[tuple[str, ...]] = (
        "name",
        "short_name",
        "county",
        "claim",
        "introduction",
        "who_may_join",
        "contact_role",
        "imprint",
        "privacy",
        "accessibility",
        "easy_language",
        "sign_language",
    )

    name = models.CharField(_("Name des Netzwerks"), max_length=160)
    short_name = models.CharField(_("Kurzname"), max_length=40)
    county = models.CharField(_("Landkreis"), max_length=120)
    federal_state = models.CharField(
        _("Bundesland"),
        max_length=2,
        choices=FederalState.choices,
        blank=True,
        help_text=_("Danach richten sich die Feiertage in der Jahresplanung der Treffen."),
    )
    claim = models.CharField(
        _("Leitsatz"),
        max_length=200,
        blank=True,
        help_text=_("Ein Satz: Was ist dieses Netzwerk? Er steht groß auf der Startseite."),
    )
    introduction = models.TextField(
        _("Einleitung"), blank=True, help_text=_("Zwei bis drei Sätze auf der Startseite.")
    )
    who_may_join = models.TextField(
        _("Wer kann mitmachen?"), blank=True, help_text=_("Steht auf der Seite „Mitmachen“.")
    )
    contact_role = models.CharField(_("Kontakt: Aufgabe"), max_length=160, blank=True)
    contact_name = models.CharField(_("Kontakt: Name"), max_length=120, blank=True)
    contact_phone = PhoneNumberField(_("Kontakt: Telefon"), blank=True)
    contact_email = models.EmailField(_("Kontakt: E-Mail-Adresse"), blank=True)
    logo = models.ImageField(_("Logo"), upload_to=logo_path, blank=True, editable=False)
    brand_colour = models.CharField(
        _("Hauptfarbe"),
        max_length=7,
        blank=True,
        validators=[validate_colour],
        help_text=_("Für Knöpfe, Links und Überschriften. Leer: das Grün des Portals."),
    )
    accent_colour = models.CharField(
        _("Zweite Farbe"),
        max_length=7,
        blank=True,
        validators=[validate_colour],
        help_text=_("Für wenige Dinge, die leuchten sollen. Leer: das Gelb des Portals."),
    )
    edits_checked_first = models.BooleanField(
        _("Änderungen erst prüfen"),
        default=False,
        help_text=_(
            "Mit Haken: Was eine aktive Organisation ändert, wird erst öffentlich, wenn Sie "
            "zustimmen. Ohne Haken: Es gilt sofort, und Sie sehen es auf der Startseite."
        ),
    )
    meetings_per_year = models.PositiveSmallIntegerField(_("Treffen im Jahr"), default=3)
    accompanied_by = models.CharField(_("Begleitet von"), max_length=160, blank=True)
    imprint = models.TextField(_("Impressum"), blank=True, help_text=_("Markdown ist erlaubt."))
    privacy = models.TextField(
        _("Datenschutzhinweise"), blank=True, help_text=_("Markdown ist erlaubt.")
    )
    accessibility = models.TextField(
        _("Erklärung zur Barrierefreiheit"), blank=True, help_text=_("Markdown ist erlaubt.")
    )
    easy_language = models.TextField(
        _("Leichte Sprache"),
        blank=True,
        help_text=_("Von Menschen geschrieben. Leer: Die Seite sagt, dass der Text noch fehlt."),
    )
    sign_language = models.TextField(
        _("Gebärdensprache"),
        blank=True,
        help_text=_(
            "Beschreibung und Adresse des Videos. Leer: Die Seite sagt, dass es noch fehlt."
        ),
    )
    # A starting text carries a mark on its page until somebody of the county has read it.
    imprint_checked = models.BooleanField(
        _("Impressum ist geprüft"),
        default=False,
        help_text=_("Ohne Haken steht auf der Seite: „Vom Landkreis zu prüfen“."),
    )
    privacy_checked = models.BooleanField(
        _("Datenschutzhinweise sind geprüft"),
        default=False,
        help_text=_("Ohne Haken steht auf der Seite: „Vom Landkreis zu prüfen“."),
    )
    accessibility_checked = models.BooleanField(
        _("Erklärung zur Barrierefreiheit ist geprüft"),
        default=False,
        help_text=_("Ohne Haken steht auf der Seite: „Vom Landkreis zu prüfen“."),
    )
    is_demonstration = models.BooleanField(
        _("Vorführung"),
        default=False,
        editable=False,
        help_text=_("Zeigt auf jeder Seite einen Hinweis. Es geht keine E-Mail an echte Adressen."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Netzwerkprofil")
        verbose_name_plural = _("Netzwerkprofil")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pk=1), name="portal_networkprofile_is_one_row"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tones(self) -> dict[str, tuple[str, str]]:
        """The palette made of the chosen colours; see `core.colours`."""
        chosen = (self.brand_colour.lower(), self.accent_colour.lower())
        return palette(*(colour if HEX.fullmatch(colour) else "" for colour in chosen))

    @property
    def colours_address(self) -> str:
        """Where the style sheet with the chosen colours is; empty without any."""
        if not (self.brand_colour or self.accent_colour):
            return ""
        chosen = [
            colour.lower().removeprefix("#") for colour in (self.brand_colour, self.accent_colour)
        ]
        return reverse("network_colours", args=chosen)

    @property
    def logo_address(self) -> str:
        """Where the logo is; empty without one."""
        return reverse("network_logo", args=[Path(self.logo.name).stem]) if self.logo else ""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and let every process know: the profile stands on every page."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            revision.bump()


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def open(self) -> "FeedbackQuerySet":
        return self.filter(answered_at__isnull=True)


class Feedback(models.Model):
    """A barrier somebody met; to be answered within four weeks (§ 10 L-BGG, BITV 2.0)."""

    ANSWER_WITHIN = datetime.timedelta(weeks=4)

    text = models.TextField(
        _("Ihre Nachricht"),
        validators=[MaxLengthValidator(4000)],
        help_text=_("Was hat nicht funktioniert? Was haben Sie gesucht?"),
    )
    page = models.CharField(
        _("Auf welcher Seite?"), max_length=300, blank=True, help_text=_("Wenn Sie es wissen.")
    )
    name = models.CharField(_("Ihr Name"), max_length=120, blank=True)
    email = models.EmailField(
        _("Ihre E-Mail-Adresse"), blank=True, help_text=_("Damit wir Ihnen antworten können.")
    )
    language = models.CharField(max_length=10, blank=True, editable=False)
    created_at = models.DateTimeField(_("Eingegangen am"), auto_now_add=True)
    answered_at = models.DateTimeField(_("Beantwortet am"), null=True, blank=True)
    note = models.TextField(_("Vermerk"), blank=True)
    # Made with the empty form: the same form sent twice is one message.
    creation_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("Rückmeldung zur Barrierefreiheit")
        verbose_name_plural = _("Rückmeldungen zur Barrierefreiheit")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def due_on(self) -> datetime.date:
        """The last day for an answer."""
        return timezone.localdate(self.created_at + self.ANSWER_WITHIN)
