"""Forms with a picture: what was sent is kept while the rest still has errors."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.text import CleanCharField, validate_has_words
from organisations.forms.fields import ImageFileField
from organisations.models import Organisation, OrganisationImage


class KeepsPicture(forms.Form):
    """Keeps a good picture when something else is wrong.

    `pending` then names it, and the file need not be sent again.
    """

    organisation: Organisation
    kind: str
    pending = forms.UUIDField(widget=forms.HiddenInput, required=False)

    @cached_property
    def kept(self) -> OrganisationImage | None:
        """Return the picture sent before that waits for the rest; only this organisation's own."""
        waiting = self.organisation.images.filter(pending=True, kind=self.kind)
        return self.sent_before(waiting)

    def sent_before(self, waiting: QuerySet[Any]) -> Any:
        """Return the picture that `pending` names, if it is one of those that wait."""
        try:
            reference = uuid.UUID(str(self.data.get("pending", "")))
        except ValueError:
            return None
        return waiting.filter(pk=reference).first()

    def remember(self, image: Any) -> None:
        """Let the form shown again refer to the picture that was kept."""
        data: Mapping[str, Any] = self.data
        self.data = data.copy()  # type: ignore[attr-defined]
        self.data["pending"] = str(image.pk)
        self.kept = image


class ImageForm(KeepsPicture):
    """A picture with what one has to say about it."""

    file = ImageFileField(
        label=_("Bild"),
        error_messages={"required": _("Bitte wählen Sie ein Bild aus.")},
        help_text=_("JPEG, PNG, WebP oder GIF, höchstens 10 MB. Ein Foto mit dem Handy genügt."),
    )
    alt_text = CleanCharField(
        label=_("Was ist auf dem Bild zu sehen?"),
        max_length=200,
        validators=[validate_has_words],
        help_text=_(
            "Ein kurzer Satz für Menschen, die das Bild nicht sehen können. "
            "Zum Beispiel: „Logo: ein Baum mit bunten Blättern“."
        ),
        error_messages={"required": _("Bitte beschreiben Sie das Bild mit ein paar Wörtern.")},
    )
    credit = CleanCharField(label=_("Wer hat das Bild gemacht?"), max_length=120, required=False)
    consent = forms.BooleanField(
        label=_("Wir dürfen das Bild zeigen, und alle Menschen darauf sind einverstanden."),
        error_messages={
            "required": _("Ohne dieses Einverständnis können wir das Bild nicht zeigen.")
        },
    )

    def __init__(
        self,
        *args: Any,
        organisation: Organisation,
        kind: str,
        image: OrganisationImage | None = None,
        **options: Any,
    ) -> None:
        self.organisation, self.kind, self.image = organisation, kind, image
        if image is not None:
            options["initial"] = {
                "alt_text": image.alt_text,
                "credit": image.credit,
                "consent": image.consent,
            }
        super().__init__(*args, **options)
        file = self.fields["file"]
        file.required = not (image or self.kept)
        if image is not None:
            file.label = _("Ein anderes Bild")
        elif kind == OrganisationImage.Kind.LOGO:
            file.label = _("Logo")

    def remember(self, image: Any) -> None:
        super().remember(image)
        self.fields["file"].required = False
