from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def normalise_email(email: str) -> str:
    """Return the address as it is stored and compared: without blanks, in lower case.

    RFC 5321 lets the part before the @ differ by case, no mail service of today does; two accounts
    that differ only by case would be a way in (Django CVE-2019-19844).
    """
    return email.strip().lower()


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalise_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create an account; without a password the person logs in by a code sent by e-mail."""
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a log-in. The e-mail address is the name they log in with."""

    email = models.EmailField(_("E-Mail-Adresse"), unique=True)
    name = models.CharField(
        _("Name"),
        max_length=120,
        blank=True,
        help_text=_(
            "Ihr Name. Ihn sehen die anderen Vertretungen Ihrer Organisation und das Team."
        ),
    )
    language = models.CharField(
        _("Sprache"),
        max_length=10,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text=_("In dieser Sprache bekommen Sie E-Mails."),
    )
    is_staff = models.BooleanField(
        _("Team"), default=False, help_text=_("Darf die Geschäftsstelle öffnen.")
    )
    is_active = models.BooleanField(
        _("aktiv"), default=True, help_text=_("Ohne Haken kann sich die Person nicht anmelden.")
    )
    date_joined = models.DateTimeField(_("dabei seit"), default=timezone.now, editable=False)
    # Both only say whether somebody still is there to answer for an organisation; a day is enough.
    last_seen_on = models.DateField(_("zuletzt da am"), default=timezone.localdate, editable=False)
    mail_failed_on = models.DateField(
        _("E-Mails kommen zurück seit"), null=True, blank=True, editable=False
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = _("Konto")
        verbose_name_plural = _("Konten")
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="accounts_user_email_is_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = normalise_email(self.email)

    def get_full_name(self) -> str:
        return self.name

    # Rights are the team's: they reach beyond the back office, and only the team is held to a
    # second factor. A group somebody was left in after leaving the team gives them nothing.
    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        return (self.is_staff or self.is_superuser) and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return (self.is_staff or self.is_superuser) and super().has_module_perms(app_label)

    def get_short_name(self) -> str:
        return self.name or self.email
