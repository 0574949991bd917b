from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import refusals


class Revision(models.Model):
    """The one row that counts the changes of public content; see `core.revision`."""

    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="core_revision_is_one_row")
        ]

    def __str__(self) -> str:
        return str(self.number)


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def due(self) -> "OutboxQuerySet":
        """Return what the worker may send now, the oldest first."""
        return self.filter(
            state=OutboxMessage.State.QUEUED, next_try_at__lte=timezone.now()
        ).order_by("next_try_at", "pk")


class OutboxMessage(models.Model):
    """A mail, written in the transaction of the change that causes it and sent afterwards."""

    class State(models.TextChoices):
        QUEUED = "queued", _("wartet")
        SENDING = "sending", _("wird gesendet")
        SENT = "sent", _("gesendet")
        FAILED = "failed", _("nicht zustellbar")
        UNCLEAR = "unclear", _("unklar")
        RETURNED = "returned", _("zurückgekommen")
        CANCELLED = "cancelled", _("aufgegeben")

    key = models.CharField(
        _("Schlüssel"),
        max_length=200,
        unique=True,
        help_text=_("Anlass und Empfänger. Zu jedem Schlüssel gibt es höchstens eine E-Mail."),
    )
    mail = models.CharField(_("Art"), max_length=100)
    to = models.EmailField(_("An"))
    subject = models.CharField(_("Betreff"), max_length=300)
    text_body = models.TextField(_("Text"))
    html_body = models.TextField(_("HTML"), blank=True)
    calendar = models.TextField(
        _("Kalendereintrag"),
        blank=True,
        help_text=_("Geht als iCalendar (RFC 5545) mit der E-Mail mit."),
    )
    language = models.CharField(_("Sprache"), max_length=10, choices=settings.LANGUAGES)
    message_id = models.CharField("Message-ID", max_length=200, unique=True)
    confidential = models.BooleanField(
        _("vertraulich"),
        default=False,
        help_text=_("Enthält einen Code oder einen persönlichen Link. Niemand sieht den Inhalt."),
    )
    state = models.CharField(_("Stand"), max_length=10, choices=State.choices, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(_("Versuche"), default=0)
    next_try_at = models.DateTimeField(_("Nächster Versuch"), default=timezone.now)
    expires_at = models.DateTimeField(
        _("Nützlich bis"),
        null=True,
        blank=True,
        help_text=_("Danach wird die E-Mail nicht mehr gesendet."),
    )
    error = models.CharField(_("Fehler"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("Geschrieben am"), default=timezone.now, editable=False)
    sending_since = models.DateTimeField(_("Im Versand seit"), null=True, blank=True)
    sent_at = models.DateTimeField(_("Gesendet am"), null=True, blank=True)
    returned_at = models.DateTimeField(
        _("Zurückgekommen am"),
        null=True,
        blank=True,
        help_text=_("Seitdem steht fest: Bei dieser Adresse ist die E-Mail nicht angekommen."),
    )
    delayed_at = models.DateTimeField(
        _("Verspätet seit"),
        null=True,
        blank=True,
        help_text=_("Ein Mailserver hat gemeldet, dass er es noch weiter versucht."),
    )

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("E-Mail")
        verbose_name_plural = _("E-Mails")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=models.Q(state="queued"),
                name="core_outboxmessage_due",
            ),
            models.Index(fields=["state", "-created_at"], name="core_outboxmessage_by_state"),
            models.Index(fields=["-created_at", "-id"], name="core_outboxmessage_newest"),
            models.Index(Lower("to"), name="core_outboxmessage_by_address"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "queued",
                        "sending",
                        "sent",
                        "failed",
                        "unclear",
                        "returned",
                        "cancelled",
                    ]
                ),
                name="core_outboxmessage_state_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="returned") | models.Q(returned_at__isnull=False),
                name="core_outboxmessage_returned_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False),
                name="core_outboxmessage_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(sending_since__isnull=False),
                name="core_outboxmessage_sending_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(to="") & ~models.Q(key="") & ~models.Q(message_id=""),
                name="core_outboxmessage_is_addressed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"

    @property
    def return_reason(self) -> str:
        """Why the mail came back, in words and with the code, in the active language."""
        if self.returned_at is None:
            return ""
        code = refusals.code(self.error)
        return f"{refusals.in_words(self.error)} ({code})" if code else self.error_in_words

    @property
    def error_in_words(self) -> str:
        """What went wrong, for somebody who knows nothing of mail servers; empty: nothing did."""
        return refusals.in_words(self.error)


class ReturnMailbox(models.Model):
    """How far a mailbox for returned mails has been read; see `core.return_mailbox`."""

    name = models.CharField(max_length=300, unique=True)
    uid_validity = models.PositiveBigIntegerField(default=0)
    last_uid = models.PositiveBigIntegerField(default=0)
    # What could not be noted, though it could be read; tried again with every look.
    again = models.JSONField(default=list)
    read_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name


class MailText(models.Model):
    """The officer's own words for a mail in one language; see `core.mail_texts`."""

    mail = models.CharField(_("E-Mail"), max_length=100)
    language = models.CharField(_("Sprache"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("Betreff"), max_length=200)
    body = models.TextField(_("Text"), validators=[MaxLengthValidator(5000)])
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Text einer E-Mail")
        verbose_name_plural = _("Texte der E-Mails")
        ordering: ClassVar[list[str]] = ["mail", "language"]
        constraints = [
            models.UniqueConstraint(fields=["mail", "language"], name="core_mailtext_once"),
            models.CheckConstraint(
                condition=~models.Q(subject="") & ~models.Q(body=""),
                name="core_mailtext_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mail} ({self.language})"


class Job(models.Model):
    """When a housekeeping job of `core.jobs` was done last, so that it is done when it is due."""

    name = models.CharField(max_length=100, unique=True)
    last_done_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)  # while a worker is at it

    def __str__(self) -> str:
        return self.name


class BackgroundTaskQuerySet(models.QuerySet["BackgroundTask"]):
    def unfinished(self) -> "BackgroundTaskQuerySet":
        return self.filter(state__in=[BackgroundTask.State.QUEUED, BackgroundTask.State.RUNNING])


class BackgroundTask(models.Model):
    """Something long that a person has started and the worker does; see `core.background`."""

    class State(models.TextChoices):
        QUEUED = "queued", _("wartet")
        RUNNING = "running", _("läuft")
        DONE = "done", _("fertig")
        FAILED = "failed", _("gescheitert")
        CANCELLED = "cancelled", _("abgebrochen")

    kind = models.CharField(_("Art"), max_length=100)
    key = models.CharField(_("Gegenstand"), max_length=200)
    argument = models.JSONField(default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Begonnen von"),
    )
    state = models.CharField(_("Stand"), max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(_("Versuche"), default=0)
    error = models.CharField(_("Fehler"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("Begonnen am"), default=timezone.now, editable=False)
    begun_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(_("Beendet am"), null=True, blank=True)

    objects = BackgroundTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("Hintergrundaufgabe")
        verbose_name_plural = _("Hintergrundaufgaben")
        ordering: ClassVar[list[str]] = ["-pk"]
        indexes = [models.Index(fields=["state", "id"], name="core_backgroundtask_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=["queued", "running"]),
                name="core_backgroundtask_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed", "cancelled"]),
                name="core_backgroundtask_state_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(heartbeat_at__isnull=False),
                name="core_backgroundtask_running_has_heartbeat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def percent(self) -> int:
        """How much is done, in whole per cent."""
        return 100 * self.done // self.total if self.total else 0


class SavedView(models.Model):
    """Filters, search and order of a list in the back office, under a name of its owner's."""

    NAME_LENGTH = 60
    QUERY_LENGTH = 2000

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        verbose_name=_("Gespeichert von"),
        editable=False,
    )
    page = models.CharField(max_length=100, editable=False)  # such as organisations.topic
    name = models.CharField(_("Name der Ansicht"), max_length=NAME_LENGTH)
    query = models.CharField(max_length=QUERY_LENGTH, editable=False)
    shared = models.BooleanField(
        _("Auch für das Team"),
        default=False,
        help_text=_("Alle, die diese Liste sehen dürfen, finden die Ansicht über der Liste."),
    )
    created_at = models.DateTimeField(_("Angelegt am"), auto_now_add=True)

    class Meta:
        verbose_name = _("gespeicherte Ansicht")
        verbose_name_plural = _("gespeicherte Ansichten")
        ordering: ClassVar[list[str]] = ["name", "pk"]
        indexes = [models.Index(fields=["page", "name"], name="core_savedview_of_page")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "name"],
                name="core_savedview_one_name_per_owner",
                violation_error_message=_("Diesen Namen haben Sie hier schon vergeben."),
            ),
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(query=""), name="core_savedview_is_named"
            ),
        ]

    def __str__(self) -> str:
        return self.name
