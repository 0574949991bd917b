"""Forms of the people pages: inviting, roles, asking for access."""

import re

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import normalise_email
from core.text import CleanCharField
from organisations.models import (
    AccessRequest,
    Organisation,
    Representative,
    RepresentativeInvitation,
)
from organisations.services.people import INVITATIONS_AT_ONCE

QUOTED = re.compile(r'"[^"\n]*"')
BRACKETED = re.compile(r"<([^<>]*)>")


def parse_addresses(text: str) -> tuple[list[str], list[str]]:
    """Read e-mail addresses however they were pasted.

    Lines, commas, semicolons, tabs and blanks separate; `Name <a@b>`, `"Name, Given" <a@b>`,
    `mailto:a@b` and a name before an address are understood.

    :return: the addresses in lower case, each once, in order; and what could not be read.
    """
    good: dict[str, None] = {}
    bad: dict[str, None] = {}
    for chunk in re.split(r"[,;\r\n]+", QUOTED.sub(" ", text)):
        words = BRACKETED.findall(chunk)
        words += [word for word in BRACKETED.sub(" ", chunk).split() if "@" in word]
        if not words and chunk.strip():
            bad[chunk.strip()] = None
        for word in words:
            address = normalise_email(word.strip().removeprefix("mailto:").strip("<>\"'()."))
            try:
                validate_email(address)
            except ValidationError:
                bad[word.strip()] = None
            else:
                good[address] = None
    return list(good), list(bad)


class AddressesField(CleanCharField):
    """Several e-mail addresses in one text; its value is the list of addresses."""

    MAX_LENGTH = 6000

    def __init__(self, **options: object) -> None:
        widget = forms.Textarea(
            attrs={"rows": 4, "dir": "auto", "autocapitalize": "none", "spellcheck": "false"}
        )
        super().__init__(
            **{"multiline": True, "max_length": self.MAX_LENGTH, "widget": widget} | options
        )

    def clean(self, value: object) -> list[str]:
        good, bad = parse_addresses(super().clean(value))
        errors = [
            ValidationError(
                _("„%(value)s“ ist keine E-Mail-Adresse."), params={"value": entry[:80]}
            )
            for entry in bad[:INVITATIONS_AT_ONCE]
        ]
        if len(good) > INVITATIONS_AT_ONCE:
            errors.append(
                ValidationError(
                    _("Bitte laden Sie höchstens %(number)s Personen auf einmal ein."),
                    params={"number": INVITATIONS_AT_ONCE},
                )
            )
        if not good and not errors:
            errors.append(ValidationError(self.error_messages["required"], code="required"))
        if errors:
            raise ValidationError(errors)
        return good


class InviteForm(forms.Form):
    addresses = AddressesField(
        label=_("E-Mail-Adressen"),
        help_text=_(
            "Eine oder mehrere Adressen, jede in einer neuen Zeile. "
            "Die Personen brauchen noch kein Konto."
        ),
        error_messages={"required": _("Bitte geben Sie mindestens eine E-Mail-Adresse ein.")},
    )
    role = forms.ChoiceField(
        label=_("Rolle"),
        choices=[
            (
                Representative.Role.EDITOR,
                _("Bearbeitung: darf die Angaben ändern"),
            ),
            (
                Representative.Role.MANAGER,
                _("Verwaltung: darf auch Personen einladen und entfernen"),
            ),
        ],
        initial=Representative.Role.EDITOR,
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(label=_("Sprache der E-Mail"), choices=settings.LANGUAGES)

    def __init__(self, *args: object, organisation: Organisation, **options: object) -> None:
        super().__init__(*args, **options)
        self.organisation = organisation
        self.fields["language"].initial = get_language()

    def clean_addresses(self) -> list[str]:
        addresses = self.cleaned_data["addresses"]
        there = self.organisation.representatives.filter(user__email__in=addresses)
        known = sorted(there.values_list("user__email", flat=True))
        if known:
            raise ValidationError(
                [
                    ValidationError(
                        _("%(address)s gehört schon zu Ihrer Organisation."),
                        params={"address": address},
                    )
                    for address in known
                ]
            )
        return addresses


class OneRepresentative(forms.Form):
    """Which representative a button is about; only those of the organisation exist."""

    representative = forms.ModelChoiceField(Representative.objects.none())

    def __init__(self, *args: object, organisation: Organisation, **options: object) -> None:
        super().__init__(*args, **options)
        field = self.fields["representative"]
        field.queryset = organisation.representatives.select_related("user", "organisation")


class RoleForm(OneRepresentative):
    role = forms.ChoiceField(label=_("Rolle"), choices=Representative.Role.choices)


class OneInvitation(forms.Form):
    invitation = forms.ModelChoiceField(RepresentativeInvitation.objects.none())

    def __init__(self, *args: object, organisation: Organisation, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["invitation"].queryset = organisation.invitations.select_related("organisation")


class OneAccessRequest(forms.Form):
    request = forms.ModelChoiceField(AccessRequest.objects.none())
    grant = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")], coerce=lambda value: value == "yes"
    )

    def __init__(self, *args: object, organisation: Organisation, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["request"].queryset = organisation.access_requests.select_related(
            "user", "organisation"
        )


class AccessRequestForm(forms.Form):
    message = CleanCharField(
        multiline=True,
        label=_("Ihre Nachricht"),
        max_length=1000,
        help_text=_(
            "Wer sind Sie, und was machen Sie in der Organisation? "
            "Das lesen die Menschen, die über Ihre Anfrage entscheiden."
        ),
        error_messages={"required": _("Bitte schreiben Sie ein paar Worte über sich.")},
    )
