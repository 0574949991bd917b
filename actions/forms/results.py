"""What is said of an action afterwards, and how it begins anew."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy

from actions.models import ActionResult, JointAction
from actions.services import again
from core.fields import RowField, RowsField
from core.text import validate_has_words
from organisations.forms.fields import LongTextField
from organisations.models import Organisation

MOST_VISITORS = 1_000_000


def _text(name: str, **options: Any) -> LongTextField:
    """Return the field of one of the result's texts."""
    column: Any = ActionResult._meta.get_field(name)
    return LongTextField(
        label=column.verbose_name,
        help_text=column.help_text,
        max_length=2000,
        required=False,
        rows=4,
        **options,
    )


class ResultForm(forms.Form):
    """Four questions, none of which must be answered."""

    visitors = forms.IntegerField(
        label=gettext_lazy("Wie viele Menschen waren da?"),
        required=False,
        min_value=0,
        validators=[
            MaxValueValidator(
                MOST_VISITORS, gettext_lazy("So viele Menschen leben nicht im ganzen Landkreis.")
            )
        ],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("Geschätzt genügt."),
        error_messages={
            "invalid": gettext_lazy("Bitte schreiben Sie eine Zahl, zum Beispiel 120."),
            "min_value": gettext_lazy("Bitte schreiben Sie eine Zahl, zum Beispiel 120."),
        },
    )
    summary = _text("summary", validators=[validate_has_words])
    worked = _text("worked")
    to_improve = _text("to_improve")

    def shown(self, field: str, value: Any) -> str:
        """Return a value in words, for the page that compares two people's entries."""
        return "" if value is None else str(value)


class AgainForm(forms.Form):
    """Who leads, when, and who is asked."""

    WHEN = (
        ("shifted", gettext_lazy("Zur gleichen Zeit im nächsten Jahr")),
        ("none", gettext_lazy("Das steht noch nicht fest")),
    )

    organisation = RowField(
        label=gettext_lazy("Wer übernimmt die Leitung?"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        error_messages={"required": gettext_lazy("Bitte wählen Sie eine Organisation aus.")},
    )
    when = forms.ChoiceField(
        label=gettext_lazy("Wann?"),
        choices=WHEN,
        initial="shifted",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Bitte wählen Sie aus, wann.")},
    )
    ask = RowsField(
        label=gettext_lazy("Wen sollen wir wieder einladen?"),
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Sie bekommen eine E-Mail und sagen zu oder ab."),
        error_messages={
            "invalid_choice": gettext_lazy("Eine der Organisationen ist nicht mehr dabei.")
        },
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, action: JointAction, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        leads = again.leads(user, action)
        others = again.to_ask(action)
        rows = Organisation.objects.filter(pk__in=[one.pk for one in (*leads, *others)])
        self.fields["organisation"].queryset = rows.filter(pk__in=[one.pk for one in leads])  # type: ignore[attr-defined]
        self.fields["ask"].queryset = rows.filter(pk__in=[one.pk for one in others])  # type: ignore[attr-defined]
        self.initial.setdefault("organisation", leads[0].pk if leads else None)
        self.initial.setdefault("ask", [one.pk for one in others])
        if len(leads) == 1:
            # Nothing to choose.
            self.fields["organisation"].widget = forms.HiddenInput()
            self.fields["organisation"].disabled = True
            others = [one for one in others if one != leads[0]]
            self.fields["ask"].queryset = rows.filter(pk__in=[one.pk for one in others])  # type: ignore[attr-defined]
        if not others:
            del self.fields["ask"]
        if not action.dates.exists():
            self.fields["when"].choices = self.WHEN[1:]  # type: ignore[attr-defined]
            self.initial["when"] = "none"

    @property
    def asked(self) -> list[Organisation]:
        """Who is to be asked, of a valid form."""
        return list(self.cleaned_data.get("ask", ()))
