import datetime

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from simple_history.models import HistoricalRecords

from .organisation import Organisation


class ContactPerson(models.Model):
    """A person who answers for an organisation. What of theirs is public, they decide alone.

    A field is public only while its switch is on, and switches can only be on while a consent is
    in force (GDPR art. 6(1)(a), 7): the database holds both together.
    """

    PUBLISHABLE = ("name", "function", "phone", "email", "photo")

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="contacts", verbose_name=_("Organisation")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="contact_entries",
        verbose_name=_("Konto"),
        help_text=_("Wenn die Ansprechperson selbst ein Konto hat."),
    )
    name = models.CharField(_("Name"), max_length=120)
    function = models.CharField(
        _("Aufgabe"), max_length=80, blank=True, help_text=_("Zum Beispiel: Vorstand")
    )
    phone = PhoneNumberField(_("Telefon"), blank=True)
    email = models.EmailField(_("E-Mail-Adresse"), blank=True)
    photo = models.ForeignKey(
        "organisations.OrganisationImage",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Foto"),
    )
    name_public = models.BooleanField(_("Name öffentlich"), default=False)
    function_public = models.BooleanField(_("Aufgabe öffentlich"), default=False)
    phone_public = models.BooleanField(_("Telefon öffentlich"), default=False)
    email_public = models.BooleanField(_("E-Mail-Adresse öffentlich"), default=False)
    photo_public = models.BooleanField(_("Foto öffentlich"), default=False)
    consented_at = models.DateTimeField(
        _("Einwilligung vom"), null=True, blank=True, editable=False
    )
    wants_invitations = models.BooleanField(
        _("Möchte Einladungen zu Netzwerktreffen"), default=True
    )
    position = models.PositiveSmallIntegerField(_("Reihenfolge"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Ansprechperson")
        verbose_name_plural = _("Ansprechpersonen")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(consented_at__isnull=False)
                | Q(
                    name_public=False,
                    function_public=False,
                    phone_public=False,
                    email_public=False,
                    photo_public=False,
                ),
                name="organisations_contact_public_only_with_consent",
                violation_error_message=_(
                    "Öffentlich wird etwas erst, wenn die Person eingewilligt hat."
                ),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="organisations_contact_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def published(self) -> dict[str, object]:
        """The fields a visitor may see, by name; empty without consent."""
        if self.consented_at is None:
            return {}
        return {
            field: getattr(self, field)
            for field in self.PUBLISHABLE
            if getattr(self, f"{field}_public") and getattr(self, field)
        }


class Consent(models.Model):
    """The proof of a consent: who agreed when to which wording, for which fields (GDPR art. 7).

    When the entry is removed it stays alone, to prove that what was public was agreed to (GDPR art.
    5(2)), until `services.retention` deletes it; without the name when the person erased their
    account. `services.consent.keep_proof` parts the two.
    """

    class Source(models.TextChoices):
        SELF = "self", _("selbst, im Konto")
        LINK = "link", _("selbst, über den Link aus der E-Mail")
        PAPER = "paper", _("auf Papier, vom Team eingetragen")

    contact = models.ForeignKey(
        ContactPerson,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="consents",
        verbose_name=_("Ansprechperson"),
    )
    fields = models.JSONField(_("Felder"), default=list)
    wording = models.TextField(_("Wortlaut"), blank=True)
    language = models.CharField(_("Sprache"), max_length=10, blank=True)
    source = models.CharField(_("Weg"), max_length=10, choices=Source.choices, blank=True)
    # A request waits for its answer; the token is stored hashed and dies with the answer.
    token_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Angefragt von"),
    )
    requested_at = models.DateTimeField(_("Angefragt am"), null=True, blank=True)
    expires_at = models.DateTimeField(_("Gilt bis"), null=True, blank=True)
    given_at = models.DateTimeField(_("Erteilt am"), null=True, blank=True)
    given_by = models.CharField(
        _("Erteilt von"), max_length=254, blank=True, help_text=_("Name und Adresse der Person.")
    )
    declined_at = models.DateTimeField(_("Abgelehnt am"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("Widerrufen am"), null=True, blank=True)
    note = models.TextField(_("Vermerk"), blank=True, validators=[MaxLengthValidator(500)])

    class Meta:
        verbose_name = _("Einwilligung")
        verbose_name_plural = _("Einwilligungen")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["withdrawn_at"],
                name="organisations_consent_ended",
                condition=Q(withdrawn_at__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(given_at__isnull=True) | (~Q(wording="") & ~Q(given_by="")),
                name="organisations_consent_provable",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(given_at__isnull=False),
                name="organisations_consent_withdrawn_after_given",
            ),
            # Without its person only what is over is kept, so that its time runs out.
            models.CheckConstraint(
                condition=Q(contact__isnull=False) | Q(withdrawn_at__isnull=False),
                name="organisations_consent_parted_when_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact}: {', '.join(self.fields)}"

    def is_open(self, now: datetime.datetime) -> bool:
        """Whether the request still waits for an answer at `now` (aware)."""
        return (
            self.given_at is None
            and self.declined_at is None
            and self.expires_at is not None
            and self.expires_at > now
        )
