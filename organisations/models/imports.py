from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import BackgroundTask

from .organisation import Organisation
from .taxonomy import Municipality


class ImportRun(models.Model):
    """A spreadsheet somebody brings in, from the upload until it is taken over, and perhaps back.

    What takes long (to check, to take over, to take back) is a background task; while that is at
    it, or after it failed, the state is still the one before. So no crash leaves a run in between.
    """

    class State(models.TextChoices):
        NEW = "new", _("Spalten zuordnen")
        CHECKED = "checked", _("geprüft, noch nicht übernommen")
        APPLIED = "applied", _("übernommen")
        UNDONE = "undone", _("zurückgenommen")
        DISCARDED = "discarded", _("verworfen")

    class Preset(models.TextChoices):
        FORUM = "forum", _("Forum der Kulturen (zehn Spalten)")
        EXPORT = "export", _("Export dieses Portals")
        FREE = "free", _("eigene Zuordnung")

    # Where new organisations begin; `Organisation.State` has more.
    NEW_STATES: ClassVar[list[tuple[str, Any]]] = [
        (
            Organisation.State.SUBMITTED,
            _("Erst prüfen: Sie stehen unter „Neue Anmeldungen“ und sind noch nicht öffentlich."),
        ),
        (Organisation.State.ACTIVE, _("Sofort öffentlich")),
    ]

    file_name = models.CharField(_("Datei"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Hochgeladen von"),
    )
    created_at = models.DateTimeField(_("Hochgeladen am"), default=timezone.now, editable=False)
    # Made with the empty form: the same form sent twice is one run.
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    # The file: what its columns are called, empty where it has no heading, and what was left out.
    headings = models.JSONField(default=list)
    has_headings = models.BooleanField(default=True)
    signature = models.CharField(max_length=64, db_index=True)
    remarks = models.JSONField(_("Hinweise zur Datei"), default=list, blank=True)

    # What she has said about it.
    preset = models.CharField(
        _("Vorlage"), max_length=10, choices=Preset.choices, default=Preset.FREE
    )
    mapping = models.JSONField(_("Zuordnung"), default=dict, blank=True)
    default_municipality = models.ForeignKey(
        Municipality,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Stadt oder Gemeinde, wenn die Datei keine nennt"),
    )
    default_kind = models.CharField(
        _("Art, wenn die Datei keine nennt"),
        max_length=20,
        choices=Organisation.Kind.choices,
        default=Organisation.Kind.ASSOCIATION,
    )
    new_state = models.CharField(
        _("Neue Organisationen"),
        max_length=10,
        choices=NEW_STATES,
        default=Organisation.State.SUBMITTED,
    )
    clears_empty = models.BooleanField(
        _("Leere Zellen löschen Angaben"),
        default=False,
        help_text=_("Ohne Haken bleibt stehen, was im Portal steht."),
    )

    # Its life
    state = models.CharField(_("Stand"), max_length=10, choices=State.choices, default=State.NEW)
    task = models.ForeignKey(
        BackgroundTask, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    counts = models.JSONField(_("Zahlen"), default=dict, blank=True)
    checked_at = models.DateTimeField(_("Geprüft am"), null=True, blank=True)
    applied_at = models.DateTimeField(_("Übernommen am"), null=True, blank=True)
    undone_at = models.DateTimeField(_("Zurückgenommen am"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Entschieden von"),
    )
    rows_deleted_at = models.DateTimeField(_("Zeilen gelöscht am"), null=True, blank=True)

    class Meta:
        verbose_name = _("Import")
        verbose_name_plural = _("Importe")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["state", "-created_at"], name="organisations_import_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["new", "checked", "applied", "undone", "discarded"]),
                name="organisations_import_known_state",
            ),
            models.CheckConstraint(
                condition=Q(new_state__in=["submitted", "active"]),
                name="organisations_import_known_new_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="applied") | Q(applied_at__isnull=False),
                name="organisations_import_applied_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="undone") | Q(undone_at__isnull=False),
                name="organisations_import_undone_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_busy(self) -> bool:
        """Whether the worker is at it, or will be."""
        return self.task is not None and self.task.is_unfinished

    @property
    def failure(self) -> str:
        """Why the last task did not come to its end, empty if it did."""
        failed = self.task is not None and self.task.state == BackgroundTask.State.FAILED
        return self.task.error if failed and self.task else ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision of hers."""
        return self.state in {self.State.NEW, self.State.CHECKED}


class ImportRow(models.Model):
    """One row of a file: what stands there, what the portal makes of it, what she decides."""

    class Outcome(models.TextChoices):
        NEW = "new", _("neu")
        CHANGED = "changed", _("geändert")
        DUPLICATE = "duplicate", _("vielleicht doppelt")
        FAULTY = "faulty", _("fehlerhaft")
        UNCHANGED = "unchanged", _("unverändert")

    class Decision(models.TextChoices):
        OPEN = "", _("noch offen")
        CREATE = "create", _("neu anlegen")
        UPDATE = "update", _("ändern")
        SKIP = "skip", _("auslassen")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(
        _("Zeile"), help_text=_("Wie das Tabellenprogramm sie zählt.")
    )
    cells = models.JSONField(default=list)
    # What the file's reader could not make sense of, by column: {"3": reason}.
    unreadable = models.JSONField(default=dict, blank=True)
    outcome = models.CharField(
        _("Ergebnis"), max_length=10, choices=Outcome.choices, blank=True, default=""
    )
    # [{"column": number or None, "text": …}]: what keeps it out, and what is only left out.
    problems = models.JSONField(default=list, blank=True)
    remarks = models.JSONField(default=list, blank=True)
    # By field, as JSON has it: keys for rows of other tables, E.164 for telephones.
    values = models.JSONField(default=dict, blank=True)
    # [{"organisation": key, "score": …, "reasons": […], "changes": {field: [old, new]}}]
    matches = models.JSONField(default=list, blank=True)
    # Another row of this file that is (perhaps) the same organisation.
    same_row = models.PositiveIntegerField(null=True, blank=True)
    same_row_reasons = models.JSONField(default=list, blank=True)
    # That other row certainly means the same; only that one goes in.
    repeats = models.BooleanField(default=False)
    decision = models.CharField(
        _("Entscheidung"), max_length=10, choices=Decision.choices, blank=True, default=""
    )
    target = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("Zeile eines Imports")
        verbose_name_plural = _("Zeilen von Importen")
        ordering: ClassVar[list[str]] = ["run", "number"]
        indexes = [
            models.Index(fields=["run", "outcome", "number"], name="organisations_importrow_out"),
            models.Index(fields=["run", "decision"], name="organisations_importrow_dec"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="organisations_importrow_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "new", "changed", "duplicate", "faulty", "unchanged"]),
                name="organisations_importrow_known_outcome",
            ),
            models.CheckConstraint(
                condition=Q(decision__in=["", "create", "update", "skip"]),
                name="organisations_importrow_known_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.number}"


class ImportResult(models.Model):
    """What a run has done to one organisation, and what it takes to undo it."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="results")
    row = models.PositiveIntegerField(_("Zeile"))
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="import_results", verbose_name=_("Organisation")
    )
    created = models.BooleanField(_("neu angelegt"))
    # The entry of the history this import wrote; a later one means: somebody was here since.
    history_id = models.BigIntegerField()
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    contacts = models.JSONField(default=list, blank=True)
    # Fields that were not put back when the run was undone, since somebody has changed them.
    kept = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("Ergebnis eines Imports")
        verbose_name_plural = _("Ergebnisse von Importen")
        ordering: ClassVar[list[str]] = ["run", "row"]
        indexes = [models.Index(fields=["run", "row"], name="organisations_importresult_row")]

    def __str__(self) -> str:
        return f"{self.run}: {self.organisation}"


class ImportKey(models.Model):
    """How a file names an organisation that came from it, so that the same file changes nothing.

    A digest per field remembers what the file said: where it says the same again, what has been
    edited in the portal since is newer and stays.
    """

    source = models.CharField(max_length=64)
    key = models.CharField(max_length=300)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="import_keys")
    run = models.ForeignKey(ImportRun, models.SET_NULL, null=True, related_name="+")
    digests = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("Schlüssel einer Datei")
        verbose_name_plural = _("Schlüssel von Dateien")
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="organisations_importkey_once")
        ]

    def __str__(self) -> str:
        return self.key


class ImportMapping(models.Model):
    """How she has mapped a file with such headings; offered when such a file comes again."""

    signature = models.CharField(max_length=64, unique=True)
    mapping = models.JSONField(default=dict)
    choices = models.JSONField(default=dict, blank=True)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("gemerkte Zuordnung")
        verbose_name_plural = _("gemerkte Zuordnungen")

    def __str__(self) -> str:
        return self.signature
