import datetime
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from simple_history.models import HistoricalRecords

from core.translations import TranslatedModel

from .taxonomy import Language, Municipality, TargetGroup, Topic


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Every view starts from one of these; what they leave out does not exist for that person."""

    def public(self) -> "OrganisationQuerySet":
        return self.filter(state=Organisation.State.ACTIVE)

    def of(self, user) -> "OrganisationQuerySet":
        """The organisations a person speaks for, in any state but archived."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(representatives__user=user).exclude(state=Organisation.State.ARCHIVED)

    def visible_to(self, user) -> "OrganisationQuerySet":
        """What a person may read in full: the public ones, their own, and everything for staff."""
        if user.is_authenticated and user.has_perm("organisations.view_organisation"):
            return self
        public = Q(state=Organisation.State.ACTIVE)
        if not user.is_authenticated:
            return self.filter(public)
        own = Organisation.objects.of(user).values("pk")
        return self.filter(public | Q(pk__in=own))

    def editable_by(self, user) -> "OrganisationQuerySet":
        """What a person may change: their own, and everything for the officer."""
        if user.is_authenticated and user.has_perm("organisations.change_organisation"):
            return self.exclude(state=Organisation.State.ARCHIVED)
        return self.of(user)

    def managed_by(self, user) -> "OrganisationQuerySet":
        """Where a person may change who speaks for it: as manager, or as the officer."""
        if user.is_authenticated and user.has_perm("organisations.change_representative"):
            return self.exclude(state=Organisation.State.ARCHIVED)
        if not user.is_authenticated:
            return self.none()
        # One row per person and organisation, so the join doubles nothing.
        return self.exclude(state=Organisation.State.ARCHIVED).filter(
            representatives__user=user, representatives__role="manager"
        )


class Organisation(TranslatedModel):
    """A migrant organisation or partner, from the first line of its registration to the archive.

    Only `active` organisations are public. States change in `organisations.services` alone.
    """

    class Kind(models.TextChoices):
        ASSOCIATION = "association", _("Verein")
        INITIATIVE = "initiative", _("Initiative")
        RELIGIOUS = "religious", _("Religiöse Gemeinschaft")
        FOUNDATION = "foundation", _("Stiftung")
        NONPROFIT_COMPANY = "nonprofit_company", _("gGmbH")
        PARTNER = "partner", _("Partnerinstitution")

    class State(models.TextChoices):
        DRAFT = "draft", _("Entwurf")
        SUBMITTED = "submitted", _("Eingereicht")
        RETURNED = "returned", _("Rückfrage")
        REJECTED = "rejected", _("Abgelehnt")
        ACTIVE = "active", _("Aktiv")
        PAUSED = "paused", _("Pausiert")
        ARCHIVED = "archived", _("Archiviert")

    class Accessibility(models.TextChoices):
        UNKNOWN = "unknown", _("nicht bekannt")
        YES = "yes", _("barrierefrei")
        PARTLY = "partly", _("teilweise barrierefrei")
        NO = "no", _("nicht barrierefrei")

    translated_fields: ClassVar[tuple[str, ...]] = ("description", "aims", "activities")
    TEXT_LENGTH = 3000

    # Who it is
    name = models.CharField(_("Name"), max_length=160)
    short_name = models.CharField(_("Kurzname"), max_length=40, blank=True)
    slug = models.SlugField(_("Adresse im Netz"), max_length=80, unique=True, editable=False)
    kind = models.CharField(_("Art"), max_length=20, choices=Kind.choices, blank=True)
    legal_form = models.CharField(
        _("Rechtsform"), max_length=80, blank=True, help_text=_("Zum Beispiel: e. V.")
    )
    founding_year = models.PositiveSmallIntegerField(_("Gründungsjahr"), null=True, blank=True)
    register_entry = models.CharField(
        _("Registereintrag"),
        max_length=120,
        blank=True,
        help_text=_("Zum Beispiel: VR 123456, Amtsgericht Mannheim"),
    )
    charitable = models.BooleanField(_("Gemeinnützig"), null=True, blank=True)

    # What it does
    description = models.TextField(
        _("Beschreibung"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)]
    )
    aims = models.TextField(_("Ziele"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)])
    activities = models.TextField(
        _("Aktivitäten"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)]
    )
    topics = models.ManyToManyField(
        Topic, related_name="organisations", verbose_name=_("Themen"), blank=True
    )
    target_groups = models.ManyToManyField(
        TargetGroup, related_name="organisations", verbose_name=_("Zielgruppen"), blank=True
    )
    languages = models.ManyToManyField(
        Language, related_name="organisations", verbose_name=_("Sprachen"), blank=True
    )
    regions = models.CharField(
        _("Länder oder Regionen"),
        max_length=200,
        blank=True,
        help_text=_("Nur wenn Sie möchten: Mit welchen Ländern oder Regionen sind Sie verbunden?"),
    )

    # Where it is
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        related_name="organisations",
        verbose_name=_("Stadt oder Gemeinde"),
        null=True,
        blank=True,
    )
    whole_county = models.BooleanField(_("Im ganzen Landkreis aktiv"), default=False)
    active_in = models.ManyToManyField(
        Municipality,
        related_name="organisations_active_here",
        verbose_name=_("Auch aktiv in"),
        blank=True,
    )
    street = models.CharField(_("Straße und Hausnummer"), max_length=120, blank=True)
    address_extra = models.CharField(
        _("Zusatz"), max_length=120, blank=True, help_text=_("Zum Beispiel: Hinterhaus, 2. Stock")
    )
    postal_code = models.CharField(_("Postleitzahl"), max_length=5, blank=True)
    place = models.CharField(_("Ort"), max_length=80, blank=True)
    address_public = models.BooleanField(_("Adresse öffentlich zeigen"), default=False)
    opening_times = models.TextField(
        _("Öffnungszeiten oder Treffen"),
        blank=True,
        validators=[MaxLengthValidator(500)],
        help_text=_("Zum Beispiel: jeden Freitag, 18 Uhr"),
    )
    accessibility = models.CharField(
        _("Ist der Ort barrierefrei?"),
        max_length=10,
        choices=Accessibility.choices,
        default=Accessibility.UNKNOWN,
    )

    # How to reach it
    phone = PhoneNumberField(_("Telefon"), blank=True)
    email = models.EmailField(_("E-Mail-Adresse"), blank=True)
    website = models.URLField(_("Internetseite"), max_length=300, blank=True)
    social_links = models.JSONField(_("Soziale Medien"), default=list, blank=True)

    # Its life
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False
    )
    state_since = models.DateTimeField(_("Stand seit"), default=timezone.now, editable=False)
    officer_message = models.TextField(
        _("Nachricht an die Organisation"),
        blank=True,
        editable=False,
        help_text=_("Die letzte Rückfrage oder Begründung, wie sie verschickt wurde."),
    )
    answer_to_office = models.TextField(
        _("Antwort an das Team"),
        blank=True,
        editable=False,
        validators=[MaxLengthValidator(TEXT_LENGTH)],
        help_text=_("Was die Organisation auf die letzte Rückfrage geantwortet hat."),
    )
    review_after = models.DateField(_("Wiedervorlage"), null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("Eingereicht am"), null=True, blank=True, editable=False)
    confirmed_on = models.DateField(
        _("Zuletzt bestätigt am"), null=True, blank=True, editable=False
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_from",
        verbose_name=_("Zusammengeführt mit"),
        editable=False,
        help_text=_("Die Organisation, unter der diese jetzt zu finden ist."),
    )
    skipped_logo = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), auto_now_add=True)
    modified_at = models.DateTimeField(_("Geändert am"), auto_now=True)

    objects = OrganisationQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[topics, target_groups, languages, active_in])

    class Meta:
        verbose_name = _("Organisation")
        verbose_name_plural = _("Organisationen")
        ordering = ["name", "pk"]
        permissions = [("review_organisation", "Über Anmeldungen entscheiden")]
        indexes = [
            models.Index(fields=["state", "name"], name="organisations_state_name"),
            models.Index(fields=["state", "submitted_at"], name="organisations_state_submitted"),
            # The back office's list: its order, and the numbers at its filters.
            models.Index(fields=["name", "id"], name="organisations_by_name"),
            models.Index(
                fields=["state", "kind", "accessibility", "municipality"],
                name="organisations_counted",
            ),
            models.Index(fields=["state", "confirmed_on"], name="organisations_state_confirmed"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""),
                name="organisations_organisation_has_name",
                violation_error_message=_("Bitte geben Sie den Namen der Organisation an."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "archived"])
                | (~Q(kind="") & Q(municipality__isnull=False)),
                name="organisations_organisation_complete_when_submitted",
                violation_error_message=_("Es fehlen noch Angaben: Art und Stadt oder Gemeinde."),
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "draft",
                        "submitted",
                        "returned",
                        "rejected",
                        "active",
                        "paused",
                        "archived",
                    ]
                ),
                name="organisations_organisation_known_state",
            ),
            models.CheckConstraint(
                condition=Q(founding_year__isnull=True)
                | Q(founding_year__gte=1000, founding_year__lte=2100),
                name="organisations_organisation_plausible_year",
                violation_error_message=_("Bitte geben Sie das Gründungsjahr mit vier Ziffern an."),
            ),
            models.CheckConstraint(
                condition=Q(postal_code="") | Q(postal_code__regex=r"^[0-9]{5}$"),
                name="organisations_organisation_postal_code",
                violation_error_message=_("Eine Postleitzahl hat fünf Ziffern."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True)
                | (Q(state="archived") & ~Q(merged_into=F("id"))),
                name="organisations_organisation_merged_is_archived",
            ),
            models.CheckConstraint(
                condition=Q(website="") | Q(website__regex=r"^[hH][tT][tT][pP][sS]?://"),
                name="organisations_organisation_website_is_http",
                violation_error_message=_("Die Internetseite beginnt mit https:// oder http://."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("organisations:detail", kwargs={"slug": self.slug})

    @property
    def is_public(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def can_submit(self) -> bool:
        """Whether its representatives may (again) send it to the officer."""
        return self.state in {self.State.DRAFT, self.State.RETURNED}

    def confirmation_is_old(self, today: datetime.date | None = None) -> bool:
        """Whether the last confirmation is more than a year ago."""
        today = today or timezone.localdate()
        return self.confirmed_on is None or (today - self.confirmed_on).days > 365


class FormerSlug(models.Model):
    """An address an organisation had before its name changed; it redirects for ever."""

    slug = models.SlugField(max_length=80, unique=True)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="former_slugs")

    class Meta:
        verbose_name = _("frühere Adresse")
        verbose_name_plural = _("frühere Adressen")

    def __str__(self) -> str:
        return self.slug


class ProblemReport(models.Model):
    """What a visitor says is wrong on an organisation's page; seen by staff alone."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="problem_reports", verbose_name=_("Organisation")
    )
    text = models.TextField(_("Was stimmt nicht?"), validators=[MaxLengthValidator(2000)])
    email = models.EmailField(
        _("Ihre E-Mail-Adresse"), blank=True, help_text=_("Nur wenn Sie eine Antwort möchten.")
    )
    # Made with the empty form: the same form sent twice is one report.
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Eingegangen am"), auto_now_add=True)
    settled_at = models.DateTimeField(_("Erledigt am"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Erledigt von"),
    )

    class Meta:
        verbose_name = _("Hinweis")
        verbose_name_plural = _("Hinweise")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.organisation}: {self.text[:60]}"
