"""Forms about tasks: what the office gives, and what those who have one say when it is done."""

import uuid
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User, normalise_email
from core.fields import RowField
from core.text import CleanCharField, validate_has_words
from meetings.models import Task
from meetings.services import tasks
from organisations.models import Organisation


class NoteForm(forms.Form):
    """What has come of a task."""

    note = CleanCharField(
        required=False,
        label=gettext_lazy("Was ist daraus geworden?"),
        help_text=gettext_lazy("Ein Satz genügt. Alle Mitglieder lesen ihn."),
        max_length=300,
    )


class TaskForm(forms.ModelForm):
    """A task as the office writes it; who has it in words, as an account, or an organisation."""

    text = CleanCharField(
        multiline=True,
        label=gettext_lazy("Was ist zu tun?"),
        help_text=gettext_lazy("Alle Mitglieder lesen das."),
        max_length=1000,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Bitte schreiben Sie, was zu tun ist.")},
    )
    organisation = RowField(
        queryset=Organisation.objects.public().order_by("name", "pk"),
        required=False,
        label=gettext_lazy("Organisation"),
        help_text=gettext_lazy("Ihre Vertretungen werden erinnert und melden sie als erledigt."),
        empty_label=gettext_lazy("keine"),
    )
    account = forms.EmailField(
        required=False,
        label=gettext_lazy("Person mit Konto"),
        help_text=gettext_lazy(
            "Ihre E-Mail-Adresse. Das Portal erinnert dann nur diese Person, nicht alle anderen."
        ),
        error_messages={"invalid": gettext_lazy("Bitte geben Sie eine E-Mail-Adresse an.")},
    )
    person = CleanCharField(
        required=False,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy(
            "Steht bei der Aufgabe, auch ohne Konto. Wer kein Konto hat, wird nicht erinnert."
        ),
        max_length=160,
    )
    due_on = forms.DateField(
        required=False,
        label=gettext_lazy("Bis wann?"),
        help_text=gettext_lazy("Eine Woche vorher und am Tag danach erinnert das Portal."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": gettext_lazy("Bitte geben Sie ein Datum an.")},
    )
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)
    form_key = forms.UUIDField(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)

    class Meta:
        model = Task
        fields = ["text", "organisation", "person", "due_on"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        task = self.instance
        if task.pk:
            self.initial.setdefault("account", task.user.email if task.user else "")
            self.initial.setdefault("seen", tasks.fingerprint(task))
            if task.organisation_id:
                # It may be paused meanwhile; the task stays with it.
                field: Any = self.fields["organisation"]
                field.queryset |= Organisation.objects.filter(pk=task.organisation_id)

    def clean_account(self) -> User | None:
        typed = normalise_email(self.cleaned_data["account"])
        if not typed:
            return None
        user = User.objects.filter(email=typed, is_active=True).first()
        if user is None:
            raise forms.ValidationError(
                _("Mit dieser Adresse gibt es kein Konto. Schreiben Sie dann nur den Namen.")
            )
        if not tasks.may_have(user):
            raise forms.ValidationError(
                _(
                    "Diese Person vertritt keine Organisation im Netzwerk und sieht keine "
                    "Aufgaben. Schreiben Sie dann nur den Namen."
                )
            )
        return user

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        named = any(self.cleaned_data.get(name) for name in ("organisation", "account", "person"))
        if not named and not {"organisation", "account", "person"} & self.errors.keys():
            self.add_error("organisation", _("Bitte sagen Sie, wer die Aufgabe übernimmt."))
        if self.instance.pk and not self.errors:
            self._compare()
        return cleaned

    def _compare(self) -> None:
        """Show what somebody else has saved meanwhile; sent again, what is typed here counts."""
        stored = Task.objects.select_related("organisation", "user").get(pk=self.instance.pk)
        present = tasks.fingerprint(stored)
        changed = any(getattr(stored, name) != value for name, value in self.values().items())
        if not changed or self.cleaned_data["seen"] in {"", present}:
            return
        who = [stored.person, str(stored.organisation or "")]
        until = date_format(stored.due_on) if stored.due_on else ""
        told = " – ".join(part for part in (stored.text, *who, until) if part)
        text = _(
            "Jemand hat diese Aufgabe inzwischen geändert. Gespeichert ist jetzt: %(task)s. "
            "Ihre Eingaben stehen noch hier. Speichern Sie noch einmal, dann gelten diese."
        )
        self.add_error(None, text % {"task": told})
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = present

    def values(self) -> dict[str, Any]:
        """Return what the services take."""
        cleaned = self.cleaned_data
        names = ("text", "organisation", "person", "due_on")
        return {name: cleaned[name] for name in names} | {"user": cleaned["account"]}
