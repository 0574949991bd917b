from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .organisation import Organisation


class Ask(models.Model):
    """One mail with one question to one person, who answers by its link without a log-in.

    The link's secret is stored hashed. An answer belongs to whoever reads the mailbox.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Konto"),
    )
    email = models.EmailField(_("An"))
    language = models.CharField(_("Sprache"), max_length=10)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    mail = models.ForeignKey(
        "core.OutboxMessage",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("E-Mail"),
    )
    asked_at = models.DateTimeField(_("Gefragt am"), default=timezone.now)
    answered_at = models.DateTimeField(_("Geantwortet am"), null=True, blank=True)
    returned_at = models.DateTimeField(_("Zurückgekommen am"), null=True, blank=True)

    class Meta:
        abstract = True


class Confirmation(models.Model):
    """One round of "is this still right?" with one organisation: up to three mails, one answer.

    At most one round per organisation is unfinished: it runs, or waits on the officer's list.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("gefragt")
        UNANSWERED = "unanswered", _("keine Antwort")
        UNREACHABLE = "unreachable", _("niemand zu fragen")
        REPORTED = "reported", _("etwas stimmt nicht")
        CONFIRMED = "confirmed", _("bestätigt")
        CLOSED = "closed", _("beendet")

    class Way(models.TextChoices):
        LINK = "link", _("über den Link aus der E-Mail")
        ACCOUNT = "account", _("angemeldet")
        OFFICER = "officer", _("vom Team, nach Rückfrage")

    # What the officer has to settle; and all that is not over.
    WAITING = (State.UNANSWERED, State.UNREACHABLE, State.REPORTED)
    UNFINISHED = (State.ASKED, *WAITING)

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="confirmations", verbose_name=_("Organisation")
    )
    state = models.CharField(_("Stand"), max_length=12, choices=State.choices, default=State.ASKED)
    state_since = models.DateTimeField(_("Stand seit"), default=timezone.now)
    begun_on = models.DateField(_("Begonnen am"), default=timezone.localdate)
    # How many mails went out and did not come back.
    asked = models.PositiveSmallIntegerField(_("Wie oft gefragt"), default=0)
    next_on = models.DateField(_("Nächster Schritt am"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Beendet am"), null=True, blank=True)
    way = models.CharField(_("Weg"), max_length=10, choices=Way.choices, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Bestätigt von"),
    )
    note = models.TextField(_("Vermerk"), blank=True, validators=[MaxLengthValidator(500)])

    class Meta:
        verbose_name = _("Jährliche Bestätigung")
        verbose_name_plural = _("Jährliche Bestätigungen")
        ordering = ["-begun_on", "-pk"]
        indexes = [
            models.Index(fields=["state", "next_on"], name="organisations_confirm_due"),
            models.Index(fields=["state", "state_since"], name="organisations_confirm_state"),
            models.Index(fields=["organisation", "-begun_on"], name="organisations_confirm_latest"),
            models.Index(fields=["ended_at"], name="organisations_confirm_ended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(state__in=["asked", "unanswered", "unreachable", "reported"]),
                name="organisations_confirmation_one_unfinished",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "asked",
                        "unanswered",
                        "unreachable",
                        "reported",
                        "confirmed",
                        "closed",
                    ]
                ),
                name="organisations_confirmation_known_state",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["confirmed", "closed"], ended_at__isnull=False)
                | Q(
                    state__in=["asked", "unanswered", "unreachable", "reported"],
                    ended_at__isnull=True,
                ),
                name="organisations_confirmation_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="asked") | Q(next_on__isnull=False),
                name="organisations_confirmation_asked_goes_on",
            ),
            models.CheckConstraint(
                condition=Q(asked__lte=3), name="organisations_confirmation_asked_thrice_at_most"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ({self.begun_on:%Y})"

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED


class ConfirmationAsk(Ask):
    """One mail of a round. Nobody gets the same one twice."""

    confirmation = models.ForeignKey(
        Confirmation, models.CASCADE, related_name="asks", verbose_name=_("Runde")
    )
    number = models.PositiveSmallIntegerField(_("Wievielte Frage"))

    class Meta:
        verbose_name = _("Frage nach der Bestätigung")
        verbose_name_plural = _("Fragen nach der Bestätigung")
        ordering = ["pk"]
        indexes = [models.Index(fields=["asked_at"], name="organisations_confirmask_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["confirmation", "number", "email"],
                name="organisations_confirmask_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.email}"


class Succession(models.Model):
    """Nobody who manages an organisation seems to be there any more: who takes over?

    First those who manage it are asked whether they still are there, then the others who speak for
    it, one after the other, whether they take over; then it is the officer's. Nobody is removed.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("gefragt")
        UNANSWERED = "unanswered", _("niemand übernimmt")
        TAKEN_OVER = "taken_over", _("übernommen")
        STILL_THERE = "still_there", _("noch da")
        CLOSED = "closed", _("beendet")

    UNFINISHED = (State.ASKED, State.UNANSWERED)

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="successions", verbose_name=_("Organisation")
    )
    state = models.CharField(_("Stand"), max_length=12, choices=State.choices, default=State.ASKED)
    state_since = models.DateTimeField(_("Stand seit"), default=timezone.now)
    begun_on = models.DateField(_("Begonnen am"), default=timezone.localdate)
    next_on = models.DateField(_("Nächster Schritt am"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Beendet am"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Beendet von"),
    )

    class Meta:
        verbose_name = _("Nachfolge")
        verbose_name_plural = _("Nachfolgen")
        ordering = ["-begun_on", "-pk"]
        indexes = [
            models.Index(fields=["state", "next_on"], name="organisations_success_due"),
            models.Index(fields=["state", "state_since"], name="organisations_success_state"),
            models.Index(fields=["organisation", "-begun_on"], name="organisations_success_latest"),
            models.Index(fields=["ended_at"], name="organisations_success_ended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(state__in=["asked", "unanswered"]),
                name="organisations_succession_one_unfinished",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["asked", "unanswered", "taken_over", "still_there", "closed"]
                ),
                name="organisations_succession_known_state",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["taken_over", "still_there", "closed"], ended_at__isnull=False
                )
                | Q(state__in=["asked", "unanswered"], ended_at__isnull=True),
                name="organisations_succession_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="asked") | Q(next_on__isnull=False),
                name="organisations_succession_asked_goes_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} ({self.begun_on:%Y})"

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED


class SuccessionAsk(Ask):
    """One question to somebody who speaks for an organisation; everybody is asked once."""

    class Question(models.TextChoices):
        STILL_THERE = "still_there", _("Sind Sie noch da?")
        TAKE_OVER = "take_over", _("Übernehmen Sie?")

    succession = models.ForeignKey(
        Succession, models.CASCADE, related_name="asks", verbose_name=_("Nachfolge")
    )
    question = models.CharField(_("Frage"), max_length=12, choices=Question.choices)
    agreed = models.BooleanField(_("Antwort"), null=True, blank=True)

    class Meta:
        verbose_name = _("Frage zur Nachfolge")
        verbose_name_plural = _("Fragen zur Nachfolge")
        ordering = ["pk"]
        indexes = [models.Index(fields=["asked_at"], name="organisations_successask_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["succession", "user"], name="organisations_successask_once"
            ),
            models.CheckConstraint(
                condition=Q(question__in=["still_there", "take_over"]),
                name="organisations_successask_known_question",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False), name="organisations_successask_has_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_question_display()} {self.email}"
