from django.conf import settings
from django.core.validators import MaxLengthValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from organisations.models import Organisation

from .agenda import AgendaItem
from .meeting import Meeting, is_member


class MinutesQuerySet(models.QuerySet["Minutes"]):
    def visible_to(self, user) -> "MinutesQuerySet":
        """The published ones for members of the network; all for the officer."""
        if user.is_authenticated and user.has_perm("meetings.view_minutes"):
            return self
        if is_member(user):
            return self.filter(
                state=Minutes.State.PUBLISHED,
                meeting__in=Meeting.objects.open_to(user).values("pk"),
            )
        return self.none()


class Minutes(models.Model):
    """What was said and agreed at a meeting; what stands below an agenda item is `MinutesEntry`."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Entwurf")
        PUBLISHED = "published", _("Veröffentlicht")

    TEXT_LENGTH = 20_000

    meeting = models.OneToOneField(
        Meeting, models.PROTECT, related_name="minutes", verbose_name=_("Treffen")
    )
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False
    )
    introduction = models.TextField(
        _("Einleitung"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)]
    )
    closing = models.TextField(
        _("Schluss"), blank=True, validators=[MaxLengthValidator(TEXT_LENGTH)]
    )
    public_summary = models.TextField(
        _("Zusammenfassung für alle"),
        blank=True,
        validators=[MaxLengthValidator(5000)],
        help_text=_(
            "Lesen alle auf der Seite des Treffens, wenn das Protokoll veröffentlicht ist."
        ),
    )
    published_at = models.DateTimeField(_("Veröffentlicht am"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)
    modified_at = models.DateTimeField(_("Geändert am"), auto_now=True)

    objects = MinutesQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_text"])

    class Meta:
        verbose_name = _("Protokoll")
        verbose_name_plural = _("Protokolle")
        ordering = ["-meeting__starts_at"]
        indexes = [models.Index(fields=["state", "published_at"], name="meetings_minutes_state")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="meetings_minutes_published_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "published"]),
                name="meetings_minutes_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.meeting)


class MinutesEntry(models.Model):
    """What the minutes say about one agenda item, in Markdown."""

    minutes = models.ForeignKey(
        Minutes, models.CASCADE, related_name="entries", verbose_name=_("Protokoll")
    )
    agenda_item = models.ForeignKey(
        AgendaItem,
        models.PROTECT,
        related_name="minutes_entries",
        verbose_name=_("Tagesordnungspunkt"),
    )
    text = models.TextField(
        _("Text"), blank=True, validators=[MaxLengthValidator(Minutes.TEXT_LENGTH)]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("Abschnitt des Protokolls")
        verbose_name_plural = _("Abschnitte des Protokolls")
        ordering = ["agenda_item__position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["minutes", "agenda_item"], name="meetings_minutesentry_once_per_item"
            )
        ]

    def __str__(self) -> str:
        return str(self.agenda_item)


class Correction(models.Model):
    """What was changed in minutes after they were published; members see it below them."""

    minutes = models.ForeignKey(
        Minutes, models.CASCADE, related_name="corrections", verbose_name=_("Protokoll")
    )
    part = models.CharField(_("Stelle"), max_length=200)
    before = models.TextField(_("Vorher"), blank=True)
    after = models.TextField(_("Nachher"), blank=True)
    reason = models.CharField(_("Grund"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    made_at = models.DateTimeField(_("Berichtigt am"), default=timezone.now)

    class Meta:
        verbose_name = _("Berichtigung")
        verbose_name_plural = _("Berichtigungen")
        ordering = ["made_at", "pk"]
        indexes = [models.Index(fields=["minutes", "made_at"], name="meetings_correction_order")]

    def __str__(self) -> str:
        return self.part


class DecisionQuerySet(models.QuerySet["Decision"]):
    def visible_to(self, user) -> "DecisionQuerySet":
        """Those of published minutes for members; all for the officer."""
        if user.is_authenticated and user.has_perm("meetings.view_decision"):
            return self
        return self.filter(meeting__minutes__in=Minutes.objects.visible_to(user).values("pk"))


class Decision(models.Model):
    """Something the network has agreed on; numbered through each year: 2027-3.

    The number comes when the minutes are published: until then a decision can go again, and no
    number is ever missing.
    """

    meeting = models.ForeignKey(
        Meeting, models.PROTECT, related_name="decisions", verbose_name=_("Treffen")
    )
    agenda_item = models.ForeignKey(
        AgendaItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        verbose_name=_("Tagesordnungspunkt"),
    )
    year = models.PositiveSmallIntegerField(_("Jahr"), editable=False)
    number = models.PositiveSmallIntegerField(
        _("Nummer"), null=True, blank=True, validators=[MinValueValidator(1)], editable=False
    )
    text = models.TextField(_("Beschluss"), validators=[MaxLengthValidator(2000)])
    search_text = models.TextField(blank=True, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)

    objects = DecisionQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_text"])

    class Meta:
        verbose_name = _("Beschluss")
        verbose_name_plural = _("Beschlüsse")
        ordering = ["-year", "-number"]
        indexes = [models.Index(fields=["meeting"], name="meetings_decision_meeting")]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "number"], name="meetings_decision_number_once"
            ),
            models.CheckConstraint(
                condition=~Q(text=""),
                name="meetings_decision_has_text",
                violation_error_message=_("Bitte schreiben Sie, was beschlossen wurde."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.number}" if self.number else self.text[:80]


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> "TaskQuerySet":
        return self.filter(state=Task.State.OPEN)

    def by_day(self) -> "TaskQuerySet":
        """What is due first, first; what has no day comes last on every database."""
        return self.order_by(F("due_on").asc(nulls_last=True), "pk")

    def visible_to(self, user) -> "TaskQuerySet":
        """Those of published minutes for members; all for the officer."""
        if user.is_authenticated and user.has_perm("meetings.view_task"):
            return self
        if is_member(user):
            return self.filter(Q(meeting=None) | Q(meeting__minutes__state=Minutes.State.PUBLISHED))
        return self.none()

    def of(self, user) -> "TaskQuerySet":
        """Those a person may close: their organisations', and their own."""
        if not user.is_authenticated:
            return self.none()
        own = Organisation.objects.of(user).values("pk")
        return self.visible_to(user).filter(Q(organisation__in=own) | Q(user=user))

    def overdue(self, today) -> "TaskQuerySet":
        return self.open().filter(due_on__lt=today)


class Task(models.Model):
    """Something somebody has taken on at a meeting."""

    class State(models.TextChoices):
        OPEN = "open", _("offen")
        DONE = "done", _("erledigt")
        DROPPED = "dropped", _("entfällt")

    meeting = models.ForeignKey(
        Meeting,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("Treffen"),
    )
    agenda_item = models.ForeignKey(
        AgendaItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("Tagesordnungspunkt"),
    )
    text = models.TextField(_("Aufgabe"), validators=[MaxLengthValidator(1000)])
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("Organisation"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("Konto"),
    )
    person = models.CharField(_("Wer?"), max_length=160, blank=True)
    due_on = models.DateField(_("Bis wann?"), null=True, blank=True)
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.OPEN, editable=False
    )
    done_at = models.DateTimeField(_("Erledigt am"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Erledigt von"),
        editable=False,
    )
    done_note = models.CharField(_("Was ist daraus geworden?"), max_length=300, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)

    objects = TaskQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_text"])

    class Meta:
        verbose_name = _("Aufgabe")
        verbose_name_plural = _("Aufgaben")
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(fields=["state", "due_on"], name="meetings_task_due"),
            models.Index(fields=["organisation", "state"], name="meetings_task_organisation"),
            models.Index(fields=["meeting"], name="meetings_task_meeting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="meetings_task_has_text",
                violation_error_message=_("Bitte schreiben Sie, was zu tun ist."),
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | ~Q(state="done"),
                name="meetings_task_done_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "dropped"]),
                name="meetings_task_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]
