"""A picture of an action, with what § 22 KUG and people who do not see it ask for."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from actions.models import ActionImage, JointAction
from core.text import CleanCharField, validate_has_words
from organisations.forms.images import ImageForm as OrganisationImageForm
from organisations.forms.images import KeepsPicture


class ImageForm(KeepsPicture):
    """A picture; a good one is kept when something else is wrong."""

    file = OrganisationImageForm.base_fields["file"]
    alt_text = OrganisationImageForm.base_fields["alt_text"]
    credit = CleanCharField(
        label=_("Wer hat das Bild gemacht?"),
        max_length=120,
        validators=[validate_has_words],
        help_text=_("Der Name steht beim Bild."),
        error_messages={"required": _("Bitte schreiben Sie, wer das Bild gemacht hat.")},
    )
    has_consent = forms.BooleanField(
        label=_("Wir dürfen das Bild zeigen. Alle, die zu erkennen sind, sind einverstanden."),
        error_messages={
            "required": _("Ohne dieses Einverständnis können wir das Bild nicht zeigen.")
        },
    )

    def __init__(
        self,
        *args: Any,
        action: JointAction,
        kind: str = ActionImage.Kind.MAIN,
        image: ActionImage | None = None,
        is_other: bool = False,
        **options: Any,
    ) -> None:
        """Build the form.

        :param image: the picture it is about; none for a new one.
        :param is_other: whether somebody has put another one there since the form was opened.
        """
        self.action, self.kind, self.image, self.is_other = action, kind, image, is_other
        if image is not None:
            names = ("alt_text", "credit", "has_consent")
            options["initial"] = {name: getattr(image, name) for name in names}
        super().__init__(*args, **options)
        file = self.fields["file"]
        file.required = not (image or self.kept)
        if image is not None:
            file.label = _("Ein anderes Bild")

    def clean(self) -> dict[str, Any] | None:
        if self.is_other:
            raise forms.ValidationError(
                _(
                    "Inzwischen hat jemand das Bild geändert. Hier sehen Sie, wie es jetzt ist. "
                    "Ihre Eingaben sind noch da. Wenn Sie noch einmal speichern, gelten Ihre."
                )
            )
        return super().clean()

    @cached_property
    def kept(self) -> ActionImage | None:
        """Return the picture sent before that waits for the rest; only this action's own."""
        waiting = self.action.images.filter(pending=True, kind=self.kind)
        return self.sent_before(waiting)

    def remember(self, image: Any) -> None:
        super().remember(image)
        self.fields["file"].required = False
