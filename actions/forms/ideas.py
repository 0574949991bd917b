"""What people write about ideas, and what the office does with them."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actions.models import Idea, IdeaBoard, IdeaComment, IdeaGroup
from actions.models.ideas import IdeaQuerySet
from core.fields import RowsField
from core.text import CleanCharField, validate_has_words
from meetings.models import Meeting
from organisations.models import Organisation

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


class SpokenForm(forms.Form):
    """Who speaks for several organisations says for which one.

    :param own: the organisations the person speaks for; the field is there for several only.
    """

    organisation = forms.ChoiceField(label=gettext_lazy("Für welche Organisation?"))

    def __init__(self, *args: Any, own: Sequence[Organisation] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.own = {str(organisation.pk): organisation for organisation in own}
        if len(self.own) < 2:
            del self.fields["organisation"]
        else:
            field: Any = self.fields["organisation"]
            field.choices = [(key, organisation.name) for key, organisation in self.own.items()]

    @property
    def voice(self) -> Organisation | None:
        """The organisation that speaks; none for people who speak for none."""
        chosen = self.cleaned_data.get("organisation")
        return self.own[chosen] if chosen else next(iter(self.own.values()), None)


class MemberIdeaForm(SpokenForm, IdeaForm):
    """One line of somebody with an account."""

    field_order = ("text", "organisation")


class CommentForm(SpokenForm):
    """What somebody says about an idea."""

    text = CleanCharField(
        label=gettext_lazy("Ihr Kommentar"),
        multiline=True,
        max_length=IdeaComment.TEXT_LENGTH,
        validators=[validate_has_words],
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        error_messages={"required": gettext_lazy("Bitte schreiben Sie etwas.")},
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("text", "organisation")


class LeadForm(forms.Form):
    """Who leads the action an idea becomes; the officer may leave that open."""

    mark_optional = False

    lead = forms.ChoiceField(label=gettext_lazy("Wer übernimmt die Leitung?"), required=False)

    def __init__(self, voices: Sequence[Organisation], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.voices = {str(organisation.pk): organisation for organisation in voices}
        field: Any = self.fields["lead"]
        field.choices = [
            ("", _("Noch niemand. Wir suchen eine Leitung.")),
            *((key, organisation.name) for key, organisation in self.voices.items()),
        ]

    @property
    def chosen(self) -> Organisation | None:
        return self.voices.get(self.cleaned_data["lead"])


class IdeaFilter(forms.Form):
    """What of all ideas is shown, in which order; what nobody offered is not asked for.

    :param meetings: those ideas come from.
    """

    NO_MEETING = "ohne"
    mark_optional = False

    class Stand:
        OPEN, ACTION, OWN = "offen", "aktion", "eigene"

    class Order:
        NEWEST, SUPPORTED = "neu", "beliebt"

    q = CleanCharField(
        label=gettext_lazy("Wörter"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )
    treffen = forms.ChoiceField(label=gettext_lazy("Woher?"), required=False)
    stand = forms.ChoiceField(
        label=gettext_lazy("Welche?"),
        required=False,
        choices=[
            ("", gettext_lazy("Alle Ideen")),
            (Stand.OPEN, gettext_lazy("Noch keine Aktion")),
            (Stand.ACTION, gettext_lazy("Schon eine Aktion")),
            (Stand.OWN, gettext_lazy("Von uns")),
        ],
    )
    ordnung = forms.ChoiceField(
        label=gettext_lazy("Reihenfolge"),
        required=False,
        choices=[
            (Order.NEWEST, gettext_lazy("Die neuesten zuerst")),
            (Order.SUPPORTED, gettext_lazy("Die beliebtesten zuerst")),
        ],
    )

    def __init__(
        self, *args: Any, meetings: Sequence[Meeting], own: Sequence[Organisation], user: Any
    ) -> None:
        super().__init__(*args)
        self.own, self.user = own, user
        field: Any = self.fields["treffen"]
        field.choices = [
            ("", _("Von überall")),
            (self.NO_MEETING, _("Nicht aus einem Treffen")),
            *(
                (one.slug, f"{one.translated('title')}, {date_format(one.begins, 'DATE_FORMAT')}")
                for one in meetings
            ),
        ]

    @property
    def is_active(self) -> bool:
        """Whether anything is left out."""
        self.is_valid()
        return any(self.cleaned_data.get(name) for name in ("q", "treffen", "stand"))

    def filter(self, ideas: IdeaQuerySet) -> IdeaQuerySet:
        """Return the ideas that are wanted, in the wanted order."""
        self.is_valid()
        wanted = self.cleaned_data.get
        if meeting := wanted("treffen"):
            is_from = (
                {"meeting": None} if meeting == self.NO_MEETING else {"meeting__slug": meeting}
            )
            ideas = ideas.filter(**is_from)
        match wanted("stand"):
            case self.Stand.OPEN:
                ideas = ideas.filter(action=None)
            case self.Stand.ACTION:
                ideas = ideas.exclude(action=None)
            case self.Stand.OWN:
                ideas = ideas.of(self.user, self.own)
        ideas = ideas.search(wanted("q") or "")
        is_by_support = wanted("ordnung") == self.Order.SUPPORTED
        return ideas.most_supported() if is_by_support else ideas.newest()


class SignedIdeaForm(IdeaForm):
    """The same for those who have no account, or write what others have said."""

    author_name = CleanCharField(
        label=gettext_lazy("Von wem?"),
        help_text=gettext_lazy("Zum Beispiel: Gruppe 2"),
        max_length=AUTHOR_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )


class KeptForm(forms.Form):
    """Which of several ideas that say the same stays."""

    kept = forms.ChoiceField(
        label=gettext_lazy("Welche Idee bleibt?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Bitte wählen Sie, welche Idee bleibt.")},
    )

    def __init__(self, ideas: Sequence[Idea], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["kept"]
        field.choices = [(str(idea.pk), idea.text) for idea in ideas]


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
