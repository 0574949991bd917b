import datetime
import uuid
import zoneinfo
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core.translations import TranslatedModel
from organisations.models import Language, Organisation


def is_member(user) -> bool:
    """Whether a person speaks for an organisation of the network as it is today."""
    return user.is_authenticated and Organisation.objects.of(user).public().exists()


def may_plan(user) -> bool:
    """Whether a person runs the network's meetings: the officer."""
    return user.is_authenticated and user.has_perm("meetings.change_meeting")


def default_time_zone() -> str:
    return settings.TIME_ZONE


class MeetingQuerySet(models.QuerySet["Meeting"]):
    """Every view starts from one of these; what they leave out does not exist for that person."""

    def public(self) -> "MeetingQuerySet":
        """What everybody may know of: date and place, not more."""
        return self.filter(visibility=Meeting.Visibility.PUBLIC)

    def visible_to(self, user) -> "MeetingQuerySet":
        """The public ones; for members all that the officer has shown; for the officer all."""
        if user.is_authenticated and user.has_perm("meetings.view_meeting"):
            return self
        if is_member(user):
            return self.exclude(visibility=Meeting.Visibility.OFFICE)
        return self.public()

    def open_to(self, user) -> "MeetingQuerySet":
        """Those whose agenda, documents and minutes a person may read: members and the officer."""
        if user.is_authenticated and user.has_perm("meetings.view_meeting"):
            return self
        if is_member(user):
            return self.exclude(visibility=Meeting.Visibility.OFFICE)
        return self.none()

    def upcoming(self, now: datetime.datetime | None = None) -> "MeetingQuerySet":
        """Not over and not cancelled, the next first."""
        return (
            self.exclude(state=Meeting.State.CANCELLED)
            .filter(ends_at__gt=now or timezone.now())
            .order_by("starts_at", "pk")
        )

    def past(self, now: datetime.datetime | None = None) -> "MeetingQuerySet":
        """Over and not cancelled, the last first."""
        return (
            self.exclude(state=Meeting.State.CANCELLED)
            .filter(ends_at__lte=now or timezone.now())
            .order_by("-starts_at", "-pk")
        )

    def counting(self, year: int) -> "MeetingQuerySet":
        """The network meetings of a year that count towards its target, by date."""
        zone = timezone.get_default_timezone()
        return (
            self.exclude(state=Meeting.State.CANCELLED)
            .filter(
                kind__in=[Meeting.Kind.NETWORK, Meeting.Kind.KICKOFF],
                starts_at__gte=datetime.datetime(year, 1, 1, tzinfo=zone),
                starts_at__lt=datetime.datetime(year + 1, 1, 1, tzinfo=zone),
            )
            .order_by("starts_at", "pk")
        )


class Meeting(TranslatedModel):
    """A meeting of the network, from the plan to the minutes.

    States change in `meetings.services` alone. What calendars know a meeting by is `uid`;
    `sequence` counts what they have to be told (RFC 5545, 3.8.7.4).
    """

    class Kind(models.TextChoices):
        NETWORK = "network", _("Netzwerktreffen")
        KICKOFF = "kickoff", _("Auftakttreffen")
        GROUP = "group", _("Arbeitsgruppe")
        TRAINING = "training", _("Fortbildung")
        OTHER = "other", _("Anderes Treffen")

    class State(models.TextChoices):
        PLANNED = "planned", _("Geplant")
        INVITED = "invited", _("Eingeladen")
        HELD = "held", _("Hat stattgefunden")
        DOCUMENTED = "documented", _("Dokumentiert")
        CANCELLED = "cancelled", _("Abgesagt")

    class Visibility(models.TextChoices):
        OFFICE = "office", _("nur das Team")
        MEMBERS = "members", _("Mitglieder")
        PUBLIC = "public", _("alle: Termin und Ort stehen im Netz")

    class Accessibility(models.TextChoices):
        UNKNOWN = "unknown", _("nicht bekannt")
        YES = "yes", _("barrierefrei")
        PARTLY = "partly", _("teilweise barrierefrei")
        NO = "no", _("nicht barrierefrei")

    translated_fields: ClassVar[tuple[str, ...]] = ("title", "description")
    TEXT_LENGTH = 5000
    MOST_PEOPLE = 2000

    # What
    title = models.CharField(_("Titel"), max_length=160)
    slug = models.SlugField(_("Adresse im Netz"), max_length=90, unique=True, editable=False)
    kind = models.CharField(_("Art"), max_length=10, choices=Kind.choices, default=Kind.NETWORK)
    visibility = models.CharField(
        _("Wer sieht das Treffen?"),
        max_length=10,
        choices=Visibility.choices,
        default=Visibility.MEMBERS,
        help_text=_("Tagesordnung, Unterlagen und Protokoll sehen immer nur die Mitglieder."),
    )
    description = models.TextField(
        _("Beschreibung"),
        blank=True,
        validators=[MaxLengthValidator(TEXT_LENGTH)],
        help_text=_("Worum geht es? Bei öffentlichen Treffen lesen das alle."),
    )
    hosts = models.ManyToManyField(
        Organisation,
        related_name="hosted_meetings",
        verbose_name=_("Gastgebende Organisationen"),
        blank=True,
    )
    interpreters = models.ManyToManyField(
        Language,
        related_name="+",
        verbose_name=_("Dolmetschen"),
        blank=True,
        help_text=_("In diese Sprachen wird gedolmetscht."),
    )

    # When
    starts_at = models.DateTimeField(_("Beginn"))
    ends_at = models.DateTimeField(_("Ende"))
    time_zone = models.CharField(_("Zeitzone"), max_length=50, default=default_time_zone)
    answer_until = models.DateTimeField(
        _("Anmeldung bis"),
        null=True,
        blank=True,
        help_text=_("Ohne Angabe kann man bis zum Beginn antworten."),
    )
    proposals_until = models.DateTimeField(
        _("Vorschläge zur Tagesordnung bis"),
        null=True,
        blank=True,
        help_text=_("Ohne Angabe nimmt die Tagesordnung keine Vorschläge an."),
    )

    # Where
    place = models.CharField(_("Ort"), max_length=160, blank=True, help_text=_("Haus und Raum"))
    address = models.CharField(
        _("Adresse"), max_length=200, blank=True, help_text=_("Straße, Postleitzahl und Ort")
    )
    directions = models.TextField(
        _("So kommt man hin"), blank=True, validators=[MaxLengthValidator(1000)]
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
    online_url = models.URLField(
        _("Online-Link"), max_length=500, blank=True, help_text=_("Sehen nur die Eingeladenen.")
    )
    online_note = models.CharField(_("Hinweis zur Teilnahme online"), max_length=300, blank=True)
    capacity = models.PositiveSmallIntegerField(
        _("Plätze"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PEOPLE)],
        help_text=_("Ohne Angabe gibt es keine Warteliste."),
    )

    # Its life
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.PLANNED, editable=False
    )
    state_since = models.DateTimeField(_("Stand seit"), default=timezone.now, editable=False)
    cancel_reason = models.TextField(_("Grund der Absage"), blank=True, editable=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    copied_from = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("Vorlage"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), auto_now_add=True)
    modified_at = models.DateTimeField(_("Geändert am"), auto_now=True)

    objects = MeetingQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[hosts, interpreters])

    class Meta:
        verbose_name = _("Treffen")
        verbose_name_plural = _("Treffen")
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["starts_at", "id"], name="meetings_by_start"),
            models.Index(fields=["state", "ends_at"], name="meetings_state_end"),
            models.Index(fields=["visibility", "starts_at"], name="meetings_visible"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(title=""),
                name="meetings_meeting_has_title",
                violation_error_message=_("Bitte geben Sie dem Treffen einen Titel."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="meetings_meeting_ends_after_start",
                violation_error_message=_("Das Ende muss nach dem Beginn liegen."),
            ),
            models.CheckConstraint(
                condition=~Q(place="") | ~Q(online_url="") | Q(state__in=["planned", "cancelled"]),
                name="meetings_meeting_is_somewhere",
                violation_error_message=_("Es fehlt noch der Ort oder der Online-Link."),
            ),
            models.CheckConstraint(
                condition=~Q(visibility="office") | Q(state__in=["planned", "cancelled"]),
                name="meetings_meeting_is_shown_when_invited",
                violation_error_message=_("Wer eingeladen ist, muss das Treffen sehen können."),
            ),
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(capacity__gte=1),
                name="meetings_meeting_has_a_seat",
                violation_error_message=_("Es braucht mindestens einen Platz."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "invited", "held", "documented", "cancelled"]),
                name="meetings_meeting_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["office", "members", "public"]),
                name="meetings_meeting_visibility_is_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["network", "kickoff", "group", "training", "other"]),
                name="meetings_meeting_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("meetings:detail", kwargs={"slug": self.slug})

    @property
    def zone(self) -> datetime.tzinfo:
        """The zone its times are said in; the portal's own if the name is not known any more."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return timezone.get_default_timezone()

    @property
    def begins(self) -> datetime.datetime:
        """Its start in its own time zone."""
        return self.starts_at.astimezone(self.zone)

    @property
    def ends(self) -> datetime.datetime:
        """Its end in its own time zone."""
        return self.ends_at.astimezone(self.zone)

    @property
    def is_cancelled(self) -> bool:
        return self.state == self.State.CANCELLED

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= timezone.now()

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def answers_end(self) -> datetime.datetime:
        """Until when one may say for the first time that one comes; changes go until the start."""
        return min(self.answer_until or self.starts_at, self.starts_at)


class MeetingReminder(models.Model):
    """When those who have not answered are reminded; the officer sets the days."""

    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="reminders", verbose_name=_("Treffen")
    )
    days_before = models.PositiveSmallIntegerField(
        _("Tage vor dem Treffen"), validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    done_at = models.DateTimeField(_("Erledigt am"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("Erinnerung")
        verbose_name_plural = _("Erinnerungen")
        ordering = ["-days_before"]
        indexes = [models.Index(fields=["done_at", "days_before"], name="meetings_reminder_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "days_before"],
                name="meetings_reminder_once_a_day",
                violation_error_message=_("An diesem Tag wird schon erinnert."),
            ),
            models.CheckConstraint(
                condition=Q(days_before__range=(1, 120)), name="meetings_reminder_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting}: {self.days_before}"
