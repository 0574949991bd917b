"""What those who lead an action, and the organisations in it, say about taking part."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from actions.models import Contribution, JointAction, Participation
from actions.services import partners
from core import folding
from core.fields import RowField, RowsField
from core.text import CleanCharField
from organisations.models import Organisation

MESSAGE_LENGTH = Participation._meta.get_field("message").max_length
# As many as one looks through on a phone.
SHOWN = 20


class MessageField(CleanCharField):
    """A word to the other side; it stands in their mail."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "dir": "auto"})
        super().__init__(
            **{
                "multiline": True,
                "required": False,
                "max_length": MESSAGE_LENGTH,
                "widget": widget,
                "label": _("Ein Wort dazu"),
                "help_text": _("Steht in der E-Mail an die andere Seite."),
            }
            | options
        )


class InviteForm(forms.Form):
    """Organisations to invite, found by their names; what is ticked stays while one searches on."""

    mark_optional = False

    query = CleanCharField(
        label=_("Organisation suchen"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"dir": "auto", "enterkeyhint": "search"}),
    )
    organisations = RowsField(
        Organisation.objects.none(),
        label=_("Welche Organisationen laden Sie ein?"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={
            "invalid_choice": _("Eine der Organisationen ist schon dabei oder nicht mehr aktiv.")
        },
    )
    message = MessageField(label=_("Ein Wort dazu, wenn Sie möchten"))

    def __init__(self, *args: Any, action: JointAction, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["organisations"]
        field.queryset = partners.invitable(action)
        asked = self.data.get("query", "") if self.is_bound else ""
        words = folding.words(asked[:100])
        wanted = Q()
        for word in words:
            # By name alone: what else the office finds an organisation by may not be public.
            wanted &= Q(search_text__name__contains=f" {word}") | Q(short_name__icontains=word)
        found = list(field.queryset.filter(wanted)[: SHOWN + 1])
        self.has_more = len(found) > SHOWN
        ticked: list[Organisation] = []
        if self.is_bound:
            keys = self.data.getlist("organisations")  # type: ignore[union-attr]
            ticked = [one for one in field.queryset if str(one.pk) in keys]
        shown = ticked + [one for one in found[:SHOWN] if one not in ticked]
        field.choices = [(one.pk, one.name) for one in shown]
        self.found_nothing = bool(words) and not found

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "search" not in self.data and not self.errors and not cleaned["organisations"]:  # type: ignore[index]
            self.add_error("organisations", _("Bitte haken Sie mindestens eine Organisation an."))
        return cleaned


class PartForm(forms.Form):
    """A button beside an organisation, and a word to it."""

    organisation = RowField(Organisation.objects.none())
    message = MessageField()

    def __init__(self, *args: Any, action: JointAction, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(participations__action=action)


class JoinForm(forms.Form):
    """For which organisation one joins, and what it brings, if one knows already."""

    organisation = RowField(
        Organisation.objects.none(),
        label=_("Für welche Organisation?"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": _("Bitte wählen Sie die Organisation."),
            "invalid_choice": _("Bitte wählen Sie eine von Ihren Organisationen."),
        },
    )
    contribution = RowField(
        Contribution.objects.none(),
        label=_("Was bringen Sie mit?"),
        required=False,
        empty_label=_("Das wissen wir noch nicht"),
        error_messages={"invalid_choice": _("Das wird inzwischen nicht mehr gebraucht.")},
    )
    amount = forms.IntegerField(
        label=_("Wie viel davon?"),
        required=False,
        min_value=1,
        max_value=10_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Bitte geben Sie eine ganze Zahl an, zum Beispiel 2.")},
    )
    message = MessageField()

    def __init__(
        self, *args: Any, own: list[Organisation], needs: list[Contribution], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["organisation"].queryset = Organisation.objects.filter(
            pk__in=[one.pk for one in own]
        )
        self.single = own[0] if len(own) == 1 else None
        if self.single is not None:
            # There is nothing to choose.
            del self.fields["organisation"]
        fields = self.fields
        if needs:
            fields["contribution"].queryset = Contribution.objects.filter(
                pk__in=[need.pk for need in needs]
            )
            fields["contribution"].label_from_instance = _missing
            fields["contribution"].queryset = fields["contribution"].queryset.with_pledged()
        else:
            del self.fields["contribution"], self.fields["amount"]

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.single is not None:
            cleaned["organisation"] = self.single
        return cleaned


def _missing(need: Any) -> str:
    """Return what is missing of a contribution, as one line of a list."""
    left = max(need.amount - need.pledged, 1)
    return f"{need.what} ({left} {need.unit})".replace(" )", ")")
