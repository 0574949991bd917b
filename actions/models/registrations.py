from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .joint_actions import ActionDate


class Registration(models.Model):
    """Somebody who wants to come to an action, without an account.

    It counts when the link in the mail was used (`new → confirmed`, or `waiting` when all seats are
    taken), or at once when those who organise the action have noted it; only they can leave out the
    address. Some time after the event it is deleted; the date keeps the number of people.
    """

    class State(models.TextChoices):
        NEW = "new", _("E-Mail noch nicht bestätigt")
        CONFIRMED = "confirmed", _("Angemeldet")
        WAITING = "waiting", _("Auf der Warteliste")
        CANCELLED = "cancelled", _("Abgemeldet")

    MOST_PEOPLE = 20

    date = models.ForeignKey(
        ActionDate, models.PROTECT, related_name="registrations", verbose_name=_("Termin")
    )
    name = models.CharField(_("Name"), max_length=120)
    email = models.EmailField(_("E-Mail-Adresse"), blank=True)
    # The address as it is compared: the same one written differently registers once.
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    people = models.PositiveSmallIntegerField(
        _("Wie viele Personen?"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PEOPLE)],
    )
    message = models.CharField(_("Nachricht"), max_length=500, blank=True)
    language = models.CharField(_("Sprache"), max_length=10, editable=False)
    state = models.CharField(
        _("Stand"), max_length=10, choices=State.choices, default=State.NEW, editable=False
    )
    state_since = models.DateTimeField(_("Seit"), default=timezone.now, editable=False)
    # The order of the waiting list.
    waiting_since = models.DateTimeField(null=True, blank=True, editable=False)
    # The link in every mail is made of the salt and SECRET_KEY; the database cannot make it.
    salt = models.CharField(max_length=43, unique=True, editable=False)
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("Eingegangen am"), default=timezone.now, editable=False)
    mailed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("Anmeldung")
        verbose_name_plural = _("Anmeldungen")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["date", "state", "waiting_since"], name="actions_reg_waiting"),
            models.Index(fields=["state", "created_at"], name="actions_reg_new"),
            models.Index(fields=["email_key"], name="actions_reg_address"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["date", "email_key"],
                condition=~Q(state="cancelled") & ~Q(email_key=""),
                name="actions_reg_once_per_address",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="actions_reg_is_named"),
            models.CheckConstraint(
                condition=~Q(state="new", email=""), name="actions_reg_new_can_confirm"
            ),
            models.CheckConstraint(
                condition=Q(people__gte=1, people__lte=20), name="actions_reg_has_people"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", waiting_since__isnull=False)
                | (~Q(state="waiting") & Q(waiting_since=None)),
                name="actions_reg_waits_since",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["new", "confirmed", "waiting", "cancelled"]),
                name="actions_reg_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
