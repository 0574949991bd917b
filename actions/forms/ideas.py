"""What people write about ideas, and what the office does with them."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions.models import Idea, IdeaBoard, IdeaGroup
from core.fields import RowsField
from core.text import CleanCharField, validate_has_words

AUTHOR_LENGTH = Idea._meta.get_field("author_name").max_length
TITLE_LENGTH = IdeaGroup._meta.get_field("title").max_length
NO_GROUP = "-"


class IdeaForm(forms.Form):
    """One line and Enter."""

    text = CleanCharField(
        label=gettext_lazy("Ihre Idee"),
        max_length=Idea.TEXT_LENGTH,
        validators=[validate_has_words],
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "enterkeyhint": "send", "dir": "auto"}
        ),
        error_messages={"required": gettext_lazy("Bitte schreiben Sie Ihre Idee.")},
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)


class SignedIdeaForm(IdeaForm):
    """The same for those who have no account, or write what others have said."""

    author_name = CleanCharField(
        label=gettext_lazy("Von wem?"),
        help_text=gettext_lazy("Zum Beispiel: Gruppe 2"),
        max_length=AUTHOR_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )


class EditForm(forms.Form):
    """An idea mended by the office; `seen` is what stood there when the form was opened."""

    text = SignedIdeaForm.base_fields["text"]
    author_name = SignedIdeaForm.base_fields["author_name"]
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)


class BoardForm(forms.ModelForm):
    """The question on the wall, and when the room may write."""

    class Meta:
        model = IdeaBoard
        fields = ("question", "opens_at", "closes_at")
        field_classes = {"question": CleanCharField}
        widgets = {
            name: forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
            for name in ("opens_at", "closes_at")
        }


class GroupForm(forms.Form):
    """The name of a group."""

    title = CleanCharField(
        label=gettext_lazy("Name der Gruppe"),
        max_length=TITLE_LENGTH,
        validators=[validate_has_words],
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
        error_messages={"required": gettext_lazy("Bitte geben Sie der Gruppe einen Namen.")},
    )


class SortForm(forms.Form):
    """Ideas that were ticked, and where they go."""

    ideas = RowsField(
        Idea.objects.none(),
        error_messages={
            "required": gettext_lazy("Bitte haken Sie zuerst Ideen an."),
            "invalid_choice": gettext_lazy("Eine der Ideen gibt es hier nicht mehr."),
        },
    )
    group = forms.ChoiceField(label=gettext_lazy("Gruppe"), required=False)
    new_group = CleanCharField(
        label=gettext_lazy("oder neue Gruppe"),
        max_length=TITLE_LENGTH,
        required=False,
        validators=[validate_has_words],
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )

    def __init__(self, ideas: Any, groups: list[IdeaGroup], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.groups = {str(group.pk): group for group in groups}
        self.fields["ideas"].queryset = ideas  # type: ignore[attr-defined]
        self.fields["group"].choices = [  # type: ignore[attr-defined]
            (NO_GROUP, _("ohne Gruppe")),
            *((key, group.title) for key, group in self.groups.items()),
        ]

    @property
    def chosen_group(self) -> IdeaGroup | None:
        """The group that was chosen from the list; none for "no group"."""
        return self.groups.get(self.cleaned_data["group"])
