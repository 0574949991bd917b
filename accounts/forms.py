"""Forms of log-in and account; allauth's are taken over where their logic is, in our words."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthConfirmForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth import password_validation
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.adapter import WRONG_CODE
from accounts.codes import DIGITS, clean_code
from accounts.models import User, normalise_email
from core.mail import validate_recipient
from core.text import CleanCharField


class AddressField(forms.EmailField):
    """An e-mail address, returned as it is stored and compared."""

    default_error_messages = {
        "required": _("Bitte geben Sie Ihre E-Mail-Adresse ein."),
        "invalid": _("Bitte geben Sie eine gültige E-Mail-Adresse ein."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("E-Mail-Adresse"))
        options.setdefault("max_length", 254)
        options.setdefault("error_messages", {"max_length": self.default_error_messages["invalid"]})
        super().__init__(**options)
        self.widget.attrs |= {
            "autocomplete": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
            "dir": "ltr",
        }

    def clean(self, value: Any) -> str:
        address = normalise_email(super().clean(value))
        if address:
            # Letters that only look like Latin ones, or fold to them, make two accounts look alike.
            if not address.isascii():
                raise ValidationError(self.error_messages["invalid"], code="invalid")
            validate_recipient(address)
        return address


class CodeField(forms.CharField):
    """A code of six digits, however it was typed."""

    default_error_messages = {
        "required": _("Bitte geben Sie den Code ein."),
        "format": _("Der Code hat sechs Ziffern. Bitte prüfen Sie, ob eine fehlt."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Code"))
        options.setdefault("max_length", 40)
        super().__init__(**options)
        self.widget.attrs |= {
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "dir": "ltr",
            "class": "code-input",
        }

    def to_python(self, value: Any) -> str:
        return clean_code(super().to_python(value))

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) != DIGITS or not value.isdigit():
            raise ValidationError(self.error_messages["format"], code="format")


class EnterForm(forms.Form):
    """The one way in: an address, whether it is known or not."""

    email = AddressField(
        help_text=_("Wir schicken Ihnen einen Code. Ein Passwort brauchen Sie nicht.")
    )


class CodeForm(forms.Form):
    code = CodeField(help_text=_("Sechs Ziffern aus der E-Mail."))


NO_PASSWORD = _("Bitte geben Sie das Passwort ein.")


def _write_password_field(form: forms.Form) -> None:
    """Give allauth's field for a password our words."""
    field = form.fields["password"]
    field.label = _("Passwort")
    field.help_text = ""
    field.error_messages["required"] = NO_PASSWORD
    field.widget.attrs.pop("placeholder", None)


class PasswordLoginForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = AddressField()
        _write_password_field(self)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class ConfirmPasswordForm(AllauthReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _write_password_field(self)


def _write_code_field(form: forms.Form, help_text: Any) -> None:
    """Give allauth's field for a code our words; its widget already completes one-time codes."""
    field = form.fields["code"]
    field.label = _("Code")
    field.help_text = help_text
    field.max_length = 40
    field.error_messages["required"] = CodeField.default_error_messages["required"]
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs |= {"inputmode": "numeric", "dir": "ltr", "class": "code-input"}


class SecondFactorMixin:
    """A code from the app or a recovery code; a code from the app counts once.

    allauth remembers a used code for 30 seconds only, but with a tolerance of one period it is
    good for 90.
    """

    REMEMBERED = 120

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _write_code_field(self, _("Sechs Ziffern aus Ihrer App. Oder ein Ersatzcode."))

    def clean_code(self) -> str:
        self.cleaned_data["code"] = clean_code(self.cleaned_data["code"])
        code = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP and not cache.add(
            f"accounts:totp:{self.user.pk}:{code}", True, timeout=self.REMEMBERED
        ):
            raise ValidationError(WRONG_CODE, code="incorrect_code")
        return code


class SecondFactorForm(SecondFactorMixin, AuthenticateForm):
    pass


class ConfirmSecondFactorForm(SecondFactorMixin, AllauthConfirmForm):
    pass


class ActivateTOTPForm(AllauthActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _write_code_field(self, _("Sechs Ziffern, die Ihre App jetzt zeigt."))

    def clean_code(self) -> str:
        self.cleaned_data["code"] = clean_code(self.cleaned_data["code"])
        return super().clean_code()


class AddPasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"] = CleanCharField(
            label=_("Name"),
            required=False,
            max_length=60,
            help_text=_("Damit Sie ihn wiedererkennen, zum Beispiel: Mein Telefon"),
        )
        passwordless = self.fields.get("passwordless")
        if passwordless:
            passwordless.label = _("Auch ohne Code anmelden")
            passwordless.help_text = _(
                "Mit diesem Passkey allein kommen Sie in Ihr Konto. Ihr Gerät fragt dabei nach "
                "Fingerabdruck, Gesicht oder PIN."
            )
            passwordless.initial = True


class ProfileForm(forms.ModelForm):
    """What people may change about themselves without further proof."""

    class Meta:
        model = User
        fields = ["name", "language"]
        field_classes = {"name": CleanCharField}


class NewEmailForm(forms.Form):
    email = AddressField(
        label=_("Neue E-Mail-Adresse"),
        help_text=_("Wir schicken einen Code an diese Adresse. Erst mit dem Code gilt sie."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        address = self.cleaned_data["email"]
        if address == self.user.email:
            raise ValidationError(_("Das ist schon Ihre Adresse."), code="same")
        return address


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Neues Passwort"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": NO_PASSWORD},
        help_text=_("Mindestens 12 Zeichen. Gut sind mehrere Wörter hintereinander."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password


class EraseForm(forms.Form):
    sure = forms.BooleanField(
        label=_("Ja, ich möchte mein Konto und meine Daten löschen."),
        error_messages={"required": _("Bitte bestätigen Sie, dass Sie löschen möchten.")},
    )
