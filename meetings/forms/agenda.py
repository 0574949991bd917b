"""Forms about a meeting's agenda: the office's items, and what organisations propose."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.fields import RowField, is_key
from core.text import CleanCharField, validate_has_words
from meetings.models import AgendaItem
from organisations.models import Organisation


class ItemForm(forms.Form):
    """What an item of the agenda says."""

    title = CleanCharField(
        label=_("Thema"),
        max_length=200,
        validators=[validate_has_words],
        error_messages={"required": _("Bitte schreiben Sie, um welches Thema es geht.")},
    )
    description = CleanCharField(
        multiline=True,
        required=False,
        label=_("Worum geht es?"),
        help_text=_("Ein bis drei Sätze genügen. Alle Mitglieder lesen das."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    minutes = forms.IntegerField(
        required=False,
        label=_("Dauer in Minuten"),
        min_value=1,
        max_value=720,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Bitte geben Sie eine ganze Zahl an, zum Beispiel 20.")},
    )
    speaker = CleanCharField(
        required=False,
        label=_("Wer spricht?"),
        help_text=_("Ein Name oder eine Organisation. Alle Mitglieder lesen das."),
        max_length=160,
    )
    creation_key = forms.UUIDField(required=False, widget=forms.HiddenInput)


class ChangedItemForm(ItemForm):
    """An item that is there already, with what stood in it when the form was opened."""

    creation_key = None
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)


class ProposalForm(ItemForm):
    """An item that a representative proposes for one of their organisations."""

    organisation = RowField(
        queryset=Organisation.objects.none(),
        label=_("Für welche Organisation?"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": _("Bitte wählen Sie die Organisation."),
            "invalid_choice": _("Bitte wählen Sie eine von Ihren Organisationen."),
        },
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        own = Organisation.objects.of(user).public().order_by("name", "pk")
        field: Any = self.fields["organisation"]
        field.queryset = own
        self.single = own.get() if own.count() == 1 else None
        if self.single is not None:
            # There is nothing to choose.
            del self.fields["organisation"]
        self.order_fields(["organisation", *AGENDA_FIELDS])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.single is not None:
            cleaned["organisation"] = self.single
        return cleaned


AGENDA_FIELDS = ("title", "description", "minutes", "speaker", "creation_key")


class WordForm(forms.Form):
    """What the office writes to an organisation about its proposal."""

    word = CleanCharField(
        multiline=True,
        required=False,
        label=_("Ihre Worte dazu"),
        help_text=_("Stehen in der E-Mail an die Organisation. Beim Ablehnen nötig."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def item_key(value: Any) -> int | None:
    """Return the key of an item that a button has sent, or None for nonsense."""
    return int(value) if value and is_key(AgendaItem, value) else None
