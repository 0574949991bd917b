import datetime

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .organisation import Organisation


class Representative(models.Model):
    """A person who speaks for an organisation in the portal."""

    class Role(models.TextChoices):
        MANAGER = "manager", _("Verwaltung")
        EDITOR = "editor", _("Bearbeitung")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="representations",
        verbose_name=_("Konto"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="representatives",
        verbose_name=_("Organisation"),
    )
    role = models.CharField(_("Rolle"), max_length=10, choices=Role.choices)
    since = models.DateTimeField(_("Seit"), auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Vertretung")
        verbose_name_plural = _("Vertretungen")
        ordering = ["-role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], name="organisations_representative_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["manager", "editor"]),
                name="organisations_representative_known_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.organisation}"


class RepresentativeInvitation(models.Model):
    """An invitation by e-mail to speak for an organisation; the link's secret is stored hashed."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="invitations", verbose_name=_("Organisation")
    )
    email = models.EmailField(_("E-Mail-Adresse"))
    role = models.CharField(_("Rolle"), max_length=10, choices=Representative.Role.choices)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Eingeladen von"),
    )
    created_at = models.DateTimeField(_("Eingeladen am"), auto_now_add=True)
    expires_at = models.DateTimeField(_("Gilt bis"))
    accepted_at = models.DateTimeField(_("Angenommen am"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("Zurückgezogen am"), null=True, blank=True)

    class Meta:
        verbose_name = _("Einladung zur Vertretung")
        verbose_name_plural = _("Einladungen zur Vertretung")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="organisations_invitation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} – {self.organisation}"

    def is_open(self, now: datetime.datetime) -> bool:
        """Whether the invitation can be accepted at `now` (aware)."""
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > now


class AccessRequest(models.Model):
    """Somebody says: this organisation is already here, and I speak for it."""

    class State(models.TextChoices):
        OPEN = "open", _("offen")
        GRANTED = "granted", _("angenommen")
        DECLINED = "declined", _("abgelehnt")

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="access_requests", verbose_name=_("Organisation")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="access_requests",
        verbose_name=_("Konto"),
    )
    message = models.TextField(
        _("Nachricht"),
        blank=True,
        validators=[MaxLengthValidator(1000)],
        help_text=_("Wer sind Sie, und was machen Sie in der Organisation?"),
    )
    state = models.CharField(_("Stand"), max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("Gefragt am"), auto_now_add=True)
    decided_at = models.DateTimeField(_("Entschieden am"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Entschieden von"),
    )

    class Meta:
        verbose_name = _("Zugangsanfrage")
        verbose_name_plural = _("Zugangsanfragen")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=Q(state="open"),
                name="organisations_accessrequest_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.organisation}"
