"""What people write who want to come to an action, and what its organisers note for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from actions import words
from actions.models import ActionDate, JointAction, Registration
from actions.services.registrations import Counts
from core.fields import RowField
from core.text import CleanCharField, validate_has_words
from meetings.forms.answers import WholeNumberField
from organisations.forms.fields import EmailField

NAME_LENGTH = Registration._meta.get_field("name").max_length
MESSAGE_LENGTH = Registration._meta.get_field("message").max_length
WRONG_NUMBER = gettext_lazy("Bitte geben Sie eine Zahl von 1 bis 20 an.")


def people_field() -> WholeNumberField:
    return WholeNumberField(
        label=gettext_lazy("Wie viele Personen kommen?"),
        help_text=gettext_lazy("Zählen Sie sich selbst mit."),
        wrong=WRONG_NUMBER,
        min_value=1,
        most=Registration.MOST_PEOPLE,
        initial=1,
    )


def seats(action: JointAction, counts: Counts) -> str:
    """Say how many seats are free; nothing where there is room for all."""
    if action.capacity is None:
        return ""
    left = max(0, action.capacity - counts.people)
    if not left:
        return _("Alle Plätze sind vergeben. Sie kommen auf die Warteliste.")
    return ngettext(
        "Es ist noch %(number)d Platz frei.", "Es sind noch %(number)d Plätze frei.", left
    ) % {"number": left}


class DateField(RowField):
    """One of an action's dates, with what is still free."""

    def __init__(
        self, action: JointAction, dates: Sequence[ActionDate], counts: Mapping[int, Counts]
    ) -> None:
        self.action, self.counts = action, counts
        super().__init__(
            queryset=ActionDate.objects.filter(pk__in=[one.pk for one in dates]),
            label=gettext_lazy("Wann möchten Sie kommen?"),
            widget=forms.RadioSelect,
            empty_label=None,
            error_messages={
                "required": gettext_lazy("Bitte wählen Sie einen Termin."),
                "invalid_choice": gettext_lazy(
                    "Für diesen Termin geht es nicht mehr. Bitte wählen Sie einen anderen."
                ),
            },
        )

    def label_from_instance(self, date: Any) -> str:
        free = seats(self.action, self.counts.get(date.pk, Counts()))
        parts = [words.when(date), f"({date.note})" if date.note else ""]
        when = " ".join(part for part in parts if part)
        return _("%(when)s. %(seats)s") % {"when": when, "seats": free} if free else when


class RegistrationForm(forms.Form):
    """Somebody who wants to come."""

    date = forms.Field()  # made for each action
    name = CleanCharField(
        label=gettext_lazy("Ihr Name"),
        max_length=NAME_LENGTH,
        validators=[validate_has_words],
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        error_messages={"required": gettext_lazy("Bitte schreiben Sie Ihren Namen.")},
    )
    email = EmailField(
        label=gettext_lazy("Ihre E-Mail-Adresse"),
        help_text=gettext_lazy(
            "Wir schicken Ihnen eine E-Mail. Erst mit dem Link darin sind Sie angemeldet."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": gettext_lazy("Bitte geben Sie Ihre E-Mail-Adresse an.")},
    )
    people = people_field()
    message = CleanCharField(
        label=gettext_lazy("Nachricht"),
        help_text=gettext_lazy(
            "Was sollen die Organisationen wissen? Zum Beispiel: Wir kommen mit Rollstuhl."
        ),
        multiline=True,
        max_length=MESSAGE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        action: JointAction,
        dates: Sequence[ActionDate],
        counts: Mapping[int, Counts],
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.fields["date"] = DateField(action, dates, counts)
        self.order_fields(["date"])
        self.only_date = dates[0] if len(dates) == 1 else None
        if self.only_date:  # nothing to choose
            self.fields["date"].widget = forms.HiddenInput()

    @property
    def values(self) -> dict[str, Any]:
        """What was written, for `services.registrations`."""
        return {name: self.cleaned_data[name] for name in ("name", "email", "people", "message")}


class NotedForm(RegistrationForm):
    """The same, as those who organise the action note it for somebody."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["date"].label = gettext_lazy("Für welchen Termin?")
        self.fields["name"].label = gettext_lazy("Name")
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        self.fields["people"].help_text = ""
        email = self.fields["email"]
        email.label, email.required = gettext_lazy("E-Mail-Adresse"), False
        email.widget.attrs["autocomplete"] = "off"
        email.help_text = gettext_lazy(
            "Wenn die Person eine hat. Sie bekommt dann eine E-Mail mit dem Termin und dem Link "
            "zum Abmelden."
        )
        message = self.fields["message"]
        message.label = gettext_lazy("Telefonnummer oder Notiz")
        message.help_text = gettext_lazy(
            "Ohne E-Mail-Adresse brauchen Sie eine Nummer, falls sich etwas ändert."
        )


class PeopleForm(forms.Form):
    """With how many somebody comes."""

    people = people_field()
