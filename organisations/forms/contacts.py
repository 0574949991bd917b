"""Forms about contact persons: their data, and what of these may be public."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import User
from core import phones
from core.text import CleanCharField, validate_has_words
from organisations.forms.fields import EmailField, ImageFileField, PhoneField, shown_phone
from organisations.forms.images import KeepsPicture
from organisations.models import ContactPerson, Organisation, OrganisationImage


class ContactForm(KeepsPicture):
    """Somebody who can be reached; what of theirs is public is their own decision."""

    kind = OrganisationImage.Kind.PORTRAIT

    name = CleanCharField(
        label=_("Name"),
        max_length=120,
        validators=[validate_has_words],
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        error_messages={"required": _("Bitte geben Sie den Namen an.")},
    )
    function = CleanCharField(
        label=_("Aufgabe"),
        max_length=80,
        required=False,
        help_text=_("Zum Beispiel: Vorstand, Kassenwart"),
    )
    phone = PhoneField(label=_("Telefon"), required=False)
    email = EmailField(label=_("E-Mail-Adresse"), required=False)
    photo = ImageFileField(
        label=_("Foto"),
        required=False,
        help_text=_(
            "Ein Bild, auf dem nur diese Person zu sehen ist. JPEG, PNG, WebP oder GIF, höchstens "
            "10 MB. Ein Foto mit dem Handy genügt."
        ),
    )
    remove_photo = forms.BooleanField(label=_("Foto entfernen"), required=False)
    seen_photo = forms.UUIDField(widget=forms.HiddenInput, required=False)
    seen_entry = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**62
    )

    PERSON = ("name", "function", "phone", "email")

    def __init__(
        self,
        *args: Any,
        organisation: Organisation,
        contact: ContactPerson | None = None,
        entry: int = 0,
        **options: Any,
    ) -> None:
        self.organisation, self.contact = organisation, contact
        if contact is not None:
            present = {field: getattr(contact, field) for field in self.PERSON}
            present |= {"seen_entry": entry, "seen_photo": contact.photo_id}
            options["initial"] = present | options.get("initial", {})
        super().__init__(*args, **options)

    @property
    def values(self) -> dict[str, Any]:
        return {field: self.cleaned_data[field] for field in self.PERSON}

    @property
    def portrait(self) -> OrganisationImage | None:
        """Return the photo to show beside the field: the one just sent, else the present one."""
        return self.kept or (self.contact.photo if self.contact else None)

    @property
    def knows_photo(self) -> bool:
        """Whether the photo was on the form, not one that somebody else has put there meanwhile."""
        if self.kept:
            return True
        return bool(self.contact) and self.cleaned_data["seen_photo"] == self.contact.photo_id

    @property
    def changes_photo(self) -> bool:
        return bool(self.kept or self.cleaned_data["remove_photo"])

    @property
    def new_photo(self) -> OrganisationImage | None:
        """Return what `contacts.set_photo` is to write, if the form `changes_photo`."""
        return None if self.cleaned_data["remove_photo"] else self.kept

    def remember(self, image: OrganisationImage) -> None:
        super().remember(image)
        # Whoever sends a photo wants one.
        self.data.pop("remove_photo", None)
        self.cleaned_data["remove_photo"] = False

    def shown(self, field: str, value: Any) -> str:
        """Return a value in words, to compare it with somebody else's."""
        return shown_phone(value) if field == "phone" else str(value or "")


class OwnContactForm(ContactForm):
    """Oneself as the contact person: every entry with its own switch."""

    name_public = forms.BooleanField(label=_("Meinen Namen öffentlich zeigen"), required=False)
    function_public = forms.BooleanField(label=_("Meine Aufgabe öffentlich zeigen"), required=False)
    phone_public = forms.BooleanField(
        label=_("Meine Telefonnummer öffentlich zeigen"), required=False
    )
    email_public = forms.BooleanField(
        label=_("Meine E-Mail-Adresse öffentlich zeigen"), required=False
    )
    photo_public = forms.BooleanField(label=_("Mein Foto öffentlich zeigen"), required=False)
    field_order = (
        "name",
        "name_public",
        "function",
        "function_public",
        "phone",
        "phone_public",
        "email",
        "email_public",
        "photo",
        "remove_photo",
        "photo_public",
        "pending",
        "seen_entry",
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        contact = options.get("contact")
        if contact is None:
            options["initial"] = {"name": user.name, "email": user.email}
        else:
            options["initial"] = {
                f"{field}_public": getattr(contact, f"{field}_public")
                for field in ContactPerson.PUBLISHABLE
            }
        super().__init__(*args, **options)
        self.fields["email"].help_text = _(
            "Steht hier eine andere Adresse als die Ihres Kontos? Dann schicken wir einen Link "
            "dorthin. Öffentlich wird sie erst, wenn dort jemand zustimmt."
        )

    @property
    def public(self) -> list[str]:
        return [
            field
            for field in ContactPerson.PUBLISHABLE
            if self.cleaned_data[f"{field}_public"] and (field != "photo" or self.knows_photo)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for field in self.PERSON:
            if cleaned.get(f"{field}_public") and field in cleaned and not cleaned[field]:
                self.add_error(
                    field, _("Sie möchten das öffentlich zeigen, aber hier steht noch nichts.")
                )
        if cleaned.get("remove_photo"):
            cleaned["photo_public"] = False
        elif (
            cleaned.get("photo_public")
            and "photo" in cleaned
            and not (cleaned["photo"] or self.portrait)
        ):
            self.add_error(
                "photo", _("Sie möchten Ihr Foto öffentlich zeigen. Bitte wählen Sie eines.")
            )
        return cleaned


class OtherContactForm(ContactForm):
    """Somebody else: they are asked by mail, so the form asks for their language too."""

    language = forms.ChoiceField(
        label=_("In welcher Sprache sollen wir der Person schreiben?"), choices=settings.LANGUAGES
    )

    field_order = (
        "name",
        "function",
        "phone",
        "email",
        "photo",
        "remove_photo",
        "language",
        "pending",
        "seen_entry",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        options["initial"] = {"language": get_language()} | options.get("initial", {})
        super().__init__(*args, **options)
        self.fields["email"].help_text = _(
            "An diese Adresse schicken wir einen Link. Die Person entscheidet selbst, was "
            "öffentlich wird."
        )


class ConsentForm(forms.Form):
    """What of a person may be public: one box for each thing there is of them."""

    def __init__(self, *args: Any, contact: ContactPerson, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in ContactPerson.PUBLISHABLE:
            value = getattr(contact, field)
            if not value:
                continue
            shown = phones.spoken(value) if isinstance(value, PhoneNumber) else value
            label = _("%(what)s öffentlich zeigen: %(value)s") % {
                "what": contact._meta.get_field(field).verbose_name,
                "value": shown,
            }
            if field == "photo":
                label = _("Dieses Foto von mir öffentlich zeigen")
                # Agreed to is the photo that was shown, not one that took its place meanwhile.
                self.fields["seen_photo"] = forms.UUIDField(
                    widget=forms.HiddenInput, required=False, initial=contact.photo_id
                )
            self.fields[field] = forms.BooleanField(
                label=label,
                required=False,
                initial=getattr(contact, f"{field}_public"),
            )
        self.contact = contact

    @property
    def public(self) -> list[str]:
        seen = self.cleaned_data.get("seen_photo") == self.contact.photo_id
        return [
            field
            for field in ContactPerson.PUBLISHABLE
            if self.cleaned_data.get(field) and (field != "photo" or seen)
        ]
