from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from organisations.models import ContactPerson, Language, Organisation

from .meeting import Meeting


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def listed(self) -> "InvitationQuerySet":
        """Everybody on the list, whether the invitation has gone out or not."""
        return self.filter(removed_at=None)

    def invited(self) -> "InvitationQuerySet":
        """Those whose invitation has gone out, by mail or by letter."""
        return self.listed().exclude(invited_at=None)

    def of(self, user) -> "InvitationQuerySet":
        """A person's own invitations, whether they were found by the account or by the address."""
        if not user.is_authenticated:
            return self.none()
        # Addresses are stored in small letters on both sides.
        return self.invited().filter(Q(user=user) | Q(email=user.email))

    def coming(self) -> "InvitationQuerySet":
        """Those who have a seat."""
        return self.listed().filter(reply=Invitation.Reply.YES, waiting_since=None)

    def waiting(self) -> "InvitationQuerySet":
        """The waiting list, in its order."""
        return (
            self.listed()
            .filter(reply=Invitation.Reply.YES, waiting_since__isnull=False)
            .order_by("waiting_since", "pk")
        )

    def silent(self) -> "InvitationQuerySet":
        """Invited, and neither answered nor excused."""
        return self.invited().filter(reply=Invitation.Reply.NONE, is_excused=False)


class Invitation(models.Model):
    """One per meeting and e-mail address, whoever that is; and what was answered.

    Who comes by a letter has no address. How many seats are taken is the sum of `people` over
    `coming()`; the service locks the meeting's row before it counts.
    """

    class Source(models.TextChoices):
        REPRESENTATIVE = "representative", _("Vertretung")
        CONTACT = "contact", _("Ansprechperson")
        PARTNER = "partner", _("Partner")
        MAILBOX = "mailbox", _("Postfach der Organisation")
        GUEST = "guest", _("Gast")

    class Reply(models.TextChoices):
        NONE = "", _("keine Antwort")
        YES = "yes", _("kommt")
        NO = "no", _("kommt nicht")
        LATER = "later", _("weiß es noch nicht")

    class Way(models.TextChoices):
        LINK = "link", _("über den Link aus der Einladung")
        ACCOUNT = "account", _("angemeldet")
        OFFICE = "office", _("vom Team eingetragen")

    MOST_PEOPLE = 50

    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="invitations", verbose_name=_("Treffen")
    )

    # Who
    email = models.EmailField(
        _("E-Mail-Adresse"), blank=True, help_text=_("Leer, wenn die Einladung als Brief geht.")
    )
    name = models.CharField(_("Name"), max_length=160, blank=True)
    postal_address = models.TextField(
        _("Postadresse"), blank=True, validators=[MaxLengthValidator(300)]
    )
    language = models.CharField(
        _("Sprache"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    source = models.CharField(
        _("Eingeladen als"), max_length=15, choices=Source.choices, default=Source.GUEST
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="meeting_invitations",
        verbose_name=_("Organisation"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="meeting_invitations",
        verbose_name=_("Konto"),
    )
    contact = models.ForeignKey(
        ContactPerson,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Ansprechperson"),
    )
    removed_at = models.DateTimeField(
        _("Von der Liste genommen am"),
        null=True,
        blank=True,
        help_text=_("Bleibt gemerkt: Die Regel setzt die Person nicht wieder auf die Liste."),
    )

    # What went out
    invited_at = models.DateTimeField(_("Eingeladen am"), null=True, blank=True)
    is_letter = models.BooleanField(_("als Brief"), default=False)
    mail = models.ForeignKey(
        "core.OutboxMessage",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Letzte E-Mail"),
    )
    # Which `Meeting.sequence` the last mail or letter to this person told of.
    told_sequence = models.PositiveIntegerField(null=True, blank=True, editable=False)
    undelivered_at = models.DateTimeField(
        _("Nicht angekommen am"),
        null=True,
        blank=True,
        help_text=_("Die letzte E-Mail ist zurückgekommen oder gescheitert."),
    )

    # What was answered
    reply = models.CharField(_("Antwort"), max_length=5, choices=Reply.choices, blank=True)
    replied_at = models.DateTimeField(_("Geantwortet am"), null=True, blank=True)
    replied_by_way = models.CharField(_("Weg"), max_length=10, choices=Way.choices, blank=True)
    people = models.PositiveSmallIntegerField(
        _("Wie viele Personen kommen?"), default=0, validators=[MaxValueValidator(MOST_PEOPLE)]
    )
    names = models.CharField(_("Wer kommt?"), max_length=500, blank=True)
    interpreting = models.ManyToManyField(
        Language,
        related_name="+",
        verbose_name=_("Dolmetschen in diese Sprache"),
        blank=True,
    )
    children = models.PositiveSmallIntegerField(
        _("Kinderbetreuung: für wie viele Kinder?"), default=0, validators=[MaxValueValidator(50)]
    )
    access_needs = models.CharField(
        _("Was brauchen Sie, um teilnehmen zu können?"),
        max_length=300,
        blank=True,
        help_text=_("Zum Beispiel: Rollstuhl, Aufzug, Hilfe beim Hören"),
    )
    food = models.CharField(
        _("Wünsche zum Essen"), max_length=300, blank=True, help_text=_("Zum Beispiel: vegetarisch")
    )
    message = models.TextField(
        _("Nachricht an das Team"), blank=True, validators=[MaxLengthValidator(1000)]
    )
    waiting_since = models.DateTimeField(_("Auf der Warteliste seit"), null=True, blank=True)
    is_excused = models.BooleanField(
        _("entschuldigt"),
        default=False,
        help_text=_("Hat sich abgemeldet. Das ist etwas anderes als keine Antwort."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("Einladung")
        verbose_name_plural = _("Einladungen")
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["meeting", "reply"], name="meetings_invitation_reply"),
            models.Index(fields=["meeting", "name", "id"], name="meetings_invitation_name"),
            models.Index(
                fields=["meeting", "waiting_since", "id"],
                condition=Q(waiting_since__isnull=False),
                name="meetings_invitation_waiting",
            ),
            models.Index(fields=["email"], name="meetings_invitation_email"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "email"],
                condition=~Q(email=""),
                name="meetings_invitation_once_per_address",
                violation_error_message=_("Diese Adresse steht schon auf der Liste."),
            ),
            models.CheckConstraint(
                condition=~Q(email="") | ~Q(name=""),
                name="meetings_invitation_is_for_somebody",
                violation_error_message=_(
                    "Bitte geben Sie eine E-Mail-Adresse oder einen Namen an."
                ),
            ),
            models.CheckConstraint(
                condition=Q(reply__in=["", "yes", "no", "later"]),
                name="meetings_invitation_reply_is_known",
            ),
            models.CheckConstraint(
                condition=Q(reply="yes", people__gte=1) | ~Q(reply="yes") & Q(people=0),
                name="meetings_invitation_yes_has_people",
                violation_error_message=_("Bitte sagen Sie, wie viele Personen kommen."),
            ),
            models.CheckConstraint(
                condition=Q(people__lte=50), name="meetings_invitation_not_too_many"
            ),
            models.CheckConstraint(
                condition=Q(waiting_since=None) | Q(reply="yes"),
                name="meetings_invitation_waits_to_come",
            ),
            models.CheckConstraint(
                condition=Q(reply="") | Q(replied_at__isnull=False),
                name="meetings_invitation_reply_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class InvitationLink(models.Model):
    """The secret of one link to an invitation, stored hashed; each mail and letter has its own.

    Older links keep working until they expire, so that no mail in a mailbox leads nowhere.
    """

    invitation = models.ForeignKey(
        Invitation, models.CASCADE, related_name="links", verbose_name=_("Einladung")
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("Angelegt am"), default=timezone.now)
    expires_at = models.DateTimeField(_("Gilt bis"))

    class Meta:
        verbose_name = _("Link zu einer Einladung")
        verbose_name_plural = _("Links zu Einladungen")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["expires_at"], name="meetings_link_expiry")]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="meetings_link_expires_later"
            )
        ]

    def __str__(self) -> str:
        return str(self.invitation)


class InvitationText(models.Model):
    """What the officer writes in the invitation to one meeting, in one language.

    With placeholders, like `core.MailText`, which holds for all meetings.
    """

    meeting = models.ForeignKey(
        Meeting, models.CASCADE, related_name="invitation_texts", verbose_name=_("Treffen")
    )
    language = models.CharField(_("Sprache"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("Betreff"), max_length=200)
    body = models.TextField(_("Text"), validators=[MaxLengthValidator(5000)])
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Text der Einladung")
        verbose_name_plural = _("Texte der Einladungen")
        ordering = ["meeting", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "language"], name="meetings_invitationtext_once"
            ),
            models.CheckConstraint(
                condition=~Q(subject="") & ~Q(body=""),
                name="meetings_invitationtext_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting} ({self.language})"
