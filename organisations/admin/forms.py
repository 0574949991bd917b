"""The forms of an organisation's page in the back office; the services write what they say."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import office
from core.errors import Conflict, Refused
from core.text import CleanCharField, HttpUrlField, clean_url, validate_has_words
from core.translations import TRANSLATION
from organisations import questions
from organisations.forms.fields import EmailField, LongTextField, PhoneField
from organisations.models import ContactPerson, Municipality, Organisation, OrganisationImage
from organisations.services import contacts, editing

State = Organisation.State


class LinksField(CleanCharField):
    """Addresses on the web, one in each line; its value is their list."""

    def __init__(self, **options: Any) -> None:
        super().__init__(multiline=True, required=False, max_length=2000, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = (line.strip() for line in super().clean(value).splitlines())
        return list(dict.fromkeys(clean_url(line) for line in lines if line))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class OrganisationForm(office.TranslatedForm):
    """What an organisation says of itself; saved by the same service as in its own forms."""

    name = CleanCharField(
        label=gettext_lazy("Name"),
        max_length=160,
        validators=[validate_has_words],
        error_messages={"required": gettext_lazy("Bitte geben Sie den Namen der Organisation an.")},
    )
    phone = PhoneField(label=gettext_lazy("Telefon"), required=False)
    email = EmailField(label=gettext_lazy("E-Mail-Adresse"), required=False)
    website = HttpUrlField(label=gettext_lazy("Internetseite"), required=False)
    social_links = LinksField(
        label=gettext_lazy("Soziale Medien"),
        help_text=gettext_lazy("Eine Adresse in jeder Zeile."),
        widget=AdminTextareaWidget(attrs={"rows": 3}),
    )
    opening_times = LongTextField(
        label=gettext_lazy("Öffnungszeiten oder Treffen"), max_length=500, rows=3, required=False
    )
    seen_version = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1
    )
    # Set by the admin for each request.
    officer: Any = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "seen_version" in self.fields:
            self.fields["seen_version"].initial = self.instance.version
        for name in ("municipality", "active_in"):
            if name in self.fields:
                places = Municipality.objects.defer("outline")
                self.fields[name].queryset = places.filter(in_county=True) | places.filter(
                    pk=self.instance.municipality_id
                )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.state != State.DRAFT:
            for name in ("kind", "municipality"):
                if name in cleaned and not cleaned[name]:
                    self.add_error(name, _("Diese Angabe braucht jede eingereichte Organisation."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and "seen_version" in self.fields:
            self._rehearse()

    @property
    def values(self) -> dict[str, Any]:
        """Return what `editing.save` is to write: the fields that were changed in this form."""
        return {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name in questions.FIELDS or name.startswith(TRANSLATION)
        }

    def save_by_service(self) -> Organisation:
        return editing.save(
            organisation=self.instance,
            values=self.values,
            seen_version=self.cleaned_data.get("seen_version") or 0,
            by=self.officer,
        )

    def _rehearse(self) -> None:
        """Save and take it back, to say at the fields what somebody else has changed meanwhile."""
        try:
            with transaction.atomic():
                self.save_by_service()
                transaction.set_rollback(True)
        except Refused as refused:
            self.add_error(None, str(refused))
        except Conflict as conflict:
            for name, theirs in conflict.theirs.items():
                text = _("Das hat inzwischen jemand geändert. Jetzt steht dort: %(value)s")
                shown = theirs if isinstance(theirs, str) and theirs else _("etwas anderes")
                self.add_error(name, text % {"value": shown})
            self.data = self.data.copy()
            fresh = Organisation.objects.values_list("version", flat=True).get(pk=self.instance.pk)
            self.data[self.add_prefix("seen_version")] = str(fresh)


class ContactForm(forms.ModelForm):
    """A contact person; what of theirs is public follows from their consent alone."""

    name = CleanCharField(
        label=gettext_lazy("Name"),
        max_length=120,
        validators=[validate_has_words],
        error_messages={"required": gettext_lazy("Bitte geben Sie den Namen an.")},
    )
    function = CleanCharField(label=gettext_lazy("Aufgabe"), max_length=80, required=False)
    phone = PhoneField(label=gettext_lazy("Telefon"), required=False)
    email = EmailField(label=gettext_lazy("E-Mail-Adresse"), required=False)
    hide = forms.BooleanField(
        label=gettext_lazy("Nichts mehr öffentlich zeigen"),
        required=False,
        help_text=gettext_lazy("Wirkt sofort, wenn Sie speichern."),
    )
    paper = forms.MultipleChoiceField(
        label=gettext_lazy("Einwilligung auf Papier: Das darf öffentlich sein"),
        required=False,
        choices=[
            (name, ContactPerson._meta.get_field(name).verbose_name)
            for name in ContactPerson.PUBLISHABLE
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Nur wenn Ihnen die Person das unterschrieben hat. Sonst fragen Sie die Person über "
            "die Seite der Organisation per E-Mail."
        ),
    )
    paper_by = CleanCharField(
        label=gettext_lazy("Unterschrieben von"), max_length=254, required=False
    )
    paper_note = CleanCharField(
        label=gettext_lazy("Wo liegt das Papier?"), max_length=500, required=False
    )
    seen_entry = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=0, max_value=2**62
    )

    class Meta:
        model = ContactPerson
        fields = ("name", "function", "phone", "email")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and not self.is_bound:
            self.initial["seen_entry"] = contacts.latest_entry(self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("paper") and not cleaned.get("paper_by"):
            self.add_error("paper_by", _("Bitte schreiben Sie, wer unterschrieben hat."))
        for name in cleaned.get("paper") or []:
            if name == "photo" and not self.instance.photo_id:
                self.add_error("paper", _("Es gibt noch kein Foto von dieser Person."))
            elif name in cleaned and not cleaned[name]:
                self.add_error(name, _("Öffentlich zeigen kann man nur, was hier steht."))
        return cleaned


class ImageForm(forms.ModelForm):
    alt_text = CleanCharField(
        label=gettext_lazy("Bildbeschreibung"),
        max_length=200,
        validators=[validate_has_words],
        error_messages={
            "required": gettext_lazy("Bitte beschreiben Sie das Bild mit ein paar Wörtern.")
        },
    )
    credit = CleanCharField(
        label=gettext_lazy("Wer hat das Bild gemacht?"), max_length=120, required=False
    )

    class Meta:
        model = OrganisationImage
        fields = ("alt_text", "credit")
