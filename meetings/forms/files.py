"""Forms for a meeting's documents and photos; what is sent is checked while the form is read."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from core import images
from core.text import CleanCharField, validate_has_words
from meetings.documents import MAX_BYTES, read_document
from organisations.forms.fields import ImageFileField

ACCEPTED = ".pdf,.docx,.xlsx,.pptx,.odt,.ods,.odp,.png,.jpg,.jpeg"


class DocumentFileField(forms.FileField):
    """A document; its clean value is what may be kept of it."""

    widget = forms.FileInput(
        attrs={
            "accept": ACCEPTED,
            "data-max-bytes": MAX_BYTES,
            "data-too-large": _("Die Datei ist zu groß. Erlaubt sind 20 MB."),
        }
    )

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        return read_document(upload) if isinstance(upload, UploadedFile) else upload


class DocumentWordsForm(forms.Form):
    """What is said about a document."""

    title = CleanCharField(
        label=_("Titel"),
        max_length=160,
        validators=[validate_has_words],
        help_text=_("So heißt die Unterlage auf der Seite des Treffens."),
        error_messages={"required": _("Bitte geben Sie der Unterlage einen Titel.")},
    )
    is_public = forms.BooleanField(
        label=_("Alle dürfen diese Unterlage lesen"),
        required=False,
        help_text=_("Ohne Haken lesen sie nur die Mitglieder."),
    )


class DocumentForm(DocumentWordsForm):
    """A new document."""

    document = DocumentFileField(
        label=_("Datei"),
        help_text=_(
            "PDF, Word, Excel, PowerPoint, LibreOffice, PNG oder JPEG, höchstens 20 MB. "
            "Keine Makros."
        ),
        error_messages={"required": _("Bitte wählen Sie eine Datei aus.")},
    )
    field_order = ["document", "title", "is_public"]


class PhotoWordsForm(forms.Form):
    """What is said about a photo."""

    alt_text = CleanCharField(
        label=_("Was ist auf dem Foto zu sehen?"),
        max_length=200,
        validators=[validate_has_words],
        help_text=_("Ein kurzer Satz für Menschen, die das Bild nicht sehen können."),
        error_messages={"required": _("Bitte beschreiben Sie das Bild mit ein paar Wörtern.")},
    )
    credit = CleanCharField(
        label=_("Foto von"),
        max_length=120,
        validators=[validate_has_words],
        error_messages={"required": _("Bitte sagen Sie, von wem das Foto ist.")},
    )
    caption = CleanCharField(label=_("Bildunterschrift"), max_length=300, required=False)
    is_public = forms.BooleanField(
        label=_("Alle dürfen dieses Foto sehen"),
        required=False,
        help_text=_("Ohne Haken sehen es nur die Mitglieder."),
    )


class PhotoForm(PhotoWordsForm):
    """A new photo."""

    photo = ImageFileField(
        label=_("Foto"),
        widget=forms.FileInput(
            attrs={
                "accept": "image/jpeg,image/png,image/webp,image/gif",
                "data-max-bytes": images.MAX_BYTES,
                "data-too-large": _("Die Datei ist zu groß. Erlaubt sind 10 MB."),
            }
        ),
        help_text=_(
            "JPEG, PNG, WebP oder GIF, höchstens 10 MB. Der Ort der Aufnahme wird entfernt."
        ),
        error_messages={"required": _("Bitte wählen Sie ein Foto aus.")},
    )
    consent = forms.BooleanField(
        label=_("Alle, die zu erkennen sind, sind einverstanden (§ 22 KUG)."),
        error_messages={
            "required": _("Ohne dieses Einverständnis können wir das Foto nicht zeigen.")
        },
    )
    field_order = ["photo", "alt_text", "credit", "caption", "consent", "is_public"]
