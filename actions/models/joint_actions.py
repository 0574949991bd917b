import datetime
import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.translations import TranslatedModel
from meetings.models import is_member
from organisations.models import Language, Municipality, Organisation, TargetGroup

from .campaigns import Campaign


def may_confirm(user) -> bool:
    """Whether a person looks after all actions of the network: the officer."""
    return user.is_authenticated and user.has_perm("actions.change_jointaction")


class JointActionQuerySet(models.QuerySet["JointAction"]):
    """Every view starts from one of these; what they leave out does not exist for that person."""

    def public(self) -> "JointActionQuerySet":
        """What everybody sees: confirmed by the officer, and at least one organisation is active.

        One that was cancelled after it had been public stays, as cancelled; one that was taken back
        (`published_at` is empty again) is gone from everywhere at once.
        """
        return self.filter(
            Exists(Participation.objects.public().filter(action=OuterRef("pk")))
        ).exclude(published_at=None)

    def of(self, user) -> "JointActionQuerySet":
        """Those a person takes part in: speaks for the lead or for a confirmed partner."""
        return self.filter(
            Exists(Participation.objects.of(user).confirmed().filter(action=OuterRef("pk")))
        )

    def led_by(self, user) -> "JointActionQuerySet":
        """Those whose lead organisation a person speaks for."""
        return self.filter(
            Exists(
                Participation.objects.of(user).filter(
                    action=OuterRef("pk"), role=Participation.Role.LEAD
                )
            )
        )

    def editable_by(self, user) -> "JointActionQuerySet":
        """Those whose text a person may write: all who take part theirs, the officer every one."""
        return self if may_confirm(user) else self.of(user)

    def manageable_by(self, user) -> "JointActionQuerySet":
        """Those a person decides about: the officer all, the lead its own."""
        return self if may_confirm(user) else self.led_by(user)

    def visible_to(self, user) -> "JointActionQuerySet":
        """The public ones; for members also those in planning, so that they can join in; for the
        officer all. Who takes part sees its own whatever becomes of it.
        """
        if user.is_authenticated and user.has_perm("actions.view_jointaction"):
            return self
        if not user.is_authenticated:
            return self.public()
        seen = Q(pk__in=self.model.objects.public().values("pk")) | Q(
            pk__in=self.model.objects.of(user).values("pk")
        )
        # Whoever is asked, or has asked, learns from the link in the mail also that it is off.
        seen |= Q(pk__in=Participation.objects.of(user).waiting().values("action"))
        if is_member(user):
            seen |= ~Q(state=JointAction.State.CANCELLED)
        return self.filter(seen)

    def coming(self, now: datetime.datetime | None = None) -> "JointActionQuerySet":
        """With a date that is not over."""
        return self.filter(
            Exists(
                ActionDate.objects.filter(action=OuterRef("pk"), ends_at__gt=now or timezone.now())
            )
        )


class JointAction(TranslatedModel):
    """Something several organisations do together, from the plan to what came of it.

    States change in `actions.services` alone. `idea` is an action nobody leads yet. Who takes part
    is in `Participation`, the lead among them.
    """

    class State(models.TextChoices):
        IDEA = "idea", _("Idee, Leitung gesucht")
        PLANNING = "planning", _("In Planung")
        CONFIRMED = "confirmed", _("Bestätigt")
        DONE = "done", _("Hat stattgefunden")
        CANCELLED = "cancelled", _("Abgesagt")

    class Category(models.TextChoices):
        ENCOUNTER = "encounter", _("Begegnung und Fest")
        MUSIC = "music", _("Musik und Tanz")
        EXHIBITION = "exhibition", _("Ausstellung")
        READING = "reading", _("Lesung, Film und Theater")
        TALK = "talk", _("Vortrag und Gespräch")
        WORKSHOP = "workshop", _("Workshop und Kurs")
        FOOD = "food", _("Essen und Kochen")
        SPORT = "sport", _("Sport und Bewegung")
        CHILDREN = "children", _("Für Kinder und Familien")
        TOUR = "tour", _("Führung und Ausflug")
        PRAYER = "prayer", _("Gebet und Dialog der Religionen")
        OTHER = "other", _("Anderes")

    class Accessibility(models.TextChoices):
        UNKNOWN = "unknown", _("nicht bekannt")
        YES = "yes", _("barrierefrei")
        PARTLY = "partly", _("teilweise barrierefrei")
        NO = "no", _("nicht barrierefrei")

    translated_fields: ClassVar[tuple[str, ...]] = (
        "title",
        "summary",
        "description",
        "entry",
        "additional",
    )
    SUMMARY_LENGTH = 300
    TEXT_LENGTH = 5000
    MOST_DATES = 60
    MOST_PEOPLE = 5000

    # What
    title = models.CharField(_("Titel"), max_length=120)
    slug = models.SlugField(_("Adresse im Netz"), max_length=90, unique=True, editable=False)
    summary = models.CharField(
        _("Kurz gesagt"),
        max_length=SUMMARY_LENGTH,
        blank=True,
        help_text=_("Ein oder zwei Sätze. Sie stehen im Programm."),
    )
    description = models.TextField(
        _("Beschreibung"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)]
    )
    category = models.CharField(_("Art"), max_length=12, choices=Category.choices, blank=True)
    target_groups = models.ManyToManyField(
        TargetGroup, related_name="joint_actions", verbose_name=_("Zielgruppen"), blank=True
    )
    languages = models.ManyToManyField(
        Language,
        related_name="joint_actions",
        verbose_name=_("Sprachen"),
        blank=True,
        help_text=_("Diese Sprachen werden dort gesprochen."),
    )
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="actions",
        verbose_name=_("Aktionszeitraum"),
    )

    # Where
    place = models.CharField(_("Ort"), max_length=160, blank=True, help_text=_("Haus und Raum"))
    address = models.CharField(
        _("Adresse"), max_length=200, blank=True, help_text=_("Straße und Hausnummer, Postleitzahl")
    )
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="joint_actions",
        verbose_name=_("Stadt oder Gemeinde"),
    )
    accessibility = models.CharField(
        _("Ist der Ort barrierefrei?"),
        max_length=10,
        choices=Accessibility.choices,
        default=Accessibility.UNKNOWN,
    )
    accessibility_note = models.CharField(
        _("Hinweis zur Barrierefreiheit"), max_length=300, blank=True
    )

    # How one comes in
    entry = models.CharField(
        _("Eintritt"),
        max_length=160,
        blank=True,
        help_text=_("Zum Beispiel: frei, mit Anmeldung"),
    )
    link = models.URLField(_("Internetseite"), max_length=500, blank=True)
    additional = models.CharField(
        _("Gut zu wissen"),
        max_length=500,
        blank=True,
        help_text=_("Zum Beispiel: Bei Regen im Gemeindehaus."),
    )
    takes_registrations = models.BooleanField(
        _("Besucherinnen und Besucher melden sich hier an"), default=False
    )
    capacity = models.PositiveSmallIntegerField(
        _("Plätze je Termin"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PEOPLE)],
        help_text=_("Ohne Angabe gibt es keine Warteliste."),
    )
    registration_until = models.DateTimeField(
        _("Anmeldung bis"),
        null=True,
        blank=True,
        help_text=_("Ohne Angabe bis zum Beginn."),
    )
    contact_name = models.CharField(_("Ansprechperson"), max_length=120, blank=True)
    contact_phone = models.CharField(_("Telefon"), max_length=40, blank=True)
    contact_email = models.EmailField(_("E-Mail-Adresse"), blank=True)

    # Its life
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.IDEA, editable=False
    )
    state_since = models.DateTimeField(_("Stand seit"), default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(
        _("Zum Prüfen gegeben am"), null=True, blank=True, editable=False
    )
    returned_note = models.TextField(
        _("Rückfrage des Teams"), blank=True, editable=False, validators=[MaxLengthValidator(1000)]
    )
    published_at = models.DateTimeField(_("Öffentlich seit"), null=True, blank=True, editable=False)
    cancel_reason = models.TextField(_("Grund der Absage"), blank=True, editable=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    copied_from = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="copies",
        editable=False,
        verbose_name=_("Vorlage"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("Angelegt von"),
    )
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)
    modified_at = models.DateTimeField(_("Geändert am"), auto_now=True)

    objects = JointActionQuerySet.as_manager()
    history = HistoricalRecords(
        m2m_fields=[target_groups, languages], excluded_fields=["search_text"]
    )

    class Meta:
        verbose_name = _("Gemeinsame Aktion")
        verbose_name_plural = _("Gemeinsame Aktionen")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "id"], name="actions_by_state"),
            models.Index(fields=["campaign", "published_at"], name="actions_by_campaign"),
            models.Index(fields=["published_at", "id"], name="actions_published"),
            models.Index(fields=["submitted_at"], name="actions_submitted"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(title=""),
                name="actions_action_has_title",
                violation_error_message=_("Bitte geben Sie der Aktion einen Titel."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["idea", "planning", "confirmed", "done", "cancelled"]),
                name="actions_action_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["confirmed", "done"], published_at__isnull=False)
                | Q(state__in=["idea", "planning"], published_at=None)
                | Q(state="cancelled"),
                name="actions_action_public_from_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(capacity__gte=1),
                name="actions_action_has_a_seat",
                violation_error_message=_("Es braucht mindestens einen Platz."),
            ),
        ]

    def __str__(self) -> str:
        return self.translated("title")

    def get_absolute_url(self) -> str:
        return reverse("actions:detail", kwargs={"slug": self.slug})

    @property
    def is_public(self) -> bool:
        """Whether everybody may see it, as far as its own row says; see `public` for the rest."""
        return self.published_at is not None

    @property
    def is_cancelled(self) -> bool:
        return self.state == self.State.CANCELLED

    @property
    def is_waiting(self) -> bool:
        """Whether the officer is asked to look at it and confirm."""
        return self.state == self.State.PLANNING and self.submitted_at is not None


class ActionDate(models.Model):
    """One time at which an action takes place; it may pass midnight or last for days."""

    action = models.ForeignKey(
        JointAction, models.CASCADE, related_name="dates", verbose_name=_("Aktion")
    )
    starts_at = models.DateTimeField(_("Beginn"))
    ends_at = models.DateTimeField(_("Ende"))
    note = models.CharField(
        _("Hinweis zu diesem Termin"),
        max_length=120,
        blank=True,
        help_text=_("Zum Beispiel: nur für Frauen."),
    )
    # A calendar knows each date for itself.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # What is left for the record when the registrations are deleted.
    people_registered = models.PositiveIntegerField(null=True, blank=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Termin")
        verbose_name_plural = _("Termine")
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["starts_at", "id"], name="actions_date_start"),
            models.Index(fields=["action", "ends_at"], name="actions_date_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="actions_date_ends_after_start",
                violation_error_message=_("Das Ende muss nach dem Beginn liegen."),
            ),
            models.UniqueConstraint(
                fields=["action", "starts_at", "ends_at"],
                name="actions_date_once",
                violation_error_message=_("Dieser Termin steht schon da."),
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.starts_at):%d.%m.%Y %H:%M}"

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def confirmed(self) -> "ParticipationQuerySet":
        """The lead and the partners that have agreed."""
        return self.filter(state=Participation.State.CONFIRMED)

    def waiting(self) -> "ParticipationQuerySet":
        """Those about which one side has not decided yet."""
        return self.filter(state__in=[Participation.State.INVITED, Participation.State.ASKED])

    def public(self) -> "ParticipationQuerySet":
        """Those that may be named to everybody: confirmed, and the organisation is active."""
        return self.confirmed().filter(organisation__state=Organisation.State.ACTIVE)

    def of(self, user) -> "ParticipationQuerySet":
        """Those of the organisations a person speaks for today."""
        return self.filter(organisation__in=Organisation.objects.of(user))


class Participation(models.Model):
    """An organisation in an action: asked by the lead, or asking; each agrees for itself alone."""

    class Role(models.TextChoices):
        LEAD = "lead", _("Leitung")
        PARTNER = "partner", _("Partner")

    class State(models.TextChoices):
        INVITED = "invited", _("Eingeladen")
        ASKED = "asked", _("Möchte mitmachen")
        CONFIRMED = "confirmed", _("Macht mit")
        DECLINED = "declined", _("Macht nicht mit")
        LEFT = "left", _("Nicht mehr dabei")

    action = models.ForeignKey(
        JointAction, models.CASCADE, related_name="participations", verbose_name=_("Aktion")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="participations",
        verbose_name=_("Organisation"),
    )
    role = models.CharField(
        _("Rolle"), max_length=10, choices=Role.choices, default=Role.PARTNER, editable=False
    )
    state = models.CharField(_("Stand"), max_length=10, choices=State.choices, editable=False)
    state_since = models.DateTimeField(_("Seit"), default=timezone.now, editable=False)
    message = models.CharField(_("Ein Wort dazu"), max_length=500, blank=True)
    # The lead offers its part to this partner, which takes it or not.
    lead_offered_at = models.DateTimeField(null=True, blank=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("Eingetragen von"),
    )

    objects = ParticipationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Beteiligung")
        verbose_name_plural = _("Beteiligungen")
        ordering = ["role", "state_since", "pk"]  # "lead" comes before "partner"
        indexes = [
            models.Index(fields=["organisation", "state"], name="actions_part_organisation"),
            models.Index(fields=["action", "state"], name="actions_part_action"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "organisation"], name="actions_part_once_per_organisation"
            ),
            models.UniqueConstraint(
                fields=["action"], condition=Q(role="lead"), name="actions_part_one_lead"
            ),
            models.CheckConstraint(
                condition=Q(role="partner") | Q(role="lead", state="confirmed"),
                name="actions_part_lead_takes_part",
            ),
            models.CheckConstraint(
                condition=Q(lead_offered_at=None) | Q(role="partner", state="confirmed"),
                name="actions_part_lead_offered_to_partner",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["invited", "asked", "confirmed", "declined", "left"]),
                name="actions_part_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)


class ActionImage(models.Model):
    """A picture of an action, drawn anew without metadata, served by a view that asks for rights.

    Shown only with what § 22 KUG and accessibility ask for. `pending`: kept while the rest of its
    form still has errors; housekeeping removes what nobody took over.
    """

    class Kind(models.TextChoices):
        MAIN = "main", _("Bild der Aktion")
        RESULT = "result", _("Foto von der Aktion")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.ForeignKey(
        JointAction, models.CASCADE, related_name="images", verbose_name=_("Aktion")
    )
    kind = models.CharField(_("Art"), max_length=10, choices=Kind.choices, editable=False)
    pending = models.BooleanField(default=False, editable=False)
    width = models.PositiveSmallIntegerField(editable=False)
    height = models.PositiveSmallIntegerField(editable=False)
    alt_text = models.CharField(
        _("Was ist zu sehen?"),
        max_length=200,
        blank=True,
        help_text=_("Für Menschen, die das Bild nicht sehen."),
    )
    credit = models.CharField(_("Bild von"), max_length=120, blank=True)
    has_consent = models.BooleanField(
        _("Wir dürfen das Bild zeigen. Alle, die zu erkennen sind, sind einverstanden."),
        default=False,
    )
    consent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    consent_at = models.DateTimeField(null=True, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    uploaded_at = models.DateTimeField(_("Hochgeladen am"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Bild")
        verbose_name_plural = _("Bilder")
        ordering = ["kind", "position", "uploaded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["action"],
                condition=Q(kind="main", pending=False),
                name="actions_image_one_main",
            ),
            models.CheckConstraint(
                condition=Q(pending=True) | (Q(has_consent=True) & ~Q(alt_text="") & ~Q(credit="")),
                name="actions_image_described_and_agreed",
                violation_error_message=_(
                    "Ein Bild braucht eine Beschreibung, einen Namen und das Einverständnis."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.alt_text or str(self.pk)
